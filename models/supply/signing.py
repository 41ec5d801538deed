"""When an offer can be signed and when its service then starts; common to leases, contracts and lease-outs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from models.dataset import Dataset
from models.realization import Realization
from models.schema import Contract, Lease, Ramp


class Offer(Protocol):
    """What leases, contracts and lease-outs have in common."""

    @property
    def sign_from(self) -> int | None:
        """The first month number it can be signed; None: the horizon's."""

    @property
    def sign_until(self) -> int | None:
        """The last month number it can be signed; None: the horizon's."""

    @property
    def lead_months(self) -> int:
        """Months from signing to the first service month."""


def service_start(dataset: Dataset, offer: Offer, signed: int, realization: Realization | None = None) -> int:
    """First service month f = max(m + lead_months + delay, service_not_before) of a signing in month m.

    Parameters
    ----------
    dataset
        The problem.
    offer
        A lease, contract or lease-out.
    signed
        The month t of signing.
    realization
        The scenario's factors; the dataset's own where None. Of an offer already signed the delay is the one in force
        when service is due, if it is not in service yet.
    """
    realization = realization or dataset.realization
    not_before = getattr(offer, "service_not_before", None)

    def start(delay: int) -> int:
        earliest = signed + offer.lead_months + delay
        return earliest if not_before is None else max(earliest, dataset.t(not_before))

    if not isinstance(offer, (Lease, Contract)):
        return start(0)
    decided = start(0) if offer.status == "signed" else signed
    return start(realization.delay(_name(offer), decided) if decided >= 0 else 0)


def _name(offer: Lease | Contract) -> str:
    return offer.lease if isinstance(offer, Lease) else offer.contract


def supplier_exit(dataset: Dataset, offer: Offer) -> int | None:
    """The month from which the supplier of an offer has left in this scenario; None where it never does."""
    if not isinstance(offer, (Lease, Contract)):
        return None
    return dataset.realization.exit(_name(offer), offer.provider)


def signing_months(dataset: Dataset, offer: Offer, name: str, *, every_month: bool = False) -> list[int]:
    """Months in which the offer can be signed: in its window, with service starting inside the horizon.

    A signing is a decision common to scenarios: it is on offer where service starts inside the horizon in one of
    them. Once the supplier has left there is nothing to sign. Of several months with the same first service month
    and price, in every scenario, only the last is kept: money paid later costs no more. Not so where caps count
    cash or obligations by month, or a rule speaks of the offer, nor with `every_month`.
    """
    first = 0 if offer.sign_from is None else max(0, dataset.t(offer.sign_from))
    horizon = len(dataset.horizon)
    last = horizon - 1 if offer.sign_until is None else min(horizon - 1, dataset.t(offer.sign_until))
    starts = {
        m: [service_start(dataset, offer, m, each) for each in dataset.realizations] for m in range(first, last + 1)
    }
    months = [m for m, found in starts.items() if min(found) < horizon]
    if not (every_month or _early_signing_may_matter(dataset, name)):
        prices = {m: [each.price(name, m) for each in dataset.realizations] for m in months}
        months = [m for m in months if m + 1 not in prices or (starts[m], prices[m]) != (starts[m + 1], prices[m + 1])]
    exit_month = supplier_exit(dataset, offer)
    return months if exit_month is None else [m for m in months if m < exit_month]


def _early_signing_may_matter(dataset: Dataset, name: str) -> bool:
    by_month = any(cap.measure.startswith(("cash", "obligation")) for cap in dataset.caps)
    return by_month or any(name in rule.offers for rule in dataset.rules)


@dataclass(frozen=True, slots=True)
class RampUp:
    """How capacity and rate build up: `capacity_share` and `rate_multiplier` of service month 1, 2, …."""

    rows: tuple[Ramp, ...]

    def _row(self, service_month: int) -> Ramp | None:
        found = None
        for each in self.rows:
            if each.service_month <= service_month:
                found = each
        return found

    def capacity_share(self, service_month: int) -> float:
        """Share of the capacity online; before the first row 0, without a ramp 1."""
        if not self.rows:
            return 1.0
        row = self._row(service_month)
        return 0.0 if row is None else row.capacity_share

    def rate_multiplier(self, service_month: int) -> float:
        """Multiplier of the rate; without a ramp 1."""
        row = self._row(service_month)
        return 1.0 if row is None else row.rate_multiplier


def ramp_up(dataset: Dataset, ramp: str | None) -> RampUp:
    """The ramp of that name; None means all of it from the first month."""
    rows = sorted((each for each in dataset.ramps if each.ramp == ramp), key=lambda row: row.service_month)
    return RampUp(tuple(rows))


def escalation(rate_per_year: float, service_month: int) -> float:
    """(1 + escalator)^floor((τ-1)/12) for service month τ.

    >>> escalation(0.5, 12), escalation(0.5, 13)
    (1.0, 1.5)
    """
    return float((1.0 + rate_per_year) ** ((service_month - 1) // 12))
