"""What a scenario makes of demand, rates, the market and prices: bills worked out by hand.

One accelerator serves 1 bn tokens a day. Hours: January 744, February 672, March 744, April 720, May 744.
"""

from __future__ import annotations

from typing import Any

import pytest
from builders import (
    JAN,
    cash,
    contract,
    costs,
    dataset,
    demand,
    fleet,
    hardware,
    lease,
    on_demand,
    segment,
    solved,
    term,
    throughput,
)
from stochastic import factor, scenario, solved_in


def test_demand_is_multiplied_from_its_month_on() -> None:
    """A demand factor multiplies every month from from_month on.

    2, then half as much again from February, at 1 USD: 2 x 744 = 1488; 3 x 672 = 2016; 3 x 744 = 2232.
    """
    plan = solved_in(demand(2, months=3), on_demand(1.0), factor("s", "demand", 1.5, "chat", t=1))
    assert cash(plan, "on_demand") == pytest.approx({0: 1488, 1: 2016, 2: 2232})


def test_growth_is_added_and_compounds_from_its_month() -> None:
    """Half a month's demand more each month, compounding from February: February is the base.

    4, 4, 4 x 1.5 = 6, 6 x 1.5 = 9: 4 x 744 = 2976; 4 x 672 = 2688; 6 x 744 = 4464; 9 x 720 = 6480.
    """
    rows = [demand(4, months=4), on_demand(1.0), factor("s", "demand_growth", 0.5, t=1)]
    assert cash(solved_in(rows, months=4), "on_demand") == pytest.approx({0: 2976, 1: 2688, 2: 4464, 3: 6480})


def test_growth_is_added_to_the_growth_there_is_and_the_factor_multiplies_what_comes_out() -> None:
    """Demand that doubles grows by 1 + 1 + 0.5 a month; a demand factor acts on the outcome.

    1, 2.5, 6.25, the last doubled: 744; 2.5 x 672 = 1680; 12.5 x 744 = 9300.
    """
    rows = [demand(1, 2, 4), on_demand(1.0)]
    growth = [factor("s", "demand_growth", 0.5, "chat"), factor("s", "demand", 2.0, t=2)]
    assert cash(solved_in(rows, growth), "on_demand") == pytest.approx({0: 744, 1: 1680, 2: 9300})


def test_growth_that_ends_leaves_its_level() -> None:
    """A later row of 0 stops the addition, not what it has come to.

    1, 1.5, 1.5: 744; 1.5 x 672 = 1008; 1.5 x 744 = 1116.
    """
    growth = [factor("s", "demand_growth", 0.5), factor("s", "demand_growth", 0.0, t=1)]
    plan = solved_in(demand(1, months=3), on_demand(1.0), growth)
    assert cash(plan, "on_demand") == pytest.approx({0: 744, 1: 1008, 2: 1116})


def test_growth_of_minus_one_ends_demand() -> None:
    """A month's growth of 0 less 1 leaves nothing, then or later: only January's 744."""
    plan = solved_in(demand(1, months=3), on_demand(1.0), factor("s", "demand_growth", -1.0))
    assert cash(plan, "on_demand") == pytest.approx({0: 744})


def test_the_factor_of_a_segment_leaves_others_alone() -> None:
    """A row that names a segment acts on it only: 1 x 744 of chat and 3 x 744 of code."""
    rows = [segment("chat"), segment("code"), demand(1), demand(1, segment="code"), on_demand(1.0)]
    plan = solved_in(rows, factor("s", "demand", 3.0, "code"), months=1)
    assert costs(plan) == pytest.approx({"on_demand": 744 + 2232})


@pytest.mark.parametrize(
    ("factors", "accelerators"),
    [
        ({"chat": 0.5}, 2.0),
        ({"H100": 0.8}, 1.25),
        ({"chat": 0.5, "H100": 0.8}, 2.5),
        ({"*": 0.25}, 4.0),
        ({"*": 0.25, "chat": 0.5}, 2.0),
        ({"*": 0.25, "chat": 1.0, "H100": 0.8}, 1.25),
    ],
)
def test_throughput_of_a_workload_and_of_a_hardware_multiply(factors: dict[str, float], accelerators: float) -> None:
    """1 bn a day takes 1/factor accelerators; both names multiply, and either replaces the row for all."""
    rates = [factor("s", "throughput", value, name) for name, value in factors.items()]
    plan = solved_in(demand(1), on_demand(1.0), rates, months=1)
    assert costs(plan) == pytest.approx({"on_demand": accelerators * 744})


