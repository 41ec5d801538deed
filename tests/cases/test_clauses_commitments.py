"""Spend commitments, worked out by hand: what counts towards a promise, when it is topped up, what it makes cheaper.

One accelerator serves 1 bn tokens a day. Hours: January 744, February 672, March 744, April 720, May 744, June 720.
"""

from __future__ import annotations

from dataclasses import replace
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
    segment,
    solved,
    solved_or_none,
    term,
)

from models.audit import audit
from models.checks import check
from models.roll import roll_forward
from models.schema import Cap, ChipOrder, Option, OwnSite, Rule, Scenario, ScenarioFactor, SpendCommitment

HALVING = 4095.0
"""(1 + 4095)^(-1/12) = 1/2: each month halves the value of money."""


def promise(usd: float = 3000.0, name: str = "promise", **columns: Any) -> SpendCommitment:
    """A signed commitment to `neo` over January to March unless told otherwise."""
    standard: dict[str, Any] = {"provider": "neo", "from_month": JAN, "until_month": JAN + 2}
    return SpendCommitment(commitment=name, usd=usd, **standard | columns)


def test_what_is_not_spent_is_topped_up_at_the_end() -> None:
    """Of 3000 promised a lease of neo takes 744 + 672 + 744 = 2160; 840 is due in March."""
    plan = solved(dataset(lease("lease", term(3, 1.0), signed=0), promise()))
    assert cash(plan, "commitment") == pytest.approx({2: 840})
    [commitment] = [each for each in plan.signings if each.name == "promise"]
    assert (commitment.month, commitment.end, commitment.signed) == (0, 2, True)


def test_what_rounding_leaves_of_a_promise_is_not_topped_up() -> None:
    """A lease of three months takes 2160 x 0.21 = 453.6 of 453.6 promised: nothing but a last digit is missing."""
    plan = solved(dataset(lease("lease", term(3, 0.21, prepay_share=0.1), signed=0), promise(453.6)))
    assert [each for each in plan.payments if each.category == "commitment"] == []


@pytest.mark.parametrize("first", ["neo", "other"])
def test_of_sources_that_cost_the_same_to_use_those_of_the_promise_work_first(first: str) -> None:
    """Two accelerators at 0.5 an hour for the work of one: neo's works, 1080 of 3000 promised, and 1920 is topped up.

    Were use the same whoever is paid, both would work for half of it, and the top-up be 540 too low.
    """
    second = "other" if first == "neo" else "neo"
    own = [
        fleet(f"own{i}", provider=name, usage_usd_per_accelerator_hour=0.5) for i, name in enumerate((first, second))
    ]
    plan = solved(dataset(own, promise(), demand(1, 1, 1)))
    assert cash(plan, "usage") == pytest.approx({0: 372, 1: 336, 2: 372})
    assert {each.provider for each in plan.payments if each.category == "usage"} == {"neo"}
    assert cash(plan, "commitment") == pytest.approx({2: 1920})


def test_work_of_a_single_site_runs_at_that_of_the_promise_where_both_cost_the_same() -> None:
    """Sites of one accelerator at 0.5 an hour: 1080 of 3000 is spent with neo, and 1920 topped up.

    Were the one taken for as good as the other, nothing of it would be spent with neo, and 3000 be topped up.
    """
    own = [fleet(name, provider=name, usage_usd_per_accelerator_hour=0.5) for name in ("neo", "other")]
    plan = solved(dataset(own, promise(), segment(single_site=True), demand(1, 1, 1)))
    assert plan.objective_usd == pytest.approx(3000)
    assert cash(plan, "commitment") == pytest.approx({2: 1920})


