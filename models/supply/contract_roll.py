"""Contracts rolled forward: what is signed by then is written as signed, and what its year was billed is remembered."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from models.dataset import Billed
from models.kinds import OfferKey
from models.plan import Signing
from models.schema import Contract
from models.supply.contract_schedule import ContractSchedule
from models.supply.contracts import tier_spans
from models.supply.next_round import RoundUnderWay

if TYPE_CHECKING:
    from models.supply.kind import OfferKind


def roll_contracts(state: RoundUnderWay, kind: OfferKind) -> None:
    """A contract signed by then becomes a signed row; one that is over, or whose window has closed, goes."""
    dataset, to = state.dataset, state.to
    for contract in dataset.contracts:
        name = contract.contract
        signed = next((each for each in state.signings_of(kind, name) if each.signed or each.month < to), None)
        if signed is not None or (contract.status == "signed" and contract.signed_blocks):
            state.signed.add(kind.key(contract))
        over = signed.end < to if signed is not None else contract.status == "signed"
        never = contract.status == "offer" and signed is None and state.is_closed(contract.sign_until)
        if over or never:
            state.leave_out(kind.key(contract))
            continue
        if contract.status == "offer" and signed is not None:
            contract = replace(
                contract, status="signed", signed_month=dataset.month(signed.month), signed_blocks=signed.units
            )
            state.done.append(f"{name}: {signed.units} blocks signed {dataset.label(signed.month)}")
        if signed is not None:
            state.stands_for(name, signed, settled=True)
        if signed is not None and contract.min_spend_usd_per_year and signed.start < to:
            _remember_bills(state, kind, contract, signed)
        state.write(contract)
    state.write(*(each for each in dataset.contract_tiers if OfferKey(kind, each.contract) not in state.removed))


def _remember_bills(state: RoundUnderWay, kind: OfferKind, contract: Contract, signed: Signing) -> None:
    """What was billed of the contract year under way, which counts towards its minimum spend."""
    to, name = state.to, contract.contract
    first = max(0, to - (to - signed.start) % 12)
    if first == to:
        return
    minimums = _minimums(ContractSchedule(state.dataset, contract, signed.month), signed.units)
    paid = [each for each in state.plan.payments if (each.category, each.offer) == (kind.category, name)]
    usd = sum(each.cash_usd for each in paid if first <= each.month < to)
    usd += contract.prepay_share * sum(minimums.get(t, 0.0) for t in range(first, to))
    if first <= signed.month < to:
        usd -= contract.upfront_usd + contract.prepay_share * sum(minimums.values())
    state.billed.append(Billed(name, to - first, usd))
    state.notes.append(
        f"{name}: a contract year is under way in {state.dataset.label(to)}; of its minimum spend only the months "
        "that are left count from now on, and what was billed before them no longer does."
    )


def _minimums(schedule: ContractSchedule, blocks: int) -> dict[int, float]:
    """USD that blocks bill at least, by month of the service, prepayment not yet taken off."""
    contract, tiers = schedule.contract, []
    for tier, first, last in tier_spans(contract, schedule.tiers):
        if contract.tier_mode == "incremental":
            tiers.append((tier, max(0, min(blocks, last) - first + 1)))
        elif first <= blocks <= last:
            tiers.append((tier, blocks))
    share = contract.take_or_pay_share
    return {
        t: sum(schedule.rate(tier, t) * schedule.agreed_per_block(t) * count for tier, count in tiers)
        * share
        * schedule.dataset.hours(t)
        for t in schedule.service
    }
