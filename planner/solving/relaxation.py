"""Problems whose whole numbers may be fractions, by HiGHS: solved again and again within other bounds, with duals."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import highspy
import numpy as np
import numpy.typing as npt

from planner.solving.highs import LocalOptimum, Problem, Search, SolveOptions, listen, load, run_highs

Vector = npt.NDArray[np.float64]


class LinearRelaxation:
    """A problem whose whole numbers may be fractions, solved again and again within other bounds of its columns.

    Each solve begins where the last one ended, which is near when few bounds have changed. `infeasible` says whether
    the last one was proven to have no values.
    """

    def __init__(self, model: Problem) -> None:
        arrays = model.compiled
        self.infeasible = False
        self._options = SolveOptions(gap=0.0, threads=1)
        relaxed = arrays.within(arrays.lower, arrays.upper, np.zeros_like(arrays.integer))
        self._highs, self._search = load(relaxed, self._options), Search()
        self._lower, self._upper = arrays.lower.copy(), arrays.upper.copy()
        listen(self._highs, self._search, time.monotonic(), model.units.usd)

    def optimum(
        self,
        lower: Vector | None = None,
        upper: Vector | None = None,
        *,
        time_limit: float | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> LocalOptimum | None:
        """The best within the bounds, those of the last solve where none are given; None where none was found."""
        if lower is not None and upper is not None:
            changed = np.flatnonzero((lower != self._lower) | (upper != self._upper)).astype(np.int32)
            self._highs.changeColsBounds(len(changed), changed, lower[changed], upper[changed])
            self._lower, self._upper = lower.copy(), upper.copy()
        # HiGHS counts the time of all solves
        limit = np.inf if time_limit is None else self._highs.getRunTime() + time_limit
        self._highs.setOptionValue("time_limit", float(limit))
        self._search.stop, self.infeasible = False, False
        status = self._run(time_limit, should_stop)
        if status == highspy.HighsModelStatus.kUnknown:
            # dual simplex can lose its way from a basis: primal simplex goes on from there, or all begins anew
            self._highs.setOptionValue("simplex_strategy", 4)
            status = self._run(time_limit, should_stop)
            self._highs.setOptionValue("simplex_strategy", 1)
        if status == highspy.HighsModelStatus.kUnknown:
            self._highs.clearSolver()
            self._highs.setOptionValue("presolve", "choose")
            status = self._run(time_limit, should_stop)
        self.infeasible = status == highspy.HighsModelStatus.kInfeasible
        if status != highspy.HighsModelStatus.kOptimal:
            return None
        solution = self._highs.getSolution()
        return LocalOptimum(
            *(np.array(each, dtype=float) for each in (solution.col_value, solution.col_dual, solution.row_dual))
        )

    def contradiction(self) -> Vector | None:
        """Once `infeasible`: weights with which the rows contradict each other, by row; None where HiGHS has none."""
        highs: Any = self._highs  # whose types do not know of it
        _, known, ray = highs.getDualRay()
        return np.array(ray, dtype=float) if known else None

    def _run(self, time_limit: float | None, should_stop: Callable[[], bool] | None) -> highspy.HighsModelStatus:
        """Runs once, from the basis there is; it is not set once the time is over."""
        options = replace(self._options, time_limit=time_limit)
        finished = run_highs(self._highs, self._search, options, time.monotonic(), None, should_stop)
        self._highs.setOptionValue("presolve", "off")  # from now on it begins from a basis
        return self._highs.getModelStatus() if finished else highspy.HighsModelStatus.kTimeLimit


def relaxed_optimum(
    model: Problem, time_limit: float | None = None, should_stop: Callable[[], bool] | None = None
) -> LocalOptimum | None:
    """The best of a problem whose whole numbers may be fractions, with its duals; None where none was found."""
    return LinearRelaxation(model).optimum(time_limit=time_limit, should_stop=should_stop)
