"""What a signing brings and costs month by month, from the terms in the workbook.

A schedule counts service months 1, 2, … (`tau`) from `start`; months are months t of the horizon,
before and beyond it too. Money is undiscounted and for all units of the signing together.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from models.audit.report import Findings
from models.audit.scenario_factors import FactorPaths
from models.dataset import Dataset
from models.plan import Signing
from models.schema import Contract, ContractTier, Lease, LeaseOut, LeaseTerm, Ramp


class AuditedRamp:
    """Share of capacity online and multiplier of the rate in each service month."""

    def __init__(self, dataset: Dataset, name: str | None) -> None:
        rows = [each for each in dataset.ramps if each.ramp == name] if name is not None else []
        self.rows: list[Ramp] = sorted(rows, key=lambda each: each.service_month)
        self.blank = name is None

    def at(self, tau: int) -> tuple[float, float]:
        """Capacity share and rate multiplier of service month tau; nothing before the first row."""
        if self.blank:
            return 1.0, 1.0
        row = next((each for each in reversed(self.rows) if each.service_month <= tau), None)
        return (0.0, 1.0) if row is None else (row.capacity_share, row.rate_multiplier)


def first_service_month(dataset: Dataset, offer: Any, name: str | None, signed: int) -> int:
    """Month t in which service starts: after the lead time, not before the month agreed, and any delay after that.

    Without a name no factor acts on the offer.
    """
    due, not_before = signed + int(offer.lead_months), getattr(offer, "service_not_before", None)
    if not_before is not None:
        due = max(due, dataset.t(not_before))
    if name is None:
        return due
    is_signed = getattr(offer, "status", "offer") == "signed"
    return due + FactorPaths(dataset).delay(name, is_signed, signed, due)


@dataclass
class AuditedSource:
    """Accelerators of one hardware from one asset, or of one offer and term; `online` by month t.

    `of_site` says whether single-site work can run on it; `usage_usd` is per accelerator-hour used.
    """

    kind: str
    name: str
    term_months: int
    provider: str
    region: str
    site: str
    hardware: str
    kw: float
    sublet: bool
    of_site: bool
    usage_usd: float
    overage_share: float
    online: dict[int, float] = field(default_factory=dict)

    def at(self, t: int) -> float:
        """Accelerators online in month t."""
        return self.online.get(t, 0.0)

    def add(self, t: int, accelerators: float) -> None:
        """Adds accelerators online in month t."""
        self.online[t] = self.at(t) + accelerators


@dataclass(frozen=True)
class AuditedSigning(ABC):
    """Units of an offer signed together, with the end chosen: what they bring, cost and must keep to."""

    dataset: Dataset
    signing: Signing

    @property
    @abstractmethod
    def offer(self) -> Any:
        """The row of the offer."""

    @property
    def uncertain(self) -> bool:
        """Whether a scenario's factors act on it."""
        return True

    @cached_property
    def factors(self) -> FactorPaths:
        """The scenario's factors."""
        return FactorPaths(self.dataset)

    @cached_property
    def exit_month(self) -> float:
        """First month without the supplier."""
        return self.factors.first_exit(self.signing.name, self.offer.provider) if self.uncertain else float("inf")

    @cached_property
    def start(self) -> int:
        """First service month."""
        return self.start_in(self.dataset)

    def start_in(self, view: Dataset) -> int:
        """The same in another scenario."""
        return first_service_month(view, self.offer, self.signing.name if self.uncertain else None, self.signing.month)

    @property
    def term_months(self) -> int:
        """Length of the term signed for, as the workbook has it."""
        return int(self.offer.term_months)

    @property
    def term_end(self) -> int:
        """Last service month of the term, neither cancelled nor renewed."""
        return self.start + self.term_months - 1

    @property
    def end(self) -> int:
        """Last month of service."""
        return self.term_end

    def sources(self) -> Iterator[AuditedSource]:
        """What it brings online, a source for each hardware, nothing online yet."""
        return iter(())

    def online(self, t: int) -> Mapping[str, float]:
        """Accelerators online in month t, by hardware."""
        return {}

    def leased_out(self, t: int) -> Mapping[str, float]:
        """Accelerators that others have in month t, by hardware."""
        return {}

    @abstractmethod
    def payments(self, used: Mapping[int, float], over: Mapping[int, float]) -> Iterator[tuple[int, float, float]]:
        """(month, USD paid, USD that counts undiscounted); `used` and `over` are accelerator-hours by month."""

    @property
    def due_after_signing(self) -> tuple[tuple[int, float], ...]:
        """(month, USD) owed after signing whatever is used."""
        return ()

    def check_service(self, where: str, findings: Findings) -> None:
        """The term, its end, and rights to cancel and renew; here there are none."""
        signing = self.signing
        kept = signing.term_months == self.term_months
        findings.true("term_on_offer", where, kept, signing.term_months, self.term_months)
        findings.true("service_ends_when_due", where, signing.end == self.end, signing.end, self.end)
        findings.true("cancelled_as_allowed", where, not signing.cancelled)
        findings.true("renewed_as_allowed", where, signing.renewals == 0, signing.renewals, 0)

    def choices(self) -> Mapping[int, int]:
        """Months t at whose start units can end, with the month in which that is decided; in none here."""
        return {}

    def counts(self, t: int) -> bool:
        """Whether a payment of month t is one of the plan's: not sunk, and not beyond a prorated horizon."""
        return t >= 0 and (self.full or t < self.dataset.settings.months)

    def inside(self, t: int) -> bool:
        """Whether what is paid for service in month t counts in the objective."""
        return self.full or t in self.dataset.horizon

    @property
    def full(self) -> bool:
        """Whether obligations beyond the horizon count in full."""
        return self.dataset.settings.end_of_horizon == "full"


