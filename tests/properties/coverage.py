"""What a random workbook holds, and one change of it that tells whether a column matters there.

An item is a column that is filled in with something other than its default (`leases.prepay_share`), a choice
(`caps.measure: cash_usd`), or a row of a sheet (`network`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Set
from dataclasses import astuple, replace
from itertools import combinations
from math import inf
from random import Random
from typing import Any

from properties.workbook_sizes import shifted

from models.columns import Column
from models.dataset import Dataset
from models.plan import Plan
from models.schema import SHEETS, Sheet, referred

EXEMPT = {
    "changes only what is shown": {
        "settings.plan_name",
        "settings.currency",
        "settings.accept_warnings",
        "lease_outs.provider",
    },
    "is the name of a row, for which any other does as well": {
        "hardware.hardware",
        "throughput.workload",
        "segments.segment",
        "load_blocks.block",
        "fleet.asset",
        "leases.lease",
        "ramps.ramp",
        "contracts.contract",
        "lease_outs.lease_out",
        "options.option",
        "limits.limit",
        "caps.cap",
        "runs.run",
        "own_sites.build",
        "chip_orders.order",
        "spend_commitments.commitment",
        "rules.rule",
        "scenarios.scenario",
        "residuals.hardware",
    },
    "changes no plan: read by planner scenarios alone": {"history"},
}
"""Columns and sheets that no plan depends on, by the reason; notes and sources are no columns of the schema."""

TOGETHER = ("load_blocks", "load_shape", "scenarios")
"""Sheets whose rows have to add up, so that they are changed together."""

ADDED_UP = {("load_blocks", "hours_per_day"), ("load_shape", "multiplier"), ("scenarios", "probability")}
"""Their columns that do."""

PARTS = {"lease_hardware": "leases", "lease_terms": "leases", "contract_tiers": "contracts"}
"""Sheets of which an offer needs a row."""

Place = tuple[Sheet, int, Column | None]


def expected_items() -> list[str]:
    """Every item that workbooks should hold: sheets, columns, and choices other than what a blank means."""
    exempt = set().union(*EXEMPT.values())
    found = []
    for sheet in SHEETS:
        if sheet.name in exempt:
            continue
        found += [sheet.name] if sheet.key else []
        for column in sheet.columns:
            name = f"{sheet.name}.{column.name}"
            if column.kind == "choice":
                found += [
                    f"{name}: {choice}" for choice in column.choices if column.required or choice != column.default
                ]
            elif name not in exempt:
                found.append(name)
    return found


def items(data: Dataset) -> dict[str, list[Place]]:
    """What the workbook holds, and where."""
    found: dict[str, list[Place]] = defaultdict(list)
    known = set(expected_items())
    for sheet in SHEETS:
        rows = [data.settings] if sheet.name == "settings" else getattr(data, sheet.name)
        for k, row in enumerate(rows):
            found[sheet.name].append((sheet, k, None))
            for column in sheet.columns:
                value = getattr(row, column.name)
                name = f"{sheet.name}.{column.name}" + (f": {value}" if column.kind == "choice" else "")
                if column.required or value != column.default:
                    found[name].append((sheet, k, column))
    return {name: places for name, places in found.items() if name in known}


def changes(data: Dataset, place: Place, random: Random) -> Iterator[Dataset]:
    """The workbook with this cell blank, with another value in it, or without its row; none where nothing fits."""
    sheet, k, column = place
    rows = getattr(data, sheet.name)
    if column is not None and column.name == "first_month":
        yield shifted(data, 1)
        return
    if sheet.name in TOGETHER:
        yield _changed_together(data, sheet.name, k)
    if column is not None and (sheet.name, column.name) not in ADDED_UP:
        row = rows if sheet.name == "settings" else rows[k]
        own = getattr(row, column.name)
        values = list(dict.fromkeys(each for each in _others(data, column, own) if each != own))
        random.shuffle(values)
        values.sort(key=lambda value: column.required or value != column.default)
        for value in values:
            other = replace(row, **{column.name: value})
            yield replace(
                data, **{sheet.name: other if sheet.name == "settings" else (*rows[:k], other, *rows[k + 1 :])}
            )
    if sheet.name == "residuals" and column is None:  # without its row what is kept would be a fault
        yield replace(data, residuals=(*rows[:k], replace(rows[k], usd_per_accelerator_hour=0.0), *rows[k + 1 :]))
    if sheet.key and (column is None or column.kind in ("choice", "name", "names")):
        yield _without(data, sheet, k)


def _without(data: Dataset, sheet: Sheet, k: int) -> Dataset:
    """The workbook without a row, without what refers to it, and without the offer of which it was the last."""
    rows = getattr(data, sheet.name)
    gone, left = getattr(rows[k], sheet.key[0]), rows[:k] + rows[k + 1 :]
    data = replace(data, **{sheet.name: left})
    if any(getattr(row, sheet.key[0]) == gone for row in left):
        return data
    if sheet.name in PARTS:
        offers = next(each for each in SHEETS if each.name == PARTS[sheet.name])
        names = [getattr(row, offers.key[0]) for row in getattr(data, offers.name)]
        return _without(data, offers, names.index(gone)) if gone in names else data
    while (place := next(_referring(data, sheet, gone), None)) is not None:
        data = _without(data, *place)
    return data


def _referring(data: Dataset, sheet: Sheet, name: str) -> Iterator[tuple[Sheet, int]]:
    """The rows of other sheets that refer to a row by its name."""
    for other in SHEETS[1:]:
        columns = [column.name for column in other.columns if sheet.name in referred(column)]
        for k, row in enumerate(getattr(data, other.name)):
            if any(name in _named(getattr(row, column)) for column in columns):
                yield other, k


def _named(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _changed_together(data: Dataset, sheet: str, k: int) -> Dataset:
    """A change of rows whose figures have to add up: of the day, of a day's mean, of all scenarios."""
    rows = getattr(data, sheet)
    if sheet == "load_shape":
        return replace(data, load_shape=tuple(row for row in rows if row.segment != rows[k].segment))
    if sheet == "load_blocks":
        turned = [
            replace(row, hours_per_day=hours) for row, hours in zip(rows, _turned(rows, "hours_per_day"), strict=True)
        ]
        return replace(data, load_blocks=tuple(turned), load_shape=())
    odds = _turned(rows, "probability")
    alone = [replace(row, probability=p, follows=None, branches_at=None) for row, p in zip(rows, odds, strict=True)]
    return replace(data, scenarios=tuple(alone))


