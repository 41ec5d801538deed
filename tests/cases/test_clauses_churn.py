"""Customers lost and won by hand: shortfall, recovery, rivals. A billion tokens a day: 31 bn in January.

One accelerator serves a billion a day; on demand at 1 USD an hour it costs 744 in January, 672 in February.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from builders import JAN, cash, costs, dataset, demand, fleet, on_demand, present, segment, solved, solved_or_none
from sheets import VALID, errors_of, row
from stochastic import factor, scenario, solved_together

from models.audit import audit
from models.checks import check
from models.dataset import Dataset
from models.demand.churn_figures import lost_by_month
from models.plan import Plan
from models.roll import roll_forward
from models.schema import Cap, Limit, Rival


def half_short(**columns: Any) -> Dataset:
    """Two billion a day for three months; one is served by a fleet, the other falls short at 0.001 USD a million."""
    chat = segment(shortfall_usd_per_mtok=0.001, **columns)
    return dataset(chat, demand(2, months=3), fleet())


def lost(data: Dataset, plan: Plan) -> list[float]:
    return lost_by_month(data, plan, data.segments[0])


def short_bn_per_day(data: Dataset, plan: Plan) -> list[float]:
    return [
        sum(each.tokens_bn for each in plan.shortfalls if each.month == t) / (data.hours(t) / 24) for t in data.horizon
    ]


def test_what_falls_short_loses_customers_a_month_later() -> None:
    """Half is short in January: 0.4 x 0.5 = 0.2 lost. In February 0.6 of 2 are short: 0.2 + 0.4 x 0.3 = 0.32 lost."""
    data = half_short(churn_per_shortfall=0.4)
    plan = solved(data)
    assert lost(data, plan)[:3] == pytest.approx([0, 0.2, 0.32])
    assert short_bn_per_day(data, plan) == pytest.approx([1, 0.6, 0.36])


def test_what_was_lost_comes_back() -> None:
    """Half of what is lost comes back: 0.2, then 0.1 + 0.4 x 0.3 = 0.22."""
    data = half_short(churn_per_shortfall=0.4, recovery_per_month=0.5)
    assert lost(data, solved(data))[:3] == pytest.approx([0, 0.2, 0.22])


def test_what_was_lost_before_month_0_counts_from_the_first_month() -> None:
    """0.3 lost, a third of it back each month: 0.3, 0.2, 0.4/3 of two billion a day on demand."""
    chat = segment(lost_share=0.3, recovery_per_month=1 / 3)
    plan = solved(dataset(chat, demand(2, months=3), on_demand(1.0)))
    assert cash(plan, "on_demand") == pytest.approx({0: 1.4 * 744, 1: 1.6 * 672, 2: (2 - 0.8 / 3) * 744})


def test_customers_won_before_month_0_are_demand_on_top() -> None:
    """A lost share of -0.25 makes 2.5 billion of two, and earns a quarter more."""
    chat = segment(lost_share=-0.25, revenue_usd_per_mtok=0.1)
    plan = solved(dataset(chat, demand(2), on_demand(1.0), months=1))
    assert costs(plan) == pytest.approx({"on_demand": 1860, "revenue_forgone": -0.25 * 62e3 * 0.1})


def test_lost_customers_pay_nothing_later() -> None:
    """Of 56,000 million in February at 0.01 USD 0.2 are lost: 112 forgone."""
    data = half_short(churn_per_shortfall=0.4, revenue_usd_per_mtok=0.01)
    assert present(solved(data), "revenue_forgone")[1] == pytest.approx(112)


def test_a_plan_that_fails_customers_now_loses_them() -> None:
    """A billion short costs 31 USD in January, on demand 744; half of February's revenue, 1400, is at stake besides."""
    base = {"shortfall_usd_per_mtok": 0.001, "revenue_usd_per_mtok": 0.1}
    rows = [demand(1, 1), on_demand(1.0)]
    kept = solved(dataset(segment(**base, churn_per_shortfall=0.5), rows, months=2))
    assert cash(kept, "on_demand") == pytest.approx({0: 744})
    assert costs(kept)["shortfall"] == pytest.approx(28)
    assert "on_demand" not in costs(solved(dataset(segment(**base), rows, months=2)))


def test_customers_go_to_the_more_generous() -> None:
    """0.1 a point: a limit of 1 loses 0.1 a month to rivals of 2, and wins it back once they are at 0, from March."""
    chat = segment(share_won_per_generosity=0.1)
    rows = [Rival(segment="chat", month=JAN - 1, generosity=2.0), Rival(segment="chat", month=JAN + 2, generosity=0.0)]
    only = Limit(segment="chat", limit="only", generosity=1.0)
    data = dataset(chat, only, rows, demand(1, months=4), on_demand(1.0), months=4)
    plan = solved(data)
    assert lost(data, plan) == pytest.approx([0, 0.1, 0.2, 0.1, 0.0])
    assert cash(plan, "on_demand")[2] == pytest.approx(0.8 * 744)


