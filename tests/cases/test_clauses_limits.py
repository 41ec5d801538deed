"""Usage limits and prices, worked out by hand: demand, revenue, churn and changes.

Demand is bought on demand at 1 USD an hour of an accelerator that serves 1 bn tokens a day. Revenue is 0.10 USD a
million tokens, so 1 bn a day earns 3100 in January (31 days), 2800 in February, 3100 in March, 3000 in April.
"""

from __future__ import annotations

from typing import Any

import pytest
from builders import JAN, cash, costs, dataset, demand, on_demand, segment, solved, solved_or_none

from models.plan import Plan
from models.schema import Limit, LoadBlock, LoadShape


def limit(name: str, multiplier: float | None = None, **columns: Any) -> Limit:
    return Limit(segment="chat", limit=name, demand_multiplier=multiplier, **columns)


def bill(*rows: Any, months: int = 1, demanded: float = 2.0, **columns: Any) -> Plan:
    """The plan for an even demand for chat with these limits."""
    chat = segment(**{"revenue_usd_per_mtok": 0.1} | columns)
    return solved(dataset(chat, rows, demand(demanded, months=months), on_demand(1.0), months=months))


def in_force(plan: Plan) -> list[str]:
    return [each.limit for each in plan.limits]


def test_a_limit_takes_away_demand_and_revenue() -> None:
    """Demand is baseline x demand_multiplier; revenue forgone is baseline revenue x (1 - revenue_multiplier).

    2 bn x 0.6 = 1.2 at work: 892.80. Revenue 6200 x (1 - 0.9) = 620.
    """
    plan = bill(limit("weekly", 0.6, revenue_multiplier=0.9))
    assert costs(plan) == pytest.approx({"on_demand": 892.8, "revenue_forgone": 620})


def test_revenue_follows_price_and_demand_unless_said() -> None:
    """A blank revenue_multiplier is price_multiplier x demand_multiplier.

    1.25 x 0.6 = 0.75: 6200 x 0.25 = 1550 forgone.
    """
    plan = bill(limit("dearer", 0.6, price_multiplier=1.25))
    assert costs(plan) == pytest.approx({"on_demand": 892.8, "revenue_forgone": 1550})


def test_a_price_moves_demand_by_its_elasticity() -> None:
    """With price_elasticity e a blank demand_multiplier is price_multiplier^e.

    4^-0.5 = 0.5: 1 at work, 744. Revenue 4 x 0.5 = 2: 6200 x (1 - 2) = -6200, an income.
    """
    plan = bill(limit("dear", price_multiplier=4.0), price_elasticity=-0.5)
    assert costs(plan) == pytest.approx({"on_demand": 744, "revenue_forgone": -6200})


def test_a_given_multiplier_stands_against_elasticity() -> None:
    """A demand_multiplier that is given holds, whatever the elasticity.

    0.8 x 2 = 1.6 at work, 1190.40; revenue 4 x 0.8 = 3.2: 6200 x -2.2 = -13640.
    """
    plan = bill(limit("dear", 0.8, price_multiplier=4.0), price_elasticity=-0.5)
    assert costs(plan) == pytest.approx({"on_demand": 1190.4, "revenue_forgone": -13640})


def test_without_elasticity_a_price_moves_no_demand() -> None:
    """Without an elasticity a blank demand_multiplier is 1: 2 at work; revenue 1.5 times: -3100."""
    plan = bill(limit("dear", price_multiplier=1.5))
    assert costs(plan) == pytest.approx({"on_demand": 1488, "revenue_forgone": -3100})


def test_peak_blocks_have_a_multiplier_of_their_own() -> None:
    """In load blocks marked peak the peak_demand_multiplier holds, in the others the demand_multiplier.

    8 peak hours at 0.5 and 16 at 0.75 of 2 bn: 1 x 8 x 31 + 1.5 x 16 x 31 = 248 + 744 = 992.
    Revenue follows the plain multiplier: 6200 x 0.25 = 1550.
    """
    blocks = [LoadBlock(block="day", hours_per_day=8, peak=True), LoadBlock(block="night", hours_per_day=16)]
    plan = bill(blocks, limit("throttled", 0.75, peak_demand_multiplier=0.5))
    assert costs(plan) == pytest.approx({"on_demand": 992, "revenue_forgone": 1550})


def test_a_blank_peak_multiplier_is_the_plain_one() -> None:
    """Without a peak_demand_multiplier peak blocks follow demand_multiplier: 0.75 x 2 x 744 = 1116."""
    blocks = [LoadBlock(block="day", hours_per_day=8, peak=True), LoadBlock(block="night", hours_per_day=16)]
    assert costs(bill(blocks, limit("throttled", 0.75)))["on_demand"] == pytest.approx(1116)


