"""Whole plans worked out on paper: each a Dataset and a Plan that keeps every rule.

The docstring of each carries the arithmetic of every payment. An accelerator serves one billion tokens
a day; January 2026 has 31 days and 744 hours, February 28 and 672, March 31 and 744, April 30 and 720.
"""

from __future__ import annotations

from dataclasses import replace

import builders as b
from unit.plans import online, pay, serve, signing, use

from models.dataset import Dataset
from models.plan import LimitChoice, OnDemandUse, OptionPurchase, Plan
from models.schema import ChipOrder, Limit, LoadBlock, LoadShape, Network, Option, OwnSite, Run
from models.supply.registry import kind_named

Case = tuple[Dataset, Plan]


def busy_fleet() -> Case:
    """Ten own accelerators, a fifth kept free, do 8 of 9; one is bought on demand; eu is served from us.

    Running 10 x $1: Jan 7440, Feb 6720. Used 8 x $0.50: Jan 2976, Feb 2688. On demand 1 x $3: Jan 2232,
    Feb 2016. eu takes 31 and 28 bn at $0.01 a Mtok: 310, 280. `far` comes in February, free and idle.
    """
    dataset = b.dataset(
        b.hardware(),
        b.hardware("TPU"),
        b.demand(8, months=2),
        b.demand(1, region="eu", months=2),
        Network(capacity_region="us", demand_region="eu", usd_per_mtok=0.01),
        b.fleet(accelerators=10, usd_per_accelerator_hour=1, usage_usd_per_accelerator_hour=0.5),
        b.fleet("far", 1, region="eu", from_month=b.JAN + 1),
        b.on_demand(3, max_accelerators=1),
        months=2,
        reserve_margin=0.2,
    )
    plan = Plan(
        serving=tuple(serve(t, bn, region=region) for t in (0, 1) for bn, region in ((8, "us"), (1, "eu"))),
        source_use=(use(0, 8), use(1, 8)),
        on_demand=tuple(OnDemandUse(t, "day", "spot", "us", "H100", 1.0) for t in (0, 1)),
        online=(online(0, 10), online(1, 10), online(1, 1, "far", region="eu")),
        payments=(
            *pay("fleet", "own", {0: 7440, 1: 6720}, "us-inc"),
            *pay("usage", "own", {0: 2976, 1: 2688}, "us-inc"),
            *pay("on_demand", "spot us H100", {0: 2232, 1: 2016}, "spot"),
            *pay("network", "us eu", {0: 310, 1: 280}),
        ),
    )
    return dataset, plan


def leased(months: int = 4, end_of_horizon: str = "prorate") -> Case:
    """A unit of 10 signed in January for 3 months from February, 0.8 of it arriving, half ramped at first.

    Online: Feb 10 x 0.8 x 0.5 = 4, Mar and Apr 8. Fees at $2, half the rate while ramping: Feb
    2 x 10 x 672 x 0.8 x 0.5 x 0.5 = 2688, Mar 2 x 10 x 744 x 0.8 = 11904, Apr 2 x 10 x 720 x 0.8 = 11520,
    together 26112. January: upfront 300 and a quarter prepaid, 6528; the rest 2016, 8928, 8640. Used
    4, 6 and 8 at $0.10: 268.80, 446.40, 576. When the horizon ends in March, January's 6828 counts for
    300 x 2/3 + (2688 + 11904)/4 = 3848 and April's fee is not charged, with `full` 8640 of it is.
    """
    dataset = b.dataset(
        b.demand(0, 4, 6, 8),
        b.lease(
            "neo1",
            b.term(3, 2, usage_usd_per_accelerator_hour=0.1, upfront_usd_per_unit=300, prepay_share=0.25, ramp="slow"),
            holds=10,
            lead_months=1,
            delivered_share=0.8,
            sign_until=b.JAN + 1,
        ),
        b.lease("spare", b.term(3, 2), status="excluded"),
        b.ramp("slow", (1, 0.5, 0.5), (2, 1, 1)),
        months=months,
        end_of_horizon=end_of_horizon,
    )
    at_work = {1: 4.0, 2: 6.0, 3: 8.0}
    brought = {1: 4.0, 2: 8.0, 3: 8.0}
    cut = months == 3 and end_of_horizon == "prorate"
    fees: dict[int, float | tuple[float, float]] = {0: (6828, 3848) if cut else 6828, 1: 2016, 2: 8928}
    if not cut:
        fees[3] = 8640
    usage = {1: 268.8, 2: 446.4, 3: 576.0}
    plan = Plan(
        signings=(signing("neo1", 0, 3, 1, 3),),
        serving=tuple(serve(t, bn) for t, bn in at_work.items() if t < months),
        source_use=tuple(use(t, n, "neo1", "lease", term_months=3) for t, n in at_work.items() if t < months),
        online=tuple(online(t, n, "neo1", "lease", term_months=3) for t, n in brought.items() if t < months),
        payments=(
            *pay("lease", "neo1", fees, "neo"),
            *pay("usage", "neo1", {t: usd for t, usd in usage.items() if t < months}, "neo"),
        ),
    )
    return dataset, plan


