"""Plans for several scenarios whose decisions and costs are worked out by hand.

One accelerator serves 1 bn tokens a day. Hours: January 744, February 672, March 744, April 720.
"""

from __future__ import annotations

from typing import Any

import pytest
from builders import JAN, contract, dataset, demand, fleet, lease, lease_out, on_demand, segment, solved, term
from stochastic import Solved, factor, scenario, solved_together

from models.dataset import Dataset
from models.schema import Limit, Option
from models.uncertainty.risk import Measure


def demands(**bn_per_day: tuple[float, ...]) -> list[Any]:
    """Each scenario's demand by month, of a plain demand of 1 in every month."""
    return [factor(name, "demand", value, t=t) for name, path in bn_per_day.items() for t, value in enumerate(path)]


def units(found: Solved) -> dict[str, int]:
    """Units signed of offers in each scenario."""
    return {name: sum(each.units for each in plan.signings if not each.signed) for name, plan in found.plans.items()}


def ends(found: Solved) -> dict[str, int]:
    """The last month of service in each scenario, of its one signing."""
    return {name: plan.signings[0].end for name, plan in found.plans.items()}


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


@pytest.mark.parametrize(("first_stage_months", "expected"), [(1, 1526), (2, 1708)])
def test_a_limit_is_decided_in_its_month(first_stage_months: int, expected: float) -> None:
    """February's limit is each case's own when they are apart in February, else the same.

    Half the demand forgoes half of 28000 Mtok x 0.05 = 1400, 700. At 1 on demand: free 672, tight 336 + 700 = 1036;
    at 5: free 3360, tight 1680 + 700 = 2380. Apart 0.5 x (672 + 2380) = 1526; together free is 2016 and tight 1708.
    """
    found = solved_together(
        dataset(
            segment(revenue_usd_per_mtok=0.05),
            Limit(segment="chat", limit="tight", demand_multiplier=0.5),
            Limit(segment="chat", limit="free"),
            demand(0, 1),
            on_demand(1.0),
            [scenario("cheap", 0.5), scenario("dear", 0.5), factor("dear", "on_demand_price", 5.0)],
            months=2,
            first_stage_months=first_stage_months,
        )
    )
    assert found.objective_usd == pytest.approx(expected)
    of_february = {name: plan.limits[1].limit for name, plan in found.plans.items()}
    assert of_february == {"cheap": "free" if first_stage_months == 1 else "tight", "dear": "tight"}


@pytest.mark.parametrize(
    ("price", "lead", "expected", "taken"),
    [
        (5.0, 1, 0.0, {"high": 0, "low": 0}),
        (5.0, 0, -672.0, {"high": 0, "low": 1}),
        (2.5, 1, -504.0, {"high": 1, "low": 1}),
        (2.5, 0, -672.0, {"high": 0, "low": 1}),
    ],
)
def test_a_lease_out_is_decided_when_it_is_signed(
    price: float, lead: int, expected: float, taken: dict[str, int]
) -> None:
    """Own capacity, needed in February with one half, is leased out for 2 x 672 = 1344 and bought back at p.

    Signed in January: -1344 + 0.5 x 672 p, which is 336 at 5 (not taken) and -504 at 2.5. Signed in February, in
    the low case alone: -672.
    """
    found = solved_together(
        dataset(
            fleet(),
            lease_out(hourly=2.0, lead_months=lead, sign_from=JAN + 1 - lead, sign_until=JAN + 1 - lead),
            demand(1, months=2),
            on_demand(price),
            [scenario("high", 0.5), scenario("low", 0.5), demands(high=(0, 1), low=(0, 0))],
            months=2,
            first_stage_months=1,
        )
    )
    assert found.objective_usd == pytest.approx(expected)
    assert units(found) == taken


@pytest.mark.parametrize(
    ("notice", "expected", "low_ends"),
    [(0, 0.5 * (1416 + 2880), 1), (1, 0.5 * (2160 + 2880), 2), (2, 2880, 3)],
)
def test_cancelling_is_decided_when_notice_is_given(notice: int, expected: float, low_ends: int) -> None:
    """Service can end after February only by a notice that is common where it is given before March.

    Four months at 1; March and April are needed in the high case; told apart from March. Without notice the low case
    stops after February: 1416; with a month's, given in March, after March: 2160; with two months' only after
    April: 2880. To stop for both after February or March would cost 0.5 x 3 x 1464 or 0.5 x 3 x 720 more than it
    saves: 1464, 720.
    """
    found = solved_together(
        dataset(
            lease("deal", term(4, 1.0, cancel_after_months=0, notice_months=notice), signed=0),
            demand(1, months=4),
            on_demand(3.0),
            [scenario("high", 0.5), scenario("low", 0.5), demands(high=(1, 1, 1, 1), low=(1, 1, 0, 0))],
            months=4,
            first_stage_months=2,
        )
    )
    assert found.objective_usd == pytest.approx(expected)
    assert ends(found) == {"high": 3, "low": low_ends}


