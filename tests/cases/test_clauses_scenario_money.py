"""Money, fleet and rivals that are uncertain, worked out by hand: what a factor of each quantity multiplies or adds.

One accelerator serves 1 bn tokens a day. Hours: January 744, February 672.
"""

from __future__ import annotations

import pytest
from builders import (
    JAN,
    contract,
    costs,
    dataset,
    demand,
    fleet,
    lease,
    on_demand,
    segment,
    solved,
    solved_or_none,
    term,
)
from stochastic import factor, scenario, solved_in

from models.audit import audit
from models.demand.revenue import revenues
from models.schema import Limit, Price, Rival


def test_usage_price_by_hardware_and_month() -> None:
    """Charges of fleet and leases for hours used are times 3 from February on; what is paid for having them is not."""
    rows = (
        fleet(usage_usd_per_accelerator_hour=0.5),
        lease("deal", term(2, 0.1, usage_usd_per_accelerator_hour=0.2), sign_until=None),
        demand(2.0, months=2),
    )
    plan = solved_in(*rows, factor("s", "usage_price", 3.0, name="H100", t=1), months=2)
    assert costs(plan)["usage"] == pytest.approx((0.5 + 0.2) * (744 + 3 * 672))
    assert costs(plan)["lease"] == pytest.approx(0.1 * (744 + 672))


def test_usage_price_of_a_contract_and_its_overage() -> None:
    """Of 3 accelerators at work 2 are the block's, 1 is overage: usage charges of 0.2 are doubled, bills are not."""
    deal = contract(
        "frame", 1.0, 1, signed=0, blocks=2, overage_share=0.5, overage_price_multiple=3.0,
        usage_usd_per_accelerator_hour=0.2,
    )  # fmt: skip
    plan = solved_in(deal, demand(3.0), factor("s", "usage_price", 2.0), months=1)
    assert costs(plan)["usage"] == pytest.approx(2 * 0.2 * 3 * 744)
    assert costs(plan)["contract"] == pytest.approx((2 + 3) * 744)


def test_factors_of_money_multiply_the_prices_of_the_month() -> None:
    """Prices of the sheet, 1 and then 2 of revenue, 3 and 4 of shortfall, times 0.5 from February and times 2."""
    chat = segment(revenue_usd_per_mtok=9.0, shortfall_usd_per_mtok=9.0)
    prices = [
        Price(segment="chat", month=JAN + t, revenue_usd_per_mtok=one, shortfall_usd_per_mtok=other)
        for t, (one, other) in enumerate([(1.0, 3.0), (2.0, 4.0)])
    ]
    factors = [factor("s", "revenue", 0.5, name="chat", t=1), factor("s", "shortfall_cost", 2.0)]
    rows = (chat, prices, demand(1.0, months=2), scenario("s", 1.0), factors)
    data = dataset(*rows, months=2, discount_rate=0.0).in_scenario("s")
    plan = solved(data)
    assert costs(plan)["shortfall"] == pytest.approx(2 * (31_000 * 3 + 28_000 * 4))
    assert [month.baseline for month in revenues(data, plan)] == pytest.approx([31_000 * 1, 28_000 * 2 * 0.5])


@pytest.mark.parametrize("name", ["own", "us-inc", "hall", "us", "*"])
def test_fleet_share_by_asset_provider_site_and_region(name: str) -> None:
    """Half the fleet is online, costs half and serves half; the other half is bought by the hour."""
    rows = (fleet(accelerators=2.0, site="hall", usd_per_accelerator_hour=1.0), on_demand(5.0), demand(2.0))
    plan = solved_in(*rows, factor("s", "fleet_share", 0.5, name=name), months=1)
    assert [each.accelerators for each in plan.online] == [1.0]
    assert costs(plan)["fleet"] == pytest.approx(744)
    assert costs(plan)["on_demand"] == pytest.approx(5 * 744)


