"""Caps on cash, worked out by hand: what counts, where it belongs, over which period, and bills held to what is owed.

One accelerator serves 1 bn tokens a day. Hours: January 744, February 672, March 744, April 720.
"""

from __future__ import annotations

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

from models.schema import Cap, Limit, Network, Option


def cap(measure: str, value: float, scope: str = "total", name: str | None = None, **columns: Any) -> Cap:
    return Cap(**{"sense": "max"} | columns, cap="policy", measure=measure, scope=scope, name=name, value=value)


def feasible(*rows: Any, **settings: Any) -> bool:
    return solved_or_none(dataset(*rows, **settings)) is not None


def everything(**lease_columns: Any) -> list[Any]:
    """One of every kind of payment in January.

    Cash: fleet 2 x 744 x 0.5 = 744 and usage 0.1 x 744 = 74.40; lease 744 and upfront 100 and usage 0 (idle); contract
    744 and top-up (1000 - 744) = 256; premium 50; on-demand; network 1 bn across at 0.01 = 310; change 30; income -744.
    """
    return [
        segment(current_limit="free", change_cost_usd=30, shortfall_usd_per_mtok=9.0, revenue_usd_per_mtok=0.1),
        Limit(segment="chat", limit="free", until_month=JAN - 1),
        Limit(segment="chat", limit="flat", revenue_multiplier=0.9),
        demand(1, region="eu"),
        Network(capacity_region="us", demand_region="eu", usd_per_mtok=0.01),
        fleet(accelerators=2, usd_per_accelerator_hour=0.5, usage_usd_per_accelerator_hour=0.1),
        lease("lease", term(2, 1.0, upfront_usd_per_unit=100, usage_usd_per_accelerator_hour=5.0), signed=0),
        contract(signed=0, term_months=1, min_spend_usd_per_year=12000, usage_usd_per_accelerator_hour=5.0),
        lease_out(),
    ]


def test_cash_is_all_that_is_paid() -> None:
    """cash_usd counts fees, upfronts in full, top-ups, usage, fleet, network and changes, less lease-out income.

    744 + 74.40 + 744 + 100 + 744 + 256 + 310 + 30 - 744 = 2258.40, half of the upfront being beyond the horizon; not
    the revenue forgone, 310.
    """
    plan = solved(dataset(everything(), months=1))
    assert costs(plan) == pytest.approx(
        {
            "fleet": 744,
            "usage": 74.4,
            "lease": 794,
            "contract": 1000,
            "network": 310,
            "limit_change": 30,
            "lease_out_income": -744,
            "revenue_forgone": 310,
        }
    )
    assert feasible(everything(), cap("cash_usd", 2258.41), months=1)
    least = cap("cash_usd", 2258.39, sense="min")
    assert costs(solved(dataset(everything(), least, months=1))) == pytest.approx(costs(plan))
    assert costs(solved(dataset(everything(), cap("cash_usd", 2258.3), months=1)))["shortfall"] > 0


@pytest.mark.parametrize(
    ("scope", "name", "usd"),
    [
        ("provider", "us-inc", 744 + 74.4),
        ("provider", "neo", 844),
        ("provider", "hyper", 1000),
        ("region", "us", 744 + 74.4 + 844 + 1000),
        ("site", "own", 744 + 74.4),
        ("site", "lease", 844),
        ("offer", "lease", 844),
        ("offer", "contract", 1000),
    ],
)
def test_cash_in_a_scope_is_what_is_paid_for_its_capacity(scope: str, name: str, usd: float) -> None:
    """In a scope only what is paid for that fleet, lease, contract or on-demand counts.

    Figures of `everything`: neither network, change nor lease-out income belongs to a scope.
    """
    free = solved(dataset(everything(), months=1)).objective_usd
    enough = solved(dataset(everything(), cap("cash_usd", usd + 0.01, scope, name), months=1))
    assert enough.objective_usd == pytest.approx(free)
    # Work can move to a dearer source, or fall short at 9 USD a million tokens; what is owed in any case cannot.
    short = solved_or_none(dataset(everything(), cap("cash_usd", usd - 0.1, scope, name), months=1))
    assert short is None or short.objective_usd > free + 0.1


def test_on_demand_cash_belongs_to_its_provider_and_region() -> None:
    """On-demand counts in the scope of its provider and its region.

    At most 372 USD a month to spot: half an accelerator at 1 USD; the rest at 2 USD from another in eu.
    """
    rows = [demand(1), on_demand(1.0), on_demand(2.0, provider="other", region="eu")]
    expected = pytest.approx({"on_demand": 372 + 744})
    assert costs(solved(dataset(rows, cap("cash_usd", 372, "provider", "spot"), months=1))) == expected
    assert costs(solved(dataset(rows, cap("cash_usd", 372, "region", "us"), months=1))) == expected


