"""Random small workbooks: every clause can occur, and all decisions together stay few enough to try them all."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

from builders import (
    JAN,
    dataset,
    fleet,
    ramp,
)
from properties.workbook_rows import Maker, asked, lease_outs, machines, one_contract, one_lease, own_build, sold
from properties.workbook_sizes import few_enough, shifted

from models.dataset import Dataset
from models.schema import MEASURES, Cap, Contract, Fleet, Lease, Option, OwnSite, Resilience, Rule

RAMPS = [*ramp("slow", (1, 0.5, 0.5), (2, 1.0, 1.0)), *ramp("late", (2, 1.0, 1.25))]


FLEET_COLUMNS: list[dict[str, Any]] = [{}, {}, {"from_month": JAN + 1}, {"until_month": JAN}, {"sublet": False}]


def workbook(random: Random) -> Dataset:
    """A small workbook drawn from `random`."""
    make = Maker(random)
    rows: list[Any] = [RAMPS, *machines(make), *asked(make)]
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
    rows += [one_lease(make, f"lease{i}") for i in range(make.one_of(0, 1, 1, 1, 2))]
    rows += [one_contract(make, f"contract{i}") for i in range(make.one_of(0, 0, 1, 1))]
    if make.chance(3):
        rows += own_build(make)
    if make.chance(7):
        rows += sold(make)
    if make.chance(3):
        rows += lease_outs(make)
    settings = make.some(
        4,
        discount_rate=(0.1, 1.0),
        reserve_margin=(0.1, 0.25),
        end_of_horizon=("full",),
    )
    data = dataset(rows, months=make.months, **settings)
    data = replace(data, options=some_options(make, data) if make.chance(2) else ())
    data = replace(data, rules=a_rule(make, data) if make.chance(4) else ())
    data = replace(data, resilience=some_resilience(make, data) if make.chance(2) else ())
    data = replace(data, caps=tuple(a_cap(make, data, f"cap{i}") for i in range(make.one_of(0, 0, 0, 0, 1, 1, 2))))
    return shifted(few_enough(data, 1500), make.one_of(0, 0, 1, 2, 10, 11))


def _offers(data: Dataset) -> list[str]:
    names = [row.lease for row in data.leases] + [row.contract for row in data.contracts]
    return names + [row.build for row in data.own_sites] + [row.order for row in data.chip_orders]


def some_options(make: Maker, data: Dataset, had: int = 0) -> tuple[Option, ...]:
    """One option or two on an offer that is not signed, where there is one."""
    unsigned = [row.lease for row in data.leases if row.status == "offer"]
    unsigned += [row.contract for row in data.contracts if row.status == "offer"]
    unsigned += [row.build for row in data.own_sites if row.status == "offer"]
    unsigned += [row.order for row in data.chip_orders if row.status == "offer"]
    if not unsigned:
        return ()
    offer = make.one_of(*unsigned)
    return tuple(
        Option(
            option=f"right {had + k}",
            offer=offer,
            premium_usd=make.one_of(5.0, 20.0, 60.0),
            **(make.window("buy_from", "buy_until") or make.window("buy_from", "buy_until")),
        )
        for k in range(make.one_of(1, 1, 2))
    )


def some_resilience(make: Maker, data: Dataset) -> tuple[Resilience, ...]:
    """What must go on when one of a kind is lost, for all segments and now and then for one apart."""
    against = make.one_of("site", "site", "provider", "region")
    share = make.one_of(0.3, 0.6)
    rows = [Resilience(against=against, protected_share=share, **make.window("from_month", "until_month"))]
    if make.chance(4):
        own = make.one_of(0.0, 0.9)
        segment = make.one_of(*data.segments).segment
        window = make.window("from_month", "until_month")
        rows.append(Resilience(against=against, segment=segment, protected_share=own, **window))
    return tuple(rows)


def a_rule(make: Maker, data: Dataset, name: str = "policy") -> tuple[Rule, ...]:
    """A rule on two offers, where there are two."""
    offers = _offers(data) + [row.lease_out for row in data.lease_outs]
    if len(offers) < 2:
        return ()
    kind = make.one_of("requires", "excludes", "at_most", "at_least")
    pair = tuple(make.random.sample(offers, 2))
    count = make.one_of(1, 1, 2) if kind in ("at_most", "at_least") else None
    return (Rule(rule=name, kind=kind, offers=pair, count=count),)


def a_cap(make: Maker, data: Dataset, name: str) -> Cap:
    """A cap of any measure on anything there is."""
    sense = make.one_of("max", "max", "max", "min")
    sources: list[Fleet | Lease | Contract | OwnSite] = [*data.fleet, *data.leases, *data.contracts, *data.own_sites]
    known: dict[str, list[Any]] = {
        "total": [None],
        "provider": sorted({row.provider for row in sources} | {row.provider for row in data.chip_orders}),
        "vendor": sorted({row.vendor for row in data.hardware if row.vendor}),
        "hardware": sorted(data.hardware_of),
        "region": sorted({row.region for row in sources}),
        "site": sorted({row.site for row in (*sources, *data.chip_orders) if row.site}),
        "offer": _offers(data),
        "segment": sorted(data.segment_of),
    }
    scopes = {measure: [scope for scope in MEASURES[measure] if known[scope]] for measure in MEASURES}
    scope = make.one_of(*{scope: None for of in scopes.values() for scope in of})
    measure = make.one_of(*(measure for measure, of in scopes.items() if scope in of))
    if make.chance(4):
        measure = make.one_of(*(measure for measure, of in scopes.items() if of))
        scope = make.one_of(*scopes[measure])
    values = {
        "capacity_mw": (0.0, 0.0005, 0.001, 0.002),
        "capacity_share": (0.1, 0.3, 0.5),
        "cash_usd": (100.0, 300.0, 1000.0, 2000.0),
        "cash_share_of_revenue": (0.1, 0.2, 0.5),
        "obligation_usd": (0.0, 300.0, 1000.0),
        "shortfall_share": (0.0, 0.05, 0.2),
    }[measure]
    per = make.one_of("month", "quarter", "year", "horizon") if measure[:4] in ("cash", "shor") else "month"
    return Cap(
        cap=name, measure=measure, scope=scope,
        name="*" if scope != "total" and make.chance(3) else make.one_of(*known[scope]),
        sense=sense, value=make.one_of(*values), per=per, **make.window("from_month", "until_month"),
    )  # fmt: skip
