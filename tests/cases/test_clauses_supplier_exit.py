"""What is left of leases, contracts and all else of a supplier that is gone: bills worked out by hand.

One accelerator serves 1 bn tokens a day. Hours: January 744, February 672, March 744, April 720, May 744.
"""

from __future__ import annotations

from typing import Any

import pytest
from builders import (
    cash,
    contract,
    costs,
    dataset,
    demand,
    fleet,
    lease,
    lease_out,
    on_demand,
    segment,
    solved_or_none,
    term,
)
from stochastic import factor, scenario, solved_in

from models.plan import Plan
from models.schema import Cap, Rule


def gone(t: int | None = None, name: str = "*") -> Any:
    """The supplier of that name is gone from month t on."""
    return factor("s", "supplier_exit", name=name, t=t)


def months_online(plan: Plan, name: str) -> list[int]:
    return sorted(each.month for each in plan.online if each.name == name and each.accelerators)


BOTH_ENDS = pytest.mark.parametrize("end", ["prorate", "full"])


@BOTH_ENDS
@pytest.mark.parametrize("name", ["neo1", "neo", "*"])
def test_a_lease_of_a_supplier_gone_serves_and_costs_nothing(name: str, end: str) -> None:
    """By lease, provider or all: gone in March, January and February are paid, 744 + 672.

    Then demand is met by the other seller at 3: 3 x (744 + 720); with `*` that one is gone too, and 31 and 30 bn
    fall short at 0.2 USD a million.
    """
    rows = [segment(shortfall_usd_per_mtok=0.2), demand(1, months=4), on_demand(3.0)]
    plan = solved_in(rows, lease("neo1", term(6, 1.0), signed=0), gone(2, name), months=4, end_of_horizon=end)
    rest = {"shortfall": 12200} if name == "*" else {"on_demand": 4392}
    assert costs(plan) == pytest.approx({"lease": 1416} | rest)
    assert months_online(plan, "neo1") == [0, 1]


@BOTH_ENDS
def test_what_was_prepaid_to_a_supplier_gone_is_lost(end: str) -> None:
    """Half of all four fees is paid in January and stays paid: 0.5 x 2880 = 1440; then 372 and 336, and no more."""
    fixed = lease("neo1", term(4, 1.0, prepay_share=0.5), signed=0)
    plan = solved_in(fixed, gone(2), months=4, end_of_horizon=end)
    assert cash(plan, "lease") == pytest.approx({0: 1440 + 372, 1: 336})
    assert costs(plan) == pytest.approx({"lease": 2148})


def test_what_was_prepaid_beyond_a_prorated_horizon_is_not_counted() -> None:
    """With prorate the prepayment counts for its months inside the horizon, served or not.

    Wholly prepaid, 2880 in cash; of it January to March, 2160, count, though nothing is served from February on.
    """
    plan = solved_in(lease("neo1", term(4, 1.0, prepay_share=1.0), signed=0), gone(1))
    assert cash(plan, "lease") == pytest.approx({0: 2880})
    assert costs(plan) == pytest.approx({"lease": 2160})


@BOTH_ENDS
def test_an_upfront_is_lost_even_before_service_begins(end: str) -> None:
    """Service was due in March, the supplier is gone in February: upfront 90 and prepaid 732 are all that is paid.

    Two months, half prepaid: 0.5 x (744 + 720) = 732; the same of a contract.
    """
    fixed = lease("neo1", term(2, 1.0, prepay_share=0.5, upfront_usd_per_unit=90), signed=0, lead_months=2)
    deal = contract("deal", signed=0, lead_months=2, term_months=2, prepay_share=0.5, upfront_usd=90)
    for offer, category in ((fixed, "lease"), (deal, "contract")):
        plan = solved_in(offer, gone(1), months=4, end_of_horizon=end)
        assert cash(plan, category) == pytest.approx({0: 822})
        assert costs(plan) == pytest.approx({category: 822})
        assert plan.online == ()


def test_what_was_prepaid_before_the_horizon_is_sunk() -> None:
    """A lease of November, half prepaid, gone in February: half of January's 744 is due, nothing else."""
    plan = solved_in(lease("neo1", term(6, 1.0, prepay_share=0.5), signed=-2), gone(1))
    assert cash(plan, "lease") == pytest.approx({0: 372})


def test_there_is_nothing_to_sign_with_a_supplier_gone() -> None:
    """March's demand could be met by a signing in March; gone from March on, it is bought at 3: 2232.

    Gone only from April on, it is signed: 744.
    """
    rows = [demand(0, 0, 1), on_demand(3.0)]
    for offer, category in ((lease("neo1", term(1, 1.0)), "lease"), (contract("deal", term_months=1), "contract")):
        name = "neo" if category == "lease" else "hyper"
        assert costs(solved_in(offer, rows, gone(2, name))) == pytest.approx({"on_demand": 2232})
        assert costs(solved_in(offer, rows, gone(3, name))) == pytest.approx({category: 744})


