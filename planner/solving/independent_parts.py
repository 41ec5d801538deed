"""Independent parts of a linear program: columns and rows that no other column or row has anything to do with.

Columns that are held tie nothing: what they add to a row is a constant. Once signings are held, most problems fall into
months, or into years where caps and spends are counted over these.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from models.core.compiled import Compiled

LEAST_COLUMNS = 100
"""Parts are joined until they have so many columns: to set one up takes as long as to solve it a few times."""

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
    from scipy.sparse import block_array
    from scipy.sparse.csgraph import connected_components

    matrix = arrays.matrix
    free = arrays.lower < arrays.upper
    free[list(moving)] = True
    ties = matrix[:, free]
    _, labels = connected_components(block_array([[None, ties], [ties.T, None]], format="csr"), directed=False)
    of_rows, of_columns = labels[: matrix.shape[0]], np.full(matrix.shape[1], -1)
    of_columns[free] = labels[matrix.shape[0] :]
    joined = _joined(of_columns[free], labels.max(initial=-1) + 1)
    row_part, column_part = joined[of_rows], np.where(free, joined[of_columns], -1)
    if not joined.any():
        yield Part(arrays, np.arange(matrix.shape[1]), np.arange(matrix.shape[0]))
        return
    held = np.where(free, 0.0, arrays.lower)
    constant, by_row = matrix @ held, matrix.tocsr()
    for part in range(joined.max() + 1):
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


def _joined(labels: Places, count: int) -> Places:
    """Which part each of so many labels belongs to, by the labels of columns: small ones in one with what follows.

    Labels of rows without a column that is free belong to the first.
    """
    sizes, found = np.bincount(labels, minlength=count), np.zeros(count, dtype=np.intp)
    part, room = 0, 0
    for label in dict.fromkeys(labels.tolist()):
        if room >= LEAST_COLUMNS:
            part, room = part + 1, 0
        found[label] = part
        room += sizes[label]
    return found