def monthly_leases() -> Case:
    """Leases by the unit and month at $1000: one cancelled, one renewed, one signed two months ago.

    `stop`, 6 months from January, a fifth prepaid (1200), stops after March as 2 months and 1 of notice
    allow: 800 a month, and in April half of the last three months' fees, 1500: Jan 2000, 800, 800, 1500. Of
    what is prepaid the two months beyond the horizon do not count: January's 2000 counts for 1600.
    `roll`, 2 months from January, is renewed once for 2 months at half the fee: 1000, 1000, 500, 500.
    `old`, 4 months from November, a fifth prepaid then: 800 in January and in February.
    `later` rises by a tenth after 12 months: signed 11 months before January, 1000 in January, its
    twelfth month, 1100 in February, its last.
    """
    dataset = b.dataset(
        b.lease(
            "stop",
            b.term(
                6, monthly=1000, prepay_share=0.2, cancel_after_months=2, notice_months=1, termination_fee_share=0.5
            ),
        ),
        b.lease("roll", b.term(2, monthly=1000, renewals_max=1, renewal_months=2, renewal_price_multiple=0.5)),
        b.lease("old", b.term(4, monthly=1000, prepay_share=0.2), signed=-2),
        b.lease("later", b.term(13, monthly=1000, escalator_per_year=0.1), signed=-11),
        months=4,
    )
    signings = (
        signing("stop", 0, 6, 0, 2, cancelled=True),
        signing("roll", 0, 2, 0, 3, renewals=1),
        signing("old", -2, 4, -2, 1, signed=True),
        signing("later", -11, 13, -11, 1, signed=True),
    )
    plan = Plan(
        signings=signings,
        online=tuple(
            online(t, 1, each.name, "lease", term_months=each.term_months)
            for each in signings
            for t in range(4)
            if each.start <= t <= each.end
        ),
        payments=(
            *pay("lease", "stop", {0: (2000, 1600), 1: 800, 2: 800, 3: 1500}, "neo"),
            *pay("lease", "roll", {0: 1000, 1: 1000, 2: 500, 3: 500}, "neo"),
            *pay("lease", "old", {0: 800, 1: 800}, "neo"),
            *pay("lease", "later", {0: 1000, 1: 1100}, "neo"),
        ),
    )
    return dataset, plan


def all_units_contract() -> Case:
    """Four blocks at the rate of three and more, $1.50; half is paid in any case, half of that prepaid.

    Used 4, 1 and 4 with one more in overage at twice the rate. Bills: Jan 4 x 744 x 1.5 = 4464, Feb the
    minimum 0.5 x 4 x 672 x 1.5 = 2016, Mar 4464 + 744 x 3 = 6696, together 13176. Three months of a
    minimum of 60000 a year are 15000: March is topped up by 1824. Prepaid: half of the minimums 2232,
    2016, 2232, so 3240. Jan: upfront 100 + 3240 + 4464 - 1116 = 6688; Feb 2016 - 1008 = 1008; Mar
    6696 - 1116 + 1824 = 7404. The usage charge of $0.10: 297.60, 67.20, and with the overage 372.
    """
    dataset = b.dataset(
        b.demand(4, 1, 5),
        b.contract(
            "deal",
            {1: 2, 3: 1.5},
            blocks=4,
            min_blocks=2,
            take_or_pay_share=0.5,
            overage_share=0.25,
            overage_price_multiple=2,
            prepay_share=0.5,
            min_spend_usd_per_year=60000,
            upfront_usd=100,
            usage_usd_per_accelerator_hour=0.1,
        ),
    )
    plan = Plan(
        signings=(signing("deal", 0, 3, 0, 2, "contract", units=4),),
        serving=(serve(0, 4), serve(1, 1), serve(2, 5)),
        source_use=tuple(
            use(t, accelerators, "deal", "contract", term_months=3, overage=overage)
            for t, accelerators, overage in ((0, 4, 0), (1, 1, 0), (2, 4, 1))
        ),
        online=tuple(online(t, 4, "deal", "contract", term_months=3) for t in range(3)),
        payments=(
            *pay("contract", "deal", {0: 6688, 1: 1008, 2: 7404}, "hyper"),
            *pay("usage", "deal", {0: 297.6, 1: 67.2, 2: 372}, "hyper"),
        ),
    )
    return dataset, plan