@dataclass(frozen=True)
class AuditedLease(AuditedSigning):
    """Units of a lease signed together, with the end chosen."""

    lease: Lease
    term: LeaseTerm

    @property
    def offer(self) -> Lease:
        return self.lease

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
        per_unit: dict[str, float] = {}
        for row in self.dataset.lease_hardware:
            if row.lease == self.lease.lease:
                per_unit[row.hardware] = per_unit.get(row.hardware, 0.0) + row.accelerators
        return per_unit

    def online(self, t: int) -> dict[str, float]:
        """Accelerators online in month t, by hardware."""
        if not self.start <= t <= self.end or t >= self.exit_month:
            return {}
        share = self.signing.units * self._delivered(t) * self.ramp.at(t - self.start + 1)[0]
        return {hardware: share * per_unit for hardware, per_unit in self.hardware.items()}

    def _delivered(self, t: int) -> float:
        return self.lease.delivered_share * self.factors.product("delivered_share", t, self.lease.lease)

    @cached_property
    def price(self) -> float:
        """The scenario's multiple of the rates and the upfront, by the month of signing."""
        return self.factors.product("price", self.signing.month, self.lease.lease)

    def fee(self, tau: int) -> float:
        """The fee of service month tau, prepaid or not, as if the term ran on."""
        capacity, multiplier = self.ramp.at(tau)
        if self.term.usd_per_unit_month is not None:
            base = self.term.usd_per_unit_month
        else:
            rate = self.term.usd_per_accelerator_hour or 0.0
            base = rate * sum(self.hardware.values()) * self.dataset.hours(self.start + tau - 1)
        base *= self.price * self._delivered(self.start + tau - 1) * capacity * multiplier
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
                name=self.lease.lease,
                term_months=self.term.term_months,
                provider=self.lease.provider,
                region=self.lease.region,
                site=self.lease.site or self.lease.lease,
                hardware=hardware,
                kw=self.dataset.hardware_of[hardware].kw,
                sublet=self.lease.sublet,
                of_site=True,
                usage_usd=self.term.usage_usd_per_accelerator_hour,
                overage_share=0.0,
            )

    def payments(self, used: Mapping[int, float], over: Mapping[int, float]) -> Iterator[tuple[int, float, float]]:
        within = [fee for tau, fee in enumerate(self.fees, start=1) if self.inside(self.start + tau - 1)]
        prepay, signed = self.term.prepay_share, self.signing.month
        if signed < self.exit_month:
            yield signed, self.upfront, self.upfront * len(within) / self.term.term_months
            yield signed, prepay * sum(self.fees), prepay * sum(within)
        for t, usd in self.due_after_signing:
            yield t, usd, usd

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
        kept = notice >= 0 and (self.full or notice < settings.months)
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
        return {t: when for t, when in found.items() if t < self.exit_month and (when if self.full else t) < months}


