"""Dispatch month by month: what is left of a problem once it is known what is online is a linear program a month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from models.core.compiled import Compiled
from models.core.scaling import ModelUnits
from models.core.vector import Vector
from models.supply.dispatch_rows import dispatch_months
from planner.solving.pipeline.side_by_side import Asked, side_by_side
from planner.solving.problem import ArrayProblem, LocalOptimum
from planner.solving.relaxation import LinearRelaxation

Places = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class _Month:
    """Rows by their place among those of dispatch, columns by their place in the problem, and the linear program."""

    rows: Places
    columns: Places
    arrays: Compiled
    relaxation: LinearRelaxation


class MonthlyDispatch:
    """The dispatch of a problem, by month.

    Parameters
    ----------
    arrays
        The problem.
    units
        Its units.
    held
        Columns held, where that is known; else all that are not of dispatch alone.

    Attributes
    ----------
    rows
        Which of the problem's rows are of dispatch.
    held
        Columns that are not of dispatch alone: what is decided, and what ties months; by place.
    coefficients
        Of the columns held in the rows of dispatch, a matrix of shape (rows of dispatch, columns held).
    months
        How many there are.
    """

    def __init__(self, arrays: Compiled, units: ModelUnits, held: Places | None = None) -> None:
        from scipy.sparse import csc_array, csr_array

        month_of = dispatch_months(arrays)
        self.arrays, self.rows = arrays, np.flatnonzero(month_of >= 0)
        ties = np.zeros(len(arrays.columns), dtype=bool)
        if held is None:
            elsewhere = csr_array(arrays.matrix)[month_of < 0]
            ties[elsewhere.indices] = True
            ties |= arrays.integer | (np.diff(arrays.matrix.indptr) == 0)
        else:
            ties[held] = True
        self.held = np.flatnonzero(ties)
        dispatch: Any = csr_array(arrays.matrix)[self.rows]
        self.coefficients: Any = csr_array(dispatch[:, self.held])
        own = csc_array(dispatch[:, ~ties])
        columns, months = np.flatnonzero(~ties), month_of[self.rows]
        # rows of two months have no column in common, so that any row of a column tells its month
        counts = np.diff(own.indptr)
        column_month = np.full(len(columns), -1)
        column_month[counts > 0] = months[own.indices[own.indptr[:-1][counts > 0]]]
        self._months: list[_Month] = []
        for month in np.unique(months):
            rows, at = np.flatnonzero(months == month), np.flatnonzero(column_month == month)
            part = replace(
                arrays,
                cost=arrays.cost[columns[at]],
                offset=0.0,
                matrix=csc_array(own[:, at][rows]),
                row_lower=arrays.row_lower[self.rows[rows]],
                row_upper=arrays.row_upper[self.rows[rows]],
                lower=arrays.lower[columns[at]],
                upper=arrays.upper[columns[at]],
                integer=np.zeros(len(at), dtype=bool),
                columns=tuple(arrays.columns[i] for i in columns[at]),
                rows=tuple(arrays.rows[self.rows[i]] for i in rows),
            )
            self._months.append(_Month(rows, columns[at], part, LinearRelaxation(ArrayProblem(part, units))))

    @property
    def months(self) -> int:
        """How many months there are."""
        return len(self._months)

    def rows_of(self, month: int) -> Places:
        """The rows of a month, by their place among those of dispatch."""
        return self._months[month].rows

    def columns_of(self, month: int) -> Places:
        """The columns of a month, by their place in the problem."""
        return self._months[month].columns

    def optima(self, held: Vector, threads: int, should_stop: Asked) -> list[LocalOptimum | None]:
        """The best dispatch of each month with values of the columns held; None for a month that has none.

        Months are solved in several threads, each month from where it ended last.
        """
        taken = self.coefficients @ held
        found: list[LocalOptimum | None] = [None] * len(self._months)
        left = iter(range(len(self._months)))

        def work(asked: Asked) -> None:
            for i in left:
                if asked():
                    return
                month = self._months[i]
                at = taken[month.rows]
                arrays, every = month.arrays, np.arange(len(at))
                month.relaxation.bound_rows(every, arrays.row_lower - at, arrays.row_upper - at)
                found[i] = month.relaxation.optimum()

        side_by_side(work, max(1, min(threads, len(self._months))), should_stop, should_stop)
        return found

    def costs(self, optima: Sequence[LocalOptimum | None]) -> Vector:
        """What the dispatch of each month costs; infinite where it has none."""
        return np.array(
            [
                np.inf if each is None else float(month.arrays.cost @ each.values)
                for month, each in zip(self._months, optima, strict=True)
            ]
        )

    def contradiction(self, month: int) -> Vector | None:
        """Weights with which the rows of a month that has no dispatch contradict each other; None where not known."""
        relaxation = self._months[month].relaxation
        return relaxation.contradiction() if relaxation.infeasible else None

    def most(self, month: int, weights: Vector) -> float:
        """The most that the month's own columns come to in its rows, added up at weights."""
        arrays = self._months[month].arrays
        prices = arrays.matrix.T @ weights
        prices[np.abs(prices) <= _TRACE * np.abs(prices).max(initial=0.0)] = 0.0
        bound = np.where(prices > 0.0, arrays.upper, arrays.lower)
        return float(prices[prices != 0.0] @ bound[prices != 0.0])

    def values(self, held: Vector, optima: Sequence[LocalOptimum | None]) -> Vector | None:
        """Values of all columns; None where a month has no dispatch."""
        values = np.clip(np.zeros(len(self.arrays.columns)), self.arrays.lower, self.arrays.upper)
        values[self.held] = held
        for month, each in zip(self._months, optima, strict=True):
            if each is None:
                return None
            values[month.columns] = each.values
        return values


_TRACE = 1e-9
"""Parts of a sum at weights below this share of the largest are rounding."""