def lent() -> Case:
    """Three of four may be sublet; two of them are leased out from February for two months at $1.

    Income: Feb 2 x 672 = 1344, Mar 2 x 744 = 1488. The fourth and one of the three do the work.
    """
    dataset = b.dataset(
        b.demand(2, months=3),
        b.fleet("own", 3),
        b.fleet("kept", 1, sublet=False),
        b.lease_out("out", 1, 2, accelerators=2, lead_months=1, provider="taker"),
    )
    plan = Plan(
        signings=(signing("out", 0, 2, 1, 2, "lease_out"),),
        serving=tuple(serve(t, 2) for t in range(3)),
        source_use=tuple(use(t, 1, name) for t in range(3) for name in ("own", "kept")),
        online=tuple(online(t, n, name) for t in range(3) for name, n in (("own", 3), ("kept", 1))),
        payments=tuple(pay("lease_out_income", "out", {1: -1344, 2: -1488}, "taker")),
    )
    return dataset, plan


def optioned() -> Case:
    """An option of $70 bought in January, and the lease it is on signed in February at $100 a month."""
    dataset = b.dataset(
        b.lease("orbit", b.term(2, monthly=100)),
        Option(option="right", offer="orbit", premium_usd=70, buy_until=b.JAN + 1),
    )
    plan = Plan(
        signings=(signing("orbit", 1, 2, 1, 2),),
        options=(OptionPurchase("right", 0),),
        online=tuple(online(t, 1, "orbit", "lease", term_months=2) for t in (1, 2)),
        payments=(*pay("option", "right", {0: 70}), *pay("lease", "orbit", {1: 100, 2: 100}, "neo")),
    )
    return dataset, plan


def limited() -> Case:
    """A tight limit in January, loosened in February for $50; it halves demand and drives a tenth away.

    Demand 10 a day: Jan 5, later 10 x (1 - 0.1) = 9. Baseline revenue $1 a Mtok: 310000, 280000, 310000,
    300000; forgone: Jan 1 - 0.8 of it, 62000, later a tenth: 28000, 31000, 30000.
    """
    dataset = b.dataset(
        b.segment(
            revenue_usd_per_mtok=1, current_limit="tight", min_months_between_changes=2, may_tighten=False,
            change_cost_usd=50,
        ),
        b.demand(10, months=4),
        b.fleet(accelerators=10),
        Limit(segment="chat", limit="tight", demand_multiplier=0.5, revenue_multiplier=0.8, churn_per_month=0.1),
        Limit(segment="chat", limit="free"),
        Limit(segment="chat", limit="gift", until_month=b.JAN),
        months=4,
    )  # fmt: skip
    path = ("tight", "free", "free", "free")
    plan = Plan(
        limits=tuple(LimitChoice("chat", t, limit) for t, limit in enumerate(path)),
        serving=tuple(serve(t, 5 if t == 0 else 9) for t in range(4)),
        source_use=tuple(use(t, 5 if t == 0 else 9) for t in range(4)),
        online=tuple(online(t, 10) for t in range(4)),
        payments=(
            *pay("limit_change", "chat", {1: 50}),
            *pay("revenue_forgone", "chat", {t: (0, usd) for t, usd in enumerate((62000, 28000, 31000, 30000))}),
        ),
    )
    return dataset, plan


