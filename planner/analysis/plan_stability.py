"""Keeping to yesterday's plan: what it cost to depart, and what was kept only because of that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from models.audit import audit
from models.build import build_model
from models.dataset import Dataset
from models.estimate import UNKNOWN, Estimate
from models.kinds import DecidedKey
from models.plan import Plan
from models.policy.stability import PlanStability, departures
from models.variants.plan_changes import Change, differences
from models.warm_start import start_values
from planner.analysis.base_case import budget_of
from planner.interrupt import Stop
from planner.solving.problem import SolveOptions
from planner.solving.progress import ProgressLines
from planner.solving.search import solve


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

    def saving(self, plan: Plan) -> Estimate:
        """What departing freely would save against the plan, USD; the plan itself is free to depart: never below 0."""
        return Estimate.exactly(plan.objective_usd).minus(self.free).not_below(0.0)


def departing(dataset: Dataset, plan: Plan, keep: PlanStability, minimised: Estimate) -> KeptReport:
    """What the plan departs in, and what was minimised; nothing is known yet of plans free to depart."""
    departed = departures(dataset, keep.plan, plan)
    return KeptReport(keep.usd_per_unit, keep.usd_per_unit * sum(departed.values()), minimised, departed)


def free_to_depart(
    dataset: Dataset,
    plan: Plan,
    keep: PlanStability,
    kept: KeptReport,
    options: SolveOptions,
    seconds: float,
    stop: Stop,
    watch: Callable[[str], ProgressLines],
) -> KeptReport:
    """Solves once more without the price, beginning from the plan, and compares the two."""
    lines, model = watch("Free to depart"), build_model(dataset)
    outcome = solve(
        model,
        replace(options, time_limit=budget_of(seconds, options)),
        on_progress=lines.update,
        should_stop=lambda: lines.stopped_by(stop),
        start=start_values(model, plan),
    )
    least = Estimate.optimum(outcome.bound_usd, plan.objective_usd)
    found = None if outcome.values is None else model.plan(outcome.values)
    if found is None or not audit(dataset, found).passed:
        return replace(kept, free=least)
    kept = replace(kept, free=least.and_also(Estimate.optimum(None, found.objective_usd)))
    if plan.objective_usd - found.objective_usd <= options.gap * abs(plan.objective_usd) * 1e-3:
        return kept
    freely = departures(dataset, keep.plan, found)
    because = tuple(
        each
        for each in differences(plan, found, dataset.label)
        if each.change != "same" and kept.departed.get(each.key, 0) < freely.get(each.key, 0)
    )
    return replace(kept, because=because)
