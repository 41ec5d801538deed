r"""The best plan where at most K of the listed delays and exits go wrong at once, in the worst case of them.

Column-and-constraint generation (Zeng and Zhao 2013): the plan of least worst cost over some cases bounds the worst
cost of every plan from below; with its first decisions held every other case is solved, which bounds it from above.
The worst case that it is not prepared for joins the others, until none is worse.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from models.dataset import Dataset
from models.plan import Plan
from models.stochastic.contingencies import Case, cases, contingencies, in_cases
from models.stochastic.fixed_decisions import common_decisions, decisions_of
from models.stochastic.risk import Measure
from planner.errors import WrongUsage
from planner.formatting import money
from planner.interrupt import Stop
from planner.solving.exactness import PRECISION
from planner.solving.problem import SolveOptions
from planner.solving.time_limit import TimeLimit
from planner.solving.worker_pool import SolveTask, solve_many
from planner.stochastic.solve import SearchResult
from planner.terminal import PHASE

log = logging.getLogger("planner")
MOST_CASES = 5_000
"""More sets of delays and exits than these are not looked through."""
MASTER_SHARE = 0.5
"""Of the time left, what the search over the cases found so far may take."""


@dataclass(frozen=True)
class BudgetResult:
    """The problem with the cases found as its scenarios, and the search over them."""

    dataset: Dataset
    found: SearchResult
    looked_through: int


Solve = Callable[[Dataset, SolveOptions, Mapping[str, Plan] | None], SearchResult]


def solve_in_budget(
    dataset: Dataset, measure: Measure, options: SolveOptions, stop: Stop, solve: Solve
) -> BudgetResult:
    """The plan of least worst cost over every case of at most `measure.radius` delays and exits.

    Parameters
    ----------
    dataset
        The problem, whose scenarios list what may go wrong.
    measure
        The budget.
    solve
        Searches a problem with cases as its scenarios for the plan of least worst cost, from plans by case.

    Raises
    ------
    WrongUsage
        The scenarios list no delay and no exit, or there are too many sets of them.
    """
    listed = contingencies(dataset)
    if not listed:
        raise WrongUsage(
            "--risk budget:K counts delays and exits that go wrong at once, and the scenarios list none. Add rows of "
            "delivery_delay_months or supplier_exit to scenario_factors, or choose another risk."
        )
    every = cases(listed, int(measure.radius))
    if len(every) > MOST_CASES:
        raise WrongUsage(
            f"--risk {measure.name}: {len(listed)} delays and exits make {len(every):,} cases, more than "
            f"{MOST_CASES:,}. Lower the budget, or list fewer of them."
        )
    limit = TimeLimit(options.time_limit)
    chosen: list[Case] = every[:1]
    start: Mapping[str, Plan] | None = None
    while True:
        problem = in_cases(dataset, chosen)
        share = 1.0 if len(chosen) == len(every) else MASTER_SHARE
        seconds = None if options.time_limit is None else max(0.1, share * limit.left())
        found = solve(problem, replace(options, time_limit=seconds), start)
        if found.best is None or len(chosen) == len(every) or stop.requested:
            break
        best = found.best
        worst = max(best.costs.values())
        others = [case for case in every if case not in chosen]
        log.info("Trying the plan in %d other cases of delays and exits", len(others), extra=PHASE)
        costs = _costs(in_cases(dataset, others), best.plans, options, limit, stop)
        known = {case: costs[name] for case, name in zip(others, costs, strict=True)}
        unknown = sum(cost is None for cost in known.values())
        case = max(others, key=lambda case: -math.inf if (cost := known[case]) is None else cost)
        dearest = known[case]
        if dearest is None or dearest <= worst + PRECISION * abs(worst):
            if unknown:
                found = replace(found, status="stopped", why=f"{unknown} cases were not tried in the time")
            break
        words = " + ".join(each.words for each in case)
        log.info("A worse case: %s, %s", words, money(dearest, dataset.settings.currency))
        chosen.append(case)
        start = dict(best.plans)
        if limit.left() <= 0.0:
            found = replace(found, status="stopped", why="a worse case was found, with no time left for it")
            break
    return BudgetResult(in_cases(dataset, chosen), found, len(every))


def _costs(
    problem: Dataset, plans: Mapping[str, Plan], options: SolveOptions, limit: TimeLimit, stop: Stop
) -> dict[str, float | None]:
    """What each case costs with the first decisions of the plans: infinity without a plan, None where not known."""
    until = problem.settings.first_stage_months
    fixed = decisions_of(common_decisions(plans.values(), until))
    names = [each.scenario for each in problem.scenarios]
    seconds = None if options.time_limit is None else max(0.1, MASTER_SHARE * limit.left())
    each = replace(options, threads=1, time_limit=seconds)
    tasks = [SolveTask(name, problem.in_scenario(name), each, fixed, until) for name in names]
    with solve_many(0, seconds, stop) as solve_all:
        results = {result.key: result for result in solve_all(tasks)}
    return {name: math.inf if results[name].status == "infeasible" else results[name].objective_usd for name in names}