def test_a_signing_before_the_exit_pays_until_then() -> None:
    """A lease at 1 for three months whose supplier goes in March is worth its two months: 1416, and 3 x 744."""
    plan = solved_in(lease("neo1", term(3, 1.0)), demand(1, months=3), on_demand(3.0), gone(2, "neo1"))
    assert costs(plan) == pytest.approx({"lease": 1416, "on_demand": 2232})


def test_fleet_of_a_provider_gone_is_neither_online_nor_paid() -> None:
    """Own accelerators hosted by a provider gone in February: 744 in January, then 3 x 672 on demand."""
    hosted = fleet(usd_per_accelerator_hour=1.0, provider="host")
    plan = solved_in(hosted, demand(1, months=2), on_demand(3.0), gone(1, "host"), months=2)
    assert costs(plan) == pytest.approx({"fleet": 744, "on_demand": 2016})
    assert months_online(plan, "own") == [0]


def test_a_provider_gone_sells_nothing_on_demand() -> None:
    """The cheap seller is gone in February: 744, then the other's 4 x 672 = 2688."""
    market = [on_demand(1.0, provider="cheap"), on_demand(4.0, provider="dear")]
    plan = solved_in(market, demand(1, months=2), gone(1, "cheap"), months=2)
    assert cash(plan, "on_demand") == pytest.approx({0: 744, 1: 2688})


def test_everything_of_a_provider_is_gone_at_once() -> None:
    """Lease, contract, fleet and on-demand of one provider: nothing of it serves or costs after January.

    Four wanted in January: fleet, lease and contract at 1 and one bought at 1: 744 each. From February on all of
    it is bought from the other seller: 4 x 4 x 672 = 10752.
    """
    offers = [
        fleet(usd_per_accelerator_hour=1.0, provider="all"),
        lease("neo1", term(3, 1.0), signed=0, provider="all"),
        contract("deal", signed=0, provider="all"),
        on_demand(1.0, provider="all"),
        on_demand(4.0, provider="other"),
    ]
    plan = solved_in(offers, demand(4, months=2), gone(1, "all"), months=2)
    assert costs(plan) == pytest.approx({"fleet": 744, "lease": 744, "contract": 744, "on_demand": 744 + 10752})


def test_the_earlier_of_an_exit_by_offer_and_by_provider_counts() -> None:
    """The provider is gone in March, one of its leases in February already: 744 of it, 744 + 672 of the other."""
    both = [lease("one", term(3, 1.0), signed=0), lease("two", term(3, 1.0), signed=0)]
    plan = solved_in(both, gone(2, "neo"), gone(1, "one"))
    assert cash(plan, "lease") == pytest.approx({0: 1488, 1: 672})


@BOTH_ENDS
def test_take_or_pay_ends_with_the_supplier(end: str) -> None:
    """2 blocks, half owed unused, gone in April: 2 x 744; 0.5 x 2 x 672; 2 x 744; then 2 bought at 3: 4320."""
    deal = contract("deal", signed=0, blocks=2, term_months=6, take_or_pay_share=0.5)
    plan = solved_in(deal, demand(2, 0, 2, 2), on_demand(3.0), gone(3, "deal"), months=4, end_of_horizon=end)
    assert cash(plan, "contract") == pytest.approx({0: 1488, 1: 672, 2: 1488})
    assert costs(plan) == pytest.approx({"contract": 3648, "on_demand": 4320})


@BOTH_ENDS
def test_a_contracts_prepayment_is_lost(end: str) -> None:
    """A quarter of the take-or-pay minimum of four months is paid in January: 0.25 x 0.5 x 2880 = 360.

    One block, used in full: January 744 less 0.25 x 372, February 672 less 0.25 x 336; gone in March.
    """
    deal = contract("deal", signed=0, term_months=4, take_or_pay_share=0.5, prepay_share=0.25)
    rows = [demand(1, 1, 0, 0), on_demand(9.0, provider="other")]
    plan = solved_in(deal, rows, gone(2, "hyper"), months=4, end_of_horizon=end)
    assert cash(plan, "contract") == pytest.approx({0: 360 + 651, 1: 588})


def test_a_contract_year_is_cut_by_the_exit() -> None:
    """The year counts for its months before the exit, and what is missing is due in the last of them.

    Two months of 12000 a year: 2000; bills 744 + 672 = 1416: 584 in February.
    """
    deal = contract("deal", signed=0, term_months=12, min_spend_usd_per_year=12000)
    plan = solved_in(deal, gone(2), months=4)
    assert cash(plan, "contract") == pytest.approx({0: 744, 1: 672 + 584})


