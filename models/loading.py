"""From tables to a Dataset: everything typed and checked, all faults at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from models.checks import check_in_context
from models.checks.context import CheckContext
from models.dataset import Dataset
from models.faults import Fault, FaultyWorkbook
from models.parsing.raw_tables import RawTable, Record, column_letter, tables_by_sheet, text_of
from models.parsing.row_parser import Entry, SheetEntries, read_sheet
from models.schema import SHEETS, Settings

UNKNOWN_HORIZON = Settings(first_month=0, months=1)
"""Stands in while the settings cannot be read; no check that needs the horizon then runs."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of a workbook: the Dataset, None when there is any error, and all faults, errors first."""

    dataset: Dataset | None
    faults: tuple[Fault, ...]


def load_tables(tables: Iterable[RawTable], plan_name: str = "", to_fill: Collection[str] = ()) -> Loaded:
    """Reads and checks tables.

    Parameters
    ----------
    tables
        One for each sheet, with the values of its cells.
    plan_name
        The name of the plan where the settings give none.
    to_fill
        Sheets that are needed, and may be absent or without rows here: they are still to be filled.

    Returns
    -------
    Loaded
        The dataset, None where there is any error, and all faults, errors first.
    """
    faults: list[Fault] = []
    known = [replace(sheet, optional=sheet.optional or sheet.name in to_fill) for sheet in SHEETS]
    found = tables_by_sheet(tables, faults, known)
    sheets = {sheet.name: read_sheet(sheet, found.get(sheet.name), faults) for sheet in known}
    context = _context(sheets, plan_name)
    faults += check_in_context(context)
    located = in_order(_located(fault, sheets) for fault in faults)
    faulty = any(fault.severity == "error" for fault in located)
    return Loaded(None if faulty else context.dataset, located)


def dataset_from(**tables: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> Dataset:
    """The Dataset of plain dictionaries: `settings` one of key and value, every other sheet one a row.

    Values are what cells hold: months as `2026-09`, flags as yes and no or booleans.

    Raises
    ------
    FaultyWorkbook
        Anything is wrong with them.
    """
    loaded = load_tables([plain_table(name, rows) for name, rows in tables.items()])
    if loaded.dataset is None:
        raise FaultyWorkbook(loaded.faults)
    return loaded.dataset


def plain_table(
    name: str, rows: Mapping[str, Any] | Sequence[Mapping[str, Any]], columns: Iterable[str] = ()
) -> RawTable:
    """The table of a sheet given as plain dictionaries, its records from row 2 on; `columns` come first."""
    if isinstance(rows, Mapping):
        rows = [{"key": key, "value": value} for key, value in rows.items()]
    headings = dict.fromkeys((*columns, *(column for row in rows for column in row)))
    letters = {heading: column_letter(i) for i, heading in enumerate(headings)}
    records = tuple(
        Record(i, {letters[column]: _held(value) for column, value in row.items() if value is not None})
        for i, row in enumerate(rows, start=2)
    )
    return RawTable(name, {letter: heading for heading, letter in letters.items()}, records)


def _held(value: object) -> object:
    return text_of(value) if isinstance(value, str) else value


def _context(sheets: Mapping[str, SheetEntries], plan_name: str) -> CheckContext:
    rows = {
        name: tuple(read.sheet.row(row=entry.row, **entry.values) for entry in read.entries if entry.whole)
        for name, read in sheets.items()
    }
    settings = rows.pop("settings")
    known = settings[0] if settings and isinstance(settings[0], Settings) else UNKNOWN_HORIZON
    named = replace(known, plan_name=known.plan_name or plan_name)
    dataset = Dataset(settings=named).with_rows(**rows)
    entries: dict[str, tuple[Entry, ...]] = {name: tuple(read.entries) for name, read in sheets.items()}
    return CheckContext(dataset, entries, frozenset(name for name, read in sheets.items() if read.broken))


def _located(fault: Fault, sheets: Mapping[str, SheetEntries]) -> Fault:
    """The fault with the address of its cell; of the row's first cell where the column is absent."""
    read = sheets.get(fault.sheet)
    if fault.cell or read is None:
        return fault
    if fault.sheet == "settings" and not fault.row and fault.column in read.rows:
        return replace(fault, row=read.rows[fault.column], cell=f"{read.letters['value']}{read.rows[fault.column]}")
    month = fault.row_key.rpartition("/")[2]  # the column of wide demand
    columns = (fault.column, month, *read.sheet.key)
    letter = next((read.letters[column] for column in columns if column in read.letters), "")
    if not fault.row or not letter or (fault.row == 1 and fault.column not in read.letters):
        return fault
    return replace(fault, cell=f"{letter}{fault.row}")


def in_order(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Errors before warnings, and each by sheet, row and column."""
    return tuple(sorted(faults, key=_order))


def _order(fault: Fault) -> tuple[bool, int, int, int, str]:
    letters = fault.cell.rstrip("0123456789")
    return fault.severity == "warning", _place(fault.sheet), fault.row, len(letters), letters


def _place(sheet: str) -> int:
    return next((place for place, each in enumerate(SHEETS) if each.name == sheet), len(SHEETS))
