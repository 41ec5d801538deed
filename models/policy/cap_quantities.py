"""What caps count, by scope and month: MW online, money paid and owed, revenue earned, tokens demanded and short.

Each is worked out once. What several rows count is a column of its own, and money owed is a running total
(owed(t) = owed(t-1) + signed in t - due in t), so that the model grows with months and payments and not with their
product.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from models.core.ledgers import Source
from models.core.linear import Linear
from models.core.model import Model
from models.core.scopes import Scoped, capacity_in_scope, in_scope
from models.core.vector import Vector
from models.demand.revenue import earned_by_month
from models.grouping import groups
from models.kinds import PROBE
from models.plan import INTEREST


class Quantity(NamedTuple):
    """What a cap counts in month t: mw, paid, owed, earned, short or demanded, of a scope ("total" has no name)."""

    measure: str
    scope: str
    name: str
    t: int


class CapQuantities:
    """The quantities that caps count, as linear expressions in model units.

    Parameters
    ----------
    model
        All its other terms are in.
    uses
        How many rows count each quantity; those that several do get a column. Without any the model stays as it is.
    """

    def __init__(self, model: Model, uses: Counter[Quantity]) -> None:
        self.model = model
        self._uses = uses
        self._found: dict[Quantity, Linear] = {}
        self._owed_months = groups(((each.scope, each.name), each.t) for each in uses if each.measure == "owed")

    def total(self, constant: float, parts: Mapping[Quantity, float]) -> Linear:
        """A constant plus the sum of weight x quantity, in model units."""
        return Linear(constant).plus_all((self._of(quantity), weight) for quantity, weight in parts.items() if weight)

    def _of(self, quantity: Quantity) -> Linear:
        if quantity not in self._found:
            months = self._owed_months.get((quantity.scope, quantity.name), [])
            if quantity.measure == "owed" and len(months) > 1:
                self._add_running_total(quantity.scope, quantity.name, months)
            else:
                body = self._worked_out(quantity)
                self._found[quantity] = self._as_column(quantity, body) if self._uses[quantity] > 1 else body
        return self._found[quantity]

    def _as_column(self, quantity: Quantity, body: Linear) -> Linear:
        if body.is_constant:
            return body
        column = self.model.add_unbounded("counted_in_caps", tuple(quantity))
        self.model.add_constraint("counted_in_caps_is", tuple(quantity), body.times(1.0).add(column, -1.0), equals=0.0)
        return Linear.of(column)

    def _add_running_total(self, scope: str, name: str, months: list[int]) -> None:
        changes = _owed_changes(self.model, Quantity("owed", scope, name, 0))
        first, owed = min(months), Linear()
        for t in range(max(months) + 1):
            owed = owed.times(1.0).plus(changes[t], 1.0 / self.model.units.usd)
            if t >= first:
                quantity = Quantity("owed", scope, name, t)
                owed = self._found[quantity] = self._as_column(quantity, owed)

    def _worked_out(self, of: Quantity) -> Linear:
        model, usd = self.model, self.model.units.usd
        if of.measure == "mw":
            return Linear().plus_all(
                (online, model.dataset.hardware_of[source.hardware].kw / 1000.0)
                for source, online in self._online[of.t]
                if capacity_in_scope(model.dataset, of, source)
            )
        if of.measure == "paid":
            charges = (
                each for each in model.costs.in_month(of.t) if in_scope(of, each.payer) and each.category != INTEREST
            )
            return Linear().plus_all((each.amount, each.cash / usd) for each in charges)
        if of.measure == "owed":
            changes = _owed_changes(model, of)
            return Linear().plus_all((changes[t], 1.0 / usd) for t in range(of.t + 1))
        if of.measure == "earned":
            return self._earned[of.t].times(1.0 / usd)
        tokens = self._short if of.measure == "short" else self._demanded
        return Linear().plus_all((each, 1.0) for name, each in tokens[of.t] if of.scope == "total" or of.name == name)

    @cached_property
    def _earned(self) -> list[Linear]:
        """USD earned by month t."""
        return earned_by_month(self.model)

    @cached_property
    def _online(self) -> dict[int, list[tuple[Source, Linear]]]:
        """By month t, what every source has online, accelerators."""
        online = self.model.capacity.online.items()
        return groups((t, (source, accelerators)) for (source, t), accelerators in online if source.kind != PROBE)

    @cached_property
    def _short(self) -> dict[int, list[tuple[str, Linear]]]:
        """By month t, segments and their tokens short, in model units."""
        return groups((t, (segment, short)) for (segment, t), short in self.model.shortfall.items())

    @cached_property
    def _demanded(self) -> dict[int, list[tuple[str, Linear]]]:
        """By month t, segments and their tokens demanded after limits, in model units."""
        return groups((t, (segment, demanded)) for (segment, _, t, _), demanded in self.model.demand.items())


def owed_usd(model: Model, scoped: Scoped) -> Vector:
    """USD still due after each month of the horizon from signings up to it, at the variables' current values."""
    changes = _owed_changes(model, scoped)
    return np.array(list(accumulate(changes[t].value() for t in model.dataset.horizon)))


def _owed_changes(model: Model, scoped: Scoped) -> defaultdict[int, Linear]:
    """By month t, what is signed in it (or before month 0) and due later, less what was owed and is due in it; USD."""
    changes: defaultdict[int, Linear] = defaultdict(Linear)
    for payer, by_month in model.obligations.changes.items():
        if in_scope(scoped, payer):
            for t, amount in by_month.items():
                changes[t].plus(amount)
    return changes
