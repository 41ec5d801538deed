"""From the raw cells of one sheet to typed entries: defaults filled in, every cell that does not fit reported."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from models import months
from models.cancellation import check_cancelled
from models.columns import CellError, Column, parse
from models.faults import Fault
from models.parsing.raw_tables import (
    Matched,
    RawTable,
    Record,
    UnknownNames,
    Unreadable,
    fold,
    is_blank,
    match_columns,
    report_unknown_columns,
    shown,
)
from models.schema import WIDE, Sheet, sheet
from models.text import plain_number

MOST_FAULTS = 5000
"""So many faults of cells are told at most."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What could be read of one row: typed `values` by column, defaults filled in, unreadable columns left out.

    `wide`: it is one month of a row that has several.
    """

    sheet: Sheet
    row: int
    values: Mapping[str, Any]
    wide: bool = False

    @property
    def whole(self) -> bool:
        """Whether every column could be read."""
        return len(self.values) == len(self.sheet.columns)

    @property
    def label(self) -> str:
        """The key as text, `lease/36`."""
        return key_label(self.sheet, self.values)


@dataclass(slots=True)
class SheetEntries:
    """A sheet read: its entries, where its columns are, and how far its silence can be trusted.

    `faults` takes what is wrong with it.

    `broken`: something of it could not be read, so nothing follows from what it lacks.
    """

    sheet: Sheet
    faults: list[Fault]
    entries: list[Entry] = field(default_factory=list)
    letters: dict[str, str] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    broken: bool = False

    def refuse(self, column: str, found: str, expected: str, fix: str, row: int = 0, cell: str = "") -> None:
        """Reports something of the sheet that could not be read."""
        self.faults.append(Fault(self.sheet.name, column, "", found, expected, fix, row=row, cell=cell))
        self.broken = True


def key_label(sheet: Sheet, values: Mapping[str, Any]) -> str:
    """The key columns that are known, joined by /."""
    parts = []
    for name in sheet.key:
        value = values.get(name)
        if value is not None:
            parts.append(months.label(value) if sheet.column(name).kind == "month" else str(value))
    return "/".join(parts)


def read_sheet(which: Sheet, table: RawTable | None, faults: list[Fault]) -> SheetEntries:
    """The entries of a sheet; none where the table is absent."""
    if table is None or table.broken:
        return SheetEntries(which, faults, broken=table is not None or not which.optional)
    if which.name == "settings":
        return _read_settings(table, faults)
    result = SheetEntries(which, faults)
    names = [each.name for each in which.columns]
    matched = match_columns(which, table, names, faults)
    result.letters.update(matched.letters)
    wide = _month_headings(matched) if which.name in WIDE else {}
    if wide and not {"month", "tokens_bn_per_day"} & set(matched.letters):
        _read_wide(matched, wide, result)
    else:
        if wide:
            fix = "Keep the columns month and tokens_bn_per_day, or a column for each month, not both."
            result.refuse("", "month columns beside the long form", f"long or wide {which.name}", fix, 1)
            unknown = {letter: heading for letter, heading in matched.others.items() if letter not in wide}
            matched = Matched(which, table, matched.letters, unknown)
        _read_long(matched, result)
    if not which.optional and not result.entries and not result.broken:
        result.refuse("", "no rows", f"a sheet of {which.purpose}", "Fill in at least one row.")
    return result


def _read_long(matched: Matched, result: SheetEntries) -> None:
    which = matched.sheet
    columns = [(each, matched.letters.get(each.name)) for each in which.columns]
    slips = report_unknown_columns(matched, [each.name for each in which.columns], result.faults)
    result.broken |= bool(slips)
    if _has_records(matched) or not which.optional:
        _report_missing_columns(matched, result, ignore=slips)
    filled = [r for r in matched.table.records if any(letter in r.values for _, letter in columns if letter)]
    for record in filled:
        check_cancelled()
        row = _RowReader(which, record)
        for column, letter in columns:
            if letter:
                row.read_cell(column, record.values.get(letter), letter)
            elif not column.required:
                row.values[column.name] = column.default
        result.broken |= row.finish(result.faults)
        result.entries.append(Entry(which, record.row, row.values))


def _has_records(matched: Matched) -> bool:
    """Whether anything but remarks stands below the column names."""
    letters = {*matched.letters.values(), *matched.others}
    return any(letters & record.values.keys() for record in matched.table.records)


def _read_wide(matched: Matched, wide: Mapping[str, int], result: SheetEntries) -> None:
    """Demand or history with a row per segment and region and a column per month; blank is not given."""
    which = matched.sheet
    columns = {each.name: each for each in which.columns}
    others: dict[str, str] = {}
    for letter, heading in matched.others.items():
        if letter in wide:
            continue
        if any(_is_number(record.values.get(letter)) for record in matched.table.records):
            expected = "a month, such as 2026-09 or Sep 2026, over a column of numbers"
            fix = "Write the month in this form, or rename the column to note."
            result.refuse(heading, f"a column {shown(heading)}", expected, fix, 1, f"{letter}1")
        else:
            others[letter] = heading
    others_of = Matched(which, matched.table, matched.letters, others)
    slips = report_unknown_columns(others_of, ("segment", "region"), result.faults)
    result.broken |= bool(slips)
    _report_missing_columns(matched, result, ignore={"month", "tokens_bn_per_day", *slips})
    first: dict[int, str] = {}
    for letter, month in wide.items():
        heading = matched.others[letter]
        result.letters.update({heading: letter, months.label(month): letter})
        if month in first:
            found = f"a second column for {months.label(month)} (the first is {first[month]}1)"
            result.refuse(heading, found, "each month once", "Keep one of the two.", 1, f"{letter}1")
        first.setdefault(month, letter)
    used = {*(matched.letters.values()), *wide}
    for record in matched.table.records:
        check_cancelled()
        if not used & record.values.keys():
            continue
        head = _RowReader(which, record)
        for name in ("segment", "region"):
            if place := matched.letters.get(name):
                head.read_cell(columns[name], record.values.get(place), place)
            elif not columns[name].required:
                head.values[name] = columns[name].default
        result.broken |= head.finish(result.faults)
        for month, column in first.items():
            if column not in record.values:
                continue
            figure = _RowReader(which, record, dict(head.values))
            figure.read_cell(columns["tokens_bn_per_day"], record.values[column], column, matched.others[column])
            result.broken |= figure.finish(result.faults)
            result.entries.append(Entry(which, record.row, figure.values | {"month": month}, wide=True))


def _is_number(value: object) -> bool:
    return (isinstance(value, (int, float)) and not isinstance(value, bool)) or (
        isinstance(value, str) and plain_number(value) is not None
    )


def _month_headings(matched: Matched) -> dict[str, int]:
    found = {letter: months.parse_heading(heading) for letter, heading in matched.others.items()}
    return {letter: month for letter, month in found.items() if month is not None}


def _report_missing_columns(matched: Matched, result: SheetEntries, ignore: Collection[str] = ()) -> None:
    for column in matched.sheet.columns:
        if column.required and column.name not in matched.letters and column.name not in ignore:
            fix = f"Add a column {column.name}: {column.meaning}."
            result.refuse(column.name, "no such column", column.expected(), fix, 1)


def _read_settings(table: RawTable, faults: list[Fault]) -> SheetEntries:
    """The one entry of the settings, a row of the sheet being a column of the entry."""
    which = sheet("settings")
    result = SheetEntries(which, faults)
    matched = match_columns(which, table, ("key", "value"), faults)
    slips = report_unknown_columns(matched, ("key", "value"), faults)
    result.broken |= bool(slips)
    missing = [name for name in ("key", "value") if name not in matched.letters]
    for name in (each for each in missing if each not in slips):
        result.refuse(name, "no such column", "the columns key and value", f"Add a column {name}.", 1)
    if missing:
        return result
    result.letters.update(matched.letters)
    columns = {each.name: each for each in which.columns}
    key, letter = matched.letters["key"], matched.letters["value"]
    values: dict[str, Any] = {}
    there = {fold(str(record.values.get(key, ""))) for record in matched.table.records}
    report = UnknownNames(columns, [name for name in columns if name not in there], "unknown-setting")
    for record in matched.table.records:
        if key not in record.values:
            if letter in record.values:
                fix = "Name the setting, or clear the cell."
                result.refuse("key", "a value without a key", "the name of a setting", fix, record.row)
            continue
        raw = record.values[key]
        name = fold(str(raw))
        if isinstance(raw, Unreadable):
            result.refuse("key", raw.found, "the name of a setting", raw.fix, record.row)
        elif name not in columns:
            row, found, expected = record.row, f"a setting {shown(raw)}", "a setting the planner knows"
            faults += report.of(name, "settings", name, found, expected, row=row, cell=f"{key}{row}")
        elif name in result.rows:
            found = f"{name} a second time (first in row {result.rows[name]})"
            result.refuse(name, found, "each setting once", "Keep one of the two.", record.row)
        else:
            result.rows[name] = record.row
            reader = _RowReader(which, record, values)
            reader.read_cell(columns[name], record.values.get(letter), letter)
            result.broken |= reader.finish(faults)
    for column in which.columns:
        if column.name not in result.rows:
            if column.name in report.slips:
                result.broken = True
            elif column.required:
                fix = f"Add a row with the key {column.name}: {column.meaning}."
                result.refuse(column.name, "no such setting", column.expected(), fix)
            else:
                values[column.name] = column.default
    result.entries.append(Entry(which, 0, values))
    return result


@dataclass(slots=True)
class _RowReader:
    """Types the cells of one record and keeps what does not fit until the row's key is known."""

    sheet: Sheet
    record: Record
    values: dict[str, Any] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def read_cell(self, column: Column, raw: object, letter: str, heading: str = "") -> None:
        """Puts the typed value into `values`, or keeps a fault."""
        named = ""
        if is_blank(raw):
            if not column.required:
                self.values[column.name] = column.default
                return
            fix = "Fill it in."
        elif isinstance(raw, Unreadable):
            fix = raw.fix
        else:
            try:
                value, warning = parse(column, raw)
            except CellError as error:
                fix = str(error)
            else:
                self.values[column.name] = value
                if not warning:
                    return
                named, fix = "number-as-text", f"It is {warning}; make it a number cell."
        row = self.record.row
        where, cell = heading or column.name, f"{letter}{row}"
        fault = Fault(self.sheet.name, where, "", shown(raw), column.expected(), fix, named, row, cell)
        self.faults.append(fault)

    def finish(self, faults: list[Fault]) -> bool:
        """Reports the faults of the row, now that its key is known; returns whether any is an error."""
        if not self.faults:
            return False
        if len(faults) < MOST_FAULTS:
            label = key_label(self.sheet, self.values)
            faults += (replace(fault, row_key=label) for fault in self.faults)
        return any(fault.severity == "error" for fault in self.faults)


def entries_of(rows: Mapping[str, Any]) -> Iterator[Entry]:
    """Whole entries of the typed rows of a dataset's sheets."""
    for name, typed in rows.items():
        which = sheet(name)
        columns = [each.name for each in which.columns]
        for row in typed:
            yield Entry(which, row.row, {column: getattr(row, column) for column in columns})
