"""The sheet `Assumptions`: what is taken for granted, and what the columns `source` of a workbook say."""

from __future__ import annotations

import pytest
from builders import dataset, demand, lease, segment, term

from models.loading import plain_table
from models.parsing.sources import sources_of
from planner.results.assumptions import assumptions
from planner.results.tables import Percent


def test_sources_are_found_by_sheet_and_key() -> None:
    """Of settings by the key, of a lease's terms by both parts, of demand by month; where none stands there is none."""
    tables = [
        plain_table("settings", [{"key": "Discount rate", "value": 0.1, "source": "treasury"}]),
        plain_table("lease_terms", [{"lease": "A", "term_months": 36.0, "source": " quote of May "}]),
        plain_table("demand", [{"segment": "chat", "region": "us", "month": "Sep 2026", "Source": "sales"}]),
        plain_table("leases", [{"lease": "A"}, {"lease": "B", "source": ""}]),
        plain_table("funding", [{"source": "bank", "month": "2026-01", "usd": 1.0}]),
    ]
    assert sources_of(tables) == {
        ("settings", "discount_rate"): "treasury",
        ("lease_terms", "A/36"): "quote of May",
        ("demand", "chat/us/2026-09"): "sales",
    }


def test_what_is_taken_for_granted_is_listed_with_its_source() -> None:
    """Growth from 1 to 4 in two months is 100 % a month; a lease of which 90 % arrives; terms only where sourced."""
    data = dataset(
        segment(growth_per_month=0.02),
        demand(1, 2, 4),
        lease("A", term(12, 2.0), delivered_share=0.9),
        lease("B", term(12, 2.0)),
    )
    sources = {("leases", "A"): "supplier's record", ("lease_terms", "B/12"): "quote"}
    rows = {what: (value, source) for what, value, source in assumptions(data, sources).rows}
    assert rows["settings: discount_rate"] == (0.0, "")
    assert rows["demand of chat: mean growth a month"] == (pytest.approx(1.0), "")
    assert rows["segments: chat, growth_per_month"] == (0.02, "")
    assert rows["leases: A, delivered_share"] == (0.9, "supplier's record")
    assert rows["lease_terms: B/12"] == ("as in the workbook", "quote")
    assert not any(what.startswith("leases: B") for what in rows)


def test_shares_are_in_percent_and_other_numbers_as_they_are() -> None:
    """Rates by the year or month are shares; an elasticity and a churn by shortfall are none."""
    told = segment(growth_per_month=0.02, price_elasticity=-1.2, churn_per_shortfall=0.5, recovery_per_month=0.1)
    rows = {what: value for what, value, _ in assumptions(dataset(told, credit_interest=0.08), {}).rows}
    shares = {"settings: credit_interest": 0.08, "segments: chat, growth_per_month": 0.02}
    shares |= {"segments: chat, recovery_per_month": 0.1, "settings: other_cost_share": 0.0}
    numbers = {"segments: chat, price_elasticity": -1.2, "segments: chat, churn_per_shortfall": 0.5}
    assert {name: rows[name] for name in (*shares, *numbers)} == shares | numbers
    assert [isinstance(rows[name], Percent) for name in (*shares, *numbers)] == [True] * 4 + [False] * 2
