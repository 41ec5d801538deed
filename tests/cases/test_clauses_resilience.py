"""Resilience, worked out by hand: what the rest must be able to serve when one of a kind is lost.

One accelerator serves 1 bn tokens a day. Hours: January 744, February 672, March 744. A lease of one accelerator at its
own site costs 1 USD an hour; nothing else can be had but what a test says.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from builders import (
    JAN,
    contract,
    costs,
    dataset,
    demand,
    fleet,
    lease,
    lease_out,
    on_demand,
    segment,
    solved,
    solved_or_none,
    term,
)
from properties.brute_force import cheapest

from models.audit import audit, what_is_left
from models.checks import check
from models.schema import ChipOrder, Limit, LoadBlock, LoadShape, Network, OwnSite, Resilience, Run
from planner.results.plan_figures import PlanFigures


def against(what: str = "site", share: float = 1.0, segment: str = "*", **columns: Any) -> Resilience:
    return Resilience(against=what, segment=segment, protected_share=share, **columns)


def another(units: int = 1, **columns: Any) -> list[Any]:
    """A lease on offer, one accelerator a unit, 744 USD in January."""
    return lease("lease", term(1, 1.0), units_max=units, **columns)


def test_the_rest_must_be_able_to_serve_what_is_protected() -> None:
    """Two of one site serve 2; half of it without that site takes a lease, 744; all of it two, 1488."""
    rows = [fleet(accelerators=2), demand(2), another(3)]
    assert costs(solved(dataset(rows, months=1))) == {}
    assert costs(solved(dataset(rows, against(share=0.5), months=1))) == pytest.approx({"lease": 744})
    assert costs(solved(dataset(rows, against(), months=1))) == pytest.approx({"lease": 1488})


def test_each_loss_by_itself_and_the_largest_is_the_tightest() -> None:
    """Sites of 2 and 1: without the larger 1 is left of 2 protected, so that one lease is needed."""
    rows = [fleet("large", 2), fleet("small", 1), demand(2), another(2)]
    plan = solved(dataset(rows, against(), months=1))
    assert costs(plan) == pytest.approx({"lease": 744})
    [row] = PlanFigures(dataset(rows, against(), months=1), plan).resilience
    assert (row.lost, row.protected, row.could_serve) == ("site large", pytest.approx(2), pytest.approx(2))


def test_several_sources_of_a_site_provider_or_region_are_lost_together() -> None:
    """Two assets in one hall, of one provider, in one region: whichever is lost, a lease elsewhere is left."""
    rows = [fleet("a", site="hall"), fleet("b", site="hall"), demand(1), another()]
    for what in ("site", "provider"):
        assert costs(solved(dataset(rows, against(what), months=1))) == pytest.approx({"lease": 744})
    rows = [fleet("a"), fleet("b"), demand(1), another(region="eu")]
    assert costs(solved(dataset(rows, against("region"), months=1))) == pytest.approx({"lease": 744})


def test_a_row_with_a_segment_replaces_the_one_for_all_in_its_months() -> None:
    """All of both segments in January, of one nothing in February: two leases, then one."""
    rows = [
        fleet(accelerators=2), another(3), segment("chat"), segment("code"), demand(1, 1), demand(1, 1, segment="code"),
        against(), against(share=0.0, segment="code", from_month=JAN + 1),
    ]  # fmt: skip
    assert costs(solved(dataset(rows, months=2))) == pytest.approx({"lease": 2 * 744 + 672})


def test_only_the_months_of_the_window_count() -> None:
    """Protected in February alone, the lease is taken for February: 672."""
    rows = [fleet(), demand(1, 1, 1), another(), against(from_month=JAN + 1, until_month=JAN + 1)]
    assert costs(solved(dataset(rows))) == pytest.approx({"lease": 672})


def test_hours_at_market_price_serve_up_to_their_cap() -> None:
    """On demand without a cap all can be served at no cost now; a cap leaves a half; a seller lost sells nothing."""
    rows = [fleet(), demand(1), another()]
    assert costs(solved(dataset(rows, on_demand(9.0), against(), months=1))) == {}
    half = on_demand(9.0, max_accelerators=0.5)
    assert costs(solved(dataset(rows, half, against(share=0.5), months=1))) == {}
    assert costs(solved(dataset(rows, half, against(share=0.6), months=1))) == pytest.approx({"lease": 744})
    mine = on_demand(9.0, provider="us-inc")
    assert costs(solved(dataset(rows, mine, against(), months=1))) == {}
    assert costs(solved(dataset(rows, mine, against("provider"), months=1))) == pytest.approx({"lease": 744})


def test_the_margin_may_be_used() -> None:
    """Sites of 2 and 2 with a margin of a half serve 2; without one of them 2 are left, all of which may work."""
    rows = [fleet("a", 2), fleet("b", 2), demand(2), against()]
    assert costs(solved(dataset(rows, months=1, reserve_margin=0.5))) == {}


def test_what_is_leased_out_stays_and_is_carried_by_the_rest() -> None:
    """Sites of 2 and 1, 1 of it leased out at 3 USD; without the larger the other carries the taker, a lease serves.

    In all 744 for the lease against 3 x 744; with a lease at 4 USD the taker is refused.
    """
    rows = [fleet("a", 2), fleet("b", 1), demand(1), lease_out(hourly=3.0)]
    plan = solved(dataset(rows, another(), against(), months=1))
    assert costs(plan) == pytest.approx({"lease": 744, "lease_out_income": -2232})
    dear = lease("lease", term(1, 4.0))
    assert costs(solved(dataset(rows, dear, against(), months=1))) == {}


def test_a_lost_region_takes_its_lease_outs_with_it() -> None:
    """Two in us, one of them leased out, and one in eu: when us is lost its taker is too, and eu serves."""
    rows = [
        fleet("a", 2), fleet("b", 1, region="eu"), demand(1), lease_out(region="us", hourly=2.0), against("region"),
    ]  # fmt: skip
    plan = solved(dataset(rows, months=1))
    assert costs(plan) == pytest.approx({"lease_out_income": -1488})


def test_every_load_block_counts_and_deferrable_work_over_the_month() -> None:
    """By day twice the mean: chat needs two by day without a site of 2; if it can wait one is enough."""
    blocks = [
        LoadBlock(block="day", hours_per_day=12.0), LoadBlock(block="night", hours_per_day=12.0),
        LoadShape(segment="chat", block="day", multiplier=2.0),
        LoadShape(segment="chat", block="night", multiplier=0.0),
    ]  # fmt: skip
    rows = [blocks, fleet(accelerators=2), demand(1), another(2), against()]
    assert costs(solved(dataset(rows, months=1))) == pytest.approx({"lease": 1488})
    batch = segment("chat", timing="deferrable")
    assert costs(solved(dataset(rows, batch, months=1))) == pytest.approx({"lease": 744})


def test_demand_is_what_limits_leave_of_it() -> None:
    """A limit that halves demand halves what is protected: one lease in place of two."""
    rows = [
        fleet(accelerators=2),
        demand(2),
        another(2),
        against(),
        Limit(segment="chat", limit="half", demand_multiplier=0.5),
    ]
    assert costs(solved(dataset(rows, months=1))) == pytest.approx({"lease": 744})


def test_work_that_is_left_goes_where_the_network_lets_it() -> None:
    """What is left in eu may not serve us, but where the network has the pair."""
    rows = [
        fleet("a"),
        demand(1),
        another(region="eu"),
        demand(1, region="eu", segment="chat"),
        fleet("b", region="eu"),
    ]
    closed = Network(capacity_region="us", demand_region="us")
    assert solved_or_none(dataset(rows, closed, against(), months=1)) is None
    both = [Network(capacity_region=a, demand_region=b) for a, b in (("us", "eu"), ("eu", "us"))]
    assert costs(solved(dataset(rows, both, against(), months=1))) == pytest.approx({"lease": 744})


def test_single_site_work_and_runs_are_left_out() -> None:
    """A training segment and a run, each as large as all there is, are neither protected nor in the way."""
    rows = [
        fleet(accelerators=2), segment("chat"), segment("train", single_site=True),
        demand(0.5), demand(1, segment="train"),
        Run(run="run", workload="chat", region="us", tokens_bn_per_day=0.5, months=1), another(2), against(),
    ]  # fmt: skip
    assert costs(solved(dataset(rows, months=1))) == pytest.approx({"lease": 744})


def test_what_is_protected_is_a_segment_that_can_be_split() -> None:
    """An unknown segment is an error, a single-site one a warning."""
    found = check(dataset(fleet(), against(segment="chad"), segment(), months=1))
    assert [(each.sheet, each.column, each.severity) for each in found] == [("resilience", "segment", "error")]
    single = dataset(fleet(), segment(single_site=True), demand(1), against(segment="chat"), months=1)
    assert [(each.column, each.severity) for each in check(single)] == [("segment", "warning")]


def test_a_plan_that_breaks_it_is_rejected() -> None:
    """The audit works out what is left, of losses that leave least: 1 of 2 protected when the larger site goes."""
    rows = [fleet("large", 2), fleet("small", 1), demand(2), segment()]
    plan = solved(dataset(rows, months=1))
    data = dataset(rows, against(), months=1)
    assert {each.rule for each in audit(data, plan).failed} == {"resilience_holds"}
    assert {each.lost: each.multiple for each in what_is_left(data, plan)} == pytest.approx({"large": 0.5})
    assert audit(replace(data, resilience=(against(share=0.5),)), plan).passed


def test_own_chips_are_lost_with_their_site_provider_or_region() -> None:
    """Two chips at our campus, sold by neo: a lease of neo, in eu, is left whatever of ours is lost."""
    built = OwnSite(
        build="plant", site="campus", region="us", status="signed", signed_month=JAN, signed_blocks=1, block_mw=0.002
    )
    order = ChipOrder(
        order="chips", provider="neo", site="campus", hardware="H100", status="signed", signed_month=JAN,
        signed_lots=1, lot=2.0, usd_per_accelerator=0.0,
    )  # fmt: skip
    for what in ("site", "provider", "region"):
        data = dataset(built, order, demand(2), another(3, region="eu"), against(what, 0.5), months=1)
        assert costs(solved(data)) == pytest.approx({"lease": 744})


def test_what_is_excluded_and_who_only_sells_by_the_hour_is_not_lost() -> None:
    """Without our fleet a half can be bought; neo is excluded, and spot alone is no member of anything."""
    rows = [fleet(accelerators=2), demand(2), another(status="excluded"), on_demand(1.0, max_accelerators=1)]
    for share, feasible in ((0.5, True), (0.6, False)):
        assert (solved_or_none(dataset(rows, against("provider", share), months=1)) is not None) == feasible
    alone = dataset(demand(2), on_demand(1.0), against("provider"), months=1)
    assert costs(solved(alone)) == pytest.approx({"on_demand": 1488})


def test_use_above_a_contract_does_not_count() -> None:
    """Two blocks may be used twice over, but without the fleet they are two of three."""
    rows = [fleet(accelerators=2), contract(term_months=1, signed=0, blocks=2, overage_share=1.0), demand(3)]
    for share, feasible in ((0.66, True), (0.67, False)):
        assert (solved_or_none(dataset(rows, against("site", share), months=1)) is not None) == feasible


def test_what_was_lost_before_is_not_protected() -> None:
    """Half of two billion is lost: one lease serves the rest when the fleet is."""
    chat = segment(lost_share=0.5)
    data = dataset(chat, fleet(accelerators=2), demand(2), another(3), against(), months=1)
    assert costs(solved(data)) == pytest.approx({"lease": 744})


def test_what_rounding_leaves_of_lost_demand_is_not_protected() -> None:
    """Of demand all of which was lost nothing has to be served by what is left, which is nothing."""
    data = dataset(segment(lost_share=1.0 - 1e-15), fleet(accelerators=2), demand(2), against(), months=1)
    assert audit(data, solved(data)).passed


def test_what_falls_short_now_leaves_less_to_protect_later() -> None:
    """Two sites of 1 and 2 asked for, 60 % of it to be protected in February: a sixth short in January drives a sixth
    away, 60 % of 1.67 is what one site serves; 10,333 Mtok short at 0.01 USD and a sixth of 1120 USD of revenue.

    Brute force finds the same: what is lost is no more protected than served.
    """
    rows = [
        fleet("a"), fleet("b"), demand(2, 2),
        segment(
            churn_per_shortfall=1.0, shortfall_usd_per_mtok=0.01, max_shortfall_share=1.0, revenue_usd_per_mtok=0.02
        ),
        against(share=0.6, from_month=JAN + 1),
    ]  # fmt: skip
    data = dataset(rows, months=2)
    least = (62_000 * 0.01 + 56_000 * 0.02) / 6
    assert sum(costs(solved(data)).values()) == pytest.approx(least)
    assert cheapest(data) == pytest.approx(least)