def test_a_contract_year_beyond_a_full_horizon_is_cut_by_the_exit() -> None:
    """Horizon January and February, gone in April: three months in full, 3000 - 2160 = 840 due in March."""
    deal = contract("deal", signed=0, term_months=12, min_spend_usd_per_year=12000)
    plan = solved_in(deal, gone(3), months=2, end_of_horizon="full")
    assert cash(plan, "contract") == pytest.approx({0: 744, 1: 672, 2: 744 + 840})


def test_an_exit_beyond_the_horizon_ends_the_obligations_of_full() -> None:
    """Horizon January and February, six months, gone in May: fees to April: 744 + 672 + 744 + 720 = 2880."""
    fixed = lease("neo1", term(6, 1.0), signed=0)
    assert costs(solved_in(fixed, gone(4), months=2, end_of_horizon="full")) == pytest.approx({"lease": 2880})
    assert costs(solved_in(fixed, gone(4), months=2)) == pytest.approx({"lease": 1416})


def test_staying_until_the_supplier_goes_may_be_cheaper_than_cancelling() -> None:
    """After the exit nothing is due, so no termination fee need be paid for it.

    Four months, free to stop after one at half of what is left. Stop after January: 744 + 0.5 x 2136 = 1812. Gone
    in March, staying costs 744 + 672 = 1416.
    """
    fixed = lease("neo1", term(4, 1.0, cancel_after_months=1, termination_fee_share=0.5), signed=0)
    stayed = solved_in(fixed, months=4)
    assert [(each.end, each.cancelled) for each in stayed.signings] == [(0, True)]
    assert costs(stayed) == pytest.approx({"lease": 1812})
    assert costs(solved_in(fixed, gone(2), months=4)) == pytest.approx({"lease": 1416})


def test_a_termination_fee_due_before_the_exit_counts_the_terms_fees() -> None:
    """The fee is a share of all the term's fees after the stop, due while the supplier is there.

    A tenth: stop after January: 744 + 0.1 x (672 + 744 + 720) = 957.60 is less than the 1416 of staying.
    """
    fixed = lease("neo1", term(4, 1.0, cancel_after_months=1, termination_fee_share=0.1), signed=0)
    plan = solved_in(fixed, gone(2), months=4)
    assert cash(plan, "lease") == pytest.approx({0: 744, 1: 213.6})


def test_a_renewal_serves_until_the_exit_and_is_not_taken_after_it() -> None:
    """A month, then renewals of two: February and March, April and May. Gone in March or in April.

    Gone in March: the first renewal serves February alone, 672. Gone in April: both its months, 672 + 744; the
    next cannot be taken. The rest is bought at 3.
    """
    fixed = lease("neo1", term(1, 1.0, renewals_max=2, renewal_months=2), signed=0)
    rows = [demand(1, months=4), on_demand(3.0)]
    early = solved_in(fixed, rows, gone(2, "neo"), months=4)
    assert cash(early, "lease") == pytest.approx({0: 744, 1: 672})
    assert cash(early, "on_demand") == pytest.approx({2: 2232, 3: 2160})
    late = solved_in(fixed, rows, gone(3, "neo"), months=4)
    assert cash(late, "lease") == pytest.approx({0: 744, 1: 672, 2: 744})
    assert [each.renewals for each in late.signings] == [1]


def test_what_comes_after_the_exit_because_it_is_late_is_nothing() -> None:
    """Due in January, a month late, the supplier gone in February: the upfront of 70 and nothing else."""
    fixed = lease("neo1", term(3, 1.0, upfront_usd_per_unit=70), signed=0)
    plan = solved_in(fixed, gone(1), factor("s", "delivery_delay_months", 1), months=4)
    assert costs(plan) == pytest.approx({"lease": 70})
    assert plan.online == ()


def test_what_a_supplier_gone_had_leased_us_is_not_leased_out() -> None:
    """Two months at 3 of a lease at 1 would pay; gone in February it cannot be leased out for two months: 744."""
    rows = [lease("neo1", term(2, 1.0), signed=0, sublet=True), lease_out(hourly=3.0, term_months=2)]
    assert costs(solved_in(rows, months=2)) == pytest.approx({"lease": 1416, "lease_out_income": -4248})
    assert costs(solved_in(rows, gone(1, "neo"), months=2)) == pytest.approx({"lease": 744})


