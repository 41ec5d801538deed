"""Random rows of every sheet about demand and supply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Any, TypeVar

from builders import (
    JAN,
    contract,
    demand,
    hardware,
    lease,
    lease_out,
    on_demand,
    segment,
    term,
    throughput,
)

from models.columns import Row
from models.schema import (
    ChipOrder,
    ContractTier,
    LeaseOut,
    LeaseOutHardware,
    LeaseTerm,
    Limit,
    LoadBlock,
    LoadShape,
    Network,
    OwnSite,
    Run,
    SpendCommitment,
)

T = TypeVar("T")


class Maker:
    """Draws values and rows; `months`, `regions` and `hardware` are what the rows refer to."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.months: int = self.one_of(2, 3, 3, 4)
        self.regions = self.one_of(["us"], ["us"], ["us", "eu"])
        self.hardware = self.one_of(["H100"], ["H100"], ["H100", "TPU"])

    def one_of(self, *values: T) -> T:
        return self.random.choice(values)

    def chance(self, in_ten: int) -> bool:
        return self.random.randrange(10) < in_ten

    def month(self, first: int = 0, last: int | None = None) -> int:
        return self.random.randint(first, self.months - 1 if last is None else last) + JAN

    def some(self, in_ten: int, **columns: Any) -> dict[str, Any]:
        """Of these columns, each with its own chance: a value is one of the tuple given."""
        return {name: self.one_of(*values) for name, values in columns.items() if self.chance(in_ten)}

    def site(self, region: str) -> dict[str, str]:
        """Now and then a site shared with others in the same region."""
        return {"site": f"{region} campus"} if self.chance(2) else {}

    def window(self, first: str, last: str) -> dict[str, Any]:
        if not self.chance(3):
            return {}
        start = self.month()
        return {first: start, last: self.month(start - JAN)}


def machines(make: Maker) -> list[Row]:
    """Hardware and what it does in an hour."""
    rows: list[Row] = [hardware(vendor="green", **make.some(2, availability=(0.5, 0.9)))]
    rows.append(throughput(**make.some(2, gain_per_year=(0.5, -0.5))))
    if "TPU" in make.hardware:
        rows.append(hardware("TPU", kw=0.5, vendor="search"))
        if make.chance(8):
            rows.append(throughput(hardware="TPU", bn_per_day=make.one_of(0.5, 0.75)))
    return rows


def asked(make: Maker) -> list[Any]:
    """Segments with their limits, demand, load blocks and network."""
    rows: list[Any] = []
    blocks = []
    if make.chance(4):
        blocks = [
            LoadBlock(block="day", hours_per_day=16.0, peak=make.chance(6)),
            LoadBlock(block="night", hours_per_day=8.0),
        ]
        rows += blocks
    for name in ("chat", "batch")[: make.one_of(1, 1, 1, 2)]:
        columns = make.some(
            3,
            revenue_usd_per_mtok=(0.05, 0.2),
            headroom_share=(0.2,),
            growth_per_month=(0.25, -0.2),
            change_cost_usd=(100.0,),
            may_tighten=(False,),
            min_months_between_changes=(1, 2, 3),
            price_elasticity=(-1.0, -0.5),
        )
        if make.chance(9):
            columns["shortfall_usd_per_mtok"] = make.one_of(0.03, 0.1, 0.3)
            columns |= make.some(1, max_shortfall_share=(0.25, 0.5))
        if make.chance(5 if name == "batch" else 1):
            columns["timing"] = "deferrable"
        limits = some_limits(make, name) if make.chance(4 if name == "chat" else 1) else []
        if limits and make.chance(5):
            columns["current_limit"] = make.one_of(*limits).limit
        rows += [segment(name, single_site=make.chance(1), **columns), *limits]
        for region in make.regions if make.chance(6) else make.regions[:1]:
            rows += _levels(make, name, region, "growth_per_month" in columns)
        if blocks and make.chance(6):
            rate = make.one_of(1.25, 1.4)
            rows.append(LoadShape(segment=name, block="day", multiplier=rate))
            rows.append(LoadShape(segment=name, block="night", multiplier=3.0 - 2.0 * rate))
    if len(make.regions) > 1 and make.chance(5):
        across = make.some(5, usd_per_mtok=(0.01, 0.03), allowed=(False,))
        rows.append(Network(capacity_region="eu", demand_region="us", **across))
        if make.chance(3):
            rows.append(Network(capacity_region="us", demand_region="us", usd_per_mtok=0.005))
    return rows


