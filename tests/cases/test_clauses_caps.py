"""Caps on the portfolio, worked out by hand: every measure, scope, sense and period.

One accelerator of 1 kW serves 1 bn tokens a day. Hours: January 744, February 672, March 744, April 720.
"""

from __future__ import annotations

from typing import Any

import pytest
from builders import (
    JAN,
    contract,
    costs,
    dataset,
    demand,
    fleet,
    hardware,
    lease,
    lease_out,
    on_demand,
    ramp,
    segment,
    solved,
    solved_or_none,
    term,
    throughput,
)

from models.schema import Cap, Limit


def cap(measure: str, value: float, scope: str = "total", name: str | None = None, **columns: Any) -> Cap:
    return Cap(**{"sense": "max"} | columns, cap="policy", measure=measure, scope=scope, name=name, value=value)


def feasible(*rows: Any, **settings: Any) -> bool:
    return solved_or_none(dataset(*rows, **settings)) is not None


def test_capacity_is_counted_after_derate_and_ramp_and_before_lease_outs() -> None:
    """capacity_mw is what is online of fleet, leases and contracts in each month.

    2 of the fleet, 4 x 0.5 of a lease, 2 x 0.5 of a ramping contract, all of the fleet leased out: 5 kW = 0.005 MW.
    """
    rows = [
        ramp("half", (1, 0.5, 1.0)),
        fleet(accelerators=2),
        lease("lease", term(1, 1.0), holds=4, delivered_share=0.5, signed=0),
        contract(signed=0, blocks=2, ramp="half"),
        lease_out(units_max=2),
    ]
    assert feasible(rows, cap("capacity_mw", 0.005), months=1)
    assert not feasible(rows, cap("capacity_mw", 0.0049), months=1)
    assert feasible(rows, cap("capacity_mw", 0.005, sense="min"), months=1)
    assert not feasible(rows, cap("capacity_mw", 0.0051, sense="min"), months=1)


@pytest.mark.parametrize(
    ("scope", "name", "kw"),
    [
        ("provider", "neo", 3),
        ("vendor", "green", 5),
        ("hardware", "TPU", 2),
        ("region", "eu", 3),
        ("site", "campus", 4),
        ("offer", "lease", 3),
        ("offer", "contract", 2),
    ],
)
def test_the_scopes_of_capacity(scope: str, name: str, kw: float) -> None:
    """Capacity counts by provider, vendor, hardware, region, site and offer.

    Own 2 H100 of 1 kW (us, campus). A lease of neo in eu: 1 H100 and 4 TPU of 0.5 kW, 3 kW. A contract of 2 blocks of
    1 kW H100 (us, campus). H100 is made by green, 2 + 1 + 2 kW, TPU by search.
    """
    rows = [
        hardware("H100", vendor="green"),
        hardware("TPU", kw=0.5, vendor="search"),
        throughput(),
        fleet(accelerators=2, site="campus"),
        lease("lease", term(1, 1.0), holds={"H100": 1, "TPU": 4}, region="eu", signed=0),
        contract(signed=0, blocks=2, site="campus"),
    ]
    assert feasible(rows, cap("capacity_mw", kw / 1000, scope, name), months=1)
    assert not feasible(rows, cap("capacity_mw", kw / 1000 - 1e-4, scope, name), months=1)


def test_a_capacity_cap_bounds_what_is_signed() -> None:
    """A maximum keeps cheap units away: 1 kW more than the fleet's 1, of 3 wanted; the third bought at 5 USD."""
    rows = [fleet(), lease("lease", term(1, 1.0), units_max=3), demand(3), on_demand(5.0)]
    plan = solved(dataset(rows, cap("capacity_mw", 0.002), months=1))
    assert costs(plan) == pytest.approx({"lease": 744, "on_demand": 3720})


def test_a_minimum_makes_something_be_signed() -> None:
    """A minimum of 2 kW asks for two units though nobody needs them: 2 x 744."""
    rows = [lease("lease", term(1, 1.0), units_max=3), cap("capacity_mw", 0.002, sense="min")]
    assert costs(solved(dataset(rows, months=1))) == pytest.approx({"lease": 1488})


