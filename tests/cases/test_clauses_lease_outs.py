"""The lessor's contract, bill by bill: what a taker pays over a term, and what a recall costs.

Unless said otherwise there is one own accelerator, no demand, and the taker pays 1 USD an hour: January 744,
February 672, March 744, April 720, May 744.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from builders import (
    JAN,
    cash,
    costs,
    dataset,
    demand,
    fleet,
    hardware,
    lease_out,
    on_demand,
    present,
    ramp,
    solved,
    throughput,
)

from models.audit import audit
from models.checks import check
from models.roll import roll_forward
from models.schema import LeaseOutHardware

HALVING = 4095.0
"""(1 + 4095)^(-1/12) = 1/2: each month halves the value of money."""
RECALLED: dict[str, Any] = {"recall_after_months": 1, "recall_notice_months": 1, "recall_fee_share": 0.25}


def test_a_taker_pays_as_a_lease_would() -> None:
    """Upfront and prepaid share come when signed; fees follow ramp and escalator.

    Signed thirteen months before, service months 14 to 16 in January to March: 744 x 1.5, 672 x 1.5, 744 x 1.5; half of
    each was prepaid long ago. Another signed now, two months: 100 upfront, half of 372 x 0.5 and 672 prepaid.
    """
    old = lease_out("old", term_months=20, signed=-13, prepay_share=0.5, escalator_per_year=0.5)
    plan = solved(dataset(fleet(), old))
    assert cash(plan, "lease_out_income") == pytest.approx({0: -558, 1: -504, 2: -558})
    new = lease_out(
        term_months=2, ramp="slow", upfront_usd_per_unit=100, prepay_share=0.5, sign_until=JAN, lead_months=1
    )
    plan = solved(dataset(fleet(), ramp("slow", (1, 0.5, 0.5), (2, 1.0, 1.0)), new))
    first, second = 672 * 0.5 * 0.5, 744
    assert cash(plan, "lease_out_income") == pytest.approx(
        {0: -100 - (first + second) / 2, 1: -first / 2, 2: -second / 2}
    )


def test_half_a_unit_is_leased_out_while_it_ramps_up() -> None:
    """What a taker does not yet have works for us: half of the accelerator serves in January, nothing in February."""
    rows = [fleet(), demand(0.5, 0.5), on_demand(10.0), ramp("slow", (1, 0.5, 1.0), (2, 1.0, 1.0))]
    plan = solved(dataset(rows, lease_out(hourly=9.0, term_months=2, ramp="slow", sign_until=JAN), months=2))
    assert costs(plan) == pytest.approx({"lease_out_income": -9 * (372 + 672), "on_demand": 10 * 0.5 * 672})


@pytest.mark.parametrize("end", ["prorate", "full"])
def test_income_for_service_beyond_the_horizon_counts_at_no_end(end: str) -> None:
    """Of 120 upfront and of fees prepaid for four months the objective counts the two inside; cash is all of it."""
    out = lease_out(term_months=4, upfront_usd_per_unit=120, prepay_share=1.0, sign_until=JAN)
    plan = solved(dataset(fleet(), out, months=2, end_of_horizon=end))
    assert cash(plan, "lease_out_income") == pytest.approx({0: -120 - 744 - 672 - 744 - 720})
    assert costs(plan) == pytest.approx({"lease_out_income": -60 - 744 - 672})


def test_a_unit_is_recalled_when_it_is_worth_more_at_home() -> None:
    """Recalled for April, notice given in March: a quarter of the fees of April and May is paid back.

    Demand of 1 in April and May would cost 10 USD an hour on demand. Income 744 + 672 + 744, fee (720 + 744) / 4 = 366.
    """
    rows = [fleet(), demand(0, 0, 0, 1, 1), on_demand(10.0)]
    plan = solved(dataset(rows, lease_out(term_months=5, sign_until=JAN, **RECALLED), months=5))
    assert cash(plan, "lease_out_income") == pytest.approx({0: -744, 1: -672, 2: -744, 3: 366})
    [signing] = plan.signings
    assert (signing.end, signing.cancelled) == (2, True)


def test_prepaid_fees_are_paid_back_as_far_as_they_counted() -> None:
    """Recalled for February with everything prepaid: the fees of February, March and April go back, 672 + 744 + 720.

    The objective counted those of February and March, 1416, when they came, and takes these alone off again. The
    upfront stays. On demand February and March would cost 20 x 1416; the recall fee is 10 % of 2136.
    """
    out = lease_out(
        term_months=4, prepay_share=1.0, upfront_usd_per_unit=80, recall_after_months=0, recall_fee_share=0.1,
        sign_until=JAN,
    )  # fmt: skip
    plan = solved(dataset([fleet(), demand(0, 1, 1), on_demand(20.0)], out))
    assert cash(plan, "lease_out_income") == pytest.approx({0: -80 - 744 - 2136, 1: 213.6 + 2136})
    assert present(plan, "lease_out_income") == pytest.approx({0: -60 - 744 - 1416, 1: 213.6 + 1416})


def test_there_is_no_recall_before_its_months_and_notice() -> None:
    """After one month and one of notice a unit is back in March at the earliest: February is bought on demand."""
    rows = [fleet(), demand(0, 1, 1), on_demand(2.0)]
    out = lease_out(hourly=1.0, term_months=3, signed=0, recall_after_months=1, recall_notice_months=1)
    plan = solved(dataset(rows, out))
    assert costs(plan) == pytest.approx({"lease_out_income": -744 - 672, "on_demand": 2 * 672})


def test_notice_of_a_recall_is_given_inside_the_horizon() -> None:
    """A taker of long ago with two months of notice: back in March, however long ago the term began."""
    rows = [fleet(), demand(1, 1, 1), on_demand(2.0)]
    plan = solved(dataset(rows, lease_out(term_months=24, signed=-6, recall_after_months=0, recall_notice_months=2)))
    assert costs(plan) == pytest.approx({"lease_out_income": -1416, "on_demand": 2 * 1416})


def test_a_mixed_cluster_takes_of_every_pool() -> None:
    """A unit of one H100 and two TPUs is billed for three; with one TPU at home it cannot be leased out."""
    rows = [hardware(), hardware("TPU"), throughput(), throughput(hardware="TPU"), fleet()]
    out = lease_out(hardware=None, accelerators=None)
    parts = [
        LeaseOutHardware(lease_out="out", hardware="H100", accelerators=1.0),
        LeaseOutHardware(lease_out="out", hardware="TPU", accelerators=2.0),
    ]
    plan = solved(dataset(rows, out, parts, fleet("tpus", 2.0, "TPU"), months=1))
    assert costs(plan) == pytest.approx({"lease_out_income": -3 * 744})
    assert costs(solved(dataset(rows, out, parts, fleet("tpus", 1.0, "TPU"), months=1))) == {}


def test_money_that_comes_when_signed_is_taken_early() -> None:
    """Service begins in March at the earliest; the upfront of 100 is worth most in January."""
    out = lease_out(service_not_before=JAN + 2, upfront_usd_per_unit=100)
    plan = solved(dataset(fleet(), out, discount_rate=HALVING))
    assert cash(plan, "lease_out_income") == pytest.approx({0: -100, 2: -744})


def test_hardware_is_named_in_one_of_two_ways() -> None:
    """A lease-out that names its hardware in both ways, or in none, is a fault of the cell too much or empty."""
    part = LeaseOutHardware(lease_out="out", hardware="H100", accelerators=1.0)
    both = check(dataset(fleet(), lease_out(), part))
    neither = check(dataset(fleet(), lease_out(hardware=None, accelerators=None)))
    half = check(dataset(fleet(), lease_out(accelerators=None)))
    found = [(fault.sheet, fault.column) for faults in (both, neither, half) for fault in faults]
    assert found == [("lease_outs", "hardware"), ("lease_outs", "hardware"), ("lease_outs", "accelerators")]


def test_a_recall_decided_stands_in_the_next_round() -> None:
    """Notice given in March: in April's round service ends with March and the 366 are still to be paid."""
    rows = [fleet(), demand(0, 0, 0, 1, 1), on_demand(10.0)]
    data = dataset(rows, lease_out(term_months=5, sign_until=JAN, **RECALLED), months=5)
    plan = solved(data)
    early = roll_forward(data, plan, 2, 3).dataset
    [out] = early.lease_outs
    assert (out.status, out.term_months, out.recall_after_months) == ("signed", 5, 1)
    assert costs(solved(early)) == pytest.approx({"lease_out_income": -744 + 366})
    rolled = roll_forward(data, plan, 3, 2).dataset
    assert rolled.lease_outs == ()
    assert costs(solved(rolled)) == pytest.approx({"lease": 366})


