"""Own build at work: where its power and chips count, who is paid, and what becomes of them in scenarios, by hand.

One accelerator serves 1 bn tokens a day and draws 1 kW. Hours: January 744, February 672, March 744, April 720.
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
    lease_out,
    on_demand,
    ramp,
    segment,
    solved,
    solved_or_none,
)

from models.plan import Plan
from models.schema import Cap, ChipOrder, OwnSite, Run, Scenario, ScenarioFactor


def site(name: str = "plant", **columns: Any) -> OwnSite:
    """A block of 2 kW in `us`, signed in January, for nothing unless told otherwise."""
    standard: dict[str, Any] = {"region": "us", "block_mw": 0.002, "status": "signed", "signed_month": JAN}
    return OwnSite(build=name, **standard | {"signed_blocks": 1} | columns)


def chips(name: str = "chips", **columns: Any) -> ChipOrder:
    """A lot of one H100 for `plant`, ordered in January, for nothing unless told otherwise."""
    standard: dict[str, Any] = {"site": "plant", "hardware": "H100", "lot": 1.0, "usd_per_accelerator": 0.0}
    return ChipOrder(order=name, **standard | {"status": "signed", "signed_month": JAN, "signed_lots": 1} | columns)


def when(quantity: str, name: str, value: float, *rows: Any, t: int = 0, months: int = 3) -> Plan:
    """The plan of these rows in a scenario in which a quantity is otherwise from month t on."""
    factor = ScenarioFactor(scenario="other", quantity=quantity, name=name, from_month=JAN + t, value=value)
    scenarios = [Scenario(scenario=each, probability=0.5) for each in ("as told", "other")]
    return solved(dataset(rows, scenarios, factor, months=months).in_scenario("other"))


def test_power_follows_its_ramp_and_ends_with_its_term() -> None:
    """None in January, half of 2 kW in February, all in March, gone in April: the rest of two is bought."""
    rows = [ramp("slow", (2, 0.5, 1.0), (3, 1.0, 1.0)), site(ramp="slow", term_months=3), chips(lot=2.0)]
    plan = solved(dataset(rows, demand(2, months=4), on_demand(1.0), months=4))
    assert cash(plan, "on_demand") == pytest.approx({0: 2 * 744, 1: 672, 3: 2 * 720})


def test_blocks_count_over_all_signings() -> None:
    """One block for a month is built once: the other month is bought."""
    once = OwnSite(build="plant", region="us", block_mw=0.001, term_months=1)
    plan = solved(dataset(once, chips(), demand(1, 1), on_demand(1.0), months=2))
    assert cash(plan, "on_demand") == pytest.approx({1: 672})


def test_capex_of_before_month_0_is_sunk_and_its_instalments_are_not() -> None:
    """Parts of 100 from November to February, half borrowed over four months; three of five months of life inside."""
    built = site(
        signed_month=JAN - 2, capex_usd_per_mw=2e5, capex_months=4, financed_share=0.5, tenor_months=4, life_months=5
    )
    plan = solved(dataset(built))
    assert cash(plan, "site") == pytest.approx({0: 50 + 2 * 12.5, 1: 50 + 3 * 12.5, 2: 4 * 12.5})
    assert costs(plan) == pytest.approx({"site": (100 + 12.5 * (3 + 4 + 4 + 4)) * 3 / 5})


@pytest.mark.parametrize(("end", "usd"), [("prorate", 0.0), ("residual", 0.0), ("full", 1000.0)])
def test_what_is_signed_for_after_the_horizon(end: str, usd: float) -> None:
    """None of its life lies inside: capex counts in full only, and is paid all the same."""
    plan = solved(dataset(site(lead_months=5, capex_usd_per_mw=5e5), months=2, end_of_horizon=end))
    assert plan.objective_usd == pytest.approx(usd)
    assert cash(plan, "site") == pytest.approx({0: 1000})


def test_residual_values_are_of_leases_and_contracts_only() -> None:
    """Own plant counts as prorated, and needs no worth: 1000 x 2/10 and two rents of 20, chips 600 x 2/60."""
    built = site(capex_usd_per_mw=5e5, life_months=10, rent_usd_per_mw_month=1e4, term_months=20)
    data = dataset(built, chips(usd_per_accelerator=600), demand(1, 1), months=2, end_of_horizon="residual")
    assert costs(solved(data)) == pytest.approx({"site": 240, "chips": 20})


def test_support_is_of_what_is_delivered_powered_or_not() -> None:
    """Half of three arrives, 1 kW is there: 10 for each of 1.5 in the two months of their life."""
    lot = chips(lot=3.0, delivered_share=0.5, support_usd_per_accelerator_month=10, life_months=2)
    assert cash(solved(dataset(site(block_mw=0.001), lot)), "chips") == pytest.approx({0: 15, 1: 15})


@pytest.mark.parametrize(
    ("measure", "scope", "name", "value", "bought"),
    [
        ("cash_usd", "provider", "grid", 372, 744),
        ("cash_usd", "site", "campus", 372, 744),
        ("cash_usd", "provider", "maker", 0, 0),
        ("cash_usd", "offer", "plant", 0, 0),
        ("cash_usd", "offer", "chips", 0, 0),
        ("capacity_mw", "provider", "grid", 0.0005, 744),
        ("capacity_mw", "provider", "maker", 0, 0),
        *(("capacity_mw", scope, name, 0.0005, 744) for scope, name in [
            ("offer", "chips"), ("hardware", "H100"), ("site", "campus"), ("region", "us")]),
    ],
)  # fmt: skip
def test_energy_and_power_count_at_the_sites_provider(
    measure: str, scope: str, name: str, value: float, bought: float
) -> None:
    """A campus of grid with chips of maker: who sold them is paid no energy, a build of another name neither.

    A cap at half of an accelerator's energy, or of its power, has the other half bought at 2 USD an hour.
    """
    rows = [site(site="campus", provider="grid", energy_usd_per_mwh=1000), chips(site="campus", provider="maker")]
    cap = Cap(cap="cap", measure=measure, scope=scope, name=name, sense="max", value=value)
    plan = solved(dataset(rows, demand(1), on_demand(2.0), cap, months=1))
    assert costs(plan).get("on_demand", 0.0) == pytest.approx(bought)


def test_who_only_sells_chips_is_not_held_to_capacity() -> None:
    """At least 2 kW of each provider: own has them, maker only sells chips."""
    cap = Cap(cap="each", measure="capacity_mw", scope="provider", name="*", sense="min", value=0.002)
    assert solved_or_none(dataset(site(), chips(provider="maker", lot=2.0), demand(2), cap, months=1)) is not None


def test_an_own_site_holds_work_that_needs_one() -> None:
    """Two orders at one site carry two billion of a segment, or of a run, that may not be split, and use energy."""
    rows = [site(energy_usd_per_mwh=100), chips("a"), chips("b")]
    whole = Run(run="train", workload="chat", region="us", tokens_bn_per_day=2.0, months=1)
    for work in ([segment(single_site=True), demand(2)], [whole]):
        assert costs(solved(dataset(rows, work, months=1))) == pytest.approx({"usage": 2 * 74.4})


def test_own_chips_are_not_leased_out() -> None:
    """A taker at any price gets none of them."""
    assert costs(solved(dataset(site(), chips(), lease_out(hourly=9.0), months=1))) == {}


def test_prices_of_a_scenario() -> None:
    """Capex and rent double, price and support are three times, energy four times as much."""
    rows = [
        site(capex_usd_per_mw=5e5, rent_usd_per_mw_month=5e4, energy_usd_per_mwh=100),
        chips(usd_per_accelerator=100, support_usd_per_accelerator_month=10), demand(1),
    ]  # fmt: skip
    assert cash(when("price", "plant", 2.0, *rows, months=1), "site") == pytest.approx({0: 2 * 1100})
    assert cash(when("price", "chips", 3.0, *rows, months=1), "chips") == pytest.approx({0: 3 * 110})
    assert cash(when("usage_price", "H100", 4.0, *rows, months=1), "usage") == pytest.approx({0: 4 * 74.4})


def test_what_arrives_in_a_scenario() -> None:
    """Half of two chips: the price is paid whole, support for one. A month late: the rest of it is due then."""
    rows = [
        site(), demand(2, months=3), on_demand(1.0),
        chips(lot=2.0, usd_per_accelerator=100, deposit_share=0.5, support_usd_per_accelerator_month=10),
    ]  # fmt: skip
    half = when("delivered_share", "chips", 0.5, *rows)
    assert cash(half, "chips") == pytest.approx({0: 200 + 10, 1: 10, 2: 10})
    assert cash(half, "on_demand") == pytest.approx({0: 744, 1: 672, 2: 744})
    late = when("delivery_delay_months", "chips", 1.0, *rows)
    assert cash(late, "chips") == pytest.approx({0: 100, 1: 100 + 20, 2: 20})
    assert cash(late, "on_demand") == pytest.approx({0: 2 * 744})


def test_a_builder_that_is_late_or_leaves() -> None:
    """Late by a month capex is paid as ever and chips wait; gone from February on only instalments are left."""
    rows = [
        site(provider="grid", capex_usd_per_mw=5e5, capex_months=2, financed_share=0.5, tenor_months=2,
             rent_usd_per_mw_month=5e4),
        chips(), demand(1, months=3), on_demand(1.0),
    ]  # fmt: skip
    late = when("delivery_delay_months", "plant", 1.0, *rows)
    assert cash(late, "on_demand") == pytest.approx({0: 744})
    assert cash(late, "site") == pytest.approx({0: 250, 1: 250 + 125 + 100, 2: 2 * 125 + 100})
    gone = when("supplier_exit", "grid", 1.0, *rows, t=1)
    assert cash(gone, "on_demand") == pytest.approx({1: 672, 2: 744})
    assert cash(gone, "site") == pytest.approx({0: 250 + 100, 1: 125, 2: 125})


def test_service_starts_at_the_later_of_lead_time_and_month() -> None:
    """Power in a month but not before March, chips in two months but not before February: both in March."""
    rows = [site(lead_months=1, service_not_before=JAN + 2), chips(lead_months=2, service_not_before=JAN + 1)]
    plan = solved(dataset(rows, demand(1, 1, 1), on_demand(1.0)))
    assert cash(plan, "on_demand") == pytest.approx({0: 744, 1: 672})


def test_chips_end_with_their_life_and_power_does_not() -> None:
    """Chips of one month leave February to be bought; a site whose capex is spread over one month has power on."""
    rows = [demand(1, 1), on_demand(1.0)]
    assert cash(solved(dataset(site(), chips(life_months=1), rows, months=2)), "on_demand") == pytest.approx({1: 672})
    assert cash(solved(dataset(site(life_months=1), chips(), rows, months=2)), "on_demand") == {}


def test_rent_beyond_the_horizon_rises_too() -> None:
    """Of a term of 13 months all rent counts in full: twelve of 100 and, at double the rate, one of 200."""
    built = site(term_months=13, rent_usd_per_mw_month=5e4, escalator_per_year=1.0)
    assert costs(solved(dataset(built, months=1, end_of_horizon="full"))) == pytest.approx({"site": 1400})
