"""The cells of a workbook, each with what it holds: the one pass that every reader of workbooks stands on.

A cell holds a text, a number, a date or a time, yes or no; or it is `Unreadable`, where no reader can know what it is:
a formula saved without its value, a number that is none. Of formats only those of dates are read.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from models.cancellation import check_cancelled
from models.parsing.raw_tables import Unreadable, column_index, column_letter, is_blank, text_of
from planner.excel.times import time_formats, time_of, whole
from planner.files.package import Package, SheetPart, damaged, local_names, package_of, unescaped
from planner.files.reading import UnreadableFile

MOST_CELLS, MOST_CELLS_SMALL = 1_000_000, 400_000
"""So many filled cells are read of a workbook, and of a small file, over all sheets; examples have a few thousand."""
ROWS, COLUMNS = 1_048_576, 16_384
"""The size of a sheet."""
MOST_MERGED = 100_000
WITHOUT_VALUE = Unreadable(
    "a formula without a saved value", "Open the workbook in Excel or LibreOffice and save it there, or type the value."
)
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")


@dataclass(slots=True)
class SheetCells:
    """The filled cells of a sheet by row and column letter, and what a person may not see of it.

    `merged` are first row and column (from 0) and last ones of merged cells, `hidden_columns` first and last index.
    `formulas` are the places of those with a saved value, kept where a workbook asks to be calculated when opened.
    """

    name: str
    state: str
    rows: dict[int, dict[str, object]] = field(default_factory=dict)
    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    formulas: list[tuple[int, str]] = field(default_factory=list)


class WorkbookCells:
    """The sheets of a workbook, in order, and their cells, read when asked for.

    Raises
    ------
    UnreadableFile
        It is no workbook that can be read.
    """

    def __init__(self, package: Package) -> None:
        self.package = package
        self.sheets = package.sheets
        self.most = self.left = MOST_CELLS_SMALL if package.small else MOST_CELLS
        self._texts: list[str | Unreadable] | None = None
        self._formats: tuple[frozenset[int], frozenset[int]] | None = None
        self._related = dict(package.related(package.main).values())

    def cells(self, sheet: SheetPart) -> SheetCells:
        """The cells of one sheet.

        Raises
        ------
        UnreadableFile
            It is damaged, or beyond the limits.
        """
        parser = _SheetParser(self, sheet)
        if sheet.part:
            self.package.parse(sheet.part, parser.start, parser.end, parser.text)
            parser.check_ended()
        return parser.cells

    def texts(self) -> Sequence[str | Unreadable]:
        """The texts that sheets share."""
        if self._texts is None:
            part = self._related.get("sharedStrings", "")
            self._texts = _texts(self.package, part) if part else []
        return self._texts

    def text(self, index: str) -> str | Unreadable:
        """One of the texts that sheets share."""
        texts = self.texts()
        if not 0 <= (number := whole(index)) < len(texts):
            raise damaged(f"no text of number {index[:20]!r}")
        return texts[number]

    def time_format(self, style: str) -> str:
        """Whether numbers of a style are shown as a `date`, as a time that passed (`elapsed`), or neither ("")."""
        if self._formats is None:
            part = self._related.get("styles", "")
            self._formats = time_formats(self.package, part) if part else (frozenset(), frozenset())
        number = whole(style)
        return "date" if number in self._formats[0] else "elapsed" if number in self._formats[1] else ""


def cells_of(content: bytes) -> WorkbookCells:
    """The cells of a workbook in memory.

    Raises
    ------
    UnreadableFile
        It is no workbook that can be read.
    """
    return WorkbookCells(package_of(content))


class _SheetParser:
    """Follows the XML of one sheet and keeps its filled cells."""

    _NAMES = local_names("worksheet", "sheetData", "row", "c", "v", "f", "is", "t", "rPh", "col", "mergeCell", "extLst")

    def __init__(self, workbook: WorkbookCells, sheet: SheetPart) -> None:
        self.workbook = workbook
        self.sheet = sheet
        self.cells = SheetCells(sheet.name, sheet.state)
        self.numbers: dict[str, int] = {}
        self.root = ""
        self.in_data = self.in_cell = self.in_phonetic = self.in_extension = self.capturing = False
        self.has_value = self.has_formula = self.has_data = False
        self.row, self.column, self.letters = 0, -1, ""
        self.row_text = ""
        self.values: dict[str, object] = {}
        self.kind = self.style = ""
        self.pieces: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        short = self._NAMES.get(name, "")
        if self.in_extension:
            return
        if short == "extLst":
            self.in_extension = True
        elif short == "c" and self.in_data:
            self._start_cell(attributes)
        elif self.in_cell:
            if short == "v":
                self._refuse_if(self.has_value, "two values in a cell")
                self.has_value, self.capturing = True, self.kind != "inlineStr"
            elif short == "t":
                self.capturing = self.kind == "inlineStr" and not self.in_phonetic
            elif short == "f":
                self.has_formula = True
            elif short == "rPh":
                self.in_phonetic = True
        elif short == "row" and self.in_data:
            self._start_row(attributes)
        elif self.in_data:
            self._refuse_if(True, f"an element {name[-40:]!r} among the cells")
        elif short == "sheetData":
            self._refuse_if(self.has_data, "two tables of cells")
            self.in_data = self.has_data = True
        elif short == "col":
            self._column(attributes)
        elif short == "mergeCell":
            self._merge(attributes.get("ref", ""))
        elif not self.root:
            self.root = short or "another"

    def end(self, name: str) -> None:
        short = self._NAMES.get(name, "")
        if short == "extLst":
            self.in_extension = False
        elif self.in_extension:
            return
        elif self.in_cell:
            if short in ("v", "t"):
                self.capturing = False
            elif short == "rPh":
                self.in_phonetic = False
            elif short == "c":
                self.in_cell = False
                self._keep()
        elif short == "row" and self.in_data:
            if self.values:
                self.cells.rows[self.row] = self.values
            self.row_text = ""
        elif short == "sheetData":
            self.in_data = False

    def text(self, text: str) -> None:
        if self.capturing:
            self.pieces.append(text)

    def check_ended(self) -> None:
        """Refuses a part that is no sheet of cells."""
        self._refuse_if(self.root != "worksheet", "no worksheet")

    def _start_row(self, attributes: dict[str, str]) -> None:
        check_cancelled()
        self._refuse_if(bool(self.row_text), "a row within a row")
        number = attributes.get("r")
        row = self.row + 1 if number is None else whole(number)
        self._refuse_if(not self.row < row <= ROWS, f"a row {(number or str(row))[:20]!r} after row {self.row}")
        self.row, self.row_text, self.column, self.values = row, str(row), -1, {}
        if attributes.get("hidden") in ("1", "true"):
            self.cells.hidden_rows.append(row)

    def _start_cell(self, attributes: dict[str, str]) -> None:
        self._refuse_if(self.in_cell or not self.row_text, "a cell outside of a row")
        address = attributes.get("r", "")
        if address:
            letters = address.removesuffix(self.row_text).upper()
            column = self.numbers.get(letters, -1)
            if column < 0:
                self._refuse_if(
                    re.fullmatch("[A-Z]{1,3}", letters) is None, f"a cell {address[:30]!r} in row {self.row}"
                )
                column = self.numbers[letters] = column_index(letters)
            self._refuse_if(not address.endswith(self.row_text), f"a cell {address[:30]!r} in row {self.row}")
        else:
            column = self.column + 1
            letters = column_letter(column)
        after = f"a cell {letters}{self.row} after {column_letter(self.column)}{self.row}"
        self._refuse_if(not self.column < column < COLUMNS, after)
        self.column, self.letters = column, letters
        self.kind, self.style = attributes.get("t", "n"), attributes.get("s", "")
        self.in_cell, self.has_value, self.has_formula, self.in_phonetic = True, False, False, False
        self.pieces = []

    def _keep(self) -> None:
        """Keeps the cell that has been read, if it is filled."""
        value = self._value()
        if self.has_formula and value is not WITHOUT_VALUE and self.workbook.package.calculates_on_load:
            self.cells.formulas.append((self.row, self.letters))
        if is_blank(value):
            return
        self.values[self.letters] = value
        self.workbook.left -= 1
        if self.workbook.left < 0:
            found = f"a workbook of more than {self.workbook.most:,} filled cells"
            raise UnreadableFile(found, "Give long tables fewer rows.", self.sheet.name)

    def _value(self) -> object:
        text, kind = "".join(self.pieces), self.kind
        if kind not in ("str", "inlineStr"):
            text = text.strip()
        if self.has_formula and not text and (kind not in ("str", "e") or not self.has_value):
            return WITHOUT_VALUE
        if kind == "e":
            found = f"{text[:20]}, an error of the spreadsheet" if text else "an error without its name"
            return Unreadable(found, "Correct the formula, or type the value.")
        if not text:
            return None
        if kind == "n":
            return self._number(text)
        if kind in ("s", "str", "inlineStr"):
            return self.workbook.text(text) if kind == "s" else text_of(unescaped(text))
        if kind == "b":
            flag = {"1": True, "true": True, "0": False, "false": False}.get(text)
            return Unreadable(f"'{text[:40]}' for yes or no", "Type the value again.") if flag is None else flag
        if kind == "d":
            try:
                return dt.datetime.fromisoformat(text).replace(tzinfo=None)
            except ValueError:
                return Unreadable(f"'{text[:40]}' as a date", "Type the date again.")
        return Unreadable(f"a cell of the unknown kind '{kind[:40]}'", "Type the value again.")

    def _number(self, text: str) -> object:
        if not _NUMBER.fullmatch(text):
            return Unreadable(text[:40], "Write a finite number, with a decimal point.")
        number = int(text) if len(text) <= 15 and text.lstrip("+-").isdigit() else float(text)
        if not math.isfinite(number):
            return Unreadable(text[:40], "Write a finite number, with a decimal point.")
        shown_as = self.workbook.time_format(self.style) if self.style else ""
        return number if not shown_as else time_of(number, shown_as, date1904=self.workbook.package.date1904)

    def _column(self, attributes: dict[str, str]) -> None:
        first, last = attributes.get("min", ""), attributes.get("max", "")
        self._refuse_if(len(self.cells.hidden_columns) > COLUMNS, "too many columns")
        if attributes.get("hidden") in ("1", "true"):
            self.cells.hidden_columns.append((whole(first) - 1, min(whole(last), COLUMNS) - 1))

    def _merge(self, ref: str) -> None:
        match = re.fullmatch(r"\$?([A-Z]{1,3})\$?(\d{1,7}):\$?([A-Z]{1,3})\$?(\d{1,7})", ref.upper())
        self._refuse_if(len(self.cells.merged) > MOST_MERGED, "too many merged cells")
        if match:
            self.cells.merged.append((int(match[2]), column_index(match[1]), int(match[4]), column_index(match[3])))

    def _refuse_if(self, refused: bool, what: str) -> None:
        if refused:
            raise damaged(f"{what}, sheet {self.sheet.name!r}")


def _texts(package: Package, part: str) -> list[str | Unreadable]:
    """The texts that sheets share."""
    names = local_names("si", "t", "rPh")
    texts: list[str | Unreadable] = []
    pieces: list[str] = []
    capturing = phonetic = False

    def start(name: str, _: Mapping[str, str]) -> None:
        nonlocal capturing, phonetic
        short = names.get(name)
        if short == "t":
            capturing = not phonetic
        elif short == "rPh":
            phonetic = True
        elif short == "si":
            pieces.clear()

    def end(name: str) -> None:
        nonlocal capturing, phonetic
        short = names.get(name)
        if short == "t":
            capturing = False
        elif short == "rPh":
            phonetic = False
        elif short == "si":
            texts.append(text_of(unescaped("".join(pieces))))

    package.parse(part, start, end, lambda text: pieces.append(text) if capturing else None)
    return texts
