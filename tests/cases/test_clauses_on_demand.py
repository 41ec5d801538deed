"""On-demand prices and caps, and the existing fleet, worked out by hand.

One accelerator serves 1 bn tokens a day. Hours: January 744, February 672, March 744.
"""

from __future__ import annotations

import pytest
from builders import JAN, cash, costs, dataset, demand, fleet, on_demand, segment, solved, solved_or_none

from models.schema import LoadBlock, LoadShape


def test_on_demand_is_paid_by_the_hour_used() -> None:
    """What is bought on demand is billed for the hours used only.

    2 accelerators in a day block of 8 hours and none by night: 2 x 8 x 31 = 496 h x 3 = 1488.
    """
    rows = [
        LoadBlock(block="day", hours_per_day=8),
        LoadBlock(block="night", hours_per_day=16),
        LoadShape(segment="chat", block="day", multiplier=3),
        LoadShape(segment="chat", block="night", multiplier=0),
    ]
    plan = solved(dataset(rows, demand(2 / 3), on_demand(3.0), months=1))
    assert costs(plan) == pytest.approx({"on_demand": 1488})


def test_a_price_holds_until_the_next_row() -> None:
    """A row holds until the next from_month of the same provider, region and hardware.

    2 USD in January and February, 1 USD from March: 1488, 1344, 744.
    """
    plan = solved(dataset(demand(1, months=3), on_demand(2.0), on_demand(1.0, t=2)))
    assert cash(plan, "on_demand") == pytest.approx({0: 1488, 1: 1344, 2: 744})


def test_a_price_from_before_the_horizon_holds_in_it() -> None:
    """The latest row that begins by a month holds in it, rows before the horizon included.

    Rows from October 5 USD and from December 2 USD: January at 2.
    """
    plan = solved(dataset(demand(1), on_demand(5.0, t=-3), on_demand(2.0, t=-1), months=1))
    assert costs(plan) == pytest.approx({"on_demand": 1488})


def test_before_its_first_row_nothing_is_sold() -> None:
    """An offer that begins in February sells nothing in January."""
    assert solved_or_none(dataset(demand(1, months=2), on_demand(1.0, t=1), months=2)) is None
    assert costs(solved(dataset(demand(0, 1), on_demand(1.0, t=1), months=2))) == pytest.approx({"on_demand": 672})


def test_a_cap_holds_in_every_hour() -> None:
    """max_accelerators bounds what is bought at any time; the next cheapest provider sells the rest.

    Demand 3 by night and day: 2 at 1 USD, 1 at 4 USD: (2 + 4) x 744 = 4464.
    """
    rows = [on_demand(1.0, max_accelerators=2.0), on_demand(4.0, provider="dear")]
    plan = solved(dataset(demand(3), rows, months=1))
    assert costs(plan) == pytest.approx({"on_demand": 4464})


def test_the_cap_of_a_later_row_replaces_the_earlier() -> None:
    """Each row brings its own cap, and blank is none.

    January at most 1 of 2, so 1 goes short at 0.1 USD a million tokens: 3100; February buys both.
    """
    rows = [on_demand(1.0, max_accelerators=1.0), on_demand(1.0, t=1)]
    plan = solved(dataset(segment(shortfall_usd_per_mtok=0.1), demand(2, months=2), rows, months=2))
    assert costs(plan) == pytest.approx({"on_demand": 744 + 1344, "shortfall": 3100})


def test_a_cap_of_zero_sells_nothing() -> None:
    """A price with max_accelerators 0 is no offer."""
    assert solved_or_none(dataset(demand(1), on_demand(1.0, max_accelerators=0.0), months=1)) is None


def test_the_fleet_costs_while_it_is_online() -> None:
    """Fleet runs from from_month to until_month and costs its hours online, used or not; usage comes on top.

    4 accelerators at 0.25 online in February only: 4 x 672 x 0.25 = 672; demand 1 then: 0.1 x 672 = 67.20.
    January and March buy 1 at 2 USD: 1488 each.
    """
    own = fleet(
        accelerators=4,
        from_month=JAN + 1,
        until_month=JAN + 1,
        usd_per_accelerator_hour=0.25,
        usage_usd_per_accelerator_hour=0.1,
    )
    plan = solved(dataset(own, demand(1, months=3), on_demand(2.0)))
    assert costs(plan) == pytest.approx({"fleet": 672, "usage": 67.2, "on_demand": 2976})


def test_a_fleet_without_months_is_always_online() -> None:
    """Blank months mean always: 2 x (744 + 672) x 0.5 = 1416."""
    plan = solved(dataset(fleet(accelerators=2, usd_per_accelerator_hour=0.5), months=2))
    assert cash(plan, "fleet") == pytest.approx({0: 744, 1: 672})


def test_the_cheapest_source_works_first() -> None:
    """Of what is online, and on demand, the least charge by use is taken first.

    Assets charge 0.3 and 0.1, on demand costs 0.2; demand 2.5: 1 x 0.1 + 1 x 0.2 (capped at 1) + 0.5 x 0.3 = 0.45.
    """
    rows = [
        fleet("dear", usage_usd_per_accelerator_hour=0.3),
        fleet("cheap", usage_usd_per_accelerator_hour=0.1),
        on_demand(0.2, max_accelerators=1.0),
    ]
    plan = solved(dataset(rows, demand(2.5), months=1))
    assert costs(plan) == pytest.approx({"usage": 0.25 * 744, "on_demand": 0.2 * 744})