def _levels(make: Maker, name: str, region: str, grows: bool) -> list[Any]:
    """Demand every month, or at its ends with interpolation between, or at first only with growth."""
    level = make.one_of(0.5, 1.0, 1.5, 2.0, 3.0)
    if grows and make.chance(5):
        return demand(level, segment=name, region=region)
    if make.chance(3):
        last = make.one_of(make.months - 1, make.months + 1)
        ends = (
            demand(level, segment=name, region=region),
            demand(make.one_of(0.0, 2.0, 4.0), segment=name, region=region, first=JAN + last),
        )
        return [*ends[0], *ends[1]]
    return demand(
        level, *(make.one_of(0.0, 1.0, 2.0, 2.5, 4.0) for _ in range(make.months - 1)), segment=name, region=region
    )


def some_limits(make: Maker, name: str) -> list[Limit]:
    """Two limits of a segment."""
    free = Limit(segment=name, limit="free", **make.some(2, churn_per_month=(0.05,)))
    tight = Limit(
        segment=name,
        limit="tight",
        **make.some(6, demand_multiplier=(0.5, 0.8), price_multiplier=(1.25, 2.0)),
        **make.some(3, churn_per_month=(0.05, 0.1), peak_demand_multiplier=(0.4, 0.75), generosity=(0.5, 3.0)),
        **make.some(3, revenue_multiplier=(0.9, 1.2), from_month=(JAN + 1,)),
    )
    return make.one_of([free, tight], [tight, free])


def one_lease(make: Maker, name: str) -> list[Any]:
    """A lease on offer or signed, of one term or two."""
    hourly = make.one_of(0.5, 0.8, 1.1, 1.6)
    columns: dict[str, Any] = {"units_max": make.one_of(1, 1, 2), "region": make.one_of(*make.regions)}
    columns |= make.some(2, lead_months=(1, 2), service_not_before=(JAN + 1,), delivered_share=(0.75,))
    columns |= {"sublet": make.chance(4), "provider": make.one_of("neo", "hyper")}
    columns |= make.site(columns["region"])
    columns |= make.window("sign_from", "sign_until")
    length = make.one_of(1, 2, 2, 3, 5)
    if make.chance(2):
        first = make.one_of(0, -1, -2, -11, 1)
        length = make.one_of(14, 26) if first < -5 else make.one_of(2, 3, 4)
        columns |= {"signed": first, "signed_units": make.one_of(1, 2)}
    terms = [_term(make, length, hourly, make.chance(5))]
    if make.chance(4) and "signed" not in columns:
        terms.append(_term(make, length + 1, hourly * 0.8, make.chance(3)))
    holds = {make.one_of(*make.hardware): make.one_of(1.0, 2.0)}
    if len(make.hardware) > 1 and make.chance(3):
        holds = {"H100": 1.0, "TPU": 1.0}
    return lease(name, *terms, holds=holds, **columns)


def _term(make: Maker, months: int, hourly: float, rich: bool) -> LeaseTerm:
    columns: dict[str, Any] = make.some(
        2,
        usage_usd_per_accelerator_hour=(0.1, 0.4),
        upfront_usd_per_unit=(100.0, 500.0),
        prepay_share=(0.25, 1.0),
        escalator_per_year=(0.1,),
        ramp=("slow", "late"),
    )
    if rich and make.chance(7):
        columns["cancel_after_months"] = make.one_of(0, 1)
        columns |= make.some(5, notice_months=(1, 2), termination_fee_share=(0.25, 0.5))
    if rich and make.chance(4):
        columns |= {"renewals_max": make.one_of(1, 2), "renewal_months": make.one_of(1, 2)}
        columns |= make.some(5, renewal_price_multiple=(0.9, 1.5))
    if make.chance(2):
        return term(months, monthly=hourly * 744, **columns)
    return term(months, hourly=hourly, **columns)


