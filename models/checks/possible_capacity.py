"""Where and when there can be capacity, whatever it costs and whatever caps and rules say.

A pool (region, hardware) has capacity in month t when some fleet, lease, contract or on-demand row can have
something at work there then, by the earliest signing that its windows and options leave, its lead time, its ramp and
its longest service. It says whether there can be any at all, not how much.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from models.dataset import Dataset
from models.kinds import OfferKey
from models.supply.kind import OfferKind
from models.supply.on_demand import dated_rows
from models.supply.registry import offers, options_on

Pool = tuple[str, str]
"""Region and hardware."""


@dataclass(slots=True)
class PossibleCapacity:
    """Months t in which something can be at work in each pool, for any segment and for single-site ones."""

    any_work: dict[Pool, set[int]] = field(default_factory=lambda: defaultdict(set))
    one_site: dict[Pool, set[int]] = field(default_factory=lambda: defaultdict(set))

    def add(self, pool: Pool, months: Iterable[int], at_a_site: bool) -> None:
        """Adds months in which a pool can have capacity, `at_a_site` for single-site segments too."""
        found = set(months)
        self.any_work[pool] |= found
        if at_a_site:
            self.one_site[pool] |= found


def possible_capacity(dataset: Dataset) -> PossibleCapacity:
    """Where and when there can be capacity, whatever it costs and whatever caps and rules say."""
    found = PossibleCapacity()
    kept_free = dataset.settings.reserve_margin >= 1.0
    for asset in dataset.fleet:
        if asset.accelerators > 0 and not kept_free:
            found.add((asset.region, asset.hardware), dataset.window(asset.from_month, asset.until_month), True)
    for kind, row in offers(dataset):
        if not kept_free or kind.works_without_margin(row):
            for hardware, in_service, at_a_site in kind.service_months(dataset, row, _signings(dataset, kind, row)):
                found.add((kind.region(dataset, row), hardware), in_service, at_a_site and not kept_free)
    for pool, months in _on_demand_months(dataset):
        found.add(pool, months, False)
    return found


def _on_demand_months(dataset: Dataset) -> Iterator[tuple[Pool, range]]:
    """Months in which each row that sells anything holds: up to the next of the same seller."""
    for (_, region, hardware), rows in dated_rows(dataset).items():
        ends = [start for start, _ in rows[1:]] + [len(dataset.horizon)]
        for (start, row), end in zip(rows, ends, strict=True):
            if row.max_accelerators != 0:
                yield (region, hardware), range(max(0, start), min(end, len(dataset.horizon)))


def _signings(dataset: Dataset, kind: OfferKind, row: Any) -> Iterable[int]:
    """Months in which an offer was or can be signed, once its options are bought."""
    if kind.status(row) == "signed":
        signed = kind.signed_before(dataset, row)
        return () if signed is None else (signed,)
    window, allowed = kind.signing_window(dataset, row), _earliest_by_options(dataset, kind.key(row))
    return () if allowed is None else range(max(window.start, allowed), window.stop)


def _earliest_by_options(dataset: Dataset, offer: OfferKey) -> int | None:
    """The first month t in which every option on the offer can have been bought; None when one never can."""
    earliest = 0
    for option in options_on(dataset, offer):
        window = dataset.window(option.buy_from, option.buy_until)
        if not window:
            return None
        earliest = max(earliest, window.start)
    return earliest
