"""The audit at the edges of what is allowed: the last good month, tier, unit and the first bad one."""

from __future__ import annotations

from dataclasses import replace

import builders as b
import pytest
from unit.plans import changed, online, pay, serve, signing, use

from models.audit import audit
from models.dataset import Dataset
from models.plan import LimitChoice, OnDemandUse, OptionPurchase, Plan
from models.schema import Cap, Limit, LoadBlock, LoadShape, Option, Rule


def broken(dataset: Dataset, plan: Plan) -> set[str]:
    """The rules the audit finds broken."""
    return {check.rule for check in audit(dataset, plan).failed}


def rights(dataset: Dataset, plan: Plan) -> set[str]:
    """The rules on signings found broken; what follows from them in capacity and money is left out."""
    return {rule for rule in broken(dataset, plan) if "allowed" in rule or "when_due" in rule or "recorded" in rule}


@pytest.mark.parametrize(("renewals", "kept"), [(0, True), (1, True), (2, True), (3, False), (4, False)])
def test_the_last_renewal_starts_in_the_last_month(renewals: int, kept: bool) -> None:
    """A lease of 2 months, renewed by 1 up to 4 times: in 4 months the second renewal starts in the last."""
    terms = b.term(2, monthly=1, renewals_max=4, renewal_months=1)
    dataset = b.dataset(b.lease("roll", terms), months=4)
    plan = Plan(signings=(signing("roll", 0, 2, 0, 1 + renewals, renewals=renewals),))
    assert rights(dataset, plan) == (set() if kept else {"renewed_as_allowed"})


@pytest.mark.parametrize(
    ("month", "end", "full", "kept"),
    [
        (0, 2, False, False),
        (0, 3, False, True),
        (0, 4, False, True),
        (0, 5, False, False),
        (0, 5, True, True),
        (-9, -9 + 12, False, True),
    ],
)
def test_the_last_notice_is_given_in_the_last_month(month: int, end: int, full: bool, kept: bool) -> None:
    """Two months and two of notice: of a horizon of 4 the last notice, in month 3, stops service after month 4.

    With `full` it may be given later. Signed nine months ago it may be given in any month of the plan.
    """
    terms = b.term(20, monthly=1, cancel_after_months=2, notice_months=2)
    lease = b.lease("stop", terms, signed=month if month < 0 else None)
    dataset = b.dataset(lease, months=4, end_of_horizon="full" if full else "prorate")
    plan = Plan(signings=(signing("stop", month, 20, month, end, cancelled=True, signed=month < 0),))
    assert rights(dataset, plan) == (set() if kept else {"cancelled_as_allowed"})


@pytest.mark.parametrize(("end", "kept"), [(0, False), (1, True), (2, True)])
def test_notice_is_given_in_a_month_of_the_plan(end: int, kept: bool) -> None:
    """A lease signed nine months ago cannot stop before month 2, its months of notice."""
    terms = b.term(20, monthly=1, cancel_after_months=0, notice_months=2)
    dataset = b.dataset(b.lease("stop", terms, signed=-9), months=4)
    plan = Plan(signings=(signing("stop", -9, 20, -9, end, cancelled=True, signed=True),))
    assert rights(dataset, plan) == (set() if kept else {"cancelled_as_allowed"})


@pytest.mark.parametrize(("end", "kept"), [(0, False), (1, True)])
def test_a_lease_serves_a_month_before_it_is_cancelled(end: int, kept: bool) -> None:
    """Even with no months and no notice to wait for, service stops after a service month, not before the first."""
    dataset = b.dataset(b.lease("stop", b.term(3, monthly=1, cancel_after_months=0)), months=4)
    plan = Plan(signings=(signing("stop", 1, 3, 1, end, cancelled=True),))
    assert rights(dataset, plan) == (set() if kept else {"cancelled_as_allowed"})


@pytest.mark.parametrize(("month", "kept"), [(-2, True), (-1, False)])
def test_only_what_ended_before_month_0_is_over(month: int, kept: bool) -> None:
    """A signed lease of two months may be left out when its last was December, not when it was January."""
    dataset = b.dataset(b.lease("old", b.term(2, monthly=0), signed=month), months=1)
    assert rights(dataset, Plan()) == (set() if kept else {"signed_as_recorded"})


