"""What sampled paths make of a problem: demand in tokens, and how large what they act on is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from models.core.vector import Array
from models.dataset import Dataset
from models.demand.baseline import baseline_demand
from models.grouping import groups, largest
from models.realization import ALL
from models.sampling.paths import Paths
from models.supply.kind import OfferKind
from models.supply.registry import offers


def value_of(paths: Paths, quantity: str, name: str) -> Array | None:
    """Values of a quantity for one name, shape (paths, months): its own, else those of `*`, else None."""
    return paths.values.get((quantity, name), paths.values.get((quantity, ALL)))


def demand_of(dataset: Dataset, paths: Paths) -> dict[str, Array]:
    """Billions of tokens a day by segment, shape (paths, months), its regions together.

    Of month t: d_t = d_(t-1) (b_t / b_(t-1) + added growth), b the baseline, times the multiplier of demand.
    """
    shape = (len(paths), len(dataset.horizon))
    found: dict[str, Array] = {}
    for (segment, _), baseline in baseline_demand(dataset).items():
        growth = value_of(paths, "demand_growth", segment)
        grown = np.full(shape, baseline[0])
        for t in dataset.horizon[1:]:
            before, now = baseline[t - 1], baseline[t]
            added = 0.0 if growth is None else growth[:, t]
            grown[:, t] = np.maximum(0.0, grown[:, t - 1] * (now / before + added)) if before else now
        multiplier = value_of(paths, "demand", segment)
        tokens = grown if multiplier is None else grown * multiplier
        found[segment] = found[segment] + tokens if segment in found else tokens
    return found


def over_baseline(dataset: Dataset, tokens: Mapping[str, Array]) -> Array:
    """Tokens of these segments together over those of their baseline, shape (paths, months); 1 where that is 0."""
    baseline = np.sum([path for (name, _), path in baseline_demand(dataset).items() if name in tokens], axis=0)
    together: Array = np.sum(list(tokens.values()), axis=0)
    level: Array = np.divide(together, baseline, out=np.ones_like(together), where=baseline > 0)
    return level


def accelerator_time(dataset: Dataset) -> dict[str, float]:
    """The size of each segment: baseline tokens over the fastest rate of its workload, summed over the horizon."""
    fastest = largest((row.workload, row.tokens_per_second) for row in dataset.throughput)
    sizes = dict.fromkeys(dataset.segment_of, 0.0)
    for (segment, _), baseline in baseline_demand(dataset).items():
        rate = fastest.get(dataset.segment_of[segment].workload, 0.0)
        sizes[segment] += math.fsum(baseline) / rate if rate else 0.0
    return sizes


def power_mw(dataset: Dataset) -> dict[str, float]:
    """The size of each offer: MW of all of it; and of each provider: MW of all its offers. 0 for on-demand only."""

    def mw(kind: OfferKind, row: Any) -> float:
        units = kind.units_signed(row) if kind.status(row) == "signed" else 0
        return kind.mw_per_unit(dataset, row) * (units or kind.most(row))

    sold = ((kind, row) for kind, row in offers(dataset) if kind.uncertain and kind.buys)
    sizes = [(row.provider, kind.name_of(row), mw(kind, row)) for kind, row in sold]
    by_provider = groups((provider, size) for provider, _, size in sizes)
    totals = {provider: math.fsum(found) for provider, found in by_provider.items()}
    return totals | {name: size for _, name, size in sizes}