def test_a_rate_of_0_means_that_it_cannot_run() -> None:
    """From February H100 runs nothing: TPU at 4 USD does it: 744 + 4 x 672 = 3432."""
    rows = [hardware("H100"), hardware("TPU"), throughput(), throughput(hardware="TPU"), demand(1, months=2)]
    market = [on_demand(1.0), on_demand(4.0, hardware="TPU")]
    plan = solved_in(rows, market, factor("s", "throughput", 0.0, "H100", t=1), months=2)
    assert cash(plan, "on_demand") == pytest.approx({0: 744, 1: 2688})


def test_the_price_on_demand_is_multiplied() -> None:
    """A row of the sheet at 2 from March and a factor 1.5 from February: 744; 1.5 x 672 = 1008; 3 x 744 = 2232."""
    market = [on_demand(1.0), on_demand(2.0, t=2), factor("s", "on_demand_price", 1.5, "H100", t=1)]
    assert cash(solved_in(demand(1, months=3), market), "on_demand") == pytest.approx({0: 744, 1: 1008, 2: 2232})


def test_the_cap_on_demand_is_multiplied() -> None:
    """Half of a cap of 2 in February: of 2 accelerators one is bought where it costs 3.

    January 2 x 744 = 1488; February 672 + 3 x 672 = 2688.
    """
    market = [on_demand(1.0, max_accelerators=2), on_demand(3.0, provider="dear")]
    plan = solved_in(demand(2, months=2), market, factor("s", "on_demand_cap", 0.5, "H100", t=1), months=2)
    assert cash(plan, "on_demand") == pytest.approx({0: 1488, 1: 2688})


def test_a_cap_of_0_leaves_nothing_on_demand_even_without_a_cap_of_its_own() -> None:
    """With on_demand_cap 0 from February nothing is sold, capped or not.

    January is bought, 744; February falls short, 28 bn at 0.1 USD a million: 2800.
    """
    short = segment(shortfall_usd_per_mtok=0.1)
    plan = solved_in(short, demand(1, months=2), on_demand(1.0), factor("s", "on_demand_cap", 0.0, t=1), months=2)
    assert costs(plan) == pytest.approx({"on_demand": 744, "shortfall": 2800})


@pytest.mark.parametrize(("signing", "price"), [(0, 1.0), (1, 1.5), (2, 4.0)])
def test_a_lease_keeps_the_price_of_its_month_of_signing(signing: int, price: float) -> None:
    """Rate and upfront are multiplied by the factor of the month of signing, for all of the term.

    Signed in January (1), February (1.5) or March (4), a month's lead, two months, upfront 100: of the months
    served in a horizon of five all count: price x (100 + fees).
    """
    hours = [744, 672, 744, 720, 744]
    offer = lease(
        "neo1",
        term(2, 1.0, upfront_usd_per_unit=100),
        lead_months=1,
        sign_from=JAN + signing,
        sign_until=JAN + signing,
    )
    served = [signing + 1, signing + 2]
    rows = [offer, demand(*(1 if t in served else 0 for t in range(5))), on_demand(9.0)]
    prices = [factor("s", "price", 1.5, "neo1", t=1), factor("s", "price", 4.0, "neo1", t=2)]
    plan = solved_in(rows, prices, months=5)
    fees = {t: price * hours[t] for t in served}
    assert cash(plan, "lease") == pytest.approx({signing: price * 100} | fees)


def test_a_dearer_price_to_come_is_forestalled() -> None:
    """Service cannot start before March; a signing in February costs half as much again, so January's is taken."""
    offer = lease("neo1", term(1, 1.0), service_not_before=JAN + 2)
    price = factor("s", "price", 1.5, t=1)
    plan = solved_in(offer, demand(0, 0, 1), on_demand(9.0), price)
    assert [(each.month, each.start) for each in plan.signings] == [(0, 2)]
    assert costs(plan) == pytest.approx({"lease": 744})


def test_what_was_signed_before_the_horizon_keeps_its_price() -> None:
    """A factor without from_month holds from January: a lease of December is none of its business: 744 + 672."""
    fixed = lease("neo1", term(3, 1.0), signed=-1)
    assert costs(solved_in(fixed, factor("s", "price", 3.0))) == pytest.approx({"lease": 1416})


