"""Workbooks that admit no plan, one rule at fault in each: it is named, with the amount worked out by hand."""

from __future__ import annotations

from typing import Any

import builders as b
import pytest

from models.dataset import Dataset
from models.schema import Cap, Limit, Network, Option, Rule
from models.variants.repairs import repaired
from planner.analysis.infeasibility import Infeasibility, Repair, explain_infeasible

HOURS = 744


def _found(data: Dataset, **facts: Any) -> Infeasibility:
    assert b.solved_or_none(data) is None
    return explain_infeasible(data, seconds=30.0, **facts)


def _words(found: Infeasibility) -> list[str]:
    return [each.words for each in found.repairs]


def _cap(**facts: Any) -> Cap:
    return Cap(**{"cap": "cap", "scope": "total", "sense": "max"} | facts)


def test_missing_capacity_and_shortfall_are_the_two_ways_out() -> None:
    """Of three tokens a day two can be served: one accelerator of 1 kW is missing, or a third falls short."""
    found = _found(b.dataset(b.demand(3.0), b.fleet(accelerators=2.0), months=1))
    assert set(_words(found)) == {
        "0.001 MW of H100 missing in us from 2026-01",
        "allow 33.4 % shortfall of chat (in 2026-01)",
    }
    assert all(each.proven for each in found.repairs)
    assert found.complete


def test_capacity_is_missing_from_the_month_it_is_needed() -> None:
    """Demand outgrows capacity in March: two accelerators of 2 kW are missing from then on, and not before."""
    data = b.dataset(
        b.demand(1.0, 2.0, 4.0, 4.0), b.hardware(kw=2.0), b.throughput(), b.fleet(accelerators=2.0), months=4
    )
    assert "0.004 MW of H100 missing in us from 2026-03" in _words(_found(data))


@pytest.mark.parametrize(
    ("rows", "cap", "words"),
    [
        ([b.on_demand(3.0)], _cap(measure="cash_usd", value=4000.0), f"lift cap cap from 4,000 to {4470:,} USD"),
        (
            [b.lease("lease", b.term(1, hourly=1.0), holds=2.0)],
            _cap(measure="capacity_mw", value=0.001),
            "lift cap cap from 0.001 to 0.002 MW",
        ),
        (
            [b.lease("lease", b.term(1, hourly=1.0), holds=2.0)],
            _cap(measure="capacity_mw", sense="min", value=0.005),
            "lower cap cap from 0.005 to 0.002 MW",
        ),
        (
            [b.lease("lease", b.term(3, hourly=1.0), holds=2.0)],
            _cap(measure="obligation_usd", value=1000.0),
            f"lift cap cap from 1,000 to {2840:,} USD",
        ),
        (
            [b.lease("neo", b.term(1, hourly=1.0)), b.contract("cloud", 1.0, term_months=1)],
            _cap(measure="capacity_share", scope="provider", name="neo", value=0.4),
            "lift cap cap from 0.4 to 0.5",
        ),
    ],
)
def test_each_measure_of_cap_is_named_with_the_value_that_does(rows: list[Any], cap: Cap, words: str) -> None:
    """A cap alone in the way is to be moved just as far as needed, whatever it measures.

    Two accelerators on demand at 3 USD are 4,464 USD; a lease of three months owes 2 x (672 + 744) = 2,832 after
    the first; of two sources alike, half comes from each.
    """
    found = _found(b.dataset(b.demand(2.0), *rows, cap, months=1, end_of_horizon="full"))
    assert words in _words(found)


def test_a_share_of_shortfall_is_named() -> None:
    """A tenth may fall short and a quarter must: the cap, or the segment's own share, is to be raised to it."""
    chat = b.segment(shortfall_usd_per_mtok=1.0)
    cap = _cap(measure="shortfall_share", value=0.1)
    found = _found(b.dataset(b.demand(4.0), chat, b.fleet(accelerators=3.0), cap, months=1))
    assert "lift cap cap from 0.1 to 0.25" in _words(found)
    chat = b.segment(shortfall_usd_per_mtok=1.0, max_shortfall_share=0.1)
    found = _found(b.dataset(b.demand(4.0), chat, b.fleet(accelerators=3.0), months=1))
    assert "raise max_shortfall_share of chat from 0.1 to 0.25" in _words(found)


