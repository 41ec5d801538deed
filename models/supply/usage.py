"""Usage charges by source: payments name an offer or asset, and two may share a name and a provider."""

from __future__ import annotations

from collections import defaultdict

from models.dataset import Dataset
from models.kinds import FLEET, Kind
from models.plan import Plan
from models.supply.registry import offers

Use = dict[tuple[Kind, str, int, int], float]
"""By kind, name, term (0 where an offer has but one) and month."""


def charged_use(dataset: Dataset, plan: Plan) -> Use:
    """Hours used x usage rate of each source: what its usage charges come to, USD."""
    rates: dict[tuple[Kind, str, int], float] = {
        (FLEET, each.asset, 0): each.usage_usd_per_accelerator_hour for each in dataset.fleet
    }
    ways: dict[tuple[Kind, str, int], int] = {}
    for kind, row in offers(dataset):
        if kind.buys:
            for term in kind.terms(dataset, row):
                name, way = kind.name_of(row), term if kind.several_terms else 0
                ways[kind, name, term] = way
                rates[kind, name, way] = kind.usage_rate(dataset, name, term)
    found: Use = defaultdict(float)
    for use in plan.source_use:
        term = ways.get((use.kind, use.name, use.term_months), 0)
        hours = dataset.hours_per_day[use.block] / 24.0 * dataset.hours(use.month)
        rate = rates.get((use.kind, use.name, term), 0.0)
        found[use.kind, use.name, term, use.month] += (use.accelerators + use.overage) * hours * rate
    return found
