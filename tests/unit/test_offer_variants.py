"""Variations of one offer: what a problem becomes when it must be taken, cannot be, or has another price."""

import builders as b
import pytest

from models.audit import audit
from models.kinds import OfferKey
from models.schema import Cap, Resilience
from models.supply.contract_kind import CONTRACT
from models.supply.lease_kind import LEASE
from models.supply.lease_out_kind import LEASE_OUT
from models.supply.registry import offers_on_the_table
from models.variants.offers import at_price, nothing_new, with_offer, without_offer

HOURS = 744  # January
CHEAP, DEAR = OfferKey(LEASE, "cheap"), OfferKey(LEASE, "dear")


def _one_month(*rows):
    return b.dataset(b.demand(2.0), b.segment(shortfall_usd_per_mtok=1.0), *rows, months=1)


def test_an_offer_forced_in_is_taken_though_it_does_not_pay():
    """A lease dearer than on-demand is in no plan by itself, and in the plan once it must be taken."""
    data = _one_month(b.lease("dear", b.term(1, hourly=5.0)), b.on_demand(2.0))
    assert b.costs(b.solved(data)) == {"on_demand": pytest.approx(2 * 2.0 * HOURS)}
    forced = b.solved(with_offer(data, DEAR))
    assert b.costs(forced) == {"lease": pytest.approx(5.0 * HOURS), "on_demand": pytest.approx(2.0 * HOURS)}


def test_an_offer_left_out_is_not_taken_though_it_pays():
    """A lease cheaper than on-demand is in the plan, and not once it is off the table."""
    data = _one_month(b.lease("cheap", b.term(1, hourly=1.0)), b.on_demand(2.0))
    assert b.costs(b.solved(data))["lease"] == pytest.approx(HOURS)
    assert b.costs(b.solved(without_offer(data, CHEAP))) == {"on_demand": pytest.approx(2 * 2.0 * HOURS)}


def test_an_offer_left_out_is_still_known_to_rules():
    """A rule that requires an offer off the table leaves no plan, rather than a rule about nothing."""
    data = with_offer(_one_month(b.lease("cheap", b.term(1, hourly=1.0)), b.on_demand(2.0)), CHEAP)
    assert b.solved_or_none(without_offer(data, CHEAP)) is None


def test_a_provider_of_an_offer_left_out_is_still_held_to_a_cap_of_each():
    """At least 30 % of capacity of each: without the only offer of one no plan keeps that, nor does the base case."""
    cap = Cap(cap="spread", measure="capacity_share", scope="provider", name="*", sense="min", value=0.3)
    data = _one_month(b.fleet(provider="own"), b.lease("cheap", b.term(1, hourly=1.0)), cap)
    assert b.solved(data).signings
    assert b.solved_or_none(without_offer(data, CHEAP)) is None
    assert b.solved_or_none(nothing_new(data)) is None


def test_a_provider_of_an_offer_left_out_can_still_be_lost():
    """Hours on demand of who offers a lease can be lost, signed or not: without the lease another is needed still."""
    data = b.dataset(
        b.demand(1.0),
        b.on_demand(1.0, provider="neo"),
        b.lease("cheap", b.term(1, hourly=0.5), provider="neo"),
        b.lease("dear", b.term(1, hourly=2.0), provider="other"),
        Resilience(against="provider", protected_share=1.0),
        months=1,
    )
    assert b.costs(b.solved(data)) == {"lease": pytest.approx(2.0 * HOURS)}
    assert b.costs(b.solved(without_offer(data, CHEAP))) == {"lease": pytest.approx(2.0 * HOURS)}


def test_an_offer_forced_in_is_not_another_of_the_same_name():
    """A lease-out has to be taken, or is off the table, while the lease of its name is as free as before."""
    data = _one_month(b.fleet(sublet=True), b.lease("X", b.term(1, hourly=1000.0)), b.lease_out("X", hourly=0.1))
    assert b.solved(data).signings == ()
    forced = b.solved(with_offer(data, OfferKey(LEASE_OUT, "X")))
    assert [each.offer for each in forced.signings] == [(LEASE_OUT, "X")]
    assert offers_on_the_table(without_offer(data, OfferKey(LEASE_OUT, "X"))) == ((LEASE, "X"),)


def test_the_audit_asks_that_an_offer_forced_in_is_taken():
    """A plan without the offer breaks a rule of the problem that forces it in; one with another of its name too."""
    data = _one_month(b.fleet(sublet=True), b.lease("X", b.term(1, hourly=1.0)), b.lease_out("X", hourly=0.1))
    plan = b.solved(data)
    assert [each.offer for each in plan.signings] == [(LEASE, "X")]
    assert audit(with_offer(data, OfferKey(LEASE, "X")), plan).passed
    broken = audit(with_offer(data, OfferKey(LEASE_OUT, "X")), plan).failed
    assert [each.rule for each in broken] == ["rule_at_least"]


def test_price_of_a_lease_moves_its_fees_and_upfront_only():
    """At half the price a lease's fee and upfront are halved and its usage charge stays."""
    data = _one_month(
        b.lease("cheap", b.term(1, hourly=1.0, upfront_usd_per_unit=100.0, usage_usd_per_accelerator_hour=0.1))
    )
    data = with_offer(data, CHEAP)
    found = b.costs(b.solved(at_price(data, CHEAP, 0.5)))
    assert found["lease"] == pytest.approx(0.5 * HOURS + 50.0)
    assert found["usage"] == pytest.approx(0.1 * HOURS)


def test_price_of_a_contract_moves_every_tier_and_the_upfront():
    """At twice the price every tier's rate and the upfront of a contract double; other contracts stay."""
    data = b.dataset(b.contract("one", {1: 3.0, 2: 2.0}, upfront_usd=7.0, blocks=2), b.contract("other", 4.0), months=1)
    dearer = at_price(data, OfferKey(CONTRACT, "one"), 2.0)
    assert [each.usd_per_accelerator_hour for each in dearer.contract_tiers] == [6.0, 4.0, 4.0]
    assert [each.upfront_usd for each in dearer.contracts] == [14.0, 0.0]


def test_price_of_a_lease_out_moves_its_income():
    """At three times the price a lease-out brings three times the income."""
    data = b.dataset(b.fleet(sublet=True), b.lease_out("out", hourly=1.0), months=1)
    assert b.costs(b.solved(at_price(data, OfferKey(LEASE_OUT, "out"), 3.0))) == {
        "lease_out_income": pytest.approx(-3.0 * HOURS)
    }


def test_offers_on_the_table_are_those_a_unit_of_can_still_be_taken():
    """Signed, excluded and empty offers are not on the table; leases, contracts and lease-outs are."""
    data = b.dataset(
        b.lease("open", b.term(1, hourly=1.0)),
        b.lease("gone", b.term(1, hourly=1.0), status="excluded"),
        b.lease("none", b.term(1, hourly=1.0), units_max=0),
        b.lease("ours", b.term(1, hourly=1.0), signed=0),
        b.contract("frame"),
        b.lease_out("out"),
    )
    assert [each.words for each in offers_on_the_table(data)] == ["lease open", "contract frame", "lease-out out"]
