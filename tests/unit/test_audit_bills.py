"""The audit comes to the same bills as paper: contracts, ends of the horizon, discounting, service."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import builders as b
import pytest
from unit.plans import changed, online, pay, serve, short, signing, use

from models.audit import audit
from models.dataset import Dataset
from models.plan import LimitChoice, OnDemandUse, Payment, Plan
from models.schema import Limit


def accepted(dataset: Dataset, plan: Plan) -> bool:
    """Whether the audit accepts this plan, and none with any one of its payments a hundredth higher."""
    higher = [
        changed(plan, "payments", place, cash_usd=1.01 * each.cash_usd, present_value_usd=1.01 * each.present_value_usd)
        for place, each in enumerate(plan.payments)
    ]
    report = audit(dataset, plan, objective_usd=plan.objective_usd)
    assert report.passed, [(check.rule, check.where, check.found, check.limit) for check in report.failed]
    return not any(audit(dataset, each).passed for each in higher)


def contract_plan(
    *payments: Payment, blocks: int = 4, used: tuple[float, ...] = (), month: int = 0, months: int = 1, term: int = 1,
    **columns: Any,
) -> Plan:  # fmt: skip
    """A contract signed in `month`, all blocks online at once in the months of the horizon, `used` of them at work."""
    inside = [t for t in range(months) if month <= t < month + term]
    return Plan(
        signings=(signing("deal", month, term, month, month + term - 1, "contract", units=blocks, **columns),),
        serving=tuple(serve(t, accelerators) for t, accelerators in enumerate(used) if accelerators),
        source_use=tuple(
            use(t, accelerators, "deal", "contract", term_months=term)
            for t, accelerators in enumerate(used)
            if accelerators
        ),
        online=tuple(online(t, blocks, "deal", "contract", term_months=term) for t in inside),
        payments=payments,
    )


@pytest.mark.parametrize(("used", "bill"), [(1, 2232), (2, 2232), (3, 2976), (4, 4464)])
def test_incremental_tiers_take_the_least_bill(used: int, bill: float) -> None:
    """Hours above take-or-pay fall on the cheap blocks first.

    Two blocks at $2 and two at $1, half paid in any case: 0.5 x 2 x 744 x (2 + 1) = 2232 covers use of
    two. The third's 744 hours fall on the cheap blocks' other half, at $1: 2976; the fourth's at $2: 4464.
    """
    dataset = b.dataset(
        b.demand(used),
        b.contract("deal", {1: 2, 3: 1}, blocks=4, term_months=1, take_or_pay_share=0.5, tier_mode="incremental"),
        months=1,
    )
    plan = contract_plan(*pay("contract", "deal", {0: bill}, "hyper"), used=(used,))
    assert accepted(dataset, plan)


@pytest.mark.parametrize(("mode", "bill"), [("all_units", 4464), ("incremental", 7440)])
def test_blocks_below_the_first_tier_bill_at_its_rate(mode: str, bill: float) -> None:
    """Tiers from 3 at $2 and from 5 at $1, six blocks.

    Per block 744 hours: all units 6 x $1 x 744 = 4464; each at its own: blocks 1-4 at $2, 5-6 at $1:
    (8 + 2) x 744 = 7440.
    """
    dataset = b.dataset(
        b.contract("deal", {3: 2, 5: 1}, blocks=6, min_blocks=3, term_months=1, tier_mode=mode), months=1
    )
    assert accepted(dataset, contract_plan(*pay("contract", "deal", {0: bill}, "hyper"), blocks=6))


def test_a_rate_by_the_kw_month_bills_every_month_alike() -> None:
    """$500 a kW-month on 4 kW is 2000 in January and, though shorter, in February."""
    deal = b.contract("deal", 0, blocks=4, term_months=2)
    dataset = b.dataset(deal, months=2)
    tier = replace(dataset.contract_tiers[0], usd_per_accelerator_hour=None, usd_per_kw_month=500.0)
    dataset = replace(dataset, contract_tiers=(tier,))
    plan = contract_plan(*pay("contract", "deal", {0: 2000, 1: 2000}, "hyper"), months=2, term=2)
    assert accepted(dataset, plan)


def test_a_block_holds_accelerators_by_their_power() -> None:
    """Two blocks of 4 kW hold two accelerators of 2 kW each: 4 online, 0.008 MW, 8 kW at $500 are 4000."""
    dataset = b.dataset(b.hardware(kw=2), b.contract("deal", 0, blocks=2, block_mw=0.004, term_months=1), months=1)
    tier = replace(dataset.contract_tiers[0], usd_per_accelerator_hour=None, usd_per_kw_month=500.0)
    plan = Plan(
        signings=(signing("deal", 0, 1, 0, 0, "contract", units=2),),
        online=(replace(online(0, 4, "deal", "contract", term_months=1), mw=0.008),),
        payments=tuple(pay("contract", "deal", {0: 4000}, "hyper")),
    )
    assert accepted(replace(dataset, contract_tiers=(tier,)), plan)


def test_ramp_and_escalator_carry_a_contracts_rate() -> None:
    """Signed 12 months ago at $1, 4 blocks, a tenth more a year; the ramp bills three quarters from month 14.

    Service month 13 is January: 4 x 744 x 1.1 = 3273.60; month 14: 4 x 672 x 1.1 x 0.75 = 2217.60.
    """
    dataset = b.dataset(
        b.contract("deal", 1, term_months=14, signed=-12, blocks=4, escalator_per_year=0.1, ramp="slow"),
        b.ramp("slow", (1, 1, 1), (14, 1, 0.75)),
        months=2,
    )
    plan = contract_plan(
        *pay("contract", "deal", {0: 3273.6, 1: 2217.6}, "hyper"), month=-12, months=2, term=14, signed=True
    )
    assert accepted(dataset, plan)


@pytest.mark.parametrize(
    ("end_of_horizon", "payments"),
    [
        ("prorate", {0: 744, 1: 672 + 584}),
        ("full", {0: 744, 1: 672, 2: 744, 3: 720 + 1120}),
    ],
)
def test_minimum_spend_counts_the_months_inside(end_of_horizon: str, payments: dict[int, float]) -> None:
    """A year cut by the horizon counts pro rata, one that runs on is not cut.

    One block at $1, 4 months, at least 12000 a year. Inside two months: 2000 - 744 - 672 = 584 more in
    February. In full, all four: 4000 - 744 - 672 - 744 - 720 = 1120 more in April, the term's last month.
    """
    dataset = b.dataset(
        b.contract("deal", 1, term_months=4, min_spend_usd_per_year=12000), months=2, end_of_horizon=end_of_horizon
    )
    plan = contract_plan(*pay("contract", "deal", payments, "hyper"), blocks=1, months=2, term=4)
    assert accepted(dataset, plan)


def test_minimum_spend_of_a_year_under_way_counts_from_month_0() -> None:
    """Signed 11 months ago: January ends the first year, February and March begin the second.

    At least 12000 a year: January 1000 against 744 billed; February and March 2000 against 672 + 744 = 1416,
    584 more in March.
    """
    dataset = b.dataset(b.contract("deal", 1, term_months=24, signed=-11, min_spend_usd_per_year=12000), months=3)
    plan = contract_plan(
        *pay("contract", "deal", {0: 1000, 1: 672, 2: 744 + 584}, "hyper"),
        blocks=1, month=-11, months=3, term=24, signed=True,
    )  # fmt: skip
    assert accepted(dataset, plan)


def test_a_contracts_prepayment_counts_for_months_inside() -> None:
    """One block at $1 for 4 months, half prepaid, upfront 400, the horizon ends after two.

    Cash in January: 400 + 0.5 x (744 + 672 + 744 + 720) + 372 = 2212; the objective counts 400 x 2/4 +
    0.5 x (744 + 672) + 372 = 1280. February: 336.
    """
    dataset = b.dataset(b.contract("deal", 1, term_months=4, prepay_share=0.5, upfront_usd=400), months=2)
    plan = contract_plan(*pay("contract", "deal", {0: (2212, 1280), 1: 336}, "hyper"), blocks=1, months=2, term=4)
    assert accepted(dataset, plan)


def test_money_is_discounted_from_the_start_of_its_month() -> None:
    """At 21 % a year a dollar of month 6 is worth 1/1.1 of one today, one of month 12 1/1.21.

    A lease by the unit and month at $110, delivered from July, is paid in months 6 and 12.
    """
    ramp = b.ramp("now and then", (1, 1, 1), (2, 1, 0), (7, 1, 1.1))
    dataset = b.dataset(
        b.lease("old", b.term(7, monthly=110, ramp="now and then"), lead_months=6),
        ramp,
        months=13,
        discount_rate=0.21,
    )
    plan = Plan(
        signings=(signing("old", 0, 7, 6, 12),),
        online=tuple(online(t, 1, "old", "lease", term_months=7) for t in range(6, 13)),
        payments=tuple(pay("lease", "old", {6: (110, 100), 12: (121, 100)}, "neo")),
    )
    assert accepted(dataset, plan)


def test_full_horizon_owes_what_comes_after() -> None:
    """With `full`, a lease cancelled beyond the horizon counts to its end, and a lease-out's income inside it only.

    One month of horizon. A lease of 4 months at $1000 may stop with a month's notice after 2: it stops after
    February, half of March and April is due in March: 1000, 1000, 1000. Lent out for two months at $1: 744 come in.
    """
    dataset = b.dataset(
        b.lease("stop", b.term(4, monthly=1000, cancel_after_months=1, notice_months=1, termination_fee_share=0.5)),
        b.fleet(accelerators=1),
        b.lease_out("out", 1, 2),
        months=1,
        end_of_horizon="full",
    )
    plan = Plan(
        signings=(signing("stop", 0, 4, 0, 1, cancelled=True), signing("out", 0, 2, 0, 1, "lease_out")),
        online=(online(0, 1), online(0, 1, "stop", "lease", term_months=4)),
        payments=(
            *pay("lease", "stop", {0: 1000, 1: 1000, 2: 1000}, "neo"),
            *pay("lease_out_income", "out", {0: -744}),
        ),
    )
    assert accepted(dataset, plan)


def test_a_signed_lease_may_stop_before_the_plan_begins() -> None:
    """Without notice a lease signed two months ago may stop at the start of month 0.

    Three of its five months at $1000 are left; half of them, 1500, is due in January.
    """
    terms = b.term(5, monthly=1000, cancel_after_months=1, termination_fee_share=0.5)
    dataset = b.dataset(b.lease("old", terms, signed=-2), months=2)
    plan = Plan(
        signings=(signing("old", -2, 5, -2, -1, cancelled=True, signed=True),),
        payments=tuple(pay("lease", "old", {0: 1500}, "neo")),
    )
    assert accepted(dataset, plan)


def test_what_is_over_before_the_plan_begins_may_be_left_out() -> None:
    """A signed lease whose last month was December asks for nothing, said or not."""
    dataset = b.dataset(b.lease("old", b.term(2, monthly=1000), signed=-2), months=1)
    row = signing("old", -2, 2, -2, -1, signed=True)
    assert audit(dataset, Plan()).passed
    assert audit(dataset, Plan(signings=(row,))).passed


def test_on_demand_follows_its_price_path() -> None:
    """A price holds until the next: $2 in January and February, $1 from March; 1 accelerator throughout."""
    dataset = b.dataset(b.demand(1, months=3), b.on_demand(2), b.on_demand(1, 2))
    plan = Plan(
        serving=tuple(serve(t, 1) for t in range(3)),
        on_demand=tuple(OnDemandUse(t, "day", "spot", "us", "H100", 1.0) for t in range(3)),
        payments=tuple(pay("on_demand", "spot us H100", {0: 1488, 1: 1344, 2: 744}, "spot")),
    )
    assert accepted(dataset, plan)


def test_a_price_moves_demand_by_its_elasticity() -> None:
    """A quarter of the price at elasticity -0.5 doubles demand and halves revenue: 2 a day, 15500 of 31000 left."""
    limit = Limit(segment="chat", limit="cheap", price_multiplier=0.25)
    dataset = b.dataset(
        b.segment(revenue_usd_per_mtok=1, price_elasticity=-0.5), b.demand(1), limit, b.fleet(accelerators=2), months=1
    )
    plan = Plan(
        limits=(LimitChoice("chat", 0, "cheap"),),
        serving=(serve(0, 2),),
        source_use=(use(0, 2),),
        online=(online(0, 2),),
        payments=tuple(pay("revenue_forgone", "chat", {0: (0, 15500)})),
    )
    assert accepted(dataset, plan)


@pytest.mark.parametrize("timing", ["interactive", "deferrable"])
def test_tokens_short_cost_their_price(timing: str) -> None:
    """One of two billion a day falls short at $0.50 a Mtok; money loses 21 % a year.

    January: 31000 Mtok x 0.5 = 15500, February 28000 x 0.5 = 14000 and worth 14000 x 1.21^(-1/12); no cash.
    """
    dataset = b.dataset(
        b.segment(shortfall_usd_per_mtok=0.5, max_shortfall_share=0.5, timing=timing),
        b.demand(2, months=2),
        b.fleet(),
        months=2,
        discount_rate=0.21,
    )
    block = "" if timing == "deferrable" else "day"
    plan = Plan(
        serving=(serve(0, 1), serve(1, 1)),
        shortfalls=(short(0, 1, block), short(1, 1, block)),
        source_use=(use(0, 1), use(1, 1)),
        online=(online(0, 1), online(1, 1)),
        payments=tuple(pay("shortfall", "chat", {0: (0, 15500), 1: (0, 14000 * 1.21 ** (-1 / 12))})),
    )
    assert accepted(dataset, plan)


def test_every_unit_leased_out_brings_its_income() -> None:
    """Three units of two accelerators for a month at $1.50: 3 x 2 x 744 x 1.5 = 6696 come in."""
    dataset = b.dataset(b.fleet(accelerators=6), b.lease_out("out", 1.5, accelerators=2, units_max=3), months=1)
    plan = Plan(
        signings=(signing("out", 0, 1, 0, 0, "lease_out", units=3),),
        online=(online(0, 6),),
        payments=tuple(pay("lease_out_income", "out", {0: -6696})),
    )
    assert accepted(dataset, plan)
