"""Random small workbooks: every clause can occur, and all decisions together stay few enough to try them all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from math import comb, prod
from random import Random
from typing import Any, TypeVar

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
from properties.brute_bills import contract_holdings, lease_holdings, lease_out_holdings, signing_months
from properties.brute_demand import limit_paths

from models.dataset import Dataset
from models.schema import (
    MEASURES,
    Cap,
    Contract,
    ContractTier,
    Fleet,
    Lease,
    LeaseOut,
    LeaseTerm,
    Limit,
    LoadBlock,
    LoadShape,
    Network,
    Option,
    Row,
    Rule,
)

T = TypeVar("T")
RAMPS = [*ramp("slow", (1, 0.5, 0.5), (2, 1.0, 1.0)), *ramp("late", (2, 1.0, 1.25))]


FLEET_COLUMNS: list[dict[str, Any]] = [{}, {}, {"from_month": JAN + 1}, {"until_month": JAN}, {"sublet": False}]


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


def workbook(random: Random) -> Dataset:
    """A small workbook drawn from `random`."""
    make = Maker(random)
    rows: list[Any] = [RAMPS, *_machines(make), *_demand(make)]
    for i in range(make.one_of(0, 1, 1, 2)):
        region = make.one_of(*make.regions)
        rows.append(
            fleet(
                f"own{i}",
                make.one_of(1.0, 2.0),
                make.one_of(*make.hardware),
                region=region,
                **make.site(region),
                **make.some(2, usd_per_accelerator_hour=(0.25,), usage_usd_per_accelerator_hour=(0.1, 0.3)),
                **make.one_of(*FLEET_COLUMNS),
            )
        )
    rows += [_lease(make, f"lease{i}") for i in range(make.one_of(0, 1, 1, 1, 2))]
    rows += [_contract(make, f"contract{i}") for i in range(make.one_of(0, 0, 1, 1))]
    if make.chance(7):
        rows += _on_demand(make)
    if make.chance(3):
        rows += _lease_outs(make)
    settings = make.some(
        4,
        discount_rate=(0.1, 1.0),
        reserve_margin=(0.1, 0.25),
        end_of_horizon=("full",),
    )
    data = dataset(rows, months=make.months, **settings)
    data = replace(data, options=_options(make, data), rules=_rules(make, data), caps=_caps(make, data))
    return shifted(few_enough(data, 1500), make.one_of(0, 0, 1, 2, 10, 11))


def _machines(make: Maker) -> list[Row]:
    rows: list[Row] = [hardware(vendor="green", **make.some(2, availability=(0.5, 0.9)))]
    rows.append(throughput(**make.some(2, gain_per_year=(0.5, -0.5))))
    if "TPU" in make.hardware:
        rows.append(hardware("TPU", kw=0.5, vendor="search"))
        if make.chance(8):
            rows.append(throughput(hardware="TPU", bn_per_day=make.one_of(0.5, 0.75)))
    return rows


def _demand(make: Maker) -> list[Any]:
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
        limits = _limits(make, name) if make.chance(4 if name == "chat" else 1) else []
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


def _limits(make: Maker, name: str) -> list[Limit]:
    free = Limit(segment=name, limit="free", **make.some(2, churn_per_month=(0.05,)))
    tight = Limit(
        segment=name,
        limit="tight",
        **make.some(6, demand_multiplier=(0.5, 0.8), price_multiplier=(1.25, 2.0)),
        **make.some(3, churn_per_month=(0.05, 0.1), peak_demand_multiplier=(0.4, 0.75), generosity=(0.5, 3.0)),
        **make.some(3, revenue_multiplier=(0.9, 1.2), from_month=(JAN + 1,)),
    )
    return make.one_of([free, tight], [tight, free])


def _lease(make: Maker, name: str) -> list[Any]:
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


def _contract(make: Maker, name: str) -> list[Any]:
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


def _on_demand(make: Maker) -> list[Any]:
    place: dict[str, Any] = {"region": make.one_of(*make.regions), "hardware": make.one_of(*make.hardware)}
    rows = [on_demand(make.one_of(1.8, 2.6), **place, **make.some(3, max_accelerators=(1.0, 2.5)))]
    if make.chance(3):
        rows.append(on_demand(make.one_of(1.0, 3.2), t=1, **place, **make.some(3, max_accelerators=(1.0,))))
    if make.chance(2):
        rows.append(on_demand(2.2, provider="other", **place, max_accelerators=1.0))
    return rows


def _lease_outs(make: Maker) -> list[Any]:
    return [
        lease_out(
            "sublease",
            make.one_of(0.4, 1.6, 2.4),
            make.one_of(1, 2, 3),
            region=make.one_of(*make.regions),
            hardware=make.one_of(*make.hardware),
            **make.some(3, units_max=(2,), accelerators=(0.5, 2.0), lead_months=(1,)),
            **make.window("sign_from", "sign_until"),
        )
    ]


def _offers(data: Dataset) -> list[str]:
    return [row.lease for row in data.leases] + [row.contract for row in data.contracts]


def _options(make: Maker, data: Dataset) -> tuple[Option, ...]:
    unsigned = [row.lease for row in data.leases if row.status == "offer"]
    unsigned += [row.contract for row in data.contracts if row.status == "offer"]
    if not unsigned or not make.chance(2):
        return ()
    offer = make.one_of(*unsigned)
    names = ("right", "second right")[: make.one_of(1, 1, 2)]
    return tuple(
        Option(option=name, offer=offer, premium_usd=make.one_of(20.0, 200.0), **make.window("buy_from", "buy_until"))
        for name in names
    )


def _rules(make: Maker, data: Dataset) -> tuple[Rule, ...]:
    offers = _offers(data) + [row.lease_out for row in data.lease_outs]
    if len(offers) < 2 or not make.chance(4):
        return ()
    kind = make.one_of("requires", "excludes", "at_most", "at_least")
    pair = tuple(offers[:2]) if make.chance(5) else (offers[-1], offers[0])
    count = make.one_of(1, 1, 2) if kind in ("at_most", "at_least") else None
    return (Rule(rule="policy", kind=kind, offers=pair, count=count),)


def _caps(make: Maker, data: Dataset) -> tuple[Cap, ...]:
    return tuple(_cap(make, data, f"cap{i}") for i in range(make.one_of(0, 0, 0, 0, 1, 1, 2)))


def _cap(make: Maker, data: Dataset, name: str) -> Cap:
    measure = make.one_of(
        "capacity_mw",
        "capacity_share",
        "cash_usd",
        "cash_usd",
        "cash_share_of_revenue",
        "obligation_usd",
        "shortfall_share",
    )
    sense = make.one_of("max", "max", "max", "min")
    sources: list[Fleet | Lease | Contract] = [*data.fleet, *data.leases, *data.contracts]
    known: dict[str, list[Any]] = {
        "total": [None],
        "provider": sorted({row.provider for row in sources}),
        "vendor": ["green"],
        "hardware": sorted(data.hardware_of),
        "region": sorted({row.region for row in sources}),
        "site": sorted({row.site for row in sources if row.site}),
        "offer": _offers(data),
        "segment": sorted(data.segment_of),
    }
    scope = make.one_of(*(scope for scope in MEASURES[measure] if known[scope]))
    values = {
        "capacity_mw": (0.0, 0.001, 0.002, 0.003),
        "capacity_share": (0.3, 0.5, 0.75),
        "cash_usd": (300.0, 1000.0, 2000.0, 4000.0),
        "cash_share_of_revenue": (0.2, 0.5, 1.0),
        "obligation_usd": (0.0, 1000.0, 3000.0),
        "shortfall_share": (0.0, 0.1, 0.3),
    }[measure]
    per = make.one_of("month", "quarter", "year", "horizon") if measure[:4] in ("cash", "shor") else "month"
    return Cap(
        cap=name, measure=measure, scope=scope, name=make.one_of(*known[scope]),
        sense=sense, value=make.one_of(*values), per=per, **make.window("from_month", "until_month"),
    )  # fmt: skip


def combinations(data: Dataset) -> int:
    """How many combinations of decisions brute force would try, before any rule."""
    sizes = []
    for row in data.leases:
        choices, units = len(lease_holdings(data, row)), row.signed_units if row.status == "signed" else row.units_max
        sizes.append(comb(choices + (units or 0) - (row.status == "signed"), units or 0))
    sizes += [1 if row.status == "signed" else 1 + len(contract_holdings(data, row)) for row in data.contracts]
    sizes += [comb(len(lease_out_holdings(data, row)) + row.units_max, row.units_max) for row in data.lease_outs]
    sizes += [1 + len(signing_months(data, row.buy_from, row.buy_until)) for row in data.options]
    single = sum(row.single_site for row in data.segments)
    if single:
        sites = {row.site or row.asset for row in data.fleet} | {row.site or row.lease for row in data.leases}
        tied = any(row.per != "month" for row in data.caps) or any(row.min_spend_usd_per_year for row in data.contracts)
        sizes.append((len(sites) + len(data.contracts)) ** (single * (data.settings.months if tied else 1)))
    limited = {row.segment for row in data.limits}
    sizes += [sum(1 for _ in limit_paths(data, row)) for row in data.segments if row.segment in limited]
    return prod(sizes)


def few_enough(data: Dataset, most: int) -> Dataset:
    """The same workbook with units, windows and at last whole rows taken away until few decisions are left."""
    narrower: list[Callable[[Dataset], Dataset]] = [
        lambda d: replace(d, lease_outs=tuple(_single(row) for row in d.lease_outs)),
        lambda d: replace(d, options=()),
        lambda d: replace(d, leases=tuple(_single(row) for row in d.leases)),
        lambda d: replace(d, contracts=tuple(_first_month(row) for row in d.contracts)),
        lambda d: replace(d, leases=tuple(_first_month(row) for row in d.leases)),
        lambda d: replace(d, lease_outs=tuple(_first_month(row) for row in d.lease_outs)),
        lambda d: replace(d, segments=tuple(replace(row, single_site=False) for row in d.segments)),
        lambda d: replace(d, limits=(), segments=tuple(replace(row, current_limit=None) for row in d.segments)),
    ]
    for narrow in narrower:
        if combinations(data) <= most:
            break
        data = narrow(data)
    return data


def _single(row: Any) -> Any:
    return replace(row, signed_units=1) if getattr(row, "status", "") == "signed" else replace(row, units_max=1)


def _first_month(row: Lease | Contract | LeaseOut) -> Any:
    if getattr(row, "status", "") == "signed":
        return row
    first = JAN if row.sign_from is None else row.sign_from
    return replace(row, sign_from=first, sign_until=first)


def shifted(data: Dataset, months: int) -> Dataset:
    """The same workbook so many calendar months later: other lengths of month, other quarters and years."""

    def later(row: Any) -> Any:
        named = {each.name for each in fields(row) if each.metadata.get("kind") == "month"}
        return replace(row, **{name: getattr(row, name) + months for name in named if getattr(row, name) is not None})

    sheets = {each.name: getattr(data, each.name) for each in fields(data) if each.name != "settings"}
    moved = {name: tuple(later(row) for row in rows) for name, rows in sheets.items()}
    return Dataset(settings=later(data.settings), **moved)
