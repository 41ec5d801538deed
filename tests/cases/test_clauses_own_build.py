"""Own build, worked out by hand: power and shell, chips that wait for it, what is borrowed and paid back.

One accelerator serves 1 bn tokens a day and draws 1 kW. Hours: January 744, February 672, March 744, April 720.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from builders import (
    JAN,
    cash,
    costs,
    dataset,
    demand,
    hardware,
    on_demand,
    present,
    ramp,
    segment,
    solved,
    solved_or_none,
    throughput,
)

from models.audit import audit, owed_payments
from models.checks import check
from models.roll import roll_forward
from models.schema import Cap, ChipOrder, Option, OwnSite, Rule, Scenario, ScenarioFactor, SpendCommitment
from planner.results.bills import bills
from planner.results.decisions import decisions


def site(name: str = "plant", signed: int | None = None, **columns: Any) -> OwnSite:
    """Blocks of 2 kW in `us` for nothing unless told otherwise; `signed` in that month t."""
    standard: dict[str, Any] = {"region": "us", "block_mw": 0.002}
    if signed is not None:
        standard |= {"status": "signed", "signed_month": JAN + signed, "signed_blocks": 1}
    return OwnSite(build=name, **standard | columns)


def chips(name: str = "chips", signed: int | None = None, **columns: Any) -> ChipOrder:
    """A lot of one H100 for `plant`, for nothing unless told otherwise."""
    standard: dict[str, Any] = {"site": "plant", "hardware": "H100", "lot": 1.0, "usd_per_accelerator": 0.0}
    if signed is not None:
        standard |= {"status": "signed", "signed_month": JAN + signed, "signed_lots": 1}
    return ChipOrder(order=name, **standard | columns)


def test_capex_is_paid_in_parts_and_counts_for_its_life_inside_the_horizon() -> None:
    """1000 in four parts from January on, power from February on for a life of 10 months, two of them inside.

    Each part counts for a fifth, the one beyond the horizon too; cash is what is paid inside.
    """
    plan = solved(dataset(site(signed=0, lead_months=1, capex_usd_per_mw=5e5, capex_months=4, life_months=10)))
    assert cash(plan, "site") == pytest.approx({0: 250, 1: 250, 2: 250})
    assert present(plan, "site") == pytest.approx({0: 50, 1: 50, 2: 50, 3: 50})
    full = dataset(site(signed=0, capex_usd_per_mw=5e5, capex_months=4), end_of_horizon="full")
    assert costs(solved(full)) == pytest.approx({"site": 1000})


def test_a_life_is_at_most_the_term() -> None:
    """A term of three months of which the horizon holds two counts for two thirds, whatever the life."""
    plan = solved(dataset(site(signed=0, capex_usd_per_mw=5e5, term_months=3, life_months=240), months=2))
    assert costs(plan) == pytest.approx({"site": 1000 * 2 / 3})


def test_rent_follows_power_ramp_and_escalator() -> None:
    """100 a month for 2 kW: half of it at three quarters of the rate first, then whole, then half as much again."""
    slow = ramp("slow", (1, 0.5, 0.75), (2, 1.0, 1.0))
    plan = solved(dataset(slow, site(signed=0, rent_usd_per_mw_month=5e4, ramp="slow")))
    assert cash(plan, "site") == pytest.approx({0: 37.5, 1: 100, 2: 100})
    plan = solved(dataset(site(signed=-12, rent_usd_per_mw_month=5e4, escalator_per_year=0.5), months=1))
    assert cash(plan, "site") == pytest.approx({0: 150})


def test_rent_beyond_the_horizon_counts_in_full_of_a_term_only() -> None:
    """Three months of 100: with `full` all of a term of three, two of what is kept."""
    rent: dict[str, Any] = {"signed": 0, "rent_usd_per_mw_month": 5e4}
    assert costs(solved(dataset(site(term_months=3, **rent), months=2))) == pytest.approx({"site": 200})
    full = solved(dataset(site(term_months=3, **rent), months=2, end_of_horizon="full"))
    assert (costs(full), cash(full, "site")) == (pytest.approx({"site": 300}), pytest.approx({0: 100, 1: 100}))
    assert costs(solved(dataset(site(**rent), months=2, end_of_horizon="full"))) == pytest.approx({"site": 200})


def test_chips_are_paid_for_when_ordered_and_delivered_and_supported_for_their_life() -> None:
    """1000, 30 % of it in January, the rest in February whatever arrives; 10 a month for the half that does.

    Their life of four months from February on lies inside the horizon for two.
    """
    order = chips(
        signed=0, usd_per_accelerator=1000, deposit_share=0.3, lead_months=1, delivered_share=0.5,
        support_usd_per_accelerator_month=20, life_months=4,
    )  # fmt: skip
    plan = solved(dataset(site(signed=0), order))
    assert cash(plan, "chips") == pytest.approx({0: 300, 1: 710, 2: 10})
    assert present(plan, "chips") == pytest.approx({0: 150, 1: 350 + 10, 2: 10})


def test_what_is_borrowed_is_paid_back_in_equal_instalments() -> None:
    """1000, 80 % borrowed over two months at what doubles money every month: x/2 + x/4 = 800, x = 3200 / 3.

    200 in January, instalments in February and March; a life of six months, three of them inside, counts for half.
    """
    order = chips(
        signed=0, usd_per_accelerator=1000, life_months=6, financed_share=0.8, interest=4095.0, tenor_months=2
    )
    plan = solved(dataset(site(signed=0), order))
    assert cash(plan, "chips") == pytest.approx({0: 200, 1: 3200 / 3, 2: 3200 / 3})
    assert costs(plan) == pytest.approx({"chips": 0.5 * (200 + 6400 / 3)})


def test_instalments_of_what_was_paid_before_month_0_go_on() -> None:
    """Bought two months ago, half of 1200 borrowed without interest over six months: four of 100 are left.

    Three fall inside the horizon; the life of ten months lies inside for three, so that each counts for 30.
    """
    order = chips(signed=-2, usd_per_accelerator=1200, life_months=10, financed_share=0.5, tenor_months=6)
    plan = solved(dataset(site(signed=0), order))
    assert cash(plan, "chips") == pytest.approx({0: 100, 1: 100, 2: 100})
    assert costs(plan) == pytest.approx({"chips": 5 * 30})


def test_chips_work_where_there_is_power() -> None:
    """Three chips are there and power for two: two work, and energy costs 0.5 an hour of a kW; one is bought at 9."""
    rows = [site(signed=0, energy_usd_per_mwh=500), chips(signed=0, lot=3.0), demand(3), on_demand(9.0)]
    plan = solved(dataset(rows, months=1))
    assert costs(plan) == pytest.approx({"usage": 2 * 0.5 * 744, "on_demand": 9 * 744})
    assert [(each.site, each.accelerators, each.mw) for each in plan.online] == [("plant", 2.0, 0.002)]
    [use] = [each for each in plan.payments if each.category == "usage"]
    assert (use.provider, use.offer) == ("own", "plant")


def test_chips_wait_for_power() -> None:
    """Chips are there in January, power in February: January is bought on demand."""
    rows = [site(signed=0, lead_months=1), chips(signed=0), demand(1, 1), on_demand(3.0)]
    assert costs(solved(dataset(rows, months=2))) == pytest.approx({"on_demand": 3 * 744})


def test_power_is_shared_by_all_chips_of_a_site_month_by_month() -> None:
    """2 kW for H100s of 1 kW and TPUs of 0.5 kW that work for different segments, as each month needs them."""
    rows = [
        hardware(), hardware("TPU", kw=0.5), throughput(), throughput("train", "TPU"),
        segment(), segment("train", "train"), site(signed=0),
        chips(signed=0, lot=2.0), chips("tpus", signed=0, lot=4.0, hardware="TPU"),
        demand(2, 1), demand(0, 2, segment="train"),
    ]  # fmt: skip
    plan = solved(dataset(rows, months=2))
    powered = {(each.month, each.hardware): each.accelerators for each in plan.online}
    assert powered == pytest.approx({(0, "H100"): 2, (1, "H100"): 1, (1, "TPU"): 2})


def test_the_reserve_margin_is_kept_of_what_is_powered() -> None:
    """Two powered at a margin of a quarter serve 1.5; the rest of 2 is bought."""
    rows = [site(signed=0), chips(signed=0, lot=2.0), demand(2), on_demand(4.0)]
    assert costs(solved(dataset(rows, months=1, reserve_margin=0.25))) == pytest.approx({"on_demand": 0.5 * 4 * 744})


def test_what_has_power_is_powered_though_nothing_needs_it() -> None:
    """Demand of 0.5, two chips with power for both: two are online."""
    plan = solved(dataset(site(signed=0), chips(signed=0, lot=2.0), demand(0.5), months=1))
    assert [each.accelerators for each in plan.online] == [pytest.approx(2)]


def test_power_of_several_builds_of_one_site_adds_up() -> None:
    """Two builds at the campus of 1 kW each carry two chips."""
    rows = [
        site("hall 1", signed=0, site="campus", block_mw=0.001),
        site("hall 2", signed=0, site="campus", block_mw=0.001),
        chips(signed=0, lot=2.0, site="campus"), demand(2),
    ]  # fmt: skip
    assert costs(solved(dataset(rows, months=1))) == {}


def test_builds_and_orders_are_decided_together() -> None:
    """Two lots at 300 and a block at 400 beat 3 USD an hour for a demand of 2: two lots, one block, in January."""
    rows = [
        site(blocks_max=3, capex_usd_per_mw=2e5, life_months=1),
        chips(lots_max=5, usd_per_accelerator=300, life_months=1), demand(2), on_demand(3.0),
    ]  # fmt: skip
    data = dataset(rows, months=1)
    plan = solved(data)
    assert costs(plan) == pytest.approx({"site": 400, "chips": 600})
    found = {each.name: (each.kind.name, each.units, each.accelerators, each.mw) for each in decisions(data, plan)}
    assert found == {"plant": ("site", 1, 0, 0.002), "chips": ("chips", 2, 2, 0.002)}
    assert sum(each.amount for each in bills(data, plan)) == pytest.approx(1000)


def test_refresh_within_a_power_limit() -> None:
    """Old chips and new ones of double speed at one site of 2 kW: the new take the power from February on.

    Demand of 4 needs two new ones at work; in January two old serve 2 and 2 are bought at 3 USD.
    """
    rows = [
        hardware(), hardware("new"), throughput(), throughput(hardware="new", bn_per_day=2.0), site(signed=0),
        chips("old", signed=-6, lot=2.0), chips("new", lot=2.0, hardware="new", lead_months=1, usd_per_accelerator=100),
        demand(4, 4), on_demand(3.0),
    ]  # fmt: skip
    plan = solved(dataset(rows, months=2))
    assert cash(plan, "on_demand") == pytest.approx({0: 2 * 3 * 744})
    assert {each.name for each in plan.online if each.month == 1} == {"new"}


def test_caps_rules_and_options_speak_of_builds_and_orders() -> None:
    """Energy counts in the cap on the build that the site is named after, the price in that on the order.

    A rule asks for both, an option stands before the build; a cap on power holds what is powered to 1 kW.
    """
    rows: list[Any] = [
        site(capex_usd_per_mw=5e4, energy_usd_per_mwh=100),
        chips(lot=2.0, usd_per_accelerator=50),
        Rule(rule="both", kind="requires", offers=("chips", "plant")),
        Option(option="land", offer="plant", premium_usd=10), demand(2), on_demand(9.0),
    ]  # fmt: skip
    free = solved(dataset(rows, months=1))
    assert costs(free) == pytest.approx({"site": 100 / 240, "chips": 100 / 60, "option": 10, "usage": 2 * 0.1 * 744})

    def capped(measure: str, name: str, value: float, scope: str = "offer") -> float | None:
        cap = Cap(cap="cap", measure=measure, scope=scope, name=name, sense="max", value=value)
        plan = solved_or_none(dataset(rows, cap, months=1))
        return None if plan is None else costs(plan).get("on_demand", 0.0)

    assert capped("cash_usd", "plant", 100 + 149) == 0
    assert capped("cash_usd", "plant", 100 + 0.1 * 744) == pytest.approx(9 * 744)
    assert capped("cash_usd", "chips", 99) == pytest.approx(2 * 9 * 744)
    assert capped("capacity_mw", "chips", 0.001) == pytest.approx(9 * 744)
    assert capped("capacity_mw", "own", 0.001, "provider") == pytest.approx(9 * 744)


def test_obligations_are_what_is_still_to_be_paid() -> None:
    """Capex and price to come, instalments and the rent of a term, beyond the horizon too.

    In January 100 of 300 capex is paid, half of it borrowed over two months; rent of 20 for four months.
    """
    built = site(
        signed=0, capex_usd_per_mw=1.5e5, capex_months=3, financed_share=0.5, tenor_months=2, term_months=4,
        rent_usd_per_mw_month=1e4,
    )  # fmt: skip
    order = chips(signed=0, usd_per_accelerator=100, deposit_share=0.4, lead_months=2)
    data = dataset(built, order, months=2)
    owed = [each for each in owed_payments(data, solved(data)) if each.due > 0]
    assert sum(each.usd for each in owed) == pytest.approx(2 * 50 + 6 * 25 + 3 * 20 + 60)


@pytest.mark.parametrize(("value", "feasible"), [(370.0, True), (369.0, False)])
def test_a_cap_on_obligations_counts_them(value: float, feasible: bool) -> None:
    """The same sum, 370 after January, against a cap."""
    built = site(
        signed=0, capex_usd_per_mw=1.5e5, capex_months=3, financed_share=0.5, tenor_months=2, term_months=4,
        rent_usd_per_mw_month=1e4,
    )  # fmt: skip
    order = chips(signed=0, usd_per_accelerator=100, deposit_share=0.4, lead_months=2)
    cap = Cap(cap="debt", measure="obligation_usd", scope="total", sense="max", value=value)
    assert (solved_or_none(dataset(built, order, cap, months=2)) is not None) == feasible


def test_capex_counts_whole_towards_a_spend_commitment() -> None:
    """Of 1000 promised to maker 900 are chips, borrowed in full; instalments do not count: 100 is topped up."""
    order = chips(signed=0, provider="maker", usd_per_accelerator=900, financed_share=1.0, tenor_months=3)
    promise = SpendCommitment(commitment="p", provider="maker", usd=1000, from_month=JAN, until_month=JAN + 2)
    plan = solved(dataset(site(signed=0), order, promise))
    assert cash(plan, "commitment") == pytest.approx({2: 100})


def test_a_supplier_that_leaves() -> None:
    """Gone from February on: chips due in March do not come and their rest is not due, instalments go on.

    Delivered ones stay; their support ends.
    """
    rows = [
        site(signed=0),
        chips("late", signed=0, provider="maker", usd_per_accelerator=1000, deposit_share=0.5, lead_months=2,
              financed_share=0.5, tenor_months=2, life_months=1),
        chips("there", signed=0, provider="maker", support_usd_per_accelerator_month=10),
        demand(1, 1, 1),
        Scenario(scenario="stays", probability=0.5), Scenario(scenario="leaves", probability=0.5),
        ScenarioFactor(scenario="leaves", quantity="supplier_exit", name="maker", from_month=JAN + 1, value=1),
    ]  # fmt: skip
    plan = solved(dataset(rows).in_scenario("leaves"))
    assert cash(plan, "chips") == pytest.approx({0: 250 + 10, 1: 125, 2: 125})
    plan = solved(dataset(rows).in_scenario("stays"))
    assert cash(plan, "chips") == pytest.approx({0: 250 + 10, 1: 125 + 10, 2: 125 + 250 + 10})


def test_builds_of_one_site_agree() -> None:
    """Builds of one site in two regions, and chips for a site that nobody builds, are errors."""

    def errors(*rows: Any) -> set[tuple[str, str]]:
        return {(each.sheet, each.column) for each in check(dataset(rows)) if each.severity == "error"}

    assert errors(site("a", site="c"), site("b", site="c", region="eu")) == {("own_sites", "region")}
    assert errors(site("a", site="c"), site("b", site="c", energy_usd_per_mwh=1)) == {
        ("own_sites", "energy_usd_per_mwh")
    }
    assert errors(site("a"), chips(site="d")) == {("chip_orders", "site")}


def test_own_build_rolls_into_the_next_round() -> None:
    """In February's round block and lot are signed, instalments and the second half of capex are left."""
    rows = [
        site(capex_usd_per_mw=1e5, capex_months=2, life_months=60, blocks_max=2, sign_until=JAN + 2),
        chips(usd_per_accelerator=300, financed_share=0.5, tenor_months=3, sign_until=JAN),
        demand(1, 1, 1), on_demand(9.0),
    ]  # fmt: skip
    data = dataset(rows)
    plan = solved(data)
    rolled = roll_forward(data, plan, 1, 2).dataset
    assert [(each.build, each.status, each.site, each.blocks_max) for each in rolled.own_sites] == [
        ("plant", "offer", None, 1), ("plant 2026-01", "signed", "plant", 2),
    ]  # fmt: skip
    [order] = rolled.chip_orders
    assert (order.status, order.signed_month, order.signed_lots) == ("signed", JAN, 1)
    following = solved(rolled)
    for category in ("site", "chips"):
        later = {t - 1: usd for t, usd in cash(plan, category).items() if t}
        assert cash(following, category) == pytest.approx(later)


@pytest.mark.parametrize(
    ("rule", "table", "change"),
    [
        ("powered_is_delivered", "online", {"accelerators": 3.0}),
        ("powered_has_power", "online", {"accelerators": 3.0}),
        ("units_within_offer", "signings", {"units": 2}),
        ("payments_in_cash", "payments", {"cash_usd": 1.0}),
        ("service_ends_when_due", "signings", {"end": 3}),
    ],
)
def test_own_build_told_otherwise_is_rejected(rule: str, table: str, change: dict[str, Any]) -> None:
    """The audit finds chips beyond delivery and power, more units than there are, another bill and another end."""
    data = dataset(
        site(capex_usd_per_mw=1e5), chips(lot=2.0, usd_per_accelerator=300), demand(2), on_demand(9.0), months=1
    )
    plan = solved(data)
    told = replace(plan, **{table: tuple(replace(each, **change) for each in getattr(plan, table))})
    assert rule in {check.rule for check in audit(data, told).failed}
