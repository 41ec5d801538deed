"""Bills of leases that are cancelled or renewed, worked out by hand.

One accelerator serves 1 bn tokens a day. Hours: January 744, February 672, March 744, April 720, May 744.
A discount rate of 4095 a year halves money every month.
"""

from __future__ import annotations

from typing import Any

import pytest
from builders import cash, costs, dataset, demand, lease, lease_out, on_demand, present, solved, solved_or_none, term

from models.schema import Cap

HALVING = 4095.0


def signed(*terms: Any, month: int = 0, **columns: Any) -> list[Any]:
    return lease("lease", *terms, signed=month, **columns)


def test_a_lease_may_stop_after_lock_in_and_notice() -> None:
    """Service may stop after any service month e >= cancel_after_months + notice_months.

    Five months at 1 USD, cancel after 1 with 1 month's notice and no fee: it stops at once when it can,
    after February: 744 + 672 = 1416.
    """
    plan = solved(dataset(signed(term(5, 1.0, cancel_after_months=1, notice_months=1)), months=5))
    assert costs(plan) == pytest.approx({"lease": 1416})
    assert [(each.end, each.cancelled) for each in plan.signings] == [(1, True)]


def test_service_lasts_at_least_a_month() -> None:
    """A right to cancel after 0 months still leaves the first month of service: 744."""
    assert costs(solved(dataset(signed(term(3, 1.0, cancel_after_months=0))))) == pytest.approx({"lease": 744})


def test_the_termination_fee_counts_all_fees_after_the_stop() -> None:
    """The fee is termination_fee_share of every fee of the term after the stop, due in the month after it.

    Term January to May, horizon to March, a quarter as termination fee, stop after January: 744, then in
    February 0.25 x (672 + 744 + 720 + 744) = 0.25 x 2880 = 720: together 1464, less than staying (2160).
    """
    plan = solved(dataset(signed(term(5, 1.0, cancel_after_months=1, termination_fee_share=0.25))))
    assert cash(plan, "lease") == present(plan, "lease") == pytest.approx({0: 744, 1: 720})


def test_a_stop_that_costs_more_than_staying_is_not_taken() -> None:
    """Of all ends the cheapest is taken, the term's own included.

    Two months left to pay: 672 + 744 = 1416; all of it is due on a stop after January with share 1, so
    staying and serving February's demand (on-demand 3 x 672) is cheaper: 744 + 672 + 744 = 2160.
    """
    offer = signed(term(3, 1.0, cancel_after_months=1, termination_fee_share=1.0))
    plan = solved(dataset(offer, demand(0, 1, 0), on_demand(3.0)))
    assert costs(plan) == pytest.approx({"lease": 2160})


def test_a_termination_fee_due_after_the_horizon_is_not_counted_when_prorated() -> None:
    """With prorate a stop after the last month's service owes its fee beyond the horizon: nothing is counted.

    Term January to April, horizon January and February, stop after February: 744 + 672 = 1416 either way; in
    full the fee 0.5 x (744 + 720) = 732, due in March, is dearer than none of it but cheaper than staying
    (1464): 1416 + 732 = 2148; stopping after January would cost 744 + 0.5 x 2136 = 1812, but is not allowed.
    """
    offer = signed(term(4, 1.0, cancel_after_months=2, termination_fee_share=0.5))
    assert costs(solved(dataset(offer, months=2))) == pytest.approx({"lease": 1416})
    assert costs(solved(dataset(offer, months=2, end_of_horizon="full"))) == pytest.approx({"lease": 2148})


def test_rights_to_cancel_beyond_a_full_horizon_are_used() -> None:
    """With full the cheapest end is taken, even one whose notice falls beyond the horizon.

    Term January to June, cancel after 3 months with 1 month's notice: earliest stop after April, the horizon ends
    with February. 744 + 672 + 744 + 720 = 2880, in place of 744 + 720 more for May and June.
    """
    offer = signed(term(6, 1.0, cancel_after_months=3, notice_months=1))
    plan = solved(dataset(offer, months=2, end_of_horizon="full"))
    assert cash(plan, "lease") == pytest.approx({0: 744, 1: 672, 2: 744, 3: 720})