def test_prepayments_and_premiums_count_in_full_when_paid() -> None:
    """Cash counts a prepayment whole in the month of signing, even where the objective prorates it.

    January to April prepaid: 2880 in January and an option's premium of 20; the horizon ends with February.
    """
    rows = [
        lease("lease", term(4, 1.0, prepay_share=1.0), sign_until=JAN),
        Option(option="right", offer="lease", premium_usd=20),
        demand(1, months=2),
        on_demand(3.0),
    ]
    plan = solved(dataset(rows, cap("cash_usd", 2900), months=2))
    assert costs(plan) == pytest.approx({"lease": 1416, "option": 20})
    plan = solved(dataset(rows, cap("cash_usd", 2899), months=2))
    assert costs(plan) == pytest.approx({"on_demand": 4248})


@pytest.mark.parametrize(("per", "budget"), [("month", 744), ("quarter", 1464), ("year", 1464), ("horizon", 2208)])
def test_the_periods_of_cash_are_calendar_ones(per: str, budget: float) -> None:
    """Cash adds up over calendar months, quarters and years, and parts of one are not scaled.

    Demand of 1 in November (720), December (744) and January (744), at 1 USD; short costs 9 USD a million. Quarter four
    has November and December, 1464, and so has the year; January begins the next.
    """
    first = JAN - 2
    rows = [segment(shortfall_usd_per_mtok=9.0), demand(1, first=first, months=3), on_demand(1.0)]
    enough = solved(dataset(rows, cap("cash_usd", budget, per=per), first_month=first))
    assert costs(enough) == pytest.approx({"on_demand": 2208})
    short = solved(dataset(rows, cap("cash_usd", budget - 1, per=per), first_month=first))
    assert costs(short)["shortfall"] > 0


def test_a_budget_for_a_window_counts_its_months_only() -> None:
    """Within a period only months of the cap's window add up.

    Per year from February: February and March at most 1000 USD of the 1416 needed at 1 USD an hour; 416 hours fall
    short, of 1000 / 24 million tokens at 0.10 USD: 1733.33.
    """
    rows = [segment(shortfall_usd_per_mtok=0.1), demand(1, months=3), on_demand(1.0)]
    plan = solved(dataset(rows, cap("cash_usd", 1000, per="year", from_month=JAN + 1)))
    assert costs(plan) == pytest.approx({"on_demand": 1744, "shortfall": 416 / 24 * 100})
    assert cash(plan, "on_demand")[0] == pytest.approx(744)


def test_cash_against_revenue() -> None:
    """cash_share_of_revenue holds cash over revenue earned: baseline less what limits forgo and what falls short.

    Revenue 3100 a bn and month, a fifth forgone: 2480; at most 30 %: 744. At 29 % no plan is left: a share x served
    costs 744 x of 3100 x - 620 earned, and for no x up to 1 is that 29 %.
    """
    rows = [
        segment(revenue_usd_per_mtok=0.1, shortfall_usd_per_mtok=9.0),
        Limit(segment="chat", limit="cheap", price_multiplier=0.8),
        demand(1),
        on_demand(1.0),
    ]
    assert "shortfall" not in costs(solved(dataset(rows, cap("cash_share_of_revenue", 0.3), months=1)))
    assert solved_or_none(dataset(rows, cap("cash_share_of_revenue", 0.29), months=1)) is None


@pytest.mark.parametrize(("share", "served"), [(0.7, 31.0), (0.5, 31 * 310 / 434), (0.0, 0.0)])
def test_tokens_that_fall_short_earn_nothing(share: float, served: float) -> None:
    """1 bn a day is served free and 620 USD a month are earned with it; a second one costs 744 on demand.

    Of the second x is served: 744 x <= share x 620 (1 + x). At half x is 310 / 434; at 0.7 434 / 310 is more than 1.
    """
    rows = [
        segment(revenue_usd_per_mtok=0.02, shortfall_usd_per_mtok=9.0),
        demand(2),
        fleet(),
        on_demand(1.0),
    ]
    plan = solved(dataset(rows, cap("cash_share_of_revenue", share), months=1))
    bought = sum(each.accelerators * 24 * 31 for each in plan.on_demand) / 744 * 31
    assert bought == pytest.approx(served)


def test_what_earns_less_than_the_share_costs_is_not_served() -> None:
    """On demand costs 744 USD a month, and serving earns 620: 120 % of it, however little is served."""
    rows = [segment(revenue_usd_per_mtok=0.02, shortfall_usd_per_mtok=9.0), demand(1), on_demand(1.0)]
    plan = solved(dataset(rows, cap("cash_share_of_revenue", 0.7), months=1))
    assert costs(plan) == pytest.approx({"shortfall": 31 * 9000.0})
    served = costs(solved(dataset(rows, cap("cash_share_of_revenue", 1.2), months=1)))
    assert served == pytest.approx({"on_demand": 744.0})


def test_cash_against_revenue_per_year() -> None:
    """Over a longer period cash and revenue each add up first.

    1 bn in January and February earns 3100 + 2800 = 5900. Prices 1 and 3 USD: 744 + 2016 = 2760 is 46.8 % of it,
    while February alone would be 72 %.
    """
    rows = [
        segment(revenue_usd_per_mtok=0.1, shortfall_usd_per_mtok=9.0),
        demand(1, months=2),
        on_demand(1.0),
        on_demand(3.0, t=1),
    ]
    yearly = cap("cash_share_of_revenue", 0.47, per="year")
    assert "shortfall" not in costs(solved(dataset(rows, yearly, months=2)))
    monthly = cap("cash_share_of_revenue", 0.47)
    assert "shortfall" in costs(solved(dataset(rows, monthly, months=2)))


