"""The cells of one sheet changed in its XML: what is not a cell stays as it was, byte for byte.

Formulas of the sheet stand as the values they had, because rows move under them.
"""

from __future__ import annotations

import datetime as dt
import re
from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from models.parsing.raw_tables import column_index, column_letter, fold
from planner.files.package import escaped, local_names, unescaped

DAY_0 = dt.date(1899, 12, 30)


@dataclass(slots=True)
class StoredCell:
    """A cell as it stands in the file: the kind of its value, its text, and the number of its style."""

    kind: str = ""
    text: str = ""
    style: str = ""

    @property
    def filled(self) -> bool:
        """Whether it holds a value."""
        return bool(self.text)


@dataclass(slots=True)
class StoredRow:
    """A row: attributes such as its height, and its cells by column letter."""

    attributes: dict[str, str] = field(default_factory=dict)
    cells: dict[str, StoredCell] = field(default_factory=dict)


def cell_of(value: object, style: str = "") -> StoredCell:
    """The cell of a value: a text, a number, yes or no, a date; None empties it."""
    if value is None:
        return StoredCell(style=style)
    if isinstance(value, bool):
        return StoredCell("b", str(int(value)), style)
    if isinstance(value, dt.date):
        return StoredCell("", str((value - DAY_0).days), style)
    if isinstance(value, (int, float)):
        return StoredCell("", repr(value), style)
    return StoredCell("inlineStr", str(value), style)


