"""When service starts after a signing, and how capacity and rate build up then; common to all kinds of offers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Protocol

from models.dataset import Dataset
from models.months import hours
from models.realization import Realization
from models.schema import Ramp, sheet_of


class Offer(Protocol):
    """What offers of all kinds have in common."""

    @property
    def lead_months(self) -> int:
        """Months from signing to the first service month."""


def service_start(
    dataset: Dataset, offer: Offer, name: str | None, signed: int, realization: Realization | None = None
) -> int:
    """First service month f = max(m + lead_months, service_not_before) + delay of a signing in month m.

    Parameters
    ----------
    dataset
        The problem.
    offer
        The row of an offer.
    name
        The offer whose delay in the scenario counts; None for offers that no factor acts on.
    signed
        The month t of signing.
    realization
        The scenario's factors; the dataset's own where None. Of an offer already signed the delay is the one in force
        when service is due, if it is not in service yet.
    """
    realization = realization or dataset.realization
    not_before = getattr(offer, "service_not_before", None)
    planned = signed + offer.lead_months
    if not_before is not None:
        planned = max(planned, dataset.t(not_before))
    if name is None:
        return planned
    decided = planned if getattr(offer, "status", "offer") == "signed" else signed
    return planned + (realization.delay(name, decided) if decided >= 0 else 0)


@dataclass(frozen=True, slots=True, eq=False)
class RampUp:
    """How capacity and rate build up: `capacity_share` and `rate_multiplier` of service month 1, 2, ….

    There is one object for each ramp of a problem, so that it can be a key of figures that many schedules share.
    """

    rows: tuple[Ramp, ...]
    begins: tuple[int, ...]

    @classmethod
    def of(cls, rows: Iterable[Ramp]) -> RampUp:
        """The ramp of some rows, in any order."""
        ordered = tuple(sorted(rows, key=lambda row: row.service_month))
        return cls(ordered, tuple(row.service_month for row in ordered))

    def _row(self, service_month: int) -> Ramp | None:
        begun = bisect_right(self.begins, service_month)
        return self.rows[begun - 1] if begun else None

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

    def capacity_shares(self, months: int) -> list[float]:
        """`capacity_share` of the first service months."""
        return [self.capacity_share(tau) for tau in range(1, months + 1)] if self.rows else [1.0] * months

    def rate_multipliers(self, months: int) -> list[float]:
        """`rate_multiplier` of the first service months."""
        return [self.rate_multiplier(tau) for tau in range(1, months + 1)] if self.rows else [1.0] * months


AT_ONCE = RampUp((), ())


def ramp_up(dataset: Dataset, ramp: str | None) -> RampUp:
    """The ramp of that name; None means all of it from the first month."""
    if "ramps" not in dataset.common:
        dataset.common["ramps"] = {name: RampUp.of(rows) for name, rows in dataset.parts("ramps").items()}
    found: RampUp = dataset.common["ramps"].get(ramp, AT_ONCE)
    return found


@cache
def escalation(rate_per_year: float, service_month: int) -> float:
    """(1 + escalator)^floor((τ-1)/12) for service month τ.

    >>> escalation(0.5, 12), escalation(0.5, 13)
    (1.0, 1.5)
    """
    return float((1.0 + rate_per_year) ** ((service_month - 1) // 12))


def months_with_capacity(dataset: Dataset, ramp: str | None, starts: Iterable[int], service_months: int) -> set[int]:
    """Months t of the horizon in which service of a length, begun in one of these months, brings capacity."""
    shares = ramp_up(dataset, ramp)
    return {
        t
        for start in set(starts)
        for t in range(max(0, start), min(len(dataset.horizon), start + service_months))
        if shares.capacity_share(t - start + 1) > 0
    }


@dataclass(frozen=True)
class OfferSchedule:
    """An offer signed in month `signed` (negative: before the horizon): when it serves, and what the scenario does."""

    dataset: Dataset
    offer: Any
    signed: int

    @cached_property
    def name(self) -> str:
        """The name of the offer."""
        return str(getattr(self.offer, sheet_of(type(self.offer)).key[0]))

    @cached_property
    def start(self) -> int:
        """First service month f."""
        return service_start(self.dataset, self.offer, self.name, self.signed)

    @cached_property
    def exit_month(self) -> int | None:
        """The month from which the supplier has left; None where it never does."""
        return self.dataset.realization.exit(self.name, self.offer.provider)

    def supplier_present(self, t: int) -> bool:
        """Whether the supplier is still there in month t."""
        return self.exit_month is None or t < self.exit_month

    @property
    def price(self) -> float:
        """What the scenario multiplies the rates and the upfront by."""
        return self.dataset.realization.price(self.name, self.signed)

    @cached_property
    def ramp(self) -> RampUp:
        """How its capacity and its rate build up."""
        return ramp_up(self.dataset, self.offer.ramp)


@dataclass(frozen=True)
class ServiceSchedule(OfferSchedule, ABC):
    """An offer of a share of which may not arrive; its figures by month of service are worked out together."""

    @cached_property
    @abstractmethod
    def service(self) -> range:
        """Months t of its service, were the supplier still there."""

    @cached_property
    def arrivals(self) -> array[float]:
        """By month of service, the share of what was signed for that arrives, were the supplier still there."""
        share, ramp, months = self.offer.delivered_share, self.ramp, len(self.service)
        delivered = self.dataset.realization.deliveries(self.name, self.service)
        if delivered is not None:
            ramped = zip(delivered, ramp.capacity_shares(months), strict=True)
            return array("d", [share * factor * capacity for factor, capacity in ramped])
        known = self.dataset.common.setdefault("arrivals", {})
        if (share, ramp, months) not in known:
            known[share, ramp, months] = array("d", [share * capacity for capacity in ramp.capacity_shares(months)])
        found: array[float] = known[share, ramp, months]
        return found

    @property
    def hours(self) -> Iterator[int]:
        """By month of service, its hours."""
        first = self.dataset.month(self.start)
        return map(hours, range(first, first + len(self.service)))

    def of_month(self, figures: array[float], t: int) -> float:
        """The figure of month t among those by month of service; 0 where it does not serve."""
        return figures[t - self.start] if t in self.service else 0.0
