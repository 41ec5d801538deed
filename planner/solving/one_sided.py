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
from planner.solving.exactness import PRECISION
from planner.solving.highs import HighsSolver, Status, of_basis
from planner.solving.independent_parts import Part, Places, independent_parts
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


_NOT_KNOWN = Slopes(None, None)
_Asked = tuple[Literal["column", "row"], int, int, Slopes, float]
"""A column or a row, its place in its part, what its dual says, and the size of what it adds to."""
_Found = dict[tuple[str, int], Slopes]
"""By column and row."""


@dataclass(frozen=True, slots=True)
class OneSided:
    """The optimal values and reduced costs, both of shape (columns,), and slopes by column and by row.

    `saved`: by column and row, which of the columns that adapt would save a step from the optimum if they were held a
    bit nearer to their other value, or have a part in it that the step has no optimum.
    """

    values: Vector
    duals: Vector
    columns: Mapping[int, Slopes]
    rows: Mapping[int, Slopes]
    saved: Mapping[tuple[str, int], frozenset[int]]


def one_sided_derivatives(
    arrays: Compiled,
    columns: Mapping[int, float],
    rows: Callable[[Vector], Mapping[int, float]],
    time_limit: float,
    *,
    helpful: Collection[int] = (),
    none_to_lose: Collection[int] = (),
    elsewhere: OneSided | None = None,
    adapts: Places | None = None,
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
    elsewhere
        The slopes of a program with the same optimum. They are told again where those of this one are no cheaper, which
        its duals, being subgradients, mostly say at once.
    adapts
        Columns held at 0 or 1 that may be held at the other; `saved` is of these.
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

    may_save = np.empty(0, dtype=np.intp) if adapts is None else adapts
    weights, to_other = arrays.matrix[:, may_save].tocsr(), 1.0 - 2.0 * np.round(arrays.lower[may_save])

    def savers(part: Part, program: _Program) -> frozenset[int]:
        """Which columns that adapt would save at the end of the last step."""
        if not len(may_save):
            return frozenset()
        of_part = weights[part.rows].T
        if program.end_duals is not None:
            change = of_part @ (program.end_duals - program.row_duals)
            saving = saves((duals[may_save] - change) * to_other, duals)
        elif program.end_ray is not None:
            change = abs(of_part @ program.end_ray)
            saving = change > PRECISION * (abs(of_part) @ abs(program.end_ray))
        else:
            saving = np.ones(len(may_save), dtype=np.bool_)
        return frozenset(may_save[saving].tolist())

    def solved(part: Part, program: _Program, share: Sequence[_Asked]) -> _Found:
        found: _Found = {}
        for kind, i, place, (right, left), base in share:
            saving = frozenset[int]()
            if right is None and in_time():
                right, saving = program.moved(base, **{kind: place}), savers(part, program)
            if left is None and not (kind == "column" and i in none_to_lose) and in_time():
                left, saving = program.moved(-base, **{kind: place}), saving | savers(part, program)
            found[kind, i] = Slopes(right, left)
            saved[kind, i] = saving
        return found

    def solved_apart(part: Part, begin: Any, share: Sequence[_Asked]) -> _Found:
        return solved(part, _Program(part.arrays, time_limit, begin), share)

    values, row_duals = arrays.lower.copy(), np.zeros_like(arrays.row_lower)
    known, saved = dict[tuple[str, int], Slopes](), dict[tuple[str, int], frozenset[int]]()
    programs: list[tuple[Part, _Program]] = []
    for part in independent_parts(arrays, columns):
        program = _Program(part.arrays, max(0.1, ends - time.monotonic()))
        if program.values is None:
            return None
        values[part.columns], row_duals[part.rows] = program.values, program.row_duals
        programs.append((part, program))
    duals = arrays.cost - arrays.matrix.T @ row_duals
    sizes, by_part = rows(values), list[tuple[Part, _Program, list[_Asked]]]()
    for part, program in programs:
        asked = list(_asked(part, program, columns, sizes, frozenset(helpful), frozenset(none_to_lose), elsewhere))
        known |= {(kind, i): slopes for kind, i, _, slopes, _ in asked}
        by_part.append((part, program, [each for each in asked if None in each[3]]))
    most = sum(len(moving) for *_, moving in by_part)
    with ThreadPoolExecutor(max(1, min(threads, most // LEAST_SHARE))) as pool:
        try:
            shares = []
            for part, program, moving in by_part:
                count = max(1, min(round(threads * len(moving) / max(1, most)), len(moving) // LEAST_SHARE))
                shares += [pool.submit(solved, part, program, moving[::count])]
                shares += [pool.submit(solved_apart, part, program.basis, moving[k::count]) for k in range(1, count)]
            for share in shares:
                known |= share.result()
        except BaseException:  # KeyboardInterrupt, say: none of the others is waited for
            halted.set()
            raise
    by_column, by_row = {i: known["column", i] for i in columns}, {i: known["row", i] for i in sizes}
    return OneSided(values, duals, by_column, by_row, saved)


def saves(duals: Vector, all_duals: Vector) -> npt.NDArray[np.bool_]:
    """Where a unit more saves, but for rounding."""
    saving: npt.NDArray[np.bool_] = duals < -PRECISION * abs(all_duals).max(initial=0.0)
    return saving


def _asked(
    part: Part,
    program: _Program,
    columns: Mapping[int, float],
    rows: Mapping[int, float],
    helpful: frozenset[int],
    none_to_lose: frozenset[int],
    elsewhere: OneSided | None,
) -> Iterator[_Asked]:
    """What is asked of a part, with what the duals of its program, and the slopes known elsewhere, say."""
    nothing = ZERO * abs(program.column_duals).max(initial=0.0)
    of_columns, of_rows = ({}, {}) if elsewhere is None else (elsewhere.columns, elsewhere.rows)

    def no_cheaper(dual: float, known: Slopes) -> Slopes:
        """The slopes known elsewhere, where a unit more costs no less here, and the last one no more."""
        right = known.right is not None and dual >= known.right - nothing
        left = known.left is not None and dual <= known.left + nothing
        return Slopes(known.right if right else None, known.left if left else None)

    for place, i in enumerate(part.columns.tolist()):
        if i in columns:
            dual = float(program.column_duals[place])
            right, left = no_cheaper(dual, of_columns.get(i, _NOT_KNOWN))
            if right is None or (left is None and i not in none_to_lose):
                near = program.near(column=place, step=STEPS[-1] * columns[i])
                right = 0.0 if i in helpful and abs(dual) <= nothing else near.right if right is None else right
                left = near.left if left is None else left
            yield "column", i, place, Slopes(right, left), columns[i]
    for place, i in enumerate(part.rows.tolist()):
        if i in rows:
            right, left = no_cheaper(float(program.row_duals[place]), of_rows.get(i, _NOT_KNOWN))
            if right is None or left is None:
                near = program.near(row=place, step=STEPS[-1] * rows[i])
                right, left = near.right if right is None else right, near.left if left is None else left
            yield "row", i, place, Slopes(right, left), rows[i]


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
        self.end_duals: Vector | None = None
        """Of the rows, at the end of the last step; None where it has no optimum."""
        self.end_ray: Vector | None = None
        """Weights with which the rows contradict each other then; None where they do not, or HiGHS has none."""
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
        self.end_duals = self.end_ray = None
        if solver.status == Status.kOptimal:
            self.end_duals = solver.row_duals()
            dual = float(self.end_duals[row]) if column is None else solver.column_dual(column)
            found = solver.objective - self.cost, dual
        else:
            self.end_ray = solver.dual_ray()
            solver.take_basis(self.basis)
        if column is not None:
            solver.change_bounds(np.array([column]), arrays.lower, arrays.upper)
        elif row is not None:
            solver.change_rows(row, arrays.row_lower[row], arrays.row_upper[row])
        return found
