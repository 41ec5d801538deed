"""Scaling: a problem in units of its own for the solver, whose tolerances are absolute.

Rows, continuous columns and the objective are multiplied by powers of two, which changes no digit, so that the
coefficients of each come near 1 whatever money, tokens and probabilities are counted in (geometric scaling: Curtis
and Reid 1972, in the alternating form of Tomlin 1975). Integer columns keep their unit: whole stays whole.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from models.core.compiled import Compiled
from models.core.vector import Vector

PASSES = 4
"""Rounds over rows and columns; more change little."""


@dataclass(frozen=True, slots=True, eq=False)
class Scaling:
    """Factors of a problem: row and cost are multiplied by theirs, and a column's value is its factor x the scaled one.

    Parameters
    ----------
    row, column
        One factor per row and per column of the problem, powers of two; 1 for integer columns.
    cost
        The factor of the objective, a power of two.
    """

    row: Vector
    column: Vector
    cost: float

    @classmethod
    def of(cls, arrays: Compiled) -> Scaling:
        """The scaling of a problem's matrix and objective."""
        matrix = arrays.matrix
        rows, logs = matrix.indices, np.abs(matrix.data)
        columns = np.repeat(np.arange(matrix.shape[1], dtype=np.int32), np.diff(matrix.indptr))
        if not logs.all():
            used = logs > 0.0
            rows, columns, logs = rows[used], columns[used], logs[used]
        np.log2(logs, out=logs)
        row, column = np.zeros(matrix.shape[0]), np.zeros(matrix.shape[1])
        for _ in range(PASSES):
            row = -_middle(logs + column[columns], rows, len(row))
            column = -_middle(logs + row[rows], columns, len(column))
            column[arrays.integer] = 0.0
        column = np.round(column)
        row = np.round(-_middle(logs + column[columns], rows, len(row)))
        priced = arrays.cost != 0.0
        costs = np.log2(np.abs(arrays.cost[priced])) + column[priced]
        return cls(np.exp2(row), np.exp2(column), float(np.exp2(-np.round(costs.mean()))) if len(costs) else 1.0)

    def apply(self, arrays: Compiled) -> Compiled:
        """The scaled problem."""
        matrix = copy(arrays.matrix)  # the places stay those of the problem
        matrix.data = matrix.data * self.row[matrix.indices]
        matrix.data *= np.repeat(self.column, np.diff(matrix.indptr))
        return replace(
            arrays,
            cost=arrays.cost * self.column * self.cost,
            offset=arrays.offset * self.cost,
            matrix=matrix,
            row_lower=arrays.row_lower * self.row,
            row_upper=arrays.row_upper * self.row,
            lower=arrays.lower / self.column,
            upper=arrays.upper / self.column,
        )


def _middle(logs: Vector, places: npt.NDArray[np.int32], count: int) -> Vector:
    """Half-way between the least and the largest of the logarithms at each place; 0 where there is none."""
    least, largest = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(least, places, logs)
    np.maximum.at(largest, places, logs)
    empty = np.isinf(least)
    least[empty] = largest[empty] = 0.0
    middle: Vector = 0.5 * (least + largest)
    return middle
