"""History: monthly growth of demand as it was, a segment's regions taken together."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from models import months
from models.dataset import Dataset

if TYPE_CHECKING:
    from models.core.vector import Array


def segment_growth(dataset: Dataset, segment: str) -> list[float]:
    """log(demand of a month / demand of the month before), for each month of the segment's history but the first.

    Raises
    ------
    ValueError
        The history is empty, has a gap, lacks a region in some month, or is not above 0.
    """
    return list(_growth(dataset, segment).values())


def joint_growth(dataset: Dataset, segments: Iterable[str]) -> Array:
    """The same of several segments in the months all have in common, shape (months, segments).

    Raises
    ------
    ValueError
        As `segment_growth`.
    """
    import numpy as np

    found = [_growth(dataset, segment) for segment in segments]
    common = sorted(set[int]().union(*found).intersection(*found))
    return np.array([[each[month] for each in found] for month in common], dtype=float).reshape(-1, len(found))


def _growth(dataset: Dataset, segment: str) -> dict[int, float]:
    by_month: dict[int, dict[str | None, float]] = defaultdict(dict)
    for row in dataset.history:
        if row.segment == segment:
            by_month[row.month][row.region] = row.tokens_bn_per_day
    if not by_month:
        raise ValueError(f"{segment} has no rows in the sheet history; add them, or give a number instead.")
    regions = {region for found in by_month.values() for region in found}
    totals = {}
    for month in range(min(by_month), max(by_month) + 1):
        lacking = sorted(region or "" for region in regions - by_month[month].keys())
        if lacking:
            place = f" in {', '.join(lacking)}" if any(lacking) else ""
            raise ValueError(f"the history of {segment} has no figure for {months.label(month)}{place}; fill it in.")
        totals[month] = math.fsum(by_month[month].values())
        if totals[month] <= 0:
            raise ValueError(f"the history of {segment} is 0 in {months.label(month)}; begin it after that month.")
    return {month: math.log(totals[month] / totals[month - 1]) for month in list(totals)[1:]}