def test_shares_of_two_names_multiply() -> None:
    """An asset at half of a provider that is at half has a quarter; a row for all then holds for neither."""
    factors = [
        factor("s", "fleet_share", 0.5, name="own"),
        factor("s", "fleet_share", 0.5, name="us-inc"),
        factor("s", "fleet_share", 9.0),
    ]
    plan = solved_in(fleet(accelerators=4.0), demand(1.0), factors, months=1)
    assert [each.accelerators for each in plan.online] == [1.0]


def test_revenue_and_cost_of_shortfall() -> None:
    """A token earns twice as much and costs three times as much where it falls short: 31 bn tokens of 1 USD a Mtok."""
    chat = segment(revenue_usd_per_mtok=0.5, shortfall_usd_per_mtok=1.0)
    data = dataset(
        chat,
        demand(1.0),
        scenario("s", 1.0),
        factor("s", "revenue", 2.0, name="chat"),
        factor("s", "shortfall_cost", 3.0),
        months=1,
    ).in_scenario("s")
    plan = solved(data)
    assert costs(plan)["shortfall"] == pytest.approx(31_000 * 3.0)
    (month,) = revenues(data, plan)
    assert (month.baseline, month.lost) == (pytest.approx(31_000 * 0.5 * 2.0), pytest.approx(31_000 * 0.5 * 2.0))


def test_elasticity_of_the_month() -> None:
    """At half the price and an elasticity of -1, times 2 from February on, demand is 2 and then 4 times the baseline.

    Revenue is the price times that: as before in January, twice the baseline in February.
    """
    rows = (
        segment(revenue_usd_per_mtok=0.1, price_elasticity=-1.0),
        Limit(segment="chat", limit="half", price_multiplier=0.5),
        demand(1.0, months=2),
        on_demand(1.0),
    )
    plan = solved_in(*rows, factor("s", "elasticity", 2.0, name="chat", t=1), months=2)
    assert costs(plan)["on_demand"] == pytest.approx(2 * 744 + 4 * 672)
    assert costs(plan)["revenue_forgone"] == pytest.approx(-0.1 * 28_000)


def test_churn_by_limits() -> None:
    """A limit in force in January loses 0.1 x 2 of February's baseline: 0.3 a token of revenue goes with it."""
    rows = (
        segment(revenue_usd_per_mtok=0.3),
        Limit(segment="chat", limit="only", churn_per_month=0.1),
        demand(1.0, months=2),
        fleet(accelerators=1.0),
    )
    plan = solved_in(*rows, factor("s", "churn", 2.0, name="chat"), months=2)
    assert costs(plan)["revenue_forgone"] == pytest.approx(0.2 * 28_000 * 0.3)


def test_churn_by_shortfall() -> None:
    """All of January falls short, so 0.4 x 0.5 of February's baseline is lost: no cost of shortfall for it."""
    rows = (segment(shortfall_usd_per_mtok=1.0, churn_per_shortfall=0.4), demand(1.0, months=2))
    plan = solved_in(*rows, factor("s", "churn", 0.5), months=2)
    assert costs(plan)["shortfall"] == pytest.approx(31_000 + 0.8 * 28_000)


def test_rivals_grow_more_generous() -> None:
    """A rival at 1, in January 0.5 more than told, wins 0.2 x (1.5 - 1) of February's baseline."""
    rows = (
        segment(revenue_usd_per_mtok=0.3, share_won_per_generosity=0.2),
        Limit(segment="chat", limit="only", generosity=1.0),
        Rival(segment="chat", month=24312, generosity=1.0),
        demand(1.0, months=2),
        fleet(accelerators=2.0),
    )
    plan = solved_in(*rows, factor("s", "rival_generosity", 0.5, name="chat"), months=2)
    assert costs(plan)["revenue_forgone"] == pytest.approx(0.1 * 28_000 * 0.3)


def test_audit_finds_another_charge() -> None:
    """A plan made without the factor pays less than the audit expects with it."""
    rows = (fleet(usage_usd_per_accelerator_hour=0.5), demand(1.0))
    plain = solved(dataset(*rows, months=1))
    data = dataset(*rows, scenario("s", 1.0), factor("s", "usage_price", 2.0), months=1).in_scenario("s")
    assert not audit(data, plain).passed
    assert solved_or_none(data) is not None
