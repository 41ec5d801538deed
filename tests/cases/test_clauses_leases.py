"""Bills of leases worked out by hand, one clause of the workbook's contract each.

One accelerator serves 1 bn tokens a day. Hours: January 744, February 672, March 744, April 720.
A discount rate of 4095 a year halves money every month: (1 + 4095)^(-t/12) = 2^-t.
"""

from __future__ import annotations

from typing import Any

import pytest
from builders import (
    JAN,
    cash,
    costs,
    dataset,
    demand,
    hardware,
    lease,
    on_demand,
    present,
    ramp,
    solved,
    solved_or_none,
    term,
    throughput,
)

from models.schema import Rule

HALVING = 4095.0


def signed(*terms: Any, month: int = 0, **columns: Any) -> list[Any]:
    return lease("lease", *terms, signed=month, **columns)


def test_the_hourly_fee_counts_every_hour_online_used_or_not() -> None:
    """A fee by the hour is charged for all accelerators and all calendar hours of the service months.

    2 accelerators x 1.50 USD x (744 + 672 + 744) h = 3 x 2160 = 6480.
    """
    plan = solved(dataset(signed(term(3, 1.5), holds=2)))
    assert costs(plan) == pytest.approx({"lease": 6480})
    assert cash(plan, "lease") == present(plan, "lease") == pytest.approx({0: 2232, 1: 2016, 2: 2232})


def test_the_monthly_fee_is_per_unit() -> None:
    """A fee by the unit and month is charged per unit, whatever its size and the month's length.

    3 units x 1000 USD x 2 months = 6000.
    """
    assert costs(solved(dataset(signed(term(2, monthly=1000), holds=8, signed_units=3)))) == pytest.approx(
        {"lease": 6000}
    )


def test_usage_is_charged_on_top_for_what_is_used() -> None:
    """The usage charge falls on hours used only, on top of the fee.

    Fee 2 x 1 x 744 = 1488. Demand 0.5 bn/day keeps half an accelerator at work: 0.5 x 744 x 0.2 = 74.40.
    """
    plan = solved(dataset(signed(term(1, 1.0, usage_usd_per_accelerator_hour=0.2), holds=2), demand(0.5), months=1))
    assert costs(plan) == pytest.approx({"lease": 1488, "usage": 74.4})


def test_money_is_discounted_from_the_start_of_its_month() -> None:
    """A payment in month t counts (1 + rate)^(-t/12): here halved every month.

    744 + 672/2 + 744/4 = 744 + 336 + 186 = 1266.
    """
    plan = solved(dataset(signed(term(3, 1.0)), discount_rate=HALVING))
    assert cash(plan, "lease") == pytest.approx({0: 744, 1: 672, 2: 744})
    assert present(plan, "lease") == pytest.approx({0: 744, 1: 336, 2: 186})
    assert costs(plan) == pytest.approx({"lease": 1266})


@pytest.mark.parametrize(
    ("lead", "not_before", "bill"),
    [(1, None, 672 + 744), (0, 2, 744), (2, 1, 744), (1, 1, 672 + 744)],
)
def test_service_starts_at_the_later_of_lead_time_and_earliest_month(
    lead: int, not_before: int | None, bill: float
) -> None:
    """Service starts lead_months after signing, and not before service_not_before; fees from then on.

    Signed in January for 3 months at 1 USD an hour: from February 672 + 744, from March 744.
    """
    when = None if not_before is None else JAN + not_before
    plan = solved(dataset(signed(term(3, 1.0), lead_months=lead, service_not_before=when)))
    assert costs(plan) == pytest.approx({"lease": bill})


@pytest.mark.parametrize(("price", "bill"), [({"hourly": 1.0}, 0.75 * 4 * 744), ({"monthly": 2000}, 0.75 * 2000)])
def test_what_does_not_arrive_is_neither_online_nor_billed(price: dict[str, float], bill: float) -> None:
    """delivered_share scales what is online and both kinds of fee.

    Of 4 accelerators 3 arrive: 0.75 x 4 x 744 = 2232 by the hour, 0.75 x 2000 = 1500 by the month.
    Demand of 4 bn/day buys the fourth on demand: 744 x 5 = 3720.
    """
    offer = signed(term(1, **price), holds=4, delivered_share=0.75)
    assert costs(solved(dataset(offer, demand(4), on_demand(5.0), months=1))) == pytest.approx(
        {"lease": bill, "on_demand": 3720}
    )


def test_a_ramp_scales_capacity_and_rate_from_its_month_on() -> None:
    """Each ramp row holds until the next; the fee carries its capacity share and its rate multiplier.

    2 accelerators at 1 USD: January 2 x 0.5 x 0.5 x 744 = 372, February the same row 2 x 0.5 x 0.5 x 672 = 336,
    March 2 x 744 = 1488; together 2196. Demand 1.5 lacks 0.5 in January and February: 0.5 x 4 x (744 + 672) = 2832.
    """
    steps = ramp("slow", (1, 0.5, 0.5), (3, 1.0, 1.0))
    plan = solved(dataset(steps, signed(term(3, 1.0, ramp="slow"), holds=2), demand(1.5, months=3), on_demand(4.0)))
    assert costs(plan) == pytest.approx({"lease": 2196, "on_demand": 2832})


