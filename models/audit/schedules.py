"""What a signing brings and costs month by month, from the terms in the workbook.

A schedule counts service months 1, 2, … (`tau`) from `start`; months are months t of the horizon,
before and beyond it too. Money is undiscounted and for all units of the signing together.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from models.audit.scenario_factors import FactorPaths
from models.dataset import Dataset
from models.plan import Signing
from models.schema import Contract, ContractTier, Lease, LeaseOut, LeaseTerm, Ramp


def first_service_month(dataset: Dataset, offer: Lease | Contract | LeaseOut, signed: int) -> int:
    """Month t in which service starts: after the lead time and any delay, not before the month agreed."""
    start = signed + offer.lead_months
    if isinstance(offer, LeaseOut):
        return start
    agreed = float("-inf") if offer.service_not_before is None else dataset.t(offer.service_not_before)
    delay = FactorPaths(dataset).delay(offer, signed, int(max(start, agreed)))
    return int(max(start + delay, agreed))


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


@dataclass(frozen=True)
class AuditedLease:
    """Units of a lease signed together, with the end chosen."""

    dataset: Dataset
    signing: Signing
    lease: Lease
    term: LeaseTerm

    @cached_property
    def factors(self) -> FactorPaths:
        """The scenario's factors."""
        return FactorPaths(self.dataset)

    @cached_property
    def exit_month(self) -> float:
        """First month without the supplier."""
        return self.factors.exit_month(self.lease)

    @cached_property
    def start(self) -> int:
        """First month of service."""
        return first_service_month(self.dataset, self.lease, self.signing.month)

    @cached_property
    def term_end(self) -> int:
        """Last service month of the term, neither cancelled nor renewed."""
        return self.start + self.term.term_months - 1

    @cached_property
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

    @cached_property
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


@dataclass(frozen=True)
class AuditedContract:
    """Blocks of a contract signed together."""

    dataset: Dataset
    signing: Signing
    contract: Contract

    @cached_property
    def factors(self) -> FactorPaths:
        """The scenario's factors."""
        return FactorPaths(self.dataset)

    @cached_property
    def exit_month(self) -> float:
        """First month without the supplier."""
        return self.factors.exit_month(self.contract)

    @cached_property
    def start(self) -> int:
        """First month of service."""
        return first_service_month(self.dataset, self.contract, self.signing.month)

    @cached_property
    def end(self) -> int:
        """Last month of service."""
        return self.start + self.contract.term_months - 1

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

    def online(self, t: int) -> float:
        """Accelerators online in month t."""
        return self._agreed(self.signing.units, t) if t < self.exit_month else 0.0

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

    @cached_property
    def due_after_signing(self) -> tuple[tuple[int, float], ...]:
        """(month, USD) owed after signing whatever is used: take-or-pay less what was prepaid."""
        unpaid = 1 - self.contract.prepay_share
        return tuple((t, unpaid * usd) for t, usd in self.minimums.items() if t < self.exit_month)
