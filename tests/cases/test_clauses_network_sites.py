"""Serving across regions, and work that must run at one site, worked out by hand.

One accelerator serves 1 bn tokens a day; January 2026 has 31 days, 744 hours; 1 bn a day is 31000 million tokens.
"""

from __future__ import annotations

from typing import Any

import pytest
from builders import (
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
    solved_or_none,
    term,
    throughput,
)

from models.schema import Network


def test_without_the_sheet_any_region_serves_any() -> None:
    """With no network rows, capacity in us serves demand in eu, free."""
    assert costs(solved(dataset(fleet(), demand(1, region="eu"), months=1))) == {}


def test_serving_across_costs_by_the_million_tokens() -> None:
    """A pair listed costs usd_per_mtok for the tokens served across.

    1 bn a day from us to eu at 0.01: 310.
    """
    rows = [fleet(), demand(1, region="eu"), Network(capacity_region="us", demand_region="eu", usd_per_mtok=0.01)]
    assert costs(solved(dataset(rows, months=1))) == pytest.approx({"network": 310})


def test_a_pair_not_listed_is_not_allowed() -> None:
    """Where the sheet has rows, pairs without one are not allowed, and a pair is listed in one direction only."""
    rows = [fleet(), demand(1, region="eu"), Network(capacity_region="eu", demand_region="us")]
    assert solved_or_none(dataset(rows, months=1)) is None


def test_a_region_serves_itself_free_unless_said() -> None:
    """A region always serves itself, free; a row for it sets a price, or forbids it."""
    across = Network(capacity_region="us", demand_region="eu", usd_per_mtok=0.01)
    rows = [fleet(), demand(1)]
    assert costs(solved(dataset(rows, across, months=1))) == {}
    priced = Network(capacity_region="us", demand_region="us", usd_per_mtok=0.02)
    assert costs(solved(dataset(rows, priced, months=1))) == pytest.approx({"network": 620})
    forbidden = Network(capacity_region="us", demand_region="us", allowed=False)
    assert solved_or_none(dataset(rows, forbidden, months=1)) is None


def test_a_pair_marked_not_allowed_is_not_allowed() -> None:
    """allowed no forbids the pair, whatever it would cost."""
    rows = [fleet(), demand(1, region="eu"), Network(capacity_region="us", demand_region="eu", allowed=False)]
    assert solved_or_none(dataset(rows, months=1)) is None


def test_the_cheapest_way_is_taken() -> None:
    """Capacity near and far compete with network cost: 0.8 + 0.01 x 1000 / 24 = 1.2167 an hour from us, 1.5 in eu.

    1 on demand in us at 0.80 serves eu: 0.8 x 744 = 595.20 and 310 of network.
    """
    rows = [
        on_demand(0.8, max_accelerators=1.0),
        on_demand(1.5, region="eu"),
        Network(capacity_region="us", demand_region="eu", usd_per_mtok=0.01),
        demand(2, region="eu"),
    ]
    plan = solved(dataset(rows, months=1))
    assert costs(plan) == pytest.approx({"on_demand": 595.2 + 1116, "network": 310})


def training(**columns: Any) -> Any:
    return segment("chat", single_site=True, **columns)


def test_single_site_work_cannot_be_split() -> None:
    """All of a single-site segment runs at one site: two sites of 1 cannot carry 1.5; one of 2 can."""
    split = [fleet("a"), fleet("b"), demand(1.5)]
    assert costs(solved(dataset(segment(), split, months=1))) == {}
    assert solved_or_none(dataset(training(), split, months=1)) is None
    assert costs(solved(dataset(training(), fleet(accelerators=2), demand(1.5), months=1))) == {}


def test_assets_and_leases_of_one_site_work_together() -> None:
    """Sources that name the same site make one: 1 own, 1 leased and 1 block there carry 2.5."""
    rows = [
        fleet(site="campus"),
        lease("lease", term(1, 1.0), signed=0, site="campus"),
        contract(signed=0, term_months=1, site="campus"),
    ]
    plan = solved(dataset(training(), rows, demand(2.5), months=1))
    assert costs(plan) == pytest.approx({"lease": 744, "contract": 744})


