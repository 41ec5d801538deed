"""Reads a folder of CSV files: each file is the sheet of its name, the line of a row its number.

UTF-8 (a byte-order mark is allowed), commas, quotes as Excel sets them. A file of another kind is refused in words.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from models import months
from models.cancellation import check_cancelled
from models.columns import Column
from models.faults import Fault
from models.parsing.raw_tables import (
    RawTable,
    UnknownNames,
    arranged,
    column_letter,
    fold,
    is_blank,
    text_of,
)
from models.schema import NEVER_READ_SHEETS, SCENARIO_NOTES, WIDE, Sheet, sheet, sheet_names
from planner.files.reading import WORKBOOK_BYTES, read_regular

_KNOWN = frozenset(sheet_names())
_SEPARATORS = {";": "semicolons", "\t": "tabs"}
_SAVE_AS = "Save it as CSV UTF-8, separated by commas."


@dataclass(frozen=True, slots=True)
class FolderContent:
    """What a folder holds: the bytes of its sheets' files by name, in the order of names, and what else is there."""

    files: Mapping[str, bytes]
    others: tuple[str, ...] = ()

    @property
    def sha256(self) -> str:
        """A hash of what is read: names of sheets and bytes of their files, whatever order or time they have."""
        digest = hashlib.sha256()
        for name, content in sorted((sheet_of(PurePath(file)), content) for file, content in self.files.items()):
            if name in _KNOWN:
                digest.update(f"{name}\0{len(content)}\0".encode() + content)
        return digest.hexdigest()


def is_problem_folder(path: Path) -> bool:
    """Whether it is a folder with a settings.csv: one planning problem."""
    try:
        return path.is_dir() and any(sheet_of(each) == "settings" and each.is_file() for each in path.iterdir())
    except OSError:  # nobody may look into it
        return False


def is_sheet_file(path: PurePath) -> bool:
    """Whether a file is one that a problem's folder is made of."""
    return sheet_of(path) in _KNOWN or sheet_of(path) == SCENARIO_NOTES


def sheet_of(path: PurePath) -> str:
    """The folded name of the sheet that a file is, "" for a file that is no CSV file.

    >>> sheet_of(PurePath("lab/Load Blocks.CSV")), sheet_of(PurePath("lab/README.md"))
    ('load_blocks', '')
    """
    return fold(path.stem) if path.suffix.lower() == ".csv" else ""


def folder_content(folder: Path) -> FolderContent:
    """Reads the CSV files of a folder; hidden files and pages in Markdown are passed over.

    Raises
    ------
    OSError
        The folder or a file in it cannot be read.
    """
    passed_over = (".", "~")
    there = [path for path in sorted(folder.iterdir()) if path.is_file() and not path.name.startswith(passed_over)]
    others = (path for path in there if not is_sheet_file(path) and path.suffix.lower() != ".md")
    unknown = tuple(path.name for path in others if sheet_of(path) not in NEVER_READ_SHEETS)
    return FolderContent(
        {path.name: read_regular(path, WORKBOOK_BYTES) for path in there if is_sheet_file(path)}, unknown
    )


def folder_tables(content: FolderContent) -> tuple[list[RawTable], list[Fault]]:
    """The tables of the files, one a sheet, and what is wrong with the files themselves."""
    tables: dict[str, RawTable] = {}
    faults = _unknown_files(content)
    for file, data in content.files.items():
        name = sheet_of(PurePath(file))
        if name in tables:
            found, fix = f"a second file of the sheet {name}", "Keep one of the two."
            faults.append(Fault(name, "", "", found, "one file a sheet", fix, file=file))
            tables[name] = replace(tables[name], broken=True)
        else:
            tables[name] = _FileReader(name, data, faults if name in _KNOWN else []).table()
    return [tables[name] for name in (*sheet_names(), SCENARIO_NOTES) if name in tables], faults


def file_table(of: Sheet, data: bytes, faults: list[Fault]) -> RawTable:
    """The table of one file that has the columns of a sheet, of a problem or not."""
    return _FileReader(of.name, data, faults, of).table()


def with_files(faults: Sequence[Fault], content: FolderContent) -> Iterator[Fault]:
    """The faults with the file that each one's sheet is, or would be."""
    files: dict[str, str] = {}
    for file in content.files:
        files.setdefault(sheet_of(PurePath(file)), file)
    for fault in faults:
        file = fault.file or files.get(fault.sheet, f"{fault.sheet}.csv" if fault.sheet in _KNOWN else "")
        yield replace(fault, file=file)


def _unknown_files(content: FolderContent) -> list[Fault]:
    there = {sheet_of(PurePath(file)) for file in content.files}
    report = UnknownNames(sheet_names(), [name for name in sheet_names() if name not in there], "unknown-file")
    found, expected = "a file of that name", "CSV files named as the sheets"
    return [
        fault
        for path in map(PurePath, content.others)
        for fault in report.of(fold(path.stem), path.stem, found=found, expected=expected, file=path.name)
    ]


