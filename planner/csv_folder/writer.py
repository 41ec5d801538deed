"""Writes tables as CSV files: UTF-8, commas, quoted as Excel quotes, months as 2026-09, shares as numbers."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable

from models import months
from models.columns import NUMERIC, CellError, Column, parse
from models.parsing.raw_tables import RawTable, Unreadable, column_index, fold, is_blank
from planner.csv_folder.reader import ColumnFinder


def csv_files(tables: Iterable[RawTable]) -> dict[str, bytes]:
    """The files of these tables by name, `leases.csv` and so on; those without a heading are left out."""
    return {f"{fold(table.name)}.csv": _csv(table).encode() for table in tables if table.headings}


def _csv(table: RawTable) -> str:
    """The headings in the first line, a record a line after it, columns in their places."""
    find = ColumnFinder(fold(table.name), table.headings)
    width = 1 + max(map(column_index, table.headings))
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_line({letter: find.heading(letter) for letter in table.headings}, width))
    for record in table.records:
        filled = {k: _text(v, find.column(k, record.values)) for k, v in record.values.items() if not is_blank(v)}
        if filled:
            writer.writerow(_line(filled, width))
    return text.getvalue()


def _line(cells: dict[str, str], width: int) -> list[str]:
    line = [""] * width
    for letter, text in cells.items():
        line[column_index(letter)] = text.replace("\r\n", "\n").replace("\r", "\n")
    return line


def _text(value: object, column: Column | None) -> str:
    """A cell's value as the text that is read back as the same value of its column."""
    if isinstance(value, Unreadable):
        return value.found
    if column is not None and column.kind == "month" and (month := months.parse(value)) is not None:
        return months.label(month)
    if column is not None and column.kind in NUMERIC and isinstance(value, str):
        try:
            value, _ = parse(column, value)
        except CellError:
            return str(value)
    if isinstance(value, bool):
        return ("yes" if value else "no") if column is not None and column.kind == "flag" else str(value).upper()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ")
    return value.isoformat() if isinstance(value, dt.date) else str(value)
