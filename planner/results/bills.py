"""Bills: what each signing of a lease or contract is billed, month by month and tier by tier, to be recomputed by hand.

Of a row, `amount` = hours x rate x escalator - prepaid, or, priced by the unit and month, units x rate x escalator -
prepaid. Use beyond take-or-pay is billed at the cheapest rate that has hours left; overage of an incremental contract
at the first tier's rate; what is delivered less, or not yet ramped up, cuts hours, and a fixed rent too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from models.dataset import Dataset, block_hours
from models.plan import Plan, Signing
from models.schema import ContractTier
from models.supply.contract_kind import CONTRACT
from models.supply.contract_schedule import ContractSchedule
from models.supply.lease_kind import LEASE
from models.supply.lease_schedule import LeaseSchedule
from models.supply.signing import escalation

Hours = Mapping[tuple[str, int], float]
"""Accelerator-hours of a contract by its name and month t."""


@dataclass(frozen=True, slots=True)
class BillRow:
    """A line of a bill of month t: cash in USD before top-ups of a minimum spend.

    `units` are units or blocks billed, `hours` accelerator-hours (None where a unit is priced by the month or at once),
    `rate` USD for each before the escalator, `prepaid` what was paid of it when signing.
    """

    month: int
    offer: str
    signed_month: int
    units: float
    hours: float | None
    rate: float
    tier: str
    prepaid: float
    escalator: float
    amount: float


def bills(dataset: Dataset, plan: Plan) -> list[BillRow]:
    """Every line of every bill inside the horizon, by month."""
    used, over = defaultdict[tuple[str, int], float](float), defaultdict[tuple[str, int], float](float)
    for work in plan.source_use:
        if work.kind == CONTRACT:
            hours = block_hours(dataset, work.month, work.block)
            used[work.name, work.month] += work.accelerators * hours
            over[work.name, work.month] += work.overage * hours
    found: list[BillRow] = []
    for each in plan.signings:
        if each.kind == CONTRACT:
            found += _contract(dataset, each, used, over)
        elif each.kind == LEASE:
            found += _lease(dataset, each)
    inside = [each for each in found if each.month in dataset.horizon and each.amount]
    return sorted(inside, key=lambda each: (each.month, each.offer, each.signed_month))


def _contract(dataset: Dataset, signing: Signing, used: Hours, over: Hours) -> Iterator[BillRow]:
    schedule = ContractSchedule(dataset, dataset.contract_of[signing.name], signing.month)
    contract, share = schedule.contract, schedule.contract.take_or_pay_share
    billed = _billed_blocks(schedule, signing.units)

    def line(t: int, units: float, rate: float, tier: str, hours: float | None = None, **more: float) -> BillRow:
        prepaid, escalator = more.get("prepaid", 0.0), more.get("escalator", 1.0)
        amount = (units if hours is None else hours) * rate * escalator - prepaid
        return BillRow(t, signing.name, signing.month, units, hours, rate, tier, prepaid, escalator, amount)

    if schedule.supplier_present(signing.month):
        yield line(signing.month, 1.0, schedule.upfront, "upfront")
        owed = sum(
            blocks * schedule.agreed_per_block(t) * dataset.hours(t) * share * schedule.rate(tier, t)
            for t in schedule.service
            for tier, blocks in billed
        )
        yield line(signing.month, 1.0, contract.prepay_share * owed, "prepayment")
    for t in schedule.service:
        if t not in dataset.horizon or not schedule.supplier_present(t):
            continue
        escalator = escalation(contract.escalator_per_year, t - schedule.start + 1)
        lines = [
            (schedule.rate(tier, t), tier, blocks, blocks * schedule.hours_online_per_block(t))
            for tier, blocks in billed
        ]
        left = used.get((signing.name, t), 0.0) - share * sum(online for *_, online in lines)
        for rate, tier, blocks, online in sorted(lines, key=lambda each: each[0]):
            beyond = max(0.0, min(left, (1.0 - share) * online))
            left -= beyond
            prepaid = contract.prepay_share * share * online * rate
            words = f"from block {tier.from_blocks:g}"
            facts = {"prepaid": prepaid, "escalator": escalator}
            yield line(t, blocks, rate / escalator, words, share * online + beyond, **facts)
        if billed and over.get((signing.name, t)):
            first = schedule.rate(billed[0][0], t) / escalator * contract.overage_price_multiple
            hours = over[signing.name, t]
            yield line(t, signing.units, first, "overage", hours, escalator=escalator)


def _billed_blocks(schedule: ContractSchedule, blocks: int) -> list[tuple[ContractTier, float]]:
    """The tiers that bill a number of blocks, each with how many of them."""
    tiers = schedule.tiers
    if schedule.contract.tier_mode == "all_units":
        reached = [each for each in tiers if each.from_blocks <= blocks] or tiers[:1]
        return [(each, float(blocks)) for each in reached[-1:]]
    found, ends = [], [each.from_blocks - 1.0 for each in tiers[1:]] + [float(blocks)]
    begun = 0.0
    for tier, end in zip(tiers, ends, strict=True):
        count = min(end, float(blocks)) - begun
        if count > 0.0:
            found.append((tier, count))
            begun += count
    return found


def _lease(dataset: Dataset, signing: Signing) -> Iterator[BillRow]:
    lease = dataset.lease_of[signing.name]
    term = next(
        each for each in dataset.lease_terms if each.lease == signing.name and each.term_months == signing.term_months
    )
    schedule, units = LeaseSchedule(dataset, lease, term, signing.month), signing.units
    name, signed = signing.name, signing.month
    if schedule.supplier_present(signed):
        yield BillRow(
            signed, name, signed, units, None, schedule.upfront, "upfront", 0.0, 1.0, units * schedule.upfront
        )
        fees = term.prepay_share * sum(schedule.fee(t) for t in range(schedule.start, schedule.term_end))
        yield BillRow(signed, name, signed, units, None, fees, "prepayment", 0.0, 1.0, units * fees)
    for t in range(signing.start, signing.end + 1):
        if t not in dataset.horizon or not schedule.supplier_present(t):
            continue
        escalator = escalation(term.escalator_per_year, t - schedule.start + 1)
        fee, in_term = schedule.fee(t), t < schedule.term_end
        hours: float | None = None
        if term.usd_per_unit_month is None:
            hours = units * sum(schedule.accelerators.values()) * schedule.online_share(t) * dataset.hours(t)
        prepaid = term.prepay_share * fee * units if in_term else 0.0
        each = hours / units if hours is not None else 1.0
        rate = fee / escalator / each if each else 0.0
        tier = f"{term.term_months} months" if in_term else "renewal"
        yield BillRow(t, name, signed, units, hours, rate, tier, prepaid, escalator, units * fee - prepaid)
    if signing.cancelled and schedule.supplier_present(signing.end + 1):
        fee = schedule.termination_fee(signing.end + 1)
        yield BillRow(signing.end + 1, name, signed, units, None, fee, "termination fee", 0.0, 1.0, units * fee)
