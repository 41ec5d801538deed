"""One-sided derivatives of a linear program's optimum: what a little more or less of a column or a row changes.

Where an optimum is degenerate its duals are subgradients, any of many: a reduced cost may say what the last unit was
worth, what the next one is, or something between. A dual is taken as the derivative only where the optimal basis stays
feasible for a step that way (the ratio test); else the step is taken and the program solved again, from that basis.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from models.core.compiled import Compiled
from models.core.vector import Vector
from planner.solving.highs import HighsSolver, Status, of_basis
from planner.solving.independent_parts import Part, independent_parts
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


_Asked = tuple[Literal["column", "row"], int, int, Slopes, float]
"""A column or a row, its place in its part, what its dual says, and the size of what it adds to."""
_Found = dict[tuple[str, int], Slopes]
"""By column and row."""


@dataclass(frozen=True, slots=True)
class OneSided:
    """The optimal values and reduced costs, both of shape (columns,), and slopes by column and by row."""

    values: Vector
    duals: Vector
    columns: Mapping[int, Slopes]
    rows: Mapping[int, Slopes]


def one_sided_derivatives(
    arrays: Compiled,
    columns: Mapping[int, float],
    rows: Callable[[Vector], Mapping[int, float]],
    time_limit: float,
    *,
    helpful: Collection[int] = (),
    none_to_lose: Collection[int] = (),
    threads: int = 1,
    should_stop: Callable[[], bool] = lambda: False,
) -> OneSided | None:
    """The slopes of the optimum in some columns and rows.

    Parameters
    ----------
    arrays
        A linear program.
    columns
        Columns fixed at 0, each with the size of what it adds to: steps are shares of that; model units.
    rows
        Rows, of which the bound that is kept moves, each with its size, by the optimal values.
    time_limit
        Seconds; what is not solved by then has no slopes.
    helpful
        Columns of which more never costs: as the optimum is convex, where the dual is 0 a unit more changes nothing.
    none_to_lose
        Columns that add to nothing: what less of it changes is not asked.
    threads
        How many programs are solved side by side; the slopes are the same.
    should_stop
        Asked often; once it says yes what is not solved yet has no slopes.

    Returns
    -------
    OneSided
        None where the program itself has no optimum.
    """
    ends = time.monotonic() + time_limit
    halted = threading.Event()

    def in_time() -> bool:
        return time.monotonic() < ends and not halted.is_set() and not should_stop()

    def solved(program: _Program, share: Sequence[_Asked]) -> _Found:
        found: _Found = {}
        for kind, i, place, (right, left), base in share:
            if right is None and in_time():
                right = program.moved(base, **{kind: place})
            if left is None and not (kind == "column" and i in none_to_lose) and in_time():
                left = program.moved(-base, **{kind: place})
            found[kind, i] = Slopes(right, left)
        return found

    def solved_apart(part: Part, begin: Any, share: Sequence[_Asked]) -> _Found:
        return solved(_Program(part.arrays, time_limit, begin), share)

    values, duals, known = arrays.lower.copy(), np.zeros_like(arrays.lower), dict[tuple[str, int], Slopes]()
    programs: list[tuple[Part, _Program]] = []
    for part in independent_parts(arrays, columns):
        program = _Program(part.arrays, max(0.1, ends - time.monotonic()))
        if program.values is None:
            return None
        values[part.columns], duals[part.columns] = program.values, program.column_duals
        programs.append((part, program))
    sizes, by_part = rows(values), list[tuple[Part, _Program, list[_Asked]]]()
    for part, program in programs:
        asked = list(_asked(part, program, columns, sizes, frozenset(helpful)))
        known |= {(kind, i): slopes for kind, i, _, slopes, _ in asked}
        by_part.append((part, program, [each for each in asked if None in each[3]]))
    most = sum(len(moving) for *_, moving in by_part)
    with ThreadPoolExecutor(max(1, min(threads, most // LEAST_SHARE))) as pool:
        try:
            shares = []
            for part, program, moving in by_part:
                count = max(1, min(round(threads * len(moving) / max(1, most)), len(moving) // LEAST_SHARE))
                shares += [pool.submit(solved, program, moving[::count])]
                shares += [pool.submit(solved_apart, part, program.basis, moving[k::count]) for k in range(1, count)]
            for share in shares:
                known |= share.result()
        except BaseException:  # KeyboardInterrupt, say: none of the others is waited for
            halted.set()
            raise
    return OneSided(
        values, duals, {each: known["column", each] for each in columns}, {each: known["row", each] for each in sizes}
    )


def _asked(
    part: Part, program: _Program, columns: Mapping[int, float], rows: Mapping[int, float], helpful: frozenset[int]
) -> Iterator[_Asked]:
    """What is asked of a part, with what the duals of its program say."""
    nothing = ZERO * abs(program.column_duals).max(initial=0.0)
    for place, i in enumerate(part.columns.tolist()):
        if i in columns:
            slopes = program.near(column=place, step=STEPS[-1] * columns[i])
            if i in helpful and abs(program.column_duals[place]) <= nothing:
                slopes = Slopes(0.0, slopes.left)
            yield "column", i, place, slopes, columns[i]
    for place, i in enumerate(part.rows.tolist()):
        if i in rows:
            yield "row", i, place, program.near(row=place, step=STEPS[-1] * rows[i]), rows[i]


class _Program:
    """A linear program with its optimal basis, from which it is solved again with a column or a row moved.

    `begin`: its optimal basis, where that is known.
    """

    def __init__(self, arrays: Compiled, time_limit: float, begin: Any = None) -> None:
        self.arrays = arrays
        self.solver = HighsSolver(arrays, SolveOptions(gap=0.0, time_limit=time_limit, threads=1))
        if begin is None:
            self.solver.run()
        else:
            self.solver.take_basis(begin)
        # once more from its basis, so that the basis is at hand whatever presolve did
        self.solver.set("presolve", "off")
        self.solver.run()
        self.solver.set("output_flag", False)  # what is told of each of the many small runs takes longer than they do
        optimal = self.solver.status == Status.kOptimal
        self.values = self.solver.values if optimal else None
        if self.values is not None:
            self.cost = self.solver.objective
            self.column_duals, self.row_duals = self.solver.duals()
            self.basis, self.basic = self.solver.basis(), self.solver.basic_variables()
            self._in_basis = frozenset(self.basic.tolist())
            self._above, self._below = self._room(self.values)

    def _room(self, values: Vector) -> tuple[Vector, Vector]:
        """How far each variable of the basis, a column or the activity of a row, is from its bounds."""
        arrays = self.arrays
        at = of_basis(self.basic, values, arrays.matrix @ values)
        above = of_basis(self.basic, arrays.upper, arrays.row_upper) - at
        below = at - of_basis(self.basic, arrays.lower, arrays.row_lower)
        return np.maximum(above, 0.0), np.maximum(below, 0.0)

    def near(self, *, step: float, column: int | None = None, row: int | None = None) -> Slopes:
        """The dual, on each side where the basis stays feasible for the step; None on a side where it does not."""
        if (column if row is None else -1 - row) in self._in_basis:
            return Slopes(None, None)
        dual = self.row_duals[row] if column is None else self.column_duals[column]
        up, down = self._reach(*self.solver.moves(self.basic, column=column, row=row))
        return Slopes(float(dual) if up >= step else None, float(dual) if down >= step else None)

    def _reach(self, places: npt.NDArray[np.intp], moves: Vector) -> tuple[float, float]:
        """How far moves of the basis can be repeated, and their opposite, within all bounds."""
        up, down = np.inf, np.inf
        of_columns = self.basic[places] >= 0
        for of in (of_columns, ~of_columns):
            moving = of & (abs(moves) > 1e-9 * abs(moves[of]).max(initial=0.0))
            along, above, below = moves[moving], self._above[places[moving]], self._below[places[moving]]
            up = min(up, (np.where(along > 0.0, above, below) / abs(along)).min(initial=np.inf))
            down = min(down, (np.where(along > 0.0, below, above) / abs(along)).min(initial=np.inf))
        return up, down

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
            solver.change_rows(row, arrays.row_lower[row] + step, arrays.row_upper[row] + step)
        solver.run()
        found = None
        if solver.status == Status.kOptimal:
            found = solver.objective - self.cost, solver.dual(column=column, row=row)
        else:
            solver.take_basis(self.basis)
        if column is not None:
            solver.change_bounds(np.array([column]), arrays.lower, arrays.upper)
        elif row is not None:
            solver.change_rows(row, arrays.row_lower[row], arrays.row_upper[row])
        return found
