"""What tokens earn and cost month by month, by hand. A billion tokens a day: 31 bn in January, 28 in February."""

from __future__ import annotations

import pytest
from builders import JAN, costs, dataset, demand, present, segment, solved
from sheets import errors_of, tables

from models.checks import check
from models.dataset import Dataset
from models.demand.prices import SegmentPrices
from models.schema import Limit, Price


def price(t: int, revenue: float | None = None, shortfall: float | None = None) -> Price:
    return Price(segment="chat", month=JAN + t, revenue_usd_per_mtok=revenue, shortfall_usd_per_mtok=shortfall)


def short_of_all(*rows: Price, months: int = 3) -> Dataset:
    """A billion tokens a day that nothing serves, at 9 USD a million in `segments`."""
    return dataset(segment(shortfall_usd_per_mtok=9.0), demand(1, months=months), *rows, months=months)


def test_shortfall_costs_the_price_of_its_month() -> None:
    """1 USD in January, 4 in March, 2 between them: 31,000 x 1, 28,000 x 2, 31,000 x 4."""
    plan = solved(short_of_all(price(0, shortfall=1.0), price(2, shortfall=4.0)))
    assert present(plan, "shortfall") == pytest.approx({0: 31e3, 1: 56e3, 2: 124e3})


def test_before_the_first_month_and_after_the_last_the_nearest_price_holds() -> None:
    """One price, of February, is that of all months."""
    plan = solved(short_of_all(price(1, shortfall=2.0)))
    assert present(plan, "shortfall") == pytest.approx({0: 62e3, 1: 56e3, 2: 62e3})


def test_months_outside_the_horizon_count_between_months() -> None:
    """1 USD in December and 4 in February make 2 in January."""
    plan = solved(short_of_all(price(-1, shortfall=1.0), price(1, shortfall=4.0), months=1))
    assert costs(plan) == pytest.approx({"shortfall": 62e3})


def test_towards_nothing_a_price_falls_in_a_straight_line() -> None:
    """From 4 USD in January to 0 in March: 2 in February."""
    plan = solved(short_of_all(price(0, shortfall=4.0), price(2, shortfall=0.0)))
    assert present(plan, "shortfall") == pytest.approx({0: 124e3, 1: 56e3})


def test_a_column_without_a_value_leaves_that_of_segments() -> None:
    """Revenue by month changes nothing of the shortfall of 9 USD; a blank cell is no price."""
    plan = solved(short_of_all(price(0, revenue=1.0), price(1, revenue=2.0, shortfall=None), months=1))
    assert costs(plan) == pytest.approx({"shortfall": 279e3})


def test_limits_forgo_the_revenue_of_the_month() -> None:
    """Half of 31,000 at 2 USD in January, of 28,000 at 4 in February: 31,000 + 56,000."""
    chat = segment(revenue_usd_per_mtok=9.0, shortfall_usd_per_mtok=0.0)
    half = Limit(segment="chat", limit="half", demand_multiplier=0.5)
    data = dataset(chat, half, demand(1, 1), price(0, revenue=2.0), price(1, revenue=4.0), months=2)
    assert present(solved(data), "revenue_forgone") == pytest.approx({0: 31e3, 1: 56e3})


def test_a_price_of_shortfall_needs_one_in_segments() -> None:
    """Where nothing may fall short, a price by month is a fault of its cell."""
    (fault,) = (each for each in check(dataset(demand(1), price(0, shortfall=1.0))) if each.sheet == "prices")
    assert (fault.severity, fault.column) == ("error", "shortfall_usd_per_mtok")
    named = [{"segment": "other", "month": "2026-01", "revenue_usd_per_mtok": 1}]
    assert [each.column for each in errors_of(tables(), prices=named)] == ["segment"]


def test_prices_are_by_segment() -> None:
    """Another segment's rows change nothing."""
    rows = [segment("other", revenue_usd_per_mtok=3.0), segment(revenue_usd_per_mtok=1.0)]
    prices = SegmentPrices(dataset(rows, demand(1), demand(1, segment="other"), price(0, revenue=2.0)))
    assert prices.revenue_usd_per_bn("chat", 0) == 2000.0
    assert prices.revenue_usd_per_bn("other", 0) == 3000.0
