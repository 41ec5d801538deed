"""What the planner is measured beside: other ways to hand the same arrays to a solver, and other solvers.

Each function takes a model or its arrays. Ways of handing over say how many CPU seconds they took; solvers, what they
found. None where the package is not installed.
"""

from __future__ import annotations

import gc
import io
import logging
import math
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from multiprocessing import Pipe, get_context
from pathlib import Path
from typing import Any

import highspy
import numpy as np
import xlsxwriter
from benchmarks.cases import drawn
from benchmarks.plain import plain

from models.build import Model, build_model
from models.core.compiled import Compiled
from models.dataset import Dataset
from planner.results.tables import Filled
from planner.solving.highs import HighsSolver
from planner.solving.highs_model import write_model
from planner.solving.problem import SolveOptions

Way = Callable[[Any], float | None]
"""Of a `Model` or what is `Given` of one: the CPU seconds it took; None where its package is not installed."""
SMALL = "8x4x1x1"
"""The case that a way loads its modules with, before its memory is measured."""
SILENT = {"output_flag": False, "log_to_console": False}


@dataclass(frozen=True, slots=True)
class Found:
    """What a solver found: the cost of its plan and its bound, model units; CPU seconds of HiGHS, of others wall."""

    cost: float | None
    bound: float | None
    seconds: float


def numpy_floor(model: Model | Given) -> float | None:
    """The arrays straight into HiGHS, as flat arrays."""
    arrays = model.compiled
    began = time.process_time()
    highs, matrix = highspy.Highs(), arrays.matrix
    highs.setOptionValue("log_to_console", False)
    rows, columns = matrix.shape
    highs.passModel(
        columns, rows, matrix.nnz, 1, 1, arrays.offset, arrays.cost, arrays.lower, arrays.upper, arrays.row_lower,
        arrays.row_upper, matrix.indptr[:-1].astype(np.int32), matrix.indices.astype(np.int32), matrix.data,
        arrays.integer.astype(np.int32),
    )  # fmt: skip
    return time.process_time() - began


def planner(model: Model | Given) -> float | None:
    """What the product does: the model of a workbook built, compiled and handed to HiGHS."""
    began = time.process_time()
    HighsSolver(build_model(model.dataset).compiled, SolveOptions())
    return time.process_time() - began


def pyomo_stock(model: Model | Given) -> float | None:
    """The same rows as sums of products in Pyomo, through its persistent HiGHS interface."""
    import pyomo.environ as pyo
    from pyomo.contrib.appsi.solvers import Highs

    arrays = model.compiled
    by_row = arrays.matrix.tocsr()
    began = time.process_time()
    made = pyo.ConcreteModel()
    domains = [pyo.Integers if each else pyo.Reals for each in arrays.integer]
    bounds = [tuple(map(_or_none, each)) for each in zip(arrays.lower, arrays.upper, strict=True)]
    made.x = pyo.Var(range(len(domains)), domain=lambda _, j: domains[j], bounds=lambda _, j: bounds[j])
    x = list(made.x.values())

    def body(places: Iterable[int], coefficients: Iterable[float]) -> Any:
        return pyo.quicksum(each * x[j] for j, each in zip(places, coefficients, strict=True))

    def row(_: Any, i: int) -> Any:
        span = slice(by_row.indptr[i], by_row.indptr[i + 1])
        found = body(by_row.indices[span].tolist(), by_row.data[span].tolist())
        low, high = _or_none(arrays.row_lower[i]), _or_none(arrays.row_upper[i])
        return found == low if low == high else (low, found, high)

    made.rows = pyo.Constraint(range(len(arrays.rows)), rule=row)
    made.cost = pyo.Objective(expr=body(range(len(x)), arrays.cost.tolist()) + arrays.offset)
    Highs().set_instance(made)
    return time.process_time() - began


def _or_none(bound: float) -> float | None:
    return float(bound) if np.isfinite(bound) else None


