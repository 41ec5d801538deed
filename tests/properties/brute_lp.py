"""A small linear programme as it is written down, column by column and row by row, and its least cost by HiGHS."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import highspy
import numpy as np


@dataclass(slots=True)
class Column:
    """A quantity decided: USD of present value a unit, most units, and for budgets what a unit pays and to whom.

    `bill` marks what counts towards a contract's minimum spend, `promised` a top-up that counts towards no promise,
    `short` tokens not served, `lost` what shortfall takes of a segment's baseline.
    """

    t: int
    cost: float = 0.0
    upper: float = np.inf
    whole: bool = False
    cash: float = 0.0
    provider: str = ""
    region: str = ""
    site: str = ""
    offer: str = ""
    segment: str = ""
    bill: bool = False
    promised: bool = False
    short: bool = False
    lost: bool = False
    lost_tokens: float = 0.0
    lost_revenue: float = 0.0


@dataclass
class Lp:
    """Columns and rows as they come."""

    columns: list[Column] = field(default_factory=list)
    rows: list[tuple[list[int], list[float], float, float]] = field(default_factory=list)

    def column(self, t: int, cost: float = 0.0, upper: float = np.inf, **facts: Any) -> int:
        self.columns.append(Column(t, cost, upper, **facts))
        return len(self.columns) - 1

    def row(self, terms: Iterable[tuple[int, float]], low: float = -np.inf, high: float = np.inf) -> None:
        summed: dict[int, float] = defaultdict(float)
        for column, coefficient in terms:
            summed[column] += coefficient
        self.rows.append((list(summed), list(summed.values()), low, high))

    def add(self, other: Lp) -> None:
        """Appends the columns and rows of another."""
        before = len(self.columns)
        self.columns += other.columns
        self.rows += [([before + j for j in columns], values, low, high) for columns, values, low, high in other.rows]

    def minimum(self) -> float | None:
        """The least cost, None when no values keep all rows."""
        if any(not columns and (low > 1e-9 or high < -1e-9) for columns, _, low, high in self.rows):
            return None
        rows = [row for row in self.rows if row[0]]
        if not rows:
            return 0.0
        columns, values, low, high = zip(*rows, strict=True)
        index = np.fromiter(itertools.chain.from_iterable(columns), dtype=np.int32)
        whole = np.array([column.whole for column in self.columns])
        solver = _solver()
        solver.passModel(
            len(self.columns), len(rows), len(index), int(highspy.MatrixFormat.kRowwise), 1, 0.0,
            np.array([column.cost for column in self.columns]), np.zeros(len(self.columns)),
            np.array([column.upper for column in self.columns]), np.array(low), np.array(high),
            np.cumsum([0, *map(len, columns[:-1])], dtype=np.int32), index,
            np.fromiter(itertools.chain.from_iterable(values), dtype=float), np.zeros(len(whole), dtype=np.int32),
        )  # fmt: skip
        found = _run(solver)
        if found is None or not whole.any() or _whole(np.array(solver.getSolution().col_value)[whole]):
            return found
        switches = np.flatnonzero(whole).astype(np.int32)
        solver.changeColsIntegrality(len(switches), switches, np.ones(len(switches), dtype=np.uint8))
        return _run(solver)


def _whole(values: Any) -> bool:
    return bool(np.all(np.abs(values - np.round(values)) <= 1e-9))


def _run(solver: Any) -> float | None:
    """The least cost of what HiGHS holds, None where it is infeasible."""
    solver.run()
    if solver.getModelStatus() == highspy.HighsModelStatus.kNotset:  # its threads began elsewhere, of another number
        solver.resetGlobalScheduler(True)
        solver.run()
    if solver.getModelStatus() == highspy.HighsModelStatus.kUnknown:  # simplex can lose its way: presolved, from anew
        solver.clearSolver()
        solver.setOptionValue("presolve", "on")
        solver.run()
        solver.setOptionValue("presolve", "off")
    status = solver.getModelStatus()
    if status == highspy.HighsModelStatus.kInfeasible:
        return None
    assert status == highspy.HighsModelStatus.kOptimal, solver.modelStatusToString(status)
    return float(solver.getInfo().objective_function_value)


@cache
def _solver() -> Any:
    """HiGHS for problems too small for presolve to pay, which the planner's HiGHS always begins with."""
    solver = highspy.Highs()
    solver.silent()
    solver.setOptionValue("presolve", "off")
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("mip_rel_gap", 0.0)
    solver.setOptionValue("mip_feasibility_tolerance", 1e-10)  # some rows have a million times a column of 0 or 1
    solver.setOptionValue("mip_heuristic_run_feasibility_jump", False)
    return solver