@pytest.mark.parametrize(
    ("gone", "expected", "ends_in"),
    [(0.5, 0.5 * (3252 + 2160), {"stays": 2, "gone": 5}), (0.2, 2880, {"stays": 1, "gone": 1})],
)
def test_notice_given_inside_the_horizon_is_common_though_service_ends_beyond_it(
    gone: float, expected: float, ends_in: dict[str, int]
) -> None:
    """With `full` service goes on beyond February; a notice of January cannot know that April has no supplier.

    Six months at 1, two months' notice, half of what is left on a stop, all one until March. Notice in January, end of
    February: 1416 + 0.5 x 2928 = 2880 in either case. None: 2160 to the exit, and where the supplier stays notice
    in February, which the other cannot take: 2160 + 0.5 x 2184 = 3252. Even: 2706 for none; with a fifth of exits
    0.2 x 2160 + 0.8 x 3252 = 3033.60, so notice is given in January.
    """
    found = solved_together(
        dataset(
            lease("deal", term(6, 1.0, cancel_after_months=0, notice_months=2, termination_fee_share=0.5), signed=0),
            [scenario("stays", 1 - gone), scenario("gone", gone), factor("gone", "supplier_exit", t=3)],
            months=2,
            end_of_horizon="full",
        )
    )
    assert found.objective_usd == pytest.approx(expected)
    assert ends(found) == ends_in


@pytest.mark.parametrize(("first_stage_months", "expected", "low_ends"), [(2, 1788, 1), (3, 2160, 2)])
def test_a_renewal_is_decided_in_its_first_month(first_stage_months: int, expected: float, low_ends: int) -> None:
    """March, needed with one half, is renewed by the case that needs it when they are apart in March, else by both.

    January and February 1416; 0.5 x 744 = 372; or 744 in both, less than 0.5 x 3 x 744 on demand.
    """
    found = solved_together(
        dataset(
            lease("deal", term(2, 1.0, renewals_max=1, renewal_months=1), signed=0),
            demand(1, months=3),
            on_demand(3.0),
            [scenario("high", 0.5), scenario("low", 0.5), demands(high=(1, 1, 1), low=(1, 1, 0))],
            first_stage_months=first_stage_months,
        )
    )
    assert found.objective_usd == pytest.approx(expected)
    assert ends(found) == {"high": 2, "low": low_ends}


def test_a_renewal_does_not_bind_a_notice_given_in_another_month() -> None:
    """Where service came late, going on in April is a right to cancel not used, decided in March, not a renewal.

    Three months, a month's notice, one renewal. `a` and its follower `c` serve January to March, renew for April in
    April: 2160 + 720. `b`, apart from April on, is a month late: February to April, wanted in February and March
    alone; its notice for April, given in March, is no decision of the others: 672 + 744 = 1416.
    """
    found = solved_together(
        dataset(
            lease(
                "deal",
                term(3, 1.0, cancel_after_months=0, notice_months=1, renewals_max=1, renewal_months=1),
                signed=0,
            ),
            demand(1, months=4),
            on_demand(9.0),
            [scenario("a", 0.25), scenario("b", 0.5), scenario("c", 0.25, "a", 4)],
            [factor("b", "delivery_delay_months", 1), demands(b=(0, 1, 1, 0))],
            months=4,
            first_stage_months=3,
        )
    )
    assert found.costs == pytest.approx({"a": 2880, "b": 1416, "c": 2880})
    assert ends(found) == {"a": 3, "b": 2, "c": 3}


def test_a_supplier_gone_binds_nobody_elsewhere() -> None:
    """A signing in February that one case cannot take is taken by the other, though they are told apart later.

    672 where the supplier stays, 3 x 672 = 2016 on demand where it is gone.
    """
    found = solved_together(
        dataset(
            lease("deal", term(1, 1.0)),
            demand(0, 1),
            on_demand(3.0),
            [scenario("stays", 0.5), scenario("gone", 0.5), factor("gone", "supplier_exit", name="neo", t=1)],
            months=2,
        )
    )
    assert found.costs == pytest.approx({"stays": 672, "gone": 2016})
    assert units(found) == {"stays": 1, "gone": 0}


