"""Runs, worked out by hand: work that is done once, when it is worth it, and at what time.

One accelerator serves 1 bn tokens a day. Hours: January 744, February 672, March 744, April 720.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from builders import JAN, cash, costs, dataset, demand, fleet, on_demand, segment, solved, solved_or_none, throughput

from models.audit import audit
from models.checks import check
from models.plan import Plan
from models.roll import roll_forward
from models.schema import Cap, LoadBlock, LoadShape, Network, Run, Scenario, ScenarioFactor
from models.variants.offers import nothing_new
from planner.results.plan_figures import PlanFigures


def run(name: str = "train", months: int = 1, **columns: Any) -> Run:
    """One bn tokens a day for one month in `us`, at several sites, unless told otherwise."""
    standard: dict[str, Any] = {"workload": "chat", "region": "us", "tokens_bn_per_day": 1.0, "single_site": False}
    return Run(run=name, months=months, **standard | columns)


def starts(plan: Plan) -> dict[str, int]:
    return {each.name: each.month for each in plan.signings if each.kind.name == "run"}


def test_a_run_is_done_where_its_value_pays() -> None:
    """On demand at 2 USD February is cheapest: 1344; worth 1400 it is done then, worth 1300 it is not."""
    for value, found in ((1400.0, {"on_demand": 1344, "run_value": -1400}), (1300.0, {})):
        plan = solved(dataset(on_demand(2.0), run(value_usd=value)))
        assert costs(plan) == pytest.approx(found)
    assert starts(solved(dataset(on_demand(2.0), run(value_usd=1400.0)))) == {"train": 1}


def test_without_a_value_it_must_be_done() -> None:
    """One without a value, and one whose value does not pay but that must be done, run in the cheapest month."""
    assert costs(solved(dataset(on_demand(2.0), run()))) == pytest.approx({"on_demand": 1344})
    plan = solved(dataset(on_demand(2.0), run(value_usd=100.0, must=True)))
    assert costs(plan) == pytest.approx({"on_demand": 1344, "run_value": -100})
    assert solved_or_none(dataset(fleet(), demand(1), run(), months=1)) is None


def test_late_is_worth_less() -> None:
    """A month late costs 100: January at 1488 - 1000 is dearer than February at 1344 - 900, March is later."""
    plan = solved(dataset(on_demand(2.0), run(value_usd=1000.0, must=True, loss_usd_per_month_late=100.0)))
    assert (starts(plan), cash(plan, "run_value")) == ({"train": 1}, pytest.approx({1: -900}))
    plan = solved(dataset(on_demand(2.0), run(value_usd=1000.0, must=True, loss_usd_per_month_late=200.0)))
    assert starts(plan) == {"train": 0}


def test_lateness_counts_from_start_from() -> None:
    """Due since November, started in January at the earliest: two months late."""
    late = run(value_usd=1000.0, must=True, loss_usd_per_month_late=100.0, start_from=JAN - 2, start_until=JAN)
    assert cash(solved(dataset(fleet(), late)), "run_value") == pytest.approx({0: -800})


def test_it_runs_without_a_pause_and_ends_inside_the_horizon() -> None:
    """Two months: the fleet is free in January and March only, so that February of it is bought; income comes last."""
    rows = [fleet(), demand(0, 1, 0), on_demand(1.0), run(months=2, value_usd=5000.0)]
    plan = solved(dataset(rows))
    assert costs(plan) == pytest.approx({"on_demand": 672, "run_value": -5000})
    [signing] = [each for each in plan.signings if each.kind.name == "run"]
    assert cash(plan, "run_value") == pytest.approx({signing.end: -5000})
    assert signing.end - signing.month == 1
    assert starts(solved(dataset(fleet(), run(months=4, value_usd=5000.0)))) == {}


def test_its_work_is_deferrable_within_the_month() -> None:
    """By day the fleet is busy; a run of two thirds of the month fits into the nights."""
    rows = [
        LoadBlock(block="day", hours_per_day=8.0), LoadBlock(block="night", hours_per_day=16.0),
        LoadShape(segment="chat", block="day", multiplier=3.0),
        LoadShape(segment="chat", block="night", multiplier=0.0),
        fleet(), demand(1 / 3), run(tokens_bn_per_day=2 / 3),
    ]  # fmt: skip
    plan = solved(dataset(rows, months=1))
    assert {each.block for each in plan.serving if each.segment == "train"} == {"night"}


def test_a_run_at_one_site_needs_one_that_holds_it() -> None:
    """Two sites of one accelerator cannot hold a run of two that may not be split; one that may be runs."""
    rows = [fleet("a"), fleet("b")]
    assert solved_or_none(dataset(rows, run(tokens_bn_per_day=2.0, single_site=True), months=1)) is None
    assert starts(solved(dataset(rows, run(tokens_bn_per_day=2.0), months=1))) == {"train": 0}
    plan = solved(dataset(rows, run(single_site=True), months=1))
    assert len({each.site for each in plan.serving}) == 1


def test_it_runs_on_its_workload_and_across_the_network() -> None:
    """Half as fast on another workload it takes two accelerators; the tokens that cross pay for it, 0.01 a million."""
    rows = [
        fleet(accelerators=2.0), throughput(), throughput("batch", bn_per_day=0.5),
        run(workload="batch", region="eu"), Network(capacity_region="us", demand_region="eu", usd_per_mtok=0.01),
    ]  # fmt: skip
    plan = solved(dataset(rows, months=1))
    assert costs(plan) == pytest.approx({"network": 31 * 1000 * 0.01})
    assert sum(each.accelerators for each in plan.source_use) == pytest.approx(2)


def test_its_tokens_are_in_no_figure_of_demand_or_service() -> None:
    """A cap on shortfall does not see them, the month's served tokens and the plan's are the segment's alone."""
    rows = [
        fleet(accelerators=2.0), demand(1), segment(shortfall_usd_per_mtok=1.0, revenue_usd_per_mtok=0.1), run(),
        Cap(cap="service", measure="shortfall_share", scope="total", sense="max", value=0.0),
    ]  # fmt: skip
    data = dataset(rows, months=1)
    plan = solved(data)
    figures = PlanFigures(data, plan)
    [month] = figures.months
    assert (month.demand, month.served, month.shortfall) == pytest.approx((1, 1, 0))
    assert {each.segment for each in plan.serving} == {"chat", "train"}


