"""Programs of problems that plans are tried in again and again, each built once.

They hold no losses of `resilience`: what is tried must be looked at by the audit, or for what it breaks.
"""

from __future__ import annotations

from dataclasses import replace

from models.dataset import Dataset
from models.stochastic.plan_problem import PlanProblem, plan_problem
from models.stochastic.risk import Measure

MOST_NONZEROS = 1_000_000
"""Nonzeros of the programs kept at once, about half a gigabyte; the one asked for longest ago goes first."""


class KeptProblems:
    """The programs of problems, by the problem object itself; `measure`: of the costs of scenarios, where there are."""

    def __init__(self, measure: Measure | None) -> None:
        self.measure = measure
        self._kept: dict[int, tuple[Dataset, PlanProblem]] = {}

    def of(self, dataset: Dataset) -> PlanProblem:
        """Its program: the one built before, or a new one."""
        found = self._kept.pop(id(dataset), None)
        if found is None:
            found = dataset, plan_problem(replace(dataset, losses=frozenset()), self.measure)
        self._kept[id(dataset)] = found
        while len(self._kept) > 1 and self._nonzeros() > MOST_NONZEROS:
            del self._kept[next(iter(self._kept))]
        return found[1]

    def _nonzeros(self) -> int:
        return sum(problem.compiled.size.nonzeros for _, problem in self._kept.values())