def test_a_mixed_lease_brings_and_bills_all_its_hardware() -> None:
    """Two units of 2 H100 of 1 kW and a TPU of 2 kW at $1: 4 and 2 online, both 0.004 MW, 6 x 744 = 4464."""
    dataset = b.dataset(
        b.hardware(),
        b.hardware("TPU", 2),
        b.lease("mixed", b.term(1, 1), holds={"H100": 2, "TPU": 1}, units_max=2),
        months=1,
    )
    tpus = replace(online(0, 2, "mixed", "lease", term_months=1, hardware="TPU"), mw=0.004)
    plan = Plan(
        signings=(signing("mixed", 0, 1, 0, 0, units=2),),
        online=(online(0, 4, "mixed", "lease", term_months=1), tpus),
        payments=tuple(pay("lease", "mixed", {0: 4464}, "neo")),
    )
    assert audit(dataset, plan).passed
    assert broken(dataset, changed(plan, "online", 1, mw=0.002)) == {"online_as_agreed"}


def test_service_waits_for_the_month_agreed() -> None:
    """Signed in January with a lead of one month, service agreed for March starts in March."""
    dataset = b.dataset(
        b.lease("late", b.term(1, monthly=10), lead_months=1, service_not_before=b.JAN + 2, sign_until=b.JAN), months=3
    )
    plan = Plan(
        signings=(signing("late", 0, 1, 2, 2),),
        online=(online(2, 1, "late", "lease", term_months=1),),
        payments=tuple(pay("lease", "late", {2: 10}, "neo")),
    )
    assert audit(dataset, plan).passed
    assert "service_starts_when_due" in broken(dataset, changed(plan, "signings", 0, start=1))


def test_a_fleet_runs_through_its_last_month() -> None:
    """An asset until February costs $1 an hour in January and February and nothing in March."""
    dataset = b.dataset(b.fleet(until_month=b.JAN + 1, usd_per_accelerator_hour=1))
    plan = Plan(online=(online(0, 1), online(1, 1)), payments=tuple(pay("fleet", "own", {0: 744, 1: 672}, "us-inc")))
    assert audit(dataset, plan).passed


@pytest.mark.parametrize(("blocks", "mode", "bill"), [(3, "all_units", 4464), (4, "all_units", 4464)])
def test_the_tier_reached_holds_from_its_own_block(blocks: int, mode: str, bill: float) -> None:
    """At $2 up to three blocks 3 x 2 x 744 = 4464; the fourth reaches $1.50: 4 x 1.5 x 744 = 4464."""
    dataset = b.dataset(b.contract("deal", {1: 2, 4: 1.5}, blocks=4, term_months=1, tier_mode=mode), months=1)
    plan = Plan(
        signings=(signing("deal", 0, 1, 0, 0, "contract", units=blocks),),
        online=(online(0, blocks, "deal", "contract", term_months=1),),
        payments=tuple(pay("contract", "deal", {0: bill}, "hyper")),
    )
    assert audit(dataset, plan).passed


def test_three_incremental_tiers_bill_their_own_blocks() -> None:
    """Two blocks at $3, two at $2, two at $1, half of each delivered: 12 x 744 x 0.5 = 4464, 3 online."""
    dataset = b.dataset(
        b.contract("deal", {1: 3, 3: 2, 5: 1}, blocks=6, term_months=1, tier_mode="incremental", delivered_share=0.5),
        months=1,
    )
    plan = Plan(
        signings=(signing("deal", 0, 1, 0, 0, "contract", units=6),),
        online=(online(0, 3, "deal", "contract", term_months=1),),
        payments=tuple(pay("contract", "deal", {0: 4464}, "hyper")),
    )
    assert audit(dataset, plan).passed


def test_a_ramp_holds_nothing_before_its_first_row() -> None:
    """A block at $1 ramped from service month 2, half of it at first: nothing, 0.5 x 672, 744."""
    dataset = b.dataset(
        b.contract("deal", 1, term_months=3, ramp="slow"), b.ramp("slow", (2, 0.5, 1), (3, 1, 1)), months=3
    )
    plan = Plan(
        signings=(signing("deal", 0, 3, 0, 2, "contract"),),
        online=tuple(online(t, n, "deal", "contract", term_months=3) for t, n in ((1, 0.5), (2, 1))),
        payments=tuple(pay("contract", "deal", {1: 336, 2: 744}, "hyper")),
    )
    assert audit(dataset, plan).passed


