"""Load blocks, work that can wait, and tokens not served, worked out by hand.

One accelerator serves 1 bn tokens a day; January 2026 has 31 days, 744 hours.
"""

from __future__ import annotations

from typing import Any

import pytest
from builders import cash, costs, dataset, demand, fleet, on_demand, segment, solved, solved_or_none

from models.schema import Limit, LoadBlock, LoadShape


def day_and_night(hours: float = 12.0) -> list[LoadBlock]:
    return [LoadBlock(block="day", hours_per_day=hours), LoadBlock(block="night", hours_per_day=24.0 - hours)]


def shape(day: float, night: float, segment: str = "chat") -> list[LoadShape]:
    return [
        LoadShape(segment=segment, block="day", multiplier=day),
        LoadShape(segment=segment, block="night", multiplier=night),
    ]


def test_a_load_shape_sets_the_rate_in_each_block() -> None:
    """In a load block demand runs at multiplier x the day's mean.

    8 hours at 1.5 and 16 at 0.75 times 2 bn/day: 3 accelerators by day, 1.5 by night. Two of the fleet: 1 is bought
    for 8 x 31 hours at 4 USD = 992.
    """
    rows = [day_and_night(8), shape(1.5, 0.75), demand(2), fleet(accelerators=2), on_demand(4.0)]
    assert costs(solved(dataset(rows, months=1))) == pytest.approx({"on_demand": 992})


def test_without_a_shape_demand_is_even() -> None:
    """A segment without load_shape has the same rate in every block: 2 at work all day, 2 x 744."""
    plan = solved(dataset(day_and_night(8), demand(2), on_demand(1.0), months=1))
    assert costs(plan) == pytest.approx({"on_demand": 1488})
    assert {each.block: each.accelerators for each in plan.on_demand} == pytest.approx({"day": 2, "night": 2})


def test_multipliers_are_normalised() -> None:
    """A shape whose mean is 1 within 1 % is scaled to it, so that no tokens appear or vanish.

    (1.212 x 12 + 0.808 x 12) / 24 = 1.01: in truth 1.2 and 0.8; 1 accelerator of the fleet lacks 0.2 for 12 x 31 hours.
    """
    rows = [day_and_night(), shape(1.212, 0.808), demand(1), fleet(), on_demand(1.0)]
    assert costs(solved(dataset(rows, months=1))) == pytest.approx({"on_demand": 0.2 * 372})


def test_deferrable_work_goes_where_there_is_room() -> None:
    """A deferrable segment is served at any time within its month.

    Chat keeps 0.8 at work by day and 0.2 by night; 0.5 bn of batch fits exactly beside it in one accelerator:
    0.1 by day, 0.4 by night. Were it interactive, 0.3 x 372 h would have to be bought by day.
    """

    def rows(timing: str) -> list[Any]:
        return [
            day_and_night(),
            shape(1.6, 0.4),
            segment("chat"),
            segment("batch", timing=timing),
            demand(0.5),
            demand(0.5, segment="batch"),
            fleet(),
            on_demand(1.0),
        ]

    assert costs(solved(dataset(rows("deferrable"), months=1))) == {}
    assert costs(solved(dataset(rows("interactive"), months=1))) == pytest.approx({"on_demand": 0.3 * 372})


def test_deferrable_work_does_not_leave_its_month() -> None:
    """Work can wait within the month, not beyond it.

    2 bn/day in January with one accelerator: the second is bought, 744, though February is free.
    """
    rows = [segment(timing="deferrable"), demand(2, 0), fleet(), on_demand(1.0)]
    assert cash(solved(dataset(rows, months=2)), "on_demand") == pytest.approx({0: 744})


def test_shortfall_costs_by_the_million_tokens() -> None:
    """Tokens not served cost shortfall_usd_per_mtok.

    1 of 2 bn a day is short: 31 bn = 31000 Mtok x 0.01 = 310, less than 744 on demand.
    """
    rows = [segment(shortfall_usd_per_mtok=0.01), demand(2), fleet(), on_demand(1.0)]
    plan = solved(dataset(rows, months=1))
    assert costs(plan) == pytest.approx({"shortfall": 310})
    assert sum(each.tokens_bn for each in plan.shortfalls) == pytest.approx(31)
    assert not any(cash(plan, "shortfall").values())


