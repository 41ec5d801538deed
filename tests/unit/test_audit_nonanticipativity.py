"""The audit of several scenarios' plans: decisions taken alike until told apart, and free where they can be.

Three scenarios: a, b as a until March, c apart from February on. Plans are written by hand, and only what is
decided is looked at here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import builders as b
import pytest
from stochastic import factor, scenario
from unit.plans import changed, signing, with_row, without

from models.audit import audit
from models.audit.nonanticipativity import check_nonanticipativity, joint_report
from models.audit.report import Check
from models.dataset import Dataset
from models.plan import LimitChoice, OptionPurchase, Plan
from models.schema import Limit, Option

MONTHS = 5


def data(*factors: Any, **settings: Any) -> Dataset:
    """Leases that can be cancelled or renewed, a contract, a lease-out, an option and two limits."""
    return b.dataset(
        b.segment(),
        Limit(segment="chat", limit="tight", demand_multiplier=0.5),
        Limit(segment="chat", limit="free"),
        b.lease("neo1", b.term(2, 1.0, renewals_max=2, renewal_months=1), b.term(1, 1.0), units_max=9),
        b.lease("stop", b.term(4, 1.0, cancel_after_months=0, notice_months=1), signed=0, signed_units=2),
        b.lease("guarded", b.term(1, 1.0), sign_from=b.JAN + 4),
        b.contract("deal", term_months=2, blocks=5),
        b.fleet(),
        b.lease_out("out", units_max=3),
        Option(option="right", offer="guarded", premium_usd=1.0),
        [scenario("a", 0.4), scenario("b", 0.3, "a", 2), scenario("c", 0.3)],
        factors,
        months=MONTHS,
        **{"first_stage_months": 1} | settings,
    )


COMMON = Plan(
    signings=(
        signing("neo1", 0, 2, 0, 1),
        signing("stop", 0, 4, 0, 3, units=2, signed=True),
        signing("deal", 0, 2, 0, 1, "contract", units=3),
        signing("out", 0, 1, 0, 0, "lease_out", units=2),
    ),
    options=(OptionPurchase("right", 0),),
    limits=tuple(LimitChoice("chat", t, "free") for t in range(MONTHS)),
)
NEO, STOP, DEAL, OUT = range(4)


def alike(problem: Dataset, **other: Plan) -> Check:
    """The check of the common plan in all scenarios but those given."""
    return check_nonanticipativity(
        problem, {each.scenario: other.get(each.scenario, COMMON) for each in problem.scenarios}
    )


def limited(t: int) -> Plan:
    """The tight limit in month t."""
    return changed(COMMON, "limits", t, limit="tight")


def signed(t: int, name: str = "neo1", term: int = 1, kind: str = "lease") -> Plan:
    return with_row(COMMON, "signings", signing(name, t, term, t, t + term - 1, kind))


def ended(name: int, *ends: int, **columns: Any) -> Plan:
    """The units of one signing ending in these months, a row each."""
    row = COMMON.signings[name]
    rest = without(COMMON, "signings", name)
    rows = tuple(replace(row, units=row.units // len(ends), end=end, **columns) for end in ends)
    return replace(rest, signings=(*rest.signings, *rows))


def test_plans_that_decide_alike_pass() -> None:
    """The same decisions in all scenarios keep the rule, and the check says how many it compared."""
    check = alike(data())
    assert check.passed
    assert check.places > 0


BEFORE = {
    "fewer blocks": changed(COMMON, "signings", DEAL, units=2),
    "no contract": without(COMMON, "signings", DEAL),
    "more units": changed(COMMON, "signings", NEO, units=2),
    "another term": changed(COMMON, "signings", NEO, term_months=1, end=0),
    "one more of another term": signed(0),
    "less leased out": changed(COMMON, "signings", OUT, units=1),
    "nothing leased out": without(COMMON, "signings", OUT),
    "no option": replace(COMMON, options=()),
    "tight in January": limited(0),
    "all stop after January": ended(STOP, 0, cancelled=True),  # notice in January
    "one unit stops after January": ended(STOP, 0, 3),
}


@pytest.mark.parametrize("how", BEFORE)
@pytest.mark.parametrize("who", ["a", "b", "c"])
def test_a_scenario_that_decides_otherwise_in_january_is_rejected(who: str, how: str) -> None:
    """In January all three are one: whoever signs, stops, buys or limits otherwise, it is found, with its month."""
    check = alike(data(), **{who: BEFORE[how]})
    assert not check.passed
    places = [place.where for place in check.failures if place.where.startswith("2026-01 ")]
    pairs = {"a": {"a and b", "a and c"}, "b": {"a and b"}, "c": {"a and c"}}  # all are held against the first
    assert len(places) == len(pairs[who]) * (2 if how == "another term" else 1)
    assert {where.rpartition(": ")[2] for where in places} == pairs[who]


TOGETHER_UNTIL_MARCH = {
    "signs in February": signed(1),
    "takes a contract in February": signed(1, "deal", 2, "contract"),
    "leases out in February": signed(1, "out", 1, "lease_out"),
    "buys its option in February": replace(COMMON, options=(OptionPurchase("right", 1),)),
    "tight in February": limited(1),
    "stops after February": ended(STOP, 1, cancelled=True),  # notice in February
}


@pytest.mark.parametrize("how", [each for each in TOGETHER_UNTIL_MARCH if "option" not in each])
def test_february_is_common_to_a_and_b_but_not_to_c(how: str) -> None:
    """What b does otherwise in February breaks the rule against a alone; what c does breaks none."""
    plan = TOGETHER_UNTIL_MARCH[how]
    assert alike(data(), b=plan).failed == 1
    assert "a and b" in alike(data(), b=plan).failures[0].where
    assert alike(data(), c=plan).passed
    assert alike(data(), a=plan, b=plan).passed


def test_an_option_bought_later_is_two_decisions() -> None:
    """Not bought in January is one breach; bought in February instead by one of two still alike is another."""
    plan = TOGETHER_UNTIL_MARCH["buys its option in February"]
    assert alike(data(), c=plan).failed == 1
    assert alike(data(), b=plan).failed == 2


AFTER = {
    "signs in March": signed(2),
    "tight in March": limited(2),
    "renews in March": ended(NEO, 2, renewals=1),
    "renews twice": ended(NEO, 3, renewals=2),
    "stops after March": ended(STOP, 2, cancelled=True),  # notice in March
}


@pytest.mark.parametrize("how", AFTER)
def test_what_differs_from_march_on_is_each_scenarios_own(how: str) -> None:
    """From March on all three are apart: no difference is a breach."""
    for who in "abc":
        assert alike(data(), **{who: AFTER[how]}).passed


def test_a_renewal_before_the_branch_is_common() -> None:
    """Were b as a until April, a renewal in March by one of them alone would be a breach; by both it is none."""
    later = replace(data(), scenarios=(scenario("a", 0.4), scenario("b", 0.3, "a", 3), scenario("c", 0.3)))
    plan = AFTER["renews in March"]
    assert alike(later, b=plan).failed == 1
    assert alike(later, c=plan).passed
    assert alike(later, a=plan, b=plan).passed


@pytest.mark.parametrize("names", [("neo1",), ("neo",), ("*",)])
def test_a_scenario_whose_supplier_is_gone_need_not_sign(names: tuple[str, ...]) -> None:
    """Where the supplier of a lease is gone in January the scenario signs nothing with it, and binds nobody."""
    gone = [factor("b", "supplier_exit", name=name) for name in names]
    plan = without(COMMON, "signings", NEO)
    assert not alike(data(), b=plan).passed
    assert [each.where for each in alike(data(*gone), b=plan).failures if "neo1" in each.where] == []


def test_a_lease_out_of_the_name_of_a_lease_that_is_gone_is_still_decided_alike() -> None:
    """Names are unique in their own sheet only: lease `out` gone by its provider does not excuse lease-out `out`."""
    problem = b.dataset(
        b.fleet(),
        b.lease("out", b.term(1, 1.0)),
        b.lease_out("out", units_max=1),
        [scenario("a", 0.5), scenario("b", 0.5), factor("b", "supplier_exit", name="neo")],
    )
    plans = {"a": Plan((signing("out", 0, 1, 0, 0, "lease_out"),)), "b": Plan()}
    assert check_nonanticipativity(problem, plans).failed == 1
    assert check_nonanticipativity(problem, {"a": Plan((signing("out", 0, 1, 0, 0),)), "b": Plan()}).passed


def test_an_option_on_an_offer_that_is_gone_need_not_be_bought() -> None:
    """The option of an offer whose supplier is gone in January is no decision there; of one gone in May it is."""
    plan = replace(COMMON, options=())
    assert alike(data(factor("b", "supplier_exit", name="guarded")), b=plan).failed == 0
    assert alike(data(factor("b", "supplier_exit", name="guarded", t=4)), b=plan).failed == 1


def test_an_end_that_a_scenarios_own_service_does_not_allow_is_no_decision_there() -> None:
    """Where service begins two months late nobody can stop it after January, whatever the others do."""
    late = factor("b", "delivery_delay_months", 2, "stop")
    mine = changed(COMMON, "signings", STOP, start=2, end=5)
    others = ended(STOP, 0, cancelled=True)
    assert not alike(data(), a=others, c=others).passed
    assert alike(data(late), a=others, b=mine, c=others).passed


def test_an_end_after_the_supplier_is_gone_is_no_decision() -> None:
    """Gone in February, the scenario need not give the notice in January by which others stop after it."""
    gone = factor("b", "supplier_exit", name="stop", t=1)
    others = ended(STOP, 0, cancelled=True)
    assert alike(data(gone), a=others, c=others).passed
    assert not alike(data(), a=others, c=others).passed


def test_a_renewal_and_a_notice_not_given_are_different_decisions() -> None:
    """Going on in March is a renewal of March for one and, a month late, a notice not given in February for another."""
    rights = b.term(2, 1.0, cancel_after_months=0, notice_months=1, renewals_max=1, renewal_months=1)
    problem = b.dataset(
        b.lease("both", rights, signed=0),
        [scenario("a", 0.5), scenario("b", 0.5), factor("b", "delivery_delay_months", 1)],
        months=4,
    )
    on_time = signing("both", 0, 2, 0, 2, renewals=1, signed=True)
    late = signing("both", 0, 2, 1, 1, cancelled=True, signed=True)
    assert check_nonanticipativity(problem, {"a": Plan((on_time,)), "b": Plan((late,))}).passed


def test_the_joined_report_names_scenarios_and_adds_the_rule() -> None:
    """Each rule once, its places named by scenario, failed where it fails in one; the common rule comes last."""
    problem = b.dataset(
        b.demand(1),
        b.fleet(),
        [scenario("a", 0.5), scenario("b", 0.5), factor("b", "demand", 2.0)],
        months=1,
    )
    plan = b.solved(problem.in_scenario("a"))
    plans = {"a": plan, "b": plan}
    reports = {name: audit(problem.in_scenario(name), each) for name, each in plans.items()}
    report = joint_report(reports, check_nonanticipativity(problem, plans))
    assert not report.passed
    broken = {each.rule: each for each in report.failed}
    assert set(broken) == {"demand_is_met"}
    assert broken["demand_is_met"].where.startswith("b: ")
    assert all(place.where.startswith("b: ") for place in broken["demand_is_met"].failures)
    assert broken["demand_is_met"].places == sum(
        check.places for each in reports.values() for check in each.checks if check.rule == "demand_is_met"
    )
    assert report.checks[-1].rule == "decided_alike"
    assert report.largest_violation == max(each.violation for each in report.checks)
