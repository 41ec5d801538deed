"""The first sheet of a workbook: one page for people, drawn from the top down.

Plans, explanations, comparisons and summaries of batches all begin with one.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from models.parsing.raw_tables import column_letter
from planner.excel.book import (
    BAND,
    BLUE,
    GREY,
    HEAD,
    HEADER,
    LINE,
    TONES,
    Book,
    Cell,
    number_format,
    write_cell,
    write_value,
)
from planner.excel.money_unit import MoneyUnit
from planner.excel.printed_pages import LANDSCAPE, PORTRAIT, page_breaks

Tone = Literal["good", "careful", "bad"]
TILE_LETTERS = 12
"""Letters that a tile has room for in large type."""
CHANGE, LEVEL = "+0.0%;-0.0%;0%", "0.0%"
"""How a change, and a share that may be none, are shown."""
LETTER = 0.95
"""Width of a letter of running text, in characters of a column's width."""


@dataclass(frozen=True, slots=True)
class Banner:
    """How things stand, in a sentence, and the tone it is shown in."""

    text: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure in large type: `value` is a number, or a word where there is none; `below` explains it."""

    label: str
    value: float | str
    number_format: str
    below: str


class FirstSheet:
    """A sheet under way; `row` is the next free row.

    Parameters
    ----------
    book
        The workbook.
    name
        Name of the sheet.
    widths
        Of the columns, in characters.
    margin
        Whether the first column is an empty margin.
    portrait
        Whether its pages stand upright.
    """

    def __init__(
        self, book: Book, name: str, widths: Sequence[float], *, margin: bool = False, portrait: bool = False
    ) -> None:
        self.book, self.name, self.widths = book, name, widths
        self.first, self.last = int(margin), len(widths) - 1
        self.sheet, self.paper = book.sheet(name, portrait=portrait), PORTRAIT if portrait else LANDSCAPE
        self.sheet.hide_gridlines(2)
        for column, width in enumerate(widths):
            self.sheet.set_column(column, column, width)
        self.row = 0
        self._heights: dict[int, float] = {}
        self._together: list[tuple[int, int]] = []

    def title(self, title: str, subtitle: str, banner: Banner) -> None:
        """What the sheet is about, a line in grey below it, and how things stand."""
        book, sheet = self.book, self.sheet
        sheet.write_string(0, self.first, title, book.format(bold=True, font_size=18, font_color=HEADER))
        self.tall(0, 28)
        sheet.write_string(1, self.first, subtitle, book.format(font_color=GREY))
        fill, ink = TONES[banner.tone]
        style = book.format(bold=True, bg_color=fill, font_color=ink, text_wrap=True, indent=1, font_size=11)
        sheet.merge_range(3, self.first, 3, self.last, "", style)
        sheet.write_string(3, self.first, banner.text, style)
        self.tall(3, 16.0 * math.ceil(len(banner.text) / sum(self.widths)) + 8.0)
        self.row = 5

    def tiles(self, tiles: Sequence[Tile], spans: Sequence[tuple[int, int]]) -> None:
        """Figures in large type side by side, each over a span of columns."""
        edge = {"bg_color": BAND, "left": 5, "left_color": BLUE, "indent": 1, "align": "left"}
        label = self.book.format(font_size=9, font_color=GREY, **edge)
        for tile, (first, last) in zip(tiles, spans, strict=True):
            long = isinstance(tile.value, str) and len(tile.value) > TILE_LETTERS
            shown = {"bold": True, "font_color": HEADER, "num_format": tile.number_format}
            figure = self.book.format(font_size=10 if long else 16, **shown, **edge)
            for offset, style in enumerate((label, figure, label)):
                if last > first:
                    self.sheet.merge_range(self.row + offset, first, self.row + offset, last, "", style)
            self.sheet.write_string(self.row, first, tile.label, label)
            if isinstance(tile.value, str):
                self.sheet.write_string(self.row + 1, first, tile.value, figure)
            else:
                self.sheet.write_number(self.row + 1, first, tile.value, figure)
            self.sheet.write_string(self.row + 2, first, tile.below, label)
        self.tall(self.row + 1, 26)
        self.row += 4

    def heading(self, text: str, at: int | None = None) -> None:
        """The heading of a part of the sheet."""
        column = self.first if at is None else at
        self.sheet.write_string(self.row, column, text, self.book.format(bold=True, font_size=12, font_color=HEADER))
        self.tall(self.row, 20)
        self.row += 1

    def note(self, text: str, at: int | None = None) -> None:
        """A sentence in grey that says how to read what stands above or below it, in as many rows as it takes."""
        column = self.first if at is None else at
        for line in textwrap.wrap(text, int(sum(self.widths[column:]) / LETTER), break_on_hyphens=False):
            self.sheet.write_string(self.row, column, line, self.book.format(font_color=GREY, italic=True))
            self.row += 1

    def head(self, texts: Sequence[str], kinds: Sequence[str], at: int | None = None, last: int | None = None) -> None:
        """A row of column headers; the band goes on without text to the column `last`."""
        start = self.first if at is None else at
        style = HEAD | {"text_wrap": True}
        for column, (text, kind) in enumerate(zip(texts, kinds, strict=True), start=start):
            self.sheet.write_string(self.row, column, text, self.book.format(**style, **_place(kind)))
        for column in range(start + len(texts), (last or 0) + 1):
            self.sheet.write_blank(self.row, column, None, self.book.format(**style))
        widths = self.widths[start : start + len(texts)]
        lines = max(_head_lines(text, width) for text, width in zip(texts, widths, strict=True))
        self.tall(self.row, 18 if lines == 1 else 4 + 13 * lines)
        self.row += 1

    def table(
        self,
        columns: Sequence[tuple[str, str]],
        rows: Sequence[Sequence[Any]],
        *,
        at: int | None = None,
        total: Sequence[Any] = (),
        row_total: bool = False,
        unit: MoneyUnit | None = None,
    ) -> None:
        """A small table.

        Parameters
        ----------
        columns
            Header and kind of each column: text, spill (text that runs on over empty cells), year, month, whole,
            amount, share, money (in `unit`) or price (each with the digits it needs).
        rows
            Values, None where there is none.
        at
            The column that the table begins in; None for the first.
        total, row_total
            A last row in bold, and whether the last column adds up those after the first.
        unit
            What money is shown in; None for the currency itself.
        """
        start = self.first if at is None else at
        self.head([header for header, _ in columns], [kind for _, kind in columns], start)
        for i, (_, kind) in enumerate(columns):
            figures = [row[i] for row in (*rows, total) if row and isinstance(row[i], (int, float))]
            look = _place(kind) | _format(kind, figures, unit)
            for k, row in enumerate(rows):
                line = look | {"bottom": 1, "bottom_color": LINE}
                if row_total and i == len(columns) - 1:
                    self._row_sum(self.row + k, start + 1, kind, row[1:], line)
                else:
                    self._cell(self.row + k, start + i, kind, row[i], line)
            if total:
                self._total(rows, start, i, kind, total[i], look | {"bold": True, "top": 1})
        for k, row in enumerate(rows):
            texts = (self._lines(row[i], start + i) for i, (_, kind) in enumerate(columns) if kind == "text")
            lines = max(texts, default=1)
            if lines > 1:
                self.tall(self.row + k, 13.0 * lines + 2.0)
        self.row += len(rows) + bool(total)

    def by_row(
        self,
        headers: Sequence[str],
        rows: Sequence[tuple[str, str, Sequence[float | None]]],
        *,
        unit: MoneyUnit | None = None,
    ) -> None:
        """A table whose rows, not columns, are of a kind each: name, kind as in `table`, and a value a column.

        The last column is the total of the others, or stands for them.
        """
        self.head(headers, ["text", *["whole"] * (len(headers) - 1)], self.first)
        line = {"bottom": 1, "bottom_color": LINE}
        for name, kind, values in rows:
            deep = {"indent": 1 + (len(name) - len(name.lstrip())), "align": "left"}
            self.sheet.write_string(self.row, self.first, name.strip(), self.book.format(**deep, **line))
            figures = [each for each in values if each is not None]
            look = _place(kind) | _format(kind, figures, unit) | line
            *others, _ = values
            for column, value in enumerate(others, start=self.first + 1):
                self._cell(self.row, column, kind, value, look)
            self._row_sum(self.row, self.first + 1, kind, values, look)
            self.row += 1

    def tall(self, row: int, points: float) -> None:
        """Sets the height of a row; of parts side by side the tallest counts."""
        self._heights[row] = max(points, self._heights.get(row, 0.0))
        self.sheet.set_row(row, self._heights[row])

    def together(self, first: int) -> None:
        """The rows from `first` to the next free one are printed on one page, where they fit on one."""
        self._together.append((first, self.row))

    def set_pages(self) -> None:
        """Breaks pages between what is printed together."""
        percent = max(10, int(100 * self.paper.scale(self.pixels(0, self.last))))
        self.sheet.print_area(0, 0, max(self.row - 1, 0), self.last)
        self.sheet.set_print_scale(percent)
        self.sheet.set_h_pagebreaks(page_breaks(self._together, self._heights, percent / 100.0, self.paper))

    def _total(
        self, rows: Sequence[Sequence[Any]], start: int, i: int, kind: str, value: Any, look: dict[str, Any]
    ) -> None:
        """A cell of a last row."""
        row, letter = self.row + len(rows), column_letter(start + i)
        above = [each[i] for each in rows]
        self._sum(row, start + i, kind, f"{letter}{self.row + 1}:{letter}{row}", above, value, look)

    def _row_sum(self, row: int, start: int, kind: str, values: Sequence[Any], look: dict[str, Any]) -> None:
        """The last cell of a row of values that begins in a column."""
        *others, value = values
        last = start + len(others)
        cells = f"{column_letter(start)}{row + 1}:{column_letter(last - 1)}{row + 1}"
        self._sum(row, last, kind, cells, others, value, look)

    def _sum(
        self, row: int, column: int, kind: str, cells: str, figures: Sequence[Any], value: Any, look: dict[str, Any]
    ) -> None:
        """A cell after others: of money that is their sum a formula besides its value."""
        added = [each for each in figures if isinstance(each, (int, float))]
        size = sum(map(abs, added))
        if kind == "money" and added and isinstance(value, (int, float)) and abs(sum(added) - value) <= 1e-9 * size:
            self.sheet.write_formula(row, column, f"=SUM({cells})", self.book.format(**look), value)
        else:
            self._cell(row, column, kind, value, look)

    def _lines(self, value: Any, column: int) -> int:
        return math.ceil(len(value) * LETTER / self.widths[column]) if isinstance(value, str) else 1

    def _cell(self, row: int, column: int, kind: str, value: Any, look: dict[str, Any]) -> None:
        if isinstance(value, Cell):
            write_cell(self.book, self.sheet, row, column, value, **look)
        elif value is None or value == "":
            self.sheet.write_blank(row, column, None, self.book.format(**look))
        elif kind == "text" and not isinstance(value, (int, float)):
            self.sheet.write_string(row, column, str(value), self.book.format(**look))
        else:
            if kind == "price" and isinstance(value, (int, float)):
                look |= {"num_format": number_format("amount", [value])}
            write_value(self.book, self.sheet, row, column, kind, value, self.book.format(**look))

    def pixels(self, first: int, last: int) -> int:
        """How wide columns `first` to `last` are together."""
        return sum(int(self.widths[column] * 7 + 5) for column in range(first, last + 1))

    def chart(self, chart: Any, description: str, column: int, width: int, height: int, left: int = 0) -> None:
        """Places a chart of so many pixels, `left` pixels into a column; the next free row stays as it is."""
        chart.set_size({"width": width, "height": height})
        place = {"x_offset": left + 2, "y_offset": 4, "description": description, "object_position": 1}
        self.sheet.insert_chart(self.row, column, chart, place)

    def contents(self, sheets: Iterable[tuple[str, str]], columns: Sequence[tuple[int, int]]) -> None:
        """Links to every sheet, its name with what it is for, in columns of names and purposes side by side."""
        self.heading("Contents")
        link = self.book.format(font_color=BLUE, underline=1, font_size=9)
        grey = self.book.format(font_color=GREY, font_size=9 if len(columns) == 1 else 8)
        listed = list(sheets)
        rows = -(-len(listed) // len(columns))
        for position, (sheet, purpose) in enumerate(listed):
            side, row = divmod(position, rows)
            at, words = columns[side]
            self.sheet.write_url(self.row + row, at, f"internal:'{sheet}'!A1", link, sheet)
            self.sheet.write_string(self.row + row, words, purpose, grey)
        self.row += rows


def _head_lines(text: str, width: float) -> int:
    """The lines that a bold header takes in a column, broken at blanks only; one line has room for bold letters.

    >>> _head_lines("Forcing it in costs at least, USD", 15.0), _head_lines("On demand", 11.0)
    (3, 2)
    """
    letters = max(1, int(width - 2.0))
    lines = len(textwrap.wrap(text, letters, break_long_words=False)) or 1
    return max(lines, 2) if " " in text and 1.1 * len(text) > width - 2.0 else lines


def _place(kind: str) -> dict[str, Any]:
    """Where a cell of a column of this kind has its content."""
    if kind == "month":
        return {"align": "center"}
    return {"align": "left" if kind in ("text", "spill", "year") else "right", "indent": 1}


def _format(kind: str, figures: Sequence[float], unit: MoneyUnit | None) -> dict[str, Any]:
    """How a cell of a column of this kind shows its content."""
    if kind == "money" and unit is not None:
        return {"num_format": unit.number_format(figures)}
    shown: dict[str, dict[str, Any]] = {"text": {"text_wrap": True}, "spill": {}, "price": {}}
    fixed = {"year": "0", "month": "yyyy-mm", "change": CHANGE, "level": LEVEL}
    if kind in shown:
        return shown[kind]
    if kind == "share":
        body = number_format(kind, figures)
        return {"num_format": f'{body};-{body};"–"'}
    return {"num_format": fixed.get(kind) or number_format(kind, figures)}
