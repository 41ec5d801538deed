"""Relations that hold between the optima of a workbook and of one made from it, whatever the workbook.

Each takes a workbook and a source of random numbers, and gives two sides: the costs of the workbooks on the left
add up to `factor` times those on the right, or to no more. None where the workbook has nothing to relate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from builders import contract, lease, lease_out, on_demand, term
from properties.brute_month import members

from models.columns import Column
from models.dataset import Dataset
from models.loading import load_tables, plain_table
from models.months import label
from models.schema import SHEETS, Contract, History, Scenario, Settings

Changed = Callable[[Any], Any]


TOLERANCE = 1e-6
"""How far two costs may be apart, as a share of the money that moves."""


@dataclass(frozen=True)
class Related:
    """Costs of `left` add up to `factor` times those of `right`, or with `at_most` to no more.

    `tolerance`: how far they may be apart, as a share of the money that moves.
    """

    left: tuple[Dataset, ...]
    right: tuple[Dataset, ...]
    factor: float = 1.0
    at_most: bool = False
    tolerance: float = TOLERANCE


ACCELERATORS = {
    "fleet": ("accelerators",),
    "lease_hardware": ("accelerators",),
    "contracts": ("block_mw",),
    "on_demand": ("max_accelerators",),
    "own_sites": ("block_mw",),
    "chip_orders": ("lot",),
    "lease_outs": ("accelerators",),
    "lease_out_hardware": ("accelerators",),
    "demand": ("tokens_bn_per_day",),
    "runs": ("tokens_bn_per_day",),
}
"""Columns that say how much there is, or is asked for."""

PER_UNIT = {
    "segments": ("change_cost_usd",),
    "lease_terms": ("usd_per_unit_month", "upfront_usd_per_unit"),
    "contracts": ("upfront_usd", "min_spend_usd_per_year"),
    "lease_outs": ("upfront_usd_per_unit",),
    "options": ("premium_usd",),
    "settings": ("opening_cash_usd", "credit_line_usd"),
    "funding": ("usd",),
    "spend_commitments": ("usd", "spent_usd"),
    "runs": ("value_usd", "loss_usd_per_month_late"),
}
"""Columns of money that belongs to no accelerator, hour or token, so grows with the size of what it buys."""

PER_TOKEN = {"segments": ("revenue_usd_per_mtok", "shortfall_usd_per_mtok"), "network": ("usd_per_mtok",)}
PER_TOKEN["prices"] = PER_TOKEN["segments"]
PER_HOUR = {
    "residuals": ("usd_per_accelerator_hour",),
    "fleet": ("usd_per_accelerator_hour", "usage_usd_per_accelerator_hour"),
    "lease_terms": ("usd_per_accelerator_hour", "usage_usd_per_accelerator_hour"),
    "contracts": ("usage_usd_per_accelerator_hour",),
    "contract_tiers": ("usd_per_accelerator_hour", "usd_per_kw_month"),
    "on_demand": ("usd_per_accelerator_hour",),
    "lease_outs": ("usd_per_accelerator_hour",),
    "own_sites": ("capex_usd_per_mw", "rent_usd_per_mw_month", "energy_usd_per_mwh"),
    "chip_orders": ("usd_per_accelerator", "support_usd_per_accelerator_month"),
}
"""Columns of money by tokens, and by accelerator-hour or power."""


def rows_changed(data: Dataset, **changes: Changed) -> Dataset:
    """The workbook with every row of these sheets changed."""
    changed = {
        sheet: change(rows) if isinstance(rows := getattr(data, sheet), Settings) else tuple(map(change, rows))
        for sheet, change in changes.items()
    }
    return replace(data, **changed)


def times(row: Any, factor: float, *names: str) -> Any:
    """The row with these columns multiplied, where they are filled in."""
    return replace(row, **{name: getattr(row, name) * factor for name in names if getattr(row, name) is not None})


def columns_times(data: Dataset, factor: float, *groups: Mapping[str, tuple[str, ...]], measures: str = "") -> Dataset:
    """The workbook with these columns, and the values of caps of these measures, multiplied."""
    for group in groups:
        changes = {sheet: lambda row, names=names: times(row, factor, *names) for sheet, names in group.items()}
        data = rows_changed(data, **changes)
    return rows_changed(data, caps=lambda row: times(row, factor, "value") if row.measure in measures.split() else row)


def money(data: Dataset, random: Random) -> Related:
    """Another unit of money, from 1e-12 to 1e9 of the first, multiplies the cost."""
    factor = 10.0 ** random.uniform(-12.0, 9.0)
    other = columns_times(data, factor, PER_UNIT, PER_TOKEN, PER_HOUR, measures="cash_usd obligation_usd")
    return Related((other,), (data,), factor, tolerance=1e-9)


def size(data: Dataset, random: Random) -> Related:
    """A company so many times as large pays so many times as much."""
    factor = 10.0 ** random.uniform(-2.0, 5.0)
    other = columns_times(data, factor, ACCELERATORS, PER_UNIT, measures="capacity_mw cash_usd obligation_usd")
    return Related((other,), (data,), factor)


def tokens(data: Dataset, random: Random) -> Related:
    """Twice as many tokens, made twice as fast and half as dear, cost the same."""
    more = columns_times(data, 2.0, dict.fromkeys(("demand", "runs"), ("tokens_bn_per_day",)))
    more = columns_times(more, 2.0, {"throughput": ("tokens_per_second",)})
    return Related((columns_times(more, 0.5, PER_TOKEN),), (data,))


def order(data: Dataset, random: Random) -> Related | None:
    """The order of rows, columns and sheets, defaults left out, and a history change nothing."""
    ranks: dict[tuple[str, str], float] = {}
    for row in data.limits:
        before = sum(each.segment == row.segment for each in data.limits[: data.limits.index(row)])
        ranks[row.segment, row.limit] = before + 1.0 if row.generosity is None else row.generosity
    past = History(segment=data.segments[0].segment, month=data.settings.first_month - 1, tokens_bn_per_day=1.0)
    ranked = rows_changed(data, limits=lambda row: replace(row, generosity=ranks[row.segment, row.limit]))
    ranked = replace(ranked, history=(past,))
    tables = []
    for sheet in random.sample(SHEETS, len(SHEETS)):
        columns = random.sample(sheet.columns, len(sheet.columns))
        values = getattr(ranked, sheet.name)
        if sheet.name == "settings":
            cells = {each.name: _cell(each.kind, getattr(values, each.name)) for each in columns}
            tables.append(plain_table(sheet.name, {name: value for name, value in cells.items() if value != ""}))
            continue
        records = [
            {each.name: _cell(each.kind, getattr(row, each.name)) for each in columns if not _left_out(each, row)}
            for row in random.sample(values, len(values))
        ]
        if records:
            tables.append(plain_table(sheet.name, records))
    read = load_tables(tables).dataset
    return None if read is None else Related((read,), (data,))


def _left_out(column: Column, row: Any) -> bool:
    return not column.required and getattr(row, column.name) == column.default


def _cell(kind: str, value: Any) -> Any:
    """What a cell holds for a value."""
    if value is None or isinstance(value, str):
        return value
    if kind == "month":
        return label(value)
    return "; ".join(value) if kind == "names" else value


def contract_split(data: Dataset, random: Random) -> Related | None:
    """Twice as many blocks of half the power cost no more, and as much where their number is agreed."""
    if not data.contracts:
        return None
    chosen = random.choice(data.contracts)

    def halves(row: Contract) -> Contract:
        if row is not chosen:
            return row
        blocks = None if row.signed_blocks is None else 2 * row.signed_blocks
        more = replace(row, min_blocks=2 * row.min_blocks, max_blocks=2 * row.max_blocks, signed_blocks=blocks)
        return replace(more, block_mw=row.block_mw / 2.0)

    split = rows_changed(
        data,
        contracts=halves,
        contract_tiers=lambda row: (
            replace(row, from_blocks=2 * row.from_blocks - 1) if row.contract == chosen.contract else row
        ),
    )
    return Related((split,), (data,), at_most=chosen.status == "offer")


def lease_split(data: Dataset, random: Random) -> Related | None:
    """A lease split in two of half the size costs no more, and as much where nothing is left to decide."""
    spoken_of = {row.offer for row in data.options} | {name for row in data.rules for name in row.offers}
    spoken_of |= {row.name for row in data.caps if row.scope == "offer"}
    if any((row.scope, row.name) == ("offer", "*") for row in data.caps):
        return None
    split = [row for row in data.leases if row.lease not in spoken_of]
    if not split:
        return None
    chosen = random.choice(split)
    other = f"{chosen.lease}, second half"
    mine = {"leases", "lease_hardware", "lease_terms", "scenario_factors"}
    sheets: dict[str, list[Any]] = {}
    for sheet in mine:
        for row in getattr(data, sheet):
            halves = [row]
            if sheet == "scenario_factors":
                halves += [replace(row, name=other)] if row.name == chosen.lease else []
            elif row.lease == chosen.lease:
                half = times(row, 0.5, "accelerators") if sheet == "lease_hardware" else row
                half = times(row, 0.5, "usd_per_unit_month", "upfront_usd_per_unit") if sheet == "lease_terms" else half
                half = replace(row, site=row.site or row.lease) if sheet == "leases" else half
                halves = [half, replace(half, lease=other)]
            sheets.setdefault(sheet, []).extend(halves)
    terms = [row for row in data.lease_terms if row.lease == chosen.lease]
    decided = chosen.status == "signed" and not any(
        row.cancel_after_months is not None or row.renewals_max for row in terms
    )
    both = replace(data, **{sheet: tuple(rows) for sheet, rows in sheets.items()})
    return Related((both,), (data,), at_most=chosen.status != "excluded" and not decided)


def extra_offer(data: Dataset, random: Random) -> Related | None:
    """One more offer makes nothing dearer, but where each has to have something, or it is the first to be lost."""
    if any((row.sense, row.name) == ("min", "*") for row in data.caps):
        return None
    if not all(members(data, row.against) for row in data.resilience):
        return None
    place: dict[str, Any] = {"region": random.choice(data.demand).region}
    hardware = random.choice(data.hardware).hardware
    rate = random.choice([0.5, 1.0, 2.0])
    more: dict[str, Any] = {}
    offer = random.choice(["lease", "contract", "on_demand", "lease_out"])
    if offer == "lease":
        leases, holds, terms = lease("one more", term(2, rate), holds={hardware: 1.0}, **place)
        more = {"leases": leases, "lease_hardware": holds, "lease_terms": terms}
    elif offer == "contract":
        row, tier = contract("one more", rate, 2, hardware=hardware, take_or_pay_share=0.5, **place)
        more = {"contracts": row, "contract_tiers": tier}
    elif offer == "on_demand":
        more = {"on_demand": on_demand(rate, hardware=hardware, provider="one more", max_accelerators=1.0, **place)}
    else:
        more = {"lease_outs": lease_out("one more", rate, 2, hardware=hardware, **place)}
    longer = {sheet: (*getattr(data, sheet), row) for sheet, row in more.items()}
    return Related((replace(data, **longer),), (data,), at_most=True)


def looser(data: Dataset, random: Random) -> Related | None:
    """A looser cap, one rule or option fewer, or more that may fall short makes nothing dearer."""
    ways: list[Dataset] = []
    for sheet in ("caps", "rules", "options"):
        rows = getattr(data, sheet)
        ways += [replace(data, **{sheet: tuple(each for each in rows if each is not row)}) for row in rows]
    for row in data.caps:
        loose = times(row, 1.5 if row.sense == "max" else 0.5, "value")
        ways.append(replace(data, caps=tuple(loose if each is row else each for each in data.caps)))
    tight = [row for row in data.segments if row.max_shortfall_share < 1.0]
    if tight:
        ways.append(rows_changed(data, segments=lambda row: replace(row, max_shortfall_share=1.0)))
    return Related((random.choice(ways),), (data,), at_most=True) if ways else None


def twins(data: Dataset, random: Random) -> Related:
    """A scenario split in two that are the same in all costs the same."""
    if not data.scenarios:
        alike = (Scenario(scenario="one", probability=0.25), Scenario(scenario="other", probability=0.75))
        return Related((replace(data, scenarios=alike),), (data,))
    chosen = random.choice(data.scenarios)
    half = chosen.probability / 2.0
    never = data.settings.first_month + data.settings.months
    twin = Scenario(scenario="twin", probability=half, follows=chosen.scenario, branches_at=never)
    rows = tuple(replace(row, probability=half) if row is chosen else row for row in data.scenarios)
    factors = tuple(replace(row, scenario="twin") for row in data.scenario_factors if row.scenario == chosen.scenario)
    return Related(
        (replace(data, scenarios=(*rows, twin), scenario_factors=(*data.scenario_factors, *factors)),), (data,)
    )


COMMON = {"load_blocks", "scenarios", "ramps", "settings"}
"""Sheets that a workbook of two independent companies has once."""


def parts(data: Dataset, random: Random) -> Related:
    """The plan of two companies that share nothing is the plans of each."""
    settings = replace(data.settings, risk_weight=0.0, opening_cash_usd=None)
    alone = replace(data, settings=settings, caps=tuple(row for row in data.caps if _separate(row)))
    alone = replace(alone, scenario_factors=tuple(row for row in alone.scenario_factors if row.name != "*"))
    if not alone.network:
        regions = {
            row.region
            for sheet in ("demand", "fleet", "leases", "contracts", "on_demand")
            for row in getattr(alone, sheet)
        }
        pairs = [(one, other) for one in sorted(regions) for other in sorted(regions)]
        network = [s.row(capacity_region=a, demand_region=b) for s in SHEETS if s.name == "network" for a, b in pairs]
        alone = replace(alone, network=tuple(network))
    other = columns_times(alone, random.choice([0.5, 1.5, 2.0]), {"demand": ("tokens_bn_per_day",)})
    renamed = _renamed(other)
    whole = {
        each.name: (*getattr(alone, each.name), *getattr(renamed, each.name))
        for each in SHEETS
        if each.name not in COMMON
    }
    return Related((replace(alone, **whole),), (alone, other))


def _separate(row: Any) -> bool:
    return row.scope != "total" and row.measure != "capacity_share"


def _renamed(data: Dataset) -> Dataset:
    """The same under other names, but for load blocks, ramps, scenarios and choices."""
    kept = {"block", "ramp", "scenario"}

    def other(value: Any) -> Any:
        if value == "*":
            return value
        if isinstance(value, tuple):
            return tuple(map(other, value))
        return value and "; ".join(f"{name.strip()} II" for name in value.split(";"))

    def renamed(sheet: Any, row: Any) -> Any:
        names = [
            each.name for each in sheet.columns if each.kind in ("name", "names", "text") and each.name not in kept
        ]
        return replace(row, **{name: other(getattr(row, name)) for name in names})

    sheets = {
        each.name: tuple(renamed(each, row) for row in getattr(data, each.name))
        for each in SHEETS
        if each.name not in COMMON
    }
    return replace(data, **sheets)


RELATIONS: dict[str, Callable[[Dataset, Random], Related | None]] = {
    "rows, columns and sheets permuted": order,
    "money x k": money,
    "sizes x k": size,
    "tokens doubled": tokens,
    "block contract split": contract_split,
    "lease split in two": lease_split,
    "extra offer": extra_offer,
    "looser cap": looser,
    "twin scenarios": twins,
    "whole and parts": parts,
}
