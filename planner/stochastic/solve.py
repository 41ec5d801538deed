"""The search for the best plan under uncertainty.

Before the extensive form the scenarios are solved one by one: their wait-and-see costs bound the whole from below and
say what perfect information is worth; the plan for the expected values, its first-stage decisions fixed, bounds it from
above and is where the joint search begins. Decomposition needs none of these: they are worked out in what time it
leaves.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from models.build import build_model
from models.core.compiled import Compiled, Size
from models.dataset import Dataset
from models.estimate import UNKNOWN, Estimate
from models.plan import Plan
from models.policy.stability import PlanStability
from models.stochastic.extensive_form import ExtensiveForm
from models.stochastic.risk import Measure
from models.stochastic.solution import ScenarioPlan, StochasticSolution
from models.stochastic.tree import ScenarioTree, is_two_stage
from planner.errors import WrongUsage
from planner.formatting import money
from planner.interrupt import Stop
from planner.solving.exactness import PRECISION
from planner.solving.problem import SolveOptions, fixed_problem
from planner.solving.progress import Watch
from planner.solving.search import dispatch_proven, solve
from planner.solving.time_limit import OutOfTime, TimeLimit
from planner.solving.worker_pool import SolveResult, solve_many
from planner.stochastic.decomposition import decompose
from planner.stochastic.expected_value import (
    ExpectedValueSolution,
    evaluate_fixed_first_stage,
    solve_expected_value_problem,
)
from planner.stochastic.method import Engine, JointResult, Status, cannot_decompose, choose_engine
from planner.stochastic.wait_and_see import WaitAndSee, shared_options, solve_wait_and_see
from planner.terminal import PHASE

WAIT_AND_SEE_SHARE, EXPECTED_VALUE_SHARE = 0.4, 0.15
"""Of a time limit, what the scenarios one by one may take, and the plan for the expected values."""
AGAIN_SHARE = 0.7
"""Of the time left then, what scenarios without a plan may take once more, where nothing can go on without them."""

DECOMPOSITION_SHARE = 0.9
"""Of a time limit, what decomposition may take; what planning for the expected values and certainty come to is left."""
LEAST_SECONDS = 5.0
"""With less time left neither of these is begun."""

log = logging.getLogger("planner")


@dataclass(frozen=True)
class SearchResult:
    """How a search ended.

    Attributes
    ----------
    best
        None where there is no plan.
    size
        Of the extensive form.
    why
        What ended the search, in words.
    log
        The solver's lines.
    infeasible
        The scenarios that have no plan even by themselves.
    contradiction, disputed
        Where the solver contradicted itself, what it said, and the problem.
    dispatch_proven
        Whether it is proven that no other dispatch for the decisions of the best plan costs less.
    minimised
        With a plan to keep to, cost and charge together, USD.
    """

    status: Status
    best: StochasticSolution | None
    size: Size
    why: str
    log: tuple[str, ...] = ()
    infeasible: tuple[str, ...] = ()
    contradiction: str = ""
    disputed: Compiled | None = field(default=None, repr=False)
    dispatch_proven: bool = False
    minimised: Estimate = UNKNOWN


def solve_stochastic(
    dataset: Dataset,
    measure: Measure,
    options: SolveOptions,
    stop: Stop,
    watch: Watch,
    start: Mapping[str, Plan] | None = None,
    engine: Engine | None = None,
    keep: PlanStability | None = None,
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

    Raises
    ------
    WrongUsage
        The engine asked for cannot minimise the measure, or cannot charge for departing.
    """
    return _StochasticSearch(dataset.in_order, measure, options, stop, watch, start, engine, keep).run()


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
    ) -> None:
        self.dataset, self.measure, self.options = dataset, measure, options
        self.stop, self.watch, self.start, self.keep = stop, watch, start, keep
        self.tree, self.engine = ScenarioTree(dataset), engine
        self.one_thread = replace(options, threads=1)
        self.began = time.monotonic()
        self.nonzeros = 0
        """Of one scenario."""

    def run(self) -> SearchResult:
        """Searches with the engine asked for, or the one that pays."""
        first, count = build_model(self.dataset.in_scenario(self.tree.names[0])).size, len(self.tree.names)
        self.nonzeros = first.nonzeros
        size = Size(first.rows * count, first.columns * count, first.integers * count, first.nonzeros * count)
        if self.keep is not None and self.engine == "decomposition":
            raise WrongUsage("--engine decomposition cannot charge for departing from a plan kept. Leave it out.")
        engine = self.engine or choose_engine(self.dataset, size.nonzeros, self.measure)
        engine = engine if self.keep is None else "extensive"
        if engine == "extensive":
            try:
                return self._solve_extensive_form()
            except OutOfTime as error:
                return SearchResult("no_plan", None, size, str(error))
        if why := cannot_decompose(self.dataset, self.measure):
            raise WrongUsage(f"--engine decomposition cannot be used: {why}. Leave it out.")
        return self._solve_by_decomposition(size)

    def _check(self) -> None:
        """Raises where a model under construction would come too late."""
        if self.stop.requested:
            raise OutOfTime("The run was stopped before a search could begin")
        TimeLimit(self.options.time_limit, self.began).check()

    def _solve_extensive_form(self) -> SearchResult:
        """First the scenarios one by one, then all in the extensive form."""
        form = ExtensiveForm(self.dataset, before_each=self._check, stability=self.keep)
        size = form.compiled.size
        seconds = self._seconds_left(WAIT_AND_SEE_SHARE)
        share = shared_options(self.one_thread, self.nonzeros, seconds)
        with solve_many(self.nonzeros, seconds, self.stop) as solve_all:
            log.info("Solving each of %d scenarios as if it were certain", len(self.tree.names), extra=PHASE)
            options = share(len(self.tree.names) + 1)
            mean_plan = solve_expected_value_problem(self.dataset, options, solve_all, self._report)
            separate = solve_wait_and_see(self.dataset, share, solve_all, self._report)
        if self.measure.kind == "regret":
            separate = self._missing_again(separate)
        if separate.infeasible:
            return _infeasible_by_themselves(size, separate)
        if self.measure.kind == "regret":
            if missing := separate.missing(self.tree.names):
                why = (
                    f"the least cost of {', '.join(missing)} was not found in the time, and regret is measured from it"
                )
                return SearchResult("no_plan", None, size, why)
            self.measure = replace(self.measure, least_usd={n: separate.plans[n].cost_usd for n in self.tree.names})
        if self.measure != Measure.of(self.dataset):
            form = ExtensiveForm(self.dataset, self.measure, before_each=self._check, stability=self.keep)
        expected = self._expected_value(mean_plan, form)
        start = self.start or expected.plans or {name: found.plan for name, found in separate.plans.items()}
        return self._result(size, self._search_extensive_form(form, start), separate, expected)

    def _missing_again(self, separate: WaitAndSee) -> WaitAndSee:
        """Scenarios of which no plan was found in their share of the time, searched in most of what is left."""
        missing, seconds = separate.missing(self.tree.names), self._seconds_left()
        if not missing or separate.infeasible or self.stop.requested or seconds is None:
            return separate
        seconds *= AGAIN_SHARE
        share = shared_options(self.one_thread, self.nonzeros, seconds)
        with solve_many(self.nonzeros, seconds, self.stop) as solve_all:
            log.info("Solving %s again, of which no plan was found", ", ".join(missing), extra=PHASE)
            return separate.and_also(solve_wait_and_see(self.dataset, share, solve_all, self._report, missing))

    def _search_extensive_form(self, form: ExtensiveForm, start: Mapping[str, Plan]) -> JointResult:
        lines = self.watch("Plan for all scenarios")
        outcome = solve(
            form,
            replace(self.options, time_limit=self._seconds_left()),
            on_progress=lines.update,
            should_stop=lambda: lines.stopped_by(self.stop),
            start=form.start(start) if start else None,
        )
        if outcome.start and self.start:
            log.info("The starting plan was %s.", outcome.start)
        plans, proven = None if outcome.values is None else form.plans(outcome.values), dispatch_proven(outcome)
        if plans is not None and self._measure_ignores_scenarios:
            plans, proven = self._refine(plans)
        disputed = form.compiled if outcome.contradiction else None
        said = outcome.status, plans, outcome.bound_usd, outcome.why, outcome.log
        return JointResult(*said, proven, outcome.contradiction, disputed)

    def _solve_by_decomposition(self, size: Size) -> SearchResult:
        """All scenarios by decomposition; in the time left the plan for the expected values, and each by itself."""
        lines = self.watch("Plan for all scenarios")
        outcome = decompose(
            self.dataset,
            replace(self.options, time_limit=self._seconds_left(DECOMPOSITION_SHARE)),
            start=self.start,
            on_progress=lines.update,
            should_stop=lambda: lines.stopped_by(self.stop),
        )
        expected, separate = ExpectedValueSolution(), WaitAndSee({})
        if outcome.status != "infeasible" and self._time_for_more:
            with solve_many(self.nonzeros, self._seconds_left(EXPECTED_VALUE_SHARE), self.stop) as solve_all:
                mean_plan = solve_expected_value_problem(self.dataset, self.one_thread, solve_all, self._report)
            expected = self._expected_value(mean_plan)
        if self._time_for_more:
            log.info("Solving each of %d scenarios as if it were certain", len(self.tree.names), extra=PHASE)
            seconds = self._seconds_left()
            share = shared_options(self.one_thread, self.nonzeros, seconds)
            with solve_many(self.nonzeros, seconds, self.stop) as solve_all:
                separate = solve_wait_and_see(self.dataset, share, solve_all, self._report)
        if separate.infeasible:
            return _infeasible_by_themselves(size, separate)
        return self._result(size, replace(outcome, why=f"Decomposition: {outcome.why}"), separate, expected)

    @property
    def _time_for_more(self) -> bool:
        """Whether another search is worth beginning."""
        left = self._seconds_left()
        return not self.stop.requested and (left is None or left > LEAST_SECONDS)

    def _expected_value(self, mean: SolveResult, form: ExtensiveForm | None = None) -> ExpectedValueSolution:
        """What the plan for the expected values comes to with its first-stage decisions fixed.

        Without the extensive form it is not worked out for scenarios that part more than once. Where that plan is not
        proven within the gap, its decisions are a place to begin and say nothing of what planning for the mean costs.
        """
        if mean.plan is None or self.stop.requested or self.keep is not None:
            return ExpectedValueSolution()
        found = self._with_first_stage_of(mean.plan, form)
        return found if mean.status == "optimal" else replace(found, eev_usd=None, bound_usd=None)

    def _with_first_stage_of(self, plan: Plan, form: ExtensiveForm | None) -> ExpectedValueSolution:
        plans = dict.fromkeys(self.tree.names, plan)
        until = self.dataset.settings.first_stage_months
        seconds = self._seconds_left(EXPECTED_VALUE_SHARE)
        if is_two_stage(self.tree):
            with solve_many(self.nonzeros, seconds, self.stop) as solve_all:
                found = evaluate_fixed_first_stage(self.dataset, plans, self.one_thread, solve_all, until)
            if not found.plans:
                return ExpectedValueSolution(math.inf if found.infeasible else None)
            eev = self._objective(found.plans), self._value(found.bounds)
            return ExpectedValueSolution(*eev, found.plans, found.dispatch_proven)
        if form is None:
            return ExpectedValueSolution()
        outcome = solve(
            fixed_problem(form, form.integers_before(form.start(plans), until)),
            replace(self.options, time_limit=seconds),
            should_stop=lambda: self.stop.requested,
        )
        if outcome.values is None:
            return ExpectedValueSolution(math.inf if outcome.status == "infeasible" else None)
        plans = form.plans(outcome.values)
        return ExpectedValueSolution(self._objective(plans), outcome.bound_usd, plans, dispatch_proven(outcome))

    def _result(
        self, size: Size, joint: JointResult, separate: WaitAndSee, expected: ExpectedValueSolution
    ) -> SearchResult:
        """The best plan of the joint search or the one for the expected values, and the best bound."""
        if joint.status == "infeasible":
            return SearchResult("infeasible", None, size, "No plan serves all scenarios alike", joint.log)
        plans, objective = joint.plans, math.inf if joint.plans is None else self._objective(joint.plans)
        proven_dispatch = joint.dispatch_proven
        if expected.plans is not None and self._objective(expected.plans) < objective:
            plans, objective = expected.plans, self._objective(expected.plans)
            proven_dispatch = expected.dispatch_proven
        if plans is None:
            return SearchResult("no_plan", None, size, joint.why, joint.log)
        if self.measure.kind != "regret":  # which is measured from what was found before the joint search
            separate = separate.improved_by(plans)
        minimised = self._minimised(plans, joint.bound_usd)
        joint_bound = joint.bound_usd if self.keep is None else None  # a charge is in it that nobody pays
        best = StochasticSolution(
            measure=self.measure,
            scenarios=tuple(
                ScenarioPlan(name, self.tree.probability[name], plans[name], separate.plans.get(name))
                for name in self.tree.names
            ),
            objective_usd=objective,
            bound_usd=min(objective, self._lower_bound(joint_bound, separate)),
            eev_usd=expected.eev_usd,
            eev_bound_usd=expected.bound_usd,
        )
        # a search that the solver closed is open by its tolerances only
        noise = PRECISION if joint.status == "optimal" else 1e-9
        gap = best.gap if self.keep is None else minimised.gap
        proven = gap is not None and gap <= max(self.options.gap * (1.0 + 1e-9), noise)
        status: Status = "optimal" if proven else "stopped"
        return SearchResult(
            status,
            best,
            size,
            joint.why,
            joint.log,
            contradiction=joint.contradiction,
            disputed=joint.disputed,
            dispatch_proven=proven_dispatch,
            minimised=minimised,
        )

    def _minimised(self, plans: Mapping[str, Plan], bound_usd: float | None) -> Estimate:
        """Cost and charge of the plans together, and the least they can be; unknown without a plan to keep to."""
        if self.keep is None:
            return UNKNOWN
        charged = {
            name: plan.objective_usd
            + self.keep.usd_per_unit * sum(self.keep.departures(self.dataset.in_scenario(name), plan).values())
            for name, plan in plans.items()
        }
        return Estimate.optimum(bound_usd, self.measure.value(charged, self.tree.probability))

    def _lower_bound(self, joint_usd: float | None, separate: WaitAndSee) -> float:
        """The higher of what the joint search proved and what the scenarios cost at least by themselves."""
        bound = -math.inf if joint_usd is None else joint_usd
        return bound if len(separate.bounds) < len(self.tree.names) else max(bound, self._value(separate.bounds))

    @property
    def _measure_ignores_scenarios(self) -> bool:
        """Whether some scenario may cost more than it need without the measure getting worse."""
        return self.measure.kind != "expected" or self.measure.weight == 1.0 or not all(self.tree.probability.values())

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

    def _objective(self, plans: Mapping[str, Plan]) -> float:
        return self._value({name: plan.objective_usd for name, plan in plans.items()})

    def _value(self, costs: Mapping[str, float]) -> float:
        return self.measure.value(costs, self.tree.probability)

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


def _infeasible_by_themselves(size: Size, separate: WaitAndSee) -> SearchResult:
    why = f"No plan exists even if it were certain: {', '.join(separate.infeasible)}"
    return SearchResult("infeasible", None, size, why, infeasible=separate.infeasible)