def test_a_blank_shortfall_price_allows_none() -> None:
    """Without a price no token may go short: with one accelerator for two there is no plan."""
    assert solved_or_none(dataset(demand(2), fleet(), months=1)) is None


def test_a_shortfall_price_of_zero_allows_any() -> None:
    """A price of 0 is a price: everything may go short for nothing."""
    assert costs(solved(dataset(segment(shortfall_usd_per_mtok=0.0), demand(2), on_demand(1.0), months=1))) == {}


def test_the_largest_shortfall_share_is_of_the_month() -> None:
    """max_shortfall_share holds over all regions and load blocks of a month together.

    4 bn/day in us and eu together, a quarter may go short: 1 bn/day. By day (12 hours) the rate is 1.5 times: 3 in each
    region; by night 1 in each. Bought at 2 USD: all but 1 bn: 3 x 744 x 2 = 4464; short 31000 x 0.01 = 310.
    """
    rows = [
        day_and_night(),
        shape(1.5, 0.5),
        segment(shortfall_usd_per_mtok=0.01, max_shortfall_share=0.25),
        demand(2),
        demand(2, region="eu"),
        on_demand(2.0),
    ]
    plan = solved(dataset(rows, months=1))
    assert costs(plan) == pytest.approx({"on_demand": 4464, "shortfall": 310})


def test_the_largest_shortfall_share_is_of_demand_after_limits() -> None:
    """A limit that halves demand halves what may go short.

    4 bn halved to 2, a quarter of it short: 0.5 x 31000 x 0.01 = 155; 1.5 x 744 x 2 = 2232 bought.
    """
    rows = [
        segment(shortfall_usd_per_mtok=0.01, max_shortfall_share=0.25),
        Limit(segment="chat", limit="half", demand_multiplier=0.5),
        demand(4),
        on_demand(2.0),
    ]
    assert costs(solved(dataset(rows, months=1))) == pytest.approx({"on_demand": 2232, "shortfall": 155})


def test_the_largest_shortfall_share_holds_in_each_month() -> None:
    """What is not used of the share in one month is no help in the next.

    January needs nothing beyond the fleet; in February, of 2 bn a half may go short and no more.
    """
    rows = [segment(shortfall_usd_per_mtok=0.01, max_shortfall_share=0.25), demand(1, 2), fleet()]
    assert solved_or_none(dataset(rows, months=2)) is None
    rows = [segment(shortfall_usd_per_mtok=0.01, max_shortfall_share=0.5), demand(1, 2), fleet()]
    assert costs(solved(dataset(rows, months=2))) == pytest.approx({"shortfall": 280})


def test_the_reserve_margin_is_kept_on_committed_capacity_only() -> None:
    """Of what is committed in a region and hardware, reserve_margin stays free; on-demand keeps none.

    4 of the fleet, a quarter free: 3 at work; 2 more for a demand of 5: 2 x 744.
    """
    rows = [demand(5), fleet(accelerators=4), on_demand(1.0)]
    assert costs(solved(dataset(rows, months=1, reserve_margin=0.25))) == pytest.approx({"on_demand": 1488})


def test_the_reserve_margin_is_kept_on_the_pool_not_on_each_source() -> None:
    """One source may work in full while the margin is kept on another of the same pool.

    Two assets of 2, a quarter of 4 free: the one with no usage charge works in full, the other 1 of its 2:
    0.1 x 744 = 74.40.
    """
    rows = [demand(3), fleet("free", 2), fleet("metered", 2, usage_usd_per_accelerator_hour=0.1)]
    assert costs(solved(dataset(rows, months=1, reserve_margin=0.25))) == pytest.approx({"usage": 74.4})


def test_segments_share_a_pool_freely() -> None:
    """Capacity of one region and hardware is shared by all segments, block by block.

    Chat peaks by day (2, 0), search by night (0, 2): together always 2, which the fleet has.
    """
    rows = [
        day_and_night(),
        shape(2, 0),
        shape(0, 2, segment="search"),
        segment("chat"),
        segment("search"),
        demand(1),
        demand(1, segment="search"),
        fleet(accelerators=2),
    ]
    assert costs(solved(dataset(rows, months=1))) == {}
