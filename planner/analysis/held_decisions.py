"""Decisions of a plan held in another problem: serving is worked out anew, at least cost."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from models.audit import audit
from models.build import Model, build_model
from models.cancellation import cancelled_by
from models.core.scaling import ModelUnits
from models.core.vector import Vector
from models.dataset import Dataset
from models.estimate import UNKNOWN, Estimate
from models.plan import Plan
from models.roll.replay import replay
from models.variants.elastic import Elastic, Violation
from models.warm_start import decided_by, start_values
from planner.errors import OutOfTime
from planner.interrupt import Stop
from planner.solving.held_rows import one_plan, solve_holding, with_time_left
from planner.solving.problem import ArrayProblem, SolveOptions, fixed_problem
from planner.solving.search import solve
from planner.solving.time_limit import TimeLimit

MONTHS_TOLD = 6


@dataclass(frozen=True, slots=True)
class HeldPlan:
    """The plan with decisions held, None where there is none; what its cost can be at best; why there is none.

    `left_out` are signings, in words, that are not held as service would begin after the horizon.
    """

    plan: Plan | None
    least_cost: Estimate
    why_not: str = ""
    left_out: tuple[str, ...] = ()


_NOT_FOUND = HeldPlan(None, UNKNOWN, "not found within the time")


def hold(
    dataset: Dataset,
    earlier: Plan,
    options: SolveOptions,
    stop: Stop,
    on_asked: Callable[[], bool],
    until: int | None = None,
    *,
    leave_out: bool = False,
) -> HeldPlan:
    """The decisions of an earlier plan held in a problem that begins in the same month.

    Parameters
    ----------
    dataset
        The problem, or one of its scenarios.
    earlier
        The plan whose signings, ends, options and limits are held.
    options
        Those of the search; what is left to it is who serves whom.
    stop
        Whether to stop.
    on_asked
        Shows the search going on; whether it shall stop.
    until
        The last month t whose decisions are held; None for all of them.
    leave_out
        Whether a signing whose service would begin after the horizon is left out; there is no plan with it otherwise.
    """
    began, last = time.monotonic(), dataset.horizon[-1] if until is None else min(until, dataset.horizon[-1])
    try:
        return _hold(dataset, earlier, options, stop, on_asked, last, began, leave_out)
    except OutOfTime:
        return _NOT_FOUND


def _hold(
    dataset: Dataset,
    earlier: Plan,
    options: SolveOptions,
    stop: Stop,
    on_asked: Callable[[], bool],
    until: int,
    began: float,
    leave_out: bool,
) -> HeldPlan:
    decisions, dropped = replay(dataset, earlier)
    with cancelled_by(TimeLimit(options.time_limit, began).check):
        without = build_model(replace(dataset, losses=frozenset()), every_month=True)
    beyond = beyond_the_horizon(without, decisions, until)
    why = (*(each.words for each in dropped if each.month <= until), *(() if leave_out else beyond))
    if why:
        return HeldPlan(None, UNKNOWN, "; ".join(why))
    model, outcome = solve_holding(
        dataset,
        lambda problem: build_model(problem, every_month=True),
        one_plan,
        with_time_left(options, began),
        known={"": decisions},
        arrays=lambda model: fixed_problem(model, fixed_values(model, decisions, until)),
        should_stop=on_asked,
    )
    if outcome.values is None:
        if outcome.status != "infeasible":
            return _NOT_FOUND
        broken = violated(dataset, decisions, until, with_time_left(options, began), stop)
        return HeldPlan(None, UNKNOWN, "; ".join(broken))
    plan = model.plan(outcome.values)
    if not audit(dataset, plan).passed:
        return HeldPlan(None, UNKNOWN, "the audit rejects the plan that was found with the decisions held")
    return HeldPlan(plan, Estimate.optimum(outcome.bound_usd, plan.objective_usd), left_out=beyond)


def fixed_values(model: Model, decisions: Plan, until: int) -> Vector:
    """The value of each column that is a decision of a month t up to `until`; NaN for the others."""
    return np.where(decided_by(model, until), start_values(model, decisions), np.nan)


def beyond_the_horizon(model: Model, decisions: Plan, until: int) -> tuple[str, ...]:
    """Signings that on the actuals would begin service after the horizon: they bring nothing, and are left out."""
    found = []
    for each in decisions.signings:
        if not each.signed and each.month <= until:
            months = {count.t for count in model.signings.of(each.offer)}
            if each.month not in months:
                label = model.dataset.label
                found.append(f"{each.name}: signed {label(each.month)}, service would begin after the horizon")
    return tuple(found)


def violated(actuals: Dataset, decisions: Plan, until: int, options: SolveOptions, stop: Stop) -> tuple[str, ...]:
    """Which rules the decisions break on the actuals, where and how far, bent as little as can be."""
    elastic = Elastic(actuals, every_month=True)
    allowed = [rule for rule in elastic.relaxable if rule.kind != "capacity"]
    arrays = elastic.arrays(allowed)
    values = fixed_values(elastic.model, decisions, until)
    added = len(arrays.columns) - len(values)
    problem = ArrayProblem(arrays, ModelUnits())
    outcome = solve(
        fixed_problem(problem, np.concatenate([values, np.full(added, np.nan)])),
        options,
        should_stop=lambda: stop.requested,
    )
    if outcome.status == "no_plan":
        return ("the time limit was too short to find which rules the decisions break",)
    if outcome.values is None:
        return ("the decisions cannot all be carried out on what really happened, whichever rules are relaxed",)
    return tuple(_words(actuals, each) for each in elastic.violations(outcome.values))


def _words(actuals: Dataset, violation: Violation) -> str:
    label, name = actuals.label, violation.rule.name
    if violation.rule.kind == "shortfall":
        months = [f"{bn:,.4g} in {label(t)}" for t, bn in list(violation.by_month.items())[:MONTHS_TOLD]]
        more = len(violation.by_month) - MONTHS_TOLD
        rest = f" and in {more} more months" if more > 0 else ""
        total = sum(violation.by_month.values())
        return f"{name}: {total:,.4g} bn tokens that must be served are not served ({', '.join(months)}{rest})"
    if violation.rule.kind == "cap":
        cap = next(each for each in actuals.caps if each.cap == name)
        how = "exceeded" if cap.sense == "max" else "missed"
        return f"cap {name}: {how} by {violation.most:,.4g} (it is {cap.value:,.4g})"
    if violation.rule.kind == "max_shortfall_share":
        return f"{name}: max_shortfall_share exceeded by {violation.most:.3g}"
    return {
        "rule": f"rule {name} is not kept",
        "run": f"run {name} is not done",
        "single_site": f"{name} is not at a single site",
        "may_tighten": f"limits of {name} are tightened",
        "min_months_between_changes": f"limits of {name} change too soon",
    }[violation.rule.kind]