def test_the_base_case_may_run_it() -> None:
    """A plan without anything new is free to start runs."""
    data = dataset(fleet(), run(value_usd=500.0), months=1)
    assert costs(solved(nothing_new(data))) == pytest.approx({"run_value": -500})


def test_its_value_counts_as_cash_in_total_only() -> None:
    """A cap on cash of 1000 in total allows 1344 of on-demand where 500 comes in; one on the provider does not."""
    rows = [on_demand(2.0), run(value_usd=500.0, must=True, start_from=JAN + 1, start_until=JAN + 1)]
    cap = Cap(cap="cash", measure="cash_usd", scope="total", sense="max", value=1000.0)
    assert solved_or_none(dataset(rows, cap)) is not None
    assert solved_or_none(dataset(rows, replace(cap, scope="provider", name="spot"))) is None


def test_a_run_that_cannot_end_inside_the_horizon_is_no_part_of_the_problem() -> None:
    """What must be done and cannot start in time is warned of and left out."""
    data = dataset(fleet(), run(months=4))
    assert [(each.column, each.severity) for each in check(data)] == [("start_from", "warning")]
    assert costs(solved(data)) == {}


@pytest.mark.parametrize(
    ("columns", "rows", "warned"),
    [
        ({}, [fleet()], False),
        ({}, [fleet(region="eu"), Network(capacity_region="eu", demand_region="eu")], True),
        ({"single_site": True}, [on_demand(2.0)], True),
        ({"months": 2}, [fleet(until_month=JAN + 1)], False),
        ({"months": 2}, [fleet("a", until_month=JAN), fleet("b", from_month=JAN + 2)], True),
        ({"start_from": JAN + 1}, [fleet(until_month=JAN)], True),
        ({"workload": "dream", "value_usd": 9.0}, [fleet(), throughput(), throughput("dream", bn_per_day=0.0)], True),
        ({"tokens_bn_per_day": 0.0}, [], False),
    ],
)
def test_a_run_that_nothing_can_do_is_warned_of(columns: dict[str, Any], rows: list[Any], warned: bool) -> None:
    """Its capacity is out of reach, no site, gone before its last month or its window, or cannot run its workload."""
    warnings = {each.warning for each in check(dataset(rows, run(**columns)))}
    assert ("run-without-capacity" in warnings) == warned


