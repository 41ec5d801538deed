"""Lazily added caps: the rows of caps are left out of the search until a plan breaks them.

A bound without rows is a bound. Rows of caps are most of the nonzeros of large problems, and seldom bind.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from models.core.compiled import Compiled
from models.core.vector import Vector
from models.policy.caps import cap_rows
from planner.solving.exactness import rows_broken


class LazyRows(Protocol):
    """A problem some of whose rows are put in once plans break them."""

    arrays: Compiled

    def put_in(self, values: Vector) -> bool:
        """Puts in rows that values break; whether there were any."""

    def begins_at(self, basis: Any) -> Any:
        """The basis of a relaxation from which the next one begins; None where there is none."""

    def narrow(self, change: Callable[[Compiled], Compiled]) -> None:
        """Searches a narrower problem of the same rows and columns from now on."""


class LazyCaps:
    """A problem without the rows of caps that nothing has broken yet.

    Attributes
    ----------
    arrays
        The problem as it is searched now.
    """

    def __init__(self, whole: Compiled) -> None:
        self._whole = whole
        self._left_out = cap_rows(whole)
        self._names = np.array(
            [row.index()[0] if left else "" for row, left in zip(whole.rows, self._left_out, strict=True)]
        )
        self._lock = threading.Lock()
        self.arrays = _with_rows(whole, ~self._left_out)

    def put_in(self, values: Vector) -> bool:
        """Puts in all rows of the caps that values break; whether there were any."""
        rows = rows_broken(self._whole, values)
        with self._lock:  # two threads' caps are both in the arrays, whichever comes last
            broken = np.isin(self._names, self._names[rows & self._left_out]) & self._left_out
            if broken.any():
                self._left_out &= ~broken
                self.arrays = _with_rows(self._whole, ~self._left_out)
            return bool(broken.any())

    def begins_at(self, basis: Any) -> Any:
        """The basis of a relaxation from which the next one begins; None where caps were put in since."""
        return basis if len(basis.row_status) == len(self.arrays.rows) else None

    def narrow(self, change: Callable[[Compiled], Compiled]) -> None:
        """Searches a narrower problem of the same rows and columns from now on."""
        self._whole = change(self._whole)
        self.arrays = _with_rows(self._whole, ~self._left_out)


def _with_rows(arrays: Compiled, kept: npt.NDArray[np.bool_]) -> Compiled:
    from scipy.sparse import csc_array

    return replace(
        arrays,
        matrix=csc_array(arrays.matrix.tocsr()[kept]),
        row_lower=arrays.row_lower[kept],
        row_upper=arrays.row_upper[kept],
        rows=tuple(row for row, keep in zip(arrays.rows, kept, strict=True) if keep),
    )
