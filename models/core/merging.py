"""Merging: a smaller problem, of which every plan of the larger one is a plan at no more cost (row aggregation).

Rows of a group are added up, and columns that have the same coefficients then are one, at the least of their costs. So
the optimum of what comes of it is a lower bound (Zipkin 1980).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from models.core.compiled import Compiled
from models.core.vector import Vector

ALIKE = 1e-12
"""Coefficients that differ by less than this share of the largest of their columns are the same."""
_SEED = 1


@dataclass(frozen=True, slots=True, eq=False)
class Merged:
    """The smaller problem, and which of its columns each column of the larger one became, of shape (columns,)."""

    arrays: Compiled
    column_of: npt.NDArray[np.intp]


def merge(arrays: Compiled, groups: npt.NDArray[np.intp], apart: npt.NDArray[np.bool_]) -> Merged:
    """Adds up rows by group, and makes columns one that have the same coefficients then.

    Parameters
    ----------
    arrays
        The problem.
    groups
        A number for each row, from 0 on without gaps; rows of one number are added up.
    apart
        Which columns stay by themselves; of shape (columns,). Integer columns are to be among them.

    Returns
    -------
    Merged
        Its columns and rows come in the order of the first of each, and are named by it.
    """
    from scipy.sparse import csc_array, csr_array

    count, width = int(groups.max(initial=-1)) + 1, len(arrays.columns)
    adding = csr_array((np.ones(len(groups)), (groups, np.arange(len(groups)))), shape=(count, len(groups)))
    matrix = csc_array(adding @ arrays.matrix)
    matrix.eliminate_zeros()
    matrix.sort_indices()
    representative = _representatives(matrix, apart)
    first, column_of = np.unique(representative, return_inverse=True)
    cost = np.full(len(first), np.inf)
    np.minimum.at(cost, column_of, arrays.cost)
    rows = np.unique(groups, return_index=True)[1]
    merged = replace(
        arrays,
        cost=cost,
        matrix=csc_array(matrix[:, first]),
        row_lower=_added(groups, arrays.row_lower, count),
        row_upper=_added(groups, arrays.row_upper, count),
        lower=_added(column_of, arrays.lower, len(first)),
        upper=_added(column_of, arrays.upper, len(first)),
        integer=arrays.integer[first],
        columns=tuple(arrays.columns[i] for i in first),
        rows=tuple(arrays.rows[i] for i in rows),
    )
    assert width == len(column_of)
    return Merged(merged, column_of)


def _added(places: npt.NDArray[np.intp], amounts: Vector, count: int) -> Vector:
    total = np.zeros(count)
    np.add.at(total, places, amounts)
    return total


def _representatives(matrix: Any, apart: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
    """For each column the first with the same coefficients; itself where it is apart."""
    # two sums of the coefficients at random weights tell columns apart; that they are the same is looked at after that
    weights = np.random.default_rng(_SEED).uniform(1.0, 2.0, (2, matrix.shape[0]))
    sums = np.round((weights @ matrix).T, 9)
    sums = np.where(apart[:, None], np.nan, sums)
    known: dict[tuple[float, float], int] = {}
    found = np.arange(matrix.shape[1])
    for i in np.flatnonzero(~apart).tolist():
        found[i] = known.setdefault((sums[i, 0], sums[i, 1]), i)
    off = abs(matrix - matrix[:, found])
    most = np.asarray(abs(matrix).max(axis=0).todense()).ravel()
    different = np.asarray(off.max(axis=0).todense()).ravel() > ALIKE * most
    found[different] = np.flatnonzero(different)
    return found