def _turned(rows: Any, column: str) -> list[float]:
    values = [getattr(row, column) for row in rows]
    return values[1:] + values[:1]


def _others(data: Dataset, column: Column, value: Any) -> Iterator[Any]:
    """Other values the cell could hold."""
    if column.kind == "flag":
        yield not value
    elif column.kind == "choice":
        yield from column.choices if column.name != "status" else [{"offer": "excluded"}.get(value, "offer")]
    elif column.kind in ("number", "share"):
        yield from (each for each in (value * 0.5, value * 2.0, value * 5.0, value + 1.0) if _fits(column, each))
    elif column.kind in ("count", "month"):
        yield from (each for each in (value - 1, value + 1, value + 2) if _fits(column, each))
    elif column.kind == "names":
        yield tuple(reversed(value))
    else:
        for each in SHEETS:
            if each.name in referred(column):
                yield from {getattr(row, each.key[0]) for row in getattr(data, each.name)}
        if column.name == "current_limit":
            yield from {row.limit for row in data.limits}
        if column.name.endswith("region") or column.name in ("site", "provider", "vendor"):
            yield "elsewhere"
            yield from {row.name for row in data.caps if row.scope == column.name}
    if not column.required and column.kind in ("number", "share", "count", "month", "name", "text"):
        yield column.default


def _fits(column: Column, value: float) -> bool:
    over, under = (-inf if column.above is None else column.above, inf if column.below is None else column.below)
    least, most = (-inf if column.low is None else column.low, inf if column.high is None else column.high)
    return over < value < under and least <= value <= min(most, 1.0 if column.kind == "share" else inf)


def kinds(data: Dataset) -> set[str]:
    """The kinds of offers that the workbook has."""
    found = {f"{row.status} lease" for row in data.leases} | {f"{row.status} contract" for row in data.contracts}
    found |= {f"{row.status} commitment" for row in data.spend_commitments}
    found |= {f"{row.status} site" for row in data.own_sites} | {f"{row.status} chips" for row in data.chip_orders}
    has = {"fleet": data.fleet, "on-demand": data.on_demand, "lease-out": data.lease_outs, "option": data.options}
    return {each for each in found if not each.startswith("excluded")} | {each for each, rows in has.items() if rows}


def kinds_taken(plan: Plan) -> set[str]:
    """The kinds of offers that a plan uses."""
    found = {
        "lease-out" if str(each.kind) == "lease_out" else f"{'signed' if each.signed else 'offer'} {each.kind}"
        for each in plan.signings
    }
    used = {"fleet": any(str(each.kind) == "fleet" for each in plan.source_use), "on-demand": any(plan.on_demand)}
    return found | {each for each, taken in (used | {"option": any(plan.options)}).items() if taken}


def used(data: Dataset, plan: Plan) -> set[str]:
    """The names of offers, options and ramps that a plan uses."""
    names = {each.name for each in (*plan.signings, *plan.options, *plan.source_use)}
    terms = [row for row in data.lease_terms if row.lease in names]
    return names | {row.ramp for row in (*terms, *data.contracts, *data.lease_outs) if row.ramp is not None}


def concerns(data: Dataset, place: Place, names: Set[str]) -> bool:
    """Whether a place is in a row that has one of the names."""
    sheet, k, _ = place
    return bool(sheet.key) and not names.isdisjoint(map(str, astuple(getattr(data, sheet.name)[k])))


def pairs(found: set[str]) -> list[str]:
    """Pairs of kinds as they are told."""
    return [f"{one} + {other}" for one, other in combinations(sorted(found), 2)]


ALL_KINDS = {
    "fleet", "offer lease", "signed lease", "offer contract", "signed contract", "lease-out", "on-demand", "option",
    "offer commitment", "signed commitment", "offer site", "signed site", "offer chips", "signed chips",
}  # fmt: skip
