"""Decisions replayed in another version of the workbook: the same signings, limits and options.

Where service starts later than expected, the term moves with it. A right to cancel or renew that does not exist, and a
signing that is not on offer in its month, are dropped and reported.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from models.dataset import Dataset
from models.plan import Plan, Signing
from models.roll.plan_mapping import schedule_of
from models.schema import Contract, Lease, LeaseOut
from models.supply.signing import service_start


@dataclass(frozen=True, slots=True)
class DroppedDecision:
    """A decision of month t that the other workbook does not offer, in words."""

    month: int
    words: str


def replay(dataset: Dataset, plan: Plan) -> tuple[Plan, tuple[DroppedDecision, ...]]:
    """The same decisions in another version of the workbook.

    Parameters
    ----------
    dataset
        The other version.
    plan
        The decisions.

    Returns
    -------
    tuple
        The plan's decisions as they are in `dataset`, and those that are dropped because it does not offer them.
    """
    signings, dropped = [], []
    units: dict[tuple[str, str], int] = {}
    for each in sorted(plan.signings, key=lambda each: each.month):
        why = _not_on_offer(dataset, each, units.get((each.kind, each.name), 0))
        if why:
            units_of = f"{each.units} unit{'s' * (each.units > 1)} of {dataset.label(each.month)}"
            dropped.append(DroppedDecision(each.month, f"{each.name}: {units_of} not available, {why}"))
            continue
        units[each.kind, each.name] = units.get((each.kind, each.name), 0) + each.units
        signings.append(_at_home(dataset, each))
    known = {each.option for each in dataset.options}
    limits = {(each.segment, each.limit) for each in dataset.limits}
    found = replace(
        plan,
        signings=tuple(signings),
        options=tuple(each for each in plan.options if each.name in known),
        limits=tuple(each for each in plan.limits if (each.segment, each.limit) in limits),
    )
    return found, tuple(dropped)


def _offer(dataset: Dataset, each: Signing) -> Lease | Contract | LeaseOut | None:
    if each.kind == "lease":
        return dataset.lease_of.get(each.name)
    return dataset.contract_of.get(each.name) if each.kind == "contract" else dataset.lease_out_of.get(each.name)


def _not_on_offer(dataset: Dataset, each: Signing, signed_so_far: int) -> str:
    """Why the units cannot be had in their month; "" when they can."""
    offer = _offer(dataset, each)
    if offer is None or (each.kind == "lease" and schedule_of(dataset, each) is None):
        return "it is not on offer"
    if not isinstance(offer, LeaseOut) and offer.status != "offer":
        return "" if offer.status == "signed" and each.signed else "it is not on offer"
    if each.signed:
        return "it is not signed"
    month = dataset.month(each.month)
    if (offer.sign_from or month) > month or (offer.sign_until or month) < month:
        return "it cannot be signed then"
    if isinstance(offer, Contract):
        return "" if each.units <= offer.max_blocks and not signed_so_far else "fewer blocks are on offer"
    return "" if signed_so_far + each.units <= offer.units_max else "fewer units are on offer"


def _at_home(dataset: Dataset, each: Signing) -> Signing:
    offer = _offer(dataset, each)
    assert offer is not None
    start = service_start(dataset, offer, each.month)
    schedule = schedule_of(dataset, each) if each.kind == "lease" else None
    if schedule is None:
        return replace(each, start=start, end=start + each.term_months - 1)
    if each.cancelled and schedule.may_stop(each.end + 1):
        return replace(each, start=start)
    renewals = min(each.renewals, schedule.term.renewals_max)
    end = schedule.term_end - 1 + renewals * (schedule.term.renewal_months or 0)
    return replace(each, start=start, end=end, cancelled=False, renewals=renewals)
