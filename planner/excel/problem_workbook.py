"""A planning problem drawn as a workbook: styled headers with notes on what fits, drop-downs, a row a record.

Used for the template of `planner init` and wherever a folder of CSV files becomes a workbook. Headers hold the exact
column names; meaning, unit and what fits are in their cell notes, made from `models.schema`.
"""

from __future__ import annotations

import datetime as dt
import io
import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import column_index_from_string
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from models import months
from models.columns import LARGEST, Column
from models.parsing.raw_tables import RawTable, Record, Unreadable, fold
from models.schema import SHEETS, Sheet, never_read, referred
from planner.csv_folder.reader import is_sheet_file
from planner.csv_folder.writer import csv_files
from planner.excel.workbook_reader import workbook_tables
from planner.files.atomic import atomic_folder_write, atomic_write
from planner.files.package import escaped

LAST_ROW = 2000
"""Drop-downs and number formats reach down to here."""
FONT = "Calibri"
REQUIRED_FILL, OPTIONAL_FILL, NOTE_FILL, INPUT_FILL = "1F3A5F", "D9DEE4", "F2F2F2", "FFF9E5"
FORMATS = {"month": "yyyy-mm", "share": "0.0##%", "count": "0"}
WIDEST, ACROSS = 100, 220
"""Characters of the widest column, and those that can be read across a landscape page."""


@contextmanager
def written_problem(book: Any, target: Path) -> Iterator[Path]:
    """Writes a problem's openpyxl workbook as `target`: an .xlsx file, or a folder of CSV files.

    Yields where it can be read before it is moved into place at the end of the block.

    Raises
    ------
    CannotWrite
        The system does not let it be written.
    """
    if target.suffix.lower() == ".xlsx":
        with atomic_write(target) as temporary:
            book.save(temporary)
            yield temporary
        return
    buffer = io.BytesIO()
    book.save(buffer)
    tables, _ = workbook_tables(buffer.getvalue())
    with written_problem_of(tables, target) as temporary:
        yield temporary


@contextmanager
def written_problem_of(tables: Iterable[RawTable], target: Path) -> Iterator[Path]:
    """Writes tables as `target`, an .xlsx file or a folder of CSV files, their records one below the other.

    Yields where it can be read before it is moved into place at the end of the block.

    Raises
    ------
    CannotWrite
        The system does not let it be written.
    """
    if target.suffix.lower() == ".xlsx":
        with atomic_write(target) as temporary:
            problem_book(_without_gaps(table) for table in tables if table.headings).save(temporary)
            yield temporary
    else:
        with atomic_folder_write(target, csv_files(tables), is_sheet_file) as temporary:
            yield temporary


def _without_gaps(table: RawTable) -> RawTable:
    records = tuple(replace(record, row=row) for row, record in enumerate(table.records, start=2))
    return replace(table, records=records)


def problem_book(tables: Iterable[RawTable]) -> Workbook:
    """An openpyxl workbook with a sheet for each table, the records in their rows."""
    book = Workbook()
    book.remove(book.active)
    known = {sheet.name: sheet for sheet in SHEETS}
    for table in tables:
        worksheet = book.create_sheet(table.name)
        sheet = known.get(fold(table.name))
        if sheet is not None:
            worksheet.sheet_properties.tabColor = OPTIONAL_FILL if sheet.optional else REQUIRED_FILL
        _SheetDrawing(worksheet, sheet, table).draw()
        _set_up_page(worksheet)
    for sheet in SHEETS:
        if sheet.key and sheet.name in book.sheetnames:
            _name_the_keys(book, sheet, book[sheet.name])
    return book


