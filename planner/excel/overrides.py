"""`--set sheet.key.column=value`: a value that stands in for a cell in one run; the workbook stays as it is.

Keys of several parts are joined by `/` (`lease_terms.colossus/36.usd_per_unit_month=…`); settings have none
(`settings.discount_rate=0.08`). Nothing after `=` leaves the cell blank.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count

from models import months
from models.columns import Column
from models.faults import Fault, closest
from models.parsing.raw_tables import (
    RawTable,
    Record,
    Unreadable,
    column_letter,
    first_letters,
    fold,
    shown,
)
from models.schema import SHEETS, WIDE, Sheet

EXPECTED = "sheet.key.column=value, or settings.key=value"


class _Unknown(Exception):
    """A part of an override that names nothing; carries the Fault."""

    def __init__(self, text: str, found: str, fix: str, sheet: str = "override") -> None:
        self.fault = Fault(sheet, "", text, found, EXPECTED, fix)
        super().__init__(found)


def override(tables: Sequence[RawTable], overrides: Sequence[str]) -> tuple[list[RawTable], list[Fault]]:
    """The tables with the values put in their places, and a fault for each text that names no place."""
    changed = list(tables)
    faults = []
    for text in overrides:
        try:
            _apply(changed, text)
        except _Unknown as unknown:
            faults.append(unknown.fault)
    return changed, faults


def changed_cells(before: Sequence[RawTable], after: Sequence[RawTable]) -> Iterator[tuple[str, str]]:
    """Sheet and address of each cell that has another value afterwards; the tables in the same order."""
    for old, new in zip(before, after, strict=True):
        values = {} if old is new else {record.row: record.values for record in old.records}
        for record in () if old is new else new.records:
            was = values.get(record.row, {})
            yield from (
                (new.name, f"{letter}{record.row}")
                for letter in {*was, *record.values}
                if was.get(letter) != record.values.get(letter)
            )


def _apply(tables: list[RawTable], text: str) -> None:
    name, dot, rest = text.partition(".")
    known = {each.name: each for each in SHEETS}
    if not dot or "=" not in rest:
        raise _Unknown(text, repr(text), "Write it as sheet.key.column=value.")
    sheet = known.get(fold(name))
    if sheet is None:
        raise _Unknown(text, f"a sheet '{name}'", closest(fold(name), known), name)
    index = next((i for i, table in enumerate(tables) if fold(table.name) == sheet.name), None)
    if index is None:
        fix = "Add the sheet, or leave out this override."
        raise _Unknown(text, f"no sheet {sheet.name} in the workbook", fix, sheet.name)
    if sheet.name == "settings":
        tables[index] = _set_setting(tables[index], sheet, rest, text)
        return
    key, column, value = _parts(sheet, rest, text)
    tables[index] = _set_cell(tables[index], sheet, key, column, value, text)


def _parts(sheet: Sheet, rest: str, text: str) -> tuple[str, str, object]:
    """Key, column and value; the column is the last word before =, so that keys may hold dots."""
    columns = [each.name for each in sheet.columns]
    for match in re.finditer("=", rest):
        key, dot, column = rest[: match.start()].rpartition(".")
        if dot and fold(column) in columns:
            return key, fold(column), _typed(sheet.column(fold(column)), rest[match.end() :])
    key, dot, column = rest.partition("=")[0].rpartition(".")
    if not dot:
        raise _Unknown(
            text,
            "no key of a row",
            f"Name its row: {sheet.name}.{'/'.join(sheet.key).upper()}.COLUMN=VALUE.",
            sheet.name,
        )
    raise _Unknown(text, f"a column '{column}'", closest(fold(column), columns), sheet.name)


def _typed(column: Column, value: str) -> object:
    """A number where the column holds numbers and the text is plainly one, so that it counts as a number cell."""
    number = column.plain(value)
    return value if number is None else number


def _set_setting(table: RawTable, sheet: Sheet, rest: str, text: str) -> RawTable:
    name, _, value = rest.partition("=")
    names = [each.name for each in sheet.columns]
    if fold(name) not in names:
        raise _Unknown(text, f"a setting '{name}'", closest(fold(name), names), "settings")
    letters = first_letters(table)
    if not {"key", "value"} <= letters.keys():
        return table  # the missing column is reported by itself
    typed = _typed(sheet.column(fold(name)), value)
    records = []
    done = False
    for record in table.records:
        if fold(str(record.values.get(letters["key"], ""))) == fold(name):
            record, done = _with(record, letters["value"], typed), True
        records.append(record)
    if not done:
        row = max((record.row for record in table.records), default=1) + 1
        records.append(_with(Record(row, {letters["key"]: fold(name)}), letters["value"], typed))
    return replace(table, records=tuple(records))


def _set_cell(table: RawTable, sheet: Sheet, key: str, column: str, value: object, text: str) -> RawTable:
    letters = first_letters(table)
    if sheet.name in WIDE and column == "tokens_bn_per_day" and column not in letters:
        return _set_wide(table, sheet, letters, key, value, text)
    labels = [_label(sheet, letters, record) for record in table.records]
    wanted = _same_months(key)
    if wanted not in labels:
        fix = closest(key, [label for label in labels if label])
        raise _Unknown(text, f"a row '{key}'", f"{fix} A key is {'/'.join(sheet.key)}.", sheet.name)
    meant = [record for record, each in zip(table.records, labels, strict=True) if each == wanted]
    if len({_key(sheet, letters, record) for record in meant}) > 1:
        fix = "Rename one of the two: a key's parts are joined by /."
        raise _Unknown(text, f"'{key}', the key of two rows of {sheet.name}", fix, sheet.name)
    headings = dict(table.headings)
    if column not in letters:
        free = (each for each in map(column_letter, count()) if each not in headings)
        letters[column] = next(free)  # the sheet leaves the column to its default: it is set beside the others
        headings[letters[column]] = column
    return replace(table, headings=headings, records=_with_each(table, labels, wanted, letters[column], value))


def _set_wide(table: RawTable, sheet: Sheet, letters: dict[str, str], key: str, value: object, text: str) -> RawTable:
    place, _, month_text = key.rpartition("/")
    month = months.parse(month_text)
    dated = {k: found for k, heading in table.headings.items() if (found := months.parse_heading(heading)) is not None}
    letter = next((k for k, found in dated.items() if found == month), None)
    keys = [letters.get("segment", ""), letters.get("region", "")]
    places = ["/".join(_text(record.values.get(k)) for k in keys).rstrip("/") for record in table.records]
    if letter is None or place not in places:
        known = [f"{each}/{months.label(found)}" for each in places for found in dated.values()]
        raise _Unknown(text, f"a row '{key}'", f"{closest(key, known)} A key is segment/region/month.", sheet.name)
    return replace(table, records=_with_each(table, places, place, letter, value))


def _label(sheet: Sheet, letters: dict[str, str], record: Record) -> str:
    return "/".join(_key(sheet, letters, record)).rstrip("/")


def _key(sheet: Sheet, letters: dict[str, str], record: Record) -> tuple[str, ...]:
    return tuple(_text(record.values.get(letters.get(name, ""))) for name in sheet.key)


def _text(value: object) -> str:
    if value is None or isinstance(value, Unreadable):
        return ""
    month = months.parse(value)
    if month is not None:
        return months.label(month)
    return shown(value) if isinstance(value, (int, float)) else " ".join(str(value).replace("\u00a0", " ").split())


def _same_months(key: str) -> str:
    """The key with its months, if any, written in one way."""
    return "/".join(_text(part) for part in key.split("/")).rstrip("/")


def _with_each(table: RawTable, labels: list[str], wanted: str, letter: str, value: object) -> tuple[Record, ...]:
    """The records with the value in those whose label is the one wanted."""
    labelled = zip(table.records, labels, strict=True)
    return tuple(_with(record, letter, value) if label == wanted else record for record, label in labelled)


def _with(record: Record, letter: str, value: object) -> Record:
    values = {k: v for k, v in record.values.items() if k != letter}
    return Record(record.row, values | ({letter: value} if value != "" else {}))