def test_a_cap_holds_in_its_window_only() -> None:
    """from_month and until_month bound where a cap holds.

    At most 0 kW of the lease in February only: January and March are leased (744 each), February bought at 3 x 672.
    """
    rows = [lease("lease", term(1, 1.0), units_max=3), demand(1, months=3), on_demand(3.0)]
    window = cap("capacity_mw", 0.0, from_month=JAN + 1, until_month=JAN + 1)
    assert costs(solved(dataset(rows, window))) == pytest.approx({"lease": 1488, "on_demand": 2016})


def test_a_share_is_of_all_that_is_online() -> None:
    """capacity_share holds the scope's MW against the total's.

    neo at most half: beside 2 of the fleet 2 of 4 wanted units; 2 bought at 5 USD. At least three quarters: 6 units.
    """
    rows = [fleet(accelerators=2), lease("lease", term(1, 1.0), units_max=8), demand(6), on_demand(5.0)]
    plan = solved(dataset(rows, cap("capacity_share", 0.5, "provider", "neo"), months=1))
    assert costs(plan) == pytest.approx({"lease": 1488, "on_demand": 7440})
    plan = solved(dataset(rows, cap("capacity_share", 0.75, "provider", "neo", sense="min"), months=1))
    assert costs(plan) == pytest.approx({"lease": 6 * 744})


def test_a_share_of_nothing_is_kept() -> None:
    """Where nothing is online a share of it is kept, whatever its sense: all is bought, 744."""
    rows = [demand(1), on_demand(1.0), lease("lease", term(1, 9.0))]
    plan = solved(dataset(rows, cap("capacity_share", 0.5, "provider", "neo", sense="min"), months=1))
    assert costs(plan) == pytest.approx({"on_demand": 744})


def test_obligations_are_fees_still_due() -> None:
    """obligation_usd is what is due after a month for what is signed by then, undiscounted, beyond the horizon too.

    A lease January to April, a quarter prepaid: after January 0.75 x (672 + 744 + 720) = 1602. A contract January to
    March, half taken or paid, 20 % prepaid: 0.8 x 0.5 x (672 + 744) = 566.40. Together 2168.40.
    """
    rows = [
        lease("lease", term(4, 1.0, prepay_share=0.25, upfront_usd_per_unit=500), signed=0),
        contract(signed=0, take_or_pay_share=0.5, prepay_share=0.2, min_spend_usd_per_year=90000),
    ]
    settings: dict[str, Any] = {"months": 2, "discount_rate": 1.0}
    for scope, name, owed in (
        ("total", None, 2168.4),
        ("provider", "neo", 1602),
        ("offer", "lease", 1602),
        ("offer", "contract", 566.4),
    ):
        assert feasible(rows, cap("obligation_usd", owed + 0.01, scope, name), **settings)
        assert not feasible(rows, cap("obligation_usd", owed - 0.1, scope, name), **settings)
        january: dict[str, Any] = {"sense": "min", "until_month": JAN}
        assert feasible(rows, cap("obligation_usd", owed - 0.01, scope, name, **january), **settings)
        assert not feasible(rows, cap("obligation_usd", owed + 0.1, scope, name, **january), **settings)


def test_obligations_follow_the_end_chosen() -> None:
    """What is owed is for the ends chosen: a stop ends the fees and owes the termination fee.

    January to April at 1 USD, may stop after January for a quarter of the rest: after January 2136 or 534. Demand in
    February is worth keeping it (on-demand at 3: 2016) unless at most 600 may be owed.
    """
    rows = [
        lease("lease", term(4, 1.0, cancel_after_months=1, termination_fee_share=0.25), signed=0),
        demand(1, 1, 0, 0),
        on_demand(3.0),
    ]
    free = solved(dataset(rows, months=4))
    # Stop after February: 744 + 672 + 0.25 x (744 + 720).
    assert costs(free) == pytest.approx({"lease": 744 + 672 + 366})
    bound = solved(dataset(rows, cap("obligation_usd", 600), months=4))
    assert costs(bound) == pytest.approx({"lease": 744 + 534, "on_demand": 2016})