def test_a_signed_lease_cannot_stop_before_its_notice_has_run() -> None:
    """Notice is given in a month of the plan, so a lease running since autumn cannot stop before month notice_months.

    Lock-in is over; notice of 2 months given in January: last service month February: 744 + 672 = 1416.
    """
    offer = signed(term(12, 1.0, cancel_after_months=1, notice_months=2), month=-4)
    assert costs(solved(dataset(offer))) == pytest.approx({"lease": 1416})


def test_a_signed_lease_without_notice_can_stop_in_month_0() -> None:
    """Without notice a running lease can stop before January; its termination fee falls in January.

    Remaining fees January to March 744 + 672 + 744 = 2160, a tenth of them: 216.
    """
    offer = signed(term(5, 1.0, cancel_after_months=1, termination_fee_share=0.1), month=-2)
    assert cash(solved(dataset(offer)), "lease") == pytest.approx({0: 216})


def test_prepaid_fees_after_a_stop_are_lost() -> None:
    """What was prepaid for months after the stop is not refunded, and counts for the termination fee too.

    January to March, half prepaid: 1080. Stop after January: rest of January 372, termination
    0.1 x (672 + 744) = 141.60. Together 1593.60.
    """
    offer = signed(term(3, 1.0, prepay_share=0.5, cancel_after_months=1, termination_fee_share=0.1))
    plan = solved(dataset(offer))
    assert cash(plan, "lease") == pytest.approx({0: 1452, 1: 141.6})


def test_the_upfront_of_a_cancelled_lease_is_prorated_by_its_term() -> None:
    """The upfront counts by service months of the term inside the horizon, cancelled or not.

    Term 4, horizon 3, cancelled after January: upfront 400 x 3/4 = 300, fee 744.
    """
    offer = signed(term(4, 1.0, upfront_usd_per_unit=400, cancel_after_months=1))
    assert costs(solved(dataset(offer))) == pytest.approx({"lease": 1044})


def test_units_of_one_signing_may_end_apart() -> None:
    """Each unit has its own end.

    3 units signed in January for 3 months, free to stop each month; demand 3, 2, 1:
    3 x 744 + 2 x 672 + 744 = 2232 + 1344 + 744 = 4320.
    """
    offer = lease("lease", term(3, 1.0, cancel_after_months=1), units_max=3)
    plan = solved(dataset(offer, demand(3, 2, 1)))
    assert costs(plan) == pytest.approx({"lease": 4320})


def test_renewals_extend_service_at_their_price() -> None:
    """A renewal adds renewal_months at fee x renewal_price_multiple.

    January 744; renewed for February and March at 1.5: 1.5 x (672 + 744) = 2124. On-demand at 3 would cost 4248.
    """
    fixed = signed(term(1, 1.0, renewals_max=1, renewal_months=2, renewal_price_multiple=1.5))
    plan = solved(dataset(fixed, demand(1, months=3), on_demand(3.0)))
    assert costs(plan) == pytest.approx({"lease": 2868})
    assert [(each.end, each.renewals) for each in plan.signings] == [(2, 1)]


def test_renewals_are_at_most_so_many() -> None:
    """At most renewals_max renewals, one after another.

    January 744, two renewals February 672 and March 744, April bought at 3: 2160.
    """
    fixed = signed(term(1, 1.0, renewals_max=2, renewal_months=1))
    plan = solved(dataset(fixed, demand(1, months=4), on_demand(3.0), months=4))
    assert costs(plan) == pytest.approx({"lease": 2160, "on_demand": 2160})


def test_a_renewal_is_not_taken_unless_it_pays() -> None:
    """A lease is renewed only as often as that is cheapest.

    No demand after January: 744 and no renewal.
    """
    fixed = signed(term(1, 1.0, renewals_max=3, renewal_months=1))
    assert costs(solved(dataset(fixed, demand(1, 0, 0)))) == pytest.approx({"lease": 744})


def test_the_escalator_runs_on_through_renewals_and_nothing_is_prepaid() -> None:
    """In a renewal the escalator counts service months from the start of the lease; every fee falls in its month.

    12 months from March 2025, wholly prepaid and sunk; January and February 2026 are the 11th and 12th. Renewed
    for March (13th): 744 x 1.2 x 1.5 = 1339.20, against 2232 on demand.
    """
    columns: dict[str, Any] = {"prepay_share": 1.0, "escalator_per_year": 0.2, "renewal_price_multiple": 1.5}
    fixed = signed(term(12, 1.0, renewals_max=1, renewal_months=1, **columns), month=-10)
    plan = solved(dataset(fixed, demand(1, months=3), on_demand(3.0)))
    assert cash(plan, "lease") == pytest.approx({2: 1339.2})


