"""Bills: what each signing is billed, month by month and tier by tier, to be recomputed by hand."""

from __future__ import annotations

from collections import defaultdict

from models.dataset import Dataset, block_hours
from models.kinds import OfferKey
from models.plan import Plan
from models.supply.bill_rows import BillRow


def bills(dataset: Dataset, plan: Plan) -> list[BillRow]:
    """Every line of every bill inside the horizon, by month."""
    used = defaultdict[OfferKey, dict[int, float]](lambda: defaultdict(float))
    over = defaultdict[OfferKey, dict[int, float]](lambda: defaultdict(float))
    for work in plan.source_use:
        hours, key = block_hours(dataset, work.month, work.block), OfferKey(work.kind, work.name)
        used[key][work.month] += work.accelerators * hours
        over[key][work.month] += work.overage * hours
    found: list[BillRow] = []
    for each in plan.signings:
        found += each.kind.bill_rows(dataset, each, used[each.offer], over[each.offer])
    inside = [each for each in found if each.month in dataset.horizon and each.amount]
    return sorted(inside, key=lambda each: (each.month, each.offer, each.signed_month))
