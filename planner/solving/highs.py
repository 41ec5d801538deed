"""HiGHS with one problem loaded, to be run; how a problem is handed over is in `highs_model`.

The problem is handed over in units of its own (`planner.solving.scaling`); values, duals and bounds come back in the
problem's. HiGHS runs in a thread, so that a stop or a time limit is obeyed even while it is somewhere it cannot be
interrupted (presolve): after a grace it is left behind, and the best plan it has reported stands.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import Any, cast

import highspy
import numpy as np
import numpy.typing as npt

from models.core.compiled import Compiled
from models.core.vector import Vector
from planner.errors import ModelRefused
from planner.solving.highs_model import hand_over, largest_coefficient, silence_banner
from planner.solving.highs_reports import HighsReports
from planner.solving.problem import Progress, SolveOptions
from planner.solving.scaling import Scaling

GRACE_SECONDS, STOP_SECONDS = 3.0, 10.0
"""How long HiGHS may take to stop after its time limit, and once told to, before what it has reported is taken."""
_POLL_SECONDS, _LEAVE_SECONDS = 0.05, 1.0
"""How often it is looked at, and how long an interrupt waits for HiGHS to stop, before it goes on its way."""
_ABANDONED = "highs, abandoned"
"""The name of the thread of a HiGHS that did not stop in time."""
LEFT_BEHIND = "left behind after its time"
Status = highspy.HighsModelStatus
_BROKE_OFF = (
    Status.kNotset,
    Status.kLoadError,
    Status.kModelError,
    Status.kPresolveError,
    Status.kSolveError,
    Status.kPostsolveError,
    Status.kMemoryLimit,
)
"""Ends after which what HiGHS says of a bound means nothing: it is 0 where none was found."""


class HighsSolver:
    """A problem in HiGHS, to be run once or, within other bounds, again.

    Parameters
    ----------
    arrays
        The problem.
    options
        What is asked of the search.
    usd
        USD in a model unit of money, for what is told of progress.

    Attributes
    ----------
    log
        Log lines so far.
    stop
        Set to make it stop.
    """

    def __init__(self, arrays: Compiled, options: SolveOptions, usd: float = 1.0) -> None:
        silence_banner()
        self.arrays, self.options = arrays, options
        self.scaling = Scaling.of(arrays)
        self.stop = False
        self._finished = False
        self._left_behind = False
        self._fault: BaseException | None = None
        self._highs = highspy.Highs()
        self._set_options()
        self._load()
        self._reports = HighsReports(self._highs, usd / self.scaling.cost, lambda: self.stop)
        self.log = self._reports.log

    def _set_options(self) -> None:
        options = self.options
        # the callbacks that report progress fire only while output is on
        self.set("output_flag", True)
        self.set("log_to_console", False)
        self.set("mip_rel_gap", float(options.gap))
        absolute = 0.0 if options.absolute_gap is None else options.absolute_gap * self.scaling.cost
        self.set("mip_abs_gap", float(absolute))
        self.set("threads", int(options.threads))
        self.set("random_seed", int(options.seed))
        if options.time_limit is not None:
            self.set("time_limit", float(options.time_limit))

    def set(self, option: str, value: Any) -> None:
        """Sets an option of HiGHS.

        Raises
        ------
        ValueError
            HiGHS has no such option, or does not take the value.
        """
        if self._highs.setOptionValue(option, value) == highspy.HighsStatus.kError:
            raise ValueError(f"HiGHS {self._highs.version()} does not take {option} = {value!r}.")

    def leave_out_above(self, cost: float) -> None:
        """Looks into no branch that costs more, in model units; what the search then proves holds up to this cost."""
        self.set("objective_bound", float(cost * self.scaling.cost))

    def _load(self) -> None:
        if not hand_over(self.scaling.apply(self.arrays), self._highs):
            raise ModelRefused(largest_coefficient(self.arrays))

    @property
    def progress(self) -> Progress | None:
        """Where the search stands; None before HiGHS says so."""
        return self._reports.progress

    @property
    def incumbent(self) -> Vector | None:
        """The best values reported so far; None while there are none."""
        found = self._reports.incumbent
        return None if found is None else found * self.scaling.column

    def take_better(self, better: Callable[[], Vector | None]) -> None:
        """Asks for better values as it searches; `better` says None where there are none new."""

        def on_asked(event: Any) -> None:
            values = better()
            if values is not None:
                event.data_in.setSolution(values / self.scaling.column)

        self._highs.cbMipUserSolution.subscribe(on_asked)

    def give_start(self, start: Vector | None) -> None:
        """Values to begin from, one per column, NaN where there is none."""
        if start is not None:
            given = np.flatnonzero(~np.isnan(start)).astype(np.int32)
            self._highs.setSolution(len(given), given, start[given] / self.scaling.column[given])

    def change_bounds(self, columns: npt.NDArray[np.intp], lower: Vector, upper: Vector) -> None:
        """Other bounds of some columns, all columns' bounds given."""
        if self._left_behind:
            return
        which = columns.astype(np.int32)
        factor = self.scaling.column[which]
        self._highs.changeColsBounds(len(which), which, lower[which] / factor, upper[which] / factor)

    def change_rows(self, rows: npt.ArrayLike, lower: Vector | float, upper: Vector | float) -> None:
        """Other bounds of some rows, or of one."""
        if self._left_behind:
            return
        which, highs = np.atleast_1d(np.asarray(rows, dtype=np.int32)), cast(Any, self._highs)
        factor = self.scaling.row[which]
        highs.changeRowsBounds(len(which), which, factor * lower, factor * upper)

    def change_coefficients(self, rows: npt.NDArray[np.int32], columns: npt.NDArray[np.intp], values: Vector) -> None:
        """Other coefficients of rows, one of each row, column and value."""
        if self._left_behind:
            return
        scaled = values * self.scaling.row[rows] * self.scaling.column[columns]
        for row, column, value in zip(rows.tolist(), columns.tolist(), scaled.tolist(), strict=True):
            self._highs.changeCoeff(row, column, value)

    def basis(self) -> Any:
        """The basis that the last run ended with."""
        return self._highs.getBasis()

    def take_basis(self, basis: Any) -> None:
        """Begins at a basis of an earlier run, of this problem or of one without its last rows."""
        if self._left_behind:
            return
        more = len(self.scaling.row) - len(basis.row_status)
        if more > 0:
            known, basis = basis, highspy.HighsBasis()
            basis.col_status = known.col_status
            basis.row_status = [*known.row_status, *[highspy.HighsBasisStatus.kBasic] * more]
            basis.valid = True
        self._highs.setBasis(basis)

    def basic_variables(self) -> npt.NDArray[np.int32]:
        """The last run's basis: columns from 0 on, rows as -1 and below; empty where there is none."""
        highs: Any = self._highs  # whose types do not know of it
        return np.asarray(highs.getBasicVariables()[1])

    def moves(
        self, basic: npt.NDArray[np.int32], *, column: int | None = None, row: int | None = None
    ) -> tuple[npt.NDArray[np.intp], Vector]:
        """What moves in the basis with a unit more of a column, or of the activity of a row, that is not in it.

        Places in `basic_variables`, which are given, and how far each moves, in model units: columns, and the
        activities of rows. What moves is none of them.
        """
        highs: Any = self._highs  # whose types do not know of these
        status, found = highs.getReducedColumn(column) if row is None else highs.getBasisInverseCol(row)
        if status == highspy.HighsStatus.kError:
            raise ValueError("HiGHS has no basis.")
        places = np.flatnonzero(found)
        sizes = of_basis(basic[places], -self.scaling.column, 1.0 / self.scaling.row)
        unit = 1.0 / self.scaling.column[column] if row is None else -self.scaling.row[row]
        return places, found[places] * sizes * unit

    def forget_basis(self) -> None:
        """Begins anew at the next run, not where the last one ended."""
        self._highs.clearSolver()

    def run(
        self,
        *,
        began: float | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
        time_limit: float | None = None,
    ) -> bool:
        """Runs HiGHS.

        Parameters
        ----------
        began
            When the search began whose progress is reported (`time.monotonic`); now where none is given.
        on_progress
            Is given each report of HiGHS's.
        should_stop
            Is asked often; once it says yes HiGHS is stopped.
        time_limit
            Seconds from now, after which it is left behind with a grace; that of the options where none is given.

        Returns
        -------
        bool
            Whether it came to an end by itself; False when it had to be left behind, now or in an earlier run.
        """
        if self._left_behind:
            return False
        now = time.monotonic()
        self._reports.began = now if began is None else began
        self._fault = None
        limit = self.options.time_limit if time_limit is None else time_limit
        deadline = math.inf if limit is None else now + limit + GRACE_SECONDS
        done = threading.Event()  # an interrupted `Thread.join` takes a thread for ended that is not
        worker = threading.Thread(target=self._run, args=(done,), daemon=True, name="highs")
        worker.start()
        shown: Progress | None = None
        ended = False
        try:
            while not ended:
                ended = done.wait(_POLL_SECONDS)
                if on_progress is not None and self.progress is not shown and self.progress is not None:
                    shown = self.progress
                    on_progress(shown)
                if not self.stop and should_stop is not None and should_stop():
                    self.stop = True
                    deadline = min(deadline, time.monotonic() + STOP_SECONDS)
                if time.monotonic() > deadline and not ended:
                    self.stop, worker.name = True, _ABANDONED
                    self._finished, self._left_behind = False, True
                    return False
        except BaseException:  # KeyboardInterrupt, say, where nobody has taken over the signals
            self.stop = True
            done.wait(_LEAVE_SECONDS)
            raise
        if self._fault is not None:
            raise self._fault
        self._finished = True
        return True

    def _run(self, done: threading.Event) -> None:
        try:
            self._highs.run()
        except BaseException as fault:  # told in the thread that waits
            self._fault = fault
        finally:
            done.set()

    @property
    def seconds_used(self) -> float:
        """Seconds that HiGHS has counted over all its runs."""
        return float(self._highs.getRunTime())

    @property
    def status(self) -> Status | None:
        """How the last run ended; None when HiGHS was left behind."""
        return self._highs.getModelStatus() if self._finished else None

    @property
    def words(self) -> str:
        """How the last run ended, in HiGHS's words."""
        return str(self._highs.modelStatusToString(self._highs.getModelStatus())) if self._finished else LEFT_BEHIND

    @property
    def values(self) -> Vector | None:
        """The best values found, one per column; None when there are none."""
        scaled = self._reports.incumbent
        if self._finished:
            found = self._highs.getInfo().primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
            if found:
                scaled = np.array(self._highs.getSolution().col_value, dtype=float)
        return None if scaled is None else scaled * self.scaling.column

    @property
    def values_of_basis(self) -> Vector | None:
        """The values of the basis that a linear program ended with, within bounds or not; None where there are none."""
        if not self._finished or not self._highs.getSolution().value_valid:
            return None
        return np.array(self._highs.getSolution().col_value, dtype=float) * self.scaling.column

    @property
    def bound(self) -> float:
        """What every plan costs at least, in model units; minus infinity where none is known."""
        info = self._highs.getInfo() if self._finished else None
        if info is None or not info.valid or self.status in _BROKE_OFF:
            return self._reports.bound / self.scaling.cost
        if self.arrays.integer.any():
            return float(info.mip_dual_bound / self.scaling.cost)
        return float(info.objective_function_value / self.scaling.cost) if self.status == Status.kOptimal else -math.inf

    @property
    def objective(self) -> float:
        """What the last run minimised comes to, in model units."""
        return float(self._highs.getInfo().objective_function_value / self.scaling.cost)

    def column_dual(self, column: int) -> float:
        """The dual of a column, in model units; without reading those of all."""
        return float(self._highs.getSolution().col_dual[column] / self.scaling.cost / self.scaling.column[column])

    def duals(self) -> tuple[Vector, Vector]:
        """Duals of columns and rows, in model units."""
        columns = np.array(self._highs.getSolution().col_dual, dtype=float) / self.scaling.cost / self.scaling.column
        return columns, self.row_duals()

    def row_duals(self) -> Vector:
        """Duals of rows, in model units."""
        return np.array(self._highs.getSolution().row_dual, dtype=float) / self.scaling.cost * self.scaling.row

    def dual_ray(self) -> Vector | None:
        """Weights with which the rows of an infeasible problem contradict each other; None where HiGHS has none."""
        highs: Any = self._highs  # whose types do not know of it
        _, known, ray = highs.getDualRay()
        return np.array(ray, dtype=float) * self.scaling.row if known else None


def of_basis(basic: npt.NDArray[np.int32], of_columns: Vector, of_rows: Vector) -> Vector:
    """What columns and rows have, of those that are in a basis (`HighsSolver.basic_variables`)."""
    return np.where(basic >= 0, of_columns[np.maximum(basic, 0)], of_rows[np.maximum(-1 - basic, 0)])


def abandoned_solver_alive() -> bool:
    """Whether a HiGHS that did not stop in time is still at work in this process."""
    return any(each.name == _ABANDONED for each in threading.enumerate())