class ColumnFinder:
    """Which column of the schema a cell of a sheet belongs to: by its heading, in the settings by its row's key."""

    def __init__(self, name: str, headings: Mapping[str, str], of: Sheet | None = None) -> None:
        of = of or (sheet(name) if name in _KNOWN else None)
        self.columns = {} if of is None else {each.name: each for each in of.columns}
        self.headings = headings
        folded = {letter: fold(heading) for letter, heading in headings.items()}
        self.of_letter = {letter: self.columns.get(each) for letter, each in folded.items()}
        self.key = self.value = ""
        if name == "settings":
            self.key = next((letter for letter, each in folded.items() if each == "key"), "")
            self.value = next((letter for letter, each in folded.items() if each == "value"), "")
            self.of_letter = {}
        self.months: dict[str, int] = {}
        if name in WIDE:
            found = {letter: months.parse_heading(heading) for letter, heading in headings.items()}
            self.months = {letter: month for letter, month in found.items() if month is not None}
            self.of_letter |= dict.fromkeys(self.months, self.columns["tokens_bn_per_day"])

    def heading(self, letter: str) -> str:
        """The heading as it is written: months alike."""
        return months.label(self.months[letter]) if letter in self.months else self.headings[letter]

    def column(self, letter: str, record: Mapping[str, object]) -> Column | None:
        """The column that a cell of the record belongs to, None for one that is not read."""
        if self.value and letter == self.value:
            return self.columns.get(fold(str(record.get(self.key, ""))))
        return self.of_letter.get(letter)


class _FileReader:
    """Turns the bytes of one file into a table; a file that cannot be taken apart is a broken one."""

    def __init__(self, name: str, data: bytes, faults: list[Fault], of: Sheet | None = None) -> None:
        self.name, self.of = name, of
        self.data = data
        self.faults = faults

    def table(self) -> RawTable:
        text = self._text()
        if text is None or self._is_of_another_kind(text):
            return RawTable(self.name, {}, (), broken=True)
        lines, broken = self._lines(text)
        _, header = lines[0] if lines else (1, [])
        headings = {column_letter(i): heading for i, heading in enumerate(header) if not is_blank(heading)}
        find = ColumnFinder(self.name, headings, self.of)
        rows: dict[int, dict[str, object]] = {}
        for line, cells in lines[1:]:
            check_cancelled()
            self._check_length(line, cells, header)
            filled = {column_letter(i): cell for i, cell in enumerate(cells[: len(header)]) if not is_blank(cell)}
            if filled:
                rows[line] = {letter: _cell(text, find.column(letter, filled)) for letter, text in filled.items()}
        return replace(arranged(self.name, headings, rows, self.faults), broken=broken)

    def _text(self) -> str | None:
        """The text of the file with plain line ends; None where it is not UTF-8."""
        if self.data.startswith((b"\xff\xfe", b"\xfe\xff")):
            self._report("a file in UTF-16", "a CSV file in UTF-8", _SAVE_AS)
            return None
        try:
            text = self.data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            before = self.data[: error.start]
            line, column = before.count(b"\n") + 1, before.rpartition(b"\n")[2].decode("utf-8-sig", "replace")
            found = f"a byte that is not UTF-8 (0x{self.data[error.start]:02X}, after {column[-20:]!r})"
            self._report(found, "a CSV file in UTF-8", _SAVE_AS, line)
            return None
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def _is_of_another_kind(self, text: str) -> bool:
        first = text.partition("\n")[0]
        if first.lower().startswith("sep="):
            fix = f"Delete the line. {_SAVE_AS}"
            self._report(f"a first line {first!r}", "the names of the columns in the first line", fix, 1)
            return True
        for separator, name in _SEPARATORS.items():
            if separator in first and "," not in first:
                self._report(f"columns separated by {name}", "columns separated by commas", _SAVE_AS, 1)
                return True
        return False

    def _lines(self, text: str) -> tuple[list[tuple[int, list[str]]], bool]:
        """Each record with the line in which it begins, and whether reading broke off."""
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        lines: list[tuple[int, list[str]]] = []
        begin = 1
        try:
            for cells in reader:
                lines.append((begin, cells))
                begin = reader.line_num + 1
        except csv.Error as error:
            fix = 'Put a text that holds quotes into quotes, and write each of its own twice: "a ""quoted"" word".'
            self._report(f"a record that cannot be taken apart ({error})", "records of CSV", fix, begin)
            return lines, True
        return lines, False

    def _check_length(self, line: int, cells: list[str], header: list[str]) -> None:
        """A record of another length has lost a comma, or has one too many in a text."""
        named = max((i for i, heading in enumerate(header, start=1) if not is_blank(heading)), default=0)
        filled = max((i for i, cell in enumerate(cells, start=1) if not is_blank(cell)), default=0)
        if filled and (len(cells) < named or filled > len(header)):
            fix = "Put a text that holds a comma into quotes; write a comma for each empty cell."
            found, expected = f"a row of {len(cells)} cells", f"{len(header)}, as the first line has"
            self._report(found, expected, fix, line)

    def _report(self, found: str, expected: str, fix: str, line: int = 0) -> None:
        self.faults.append(Fault(self.name, "", "", found, expected, fix, row=line))


def _cell(text: str, column: Column | None) -> object:
    """What a cell of the column holds: a number where that is plain and wanted, else its text."""
    held = text_of(text)
    number = column.plain(held) if isinstance(held, str) and column is not None else None
    return held if number is None else number
