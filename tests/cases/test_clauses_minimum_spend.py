"""Minimum spend of contracts, worked out by hand.

A block is one accelerator at 1 USD an hour, so a month's bill is its hours: January 744, February 672,
March 744, April 720, May 744, June 720. The minimum is 12000 USD a year, 1000 for a month of it.
"""

from __future__ import annotations

from typing import Any

import pytest
from builders import cash, contract, costs, dataset, demand, present, solved

from models.build import build_model

HALVING = 4095.0


def minimum(**columns: Any) -> list[Any]:
    return contract(**{"signed": 0, "term_months": 12, "min_spend_usd_per_year": 12000} | columns)


def test_a_year_cut_by_the_horizon_counts_pro_rata() -> None:
    """Bills are topped up to the minimum for the months inside the horizon, in the last of them.

    3 of 12 months: 3000 - (744 + 672 + 744) = 840, in March.
    """
    plan = solved(dataset(minimum()))
    assert cash(plan, "contract") == pytest.approx({0: 744, 1: 672, 2: 744 + 840})


def test_a_year_cut_by_the_term_counts_pro_rata() -> None:
    """A term of less than a year owes the minimum of its months, in its last.

    Two months: 2000 - 1416 = 584, in February.
    """
    plan = solved(dataset(minimum(term_months=2)))
    assert cash(plan, "contract") == pytest.approx({0: 744, 1: 672 + 584})


def test_contract_years_are_topped_up_by_themselves() -> None:
    """Each contract year of 12 service months has its own top-up, in its last month inside.

    Service since February 2025: January 2026 is the last month of year one, 1000 - 744 = 256; February and March
    begin year two, 2000 - 1416 = 584, due in March.
    """
    plan = solved(dataset(minimum(signed=-11, term_months=24)))
    assert cash(plan, "contract") == pytest.approx({0: 1000, 1: 672, 2: 744 + 584})


def test_bills_above_the_minimum_are_not_topped_up() -> None:
    """No top-up where the bills reach the minimum: 2 blocks bill 2 x 2160 = 4320 > 3000."""
    assert costs(solved(dataset(minimum(blocks=2)))) == pytest.approx({"contract": 4320})


def test_months_of_a_year_make_up_for_each_other() -> None:
    """What counts is the year's sum: high use in one month makes up for low use in another.

    2 blocks, nothing taken or paid, demand 2, 0.5, 2: 1488 + 336 + 1488 = 3312 > 3000, no top-up.
    """
    plan = solved(dataset(minimum(blocks=2, take_or_pay_share=0.0), demand(2, 0.5, 2)))
    assert costs(plan) == pytest.approx({"contract": 3312})


def test_use_is_free_up_to_the_minimum() -> None:
    """What is used up to the minimum only lowers the top-up.

    No take-or-pay, demand 1 in January only: 744, top-up 3000 - 744 = 2256, together 3000.
    """
    plan = solved(dataset(minimum(take_or_pay_share=0.0), demand(1, 0, 0)))
    assert cash(plan, "contract") == pytest.approx({0: 744, 2: 2256})


def test_overage_counts_and_usage_and_upfront_do_not() -> None:
    """Minimum spend counts bills and overage, not usage charges or upfronts.

    A month, minimum 1000: bill 744 and overage 0.25 x 744 = 186 make 930: top-up 70. Upfront 120 x 1/12 = 10, usage
    0.1 x 1.25 x 744 = 93.
    """
    plan = solved(
        dataset(
            minimum(overage_share=0.25, upfront_usd=120, usage_usd_per_accelerator_hour=0.1), demand(1.25), months=1
        )
    )
    assert costs(plan) == pytest.approx({"contract": 744 + 186 + 70 + 10, "usage": 93})


def test_prepaid_bills_count_in_their_service_month() -> None:
    """A prepayment is part of the bills of its months, so it makes no difference to the top-up.

    January: 3 months prepaid 2160; March: 3000 - 2160 = 840, a quarter of it after discounting.
    """
    plan = solved(dataset(minimum(term_months=3, prepay_share=1.0), discount_rate=HALVING))
    assert cash(plan, "contract") == pytest.approx({0: 2160, 2: 840})
    assert present(plan, "contract") == pytest.approx({0: 2160, 2: 210})


def test_a_full_horizon_end_does_not_cut_a_year() -> None:
    """With full the contract year runs on: later months bill the take-or-pay minimum, the top-up falls in its last.

    Term January to June, half taken or paid, demand 1 up to the horizon's end in February. Bills 744 + 672, then half
    of 744, 720, 744, 720: 372 + 360 + 372 + 360 = 1464. Minimum 6 x 1000: top-up 6000 - 1416 - 1464 = 3120 in June.
    """
    plan = solved(dataset(minimum(term_months=6, take_or_pay_share=0.5), demand(1, 1), months=2, end_of_horizon="full"))
    assert cash(plan, "contract") == pytest.approx({0: 744, 1: 672, 2: 372, 3: 360, 4: 372, 5: 360 + 3120})


def test_a_contract_year_wholly_beyond_a_full_horizon_is_topped_up() -> None:
    """With full a contract year that starts after the horizon owes its minimum too.

    Service from February 2025 for 14 months, horizon January 2026: year one ends in January, 1000 - 744 = 256; year two
    is February and March, 2000 - 1416 = 584, due in March.
    """
    plan = solved(dataset(minimum(signed=-11, term_months=14), months=1, end_of_horizon="full"))
    assert cash(plan, "contract") == pytest.approx({0: 1000, 1: 672, 2: 744 + 584})


@pytest.mark.parametrize(
    ("columns", "topped_up"),
    [
        ({"signed": 0, "blocks": 1}, True),
        ({"signed": 0, "blocks": 2}, False),
        ({"min_blocks": 2}, False),
        ({"min_blocks": 2, "take_or_pay_share": 0.5}, True),
        ({"min_blocks": 2, "tiers": {2: 1.0, 3: 0.4}, "tier_mode": "all_units"}, True),
        ({"min_blocks": 2, "tiers": {2: 1.0, 3: 0.4}, "tier_mode": "incremental"}, False),
        ({"min_blocks": 2, "delivered_share": 0.5}, True),
    ],
)
def test_only_years_whose_minimum_can_be_missed_have_top_ups(columns: dict[str, Any], topped_up: bool) -> None:
    """3000 USD of January to March are owed, and a block at 1 USD bills 2160 if all of it is taken or paid.

    Two bill 4320; of all-units tiers three blocks at 0.4 bill 2592; where half is delivered, or taken or paid, 2160.
    """
    offer = contract(**{"term_months": 12, "min_spend_usd_per_year": 12000.0, "max_blocks": 3} | columns)
    model = build_model(dataset(offer))
    assert (model.pyomo.component("top_up") is not None) == topped_up
