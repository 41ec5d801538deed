"""Independent parts of a linear program: columns and rows that no other column or row has anything to do with.

Columns that are held tie nothing: what they add to a row is a constant. Once signings are held, most problems fall into
months, or into years where caps and spends are counted over these.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from models.core.compiled import Compiled

if TYPE_CHECKING:
    from scipy.sparse import csc_array

LEAST_COLUMNS = 100
"""Parts are joined until they have so many columns: to set one up takes as long as to solve it a few times."""
FEW = 1_000
"""Problems of no more columns are one part: they are solved as soon as parts are found."""

Places = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a problem: its arrays, and the columns and rows of the problem that they are."""

    arrays: Compiled
    columns: Places
    rows: Places


def independent_parts(arrays: Compiled, moving: Collection[int]) -> Iterator[Part]:
    """The parts of a problem, in the order of their first columns.

    Parameters
    ----------
    arrays
        A linear program.
    moving
        Columns that will be moved, although they are held now.
    """
    matrix = arrays.matrix
    free = arrays.lower < arrays.upper
    free[list(moving)] = True
    whole = Part(arrays, np.arange(matrix.shape[1]), np.arange(matrix.shape[0]))
    if free.sum() <= FEW:
        yield whole
        return
    row_part, column_part = parts_of(matrix, free)
    row_part = np.maximum(row_part, 0)
    if not row_part.any() and not column_part.max(initial=0):
        yield whole
        return
    held = np.where(free, 0.0, arrays.lower)
    constant, by_row = matrix @ held, matrix.tocsr()
    for part in range(max(row_part.max(initial=0), column_part.max()) + 1):
        rows, columns = np.flatnonzero(row_part == part), np.flatnonzero(column_part == part)
        own = replace(
            arrays,
            cost=arrays.cost[columns],
            offset=0.0,
            matrix=by_row[rows][:, columns].tocsc(),
            row_lower=arrays.row_lower[rows] - constant[rows],
            row_upper=arrays.row_upper[rows] - constant[rows],
            lower=arrays.lower[columns],
            upper=arrays.upper[columns],
            integer=arrays.integer[columns],
            columns=tuple(arrays.columns[i] for i in columns),
            rows=tuple(arrays.rows[i] for i in rows),
        )
        yield Part(own, columns, rows)


def parts_of(matrix: csc_array, free: npt.NDArray[np.bool_]) -> tuple[Places, Places]:
    """Which part each row and each column belongs to, by number; -1 for columns not free, and rows without others.

    Parameters
    ----------
    matrix
        Rows and columns of a problem.
    free
        Columns that are not held.
    """
    from scipy.sparse import block_array
    from scipy.sparse.csgraph import connected_components

    ties = matrix[:, free]
    count, labels = connected_components(block_array([[None, ties], [ties.T, None]], format="csr"), directed=False)
    of_rows, of_columns = labels[: matrix.shape[0]], labels[matrix.shape[0] :]
    number = _joined(of_columns, count)
    columns = np.full(matrix.shape[1], -1)
    columns[free] = number[of_columns]
    return number[of_rows], columns


def _joined(labels: Places, count: int) -> Places:
    """The part of each of so many labels of columns: small ones are one with what follows; -1 for labels of none."""
    sizes, found = np.bincount(labels, minlength=count), np.full(count, -1)
    part, room = 0, 0
    for label in dict.fromkeys(labels.tolist()):
        if room >= LEAST_COLUMNS:
            part, room = part + 1, 0
        found[label] = part
        room += sizes[label]
    return found