def test_spend_against_revenue_is_named() -> None:
    """Revenue of 31,000 Mtok at 0.1 USD is 3,100 and capacity costs 744: a tenth is not enough, 24 % is."""
    chat = b.segment(revenue_usd_per_mtok=0.1)
    cap = _cap(measure="cash_share_of_revenue", value=0.1)
    found = _found(b.dataset(b.demand(1.0), chat, b.on_demand(1.0), cap, months=1))
    # narrowed down by halving: what does is 0.24
    lifted = next(each for each in found.repairs if each.changes[0].sheet == "caps").changes[0]
    assert 0.24 <= float(lifted.needed) <= 0.245


@pytest.mark.parametrize(
    "rule",
    [
        Rule(rule="house", kind="at_most", offers=("one", "two"), count=1),
        Rule(rule="house", kind="excludes", offers=("one", "two")),
        Rule(rule="house", kind="requires", offers=("two", "gone")),
        Rule(rule="house", kind="at_least", offers=("one", "gone"), count=2),
    ],
)
def test_each_kind_of_rule_is_named(rule: Rule) -> None:
    """Both leases are needed, and the rule forbids it: it is to be dropped."""
    data = b.dataset(
        b.demand(2.0),
        b.lease("one", b.term(1, hourly=1.0)),
        b.lease("two", b.term(1, hourly=1.0)),
        b.lease("gone", b.term(1, hourly=1.0), status="excluded"),
        rule,
        months=1,
    )
    assert f"drop rule house ({rule.kind} {'; '.join(rule.offers)})" in _words(_found(data))


def test_a_limit_that_may_not_be_tightened_is_named() -> None:
    """Capacity halves in February: the limit would have to be tightened, which the segment forbids."""
    limits = [Limit(segment="chat", limit="tight", demand_multiplier=0.5), Limit(segment="chat", limit="free")]
    fleet = [b.fleet(accelerators=1.0), b.fleet("leaving", 1.0, until_month=b.JAN)]
    chat = b.segment(may_tighten=False, current_limit="free")
    data = b.dataset(b.demand(2.0, months=2), chat, limits, fleet, months=2)
    assert "let the limits of chat be tightened" in _words(_found(data))


def test_a_limit_that_may_not_change_so_soon_is_named() -> None:
    """Capacity falls in February and again in March, and a limit once changed has to stay for two months."""
    limits = [
        Limit(segment="chat", limit="free"),
        Limit(segment="chat", limit="tight", demand_multiplier=0.5, from_month=b.JAN + 1),
        Limit(segment="chat", limit="tiny", demand_multiplier=0.25, from_month=b.JAN + 2),
    ]
    fleet = [
        b.fleet(accelerators=1.0),
        b.fleet("first to go", 2.0, until_month=b.JAN),
        b.fleet("second to go", 1.0, until_month=b.JAN + 1),
    ]
    chat = b.segment(min_months_between_changes=2, current_limit="free")
    found = _found(b.dataset(b.demand(4.0, months=3), chat, limits, fleet, months=3))
    assert "let the limits of chat change each month, not only every 2 months" in _words(found)


def test_a_single_site_is_named() -> None:
    """Training needs two accelerators and each site has one: it has to be split."""
    train = b.segment("train", single_site=True)
    data = b.dataset(b.demand(2.0, segment="train"), train, b.fleet("north", 1.0), b.fleet("south", 1.0), months=1)
    assert "let train run at more than one site" in _words(_found(data))


def test_a_share_that_must_be_reached_is_named() -> None:
    """Of two sources alike half comes from each, where six tenths of one are asked for."""
    rows = [b.lease("neo", b.term(1, hourly=1.0)), b.contract("cloud", 1.0, term_months=1)]
    cap = _cap(measure="capacity_share", scope="provider", name="neo", sense="min", value=0.6)
    found = _found(b.dataset(b.demand(2.0), *rows, cap, months=1, end_of_horizon="full"))
    assert "lower cap cap from 0.6 to 0.5" in _words(found)


