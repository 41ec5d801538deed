"""Plans for several scenarios worked out by hand: newsvendor, option, and what is known when.

One accelerator serves 1 bn tokens a day. Hours: January 744, February 672, March 744, April 720.
"""

from __future__ import annotations

import pytest
from builders import JAN, contract, dataset, demand, lease, on_demand, term
from stochastic import demands, factor, scenario, solved_together, units

from models.dataset import Dataset
from models.schema import Option


@pytest.mark.parametrize("offer", ["lease", "contract"])
@pytest.mark.parametrize(
    ("price", "leased", "usd_per_hour"),
    [
        (1.05, 1, 1 + 1.05 * 4.5),
        (2.2, 6, 6 + 2.2 * 1.0),
        (4.0, 8, 8 + 4.0 * 0.3),
        (20.0, 10, 10.0),
    ],
)
def test_the_newsvendor(offer: str, price: float, leased: int, usd_per_hour: float) -> None:
    """Capacity is the (p - c)/p quantile of demand: demand 1 to 10 alike likely, c = 1, on demand at p.

    Quantiles 0.05/1.05 = 0.048, 1.2/2.2 = 0.545, 0.75 and 0.95: the least of 1 to 10 with k/10 at least that are 1,
    6, 8 and 10. Expected shortage above them: (1 + … + 9)/10 = 4.5; (1 + 2 + 3 + 4)/10 = 1; (1 + 2)/10 = 0.3; 0.
    Cost: leased + p x shortage, 744 hours.
    """
    names = [f"d{k}" for k in range(1, 11)]
    rows = lease("deal", term(1, 1.0), units_max=20)
    if offer == "contract":
        rows = contract("deal", term_months=1, max_blocks=20)
    found = solved_together(
        dataset(
            rows,
            demand(1),
            on_demand(price),
            [scenario(name, 0.1) for name in names],
            [factor(name, "demand", k) for k, name in enumerate(names, start=1)],
            months=1,
        )
    )
    assert set(units(found).values()) == {leased}
    assert found.objective_usd == pytest.approx(744 * usd_per_hour)


def optioned(premium: float | None, month: int = 0, first_stage_months: int = 1) -> Dataset:
    """February's demand is 10 or 0; a block of 10 is signed in January at 1, or in February at 1.2 with an option.

    The option is on sale in `month` alone.
    """
    offers = [
        lease("now", term(1, 1.0), holds=10, lead_months=1, sign_until=JAN),
        lease("then", term(1, 1.2), holds=10, sign_from=JAN + 1, status="excluded" if premium is None else "offer"),
    ]
    right = (
        []
        if premium is None
        else [Option(option="right", offer="then", premium_usd=premium, buy_from=JAN + month, buy_until=JAN + month)]
    )
    return dataset(
        offers,
        right,
        demand(1, months=2),
        on_demand(3.0),
        [scenario("high", 0.5), scenario("low", 0.5), demands(high=(0, 10), low=(0, 0))],
        months=2,
        first_stage_months=first_stage_months,
    )


def test_an_option_is_worth_what_waiting_saves() -> None:
    """With the option costs fall from 6720 to 1000 + 0.5 x 8064 = 5032: it is worth 1688 above its premium.

    Without: a block signed in January costs 10 x 672 = 6720 in both cases; 3 USD on demand in half of them 10080.
    With: premium 1000, and in the high case 1.2 x 6720 = 8064.
    """
    without, found = solved_together(optioned(None)), solved_together(optioned(1000.0))
    assert without.objective_usd == pytest.approx(6720)
    assert units(without) == {"high": 1, "low": 1}
    assert found.costs == pytest.approx({"high": 9064, "low": 1000})
    assert without.objective_usd - found.objective_usd == pytest.approx(1688)
    assert {name: [each.month for each in plan.options] for name, plan in found.plans.items()} == {
        "high": [0],
        "low": [0],
    }


@pytest.mark.parametrize(("premium", "bought", "expected"), [(2687.0, True, 6719.0), (2689.0, False, 6720.0)])
def test_an_option_is_bought_up_to_its_worth(premium: float, bought: bool, expected: float) -> None:
    """The right saves 6720 - 4032 = 2688: it is bought for a dollar less and not for a dollar more."""
    found = solved_together(optioned(premium))
    assert all(bool(plan.options) is bought for plan in found.plans.values())
    assert found.objective_usd == pytest.approx(expected)


