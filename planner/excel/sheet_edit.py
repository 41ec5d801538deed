"""The cells of one sheet changed in its XML: what is not a cell stays as it was, byte for byte.

Rows keep their numbers, so that formulas, comments and ranges go on meaning what they meant: one that is taken out is
left blank.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from models.parsing.raw_tables import column_index, column_letter, fold
from planner.excel.formulas import Area, Formula, Place, area_of, moved
from planner.excel.part_text import in_utf8
from planner.files.package import OFFICE, escaped, local_names, unescaped

DAY_0 = dt.date(1899, 12, 30)
_AFTER = ("legacyDrawingHF", "picture", "oleObjects", "controls", "webPublishItems", "tableParts", "extLst")
"""What stands in a sheet after the drawing of its comments."""


@dataclass(slots=True)
class StoredCell:
    """A cell as it stands in the file: the kind of its value, its text, the number of its style, and its formula.

    `attributes` are others that it has, such as the mark of a formula that fills cells beside it.
    """

    kind: str = ""
    text: str = ""
    style: str = ""
    formula: Formula | None = None
    attributes: tuple[tuple[str, str], ...] = ()

    @property
    def filled(self) -> bool:
        """Whether it holds a value or a formula."""
        return bool(self.text) or self.formula is not None


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

    Attributes
    ----------
    lines
        The rows by number.
    changed
        The cells that were given other values, or none.
    replaced
        The addresses of cells whose formulas are gone, of rows that were taken out not among them.
    drawing
        The key of the relation to the drawing of its comments; "" for none.
    """

    def __init__(self, part: bytes, texts: Sequence[object] = ()) -> None:
        self._part = in_utf8(part)
        self._texts = texts
        self.lines: dict[int, StoredRow] = {}
        self.changed: set[Place] = set()
        self.replaced: list[str] = []
        self.drawing = ""
        self._merged: list[Area] = []
        self._filled: dict[Place, Area] = {}
        self._shared: dict[str, tuple[Place, str]] = {}
        self._start = self._end = self._drawing_at = 0
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

    def line(self, row: int) -> StoredRow:
        """A row, made where there is none."""
        return self.lines.setdefault(row, StoredRow())

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
        before = self._take(row, letter)
        if before.formula is not None:
            self.replaced.append(f"{letter}{row}")
        cell = cell_of(value, before.style if style is None else style)
        self.line(row).cells[letter] = cell

    def dress(self, row: int, letter: str, style: str) -> None:
        """Gives a cell a style."""
        self.line(row).cells.setdefault(letter, StoredCell()).style = style

    def shown_by(self, row: int, letter: str) -> tuple[int, str]:
        """The cell that is seen where this one is: the first of merged cells."""
        column = column_index(letter)
        for top, left, bottom, right in self._merged:
            if top <= row <= bottom and left <= column <= right:
                return top, column_letter(left)
        return row, letter

    def unselect(self) -> None:
        """Lets programs not choose the sheet beside another."""
        head = re.sub(rb'\stabSelected="[^"]*"', b"", self._part[: self._start])
        gone = self._start - len(head)
        self._part = head + self._part[self._start :]
        self._start, self._end, self._drawing_at = (at - gone for at in (self._start, self._end, self._drawing_at))

    def style(self, row: int, letter: str) -> str:
        """The number of a cell's style; "" for none."""
        return self.lines.get(row, StoredRow()).cells.get(letter, StoredCell()).style

    def like(self, row: int, model: int) -> None:
        """Gives the cells of a row the styles of another's."""
        for letter, cell in self.lines.get(model, StoredRow()).cells.items():
            self.dress(row, letter, cell.style)

    def delete(self, rows: Collection[int]) -> None:
        """Leaves rows blank."""
        for row in rows:
            for letter, cell in self.lines.get(row, StoredRow()).cells.items():
                if cell.filled:
                    self.lines[row].cells[letter] = StoredCell(style=self._take(row, letter).style)

    def formulas(self) -> dict[Place, str]:
        """The texts of the formulas, those that cells share as they read in each."""
        found = {}
        for place, cell in self._cells():
            if cell.formula is not None:
                found[place] = self._text_of(place, cell.formula)
        return found

    def append(self, values: Sequence[object], style: str = "") -> None:
        """Adds a row below the last."""
        row = self.last_row + 1 if self.lines else 1
        for i, value in enumerate(values):
            self.set(row, column_letter(i), value, style)

    def part(self) -> bytes:
        """The XML of the sheet with its rows as they are now."""
        self._release()
        before = re.sub(rb"<([\w.-]+:)?dimension\b[^>]*/>", b"", self._part[: self._start])
        rows = "".join(self._row(row, self.lines[row]) for row in sorted(self.lines))
        data = f"<{self._prefix}sheetData>{rows}</{self._prefix}sheetData>"
        after = self._part[self._end : self._drawing_at], self._part[self._drawing_at :]
        drawing = ""
        if self.drawing and not self._had_drawing:
            drawing = f'<{self._prefix}legacyDrawing xmlns:related="{OFFICE[0]}" related:id="{self.drawing}"/>'
        return before + data.encode("utf-8", "surrogatepass") + after[0] + drawing.encode() + after[1]

    def _cells(self) -> Iterator[tuple[Place, StoredCell]]:
        for row, line in self.lines.items():
            for letter, cell in line.cells.items():
                yield (row, column_index(letter)), cell

    def _take(self, row: int, letter: str) -> StoredCell:
        """The cell that is to hold something else; a formula that fills a range with it leaves its values there."""
        place = row, column_index(letter)
        self.changed.add(place)
        for master, (top, left, bottom, right) in list(self._filled.items()):
            if top <= row <= bottom and left <= place[1] <= right:
                del self._filled[master]
                cell = self.lines[master[0]].cells[column_letter(master[1])]
                if master != place and cell.formula is not None:
                    self.replaced.append(f"{column_letter(master[1])}{master[0]}")
                    cell.formula, cell.attributes = None, ()
        return self.lines.get(row, StoredRow()).cells.get(letter, StoredCell())

    def _text_of(self, place: Place, formula: Formula) -> str:
        if formula.text or formula.attributes.get("t") != "shared":
            return formula.text
        origin, text = self._shared.get(formula.attributes.get("si", ""), (place, ""))
        return moved(text, origin, place)

    def _release(self) -> None:
        """Gives cells that shared the formula of one that is gone their own."""
        if not self._shared:
            return
        left = {
            cell.formula.attributes.get("si")
            for _, cell in self._cells()
            if cell.formula is not None and cell.formula.text and cell.formula.attributes.get("t") == "shared"
        }
        if left >= self._shared.keys():
            return
        for place, cell in self._cells():
            formula = cell.formula
            if formula and formula.attributes.get("t") == "shared" and formula.attributes.get("si") not in left:
                cell.formula = Formula(self._text_of(place, formula), {})

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
        others = "".join(f" {name}={quoteattr(value)}" for name, value in cell.attributes)
        held = ""
        if cell.formula is not None:
            how = "".join(f" {name}={quoteattr(value)}" for name, value in cell.formula.attributes.items())
            held = f"<{p}f{how}>{escape(cell.formula.text)}</{p}f>"
        if cell.kind == "inlineStr":
            held += f'<{p}is><{p}t xml:space="preserve">{escape(escaped(cell.text))}</{p}t></{p}is>'
        elif cell.text:
            held += f"<{p}v>{escape(cell.text)}</{p}v>"
        return f'<{p}c r="{address}"{style}{kind}{others}>{held}</{p}c>'

    def _read(self) -> None:
        names = local_names("sheetData", "row", "c", "v", "t", "f", "rPh", "mergeCell", "legacyDrawing", *_AFTER)
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        row, column, line, cell = 0, -1, StoredRow(), StoredCell()
        pieces: list[str] | None = None
        attributes_of_formula: dict[str, str] = {}
        letter = ""
        phonetic = False
        depth = 0

        def start(name: str, attributes: dict[str, str]) -> None:
            nonlocal row, column, line, cell, pieces, letter, phonetic, depth, attributes_of_formula
            short = names.get(name)
            depth += 1
            if short == "sheetData":
                self._start = parser.CurrentByteIndex
            elif self._end:
                after(short or name, attributes)
            elif not self._start:
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
                others = tuple((key, value) for key, value in attributes.items() if key in ("cm", "vm", "ph"))
                cell = line.cells[letter] = StoredCell(
                    "" if kind == "n" else kind, "", attributes.get("s", ""), attributes=others
                )
            elif short == "rPh":
                phonetic = True
            elif short == "f":
                pieces, attributes_of_formula = [], {key: attributes[key] for key in attributes if " " not in key}
            elif short == ("t" if cell.kind == "inlineStr" else "v") and not phonetic:
                pieces = []

        def end(name: str) -> None:
            nonlocal pieces, phonetic, depth
            short = names.get(name)
            depth -= 1
            if short == "sheetData":
                self._end = self._part.index(b">", parser.CurrentByteIndex) + 1
            elif depth == 0 and not self._drawing_at:
                self._drawing_at = parser.CurrentByteIndex
            elif short == "rPh":
                phonetic = False
            elif short == "f" and pieces is not None:
                cell.formula = Formula("".join(pieces), attributes_of_formula)
                self._keep_formula((row, column), cell.formula)
                pieces = None
            elif short in ("v", "t") and pieces is not None:
                text = "".join(pieces)
                cell.text += unescaped(text) if cell.kind == "inlineStr" else text
                pieces = None

        def after(short: str, attributes: Mapping[str, str]) -> None:
            if short == "mergeCell" and (area := area_of(attributes.get("ref", ""))):
                self._merged.append(area)
            elif short == "legacyDrawing":
                self.drawing = next(
                    (attributes[key] for key in (f"{space} id" for space in OFFICE) if key in attributes), ""
                )
            elif depth == 2 and (short in _AFTER or short.endswith(" AlternateContent")) and not self._drawing_at:
                self._drawing_at = parser.CurrentByteIndex

        def text(part: str) -> None:
            if pieces is not None:
                pieces.append(part)

        parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
        parser.Parse(self._part, True)
        self._had_drawing = bool(self.drawing)

    def _keep_formula(self, place: Place, formula: Formula) -> None:
        kind = formula.attributes.get("t")
        if kind == "shared" and formula.text:
            self._shared[formula.attributes.get("si", "")] = place, formula.text
        elif kind in ("array", "dataTable") and (area := area_of(formula.attributes.get("ref", ""))):
            self._filled[place] = area