def uncertain(price: float, **settings: Any) -> Dataset:
    """Demand 0, 2, 4 or 6 in January with 0.4, 0.3, 0.2 and 0.1; leased at 1, on demand at `price`."""
    chances = {"none": (0.4, 0), "some": (0.3, 2), "more": (0.2, 4), "most": (0.1, 6)}
    return dataset(
        lease("deal", term(1, 1.0), units_max=9),
        demand(1),
        on_demand(price),
        [scenario(name, chance) for name, (chance, _) in chances.items()],
        [factor(name, "demand", bn) for name, (_, bn) in chances.items()],
        months=1,
        **settings,
    )


@pytest.mark.parametrize(
    ("weight", "alpha", "leased", "usd_per_hour"),
    [
        (0.0, 0.8, 2, 4.4),
        (0.1, 0.5, 2, 0.9 * 4.4 + 0.1 * 6.8),
        (0.25, 0.5, 4, 0.75 * 4.6 + 0.25 * 5.2),
        (0.5, 0.5, 4, 0.5 * 4.6 + 0.5 * 5.2),
        (1.0, 0.5, 4, 5.2),
        (0.5, 0.8, 4, 0.5 * 4.6 + 0.5 * 7.0),
        (1.0, 0.8, 6, 6.0),
    ],
)
def test_expected_cost_and_cvar_by_weight(weight: float, alpha: float, leased: int, usd_per_hour: float) -> None:
    """More weight on the worst cases leases more: on demand at 3, in USD per hour.

    Leased 2: costs 2, 2, 8, 14, expected 0.8 + 0.6 + 1.6 + 1.4 = 4.4; CVaR at 0.5 (1.4 + 1.6 + 0.2 x 2)/0.5 = 6.8, at
    0.8 (1.4 + 0.1 x 8)/0.2 = 11. Leased 4: 4, 4, 4, 10, expected 4.6; at 0.5 (1 + 0.4 x 4)/0.5 = 5.2, at 0.8
    (1 + 0.4)/0.2 = 7. Leased 6: 6 in every case. Between them all is linear. At 0.8 and 0.5: 7.7, 5.8, 6.
    """
    found = solved_together(uncertain(3.0, risk_weight=weight, risk_alpha=alpha))
    assert set(units(found).values()) == {leased}
    assert found.objective_usd == pytest.approx(744 * usd_per_hour)


def test_expected_cost_cvar_worst_case_and_regret_choose_differently() -> None:
    """On demand at 2 the four measures lease 2, 4, 6 and 3, in USD per hour.

    Expected: leased 2: 2, 2, 6, 10: 0.8 + 0.6 + 1.2 + 1 = 3.6 (1: 3.8, 3: 4). CVaR at 0.7: leased 4: 4, 4, 4, 8:
    (0.8 + 0.2 x 4)/0.3 = 16/3 (3: 19/3, 5: 17/3). Worst: leased 6: 6. Regret, against the demand itself leased: 3:
    costs 3, 3, 5, 9, regrets 3, 1, 1, 3 (2: 4 in most, 4: 4 in none). A part of 1e-4 of worst case and regret is
    expected cost: 6, and 4 for 3 leased.
    """
    data = uncertain(2.0)
    least = {each.scenario: solved(data.in_scenario(each.scenario)).objective_usd for each in data.scenarios}
    assert least == pytest.approx({"none": 0, "some": 2 * 744, "more": 4 * 744, "most": 6 * 744})
    chosen = {
        "expected": solved_together(data, Measure()),
        "cvar": solved_together(data, Measure(weight=1.0, alpha=0.7)),
        "worst": solved_together(data, Measure("worst")),
        "regret": solved_together(data, Measure("regret", least_usd=least)),
    }
    assert {name: set(units(found).values()) for name, found in chosen.items()} == {
        "expected": {2},
        "cvar": {4},
        "worst": {6},
        "regret": {3},
    }
    assert {name: found.objective_usd / 744 for name, found in chosen.items()} == pytest.approx(
        {"expected": 3.6, "cvar": 16 / 3, "worst": 6.0, "regret": 0.9999 * 3 + 0.0001 * 4}
    )
