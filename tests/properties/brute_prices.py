"""What work, tokens and on-demand cost and yield in a month, read from the workbook's contract alone."""

from __future__ import annotations

import itertools
import math

import numpy as np
from properties.brute_factors import gone, times

from models.dataset import Dataset
from models.schema import Segment

MTOK_PER_BN = 1000.0


def tokens_per_accelerator_hour(data: Dataset, segment: Segment, hardware: str, t: int) -> float:
    """Billions of tokens an accelerator at work yields in an hour; 0 where the pair cannot run."""
    for row in data.throughput:
        if row.workload == segment.workload and row.hardware == hardware:
            rate: float = row.tokens_per_second * (1.0 + row.gain_per_year) ** (t / 12.0)
            rate *= times(data, "throughput", t, segment.workload, hardware)
            return 3600.0 * rate * data.hardware_of[hardware].availability * (1.0 - segment.headroom_share) / 1e9
    return 0.0


def price(data: Dataset, segment: Segment, column: str, t: int) -> float:
    """What a million tokens earns, or costs that falls short, in month t, as the scenario has it."""
    quantity = {"revenue_usd_per_mtok": "revenue", "shortfall_usd_per_mtok": "shortfall_cost"}[column]
    return _plain_price(data, segment, column, t) * times(data, quantity, t, segment.segment)


def _plain_price(data: Dataset, segment: Segment, column: str, t: int) -> float:
    rows = [row for row in data.prices if row.segment == segment.segment and getattr(row, column) is not None]
    known = sorted((data.t(row.month), float(getattr(row, column))) for row in rows)
    if not known:
        return float(getattr(segment, column) or 0.0)
    for (one, low), (other, high) in itertools.pairwise(known):
        if one <= t < other:
            way = (t - one) / (other - one)
            return (
                math.exp((1 - way) * math.log(low) + way * math.log(high)) if low and high else low + (high - low) * way
            )
    return known[0][1] if t < known[0][0] else known[-1][1]


def network_usd_per_bn(data: Dataset, capacity_region: str, demand_region: str) -> float | None:
    """What serving across costs; None where it is not allowed."""
    for row in data.network:
        if (row.capacity_region, row.demand_region) == (capacity_region, demand_region):
            return row.usd_per_mtok * MTOK_PER_BN if row.allowed else None
    return 0.0 if not data.network or capacity_region == demand_region else None


def on_demand_offers(data: Dataset, t: int) -> list[tuple[str, str, str, float, float]]:
    """(provider, region, hardware, USD an accelerator-hour, most accelerators) in month t."""
    rows: dict[tuple[str, str, str], tuple[int, float, float]] = {}
    for row in data.on_demand:
        start = 0 if row.from_month is None else data.t(row.from_month)
        key = (row.provider, row.region, row.hardware)
        if start <= t and (key not in rows or rows[key][0] <= start):
            most = np.inf if row.max_accelerators is None else row.max_accelerators
            rows[key] = (start, row.usd_per_accelerator_hour, most)
    return [
        (
            *key,
            price * times(data, "on_demand_price", t, key[2]),
            _capped(most, times(data, "on_demand_cap", t, key[2])),
        )
        for key, (_, price, most) in rows.items()
        if not gone(data, t, key[0])
    ]


def _capped(most: float, share: float) -> float:
    return most * share if share else 0.0


def loads(data: Dataset) -> list[Segment]:
    """Segments, and runs as segments that can wait within the month and never fall short."""
    runs = [
        Segment(segment=row.run, workload=row.workload, timing="deferrable", single_site=row.single_site)
        for row in data.runs
    ]
    return [*data.segments, *runs]


def load(data: Dataset, name: str) -> Segment:
    return next(each for each in loads(data) if each.segment == name)