@pytest.mark.parametrize(("rows", "paid"), [
    (lease("lease", term(1, 1.0, upfront_usd_per_unit=1000), service_not_before=JAN + 3), 720 + 3000),
    (lease("lease", term(1, 1.0, prepay_share=1.0), service_not_before=JAN + 3), 3000),
    (contract(term_months=1, provider="neo", upfront_usd=1000, service_not_before=JAN + 3), 720 + 3000),
    ([OwnSite(build="own", provider="neo", region="us", service_not_before=JAN + 3, block_mw=0.001,
              capex_usd_per_mw=1e6, life_months=1),
      ChipOrder(order="chips", provider="neo", site="own", hardware="H100", service_not_before=JAN + 3, lot=1,
                usd_per_accelerator=500, life_months=1)], 3000),
])  # fmt: skip
def test_what_serves_after_a_promise_ends_is_signed_while_what_it_is_paid_in_advance_counts(
    rows: list[Any], paid: float
) -> None:
    """Needed in April only, 720 for the month or 1000 and 500 to build: of 3000 promised by March less is topped up.

    Signed in April, which is soon enough, nothing of it would count: all of 3000 would be paid on top.
    """
    plan = solved(dataset(rows, promise(), demand(0, 0, 0, 1), months=4))
    assert plan.objective_usd == pytest.approx(paid)
    assert all(each.month < 3 for each in plan.signings)


def test_a_top_up_of_a_contract_counts_where_nothing_is_in_demand() -> None:
    """Of 3000 that a contract owes for three months 2160 are billed and 840 topped up; 100 promised are met by far.

    The least of 1 USD a month that a cap asks to be paid has top-ups held exactly, which allowed no plan here.
    """
    block = contract(signed=0, term_months=12, min_spend_usd_per_year=12000.0, provider="neo")
    asked = Cap(cap="least", measure="cash_usd", scope="total", sense="min", value=1.0)
    plan = solved(dataset(block, promise(100.0), asked))
    assert costs(plan) == pytest.approx({"contract": 3000})


def test_all_services_of_the_provider_count_and_nothing_else() -> None:
    """Fleet, leases, contracts, usage and on-demand of neo count; others', premiums and lease-out income do not.

    January: fleet 0.5 x 744, lease upfront 100 and 744, contract 744 with 0.1 of usage, on-demand 2 x 744 for one more:
    372 + 844 + 818.4 + 1488 = 3522.4. So much is paid of 3522 promised, and 5000 of 5000.
    """
    rows = [
        fleet(provider="neo", usd_per_accelerator_hour=0.5),
        lease("lease", term(1, 1.0, upfront_usd_per_unit=100), signed=0),
        contract(provider="neo", signed=0, term_months=1, usage_usd_per_accelerator_hour=0.1),
        lease("other", term(1, 1.0), provider="else", signed=0, holds=0.0, status="signed"),
        on_demand(2.0, provider="neo"),
        lease_out("out", 0.001, provider="neo", units_max=1, signed=2),
        demand(4),
    ]
    for usd, paid in ((3522, 3522.4), (5000, 5000)):
        plan = solved(dataset(rows, promise(usd, until_month=JAN), months=1))
        assert plan.objective_usd == pytest.approx(paid)


def test_by_the_year_each_twelve_months_are_a_period_and_parts_count_pro_rata() -> None:
    """18 months from January 2025: the second period has six of twelve months, three of them inside; 1200 x 3 / 12."""
    rows = [promise(1200, from_month=JAN - 12, until_month=JAN + 5, per="year")]
    assert cash(solved(dataset(rows)), "commitment") == pytest.approx({2: 300})


def test_a_year_ends_inside_the_horizon() -> None:
    """From December on: a month of the first year is over, eleven count, then a year begins of which one counts."""
    rows = [promise(1200, from_month=JAN - 1, until_month=JAN + 30, per="year")]
    assert cash(solved(dataset(rows, months=12)), "commitment") == pytest.approx({10: 1100, 11: 100})


