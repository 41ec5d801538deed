"""Problems whose whole numbers may be fractions, by HiGHS: solved again and again within other bounds, with duals."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from models.core.vector import Vector
from planner.solving.highs import HighsSolver, Status
from planner.solving.problem import CompiledProblem, LocalOptimum, SolveOptions

if TYPE_CHECKING:
    from scipy.sparse import csc_array

BY_INTERIOR_POINT = 50_000
"""Columns from which the first solve is by an interior point method, with a crossover to a basis."""


class LinearRelaxation:
    """A problem whose whole numbers may be fractions, solved again and again within other bounds of its columns.

    Each solve begins where the last one ended, which is near when few bounds have changed, or at a basis that is given.

    Attributes
    ----------
    infeasible
        Whether the last one was proven to have no values.
    ended_above
        Whether the last one was ended because it costs more than it was to, as its duals prove.
    """

    def __init__(self, problem: CompiledProblem) -> None:
        arrays = problem.compiled
        self.infeasible = self.ended_above = False
        relaxed = arrays.within(arrays.lower, arrays.upper, np.zeros_like(arrays.integer))
        self._solver = HighsSolver(relaxed, SolveOptions(gap=0.0, threads=1), problem.units.usd)
        if len(arrays.columns) > BY_INTERIOR_POINT:
            self._solver.set("solver", "ipm")
        self._lower, self._upper = arrays.lower.copy(), arrays.upper.copy()

    def optimum(
        self,
        lower: Vector | None = None,
        upper: Vector | None = None,
        *,
        time_limit: float | None = None,
        should_stop: Callable[[], bool] | None = None,
        most: float = np.inf,
    ) -> LocalOptimum | None:
        """The best within the bounds, those of the last solve where none are given; None where none was found.

        Ends once it is known to cost more than `most`, in model units: the values are outside of bounds then.
        """
        solver = self._solver
        if lower is not None and upper is not None:
            changed = np.flatnonzero((lower != self._lower) | (upper != self._upper))
            solver.change_bounds(changed, lower, upper)
            self._lower, self._upper = lower.copy(), upper.copy()
        # HiGHS counts the time of all solves
        limit = np.inf if time_limit is None else solver.seconds_used + time_limit
        solver.set("time_limit", float(limit))
        solver.leave_out_above(most)
        solver.stop = self.infeasible = self.ended_above = False
        status = self._run(time_limit, should_stop)
        if status == Status.kUnknown:
            # dual simplex can lose its way from a basis: primal simplex goes on from there, or all begins anew
            solver.set("simplex_strategy", 4)
            status = self._run(time_limit, should_stop)
            solver.set("simplex_strategy", 1)
        if status == Status.kUnknown:
            solver.forget_basis()
            solver.set("presolve", "choose")
            status = self._run(time_limit, should_stop)
        self.infeasible = status == Status.kInfeasible
        self.ended_above = status == Status.kObjectiveBound
        values = solver.values_of_basis if self.ended_above else solver.values
        if values is None or not (self.ended_above or status == Status.kOptimal):
            return None
        return LocalOptimum(values, *solver.duals())

    def basis(self) -> Any:
        """The basis that the last solve ended with."""
        return self._solver.basis()

    def begin_at(self, basis: Any) -> None:
        """Begins the next solve at the basis of an earlier one."""
        self._solver.take_basis(basis)
        self._solver.set("solver", "simplex")

    def bound_rows(self, rows: npt.ArrayLike, lower: Vector | float, upper: Vector | float) -> None:
        """Other bounds of some rows, or of one, in the solves that follow."""
        self._solver.change_rows(rows, lower, upper)

    def change_coefficients(self, before: csc_array, after: csc_array) -> None:
        """Other coefficients, of the same places of the matrix, in the solves that follow."""
        changed = np.flatnonzero(before.data != after.data)
        columns = np.searchsorted(after.indptr, changed, side="right") - 1
        self._solver.change_coefficients(after.indices[changed], columns, after.data[changed])

    def contradiction(self) -> Vector | None:
        """Once `infeasible`: weights with which the rows contradict each other, by row; None where HiGHS has none."""
        ray = self._solver.dual_ray()
        if ray is None and self.infeasible:  # found by presolve, which has no rows to weigh
            self._solver.forget_basis()
            if self._run(None, None) == Status.kInfeasible:
                ray = self._solver.dual_ray()
        return ray

    def _run(self, time_limit: float | None, should_stop: Callable[[], bool] | None) -> Status:
        """Runs once, from the basis there is; it is not set once the time is over."""
        self._solver.run(time_limit=time_limit, should_stop=should_stop)
        self._solver.set("presolve", "off")  # from now on it begins from a basis
        self._solver.set("solver", "simplex")
        return self._solver.status or Status.kTimeLimit


def relaxed_optimum(
    problem: CompiledProblem, time_limit: float | None = None, should_stop: Callable[[], bool] | None = None
) -> LocalOptimum | None:
    """The optimum of the linear relaxation of a problem, with its duals; None where none was found."""
    return LinearRelaxation(problem).optimum(time_limit=time_limit, should_stop=should_stop)
