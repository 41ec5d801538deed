"""The same problem with shortfall allowed at a price above anything that can be bought.

Its plan leaves as little unserved as possible.
"""

from __future__ import annotations

from dataclasses import replace

from models.dataset import Dataset
from models.supply.registry import offers

LAST_RESORT_FACTOR = 10.0
"""A token not served costs at least this many times the most expensive way on offer to serve it."""


def unserved_allowed(dataset: Dataset) -> Dataset:
    """Segments that must be served may fall short, at `last_resort_usd_per_mtok`.

    Caps on shortfall are left out, and others forget what was before month 0: it cannot be made good.
    """
    price = last_resort_usd_per_mtok(dataset)
    segments = tuple(
        replace(
            each,
            shortfall_usd_per_mtok=price if each.shortfall_usd_per_mtok is None else each.shortfall_usd_per_mtok,
            max_shortfall_share=1.0,
        )
        for each in dataset.segments
    )
    caps = tuple(each for each in dataset.caps if each.measure != "shortfall_share")
    return replace(dataset, segments=segments, caps=caps, carried=())


def last_resort_usd_per_mtok(dataset: Dataset) -> float:
    """A price of shortfall above everything that can be bought, USD per million tokens.

    LAST_RESORT_FACTOR times the most expensive accelerator-hour on offer at the slowest rate, or times the highest
    price of shortfall allowed, whichever is more.
    """
    hourly = [each.usd_per_accelerator_hour for each in dataset.on_demand]
    hourly += [usd for kind, row in offers(dataset) for usd in kind.hourly_usd(dataset, row)]
    rates = [each.tokens_per_second for each in dataset.throughput if each.tokens_per_second > 0.0]
    mtok_per_hour = min(rates, default=1.0) * 3600.0 / 1e6
    allowed = [each.shortfall_usd_per_mtok or 0.0 for each in dataset.segments]
    allowed += [each.shortfall_usd_per_mtok or 0.0 for each in dataset.prices]
    return LAST_RESORT_FACTOR * max(1e-3, max(hourly, default=0.0) / mtok_per_hour, *allowed)