def test_a_blank_site_is_the_source_itself() -> None:
    """Without a site each asset, lease and contract is a site of its own: all units of a lease together are one."""
    two_units = lease("lease", term(1, 1.0), signed=0, signed_units=2)
    assert costs(solved(dataset(training(), two_units, demand(2), months=1))) == pytest.approx({"lease": 1488})
    apart = [lease("one", term(1, 1.0), signed=0), lease("two", term(1, 1.0), signed=0)]
    assert solved_or_none(dataset(training(), apart, demand(2), months=1)) is None


def test_on_demand_is_no_site() -> None:
    """Hours bought on demand cannot host a single-site segment; a contract can."""
    assert solved_or_none(dataset(training(), on_demand(1.0), demand(1), months=1)) is None
    assert solved_or_none(dataset(training(), contract(signed=0), demand(1), months=1)) is not None


def test_work_at_a_site_counts_as_hours_used_of_a_contract() -> None:
    """Half of two blocks is due at 1 USD, 744; single-site work takes 1.5 of them: 1116, and 0.1 a used hour, 111.6."""
    blocks = contract(signed=0, blocks=2, take_or_pay_share=0.5, usage_usd_per_accelerator_hour=0.1)
    plan = solved(dataset(training(), blocks, demand(1.5), months=1))
    assert costs(plan) == pytest.approx({"contract": 1116, "usage": 111.6})


def test_a_flexible_contract_shares_its_site() -> None:
    """A fleet of one and a contract of one block at one site carry a run of two; elsewhere neither would.

    The contract's block, half of it due at 1 USD, is used to the full: 744.
    """
    at = contract(signed=0, take_or_pay_share=0.5, site="campus")
    assert costs(solved(dataset(training(), fleet(site="campus"), at, demand(2), months=1))) == pytest.approx(
        {"contract": 744}
    )
    apart = contract(signed=0, take_or_pay_share=0.5)
    assert solved_or_none(dataset(training(), fleet(site="campus"), apart, demand(2), months=1)) is None


def test_other_work_leaves_a_flexible_contract_to_single_site_work() -> None:
    """A run of one holds a contract's only site; other work of one is done by a fleet that cannot host the run whole.

    The fleet has half at each of two sites: the run takes the contract's block for 744, the rest costs nothing.
    """
    rows = [training(), segment("other"), demand(1, segment="other"), fleet("a", 0.5), fleet("b", 0.5)]
    offer = contract(signed=0, take_or_pay_share=0.0)
    assert costs(solved(dataset(rows, offer, demand(1), months=1))) == pytest.approx({"contract": 744})


def test_overage_is_not_a_sites() -> None:
    """Overage of a contract does not carry single-site work."""
    offer = contract(signed=0, overage_share=1.0)
    assert solved_or_none(dataset(training(), offer, demand(1.5), months=1)) is None


def test_the_site_may_change_from_month_to_month() -> None:
    """A segment may move at no cost: January at a (which then ends), February at b."""
    from builders import JAN

    rows = [fleet("a", 2, until_month=JAN), fleet("b", 2, from_month=JAN + 1)]
    assert costs(solved(dataset(training(), rows, demand(2, 2), months=2))) == {}


def test_a_site_keeps_the_reserve_margin() -> None:
    """At a site at most (1 - reserve_margin) of what is online works, all hardware together.

    A site of 4 with a quarter free carries 3 and not 3.5, though the pool has 4 more elsewhere.
    """
    rows = [fleet("a", 4), fleet("b", 4, until_month=None, site="far")]
    assert costs(solved(dataset(training(), rows, demand(3), months=1, reserve_margin=0.25))) == {}
    assert solved_or_none(dataset(training(), rows, demand(3.5), months=1, reserve_margin=0.25)) is None


def test_a_sites_margin_counts_all_its_hardware_together() -> None:
    """The margin of a site may lie on one hardware only, as far as the pools' own margins allow.

    Site a has 2 H100 and 2 TPU, elsewhere 8 more of each: 3 of a's 4 may work, 2 H100 and 1 TPU, since the pools keep
    their margin elsewhere. 3.2 may not.
    """
    rows = [
        hardware("H100"),
        hardware("TPU"),
        throughput(),
        throughput(hardware="TPU"),
        fleet("a1", 2, site="a"),
        fleet("a2", 2, hardware="TPU", site="a"),
        fleet("b1", 1, site="b"),
        fleet("b2", 1, hardware="TPU", site="b"),
    ]
    assert costs(solved(dataset(training(), rows, demand(3), months=1, reserve_margin=0.25))) == {}
    assert solved_or_none(dataset(training(), rows, demand(3.2), months=1, reserve_margin=0.25)) is None