class _SheetDrawing:
    """Draws one table."""

    def __init__(self, worksheet: Worksheet, sheet: Sheet | None, table: RawTable) -> None:
        self.worksheet = worksheet
        self.table = table
        self.sheet = sheet
        self.settings = sheet is not None and sheet.name == "settings"
        self.columns = {} if sheet is None else {column.name: column for column in sheet.columns}
        self.names = {letter: fold(heading) for letter, heading in table.headings.items()}
        self.key = next((letter for letter, name in self.names.items() if name == "key"), "")

    def draw(self) -> None:
        for letter, heading in self.table.headings.items():
            self._head(letter, heading)
        for record in self.table.records:
            for letter, name in self.names.items():
                self._fill(record, letter, name)
        self.worksheet.freeze_panes = "A2" if self.settings else "B2"

    def _head(self, letter: str, heading: str) -> None:
        name, position = self.names[letter], column_index_from_string(letter)
        longest = max((len(_shown(record.values.get(letter))) for record in self.table.records), default=0)
        self.worksheet.column_dimensions[letter].width = min(WIDEST, max(11, len(heading) + 3, longest + 2))
        if never_read(name, self.sheet):
            note = "For people; never read by the planner."
            _write_header(self.worksheet, position, heading, note, required=False, fill=NOTE_FILL)
            self.worksheet.column_dimensions[letter].width = WIDEST
        elif self.settings and name in ("key", "value"):
            _write_header(self.worksheet, position, heading, _OF_SETTINGS[name], required=True)
        elif (column := self.columns.get(name)) is None or self.settings:
            _write_header(self.worksheet, position, heading, "", required=False)
        else:
            _write_header(self.worksheet, position, heading, explain(column), required=column.required)
            self.worksheet.column_dimensions[letter].number_format = _format(column)
            _add_drop_down(self.worksheet, column, f"{letter}2:{letter}{LAST_ROW}")

    def _fill(self, record: Record, letter: str, name: str) -> None:
        column = self.columns.get(name)
        if self.settings:
            column = self.columns.get(fold(str(record.values.get(self.key, ""))))
        cell = self.worksheet[f"{letter}{record.row}"]
        if never_read(name, self.sheet):
            cell.font = Font(name=FONT, italic=True, color="595959")
        elif letter == self.key and self.settings:
            cell.font = Font(name=FONT, bold=column is not None and column.required)
            if column is not None:
                _annotate(cell, explain(column))
            column = None
        else:
            cell.font, cell.fill = Font(name=FONT), PatternFill("solid", fgColor=INPUT_FILL)
            if self.settings and column is not None:
                cell.alignment = Alignment(horizontal="right")
                _add_drop_down(self.worksheet, column, cell.coordinate)
            cell.number_format = "General" if column is None else _format(column)
        cell.value = _cell_value(record.values.get(letter), None if never_read(name, self.sheet) else column)
        if isinstance(cell.value, str):
            cell.data_type = "s"  # a text that looks like a formula or an error is none


_OF_SETTINGS = {
    "key": "Which setting: one row each. A row left out, or left blank, means the default.",
    "value": "The setting's value; the note of each key says what fits.",
}


def _write_header(
    worksheet: Worksheet, position: int, title: str, note: str, *, required: bool, fill: str | None = None
) -> None:
    cell = worksheet.cell(1, position, title)
    cell.font = Font(name=FONT, bold=True, color="FFFFFF" if required else "000000")
    cell.fill = PatternFill("solid", fgColor=fill or (REQUIRED_FILL if required else OPTIONAL_FILL))
    cell.alignment = Alignment(vertical="center")
    cell.border = Border(right=Side(style="thin", color="FFFFFF"))
    worksheet.row_dimensions[1].height = 22
    if note:
        _annotate(cell, note)


