"""Keeping to yesterday's plan: what it cost to depart, and what was kept only because of that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from models.build import build_model
from models.dataset import Dataset
from models.kinds import DecidedKey
from models.plan import Plan
from models.policy.stability import PlanStability, departures
from models.variants.plan_changes import Change, differences
from models.warm_start import start_values
from planner.analysis.base_case import budget_of
from planner.solving.interrupt import Stop
from planner.solving.problem import SolveOptions
from planner.solving.progress import ProgressLines
from planner.solving.search import solve


@dataclass(frozen=True, slots=True)
class KeptReport:
    """What a price on departing did.

    `charge_usd`: the price of all departures, in no cost of the plan. `departed`: units, by offer and option.
    `because`: what a plan free to depart would have done differently, where this one keeps closer to yesterday's.
    `saving_usd`: what that plan would cost less, None where it was not found.
    """

    usd_per_unit: float
    charge_usd: float
    departed: dict[DecidedKey, int]
    because: tuple[Change, ...]
    saving_usd: float | None


def kept_report(
    dataset: Dataset,
    plan: Plan,
    keep: PlanStability,
    options: SolveOptions,
    seconds: float,
    stop: Stop,
    watch: Callable[[str], ProgressLines],
) -> KeptReport:
    """Solves once more without the price, beginning from the plan, and compares the two."""
    departed = departures(dataset, keep.plan, plan)
    charge = keep.usd_per_unit * sum(departed.values())
    lines, model = watch("Free to depart"), build_model(dataset)
    outcome = solve(
        model,
        replace(options, time_limit=budget_of(seconds, options)),
        on_progress=lines.update,
        should_stop=lambda: lines.stopped_by(stop),
        start=start_values(model, plan),
    )
    if outcome.values is None:
        return KeptReport(keep.usd_per_unit, charge, departed, (), None)
    free = model.plan(outcome.values)
    saving = plan.objective_usd - free.objective_usd
    if saving <= options.gap * abs(plan.objective_usd) * 1e-3:
        return KeptReport(keep.usd_per_unit, charge, departed, (), max(0.0, saving))
    freely = departures(dataset, keep.plan, free)
    because = tuple(
        each
        for each in differences(plan, free, dataset.label)
        if each.change != "same" and departed.get(each.key, 0) < freely.get(each.key, 0)
    )
    return KeptReport(keep.usd_per_unit, charge, departed, because, saving)
