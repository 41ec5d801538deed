"""What is solved and what comes of it: problems as arrays, options, progress, outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

import numpy as np

from models.core.compiled import Compiled
from models.core.scaling import ModelUnits
from models.core.vector import Vector
from models.estimate import Estimate
from planner.solving.exactness import settled_cost


@dataclass(frozen=True, slots=True)
class SolveOptions:
    """How long and how far to search.

    Parameters
    ----------
    gap
        Relative gap between the plan's cost and the bound at which the search may end.
    time_limit
        Seconds; None for no limit.
    threads
        Threads of the solver; 0 lets it choose.
    seed
        Seed of the solver, 0 or more.
    absolute_gap
        A gap in model units of money that is enough too; None for none.
    second_look
        Whether small problems are solved once more without presolve (see `planner.solving.search`).
    parts_from
        Whole-number columns from which it is searched in parts; None leaves it to the search.
    target_usd, cutoff_usd
        The search may end once a plan costs no more than the target, and once every plan is proven to cost at least
        the cutoff; None for none.
    without_plan
        Seconds more that a search may take which has no plan by its time limit.
    """

    gap: float = 0.001
    time_limit: float | None = None
    threads: int = 0
    seed: int = 0
    absolute_gap: float | None = None
    second_look: bool = True
    parts_from: int | None = None
    target_usd: float | None = None
    cutoff_usd: float | None = None
    without_plan: float = 0.0

    def is_decided(self, cost_usd: float | None, bound_usd: float | None) -> bool:
        """Whether a plan's cost has reached the target, or a bound the cutoff."""
        reached = self.target_usd is not None and cost_usd is not None and cost_usd <= self.target_usd
        proven = self.cutoff_usd is not None and bound_usd is not None and bound_usd >= self.cutoff_usd
        return reached or proven


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the search stands; money in USD, None while there is none; gap relative; which part is at work."""

    seconds: float
    incumbent_usd: float | None
    bound_usd: float | None
    gap: float | None
    part: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the search found, recomputed in the problem's own arrays.

    Parameters
    ----------
    status
        `optimal`: the gap asked for is proven; `stopped`: a plan, but the gap is not proven; `infeasible`: no plan
        exists; `no_plan`: none was found.
    objective_usd, bound_usd
        Cost of the best plan, and the highest cost that every plan is proven to have at least; None where not known.
    gap
        Their difference over the size of the cost; None without one of them.
    values
        One value per column of the problem, None without a plan.
    seconds
        Wall time of the whole search.
    why
        The solver's own words for how it ended.
    log
        Its log lines.
    start
        What became of a starting plan, "" when none was given.
    contradiction
        What was found where the solver contradicted itself, "" where it did not.
    dispatch_gap
        By how much, relative to what the objective adds up, the cost may be above the least for these decisions, as
        duals prove it in the problem's own arrays; None where that is not known.
    other_values
        Other plans found on the way, cheapest first; looked at where it contradicted itself.
    parts
        Seconds of wall time of each part of a search in parts (`planner.solving.pipeline`).
    """

    status: Literal["optimal", "stopped", "infeasible", "no_plan"]
    objective_usd: float | None
    bound_usd: float | None
    gap: float | None
    values: Vector | None
    seconds: float
    why: str
    log: tuple[str, ...]
    start: str = ""
    contradiction: str = ""
    dispatch_gap: float | None = None
    other_values: tuple[Vector, ...] = ()
    parts: Mapping[str, float] = field(default_factory=dict)

    def settled(self, plan_usd: float, gap: float) -> Outcome:
        """The outcome, with the plan that was read from its values at what it comes to, its bills settled.

        Unchanged where no plan is proven to cost as little: that is an error, which the audit shall find.

        Parameters
        ----------
        plan_usd
            What the plan comes to of what was minimised.
        gap
            The relative gap at which it is proven.
        """
        if self.objective_usd is None:
            return self
        usd = settled_cost(plan_usd, self.objective_usd, self.bound_usd)
        if usd == self.objective_usd:
            return self
        bound = None if self.bound_usd is None else min(self.bound_usd, usd)
        cost = Estimate.optimum(bound, usd)
        proven = self.status == "stopped" and cost.is_within(gap)
        status = "optimal" if proven else self.status
        return replace(self, status=status, objective_usd=usd, bound_usd=bound, gap=cost.gap)


class CompiledProblem(Protocol):
    """What can be solved: compiled arrays, and the units of their money."""

    @property
    def compiled(self) -> Compiled:
        """The arrays to solve."""

    @property
    def units(self) -> ModelUnits:
        """The units of its columns and its money."""


@dataclass(frozen=True, slots=True)
class ArrayProblem:
    """A problem as arrays, made from a model's."""

    compiled: Compiled
    units: ModelUnits


@dataclass(frozen=True, slots=True)
class LocalOptimum:
    """The best of a problem with its integer decisions held: values, and duals of columns and rows in model units.

    A column's dual is what a unit more of it changes of the objective; a row's, what a unit more of its
    right-hand side does.
    """

    values: Vector
    column_duals: Vector
    row_duals: Vector


def fixed_problem(problem: CompiledProblem, decisions: Vector) -> ArrayProblem:
    """The problem with columns held at whole numbers; those that are NaN are still to be decided."""
    return ArrayProblem(fixed_at(problem.compiled, decisions), problem.units)


def fixed_at(arrays: Compiled, decisions: Vector) -> Compiled:
    """The arrays with columns held at whole numbers, those that are NaN left free."""
    fixed = ~np.isnan(decisions)
    lower, upper = arrays.lower.copy(), arrays.upper.copy()
    lower[fixed] = upper[fixed] = np.round(decisions[fixed])
    return arrays.within(lower, upper, arrays.integer & ~fixed)