def test_deferrable_work_knows_no_peak() -> None:
    """For deferrable segments demand_multiplier holds in every block: 0.75 x 2 x 744 = 1116."""
    blocks = [
        LoadBlock(block="day", hours_per_day=8, peak=True),
        LoadBlock(block="night", hours_per_day=16),
        LoadShape(segment="chat", block="day", multiplier=1.5),
        LoadShape(segment="chat", block="night", multiplier=0.75),
    ]
    plan = bill(blocks, limit("throttled", 0.75, peak_demand_multiplier=0.5), timing="deferrable")
    assert costs(plan)["on_demand"] == pytest.approx(1116)


def test_churn_is_lost_in_every_later_month() -> None:
    """Each month a limit is in force takes churn_per_month of baseline demand and revenue from every later month.

    Multiplier 0.8, churn 0.1: 0.8, 0.7, 0.6 of 2 bn: 1.6 x 744 + 1.4 x 672 + 1.2 x 744 = 1190.40 + 940.80 + 892.80.
    Revenue likewise: 6200 x 0.2 + 5600 x 0.3 + 6200 x 0.4 = 1240 + 1680 + 2480.
    """
    plan = bill(limit("weekly", 0.8, churn_per_month=0.1), months=3)
    assert cash(plan, "on_demand") == pytest.approx({0: 1190.4, 1: 940.8, 2: 892.8})
    assert costs(plan)["revenue_forgone"] == pytest.approx(5400)


def test_churn_stays_when_the_limit_is_gone() -> None:
    """What churned does not come back once another limit is in force.

    January 0.5 with churn 0.2, then free: February and March 0.8 of 2 bn: 1.6 x 672 and 1.6 x 744.
    """
    rows = [
        limit("tight", 0.5, churn_per_month=0.2, until_month=JAN),
        limit("free", from_month=JAN + 1),
    ]
    plan = bill(rows, months=3, revenue_usd_per_mtok=0.0)
    assert cash(plan, "on_demand") == pytest.approx({0: 744, 1: 1075.2, 2: 1190.4})


def test_churn_comes_off_peak_multipliers_and_given_revenue_too() -> None:
    """Churn is subtracted from the peak multiplier and from the revenue multiplier as well.

    February: peak 0.5 - 0.1, others 0.8 - 0.1 of 2 bn over 28 days: (0.8 x 8 + 1.4 x 16) x 28 = 806.40; revenue of
    5600: 1.2 - 0.1 = 1.1, so -560.
    """
    blocks = [LoadBlock(block="day", hours_per_day=8, peak=True), LoadBlock(block="night", hours_per_day=16)]
    odd = limit("odd", 0.8, peak_demand_multiplier=0.5, churn_per_month=0.1, revenue_multiplier=1.2)
    plan = bill(blocks, odd, months=2)
    assert cash(plan, "on_demand")[1] == pytest.approx(806.4)
    assert costs(plan)["revenue_forgone"] == pytest.approx(6200 * -0.2 + 5600 * -0.1)


def test_the_cheapest_limit_is_in_force() -> None:
    """In each month the limit that costs least in all is chosen.

    Tight saves 1 x 744 of 1488 and forgoes 6200 x 0.1 = 620: 1364 beats 1488; in February 672 + 560 beats 1344.
    """
    plan = bill(limit("free"), limit("tight", 0.5, revenue_multiplier=0.9), months=2)
    assert in_force(plan) == ["tight", "tight"]
    assert plan.objective_usd == pytest.approx(1364 + 1232)


def test_a_change_costs_and_the_first_choice_does_not() -> None:
    """change_cost_usd is paid in the month of each change; without current_limit month 0 is no change.

    Free may hold in January only, tight from February: one change, 100, in February.
    """
    rows = [limit("free", until_month=JAN), limit("tight", 0.5, from_month=JAN + 1)]
    plan = bill(rows, months=3, change_cost_usd=100, revenue_usd_per_mtok=0.0)
    assert cash(plan, "limit_change") == pytest.approx({1: 100})


def test_leaving_the_current_limit_in_month_0_is_a_change() -> None:
    """A choice of month 0 that differs from current_limit costs a change, and staying with it none."""
    rows = [limit("free"), limit("tight", 0.5, revenue_multiplier=1.0)]
    columns: dict[str, Any] = {"change_cost_usd": 100}
    assert cash(bill(rows, current_limit="free", **columns), "limit_change") == pytest.approx({0: 100})
    assert cash(bill(rows, current_limit="tight", **columns), "limit_change") == {}


def test_a_change_that_costs_more_than_it_saves_is_not_made() -> None:
    """Tight would save 744 in January; a change that costs 800 is not worth it."""
    rows = [limit("free"), limit("tight", 0.5, revenue_multiplier=1.0)]
    plan = bill(rows, current_limit="free", change_cost_usd=800)
    assert in_force(plan) == ["free"]
    assert plan.objective_usd == pytest.approx(1488)