def test_a_least_spend_cannot_be_met_by_paying_more_than_is_owed() -> None:
    """A minimum on cash asks for spending that is owed, not for a bill above the greater of minimum and use.

    1 block at 1 USD, half taken or paid, demand 0.75: the bill is 558 and nothing can make it 600.
    """
    rows = [contract(signed=0, take_or_pay_share=0.5), demand(0.75)]
    assert feasible(rows, cap("cash_usd", 557.9, sense="min"), months=1)
    assert not feasible(rows, cap("cash_usd", 600, sense="min"), months=1)


def test_a_minimum_spend_is_not_paid_before_it_is_due() -> None:
    """A budget for the month of a top-up cannot be kept by billing more in the months before.

    No take-or-pay, 12000 a year for two months: 744 in January, none in February, so 2000 - 744 = 1256 is due then.
    """
    rows = [contract(signed=0, term_months=2, take_or_pay_share=0.0, min_spend_usd_per_year=12000), demand(1, 0)]
    assert feasible(rows, cap("cash_usd", 1256.1, from_month=JAN + 1), months=2)
    assert not feasible(rows, cap("cash_usd", 1255, from_month=JAN + 1), months=2)


def test_a_bill_is_not_raised_to_lower_a_later_top_up() -> None:
    """Under a budget by month a bill stays what is owed, though a higher one would spare a top-up beyond the budget.

    1 block at 1.50, half taken or paid, a minimum of 2000 for two months, 12 % kept free, so at most 0.88 works:
    0.88 x 744 x 1.5 = 982.08 in January leaves 1017.92 for February, above 1000. So it is signed for February alone,
    1000: 0.88 x 28 = 24.64 bn served there; 93 + 56 - 24.64 = 124.36 bn short at 300 USD a bn.
    """
    flexible = contract(term_months=2, tiers=1.5, take_or_pay_share=0.5, min_spend_usd_per_year=12000)
    rows = [segment(shortfall_usd_per_mtok=0.3), demand(3, 2), flexible, cap("cash_usd", 1000)]
    plan = solved(dataset(rows, months=2, reserve_margin=0.12))
    assert costs(plan) == pytest.approx({"contract": 1000, "shortfall": 37308})


def test_a_least_spend_is_not_met_by_a_top_up_that_is_not_owed() -> None:
    """A top-up is what the minimum lacks, however much a cap would like to see spent: bills of 1416 owe no more."""
    rows = contract(signed=0, term_months=2, min_spend_usd_per_year=6000)
    assert feasible(rows, cap("cash_usd", 1415.9, sense="min", per="horizon"), months=2)
    assert not feasible(rows, cap("cash_usd", 1500, sense="min", per="horizon"), months=2)


def test_a_least_spend_is_not_met_by_hours_that_do_no_work() -> None:
    """On-demand is bought for work only: a minimum on cash does not make it idle for money, here or elsewhere.

    No demand, a contract for 446.40 and on-demand in us and eu: 1000 cannot be spent.
    """
    rows = [contract(tiers=0.6, term_months=1), on_demand(2.6), on_demand(2.6, region="eu")]
    assert feasible(rows, cap("cash_usd", 446.4, sense="min"), months=1)
    assert not feasible(rows, cap("cash_usd", 1000, sense="min"), months=1)


def test_a_least_spend_does_not_take_single_site_work_off_its_site() -> None:
    """On-demand is no site, even where a minimum on cash would like it to be: the fleet carries 2 bn for nothing."""
    rows = [segment(single_site=True), demand(2), fleet(accelerators=2), on_demand(2.6)]
    assert not feasible(rows, cap("cash_usd", 1000, sense="min"), months=1)


@pytest.mark.parametrize(
    ("per", "start", "spent"), [("quarter", 3, (700, 700)), ("year", 2, (700, 700)), ("year", 1, (700, 0))]
)
def test_years_and_quarters_begin_with_the_fiscal_year(per: str, start: int, spent: tuple[float, float]) -> None:
    """At most 700 a period: quarters from March part February from March, years from February January from the rest.

    A billion a day on demand at 1 USD would cost 744 + 672 + 744; the rest falls short, dearer.
    """
    cap = Cap(cap="cap", measure="cash_usd", scope="total", sense="max", value=700, per=per)
    rows = [segment(shortfall_usd_per_mtok=1.0), demand(1, 1, 1), on_demand(1.0), cap]
    paid = cash(solved(dataset(rows, fiscal_year_start=start)), "on_demand")
    parts = {3: ((0, 1), (2,)), 2: ((0,), (1, 2)), 1: ((0, 1, 2), ())}[start]
    assert tuple(sum(paid.get(t, 0.0) for t in part) for part in parts) == pytest.approx(spent)
