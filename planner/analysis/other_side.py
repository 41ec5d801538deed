"""Rules that a plan keeps at their very edge: what a little more or less costs is then said by either side of it.

Overage that has to wait until all else of its contract is at work may just not have begun; a bill may just be the least
that is owed. The columns of 0 or 1 that say on which side a plan is are no decisions: what moves may change them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from models.core.compiled import Compiled
from planner.solving.exactness import PRECISION
from planner.solving.one_sided import OneSided, Slopes

SAME = 1e-9
"""Two optima are one and the same within this share."""


def on_the_other_side(arrays: Compiled, here: OneSided, worth: Iterable[int]) -> Compiled | None:
    """The program with every column the other way that may be so at the same values.

    Parameters
    ----------
    arrays
        A program with its whole numbers held.
    here
        Its optimum.
    worth
        The columns held at 0 or 1 that are no decisions, of which the other value may be worth it.

    Returns
    -------
    Compiled
        None where there is no such column.
    """
    values, matrix, activity = here.values, arrays.matrix, arrays.matrix @ here.values
    size = abs(matrix) @ abs(values) + 1.0
    switched = []
    for i in sorted(worth):
        rows = matrix.indices[matrix.indptr[i] : matrix.indptr[i + 1]]
        moved = activity[rows] + matrix.data[matrix.indptr[i] : matrix.indptr[i + 1]] * (1.0 - 2.0 * values[i])
        beyond = np.maximum(arrays.row_lower[rows] - moved, moved - arrays.row_upper[rows])
        if (beyond <= PRECISION * size[rows]).all():
            switched.append(i)
    if not switched:
        return None
    lower, upper = arrays.lower.copy(), arrays.upper.copy()
    lower[switched] = upper[switched] = 1.0 - np.round(values[switched])
    return arrays.within(lower, upper, arrays.integer)


def of_either_side(here: OneSided, there: OneSided | None, arrays: Compiled) -> OneSided:
    """The slopes of whichever side is cheaper each way, where both have the same optimum; those of `here` elsewhere."""
    if there is None:
        return here
    cost, other = arrays.objective(here.values), arrays.objective(there.values)
    if abs(cost - other) > SAME * abs(cost):
        return here
    columns = {i: _cheaper(slopes, there.columns.get(i)) for i, slopes in here.columns.items()}
    return replace(here, columns=columns, rows={i: _cheaper(each, there.rows.get(i)) for i, each in here.rows.items()})


def _cheaper(here: Slopes, there: Slopes | None) -> Slopes:
    if there is None:
        return here
    right = [each for each in (here.right, there.right) if each is not None]
    left = [each for each in (here.left, there.left) if each is not None]
    return Slopes(min(right, default=None), max(left, default=None))
