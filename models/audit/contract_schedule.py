"""What blocks of a contract signed together bring and cost, month by month, for the audit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from models.audit.schedules import AuditedRamp, AuditedSigning, AuditedSource, counts
from models.schema import Contract, ContractTier


@dataclass(frozen=True)
class AuditedContract(AuditedSigning):
    """Blocks of a contract signed together."""

    offer: Contract

    @cached_property
    def ramp(self) -> AuditedRamp:
        """The ramp of the contract."""
        return AuditedRamp(self.dataset, self.offer.ramp)

    @cached_property
    def kw(self) -> float:
        """Facility power of an accelerator, kW."""
        return self.dataset.hardware_of[self.offer.hardware].kw

    @cached_property
    def tiers(self) -> list[ContractTier]:
        """Its tiers by number of blocks."""
        own = [each for each in self.dataset.contract_tiers if each.contract == self.offer.contract]
        return sorted(own, key=lambda each: each.from_blocks)

    def sources(self) -> Iterator[AuditedSource]:
        contract = self.offer
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
            usage_usd=contract.usage_usd_per_accelerator_hour,
            overage_share=contract.overage_share,
        )

    def online(self, t: int) -> Mapping[str, float]:
        return {self.offer.hardware: self._agreed(self.signing.units, t) if t < self.exit_month else 0.0}

    def _agreed(self, blocks: float, t: int) -> float:
        """Accelerators of some blocks in month t, were the supplier still there."""
        if not self.start <= t <= self.end:
            return 0.0
        accelerators = blocks * self.offer.block_mw * 1000 / self.kw
        return accelerators * self.delivered(t) * self.ramp.at(t - self.start + 1)[0]

    @property
    def upfront(self) -> float:
        """USD paid in the month of signing, prepayment apart."""
        return self.offer.upfront_usd * self.price

    def _rate(self, tier: ContractTier, t: int) -> float:
        """USD per accelerator-hour of a tier in month t."""
        tau = t - self.start + 1
        if tier.usd_per_kw_month is not None:
            rate = tier.usd_per_kw_month * self.kw / self.dataset.hours(t)
        else:
            rate = tier.usd_per_accelerator_hour or 0.0
        return self.price * rate * self.ramp.at(tau)[1] * (1 + self.offer.escalator_per_year) ** ((tau - 1) // 12)

    def _steps(self, t: int) -> list[tuple[float, float]]:
        """(rate, hours agreed) of the blocks, by the tier that bills them."""
        hours = self.dataset.hours(t)
        blocks = self.signing.units
        if not self.tiers:
            return []
        if self.offer.tier_mode == "all_units":
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
        return sum(rate * self.offer.take_or_pay_share * online for rate, online in self._steps(t))

    @cached_property
    def minimums(self) -> dict[int, float]:
        """The take-or-pay part of each month's bill, USD."""
        return {t: self.minimum(t) for t in range(self.start, self.end + 1)}

    def bill(self, t: int, hours_used: float) -> float:
        """Month t's bill, prepaid part and all: hours above take-or-pay fall where the rate is least."""
        paid_anyhow = self.offer.take_or_pay_share
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
        return steps[0][0] * self.offer.overage_price_multiple * hours

    @property
    def paid_when_signed(self) -> float:
        return self.upfront + self.offer.prepay_share * sum(self.minimums.values())

    def committed(self) -> Iterator[tuple[int, float]]:
        """Minimum spend too, in whole contract years."""
        yield from super().committed()
        for first in range(self.start, self.end + 1, 12):
            year = range(first, min(first + 12, self.end + 1))
            if year[-1] < self.exit_month:
                least = self.offer.min_spend_usd_per_year * len(year) / 12
                yield year[-1], max(0.0, least - sum(self.minimums[t] for t in year))

    @property
    def due_after_signing(self) -> tuple[tuple[int, float], ...]:
        """(month, USD) owed after signing whatever is used: take-or-pay less what was prepaid."""
        unpaid = 1 - self.offer.prepay_share
        return tuple((t, unpaid * usd) for t, usd in self.minimums.items() if t < self.exit_month)

    @property
    def worth_after_horizon(self) -> Mapping[int, float]:
        found, share = {}, self.offer.take_or_pay_share
        for t in range(max(self.start, self.dataset.settings.months), self.end + 1):
            hours = self.dataset.hours(t)
            found[t] = (
                sum(
                    min(rate * share * online, self.worth(t, {self.offer.hardware: online / hours}))
                    for rate, online in self._steps(t)
                )
                if t < self.exit_month
                else 0.0
            )
        return found

    def payments(self, used: Mapping[int, float], over: Mapping[int, float]) -> Iterator[tuple[int, float, float]]:
        contract, minimums, prepay = self.offer, self.minimums, self.offer.prepay_share
        within = [usd for t, usd in minimums.items() if self.inside(t)]
        signed = self.signing.month
        if signed < self.exit_month:
            yield signed, self.upfront, self.upfront * self.upfront_share
            yield signed, prepay * sum(minimums.values()), prepay * sum(within)
        billed: dict[int, float] = {}
        for t, minimum in minimums.items():
            if counts(self.dataset, t) and t < self.exit_month:
                billed[t] = self.bill(t, used.get(t, 0.0)) + self.overage(t, over.get(t, 0.0))
                due = billed[t] - prepay * minimum
                yield t, due, due
        yield from self.deductions()
        for first in range(self.start, self.end + 1, 12):
            year = [t for t in range(first, min(first + 12, self.end + 1)) if t in billed]
            if year:
                before = self.dataset.billed_before(contract.contract, year)
                least = contract.min_spend_usd_per_year * (before.months + len(year)) / 12
                top_up = max(0.0, least - before.usd - sum(billed[t] for t in year))
                yield year[-1], top_up, top_up