def test_obligations_count_from_the_month_of_signing() -> None:
    """What is signed later owes nothing before.

    At most 700 may be owed after January. A two-month lease at 1 USD owes 672 then if signed in January, so only one of
    the two units is: leases 2 x 1416 = 2832, the second from February. Demand 2 in all months; bought 1 in January at
    3 USD (2232) and 1 in March at 1.40 (1041.60). Without the cap both are signed in January, and 2 bought in March.
    """
    rows = [lease("lease", term(2, 1.0), units_max=2), demand(2, months=3), on_demand(3.0), on_demand(1.4, t=1)]
    assert costs(solved(dataset(rows))) == pytest.approx({"lease": 2832, "on_demand": 2083.2})
    bound = solved(dataset(rows, cap("obligation_usd", 700, until_month=JAN)))
    assert costs(bound) == pytest.approx({"lease": 2832, "on_demand": 3273.6})


def test_shortfall_share_is_of_demand_after_limits() -> None:
    """shortfall_share holds tokens short over tokens demanded after limits, over the period.

    Demand 2 and 2, halved by a limit to 1; at most a quarter short per month: 0.25 of 1, bought 0.75 at 3 USD.
    """
    rows = [
        segment(shortfall_usd_per_mtok=0.01),
        Limit(segment="chat", limit="half", demand_multiplier=0.5),
        demand(2),
        on_demand(3.0),
    ]
    plan = solved(dataset(rows, cap("shortfall_share", 0.25), months=1))
    assert costs(plan) == pytest.approx({"on_demand": 0.75 * 2232, "shortfall": 77.5})


def test_shortfall_share_over_a_quarter() -> None:
    """Over a quarter one month's shortfall is made up for by another's service.

    1 bn in January and February: 59 bn; at most half short, 29.5 bn at 20 USD a bn = 590: the 28 of February, where a
    bn costs 24 h x 3 USD, and 1.5 of January; bought 29.5 bn x 24 h x 1 USD = 708.
    """
    rows = [segment(shortfall_usd_per_mtok=0.02), demand(1, months=2), on_demand(1.0), on_demand(3.0, t=1)]
    plan = solved(dataset(rows, cap("shortfall_share", 0.5, per="quarter"), months=2))
    assert costs(plan) == pytest.approx({"on_demand": 708, "shortfall": 590})


def test_shortfall_share_of_a_segment() -> None:
    """With scope segment only that segment's tokens count.

    chat may fall short by 0, search by all: 744 bought, 310 short.
    """
    rows = [
        segment("chat", shortfall_usd_per_mtok=0.01),
        segment("search", shortfall_usd_per_mtok=0.01),
        demand(1),
        demand(1, segment="search"),
        on_demand(1.0),
    ]
    plan = solved(dataset(rows, cap("shortfall_share", 0.0, "segment", "chat"), months=1))
    assert costs(plan) == pytest.approx({"on_demand": 744, "shortfall": 310})
    both = solved(dataset(rows, cap("shortfall_share", 0.25), months=1))
    assert costs(both) == pytest.approx({"on_demand": 1.5 * 744, "shortfall": 155})


def test_no_end_beyond_the_horizon_is_chosen_for_nothing() -> None:
    """A right to end service after the horizon is used where a cap on obligations needs it, and not otherwise.

    A lease of 12 months at 1 USD an hour, signed; two months of horizon; a month's notice from the first month on,
    so that the earliest end beyond the horizon is the end of February. After January 11 months of fees are owed
    (8,016 USD), or with that end only February's 672.
    """
    rows = lease("own", term(12, 1.0, cancel_after_months=1, notice_months=1), signed=0)
    loose = solved(dataset(rows, cap("obligation_usd", 1e6), months=2)).signings[0]
    tight = solved(dataset(rows, cap("obligation_usd", 5000), months=2)).signings[0]
    assert (loose.end, loose.cancelled) == (11, False)
    assert (tight.end, tight.cancelled) == (1, True)


def test_a_name_for_all_changes_nothing_of_a_cap_on_the_total() -> None:
    """A cap on the total has no name to be split by: with `*` it holds as it does with none."""
    cap = Cap(cap="power", measure="capacity_mw", scope="total", name="*", sense="max", value=0.001)
    rows = [fleet(), lease("lease", term(1, 1.0)), on_demand(2.0), demand(2), cap]
    assert costs(solved(dataset(rows, months=1))) == pytest.approx({"on_demand": 1488})
