"""What is asked for and what it takes to serve it, worked out by hand: months between, growth, rates, headroom.

Demand is bought on demand at 1 USD an hour of an accelerator that serves 1 bn tokens a day, so a month's bill is
the accelerators needed x its hours: January 744, February 672, March 744.
"""

from __future__ import annotations

from typing import Any

import pytest
from builders import (
    JAN,
    cash,
    costs,
    dataset,
    demand,
    fleet,
    hardware,
    on_demand,
    segment,
    solved,
    solved_or_none,
    throughput,
)

from models.dataset import Dataset


def bought(*rows: Any, **settings: Any) -> dict[int, float]:
    """Accelerators bought by month."""
    data: Dataset = dataset(*rows, on_demand(1.0), **settings)
    return {t: usd / data.hours(t) for t, usd in cash(solved(data), "on_demand").items()}


def test_tokens_are_a_daily_mean_over_every_day_of_the_month() -> None:
    """tokens_bn_per_day x days of the month are to be served, whatever the month's length.

    3 bn a day keep 3 accelerators at work: 3 x 744 = 2232 in January, 3 x 672 = 2016 in February.
    """
    plan = solved(dataset(demand(3, 3), on_demand(1.0), months=2))
    assert cash(plan, "on_demand") == pytest.approx({0: 2232, 1: 2016})
    assert sum(each.tokens_bn for each in plan.serving if each.month == 1) == pytest.approx(3 * 28)


def test_demand_between_two_months_is_interpolated_geometrically() -> None:
    """January 1 and April 8 make February 2 and March 4."""
    months = [*demand(1), *demand(8, first=JAN + 3)]
    assert bought(months, months=4) == pytest.approx({0: 1, 1: 2, 2: 4, 3: 8})


@pytest.mark.parametrize(("first", "last"), [(0.0, 3.0), (3.0, 0.0)])
def test_demand_to_or_from_zero_is_interpolated_linearly(first: float, last: float) -> None:
    """0 in January and 3 in April make 1 in February and 2 in March; the other way round 2 and 1."""
    months = [*demand(first), *demand(last, first=JAN + 3)]
    expected = {t: first + (last - first) * t / 3 for t in range(4) if first + (last - first) * t / 3}
    assert bought(months, months=4) == pytest.approx(expected)


def test_demand_grows_after_the_last_month_given() -> None:
    """growth_per_month compounds from the last month given: 2, then 3 and 4.5 at 50 %."""
    assert bought(segment(growth_per_month=0.5), demand(2)) == pytest.approx({0: 2, 1: 3, 2: 4.5})


def test_months_outside_the_horizon_count_for_interpolation() -> None:
    """Demand given before and after the horizon shapes it.

    December 1 and March 8 make January 2 and February 4; December 1 grown by 50 % a month makes 1.5 and 2.25.
    """
    around = [*demand(1, first=JAN - 1), *demand(8, first=JAN + 2)]
    assert bought(around, months=2) == pytest.approx({0: 2, 1: 4})
    before = [segment(growth_per_month=0.5), *demand(1, first=JAN - 1)]
    assert bought(before, months=2) == pytest.approx({0: 1.5, 1: 2.25})


def test_regions_and_segments_have_demand_of_their_own() -> None:
    """Demand adds up over segments and regions: 1 + 2 of chat and 0.5 of search keep 3.5 accelerators at work."""
    rows = [segment("chat"), segment("search"), demand(1), demand(2, region="eu"), demand(0.5, segment="search")]
    assert bought(rows, months=1) == pytest.approx({0: 3.5})


def test_availability_and_headroom_take_more_accelerator_time() -> None:
    """Work takes tokens / (3600 x rate x availability x (1 - headroom)).

    3 bn a day at 2 bn an accelerator, 0.75 available and 0.2 kept for bursts: 3 / (2 x 0.75 x 0.8) = 2.5.
    """
    rows = [hardware(availability=0.75), throughput(bn_per_day=2.0), segment(headroom_share=0.2), demand(3)]
    assert bought(rows, months=1) == pytest.approx({0: 2.5})


def test_the_rate_gains_by_software() -> None:
    """In month t the rate is tokens_per_second x (1 + gain_per_year)^(t/12).

    A gain of 300 % a year doubles it in half a year: 2 bn in January keep 2 at work, in July 1.
    """
    rows = [throughput(gain_per_year=3.0), demand(2, 0, 0, 0, 0, 0, 2)]
    assert bought(rows, months=7) == pytest.approx({0: 2, 6: 1})


def test_each_workload_runs_where_it_has_a_rate() -> None:
    """A pair of workload and hardware that is absent, or has rate 0, cannot run.

    Training has no rate on TPU, so both own TPUs stand idle for it and 1 x 744 is bought; chat uses them.
    """
    rows = [
        hardware("H100"),
        hardware("TPU"),
        throughput("chat", "H100"),
        throughput("chat", "TPU"),
        throughput("training", "H100"),
        throughput("search", "TPU", bn_per_day=0.0),
        throughput("search", "H100"),
        fleet(accelerators=2, hardware="TPU"),
        segment("chat"),
        segment("training", "training"),
        segment("search", "search"),
        demand(1),
        demand(1, segment="training"),
        demand(1, segment="search"),
    ]
    assert bought(rows, months=1) == pytest.approx({0: 2})


def test_an_availability_of_zero_serves_nothing() -> None:
    """Hardware that is never available cannot serve, so demand on it alone has no plan."""
    assert solved_or_none(dataset(hardware(availability=0.0), demand(1), on_demand(1.0), months=1)) is None


def test_the_cheapest_hardware_per_token_is_used() -> None:
    """What counts is the price of a token, not of an hour.

    A TPU does half the work at 0.40: 2 x 0.40 = 0.80 < 1 an hour: 2 x 744 x 0.4 = 595.20.
    """
    rows = [hardware(), hardware("TPU"), throughput(), throughput(hardware="TPU", bn_per_day=0.5)]
    plan = solved(dataset(rows, demand(1), on_demand(1.0), on_demand(0.4, hardware="TPU"), months=1))
    assert costs(plan) == pytest.approx({"on_demand": 595.2})
