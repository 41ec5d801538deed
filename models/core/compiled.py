"""Compiled: a Pyomo model as plain arrays, rows bounded on both sides, ready for any solver.

Goes through Pyomo's own standard form compiler, which is several times faster than writing an LP file.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from models.core.pyomo_loading import pause_gc
from models.core.vector import Vector

if TYPE_CHECKING:
    from scipy.sparse import csc_array, sparray


@dataclass(frozen=True, slots=True)
class Size:
    """Rows, columns, integer columns and nonzeros."""

    rows: int
    columns: int
    integers: int
    nonzeros: int


@dataclass(frozen=True, slots=True, eq=False)
class Compiled:
    """minimise cost·x + offset, row_lower <= matrix x <= row_upper, lower <= x <= upper, some x integer.

    `columns` are the Pyomo variables, in column order; one that is in no row and not in the objective
    is not a column.
    """

    cost: Vector
    offset: float
    matrix: csc_array
    row_lower: Vector
    row_upper: Vector
    lower: Vector
    upper: Vector
    integer: npt.NDArray[np.bool_]
    columns: tuple[Any, ...]
    rows: tuple[Any, ...]

    @property
    def size(self) -> Size:
        """Of the matrix."""
        rows, columns = self.matrix.shape
        return Size(rows, columns, int(self.integer.sum()), int(self.matrix.nnz))

    def objective(self, values: Vector) -> float:
        """What is minimised, at the columns' values."""
        return float(self.cost @ values) + self.offset

    def within(self, lower: Vector, upper: Vector, integer: npt.NDArray[np.bool_]) -> Compiled:
        """The same rows and costs with other bounds and integrality of the columns; arrays of shape (columns,)."""
        return replace(self, lower=lower, upper=upper, integer=integer)

    def extended(
        self,
        cost: npt.ArrayLike,
        lower: npt.ArrayLike,
        rows: sparray,
        added: sparray,
        row_lower: Vector,
    ) -> Compiled:
        """The problem with continuous columns and rows added behind its own, none of them bounded from above.

        Parameters
        ----------
        cost, lower
            One for each column added.
        rows, added
            The rows added, over the problem's own columns and over those added.
        row_lower
            One for each row added.
        """
        from scipy.sparse import block_array, csc_array

        columns, count = added.shape[1], len(row_lower)
        return replace(
            self,
            cost=np.append(self.cost, cost),
            matrix=csc_array(block_array([[self.matrix, None], [rows, added]], format="csc")),
            row_lower=np.append(self.row_lower, row_lower),
            row_upper=np.append(self.row_upper, np.full(count, np.inf)),
            lower=np.append(self.lower, lower),
            upper=np.append(self.upper, np.full(columns, np.inf)),
            integer=np.append(self.integer, np.zeros(columns, dtype=bool)),
            columns=(*self.columns, *[None] * columns),
            rows=(*self.rows, *[None] * count),
        )

    def to_lp(self) -> str:
        """LP text: families and keys as named in the model, in a stable order."""
        from scipy.sparse import csr_array

        names = [variable.name for variable in self.columns]
        lines = [
            "minimise",
            "  " + _terms(enumerate(self.cost), names) + (f" {self.offset:+.9g}" if self.offset else ""),
        ]
        lines.append("subject to")
        by_row = csr_array(self.matrix)
        for i, row in enumerate(self.rows):
            span = slice(by_row.indptr[i], by_row.indptr[i + 1])
            body = _terms(zip(by_row.indices[span], by_row.data[span], strict=True), names)
            lines.append(f"  {row.name}: {_bounded(body, self.row_lower[i], self.row_upper[i])}")
        lines.append("bounds")
        for i, name in enumerate(names):
            kind = "integer" if self.integer[i] else "real"
            lines.append(f"  {_bounded(name, self.lower[i], self.upper[i])} ({kind})")
        return "\n".join(lines) + "\n"


def _terms(pairs: Any, names: list[str]) -> str:
    return " ".join(f"{value:+.9g} {names[i]}" for i, value in pairs if value) or "0"


def _bounded(body: str, low: float, high: float) -> str:
    if low == high:
        return f"{body} = {low:.9g}"
    left = f"{low:.9g} <= " if np.isfinite(low) else ""
    right = f" <= {high:.9g}" if np.isfinite(high) else ""
    return f"{left}{body}{right}"


def compile_model(pyomo_model: Any) -> Compiled:
    """The arrays of a Pyomo model with one linear objective."""
    with pause_gc():
        from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler
        from scipy.sparse import csc_array

        form = LinearStandardFormCompiler().write(pyomo_model, mixed_form=True, set_sense=None)
    rows, _columns = form.A.shape
    row_lower, row_upper = np.full(rows, -np.inf), np.full(rows, np.inf)
    names = []
    for i, row in enumerate(form.rows):
        # bound_type: -1 for >= rhs, 0 for ==, 1 for <= rhs
        if row.bound_type <= 0:
            row_lower[i] = form.rhs[i]
        if row.bound_type >= 0:
            row_upper[i] = form.rhs[i]
        names.append(row.constraint)
    variables = tuple(form.columns)
    lower = np.array([-np.inf if each.lb is None else each.lb for each in variables], dtype=float)
    upper = np.array([np.inf if each.ub is None else each.ub for each in variables], dtype=float)
    integer = np.array([each.is_integer() or each.is_binary() for each in variables], dtype=bool)
    cost = np.asarray(form.c.todense(), dtype=float).reshape(-1)
    offset = float(np.asarray(form.c_offset).reshape(-1)[0])
    return Compiled(
        cost=cost,
        offset=offset,
        matrix=csc_array(form.A),
        row_lower=row_lower,
        row_upper=row_upper,
        lower=lower,
        upper=upper,
        integer=integer,
        columns=variables,
        rows=tuple(names),
    )
