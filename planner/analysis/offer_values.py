"""Local worth: what a unit of an offer would be worth at a plan's marginal values, against what it costs.

A quick figure without solving again. Marginal values hold for a little more, and a cluster is a lot: the first MW
of it are worth that much, the last ones less. So an offer whose local worth is below its cost is not worth
taking as the plan stands, while one whose worth is above it may still be too big, or barred by a rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from models.core.finance import counted_share_of_prepayment, counted_share_of_upfront, counts_in_full
from models.dataset import Dataset
from models.schema import Contract, Lease, LeaseOut
from models.supply.contract_schedule import ContractSchedule
from models.supply.lease_schedule import LeaseSchedule
from models.supply.signing import service_start, signing_months

Values = Mapping[tuple[str, str, int], float]
"""Present value of a MW by region, hardware and month, USD."""


@dataclass(frozen=True, slots=True)
class OfferFacts:
    """An offer at a glance: power of a unit or block, and its price as the sheet has it.

    Of several terms the longest counts, of several tiers the first.
    """

    name: str
    kind: str
    provider: str
    region: str
    mw_per_unit: float
    price: float
    price_unit: str


@dataclass(frozen=True, slots=True)
class LocalWorth:
    """Of a unit signed in the month and for the term that suit it best: its worth and its cost, present value in USD.

    For a lease-out the income is the worth, and what the accelerators would do for us is the cost.
    """

    month: int
    term_months: int
    worth_usd: float
    cost_usd: float

    @property
    def margin_usd(self) -> float:
        """Value less cost, USD of present value."""
        return self.worth_usd - self.cost_usd


def offer_facts(dataset: Dataset, name: str) -> OfferFacts:
    """The facts of an offer. Raises KeyError for a name that is none."""
    if name in dataset.lease_of:
        lease = dataset.lease_of[name]
        mw = sum(
            each.accelerators * dataset.hardware_of[each.hardware].kw / 1000.0
            for each in dataset.lease_hardware
            if each.lease == name
        )
        term = max((each for each in dataset.lease_terms if each.lease == name), key=lambda each: each.term_months)
        if term.usd_per_unit_month is not None:
            return OfferFacts(name, "lease", lease.provider, lease.region, mw, term.usd_per_unit_month, "unit-month")
        hourly = term.usd_per_accelerator_hour or 0.0
        return OfferFacts(name, "lease", lease.provider, lease.region, mw, hourly, "accelerator-hour")
    if name in dataset.contract_of:
        contract = dataset.contract_of[name]
        tiers = [each for each in dataset.contract_tiers if each.contract == name]
        tier = min(tiers, key=lambda each: each.from_blocks)
        facts = name, "contract", contract.provider, contract.region, contract.block_mw
        if tier.usd_per_kw_month is not None:
            return OfferFacts(*facts, tier.usd_per_kw_month, "kW-month")
        return OfferFacts(*facts, tier.usd_per_accelerator_hour or 0.0, "accelerator-hour")
    out = dataset.lease_out_of[name]
    mw = out.accelerators * dataset.hardware_of[out.hardware].kw / 1000.0
    return OfferFacts(name, "lease_out", out.provider, out.region, mw, out.usd_per_accelerator_hour, "accelerator-hour")


def local_worth(dataset: Dataset, values: Values, name: str) -> LocalWorth | None:
    """The best month and term for a unit of an offer; None where it cannot be signed at all."""
    if name in dataset.lease_of:
        ways = _lease_ways(dataset, values, dataset.lease_of[name])
    elif name in dataset.contract_of:
        ways = _contract_ways(dataset, values, dataset.contract_of[name])
    else:
        ways = _lease_out_ways(dataset, values, dataset.lease_out_of[name])
    return max(ways, key=lambda each: each.margin_usd, default=None)


def _worth(
    dataset: Dataset, values: Values, region: str, hardware: str, t: int, accelerators: float, usage_usd: float
) -> float:
    """Of accelerators online in month t, net of what using them costs; nothing beyond the horizon."""
    if t not in dataset.horizon:
        return 0.0
    mw = accelerators * dataset.hardware_of[hardware].kw / 1000.0
    usage = usage_usd * accelerators * dataset.hours(t) * dataset.discount(t)
    return max(0.0, values.get((region, hardware, t), 0.0) * mw - usage)


def _lease_ways(dataset: Dataset, values: Values, lease: Lease) -> list[LocalWorth]:
    found = []
    for term in (each for each in dataset.lease_terms if each.lease == lease.lease):
        for m in signing_months(dataset, lease, lease.lease):
            schedule = LeaseSchedule(dataset, lease, term, m)
            months = range(schedule.start, schedule.term_end)
            usage = term.usage_usd_per_accelerator_hour
            worth = sum(
                _worth(dataset, values, lease.region, hardware, t, count * schedule.online_share(t), usage)
                for hardware, count in schedule.accelerators.items()
                for t in months
            )
            fees = [schedule.fee(t) for t in months]
            upfront = term.upfront_usd_per_unit * counted_share_of_upfront(dataset, schedule.start, term.term_months)
            prepaid = term.prepay_share * sum(fees) * counted_share_of_prepayment(dataset, schedule.start, fees)
            later = sum(_counted(dataset, t) * fee for t, fee in zip(months, fees, strict=True))
            cost = (upfront + prepaid) * dataset.discount(m) + (1.0 - term.prepay_share) * later
            found.append(LocalWorth(m, term.term_months, worth, cost))
    return found


def _contract_ways(dataset: Dataset, values: Values, contract: Contract) -> list[LocalWorth]:
    """A block at the rate of the smallest number of blocks that can be signed, with its take-or-pay part paid."""
    found = []
    for m in signing_months(dataset, contract, contract.contract):
        schedule = ContractSchedule(dataset, contract, m)
        reached = [each for each in schedule.tiers if each.from_blocks <= max(1, contract.min_blocks)]
        tier = reached[-1] if reached else schedule.tiers[0]
        worth = cost = 0.0
        bills = [schedule.rate(tier, t) * schedule.hours_online_per_block(t) for t in schedule.service]
        for t, bill in zip(schedule.service, bills, strict=True):
            online, usage = schedule.online_per_block(t), contract.usage_usd_per_accelerator_hour
            worth += _worth(dataset, values, contract.region, contract.hardware, t, online, usage)
            cost += _counted(dataset, t) * bill * (1.0 - contract.prepay_share * contract.take_or_pay_share)
        minimum = [bill * contract.take_or_pay_share for bill in bills]
        prepaid = contract.prepay_share * sum(minimum)
        cost += prepaid * counted_share_of_prepayment(dataset, schedule.start, minimum) * dataset.discount(m)
        upfront = contract.upfront_usd * counted_share_of_upfront(dataset, schedule.start, contract.term_months)
        cost += upfront * dataset.discount(m) / max(1, contract.max_blocks)
        found.append(LocalWorth(m, contract.term_months, worth, cost))
    return found


def _lease_out_ways(dataset: Dataset, values: Values, out: LeaseOut) -> list[LocalWorth]:
    found = []
    for m in signing_months(dataset, out, out.lease_out):
        start = service_start(dataset, out, m)
        months = range(start, start + out.term_months)
        income = sum(
            _counted(dataset, t) * out.usd_per_accelerator_hour * out.accelerators * dataset.hours(t) for t in months
        )
        missed = sum(_worth(dataset, values, out.region, out.hardware, t, out.accelerators, 0.0) for t in months)
        found.append(LocalWorth(m, out.term_months, income, missed))
    return found


def _counted(dataset: Dataset, t: int) -> float:
    """Present value of a dollar due in month t as the objective counts it."""
    return dataset.discount(t) if t in dataset.horizon or counts_in_full(dataset) else 0.0
