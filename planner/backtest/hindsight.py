"""Hindsight: the decisions evaluated on what really happened, and the plan with perfect foresight.

Both are plans of the actuals over their whole horizon: one with the decisions of the months simulated held and
serving worked out anew, the other free. After the last month simulated both go on knowing what comes, so that
the difference is what planning without that knowledge cost: myopia.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from models.audit import AuditReport
from models.build import Model, build_model
from models.core.noise import NOISE
from models.dataset import Dataset
from models.estimate import UNKNOWN, Estimate
from models.plan import Plan
from models.roll.replay import replay
from planner.analysis.held_decisions import beyond_the_horizon, fixed_values, violated
from planner.backtest.plan_files import audited
from planner.errors import OutOfTime
from planner.formatting import finite
from planner.interrupt import Stop
from planner.reports.run_result import Status
from planner.solving.held_rows import one_plan, one_start, solve_holding
from planner.solving.problem import CompiledProblem, Outcome, SolveOptions, fixed_problem
from planner.solving.progress import ProgressLines, Watch


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
    dropped += beyond_the_horizon(_model(replace(actuals, losses=frozenset())), decisions, until)

    def held(model: Model) -> CompiledProblem:
        return fixed_problem(model, fixed_values(model, decisions, until))

    outcome, rolling = _solve(actuals, options, stop, watch("Decisions held"), arrays=held)
    broken = violated(actuals, decisions, until, options, stop) if outcome.status == "infeasible" else ()
    known = {} if rolling is None else {"": rolling.plan}
    found, foresight = _solve(actuals, options, stop, watch("Foresight"), known=known)
    if rolling is not None and (foresight is None or rolling.objective_usd < foresight.objective_usd):
        cost, least = rolling.objective_usd, -np.inf if found.bound_usd is None else found.bound_usd
        status: Status = "stopped" if foresight is None else foresight.status
        bound = min(least, cost)
        foresight = replace(rolling, status=status, bound_usd=bound, gap=(cost - bound) / abs(cost or 1.0))
    return Hindsight(rolling, foresight, outcome.status, found.status, broken, dropped)


def _model(actuals: Dataset) -> Model:
    return build_model(actuals, every_month=True)


def _solve(
    actuals: Dataset, options: SolveOptions, stop: Stop, lines: ProgressLines, **more: Any
) -> tuple[Outcome, EvaluatedPlan | None]:
    try:
        model, outcome = solve_holding(
            actuals,
            _model,
            one_plan,
            options,
            start=one_start,
            on_progress=lines.update,
            should_stop=lambda: lines.stopped_by(stop),
            **more,
        )
    except OutOfTime as late:
        return Outcome("no_plan", None, None, None, None, options.time_limit or 0.0, str(late), ()), None
    return outcome, _evaluated(actuals, model, outcome, options.gap)


def _evaluated(actuals: Dataset, model: Model, outcome: Outcome, gap_wanted: float) -> EvaluatedPlan | None:
    if outcome.values is None:
        return None
    plan = model.plan(outcome.values)
    outcome = outcome.settled(plan.objective_usd, gap_wanted)
    cost = outcome.objective_usd
    if cost is None:
        return None
    report = audited(actuals, plan, cost, "a plan of the actuals")
    bound, gap = -np.inf, 0.0
    if outcome.bound_usd is not None:
        bound, gap = outcome.bound_usd, max(0.0, cost - outcome.bound_usd) / abs(cost or 1.0)
    return EvaluatedPlan(outcome.status, plan, report, cost, bound, gap, outcome.seconds)