def test_before_the_first_row_of_a_ramp_there_is_no_capacity() -> None:
    """A ramp whose first row is service month 2 has nothing online, and no fee, in service month 1.

    January nothing, February 672, March 744 at 1.5 times the rate from service month 3: 672 + 1116 = 1788.
    """
    steps = ramp("late", (2, 1.0, 1.0), (3, 1.0, 1.5))
    plan = solved(
        dataset(
            steps, signed(term(3, 1.0, ramp="late")), demand(1, months=1), on_demand(2.0), demand(0, 0, first=24313)
        )
    )
    assert costs(plan) == pytest.approx({"lease": 1788, "on_demand": 1488})


def test_the_monthly_fee_follows_the_ramp_too() -> None:
    """usd_per_unit_month carries capacity share and rate multiplier.

    1000 x 0.5 x 0.8 = 400, then 1000.
    """
    plan = solved(
        dataset(ramp("slow", (1, 0.5, 0.8), (2, 1.0, 1.0)), signed(term(2, monthly=1000, ramp="slow")), months=2)
    )
    assert cash(plan, "lease") == present(plan, "lease") == pytest.approx({0: 400, 1: 1000})


def test_the_escalator_acts_after_every_twelve_service_months() -> None:
    """The fee of service month τ is multiplied by (1 + escalator)^floor((τ-1)/12).

    In service since 11 months before January 2026: January is service month 12 (x 1), February the
    13th (x 1.1): 744 + 1.1 x 672 = 744 + 739.20 = 1483.20.
    """
    plan = solved(dataset(signed(term(24, 1.0, escalator_per_year=0.1), month=-11), months=2))
    assert costs(plan) == pytest.approx({"lease": 1483.2})


def test_an_upfront_is_prorated_by_service_months_inside_the_horizon() -> None:
    """The upfront is paid in full when signing; the objective counts the part of the term inside the horizon.

    Term 6 months from February, horizon to March: 2 of 6 service months: 900 x 2/6 = 300; fees 672 + 744 = 1416.
    """
    plan = solved(dataset(signed(term(6, 1.0, upfront_usd_per_unit=450), lead_months=1, signed_units=2, holds=0.5)))
    assert cash(plan, "lease")[0] == pytest.approx(900)
    assert costs(plan) == pytest.approx({"lease": 300 + 1416})


def test_prepayments_are_paid_when_signing() -> None:
    """Of every fee of the term, prepay_share is paid in the month of signing and the rest in its own.

    Term January to April at 1 USD, half prepaid, horizon to March. Cash in January: half of
    744 + 672 + 744 + 720 = 2880, so 1440, plus half of January, 372: 1812. The objective leaves April's
    part out: 0.5 x 2160 + 372 = 1452. February 336, March 372, halved and quartered by discounting: 168 and 93.
    """
    plan = solved(dataset(signed(term(4, 1.0, prepay_share=0.5)), discount_rate=HALVING))
    assert cash(plan, "lease") == pytest.approx({0: 1812, 1: 336, 2: 372})
    assert present(plan, "lease") == pytest.approx({0: 1452, 1: 168, 2: 93})


def test_full_horizon_end_charges_the_whole_term() -> None:
    """With end_of_horizon full, upfront, prepayments and fees beyond the horizon count, discounted.

    Term January to April, horizon January and February, a quarter prepaid: 2880 / 4 = 720 and upfront 100 in
    January. Rests: 558 + 504/2 + 558/4 + 540/8 = 558 + 252 + 139.50 + 67.50 = 1017. Together 1837.
    """
    offer = signed(term(4, 1.0, prepay_share=0.25, upfront_usd_per_unit=100))
    plan = solved(dataset(offer, months=2, discount_rate=HALVING, end_of_horizon="full"))
    assert costs(plan) == pytest.approx({"lease": 1837})
    assert cash(plan, "lease")[3] == pytest.approx(540)
    assert present(plan, "lease")[3] == pytest.approx(67.5)


def test_what_was_due_before_month_0_is_sunk() -> None:
    """A lease signed before the horizon owes only what falls due in it: no upfront, no prepayment.

    Signed in December for January to March, 40 % prepaid: rests 0.6 x (744 + 672 + 744) = 1296.
    """
    offer = signed(term(3, 1.0, prepay_share=0.4, upfront_usd_per_unit=999), month=-1, lead_months=1)
    assert costs(solved(dataset(offer))) == pytest.approx({"lease": 1296})


def test_a_lease_already_in_service_keeps_its_place_in_the_term() -> None:
    """A lease signed before month 0 is online and billed for the rest of its term only.

    Four months from November: January and February are left: 744 + 672 = 1416; March is bought: 2 x 744 = 1488.
    """
    plan = solved(dataset(signed(term(4, 1.0), month=-2), demand(1, months=3), on_demand(2.0)))
    assert costs(plan) == pytest.approx({"lease": 1416, "on_demand": 1488})