def test_overage_of_incremental_tiers_costs_the_first_tiers_rate() -> None:
    """Two blocks at $2 and $1, one more accelerator in overage at 1.5 times $2: 3 x 744 + 3 x 744 = 4464."""
    dataset = b.dataset(
        b.demand(3),
        b.contract(
            "deal", {1: 2, 2: 1}, blocks=2, term_months=1, tier_mode="incremental", overage_share=0.5,
            overage_price_multiple=1.5,
        ),
        months=1, reserve_margin=0.0,
    )  # fmt: skip
    plan = Plan(
        signings=(signing("deal", 0, 1, 0, 0, "contract", units=2),),
        serving=(serve(0, 3),),
        source_use=(use(0, 2, "deal", "contract", term_months=1, overage=1.0),),
        online=(online(0, 2, "deal", "contract", term_months=1),),
        payments=tuple(pay("contract", "deal", {0: 4464}, "hyper")),
    )
    assert audit(dataset, plan).passed


def test_nothing_is_sold_on_demand_before_its_first_month() -> None:
    """A price from February on sells nothing in January."""
    dataset = b.dataset(b.demand(1), b.on_demand(2, 1), months=1)
    plan = Plan(serving=(serve(0, 1),), on_demand=(OnDemandUse(0, "day", "spot", "us", "H100", 1.0),))
    assert broken(dataset, plan) == {"on_demand_within_cap"}


def test_each_segment_has_its_own_shape() -> None:
    """Chat by day alone, code evenly: 6 and 3 a day over two half days are 15 and 3 accelerators at work."""
    dataset = b.dataset(
        b.segment(),
        b.segment("code"),
        b.demand(6),
        b.demand(3, segment="code"),
        LoadBlock(block="am", hours_per_day=12),
        LoadBlock(block="pm", hours_per_day=12),
        LoadShape(segment="chat", block="am", multiplier=2),
        LoadShape(segment="chat", block="pm", multiplier=0),
        b.fleet(accelerators=15),
        months=1,
    )
    plan = Plan(
        serving=(serve(0, 6, "am"), serve(0, 1.5, "am", segment="code"), serve(0, 1.5, "pm", segment="code")),
        source_use=(use(0, 15, block="am"), use(0, 3, block="pm")),
        online=(online(0, 15),),
    )
    assert audit(dataset, plan).passed


@pytest.mark.parametrize(("site", "cash"), [("hall", 10 + 744), ("yard", 0)])
def test_a_site_has_the_cash_of_all_that_stands_there(site: str, cash: float) -> None:
    """A lease at $10 a month and a contract's block at $1 an hour stand in the hall, not where they are named after."""
    dataset = b.dataset(
        b.lease("neo1", b.term(1, monthly=10), site="hall"), b.contract("deal", 1, term_months=1, site="hall"), months=1
    )
    plan = Plan(
        signings=(signing("neo1", 0, 1, 0, 0), signing("deal", 0, 1, 0, 0, "contract")),
        online=(
            online(0, 1, "neo1", "lease", term_months=1, site="hall"),
            online(0, 1, "deal", "contract", term_months=1, site="hall"),
        ),
        payments=(*pay("lease", "neo1", {0: 10}, "neo"), *pay("contract", "deal", {0: 744}, "hyper")),
    )
    for value, kept in ((cash, True), (cash - 1, False)):
        cap = Cap(cap="edge", measure="cash_usd", scope="site", name=site, sense="max", value=value)
        assert broken(replace(dataset, caps=(cap,)), plan) == (set() if kept else {"cap_cash_usd"})


def test_a_contract_is_a_site_however_it_is_paid() -> None:
    """Training runs at a contract's site whose hours are all paid, and with half of them paid in any case."""
    for share in (1.0, 0.5):
        dataset = b.dataset(
            b.segment(single_site=True),
            b.demand(1),
            b.contract("deal", 1, term_months=1, take_or_pay_share=share),
            months=1,
        )
        plan = Plan(
            signings=(signing("deal", 0, 1, 0, 0, "contract"),),
            serving=(serve(0, 1, site="deal"),),
            source_use=(use(0, 1, "deal", "contract", term_months=1),),
            online=(online(0, 1, "deal", "contract", term_months=1),),
            payments=tuple(pay("contract", "deal", {0: 744}, "hyper")),
        )
        assert broken(dataset, plan) == set()


