"""The decisions of a month of a plan, in words."""

from __future__ import annotations

from collections import Counter

from models.dataset import Dataset
from models.kinds import OfferKey
from models.plan import Plan
from models.supply.kind import GIVE_NOTICE, RENEW


def decisions_made(dataset: Dataset, plan: Plan, first: int, last: int) -> tuple[str, ...]:
    """Signings, notice, renewals, options and changes of limits in months `first` to `last`.

    Notice is given notice_months before service stops; a renewal is decided in the month before its first.
    """
    words: list[str] = []
    signed: Counter[tuple[OfferKey, int]] = Counter()
    ended: Counter[tuple[OfferKey, int]] = Counter()
    renewed: Counter[tuple[OfferKey, int]] = Counter()
    for each in plan.signings:
        if not each.signed and first <= each.month <= last:
            signed[each.offer, each.term_months] += each.units
        for do, month, end in each.kind.notices(dataset, each):
            if do == RENEW and first <= month - 1 <= last:
                renewed[each.offer, month] += each.units
            elif do == GIVE_NOTICE and first <= month <= last:
                ended[each.offer, end] += each.units
    for (offer, term), units in signed.items():
        words.append(f"{offer.kind.does} {offer.kind.units(units)} of {offer.name} for {term} months")
    words += [f"gives notice on {units} of {at.name}, ends {dataset.label(end)}" for (at, end), units in ended.items()]
    words += [f"renews {units} of {at.name} from {dataset.label(begins)}" for (at, begins), units in renewed.items()]
    words += [f"buys option {each.name}" for each in plan.options if first <= each.month <= last]
    return (*words, *_limits(dataset, plan, first, last))


def _limits(dataset: Dataset, plan: Plan, first: int, last: int) -> list[str]:
    in_force = {(each.segment, each.month): each.limit for each in plan.limits}
    words = []
    for segment in dataset.segments:
        for t in range(first, last + 1):
            now = in_force.get((segment.segment, t))
            before = in_force.get((segment.segment, t - 1)) if t else segment.current_limit
            if now is not None and now != before:
                words.append(f"puts {segment.segment} on {now}")
    return words
