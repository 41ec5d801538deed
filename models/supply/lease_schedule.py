r"""What one unit of a lease costs and brings, month by month, from its signing to its end.

Signed in month m, service month τ = 1 … L falls in month f + τ - 1, where
f = max(m + lead_months, service_not_before) + delay. Of a unit, in service month τ:
online = accelerators x delivered_share x capacity_share(τ);
fee = rate x delivered_share x capacity_share(τ) x rate_multiplier(τ) x (1 + escalator)^floor((τ-1)/12),
where rate is usd_per_accelerator_hour x accelerators x hours of the month, or usd_per_unit_month,
and x renewal_price_multiple for τ > L. In a scenario the rate and the upfront are x the price factor of month m,
delivered_share x its factor of the month, and from a supplier's exit on there is no service and nothing is due.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from models.core.finance import counted_share_of_prepayment, counted_share_of_upfront
from models.dataset import Dataset
from models.schema import Lease, LeaseTerm
from models.supply.residuals import worth_beyond
from models.supply.signing import RampUp, ServiceSchedule, escalation, ramp_up


@dataclass(frozen=True)
class LeaseSchedule(ServiceSchedule):
    """One unit of a lease, of one of its terms."""

    offer: Lease
    term: LeaseTerm

    @cached_property
    def term_end(self) -> int:
        """The month after the last of the term: f + L."""
        return self.start + self.term.term_months

    @property
    def upfront(self) -> float:
        """USD paid for a unit in the month of signing."""
        return self.term.upfront_usd_per_unit * self.price

    @property
    def counted_upfront(self) -> float:
        """USD of a unit's upfront that the objective counts."""
        return self.upfront * counted_share_of_upfront(self.dataset, self.start, self.term.term_months)

    @property
    def prepayment(self) -> float:
        """USD prepaid for a unit in the month of signing."""
        return self.term.prepay_share * sum(self.term_fees)

    @property
    def counted_prepayment(self) -> float:
        """USD of a unit's prepayment that the objective counts."""
        return self.prepayment * counted_share_of_prepayment(self.dataset, self.start, self.term_fees)

    @cached_property
    def service(self) -> range:
        """Months of the term and of every renewal there can be."""
        return range(self.start, self.term_end + self.term.renewals_max * (self.term.renewal_months or 0))

    @cached_property
    def renewals(self) -> tuple[range, ...]:
        """Months of each renewal that can still be decided: its first month lies inside the horizon."""
        months, horizon = self.term.renewal_months or 0, len(self.dataset.horizon)
        found = []
        for k in range(self.term.renewals_max):
            first = self.term_end + k * months
            if not 0 < first < horizon or not self.supplier_present(first):
                break
            found.append(range(first, first + months))
        return tuple(found)

    @cached_property
    def accelerators(self) -> dict[str, float]:
        """Accelerators per unit, by hardware."""
        rows = self.dataset.parts("lease_hardware").get(self.name, [])
        return {row.hardware: row.accelerators for row in rows}

    @cached_property
    def ramp(self) -> RampUp:
        """How capacity and fee of the term build up."""
        return ramp_up(self.dataset, self.term.ramp)

    @cached_property
    def _hourly(self) -> float:
        """USD per hour of a unit, of all its hardware."""
        return (self.term.usd_per_accelerator_hour or 0.0) * sum(self.accelerators.values())

    def online_share(self, t: int) -> float:
        """Share of a unit's accelerators that is online in month t of its service."""
        return self.of_month(self.arrivals, t) if self.supplier_present(t) else 0.0

    def owed(self, t: int) -> float:
        """USD owed for month t of a unit's service: the fee while the supplier is there."""
        return self.fee(t) if self.supplier_present(t) else 0.0

    @property
    def term_fees(self) -> array[float]:
        """USD billed for each month of the term of a unit."""
        return self.fees[: self.term.term_months]

    @cached_property
    def _last_fees(self) -> array[float]:
        """USD billed for the last 0, 1, 2, … months of the term."""
        return array("d", accumulate(reversed(self.term_fees), initial=0.0))

    def fee(self, t: int) -> float:
        """USD billed for month t of a unit's service, used or not, as the terms have it."""
        return self.of_month(self.fees, t)

    @cached_property
    def fees(self) -> array[float]:
        """USD billed for each month of a unit's service."""
        yearly, months, term_months = self.term.escalator_per_year, len(self.service), self.term.term_months
        if self.term.usd_per_unit_month is not None:
            rates = [self.term.usd_per_unit_month * self.price] * months
        else:
            hourly = self._hourly * self.price
            rates = [hourly * hours for hours in self.hours]
        steps = self.ramp.rate_multipliers(months)
        if yearly:
            steps = [step * escalation(yearly, tau) for tau, step in enumerate(steps, start=1)]
        steps[term_months:] = [step * self.term.renewal_price_multiple for step in steps[term_months:]]
        return array("d", [rate * share * step for rate, share, step in zip(rates, self.arrivals, steps, strict=True)])

    def worth_beyond(self, t: int) -> float:
        """USD that a unit's hours of month t, beyond the horizon, are worth, its fee at the most."""
        share = self.online_share(t)
        return worth_beyond(self.dataset, t, self.owed(t), {name: n * share for name, n in self.accelerators.items()})

    def termination_fee(self, stop: int) -> float:
        """USD due in month `stop`, the first without service, when the unit is cancelled: a share of the fees after."""
        share = self.term.termination_fee_share
        return share * self._last_fees[self.term_end - stop] if share else 0.0

    def may_stop(self, stop: int) -> bool:
        """Whether `stop` can be the first month without service: after the lock-in, notice given in the plan."""
        after = self.term.cancel_after_months
        if after is None or not self.start < stop < self.term_end:
            return False
        notice = self.term.notice_months
        return stop - self.start >= after + notice and stop - notice >= 0 and self.supplier_present(stop)


def schedule_of(dataset: Dataset, lease: str, term_months: int, signed: int) -> LeaseSchedule:
    """One unit of the lease of that name; KeyError where the workbook does not have it, or not that term."""
    for term in dataset.parts("lease_terms").get(lease, []):
        if term.term_months == term_months:
            return LeaseSchedule(dataset, dataset.lease_of[lease], signed, term)
    raise KeyError((lease, term_months))
