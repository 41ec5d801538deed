"""The bill of a contract, line by line.

Use beyond take-or-pay is billed at the cheapest rate that has hours left, overage of an incremental contract at the
first tier's rate; what is delivered less, or not yet ramped up, cuts hours.
"""

from __future__ import annotations

from collections.abc import Iterator

from models.dataset import Dataset
from models.plan import Signing
from models.schema import ContractTier
from models.supply.bill_rows import BillRow, Hours
from models.supply.contract_schedule import ContractSchedule
from models.supply.signing import escalation


def contract_bill_rows(dataset: Dataset, signing: Signing, used: Hours, over: Hours) -> Iterator[BillRow]:
    """Upfront and prepayment, then every month's hours tier by tier, and overage."""
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
        left = used.get(t, 0.0) - share * sum(online for *_, online in lines)
        for rate, tier, blocks, online in sorted(lines, key=lambda each: each[0]):
            beyond = max(0.0, min(left, (1.0 - share) * online))
            left -= beyond
            prepaid = contract.prepay_share * share * online * rate
            words = f"from block {tier.from_blocks:g}"
            facts = {"prepaid": prepaid, "escalator": escalator}
            yield line(t, blocks, rate / escalator, words, share * online + beyond, **facts)
        if billed and over.get(t):
            first = schedule.rate(billed[0][0], t) / escalator * contract.overage_price_multiple
            hours = over[t]
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
