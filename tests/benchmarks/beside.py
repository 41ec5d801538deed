"""What the planner is measured beside: other ways to hand the same arrays to a solver, and other solvers.

Each function takes a compiled model. Ways of handing over say how many CPU seconds they took; solvers, what they
found. None where the package is not installed.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import highspy
import numpy as np

from models.build import Model
from planner.solving.highs import write_model

SILENT = {"output_flag": False, "log_to_console": False}


@dataclass(frozen=True, slots=True)
class Found:
    """What a solver found: the cost of its plan and its bound, model units; CPU seconds of HiGHS, of others wall."""

    cost: float | None
    bound: float | None
    seconds: float


def numpy_floor(model: Model) -> float | None:
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


def pyomo_stock(model: Model) -> float | None:
    """The Pyomo model through Pyomo's persistent HiGHS interface, its own building not counted."""
    from pyomo.contrib.appsi.solvers import Highs

    began = time.process_time()
    Highs().set_instance(model.pyomo)
    return time.process_time() - began


def linopy(model: Model) -> float | None:
    """Variables and rows of the same arrays in linopy, a family of rows of one length at a time, then into HiGHS."""
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
    for integer in (False, True):
        which = np.flatnonzero(arrays.integer == integer)
        made.add_variables(
            xarray.DataArray(arrays.lower[which], dims="column"),
            xarray.DataArray(arrays.upper[which], dims="column"),
            integer=integer,
            name=f"x{integer:d}",
        )
    labels = np.empty(len(arrays.columns), dtype=np.int64)
    for integer in (False, True):
        labels[arrays.integer == integer] = made.variables[f"x{integer:d}"].labels.values
    order = sorted(np.flatnonzero(lengths), key=lambda i: (lengths[i], i))
    for length, group in groupby(order, key=lambda i: int(lengths[i])):
        rows = np.array(list(group))
        places = by_row.indptr[rows][:, None] + np.arange(length)
        terms = {
            "coeffs": (("row", "_term"), by_row.data[places]),
            "vars": (("row", "_term"), labels[by_row.indices[places]]),
        }
        for name, sign, ends in (("most", "<=", arrays.row_upper), ("least", ">=", arrays.row_lower)):
            kept = np.isfinite(ends[rows])
            if kept.any():
                body = xarray.Dataset(terms).isel(row=kept)
                right = xarray.DataArray(ends[rows][kept], dims="row")
                made.add_constraints(linopy.LinearExpression(body, made), sign, right, name=f"{name}{length}")
    cost = xarray.Dataset({"coeffs": ("_term", arrays.cost), "vars": ("_term", labels)})
    made.add_objective(linopy.LinearExpression(cost, made))
    linopy.io.to_highspy(made)
    return time.process_time() - began


def highs_alone(model: Model, gap: float, seconds: float) -> Found | None:
    """HiGHS with its default options."""
    began = time.process_time()
    highs = highspy.Highs()
    for option, value in (SILENT | {"mip_rel_gap": gap, "mip_abs_gap": 0.0, "time_limit": seconds}).items():
        highs.setOptionValue(option, value)
    with _as_mps(model) as path:
        highs.readModel(str(path))
    highs.run()
    info = highs.getInfo()
    feasible = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    cost = info.objective_function_value if feasible else None
    return Found(cost, info.mip_dual_bound, time.process_time() - began)


def scip(model: Model, gap: float, seconds: float) -> Found | None:
    """SCIP on the model written as MPS."""
    try:
        from pyscipopt import Model as Scip
    except ImportError:
        return None
    solver = Scip()
    solver.hideOutput()
    with _as_mps(model) as path:
        solver.readProblem(str(path))
    solver.setParams({"limits/gap": gap, "limits/time": seconds})
    began = time.perf_counter()
    solver.optimize()
    cost = solver.getObjVal() if solver.getNSols() else None
    return Found(cost, solver.getDualbound(), time.perf_counter() - began)


def cbc(model: Model, gap: float, seconds: float) -> Found | None:
    """CBC on the model written as MPS, by the binary of the package cbcbox."""
    try:
        import cbcbox
    except ImportError:
        return None
    binary = Path(cbcbox.__file__).parent / "cbc_dist" / "bin" / "cbc"
    with _as_mps(model) as path:
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
    """The model as an MPS file, for as long as it is needed."""

    def __init__(self, model: Model) -> None:
        self._folder, self._model = tempfile.TemporaryDirectory(), model

    def __enter__(self) -> Path:
        path = Path(self._folder.name) / "model.mps"
        write_model(self._model.compiled, path)
        return path

    def __exit__(self, *_: Any) -> None:
        self._folder.cleanup()


HANDED: dict[str, Callable[[Model], float | None]] = {
    "numpy floor": numpy_floor,
    "linopy": linopy,
    "Pyomo stock": pyomo_stock,
}
SOLVERS: dict[str, Callable[[Model, float, float], Found | None]] = {
    "HiGHS alone": highs_alone,
    "SCIP": scip,
    "CBC": cbc,
}
