"""One-sided derivatives of a linear program's optimum: what a little more or less of a column or a row changes.

Where an optimum is degenerate its duals are subgradients, any of many: a reduced cost may say what the last unit was
worth, what the next one is, or something between. A dual is taken as the derivative only where the optimal basis stays
feasible for a step that way (the ratio test); else the step is taken and the program solved again, from that basis.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from models.core.compiled import Compiled
from models.core.vector import Vector
from planner.solving.highs import HighsSolver, Status
from planner.solving.problem import SolveOptions

STEPS = (1e-3, 1e-4, 1e-5)
"""Steps tried, as shares of the base of a column or row: smaller ones where the slope changes within a step."""
SAME = 1e-4
"""A slope holds over a step where its product with it is what the optimum changed by, within this share."""

LEAST_SHARE = 20
"""Columns and rows for each program solved side by side at least: setting one up takes as long as some of them."""
ZERO = 1e-12
"""Duals below this share of the largest are rounding."""


class Slopes(NamedTuple):
    """What a unit more changes of the optimum, in model units, and what the last unit less changes, per unit.

    None where the step has no optimum, or was not solved in the time.
    """

    right: float | None
    left: float | None


_Asked = tuple[Literal["column", "row"], int, Slopes, float]
"""A column or a row, what its dual says, and the size of what it adds to."""
_Found = dict[tuple[str, int], Slopes]
"""By column and row."""


@dataclass(frozen=True, slots=True)
class OneSided:
    """The optimal values, and slopes by column and by row."""

    values: Vector
    columns: Mapping[int, Slopes]
    rows: Mapping[int, Slopes]


def one_sided_derivatives(
    arrays: Compiled,
    columns: Mapping[int, float],
    rows: Mapping[int, float],
    time_limit: float,
    *,
    helpful: Collection[int] = (),
    none_to_lose: Collection[int] = (),
    threads: int = 1,
) -> OneSided | None:
    """The slopes of the optimum in some columns and rows.

    Parameters
    ----------
    arrays
        A linear program.
    columns
        Columns fixed at 0, each with the size of what it adds to: steps are shares of that; model units.
    rows
        Rows, of which the bound that is kept moves, each with its size.
    time_limit
        Seconds; what is not solved by then has no slopes.
    helpful
        Columns of which more never costs: as the optimum is convex, where the dual is 0 a unit more changes nothing.
    none_to_lose
        Columns that add to nothing: what less of it changes is not asked.
    threads
        How many programs are solved side by side; the slopes are the same.

    Returns
    -------
    OneSided
        None where the program itself has no optimum.
    """
    ends = time.monotonic() + time_limit
    program = _Program(arrays, time_limit)
    if program.values is None:
        return None
    near = {each: program.near(column=each, step=STEPS[-1] * base) for each, base in columns.items()}
    nothing = ZERO * abs(program.column_duals).max(initial=0.0)
    for each in helpful:
        if abs(program.column_duals[each]) <= nothing:
            near[each] = Slopes(0.0, near[each].left)
    kept = {each: program.near(row=each, step=STEPS[-1] * base) for each, base in rows.items()}

    halted = threading.Event()

    def in_time() -> bool:
        return time.monotonic() < ends and not halted.is_set()

    def solved(share: Sequence[_Asked], own: _Program | None) -> _Found:
        moved = (own or _Program(arrays, time_limit)).moved
        found: _Found = {}
        for kind, i, (right, left), base in share:
            if right is None and in_time():
                right = moved(base, **{kind: i})
            if left is None and not (kind == "column" and i in none_to_lose) and in_time():
                left = moved(-base, **{kind: i})
            found[kind, i] = Slopes(right, left)
        return found

    asked: list[_Asked] = [("column", i, near[i], base) for i, base in columns.items()]
    asked += [("row", i, kept[i], base) for i, base in rows.items()]
    known: _Found = {(kind, i): slopes for kind, i, slopes, _ in asked}
    moving = [each for each in asked if None in each[2]]
    count = max(1, min(threads, len(moving) // LEAST_SHARE))
    with ThreadPoolExecutor(count) as pool:
        try:
            for share in [pool.submit(solved, moving[k::count], None if k else program) for k in range(count)]:
                known |= share.result()
        except BaseException:  # KeyboardInterrupt, say: none of the others is waited for
            halted.set()
            raise
    return OneSided(
        program.values,
        {each: known["column", each] for each in columns},
        {each: known["row", each] for each in rows},
    )


class _Program:
    """A linear program with its optimal basis, from which it is solved again with a column or a row moved."""

    def __init__(self, arrays: Compiled, time_limit: float) -> None:
        self.arrays = arrays
        self.solver = HighsSolver(arrays, SolveOptions(gap=0.0, time_limit=time_limit, threads=1))
        self.solver.run()
        # once more from its basis, so that the basis is at hand whatever presolve did
        self.solver.set("presolve", "off")
        self.solver.run()
        self.solver.set("output_flag", False)  # what is told of each of the many small runs takes longer than they do
        optimal = self.solver.status == Status.kOptimal
        self.values = self.solver.values if optimal else None
        if self.values is not None:
            self.cost = self.solver.objective
            self.column_duals, self.row_duals = self.solver.duals()
            self.activity = arrays.matrix @ self.values
            self.basis, self.basic = self.solver.basis(), self.solver.basic_variables()

    def near(self, *, step: float, column: int | None = None, row: int | None = None) -> Slopes:
        """The dual, on each side where the basis stays feasible for the step; None on a side where it does not."""
        direction = self.solver.direction(self.basic, column=column, row=row)
        if direction is None:
            return Slopes(None, None)
        dual = self.row_duals[row] if column is None else self.column_duals[column]
        up, down = self._reach(direction, column, row)
        return Slopes(float(dual) if up >= step else None, float(dual) if down >= step else None)

    def _reach(self, direction: Vector, column: int | None, row: int | None) -> tuple[float, float]:
        """How far a unit step along the direction can be repeated, and its opposite, within all bounds."""
        arrays, reach = self.arrays, [np.inf, np.inf]
        assert self.values is not None
        along = arrays.matrix @ direction
        for values, moves, lower, upper, moved in (
            (self.values, direction, arrays.lower, arrays.upper, column),
            (self.activity, along, arrays.row_lower, arrays.row_upper, row),
        ):
            least = 1e-9 * abs(moves).max(initial=0.0)
            for side, sign in enumerate((1.0, -1.0)):
                for room, which in ((upper - values, sign * moves > least), (values - lower, sign * moves < -least)):
                    if moved is not None:
                        which[moved] = False
                    steps = np.maximum(room[which], 0.0) / abs(moves[which])
                    reach[side] = min(reach[side], steps.min(initial=np.inf))
        return reach[0], reach[1]

    def moved(self, base: float, *, column: int | None = None, row: int | None = None) -> float | None:
        """The slope over a small step of the column or row, a share of `base`, which is below 0 for a step down."""
        slope = None
        for share in STEPS if self.values is not None else ():
            step = share * base
            found = self._solved(step, column, row)
            if found is None:
                continue
            change, dual = found
            slope = change / step
            if abs(change - dual * step) <= SAME * max(abs(change), abs(dual * step)):
                return dual
        return slope

    def _solved(self, step: float, column: int | None, row: int | None) -> tuple[float, float] | None:
        """What a step changes of the optimum, and the dual at its end; None where there is no optimum.

        Begins where the last one ended, which is near and spares the basis to be factorised again.
        """
        arrays, solver = self.arrays, self.solver
        if column is not None:
            at = arrays.lower.copy()
            at[column] += step
            solver.change_bounds(np.array([column]), at, at)
        elif row is not None:
            solver.change_row(row, arrays.row_lower[row] + step, arrays.row_upper[row] + step)
        solver.run()
        found = None
        if solver.status == Status.kOptimal:
            found = solver.objective - self.cost, solver.dual(column=column, row=row)
        else:
            solver.take_basis(self.basis)
        if column is not None:
            solver.change_bounds(np.array([column]), arrays.lower, arrays.upper)
        elif row is not None:
            solver.change_row(row, arrays.row_lower[row], arrays.row_upper[row])
        return found
