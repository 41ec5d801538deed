"""The factors of a scenario, month by month, looked up again for the audit.

Kept apart from what the model uses (`models.realization`): a figure misread there would otherwise pass here too.
"""

from __future__ import annotations

from math import prod

from models.dataset import Dataset
from models.schema import Contract, Lease, LeaseOut, ScenarioFactor

EVERYTHING = "*"


class FactorPaths:
    """The factors of the dataset's scenario; of the plain figures none."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self.rows = [each for each in dataset.scenario_factors if dataset.scenario == each.scenario != ""]

    def _begins(self, row: ScenarioFactor) -> int:
        return 0 if row.from_month is None else self.dataset.t(row.from_month)

    def _in_force(self, quantity: str, name: str, t: int) -> float | None:
        """The value of the latest row of that name that has begun by month t."""
        own_rows = [
            each for each in self.rows if (each.quantity, each.name) == (quantity, name) and self._begins(each) <= t
        ]
        return max(own_rows, key=self._begins).value if own_rows else None

    def _values(self, quantity: str, t: int, *names: str) -> list[float]:
        """Values in force for the names; where none has one, that for everything."""
        found = [self._in_force(quantity, name, t) for name in names]
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
        exits = [each for each in self.rows if each.quantity == "supplier_exit"]
        own_rows = [each for each in exits if each.name in names] or [each for each in exits if each.name == EVERYTHING]
        return min((self._begins(each) for each in own_rows), default=float("inf"))

    def exit_month(self, offer: Lease | Contract | LeaseOut) -> float:
        """The same for an offer, by its own name or its provider's; takers of lease-outs are no suppliers."""
        if isinstance(offer, LeaseOut):
            return float("inf")
        return self.first_exit(offer_name(offer), offer.provider)

    def delay(self, offer: Lease | Contract, signed: int, due: int) -> int:
        """Delay in months of an offer signed in month `signed` whose service would start in month `due` without one."""
        if offer.status == "signed":
            return round(self.addend("delivery_delay_months", due, offer_name(offer))) if due >= 0 else 0
        return round(self.addend("delivery_delay_months", signed, offer_name(offer)))


def offer_name(offer: Lease | Contract) -> str:
    """The name of a lease, a contract or a lease-out."""
    return offer.lease if isinstance(offer, Lease) else offer.contract
