"""Linear expressions and rows of a Pyomo model, held as flat lists.

Pyomo holds an object for each term, which costs more than the number in it, and more objects for each row. Here they
are made only where Pyomo itself takes a model apart, as its writers and solver interfaces do.
"""

from __future__ import annotations

from array import array
from collections.abc import Hashable
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
    """low <= sum of coefficient x variable <= high; None is no bound."""

    __slots__ = ("coefficients", "high", "low", "variables")

    def set_value(self, expr: tuple[float | None, array[float], list[Any], float | None]) -> None:
        """Sets what the row is: its lower bound, coefficients, variables and upper bound."""
        self.low, self.coefficients, self.variables, self.high = expr

    def to_bounded_expression(self, evaluate_bounds: bool = False) -> tuple[float | None, FlatExpression, float | None]:
        """Lower bound, body and upper bound, as Pyomo takes them."""
        return self.low, FlatExpression(0.0, self.coefficients, self.variables), self.high

    @property
    def expr(self) -> Any:
        """The row as Pyomo writes it."""
        low, body, high = self.to_bounded_expression()
        return tuple_to_relational_expr((body, low) if low == high else (low, body, high))


class FlatRows(IndexedConstraint):  # type: ignore[misc]
    """A family of rows."""

    _ComponentDataClass = FlatRow

    def add_row(self, key: Hashable, row: tuple[float | None, array[float], list[Any], float | None]) -> None:
        """Adds a row of a key that the family does not have yet, without a search for the key in an index set."""
        self._setitem_when_not_present(key, row)


class NumberedVariable(VarData):  # type: ignore[misc]
    """A variable that can be in sets and a key, of itself and not of its value; `place` is its number in compiling."""

    __slots__ = ("place",)
    __hash__ = object.__hash__

    def __getattr__(self, name: str) -> Any:
        if name == "place":  # not numbered yet; copies ask for every slot
            return None
        raise AttributeError(name)


class Columns(IndexedVar):  # type: ignore[misc]
    """A family of variables."""

    _ComponentDataClass = NumberedVariable
