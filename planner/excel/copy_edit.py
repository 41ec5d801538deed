"""A workbook written from another: sheets, formats, notes and what the planner does not read stay as they are.

Only the cells that differ change. A row that goes leaves a blank one, so that formulas, comments and ranges go on
meaning what they meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from models import months
from models.columns import Column, Row, columns_of
from models.dataset import Dataset
from models.faults import FaultyWorkbook
from models.parsing.raw_tables import fold
from models.schema import SHEETS, Settings, Sheet
from planner.excel.problem_bytes import workbook_bytes
from planner.excel.sheet_edit import SheetEdit
from planner.excel.workbook_edit import MONTH, WorkbookEdit
from planner.files.reading import UnreadableFile


def rewritten_book(source: Path, before: Dataset, after: Dataset) -> WorkbookEdit:
    """The workbook or folder of `source`, which says `before`, as a workbook that says `after`.

    A row that carries the number of a row of the sheet is that row as it is now.

    Raises
    ------
    FaultyWorkbook
        Formats that copied cells need are damaged.
    """
    try:
        return _rewritten(WorkbookEdit(workbook_bytes(source)), before, after)
    except UnreadableFile as refused:  # parts that no cell asks for when it is read
        raise FaultyWorkbook([refused.fault(source.name)]) from None


def _rewritten(book: WorkbookEdit, before: Dataset, after: Dataset) -> WorkbookEdit:
    for sheet in SHEETS:
        rows, kept = before.rows(sheet.name), after.rows(sheet.name)
        if sheet.name == "settings":
            _set_settings(book, sheet, before.settings, after.settings)
        elif rows != kept:
            names = [column.name for column in sheet.columns]
            edit = book.sheet(sheet.name) or book.new_sheet(sheet.name, names)
            _SheetWriter(book, edit, sheet).write(rows, kept)
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


def _set_settings(book: WorkbookEdit, sheet: Sheet, before: Settings, after: Settings) -> None:
    """Writes the settings that differ, each in the row of its key."""
    changed = [each for each in sheet.columns if getattr(before, each.name) != getattr(after, each.name)]
    edit = book.sheet("settings")
    assert edit is not None
    key, letter = edit.columns["key"], edit.columns["value"]
    rows = {fold(edit.text(line.cells[key])): row for row, line in edit.lines.items() if row > 1 and key in line.cells}
    for column in changed:
        row, value = rows.get(column.name) or _add_setting(edit, key, column), getattr(after, column.name)
        if column.kind == "month":
            _set_month(book, edit, row, letter, value)
        else:
            edit.set(row, letter, _cell_value(column, value))


def _add_setting(edit: SheetEdit, key: str, column: Column) -> int:
    """A row below the others for a setting that has none."""
    row = edit.last_row + 1
    edit.set(row, key, column.name)
    return row


def _set_month(book: WorkbookEdit, sheet: SheetEdit, row: int, letter: str, month: int) -> None:
    """Writes a month as a date, in the cell's own format where it is one of dates."""
    style = sheet.style(row, letter)
    shown = style if book.is_date(style) else book.style(style, MONTH)
    sheet.set(row, letter, months.first_day(month) if shown and not book.date1904 else months.label(month), shown)


class _SheetWriter:
    """Brings the rows of one sheet in line: changes cells, takes rows out, adds rows at the end."""

    def __init__(self, book: WorkbookEdit, edit: SheetEdit, sheet: Sheet) -> None:
        self.book, self.edit, self.sheet = book, edit, sheet
        self.places = edit.columns

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
        first = self.edit.last_row + 1 if seen or not was else min(was)
        self.edit.delete(was.keys() - seen)
        for number, row in enumerate(added, start=first):
            self._add(number, row)

    def _add(self, number: int, row: Row) -> None:
        if row.row:
            self.edit.like(number, row.row)
        for column in self.sheet.columns:
            value = getattr(row, column.name)
            if value != column.default or column.name in self.places:
                self._set(number, column, value)

    def _set(self, number: int, column: Column, value: Any) -> None:
        if column.name not in self.places:
            self.places[column.name] = self.edit.free_column()
            self.edit.set(1, self.places[column.name], column.name, self.edit.style(1, "A"))
        letter = self.places[column.name]
        if column.kind == "month" and value is not None:
            _set_month(self.book, self.edit, number, letter, value)
        else:
            self.edit.set(number, letter, _cell_value(column, value))


def _cell_value(column: Column, value: Any) -> Any:
    return None if value is None else column.shown(value)