def test_an_option_on_sale_when_all_is_known_is_bought_only_where_needed() -> None:
    """Bought in February, in the high case alone: 0.5 x (1000 + 8064) = 4532."""
    found = solved_together(optioned(1000.0, month=1))
    assert {name: len(plan.options) for name, plan in found.plans.items()} == {"high": 1, "low": 0}
    assert found.objective_usd == pytest.approx(4532)


def test_an_option_is_worth_nothing_where_nothing_is_learnt_before_it_is_used() -> None:
    """While the cases are one to the end of February, signing then is common: 1.2 x 6720 is dearer than 6720."""
    found = solved_together(optioned(1000.0, first_stage_months=2))
    assert found.objective_usd == pytest.approx(6720)
    assert not any(plan.options for plan in found.plans.values())


@pytest.mark.parametrize(
    ("lead", "first_stage_months", "expected", "signed"),
    [
        (1, 0, 336, {"high": 1, "low": 0}),
        (1, 1, 672, {"high": 1, "low": 1}),
        (0, 1, 336, {"high": 1, "low": 0}),
        (0, 2, 672, {"high": 1, "low": 1}),
    ],
)
def test_what_is_decided_before_the_branch_is_common(
    lead: int, first_stage_months: int, expected: float, signed: dict[str, int]
) -> None:
    """Who knows whether February has demand leases 672 in half the cases; who does not, in all of them.

    On demand at 3 would cost 0.5 x 2016 = 1008 on average. Perfect information is worth 672 - 336 = 336.
    """
    found = solved_together(
        dataset(
            lease("deal", term(1, 1.0), lead_months=lead),
            demand(1, months=2),
            on_demand(3.0),
            [scenario("high", 0.5), scenario("low", 0.5), demands(high=(0, 1), low=(0, 0))],
            months=2,
            first_stage_months=first_stage_months,
        )
    )
    assert found.objective_usd == pytest.approx(expected)
    assert units(found) == signed


@pytest.mark.parametrize(
    ("price", "branches_at", "expected", "signed"),
    [
        (3.0, 2, 672 + 0.75 * 744, {"low": 1, "high": 2, "peak": 2}),
        (3.0, 1, 672 + 0.5 * 744, {"low": 1, "high": 1, "peak": 2}),
        (1.4, 2, 672 + 0.5 * 1.4 * 744, {"low": 1, "high": 1, "peak": 1}),
        (1.4, 1, 672 + 0.5 * 744, {"low": 1, "high": 1, "peak": 2}),
        (1.3, 2, 0.75 * 1.3 * 672 + 0.5 * 1.3 * 744, {"low": 0, "high": 0, "peak": 0}),
        (1.3, 0, 0.75 * 1.3 * 672 + 0.5 * 744, {"low": 0, "high": 0, "peak": 1}),
    ],
)
def test_a_tree_of_three_stages(price: float, branches_at: int, expected: float, signed: dict[str, int]) -> None:
    """January decides for February for all, February for March for low, and for high and peak together or apart.

    Demand in February with 0.25 + 0.5 (high, peak), in March with 0.5 (peak alone); peak follows high until
    branches_at. A month's lease, a month's lead, at 1; on demand at p. February: leased where 0.75 p > 1. March:
    together, peak has 2/3: leased where 2/3 p > 1; apart, peak leases where p > 1. At 3: both, or peak alone; at
    1.4 together 0.93 < 1: bought in peak; at 1.3 neither pays in January (0.975).
    """
    found = solved_together(
        dataset(
            lease("deal", term(1, 1.0), lead_months=1, units_max=2),
            demand(1, months=3),
            on_demand(price),
            [scenario("low", 0.25), scenario("high", 0.25), scenario("peak", 0.5, "high", branches_at)],
            demands(low=(0, 0, 0), high=(0, 1, 0), peak=(0, 1, 1)),
            first_stage_months=1,
        )
    )
    assert found.objective_usd == pytest.approx(expected)
    assert units(found) == signed
