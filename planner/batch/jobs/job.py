"""A job: what to solve, how, within which budgets, and after what."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Job:
    """A solve with a name.

    `overrides` are texts `sheet.key.column=value`. `gap`, `within` relative; `time_limit` is the solver's, in seconds,
    `time_budget` that of the whole process (seconds), `memory_mb` its memory. `after` names jobs that must be good
    before; `keep_plan_of` and `start_plan_of` also hand on their plan, the first at `change_cost` USD per unit
    departed.
    """

    name: str
    input: Path
    overrides: tuple[str, ...] = ()
    gap: float = 0.001
    time_limit: float = 3600.0
    threads: int = 1
    seed: int = 0
    alternatives: int = 0
    within: float = 0.01
    stress: int = 0
    accept_stopped: bool = False
    time_budget: float | None = None
    memory_mb: float | None = None
    after: tuple[str, ...] = ()
    keep_plan_of: str = ""
    change_cost: float | None = None
    start_plan_of: str = ""

    @property
    def dependencies(self) -> tuple[str, ...]:
        """Names of the jobs that must be good before this one begins."""
        return tuple(dict.fromkeys(each for each in (*self.after, self.keep_plan_of, self.start_plan_of) if each))

    @property
    def budget_seconds(self) -> float:
        """When its process is ended from outside.

        By default so late that a solver that keeps its limit, and what comes after the search (the base case,
        alternatives, what to change), never meets it.
        """
        if self.time_budget is not None:
            return self.time_budget
        return (4 + self.alternatives) * self.time_limit + 120.0

    def options(self) -> dict[str, Any]:
        """What in a job changes its result, by the columns of a job file."""
        return {
            "set": list(self.overrides),
            "gap": self.gap,
            "time_limit": self.time_limit,
            "threads": self.threads,
            "seed": self.seed,
            "alternatives": self.alternatives,
            "within": self.within,
            "stress": self.stress or None,  # as records have it of jobs from before there was a stress test
            "change_cost": self.change_cost,
            "keep_plan_of": self.keep_plan_of,
            "start_plan_of": self.start_plan_of,
            "time_budget": self.time_budget,
            "memory_mb": self.memory_mb,
        }