def test_a_renewed_lease_keeps_its_ramp_level_and_derate() -> None:
    """A renewal bills what is online: delivered_share holds on.

    Half of 2 arrive: 744 in January, renewed in February 672.
    """
    fixed = signed(term(1, 1.0, renewals_max=1, renewal_months=1), holds=2, delivered_share=0.5)
    plan = solved(dataset(fixed, demand(1, months=2), months=2))
    assert costs(plan) == pytest.approx({"lease": 1416})


def test_a_cancelled_lease_is_not_renewed() -> None:
    """Who cancels cannot renew: service that is to go on after the term has to be kept through it.

    Two months, cancellable after one, renewable for March. Demand 1 in January and March only, on-demand at 4.
    Keep and renew: 744 + 672 + 744 = 2160. Cancel and buy March: 744 + 2976 = 3720.
    """
    fixed = signed(term(2, 1.0, cancel_after_months=1, renewals_max=1, renewal_months=1))
    assert costs(solved(dataset(fixed, demand(1, 0, 1), on_demand(4.0)))) == pytest.approx({"lease": 2160})


def test_there_is_no_right_to_cancel_a_renewal() -> None:
    """A renewal is owed whole, whatever right to cancel the term had.

    January, then a renewal of two months for February's demand: 744 + 672 + 744 = 2160, against on-demand 4 x 672.
    """
    fixed = signed(term(1, 1.0, cancel_after_months=0, renewals_max=1, renewal_months=2))
    assert costs(solved(dataset(fixed, demand(1, 1, 0), on_demand(4.0)))) == pytest.approx({"lease": 2160})


def test_a_renewal_that_reaches_beyond_the_horizon() -> None:
    """A renewal begun inside the horizon is charged to its last month in full, and to the horizon's when prorated.

    January 744, renewed for February to April: 672 prorated; 672 + 744 + 720 = 2136 in full.
    """
    fixed = signed(term(1, 1.0, renewals_max=1, renewal_months=3))
    rows = [fixed, demand(1, months=2), on_demand(9.0)]
    assert costs(solved(dataset(rows, months=2))) == pytest.approx({"lease": 1416})
    assert costs(solved(dataset(rows, months=2, end_of_horizon="full"))) == pytest.approx({"lease": 2880})


@pytest.mark.parametrize("end", ["prorate", "full"])
def test_nothing_is_renewed_beyond_the_horizon(end: str) -> None:
    """A renewal whose first month is beyond the horizon cannot be taken, even where a cap asks for fees still due.

    After January, its only month, a one-month lease owes nothing: a cap that asks for 100 USD due has no plan.
    """
    fixed = signed(term(1, 1.0, renewals_max=1, renewal_months=3))
    cap = Cap(cap="owe", measure="obligation_usd", scope="total", sense="min", value=100)
    assert solved_or_none(dataset(fixed, cap, months=1, end_of_horizon=end)) is None


def test_a_cancelled_lease_is_gone_for_lease_outs_too() -> None:
    """What stops is neither at work nor leased out.

    Three months at 1 USD, cancellable; a taker pays 3 USD in March only: worth keeping
    February idle: 744 + 672 + 744 = 2160 less 3 x 744 = 2232.
    """
    fixed = signed(term(3, 1.0, cancel_after_months=1), sublet=True)
    plan = solved(dataset(fixed, lease_out(hourly=3.0, lead_months=2)))
    assert costs(plan) == pytest.approx({"lease": 2160, "lease_out_income": -2232})


def test_discounting_a_termination_fee() -> None:
    """A termination fee counts at the month it is due.

    Stop after January: 744 + 0.5 x (672 + 744) / 2 = 744 + 354 = 1098; after February 744 + 336 + 93 = 1173.
    """
    fixed = signed(term(3, 1.0, cancel_after_months=1, termination_fee_share=0.5))
    plan = solved(dataset(fixed, discount_rate=HALVING))
    assert cash(plan, "lease") == pytest.approx({0: 744, 1: 708})
    assert costs(plan) == pytest.approx({"lease": 1098})
