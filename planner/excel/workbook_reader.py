"""Reads the sheets of a problem's workbook: from cells to tables, with warnings of what a person may not see."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping

from models import months
from models.faults import Fault
from models.parsing.raw_tables import RawTable, Unreadable, arranged, column_index, column_letter, fold, shown
from models.schema import SCENARIO_NOTES, SHEETS, WIDE, never_read, sheet_names
from planner.excel.cells import MOST_MERGED, SheetCells, WorkbookCells, cells_of
from planner.excel.told_apart import is_job_file, is_plan
from planner.files.outputs import ANNOTATED_SHEET
from planner.files.package import SheetPart, damaged
from planner.files.reading import UnreadableFile


def workbook_tables(content: bytes) -> tuple[list[RawTable], list[Fault]]:
    """The tables of a workbook's sheets; those of sheets the planner does not know are empty.

    Raises
    ------
    UnreadableFile
        The bytes are no workbook that can be read.
    """
    workbook = cells_of(content)
    names = frozenset(fold(each.name) for each in workbook.sheets)
    if is_plan(names):
        raise UnreadableFile("a plan", "Name the workbook that it is a plan of: the problem to solve.")
    if is_job_file(names):
        raise UnreadableFile("the jobs of a batch", "Run `planner batch` with it, or name the problem to solve.")
    faults: list[Fault] = []
    known = set(sheet_names())
    tables = []
    for sheet in workbook.sheets:
        if fold(sheet.name) in known:
            tables.append(sheet_table(workbook, sheet, faults))
        elif fold(sheet.name) == SCENARIO_NOTES:
            tables.append(_SheetReader(workbook.cells(sheet), []).table())
        elif sheet.state != "veryHidden" and sheet.name != ANNOTATED_SHEET:  # these are programs' own
            tables.append(RawTable(sheet.name, {}, ()))
    return tables, faults


def sheet_table(workbook: WorkbookCells, sheet: SheetPart, faults: list[Fault]) -> RawTable:
    """The table of one sheet of a workbook."""
    return _SheetReader(workbook.cells(sheet), faults, date1904=workbook.package.date1904).table()


class _SheetReader:
    """Turns the cells of one sheet into a table, and reports what a person may not see in it."""

    def __init__(self, cells: SheetCells, faults: list[Fault], *, date1904: bool = False) -> None:
        self.cells = cells
        self.name = fold(cells.name)
        self.faults = faults
        self.date1904 = date1904

    def table(self) -> RawTable:
        rows = self.cells.rows
        headings = self._headings(rows.pop(1, {}))
        self._merged(rows, headings)
        table = arranged(self.cells.name, headings, rows, self.faults)
        self._report_unseen(rows, headings)
        return table

    def _headings(self, cells: Mapping[str, object]) -> dict[str, str]:
        headings = {}
        for letter, value in cells.items():
            if isinstance(value, Unreadable):
                cell = f"{letter}1"
                expected = "the name of a column"
                self.faults.append(Fault(self.name, "", "", value.found, expected, value.fix, row=1, cell=cell))
            elif isinstance(value, dt.date):
                month = months.parse(value)
                headings[letter] = f"{value:%Y-%m-%d %H:%M}" if month is None else months.label(month)
            elif isinstance(value, int) and self.date1904 and self.name in WIDE:
                headings[letter] = shown(value + 1462)  # a date serial, counted from 1900 like others
            else:
                headings[letter] = value if isinstance(value, str) else shown(value)
        return headings

    def _merged(self, rows: dict[int, dict[str, object]], headings: Mapping[str, str]) -> None:
        """Of merged cells only the first holds a value; what the others mean is not known."""
        fix = "Unmerge the cells, then fill in each that is meant to hold a value."
        columns = [(column_index(letter), letter) for letter in headings]
        taken: set[tuple[int, str]] = set()
        filled = sorted(rows)
        for top, left, bottom, right in self.cells.merged:
            coordinates = f"{column_letter(left)}{top}:{column_letter(right)}{bottom}"
            if top == 1 and left < right:
                found, expected = f"merged cells {coordinates}", "one cell for each column's name"
                first = f"{column_letter(left)}{top}"
                self.faults.append(Fault(self.name, "", "", found, expected, fix, row=1, cell=first))
            letters = [(number, letter) for number, letter in columns if left <= number <= right]
            part = Unreadable(f"a part of the merged cells {coordinates}", fix)
            for row in filled[bisect_left(filled, top) : bisect_right(filled, bottom)] if letters else ():
                for number, letter in letters:
                    if (row, letter) in taken or len(taken) > MOST_MERGED:
                        raise damaged(f"merged cells {coordinates}, over others or too many, sheet {self.cells.name!r}")
                    taken.add((row, letter))
                    if (row, number) != (top, left):
                        rows[row][letter] = part

    def _report_unseen(self, rows: Mapping[int, Mapping[str, object]], headings: Mapping[str, str]) -> None:
        """Warns of what is read though hidden, and of formulas whose values may be none."""
        of = next((each for each in SHEETS if each.name == self.name), None)
        read = {letter for letter, heading in headings.items() if not never_read(fold(heading), of)}
        if self.cells.state != "visible":
            self._warn("a hidden sheet", "sheets that can be seen", "It is read; unhide it, or delete it.")
        hidden = [row for row in self.cells.hidden_rows if read & rows.get(row, {}).keys()]
        if hidden:
            fix = "Hidden rows are read like the others; unhide them, or delete them."
            self._warn(f"hidden rows: {few(hidden)}", "rows that can be seen", fix, min(hidden), f"A{min(hidden)}")
        unseen, after = set[int](), -1
        for first, last in self.cells.hidden_columns:
            unseen.update(range(max(first, after + 1), last + 1))
            after = max(after, last)
        columns = [each for each in sorted(read, key=column_index) if column_index(each) in unseen]
        if columns:
            fix = "Hidden columns are read like the others; unhide them, or delete them."
            self._warn(f"hidden columns: {few(columns)}", "columns that can be seen", fix, 1, f"{columns[0]}1")
        formulas = [(row, letter) for row, letter in self.cells.formulas if letter in read]
        if formulas:
            found = (
                f"formulas of a workbook that asks to be calculated when opened: {few(f'{b}{a}' for a, b in formulas)}"
            )
            fix = "Their saved values may be placeholders: open it in Excel or LibreOffice, and save it there."
            row, letter = formulas[0]
            self._warn(found, "formulas that have been calculated", fix, row, f"{letter}{row}", "uncalculated-formula")

    def _warn(
        self, found: str, expected: str, fix: str, row: int = 0, cell: str = "", name: str = "hidden-content"
    ) -> None:
        self.faults.append(Fault(self.name, "", "", found, expected, fix, name, row, cell))


def few(places: Iterable[object], most: int = 8) -> str:
    """The first of some places, in words."""
    listed = [str(each) for each in places]
    return ", ".join(listed[:most]) + (f", … ({len(listed)} in all)" if len(listed) > most else "")
