"""What units leased out together take and earn, month by month, for the audit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from models.audit.report import Findings
from models.audit.schedules import AuditedRamp, AuditedSigning
from models.grouping import sums
from models.schema import LeaseOut


@dataclass(frozen=True)
class AuditedLeaseOut(AuditedSigning):
    """Units of a lease-out signed together, with the end chosen."""

    offer: LeaseOut

    @property
    def end(self) -> int:
        return self.signing.end if self.signing.cancelled else self.term_end

    @cached_property
    def ramp(self) -> AuditedRamp:
        """How capacity and fee build up."""
        return AuditedRamp(self.dataset, self.offer.ramp)

    @cached_property
    def hardware(self) -> dict[str, float]:
        """Accelerators of each hardware in one unit."""
        offer = self.offer
        rows = (
            (row.hardware, row.accelerators)
            for row in self.dataset.lease_out_hardware
            if row.lease_out == offer.lease_out
        )
        own = ((offer.hardware, offer.accelerators),) if offer.hardware and offer.accelerators else ()
        return sums([*own, *rows])

    def leased_out(self, t: int) -> Mapping[str, float]:
        if not self.start <= t <= self.end or t >= self.exit_month:
            return {}
        share = self.signing.units * self.ramp.at(t - self.start + 1)[0]
        return {hardware: share * per_unit for hardware, per_unit in self.hardware.items()}

    @cached_property
    def fees(self) -> dict[int, float]:
        """What the terms ask of the taker for each month of the whole term, prepaid or not."""
        found = {}
        for tau in range(1, self.term_months + 1):
            t, (capacity, multiplier) = self.start + tau - 1, self.ramp.at(tau)
            hours = sum(self.hardware.values()) * capacity * self.dataset.hours(t) * self.price
            risen = (1 + self.offer.escalator_per_year) ** ((tau - 1) // 12)
            found[t] = self.signing.units * hours * self.offer.usd_per_accelerator_hour * multiplier * risen
        return found

    def committed(self) -> Iterator[tuple[int, float]]:
        """What the taker owes, beyond the horizon too, less what is paid back to it when its units are recalled."""
        offer, signing = self.offer, self.signing
        if signing.month < self.exit_month:
            prepaid = offer.prepay_share * sum(self.fees.values())
            yield signing.month, offer.upfront_usd_per_unit * self.price * signing.units + prepaid
        later = 0.0
        for t, fee in self.fees.items():
            if t > self.end:
                later += fee
            elif t < self.exit_month:
                yield t, (1 - offer.prepay_share) * fee
        if signing.cancelled and self.end + 1 < self.exit_month:
            yield self.end + 1, -(offer.recall_fee_share + offer.prepay_share) * later

    def payments(self, used: Mapping[int, float], over: Mapping[int, float]) -> Iterator[tuple[int, float, float]]:
        """Income below 0; what is for months beyond the horizon counts at no end of the horizon.

        A taker that leaves keeps nothing of what it paid before, and owes nothing more.
        """
        offer, signing, last = self.offer, self.signing, self.dataset.settings.months - 1
        inside = {t for t in self.fees if t <= last}
        if signing.month <= last and signing.month < self.exit_month:
            upfront = offer.upfront_usd_per_unit * self.price * signing.units
            yield signing.month, -upfront, -upfront * len(inside) / self.term_months
            prepaid = {t: offer.prepay_share * fee for t, fee in self.fees.items()}
            yield signing.month, -sum(prepaid.values()), -sum(prepaid[t] for t in inside)
        for t in (t for t in self.fees if t <= min(self.end, last) and t < self.exit_month):
            fee = (1 - offer.prepay_share) * self.fees[t]
            yield t, -fee, -fee
        if signing.cancelled and self.end + 1 < self.exit_month:
            later = {t: fee for t, fee in self.fees.items() if t > self.end}
            penalty = offer.recall_fee_share * sum(later.values())
            back = {t: offer.prepay_share * fee for t, fee in later.items()}
            counted = penalty + sum(usd for t, usd in back.items() if t in inside)
            yield self.end + 1, penalty + sum(back.values()), counted

    def check_service(self, where: str, findings: Findings) -> None:
        """The end of the term, or the right to recall, its notice and its month."""
        signing, offer, last = self.signing, self.offer, self.dataset.settings.months - 1
        findings.true("term_on_offer", where, signing.term_months == self.term_months)
        findings.true("renewed_as_allowed", where, signing.renewals == 0, signing.renewals, 0)
        if not signing.cancelled:
            findings.true("service_ends_when_due", where, signing.end == self.end, signing.end, self.end)
            return
        findings.true("service_ends_when_due", where, signing.end < self.term_end, signing.end, self.term_end)
        findings.true("cancelled_as_allowed", f"{where}, right to recall", offer.recall_after_months is not None)
        if offer.recall_after_months is not None:
            served, notice = signing.end - self.start + 1, signing.end + 1 - offer.recall_notice_months
            least = max(1, offer.recall_after_months + offer.recall_notice_months)
            findings.true("cancelled_as_allowed", f"{where}, months of service", served >= least, served, least)
            findings.true("cancelled_as_allowed", f"{where}, month of notice", notice >= 0, notice, 0)
            latest = min(last, self.exit_month - 1)
            findings.true("cancelled_as_allowed", f"{where}, month back", signing.end < latest, signing.end, latest - 1)

    def choices(self) -> Mapping[int, int]:
        after, notice = self.offer.recall_after_months, self.offer.recall_notice_months
        if after is None:
            return {}
        first = max(self.start + max(1, after + notice), notice)
        last = min(self.term_end, self.dataset.settings.months - 1)
        return {t: t - notice for t in range(first, last + 1) if t < self.exit_month}