def test_a_run_has_a_name_of_its_own() -> None:
    """A run named as a segment is an error."""
    assert [(each.sheet, each.column) for each in check(dataset(fleet(), run("chat")))] == [("runs", "run")]


def test_it_starts_in_the_same_month_in_scenarios_not_told_apart() -> None:
    """Hours cost 2 in January and 1 or 4 in February: decided before that is known, it starts in January."""
    rows = [
        on_demand(2.0), run(value_usd=9000.0, start_until=JAN + 1),
        Scenario(scenario="cheap", probability=0.5), Scenario(scenario="dear", probability=0.5),
        ScenarioFactor(scenario="cheap", quantity="on_demand_price", name="*", from_month=JAN + 1, value=0.5),
        ScenarioFactor(scenario="dear", quantity="on_demand_price", name="*", from_month=JAN + 1, value=2.0),
    ]  # fmt: skip
    from stochastic import solved_together

    together = solved_together(dataset(rows, months=2, first_stage_months=2))
    assert {name: starts(plan) for name, plan in together.plans.items()} == {
        "cheap": {"train": 0}, "dear": {"train": 0},
    }  # fmt: skip


def test_a_run_under_way_rolls_into_its_months_left() -> None:
    """Started in January for three months, a month late: two are left, it must be done, and still earns its value."""
    data = dataset(fleet(), run(months=3, value_usd=900.0, loss_usd_per_month_late=50.0, start_from=JAN - 1))
    plan = solved(data)
    round_ahead = roll_forward(data, plan, 1, 2)
    rolled = round_ahead.dataset
    [left] = rolled.runs
    assert "train: under way since 2026-01, 2 months are left" in round_ahead.done
    assert "train: under way since 2026-01, 1 month is left" in roll_forward(data, plan, 2, 2).done
    assert (left.months, left.start_from, left.start_until, left.must) == (2, JAN + 1, JAN + 1, True)
    assert cash(solved(rolled), "run_value") == pytest.approx({1: -850})
    assert roll_forward(data, plan, 3, 2).dataset.runs == ()


@pytest.mark.parametrize(
    ("rule", "change"),
    [("run_is_done_once", {"month": 1, "start": 1, "end": 1}), ("service_ends_when_due", {"end": 1})],
)
def test_a_run_told_otherwise_is_rejected(rule: str, change: dict[str, int]) -> None:
    """The audit finds one that ends beyond the horizon, one with another end, and one that is not done."""
    data = dataset(fleet(), run(), months=1)
    plan = solved(data)
    told = replace(plan, signings=tuple(replace(each, **change) for each in plan.signings))
    assert rule in {each.rule for each in audit(data, told).failed}
    without = {each.rule for each in audit(data, replace(plan, signings=())).failed}
    assert {"run_is_done_once", "demand_is_met"} <= without


def test_one_without_a_value_may_cost_for_being_late() -> None:
    """It must be done, and was due in December: a month late costs 100."""
    late = run(value_usd=None, loss_usd_per_month_late=100.0, start_from=JAN - 1)
    assert costs(solved(dataset(late, fleet(), months=2))) == pytest.approx({"run_value": 100})


def test_the_value_of_runs_counts_in_cash_over_revenue() -> None:
    """744 for the fleet less 500 of value are 0.787 of 310 earned."""
    rows = [segment(revenue_usd_per_mtok=0.01), demand(1), fleet(usd_per_accelerator_hour=1.0)]
    work = run(tokens_bn_per_day=0.0, value_usd=500.0)
    for most, feasible in ((0.79, True), (0.78, False)):
        cap = Cap(cap="cap", measure="cash_share_of_revenue", scope="total", sense="max", value=most)
        assert (solved_or_none(dataset(rows, work, cap, months=1)) is not None) == feasible
