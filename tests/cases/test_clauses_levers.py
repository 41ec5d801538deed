"""Limits of several levers, by hand. One accelerator serves a billion tokens a day; January has 744 hours."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from builders import JAN, cash, costs, dataset, demand, fleet, on_demand, segment, solved, solved_or_none
from sheets import VALID, errors_of, row
from stochastic import factor, scenario, solved_together

from models.audit import audit
from models.build import build_model
from models.dataset import Dataset
from models.demand import segment_limits
from models.plan import LimitChoice, Plan
from models.roll import roll_forward
from models.schema import Limit, LoadBlock
from planner.results.views import limit_changes


def limit(name: str, lever: str, multiplier: float | None = None, **columns: Any) -> Limit:
    return Limit(segment="chat", limit=name, lever=lever, demand_multiplier=multiplier, **columns)


def bought(*rows: Any, months: int = 1, **columns: Any) -> Plan:
    """Ten billion a day on demand at 1 USD an hour, which nothing but limits makes less."""
    return solved(dataset(segment(**columns), rows, demand(10, months=months), on_demand(1.0), months=months))


def in_force(plan: Plan, t: int = 0) -> dict[str, str]:
    return {each.lever: each.limit for each in plan.limits if each.month == t}


def test_multipliers_of_levers_multiply() -> None:
    """0.5 of the hours and 0.6 of the week leave 3 of 10 billion."""
    plan = bought(limit("short", "hours", 0.5), limit("week", "weekly", 0.6))
    assert costs(plan) == pytest.approx({"on_demand": 3 * 744})
    assert in_force(plan) == {"hours": "short", "weekly": "week"}


def test_of_each_lever_one_is_in_force() -> None:
    """Of two levels of each of three levers the lowest are taken where they cost nothing: 0.5 x 0.8 x 0.9 = 0.36."""
    levels = {"hours": 0.5, "weekly": 0.8, "price": 0.9}
    rows = [limit(f"{lever} {m}", lever, m) for lever, least in levels.items() for m in (least, 1.0)]
    assert costs(bought(rows)) == pytest.approx({"on_demand": 3.6 * 744})


def test_revenue_multipliers_multiply_by_themselves() -> None:
    """A price of 1.2 that keeps all demand and a limit that halves it earn 0.6: 0.4 of 31,000 is forgone."""
    rows = [limit("dear", "price", 1.0, price_multiplier=1.2), limit("half", "hours", 0.5)]
    plan = solved(dataset(segment(revenue_usd_per_mtok=0.1), rows, demand(1), fleet(), months=1))
    assert costs(plan) == pytest.approx({"revenue_forgone": 0.4 * 3100})


def test_peak_multipliers_multiply_in_peak_blocks() -> None:
    """By day 0.5 x 0.5, by night 0.5 x 1 of ten billion: 2.5 for 8 hours, 5 for 16."""
    blocks = [LoadBlock(block="day", hours_per_day=8, peak=True), LoadBlock(block="night", hours_per_day=16)]
    plan = bought(blocks, limit("half", "hours", 0.5), limit("peak", "peak", 1.0, peak_demand_multiplier=0.5))
    assert costs(plan) == pytest.approx({"on_demand": 744 * (2.5 * 8 + 5 * 16) / 24})


def test_churn_of_levers_adds_up() -> None:
    """0.1 and 0.05 a month leave 0.85 in February."""
    rows = [limit("one", "hours", churn_per_month=0.1), limit("other", "weekly", churn_per_month=0.05)]
    assert cash(bought(rows, months=2), "on_demand") == pytest.approx({0: 7440, 1: 8.5 * 672})


def test_each_lever_changes_by_its_own_rules() -> None:
    """The week is as low as it goes; hours are halved for a change of 100, and not where they may not be tightened."""
    rows = [limit(f"{lever} {m}", lever, m) for lever in ("hours", "weekly") for m in (0.5, 1.0)]
    columns = {"current_limit": "hours 1.0; weekly 0.5", "change_cost_usd": 100.0}
    plan = bought(rows, **columns)
    assert in_force(plan) == {"hours": "hours 0.5", "weekly": "weekly 0.5"}
    assert cash(plan, "limit_change") == pytest.approx({0: 100})
    kept = bought(rows, may_tighten=False, **columns)
    assert in_force(kept) == {"hours": "hours 1.0", "weekly": "weekly 0.5"}


def test_a_lever_is_never_tightened_against_its_own_limits_only() -> None:
    """Generosity is the rank within a lever: hours of 2 stay though the week offers 1."""
    rows = [
        limit("few", "hours", 0.5, generosity=1.0), limit("many", "hours", 1.0, generosity=2.0),
        limit("week", "weekly", 0.9, generosity=0.5), limit("all week", "weekly", 1.0, generosity=1.0),
    ]  # fmt: skip
    plan = bought(rows, may_tighten=False, current_limit="many")
    assert in_force(plan) == {"hours": "many", "weekly": "week"}
    assert costs(plan) == pytest.approx({"on_demand": 9 * 744})


def test_a_lever_that_current_limit_does_not_name_is_free_in_month_0() -> None:
    """Of two levers one is named: setting the other is no change, changing the named one costs 100."""
    rows = [limit(f"{lever} {m}", lever, m) for lever in ("hours", "weekly") for m in (0.5, 1.0)]
    plan = bought(rows, current_limit="hours 1.0", change_cost_usd=100.0)
    assert cash(plan, "limit_change") == pytest.approx({0: 100})


@pytest.mark.parametrize(
    ("most", "columns"), [(625, {"together": 625}), (25, {"together": 50, "with_limit": 25}), (5, {"with_limit": 15})]
)
def test_combinations_are_columns_as_long_as_they_are_few(
    monkeypatch: pytest.MonkeyPatch, most: int, columns: dict[str, int]
) -> None:
    """Four levers of five levels have 625 combinations a month: all columns, or those of two levers, or of none.

    Levers that are not taken together follow each other, at as many columns as there are combinations in the next.
    """
    monkeypatch.setattr(segment_limits, "MOST_TOGETHER", most)
    levels = [limit(f"{lever} {k}", lever, 1.0 - 0.1 * k) for lever in "abcd" for k in range(5)]
    data = dataset(segment(), levels, demand(1), on_demand(1.0), months=1)
    names = Counter(column.parent_component().name for column in build_model(data).compiled.columns)
    assert names["in_force"] == 20
    assert {name: names[name] for name in ("together", "with_limit") if names[name]} == columns


@pytest.mark.parametrize("most", [1, 6, 10_000])
def test_the_plan_does_not_hang_on_which_levers_are_taken_together(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """Three levers of two and three levels leave 0.5 x 0.8 x 0.6 of ten, where revenue is nothing."""
    monkeypatch.setattr(segment_limits, "MOST_TOGETHER", most)
    rows = [
        *(limit(f"hours {m}", "hours", m) for m in (0.5, 1.0)),
        *(limit(f"weekly {m}", "weekly", m, revenue_multiplier=(1.0 + m) / 2.0) for m in (0.8, 0.9, 1.0)),
        *(limit(f"peak {m}", "peak", m, revenue_multiplier=m) for m in (0.6, 1.0)),
    ]  # fmt: skip
    assert costs(bought(rows)) == pytest.approx({"on_demand": 2.4 * 744})


def test_scenarios_share_the_choice_of_every_lever() -> None:
    """What is set in the first month is the same whatever demand comes."""
    rows = [limit(f"{lever} {m}", lever, m, churn_per_month=0.01) for lever in ("hours", "price") for m in (0.5, 1.0)]
    two = [scenario("plain", 0.5), scenario("twofold", 0.5)]
    data = dataset(segment(revenue_usd_per_mtok=0.02), rows, demand(10, months=2), on_demand(1.0), two, months=2)
    view = Dataset(**{**data.__dict__, "scenario_factors": (factor("twofold", "demand", 2.0, t=1),)})
    plans = solved_together(view).plans.values()
    assert len({tuple(sorted(in_force(plan).items())) for plan in plans}) == 1


def test_the_next_round_begins_with_the_limit_of_each_lever() -> None:
    """After a month both limits are current, by name."""
    rows = [limit(f"{lever} {m}", lever, m) for lever in ("hours", "weekly") for m in (0.5, 1.0)]
    data = dataset(segment(min_months_between_changes=2), rows, demand(10, months=3), on_demand(1.0))
    plan = solved(data)
    rolled = roll_forward(data, plan, 1, months=2).dataset
    assert rolled.segments[0].current_limit == "hours 0.5; weekly 0.5"
    assert costs(solved(rolled)) == pytest.approx({"on_demand": 2.5 * (672 + 744)})


def test_the_audit_holds_each_lever() -> None:
    """A plan that leaves a lever without a limit, or calls a limit another lever's, is rejected."""
    data = dataset(segment(), limit("short", "hours", 0.5), limit("week", "weekly", 0.6), demand(1), fleet(), months=1)
    plan = solved(data)
    hours, weekly = plan.limits
    for limits in ((hours,), (hours, LimitChoice("chat", 0, "week", "hours"))):
        report = audit(data, Plan(**{**{name: getattr(plan, name) for name in Plan.__slots__}, "limits": limits}))
        assert "one_limit_in_force" in [each.rule for each in report.failed]
    assert list(limit_changes(plan)) == [(0, "chat", "hours", "short"), (0, "chat", "weekly", "week")]
    assert weekly.lever == "weekly"


def test_current_limit_names_at_most_one_of_a_lever() -> None:
    """Two limits of one lever cannot both be in force; of two levers they can."""
    rows = [{"segment": "chat", "limit": name, "lever": lever} for name, lever in (("a", "x"), ("b", "x"), ("c", "y"))]
    for named, faults in (("a; b", ["current_limit"]), ("a; c", []), ("a; d", ["current_limit"])):
        of = row("segments", VALID, current_limit=named)
        assert [each.column for each in errors_of(of, limits=rows)] == faults


def test_windows_hold_for_each_lever() -> None:
    """A lever whose only limit ends in January has none in February: no plan, told as a fault of that limit."""
    rows = [limit("short", "hours", 0.5, until_month=JAN), limit("week", "weekly", 0.6)]
    assert solved_or_none(dataset(segment(), rows, demand(1, 1), fleet(), months=2)) is None
