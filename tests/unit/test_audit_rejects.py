"""The audit rejects a tampered plan, one at least for every rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import builders as b
import pytest
from unit import plan_cases as cases
from unit.plans import changed, online, pay, serve, short, signing, use, with_row, without

from models.audit import RULES, audit
from models.dataset import Dataset
from models.plan import LimitChoice, OnDemandUse, OptionPurchase, Plan
from models.schema import Cap, Resilience, Rule, Scenario, ScenarioFactor

Tamper = Callable[[Dataset, Plan], tuple[Dataset, Plan]]


def plan_only(tamper: Callable[[Plan], Plan]) -> Tamper:
    return lambda dataset, plan: (dataset, tamper(plan))


def cell(table: str, place: int, **columns: Any) -> Tamper:
    """A row of the plan changed."""
    return plan_only(lambda plan: changed(plan, table, place, **columns))


def more(table: str, row: object) -> Tamper:
    """A row more in the plan."""
    return plan_only(lambda plan: with_row(plan, table, row))


def less(table: str, place: int) -> Tamper:
    """A row less in the plan."""
    return plan_only(lambda plan: without(plan, table, place))


def limits(*path: str) -> Tamper:
    """The path of usage limits replaced."""
    rows = tuple(LimitChoice("chat", t, limit) for t, limit in enumerate(path))
    return plan_only(lambda plan: replace(plan, limits=rows))


def capped(measure: str, scope: str, name: str | None, sense: str, value: float) -> Tamper:
    """A cap the plan does not keep."""
    cap = Cap(cap="held", measure=measure, scope=scope, name=name, sense=sense, value=value)
    return lambda dataset, plan: (replace(dataset, caps=(cap,)), plan)


def forsaken(share: float) -> Tamper:
    """More customers are gone than there are."""
    return lambda dataset, plan: (
        replace(dataset, segments=tuple(replace(each, lost_share=share) for each in dataset.segments)),
        plan,
    )


def banked(usd: float, line: float) -> Tamper:
    """So much in the bank, and a credit line that the plan overdraws."""
    account = {"opening_cash_usd": usd, "credit_line_usd": line}
    return lambda dataset, plan: (replace(dataset, settings=replace(dataset.settings, **account)), plan)


def ruled(kind: str, *offers: str, count: int | None = None) -> Tamper:
    """A rule between offers the plan does not keep."""
    rule = Rule(rule="held", kind=kind, offers=offers, count=count)
    return lambda dataset, plan: (replace(dataset, rules=(rule,)), plan)


def deserted(name: str) -> Tamper:
    """The supplier of an offer is gone from the first month on."""
    gone = ScenarioFactor(scenario="s", quantity="supplier_exit", name=name)
    course = {"scenario": "s", "scenarios": (Scenario(scenario="s", probability=1.0),), "scenario_factors": (gone,)}
    return lambda dataset, plan: (replace(dataset, **course), plan)  # type: ignore[arg-type]


def no_growth(dataset: Dataset, plan: Plan) -> tuple[Dataset, Plan]:
    return replace(dataset, demand=dataset.demand[:-1]), plan


def one_lost(dataset: Dataset, plan: Plan) -> tuple[Dataset, Plan]:
    """All demand is protected against the loss of a site."""
    return replace(dataset, resilience=(Resilience(against="site", protected_share=1.0),)), plan


def overpaid(plan: Plan) -> Plan:
    return replace(plan, payments=(*plan.payments, *pay("fleet", "own", {0: 1000})))


TAMPERED: list[tuple[str, str, Tamper]] = [
    ("numbers_are_finite", "busy_fleet", cell("serving", 0, tokens_bn=float("nan"))),
    ("numbers_are_finite", "busy_fleet", cell("payments", 0, cash_usd=float("inf"))),
    ("numbers_are_finite", "busy_fleet", cell("source_use", 0, accelerators=10**400)),
    ("numbers_are_finite", "leased", cell("signings", 0, month=0.5)),
    ("numbers_are_finite", "leased", cell("signings", 0, units=None)),
    ("names_are_known", "busy_fleet", cell("serving", 0, hardware="B9000")),
    ("names_are_known", "busy_fleet", cell("serving", 0, block="noon")),
    ("names_are_known", "busy_fleet", cell("serving", 0, segment="chatter")),
    ("names_are_known", "busy_fleet", cell("serving", 0, region="moon")),
    ("names_are_known", "busy_fleet", cell("serving", 0, capacity_region="moon")),
    ("names_are_known", "busy_fleet", cell("source_use", 0, name="owned")),
    ("names_are_known", "busy_fleet", cell("source_use", 0, hardware="TPU")),
    ("names_are_known", "busy_fleet", cell("on_demand", 0, provider="spotty")),
    ("names_are_known", "busy_fleet", cell("online", 0, name="owned")),
    ("names_are_known", "busy_fleet", cell("payments", 0, category="gifts")),
    ("names_are_known", "busy_fleet", more("shortfalls", short(0, 1, block="noon"))),
    ("names_are_known", "leased", cell("signings", 0, name="neo2")),
    ("names_are_known", "leased", cell("signings", 0, kind="contract")),
    ("names_are_known", "optioned", cell("options", 0, name="left")),
    ("names_are_known", "limited", cell("limits", 0, limit="loose")),
    ("names_are_known", "one_hall", cell("serving", 1, site="stadium")),
    ("decisions_not_negative", "busy_fleet", cell("serving", 0, tokens_bn=-31.0)),
    ("decisions_not_negative", "busy_fleet", cell("source_use", 0, accelerators=-1.0)),
    ("decisions_not_negative", "all_units_contract", cell("source_use", 0, overage=-1.0)),
    ("decisions_not_negative", "busy_fleet", more("shortfalls", short(0, -1))),
    ("decisions_not_negative", "lent", cell("signings", 0, units=-1)),
    ("months_within_horizon", "busy_fleet", cell("on_demand", 0, month=2)),
    ("months_within_horizon", "limited", cell("limits", 0, month=-1)),
    ("units_are_whole", "leased", cell("signings", 0, units=0.5)),
    ("units_are_whole", "leased", cell("signings", 0, units=0)),
    ("excluded_not_signed", "leased", more("signings", signing("spare", 0, 3, 0, 2))),
    ("signed_as_recorded", "monthly_leases", less("signings", 2)),
    ("signed_as_recorded", "monthly_leases", cell("signings", 2, units=2)),
    ("signed_as_recorded", "monthly_leases", cell("signings", 2, month=-3)),
    ("signed_as_recorded", "monthly_leases", cell("signings", 2, signed=False)),
    ("signed_as_recorded", "monthly_leases", cell("signings", 0, signed=True)),
    ("signed_within_window", "leased", cell("signings", 0, month=2)),
    ("signed_within_window", "leased", cell("signings", 0, month=-1)),
    ("signed_within_window", "lent", cell("signings", 0, month=-1)),
    ("signed_while_supplier_stands", "leased", deserted("*")),
    ("term_on_offer", "leased", cell("signings", 0, term_months=4)),
    ("term_on_offer", "lent", cell("signings", 0, term_months=3)),
    ("term_on_offer", "all_units_contract", cell("signings", 0, term_months=2)),
    ("service_starts_when_due", "leased", cell("signings", 0, start=0)),
    ("service_starts_within_horizon", "lent", cell("signings", 0, month=2)),
    ("service_ends_when_due", "leased", cell("signings", 0, end=4)),
    ("service_ends_when_due", "lent", cell("signings", 0, end=3)),
    ("service_ends_when_due", "monthly_leases", cell("signings", 0, end=5)),
    ("cancelled_as_allowed", "leased", cell("signings", 0, cancelled=True, end=2)),
    ("cancelled_as_allowed", "monthly_leases", cell("signings", 0, end=1)),
    ("cancelled_as_allowed", "monthly_leases", cell("signings", 0, end=4)),
    ("cancelled_as_allowed", "lent", cell("signings", 0, cancelled=True)),
    ("renewed_as_allowed", "monthly_leases", cell("signings", 1, renewals=2, end=5)),
    ("renewed_as_allowed", "monthly_leases", cell("signings", 0, renewals=1)),
    ("renewed_as_allowed", "monthly_leases", cell("signings", 1, renewals=-1, end=-1)),
    ("units_within_offer", "leased", more("signings", signing("neo1", 1, 3, 2, 4))),
    ("units_within_offer", "lent", cell("signings", 0, units=2)),
    ("one_signing_per_contract", "all_units_contract", more("signings", signing("deal", 1, 3, 1, 3, "contract"))),
    ("blocks_within_offer", "all_units_contract", cell("signings", 0, units=1)),
    ("blocks_within_offer", "all_units_contract", cell("signings", 0, units=5)),
    ("option_bought_once", "optioned", more("options", OptionPurchase("right", 1))),
    ("option_bought_within_window", "optioned", cell("options", 0, month=2)),
    ("option_bought_first", "optioned", less("options", 0)),
    ("option_bought_first", "optioned", cell("signings", 0, month=-1)),
    ("one_limit_in_force", "limited", less("limits", 1)),
    ("one_limit_in_force", "limited", more("limits", LimitChoice("chat", 2, "tight"))),
    ("limit_within_window", "limited", limits("tight", "gift", "gift", "gift")),
    ("limit_stays_long_enough", "limited", limits("tight", "free", "gift", "gift")),
    ("limit_stays_long_enough", "limited", limits("free", "gift", "gift", "gift")),
    ("limit_never_tightened", "limited", limits("tight", "free", "free", "tight")),
    ("demand_is_given", "busy_fleet", no_growth),
    ("demand_is_met", "busy_fleet", less("serving", 0)),
    ("demand_is_met", "busy_fleet", cell("serving", 0, tokens_bn=249.0)),
    ("demand_is_met", "two_blocks", cell("serving", 1, tokens_bn=61.0)),
    ("demand_is_met", "two_blocks", cell("serving", 1, block="day")),
    ("demand_is_met", "two_blocks", cell("serving", 2, tokens_bn=90.0)),
    ("shortfall_is_allowed", "busy_fleet", more("shortfalls", short(0, 1))),
    ("shortfall_within_share", "two_blocks", more("shortfalls", short(0, 1.5, "", "batch"))),
    ("workload_runs_on_hardware", "busy_fleet", cell("serving", 0, hardware="TPU")),
    ("network_allows", "busy_fleet", cell("serving", 0, capacity_region="eu")),
    ("online_as_agreed", "busy_fleet", cell("online", 0, accelerators=11.0)),
    ("online_as_agreed", "busy_fleet", cell("online", 0, mw=0.011)),
    ("online_as_agreed", "busy_fleet", cell("online", 0, provider="them")),
    ("online_as_agreed", "busy_fleet", cell("online", 0, site="there")),
    ("online_as_agreed", "busy_fleet", less("online", 0)),
    ("online_as_agreed", "leased", more("online", online(0, 4, "neo1", "lease", term_months=3))),
    ("powered_is_delivered", "own_plant", cell("online", 0, accelerators=3.0)),
    ("powered_has_power", "own_plant", cell("online", 0, accelerators=3.0)),
    ("powered_has_power", "own_plant", less("signings", 0)),
    ("run_is_done_once", "a_run", cell("signings", 0, units=2)),
    ("run_is_done_once", "a_run", cell("signings", 0, month=1, start=1, end=2)),
    ("demand_is_met", "a_run", less("signings", 0)),
    ("resilience_holds", "busy_fleet", one_lost),
    ("work_is_done", "busy_fleet", cell("source_use", 0, accelerators=7.0)),
    ("work_is_done", "busy_fleet", cell("source_use", 0, accelerators=8.5)),
    ("sources_within_online", "busy_fleet", cell("source_use", 0, accelerators=10.5)),
    ("sources_within_online", "leased", cell("source_use", 0, month=0)),
    ("sources_within_online", "leased", less("signings", 0)),
    ("sources_within_online", "one_hall", cell("source_use", 0, accelerators=5.0)),
    ("pools_keep_margin", "busy_fleet", cell("source_use", 0, accelerators=9.0)),
    ("pools_keep_margin", "lent", more("source_use", use(1, 1))),
    ("lease_outs_within_sublet", "lent", cell("source_use", 2, accelerators=2.0)),
    ("lease_outs_within_sublet", "lent", cell("signings", 0, units=2)),
    ("overage_within_share", "all_units_contract", cell("source_use", 2, overage=1.5)),
    ("overage_comes_last", "all_units_contract", cell("source_use", 2, accelerators=3.5, overage=1.5)),
    ("overage_comes_last", "all_units_contract", cell("source_use", 1, accelerators=0.5, overage=0.5)),
    ("overage_within_share", "busy_fleet", cell("source_use", 0, overage=0.5)),
    ("on_demand_within_cap", "busy_fleet", cell("on_demand", 0, accelerators=1.5)),
    ("on_demand_within_cap", "busy_fleet", more("on_demand", OnDemandUse(1, "day", "spot", "us", "H100", 0.5))),
    ("one_site_per_segment", "one_hall", cell("serving", 1, site="")),
    ("one_site_per_segment", "one_hall", cell("serving", 0, site="annex")),
    ("one_site_per_segment", "one_hall", more("serving", serve(0, 1, segment="training", site="annex"))),
    ("single_site_work_at_site", "one_hall", cell("source_use", 0, accelerators=2.0)),
    ("single_site_work_at_site", "one_hall", cell("serving", 1, hardware="TPU")),
    ("sites_keep_margin", "one_hall", more("serving", serve(0, 2, segment="training", site="hall", hardware="TPU"))),
    ("cap_capacity_mw", "leased", capped("capacity_mw", "total", None, "max", 0.0079)),
    ("cap_capacity_share", "monthly_leases", capped("capacity_share", "offer", "stop", "max", 0.24)),
    ("cap_cash_usd", "leased", capped("cash_usd", "provider", "neo", "max", 9000)),
    ("cap_cash_share_of_revenue", "limited", capped("cash_share_of_revenue", "total", None, "max", 0.0001)),
    ("cap_obligation_usd", "leased", capped("obligation_usd", "total", None, "max", 19000)),
    ("cap_shortfall_share", "two_blocks", more("shortfalls", short(0, 1.5, "", "batch"))),
    ("demand_is_left", "busy_fleet", forsaken(1.5)),
    ("credit_is_enough", "leased", banked(5000.0, 1500.0)),
    ("rule_requires", "monthly_leases", ruled("requires", "old", "roll")),
    ("rule_requires", "monthly_leases", ruled("requires", "roll", "missing")),
    ("rule_excludes", "monthly_leases", ruled("excludes", "old", "roll", "missing")),
    ("rule_at_most", "monthly_leases", ruled("at_most", "old", "roll", "stop", count=2)),
    ("rule_at_least", "monthly_leases", ruled("at_least", "old", "roll", "missing", count=3)),
    ("payments_in_cash", "busy_fleet", cell("payments", 0, cash_usd=7000.0)),
    ("payments_in_cash", "busy_fleet", cell("payments", 0, month=1)),
    ("payments_in_cash", "busy_fleet", less("payments", 0)),
    ("payments_in_cash", "limited", cell("payments", 1, cash_usd=62000.0)),
    ("payments_in_present_value", "busy_fleet", cell("payments", 0, present_value_usd=7000.0)),
    ("payments_in_present_value", "busy_fleet", cell("payments", 0, category="usage")),
    ("payments_in_present_value", "busy_fleet", cell("payments", 0, offer="far")),
    ("payments_in_present_value", "lent", more("payments", pay("lease_out_income", "out", {3: -1488})[0])),
    ("payments_to_their_provider", "busy_fleet", cell("payments", 0, provider="them")),
    ("costs_add_up", "busy_fleet", plan_only(overpaid)),
]  # fmt: skip


def with_shortfall_cap(dataset: Dataset) -> Dataset:
    """A cap of a third of batch's tokens: the plan keeps it, one that leaves half of them short does not."""
    cap = Cap(cap="held", measure="shortfall_share", scope="segment", name="batch", sense="max", value=1 / 3)
    return replace(dataset, caps=(cap,))


