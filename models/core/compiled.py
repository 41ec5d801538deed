"""Compiled: a Pyomo model as plain arrays, rows bounded on both sides, ready for any solver.

The rows of `Model` are linear expressions of Pyomo's with each variable once, so that their terms are read off.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from itertools import accumulate, chain, compress
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from models.core.vector import Vector
from models.garbage import pause_gc

if TYPE_CHECKING:
    from scipy.sparse import csc_array, csr_array, sparray


ROUNDING = 1e-12
"""Values of columns smaller than this, in model units, are what rounding left of zero."""


@dataclass(frozen=True, slots=True)
class Size:
    """Rows, columns, integer columns and nonzeros."""

    rows: int
    columns: int
    integers: int
    nonzeros: int


@dataclass(frozen=True, slots=True)
class Named:
    """A column or row whose Pyomo model is gone: its family and key, asked for as they are of Pyomo's."""

    name: str
    key: Hashable

    def parent_component(self) -> Named:
        """The family, which has its `name`."""
        return self

    def index(self) -> Hashable:
        """The key in the family."""
        return self.key

    def model(self) -> None:
        """The model, which is gone."""


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

    def without_model(self, known: dict[Named, Named]) -> Compiled:
        """The same arrays without the Pyomo model behind them; names are shared with those `known` of others."""

        def named(each: Any) -> Named:
            name = Named(each.parent_component().name, each.index())
            return known.setdefault(name, name)

        return replace(self, columns=tuple(map(named, self.columns)), rows=tuple(map(named, self.rows)))

    def objective(self, values: Vector) -> float:
        """What is minimised, at the columns' values."""
        return float(self.cost @ values) + self.offset

    def rounded(self, values: Vector) -> Vector:
        """The values a solver means: its own may be a hair outside their bounds, and its integers a hair off whole."""
        rounded = np.clip(np.where(self.integer, np.round(values), values), self.lower, self.upper)
        rounded[np.abs(rounded) < ROUNDING] = 0.0
        return rounded

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
    """The arrays of a Pyomo model of `FlatRows` and one objective, a `FlatExpression`, with each variable once."""
    with pause_gc():
        from pyomo.core import Constraint, Objective, SortComponents, Var
        from scipy.sparse import csr_array

        order = SortComponents.deterministic
        variables = [tuple(each.values(order)) for each in pyomo_model.component_objects(Var)]
        families = list(pyomo_model.component_objects(Constraint, sort=order))
        rows = [tuple(each.values(order)) for each in families]
        begins = accumulate((len(each.lower) for each in families), initial=0)
        which = np.array(
            [begin + row.number for begin, own in zip(begins, rows, strict=False) for row in own], np.int32
        )
        (objective,) = pyomo_model.component_data_objects(Objective)
        priced = np.array([variable.place for variable in objective.expr.variables], dtype=np.int32)
        terms = _by_place(families, sum(map(len, variables)))[which]
        found, column = _by_first(variables, np.append(priced, terms.indices))
        cost = np.zeros(len(found))
        cost[column[priced]] = objective.expr.coefficients
        matrix = csr_array((terms.data, column[terms.indices], terms.indptr), shape=(len(which), len(found))).tocsc()
        del terms
        used = (np.diff(matrix.indptr) > 0) | (cost != 0.0)
        columns = tuple(compress(found, used))
        lower, upper = _ends([each.bounds for each in columns])
        return Compiled(
            cost=cost[used],
            offset=float(objective.expr.constant),
            matrix=matrix if used.all() else matrix[:, used],
            row_lower=_joined(each.lower for each in families)[which],
            row_upper=_joined(each.upper for each in families)[which],
            lower=lower,
            upper=upper,
            integer=np.array([each.is_integer() for each in columns], dtype=bool),
            columns=columns,
            rows=tuple(chain.from_iterable(rows)),
        )


def _joined(parts: Iterable[Any], dtype: Any = float) -> npt.NDArray[Any]:
    """Arrays of figures of one type, one behind the other."""
    return np.concatenate([np.empty(0, dtype), *map(np.asarray, parts)])


def _by_place(families: list[Any], variables: int) -> csr_array:
    """The rows of families, one family behind the other, over the places of all variables."""
    from scipy.sparse import csr_array

    lengths = _joined((np.diff(each.ends) for each in families), np.int32)
    ends = np.append(np.int32(0), np.cumsum(lengths, dtype=np.int32))
    places = _joined((each.places for each in families), np.int32)
    return csr_array((_joined(each.coefficients for each in families), places, ends), shape=(len(lengths), variables))


def _by_first(
    families: list[tuple[Any, ...]], places: npt.NDArray[np.int32]
) -> tuple[list[Any], npt.NDArray[np.int32]]:
    """The variables of families that occur, each family whole where one of it first does, and the column of each place.

    Parameters
    ----------
    families
        All variables.
    places
        Of the variables of terms, in the order of these.
    """
    first = np.full(sum(map(len, families)), len(places), dtype=np.int32)
    first[places[::-1]] = np.arange(len(places) - 1, -1, -1, dtype=np.int32)
    column, found = np.empty_like(first), list[Any]()
    within = [np.array([each.place for each in family], dtype=np.int32) for family in families]
    for begun, i in sorted((first[own].min(initial=len(places)), i) for i, own in enumerate(within)):
        if begun < len(places):
            column[within[i]] = range(len(found), len(found) + len(families[i]))
            found += families[i]
    return found, column


def _ends(bounds: list[tuple[float | None, float | None]]) -> tuple[Vector, Vector]:
    """Lower and upper bounds, infinite where there is none."""
    lower = np.array([-np.inf if low is None else low for low, _ in bounds], dtype=float)
    return lower, np.array([np.inf if high is None else high for _, high in bounds], dtype=float)