def test_a_lease_whose_term_ended_before_month_0_is_over() -> None:
    """A signed lease that ended in December neither serves nor costs, nor can it be renewed.

    January's demand is bought: 744 x 3 = 2232.
    """
    offer = signed(term(2, 1.0, renewals_max=2, renewal_months=3), month=-2)
    assert costs(solved(dataset(offer, demand(1), on_demand(3.0), months=1))) == pytest.approx({"on_demand": 2232})


@pytest.mark.parametrize(("end", "bill"), [("prorate", 0.0), ("full", 100 + 744 / 4 + 720 / 8)])
def test_a_signed_lease_that_starts_after_the_horizon(end: str, bill: float) -> None:
    """Signed in January for service from March, beyond a two-month horizon: nothing prorated, everything in full.

    Full: upfront 100 in January, March 744 / 4 = 186, April 720 / 8 = 90: 376.
    """
    offer = signed(term(2, 1.0, upfront_usd_per_unit=100), lead_months=2)
    plan = solved(dataset(offer, months=2, discount_rate=HALVING, end_of_horizon=end))
    assert plan.objective_usd == pytest.approx(bill)


def test_several_kinds_of_hardware_share_one_fee() -> None:
    """A mixed cluster is billed by the accelerators of all its hardware, and serves with each.

    3 H100 and 5 TPU at 1 USD: 8 x 744 = 5952; they serve 3 + 5 x 0.5 = 5.5 bn/day, all that is asked.
    """
    machines = [hardware(), hardware("TPU"), throughput(), throughput(hardware="TPU", bn_per_day=0.5)]
    plan = solved(dataset(machines, signed(term(1, 1.0), holds={"H100": 3, "TPU": 5}), demand(5.5), months=1))
    assert costs(plan) == pytest.approx({"lease": 5952})


def test_units_count_over_all_signings_together() -> None:
    """units_max bounds all signings of the horizon taken together.

    Demand 1 in January, 2 in February and March. Two units at most; a unit for each month it is needed, one-month
    terms at 1 USD, against on-demand at 2. The two longest months are January and March: 744 x 1 saved a unit.
    Leases 744 + 744 (either in January or March); the other three accelerator-months are bought. Needs
    744 + 2 x 672 + 2 x 744 = 3576 h; leased 1488 h, bought 2088 h x 2 = 4176.
    """
    plan = solved(dataset(lease("lease", term(1, 1.0), units_max=2), demand(1, 2, 2), on_demand(2.0)))
    assert costs(plan) == pytest.approx({"lease": 1488, "on_demand": 4176})


def test_a_lease_is_signed_only_inside_its_window() -> None:
    """Signing months lie from sign_from to sign_until.

    Only February: demand of 1 in all months is leased in February (672) and March (744), bought in January (2232).
    """
    offer = lease("lease", term(2, 1.0), sign_from=JAN + 1, sign_until=JAN + 1)
    plan = solved(dataset(offer, demand(1, months=3), on_demand(3.0)))
    assert costs(plan) == pytest.approx({"lease": 1416, "on_demand": 2232})


def test_an_excluded_lease_is_not_taken() -> None:
    """A lease of status excluded serves nothing, however cheap; here 744 x 3 = 2232 are bought."""
    offer = lease("lease", term(1, 0.01), status="excluded")
    assert costs(solved(dataset(offer, demand(1), on_demand(3.0), months=1))) == pytest.approx({"on_demand": 2232})


def test_a_signed_lease_needs_no_window_and_no_units_max() -> None:
    """A signed lease stands whatever units_max and the signing window say: 3 units x 744 = 2232."""
    offer = signed(term(1, 1.0), signed_units=3, units_max=1, sign_from=JAN + 2, sign_until=JAN + 2)
    assert costs(solved(dataset(offer))) == pytest.approx({"lease": 2232})


def test_a_signing_that_would_start_after_the_horizon_is_not_on_offer() -> None:
    """A lease whose lead time ends beyond the last month cannot be signed, so a rule that asks for it has no plan.

    With lead 2 it can be signed in January, for service in March: 744.
    """
    rule = Rule(rule="one", kind="at_least", offers=("lease",), count=1)
    assert solved_or_none(dataset(lease("lease", term(1, 1.0), lead_months=3), rule)) is None
    assert costs(solved(dataset(lease("lease", term(1, 1.0), lead_months=2), rule))) == pytest.approx({"lease": 744})


def test_terms_compete() -> None:
    """Of several terms the cheaper mix is taken.

    Three months: 3 x at 0.80 = 0.8 x 2160 = 1728 against one-month terms at 1.00 = 2160.
    """
    plan = solved(dataset(lease("lease", term(1, 1.0), term(3, 0.8), units_max=3), demand(1, months=3)))
    assert costs(plan) == pytest.approx({"lease": 1728})
    assert [each.term_months for each in plan.signings] == [3]
