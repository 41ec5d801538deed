"""Reads the sheets of a workbook: from the bytes of a file to tables of raw cells, with warnings of hidden content.

The only module that knows cells.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from models.faults import Fault
from models.parsing.raw_tables import RawTable, Unreadable, arranged, fold, is_blank, shown, spreadsheet_error
from models.schema import NEVER_READ, SCENARIO_NOTES, sheet_names
from planner.excel.file_checks import UnreadableFile, check_file, open_workbook
from planner.excel.told_apart import is_plan
from planner.outputs import ANNOTATED_SHEET


def workbook_tables(content: bytes) -> tuple[list[RawTable], list[Fault]]:
    """The tables of a workbook's sheets; those of sheets the planner does not know are empty.

    Raises
    ------
    UnreadableFile
        The bytes are no workbook that can be read.
    """
    inspected = check_file(content)
    return _tables(inspected.content, inspected.unreadable)


def _tables(content: bytes, unreadable: Mapping[str, Mapping[str, Unreadable]]) -> tuple[list[RawTable], list[Fault]]:
    workbook = open_workbook(content)
    if is_plan(frozenset(fold(each) for each in workbook.sheetnames)):
        raise UnreadableFile("a plan", "Name the workbook that it is a plan of: the problem to solve.")
    faults: list[Fault] = []
    known = set(sheet_names())
    tables = []
    for worksheet in workbook.worksheets:
        if fold(worksheet.title) in known:
            tables.append(_SheetReader(worksheet, unreadable.get(worksheet.title, {}), faults).table())
        elif fold(worksheet.title) == SCENARIO_NOTES:
            tables.append(_SheetReader(worksheet, {}, []).table())
        elif worksheet.sheet_state != "veryHidden" and worksheet.title != ANNOTATED_SHEET:  # these are programs' own
            tables.append(RawTable(worksheet.title, {}, ()))
    return tables, faults


class _SheetReader:
    """Turns one worksheet into a table, and reports what a person may not see in it."""

    def __init__(self, worksheet: Any, unreadable: Mapping[str, Unreadable], faults: list[Fault]) -> None:
        self.worksheet = worksheet
        self.name = fold(worksheet.title)
        self.unreadable = unreadable
        self.faults = faults

    def table(self) -> RawTable:
        rows: dict[int, dict[str, object]] = defaultdict(dict)
        for row, letter, value in self._values():
            rows[row][letter] = value
        headings = self._headings(rows.pop(1, {}))
        self._merged(rows, headings)
        table = arranged(self.worksheet.title, headings, rows, self.faults)
        self._report_unseen(rows, headings)
        return table

    def _values(self) -> Iterator[tuple[int, str, object]]:
        """Filled cells only; a stray blank in the last cell of a sheet costs nothing."""
        from openpyxl.utils import get_column_letter

        letters: dict[int, str] = {}
        for (row, number), cell in self.worksheet._cells.items():
            value = cell.value
            letter = letters.get(number) or letters.setdefault(number, get_column_letter(number))
            if self.unreadable and (bad := self.unreadable.get(f"{letter}{row}")):
                yield row, letter, bad
            elif error := spreadsheet_error(value):
                yield row, letter, error
            elif not is_blank(value):
                yield row, letter, value

    def _headings(self, cells: Mapping[str, object]) -> dict[str, str]:
        headings = {}
        for letter, value in sorted(cells.items(), key=lambda each: (len(each[0]), each[0])):
            if isinstance(value, Unreadable):
                cell = f"{letter}1"
                expected = "the name of a column"
                self.faults.append(Fault(self.name, "", "", value.found, expected, value.fix, row=1, cell=cell))
            elif isinstance(value, dt.date):
                headings[letter] = f"{value:%Y-%m}"
            else:
                headings[letter] = value if isinstance(value, str) else shown(value)
        return headings

    def _merged(self, rows: dict[int, dict[str, object]], headings: Mapping[str, str]) -> None:
        """Of merged cells only the first holds a value; what the others mean is not known."""
        from openpyxl.utils import column_index_from_string

        fix = "Unmerge the cells and fill in each of them."
        columns = {letter: column_index_from_string(letter) for letter in headings}
        for merged in self.worksheet.merged_cells.ranges:
            if merged.min_row == 1 and merged.min_col < merged.max_col:
                found, expected = f"merged cells {merged.coord}", "one cell for each column's name"
                first = merged.coord.partition(":")[0]
                self.faults.append(Fault(self.name, "", "", found, expected, fix, row=1, cell=first))
            for row in rows.keys() & range(merged.min_row, merged.max_row + 1):
                for letter, number in columns.items():
                    if merged.min_col <= number <= merged.max_col and (row, number) != (merged.min_row, merged.min_col):
                        rows[row][letter] = Unreadable(f"a part of the merged cells {merged.coord}", fix)

    def _report_unseen(self, rows: Mapping[int, Mapping[str, object]], headings: Mapping[str, str]) -> None:
        """Warns of what is read though hidden."""
        read = {letter for letter, heading in headings.items() if fold(heading) not in NEVER_READ}
        if self.worksheet.sheet_state != "visible":
            self._warn("a hidden sheet", "sheets that can be seen", "It is read; unhide it, or delete it.")
        hidden = [row for row in _hidden(self.worksheet.row_dimensions) if read & rows.get(row, {}).keys()]
        if hidden:
            shown_names = ", ".join(map(str, sorted(hidden)[:8])) + (", …" if len(hidden) > 8 else "")
            fix = "Hidden rows are read like the others; unhide them, or delete them."
            self._warn(f"hidden rows: {shown_names}", "rows that can be seen", fix, min(hidden), f"A{min(hidden)}")
        columns = sorted(read.intersection(_hidden(self.worksheet.column_dimensions)))
        if columns:
            fix = "Hidden columns are read like the others; unhide them, or delete them."
            self._warn(f"hidden columns: {', '.join(columns)}", "columns that can be seen", fix, 1, f"{columns[0]}1")

    def _warn(self, found: str, expected: str, fix: str, row: int = 0, cell: str = "") -> None:
        self.faults.append(Fault(self.name, "", "", found, expected, fix, "hidden-content", row, cell))


def _hidden(dimensions: Mapping[Any, Any]) -> list[Any]:
    """Rows, or letters of columns, that are hidden; hidden columns side by side are kept as one."""
    from openpyxl.utils import get_column_letter

    hidden: list[Any] = []
    for key, dimension in dimensions.items():
        if dimension.hidden and isinstance(key, str):
            hidden += (get_column_letter(i) for i in range(dimension.min or 1, (dimension.max or 1) + 1))
        elif dimension.hidden:
            hidden.append(key)
    return hidden