def test_what_was_spent_before_counts_as_if_inside() -> None:
    """Of six months three are over, in which 1000 was spent: 3000 - 1000 is still to be spent, and 0 is a value too."""
    term_of_six = {"from_month": JAN - 3, "until_month": JAN + 2}
    assert cash(solved(dataset(promise(spent_usd=1000, **term_of_six))), "commitment") == pytest.approx({2: 2000})
    assert cash(solved(dataset(promise(spent_usd=0, **term_of_six))), "commitment") == pytest.approx({2: 3000})
    assert cash(solved(dataset(promise(**term_of_six))), "commitment") == pytest.approx({2: 1500})


@pytest.mark.parametrize("end", ["prorate", "full"])
def test_the_horizon_cuts_a_period_at_any_end(end: str) -> None:
    """A term of six months of which three lie inside asks for half of it, in March."""
    plan = solved(dataset(promise(until_month=JAN + 5), end_of_horizon=end))
    assert cash(plan, "commitment") == pytest.approx({2: 1500})


def test_the_same_spending_counts_towards_each_commitment_and_no_top_up_does() -> None:
    """A lease of 2160 leaves 840 of 3000 and 340 of 2500."""
    rows = [lease("lease", term(3, 1.0), signed=0), promise(), promise(2500, "second")]
    assert costs(solved(dataset(rows))) == pytest.approx({"lease": 2160, "commitment": 1180})


def test_on_demand_costs_the_lowest_multiple_in_force() -> None:
    """Signed multiples of 0.8 and, in February only, 0.5: 744 x 1.6 + 672 x 1 + 744 x 1.6."""
    rows = [
        on_demand(2.0, provider="neo"),
        promise(0, on_demand_multiple=0.8),
        promise(0, "february", from_month=JAN + 1, until_month=JAN + 1, on_demand_multiple=0.5),
        demand(1, 1, 1),
    ]
    assert cash(solved(dataset(rows)), "on_demand") == pytest.approx({0: 744 * 1.6, 1: 672, 2: 744 * 1.6})


@pytest.mark.parametrize(("usd", "taken"), [(3000, True), (3500, False)])
def test_a_commitment_is_taken_where_its_hours_pay_for_it(usd: float, taken: bool) -> None:
    """2160 hours cost 2 without it, 4320; at 0.6 they cost 2592 and 408, or 908, to top up: 3000 pays, 3500 pays too.

    With another provider at 1.5, 3240, only the first does.
    """
    rows = [on_demand(2.0, provider="neo"), on_demand(1.5), demand(1, 1, 1)]
    plan = solved(dataset(rows, promise(usd, status="offer", on_demand_multiple=0.6)))
    assert bool(plan.chosen) == taken
    expected = {"on_demand": 2592, "commitment": 408} if taken else {"on_demand": 3240}
    assert costs(plan) == pytest.approx(expected)


def test_of_commitments_on_offer_the_lower_multiple_counts() -> None:
    """Both are worth taking from month to month: 0.8 from January, 0.5 for February and March besides."""
    rows = [
        on_demand(2.0, provider="neo"),
        promise(10, status="offer", on_demand_multiple=0.8),
        promise(20, "later", from_month=JAN + 1, status="offer", on_demand_multiple=0.5),
        demand(1, 1, 1),
    ]
    plan = solved(dataset(rows))
    assert cash(plan, "on_demand") == pytest.approx({0: 744 * 1.6, 1: 672, 2: 744})
    assert {each.name: each.month for each in plan.chosen} == {"promise": 0, "later": 1}


def test_an_offer_is_signed_in_its_first_month_or_not_at_all() -> None:
    """One whose first month is over is not on offer, and that is told."""
    data = dataset(on_demand(2.0, provider="neo"), demand(1), promise(
        0, from_month=JAN - 1, status="offer", on_demand_multiple=0.5
    ), months=1)  # fmt: skip
    assert [(each.column, each.severity) for each in check(data)] == [("from_month", "warning")]
    assert costs(solved(data)) == pytest.approx({"on_demand": 1488})


