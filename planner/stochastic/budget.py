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
from models.stochastic.contingencies import PLANNED, Case, case_name, cases, contingencies, in_cases
from models.stochastic.fixed_decisions import common_decisions, decisions_of
from models.stochastic.risk import Measure
from models.stochastic.solution import StochasticSolution
from models.stochastic.tree import ScenarioTree
from planner.errors import WrongUsage
from planner.formatting import counted, money
from planner.interrupt import Stop
from planner.solving.exactness import PRECISION
from planner.solving.problem import SolveOptions
from planner.solving.solve_task import SolveResult, SolveTask
from planner.solving.time_limit import TimeLimit
from planner.solving.worker_pool import solve_many
from planner.stochastic.search_result import SearchResult
from planner.terminal import PHASE

log = logging.getLogger("planner")
MOST_CASES = 5_000
"""More sets of delays and exits than these are not looked through."""
MASTER_SHARE = 0.5
"""Of the time left, what the search over the cases found so far may take."""


Solve = Callable[[Dataset, SolveOptions, Mapping[str, Plan] | None], SearchResult]


class BudgetCases:
    """The cases of a budget of delays and exits: those that a search found to matter, and the others.

    Raises
    ------
    WrongUsage
        The scenarios list no delay and no exit, or there are too many sets of them.
    """

    def __init__(self, dataset: Dataset, measure: Measure) -> None:
        self.dataset = dataset
        listed = contingencies(dataset)
        if not listed and [each.scenario for each in dataset.scenarios] != [PLANNED]:  # as where no case mattered
            raise WrongUsage(
                "--risk budget:K counts delays and exits that go wrong at once, and the scenarios list none. Add rows "
                "of delivery_delay_months or supplier_exit to scenario_factors, or choose another risk."
            )
        self.every = cases(listed, int(measure.radius))
        if len(self.every) > MOST_CASES:
            raise WrongUsage(
                f"--risk {measure.name}: {len(listed)} delays and exits make {len(self.every):,} cases, more than "
                f"{MOST_CASES:,}. Lower the budget, or list fewer of them."
            )
        self.chosen: list[Case] = self.every[:1]

    @property
    def problem(self) -> Dataset:
        """The problem with the cases that matter as its scenarios."""
        return in_cases(self.dataset, self.chosen)

    @property
    def others(self) -> list[Case]:
        """The cases that are not among its scenarios."""
        return [case for case in self.every if case not in self.chosen]

    def tried(
        self,
        plans: Mapping[str, Plan],
        options: SolveOptions,
        stop: Stop,
        variant: Callable[[Dataset], Dataset] = lambda dataset: dataset,
    ) -> dict[Case, SolveResult]:
        """Every other case with the first decisions of plans held, in `variant` of the problem."""
        others = self.others
        if not others:
            return {}
        problem = variant(in_cases(self.dataset, others))
        until = problem.settings.first_stage_months
        fixed, one = decisions_of(common_decisions(plans.values(), until)), replace(options, threads=1)
        tasks = [SolveTask(case_name(case), problem.in_scenario(case_name(case)), one, fixed, until) for case in others]
        with solve_many(0, options.time_limit, stop) as solve_all:
            results = {result.key: result for result in solve_all(tasks)}
        return {case: results[case_name(case)] for case in others}

    def dearest(
        self,
        plans: Mapping[str, Plan],
        options: SolveOptions,
        stop: Stop,
        variant: Callable[[Dataset], Dataset] = lambda dataset: dataset,
    ) -> float | None:
        """The most that any other case costs with the first decisions of plans, USD; None where that is not known."""
        costs = [_cost_usd(result) for result in self.tried(plans, options, stop, variant).values()]
        known = [cost for cost in costs if cost is not None]
        return max(known, default=-math.inf) if len(known) == len(costs) else None


@dataclass(frozen=True)
class BudgetResult:
    """The cases, and the search over those that matter."""

    cases: BudgetCases
    found: SearchResult


def solve_in_budget(
    dataset: Dataset,
    measure: Measure,
    options: SolveOptions,
    stop: Stop,
    solve: Solve,
    start: Mapping[str, Plan] | None = None,
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
    start
        Earlier plans to begin from. Those of cases bring their cases along; every other case begins with what they
        have in common in the first stage.

    Raises
    ------
    WrongUsage
        As `BudgetCases`.
    """
    among, limit = BudgetCases(dataset, measure), TimeLimit(options.time_limit)
    options = replace(options, without_plan=0.0)
    before: SearchResult | None = None
    known, common = dict(start or {}), None
    if known:
        common = common_decisions(known.values(), dataset.settings.first_stage_months)
        among.chosen += [case for case in among.every[1:] if case_name(case) in known]
    while True:
        left = limit.left()
        share = 1.0 if not among.others else MASTER_SHARE
        seconds = None if options.time_limit is None else max(0.1, share * left)
        names = [case_name(case) for case in among.chosen]
        begin = {name: plan for name in names if (plan := known.get(name, common)) is not None}
        found = solve(among.problem, replace(options, time_limit=seconds), begin or None)
        if found.status == "no_plan" and before is not None:
            return BudgetResult(among, _with_the_worse_case(among, measure, before, known))
        if found.best is None or not among.others:
            return BudgetResult(among, found)
        best, worst = found.best, max(found.best.costs.values())
        log.info("Trying the plan in %s of delays and exits", counted(len(among.others), "other case"), extra=PHASE)
        seconds = None if options.time_limit is None else max(0.1, MASTER_SHARE * limit.left())
        tried = among.tried(best.plans, replace(options, time_limit=seconds), stop)
        costs = {case: _cost_usd(result) for case, result in tried.items()}
        most = worst + PRECISION * abs(worst)
        worse = {case: cost for case, cost in costs.items() if cost is not None and cost > most}
        if not worse:
            untried = sum(cost is None for cost in costs.values())
            if untried:
                found = replace(found, status="stopped", why=f"{untried} cases were not tried in the time")
            return BudgetResult(among, found)
        case = max(worse, key=lambda each: worse[each])
        log.info("A worse case: %s, %s", case_name(case), money(worse[case], dataset.settings.currency))
        among.chosen.append(case)
        plan = tried[case].plan
        known, before = best.plans | ({} if plan is None else {case_name(case): plan}), found
        if limit.left() <= 0.0 or stop.requested:
            return BudgetResult(among, _with_the_worse_case(among, measure, before, known))


def _cost_usd(result: SolveResult) -> float | None:
    """What a case costs at most: infinity without a plan, None where not known."""
    return math.inf if result.status == "infeasible" else result.objective_usd


def _with_the_worse_case(
    among: BudgetCases, measure: Measure, found: SearchResult, plans: Mapping[str, Plan]
) -> SearchResult:
    """What is left of a search that has no time for the case found last: its plan joins those found, if it has one."""
    if len(plans) < len(among.chosen):
        why = f"the plan found leaves none in the case {case_name(among.chosen[-1])}, and there was no time for another"
        return replace(found, status="no_plan", best=None, why=why)
    probability = ScenarioTree(among.problem).probability
    best = StochasticSolution.of_plans(measure, probability, {name: plans[name] for name in probability})
    return replace(found, status="stopped", best=best, why="a worse case was found, with no time left for it")
