"""Workbooks that differ only in size or in the unit of money have plans that differ only in that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from random import Random
from typing import Any

import pytest
from builders import solved_or_none
from hypothesis import given, settings
from hypothesis import strategies as st
from properties.themes import THEMES

from models.dataset import Dataset
from models.schema import MEASURES, Cap

RANDOM = st.randoms(use_true_random=True)

ACCELERATORS = {
    "fleet": ("accelerators",),
    "lease_hardware": ("accelerators",),
    "contracts": ("block_mw",),
    "on_demand": ("max_accelerators",),
    "lease_outs": ("accelerators",),
    "demand": ("tokens_bn_per_day",),
}
"""Columns that say how much there is, or is asked for."""

PER_UNIT = {
    "segments": ("change_cost_usd",),
    "lease_terms": ("usd_per_unit_month", "upfront_usd_per_unit"),
    "contracts": ("upfront_usd", "min_spend_usd_per_year"),
    "options": ("premium_usd",),
}
"""Columns of money that belongs to no accelerator, hour or token, so grows with the size of what it buys."""

PER_USE = {
    "segments": ("revenue_usd_per_mtok", "shortfall_usd_per_mtok"),
    "network": ("usd_per_mtok",),
    "fleet": ("usd_per_accelerator_hour", "usage_usd_per_accelerator_hour"),
    "lease_terms": ("usd_per_accelerator_hour", "usage_usd_per_accelerator_hour"),
    "contracts": ("usage_usd_per_accelerator_hour",),
    "contract_tiers": ("usd_per_accelerator_hour", "usd_per_kw_month"),
    "on_demand": ("usd_per_accelerator_hour",),
    "lease_outs": ("usd_per_accelerator_hour",),
}
"""Columns of money by accelerator-hour, power or tokens."""


def times(data: Dataset, factor: float, *columns: Mapping[str, tuple[str, ...]], measures: tuple[str, ...]) -> Dataset:
    """The workbook with these columns, and the values of caps of these measures, multiplied."""

    def multiplied(row: Any, names: tuple[str, ...]) -> Any:
        return replace(row, **{name: getattr(row, name) * factor for name in names if getattr(row, name) is not None})

    sheets: dict[str, Any] = {each.name: getattr(data, each.name) for each in fields(data)}
    for group in columns:
        for sheet, names in group.items():
            sheets[sheet] = tuple(multiplied(row, names) for row in sheets[sheet])
    caps: tuple[Cap, ...] = sheets["caps"]
    sheets["caps"] = tuple(multiplied(row, ("value",)) if row.measure in measures else row for row in caps)
    return Dataset(**sheets)


def same(data: Dataset, other: Dataset, factor: float) -> None:
    """Both have plans or none, and the other's cost is `factor` times that of the first."""
    plan, scaled = solved_or_none(data), solved_or_none(other)
    assert (plan is None) == (scaled is None)
    if plan is not None and scaled is not None:
        size = sum(abs(each.present_value_usd) for each in plan.payments)
        assert scaled.objective_usd / factor == pytest.approx(plan.objective_usd, rel=1e-6, abs=1e-6 * size)


@pytest.mark.parametrize("factor", [0.01, 250_000.0])
@pytest.mark.parametrize("theme", THEMES)
@settings(max_examples=5, derandomize=True, deadline=None, print_blob=True, database=None)
@given(random=RANDOM)
def test_cost_grows_with_size(theme: str, factor: float, random: Random) -> None:
    """A company so many times as large pays so many times as much, from a tenth of a machine to a frontier lab."""
    data = THEMES[theme](random)
    measures = ("capacity_mw", "cash_usd", "obligation_usd")
    assert set(measures) < set(MEASURES)
    same(data, times(data, factor, ACCELERATORS, PER_UNIT, measures=measures), factor)


@pytest.mark.parametrize("theme", THEMES)
@settings(max_examples=5, derandomize=True, deadline=None, print_blob=True, database=None)
@given(random=RANDOM)
def test_the_unit_of_money_is_free(theme: str, random: Random) -> None:
    """In another currency, here 150 to the dollar, the plan costs as many times as much."""
    data = THEMES[theme](random)
    measures = ("cash_usd", "obligation_usd")
    other = times(data, 150.0, PER_UNIT, PER_USE, measures=measures)
    # A share of revenue has no unit; cash and revenue both grow.
    same(data, other, 150.0)
