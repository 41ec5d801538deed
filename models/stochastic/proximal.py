r"""The proximal term of progressive hedging, made linear: what departing from an average of the scenarios costs.

The term \rho/2 (x - \bar x)^2 of a whole-number column x has no place in a linear objective. Of its lines through two
whole numbers next to each other, k and k + 1, none lies above it at any whole number:

    (x - \bar x)^2 >= (k - \bar x)^2 + (2k + 1 - 2 \bar x)(x - k)

A column of two values has one such line, which is exact and joins the costs. Others get a column y for the square,
above the lines next to \bar x and, more and more sparsely, further away.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from models.core.compiled import Compiled
from models.core.vector import Vector

DISTANCES = 2.0 ** np.arange(17) - 1.0
"""How far from the average the lines are taken."""


def with_proximal_term(problem: Compiled, columns: npt.NDArray[np.int64], average: Vector, weights: Vector) -> Compiled:
    r"""Adds \sum_k \rho_k/2 (x_k - \bar x_k)^2 to a problem's objective, as far as lines show it.

    Parameters
    ----------
    problem
        Columns beyond its own that are added stand behind them.
    columns
        The whole-number columns x_k, by k.
    average
        \bar x_k.
    weights
        \rho_k >= 0, in model units of money.
    """
    from scipy.sparse import csc_array

    cost, offset = problem.cost.copy(), problem.offset
    lines: list[tuple[int, float, Vector, Vector]] = []
    for column, middle, weight in zip(columns, average, weights, strict=True):
        last = problem.upper[column] - 1.0
        points = np.unique(np.clip(np.floor(middle) + np.append(-DISTANCES, DISTANCES), problem.lower[column], last))
        slopes = 2.0 * points + 1.0 - 2.0 * middle
        values_at_0 = (points - middle) ** 2 - slopes * points
        if len(points) == 1:
            cost[column] += 0.5 * weight * slopes[0]
            offset += 0.5 * weight * values_at_0[0]
        else:
            lines.append((column, weight, slopes, values_at_0))
    slopes_of_all = np.concatenate([np.zeros(0), *(slopes for _, _, slopes, _ in lines)])
    square = np.repeat(np.arange(len(lines)), [len(slopes) for _, _, slopes, _ in lines])
    row, x = np.arange(len(square)), np.array([column for column, *_ in lines], dtype=int)[square]
    return replace(problem, cost=cost, offset=offset).extended(
        cost=[0.5 * weight for _, weight, _, _ in lines],
        lower=np.zeros(len(lines)),
        rows=csc_array((-slopes_of_all, (row, x)), shape=(len(row), len(cost))),
        added=csc_array((np.ones(len(row)), (row, square)), shape=(len(row), len(lines))),
        row_lower=np.concatenate([np.zeros(0), *(at_0 for *_, at_0 in lines)]),
    )
