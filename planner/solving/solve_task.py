"""A problem to solve in a process of its own, and what comes of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from models.dataset import Dataset
from models.kinds import OfferKey
from models.plan import Plan
from models.stochastic.solution import StochasticSolution
from planner.errors import OutOfTime

if TYPE_CHECKING:
    from models.core.model import Model
    from models.core.vector import Vector
    from planner.solving.problem import CompiledProblem, Outcome, SolveOptions


@dataclass(frozen=True, slots=True)
class SolveTask:
    """A problem to solve; `key` names it, `start` is a plan to begin from but for the offer `left_open`.

    With `fixed_until`, whatever `start` decides before that month t is held. With `beyond_caps`, where no plan keeps
    the caps one that need not is looked for.
    """

    key: str
    dataset: Dataset
    options: SolveOptions
    start: Plan | None = None
    fixed_until: int = 0
    left_open: OfferKey | None = None
    beyond_caps: bool = False

    def search(self, should_stop: Callable[[], bool] | None = None, model: Model | None = None) -> SolveResult:
        """Solves it in this process; its time limit counts building the model too, where that is not given."""
        from models.build import build_model
        from models.policy.caps import caps_exceeded, caps_lifted
        from models.policy.cash_account import is_kept
        from models.warm_start import apply_decisions_without_effect
        from planner.solving.held_rows import one_plan, solve_holding
        from planner.solving.problem import ArrayProblem
        from planner.solving.search import dispatch_proven

        began, given = time.monotonic(), model
        known = {} if self.start is None else {"": self.start}

        def solved(arrays: Callable[[Model], CompiledProblem]) -> tuple[Model, Outcome]:
            return solve_holding(
                self.dataset,
                build_model if given is None or self.dataset.resilience else lambda problem: given,
                one_plan,
                self.options_left(began),
                known=known,
                start=lambda model, plans: self._start(model, plans.get("")),
                arrays=arrays,
                should_stop=should_stop,
            )

        caps: tuple[str, ...] = ()
        model, outcome = solved(self._held)
        status = outcome.status
        if status == "infeasible" and self.beyond_caps and (self.dataset.caps or is_kept(self.dataset)):
            model, outcome = solved(lambda model: ArrayProblem(caps_lifted(self._held(model).compiled), model.units))
            if outcome.values is not None:
                caps = caps_exceeded(self._held(model).compiled, outcome.values)
        if self.start is not None and self.fixed_until:
            apply_decisions_without_effect(model, self.start, self.fixed_until)
        plan = None if outcome.values is None else model.plan(outcome.values)
        if plan is not None:
            outcome = outcome.settled(plan.objective_usd, self.options.gap)
        return SolveResult(
            self.key,
            status if status == "infeasible" else outcome.status,
            outcome.objective_usd,
            outcome.bound_usd,
            outcome.gap,
            plan,
            why=outcome.why,
            caps=caps,
            dispatch_proven=dispatch_proven(outcome),
        )

    def _decided(self, model: Model) -> Vector:
        """The values of the columns that the start decides and that are held; NaN for all others."""
        from models.warm_start import decided_before, start_values

        assert self.start is not None
        return decided_before(model, start_values(model, self.start, self.left_open), self.fixed_until)

    def _held(self, model: Model) -> CompiledProblem:
        """What is solved of a model: with what the start decides before `fixed_until` held."""
        from planner.solving.problem import fixed_problem

        if self.start is None or not self.fixed_until:
            return model
        return fixed_problem(model, self._decided(model))

    def _start(self, model: Model, plan: Plan | None) -> Vector | None:
        """Values to begin from that a plan means; None where all of the start is held anyway."""
        from models.warm_start import start_values

        if plan is None:
            return None
        values = start_values(model, plan, self.left_open if plan is self.start else None)
        held = self.start is not None and bool(self.fixed_until)
        if held and np.array_equal(np.isnan(self._decided(model)), np.isnan(values)):
            return None  # there is nothing left to begin from
        return values

    def options_left(self, began: float) -> SolveOptions:
        """Its options with what is left of its time limit."""
        limit = self.options.time_limit
        left = None if limit is None else max(0.1, limit - (time.monotonic() - began))
        return replace(self.options, time_limit=left)


@dataclass(frozen=True, slots=True)
class SolveResult:
    """The result of a SolveTask: as `planner.solving.highs.Outcome`, with the plan read off it.

    Money in USD. `why` says in words why there is no plan, or what the solver said. `caps` names the caps that the
    plan goes beyond because no plan keeps them; the status is infeasible then. `dispatch_proven`: whether it is proven
    that no other dispatch for the plan's decisions costs less. `together`: the plans of all scenarios, where the task
    was to plan for all of them.
    """

    key: str
    status: Literal["optimal", "stopped", "infeasible", "no_plan"]
    objective_usd: float | None = None
    bound_usd: float | None = None
    gap: float | None = None
    plan: Plan | None = None
    seconds: float = 0.0
    why: str = ""
    caps: tuple[str, ...] = ()
    dispatch_proven: bool = False
    together: StochasticSolution | None = None

    @property
    def plans(self) -> Plan | StochasticSolution | None:
        """The plan, or the plans of all scenarios; None where there is none."""
        return self.together or self.plan


def solve_task(
    task: SolveTask, should_stop: Callable[[], bool] | None = None, model: Model | None = None
) -> SolveResult:
    """Solves a task in this process, with its model where that is built; what goes wrong is its result too."""
    began = time.monotonic()
    try:
        found = task.search(should_stop, model)
    except OutOfTime as late:
        found = SolveResult(task.key, "no_plan", why=str(late))
    except Exception as error:
        found = SolveResult(task.key, "no_plan", why=f"{type(error).__name__}: {error}".splitlines()[0])
    return replace(found, seconds=time.monotonic() - began)
