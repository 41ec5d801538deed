"""The factors of a scenario, month by month, looked up again for the audit.

Kept apart from what the model uses (`models.realization`): a figure misread there would otherwise pass here too.
"""

from __future__ import annotations

from math import prod

from models.dataset import Dataset
from models.schema import Fleet, ScenarioFactor

EVERYTHING = "*"


def fleet_share(dataset: Dataset, row: Fleet, t: int) -> float:
    """The share of an asset that is online in month t: rows may name it, its provider, its site or its region."""
    return FactorPaths(dataset).product("fleet_share", t, row.asset, row.provider, row.site or row.asset, row.region)


class FactorPaths:
    """The factors of the dataset's scenario; of the plain figures none."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self.rows = dataset.factors.get(dataset.scenario, {})

    def _begins(self, row: ScenarioFactor) -> int:
        return 0 if row.from_month is None else self.dataset.t(row.from_month)

    def _in_force(self, quantity: str, name: str, t: int) -> float | None:
        """The value of the latest row of that name that has begun by month t."""
        own_rows = [each for each in self.rows.get((quantity, name), ()) if self._begins(each) <= t]
        return max(own_rows, key=self._begins).value if own_rows else None

    def _values(self, quantity: str, t: int, *names: str) -> list[float]:
        """Values in force for the names; where none has one, that for everything."""
        found = [self._in_force(quantity, name, t) for name in {*names}]
        own = [each for each in found if each is not None]
        if own:
            return own
        common = self._in_force(quantity, EVERYTHING, t)
        return [] if common is None else [common]

    def product(self, quantity: str, t: int, *names: str) -> float:
        """The product of the factors in force in month t."""
        return prod(self._values(quantity, t, *names)) if self.rows else 1.0

    def addend(self, quantity: str, t: int, name: str) -> float:
        """What is added in month t."""
        return sum(self._values(quantity, t, name)) if self.rows else 0.0

    def first_exit(self, *names: str) -> float:
        """The first month without the supplier; infinity when it stays."""
        own_rows = [row for name in names for row in self.rows.get(("supplier_exit", name), ())]
        own_rows = own_rows or self.rows.get(("supplier_exit", EVERYTHING), [])
        return min((self._begins(each) for each in own_rows), default=float("inf"))

    def delay(self, offer: str, is_signed: bool, signed: int, due: int) -> int:
        """Months an offer comes late: signed in month `signed`, and due to start in `due` without a delay."""
        decided = due if is_signed else signed
        return round(self.addend("delivery_delay_months", decided, offer)) if decided >= 0 or not is_signed else 0