def test_the_taker_leaves_with_everyone() -> None:
    """With `*` takers are gone from February too: of three months January's 3 x 744 is all that comes in."""
    rows = [fleet(), lease_out(hourly=3.0, term_months=3, provider="taker", signed=0)]
    assert costs(solved_in(rows, gone(1))) == pytest.approx({"lease_out_income": -2232})


def test_nothing_is_owed_to_a_supplier_gone() -> None:
    """Fees due after a month end with the supplier: a cap on what is owed after January holds because of it.

    Four months at 1: after January 672 + 744 + 720 = 2136 are due, with the exit in March 672.
    """
    cap = Cap(cap="owe", measure="obligation_usd", scope="total", sense="max", value=700)
    data = dataset(lease("neo1", term(4, 1.0), signed=0), cap, scenario("s", 1.0), gone(2), months=4)
    assert solved_or_none(data) is None
    assert costs(solved_in(lease("neo1", term(4, 1.0), signed=0), cap, gone(2), months=4)) == {"lease": 1416}


def test_a_rule_that_needs_a_supplier_gone_cannot_be_kept() -> None:
    """at_least one of an offer whose supplier was never there has no plan; two offers leave the other."""
    rule = Rule(rule="some", kind="at_least", offers=("neo1",), count=1)
    data = dataset(lease("neo1", term(1, 1.0)), rule, scenario("s", 1.0), gone(None, "neo1"))
    assert solved_or_none(data.in_scenario("s")) is None
    either = Rule(rule="some", kind="at_least", offers=("neo1", "two"), count=1)
    offers = [lease("neo1", term(1, 1.0)), lease("two", term(1, 2.0))]
    assert costs(solved_in(offers, either, gone(None, "neo1"), months=1)) == pytest.approx({"lease": 1488})


def taken(**values: Any) -> list[Any]:
    """One accelerator of our own, and a taker who would have it for three months at 2 USD an hour."""
    return [fleet(), lease_out(hourly=2.0, term_months=3, provider="taker", **values)]


@pytest.mark.parametrize("name", ["out", "taker"])
def test_a_taker_that_leaves_pays_no_more_and_holds_nothing(name: str) -> None:
    """By lease-out or taker: gone in February, January's 2 x 744 is all that comes in.

    What was leased out is at work for ourselves again: it serves February's 1 bn.
    """
    plan = solved_in(taken(signed=0), segment(), demand(0, 1, 0), gone(1, name))
    assert costs(plan) == pytest.approx({"lease_out_income": -1488})


@BOTH_ENDS
def test_what_a_taker_prepaid_is_kept_and_nothing_paid_back(end: str) -> None:
    """Half of 2 x 2160 and 30 upfront came in January and stay; then half of January's 1488, and no more."""
    prepaid = taken(signed=0, prepay_share=0.5, upfront_usd_per_unit=30, recall_after_months=0, recall_fee_share=1.0)
    plan = solved_in(prepaid, gone(1, "taker"), end_of_horizon=end)
    assert cash(plan, "lease_out_income") == pytest.approx({0: -(2160 + 30 + 744)})
    assert costs(plan) == pytest.approx({"lease_out_income": -2934})


def test_nothing_is_leased_out_to_a_taker_that_has_left() -> None:
    """Gone in January nothing comes in; gone in February only January's signing pays, for the month it was there."""
    assert costs(solved_in(taken(), gone(0, "taker"))) == {}
    assert costs(solved_in(taken(), gone(1, "taker"))) == pytest.approx({"lease_out_income": -1488})


def test_what_a_taker_pays_follows_the_price_of_its_month_of_signing() -> None:
    """Half as much again on fees and upfront: 1.5 x (2 x 2160 + 30), all received over January to March."""
    dearer = factor("s", "price", 1.5, "out")
    plan = solved_in(taken(signed=0, upfront_usd_per_unit=30), dearer)
    assert costs(plan) == pytest.approx({"lease_out_income": -1.5 * (4320 + 30)})


def test_a_taker_that_comes_late_pays_from_then_on() -> None:
    """Signed in January and a month late: February and March at 2, 2 x (672 + 744); the term goes on beyond."""
    plan = solved_in(taken(signed=0), factor("s", "delivery_delay_months", 1, "out"))
    assert costs(plan) == pytest.approx({"lease_out_income": -2832})
    assert [each.start for each in plan.signings] == [1]


def test_a_taker_gone_cannot_be_recalled() -> None:
    """A recall in February would cost the fees left; a taker gone by then gives its units back for nothing."""
    plan = solved_in(taken(signed=0, recall_after_months=0, recall_fee_share=1.0), demand(0, 1, 1), gone(1, "out"))
    assert costs(plan) == pytest.approx({"lease_out_income": -1488})
    assert not plan.signings[0].cancelled