def test_cash_of_a_quarter_is_named() -> None:
    """January to March have 2,160 hours: so many dollars are paid for one accelerator, and 2,000 are allowed."""
    cap = _cap(measure="cash_usd", per="quarter", value=2000.0)
    found = _found(b.dataset(b.demand(1.0, months=3), b.on_demand(1.0), cap, months=3))
    assert "lift cap cap from 2,000 to 2,160 USD" in _words(found)


def test_cash_that_must_be_spent_is_named() -> None:
    """A cap that asks for spending where there is nothing to buy."""
    cap = _cap(measure="cash_usd", sense="min", value=100.0)
    found = _found(b.dataset(b.demand(1.0), b.fleet(accelerators=1.0), cap, months=1))
    assert _words(found) == ["lower cap cap from 100 to 0 USD"]


def test_a_premium_that_cash_does_not_reach_is_named() -> None:
    """The only lease needs an option of 100 USD and costs 744: 844 where the cap allows 800."""
    rows = [b.lease("neo", b.term(1, hourly=1.0)), Option(option="right", offer="neo", premium_usd=100.0)]
    found = _found(b.dataset(b.demand(1.0), *rows, _cap(measure="cash_usd", value=800.0), months=1))
    assert "lift cap cap from 800 to 844 USD" in _words(found)


def test_an_option_bought_too_late_leaves_a_month_without_capacity() -> None:
    """The right to the lease can be bought in February only, so January goes without, and no later month does."""
    right = Option(option="right", offer="neo", premium_usd=100.0, buy_from=b.JAN + 1)
    found = _found(b.dataset(b.demand(1.0, months=3), b.lease("neo", b.term(3, hourly=1.0)), right, months=3))
    assert set(_words(found)) == {
        "0.001 MW of H100 missing in us in 2026-01",
        "allow 100 % shortfall of chat (in 2026-01)",
    }


def test_capacity_that_must_be_leased_out_is_named() -> None:
    """The rule makes us lease out the only accelerator, which demand takes too."""
    house = Rule(rule="house", kind="at_least", offers=("out",), count=1)
    found = _found(b.dataset(b.demand(1.0), b.fleet(accelerators=1.0), b.lease_out("out"), house, months=1))
    assert set(_words(found)) == {
        "drop rule house (at_least out)",
        "0.001 MW of H100 missing in us from 2026-01",
        "allow 100 % shortfall of chat (in 2026-01)",
    }


def test_a_pair_of_regions_that_is_not_allowed() -> None:
    """Capacity stands where it may not serve from: only going without is left."""
    barred = Network(capacity_region="us", demand_region="eu", usd_per_mtok=0.0, allowed=False)
    found = _found(b.dataset(b.demand(1.0, region="eu"), b.fleet(accelerators=5.0), barred, months=1))
    assert _words(found) == ["allow 100 % shortfall of chat (in 2026-01)"]


def test_the_reserve_margin_counts_as_missing_capacity() -> None:
    """A tenth is held back of one accelerator that is needed whole: 1 / 0.9 - 1 more, rounded up."""
    data = b.dataset(b.demand(1.0), b.fleet(accelerators=1.0), months=1, reserve_margin=0.1)
    assert "0.000112 MW of H100 missing in us from 2026-01" in _words(_found(data))


def test_what_is_proven_not_to_help_is_not_told() -> None:
    """More power in the region would break the cap on it, so that only the cap and going without are left."""
    cap = _cap(measure="capacity_mw", scope="region", name="us", value=0.0005)
    found = _found(b.dataset(b.demand(1.0), b.lease("neo", b.term(1, hourly=1.0)), cap, months=1))
    assert set(_words(found)) == {
        "lift cap cap from 0.0005 to 0.001 MW",
        "allow 100 % shortfall of chat (in 2026-01)",
    }
    assert found.complete


