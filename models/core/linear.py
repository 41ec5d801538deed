"""Linear: a linear expression under construction, flat, so that building stays close to the solver's own speed.

Pyomo's expression trees cost more than the numbers in them; a Linear collects coefficients and
variables and becomes one Pyomo `LinearExpression` at the end.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import Any

Var = Any
"""A scalar Pyomo variable; Pyomo carries no types."""
CANCELLED = 1e-13
"""What is left of a coefficient is rounding below this share of its largest part."""


class Linear:
    """constant + sum of coefficient x variable."""

    __slots__ = ("coefficients", "constant", "variables")

    def __init__(self, constant: float = 0.0) -> None:
        self.constant = constant
        self.coefficients: Any = []  # lists, which take more fastest; arrays and tuples, which are smaller, once kept
        self.variables: Any = []

    @classmethod
    def of(cls, variable: Var, coefficient: float = 1.0) -> Linear:
        """The expression `coefficient` x `variable`."""
        made = cls()
        if coefficient:
            made.coefficients, made.variables = [coefficient], [variable]
        return made

    def add(self, variable: Var, coefficient: float = 1.0) -> Linear:
        """Adds a variable in place and returns self."""
        if coefficient:
            self.coefficients.append(coefficient)
            self.variables.append(variable)
        return self

    def plus(self, other: Linear, scale: float = 1.0) -> Linear:
        """Adds another Linear in place and returns self."""
        return self.plus_all(((other, scale),))

    def add_all(self, terms: Iterable[tuple[Var, float]]) -> Linear:
        """Adds variables, each with its coefficient, in place and returns self."""
        for variable, coefficient in terms:
            self.add(variable, coefficient)
        return self

    def plus_all(self, terms: Iterable[Scaled]) -> Linear:
        """Adds Linears, each with its scale, in place and returns self."""
        coefficients, variables = self.coefficients, self.variables
        for other, scale in terms:
            if scale == 1.0:
                self.constant += other.constant
                coefficients += other.coefficients
                variables += other.variables
            elif scale:
                self.constant += scale * other.constant
                for each in other.coefficients:  # a loop, not a comprehension: most are of a term or two
                    coefficients.append(scale * each)
                variables += other.variables
        return self

    def add_constant(self, constant: float) -> Linear:
        """Adds a constant in place and returns self."""
        self.constant += constant
        return self

    def times(self, scale: float) -> Linear:
        """A new Linear, scaled."""
        return Linear().plus(self, scale)

    def collect_terms(self) -> Linear:
        """The same with each variable once; none at 0, nor at what rounding leaves of coefficients that cancel.

        Itself where each variable is there once.
        """
        if len(set(self.variables)) == len(self.variables):
            return self
        result = Linear(self.constant)
        totals: dict[Var, float] = {}
        largest: dict[Var, float] = {}
        for variable, coefficient in zip(self.variables, self.coefficients, strict=True):
            if variable in totals:
                largest[variable] = max(abs(coefficient), largest.get(variable) or abs(totals[variable]))
                totals[variable] += coefficient
            else:
                totals[variable] = coefficient
        for variable, part in largest.items():
            if abs(totals[variable]) <= CANCELLED * part:
                del totals[variable]
        result.variables, result.coefficients = list(totals), list(totals.values())
        return result

    def keep(self) -> Linear:
        """Makes it compact, to be kept and no longer added to, and returns self."""
        self.coefficients, self.variables = array("d", self.coefficients), tuple(self.variables)
        return self

    @property
    def is_constant(self) -> bool:
        """Whether it has no variable."""
        return not self.variables

    @property
    def is_zero(self) -> bool:
        """Whether it has no variable and the constant is 0."""
        return not self.variables and self.constant == 0.0

    def expression(self) -> Any:
        """The Pyomo expression."""
        from models.core.flat import FlatExpression

        return FlatExpression(self.constant, array("d", self.coefficients), self.variables)

    def value(self) -> float:
        """The value at the variables' current values."""
        pairs = zip(self.coefficients, self.variables, strict=True)
        return self.constant + float(sum(coefficient * (variable.value or 0.0) for coefficient, variable in pairs))


Scaled = tuple[Linear, float]
"""A Linear and what it is multiplied by."""