def test_fees_paid_back_that_no_plan_counted_are_told_of() -> None:
    """Prepaid for January to April, recalled for March: 744 go back and, uncounted, 720 of April, beyond the horizon.

    The round of March owes both. Where it is one month long April is still beyond it, where it is three it is not.
    """
    terms = {"term_months": 4, "prepay_share": 1.0, "recall_after_months": 1, "recall_notice_months": 1}
    data = dataset(fleet(), demand(0, 0, 1), on_demand(20.0), lease_out(sign_until=JAN, **terms))
    plan = solved(data)
    assert present(plan, "lease_out_income") == pytest.approx({0: -744 - 672 - 744, 2: 744})
    rolled = roll_forward(data, plan, 2, 1)
    assert costs(solved(rolled.dataset)) == pytest.approx({"lease": 744 + 720})
    [note] = rolled.notes
    assert "720 of it are prepaid fees of months beyond" in note
    assert roll_forward(data, plan, 2, 3).notes == ()


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("cancelled_as_allowed", {"end": 0}),
        ("service_ends_when_due", {"cancelled": False}),
        ("units_within_offer", {"units": 2}),
        ("payments_in_cash", {"end": 3}),
    ],
)
def test_a_recall_told_otherwise_is_rejected(rule: str, change: dict[str, Any]) -> None:
    """The audit finds a recall before its time, one not marked, more units than there are, and another bill."""
    rows = [fleet(), demand(0, 0, 0, 1, 1), on_demand(10.0)]
    data = dataset(rows, lease_out(term_months=5, sign_until=JAN, **RECALLED), months=5)
    plan = solved(data)
    told = replace(plan, signings=tuple(replace(each, **change) for each in plan.signings))
    assert rule in {check.rule for check in audit(data, told).failed}