def one_contract(make: Maker, name: str) -> list[Any]:
    """A contract on offer or signed, of one tier or two."""
    most = make.one_of(1, 2, 3)
    rate = make.one_of(0.6, 1.0, 1.5)
    tiers = {1: rate}
    if most > 1:
        tiers |= {2: rate * make.one_of(0.75, 0.9, 1.1)}
    columns: dict[str, Any] = make.some(
        3,
        take_or_pay_share=(0.0, 0.5, 0.8),
        overage_share=(0.5, 1.0),
        overage_price_multiple=(1.25, 2.0),
        min_spend_usd_per_year=(5000.0, 12000.0),
        upfront_usd=(200.0,),
        prepay_share=(0.25, 1.0),
        ramp=("slow", "late"),
        tier_mode=("incremental",),
    )
    columns |= make.some(
        2,
        lead_months=(1,),
        delivered_share=(0.75,),
        usage_usd_per_accelerator_hour=(0.1,),
        escalator_per_year=(0.1,),
        service_not_before=(JAN + 1,),
        min_blocks=(1, most),
    )
    columns |= make.window("sign_from", "sign_until")
    hardware_name = make.one_of(*make.hardware)
    columns |= {
        "hardware": hardware_name,
        "region": make.one_of(*make.regions),
        "provider": make.one_of("hyper", "cloud"),
    }
    columns["max_blocks"] = most
    length = make.one_of(1, 2, 3, 5)
    if make.chance(2):
        first = make.one_of(0, -1, -10, 1)
        length = 14 if first < -5 else length + 1
        columns |= {"signed": first, "blocks": make.random.randint(1, most)}
    rows = contract(name, tiers, length, **columns)
    if make.chance(3):
        # A rate of 730 x r USD a kW and month is about r USD an hour of an accelerator of 1 kW.
        rows = [
            replace(
                row, usd_per_kw_month=730.0 * float(row.usd_per_accelerator_hour or 0.0), usd_per_accelerator_hour=None
            )
            if isinstance(row, ContractTier)
            else row
            for row in rows
        ]
    return rows


def sold(make: Maker) -> list[Any]:
    """On-demand prices of one place, of one provider or two."""
    place: dict[str, Any] = {"region": make.one_of(*make.regions), "hardware": make.one_of(*make.hardware)}
    rows = [on_demand(make.one_of(1.8, 2.6), **place, **make.some(3, max_accelerators=(1.0, 2.5)))]
    if make.chance(3):
        rows.append(on_demand(make.one_of(1.0, 3.2), t=1, **place, **make.some(3, max_accelerators=(1.0,))))
    if make.chance(2):
        rows.append(on_demand(2.2, provider="other", **place, max_accelerators=1.0))
    return rows


def own_build(make: Maker, name: str = "own build") -> list[Any]:
    """A site in blocks, and chips for it, in one order or two, with money of others or without."""
    region, chosen = make.one_of(*make.regions), list(make.hardware)
    columns: dict[str, Any] = make.some(
        3,
        lead_months=(1,),
        service_not_before=(JAN + 1,),
        ramp=("slow", "late"),
        term_months=(2, 3),
        capex_months=(2, 4),
        life_months=(4, 12),
        rent_usd_per_mw_month=(1e5,),
        escalator_per_year=(0.5,),
        energy_usd_per_mwh=(200.0, 500.0),
    )
    loan: dict[str, Any] = {"financed_share": make.one_of(0.5, 0.8), "tenor_months": make.one_of(2, 6)}
    loan |= {"interest": make.one_of(0.0, 0.5)}
    if make.chance(3):
        columns |= loan
    columns |= make.window("sign_from", "sign_until")
    if make.chance(3):
        columns |= {"status": "signed", "signed_month": JAN + make.one_of(-14, -2, 0, 1), "signed_blocks": 1}
        if columns["signed_month"] == JAN - 14:  # in its second year a rent has risen
            columns |= {"rent_usd_per_mw_month": 1e5, "escalator_per_year": 0.5}
            columns |= {"service_not_before": None, "term_months": None}
    else:
        columns |= make.some(6, blocks_max=(2, 2, 3))
    site = f"{name} campus" if make.chance(3) else None
    provider = {"provider": make.one_of("hyper", "landlord")} if make.chance(4) else {}
    rows: list[Any] = [
        OwnSite(
            build=name, site=site, region=region, block_mw=make.one_of(0.0005, 0.001, 0.0015),
            capex_usd_per_mw=make.one_of(0.0, 2e5, 8e5), **columns, **provider,
        )
    ]  # fmt: skip
    for k in range(make.one_of(1, 1, 2)):
        order: dict[str, Any] = make.some(
            3,
            lead_months=(1,),
            service_not_before=(JAN + 1,),
            delivered_share=(0.5,),
            lots_max=(2,),
            deposit_share=(0.0, 0.3),
            support_usd_per_accelerator_month=(40.0, 100.0),
            life_months=(2, 5),
            provider=("neo", "maker"),
        )
        order |= loan if make.chance(3) else {}
        order |= make.window("sign_from", "sign_until")
        if make.chance(3):
            order |= {"status": "signed", "signed_month": JAN + make.one_of(-3, -1, 0, 1), "signed_lots": 1}
        rows.append(
            ChipOrder(
                order=f"{name} chips {k}", site=site or name, hardware=make.one_of(*chosen), lot=make.one_of(1.0, 2.0),
                usd_per_accelerator=make.one_of(300.0, 1500.0, 6000.0), **order,
            )
        )  # fmt: skip
    return rows