def test_a_top_up_counts_in_caps_on_cash_of_the_provider() -> None:
    """Neo may be paid 1200 a quarter: no room for its lease at 2160 x 0.9 = 1944, but for 1000 that are promised.

    With a cap of 900 there is no plan.
    """
    cap = Cap(
        cap="neo", measure="cash_usd", scope="provider", name="neo", sense="max", value=1200, per="quarter"
    )  # fmt: skip
    rows = [lease("lease", term(3, 0.9), sign_until=JAN), on_demand(1.5), demand(1, 1, 1), promise(1000), cap]
    assert costs(solved(dataset(rows))) == pytest.approx({"on_demand": 3240, "commitment": 1000})
    assert solved_or_none(dataset(rows[:-1], replace(cap, value=900))) is None


def test_a_cap_that_asks_for_spending_inflates_no_top_up() -> None:
    """At least 2000 has to be paid: 1000 of it cannot be a top-up of 500 that is paid twice; a lease is taken."""
    cap = Cap(cap="spend", measure="cash_usd", scope="total", sense="min", value=2000, per="horizon")
    rows = [lease("lease", term(3, 1.0), provider="else"), promise(500), cap]
    assert costs(solved(dataset(rows))) == pytest.approx({"lease": 2160, "commitment": 500})


@pytest.mark.parametrize(("budget", "cost"), [(1354, 1800), (1300, 2265.6), (1000, None)])
def test_a_dearer_tier_stands_in_for_no_top_up(budget: float, cost: float | None) -> None:
    """A block at 0.6 bills 446.4 and 403.2, which leaves 950.4 of 1800 for February: 1353.6 in all.

    Under a budget below that a second block at 1.0 is taken for 744 and 672: 2265.6, in February 1075.2. One block
    billed at 1.0 would leave 384 and 1056, but the first block is billed at the first tier.
    """
    tiers = contract("blocks", {1: 0.6, 2: 1.0}, 2, blocks=2, provider="neo", tier_mode="incremental")
    cap = Cap(cap="budget", measure="cash_usd", scope="total", sense="max", value=budget, from_month=JAN + 1)
    rows = [promise(1800, until_month=JAN + 1), tiers, demand(1, 1), segment(shortfall_usd_per_mtok=0.3), cap]
    plan = solved_or_none(dataset(rows, months=2))
    assert (None if plan is None else plan.objective_usd) == (None if cost is None else pytest.approx(cost))


def test_a_provider_that_leaves_is_owed_for_the_months_until_then() -> None:
    """Gone from March on: two of three months count, 2000, due in February."""
    rows = [
        promise(),
        Scenario(scenario="stays", probability=0.5),
        Scenario(scenario="leaves", probability=0.5),
        ScenarioFactor(scenario="leaves", quantity="supplier_exit", name="neo", from_month=JAN + 2, value=1),
        fleet(provider="neo"),
    ]
    data = dataset(rows)
    assert cash(solved(data.in_scenario("leaves")), "commitment") == pytest.approx({1: 2000})
    assert cash(solved(data.in_scenario("stays")), "commitment") == pytest.approx({2: 3000})


def test_no_rule_option_or_cap_on_offers_names_a_commitment() -> None:
    """A lease of the same name is what rules, options and caps mean."""
    rows = [
        lease("promise", term(1, 1.0)),
        promise(0),
        Rule(rule="rule", kind="at_least", offers=("promise",), count=1),
        Option(option="right", offer="promise", premium_usd=10),
        Cap(cap="cap", measure="cash_usd", scope="offer", name="promise", sense="max", value=800),
    ]
    assert [each for each in check(dataset(rows)) if each.severity == "error"] == []
    assert costs(solved(dataset(rows))) == pytest.approx({"lease": 672, "option": 10})