def two_blocks() -> Case:
    """A day of 16 peak hours at 1.25 and 8 night hours at 0.5 of the mean; the batch work is done at night.

    Chat wants 12 a day: 10 of it by day, nine tenths of which the peak limit leaves, 2 at night. Nine in 16
    hours keep 9 x 24/16 = 13.5 accelerators at work, two in 8 hours 6; batch wants 3 a day, at night 9 more:
    15. Hours: 31 x (13.5 x 16 + 15 x 8) = 10416, at $0.10 1041.60. One of batch's three may be short, none is.
    """
    dataset = b.dataset(
        b.segment(),
        b.segment("batch", timing="deferrable", shortfall_usd_per_mtok=2, max_shortfall_share=1 / 3),
        b.demand(12),
        b.demand(3, segment="batch"),
        LoadBlock(block="day", hours_per_day=16, peak=True),
        LoadBlock(block="night", hours_per_day=8),
        *(
            LoadShape(segment=segment, block=block, multiplier=share)
            for segment in ("chat", "batch")
            for block, share in (("day", 1.25), ("night", 0.5))
        ),
        Limit(segment="chat", limit="throttle", peak_demand_multiplier=0.9),
        b.fleet(accelerators=15, usage_usd_per_accelerator_hour=0.1),
        months=1,
    )
    plan = Plan(
        limits=(LimitChoice("chat", 0, "throttle"),),
        serving=(serve(0, 9), serve(0, 2, "night"), serve(0, 3, "night", segment="batch")),
        source_use=(use(0, 13.5), use(0, 15, block="night")),
        online=(online(0, 15),),
        payments=tuple(pay("usage", "own", {0: 1041.6}, "us-inc")),
    )
    return dataset, plan


def one_hall() -> Case:
    """Training, which cannot be split, runs in the hall: 4 H100 and 2 TPU, of which a quarter stays free.

    Training may work with 0.75 x 6 = 4.5 of the hall: it takes 3 H100, chat the fourth and 2 of the annex's 4.
    """
    dataset = b.dataset(
        b.hardware(),
        b.hardware("TPU"),
        b.throughput(),
        b.throughput(hardware="TPU"),
        b.segment(),
        b.segment("training", single_site=True),
        b.demand(3),
        b.demand(3, segment="training"),
        b.fleet("gpus", 4, site="hall"),
        b.fleet("tpus", 2, "TPU", site="hall"),
        b.fleet("annex", 4),
        months=1,
        reserve_margin=0.25,
    )
    plan = Plan(
        serving=(serve(0, 3), serve(0, 3, segment="training", site="hall")),
        source_use=(use(0, 4, "gpus"), use(0, 2, "annex")),
        online=(
            online(0, 4, "gpus", site="hall"),
            online(0, 2, "tpus", site="hall", hardware="TPU"),
            online(0, 4, "annex"),
        ),
    )
    return dataset, plan


def own_plant() -> Case:
    """Two chips bought for $300 each, powered by a block of 2 kW in service for January alone."""
    site = OwnSite(build="hall", region="us", block_mw=0.002, term_months=1, status="signed", signed_month=b.JAN,
                   signed_blocks=1)  # fmt: skip
    order = ChipOrder(order="chips", site="hall", hardware="H100", lot=2.0, usd_per_accelerator=300, life_months=1,
                      status="signed", signed_month=b.JAN, signed_lots=1)  # fmt: skip
    where = {"provider": "own", "site": "hall"}
    plan = Plan(
        signings=(
            signing("hall", 0, 1, 0, 0, "site", signed=True),
            signing("chips", 0, 1, 0, 0, "chips", signed=True),
        ),
        serving=(serve(0, 2),),
        source_use=(use(0, 2, "chips", "chips"),),
        online=(replace(online(0, 2), kind=kind_named("chips"), name="chips", **where),),
        payments=tuple(pay("chips", "chips", {0: 600}, "own")),
    )
    return b.dataset(b.demand(2), site, order, months=1), plan


def a_run() -> Case:
    """Three accelerators serve 2 a day and, in February, a run of 1 a day that earns $500."""
    row = Run(
        run="train", workload="chat", region="us", tokens_bn_per_day=1, months=1, value_usd=500, single_site=False
    )
    plan = Plan(
        signings=(signing("train", 1, 1, 1, 1, "run"),),
        serving=(serve(0, 2), serve(1, 2), serve(1, 1, segment="train")),
        source_use=(use(0, 2), use(1, 3)),
        online=(online(0, 3), online(1, 3)),
        payments=tuple(pay("run_value", "train", {1: -500})),
    )
    return b.dataset(b.demand(2, months=2), b.fleet("own", 3), row, months=2), plan


ALL: dict[str, Case] = {
    each.__name__: each()
    for each in (
        busy_fleet,
        own_plant,
        a_run,
        leased,
        monthly_leases,
        all_units_contract,
        lent,
        optioned,
        limited,
        two_blocks,
        one_hall,
    )
}
"""Every case, by name."""
