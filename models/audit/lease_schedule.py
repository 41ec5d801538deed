"""What units of a lease signed together bring and cost, month by month, for the audit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from models.audit.report import Findings
from models.audit.schedules import AuditedRamp, AuditedSigning, AuditedSource
from models.grouping import sums
from models.schema import Lease, LeaseTerm


@dataclass(frozen=True)
class AuditedLease(AuditedSigning):
    """Units of a lease signed together, with the end chosen."""

    offer: Lease
    term: LeaseTerm

    @property
    def term_months(self) -> int:
        return self.term.term_months

    @property
    def end(self) -> int:
        """Last month of service."""
        if self.signing.cancelled:
            return self.signing.end
        return self.term_end + self.signing.renewals * (self.term.renewal_months or 0)

    @cached_property
    def ramp(self) -> AuditedRamp:
        """The ramp of the term."""
        return AuditedRamp(self.dataset, self.term.ramp)

    @cached_property
    def hardware(self) -> dict[str, float]:
        """Accelerators of each hardware in one unit."""
        rows = (row for row in self.dataset.lease_hardware if row.lease == self.offer.lease)
        return sums((row.hardware, row.accelerators) for row in rows)

    def online(self, t: int) -> dict[str, float]:
        """Accelerators online in month t, by hardware."""
        if not self.start <= t <= self.end or t >= self.exit_month:
            return {}
        share = self.signing.units * self.delivered(t) * self.ramp.at(t - self.start + 1)[0]
        return {hardware: share * per_unit for hardware, per_unit in self.hardware.items()}

    def fee(self, tau: int) -> float:
        """The fee of service month tau, prepaid or not, as if the term ran on."""
        capacity, multiplier = self.ramp.at(tau)
        if self.term.usd_per_unit_month is not None:
            base = self.term.usd_per_unit_month
        else:
            rate = self.term.usd_per_accelerator_hour or 0.0
            base = rate * sum(self.hardware.values()) * self.dataset.hours(self.start + tau - 1)
        base *= self.price * self.delivered(self.start + tau - 1) * capacity * multiplier
        base *= (1 + self.term.escalator_per_year) ** ((tau - 1) // 12)
        if tau > self.term.term_months:
            base *= self.term.renewal_price_multiple
        return base * self.signing.units

    @cached_property
    def fees(self) -> tuple[float, ...]:
        """Fees of service months 1 … L of the whole term."""
        return tuple(self.fee(tau) for tau in range(1, self.term.term_months + 1))

    @cached_property
    def upfront(self) -> float:
        """USD paid in the month of signing, prepayment apart."""
        return self.term.upfront_usd_per_unit * self.price * self.signing.units

    @property
    def paid_when_signed(self) -> float:
        return self.upfront + self.term.prepay_share * sum(self.fees)

    @property
    def due_after_signing(self) -> tuple[tuple[int, float], ...]:
        """(month, USD) due after signing: fees less what was prepaid, and the termination fee."""
        served = max(self.end - self.start + 1, 0)
        length = self.term.term_months
        due = []
        for tau in range(1, served + 1):
            fee = self.fees[tau - 1] * (1 - self.term.prepay_share) if tau <= length else self.fee(tau)
            due.append((self.start + tau - 1, fee))
        if self.signing.cancelled:
            due.append((self.end + 1, self.term.termination_fee_share * sum(self.fees[served:])))
        return tuple((t, usd) for t, usd in due if t < self.exit_month)

    def sources(self) -> Iterator[AuditedSource]:
        for hardware in self.hardware:
            yield AuditedSource(
                kind=self.signing.kind.name,
                name=self.offer.lease,
                term_months=self.term.term_months,
                provider=self.offer.provider,
                region=self.offer.region,
                site=self.offer.site or self.offer.lease,
                hardware=hardware,
                kw=self.dataset.hardware_of[hardware].kw,
                sublet=self.offer.sublet,
                usage_usd=self.term.usage_usd_per_accelerator_hour,
                overage_share=0.0,
            )

    def payments(self, used: Mapping[int, float], over: Mapping[int, float]) -> Iterator[tuple[int, float, float]]:
        within = [fee for tau, fee in enumerate(self.fees, start=1) if self.inside(self.start + tau - 1)]
        prepay, signed = self.term.prepay_share, self.signing.month
        if signed < self.exit_month:
            yield signed, self.upfront, self.upfront * self.upfront_share
            yield signed, prepay * sum(self.fees), prepay * sum(within)
        for t, usd in self.due_after_signing:
            yield t, usd, usd
        yield from self.deductions()

    @property
    def worth_after_horizon(self) -> Mapping[int, float]:
        first, last = max(self.start, self.dataset.settings.months), min(self.end, self.exit_month - 1)
        months = range(first, int(last) + 1)
        return {t: min(self.fee(t - self.start + 1), self.worth(t, self.online(t))) for t in months}

    def check_service(self, where: str, findings: Findings) -> None:
        """The end of service, the right to cancel and the renewals."""
        signing, term, last = self.signing, self.term, self.dataset.settings.months - 1
        findings.true("term_on_offer", where, True)
        if signing.cancelled:
            findings.true("service_ends_when_due", where, signing.end < self.term_end, signing.end, self.term_end)
            self._check_cancelling(where, findings)
        else:
            findings.true("service_ends_when_due", where, signing.end == self.end, signing.end, self.end)
        if signing.renewals == 0:
            return
        most = 0 if signing.cancelled or term.renewal_months is None else term.renewals_max
        findings.true("renewed_as_allowed", where, 0 <= signing.renewals <= most, signing.renewals, most)
        begins = self.term_end + 1 + (signing.renewals - 1) * (term.renewal_months or 0)
        findings.true("renewed_as_allowed", f"{where}, its supplier", begins < self.exit_month, begins, self.exit_month)
        findings.true("renewed_as_allowed", f"{where}, its last renewal", 0 <= begins <= last, begins, last)

    def _check_cancelling(self, where: str, findings: Findings) -> None:
        signing, term, settings = self.signing, self.term, self.dataset.settings
        served = signing.end - self.start + 1
        findings.true("cancelled_as_allowed", f"{where}, right to cancel", term.cancel_after_months is not None)
        if term.cancel_after_months is None:
            return
        least = max(1, term.cancel_after_months + term.notice_months)
        findings.true("cancelled_as_allowed", f"{where}, months of service", served >= least, served, least)
        # the month after the last one in service is when the stop takes effect
        notice = signing.end + 1 - term.notice_months
        kept = notice >= 0 and (self.reaches_beyond or notice < settings.months)
        limit = 0 if notice < 0 else settings.months - 1
        findings.true("cancelled_as_allowed", f"{where}, month of notice", kept, notice, limit)

    def choices(self) -> Mapping[int, int]:
        term, found = self.term, {}
        over = self.term_end + 1
        if term.cancel_after_months is not None:
            least = max(1, term.cancel_after_months + term.notice_months)
            for t in range(max(self.start + least, term.notice_months), over):
                found[t] = t - term.notice_months
        for k in range(term.renewals_max):
            t = over + k * (term.renewal_months or 0)
            found[t] = t
        # a notice given beyond the horizon is bookkeeping, and with prorate an end beyond it
        months = self.dataset.settings.months
        return {
            t: when
            for t, when in found.items()
            if t < self.exit_month and (when if self.reaches_beyond else t) < months
        }
