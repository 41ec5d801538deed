"""The search for the best plan under uncertainty.

Before the extensive form the scenarios are solved one by one: their wait-and-see costs bound the whole from below and
say what perfect information is worth; the plan for the expected values, its first-stage decisions fixed, bounds it from
above and is where the joint search begins. Decomposition needs none of these: they get what time it leaves.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from models.build import build_model
from models.cancellation import cancelled_by
from models.core.compiled import Size
from models.dataset import Dataset
from models.plan import Plan
from models.policy.stability import PlanStability
from models.stochastic.extensive_form import ExtensiveForm
from models.stochastic.risk import Measure
from models.stochastic.tree import ScenarioTree, is_two_stage
from planner.errors import OutOfTime
from planner.formatting import money
from planner.interrupt import Stop
from planner.solving.held_rows import solve_holding, with_time_left
from planner.solving.problem import SolveOptions, fixed_problem
from planner.solving.progress import Watch
from planner.solving.search import dispatch_proven
from planner.solving.solve_task import SolveResult
from planner.solving.time_limit import LATE, TimeLimit, less_reading_back, shortened
from planner.solving.worker_pool import SMALL, solve_many
from planner.stochastic.best_solution import Valuation, best_solution, infeasible_by_themselves
from planner.stochastic.decomposition import decompose_holding
from planner.stochastic.expected_value import (
    ExpectedValueSolution,
    evaluate_fixed_first_stage,
    solve_expected_value_problem,
)
from planner.stochastic.first_plans import FirstPlans, first_plans
from planner.stochastic.method import Engine, check_engine, choose_engine
from planner.stochastic.search_result import JointResult, SearchResult
from planner.stochastic.wait_and_see import WaitAndSee, shared_options, solve_wait_and_see
from planner.terminal import PHASE

if TYPE_CHECKING:
    from planner.stochastic.remote import RemoteScenarios

WAIT_AND_SEE_SHARE, EXPECTED_VALUE_SHARE = 0.4, 0.15
"""Of a time limit, what the scenarios one by one may take, and the plan for the expected values."""
AGAIN_SHARE = 0.7
"""Of the time left then, what scenarios without a plan may take once more, where nothing can go on without them."""
DECOMPOSITION_SHARE = 0.9
"""Of a time limit, what decomposition may take; what planning for the expected values and certainty come to is left."""
LEAST_SECONDS = 5.0
"""With less time left neither of these is begun."""

log = logging.getLogger("planner")


def solve_stochastic(
    dataset: Dataset,
    measure: Measure,
    options: SolveOptions,
    stop: Stop,
    watch: Watch,
    start: Mapping[str, Plan] | None = None,
    engine: Engine | None = None,
    keep: PlanStability | None = None,
    remote: RemoteScenarios | None = None,
) -> SearchResult:
    """The best plan for all scenarios of a dataset by a measure.

    Parameters
    ----------
    watch
        Gives each search, by its name, somewhere to report its progress.
    start
        Earlier plans by scenario that the joint search begins from.
    engine
        None for the one that pays.
    keep
        A plan to keep to; then no value of the stochastic solution is worked out.
    remote
        Workers of a cluster that decomposition spreads the scenarios over.

    Raises
    ------
    WrongUsage
        The engine asked for cannot minimise the measure, or cannot charge for departing.
    """
    check_engine(engine, dataset, measure, keeps=keep is not None)
    return _StochasticSearch(dataset.in_order, measure, options, stop, watch, start, engine, keep, remote).run()


class _StochasticSearch:
    def __init__(
        self,
        dataset: Dataset,
        measure: Measure,
        options: SolveOptions,
        stop: Stop,
        watch: Watch,
        start: Mapping[str, Plan] | None,
        engine: Engine | None,
        keep: PlanStability | None,
        remote: RemoteScenarios | None,
    ) -> None:
        self.dataset, self.measure, self.options = dataset, measure, options
        self.stop, self.watch, self.start, self.keep, self.remote = stop, watch, start, keep, remote
        self.tree, self.engine = ScenarioTree(dataset), engine
        self.one_thread = replace(options, threads=1, without_plan=0.0)
        self.began = time.monotonic()
        self.nonzeros = 0
        """Of one scenario."""
        self.form: ExtensiveForm | None = None
        """Of the problem as it is, where it is built before the search."""
        self.first = FirstPlans()
        self.built_seconds = 0.0
        self.size: Size | None = None
        """Of all scenarios' models, once one is built."""

    def run(self) -> SearchResult:
        """Searches with the engine asked for, or the one that pays."""
        try:
            found = self._run()
        except OutOfTime as late:
            joint, none = JointResult("no_plan", None, None, str(late), ()), ExpectedValueSolution()
            known, given = self.first.separate, self.start or self.first.plans
            found = best_solution(self._valuation, self.options.gap, self.size, joint, known, none, given)
        return replace(found, built_seconds=self.built_seconds)

    def _note_built(self, seconds: float) -> None:
        """The longer building took, the longer its plans will take to be read back, for which time is left."""
        self.built_seconds = seconds
        self.options = less_reading_back(self.options, seconds)

    def _run(self) -> SearchResult:
        one = replace(self.dataset.in_scenario(self.tree.names[0]), losses=frozenset())  # few are held
        with cancelled_by(self._check):
            first, count = build_model(one).size, len(self.tree.names)
        self.nonzeros = first.nonzeros
        size = Size(first.rows * count, first.columns * count, first.integers * count, first.nonzeros * count)
        self.size = size
        engine = self.engine or choose_engine(self.dataset, size.nonzeros, self.measure)
        if engine == "extensive" or self.keep is not None:
            return self._solve_extensive_form(size)
        return self._solve_by_decomposition(size)

    def _check(self) -> None:
        """Raises where a model under construction would come too late."""
        if self.stop.requested:
            raise OutOfTime("The run was stopped before a search could begin")
        TimeLimit(self.options.time_limit, self.began).check(self.options.without_plan + LATE)

    def _solve_extensive_form(self, size: Size) -> SearchResult:
        """First the scenarios one by one, then all in the extensive form."""
        if not self.dataset.resilience:  # of which plans of each scenario say what has to be held
            began = time.monotonic()
            with cancelled_by(self._check):
                self.form = ExtensiveForm(self.dataset, stability=self.keep)
            self._note_built(time.monotonic() - began)
            size = self.form.compiled.size
        models = {each.name: each.model for each in self.form.scenarios} if self.form and not self.keep else None
        if models and not self.start and self.measure.kind != "regret":  # which needs each scenario's least cost first
            left = with_time_left(self.options, self.began)
            self.first = first_plans(self.dataset, left, models, size.nonzeros, lambda: self.stop.requested)
            if self.first.plans:  # with which no search goes on into what is left for questions
                self.options = replace(self.options, without_plan=0.0)
        seconds = self._seconds_left(WAIT_AND_SEE_SHARE)
        share = shared_options(self.one_thread, self.nonzeros, seconds)
        with solve_many(self.nonzeros, seconds, self.stop, models=models) as solve_all:
            log.info("Solving each scenario (%d) as if it were certain", len(self.tree.names), extra=PHASE)
            one = share(len(self.tree.names) + 1)
            mean_plan = solve_expected_value_problem(self.dataset, one, solve_all, self._report)
            separate = self.first.separate.and_also(solve_wait_and_see(self.dataset, share, solve_all, self._report))
        if self.measure.kind == "regret":
            separate = self._missing_again(separate)
        if separate.infeasible:
            return infeasible_by_themselves(size, separate)
        if self.measure.kind == "regret":
            if missing := separate.missing(self.tree.names):
                names = ", ".join(missing)
                why = f"the least cost of {names} was not found in the time, and regret is measured from it"
                return SearchResult("no_plan", None, size, why)
            self.measure = replace(self.measure, least_usd={n: separate.plans[n].cost_usd for n in self.tree.names})
        if self.form and self.measure != Measure.of(self.dataset):
            with cancelled_by(self._check):
                self.form = ExtensiveForm(self.dataset, self.measure, models, self.keep)
        expected = self._expected_value(mean_plan, joint=True)
        given, alone = self.start or self.first.plans, {name: each.plan for name, each in separate.plans.items()}
        known = [plans for plans in (expected.plans, given) if plans]
        start = self.start or min(known, key=self._valuation.of_plans, default=alone)
        size, joint = self._search_extensive_form(size, start)
        return best_solution(self._valuation, self.options.gap, size, joint, separate, expected, given)

    def _missing_again(self, separate: WaitAndSee) -> WaitAndSee:
        """Scenarios of which no plan was found in their share of the time, searched in most of what is left."""
        missing, seconds = separate.missing(self.tree.names), self._seconds_left()
        if not missing or separate.infeasible or self.stop.requested or seconds is None:
            return separate
        seconds = max(LATE, AGAIN_SHARE * seconds)
        share = shared_options(self.one_thread, self.nonzeros, seconds)
        with solve_many(self.nonzeros, seconds, self.stop) as solve_all:
            log.info("Solving %s again, of which no plan was found", ", ".join(missing), extra=PHASE)
            return separate.and_also(solve_wait_and_see(self.dataset, share, solve_all, self._report, missing))

    def _form(self, dataset: Dataset) -> ExtensiveForm:
        """The extensive form of the problem with losses to hold."""
        return self.form or ExtensiveForm(dataset, self.measure, stability=self.keep)

    def _search_extensive_form(self, size: Size, start: Mapping[str, Plan]) -> tuple[Size, JointResult]:
        """The size of the extensive form, `size` where none was built, and what a search of it came to."""
        lines = self.watch("Plan for all scenarios")
        try:
            form, outcome = solve_holding(
                self.dataset,
                self._form,
                ExtensiveForm.plans,
                replace(self.options, time_limit=self._seconds_left()),
                known=start,
                start=lambda form, plans: form.start(plans) if plans else None,
                on_progress=lines.update,
                should_stop=lambda: lines.stopped_by(self.stop),
                late=LATE,
            )
        except OutOfTime as late:  # plans for all that are known already stand
            return size, JointResult("no_plan", None, None, str(late), ())
        if outcome.start and self.start:
            log.info("The starting plan was %s.", outcome.start)
        plans, proven = None if outcome.values is None else form.plans(outcome.values), dispatch_proven(outcome)
        if plans is not None and self.measure.ignores_some(self.tree.probability):
            plans, proven = self._refine(plans)
        disputed = form.compiled if outcome.contradiction else None
        said = outcome.status, plans, outcome.bound_usd, outcome.why, outcome.log
        return form.compiled.size, JointResult(*said, proven, outcome.contradiction, disputed)

    def _solve_by_decomposition(self, size: Size) -> SearchResult:
        """All scenarios by decomposition; in the time left the plan for the expected values, and each by itself."""
        lines = self.watch("Plan for all scenarios")
        outcome = decompose_holding(
            self.dataset,
            shortened(with_time_left(self.options, self.began), self._seconds_left(DECOMPOSITION_SHARE)),
            start=self.start,
            on_progress=lines.update,
            should_stop=lambda: lines.stopped_by(self.stop),
            remote=self.remote,
        )
        self._note_built(outcome.built_seconds)
        expected, separate = ExpectedValueSolution(), WaitAndSee({}, bounds=outcome.alone_usd)
        if outcome.status != "infeasible" and self._time_for_more:
            with solve_many(self.nonzeros, self._seconds_left(EXPECTED_VALUE_SHARE), self.stop) as solve_all:
                mean_plan = solve_expected_value_problem(self.dataset, self.one_thread, solve_all, self._report)
            expected = self._expected_value(mean_plan)
        if self._time_for_more:
            log.info("Solving each scenario (%d) as if it were certain", len(self.tree.names), extra=PHASE)
            seconds = self._seconds_left()
            share = shared_options(self.one_thread, self.nonzeros, seconds)
            with solve_many(self.nonzeros, seconds, self.stop) as solve_all:
                separate = separate.and_also(solve_wait_and_see(self.dataset, share, solve_all, self._report))
        if separate.infeasible:
            return infeasible_by_themselves(size, separate)
        joint = replace(outcome, why=f"Decomposition: {outcome.why}")
        return best_solution(self._valuation, self.options.gap, size, joint, separate, expected, self.start)

    @property
    def _time_for_more(self) -> bool:
        """Whether another search is worth beginning."""
        left = self._seconds_left()
        return not self.stop.requested and (left is None or left > LEAST_SECONDS)

    def _expected_value(self, mean: SolveResult, joint: bool = False) -> ExpectedValueSolution:
        """What the plan for the expected values comes to with its first-stage decisions fixed.

        For scenarios that part more than once it is worked out with the extensive form (`joint`) only. Where that plan
        is not proven within the gap, its decisions are a place to begin and say nothing of that cost.
        """
        if mean.plan is None or self.stop.requested or self.keep is not None:
            return ExpectedValueSolution()
        found = self._with_first_stage_of(mean.plan, joint)
        return found if mean.status == "optimal" else replace(found, eev_usd=None, bound_usd=None)

    def _with_first_stage_of(self, plan: Plan, joint: bool) -> ExpectedValueSolution:
        plans = dict.fromkeys(self.tree.names, plan)
        until = self.dataset.settings.first_stage_months
        seconds = self._seconds_left(EXPECTED_VALUE_SHARE)
        if is_two_stage(self.tree) and (not joint or self.nonzeros >= SMALL):
            with solve_many(self.nonzeros, seconds, self.stop) as solve_all:
                found = evaluate_fixed_first_stage(self.dataset, plans, self.one_thread, solve_all, until)
            if not found.plans:
                return ExpectedValueSolution(math.inf if found.infeasible else None)
            eev = self._valuation.of_plans(found.plans), self._valuation.of_costs(found.bounds)
            return ExpectedValueSolution(*eev, found.plans, found.dispatch_proven)
        if not joint:
            return ExpectedValueSolution()
        try:
            form, outcome = solve_holding(
                self.dataset,
                self._form,
                ExtensiveForm.plans,
                replace(self.options, time_limit=seconds, without_plan=0.0),
                known=plans,
                arrays=lambda form: fixed_problem(form, form.integers_before(form.start(plans), until)),
                should_stop=lambda: self.stop.requested,
            )
        except OutOfTime:
            return ExpectedValueSolution()
        if outcome.values is None:
            return ExpectedValueSolution(math.inf if outcome.status == "infeasible" else None)
        plans = form.plans(outcome.values)
        cost = self._valuation.of_plans(plans)
        return ExpectedValueSolution(cost, outcome.bound_usd, plans, dispatch_proven(outcome))

    @property
    def _valuation(self) -> Valuation:
        return Valuation(self.tree, self.measure, self.keep)

    def _refine(self, plans: Mapping[str, Plan]) -> tuple[dict[str, Plan], bool]:
        """Scenarios that the measure ignores, at their best too; no scenario gets more expensive.

        Returns
        -------
        tuple
            The plans, and whether the dispatch of each is proven to be the best for its decisions.
        """
        with solve_many(self.nonzeros, self._seconds_left(), self.stop) as solve_all:
            better = evaluate_fixed_first_stage(self.dataset, plans, self.one_thread, solve_all)
        if not better.plans:
            return dict(plans), False
        best = {
            name: min(plans[name], better.plans[name], key=lambda plan: plan.objective_usd) for name in self.tree.names
        }
        return best, better.dispatch_proven

    def _seconds_left(self, share: float = 1.0) -> float | None:
        """Seconds left; with a share, at most that share of the whole limit."""
        limit = self.options.time_limit
        if limit is None:
            return None
        return max(0.1, min(share * limit, limit - (time.monotonic() - self.began)))

    def _report(self, result: SolveResult) -> None:
        name, currency = result.key.strip(), self.dataset.settings.currency
        if result.objective_usd is None:
            log.info("  %s: %s", name, result.why or result.status)
        else:
            log.info("  %s: %s, %.0f s", name, money(result.objective_usd, currency), result.seconds)
