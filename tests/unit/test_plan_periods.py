"""What a plan signs and what a million tokens cost, by hand: power, contract values, costs by source and segment."""

from __future__ import annotations

import pytest
from builders import (
    JAN,
    contract,
    dataset,
    demand,
    fleet,
    hardware,
    lease,
    on_demand,
    ramp,
    segment,
    solved,
    term,
    throughput,
)

from models.dataset import Dataset
from planner.results.periods import expected
from planner.results.plan_figures import PlanFigures


def figures(data: Dataset) -> PlanFigures:
    """Those of the cheapest plan."""
    return PlanFigures(data, solved(data))


def test_power_signed_is_that_of_the_whole_term_and_online_what_has_arrived() -> None:
    """Ten kW signed in January arrive from February: half for a month, all in April, beyond the horizon."""
    slow = ramp("slow", (1, 0.5, 1.0), (3, 1.0, 1.0))
    data = dataset(
        fleet("own", 2.0), slow, lease("new", term(6, 1.0, ramp="slow"), holds=10.0, signed=0, lead_months=1)
    )
    found = figures(data)
    assert {(row.offer, row.signed_mw) for row in found.power} == {("new", 0.01), ("own", 0.002)}
    assert [row.online_mw for row in found.power if row.offer == "new"] == pytest.approx([0.0, 0.005, 0.005])
    assert [row.signed_mw for row in found.months] == pytest.approx([0.012] * 3)
    (decision,) = figures(data).decisions
    assert (decision.mw, decision.most_mw) == pytest.approx((0.005, 0.01))


def test_what_has_ended_is_signed_no_longer() -> None:
    """A lease of January, and an asset that goes after February."""
    data = dataset(fleet("own", 1.0, until_month=JAN + 1), lease("brief", term(1, 1.0), signed=0))
    rows = {(row.offer, row.month) for row in figures(data).power}
    assert rows == {("brief", 0), ("own", 0), ("own", 1)}


def test_a_contract_is_worth_what_is_paid_at_once_and_all_that_is_owed() -> None:
    """January to March at 1 USD: 2160 of fees, half of them prepaid, and 300 upfront; half of January's is due too."""
    terms = term(3, 1.0, upfront_usd_per_unit=300, prepay_share=0.5)
    found = figures(dataset(lease("lease", terms), demand(1), on_demand(9.0), months=1))
    assert found.cash_at_signing_usd == pytest.approx(300 + 1080 + 372)
    assert found.contract_value_usd == pytest.approx(300 + 2160)


def test_of_a_contract_the_minimum_counts_and_of_a_signed_one_nothing() -> None:
    """Take-or-pay of a quarter of two months: 354; the lease that is signed already is no value of this plan."""
    blocks = contract(term_months=2, take_or_pay_share=0.25)
    found = figures(dataset(lease("old", term(3, 1.0), signed=0), blocks, demand(2), on_demand(9.0), months=1))
    assert found.contract_value_usd == pytest.approx(0.25 * (744 + 672))
    assert found.cash_at_signing_usd == pytest.approx(0.25 * 744)


def two_segments() -> Dataset:
    """Two billion a day of `chat` and one of `code`; two accelerators for 1 USD an hour, one on demand for 4."""
    return dataset(
        segment(revenue_usd_per_mtok=1.0),
        segment("code", workload="code", revenue_usd_per_mtok=2.0),
        throughput(),
        throughput("code", bn_per_day=0.5),
        demand(1, segment="chat", months=4),
        demand(1, segment="code", months=4),
        fleet("own", 2.0, usd_per_accelerator_hour=1.0),
        on_demand(4.0),
        months=4,
    )


def test_tokens_cost_what_their_sources_cost() -> None:
    """Three accelerators at work, two of them for `code`: of 744 x (2 + 4) USD it has two thirds."""
    january = {(row.by, row.name): row for row in figures(two_segments()).unit_costs if row.month == 0}
    assert {key: row.cost_usd for key, row in january.items()} == pytest.approx(
        {("source", "fleet"): 1488, ("source", "on_demand"): 2976, ("segment", "chat"): 1488, ("segment", "code"): 2976}
    )
    assert january["segment", "code"].usd_per_mtok == pytest.approx(2976 / 31e3)
    assert sum(row.tokens_bn for (by, _), row in january.items() if by == "source") == pytest.approx(62)


def test_by_segment_and_by_source_costs_add_up_to_those_of_computing() -> None:
    """Also where accelerators of another kind only idle, whose cost all tokens share."""
    data = two_segments()
    rows = (data.segments, data.throughput, data.demand, data.on_demand, data.fleet)
    older = fleet("older", 5.0, hardware="old", usd_per_accelerator_hour=1.0)
    found = figures(dataset(rows, hardware(), hardware("old", kw=3.0), older, months=4))
    for month in found.profit:
        for by in ("source", "segment"):
            rows = (row for row in found.unit_costs if row.month == month.month and row.by == by)
            assert sum(row.cost_usd for row in rows) == pytest.approx(month.cost)


def test_periods_add_up_and_stand_at_their_end() -> None:
    """Two quarters: money adds up, power stands; of 3 accelerators 2 are available, all at work."""
    found = figures(two_segments())
    first, second = found.by("quarter")
    assert first.of("earned") == pytest.approx(90 * 1e3 * 3)
    assert (first.cash_usd, first.online_mw) == pytest.approx((90 * 24 * 6, 0.002))
    assert (second.margin, second.utilisation) == pytest.approx((30e3 * 3 - 720 * 6, 1.0))
    (whole,) = found.by("horizon")
    assert whole.of("cost") == pytest.approx(sum(row.cost for row in found.profit))
    tokens = sum(row.tokens_bn for row in found.unit_costs if row.name == "on_demand")
    assert whole.usd_per_mtok_of("source", "on_demand") == pytest.approx(4 * 24 * 120 / (tokens * 1e3))


def test_of_scenarios_the_expected_figures_are_told() -> None:
    """A quarter of a plan that costs twice as much: shares are divided out of expected values."""
    rows = figures(two_segments()).by("quarter")
    double = [type(row)(row.month, {key: 2 * value for key, value in row.figures.items()}) for row in rows]
    mean = expected([(0.75, rows), (0.25, double)])
    assert mean[0].cash_usd == pytest.approx(1.25 * rows[0].cash_usd)
    assert mean[0].utilisation == pytest.approx(rows[0].utilisation)
