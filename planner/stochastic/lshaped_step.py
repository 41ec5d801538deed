"""The first step of a decomposition: the relaxed extensive form gives multipliers, and the L-shaped method begins."""

from __future__ import annotations

from models.core.vector import Vector
from models.stochastic.benders import Master, lagrangian_cut
from models.stochastic.extensive_form import DecisionKey, ExtensiveForm
from models.stochastic.subproblem import multipliers
from planner.formatting import money
from planner.solving.relaxation import relaxed_optimum
from planner.stochastic.cut_strengthening import CutPoint
from planner.stochastic.decomposition_search import DecompositionSearch
from planner.stochastic.lshaped import LShaped

RELAXATION_TIME_SHARE = 0.4
"""Of a time limit, what the relaxation of the extensive form may take."""
TOLERANCE_SHARE = 0.05
"""Of the gap asked for, what the L-shaped method may leave open."""


def begin_lshaped(search: DecompositionSearch, form: ExtensiveForm | None) -> LShaped | None:
    """Prices the subproblems by the relaxation of the extensive form, and gives the L-shaped method its first cuts.

    The relaxation's optimum and the Lagrangian bound of its multipliers are lower bounds. None where there is no
    relaxation in the time, or nothing is shared.
    """
    prices: dict[str, Vector] = {}
    values: dict[str, Vector] = {}
    core: dict[DecisionKey, float] = {}
    if form is not None:
        limit = search.options.time_limit
        seconds = None if limit is None else RELAXATION_TIME_SHARE * limit
        relaxed = relaxed_optimum(form, seconds, lambda: search.solver.finished)
        if relaxed is not None:
            search.tracker.raise_lower(form.compiled.objective(relaxed.values))
            prices = multipliers(form, relaxed.column_duals, relaxed.row_duals)
            values = {scenario.name: relaxed.values[scenario.joint_columns] for scenario in form.scenarios}
            core = {key: float(relaxed.values[column]) for key, column in form.shared.items()}
            search.tracker.report("relaxation")
    found = search.world.broadcast((prices, values, core, search.tracker.lower))
    prices, values, core, search.tracker.lower = found
    search.subproblems.price(prices)
    search.tighten_gap()
    if not values or not search.shares_decisions:
        return None
    lshaped = LShaped(None if form is None else Master(form), core, search.subproblems, search.solver)
    _add_lagrangian_cuts(search, lshaped, prices, values)
    return lshaped


def _add_lagrangian_cuts(
    search: DecompositionSearch, lshaped: LShaped, prices: dict[str, Vector], values: dict[str, Vector]
) -> None:
    cuts = {
        name: CutPoint(lagrangian_cut(subproblem, prices[name], values[name]), values[name])
        for name, subproblem in search.subproblems.local.items()
    }
    lshaped.add_cuts({name: cut for name, (cut, _) in cuts.items()})
    stronger = lshaped.strengthen(cuts, search.strengthening_seconds)
    best = {name: stronger.get(name, cut).intercept for name, (cut, _) in cuts.items()}
    # the multipliers add up to nothing, and so do these cuts' slopes
    search.raise_lower_bound(search.subproblems.expected(best))
    search.tracker.report(f"scenarios one by one, {len(stronger)} of {len(search.tree.names)} cost more")


def run_lshaped(search: DecompositionSearch, lshaped: LShaped) -> None:
    """Runs the L-shaped method and tries its decisions, until it stalls or nothing better is left."""
    tracker = search.tracker
    while not search.stall.stalled():
        tolerance = TOLERANCE_SHARE * search.options.gap * tracker.scale
        lshaped.converge(search.solver.options, tolerance, search.raise_lower_bound)
        tracker.report("L-shaped method")
        search.check()
        best = lshaped.best_untried()
        if best is None or best[1] >= tracker.target:
            return
        decisions, bound = best
        search.try_decisions(decisions)
        tracker.report(f"decisions of {money(bound * tracker.usd, tracker.currency)} or more tried")
        search.check()
        stronger = lshaped.strengthen_at(decisions, search.strengthening_seconds)
        tracker.report(f"cuts of {len(stronger)} scenarios strengthened")
        search.check()
