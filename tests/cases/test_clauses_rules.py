"""Rules between offers, worked out by hand.

One accelerator serves 1 bn tokens a day. Hours: January 744, February 672, March 744.
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
    lease,
    lease_out,
    on_demand,
    solved,
    solved_or_none,
    term,
)

from models.schema import Rule


def rule(kind: str, *offers: str, count: int | None = None) -> Rule:
    return Rule(rule="rule", kind=kind, offers=offers, count=count)


def cheap_and_dear(**cheap: Any) -> list[Any]:
    """Two one-unit leases of a month, at 1 and at 2 USD, and on-demand at 5."""
    return [lease("cheap", term(1, 1.0), **cheap), lease("dear", term(1, 2.0)), on_demand(5.0)]


def test_requires_signs_the_first_only_with_the_second() -> None:
    """The first is signed only if the second is.

    cheap requires dear: for a demand of 1 both would cost 3 x 744, dear alone 2 x 744. For 2, both.
    """
    rows = [cheap_and_dear(), rule("requires", "cheap", "dear")]
    assert costs(solved(dataset(rows, demand(1), months=1))) == pytest.approx({"lease": 1488})
    assert costs(solved(dataset(rows, demand(2), months=1))) == pytest.approx({"lease": 2232})


def test_requires_is_one_way() -> None:
    """The second may be signed without the first: dear requires cheap, cheap alone serves, 744."""
    rows = [cheap_and_dear(), rule("requires", "dear", "cheap")]
    assert costs(solved(dataset(rows, demand(1), months=1))) == pytest.approx({"lease": 744})


def test_what_is_required_is_signed_no_later() -> None:
    """The second must be signed in the same month or before.

    Dear can be signed from February only: so cheap cannot be signed in January, 5 x 744 are bought for a demand of 1.
    In February a demand of 2 takes both, 3 x 672.
    """
    later = lease("dear", term(1, 2.0), sign_from=JAN + 1)
    rows = [lease("cheap", term(1, 1.0)), later, on_demand(5.0), rule("requires", "cheap", "dear")]
    assert costs(solved(dataset(rows, demand(1, 0), months=2))) == pytest.approx({"on_demand": 3720})
    assert costs(solved(dataset(rows, demand(0, 2), months=2))) == pytest.approx({"lease": 3 * 672})


def test_what_is_required_may_be_long_over() -> None:
    """It is signing that counts, not service: dear signed for January lets cheap be signed for March.

    Demand 1, 0, 2 with two units of cheap: dear 1488 in January, cheap 2 x 744 in March.
    """
    early = lease("dear", term(1, 2.0), sign_until=JAN)
    rows = [lease("cheap", term(1, 1.0), units_max=2, sign_from=JAN + 1), early, on_demand(5.0)]
    plan = solved(dataset(rows, rule("requires", "cheap", "dear"), demand(1, 0, 2)))
    assert costs(plan) == pytest.approx({"lease": 2976})


def test_every_unit_signed_needs_what_is_required_before_it() -> None:
    """Each signing of the first comes no earlier than the first signing of the second.

    Dear can be signed from February only, so January is bought: 3720. Of the four accelerator-months after it cheap,
    with three units, serves all but one; dear must be signed in February for cheap to be: 672 + 2 x 672 and 2 x 744.
    """
    dear = lease("dear", term(1, 2.0), sign_from=JAN + 1, units_max=2)
    rows = [lease("cheap", term(1, 1.0), units_max=3), dear, on_demand(5.0), rule("requires", "cheap", "dear")]
    plan = solved(dataset(rows, demand(1, 2, 2)))
    assert costs(plan) == pytest.approx({"on_demand": 3720, "lease": 672 + 2 * 672 + 2 * 744})


def test_a_signed_offer_fulfils_a_requirement() -> None:
    """A signed offer counts as signed in its month: cheap may follow a contract signed last year."""
    rows = [
        lease("cheap", term(1, 1.0)),
        contract(signed=-6, term_months=7),
        on_demand(5.0),
        rule("requires", "cheap", "contract"),
    ]
    assert costs(solved(dataset(rows, demand(2), months=1))) == pytest.approx({"lease": 744, "contract": 744})


def test_a_signed_offer_cannot_require_what_is_signed_later() -> None:
    """A signed lease that requires an offer only now to be had has no plan."""
    rows = [lease("cheap", term(3, 1.0), signed=-1), lease("dear", term(1, 2.0)), rule("requires", "cheap", "dear")]
    assert solved_or_none(dataset(rows, months=1)) is None


def test_excludes_takes_at_most_one() -> None:
    """At most one of the offers is signed: demand 2 is cheap 744 and on-demand 3720."""
    rows = [cheap_and_dear(), rule("excludes", "cheap", "dear")]
    plan = solved(dataset(rows, demand(2), months=1))
    assert costs(plan) == pytest.approx({"lease": 744, "on_demand": 3720})


def test_excludes_counts_offers_not_units() -> None:
    """Several units of one offer are one: 3 units of cheap beside no dear, 3 x 744."""
    rows = [cheap_and_dear(units_max=3), rule("excludes", "cheap", "dear")]
    assert costs(solved(dataset(rows, demand(3), months=1))) == pytest.approx({"lease": 2232})


def test_excludes_holds_over_the_whole_horizon() -> None:
    """Exclusion holds whenever they are signed: cheap in January keeps dear away in February.

    Demand 1 and 1, each offer of one unit of a month. On demand January costs 3720, February 3360: so the lease
    serves January, 744, and February is bought.
    """
    rows = [cheap_and_dear(), rule("excludes", "cheap", "dear")]
    plan = solved(dataset(rows, demand(1, 1), months=2))
    assert costs(plan) == pytest.approx({"lease": 744, "on_demand": 3360})


def test_a_signed_offer_excludes_the_others() -> None:
    """A signed offer counts: dear is kept out by cheap, signed."""
    rows = [cheap_and_dear(signed=0), rule("excludes", "cheap", "dear")]
    plan = solved(dataset(rows, demand(2), months=1))
    assert costs(plan) == pytest.approx({"lease": 744, "on_demand": 3720})


@pytest.mark.parametrize(("count", "spent"), [(0, 3 * 3720), (1, 744 + 2 * 3720), (2, 1488 + 3720), (3, 2976)])
def test_at_most_so_many_are_signed(count: int, spent: float) -> None:
    """at_most bounds how many of the offers are signed.

    Leases at 1 and 2 USD and a contract at 1 USD an hour; demand 3; each that is missing costs 5 x 744 = 3720. Two of
    them are those at 1 USD, 1488; all three 2976.
    """
    bound = rule("at_most", "cheap", "dear", "contract", count=count)
    plan = solved(dataset(cheap_and_dear(), contract(term_months=1), bound, demand(3), months=1))
    assert plan.objective_usd == pytest.approx(spent)


def test_at_least_so_many_are_signed() -> None:
    """at_least asks for so many, needed or not: the two cheapest of three, 744 + 744."""
    rows = [
        cheap_and_dear(),
        contract(tiers=1.0, term_months=1),
        rule("at_least", "cheap", "dear", "contract", count=2),
    ]
    plan = solved(dataset(rows, months=1))
    assert costs(plan) == pytest.approx({"lease": 744, "contract": 744})


def test_at_least_counts_what_is_signed_already() -> None:
    """A signed offer counts towards at_least: nothing more is signed than dear's 1488."""
    rows = [lease("cheap", term(1, 1.0)), lease("dear", term(1, 2.0), signed=0)]
    plan = solved(dataset(rows, rule("at_least", "cheap", "dear", count=1), months=1))
    assert costs(plan) == pytest.approx({"lease": 1488})


def test_excluded_offers_are_never_signed() -> None:
    """An offer of status excluded cannot fulfil a rule."""
    rows = [lease("cheap", term(1, 1.0), status="excluded"), rule("at_least", "cheap", count=1)]
    assert solved_or_none(dataset(rows, months=1)) is None


def test_lease_outs_take_part_in_rules() -> None:
    """A lease-out is an offer too: leasing out may be tied to a lease.

    The taker pays 3 USD for the fleet's accelerator, if dear is signed: 2232 - 1488.
    """
    rows = [fleet(), lease("dear", term(1, 2.0)), lease_out(hourly=3.0), rule("requires", "out", "dear")]
    plan = solved(dataset(rows, months=1))
    assert costs(plan) == pytest.approx({"lease": 1488, "lease_out_income": -2232})
    poor = [fleet(), lease("dear", term(1, 2.0)), lease_out(hourly=1.0), rule("requires", "out", "dear")]
    assert costs(solved(dataset(poor, months=1))) == {}
