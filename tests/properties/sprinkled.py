"""What themes seldom have, strewn over a small random workbook: offers of every kind, columns, caps, rules, options."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

from builders import JAN, contract, demand, fleet, hardware, lease, lease_out, on_demand, ramp, term, throughput
from properties.money_rows import with_money
from properties.relations import columns_times, times
from properties.workbook_rows import Maker, a_commitment, a_run, own_build, some_limits
from properties.workbook_sizes import few_enough, shifted
from properties.workbooks import a_cap, a_rule, some_options, some_resilience

from models.dataset import Dataset
from models.schema import SHEETS, Cap, LoadBlock, LoadShape, Network, Option

COLUMNS: dict[str, dict[str, tuple[Any, ...]]] = {
    "settings": {
        "reserve_margin": (0.1, 0.3),
        "discount_rate": (0.3, 2.0),
        "fiscal_year_start": (2, 3),
        "end_of_horizon": ("full",),
    },
    "hardware": {"availability": (0.5, 0.8), "vendor": ("green", "search")},
    "throughput": {"gain_per_year": (1.0, -0.5)},
    "segments": {
        "revenue_usd_per_mtok": (0.05, 0.2),
        "max_shortfall_share": (0.0, 0.1),
        "headroom_share": (0.2, 0.4),
        "single_site": (True,),
        "timing": ("deferrable",),
    },
    "fleet": {
        "from_month": (JAN + 1,),
        "until_month": (JAN,),
        "usd_per_accelerator_hour": (0.25,),
        "usage_usd_per_accelerator_hour": (0.2, 0.5),
        "sublet": (False,),
        "site": ("campus",),
    },
    "leases": {
        "lead_months": (1,),
        "service_not_before": (JAN + 1,),
        "delivered_share": (0.5, 0.8),
        "status": ("excluded",),
        "sign_from": (JAN + 1,),
        "sign_until": (JAN,),
        "sublet": (True,),
        "site": ("campus",),
    },
    "lease_terms": {
        "usage_usd_per_accelerator_hour": (0.1, 0.4),
        "upfront_usd_per_unit": (100.0, 400.0),
        "prepay_share": (0.5, 1.0),
        "ramp": ("strewn",),
        "escalator_per_year": (0.5,),
    },
    "contracts": {
        "lead_months": (1,),
        "service_not_before": (JAN + 1,),
        "delivered_share": (0.5, 0.8),
        "status": ("excluded",),
        "sign_from": (JAN + 1,),
        "sign_until": (JAN,),
        "upfront_usd": (100.0, 400.0),
        "usage_usd_per_accelerator_hour": (0.1, 0.4),
        "prepay_share": (0.5, 1.0),
        "ramp": ("strewn",),
        "escalator_per_year": (0.5,),
        "take_or_pay_share": (0.0, 0.5),
        "overage_share": (0.5,),
        "overage_price_multiple": (1.5,),
        "site": ("campus",),
    },
    "own_sites": {
        "status": ("excluded",),
        "rent_usd_per_mw_month": (1e5,),
        "capex_months": (3,),
        "energy_usd_per_mwh": (300.0,),
    },
    "chip_orders": {"status": ("excluded",), "life_months": (2, 30), "support_usd_per_accelerator_month": (80.0,)},
    "on_demand": {"max_accelerators": (0.5, 1.0)},
    "lease_outs": {
        "units_max": (2,),
        "lead_months": (1,),
        "service_not_before": (JAN + 1,),
        "sign_from": (JAN + 1,),
        "sign_until": (JAN,),
        "status": ("excluded",),
        "ramp": ("strewn",),
        "upfront_usd_per_unit": (200.0,),
        "prepay_share": (0.5, 1.0),
        "recall_after_months": (0,),
        "recall_fee_share": (0.02,),
    },
}
"""Values that one row of a sheet is given."""


def sprinkled(data: Dataset, random: Random, most: int) -> Dataset:
    """The workbook with more of what is rare, and of at most so many combinations of decisions."""
    late = data.settings.first_month - JAN
    data = shifted(data, -late)
    make = Maker(random)
    make.months = data.settings.months
    if make.chance(6):
        data = replace(data, hardware=tuple(replace(row, vendor=row.vendor or "green") for row in data.hardware))
    if make.chance(2) and len(data.hardware) == 1:
        data = _added(data, [hardware("TPU", kw=0.5, vendor="search"), throughput(hardware="TPU", bn_per_day=0.75)])
    make.hardware = sorted({row.hardware for row in data.hardware})
    make.regions = sorted({row.region for row in data.demand})
    if make.chance(7):
        data = replace(data, segments=tuple(times(row, 4.0, "shortfall_usd_per_mtok") for row in data.segments))
    if make.chance(7):
        data = columns_times(data, make.one_of(0.4, 0.7), PRICES)
    for offer in random.sample(OFFERS, make.one_of(1, 2, 3)):
        data = _added(data, offer(make))
    if make.chance(2):
        data = _abroad(data, make)
    if make.chance(2) and not data.load_blocks:
        data = _by_day(data, make)
    for change in (_growing, _rights, _rights, _limited, _another_workload, _other_prices):
        if make.chance(3):
            data = change(data, make)
    if make.chance(5):
        data = _added(data, ramp("strewn", (1, 0.5, make.one_of(0.5, 1.5)), (3, 1.0, 1.0)))
        data = _with(data, make, make.one_of("lease_terms", "contracts", "lease_outs"), "ramp")
    places = [(sheet, name) for sheet, columns in COLUMNS.items() for name in columns]
    for sheet, name in random.sample(places, make.one_of(8, 13, 18)):
        if name != "ramp" or any(row.ramp == "strewn" for row in data.ramps):
            data = _with(data, make, sheet, name)
    if make.chance(6):
        data = replace(data, options=(*data.options, *some_options(make, data, len(data.options))))
    if make.chance(4):
        data = replace(data, rules=(*data.rules, *a_rule(make, data, "strewn")))
    if make.chance(2) and not data.resilience:
        data = replace(data, resilience=some_resilience(make, data))
    for what in (_vendors, _must_serve, _late_right):
        if make.chance(2):
            data = what(data, make)
    for k in range(make.one_of(0, 1, 2, 2)):
        data = replace(data, caps=(*data.caps, a_cap(make, data, f"strewn {k}")))
    data = with_money(data, make)
    return shifted(few_enough(data, most), late)


def _added(data: Dataset, rows: list[Any]) -> Dataset:
    of = {sheet.row: sheet.name for sheet in SHEETS}
    for row in rows:
        data = replace(data, **{of[type(row)]: (*getattr(data, of[type(row)]), row)})
    return data


def _with(data: Dataset, make: Maker, sheet: str, name: str) -> Dataset:
    """One row of the sheet with another value of a column."""
    value = make.one_of(*COLUMNS[sheet][name])
    if sheet == "settings":
        return replace(data, settings=replace(data.settings, **{name: value}))
    rows = getattr(data, sheet)
    free = [k for k, row in enumerate(rows) if getattr(row, "status", "offer") == "offer"]
    if not free:
        return data
    k = make.one_of(*free)
    return replace(data, **{sheet: (*rows[:k], replace(rows[k], **{name: value}), *rows[k + 1 :])})


def _place(make: Maker) -> dict[str, Any]:
    return {"region": make.one_of(*make.regions), "provider": make.one_of("neo", "hyper", "strewn")}


def _lease(make: Maker, **columns: Any) -> list[Any]:
    rate = make.one_of(0.4, 0.8)
    name = "signed strewn lease" if "signed" in columns else "strewn lease"
    terms = [term(2, rate), term(3, 0.9 * rate)]
    if columns.get("signed") == -11:
        terms = [term(14, rate, escalator_per_year=0.5)]
    return lease(name, *terms, holds={make.one_of(*make.hardware): 1.0}, **_place(make), **columns)


def _contract(make: Maker, **columns: Any) -> list[Any]:
    rate, runs_on = make.one_of(0.4, 0.8), make.one_of(*make.hardware)
    name = "signed strewn contract" if "signed" in columns else "strewn contract"
    months = make.one_of(2, 3)
    if columns.get("signed") == -11:
        columns["escalator_per_year"], months = 0.5, 14
    columns |= {"blocks": 2, "min_blocks": make.one_of(1, 2), "max_blocks": 2}
    columns["tier_mode"] = make.one_of("all_units", "incremental")
    return contract(name, {1: rate, 2: 0.8 * rate}, months, hardware=runs_on, **_place(make), **columns)


PRICES = {
    "lease_terms": ("usd_per_accelerator_hour", "usd_per_unit_month"),
    "contract_tiers": ("usd_per_accelerator_hour", "usd_per_kw_month"),
}

OFFERS = (
    _lease,
    _contract,
    lambda make: _lease(make, signed=make.one_of(-11, -1, 0, 1)),
    lambda make: _contract(make, signed=make.one_of(-11, -1, 0, 1), take_or_pay_share=make.one_of(0.5, 1.0)),
    lambda make: [lease_out("strewn taker", make.one_of(0.8, 1.6), 2, **_where(make))],
    lambda make: own_build(make, "strewn build"),
    lambda make: own_build(make, "strewn build"),
    lambda make: [a_run(make, "strewn run")],
    lambda make: [a_commitment(make, "strewn promise", "neo", "hyper", "spot", "strewn", "us-inc")],
    lambda make: [lease_out("strewn old taker", 1.0, 14, signed=-11, escalator_per_year=0.5, **_where(make))],
    lambda make: [on_demand(make.one_of(0.8, 1.6), provider="strewn", max_accelerators=1.0, **_where(make))],
    lambda make: [fleet("strewn asset", 1.0, make.one_of(*make.hardware), region=make.one_of(*make.regions))],
)


def _where(make: Maker) -> dict[str, Any]:
    return {"region": make.one_of(*make.regions), "hardware": make.one_of(*make.hardware)}


def _abroad(data: Dataset, make: Maker) -> Dataset:
    """Demand of another region, and what serving it across costs."""
    segment = make.one_of(*data.segments).segment
    there = make.one_of("abroad", *make.regions)
    given = {(row.segment, row.region) for row in data.demand}
    if (segment, there) not in given:
        data = _added(data, demand(make.one_of(0.5, 1.0), segment=segment, region=there, months=make.months))
    listed = {(row.capacity_region, row.demand_region) for row in data.network}
    pairs = [(home, there) for home in make.regions if (home, there) not in listed]
    across: dict[str, Any] = {"usd_per_mtok": make.one_of(0.005, 0.02), "allowed": make.chance(7)}
    return _added(data, [Network(capacity_region=one, demand_region=other, **across) for one, other in pairs])


def _vendors(data: Dataset, make: Maker) -> Dataset:
    """Two vendors, and a cap on one of them."""
    if len(data.hardware) == 1:
        data = _added(data, [hardware("TPU", kw=0.5), throughput(hardware="TPU", bn_per_day=0.75)])
    vendors = ("green", make.one_of("green", "search"))
    data = replace(data, hardware=tuple(replace(row, vendor=v) for row, v in zip(data.hardware, vendors, strict=True)))
    measure, value = make.one_of(("capacity_mw", 0.0), ("capacity_mw", 0.001), ("capacity_share", 0.3))
    return _added(data, [Cap(cap="vendor", measure=measure, scope="vendor", name="green", sense="max", value=value)])


def _must_serve(data: Dataset, make: Maker) -> Dataset:
    """One segment, or all, of which more has to be served than would pay."""
    row = make.one_of(*data.segments)
    cheap = replace(row, shortfall_usd_per_mtok=make.one_of(0.01, 0.03))
    offers = [on_demand(make.one_of(2.5, 4.0), provider="at any price", **_where(make))]
    if make.chance(4):
        most: dict[str, Any] = {"measure": "shortfall_share", "sense": "max", "value": make.one_of(0.0, 0.2)}
        offers.append(Cap(cap="service", scope="segment", name=row.segment, **most))
    else:
        cheap = replace(cheap, max_shortfall_share=make.one_of(0.0, 0.2))
    data = _changed(data, make, "segments", lambda _: cheap, [row])
    return _added(data, offers)


def _late_right(data: Dataset, make: Maker) -> Dataset:
    """A lease signed later than the option on it, of which the premium is discounted."""
    data = replace(data, settings=replace(data.settings, discount_rate=make.one_of(0.5, 2.0)))
    data = _added(data, lease("late", term(2, 0.2), sign_from=JAN + 1, sign_until=JAN + 1, **_place(make)))
    return _added(data, [Option(option="late right", offer="late", premium_usd=20.0, buy_until=JAN)])


def _by_day(data: Dataset, make: Maker) -> Dataset:
    """Two load blocks, and one segment that is asked for by day."""
    segment = make.one_of(*data.segments).segment
    rate = make.one_of(1.25, 1.5)
    return _added(
        data,
        [
            LoadBlock(block="day", hours_per_day=16.0, peak=make.chance(5)),
            LoadBlock(block="night", hours_per_day=8.0),
            LoadShape(segment=segment, block="day", multiplier=rate),
            LoadShape(segment=segment, block="night", multiplier=3.0 - 2.0 * rate),
        ],
    )


def _growing(data: Dataset, make: Maker) -> Dataset:
    """One segment of which only the first month is given."""
    row = make.one_of(*data.segments)
    grows = replace(row, growth_per_month=make.one_of(0.3, -0.2))
    first = [each for each in data.demand if each.segment != row.segment or each.month <= JAN]
    return replace(data, segments=tuple(grows if each is row else each for each in data.segments), demand=tuple(first))


def _changed(data: Dataset, make: Maker, sheet: str, change: Callable[[Any], Any], rows: list[Any]) -> Dataset:
    """One of the rows changed, where there is any."""
    chosen = make.one_of(*rows) if rows else None
    return replace(data, **{sheet: tuple(change(row) if row is chosen else row for row in getattr(data, sheet))})


def _rights(data: Dataset, make: Maker) -> Dataset:
    """One term with a right to cancel or to renew."""
    cancel = {
        "cancel_after_months": make.one_of(0, 1),
        "notice_months": make.one_of(0, 1),
        "termination_fee_share": make.one_of(0.0, 0.2, 0.5),
    }
    renew = {
        "renewals_max": make.one_of(1, 2),
        "renewal_months": make.one_of(1, 2),
        "renewal_price_multiple": make.one_of(0.7, 1.3),
    }
    rights = make.one_of(cancel, renew)
    return _changed(data, make, "lease_terms", lambda row: replace(row, **rights), list(data.lease_terms))


def _limited(data: Dataset, make: Maker) -> Dataset:
    """Limits of a segment that has none."""
    limited = {row.segment for row in data.limits}
    free = [row for row in data.segments if row.segment not in limited]
    if not free:
        return data
    chosen = make.one_of(*free)
    rows = some_limits(make, chosen.segment)
    columns = make.some(
        5,
        revenue_usd_per_mtok=(0.05, 0.1),
        may_tighten=(False,),
        change_cost_usd=(50.0, 200.0),
        min_months_between_changes=(2, 3),
        price_elasticity=(-0.5, -1.0),
        current_limit=("free", "tight"),
    )
    return _added(_changed(data, make, "segments", lambda row: replace(row, **columns), [chosen]), rows)


def _another_workload(data: Dataset, make: Maker) -> Dataset:
    """One segment that runs faster or slower than the others."""
    if any(row.workload == "strewn" for row in data.throughput):
        return data
    pace = make.one_of(0.5, 2.0)
    own = [replace(row, workload="strewn", tokens_per_second=pace * row.tokens_per_second) for row in data.throughput]
    data = _changed(data, make, "segments", lambda row: replace(row, workload="strewn"), list(data.segments))
    return _added(data, own)


def _other_prices(data: Dataset, make: Maker) -> Dataset:
    """One term by the unit and month, and one tier by power and month, in place of the hour."""
    if make.chance(5):

        def by_unit(row: Any) -> Any:
            return replace(row, usd_per_unit_month=730.0 * row.usd_per_accelerator_hour, usd_per_accelerator_hour=None)

        hourly = [row for row in data.lease_terms if row.usd_per_accelerator_hour is not None]
        return _changed(data, make, "lease_terms", by_unit, hourly)

    def by_power(row: Any) -> Any:
        return replace(row, usd_per_kw_month=730.0 * row.usd_per_accelerator_hour, usd_per_accelerator_hour=None)

    tiers = [row for row in data.contract_tiers if row.usd_per_accelerator_hour is not None]
    return _changed(data, make, "contract_tiers", by_power, tiers)