def test_other_work_at_the_site_is_bound_by_the_pool_alone() -> None:
    """The limit of a site concerns single-site work; other work is bound by its pool, and its source in full.

    Sites a (free to use) and b (0.5 an hour), 1 accelerator each, a quarter of the 2 free: 1.5 at work. Training of
    0.5 at a; chat of 1: a does 0.5 of it, b the other half: 0.5 x 744 x 0.5 = 186.
    """
    rows = [
        segment("chat"),
        segment("training", single_site=True),
        demand(1),
        demand(0.5, segment="training"),
        fleet("a"),
        fleet("b", usage_usd_per_accelerator_hour=0.5),
    ]
    plan = solved(dataset(rows, months=1, reserve_margin=0.25))
    assert costs(plan) == pytest.approx({"usage": 186})


def test_two_single_site_segments_share_a_site() -> None:
    """At a site the work of all its single-site segments together is at most (1 - reserve_margin) of what is online.

    Training 0.5 and research 0.5, sites a (free) and b (0.5 an hour) of 1, a quarter free: not both at a. One at b:
    0.5 x 744 x 0.5 = 186.
    """
    rows = [
        segment("training", single_site=True),
        segment("research", single_site=True),
        demand(0.5, segment="training"),
        demand(0.5, segment="research"),
        fleet("a"),
        fleet("b", usage_usd_per_accelerator_hour=0.5),
    ]
    plan = solved(dataset(rows, months=1, reserve_margin=0.25))
    assert costs(plan) == pytest.approx({"usage": 186})


def test_single_site_work_is_done_by_its_site_even_where_others_are_cheaper() -> None:
    """The site's own sources do, and pay for, single-site work; others at lower charges do not stand in.

    Training of 1 can run at a only, of 2 H100 at 0.5 an hour (b has 0.5): 1 x 744 x 0.5 = 372, though on-demand
    costs 0.1.
    """
    rows = [fleet("a", 2, usage_usd_per_accelerator_hour=0.5), fleet("b", 0.5), on_demand(0.1), demand(1)]
    plan = solved(dataset(training(), rows, months=1))
    assert costs(plan) == pytest.approx({"usage": 372})


def test_the_margin_of_the_pool_binds_single_site_work_too() -> None:
    """Work at a site is done by its own sources within the pool's margin; on-demand does not step in.

    Site a has 1 H100 and an idle TPU, so its own limit is 0.75 x 2; but of the pool's one H100 only 0.75 may work.
    Training of 1 needs a block of the contract beside it: of 2 H100 1.5 may work, all of a's among them: 744.
    """
    rows = [hardware(), hardware("TPU"), throughput(), fleet("a", 1), fleet("idle", 1, hardware="TPU", site="a")]
    offer = contract(max_blocks=2, term_months=1)
    plan = solved(dataset(training(), rows, demand(1), offer, on_demand(0.3), months=1, reserve_margin=0.25))
    assert costs(plan) == pytest.approx({"contract": 744})


def test_a_site_serves_all_regions_of_its_segment() -> None:
    """All of a segment, of every region, runs at the one site, and pays the network from there.

    1 bn in us and 1 bn in eu from a site of 2 in us, 0.01 across: 310. Sites of 1 in each region will not do.
    """
    across = [
        Network(capacity_region="us", demand_region="eu", usd_per_mtok=0.01),
        Network(capacity_region="eu", demand_region="us", usd_per_mtok=0.01),
    ]
    asked = [training(), demand(1), demand(1, region="eu"), across]
    near = [fleet("a"), fleet("b", region="eu")]
    assert solved_or_none(dataset(asked, near, months=1)) is None
    plan = solved(dataset(asked, near, fleet("c", 2), months=1))
    assert costs(plan) == pytest.approx({"network": 310})


def test_what_is_short_needs_no_site() -> None:
    """A single-site segment may fall short of what the best site carries: 0.5 of 1.5 bn at 0.01, 155."""
    rows = [training(shortfall_usd_per_mtok=0.01), fleet("a"), fleet("b"), demand(1.5)]
    assert costs(solved(dataset(rows, months=1))) == pytest.approx({"shortfall": 155})