@dataclass(frozen=True)
class AuditedContract(AuditedSigning):
    """Blocks of a contract signed together."""

    contract: Contract

    @property
    def offer(self) -> Contract:
        return self.contract

    @cached_property
    def ramp(self) -> AuditedRamp:
        """The ramp of the contract."""
        return AuditedRamp(self.dataset, self.contract.ramp)

    @cached_property
    def kw(self) -> float:
        """Facility power of an accelerator, kW."""
        return self.dataset.hardware_of[self.contract.hardware].kw

    @cached_property
    def tiers(self) -> list[ContractTier]:
        """Its tiers by number of blocks."""
        own = [each for each in self.dataset.contract_tiers if each.contract == self.contract.contract]
        return sorted(own, key=lambda each: each.from_blocks)

    def sources(self) -> Iterator[AuditedSource]:
        contract = self.contract
        yield AuditedSource(
            kind=self.signing.kind.name,
            name=contract.contract,
            term_months=0,
            provider=contract.provider,
            region=contract.region,
            site=contract.site or contract.contract,
            hardware=contract.hardware,
            kw=self.kw,
            sublet=False,
            of_site=contract.take_or_pay_share == 1,
            usage_usd=contract.usage_usd_per_accelerator_hour,
            overage_share=contract.overage_share,
        )

    def online(self, t: int) -> Mapping[str, float]:
        return {self.contract.hardware: self._agreed(self.signing.units, t) if t < self.exit_month else 0.0}

    def _agreed(self, blocks: float, t: int) -> float:
        """Accelerators of some blocks in month t, were the supplier still there."""
        if not self.start <= t <= self.end:
            return 0.0
        accelerators = blocks * self.contract.block_mw * 1000 / self.kw
        delivered = self.contract.delivered_share * self.factors.product("delivered_share", t, self.contract.contract)
        return accelerators * delivered * self.ramp.at(t - self.start + 1)[0]

    @cached_property
    def price(self) -> float:
        """The scenario's multiple of the rates and the upfront, by the month of signing."""
        return self.factors.product("price", self.signing.month, self.contract.contract)

    @property
    def upfront(self) -> float:
        """USD paid in the month of signing, prepayment apart."""
        return self.contract.upfront_usd * self.price

    def _rate(self, tier: ContractTier, t: int) -> float:
        """USD per accelerator-hour of a tier in month t."""
        tau = t - self.start + 1
        if tier.usd_per_kw_month is not None:
            rate = tier.usd_per_kw_month * self.kw / self.dataset.hours(t)
        else:
            rate = tier.usd_per_accelerator_hour or 0.0
        return self.price * rate * self.ramp.at(tau)[1] * (1 + self.contract.escalator_per_year) ** ((tau - 1) // 12)

    def _steps(self, t: int) -> list[tuple[float, float]]:
        """(rate, hours agreed) of the blocks, by the tier that bills them."""
        hours = self.dataset.hours(t)
        blocks = self.signing.units
        if not self.tiers:
            return []
        if self.contract.tier_mode == "all_units":
            reached = [each for each in self.tiers if each.from_blocks <= blocks] or self.tiers[:1]
            return [(self._rate(reached[-1], t), self._agreed(blocks, t) * hours)]
        steps = []
        for place, tier in enumerate(self.tiers):
            before = 0.0 if place == 0 else tier.from_blocks - 1.0
            after = self.tiers[place + 1].from_blocks - 1.0 if place + 1 < len(self.tiers) else blocks
            billed = min(after, blocks) - before
            if billed > 0:
                steps.append((self._rate(tier, t), self._agreed(billed, t) * hours))
        return steps

    def minimum(self, t: int) -> float:
        """The take-or-pay part of month t's bill, prepaid or not."""
        return sum(rate * self.contract.take_or_pay_share * online for rate, online in self._steps(t))

    @cached_property
    def minimums(self) -> dict[int, float]:
        """The take-or-pay part of each month's bill, USD."""
        return {t: self.minimum(t) for t in range(self.start, self.end + 1)}

    def bill(self, t: int, hours_used: float) -> float:
        """Month t's bill, prepaid part and all: hours above take-or-pay fall where the rate is least."""
        paid_anyhow = self.contract.take_or_pay_share
        steps = sorted(self._steps(t))
        left = hours_used - sum(paid_anyhow * online for _, online in steps)
        bill = self.minimums.get(t, 0.0)
        for rate, online in steps:
            billed = max(0.0, min(left, (1 - paid_anyhow) * online))
            bill += rate * billed
            left -= billed
        return bill + (steps[-1][0] * max(0.0, left) if steps else 0.0)

    def overage(self, t: int, hours: float) -> float:
        """What use above what is online costs in month t, without the usage charge."""
        steps = self._steps(t)
        if not steps or hours == 0:
            return 0.0
        # incremental tiers: `_steps` opens with the first tier; all units: the only one is the tier reached
        return steps[0][0] * self.contract.overage_price_multiple * hours

    @property
    def due_after_signing(self) -> tuple[tuple[int, float], ...]:
        """(month, USD) owed after signing whatever is used: take-or-pay less what was prepaid."""
        unpaid = 1 - self.contract.prepay_share
        return tuple((t, unpaid * usd) for t, usd in self.minimums.items() if t < self.exit_month)

    def payments(self, used: Mapping[int, float], over: Mapping[int, float]) -> Iterator[tuple[int, float, float]]:
        contract, minimums, prepay = self.contract, self.minimums, self.contract.prepay_share
        within = [usd for t, usd in minimums.items() if self.inside(t)]
        signed = self.signing.month
        if signed < self.exit_month:
            yield signed, self.upfront, self.upfront * len(within) / contract.term_months
            yield signed, prepay * sum(minimums.values()), prepay * sum(within)
        billed: dict[int, float] = {}
        for t, minimum in minimums.items():
            if self.counts(t) and t < self.exit_month:
                billed[t] = self.bill(t, used.get(t, 0.0)) + self.overage(t, over.get(t, 0.0))
                due = billed[t] - prepay * minimum
                yield t, due, due
        for first in range(self.start, self.end + 1, 12):
            year = [t for t in range(first, min(first + 12, self.end + 1)) if t in billed]
            if year:
                before = self.dataset.billed_before(contract.contract, year)
                least = contract.min_spend_usd_per_year * (before.months + len(year)) / 12
                top_up = max(0.0, least - before.usd - sum(billed[t] for t in year))
                yield year[-1], top_up, top_up


@dataclass(frozen=True)
class AuditedLeaseOut(AuditedSigning):
    """Units of a lease-out signed together."""

    lease_out: LeaseOut

    @property
    def offer(self) -> LeaseOut:
        return self.lease_out

    @property
    def uncertain(self) -> bool:
        return False

    def leased_out(self, t: int) -> Mapping[str, float]:
        taken = self.signing.units * self.lease_out.accelerators
        return {self.lease_out.hardware: taken} if self.start <= t <= self.end else {}

    def payments(self, used: Mapping[int, float], over: Mapping[int, float]) -> Iterator[tuple[int, float, float]]:
        offer = self.lease_out
        for t in range(self.start, self.end + 1):
            income = offer.usd_per_accelerator_hour * offer.accelerators * self.signing.units * self.dataset.hours(t)
            yield t, -income, -income
