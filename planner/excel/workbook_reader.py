"""Reads a workbook: from the bytes of a file to a Dataset, or to everything that is wrong with it.

The only module that knows cells. The file is opened once, for reading, and never written.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import warnings
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.dataset import Dataset
from models.faults import Fault
from models.loading import in_order, take_in
from models.parsing.raw_tables import Record, Table, Unreadable, fold, is_blank, shown
from models.schema import NEVER_READ, sheet_names
from planner.excel.file_checks import Refused, inspect
from planner.excel.overrides import override
from planner.outputs import ANNOTATED_SHEET

FILE_BYTES = 100_000_000
"""Larger files are not opened: a workbook of 20 000 demand rows has under 2 MB."""

ERRORS = frozenset({"#REF!", "#N/A", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"})


@dataclass(frozen=True, slots=True)
class ReadResult:
    """What a file says: the Dataset, None when there is any error; every fault with its cell; the hash of its bytes."""

    dataset: Dataset | None
    faults: tuple[Fault, ...]
    sha256: str

    @property
    def errors(self) -> tuple[Fault, ...]:
        return tuple(fault for fault in self.faults if fault.severity == "error")

    @property
    def warnings(self) -> tuple[Fault, ...]:
        return tuple(fault for fault in self.faults if fault.severity == "warning")


def read(path: Path, overrides: Sequence[str] = ()) -> ReadResult:
    """Reads and checks a workbook; never raises for what a file can be or hold.

    `overrides` are texts `sheet.key.column=value` that stand in for cells.
    """
    digest = ""
    try:
        content = _content(path)
        digest = hashlib.sha256(content).hexdigest()
        inspected = inspect(content)
        tables, faults = _tables(inspected.content, inspected.unreadable)
    except Refused as refused:
        return ReadResult(None, (refused.fault(path.name or str(path)),), digest)
    tables, more = override(tables, overrides)
    taken = take_in(tables, plan_name=path.stem)
    found = in_order((*faults, *more, *taken.faults))
    faulty = any(fault.severity == "error" for fault in found)
    return ReadResult(None if faulty else taken.dataset, found, digest)


def _content(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise Refused("a folder", "Name the workbook inside it.")
        if not path.exists():
            raise Refused("no file of that name", "Check the path; `planner init` writes a workbook to start from.")
        if not path.is_file():
            raise Refused("no ordinary file", "Name a workbook.")
        if path.stat().st_size > FILE_BYTES:
            raise Refused(f"a file of {path.stat().st_size / 1e6:,.0f} MB", "Delete what is not a planner's sheet.")
        return path.read_bytes()
    except OSError as error:
        found = f"a file that cannot be opened ({error.strerror or error})"
        raise Refused(found, "Close it elsewhere, or see to your right to read it.") from None
    except ValueError as error:
        raise Refused(f"no path to a file ({error})", "Check the path.") from None


def _tables(content: bytes, unreadable: Mapping[str, Mapping[str, Unreadable]]) -> tuple[list[Table], list[Fault]]:
    import openpyxl

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            workbook = openpyxl.load_workbook(io.BytesIO(content), data_only=True, keep_links=False)
    except Exception as error:  # the library raises what it likes on files it does not know
        fix = "Open it in Excel or LibreOffice, save it as Excel Workbook (.xlsx), and try again."
        raise Refused(f"a workbook that cannot be read ({type(error).__name__}: {error})", fix) from None
    faults: list[Fault] = []
    known = set(sheet_names())
    tables = []
    for worksheet in workbook.worksheets:
        if fold(worksheet.title) in known:
            tables.append(_SheetReader(worksheet, unreadable.get(worksheet.title, {}), faults).table())
        elif worksheet.sheet_state != "veryHidden" and worksheet.title != ANNOTATED_SHEET:  # these are programs' own
            tables.append(Table(worksheet.title, {}, ()))
    return tables, faults


class _SheetReader:
    """Turns one worksheet into a Table, and reports what a person may not see in it."""

    def __init__(self, worksheet: Any, unreadable: Mapping[str, Unreadable], faults: list[Fault]) -> None:
        self.worksheet = worksheet
        self.name = fold(worksheet.title)
        self.unreadable = unreadable
        self.faults = faults

    def table(self) -> Table:
        rows: dict[int, dict[str, object]] = defaultdict(dict)
        for row, letter, value in self._values():
            rows[row][letter] = value
        headings = self._headings(rows.pop(1, {}))
        self._merged(rows, headings)
        self._report_unseen(rows, headings)
        records = tuple(
            Record(row, {letter: value for letter, value in rows[row].items() if letter in headings})
            for row in sorted(rows)
        )
        return Table(self.worksheet.title, headings, records)

    def _values(self) -> Iterator[tuple[int, str, object]]:
        """Filled cells only; a stray blank in the last cell of a sheet costs nothing."""
        from openpyxl.utils import get_column_letter

        letters: dict[int, str] = {}
        for (row, number), cell in self.worksheet._cells.items():
            value = cell.value
            letter = letters.get(number) or letters.setdefault(number, get_column_letter(number))
            if self.unreadable and (bad := self.unreadable.get(f"{letter}{row}")):
                yield row, letter, bad
            elif cell.data_type == "e" or (isinstance(value, str) and value.strip() in ERRORS):
                found = f"{value}, an error of the spreadsheet"
                yield row, letter, Unreadable(found, "Mend the formula, or type the value.")
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
        """Warns of what is read though hidden, and of what is not read though filled in."""
        if not headings and any(rows.values()):
            fix = "Put the names of the columns into row 1, the records below."
            self.faults.append(Fault(self.name, "", "", "no names of columns", "them in row 1", fix, row=1, cell="A1"))
            return
        read = {letter for letter, heading in headings.items() if fold(heading) not in NEVER_READ}
        nameless = sorted({letter for row in rows.values() for letter in row if letter not in headings})
        for letter in nameless[:5]:
            row = min(row for row, values in rows.items() if letter in values)
            fix = "It is not read; name the column, or note for remarks."
            found = f"a value in column {letter}, which has no name"
            self._warn(found, "a name in row 1 for each column", fix, row, f"{letter}{row}")
        if self.worksheet.sheet_state != "visible":
            self._warn("a hidden sheet", "sheets that can be seen", "It is read; unhide it, or delete it.")
        hidden = [row for row in _hidden(self.worksheet.row_dimensions) if read & rows.get(row, {}).keys()]
        if hidden:
            listed = ", ".join(map(str, sorted(hidden)[:8])) + (", …" if len(hidden) > 8 else "")
            fix = "Hidden rows are read like the others; unhide them, or delete them."
            self._warn(f"hidden rows: {listed}", "rows that can be seen", fix, min(hidden), f"A{min(hidden)}")
        columns = sorted(read.intersection(_hidden(self.worksheet.column_dimensions)))
        if columns:
            fix = "Hidden columns are read like the others; unhide them, or delete them."
            self._warn(f"hidden columns: {', '.join(columns)}", "columns that can be seen", fix, 1, f"{columns[0]}1")

    def _warn(self, found: str, expected: str, fix: str, row: int = 0, cell: str = "") -> None:
        self.faults.append(Fault(self.name, "", "", found, expected, fix, "warning", row, cell))


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
