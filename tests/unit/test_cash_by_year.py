"""The table of cash by year on the first page of a plan."""

from __future__ import annotations

import pytest

from planner.reports.plan.overview_sheet import _widest
from planner.results.views import CASH_GROUPS

GROUPS = [*dict.fromkeys(CASH_GROUPS.values()), "other"]


@pytest.mark.parametrize("places", [3, 7, len(GROUPS)])
def test_cash_of_every_kind_fits_the_page(places: int) -> None:
    """However many kinds of cash a plan has, no more columns than places are used and each year keeps its sum."""
    years = {2026 + k: {group: float(k + i) for i, group in enumerate(GROUPS)} for k in range(3)}
    groups, shown = _widest(years, places)
    assert len(groups) == places
    for year, row in years.items():
        assert sum(shown[year][group] for group in groups) == pytest.approx(sum(row.values()))
