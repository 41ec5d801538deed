r"""What one unit of a lease-out takes and brings in, month by month, from its signing to its end.

Signed in month m, service month τ = 1 … L falls in month f + τ - 1, f = max(m + lead_months, service_not_before).
Leased out in it: accelerators x capacity_share(τ). The taker owes
fee(τ) = usd_per_accelerator_hour x accelerators x hours of the month x capacity_share(τ) x rate_multiplier(τ)
x (1 + escalator)^floor((τ-1)/12). Income for service beyond the horizon counts at no end of the horizon.
In a scenario f is later by the delay, fees and the upfront are x the price factor of month m, and from the taker's exit
on nothing is leased out and nothing is due; what was prepaid is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from models.dataset import Dataset
from models.schema import LeaseOut
from models.supply.signing import OfferSchedule, escalation


def accelerators_per_unit(dataset: Dataset, offer: LeaseOut) -> dict[str, float]:
    """Accelerators of a unit, by hardware."""
    if offer.hardware is not None:
        return {offer.hardware: offer.accelerators or 0.0}
    rows = dataset.lease_out_hardware
    return {row.hardware: row.accelerators for row in rows if row.lease_out == offer.lease_out}


@dataclass(frozen=True)
class LeaseOutSchedule(OfferSchedule):
    """One unit of a lease-out signed in month `signed` (negative: before the horizon)."""

    offer: LeaseOut

    @property
    def term_end(self) -> int:
        """The month after the last of the term: f + L."""
        return self.start + self.offer.term_months

    @cached_property
    def accelerators(self) -> dict[str, float]:
        """Accelerators per unit, by hardware."""
        return accelerators_per_unit(self.dataset, self.offer)

    def share(self, t: int) -> float:
        """Share of a unit's accelerators that the taker has in month t of the service."""
        return self._agreed_share(t) if self.supplier_present(t) else 0.0

    def _agreed_share(self, t: int) -> float:
        return self.ramp.capacity_share(t - self.start + 1)

    def fee(self, t: int) -> float:
        """USD for month t of a unit's service, prepaid or not, as the terms have it."""
        service_month = t - self.start + 1
        hourly = self.offer.usd_per_accelerator_hour * sum(self.accelerators.values()) * self.dataset.hours(t)
        steps = self.ramp.rate_multiplier(service_month) * escalation(self.offer.escalator_per_year, service_month)
        return hourly * self.price * self._agreed_share(t) * steps

    @property
    def upfront(self) -> tuple[float, float]:
        """USD received for a unit in the month of signing, and what of it the objective counts."""
        usd, length = self.offer.upfront_usd_per_unit * self.price, self.offer.term_months
        inside = max(0, min(self.term_end, len(self.dataset.horizon)) - self.start)
        return usd, usd * inside / length

    @cached_property
    def prepaid(self) -> tuple[float, float]:
        """The same of the fees that are paid in advance."""
        return self.prepaid_from(self.start)

    def prepaid_from(self, first: int) -> tuple[float, float]:
        """The same of those of month `first` and after."""
        if not self.offer.prepay_share:
            return 0.0, 0.0
        fees = {t: self.offer.prepay_share * self.fee(t) for t in range(first, self.term_end)}
        return sum(fees.values()), sum(usd for t, usd in fees.items() if t in self.dataset.horizon)

    def due(self, t: int) -> float:
        """USD that the taker pays in month t of a unit's service."""
        return (1.0 - self.offer.prepay_share) * self.fee(t) if self.supplier_present(t) else 0.0

    def paid_back(self, stop: int) -> tuple[float, float]:
        """USD that we pay in month `stop`, the first without service, to recall a unit, and what of it counts.

        The recall fee and the prepaid fees after; of these only what is for months inside the horizon counts, as it did
        when it was received.
        """
        left = sum(self.fee(t) for t in range(stop, self.term_end)) if self.offer.recall_fee_share else 0.0
        fee, (prepaid, counted) = self.offer.recall_fee_share * left, self.prepaid_from(stop)
        return fee + prepaid, fee + counted

    @cached_property
    def recalls(self) -> tuple[int, ...]:
        """Months of the horizon at whose start a unit can be back: after the lock-in, notice given in the plan.

        A taker that has left has nothing to give back.
        """
        after, notice = self.offer.recall_after_months, self.offer.recall_notice_months
        if after is None:
            return ()
        earliest = max(self.start + max(1, after + notice), notice)
        months = range(earliest, min(self.term_end, len(self.dataset.horizon)))
        return tuple(t for t in months if self.supplier_present(t))