@pytest.mark.parametrize(
    ("rule", "case", "tamper"), TAMPERED, ids=[f"{place}-{rule}" for place, (rule, _, _) in enumerate(TAMPERED)]
)
def test_a_tampered_plan_is_rejected_by_that_very_rule(rule: str, case: str, tamper: Tamper) -> None:
    """A plan that keeps every rule, tampered with to break one, fails that rule and says where."""
    dataset, plan = cases.ALL[case]
    if rule == "cap_shortfall_share":
        dataset = with_shortfall_cap(dataset)
    assert audit(dataset, plan).passed
    report = audit(*tamper(dataset, plan))
    assert not report.passed
    broken = {check.rule: check for check in report.failed}
    assert rule in broken
    assert broken[rule].where
    assert broken[rule].failed >= 1
    assert broken[rule].failures[0].violation == broken[rule].violation > 1e-6


def test_every_rule_has_a_tampered_plan() -> None:
    """No rule of the audit is without a plan it must reject."""
    assert {rule for rule, _, _ in TAMPERED} == set(RULES)


@pytest.mark.parametrize("case", cases.ALL)
def test_an_objective_the_decisions_do_not_cost_is_rejected(case: str) -> None:
    """The plan's own payments may be right: an objective a thousandth off what they come to is not."""
    dataset, plan = cases.ALL[case]
    told = plan.objective_usd + 0.001 * sum(abs(each.present_value_usd) for each in plan.payments) + 1e-9
    assert {check.rule for check in audit(dataset, plan, objective_usd=told).failed} == {"costs_add_up"}