class SheetEdit:
    """The rows of a sheet, to be changed.

    Parameters
    ----------
    part
        The XML of the sheet.
    texts
        The texts that sheets share, to read headings.
    """

    def __init__(self, part: bytes, texts: Sequence[object] = ()) -> None:
        self._part = in_utf8(part)
        self._texts = texts
        self.lines: dict[int, StoredRow] = {}
        self._start = self._end = 0
        self._read()
        head = re.match(rb"<([\w.-]+:)?sheetData", self._part[self._start :])
        self._prefix = (head[1] or b"").decode() if head else ""

    @property
    def columns(self) -> dict[str, str]:
        """The letter of each column by the folded name that heads it; of names that are the same, the first."""
        letters: dict[str, str] = {}
        for letter, cell in self.lines.get(1, StoredRow()).cells.items():
            if cell.filled:
                letters.setdefault(fold(self.text(cell)), letter)
        return letters

    @property
    def last_row(self) -> int:
        """The last row with a value; 1 where there is none."""
        return max((row for row, line in self.lines.items() if any(c.filled for c in line.cells.values())), default=1)

    def text(self, cell: StoredCell) -> str:
        """What a cell with a text holds."""
        return str(self._texts[int(cell.text)]) if cell.kind == "s" else cell.text

    def free_column(self) -> str:
        """The letter after the last column of the first row."""
        return column_letter(
            max((column_index(letter) for letter in self.lines.get(1, StoredRow()).cells), default=-1) + 1
        )

    def set(self, row: int, letter: str, value: object, style: str | None = None) -> None:
        """Gives a cell a value, and a style where one is given; else it keeps its own."""
        cells = self.lines.setdefault(row, StoredRow()).cells
        before = cells[letter].style if letter in cells else ""
        cells[letter] = cell_of(value, before if style is None else style)

    def style(self, row: int, letter: str) -> str:
        """The number of a cell's style; "" for none."""
        return self.lines.get(row, StoredRow()).cells.get(letter, StoredCell()).style

    def like(self, row: int, model: int) -> None:
        """Gives the cells of a row the styles of another's."""
        for letter, cell in self.lines.get(model, StoredRow()).cells.items():
            self.lines.setdefault(row, StoredRow()).cells.setdefault(letter, StoredCell()).style = cell.style

    def delete(self, rows: Collection[int]) -> None:
        """Takes rows out; those below move up."""
        gone = sorted(rows)
        kept = ((row, line) for row, line in self.lines.items() if row not in set(gone))
        self.lines = {row - bisect_left(gone, row): line for row, line in kept}

    def append(self, values: Sequence[object], style: str = "") -> None:
        """Adds a row below the last."""
        row = self.last_row + 1 if self.lines else 1
        for i, value in enumerate(values):
            self.set(row, column_letter(i), value, style)

    def part(self) -> bytes:
        """The XML of the sheet with its rows as they are now."""
        before = re.sub(rb"<([\w.-]+:)?dimension\b[^>]*/>", b"", self._part[: self._start])
        rows = "".join(self._row(row, self.lines[row]) for row in sorted(self.lines))
        data = f"<{self._prefix}sheetData>{rows}</{self._prefix}sheetData>"
        return before + data.encode("utf-8", "surrogatepass") + self._part[self._end :]

    def _row(self, row: int, line: StoredRow) -> str:
        p = self._prefix
        others = "".join(f" {name}={quoteattr(value)}" for name, value in line.attributes.items())
        letters = sorted(line.cells, key=column_index)
        cells = "".join(self._cell(f"{letter}{row}", line.cells[letter]) for letter in letters)
        return f'<{p}row r="{row}"{others}>{cells}</{p}row>'

    def _cell(self, address: str, cell: StoredCell) -> str:
        p = self._prefix
        style = f" s={quoteattr(cell.style)}" if cell.style else ""
        if not cell.filled:
            return f'<{p}c r="{address}"{style}/>' if style else ""
        kind = f" t={quoteattr(cell.kind)}" if cell.kind else ""
        if cell.kind == "inlineStr":
            held = f'<{p}is><{p}t xml:space="preserve">{escape(escaped(cell.text))}</{p}t></{p}is>'
        else:
            held = f"<{p}v>{escape(cell.text)}</{p}v>"
        return f'<{p}c r="{address}"{style}{kind}>{held}</{p}c>'

    def _read(self) -> None:
        names = local_names("sheetData", "row", "c", "v", "t", "rPh")
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        row, column, line, cell = 0, -1, StoredRow(), StoredCell()
        pieces: list[str] | None = None
        letter = ""
        phonetic = False

        def start(name: str, attributes: Mapping[str, str]) -> None:
            nonlocal row, column, line, cell, pieces, letter, phonetic
            short = names.get(name)
            if short == "sheetData":
                self._start = parser.CurrentByteIndex
            elif not self._start or self._end:
                return
            elif short == "row":
                row, column = int(attributes.get("r", row + 1)), -1
                kept = {key: value for key, value in attributes.items() if key not in ("r", "spans") and " " not in key}
                line = self.lines[row] = StoredRow(kept)
            elif short == "c":
                address = attributes.get("r", "").upper().rstrip("0123456789")
                column = column_index(address) if address else column + 1
                letter = column_letter(column)
                kind = attributes.get("t", "")
                cell = line.cells[letter] = StoredCell("" if kind == "n" else kind, "", attributes.get("s", ""))
            elif short == "rPh":
                phonetic = True
            elif short == ("t" if cell.kind == "inlineStr" else "v") and not phonetic:
                pieces = []

        def end(name: str) -> None:
            nonlocal pieces, phonetic
            short = names.get(name)
            if short == "sheetData":
                self._end = self._part.index(b">", parser.CurrentByteIndex) + 1
            elif short == "rPh":
                phonetic = False
            elif short in ("v", "t") and pieces is not None:
                text = "".join(pieces)
                cell.text += unescaped(text) if cell.kind == "inlineStr" else text
                pieces = None

        def text(part: str) -> None:
            if pieces is not None:
                pieces.append(part)

        parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
        parser.Parse(self._part, True)


def in_utf8(part: bytes) -> bytes:
    """The XML of a part in UTF-8."""
    if part.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = part.decode("utf-16")
    elif declared := re.match(rb"<\?xml[^>]*encoding=[\"']([\w.-]+)[\"']", part):
        if declared[1].lower() in (b"utf-8", b"us-ascii", b"ascii"):
            return part
        text = part.decode(declared[1].decode())
    else:
        return part
    return re.sub(r"^<\?xml[^>]*\?>", "", text).encode()
