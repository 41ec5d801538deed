r"""Contracts: hyperscaler framework agreements, taken in blocks of power, at rates by the number of blocks.

Decisions, per contract c, month of signing m and tier k (rates in force from from_blocks_k on):
`blocks[c,m,k]` integer blocks billed at tier k's rate.
All units: tier reached, 0 or 1, at most one over all m and k (differences of the running total
`tier_reached_by`); lo_k reached <= blocks <= hi_k reached. Incremental: blocks[c,m,k] <= width_k and
tier k is filled before k+1; signed, 0 or 1, at most one over m (running total `contract_signed_by`).
Where rates rise with the tier and nothing rewards spending, the cheap tiers fill first by themselves and
no binaries are needed. Lots, the blocks of one tier at one signing, are what `models.supply.take_or_pay`
and `models.supply.contract_bills` bill.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import pairwise
from operator import itemgetter

from models.core.finance import spending_is_rewarded
from models.core.ledgers import Source
from models.core.linear import Linear, Scaled, Var
from models.core.model import Model
from models.dataset import Dataset
from models.grouping import groups
from models.plan import Plan, Signing
from models.schema import Contract, ContractTier
from models.supply.contract_bills import Bills
from models.supply.contract_schedule import ContractSchedule
from models.supply.kind import OfferKind
from models.supply.overage import add_overage, is_held_back
from models.supply.take_or_pay import SigningVariant, TierBlocks

_TierKey = tuple[str, int, int]
_Span = tuple[ContractSchedule, ContractTier, int, int]


def add_contracts(model: Model, kind: OfferKind) -> None:
    """Adds every contract that is signed or can be, its capacity and its bills."""
    dataset = model.dataset
    offered: list[ContractSchedule] = []
    signed: list[SigningVariant] = []
    for contract in dataset.contracts:
        if contract.status == "signed" and contract.signed_month is not None:
            schedule = ContractSchedule(dataset, contract, dataset.t(contract.signed_month))
            if schedule.end > 0:
                signed.append(_already_signed(schedule))
            else:
                model.signings.sign(kind.key(contract), schedule.signed, Linear(1.0), 1)
        elif contract.status == "offer" and contract.max_blocks:
            months = kind.signing_months(dataset, contract, every_month=model.every_month)
            offered.extend(ContractSchedule(dataset, contract, m) for m in months)
    signed.extend(_offered(model, offered))
    for each in signed:
        contract = each.schedule.offer
        model.signings.sign(kind.key(contract), each.schedule.signed, each.signed, 1, units=each.blocks)
    variants = groups((each.schedule.name, each) for each in signed)
    for signatures in variants.values():
        _bring_online(model, source_of(dataset, kind, signatures), signatures)
    for contract in dataset.contracts:
        if signatures := variants.get(contract.contract, []):
            source, payer = source_of(dataset, kind, signatures), kind.payer(dataset, contract)
            model.contract_bills.append(Bills(model, contract, source, payer, signatures))
    add_overage(model, [each for bills in model.contract_bills for each in bills.metered])
    model.readers.append(lambda: Plan(signings=tuple(_signings(kind, signed))))


def _bring_online(model: Model, source: Source, signatures: list[SigningVariant]) -> None:
    """What the signings of one contract bring."""
    online: dict[int, list[Scaled]] = defaultdict(list)
    for each in signatures:
        blocks, schedule = each.blocks, each.schedule
        for t in range(max(0, schedule.start), min(schedule.end, len(model.dataset.horizon))):
            online[t].append((blocks, schedule.online_per_block(t)))
    for t, parts in online.items():
        model.capacity.bring_online(source, t, Linear().plus_all(parts))


def source_of(dataset: Dataset, kind: OfferKind, signatures: list[SigningVariant]) -> Source:
    """The source of capacity that the signings of a contract are."""
    contract = signatures[0].schedule.offer
    held_back = is_held_back(dataset, contract, (each.schedule for each in signatures))
    return Source(
        kind=kind,
        name=contract.contract,
        term_months=contract.term_months,
        provider=contract.provider,
        region=contract.region,
        site=contract.site or contract.contract,
        hardware=contract.hardware,
        usage_usd=contract.usage_usd_per_accelerator_hour,
        sublet=False,
        metered=contract.take_or_pay_share < 1.0 or held_back,
    )


def _tier_spans(contract: Contract, tiers: tuple[ContractTier, ...]) -> Iterator[tuple[ContractTier, int, int]]:
    """Tiers with their first and last block; blocks before the first row bill at its rate."""
    for i, tier in enumerate(tiers):
        first = 1 if i == 0 else tier.from_blocks
        last = (
            tiers[i + 1].from_blocks - 1
            if i + 1 < len(tiers)
            else max(contract.max_blocks, contract.signed_blocks or 0)
        )
        yield tier, first, last


def _already_signed(schedule: ContractSchedule) -> SigningVariant:
    count = schedule.offer.signed_blocks or 0
    billed = schedule.billed_blocks(count) if count else ()
    tier_blocks = tuple(TierBlocks(schedule, tier, Linear(float(blocks))) for tier, blocks in billed)
    return SigningVariant(schedule, Linear(1.0 if count else 0.0), tier_blocks)


def _offered(model: Model, schedules: list[ContractSchedule]) -> Iterator[SigningVariant]:
    """Variables and rows for the contracts on offer."""
    spans: dict[_TierKey, _Span] = {}
    for schedule in schedules:
        contract = schedule.offer
        for tier, first, last in _tier_spans(contract, schedule.tiers):
            first, last = max(1, first), min(last, contract.max_blocks)
            if contract.tier_mode == "all_units":
                first = max(first, contract.min_blocks)
            if first <= last:
                spans[(*schedule.key, tier.from_blocks)] = schedule, tier, first, last
    width = {
        key: last if schedule.offer.tier_mode == "all_units" else last - first + 1
        for key, (schedule, _, first, last) in spans.items()
    }
    blocks = model.add_variables("blocks", spans, upper=width.__getitem__, integer=True, decided=itemgetter(1))
    all_units = [key for key, (schedule, *_) in spans.items() if schedule.offer.tier_mode == "all_units"]
    reached = model.add_cumulative_counts("tier_reached_by", all_units, lambda _: 1)
    incremental = [each.key for each in schedules if each.offer.tier_mode == "incremental"]
    signed = model.add_cumulative_counts("contract_signed_by", incremental, lambda _: 1)
    for key, reaches in reached.items():
        _, _, first, last = spans[key]
        model.add_constraint("blocks_within_tier", key, Linear.of(blocks[key]).plus(reaches, -float(last)), at_most=0.0)
        model.add_constraint(
            "blocks_reach_tier", key, Linear.of(blocks[key]).plus(reaches, -float(first)), at_least=0.0
        )
    begun = model.add_variables(
        "tier_begun", _tiers_to_order(model, spans), upper=1, integer=True, decided=itemgetter(1)
    )
    of_signing = groups((key[:2], key) for key in spans)
    in_order = [of_signing.get(each.key, []) for each in schedules if each.offer.tier_mode == "incremental"]
    model.settlers.append(lambda: _fill_tiers_in_order(blocks, width, in_order))
    for schedule in schedules:
        keys = of_signing.get(schedule.key, [])
        tier_blocks = tuple(TierBlocks(schedule, spans[key][1], Linear.of(blocks[key])) for key in keys)
        if schedule.offer.tier_mode == "all_units":
            count = Linear().plus_all((reached[key], 1.0) for key in keys)
        else:
            count = signed[schedule.key]
        each = SigningVariant(schedule, count, tier_blocks)
        if schedule.offer.tier_mode == "incremental":
            model.add_constraint(
                "blocks_at_least",
                schedule.key,
                each.blocks.plus(count, -float(schedule.offer.min_blocks)),
                at_least=0.0,
            )
            for i, key in enumerate(keys):
                begins = Linear.of(begun[key]) if key in begun else count
                within = Linear.of(blocks[key]).plus(begins, -float(width[key]))
                model.add_constraint("blocks_within_width", key, within, at_most=0.0)
                if key in begun:
                    before = keys[i - 1]
                    full = Linear.of(blocks[before]).add(begun[key], -float(width[before]))
                    model.add_constraint("tier_before_full", key, full, at_least=0.0)
        yield each


def _fill_tiers_in_order(
    blocks: Mapping[_TierKey, Var], width: Mapping[_TierKey, int], signings: list[list[_TierKey]]
) -> None:
    """Bills the blocks of each signing by the tiers in their order, which a plan short of the optimum need not do."""
    for tiers in signings:
        left = sum(blocks[key].value for key in tiers)
        for key in tiers:
            blocks[key].set_value(min(left, float(width[key])), skip_validation=True)
            left -= blocks[key].value


def _tiers_to_order(model: Model, spans: dict[_TierKey, _Span]) -> Iterator[_TierKey]:
    """Tiers beyond the first of incremental contracts whose order least cost alone does not keep."""
    tiers = groups((key[:2], tier) for key, (_, tier, _, _) in spans.items())
    for key, (schedule, _, first, _) in spans.items():
        later = schedule.offer.tier_mode == "incremental" and first > 1
        if later and not _cheap_tiers_first(model, schedule, tiers[key[:2]]):
            yield key


def _cheap_tiers_first(model: Model, schedule: ContractSchedule, tiers: list[ContractTier]) -> bool:
    """Whether least cost fills the tiers in order anyway.

    It does where rates never fall, nothing rewards spending, and a more expensive tier costs more in a month that
    the objective counts: not so where service comes late, beyond the horizon.
    """
    asks_for_more = any(cap.sense == "min" for cap in model.dataset.caps) or schedule.offer.min_spend_usd_per_year
    if asks_for_more or spending_is_rewarded(model.dataset):
        return False
    for below, above in pairwise(map(schedule.rates, tiers)):
        if any(dearer < rate for rate, dearer in zip(below, above, strict=True)):
            return False
        rises = [t for t, rate, dearer in zip(schedule.service, below, above, strict=True) if dearer > rate]
        if rises and not any(_is_counted(model, schedule, t) for t in rises):
            return False
    return True


def _is_counted(model: Model, schedule: ContractSchedule, t: int) -> bool:
    """Whether the objective counts what a block is billed in month t of its service, at the least its rise."""
    full = model.dataset.settings.end_of_horizon == "full"  # with residual two rates may both be covered by the worth
    inside = t in model.dataset.horizon or full
    return (
        inside
        and schedule.agreed_per_block(t) > 0.0
        and bool(schedule.supplier_present(t) or schedule.offer.prepay_share)
    )


def _signings(kind: OfferKind, signed: list[SigningVariant]) -> Iterator[Signing]:
    for each in signed:
        contract, blocks = each.schedule.offer, round(each.blocks.value())
        if blocks:
            yield Signing(
                kind=kind,
                name=contract.contract,
                month=each.schedule.signed,
                term_months=contract.term_months,
                units=blocks,
                start=each.schedule.start,
                end=each.schedule.end - 1,
                signed=contract.status == "signed",
            )
