"""Usage charges by source: payments name an offer or asset, and two may share a name and a provider."""

from __future__ import annotations

from collections.abc import Iterator

from models.dataset import Dataset
from models.grouping import sums
from models.kinds import FLEET, Kind
from models.plan import Plan
from models.supply.registry import offers

Used = tuple[Kind, str, int, int]
"""A source in a month: kind, name, term (0 where an offer has but one) and month."""


def charged_use(dataset: Dataset, plan: Plan) -> dict[Used, float]:
    """Hours used x usage rate of each source: what its usage charges come to, USD."""
    return sums((used, hours * rate) for used, hours, rate in charged_hours(dataset, plan))


def charged_hours(dataset: Dataset, plan: Plan) -> Iterator[tuple[Used, float, float]]:
    """Each use of a source: accelerator-hours, overage among them, and what an hour is charged, USD."""
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
    for use in plan.source_use:
        term = ways.get((use.kind, use.name, use.term_months), 0)
        hours = dataset.hours_per_day[use.block] / 24.0 * dataset.hours(use.month)
        rate = rates.get((use.kind, use.name, term), 0.0)
        rate *= dataset.realization.usage_price(use.hardware, use.month)
        yield (use.kind, use.name, term, use.month), (use.accelerators + use.overage) * hours, rate
