"""What a random workbook holds, and one change of it that tells whether a column matters there.

An item is a column that is filled in with something other than its default (`leases.prepay_share`), a choice
(`caps.measure: cash_usd`), or a row of a sheet that can do without it (`network`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from random import Random
from typing import Any

from properties.workbook_sizes import shifted

from models.columns import Column
from models.dataset import Dataset
from models.plan import Plan
from models.schema import SHEETS, Sheet

LABELS = {"settings.plan_name", "settings.currency", "lease_outs.provider"}
"""Columns that only label what is shown."""

UNREAD = {"history"}
"""Sheets that change no plan."""

TOGETHER = ("load_blocks", "load_shape", "scenarios")
"""Sheets whose rows have to add up, so that they are changed together."""

DROPPED = ("load_shape", "network", "fleet", "on_demand", "lease_outs", "options", "caps", "rules", "scenario_factors")
"""Sheets of which a row can be left out."""

Place = tuple[Sheet, int, Column | None]


def expected_items() -> list[str]:
    """Every item that workbooks should hold."""
    items = []
    for sheet in SHEETS:
        if sheet.name in UNREAD:
            continue
        items += [sheet.name] if sheet.name in DROPPED else []
        for column in sheet.columns:
            name = f"{sheet.name}.{column.name}"
            if column.kind == "choice":
                items += [
                    f"{name}: {choice}" for choice in column.choices if column.required or choice != column.default
                ]
            elif column.name not in sheet.key and name not in LABELS:
                items.append(name)
    return items


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


def changed(data: Dataset, place: Place, random: Random) -> Dataset | None:
    """The workbook with this cell another, or this row left out; None where nothing else fits."""
    sheet, k, column = place
    if column is not None and column.name == "first_month":
        return shifted(data, 1)
    if sheet.name in TOGETHER:
        return _changed_together(data, sheet.name, k)
    if column is None or (column.kind in ("choice", "name", "names") and sheet.name in DROPPED):
        rows = getattr(data, sheet.name)
        return replace(data, **{sheet.name: rows[:k] + rows[k + 1 :]})
    row = data.settings if sheet.name == "settings" else getattr(data, sheet.name)[k]
    values = [each for each in _others(data, column, getattr(row, column.name)) if each != getattr(row, column.name)]
    if not values:
        return None
    other = replace(row, **{column.name: random.choice(values)})
    if sheet.name == "settings":
        return replace(data, settings=other)
    rows = getattr(data, sheet.name)
    return replace(data, **{sheet.name: (*rows[:k], other, *rows[k + 1 :])})


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
        highest = 1.0 if column.kind == "share" else column.high or 1e15
        yield from (each for each in (value * 0.5, value * 1.5, value * 2.0, value + 1.0) if each <= highest)
    elif column.kind in ("count", "month"):
        yield from (each for each in (value - 1, value + 1, value + 2) if each >= (column.low or 0))
    else:
        for refers in column.refers:
            of = next(each for each in SHEETS if each.name == refers)
            yield from {getattr(row, of.key[0]) for row in getattr(data, refers)}
        if column.name == "current_limit":
            yield from {row.limit for row in data.limits}
        if column.name in ("region", "site", "provider", "vendor"):
            yield "elsewhere"
            yield from {row.name for row in data.caps if row.scope == column.name}
    if not column.required and column.kind in ("number", "share", "count", "month", "name", "text"):
        yield column.default


def kinds(data: Dataset) -> set[str]:
    """The kinds of offers that the workbook has."""
    found = {f"{row.status} lease" for row in data.leases} | {f"{row.status} contract" for row in data.contracts}
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


def pairs(found: set[str]) -> list[str]:
    """Pairs of kinds as they are told."""
    return [f"{one} + {other}" for one, other in combinations(sorted(found), 2)]


ALL_KINDS = {
    "fleet", "offer lease", "signed lease", "offer contract", "signed contract", "lease-out", "on-demand", "option",
}  # fmt: skip
