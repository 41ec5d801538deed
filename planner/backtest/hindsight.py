"""Hindsight: the decisions evaluated on what really happened, and the plan with perfect foresight.

Both are plans of the actuals over their whole horizon: one with the decisions of the months simulated held and
serving worked out anew, the other free. After the last month simulated both go on knowing what comes, so that
the difference is what planning without that knowledge cost: myopia.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from models.audit import AuditReport
from models.build import Model, build_model
from models.core.noise import NOISE
from models.core.scaling import ModelUnits
from models.core.vector import Vector
from models.dataset import Dataset
from models.estimate import UNKNOWN, Estimate
from models.plan import Plan
from models.roll.replay import replay
from models.variants.elastic import Elastic, Violation
from models.warm_start import decided_by, start_values
from planner.backtest.plan_files import audited
from planner.formatting import finite
from planner.interrupt import Stop
from planner.reports.run_result import Status
from planner.solving.problem import ArrayProblem, CompiledProblem, Outcome, SolveOptions, fixed_problem
from planner.solving.progress import ProgressLines, Watch
from planner.solving.search import solve

MONTHS_TOLD = 6


@dataclass(frozen=True, slots=True)
class EvaluatedPlan:
    """A plan of the actuals, audited: its cost, the bound on any other with the same decisions held, and the gap."""

    status: Status
    plan: Plan
    audit: AuditReport
    objective_usd: float
    bound_usd: float
    gap: float
    seconds: float

    @property
    def least_cost(self) -> Estimate:
        """The least cost with the decisions that it holds, USD."""
        return Estimate.optimum(finite(self.bound_usd), self.objective_usd)


@dataclass(frozen=True, slots=True)
class Hindsight:
    """The plan of the decisions, and the one with foresight; None where there is none, and then the status says why.

    `violated`: where the decisions break a rule on the actuals, which, where and how much, in words. `dropped`:
    decisions that turned out not to be on offer.
    """

    rolling: EvaluatedPlan | None
    foresight: EvaluatedPlan | None
    rolling_status: str
    foresight_status: str
    violated: tuple[str, ...]
    dropped: tuple[str, ...]

    @property
    def myopia(self) -> Estimate:
        """What planning without foresight cost, USD: never less than nothing, since foresight may decide the same."""
        if self.rolling is None or self.foresight is None:
            return UNKNOWN
        noise = NOISE * abs(self.foresight.objective_usd)
        return self.rolling.least_cost.minus(self.foresight.least_cost).without_noise(noise).not_below(0.0)


def hindsight(
    actuals: Dataset, followed: Plan, until: int, options: SolveOptions, stop: Stop, watch: Watch
) -> Hindsight:
    """The decisions evaluated on what really happened, and the plan with perfect foresight.

    Parameters
    ----------
    actuals
        What really happened.
    followed
        The decisions that were made.
    until
        The last month t whose decisions are fixed.
    options
        The options of each solve.
    stop
        Asked often whether to stop.
    watch
        Makes the progress lines of a solve.

    Raises
    ------
    RejectedByAudit
        A plan fails its audit.
    """
    decisions, not_replayed = replay(actuals, followed)
    dropped = tuple(each.words for each in not_replayed if each.month <= until)
    model = build_model(actuals, every_month=True)
    dropped += _beyond_the_horizon(model, decisions, until)
    fixed = fixed_values(model, decisions, until)
    outcome = _solve(fixed_problem(model, fixed), options, stop, watch("Decisions held"))
    rolling = _evaluated(actuals, model, outcome)
    violated = _violated(actuals, decisions, until, options, stop) if outcome.status == "infeasible" else ()
    found = _solve(model, options, stop, watch("Foresight"), outcome.values)
    foresight = _evaluated(actuals, model, found)
    if foresight is not None and rolling is not None and rolling.objective_usd < foresight.objective_usd:
        cost, bound = rolling.objective_usd, min(foresight.bound_usd, rolling.objective_usd)
        foresight = replace(rolling, status=foresight.status, bound_usd=bound, gap=(cost - bound) / abs(cost or 1.0))
    return Hindsight(rolling, foresight, outcome.status, found.status, violated, dropped)


def fixed_values(model: Model, decisions: Plan, until: int) -> Vector:
    """The value of each column that is a decision of a month t up to `until`; NaN for the others."""
    return np.where(decided_by(model, until), start_values(model, decisions), np.nan)


def _solve(
    problem: CompiledProblem, options: SolveOptions, stop: Stop, lines: ProgressLines, start: Vector | None = None
) -> Outcome:
    return solve(problem, options, on_progress=lines.update, should_stop=lambda: lines.stopped_by(stop), start=start)


def _evaluated(actuals: Dataset, model: Model, outcome: Outcome) -> EvaluatedPlan | None:
    if outcome.values is None or outcome.objective_usd is None:
        return None
    plan = model.plan(outcome.values)
    report = audited(actuals, plan, outcome.objective_usd, "a plan of the actuals")
    bound = -np.inf if outcome.bound_usd is None else outcome.bound_usd
    return EvaluatedPlan(
        outcome.status, plan, report, outcome.objective_usd, bound, outcome.gap or 0.0, outcome.seconds
    )


def _beyond_the_horizon(model: Model, decisions: Plan, until: int) -> tuple[str, ...]:
    """Signings that on the actuals would begin service after the horizon: they bring nothing, and are left out."""
    found = []
    for each in decisions.signings:
        if not each.signed and each.month <= until:
            months = {count.t for count in model.signings.of(each.offer)}
            if each.month not in months:
                label = model.dataset.label
                found.append(f"{each.name}: signed {label(each.month)}, service would begin after the horizon")
    return tuple(found)


def _violated(actuals: Dataset, decisions: Plan, until: int, options: SolveOptions, stop: Stop) -> tuple[str, ...]:
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
        violated = "exceeded" if cap.sense == "max" else "missed"
        return f"cap {name}: {violated} by {violation.most:,.4g} (it is {cap.value:,.4g})"
    if violation.rule.kind == "max_shortfall_share":
        return f"{name}: max_shortfall_share exceeded by {violation.most:.3g}"
    return {
        "rule": f"rule {name} is not kept",
        "run": f"run {name} is not done",
        "single_site": f"{name} is not at a single site",
        "may_tighten": f"limits of {name} are tightened",
        "min_months_between_changes": f"limits of {name} change too soon",
    }[violation.rule.kind]


__all__ = ["EvaluatedPlan", "Hindsight", "fixed_values", "hindsight"]
