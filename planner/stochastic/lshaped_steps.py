"""The steps of a decomposition by the L-shaped method: its relaxation, then its decisions tried in all scenarios."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping

from models.stochastic.extensive_form import DecisionKey
from planner.formatting import money
from planner.stochastic.cut_strengthening import share_to_raise
from planner.stochastic.decomposition_search import DecompositionSearch, SearchEnded
from planner.stochastic.lshaped import LShaped

TOLERANCE_SHARE = 0.05
"""Of the gap asked for, what the L-shaped method may leave open."""
LOOSE_SHARE = 0.05
"""What it may leave open of the cost where time is short and there is no plan yet: any decisions will do."""
HURRIED_BELOW = 8.0
"""With less time left than so many times what the relaxations of all scenarios take, plans of any cost come first.

Decisions are known after some four times as long, and all scenarios have a plan with them, be it their first, after
seven; with the plans that are wanted after ten.
"""


def begin_lshaped(search: DecompositionSearch, find_first: Callable[[], None]) -> LShaped | None:
    """Prices the subproblems by the relaxation of the whole, which the L-shaped method's first cuts come to.

    The relaxation's optimum is a lower bound. None where nothing is shared, or no decisions were found in the time with
    which every scenario's relaxation has an optimum.

    Parameters
    ----------
    find_first
        Looks for plans of any cost; called where the time is short, as soon as the scenarios are relaxed one by one.
    """
    subproblems = search.subproblems
    if not search.shares_decisions:
        subproblems.price({})
        return None
    lshaped, began = LShaped(subproblems.master(), subproblems, search.solver), time.monotonic()
    point = lshaped.relax_apart()
    search.alone = lshaped.alone
    search.note_relaxed(point, lshaped.lower, time.monotonic() - began, HURRIED_BELOW)
    if search.hurried:
        find_first()
        search.check()
    prices = lshaped.relax(point, _share_left_open(search), search.raise_lower_bound)
    search.wanted = lshaped.core or point
    subproblems.price(prices)
    search.tighten_gap()
    search.tracker.report("relaxation")
    search.check()
    return lshaped if prices else None


def run_lshaped(search: DecompositionSearch, lshaped: LShaped) -> None:
    """Runs the L-shaped method and tries its decisions, until it stalls or nothing better is left.

    Their cuts are strengthened, and once there is a plan only those are tried that cost less by the cuts than its own.
    """
    tracker = search.tracker
    while not search.stall.stalled():
        tolerance = _share_left_open(search) * tracker.scale
        lshaped.converge(search.solver.options, tolerance, search.raise_lower_bound)
        tracker.report("L-shaped method")
        search.check()
        best = lshaped.best_untried()
        if best is None or best[1] >= tracker.target:
            break
        decisions, _ = search.wanted, _ = best
        if search.best is None or search.best.rough:
            _try(search, lshaped, decisions)
        plans = {} if search.best is None else search.best.values
        share = share_to_raise(best[1], tracker.target, tracker.upper)
        stronger = lshaped.strengthen_at(decisions, search.strengthening_seconds, plans, share)
        if any(math.isinf(cut.intercept) for cut in stronger.values()):
            raise SearchEnded("infeasible")
        tracker.report(f"cuts of {len(stronger)} scenarios strengthened")
        search.check()
        if search.best is not None:
            known = lshaped.cost_by_cuts(search.best.decisions)
            if lshaped.cost_by_cuts(decisions) < known - tolerance:
                _try(search, lshaped, decisions)
    search.refine_best()
    tracker.report("plans of the scenarios refined")
    search.check()


def _share_left_open(search: DecompositionSearch) -> float:
    """Of the cost, what the L-shaped method may leave open."""
    loose = search.hurried and search.best is None
    return LOOSE_SHARE if loose else TOLERANCE_SHARE * search.options.gap


def _try(search: DecompositionSearch, lshaped: LShaped, decisions: Mapping[DecisionKey, float]) -> None:
    bound = lshaped.cost_by_cuts(decisions) * search.tracker.usd
    search.try_decisions(decisions, quick=True)
    search.tracker.report(f"decisions of {money(bound, search.dataset.settings.currency)} or more tried")
    search.check()
