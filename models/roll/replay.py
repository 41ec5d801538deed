"""Decisions replayed in another version of the workbook: the same signings, limits and options.

Where service starts later than expected, the term moves with it. A right to cancel or renew that does not exist, and a
signing that is not on offer in its month, are dropped and reported.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from models.dataset import Dataset
from models.plan import Plan, Signing
from models.supply.kind import OfferKind


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
    units: dict[tuple[OfferKind, str], int] = {}
    for each in sorted(plan.signings, key=lambda each: each.month):
        why = _not_on_offer(dataset, each, units.get((each.kind, each.name), 0))
        if why:
            units_of = f"{each.kind.units(each.units)} of {dataset.label(each.month)}"
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


def _not_on_offer(dataset: Dataset, each: Signing, signed_so_far: int) -> str:
    """Why the units cannot be had in their month; "" when they can."""
    kind = each.kind
    offer = kind.of(dataset).get(each.name)
    if offer is None or kind.taken_alike(dataset, each) is None:
        return "it is not on offer"
    if kind.status(offer) != "offer":
        return "" if kind.status(offer) == "signed" and each.signed else "it is not on offer"
    if each.signed:
        return "it is not signed"
    month = dataset.month(each.month)
    if (offer.sign_from or month) > month or (offer.sign_until or month) < month:
        return "it cannot be signed then"
    fits = signed_so_far + each.units <= kind.most(offer) and not (signed_so_far and kind.signed_once)
    return "" if fits else f"fewer {kind.unit}s are on offer"


def _at_home(dataset: Dataset, each: Signing) -> Signing:
    found: Signing | None = each.kind.taken_alike(dataset, each)
    assert found is not None
    return found
