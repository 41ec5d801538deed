"""Bills: lines that a pocket calculator recomputes, and that add up to what is paid."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import builders as b
import pytest

from models.dataset import Dataset
from planner.results.bills import BillRow, bills

BILLED = ("lease", "contract", "usage", "on_demand", "fleet", "lease_out_income")


def lines(data: Dataset) -> list[BillRow]:
    """The bills of the best plan; each line is its own product, and they add up to what is paid."""
    plan = b.solved(data)
    found = bills(data, plan)
    for each in found:
        counted = each.units if each.hours is None else each.hours
        assert each.amount == pytest.approx(counted * each.rate * each.escalator - each.prepaid)
    told, paid = defaultdict[Any, float](float), defaultdict[Any, float](float)
    for each in found:
        told[each.month, each.offer] += each.amount
    for payment in plan.payments:
        if payment.category in BILLED and payment.month in data.horizon and payment.cash_usd:
            paid[payment.month, payment.offer] += payment.cash_usd
    assert told == pytest.approx(paid)
    return found


def test_use_above_take_or_pay_is_billed_at_the_cheapest_tier_reached() -> None:
    """Three incremental blocks at 3.4, 3.4 and 3.0 USD, four fifths taken or paid, all used, and half a block on top.

    January has 744 hours. The cheap tier bills all of its 744; 2 x 0.8 x 744 of the first are paid anyhow, the rest of
    the use, 2 x 0.2 x 744, falls on it too; overage is at 1.3 times the first tier's rate.
    """
    tiers = {1: 3.4, 3: 3.0}
    deal = b.contract(
        "deal", tiers, term_months=1, signed=0, blocks=3, tier_mode="incremental", take_or_pay_share=0.8,
        overage_share=0.5, overage_price_multiple=1.3, status="signed",
    )  # fmt: skip
    found = {each.tier: each for each in lines(b.dataset(deal, b.demand(3.5), b.on_demand(99.0), months=1))}
    assert found["from block 3"].hours == pytest.approx(744)
    assert found["from block 1"].hours == pytest.approx(2 * 744)
    assert found["overage"].hours == pytest.approx(0.5 * 744)
    assert found["overage"].rate == pytest.approx(1.3 * 3.4)
    assert sum(each.amount for each in found.values()) == pytest.approx(744 * (3.0 + 2 * 3.4 + 0.5 * 1.3 * 3.4))


def test_use_that_does_not_fill_the_tiers_falls_on_the_cheap_one_first() -> None:
    """2.5 of 3 blocks used: 2.4 are paid anyhow, a tenth more falls on the cheaper tier."""
    deal = b.contract(
        "deal", {1: 3.4, 3: 3.0}, term_months=1, signed=0, blocks=3, tier_mode="incremental", take_or_pay_share=0.8
    )
    found = {each.tier: each for each in lines(b.dataset(deal, b.demand(2.5), months=1))}
    assert found["from block 3"].hours == pytest.approx(0.9 * 744)
    assert found["from block 1"].hours == pytest.approx(1.6 * 744)


def test_prepaid_parts_escalators_and_ramps_are_told() -> None:
    """A contract half prepaid that ramps up in a month and escalates after twelve, and a rent cut by what arrives."""
    steps = b.ramp("slow", (1, 0.5, 0.8), (2, 1.0, 1.0))
    rows = [
        b.contract("deal", 2.0, term_months=14, signed=0, blocks=2, ramp="slow", prepay_share=0.5,
                   escalator_per_year=0.1, upfront_usd=7.0),
        b.lease("rent", b.term(13, monthly=100.0, escalator_per_year=0.2, upfront_usd_per_unit=5.0),
                signed=0, delivered_share=0.75),
        steps,
    ]  # fmt: skip
    found = lines(b.dataset(rows, b.demand(0.0, months=14), months=14))
    of = {(each.offer, each.month, each.tier): each for each in found}
    january, thirteenth = of["deal", 0, "from block 1"], of["deal", 12, "from block 1"]
    assert (january.hours, january.rate) == (pytest.approx(2 * 0.5 * 744), pytest.approx(1.6))
    assert january.prepaid == pytest.approx(0.5 * 744 * 1.6)
    assert (thirteenth.rate, thirteenth.escalator) == (pytest.approx(2.0), pytest.approx(1.1))
    assert of["deal", 0, "upfront"].amount == pytest.approx(7.0)
    assert of["rent", 12, "13 months"].amount == pytest.approx(75.0 * 1.2)


def test_a_lease_that_is_cancelled_owes_a_share_of_the_fees_left() -> None:
    """Ended after January: a tenth of the fees of February and March, 672 and 744 hours at 1 USD."""
    cancelled = b.term(3, 1.0, cancel_after_months=1, termination_fee_share=0.1)
    found = lines(b.dataset(b.lease("stop", cancelled, signed=0), b.demand(1.0, 0.0, 0.0), months=3))
    amounts = {each.tier: each.amount for each in found}
    assert amounts == pytest.approx({"3 months": 744.0, "termination fee, 10 % of the fees left": 0.1 * (672 + 744)})


def test_a_lease_that_is_renewed_has_the_rate_of_its_renewal() -> None:
    """February's 672 hours at one and a half times 1 USD, cheaper than 1.6 on demand."""
    renewed = b.term(1, 1.0, renewals_max=1, renewal_months=1, renewal_price_multiple=1.5)
    rows = [b.lease("roll", renewed, signed=0), b.on_demand(1.6)]
    found = {each.tier: each for each in lines(b.dataset(rows, b.demand(1.0, 1.0, 0.0), months=3))}
    assert (found["renewal"].hours, found["renewal"].rate) == (pytest.approx(672.0), pytest.approx(1.5))
    assert found["1 month"].amount == pytest.approx(744.0)