def linopy(model: Model | Given) -> float | None:
    """Variables and rows of the same arrays in linopy, rows of about a length together, then into HiGHS."""
    try:
        import linopy
        import xarray
    except ImportError:
        return None
    arrays = model.compiled
    by_row = arrays.matrix.tocsr()
    lengths = np.diff(by_row.indptr)
    began = time.process_time()
    made = linopy.Model()
    labels = np.empty(len(arrays.columns), dtype=np.int64)
    for integer in (False, True):
        which = np.flatnonzero(arrays.integer == integer)
        lower, upper = (xarray.DataArray(each[which], dims="column") for each in (arrays.lower, arrays.upper))
        labels[which] = made.add_variables(lower, upper, integer=integer, name=f"x{integer:d}").labels.values
    sizes = np.ceil(np.log2(np.maximum(lengths, 1)))
    for size in np.unique(sizes[lengths > 0]):
        rows = np.flatnonzero((sizes == size) & (lengths > 0))
        there = np.arange(lengths[rows].max()) < lengths[rows][:, None]
        places = np.where(there, by_row.indptr[rows][:, None] + np.arange(there.shape[1]), 0)
        terms = {
            "coeffs": (("row", "_term"), np.where(there, by_row.data[places], np.nan)),
            "vars": (("row", "_term"), np.where(there, labels[by_row.indices[places]], -1)),
        }
        for name, sign, ends in (("most", "<=", arrays.row_upper), ("least", ">=", arrays.row_lower)):
            kept = np.isfinite(ends[rows])
            if kept.any():
                body = xarray.Dataset(terms).isel(row=kept)
                right = xarray.DataArray(ends[rows][kept], dims="row")
                made.add_constraints(linopy.LinearExpression(body, made), sign, right, name=f"{name}{size:.0f}")
    cost = xarray.Dataset({"coeffs": ("_term", arrays.cost), "vars": ("_term", labels)})
    made.add_objective(linopy.LinearExpression(cost, made))
    linopy.io.to_highspy(made)
    return time.process_time() - began


def bare_xlsxwriter(tables: Iterable[Filled]) -> float:
    """CPU seconds of writing the same values with XlsxWriter alone: no formats, no first sheet, no charts."""
    began = time.process_time()
    with xlsxwriter.Workbook(io.BytesIO(), {"in_memory": True, "strings_to_formulas": False}) as book:
        for each in tables:
            sheet = book.add_worksheet(each.table.sheet)
            for r, row in enumerate([each.table.headers, *each.rows]):
                for c, value in enumerate(row):
                    if isinstance(value, int | float) and math.isfinite(value):
                        sheet.write_number(r, c, value)
                    elif value is not None:
                        sheet.write_string(r, c, str(value))
    return time.process_time() - began


def highs_alone(arrays: Compiled, gap: float, seconds: float) -> Found | None:
    """HiGHS with its default options."""
    began = time.process_time()
    highs = highspy.Highs()
    for option, value in (SILENT | {"mip_rel_gap": gap, "mip_abs_gap": 0.0, "time_limit": seconds}).items():
        highs.setOptionValue(option, value)
    with _as_mps(arrays) as path:
        highs.readModel(str(path))
    highs.run()
    info = highs.getInfo()
    feasible = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    cost = info.objective_function_value if feasible else None
    return Found(cost, info.mip_dual_bound, time.process_time() - began)


def plain_formulation(arrays: Compiled, gap: float, seconds: float) -> Found | None:
    """HiGHS with its default options on the plain formulation."""
    return highs_alone(plain(arrays), gap, seconds)


def scip(arrays: Compiled, gap: float, seconds: float) -> Found | None:
    """SCIP on the model written as MPS."""
    try:
        from pyscipopt import Model as Scip
    except ImportError:
        return None
    solver = Scip()
    solver.hideOutput()
    with _as_mps(arrays) as path:
        solver.readProblem(str(path))
    solver.setParams({"limits/gap": gap, "limits/time": seconds})
    began = time.perf_counter()
    solver.optimize()
    cost = solver.getObjVal() if solver.getNSols() else None
    return Found(cost, solver.getDualbound(), time.perf_counter() - began)


