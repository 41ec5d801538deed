"""A page to read: what every first sheet of a plan is drawn with, from the top down."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from models.dataset import Dataset
from planner.excel.book import BAND, BLUE, GREY, HEADER, LINE, TONES, Book, number_format, write_value

WIDTHS = (1.5, 26, 12, 10.5, 15, 13, 10.5, 11, 12.5, 10.5, 10.5, 10.5, 13)
"""Widths of the columns in characters; the first is a margin."""
FIRST, LAST = 1, len(WIDTHS) - 1
HALVES = ((1, 5), (6, 12))
"""Columns that two charts side by side take."""
TILE_SPANS = ((1, 1), (2, 3), (4, 5), (6, 8), (9, 10), (11, 12))


class Page:
    """A portrait sheet of one page; `row` is the next free row."""

    def __init__(self, book: Book, dataset: Dataset, name: str = "Plan") -> None:
        self.book, self.dataset = book, dataset
        self.currency = dataset.settings.currency
        self.sheet = book.sheet(name, portrait=True)
        self.sheet.hide_gridlines(2)
        self.sheet.fit_to_pages(1, 1)
        self.sheet.center_horizontally()
        for column, width in enumerate(WIDTHS):
            self.sheet.set_column(column, column, width)
        self.row = 0

    def _title(self, name: str, subtitle: Banner, more: str = "") -> None:
        """The plan's name, its months, and how it stands."""
        settings, dataset = self.dataset.settings, self.dataset
        self.sheet.write_string(0, FIRST, name, self.book.format(bold=True, font_size=18, font_color=HEADER))
        self.sheet.set_row(0, 28)
        last = dataset.label(len(dataset.horizon) - 1)
        line = f"{dataset.label(0)} to {last}, {settings.months} months{more} · money in {self.currency} · bn = billion"
        self.sheet.write_string(1, FIRST, line, self.book.format(font_color=GREY))
        fill, ink = TONES[subtitle.tone]
        style = self.book.format(bold=True, bg_color=fill, font_color=ink, text_wrap=True, indent=1, font_size=11)
        self.sheet.merge_range(3, FIRST, 3, LAST, "", style)
        self.sheet.write_string(3, FIRST, subtitle.text, style)
        self.sheet.set_row(3, 24 if len(subtitle.text) < 150 else 40)
        self.row = 5

    def _tiles(self, shown: Sequence[Tile]) -> None:
        edge = {"bg_color": BAND, "left": 5, "left_color": BLUE, "indent": 1, "align": "left"}
        label = self.book.format(font_size=9, font_color=GREY, **edge)
        for tile, (first, last) in zip(shown, TILE_SPANS, strict=True):
            figure = self.book.format(font_size=16, bold=True, font_color=HEADER, num_format=tile.number_format, **edge)
            for offset, style in enumerate((label, figure, label)):
                if last > first:
                    self.sheet.merge_range(self.row + offset, first, self.row + offset, last, "", style)
            self.sheet.write_string(self.row, first, tile.label, label)
            if isinstance(tile.value, str):
                self.sheet.write_string(self.row + 1, first, tile.value, figure)
            else:
                self.sheet.write_number(self.row + 1, first, tile.value, figure)
            self.sheet.write_string(self.row + 2, first, tile.below, label)
        self.sheet.set_row(self.row + 1, 26)
        self.row += 4

    def _place(self, chart: Any, words: str, first: int, last: int, height: int) -> None:
        width = sum(int(WIDTHS[column] * 7 + 5) for column in range(first, last + 1)) - 8
        chart.set_size({"width": width, "height": height})
        self.sheet.insert_chart(self.row, first, chart, {"x_offset": 2, "y_offset": 4, "description": words})

    def _contents(self, sheets: Iterable[tuple[str, str]]) -> None:
        """Links to every sheet, its name with what it is for, in two columns."""
        self._heading("Contents")
        link = self.book.format(font_color=BLUE, underline=1, font_size=9)
        grey = self.book.format(font_color=GREY, font_size=8)
        listed = list(sheets)
        half = -(-len(listed) // 2)
        for position, (sheet, purpose) in enumerate(listed):
            column, row = (FIRST, 6)[position >= half], self.row + position % half
            self.sheet.write_url(row, column, f"internal:'{sheet}'!A1", link, sheet)
            self.sheet.write_string(row, column + (1 if column == FIRST else 2), purpose, grey)
        self.row += half

    def _heading(self, text: str, at: int = FIRST) -> None:
        self.sheet.write_string(self.row, at, text, self.book.format(bold=True, font_size=12, font_color=HEADER))
        self.sheet.set_row(self.row, 20)
        self.row += 1

    def _note(self, text: str) -> None:
        self.sheet.write_string(self.row, FIRST, text, self.book.format(font_color=GREY, italic=True))
        self.row += 1

    def _table(
        self,
        at: int,
        headers: Sequence[str],
        kinds: Sequence[str],
        rows: Sequence[Sequence[Any]],
        total: Sequence[Any] = (),
        size: float = 1.0,
    ) -> None:
        """A small table from column `at` on; money is shown in units of `size`."""
        for i, (header, kind) in enumerate(zip(headers, kinds, strict=True)):
            align = {"text": "left", "spill": "left", "year": "left", "month": "center"}.get(kind, "right")
            style = {"bold": True, "font_color": "#FFFFFF", "bg_color": HEADER, "text_wrap": True, "align": align}
            style |= {"indent": 1} if align == "right" else {}
            self.sheet.write_string(self.row, at + i, header, self.book.format(**style))
            figures = [row[i] for row in (*rows, total or ()) if row and isinstance(row[i], (int, float))]
            look = _look(kind, figures, size)
            for k, row in enumerate(rows, start=1):
                self._cell(self.row + k, at + i, kind, row[i], look | {"bottom": 1, "bottom_color": LINE})
            if total:
                self._cell(self.row + len(rows) + 1, at + i, kind, total[i], look | {"bold": True, "top": 1})
        wraps = any(len(header) + 2 > WIDTHS[at + i] for i, header in enumerate(headers))
        self.sheet.set_row(self.row, 30 if wraps else 18)
        for k, row in enumerate(rows, start=1):
            texts = (len(row[i]) * 0.95 / WIDTHS[at + i] for i, kind in enumerate(kinds) if kind == "text")
            lines = math.ceil(max(texts, default=1.0))
            if lines > 1:
                self.sheet.set_row(self.row + k, 13.0 * lines + 2.0)
        self.row += len(rows) + (2 if total else 1)

    def _cell(self, row: int, column: int, kind: str, value: Any, look: dict[str, Any]) -> None:
        style = self.book.format(**look)
        if value is None or value == "":
            self.sheet.write_blank(row, column, None, style)
        else:
            write_value(self.book, self.sheet, row, column, kind, value, style)


def _look(kind: str, figures: Sequence[float], size: float) -> dict[str, Any]:
    if kind == "text":
        return {"align": "left", "text_wrap": True}
    if kind == "spill":  # long text runs on over the empty cells beside it
        return {"align": "left"}
    if kind == "year":
        return {"align": "left", "num_format": "0"}
    if kind == "month":
        return {"align": "center", "num_format": "yyyy-mm"}
    if kind == "share":
        return {"align": "right", "indent": 1, "num_format": '0.0%;-0.0%;"–"'}
    shown = number_format(kind, figures)
    if kind == "money" and size > 1.0:
        commas = {1e9: ",,,", 1e6: ",,", 1e3: ","}[size]
        shown = f'#,##0.0{commas};-#,##0.0{commas};"–"'
    return {"align": "right", "indent": 1, "num_format": shown}


def unit_of(largest: float) -> tuple[float, str]:
    """The unit that money of this size is shown in, and its word."""
    for size, word in ((1e10, (1e9, "\u00a0bn")), (1e7, (1e6, "\u00a0m")), (1e5, (1e3, "\u00a0k"))):
        if abs(largest) >= size:
            return word
    return 1.0, ""


@dataclass(frozen=True, slots=True)
class Banner:
    """How it stands, in a sentence; `tone` good, careful or bad."""

    text: str
    tone: str


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure in large type: `value` is a number, or a word where there is none; `below` explains it."""

    label: str
    value: float | str
    number_format: str
    below: str
