r"""Take-or-pay: what contracts bill, by the blocks of one tier at one signing.

In month t, blocks with online accelerators H owe rate x hours x max(take_or_pay_share x H, used).
The minimum is a plain payment; the rest is, per contract, month and rate j,
`billed_use[c,t,j]` <= (1 - take_or_pay_share) H_j, accelerators (month's average) billed beyond it,
\sum_j billed_use >= used - take_or_pay_share x \sum_j H_j: hours fall where the bill is least.
Use on top is that of `models.supply.overage`.
`top_up[c,m,y]` >= minimum spend of contract year y - its bills, due in its last month, for years in which the fewest
blocks may be billed less.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from models.core.finance import (
    cash_caps,
    counted_share_of_prepayment,
    counted_share_of_upfront,
    counts_in_full,
    spending_is_rewarded,
)
from models.core.ledgers import Payer, Source
from models.core.linear import Linear, Scaled, Var
from models.core.model import Model
from models.dataset import Dataset
from models.schema import Contract, ContractTier
from models.supply.contract_schedule import ContractSchedule
from models.supply.residuals import deduct_worth, has_worth


@dataclass(frozen=True, slots=True)
class TierBlocks:
    """Blocks of a contract signed in one month and billed at one tier's rate."""

    schedule: ContractSchedule
    tier: ContractTier
    blocks: Linear


@dataclass(frozen=True, slots=True)
class SigningVariant:
    """One possible signing of a contract: 0 or 1, and its lots."""

    schedule: ContractSchedule
    signed: Linear
    tier_blocks: tuple[TierBlocks, ...]

    @property
    def blocks(self) -> Linear:
        """Blocks signed, at whatever rate."""
        return Linear().plus_all((each.blocks, 1.0) for each in self.tier_blocks)


@dataclass(slots=True)
class RateClass:
    """The accelerators of a contract online in a month at one rate, with what is billed of them."""

    rate: float
    signed: int
    online: Linear = field(default_factory=Linear)
    billed_use: Var | None = None
    overage: dict[str, Var] = field(default_factory=dict)

    def most(self) -> float:
        """The most accelerators that can be online, in model units."""
        pairs = zip(self.online.coefficients, self.online.variables, strict=True)
        return float(self.online.constant + sum(coefficient * variable.ub for coefficient, variable in pairs))


@dataclass(slots=True)
class Metered:
    """A contract billed by use in month t: classes for use within what is online and for overage.

    `most_online` are the most accelerators it can have online then. `is_exact`: whether rows hold its bills to what its
    terms ask for the use made, where least cost alone may not.
    """

    contract: Contract
    source: Source
    payer: Payer
    t: int
    classes: list[RateClass]
    overage_classes: list[RateClass]
    most_online: float
    is_exact: bool


def may_prepay_top_up(dataset: Dataset, contract: Contract) -> bool:
    """Whether a bill above what is owed may be worth while: it lowers a later top-up, and a cap on cash may bind then.

    Seldom does one. With `Dataset.exact_bills` False no rows see to it: bills are settled when the plan is read, and
    a search adds the rows where that breaks a cap (`planner.solving.held_rows`).
    """
    pays = contract.status != "excluded" and (contract.take_or_pay_share < 1.0 or contract.overage_share)
    return bool(pays and contract.min_spend_usd_per_year and cash_caps(dataset))


def months_billed_exactly(dataset: Dataset, contract: Contract, schedules: Iterable[ContractSchedule]) -> set[int]:
    """The months t in which rows hold a contract's bills to what its terms ask for, of all that it can be signed for.

    All where spending is rewarded; else those of contract years that may have to be topped up.
    """
    if spending_is_rewarded(dataset):
        return {*dataset.horizon}
    if not (dataset.exact_bills and may_prepay_top_up(dataset, contract)):
        return set()
    return {t for each in schedules for year in each.years_topped_up for t in year}


def pay_minimum(model: Model, payer: Payer, signatures: Iterable[SigningVariant]) -> None:
    """Upfront, prepaid and monthly take-or-pay minimum of the signings of one contract, and what is still owed."""
    dataset, horizon, full = model.dataset, len(model.dataset.horizon), counts_in_full(model.dataset)
    minimum: dict[int, list[Scaled]] = defaultdict(list)
    for signature in signatures:
        schedule, unpaid = signature.schedule, 1.0 - signature.schedule.offer.prepay_share
        _pay_at_signing(model, payer, signature)
        minimums = [(each, schedule.minimums_per_block(each.tier)) for each in signature.tier_blocks]
        counted = horizon if not (full or model.obligations.asked) else schedule.end
        for t in range(max(0, schedule.start), min(schedule.end, counted)):
            if not schedule.supplier_present(t):
                break
            for each, by_month in minimums:
                least = by_month[t - schedule.start]
                usd = unpaid * least
                minimum[t].append((each.blocks, usd))
                if model.obligations.asked:
                    model.obligations.owe(payer, schedule.signed, t, each.blocks, usd)
                if t >= horizon and has_worth(dataset, t):
                    deduct_worth(model, "contract", payer, t, each.blocks.times(schedule.worth_beyond(t, least)))
    for t, parts in minimum.items():
        if t < horizon or full:
            model.costs.pay("contract", payer, t, Linear().plus_all(parts))
    model.obligations.keep(payer)