def test_generosity_is_chosen_for_the_customers_it_wins() -> None:
    """A generous limit costs 0.05 of revenue and wins 0.2 of it for each later month.

    Of 3100 in January and 2800 in February 5 % is given, 295; 0.2 x 2800 and 0.4 x 3100 of March are won, 1800.
    """
    chat = segment(share_won_per_generosity=0.2, revenue_usd_per_mtok=0.1)
    limits = [
        Limit(segment="chat", limit="plain", generosity=0.0),
        Limit(segment="chat", limit="generous", generosity=1.0, revenue_multiplier=0.95),
    ]
    data = dataset(chat, limits, demand(1, months=3), fleet(accelerators=2.0))
    plan = solved(data)
    assert [each.limit for each in plan.limits] == ["generous", "generous", "plain"]
    assert costs(plan)["revenue_forgone"] == pytest.approx(295 - 1800)


def test_shortfall_may_not_take_more_customers_than_there_are() -> None:
    """All short in January would lose 3 of 1; demand may not fall below 0, so two thirds are served at any cost."""
    chat = segment(shortfall_usd_per_mtok=0.001, churn_per_shortfall=3.0)
    plan = solved(dataset(chat, demand(1, 1), on_demand(1.0), months=2))
    assert cash(plan, "on_demand") == pytest.approx({0: 496})


def test_where_limits_and_rivals_could_take_everything_is_a_fault() -> None:
    """Rivals of 9 take 0.9 in January and 0.9 in February, more than there is; of 4.9 they leave 0.02."""
    chat, only = segment(share_won_per_generosity=0.1), Limit(segment="chat", limit="only", generosity=0.0)
    for generosity, faulty in ((9.0, True), (4.9, False)):
        rival = Rival(segment="chat", month=JAN, generosity=generosity)
        faults = check(dataset(chat, only, rival, demand(1, months=3), fleet()))
        assert bool([each for each in faults if each.severity == "error"]) is faulty


def test_a_cap_on_shortfall_counts_what_is_asked_for_then() -> None:
    """However much of January falls short, at most 0.4 are lost: 0.2 of 1.2 are short in February, a sixth."""
    data = half_short(churn_per_shortfall=0.4)
    for share, possible in ((0.17, True), (0.16, False)):
        most = Cap(cap="most", measure="shortfall_share", sense="max", value=share, from_month=JAN + 1)
        capped = replace(data, caps=(replace(most, until_month=JAN + 1),))
        assert (solved_or_none(capped) is not None) is possible


def test_in_scenarios_what_is_lost_is_what_fell_short_in_each() -> None:
    """Of twice the demand 3 of 4 billion are short in January: 0.4 x 0.75 = 0.3 are lost in that scenario."""
    data = half_short(churn_per_shortfall=0.4)
    two = (scenario("plain", 0.5), scenario("twofold", 0.5))
    view = replace(data, scenarios=two, scenario_factors=(factor("twofold", "demand", 2.0),))
    plans = solved_together(view).plans
    found = {name: lost(view.in_scenario(name), plan)[1] for name, plan in plans.items()}
    assert found == pytest.approx({"plain": 0.2, "twofold": 0.3})


def test_the_next_round_begins_with_what_is_lost_by_then() -> None:
    """After two months 0.32 are lost, and the third month goes on as it would have."""
    data = half_short(churn_per_shortfall=0.4)
    plan = solved(data)
    rolled = roll_forward(data, plan, 2, months=1).dataset
    assert rolled.segments[0].lost_share == pytest.approx(0.32)
    assert costs(solved(rolled)) == pytest.approx({"shortfall": present(plan, "shortfall")[2]})


def test_the_audit_finds_customers_that_were_not_lost() -> None:
    """A plan made without churn serves demand that is gone once shortfall has driven it away."""
    plan = solved(half_short())
    report = audit(half_short(churn_per_shortfall=0.4), plan)
    assert "demand_is_met" in [each.rule for each in report.failed]


def test_generosity_must_be_given_where_share_is_won_by_it() -> None:
    """Without limits, or with a limit of no generosity, there is nothing to compare with rivals."""
    won = row("segments", VALID, share_won_per_generosity=0.1)
    assert [each.column for each in errors_of(won)] == ["share_won_per_generosity"]
    assert [each.column for each in errors_of(won, limits=[{"segment": "chat", "limit": "open"}])] == ["generosity"]
