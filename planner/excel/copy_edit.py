"""A workbook written from another: sheets, formats, notes and what the planner does not read stay as they are.

Only the rows that differ change. Formulas stand as the values they had, because rows move under them.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

from models import months
from models.columns import Column, Row, columns_of
from models.dataset import Dataset
from models.parsing.raw_tables import fold
from models.schema import SHEETS, Sheet
from planner.excel.problem_workbook import workbook_bytes


def rewritten_book(source: Path, before: Dataset, after: Dataset) -> Any:
    """The workbook or folder of `source`, which says `before`, as an openpyxl workbook that says `after`.

    A row that carries the number of a row of the sheet is that row as it is now; of the settings only
    first_month changes.
    """
    import openpyxl

    content = workbook_bytes(source)
    book = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
    by_name = {fold(each.title): each for each in book.worksheets}
    for sheet in SHEETS:
        if sheet.name == "settings":
            if before.settings.first_month != after.settings.first_month:
                _set_first_month(by_name["settings"], after.settings.first_month)
            continue
        rows, kept = before.rows(sheet.name), after.rows(sheet.name)
        if rows != kept:
            names = [column.name for column in sheet.columns]
            worksheet = by_name.get(sheet.name) or new_sheet(book, sheet.name, names)
            _SheetWriter(worksheet, sheet).write(rows, kept)
    return book


def check_as_meant(written: Dataset, meant: Dataset, sheets: Iterable[str]) -> None:
    """Checks that what was written reads as what was meant; anything else is a fault of this software."""
    for name in sheets:
        if name == "settings":
            found, wanted = ((replace(each.settings, plan_name=""),) for each in (written, meant))
        else:
            found, wanted = written.rows(name), meant.rows(name)
        if sorted(map(_shown, found)) != sorted(map(_shown, wanted)):
            raise AssertionError(f"the sheet {name} as written does not read as it was meant")


def _shown(row: Row) -> str:
    """A row as text to compare; a cell keeps 15 digits of a number."""
    values = (getattr(row, column.name) for column in columns_of(type(row)))
    return repr([f"{value:.12g}" if isinstance(value, float) else value for value in values])


def _set_first_month(worksheet: Any, first_month: int) -> None:
    header = {fold(str(cell.value)): cell.column for cell in worksheet[1] if cell.value is not None}
    for row in worksheet.iter_rows(min_row=2):
        key = row[header["key"] - 1].value
        if key is not None and fold(str(key)) == "first_month":
            cell = row[header["value"] - 1]
            cell.value = months.first_day(first_month)
            cell.number_format = "yyyy-mm"


def new_sheet(book: Any, name: str, columns: Iterable[str]) -> Any:
    """A sheet with the names of its columns and nothing else."""
    from openpyxl.styles import Font

    worksheet = book.create_sheet(name)
    worksheet.append(list(columns))
    for cell in worksheet[1]:
        cell.font = Font(bold=True)
        worksheet.column_dimensions[cell.column_letter].width = max(11, len(str(cell.value)) + 3)
    worksheet.freeze_panes = "A2"
    return worksheet


class _SheetWriter:
    """Brings the rows of one sheet in line: changes cells, takes rows out, adds rows at the end."""

    def __init__(self, worksheet: Any, sheet: Sheet) -> None:
        self.worksheet = worksheet
        self.sheet = sheet
        self.places: dict[str, int] = {}
        for cell in worksheet[1]:
            if cell.value is not None:
                self.places.setdefault(fold(str(cell.value)), cell.column)

    def write(self, before: Sequence[Row], after: Sequence[Row]) -> None:
        """The first row that carries a row number is that row as it is now; later ones are new, made like it."""
        was = {each.row: each for each in before}
        seen: set[int] = set()
        added = []
        for row in after:
            if row.row in was and row.row not in seen:
                seen.add(row.row)
                for column in self.sheet.columns:
                    if getattr(row, column.name) != getattr(was[row.row], column.name):
                        self._set(row.row, column, getattr(row, column.name))
            else:
                added.append(row)
        last = max(
            (cell.row for line in self.worksheet.iter_rows() for cell in line if cell.value is not None), default=1
        )
        for number, row in enumerate(added, start=last + 1):
            self._add(number, row)
        for number in sorted(was.keys() - seen, reverse=True):
            self.worksheet.delete_rows(number)

    def _add(self, number: int, row: Row) -> None:
        for column in self.sheet.columns:
            value = getattr(row, column.name)
            if value != column.default or column.name in self.places:
                self._set(number, column, value)
        if row.row:
            for place in range(1, self.worksheet.max_column + 1):
                like, cell = self.worksheet.cell(row.row, place), self.worksheet.cell(number, place)
                if like.has_style:
                    cell._style = copy(like._style)

    def _set(self, number: int, column: Column, value: Any) -> None:
        if column.name not in self.places:
            self.places[column.name] = max(self.places.values(), default=0) + 1
            self.worksheet.cell(1, self.places[column.name], column.name)
        cell = self.worksheet.cell(number, self.places[column.name])
        cell.value = _cell_value(column, value)
        if column.kind == "month" and value is not None:
            cell.number_format = "yyyy-mm"


def _cell_value(column: Column, value: Any) -> Any:
    if column.kind == "month" and value is not None:
        return months.first_day(value)
    return None if value is None else column.shown(value)
