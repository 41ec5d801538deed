r"""Prices over time: what a million tokens earns, and what one costs that falls short, by segment and month.

Between two months given, outside the horizon too, a price is interpolated geometrically (linearly if one is 0);
before the first and after the last it is the nearest. A column that `prices` leaves blank for a segment is that of
`segments`. A scenario multiplies both.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property

from models.dataset import Dataset
from models.grouping import groups
from models.schema import Price

MTOK_PER_BN = 1000.0
"""Millions in a billion tokens."""


class SegmentPrices:
    """Revenue and cost of shortfall of every segment, USD per billion tokens by month t of the horizon."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset

    def revenue_usd_per_bn(self, segment: str, t: int) -> float:
        """What a billion tokens demanded earns at baseline."""
        price = self._in_force("revenue_usd_per_mtok", segment, t)
        return MTOK_PER_BN * (price or 0.0) * self._dataset.realization.revenue(segment, t)

    def shortfall_usd_per_bn(self, segment: str, t: int) -> float:
        """What a billion tokens costs that is not served; 0 where shortfall is not allowed."""
        if self._dataset.segment_of[segment].shortfall_usd_per_mtok is None:
            return 0.0
        price = self._in_force("shortfall_usd_per_mtok", segment, t)
        return MTOK_PER_BN * (price or 0.0) * self._dataset.realization.shortfall_cost(segment, t)

    def _in_force(self, column: str, segment: str, t: int) -> float | None:
        rows = self._rows.get(segment, ())
        points = [(self._dataset.t(row.month), price) for row in rows if (price := getattr(row, column)) is not None]
        if points:
            return price_at(points, t)
        found: float | None = getattr(self._dataset.segment_of[segment], column)
        return found

    @cached_property
    def _rows(self) -> dict[str, list[Price]]:
        return groups((row.segment, row) for row in sorted(self._dataset.prices, key=lambda row: row.month))


def price_at(points: list[tuple[int, float]], t: int) -> float:
    """The price of month t by those given, in order of their months.

    >>> [price_at([(0, 4.0), (2, 1.0)], t) for t in (-1, 1, 5)]
    [4.0, 2.0, 1.0]
    """
    after = bisect_right(points, t, key=lambda point: point[0])
    if after in (0, len(points)):
        return points[after and -1][1]
    (start, low), (end, high) = points[after - 1 : after + 1]
    share = (t - start) / (end - start)
    if not low or not high:
        return low + (high - low) * share
    return float(low * (high / low) ** share)
