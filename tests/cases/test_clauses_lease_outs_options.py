"""Leasing out and options, worked out by hand.

One accelerator serves 1 bn tokens a day. Hours: January 744, February 672, March 744, April 720, May 744.
A discount rate of 4095 a year halves money every month.
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
    lease,
    lease_out,
    on_demand,
    present,
    solved,
    solved_or_none,
    term,
)

from models.schema import Option, Rule

HALVING = 4095.0


def right(name: str = "right", offer: str = "lease", premium: float = 100.0, **columns: Any) -> Option:
    return Option(option=name, offer=offer, premium_usd=premium, **columns)


def test_income_falls_in_each_service_month() -> None:
    """A unit leased out earns usd_per_accelerator_hour x accelerators x hours in each of its service months.

    2 units of 1.5 accelerators at 2 USD, for February and March: 2 x 1.5 x 2 = 6 x 672 and 6 x 744.
    """
    out = lease_out(hourly=2.0, term_months=2, accelerators=1.5, units_max=2, lead_months=1)
    plan = solved(dataset(fleet(accelerators=3), out))
    assert cash(plan, "lease_out_income") == pytest.approx({1: -4032, 2: -4464})


def test_units_are_whole_and_at_most_so_many() -> None:
    """Takers take whole units, at most units_max.

    Of 5 accelerators in units of 2, two units: 4 x 744; one unit if one is wanted: 2 x 744.
    """
    own = fleet(accelerators=5)
    plan = solved(dataset(own, lease_out(accelerators=2.0, units_max=9), months=1))
    assert costs(plan) == pytest.approx({"lease_out_income": -4 * 744})
    plan = solved(dataset(own, lease_out(accelerators=2.0, units_max=1), months=1))
    assert costs(plan) == pytest.approx({"lease_out_income": -2 * 744})


def test_units_count_over_all_signings_of_a_lease_out() -> None:
    """units_max holds over the horizon: a one-month unit is leased out once.

    January and March earn most: 744.
    """
    assert costs(solved(dataset(fleet(), lease_out()))) == pytest.approx({"lease_out_income": -744})


def test_what_is_leased_out_does_no_work() -> None:
    """An accelerator leased out is not at work for us.

    1 of 2 is needed; leasing both out at 3 USD and buying one at 2 earns 6 x 744 and costs 2 x 744.
    """
    rows = [fleet(accelerators=2), demand(1), on_demand(2.0)]
    plan = solved(dataset(rows, lease_out(hourly=3.0, units_max=2), months=1))
    assert costs(plan) == pytest.approx({"lease_out_income": -4464, "on_demand": 1488})
    plan = solved(dataset(rows, lease_out(hourly=1.0, units_max=2), months=1))
    assert costs(plan) == pytest.approx({"lease_out_income": -744})


def test_only_what_may_be_sublet_is_leased_out() -> None:
    """Leased out is at most what is online of fleet and leases with sublet yes, in the same region and hardware.

    Own 1 not to be sublet, lease 2 of which may be: 2 leased out, of 3 wanted; demand 1 is served by the other.
    """
    rows = [
        fleet(sublet=False),
        lease("lease", term(1, 1.0), holds=2, sublet=True, signed=0),
        lease("bound", term(1, 1.0), signed=0),
        demand(1),
    ]
    plan = solved(dataset(rows, lease_out(hourly=3.0, units_max=3), months=1))
    assert costs(plan) == pytest.approx({"lease": 3 * 744, "lease_out_income": -2 * 3 * 744})


def test_leasing_out_is_bound_to_region_and_hardware() -> None:
    """A taker in eu gets nothing of a fleet in us."""
    rows = [fleet(), demand(0, region="eu")]
    assert costs(solved(dataset(rows, lease_out(region="eu"), months=1))) == {}


def test_leasing_out_must_last_its_whole_term() -> None:
    """What is leased out is online in every month of the term, as far as the horizon reaches.

    The fleet ends in February: a unit for three months from January is impossible, from February too; with a term of
    two months January and February earn 1416.
    """
    own = fleet(until_month=JAN + 1)
    assert costs(solved(dataset(own, lease_out(term_months=3, sign_until=JAN)))) == {}
    assert costs(solved(dataset(own, lease_out(term_months=2)))) == pytest.approx({"lease_out_income": -1416})


def test_hours_leased_out_pay_no_usage_charge() -> None:
    """The usage charge falls on our own work only.

    1 works (0.1 x 744), 1 is leased out at 1 USD.
    """
    own = fleet(accelerators=2, usage_usd_per_accelerator_hour=0.1)
    plan = solved(dataset(own, demand(1), lease_out(), months=1))
    assert costs(plan) == pytest.approx({"usage": 74.4, "lease_out_income": -744})


def test_the_reserve_margin_is_kept_of_what_is_left() -> None:
    """Our work is at most (online - leased out) x (1 - reserve_margin).

    4 online, 2 leased out at 5 USD, a quarter of the other 2 free: 1.5 at work, 0.5 bought at 2 for a demand of 2.
    """
    rows = [fleet(accelerators=4), demand(2), on_demand(2.0), lease_out(hourly=5.0, units_max=2)]
    plan = solved(dataset(rows, months=1, reserve_margin=0.25))
    assert costs(plan) == pytest.approx({"lease_out_income": -7440, "on_demand": 744})


def test_income_beyond_the_horizon() -> None:
    """Income beyond the horizon counts with no end of horizon: no capacity of the plan stands behind it.

    January to April, horizon to February: 744 + 672 / 2 = 1080.
    """
    rows = [fleet(), lease_out(term_months=4, sign_until=JAN)]
    for convention in ("prorate", "full", "residual"):
        plan = solved(dataset(rows, months=2, discount_rate=HALVING, end_of_horizon=convention))
        assert present(plan, "lease_out_income") == pytest.approx({0: -744, 1: -336})


def test_a_lease_out_has_its_window_and_starts_inside_the_horizon() -> None:
    """A lease-out is signed in its window; one whose service would start after the horizon is not on offer."""
    plan = solved(dataset(fleet(), lease_out(sign_from=JAN + 1, sign_until=JAN + 1)))
    assert cash(plan, "lease_out_income") == pytest.approx({1: -672})
    rule = Rule(rule="one", kind="at_least", offers=("out",), count=1)
    assert solved_or_none(dataset(fleet(), lease_out(lead_months=2), rule, months=2)) is None


def test_leases_are_taken_to_lease_out() -> None:
    """An accelerator may be leased to be leased out where that pays: 3 - 2 USD an hour, 744 h."""
    plan = solved(dataset(lease("lease", term(1, 2.0), sublet=True), lease_out(hourly=3.0), months=1))
    assert costs(plan) == pytest.approx({"lease": 1488, "lease_out_income": -2232})


def test_an_option_is_bought_for_its_offer() -> None:
    """An offer with an option is signed only once the option is bought; the premium counts in full.

    Premium 100, lease 744, against 2232 on demand. At a premium of 1500 the lease is left.
    """
    rows = [lease("lease", term(1, 1.0)), demand(1), on_demand(3.0)]
    assert costs(solved(dataset(rows, right(), months=1))) == pytest.approx({"lease": 744, "option": 100})
    assert costs(solved(dataset(rows, right(premium=1500), months=1))) == pytest.approx({"on_demand": 2232})


def test_the_offer_is_signed_in_or_after_the_month_of_purchase() -> None:
    """An option that can be bought from February on leaves January on demand.

    Premium 100 in February, halved by discounting: 50. January 3 x 744; the lease from February: 672 / 2 = 336.
    """
    rows = [lease("lease", term(1, 1.0)), demand(1, 1), on_demand(3.0), right(buy_from=JAN + 1)]
    plan = solved(dataset(rows, months=2, discount_rate=HALVING))
    assert cash(plan, "option") == pytest.approx({1: 100})
    assert costs(plan) == pytest.approx({"on_demand": 2232, "option": 50, "lease": 336})


def test_an_option_bought_early_serves_later() -> None:
    """A right bought in January is used in March; discounting would rather pay later, but its window ends."""
    rows = [lease("lease", term(1, 1.0)), demand(0, 0, 1), on_demand(9.0), right(buy_until=JAN)]
    plan = solved(dataset(rows, discount_rate=HALVING))
    assert cash(plan, "option") == pytest.approx({0: 100})
    assert cash(plan, "lease") == pytest.approx({2: 744})


def test_an_option_is_bought_as_late_as_it_pays() -> None:
    """Without a window the option is bought in the month of signing, when money counts least: 100 / 4."""
    rows = [lease("lease", term(1, 1.0)), demand(0, 0, 1), on_demand(9.0), right()]
    plan = solved(dataset(rows, discount_rate=HALVING))
    assert costs(plan) == pytest.approx({"option": 25, "lease": 186})


def test_one_option_serves_all_units() -> None:
    """An option is bought once, however many units are signed: 100 + 3 x 744."""
    rows = [lease("lease", term(1, 1.0), units_max=3), demand(3), on_demand(9.0), right()]
    assert costs(solved(dataset(rows, months=1))) == pytest.approx({"option": 100, "lease": 2232})


def test_each_of_several_options_must_be_bought() -> None:
    """Of several options on one offer each is needed: 100 + 250, and nothing is signed before the later one.

    The second can be bought from February on: January is bought on demand.
    """
    rows = [lease("lease", term(1, 1.0)), demand(1, 1), on_demand(3.0)]
    options = [right("first"), right("second", premium=250, buy_from=JAN + 1)]
    plan = solved(dataset(rows, options, months=2))
    assert costs(plan) == pytest.approx({"on_demand": 2232, "option": 350, "lease": 672})


def test_a_contract_may_need_an_option() -> None:
    """Options hold for contracts as for leases: 100 + 2 x 744."""
    rows = [contract(max_blocks=2, term_months=1), demand(2), on_demand(9.0), right(offer="contract")]
    assert costs(solved(dataset(rows, months=1))) == pytest.approx({"option": 100, "contract": 1488})


def test_a_signed_offer_needs_no_option() -> None:
    """An option on what is already signed is needless, and not bought."""
    rows = [lease("lease", term(1, 1.0), signed=0), right()]
    assert costs(solved(dataset(rows, months=1))) == pytest.approx({"lease": 744})