def test_single_site_work_runs_on_a_lease_too() -> None:
    """Training runs at the site of a lease as it does on one's own."""
    dataset = b.dataset(b.segment(single_site=True), b.demand(1), b.lease("neo1", b.term(1, monthly=0)), months=1)
    plan = Plan(
        signings=(signing("neo1", 0, 1, 0, 0),),
        serving=(serve(0, 1, site="neo1"),),
        source_use=(use(0, 1, "neo1", "lease", term_months=1),),
        online=(online(0, 1, "neo1", "lease", term_months=1),),
    )
    assert audit(dataset, plan).passed


@pytest.mark.parametrize("sublet", [True, False])
def test_a_lease_is_leased_out_only_where_it_may_be(sublet: bool) -> None:
    """A lease's accelerator is leased out again where the lease says so."""
    dataset = b.dataset(b.lease("neo1", b.term(1, monthly=0), sublet=sublet), b.lease_out("out", 0), months=1)
    plan = Plan(
        signings=(signing("neo1", 0, 1, 0, 0), signing("out", 0, 1, 0, 0, "lease_out")),
        online=(online(0, 1, "neo1", "lease", term_months=1),),
    )
    assert broken(dataset, plan) == (set() if sublet else {"lease_outs_within_sublet"})


def test_an_excluded_offer_does_not_count_as_signed() -> None:
    """An offer excluded though its signed columns are filled in satisfies no rule that requires it."""
    excluded = b.lease("gone", b.term(1, monthly=1), status="excluded", signed_month=b.JAN - 3)
    rule = Rule(rule="needs", kind="at_least", offers=("gone",), count=1)
    assert broken(b.dataset(excluded, rule, months=1), Plan()) == {"rule_at_least"}


def test_an_offers_name_means_the_offer_before_an_asset_of_that_name() -> None:
    """A cap on the offer `own` holds the lease of that name, not the asset."""
    cap = Cap(cap="edge", measure="capacity_mw", scope="offer", name="own", sense="max", value=0.001)
    dataset = b.dataset(b.fleet(accelerators=5), b.lease("own", b.term(1, monthly=0)), cap, months=1)
    plan = Plan(
        signings=(signing("own", 0, 1, 0, 0),), online=(online(0, 5), online(0, 1, "own", "lease", term_months=1))
    )
    assert audit(dataset, plan).passed
    only_asset = b.dataset(b.fleet(accelerators=5), cap, months=1)
    assert broken(only_asset, Plan(online=(online(0, 5),))) == {"cap_capacity_mw"}


def test_a_limit_holds_through_its_last_month() -> None:
    """A limit until January may be in force in January and not in February; from February the other way round."""
    for gift, kept in (
        (Limit(segment="chat", limit="gift", until_month=b.JAN), [True, False]),
        (Limit(segment="chat", limit="gift", from_month=b.JAN + 1), [False, True]),
    ):
        dataset = b.dataset(gift, Limit(segment="chat", limit="free"), months=2)
        for t in (0, 1):
            path = tuple(LimitChoice("chat", each, "gift" if each == t else "free") for each in (0, 1))
            assert broken(dataset, Plan(limits=path)) == (set() if kept[t] else {"limit_within_window"})


@pytest.mark.parametrize(("bought", "kept"), [(0, True), (1, True), (2, False)])
def test_an_option_may_be_bought_in_the_month_of_signing(bought: int, kept: bool) -> None:
    """A lease signed in February needs its option bought by then: January or February, not March."""
    option = Option(option="right", offer="orbit", premium_usd=7)
    dataset = b.dataset(b.lease("orbit", b.term(2, monthly=0)), option)
    plan = Plan(
        signings=(signing("orbit", 1, 2, 1, 2),),
        options=(OptionPurchase("right", bought),),
        online=tuple(online(t, 1, "orbit", "lease", term_months=2) for t in (1, 2)),
        payments=tuple(pay("option", "right", {bought: 7})),
    )
    assert broken(dataset, plan) == (set() if kept else {"option_bought_first"})


def test_rounding_of_revenue_breaks_no_cap() -> None:
    """Where all of it falls short nothing is earned, to rounding, and no cash is within a share of that."""
    capped = Cap(cap="share", measure="cash_share_of_revenue", scope="total", sense="max", value=0.2)
    segment = b.segment(revenue_usd_per_mtok=0.05, shortfall_usd_per_mtok=0.1)
    dataset = b.dataset(segment, b.demand(1.0), capped, months=1)
    plan = b.solved(dataset)
    rounded = tuple(replace(each, tokens_bn=each.tokens_bn * (1.0 + 1e-15)) for each in plan.shortfalls)
    assert broken(dataset, replace(plan, shortfalls=rounded)) == set()
