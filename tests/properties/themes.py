"""Random small workbooks around one theme each, so that clauses which seldom matter in any workbook do."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from builders import (
    JAN,
    contract,
    dataset,
    demand,
    fleet,
    hardware,
    lease,
    lease_out,
    on_demand,
    ramp,
    segment,
    term,
    throughput,
)
from properties.workbook_rows import Maker, a_commitment, a_run, mixed, own_build
from properties.workbook_sizes import few_enough, shifted
from properties.workbooks import workbook

from models.dataset import Dataset
from models.schema import Cap, Limit, LoadBlock, LoadShape, Network, Option, Resilience, Rule


def limit_effects(random: Random) -> Dataset:
    """Limits of one segment under prices that make now this one cheaper, now that one."""
    make = Maker(random)
    columns = make.some(
        6,
        min_months_between_changes=(1, 2, 3),
        may_tighten=(False,),
        current_limit=("free", "tight", "dear"),
        change_cost_usd=(50.0, 400.0),
        revenue_usd_per_mtok=(0.05, 0.1),
        price_elasticity=(-0.5, -1.5),
        timing=("deferrable",),
    )
    limits = [
        Limit(segment="chat", limit="free", **make.some(3, generosity=(2.0, 9.0), churn_per_month=(0.02,))),
        Limit(
            segment="chat",
            limit="tight",
            demand_multiplier=make.one_of(0.5, 0.75),
            **make.some(
                4,
                peak_demand_multiplier=(0.4, 1.0),
                generosity=(1.0, 5.0),
                churn_per_month=(0.05, 0.1),
                revenue_multiplier=(0.9, 1.0),
                from_month=(JAN + 1,),
            ),
        ),
        Limit(
            segment="chat",
            limit="dear",
            price_multiplier=make.one_of(0.8, 1.25, 2.0),
            **make.some(4, generosity=(1.5, 7.0), churn_per_month=(0.05,), until_month=(JAN + 2,)),
        ),
    ]
    random.shuffle(limits)
    blocks = [
        LoadBlock(block="day", hours_per_day=10.0, peak=make.chance(8)),
        LoadBlock(block="night", hours_per_day=14.0, peak=make.chance(2)),
    ]
    prices = [on_demand(make.one_of(0.3, 1.5, 4.0), t=t) for t in range(4)]
    rows = [segment(**columns), limits, blocks, prices, demand(*(make.one_of(1.0, 2.0, 3.0) for _ in range(4)))]
    rows += [fleet(accelerators=1.0)] if make.chance(5) else []
    return dataset(rows, months=4, **make.some(4, discount_rate=(0.3,)))


def rights(random: Random) -> Dataset:
    """Leases to cancel and to renew, on offer and signed, under demand that comes and goes."""
    make = Maker(random)

    def one(name: str) -> list[Any]:
        hourly = make.one_of(0.6, 0.9, 1.2)
        length = make.one_of(2, 3, 4, 6)
        columns: dict[str, Any] = make.some(
            4, prepay_share=(0.5,), upfront_usd_per_unit=(300.0,), ramp=("slow",), escalator_per_year=(0.5,)
        )
        if make.chance(7):
            columns |= {
                "cancel_after_months": make.one_of(0, 1, 2),
                "termination_fee_share": make.one_of(0.0, 0.2, 0.6),
            }
            columns |= make.some(5, notice_months=(1, 2))
        if make.chance(6):
            columns |= {"renewals_max": make.one_of(1, 2), "renewal_months": make.one_of(1, 2)}
            columns |= make.some(6, renewal_price_multiple=(0.7, 1.6))
        of_lease: dict[str, Any] = make.some(3, delivered_share=(0.5,), lead_months=(1,), sign_until=(JAN + 1,))
        if make.chance(5):
            start = make.one_of(0, -1, -2, -11)
            length = 13 if start == -11 else length
            of_lease |= {"signed": start, "signed_units": make.one_of(1, 2)}
        else:
            of_lease["units_max"] = make.one_of(1, 2)
        return lease(name, term(length, hourly, **columns), **of_lease)

    rows = [
        ramp("slow", (1, 0.5, 0.75), (2, 1.0, 1.0)),
        *(one(name) for name in ("first", "second")[: make.one_of(1, 1, 2)]),
        demand(*(make.one_of(0.0, 1.0, 2.0) for _ in range(4))),
        segment(**make.some(3, shortfall_usd_per_mtok=(0.1,))),
        on_demand(make.one_of(1.5, 2.5)),
        on_demand(make.one_of(1.0, 4.0), t=make.one_of(1, 2)),
    ]
    if make.chance(4):
        window: dict[str, Any] = make.window("from_month", "until_month")
        rows.append(
            Cap(
                cap="policy",
                measure=make.one_of("obligation_usd", "cash_usd"),
                scope="total",
                sense=make.one_of("max", "max", "min"),
                value=make.one_of(500.0, 1200.0, 2500.0),
                per=make.one_of("month", "quarter"),
                **window,
            )
        )
    settings = make.some(5, discount_rate=(0.3, 3.0), end_of_horizon=("full",))
    return few_enough(dataset(rows, months=4, **settings), 1500)


def commitments(random: Random) -> Dataset:
    """Contracts with minima, tiers and overage, old and new, with caps on cash and obligations."""
    make = Maker(random)
    old = make.chance(4)
    first = make.one_of(-9, -10, -11) if old else make.one_of(0, 0, 1)
    most = make.one_of(2, 3)
    rate = make.one_of(0.6, 1.0)
    columns: dict[str, Any] = make.some(
        6,
        take_or_pay_share=(0.0, 0.4, 0.8),
        overage_share=(0.5,),
        overage_price_multiple=(0.5, 1.0, 1.5),
        min_spend_usd_per_year=(9000.0, 18000.0),
        tier_mode=("incremental",),
    )
    columns |= make.some(
        3,
        prepay_share=(0.5,),
        upfront_usd=(300.0,),
        escalator_per_year=(0.5,),
        ramp=("slow",),
        usage_usd_per_accelerator_hour=(0.2,),
        delivered_share=(0.5,),
        min_blocks=(2,),
        sign_until=(JAN,),
    )
    if old or make.chance(3):
        columns |= {"signed": first, "blocks": make.random.randint(columns.get("min_blocks", 1), most)}
    by_day = make.one_of(1.0, 1.6, 2.0)
    tiers = {1: rate, make.one_of(2, most): rate * make.one_of(0.7, 0.9, 1.2)}
    rows = [
        ramp("slow", (1, 0.5, 0.75), (2, 1.0, 1.0)),
        contract("first", tiers, 16 if old else make.one_of(2, 3, 5), **columns | {"max_blocks": most}),
        segment("chat", shortfall_usd_per_mtok=make.one_of(0.05, 0.3)),
        segment("batch", timing="deferrable", shortfall_usd_per_mtok=0.04),
        demand(*(make.one_of(0.0, 1.0, 2.0, 3.0) for _ in range(3))),
        demand(make.one_of(0.0, 0.5, 1.0), segment="batch", months=3),
        LoadBlock(block="day", hours_per_day=12.0),
        LoadBlock(block="night", hours_per_day=12.0),
        LoadShape(segment="chat", block="day", multiplier=by_day),
        LoadShape(segment="chat", block="night", multiplier=2.0 - by_day),
    ]
    if make.chance(5):
        rows.append(contract("second", make.one_of(0.8, 1.1), 2, overage_share=0.5, take_or_pay_share=0.5))
    if make.chance(7):
        rows.append(on_demand(make.one_of(1.2, 2.0), **make.some(4, max_accelerators=(1.0,))))
    for k in range(make.one_of(0, 2, 2, 2)):
        rows.append(a_commitment(make, f"promise{k}", "hyper", "spot", "spot"))
    for name in ("cap", "other cap")[: make.one_of(0, 1, 2)]:
        scope, of = make.one_of(("total", None), ("provider", "hyper"))
        cash = make.chance(7)
        rows.append(
            Cap(
                cap=name,
                measure="cash_usd" if cash else "obligation_usd",
                scope=scope,
                name=of,
                sense=make.one_of("max", "max", "min"),
                value=make.one_of(700.0, 1500.0, 3000.0) if cash else make.one_of(500.0, 2000.0),
                per=make.one_of("month", "quarter", "horizon") if cash else "month",
                **make.window("from_month", "until_month"),
            )
        )
    settings = make.some(4, discount_rate=(0.3,), end_of_horizon=("full",), reserve_margin=(0.1,))
    return shifted(dataset(rows, months=3, **settings), make.one_of(0, 1, 11))


def sites(random: Random) -> Dataset:
    """Segments that must run at one site, sites of several sources, and charges that pull work apart."""
    make = Maker(random)
    places = ["north", "south"]
    rows: list[Any] = [hardware(), hardware("TPU", kw=0.5), throughput(), throughput(hardware="TPU", bn_per_day=0.5)]
    for i in range(make.one_of(2, 3)):
        rows.append(
            fleet(
                f"own{i}",
                make.one_of(1.0, 2.0),
                make.one_of("H100", "H100", "TPU"),
                site=make.one_of(*places) if i else "north",
                **make.some(6, usage_usd_per_accelerator_hour=(0.2, 0.5)),
                **make.some(2, until_month=(JAN,)),
            )
        )
    if make.chance(6):
        rows.append(lease("lease", term(1, 0.6), units_max=2, site=make.one_of(None, *places)))
    if make.chance(5):
        top = make.one_of(1.0, 1.0, 0.5)
        rows.append(
            contract(tiers=0.7, term_months=2, blocks=2, take_or_pay_share=top, site=make.one_of(None, *places))
        )
    rows += [on_demand(make.one_of(0.3, 2.0))] if make.chance(6) else []
    price: dict[str, Any] = {"shortfall_usd_per_mtok": make.one_of(0.05, 0.2)}
    rows.append(segment("chat", **price))
    make.months, make.regions = 2, ["us"]
    rows += [a_run(make, name) for name in ("run", "other run")[: make.one_of(0, 1, 1, 2)]]
    for name in ("train", "research")[: make.one_of(1, 1, 2)]:
        rows.append(segment(name, single_site=True, **price, **make.some(3, timing=("deferrable",))))
        rows.append(demand(make.one_of(0.5, 1.0, 2.0), make.one_of(0.5, 1.5), segment=name))
    rows.append(demand(make.one_of(0.5, 1.5), make.one_of(0.0, 2.0)))
    if make.chance(4):
        rows.append(demand(make.one_of(0.5, 1.0), 0.5, segment="train", region="eu"))
        rows += [Network(capacity_region="us", demand_region="eu", usd_per_mtok=make.one_of(0.0, 0.01))]
    if make.chance(5):
        rows += [LoadBlock(block="day", hours_per_day=16.0), LoadBlock(block="night", hours_per_day=8.0)]
        rows += [
            LoadShape(segment="chat", block="day", multiplier=1.5),
            LoadShape(segment="chat", block="night", multiplier=0.0),
        ]
    if make.chance(3):
        site = Cap(
            cap="site", measure="cash_usd", scope="site", name="north", sense="max", value=make.one_of(100.0, 400.0)
        )
        rows.append(site)
    return dataset(rows, months=2, **make.some(6, reserve_margin=(0.1, 0.25)))


def subleases(random: Random) -> Dataset:
    """Takers of several kinds against own work, with what may and may not be leased out."""
    make = Maker(random)
    rows: list[Any] = []
    tpu = make.chance(4)
    if tpu:
        rows += [hardware(), hardware("TPU", kw=0.5), throughput(), throughput(hardware="TPU", bn_per_day=0.5)]
        rows.append(fleet("tpus", make.one_of(1.0, 2.0), "TPU"))
    for i in range(2):
        usage = make.some(5, usage_usd_per_accelerator_hour=(0.2, 0.5))
        rows.append(fleet(f"own{i}", make.one_of(1.0, 2.0), sublet=make.chance(6), **usage))
    rows.append(lease("lease", term(2, 0.7), units_max=2, sublet=make.chance(7), **make.some(3, lead_months=(1,))))
    rows += ramp("slow", (1, 0.5, 0.75), (2, 1.0, 1.0))
    for i in range(make.one_of(1, 2)):
        length = make.one_of(1, 2, 3, 4)
        clauses: dict[str, Any] = make.some(
            3,
            prepay_share=(0.5, 1.0),
            upfront_usd_per_unit=(100.0, 400.0),
            ramp=("slow",),
            service_not_before=(JAN + 1,),
        )
        if length > 1 and make.chance(9):
            clauses["recall_after_months"] = make.one_of(0, 0, 1)
            clauses |= make.some(8, recall_notice_months=(1, 1, 2)) | make.some(8, recall_fee_share=(0.01, 0.03))
        if make.chance(3):
            since = make.one_of(-11, -1, 0, 1)
            clauses |= {"signed": since, "signed_units": make.one_of(1, 2)}
            clauses |= {"escalator_per_year": 0.5} if since == -11 else {}
            length = 14 if since == -11 else length
        taker = lease_out(
            f"out{i}",
            make.one_of(0.6, 0.6, 0.9, 1.5),
            length,
            **make.some(4, units_max=(2,), accelerators=(0.5, 2.0), lead_months=(1,)),
            **make.window("sign_from", "sign_until"),
            **clauses,
        )
        rows += mixed(taker, {"H100": 0.5, "TPU": 1.0}) if tpu and make.chance(4) else [taker]
    if make.chance(4):
        window = make.window("buy_from", "buy_until")
        rows.append(Option(option="right", offer="lease", premium_usd=make.one_of(50.0, 400.0), **window))
    if make.chance(4):
        kind = make.one_of("requires", "requires", "excludes", "at_least")
        pair = make.one_of(("out0", "lease"), ("lease", "out0"))
        rows.append(Rule(rule="policy", kind=kind, offers=pair, count=1 if kind == "at_least" else None))
    rows += [
        segment(shortfall_usd_per_mtok=make.one_of(0.03, 0.1)),
        demand(*make.one_of([0.0, 0.5, 3.0], [0.0, 3.0, 3.0], [make.one_of(0.5, 1.0, 2.0, 3.0) for _ in range(3)])),
        on_demand(make.one_of(1.5, 2.5)),
    ]
    settings = make.some(4, discount_rate=(0.3,), end_of_horizon=("full",), reserve_margin=(0.1, 0.25))
    return few_enough(dataset(rows, months=3, **settings), 2500)


def plants(random: Random) -> Dataset:
    """Own build, old and new, against hours at market price, under caps on cash, debt and power."""
    make = Maker(random)
    make.months, make.regions = 4, ["us"]
    rows: list[Any] = [
        *ramp("slow", (1, 0.5, 0.75), (2, 1.0, 1.0)),
        *ramp("late", (2, 1.0, 1.25)),
        hardware(),
        throughput(),
        *own_build(make),
        segment(shortfall_usd_per_mtok=make.one_of(0.1, 0.3)),
        demand(*(make.one_of(0.5, 1.0, 2.0, 3.0) for _ in range(4))),
        on_demand(make.one_of(1.5, 3.0)),
    ]
    if "TPU" in make.hardware:
        rows += [hardware("TPU", kw=0.5), throughput(hardware="TPU", bn_per_day=0.75)]
    if make.chance(3):
        rows.append(a_run(make))
    if make.chance(4):
        rows += own_build(make, "second build")
    if make.chance(3):
        rows.append(a_commitment(make, "promise", "own", "landlord", "hyper", "maker"))
    scope, name = make.one_of(
        ("total", None), ("provider", "own"), ("offer", "own build"), ("offer", "own build chips 0")
    )
    measure, value = make.one_of(
        ("cash_usd", 1500.0), ("obligation_usd", 800.0), ("obligation_usd", 2500.0), ("capacity_mw", 0.001)
    )
    if make.chance(5):
        sense = make.one_of("max", "max", "min")
        rows.append(Cap(cap="policy", measure=measure, scope=scope, name=name, sense=sense, value=value))
    settings = make.some(4, discount_rate=(0.3,), end_of_horizon=("full",), reserve_margin=(0.1, 0.25))
    return few_enough(dataset(rows, months=4, **settings), 2500)


def losses(random: Random) -> Dataset:
    """Sites, providers and regions of which one may be lost, and what is protected against it in which months."""
    make = Maker(random)
    make.months, make.regions = 3, make.one_of(["us"], ["us", "eu"])
    rows: list[Any] = [segment("chat", shortfall_usd_per_mtok=make.one_of(0.1, 0.3))]
    rows.append(segment("code", **make.some(5, timing=("deferrable",)), shortfall_usd_per_mtok=0.2))
    rows += [demand(*(make.one_of(0.5, 1.0, 2.0) for _ in range(3)), segment=name) for name in ("chat", "code")]
    for i in range(make.one_of(1, 2)):
        rows.append(fleet(f"own{i}", make.one_of(1.0, 2.0), region=make.regions[-i], **make.some(3, site=("campus",))))
    for i in range(make.one_of(1, 2)):
        place = {"region": make.one_of(*make.regions), "provider": make.one_of("neo", "hyper"), "units_max": 2}
        rows.append(lease(f"lease{i}", term(1, make.one_of(0.8, 1.5)), **place, **make.some(3, site=("campus",))))
    if make.chance(5):
        rows.append(contract("blocks", make.one_of(0.6, 1.2), 2, region=make.one_of(*make.regions)))
    if make.chance(5):
        rows.append(on_demand(make.one_of(1.5, 3.0), max_accelerators=make.one_of(0.5, 1.0)))
    if make.chance(3):
        rows.append(lease_out("taker", make.one_of(0.9, 1.6), 1))
    against, share = make.one_of("site", "provider", "region"), make.one_of(0.3, 0.6, 0.9)
    first, last = make.one_of((None, None), (JAN + 1, None), (None, JAN + 1), (JAN + 1, JAN + 1))
    rows.append(Resilience(against=against, protected_share=share, from_month=first, until_month=last))
    if make.chance(6):
        own = make.one_of(0.0, 0.5, 0.9)
        rows.append(Resilience(against=against, segment=make.one_of("chat", "code"), protected_share=own))
    return few_enough(dataset(rows, months=3, **make.some(3, reserve_margin=(0.1, 0.25))), 500)


THEMES: dict[str, Callable[[Random], Dataset]] = {
    "anything": workbook,
    "levers": limit_effects,
    "rights": rights,
    "commitments": commitments,
    "sites": sites,
    "subleases": subleases,
    "plants": plants,
    "losses": losses,
}
