"""Revenue and profit and loss, worked out by hand. A billion tokens a day: 31 bn in January, 28 in February."""

from __future__ import annotations

import pytest
from builders import JAN, dataset, demand, fleet, segment, solved

from models.dataset import Dataset
from models.demand.revenue import revenues
from models.schema import Cap, Limit
from planner.results.plan_figures import PlanFigures
from planner.results.profit import quarter_label
from planner.results.views import cash_by_year


def half_served(**settings: float) -> Dataset:
    """Four billion a day at 2 USD a million; a limit takes a quarter, an accelerator serves one, two fall short."""
    return dataset(
        segment(revenue_usd_per_mtok=2.0, shortfall_usd_per_mtok=3.0),
        Limit(segment="chat", limit="tight", demand_multiplier=0.75),
        demand(4, 4),
        fleet(usd_per_accelerator_hour=1.0),
        months=2,
        **settings,
    )


def test_revenue_is_earned_on_what_is_served() -> None:
    """January: 4 x 31,000 x 2 at baseline, a quarter forgone, 2 x 31,000 x 2 lost, 62,000 left."""
    data = half_served()
    first, second = revenues(data, solved(data))
    assert (first.baseline, first.forgone, first.lost, first.earned) == pytest.approx((248e3, 62e3, 124e3, 62e3))
    assert second.earned == pytest.approx(56e3)


def test_the_margin_is_revenue_earned_less_the_cash_of_computing() -> None:
    """The fleet costs 744 in January for 31,000 million tokens: 0.024 a million, and 62,000 - 744 are left."""
    data = half_served()
    january, february = PlanFigures(data, solved(data)).profit
    assert january.cash["fleet"] == pytest.approx(744)
    assert january.margin == pytest.approx(62e3 - 744)
    assert january.usd_per_mtok == pytest.approx(0.024)
    (quarter,) = PlanFigures(data, solved(data)).profit_by_quarter
    assert quarter.margin == pytest.approx(january.margin + february.margin)
    assert quarter.usd_per_mtok == pytest.approx((744 + 672) / 59e3)


def test_revenue_over_the_horizon_is_a_present_value() -> None:
    """At a rate that halves money in a month February counts half."""
    data = half_served(discount_rate=2.0**12 - 1)
    revenue = PlanFigures(data, solved(data)).revenue
    assert (revenue.baseline, revenue.earned) == pytest.approx((248e3 + 112e3, 62e3 + 28e3))
    assert revenue.earned == revenue.baseline - revenue.forgone - revenue.lost_to_shortage


@pytest.mark.parametrize(("begins", "labels"), [(1, ["2026 Q1", "2026 Q1"]), (2, ["2026 Q4", "2027 Q1"])])
def test_quarters_begin_with_the_fiscal_year(begins: int, labels: list[str]) -> None:
    """A fiscal year that begins in February 2026 is called by the year it ends in, 2027."""
    data = half_served(fiscal_year_start=begins)
    assert [quarter_label(data, t) for t in data.horizon] == labels
    plan = solved(data)
    assert len(PlanFigures(data, plan).profit_by_quarter) == len(set(labels))
    assert list(cash_by_year(data, plan)) == sorted({int(label[:4]) for label in labels})


def test_a_cap_adds_up_over_fiscal_quarters() -> None:
    """1500 USD a calendar quarter do not pay for January to March, 2160; a fiscal quarter ends with January."""
    most = Cap(cap="most", measure="cash_usd", scope="total", sense="max", value=1450.0, per="quarter")
    rows = [fleet(usd_per_accelerator_hour=1.0), demand(1, 1, 1), most]
    assert solved(dataset(rows, fiscal_year_start=2)).objective_usd == pytest.approx(2160)
    with pytest.raises(AssertionError):
        solved(dataset(rows, fiscal_year_start=1, first_month=JAN))