def test_a_termination_fee_and_a_renewal_follow_the_price() -> None:
    """Both are made of the lease's fees, so the price of the month of signing is in them.

    Signed in January at twice the price. Stop after January: 2 x 744, then 0.1 x 2 x (672 + 744) = 283.20; of
    another, one month renewed in February at 1.5: 2 x 744 + 2 x 1.5 x 672 = 3504, on demand would be 9 x 672.
    """
    price = factor("s", "price", 2.0)
    stops = lease("neo1", term(3, 1.0, cancel_after_months=1, termination_fee_share=0.1), signed=0)
    assert cash(solved_in(stops, price), "lease") == pytest.approx({0: 1488, 1: 283.2})
    renews = lease("neo1", term(1, 1.0, renewals_max=1, renewal_months=1, renewal_price_multiple=1.5), signed=0)
    plan = solved_in(renews, demand(1, months=2), on_demand(9.0), price, months=2)
    assert cash(plan, "lease") == pytest.approx({0: 1488, 1: 2016})


@pytest.mark.parametrize("end", ["prorate", "full"])
def test_a_contract_keeps_the_price_of_its_month_of_signing(end: str) -> None:
    """Tiers, overage and upfront are multiplied, minimum spend is not.

    2 blocks signed in February (window) at 1.5 x the rate 1, two months, upfront 120 x 1.5 = 180 and its half of
    the take-or-pay minimum prepaid: 0.5 x 1.5 x 2 x (672 + 744) = 2124. In February 2.4 are wanted: 0.4 overage
    at twice the rate: 0.4 x 3 x 672 = 806.40 besides the unpaid half, 1008; March 1116. Bills without prepayment
    2016 + 806.40 + 2232 = 5054.40; minimum spend 36000 a year: two months 6000: top-up 945.60 in March.
    """
    deal = contract(
        "deal",
        blocks=2,
        term_months=2,
        min_blocks=2,
        sign_from=JAN + 1,
        sign_until=JAN + 1,
        upfront_usd=120,
        prepay_share=0.5,
        overage_share=0.2,
        overage_price_multiple=2.0,
        min_spend_usd_per_year=36000,
    )
    prices = [factor("s", "price", 1.5, "deal", t=1), factor("s", "price", 7.0, "deal", t=2)]
    plan = solved_in(deal, demand(0, 2.4, 2), on_demand(50.0), prices, end_of_horizon=end)
    assert cash(plan, "contract") == pytest.approx({1: 180 + 2124 + 1008 + 806.4, 2: 1116 + 945.6})


def test_only_the_offer_named_changes_its_price() -> None:
    """Of two like leases the one that is not dearer is signed, its bill 744."""
    offers = [lease("one", term(1, 1.0)), lease("two", term(1, 1.0))]
    plan = solved_in(offers, demand(1), on_demand(9.0), factor("s", "price", 2.0, "one"), months=1)
    assert [each.name for each in plan.signings] == ["two"]
    assert costs(plan) == pytest.approx({"lease": 744})


def test_a_row_with_a_name_replaces_the_row_for_all_while_in_force() -> None:
    """A row holds until the next of its name; before a name's first row the row for all holds, after it never.

    `*` 2 in January and 5 from March; H100 3 from February, 4 from April: 2, 3, 3, 4 times the hours.
    """
    factors: list[Any] = [
        factor("s", "on_demand_price", 2.0),
        factor("s", "on_demand_price", 5.0, t=2),
        factor("s", "on_demand_price", 3.0, "H100", t=1),
        factor("s", "on_demand_price", 4.0, "H100", t=3),
    ]
    plan = solved_in(demand(1, months=4), on_demand(1.0), factors, months=4)
    assert cash(plan, "on_demand") == pytest.approx({0: 1488, 1: 2016, 2: 2232, 3: 2880})


def test_a_row_from_before_the_horizon_holds_from_its_first_month() -> None:
    """Of two rows from before January the later holds: 3 x 744; one after the last month does nothing."""
    rows = [factor("s", "on_demand_price", each, t=t) for t, each in ((-5, 2.0), (-2, 3.0), (7, 9.0))]
    assert costs(solved_in(demand(1), on_demand(1.0), rows, months=1)) == pytest.approx({"on_demand": 2232})


def test_the_plain_figures_know_no_scenario() -> None:
    """A workbook read without its scenarios has the sheet's figures: own accelerators suffice and cost nothing."""
    data = dataset(demand(1), fleet(), scenario("s", 1.0), factor("s", "demand", 9.0), months=1)
    assert costs(solved(data)) == {}