@pytest.mark.parametrize("case", [case for case in cases.ALL if case != "optioned"])
def test_an_empty_plan_is_rejected_without_a_crash(case: str) -> None:
    """A plan with nothing in it fails wherever the workbook has demand, capacity or something signed."""
    dataset, _ = cases.ALL[case]
    assert not audit(dataset, Plan()).passed


@pytest.mark.parametrize("case", cases.ALL)
@pytest.mark.parametrize("wrong", [float("nan"), float("-inf"), None, "many", True, 1e40])
def test_no_wrong_figure_crashes_the_audit(case: str, wrong: Any) -> None:
    """Whatever stands where a figure should, the audit rejects the plan and comes to its end."""
    dataset, plan = cases.ALL[case]
    if plan.signings:
        assert not audit(dataset, changed(plan, "signings", 0, units=wrong)).passed
        assert not audit(dataset, changed(plan, "signings", 0, start=wrong)).passed
    if plan.payments:
        assert not audit(dataset, changed(plan, "payments", 0, present_value_usd=wrong)).passed
    if plan.serving:
        assert not audit(dataset, changed(plan, "serving", 0, tokens_bn=wrong)).passed


def test_a_plan_for_another_workbook_is_rejected() -> None:
    """Names and months that are another workbook's are failures, not crashes."""
    dataset = b.dataset(b.demand(1.0), months=1)
    for case, (_, plan) in cases.ALL.items():
        assert not audit(dataset, plan).passed, case