def _annotate(cell: Any, text: str) -> None:
    lines = sum(1 + len(line) // 42 for line in text.splitlines())
    cell.comment = Comment(text, "planner", width=300, height=26 + 17 * lines)


def _format(column: Column) -> str:
    return FORMATS["share"] if column.unit.startswith("share") else FORMATS.get(column.kind, "General")


def sentence(column: Column) -> str:
    """The meaning with a capital, unless it begins with a value to be written just so."""
    first, _, rest = column.meaning.partition(" ")
    return column.meaning if first.endswith(":") else f"{first[:1].upper()}{first[1:]} {rest}".strip()


def explain(column: Column) -> str:
    """Meaning, unit, what fits and whether it may be left blank: the header's cell note."""
    lines = [sentence(column) + "."]
    if column.unit:
        lines.append(f"Unit: {column.unit}.")
    lines.append(f"Write {column.expected()}.")
    if column.refers:
        lines.append(f"A name from {' or '.join(referred(column))}.")
    if column.required:
        lines.append("Required.")
    elif column.defaults_to_nothing:
        lines.append("May be left blank.")
    else:
        lines.append(f"Left blank: {_shown(column.default)}.")
    return "\n".join(lines)


def _cell_value(value: object, column: Column | None) -> object:
    """What the cell holds: months as dates, flags as yes and no."""
    if isinstance(value, Unreadable):
        return value.found
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str) and (column is None or column.kind != "month"):
        return escaped(value)
    if column is not None and column.kind == "month" and (month := months.parse(value)) is not None:
        return months.first_day(month)
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < LARGEST else value


def _shown(value: object) -> str:
    if isinstance(value, dt.date):
        return f"{value:%Y-%m}"
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(_cell_value(value, None))


def fits(column: Column) -> tuple[str, str, str, str] | None:
    """What a cell of a column is held to while typing: list, whole or decimal, one or two formulas, and how strictly.

    A list for choices, flags and names of one other sheet; bounds for numbers. Pasting goes round them: `planner check`
    is the gate, these only help.
    """
    choices = ("yes", "no") if column.kind == "flag" else column.choices
    if choices:
        return "list", f'"{",".join(choices)}"', "", "stop"
    if len(referred(column)) == 1 and column.kind == "name":
        return "list", f"list_{referred(column)[0]}", "", "warning"
    if column.kind in ("share", "count", "number") and column.low is not None:
        high = column.high if column.high is not None else LARGEST
        return "whole" if column.kind == "count" else "decimal", f"{column.low:g}", f"{high:.0f}", "warning"
    return None


def _add_drop_down(worksheet: Worksheet, column: Column, cells: str) -> None:
    """What fits in cells, as `fits` says."""
    held = fits(column)
    if held is None:
        return
    kind, first, second, strict = held
    rule = DataValidation(
        kind, formula1=first, formula2=second or None, operator="between" if second else None, errorStyle=strict
    )
    rule.allow_blank = not (strict == "stop" or column.refers)
    rule.showErrorMessage = True
    rule.errorTitle, rule.error = column.name[:32], f"Write {column.expected()}."[:255]
    rule.add(cells)
    worksheet.add_data_validation(rule)


def _name_the_keys(workbook: Workbook, sheet: Sheet, worksheet: Worksheet) -> None:
    """A name for the filled part of a sheet's first key column, for the drop-downs of other sheets."""
    letter = next((cell.column_letter for cell in worksheet[1] if fold(str(cell.value)) == sheet.key[0]), "")
    if letter and any(referred(column) == (sheet.name,) for each in SHEETS for column in each.columns):
        cells = names_below(sheet.name, letter)
        workbook.defined_names[f"list_{sheet.name}"] = DefinedName(f"list_{sheet.name}", attr_text=cells)


def names_below(sheet: str, letter: str) -> str:
    """The filled part of a sheet's column, as a formula."""
    return f"OFFSET({sheet}!${letter}$2,0,0,MAX(1,COUNTA({sheet}!${letter}$2:${letter}${LAST_ROW})),1)"


def _set_up_page(worksheet: Worksheet) -> None:
    """Landscape pages, as many beside each other as it takes to read them, each with names and keys."""
    across = sum(each.width for each in worksheet.column_dimensions.values())
    worksheet.page_setup.orientation = "landscape"
    worksheet.page_setup.fitToWidth, worksheet.page_setup.fitToHeight = math.ceil(across / ACROSS), 0
    worksheet.sheet_properties.pageSetUpPr.fitToPage = True
    worksheet.print_title_rows, worksheet.print_title_cols = "1:1", "A:A"
