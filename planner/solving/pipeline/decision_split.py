"""Boxes of decisions, to be searched apart: split by what raises the relaxation most on both sides."""

from __future__ import annotations

import math

import numpy as np

from models.core.compiled import Compiled
from models.core.vector import Vector
from planner.solving.pipeline.side_by_side import Asked
from planner.solving.problem import ArrayProblem
from planner.solving.relaxation import LinearRelaxation

CANDIDATES = 8
"""Decisions tried at each split, those furthest from whole."""
TRACE = 1e-6
"""Shares of a unit below this are rounding."""

Box = tuple[Vector, Vector]
"""Lower and upper bounds of the decisions."""


def split(problem: ArrayProblem, decisions: int, boxes: int, should_stop: Asked) -> list[Box]:
    """Boxes that hold all decisions between them, so many at most, those of the lowest bounds first.

    Parameters
    ----------
    problem
        A problem whose decisions are the first columns.
    decisions
        How many they are.
    boxes
        A power of two.
    should_stop
        Asked often; once it says yes nothing more is split.
    """
    return _Splitting(problem, decisions, should_stop).into(boxes)


def decisions_within(arrays: Compiled, lower: Vector, upper: Vector) -> Compiled:
    """Arrays whose first columns are within other bounds too."""
    least, most = arrays.lower.copy(), arrays.upper.copy()
    least[: len(lower)] = np.maximum(least[: len(lower)], lower)
    most[: len(upper)] = np.minimum(most[: len(upper)], upper)
    return arrays.within(least, most, arrays.integer)


class _Splitting:
    def __init__(self, problem: ArrayProblem, decisions: int, should_stop: Asked) -> None:
        self._arrays, self._decisions, self._should_stop = problem.compiled, decisions, should_stop
        self._relaxation = LinearRelaxation(problem)

    def into(self, boxes: int) -> list[Box]:
        first = self._arrays.lower[: self._decisions], self._arrays.upper[: self._decisions]
        found = [first]
        while len(found) < boxes and not self._should_stop():  # each is split once before any is again
            halves = [each for box in found for each in self._halves(box)]
            if len(halves) == len(found):
                break
            found = halves
        return sorted(found, key=lambda box: self._optimum(box)[0])

    def _halves(self, box: Box) -> list[Box]:
        """Both sides of the decision that raises the bound of both most; the box itself where all are whole."""
        cost, values = self._optimum(box)
        if values is None:
            return [box]
        apart = np.abs(values - np.round(values)) * self._arrays.integer[: self._decisions]
        tried = [i for i in np.argsort(-apart, kind="stable")[:CANDIDATES] if apart[i] > TRACE]
        best, halves = -1.0, [box]
        for i in tried:
            if self._should_stop():
                break
            sides = self._sides(box, int(i), float(values[i]))
            gains = [min(self._optimum(side)[0] - cost, abs(cost)) for side in sides]
            if math.prod(gains) > best:
                best, halves = math.prod(gains), sides
        return halves

    def _sides(self, box: Box, column: int, value: float) -> list[Box]:
        lower, upper = box[0].copy(), box[1].copy()
        upper[column], lower[column] = math.floor(value), math.ceil(value)
        return [(box[0], upper), (lower, box[1])]

    def _optimum(self, box: Box) -> tuple[float, Vector | None]:
        """The relaxation's cost and decisions in a box; infinite and none where it has no values."""
        arrays = decisions_within(self._arrays, *box)
        best = self._relaxation.optimum(arrays.lower, arrays.upper, should_stop=self._should_stop)
        if best is None:
            return math.inf, None
        return arrays.objective(best.values), best.values[: self._decisions]
