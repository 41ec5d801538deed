r"""What a block of a contract brings and costs, month by month.

accelerators per block = block_mw x 1000 / kw; online in service month τ: that x delivered_share x
capacity_share(τ). The rate per accelerator-hour of tier k in service month τ is usd_per_accelerator_hour
(or usd_per_kw_month x kw / hours of the month) x rate_multiplier(τ) x (1 + escalator)^floor((τ-1)/12).
In a scenario rates and the upfront are x the price factor of the month of signing, delivered_share x its factor of
the month, and from the supplier's exit on there is no service and nothing is due.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from models.core.finance import counts_in_full
from models.schema import Contract, ContractTier
from models.supply.residuals import worth_beyond
from models.supply.signing import ServiceSchedule, escalation


@dataclass(frozen=True)
class ContractSchedule(ServiceSchedule):
    """One contract."""

    offer: Contract

    @property
    def key(self) -> tuple[str, int]:
        """The index of its columns: contract and month of signing."""
        return self.name, self.signed

    @property
    def end(self) -> int:
        """The month after the last of the term."""
        return self.start + self.offer.term_months

    @cached_property
    def service(self) -> range:
        """Months of the term."""
        return range(self.start, self.end)

    @property
    def upfront(self) -> float:
        """USD paid once in the month of signing."""
        return self.offer.upfront_usd * self.price

    @cached_property
    def tiers(self) -> tuple[ContractTier, ...]:
        """Tiers by number of blocks."""
        rows = self.dataset.parts("contract_tiers").get(self.name, [])
        return tuple(sorted(rows, key=lambda tier: tier.from_blocks))

    @cached_property
    def _kw(self) -> float:
        return self.dataset.hardware_of[self.offer.hardware].kw

    def online_per_block(self, t: int) -> float:
        """Accelerators of a block online in month t of the service."""
        return self.agreed_per_block(t) if self.supplier_present(t) else 0.0

    def agreed_per_block(self, t: int) -> float:
        """Accelerators of a block in month t, whether or not the supplier is still there: what prepayments pay for."""
        return self.of_month(self._agreed, t)

    @cached_property
    def _agreed(self) -> array[float]:
        """By month of service."""
        accelerators = self.offer.block_mw * 1000.0 / self._kw
        return array("d", [accelerators * share for share in self.arrivals])

    def hours_online_per_block(self, t: int) -> float:
        """Accelerator-hours of a block online in month t."""
        return self.online_per_block(t) * self.dataset.hours(t)

    def rate(self, tier: ContractTier, t: int) -> float:
        """USD per accelerator-hour of a tier in month t."""
        return self.of_month(self.rates(tier), t)

    def rates(self, tier: ContractTier) -> array[float]:
        """USD per accelerator-hour of a tier, by month of service."""
        found = self._rates.get(tier.from_blocks)
        if found is None:
            found = self._rates[tier.from_blocks] = self._rates_of(tier)
        return found

    @cached_property
    def _rates(self) -> dict[int, array[float]]:
        """By the block a tier begins with and month of service, as far as worked out."""
        return {}

    def _rates_of(self, tier: ContractTier) -> array[float]:
        if tier.usd_per_kw_month is not None:
            rates = [tier.usd_per_kw_month * self._kw / hours for hours in self.hours]
        else:
            rates = [tier.usd_per_accelerator_hour or 0.0] * len(self.service)
        price, steps = self.price, self._steps
        return array("d", [rate * price * step for rate, step in zip(rates, steps, strict=True)])

    @cached_property
    def _steps(self) -> array[float]:
        """By month of service, what the ramp and the escalator multiply the rate by."""
        multipliers = enumerate(self.ramp.rate_multipliers(len(self.service)), start=1)
        yearly = self.offer.escalator_per_year
        return array("d", [multiplier * escalation(yearly, tau) for tau, multiplier in multipliers])

    def minimums_per_block(self, tier: ContractTier) -> array[float]:
        """USD that a block at a tier's rate bills at least, by month of service, the supplier still there or not."""
        share, figures = self.offer.take_or_pay_share, zip(self.rates(tier), self._agreed, self.hours, strict=True)
        return array("d", [share * rate * agreed * hours for rate, agreed, hours in figures])

    def worth_beyond(self, t: int, minimum: float) -> float:
        """USD that a block's hours of month t, beyond the horizon, are worth, its minimum at the most."""
        online = self.online_per_block(t)
        return worth_beyond(self.dataset, t, minimum, {self.offer.hardware: online}) if online else 0.0

    def billed_blocks(self, blocks: int) -> list[tuple[ContractTier, int]]:
        """The tiers that bill a number of blocks, each with how many of them; those before the first at its rate."""
        if self.offer.tier_mode == "all_units":
            reached = [each for each in self.tiers if each.from_blocks <= blocks] or self.tiers[:1]
            return [(each, blocks) for each in reached[-1:]]
        begins = [0, *(each.from_blocks - 1 for each in self.tiers[1:]), blocks]
        spans = zip(self.tiers, pairwise(begins), strict=True)
        return [(tier, min(end, blocks) - begin) for tier, (begin, end) in spans if begin < blocks]

    def minimums(self, blocks: int) -> dict[int, float]:
        """USD that blocks bill at least, by month of the service, prepayment not yet taken off."""
        billed = [(self.minimums_per_block(tier), count) for tier, count in self.billed_blocks(blocks)]
        return {t: sum(usd[t - self.start] * count for usd, count in billed) for t in self.service}

    @cached_property
    def contract_years(self) -> tuple[range, ...]:
        """Months of each contract year that count for the minimum spend.

        A year has 12 service months, cut by the term, by month 0, by the supplier's exit and, unless every
        obligation counts in full, by the horizon.
        """
        last = self.end if counts_in_full(self.dataset) else min(self.end, len(self.dataset.horizon))
        last = last if self.exit_month is None else min(last, self.exit_month)
        years = (range(max(0, first), min(first + 12, last)) for first in range(self.start, self.end, 12))
        return tuple(year for year in years if year)

    @cached_property
    def years_topped_up(self) -> tuple[range, ...]:
        """The contract years whose minimum spend can be more than what the fewest blocks are billed in any case."""
        return tuple(year for year in self.contract_years if self._least_billed(year) < self.minimum_spend(year))

    def minimum_spend(self, year: range) -> float:
        """USD owed for a contract year at least, for its months that count."""
        months = len(year) + self.dataset.billed_before(self.name, year).months
        return self.offer.min_spend_usd_per_year * months / 12.0

    def _least_billed(self, year: range) -> float:
        """USD of minimums in a contract year, of the number of blocks for which they are least."""
        contract, share = self.offer, self.offer.take_or_pay_share
        is_signed = contract.status == "signed"
        counts = [(contract.signed_blocks or 0) if is_signed else contract.min_blocks]
        if contract.tier_mode == "all_units" and not is_signed:  # more blocks may be billed less
            counts += [each.from_blocks for each in self.tiers if counts[0] < each.from_blocks <= contract.max_blocks]
        hours = [(t, self.hours_online_per_block(t)) for t in year]
        least = min(
            sum(
                blocks * share * online * self.rate(tier, t)
                for tier, blocks in self.billed_blocks(count)
                for t, online in hours
            )
            for count in counts
        )
        return least + self.dataset.billed_before(self.name, year).usd
