"""Bills of contracts worked out by hand: blocks, tiers, take-or-pay, overage.

A block is one accelerator that serves 1 bn tokens a day, unless a test says otherwise. Hours: January 744,
February 672, March 744, April 720.
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
    hardware,
    lease_out,
    on_demand,
    present,
    ramp,
    segment,
    solved,
    solved_or_none,
)

from models.schema import Cap, ContractTier, LoadBlock, LoadShape

HALVING = 4095.0


def test_a_block_holds_its_power_over_the_power_of_an_accelerator() -> None:
    """Accelerators per block = block_mw x 1000 / kw, not only whole ones.

    0.012 MW / 1.6 kW = 7.5; 2 blocks = 15 accelerators x 1 USD x 744 h = 11160.
    """
    plan = solved(dataset(hardware(kw=1.6), contract(signed=0, blocks=2, block_mw=0.012), months=1))
    assert costs(plan) == pytest.approx({"contract": 11160})
    assert plan.online[0].accelerators == pytest.approx(15)


@pytest.mark.parametrize(("blocks", "rate"), [(2, 2.0), (3, 1.5), (4, 1.5)])
def test_all_units_tiers_bill_every_block_at_the_tier_reached(blocks: int, rate: float) -> None:
    """With all_units the rate of the tier reached holds for every block.

    From 1 block 2 USD, from 3 blocks 1.50: 2 blocks 2 x 2 x 744, 3 blocks 3 x 1.5 x 744, 4 blocks 4 x 1.5 x 744.
    """
    plan = solved(dataset(contract(tiers={1: 2.0, 3: 1.5}, signed=0, blocks=blocks), months=1))
    assert costs(plan) == pytest.approx({"contract": blocks * rate * 744})


def test_incremental_tiers_bill_each_block_at_its_own_rate() -> None:
    """With incremental the first two of three blocks cost 2 USD, the third 1.50.

    (2 + 2 + 1.5) x 744 = 4092.
    """
    plan = solved(dataset(contract(tiers={1: 2.0, 3: 1.5}, signed=0, blocks=3, tier_mode="incremental"), months=1))
    assert costs(plan) == pytest.approx({"contract": 4092})


def test_blocks_before_the_first_tier_bill_at_its_rate() -> None:
    """Where the first tier starts at min_blocks, the blocks before it cost what it says.

    From 2 blocks 1.50, from 4 blocks 1.00; 4 blocks: 3 x 1.5 + 1 = 5.5, x 744 = 4092.
    """
    offer = contract(tiers={2: 1.5, 4: 1.0}, signed=0, blocks=4, tier_mode="incremental", min_blocks=2)
    assert costs(solved(dataset(offer, months=1))) == pytest.approx({"contract": 4092})


def test_a_rate_by_power_is_a_rate_by_the_month() -> None:
    """usd_per_kw_month x kw / hours of the month is the rate per accelerator-hour, so months cost the same.

    1 accelerator of 1.5 kW at 800 USD: 1200 in January and in February.
    """
    rows = contract(signed=0, block_mw=0.0015)[:1]
    tier = ContractTier(contract="contract", from_blocks=1, usd_per_kw_month=800)
    plan = solved(dataset(hardware(kw=1.5), rows, tier, months=2))
    assert cash(plan, "contract") == pytest.approx({0: 1200, 1: 1200})


@pytest.mark.parametrize(("demanded", "hours"), [(0.5, 1.2 * 744), (1.5, 1.5 * 744)])
def test_take_or_pay_bills_a_share_of_hours_online_at_least(demanded: float, hours: float) -> None:
    """The bill is rate x max(take_or_pay_share x hours online, hours used).

    2 blocks, 60 %: 1.2 x 744 h at least; demand 0.5 uses less and 1.5 more. Rate 2.
    """
    offer = contract(tiers=2.0, signed=0, blocks=2, take_or_pay_share=0.6)
    assert costs(solved(dataset(offer, demand(demanded), months=1))) == pytest.approx({"contract": 2 * hours})


def test_hours_used_add_up_over_the_load_blocks_of_a_month() -> None:
    """What counts for take-or-pay is the month's total, not each load block's.

    2 blocks at 50 %; all of the day's 1 bn falls in 12 of 24 hours: 2 at work then, none at night, 12 x 2 of 48 h
    a day used: no more than the half that is billed anyway: 744 x 1.
    """
    shape = [
        LoadBlock(block="day", hours_per_day=12),
        LoadBlock(block="night", hours_per_day=12),
        LoadShape(segment="chat", block="day", multiplier=2),
        LoadShape(segment="chat", block="night", multiplier=0),
    ]
    offer = contract(signed=0, blocks=2, take_or_pay_share=0.5)
    assert costs(solved(dataset(shape, offer, demand(1), months=1))) == pytest.approx({"contract": 744})


def test_incremental_tiers_take_the_maximum_tier_by_tier() -> None:
    """With incremental tiers hours used fall where the bill is least.

    A block at 2 and a block at 1 USD, half of each billed anyway: 0.5 x 2 + 0.5 x 1. Demand 1.5 uses 0.5 more,
    which goes to the second: 1 + 1 = 2 x 744 = 1488.
    """
    offer = contract(tiers={1: 2.0, 2: 1.0}, signed=0, blocks=2, tier_mode="incremental", take_or_pay_share=0.5)
    assert costs(solved(dataset(offer, demand(1.5), months=1))) == pytest.approx({"contract": 1488})


def test_overage_is_billed_on_top_at_its_multiple() -> None:
    """Use above what is online, up to overage_share of it, costs the rate times overage_price_multiple.

    2 blocks at 1.50, demand 4, overage up to half: 2 x 1.5 + 1 x 1.5 x 2 = 6 x 744 = 4464; 1 on demand 7 x 744.
    """
    offer = contract(tiers=1.5, signed=0, blocks=2, overage_share=0.5, overage_price_multiple=2.0)
    plan = solved(dataset(offer, demand(4), on_demand(7.0), months=1))
    assert costs(plan) == pytest.approx({"contract": 4464, "on_demand": 5208})


@pytest.mark.parametrize(("mode", "bill"), [("all_units", 2 * 1 + 1 * 1 * 1.5), ("incremental", 2 + 1 + 1 * 2 * 1.5)])
def test_the_rate_of_overage(mode: str, bill: float) -> None:
    """Overage costs a multiple of the tier's rate with all_units, of the first tier's with incremental.

    From 1 block 2 USD, from 2 blocks 1 USD; 2 blocks and 1 accelerator over at 1.5 times:
    all units (2 x 1 + 1.5) x 744 = 2604, incremental (2 + 1 + 3) x 744 = 4464.
    """
    columns: dict[str, Any] = {"overage_share": 0.5, "overage_price_multiple": 1.5}
    offer = contract(tiers={1: 2.0, 2: 1.0}, signed=0, blocks=2, tier_mode=mode, **columns)
    assert costs(solved(dataset(offer, demand(3), months=1))) == pytest.approx({"contract": bill * 744})


def test_overage_is_beyond_the_reserve_margin_and_pays_usage() -> None:
    """Overage is not reduced by reserve_margin, pays the usage charge, and does not count towards take-or-pay.

    2 blocks, a quarter kept free: 1.5 at work, 1 more as overage. Bill 3 x 744 = 2232, usage 0.1 x 2.5 x 744 = 186.
    """
    offer = contract(signed=0, blocks=2, overage_share=0.5, usage_usd_per_accelerator_hour=0.1)
    plan = solved(dataset(offer, demand(2.5), months=1, reserve_margin=0.25))
    assert costs(plan) == pytest.approx({"contract": 2232, "usage": 186})


CHEAP = {"take_or_pay_share": 0.0, "overage_share": 0.5, "overage_price_multiple": 0.5}
"""An hour of overage costs half of one within what is online."""


@pytest.mark.parametrize(("asked", "hours"), [(1.0, 1.0), (2.0, 2.0), (2.5, 2.0 + 0.5 * 0.5), (3.0, 2.0 + 1.0 * 0.5)])
def test_cheap_overage_begins_above_what_is_online(asked: float, hours: float) -> None:
    """Overage is use above what is online, at whatever price: 2 blocks at 1 USD are used up before any at 0.50."""
    plan = solved(dataset(contract(signed=0, blocks=2, **CHEAP), demand(asked), months=1))
    assert costs(plan) == pytest.approx({"contract": hours * 744})


def test_overage_at_the_first_tiers_rate_waits_for_the_second_tier() -> None:
    """Incremental tiers at 1 and 3 USD: an hour of the second block comes before overage at 1 USD.

    2 wanted of 2 blocks: (1 + 3) x 744; 2.5 wanted: 0.5 x 744 more.
    """
    columns = {**CHEAP, "overage_price_multiple": 1.0, "tier_mode": "incremental"}
    for asked, hours in ((2.0, 4.0), (2.5, 4.5)):
        offer = contract(tiers={1: 1.0, 2: 3.0}, signed=0, blocks=2, **columns)
        plan = solved(dataset(offer, demand(asked), months=1))
        assert costs(plan) == pytest.approx({"contract": hours * 744})


def test_overage_waits_for_a_dearer_tier_that_is_priced_otherwise() -> None:
    """A first tier at 744 USD per kW and month is 1 USD an hour in January: it comes before overage, as does one at 3.

    2 wanted of 2 blocks: (1 + 3) x 744.
    """
    columns = {**CHEAP, "overage_price_multiple": 1.0, "tier_mode": "incremental"}
    (offer, *_) = contract(signed=0, blocks=2, **columns)
    power = ContractTier(contract="contract", from_blocks=1, usd_per_kw_month=744.0)
    hourly = ContractTier(contract="contract", from_blocks=2, usd_per_accelerator_hour=3.0)
    plan = solved(dataset(offer, power, hourly, demand(2.0), months=1))
    assert costs(plan) == pytest.approx({"contract": 4.0 * 744})


def test_cheap_overage_begins_where_the_pool_is_down_to_its_margin() -> None:
    """Of 2 owned and 2 blocks a quarter is kept: 3 work, then overage at 0.50 comes before none of them.

    3.5 wanted: 2 owned and 1 block at work, the pool has no more to give: (1 + 0.5 x 0.5) x 744. 2.5 wanted: 0.5 of a
    block, although overage would cost half of it.
    """
    rows = [fleet(accelerators=2), contract(signed=0, blocks=2, **CHEAP)]
    for asked, hours in ((3.5, 1.25), (2.5, 0.5)):
        plan = solved(dataset(*rows, demand(asked), months=1, reserve_margin=0.25))
        assert costs(plan) == pytest.approx({"contract": hours * 744})


def test_cheap_overage_may_begin_while_others_stand_idle() -> None:
    """Once all of a contract is at work its overage is used before dearer capacity of others.

    2 wanted: 1 block at 1 USD, then 0.5 of overage at 0.50, then 0.5 on demand at 7 USD; the second contract, at 9 USD,
    stands idle.
    """
    rows = [contract("near", signed=0, **CHEAP), contract("far", 9.0, signed=0, take_or_pay_share=0.0)]
    plan = solved(dataset(*rows, on_demand(7.0), demand(2.0), months=1))
    assert costs(plan) == pytest.approx({"contract": 1.25 * 744, "on_demand": 0.5 * 7 * 744})


def test_overage_does_not_lift_spending_while_what_is_online_stands_idle() -> None:
    """A cap from below on cash is not kept by overage in place of use: 744 USD are asked for and 372 can be paid."""
    offer = contract(signed=0, take_or_pay_share=0.0, overage_share=0.5, overage_price_multiple=2.0)
    least = Cap(cap="least", measure="cash_usd", scope="total", sense="min", value=744.0, per="month")
    assert solved_or_none(dataset(offer, demand(0.5), least, months=1)) is None
    assert costs(solved(dataset(offer, demand(1.0), least, months=1))) == pytest.approx({"contract": 744})


def test_overage_at_the_same_price_is_told_as_use() -> None:
    """Where overage costs what use does, a plan has the work done by what is online, as the terms bill it."""
    offers = [
        contract(signed=0, blocks=2, overage_share=0.5, take_or_pay_share=share, min_spend_usd_per_year=least)
        for share in (0.0, 0.5, 1.0)
        for least in (0.0, 50000.0)
    ]
    for offer in offers:
        plan = solved(dataset(offer, demand(1.0), months=1))
        assert [(use.accelerators, use.overage) for use in plan.source_use] == [(1.0, 0.0)]


def test_overage_counts_nothing_towards_take_or_pay() -> None:
    """Hours used are those within what is online: overage in one load block does not fill the minimum of another.

    1 block, 80 % take-or-pay, demand 1 all in 12 hours: 1 within and 1 over by day, none at night. Used 0.5, billed
    0.8 x 744 = 595.20, overage 12 x 31 = 372 h: 967.20.
    """
    shape = [
        LoadBlock(block="day", hours_per_day=12),
        LoadBlock(block="night", hours_per_day=12),
        LoadShape(segment="chat", block="day", multiplier=2),
        LoadShape(segment="chat", block="night", multiplier=0),
    ]
    offer = contract(signed=0, blocks=1, take_or_pay_share=0.8, overage_share=1.0)
    assert costs(solved(dataset(shape, offer, demand(1), months=1))) == pytest.approx({"contract": 967.2})


def test_prepayment_covers_the_take_or_pay_part() -> None:
    """prepay_share of every month's take-or-pay minimum is paid when signing, the rest of the bill in its month.

    80 % take-or-pay, half prepaid, all used, January to March, money halved every month: January 0.4 x 2160 = 864 plus
    0.6 x 744 = 446.40; February 0.6 x 672 = 403.20 / 2; March 446.40 / 4.
    """
    offer = contract(signed=0, take_or_pay_share=0.8, prepay_share=0.5)
    plan = solved(dataset(offer, demand(1, months=3), discount_rate=HALVING))
    assert cash(plan, "contract") == pytest.approx({0: 1310.4, 1: 403.2, 2: 446.4})
    assert present(plan, "contract") == pytest.approx({0: 1310.4, 1: 201.6, 2: 111.6})


def test_a_prepayment_is_prorated_in_the_objective_and_whole_in_cash() -> None:
    """Prepaid minimums of months beyond the horizon are paid in cash, and not counted when prorated.

    January to March, wholly prepaid, horizon January: cash 2160, objective 744.
    """
    plan = solved(dataset(contract(signed=0, prepay_share=1.0), months=1))
    assert cash(plan, "contract") == pytest.approx({0: 2160})
    assert present(plan, "contract") == pytest.approx({0: 744})


def test_the_upfront_is_paid_once_whatever_the_blocks() -> None:
    """upfront_usd is paid in the month of signing, once, and prorated by service months inside the horizon.

    3 blocks, service from February for 4 months, 2 of them inside: 1000 x 2/4 = 500; bills 3 x (672 + 744) = 4248.
    """
    offer = contract(signed=0, blocks=3, term_months=4, lead_months=1, upfront_usd=1000)
    plan = solved(dataset(offer))
    assert cash(plan, "contract") == pytest.approx({0: 1000, 1: 2016, 2: 2232})
    assert costs(plan) == pytest.approx({"contract": 4748})


def test_ramp_escalator_and_derate_act_on_contracts() -> None:
    """Hours online carry delivered_share and the ramp's capacity, the rate its multiplier and the escalator.

    4 blocks at 1 USD of which 3 arrive. Service since February 2025, so January 2026 is month 12 and February month 13.
    The ramp has half capacity at 0.8 times the rate up to month 12: 3 x 0.5 x 744 x 0.8 = 892.80. Then 3 x 672 x 1.1 =
    2217.60.
    """
    steps = ramp("slow", (1, 0.5, 0.8), (13, 1.0, 1.0))
    offer = contract(
        signed=-11,
        blocks=4,
        term_months=24,
        delivered_share=0.75,
        ramp="slow",
        escalator_per_year=0.1,
        prepay_share=0.0,
    )
    assert cash(solved(dataset(steps, offer, months=2)), "contract") == pytest.approx({0: 892.8, 1: 2217.6})


def test_what_was_prepaid_before_month_0_is_sunk() -> None:
    """A contract signed before the horizon owes only what is not prepaid, from month 0 on.

    Signed in December for four months, 25 % prepaid: 0.75 x (744 + 672 + 744) = 1620.
    """
    offer = contract(signed=-1, term_months=4, prepay_share=0.25, upfront_usd=5000)
    assert costs(solved(dataset(offer))) == pytest.approx({"contract": 1620})


def test_usage_is_charged_for_what_is_used() -> None:
    """The usage charge of a contract falls on hours used, the bill on hours online.

    2 x 744 = 1488, usage 0.5 x 744 x 0.2 = 74.40.
    """
    offer = contract(signed=0, blocks=2, usage_usd_per_accelerator_hour=0.2)
    assert costs(solved(dataset(offer, demand(0.5), months=1))) == pytest.approx({"contract": 1488, "usage": 74.4})


def test_blocks_lie_between_the_least_and_the_most() -> None:
    """A contract is signed with min_blocks to max_blocks.

    Demand 1: at least 2 blocks, 2 x 744. Demand 4: at most 3 blocks, the fourth on demand at 5.
    """
    offer = contract(min_blocks=2, max_blocks=3, term_months=1)
    assert costs(solved(dataset(offer, demand(1), months=1))) == pytest.approx({"contract": 1488})
    plan = solved(dataset(offer, demand(4), on_demand(5.0), months=1))
    assert costs(plan) == pytest.approx({"contract": 2232, "on_demand": 3720})


def test_more_blocks_than_needed_are_signed_where_the_tier_makes_them_cheaper() -> None:
    """With all_units a further block may lower the whole bill.

    3 blocks at 2 USD = 6, 4 blocks at 1 USD = 4: x 744 = 2976.
    """
    offer = contract(tiers={1: 2.0, 4: 1.0}, max_blocks=5, term_months=1)
    assert costs(solved(dataset(offer, demand(3), months=1))) == pytest.approx({"contract": 2976})


def test_a_contract_is_signed_once_at_most() -> None:
    """One signing only: a one-month contract serves one of two months.

    January is the dearer month to buy (744 x 3 against 672 x 3): contract 744, on-demand 2016.
    """
    plan = solved(dataset(contract(term_months=1), demand(1, months=2), on_demand(3.0), months=2))
    assert costs(plan) == pytest.approx({"contract": 744, "on_demand": 2016})


def test_a_contract_is_signed_inside_its_window_and_not_for_service_beyond_the_horizon() -> None:
    """Signing months lie in the window; lead time and earliest month put service later.

    Signing only in February with lead 1: service in March, January and February on demand: (744 + 672) x 2; with
    lead 2 it cannot be signed, and nothing else serves.
    """
    window: dict[str, Any] = {"sign_from": JAN + 1, "sign_until": JAN + 1, "term_months": 1}
    plan = solved(dataset(contract(lead_months=1, **window), demand(1, months=3), on_demand(2.0)))
    assert costs(plan) == pytest.approx({"contract": 744, "on_demand": 2832})
    assert solved_or_none(
        dataset(contract(lead_months=2, **window), demand(1, months=3), on_demand(2.0, t=0), months=3)
    )
    assert solved_or_none(dataset(contract(lead_months=2, **window), demand(0, 0, 1))) is None


def test_an_excluded_contract_is_not_taken() -> None:
    """A contract of status excluded serves nothing, however cheap: 744 x 3 = 2232 are bought."""
    offer = contract(tiers=0.01, status="excluded")
    assert costs(solved(dataset(offer, demand(1), on_demand(3.0), months=1))) == pytest.approx({"on_demand": 2232})


def test_a_contract_whose_term_ended_before_month_0_is_over() -> None:
    """A signed contract that ended in December neither serves nor costs nor owes a minimum: 744 x 3 are bought."""
    over = contract(signed=-3, term_months=3, min_spend_usd_per_year=90000)
    assert costs(solved(dataset(over, demand(1), on_demand(3.0), months=1))) == pytest.approx({"on_demand": 2232})


def test_a_contract_is_not_leased_out() -> None:
    """Contracts cannot be sublet: a taker gets the fleet's accelerator and no more.

    1 of the fleet at 0 and 1 block: income 3 x 744, once of two units.
    """
    plan = solved(dataset(contract(signed=0), fleet(), lease_out(hourly=3.0, units_max=2), months=1))
    assert costs(plan) == pytest.approx({"contract": 744, "lease_out_income": -2232})


def test_deferrable_work_fills_what_is_paid_for_anyway() -> None:
    """A segment that can wait uses the hours that take-or-pay bills in any case.

    1 block: by day 1 at work for chat (0.5 bn all in 12 hours), by night free for 0.5 bn of batch: 744 in all.
    """
    rows = [
        LoadBlock(block="day", hours_per_day=12),
        LoadBlock(block="night", hours_per_day=12),
        segment("chat"),
        segment("batch", timing="deferrable"),
        LoadShape(segment="chat", block="day", multiplier=2),
        LoadShape(segment="chat", block="night", multiplier=0),
        demand(0.5),
        demand(0.5, segment="batch"),
    ]
    plan = solved(dataset(rows, contract(signed=0), on_demand(9.0), months=1))
    assert costs(plan) == pytest.approx({"contract": 744})