def a_run(make: Maker, name: str = "training") -> Run:
    """Work done once, for a value that pays at some prices, or because it must be."""
    columns: dict[str, Any] = make.some(
        5, loss_usd_per_month_late=(100.0, 500.0), single_site=(False,), start_from=(JAN + 1, JAN - 1)
    )
    columns |= make.some(4, start_until=(JAN + 1, JAN + 2))
    if make.chance(7):
        columns |= {"value_usd": make.one_of(300.0, 1200.0, 4000.0)}
        columns |= {"must": True, "value_usd": 50.0} if make.chance(4) else {}
    return Run(
        run=name, workload="chat", region=make.one_of(*make.regions), tokens_bn_per_day=make.one_of(0.3, 0.5, 1.0),
        months=make.one_of(1, 1, 2), **columns,
    )  # fmt: skip


def a_commitment(make: Maker, name: str, *providers: str) -> SpendCommitment:
    """Money promised to one of some providers, over a term or by the year, signed before, now or not yet."""
    first = make.one_of(-13, -2, 0, 0, 0, 1)
    columns: dict[str, Any] = {"status": "excluded"} if make.chance(1) else {}
    if first >= 0 and make.chance(8):
        status = make.one_of("offer", "offer", "excluded")
        columns |= {"status": status, "on_demand_multiple": make.one_of(0.2, 0.5), "usd": make.one_of(100.0, 600.0)}
    if first < 0:
        columns |= make.some(6, spent_usd=(0.0, 300.0, 1500.0))
    return SpendCommitment(
        commitment=name,
        provider=make.one_of(*providers),
        from_month=JAN + first,
        until_month=JAN + make.one_of(1, 1, 2, 5),
        **{"usd": make.one_of(200.0, 800.0, 2000.0) * (6.0 if first == -13 else 1.0)}
        | make.some(5, per=("year",), on_demand_multiple=(0.5, 0.7, 0.9))
        | columns,
    )


def lease_outs(make: Maker) -> list[Any]:
    """One taker."""
    length = make.one_of(1, 2, 3)
    clauses: dict[str, Any] = make.some(
        2, prepay_share=(0.5, 1.0), upfront_usd_per_unit=(200.0,), ramp=("slow", "late")
    )
    if length > 1 and make.chance(5):
        clauses |= {"recall_after_months": make.one_of(0, 1)}
        clauses |= make.some(5, recall_notice_months=(1,), recall_fee_share=(0.01, 0.2))
    if make.chance(2):
        clauses |= {"signed": make.one_of(-1, 0, 1), "signed_units": 1}
    taker = lease_out(
        "sublease",
        make.one_of(0.4, 1.6, 2.4),
        length,
        region=make.one_of(*make.regions),
        hardware=make.one_of(*make.hardware),
        **make.some(3, units_max=(2,), accelerators=(0.5, 2.0), lead_months=(1,)),
        **make.window("sign_from", "sign_until"),
        **clauses,
    )
    return mixed(taker, {"H100": 1.0, "TPU": 0.5}) if len(make.hardware) > 1 and make.chance(3) else [taker]


def mixed(taker: LeaseOut, holds: Mapping[str, float]) -> list[Any]:
    """The same taker of a mixed cluster."""
    parts = [
        LeaseOutHardware(lease_out=taker.lease_out, hardware=name, accelerators=number)
        for name, number in holds.items()
    ]
    return [replace(taker, hardware=None, accelerators=None), *parts]