@pytest.mark.parametrize(
    ("least", "prices", "chosen"),
    [
        (0, "hlhl", "tftf"),
        (1, "hlhl", "tftf"),
        (2, "hlhl", "tttf"),
        (4, "hlhl", "tttt"),
        (2, "hhll", "ttff"),
        (3, "hhll", "tttf"),
        (4, "hhll", "tttt"),
    ],
)
def test_a_limit_stays_for_a_least_time_once_changed(least: int, prices: str, chosen: str) -> None:
    """After a change in month t there is none in months t+1 … t+k-1, the change of month 0 included.

    Tight halves 2 bn and forgoes a fifth of revenue, about 1200 a month. At 4 USD an hour (h) it saves about 2900, at
    0.10 (l) about 70: alone, tight is worth +1700 in h and -1100 in l. Free is in force before: so h, l, h, l wants
    tight, free, tight, free; held 2 or 3 months, tight through the first l is the least loss; held 4, to the end.
    """
    rows = [limit("free"), limit("tight", 0.5, revenue_multiplier=0.8)]
    chat = segment(revenue_usd_per_mtok=0.1, current_limit="free", min_months_between_changes=least)
    path = [on_demand(4.0 if price == "h" else 0.1, t=t) for t, price in enumerate(prices)]
    plan = solved(dataset(chat, rows, demand(2, months=4), path, months=4))
    assert "".join(each[0] for each in in_force(plan)) == chosen


def test_may_tighten_no_forbids_lower_generosity() -> None:
    """With may_tighten no, a limit is never followed by a less generous one; rows are ranked in order.

    Rows tight (1) and free (2), free in force: it stays, though tight would save 744.
    """
    rows = [limit("tight", 0.5, revenue_multiplier=1.0), limit("free")]
    plan = bill(rows, months=2, current_limit="free", may_tighten=False)
    assert in_force(plan) == ["free", "free"]
    assert in_force(bill(rows, months=2, current_limit="free")) == ["tight", "tight"]


def test_generosity_overrides_the_order_of_rows() -> None:
    """A generosity that is given ranks a limit, whatever its row: here tight counts as more generous."""
    rows = [limit("tight", 0.5, revenue_multiplier=1.0, generosity=5), limit("free", generosity=2)]
    plan = bill(rows, current_limit="free", may_tighten=False)
    assert in_force(plan) == ["tight"]


def test_loosening_is_always_allowed() -> None:
    """With may_tighten no a more generous limit may follow.

    Tight forgoes 6200 x 0.5 = 3100 a month and saves 744: free is better from the first month on.
    """
    plan = bill(limit("tight", 0.5), limit("free"), months=2, current_limit="tight", may_tighten=False)
    assert in_force(plan) == ["free", "free"]


def test_a_limit_is_in_force_only_inside_its_window() -> None:
    """from_month and until_month bound when a limit may be in force.

    Tight, wanted always, is allowed in February only: 1488 + 672 + 1488.
    """
    rows = [limit("free"), limit("tight", 0.5, revenue_multiplier=1.0, from_month=JAN + 1, until_month=JAN + 1)]
    plan = bill(rows, months=3)
    assert in_force(plan) == ["free", "tight", "free"]
    assert costs(plan) == pytest.approx({"on_demand": 3648})


def test_a_segment_without_limits_is_untouched() -> None:
    """Limits of one segment leave the others alone: chat 0.5 x 2, search 1: 2 x 744."""
    rows = [segment("chat"), segment("search"), limit("half", 0.5), demand(2), demand(1, segment="search")]
    assert costs(solved(dataset(rows, on_demand(1.0), months=1))) == pytest.approx({"on_demand": 1488})


def test_revenue_forgone_is_discounted_by_month() -> None:
    """Revenue forgone counts at its month: 310 + 280 / 2 = 450 with money halved every month."""
    rows = [segment(revenue_usd_per_mtok=0.1), limit("tight", 1.0, revenue_multiplier=0.9), demand(1, months=2)]
    plan = solved(dataset(rows, on_demand(0.0), months=2, discount_rate=4095.0))
    assert costs(plan) == pytest.approx({"revenue_forgone": 450})


def test_a_limit_can_make_an_impossible_demand_possible() -> None:
    """Demand that capacity cannot serve has a plan only where a limit takes enough of it away."""
    scarce = on_demand(1.0, max_accelerators=1.0)
    assert solved_or_none(dataset(segment(), demand(2), scarce, months=1)) is None
    assert solved(dataset(segment(), demand(2), scarce, limit("half", 0.5), months=1)).objective_usd == pytest.approx(
        744
    )