def _pay_at_signing(model: Model, payer: Payer, signature: SigningVariant) -> None:
    """Upfront and prepaid minimum."""
    dataset, schedule, signed = model.dataset, signature.schedule, signature.schedule.signed
    contract = schedule.offer
    if signed < 0 or not schedule.supplier_present(signed):
        return
    if signed < len(dataset.horizon) or counts_in_full(dataset):
        counted = counted_share_of_upfront(dataset, schedule.start, contract.term_months)
        model.costs.pay("contract", payer, signed, signature.signed.times(schedule.upfront), counted=counted)
        for each in signature.tier_blocks if contract.prepay_share else ():
            amounts = schedule.minimums_per_block(each.tier)
            counted = counted_share_of_prepayment(dataset, schedule.start, amounts)
            prepaid = each.blocks.times(contract.prepay_share * sum(amounts))
            model.costs.pay("contract", payer, signed, prepaid, counted=counted)


def rate_classes(
    model: Model, contract: Contract, t: int, signatures: Iterable[SigningVariant], by_tier: bool
) -> list[RateClass]:
    """Accelerators online in month t by rate; by month of signing too where a minimum spend adds up per signing.

    `by_tier` False: all blocks at the first tier's rate, as incremental contracts bill overage.
    """
    found: dict[tuple[float, int], RateClass] = {}
    for signature in signatures:
        schedule = signature.schedule
        online = schedule.online_per_block(t) / model.units.accelerators
        if not online:
            continue
        for tier_blocks in signature.tier_blocks:
            rate = schedule.rate(tier_blocks.tier if by_tier else schedule.tiers[0], t)
            key = (rate, schedule.signed if contract.min_spend_usd_per_year else 0)
            if key not in found:
                found[key] = RateClass(rate, schedule.signed)
            found[key].online.plus(tier_blocks.blocks, online)
    for each in found.values():
        each.online.keep()
    return sorted(found.values(), key=lambda each: (each.rate, each.signed))


def add_billed_use(model: Model, metered: list[Metered]) -> None:
    """Use beyond the take-or-pay minimum, once the pools have settled how much a contract is used."""
    most = {
        (each.contract.contract, each.t, j): (1.0 - each.contract.take_or_pay_share) * rate_class.most()
        for each in metered
        for j, rate_class in enumerate(each.classes)
    }
    billed = model.add_variables("billed_use", most, upper=most.__getitem__)
    for each in metered:
        if not each.classes:
            continue
        contract, key = each.contract, (each.contract.contract, each.t)
        beyond, total = used(model, each), Linear()
        for j, rate_class in enumerate(each.classes):
            rate_class.billed_use = variable = billed[(*key, j)]
            beyond.plus(rate_class.online, -contract.take_or_pay_share)
            total.add(variable)
            within = Linear.of(variable).plus(rate_class.online, -(1.0 - contract.take_or_pay_share))
            model.add_constraint("billed_use_within_online", (*key, j), within, at_most=0.0)
            usd = rate_class.rate * model.dataset.hours(each.t) * model.units.accelerators
            model.costs.pay("contract", each.payer, each.t, Linear.of(variable, usd))
        model.add_constraint("use_is_billed", key, total.times(1.0).plus(beyond, -1.0), at_least=0.0)
        if each.is_exact:
            _fill_cheapest_first(model, each)
            model.add_positive_part(
                "billed_use", key, total, beyond, sum(rate_class.most() for rate_class in each.classes)
            )


def _fill_cheapest_first(model: Model, metered: Metered) -> None:
    """Use beyond the minimum falls to a higher rate only once every cheaper one is full, as the terms bill it.

    Every pair of rates, not neighbours only: a rate between them may have nothing online.
    """
    share, key = 1.0 - metered.contract.take_or_pay_share, (metered.contract.contract, metered.t)
    for j, cheaper in enumerate(metered.classes[:-1]):
        full = model.add_binary("cheaper_rate_full", (*key, j))
        rest = cheaper.online.times(share).add(cheaper.billed_use, -1.0)
        most = share * cheaper.most()
        model.add_constraint("cheaper_rate_first", (*key, j), rest.add(full, most), at_most=most)
        for k, more_expensive in enumerate(metered.classes[j + 1 :], start=j + 1):
            spill = Linear.of(more_expensive.billed_use).add(full, -share * more_expensive.most())
            model.add_constraint("dearer_rate_after", (*key, j, k), spill, at_most=0.0)


def used(model: Model, metered: Metered) -> Linear:
    """Accelerators of a contract at work, averaged over the month, in model units."""
    use, key = model.capacity.metered_use, (metered.source, metered.t)
    used_in = (each for each in model.dataset.blocks if (*key, each.block) in use)
    return Linear().plus_all((use[(*key, each.block)], each.hours_per_day / 24.0) for each in used_in)


def bill_use(model: Model, metered: Metered) -> None:
    """Bills the use made beyond the minimum where the rate is least, as the terms do: a plan may pay for more."""
    share = 1.0 - metered.contract.take_or_pay_share
    left = used(model, metered).value() - (1.0 - share) * sum(each.online.value() for each in metered.classes)
    for each in metered.classes:
        part = max(0.0, min(left, share * each.online.value()))
        if each.billed_use is not None:
            each.billed_use.set_value(part, skip_validation=True)
        left -= part
