"""When each kind of decision is taken: in the month in which it has to be, alike where nothing is known.

One accelerator serves 1 bn tokens a day. Hours: January 744, February 672, March 744, April 720.
"""

from __future__ import annotations

import pytest
from builders import JAN, dataset, demand, fleet, lease, lease_out, on_demand, segment, term
from stochastic import demands, ends, factor, scenario, solved_together, units

from models.schema import Limit


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
