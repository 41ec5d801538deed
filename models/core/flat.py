"""Linear expressions and rows of a Pyomo model, held as flat lists.

Pyomo holds an object for each term, which costs more than the number in it, and more objects for each row. Here they
are made only where Pyomo itself takes a model apart, as its writers and solver interfaces do.
"""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Iterable, Mapping
from math import inf
from types import MappingProxyType
from typing import Any

from pyomo.core.base.constraint import ConstraintData, IndexedConstraint
from pyomo.core.base.expression import NamedExpressionData
from pyomo.core.base.var import IndexedVar, VarData
from pyomo.core.expr.numeric_expr import LinearExpression
from pyomo.core.expr.relational_expr import tuple_to_relational_expr


class FlatExpression(NamedExpressionData):  # type: ignore[misc]
    """constant + sum of coefficient x variable; to Pyomo a named expression of one `LinearExpression`."""

    __slots__ = ("coefficients", "constant", "variables")

    def __init__(self, constant: float, coefficients: array[float], variables: list[Any]) -> None:
        self.constant, self.coefficients, self.variables = constant, coefficients, variables

    @property
    def _args_(self) -> tuple[LinearExpression]:
        return (LinearExpression(constant=self.constant, linear_coefs=self.coefficients, linear_vars=self.variables),)


class FlatRow(ConstraintData):  # type: ignore[misc]
    """low <= sum of coefficient x variable <= high, row `number` of its family, which holds the figures."""

    __slots__ = ("number",)

    def set_value(self, number: int) -> None:
        """Sets which row of the family it is."""
        self.number = number

    def to_bounded_expression(
        self, evaluate_bounds: bool = False
    ) -> tuple[float | None, LinearExpression, float | None]:
        """Lower bound, body and upper bound, as Pyomo takes them; None is no bound.

        The body is made anew each time, so that it must be no named expression: those Pyomo remembers by their address.
        """
        family, number = self.parent_component(), self.number
        span = slice(family.ends[number], family.ends[number + 1])
        variables = [family.variables[place] for place in family.places[span]]
        low, high = family.lower[number], family.upper[number]
        return (
            None if low == -inf else low,
            LinearExpression(linear_coefs=family.coefficients[span], linear_vars=variables),
            None if high == inf else high,
        )

    @property
    def expr(self) -> Any:
        """The row as Pyomo writes it."""
        low, body, high = self.to_bounded_expression()
        return tuple_to_relational_expr((body, low) if low == high else (low, body, high))


class FlatRows(IndexedConstraint):  # type: ignore[misc]
    """A family of rows, held one behind the other.

    Attributes
    ----------
    variables
        All variables of the model, by `place`.
    coefficients, places
        Of the terms of all rows: coefficient and variable.
    ends
        Where the terms of each row end, 0 before the first.
    lower, upper
        The bounds of each row, infinite where there is none.
    """

    _ComponentDataClass = FlatRow

    def __init__(self, index: Any, variables: list[NumberedVariable]) -> None:
        super().__init__(index)
        self.variables = variables
        self.coefficients, self.places, self.ends = array("d"), array("i"), array("i", [0])
        self.lower, self.upper = array("d"), array("d")

    def add_row(
        self, key: Hashable, low: float, coefficients: Iterable[float], variables: list[Any], high: float
    ) -> None:
        """Adds a row of a key that the family does not have yet, without a search for the key in an index set."""
        self._setitem_when_not_present(key, len(self.lower))
        self.coefficients.fromlist([*coefficients])
        self.places.fromlist([each.place for each in variables])
        self.ends.append(len(self.places))
        self.lower.append(low)
        self.upper.append(high)


class NumberedVariable(VarData):  # type: ignore[misc]
    """A variable that can be in sets and a key, of itself and not of its value; `place` is its number in the model."""

    __slots__ = ("place",)
    __hash__ = object.__hash__


class Columns(IndexedVar):  # type: ignore[misc]
    """A family of variables."""

    _ComponentDataClass = NumberedVariable

    def by_index(self) -> Mapping[Any, NumberedVariable]:
        """The variables by their index in the family, in its order: the family's own, so no copy of it."""
        return MappingProxyType(self._data)
