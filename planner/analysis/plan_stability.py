"""Keeping to yesterday's plan: what it cost to depart, and what was kept only because of that."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from models.audit import audit, audit_scenario_set
from models.build import build_model
from models.dataset import Dataset
from models.estimate import UNKNOWN, Estimate
from models.kinds import DecidedKey
from models.plan import Plan
from models.policy.stability import PlanStability
from models.stochastic.extensive_form import ExtensiveForm
from models.stochastic.fixed_decisions import common_decisions
from models.stochastic.solution import ScenarioPlan, StochasticSolution
from models.variants.plan_changes import Change, differences
from planner.analysis.questions import BesideQuestion, Incumbent, openness_of
from planner.errors import OutOfTime
from planner.interrupt import Stop
from planner.solving.held_rows import one_plan, one_start, solve_holding
from planner.solving.problem import SolveOptions
from planner.solving.progress import ProgressLines


@dataclass(frozen=True, slots=True)
class KeptReport:
    """What a price on departing did.

    Parameters
    ----------
    usd_per_unit, charge_usd
        The price of a unit departed, and of all departures; in no cost of the plan.
    minimised
        Cost and charge together, which was minimised: of the plan, and of any; USD.
    departed
        Units, by offer and option.
    because
        What a plan free to depart would have done differently, where this one keeps closer to yesterday's.
    free
        The least cost of any plan, free to depart, USD: of the cheapest plan found, and of any.
    """

    usd_per_unit: float
    charge_usd: float
    minimised: Estimate
    departed: dict[DecidedKey, int]
    because: tuple[Change, ...] = ()
    free: Estimate = UNKNOWN

    def saving(self, cost_usd: float) -> Estimate:
        """What departing freely would save against the plan of a cost, USD; it is free to depart too: never below 0."""
        return Estimate.exactly(cost_usd).minus(self.free).not_below(0.0)


def departing(dataset: Dataset, plan: Plan, keep: PlanStability, minimised: Estimate) -> KeptReport:
    """What the plan departs in, and what was minimised; nothing is known yet of plans free to depart."""
    departed = keep.departures(dataset, plan)
    return KeptReport(keep.usd_per_unit, keep.usd_per_unit * sum(departed.values()), minimised, departed)


class FreeToDepart(BesideQuestion):
    """The least cost without the price on departing, beginning from the plan that stands."""

    def __init__(
        self,
        dataset: Dataset,
        incumbent: Incumbent,
        options: SolveOptions,
        stop: Stop,
        watch: Callable[[str], ProgressLines],
    ) -> None:
        self.dataset, self.incumbent, self.options, self.stop, self.watch = dataset, incumbent, options, stop, watch
        self.bound: Estimate = UNKNOWN
        self.plan: Plan | None = None

    @property
    def free(self) -> Estimate:
        """The least cost of any plan: the plan that stands is free to depart too."""
        found = [self.incumbent.only] if self.plan is None else [self.incumbent.only, self.plan]
        return self.bound.and_also(Estimate.optimum(None, min(each.objective_usd for each in found)))

    @property
    def openness(self) -> float:
        """As `BesideQuestion`."""
        return openness_of(self.free, self.options.gap)

    @property
    def plans(self) -> Sequence[Plan]:
        """As `BesideQuestion`."""
        return () if self.plan is None else (self.plan,)

    def ask(self, seconds: float) -> None:
        """As `BesideQuestion`."""
        lines = self.watch("Free to depart")
        model, outcome = solve_holding(
            self.dataset,
            build_model,
            one_plan,
            replace(self.options, time_limit=seconds),
            known={"": self.plan or self.incumbent.only},
            start=one_start,
            on_progress=lines.update,
            should_stop=lambda: lines.stopped_by(self.stop),
        )
        self.bound = self.bound.and_also(Estimate.optimum(outcome.bound_usd, None))
        found = None if outcome.values is None else model.plan(outcome.values)
        cheapest = self.plan or self.incumbent.only
        if found is not None and found.objective_usd < cheapest.objective_usd and audit(self.dataset, found).passed:
            self.plan = found

    def told(self, kept: KeptReport) -> KeptReport:
        """What is known of plans free to depart, and what is kept only because departing has a price."""
        assert self.incumbent.keep is not None
        plan, found = self.incumbent.only, self.plan
        kept = replace(kept, free=self.free)
        worth_telling = self.options.gap * abs(plan.objective_usd) * 1e-3
        if found is None or plan.objective_usd - found.objective_usd <= worth_telling:
            return kept
        because = _kept_because(self.dataset, plan, found, self.incumbent.keep, kept)
        return replace(kept, because=because)


def departing_alike(
    dataset: Dataset, plans: StochasticSolution, keep: PlanStability, minimised: Estimate
) -> KeptReport:
    """As `departing`, of what plans for scenarios have in common before month `keep.until`."""
    report = departing(dataset, _common(plans.scenarios, keep), keep, minimised)
    charge = 0.0 if minimised.at_most is None else max(0.0, minimised.at_most - plans.objective_usd)
    return replace(report, charge_usd=charge)


def free_to_depart(
    dataset: Dataset,
    plans: StochasticSolution,
    keep: PlanStability,
    kept: KeptReport,
    options: SolveOptions,
    stop: Stop,
    watch: Callable[[str], ProgressLines],
    holds: Callable[[Mapping[str, Plan]], bool],
) -> KeptReport:
    """The least that plans for scenarios cost without the price on departing, beginning from those that stand.

    `holds`: whether plans found cost no more in what the problem leaves out.
    """
    lines = watch("Free to depart")
    known = Estimate.optimum(plans.bound_usd if math.isfinite(plans.bound_usd) else None, plans.objective_usd)
    try:
        form, outcome = solve_holding(
            dataset,
            lambda problem: ExtensiveForm(problem, plans.measure),
            ExtensiveForm.plans,
            options,
            known={each.name: each.plan for each in plans.scenarios},
            start=lambda form, begin: form.start(begin) if begin else None,
            on_progress=lines.update,
            should_stop=lambda: lines.stopped_by(stop),
        )
    except OutOfTime:
        return replace(kept, free=known)
    kept = replace(kept, free=known.and_also(Estimate.optimum(outcome.bound_usd, None)))
    if outcome.values is None:
        return kept
    found = form.plans(outcome.values)
    cost = plans.measure.value({name: each.objective_usd for name, each in found.items()}, plans.probability)
    if plans.objective_usd - cost <= options.gap * abs(plans.objective_usd) * 1e-3:
        return kept
    if not (audit_scenario_set(dataset, found).passed and holds(found)):
        return kept
    common = common_decisions(found.values(), keep.until or 0)
    because = _kept_because(dataset, _common(plans.scenarios, keep), common, keep, kept)
    return replace(kept, free=kept.free.and_also(Estimate.optimum(None, cost)), because=because)


def _common(scenarios: Sequence[ScenarioPlan], keep: PlanStability) -> Plan:
    return common_decisions((each.plan for each in scenarios), keep.until or 0)


def _kept_because(
    dataset: Dataset, plan: Plan, free: Plan, keep: PlanStability, kept: KeptReport
) -> tuple[Change, ...]:
    """What a plan free to depart does differently where it departs in more."""
    freely = keep.departures(dataset, free)
    return tuple(
        each
        for each in differences(plan, free, dataset.label)
        if each.change != "same" and kept.departed.get(each.key, 0) < freely.get(each.key, 0)
    )
