"""The factors of a scenario, month by month, looked up again for the audit.

Kept apart from what the model uses (`models.realization`): a figure misread there would otherwise pass here too.
"""

from __future__ import annotations

from math import prod

from models.dataset import Dataset
from models.schema import Fleet, ScenarioFactor

EVERYTHING = "*"
Rows = dict[tuple[str, str], list[ScenarioFactor]]
"""By quantity and name."""


def fleet_share(dataset: Dataset, row: Fleet, t: int) -> float:
    """The share of an asset that is online in month t: rows may name it, its provider, its site or its region."""
    return FactorPaths(dataset).product("fleet_share", t, row.asset, row.provider, row.site or row.asset, row.region)


class FactorPaths:
    """The factors of the dataset's scenario, and those of no scenario, which act in each and in the plain figures."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self.layers = [
            dataset.factors[name] for name in dict.fromkeys(("", dataset.scenario)) if name in dataset.factors
        ]

    def _begins(self, row: ScenarioFactor) -> int:
        return 0 if row.from_month is None else self.dataset.t(row.from_month)

    def _in_force(self, rows: Rows, quantity: str, name: str, t: int) -> float | None:
        """The value of the latest row of that name that has begun by month t."""
        own_rows = [each for each in rows.get((quantity, name), ()) if self._begins(each) <= t]
        return max(own_rows, key=self._begins).value if own_rows else None

    def _values(self, quantity: str, t: int, *names: str) -> list[float]:
        """Values in force for the names; where none has one, that for everything."""
        found: list[float] = []
        for rows in self.layers:
            named = [self._in_force(rows, quantity, name, t) for name in {*names}]
            own = [each for each in named if each is not None]
            common = None if own else self._in_force(rows, quantity, EVERYTHING, t)
            found += own if common is None else [common]
        return found

    def product(self, quantity: str, t: int, *names: str) -> float:
        """The product of the factors in force in month t."""
        return prod(self._values(quantity, t, *names))

    def addend(self, quantity: str, t: int, name: str) -> float:
        """What is added in month t."""
        return sum(self._values(quantity, t, name))

    def first_exit(self, *names: str) -> float:
        """The first month without the supplier; infinity when it stays."""
        months = [float("inf")]
        for rows in self.layers:
            own_rows = [row for name in names for row in rows.get(("supplier_exit", name), ())]
            months += [self._begins(each) for each in own_rows or rows.get(("supplier_exit", EVERYTHING), [])]
        return min(months)

    def delay(self, offer: str, is_signed: bool, signed: int, due: int) -> int:
        """Months an offer comes late: signed in month `signed`, and due to start in `due` without a delay."""
        decided = due if is_signed else signed
        return round(self.addend("delivery_delay_months", decided, offer)) if decided >= 0 or not is_signed else 0
