"""The decisions of a problem alone, with what each part of the rest costs at least for them (Benders 1962).

Once decisions are held, what is left falls into parts that have nothing to do with each other, months for the most
part. Here each part is one column, its cost, and rows that hold it to what duals of the part prove. Such rows hold for
any decisions, whichever the duals come from, so that a bound of this problem is a bound of the whole.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from models.core.compiled import Compiled
from models.core.vector import Vector
from planner.solving.independent_parts import parts_of

LARGEST = 0.25
"""The largest part has at most this share of the columns that are no decisions."""
TRACE = 1e-12
"""Coefficients of a row below this share of its largest are rounding."""
BROKEN = 1e-7
"""A row is broken by decisions where they miss it by more than this share of its largest coefficient."""


@dataclass(frozen=True, slots=True)
class Cuts:
    """For each part, what it costs at least: `least[k] - slopes[k] @ decisions`.

    Parameters
    ----------
    least
        Of shape (parts,).
    slopes
        Of shape (parts, decisions).
    """

    least: Vector
    slopes: Any


def falls_apart(arrays: Compiled, decisions: npt.NDArray[np.bool_]) -> bool:
    """Whether, with decisions held, the rest falls into parts that are each small beside the whole."""
    _, of_columns = parts_of(arrays.matrix, ~decisions)
    sizes = np.bincount(of_columns[~decisions], minlength=1)
    return bool(sizes.max() <= LARGEST * sizes.sum())


class DecisionMaster:
    """A problem split into decisions and parts.

    Parameters
    ----------
    arrays
        The problem.
    decisions
        Which of its columns are decisions.

    Attributes
    ----------
    decisions
        The places of the decisions, of shape (decisions,).
    parts
        How many parts there are.
    arrays
        The decisions alone with a column for the cost of each part, as far as rows of it are known.
    """

    def __init__(self, arrays: Compiled, decisions: npt.NDArray[np.bool_]) -> None:
        self._whole = arrays
        self._of_rows, of_columns = parts_of(arrays.matrix, ~decisions)
        self.decisions, self._others = np.flatnonzero(decisions), np.flatnonzero(~decisions)
        self._of_others = of_columns[self._others]
        self.parts = int(self._of_others.max(initial=-1)) + 1
        by_row = arrays.matrix.tocsr()
        self._by_decisions, self._by_others = by_row[:, self.decisions], by_row[:, self._others]
        self.arrays = self._of_decisions()

    def _of_decisions(self) -> Compiled:
        whole, own = self._whole, np.flatnonzero(self._of_rows < 0)
        return replace(
            whole,
            cost=whole.cost[self.decisions],
            matrix=self._by_decisions[own].tocsc(),
            row_lower=whole.row_lower[own],
            row_upper=whole.row_upper[own],
            lower=whole.lower[self.decisions],
            upper=whole.upper[self.decisions],
            integer=whole.integer[self.decisions],
            columns=tuple(whole.columns[i] for i in self.decisions),
            rows=tuple(whole.rows[i] for i in own),
        )

    def cuts(self, values: Vector, duals: Vector, *, priced: bool = True) -> Cuts:
        """What duals of the rows prove that each part costs; not `priced`, weights by which rows contradict each other.

        `values` are those that a price with no bound on its side is counted at: it is the solver's tolerance.
        """
        from scipy.sparse import csr_array

        whole, others = self._whole, self._others
        at = whole.matrix @ values
        side = np.where(duals > 0.0, whole.row_lower, whole.row_upper)
        by_row = duals * np.where(np.isfinite(side), side, at)
        prices = (whole.cost[others] if priced else 0.0) - self._by_others.T @ duals
        bound = np.where(prices > 0.0, whole.lower[others], whole.upper[others])
        by_column = prices * np.where(np.isfinite(bound), bound, values[others])
        rows = np.flatnonzero(self._of_rows >= 0)
        least: Vector = np.bincount(self._of_rows[rows], by_row[rows], self.parts).astype(float)
        least += np.bincount(self._of_others, by_column, self.parts)
        weights = csr_array((duals[rows], (self._of_rows[rows], rows)), shape=(self.parts, len(duals)))
        return Cuts(least, (weights @ self._by_decisions).tocsr())

    def hold(self, cuts: Cuts) -> None:
        """Puts in what each part costs at least; the first time with the columns of their costs."""
        from scipy.sparse import csr_array, eye_array

        ones = csr_array(eye_array(self.parts))
        if len(self.arrays.cost) == len(self.decisions):
            lower, upper = self.arrays.lower, self.arrays.upper
            with np.errstate(invalid="ignore"):
                most = np.maximum(cuts.slopes.multiply(lower).toarray(), cuts.slopes.multiply(upper).toarray())
            floor = cuts.least - np.nan_to_num(most, nan=0.0, posinf=np.inf).sum(axis=1)
            self.arrays = self.arrays.extended(np.ones(self.parts), floor, cuts.slopes, ones, cuts.least)
        else:
            self._extend(cuts.slopes, ones, cuts.least)

    def rule_out(self, decisions: Vector, cuts: Cuts) -> bool:
        """Puts in weights of rows by which a part has no values for some decisions; whether they rule these out."""
        from scipy.sparse import csr_array

        size = abs(cuts.slopes).max(axis=1).toarray().ravel()
        missed = cuts.least - cuts.slopes @ decisions
        broken = np.flatnonzero((missed > BROKEN * size) & (size > 0.0))
        if len(broken):
            factor = 1.0 / size[broken]
            slopes = csr_array(cuts.slopes[broken].multiply(factor[:, None]))
            self._extend(slopes, csr_array((len(broken), self.parts)), cuts.least[broken] * factor)
        return bool(len(broken))

    def _extend(self, slopes: Any, costs: Any, least: Vector) -> None:
        from scipy.sparse import csr_array, hstack

        rows = csr_array(hstack([slopes, costs]))
        self.arrays = self.arrays.extended([], [], rows, csr_array((len(least), 0)), least)

    def whole_of(self, values: Vector) -> Vector:
        """The decisions among values of `arrays`, made whole."""
        decisions = values[: len(self.decisions)]
        whole = np.where(self._whole.integer[self.decisions], np.round(decisions), decisions)
        return np.clip(whole, self._whole.lower[self.decisions], self._whole.upper[self.decisions])

    def held(self, decisions: Vector) -> tuple[Vector, Vector]:
        """Bounds of the whole problem's columns with decisions held."""
        lower, upper = self._whole.lower.copy(), self._whole.upper.copy()
        lower[self.decisions] = upper[self.decisions] = decisions
        return lower, upper