def test_two_changes_may_be_needed_at_once() -> None:
    """Two caps stand in the way of the only plan: both are to be lifted, and neither alone will do."""
    data = b.dataset(
        b.demand(1.0),
        b.segment(),
        b.on_demand(2.0),
        _cap(cap="month", measure="cash_usd", value=1000.0),
        _cap(cap="year", measure="cash_usd", value=1200.0, per="year"),
        months=1,
    )
    found = _found(data)
    both = next(each for each in found.repairs if {change.row for change in each.changes} == {"month", "year"})
    assert {change.needed for change in both.changes} == {"1490"}
    for change in both.changes:
        assert b.solved_or_none(repaired(data, [change])) is None
    assert b.solved_or_none(repaired(data, both.changes)) is not None


def test_no_repair_has_a_needless_change() -> None:
    """Every repair makes a plan possible, and none does without one of its changes."""
    data = b.dataset(
        b.demand(3.0),
        b.lease("one", b.term(1, hourly=1.0)),
        b.lease("two", b.term(1, hourly=1.0)),
        b.on_demand(5.0, max_accelerators=1.0),
        Rule(rule="one only", kind="at_most", offers=("one", "two"), count=1),
        _cap(measure="cash_usd", value=5000.0),
        months=1,
    )
    found = _found(data)
    assert len(found.repairs) >= 3

    def minimal(repair: Repair) -> bool:
        rest = [[each for each in repair.changes if each is not left] for left in repair.changes]
        return all(b.solved_or_none(repaired(data, changes)) is None for changes in rest)

    for repair in found.repairs:
        assert repair.proven
        assert b.solved_or_none(repaired(data, repair.changes)) is not None
        assert minimal(repair), repair.words


def test_rules_that_cannot_hold_together_are_told_apart_from_those_that_can() -> None:
    """Demand and the cap on cash conflict; a rule and a cap that are kept anyway are not in it."""
    data = b.dataset(
        b.demand(2.0),
        b.lease("idle", b.term(1, hourly=9.0)),
        b.on_demand(3.0),
        _cap(measure="cash_usd", value=4000.0),
        _cap(cap="wide", measure="capacity_mw", value=9.0),
        Rule(rule="kept", kind="at_most", offers=("idle",), count=0),
        months=1,
    )
    found = _found(data, conflict=True)
    assert found.conflict is not None
    assert {(each.kind, each.name) for each in found.conflict} == {("cap", "cap"), ("shortfall", "chat")}


def test_time_that_is_over_is_said() -> None:
    """With no time nothing is found and the answer is not called complete."""
    data = b.dataset(b.demand(3.0), b.fleet(accelerators=2.0), months=1)
    found = explain_infeasible(data, seconds=0.0)
    assert not found.complete


def test_billions_are_lifted_no_further_than_needed() -> None:
    """Of three leases the cheapest two are enough, and the cap is lifted to what they cost.

    At 1, 3 and 9 m USD an hour January costs 744 x (1 + 3) = 2,976 m USD; the cap allows a billion.
    """
    rows = [b.lease(f"at {price}", b.term(1, hourly=price * 1e6)) for price in (9.0, 1.0, 3.0)]
    found = _found(b.dataset(b.demand(2.0), *rows, _cap(measure="cash_usd", value=1e9), months=1))
    assert "lift cap cap from 1,000,000,000 to 2,980,000,000 USD" in _words(found)


def test_two_shares_are_lifted_no_further_than_needed() -> None:
    """Each of two sources has half of what is online; neither may have more than 0.3 and 0.4."""
    rows = [b.lease("neo", b.term(1, hourly=1.0)), b.contract("cloud", 1.0, term_months=1)]
    caps = [
        _cap(cap="a", measure="capacity_share", scope="provider", name="neo", value=0.3),
        _cap(cap="b", measure="capacity_share", scope="provider", name="hyper", value=0.4),
    ]
    found = _found(b.dataset(b.demand(2.0), *rows, *caps, months=1, end_of_horizon="full"))
    assert "lift cap a from 0.3 to 0.5 and lift cap b from 0.4 to 0.5" in _words(found)