def test_faults_of_a_commitment() -> None:
    """Spending behind an offer is an error; a provider of whom nothing is bought is a warning."""
    found = check(dataset(promise(status="offer", spent_usd=1)))
    assert [(each.column, each.severity) for each in found] == [("spent_usd", "error"), ("provider", "warning")]


def test_the_next_round_knows_what_was_spent() -> None:
    """A lease pays 744 in January: in February's round 3000 - 744 is left, and 840 is still what is topped up."""
    data = dataset(lease("lease", term(3, 1.0), signed=0), promise(status="offer", on_demand_multiple=0.1),
                   on_demand(9.0, provider="neo"), demand(2, 2, 2), segment())  # fmt: skip
    plan = solved(data)
    rolled = roll_forward(data, plan, 1, 2).dataset
    [row] = rolled.spend_commitments
    assert (row.status, row.spent_usd) == ("signed", pytest.approx(744 + 0.9 * 744))
    assert cash(solved(rolled), "commitment") == pytest.approx({})
    whole, rest = sum(cash(plan, "on_demand").values()), sum(cash(solved(rolled), "on_demand").values())
    assert whole - rest == pytest.approx(0.9 * 744)
    early = dataset(lease("lease", term(3, 1.0), signed=0), promise(from_month=JAN - 3))
    rolled = roll_forward(early, solved(early), 1, 2).dataset
    assert rolled.spend_commitments[0].spent_usd == pytest.approx(744 + 1500)
    assert cash(solved(early), "commitment") == cash(solved(rolled), "commitment") == {}


def test_a_top_up_told_otherwise_is_rejected() -> None:
    """The audit finds a top-up that is a tenth too low, and a commitment that is not in the plan."""
    data = dataset(lease("lease", term(3, 1.0), signed=0), promise())
    plan = solved(data)
    low = tuple(
        replace(each, cash_usd=0.9 * each.cash_usd) if each.category == "commitment" else each
        for each in plan.payments
    )  # fmt: skip
    assert [check.rule for check in audit(data, replace(plan, payments=low)).failed] == ["payments_in_cash"]
    without = tuple(each for each in plan.signings if each.name != "promise")
    failed = {check.rule for check in audit(data, replace(plan, signings=without)).failed}
    assert "signed_as_recorded" in failed


def test_own_build_and_its_energy_count_whole_and_options_do_not() -> None:
    """Capex of 1000, half borrowed, three rents of 100 and 0.1 an hour count; instalments and a premium do not."""
    built = OwnSite(
        build="plant", provider="neo", region="us", status="signed", signed_month=JAN, signed_blocks=1, block_mw=0.002,
        capex_usd_per_mw=5e5, financed_share=0.5, tenor_months=2, rent_usd_per_mw_month=5e4, energy_usd_per_mwh=100,
    )  # fmt: skip
    order = ChipOrder(
        order="chips", site="plant", hardware="H100", status="signed", signed_month=JAN, signed_lots=1, lot=1.0,
        usd_per_accelerator=0.0,
    )  # fmt: skip
    right = [lease("lease", term(1, 0.0)), Option(option="right", offer="lease", premium_usd=500)]
    plan = solved(dataset(built, order, right, demand(2, 1, 1), promise()))
    assert cash(plan, "option") == pytest.approx({0: 500})
    assert cash(plan, "commitment") == pytest.approx({2: 3000 - 1000 - 300 - 216})


def test_what_is_excluded_promises_nothing() -> None:
    """Nothing is due of a commitment that is not to be signed."""
    assert costs(solved(dataset(promise(status="excluded")))) == {}


def test_what_was_spent_counts_in_the_period_under_way_only() -> None:
    """Of a year that ends in January 1200 - 1000 are left; of the next two months count, 1200 x 2 / 12."""
    yearly = promise(1200, from_month=JAN - 11, until_month=JAN + 12, per="year", spent_usd=1000)
    assert cash(solved(dataset(yearly)), "commitment") == pytest.approx({0: 200, 2: 200})
