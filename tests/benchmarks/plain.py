"""The plain formulation of a model: how many are signed in each month, as a textbook has it.

The model counts signings by running totals U_k = u_1 + … + u_k, which may only grow. Here the columns are the u_k,
whole numbers of at least 0, and a row for each offer holds their sum to the most that can be signed. All caps and
losses are in, no row is rounded, and plans are the same at the same cost.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.sparse import csc_array, eye_array, vstack

from models.core.compiled import Compiled
from models.grouping import groups

GROWS = "_only_grows"
"""How the families of rows are called that keep running totals from falling."""


def plain(arrays: Compiled) -> Compiled:
    """The same problem in columns of each month's signings."""
    of_row = [row.parent_component().name for row in arrays.rows]
    totalled = {name.removesuffix(GROWS) for name in of_row if name.endswith(GROWS)}
    named = ((each.parent_component().name, each.index(), i) for i, each in enumerate(arrays.columns))
    totals = groups(((name, key[0]), i) for name, key, i in named if name in totalled).values()
    change = eye_array(len(arrays.columns), format="lil")
    sums = csc_array((len(totals), len(arrays.columns))).tolil()
    for k, columns in enumerate(totals):
        for j, column in enumerate(columns):
            change[columns[j:], column] = 1.0
            sums[k, column] = 1.0
    kept = np.array([not name.endswith(GROWS) for name in of_row])
    matrix = arrays.matrix @ change.tocsc()
    most = np.array([arrays.upper[columns[-1]] for columns in totals])
    return replace(
        arrays,
        cost=change.T.tocsr() @ arrays.cost,
        matrix=csc_array(vstack([matrix[kept], sums], format="csc")),
        row_lower=np.append(arrays.row_lower[kept], np.full(len(totals), -np.inf)),
        row_upper=np.append(arrays.row_upper[kept], most),
        rows=(*(row for row, stays in zip(arrays.rows, kept, strict=True) if stays), *[None] * len(totals)),
    )