def cbc(arrays: Compiled, gap: float, seconds: float) -> Found | None:
    """CBC on the model written as MPS, by the binary of the package cbcbox."""
    try:
        import cbcbox
    except ImportError:
        return None
    binary = Path(cbcbox.__file__).parent / "cbc_dist" / "bin" / "cbc"
    with _as_mps(arrays) as path:
        command = [binary, path, "-ratioGap", str(gap), "-seconds", str(seconds), "-solve"]
        began = time.perf_counter()
        told = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return Found(
        _told(r"Objective value:\s+(\S+)", told), _told(r"Lower bound:\s+(\S+)", told), time.perf_counter() - began
    )


def _told(pattern: str, text: str) -> float | None:
    found = re.findall(pattern, text)
    return float(found[-1]) if found else None


class _as_mps:  # noqa: N801
    """A problem as an MPS file, for as long as it is needed."""

    def __init__(self, arrays: Compiled) -> None:
        self._folder, self._arrays = tempfile.TemporaryDirectory(), arrays

    def __enter__(self) -> Path:
        path = Path(self._folder.name) / "model.mps"
        write_model(self._arrays, path)
        return path

    def __exit__(self, *_: Any) -> None:
        self._folder.cleanup()


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds of a way at its first use in a process and at the next, and MB of memory that it took."""

    first: float
    again: float
    mb: float


@dataclass(frozen=True, slots=True)
class Given:
    """What ways begin with: rows of a workbook, or finished arrays without the model they are of."""

    dataset: Dataset
    compiled: Compiled

    @classmethod
    def of(cls, model: Model) -> Given:
        """What is given of a model."""
        return cls(model.dataset, model.compiled.without_model({}))


def measured_apart(way: Way, model: Model) -> Cost | None:
    """What a way costs, in processes of its own; None where its package is not installed."""
    seconds = _apart("fork", _seconds, way, model)
    if None in seconds:
        return None
    small = build_model(drawn(SMALL))
    return Cost(*seconds, _apart("spawn", _mb, way, Given.of(model), Given.of(small)))


def _apart(start: str, measure: Callable[..., None], *args: Any) -> Any:
    receive, send = Pipe(duplex=False)
    process = get_context(start).Process(target=measure, args=(send, *args))
    process.start()
    send.close()
    found = receive.recv()
    process.join()
    return found


def _seconds(send: Any, way: Way, model: Model) -> None:
    logging.getLogger("pyomo").handlers.clear()  # they may hold a stream that a test has closed
    send.send((way(model), way(model)))


def _mb(send: Any, way: Way, given: Given, small: Given) -> None:
    """The most memory that a way takes on top of what is there once its modules are, in a process that did no more.

    A copy of a process would not do: it begins without the pages of libraries, which come back at their first use,
    and with free memory that its parent left, which a way may use unseen.
    """
    way(small)
    gc.collect()
    before = _status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak begins anew
    way(given)
    send.send(_status("VmHWM") - before)


def _status(name: str) -> float:
    """MB of resident memory now, or at its peak; of the system itself, since a child inherits the peak of others'."""
    (line,) = (each for each in Path("/proc/self/status").read_text(encoding="ascii").splitlines() if name in each)
    return int(line.split()[1]) / 1024.0


HANDED: dict[str, Way] = {
    "planner": planner,
    "numpy floor": numpy_floor,
    "linopy": linopy,
    "Pyomo stock": pyomo_stock,
}
SOLVERS: dict[str, Callable[[Compiled, float, float], Found | None]] = {
    "HiGHS alone": highs_alone,
    "plain formulation": plain_formulation,
    "SCIP": scip,
    "CBC": cbc,
}
