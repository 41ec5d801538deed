"""A workbook that answers a question: one page for people in front, then one tidy table a sheet.

Explanations, comparisons and summaries of batches all look like this.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from models.dataset import Dataset
from planner.excel.book import (
    FONT,
    GREY,
    HEADER,
    LINE,
    TONES,
    Book,
    Cell,
    number_format,
    workbook_bytes,
    write_cell,
)
from planner.outputs import write_durably
from planner.results.tables import Filled

COLORS = ("#0072B2", "#E69F00", "#56B4E9", "#CC79A7", "#009E73", "#999999", "#D55E00", "#F0E442")
"""Okabe and Ito: told apart by colour-blind readers too."""
WIDTHS = (38, 15, 15, 15, 16, 15, 80)
"""Widths of the page's columns in characters; words go last, where they wrap."""
Kind = Literal["text", "whole", "amount", "money", "price"]
"""What a column holds; prices may be of different sizes, so each has the digits it needs."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A native chart of a section's own rows: `series` are positions of columns, the first column names them.

    `kind` bar (lying), tornado (bars to both sides), column, stacked (columns) or line.
    """

    title: str
    series: tuple[int, ...]
    kind: Literal["bar", "tornado", "column", "stacked", "line"] = "column"
    number_format: str = "#,##0"
    width: int = 900


@dataclass(frozen=True, slots=True)
class Section:
    """A small table on the page, with a sentence above it; `columns` are header and kind.

    `pictures` are charts of the same rows, side by side.
    """

    title: str
    columns: tuple[tuple[str, Kind], ...]
    rows: Sequence[tuple[Any, ...]]
    note: str = ""
    picture: Picture | None = None
    if_empty: str = ""
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """The first sheet: what it is, how it stands (`tone` good, careful or bad), and sections below each other.

    `widths` are those of its columns in characters.
    """

    sheet: str
    title: str
    subtitle: str
    banner: str
    tone: Literal["good", "careful", "bad"]
    sections: tuple[Section, ...]
    widths: tuple[int, ...] = WIDTHS


@dataclass(frozen=True, slots=True)
class Drawing:
    """A sheet that is no table: its name, in a clause what it shows, and how it is workbook_bytes."""

    sheet: str
    purpose: str
    draw: Callable[[Book, Any], None]


def write_report(
    path: Path, dataset: Dataset, page: Page, filled: Sequence[Filled], drawings: Sequence[Drawing] = ()
) -> None:
    """Writes the workbook, in one step: a file that is there is whole or untouched.

    Raises
    ------
    CannotWrite
        Nothing can be written there.
    """
    write_durably(path, report_workbook(dataset, page, filled, drawings))


def report_workbook(dataset: Dataset, page: Page, filled: Sequence[Filled], drawings: Sequence[Drawing] = ()) -> bytes:
    """The workbook as the bytes of an .xlsx file: the page, the drawings, the tables."""

    def draw(book: Book) -> None:
        contents = [(each.sheet, each.purpose) for each in drawings]
        _FirstSheet(book, page).draw([*contents, *((each.table.sheet, each.table.purpose) for each in filled)])
        for drawing in drawings:
            drawing.draw(book, book.sheet(drawing.sheet))

    return workbook_bytes(page.title, dataset, draw, filled)


class _FirstSheet:
    """The first sheet under way, from the top down."""

    def __init__(self, book: Book, page: Page) -> None:
        self.book, self.page = book, page
        self.sheet = book.sheet(page.sheet)
        self.row = 0

    def draw(self, contents: Sequence[tuple[str, str]]) -> None:
        sheet, book = self.sheet, self.book
        sheet.hide_gridlines(2)
        for c, width in enumerate(self.page.widths):
            sheet.set_column(c, c, width)
        sheet.set_row(0, 28)
        sheet.write_string(0, 0, self.page.title, book.format(bold=True, font_size=18, font_color=HEADER))
        sheet.write_string(1, 0, self.page.subtitle, book.format(italic=True, font_color=GREY))
        fill, ink = TONES[self.page.tone]
        banner = book.format(bold=True, font_size=11, bg_color=fill, font_color=ink, text_wrap=True, indent=1)
        sheet.merge_range(3, 0, 3, len(self.page.widths) - 1, self.page.banner, banner)
        sheet.set_row(3, 16.0 * (1 + len(self.page.banner) // 150) + 8.0)
        self.row = 5
        for section in self.page.sections:
            self._section(section)
        self._contents(contents)
        sheet.freeze_panes(2, 0)

    def _section(self, section: Section) -> None:
        sheet, book = self.sheet, self.book
        self._title(section.title)
        if section.note:
            sheet.write_string(self.row, 0, section.note, book.format(italic=True, font_color=GREY))
            self.row += 1
        if not section.rows:
            sheet.write_string(self.row, 0, section.if_empty or "nothing", book.format())
            self.row += 2
            return
        header = self.row
        for c, (name, kind) in enumerate(section.columns):
            place = {"align": "left", "indent": 1} if kind == "text" else {"align": "right", "indent": 1}
            look = book.format(bold=True, font_color="#FFFFFF", bg_color=HEADER, text_wrap=True, **place)
            sheet.write_string(header, c, name, look)
        widths = zip(section.columns, self.page.widths, strict=False)
        wraps = any(len(name) * 1.15 > width - 2 for (name, _), width in widths)
        sheet.set_row(header, 30 if wraps else 18)
        for c, (_, kind) in enumerate(section.columns):
            self._column(section, header + 1, c, kind)
        if len(section.columns) == len(self.page.widths):
            for r, row in enumerate(section.rows, start=header + 1):
                words = row[-1] if isinstance(row[-1], str) else ""
                lines = math.ceil(len(words) / self.page.widths[-1])
                sheet.set_row(r, 13.0 * max(1, lines) + 2.0)
        self.row = header + 1 + len(section.rows)
        if section.picture:
            self.row += 2 + -(-self._picture(section, section.picture, header) // 20)
        if section.pictures:
            self._side_by_side(section, header)
        self.row += 1

    def _column(self, section: Section, first: int, c: int, kind: Kind) -> None:
        book, line = self.book, {"bottom": 1, "bottom_color": LINE}
        figures = [row[c] for row in section.rows if isinstance(row[c], (int, float))]
        shown = number_format(kind, figures) if kind not in ("text", "price") else "General"
        for r, row in enumerate(section.rows, start=first):
            value = row[c]
            if isinstance(value, Cell):
                write_cell(book, self.sheet, r, c, value, **line)
            elif isinstance(value, (int, float)) and not isinstance(value, bool):
                shown = number_format("amount", [value]) if kind == "price" else shown
                self.sheet.write_number(r, c, value, book.format(num_format=shown, align="right", indent=1, **line))
            else:
                place = "left" if kind == "text" else "right"
                look = book.format(align=place, indent=1, text_wrap=c == len(self.page.widths) - 1, **line)
                self.sheet.write_string(r, c, "" if value is None else str(value)[:1000], look)

    def _side_by_side(self, section: Section, header: int) -> None:
        across, height = 7 * sum(self.page.widths) // len(section.pictures), 0
        for place, picture in enumerate(section.pictures):
            fitted = replace(picture, width=min(picture.width, across - 12))
            height = max(height, self._picture(section, fitted, header, left=place * across))
        self.row += 2 + -(-height // 20)

    def _picture(self, section: Section, picture: Picture, header: int, left: int = 0) -> int:
        """Draws a chart so many pixels from the left; its height in pixels."""
        kinds: dict[str, dict[str, Any]] = {
            "bar": {"type": "bar"},
            "tornado": {"type": "bar", "subtype": "stacked"},
            "column": {"type": "column"},
            "stacked": {"type": "column", "subtype": "stacked"},
            "line": {"type": "line"},
        }
        chart, lying = self.book.workbook.add_chart(kinds[picture.kind]), picture.kind in ("bar", "tornado")
        name, last = self.page.sheet, header + len(section.rows)
        for position, c in enumerate(picture.series):
            color = COLORS[position % len(COLORS)]
            chart.add_series(
                {
                    "name": [name, header, c],
                    "categories": [name, header + 1, 0, last, 0],
                    "values": [name, header + 1, c, last, c],
                    "fill": {"color": color},
                    "line": {"color": color, "width": 2.0 if picture.kind == "line" else 0.5},
                    "gap": 60,
                }
            )
        chart.set_title({"name": picture.title, "name_font": {"size": 11, "color": HEADER, "name": FONT}})
        chart.set_y_axis(
            {"num_format": picture.number_format, "major_gridlines": {"visible": True, "line": {"color": "#E5E5E5"}}}
        )
        chart.set_x_axis({"num_format": picture.number_format} if lying else {"label_position": "low"})
        if lying:
            chart.set_y_axis({"reverse": True, "label_position": "low"})
        chart.set_legend({"none": True} if len(picture.series) == 1 else {"position": "bottom"})
        height = max(220, 60 + 24 * len(section.rows)) if lying else 260
        chart.set_size({"width": picture.width, "height": height})
        place = {"description": picture.title, "object_position": 1, "x_offset": left}
        self.sheet.insert_chart(self.row + 1, 0, chart, place)
        return height

    def _contents(self, contents: Sequence[tuple[str, str]]) -> None:
        self._title("Contents")
        for name, purpose in contents:
            target = f"internal:'{name}'!A1"
            self.sheet.write_url(self.row, 0, target, self.book.format(underline=1, font_color="#0B5394"), name)
            self.sheet.write_string(self.row, 1, purpose, self.book.format(font_color=GREY))
            self.row += 1

    def _title(self, text: str) -> None:
        self.sheet.write_string(self.row, 0, text, self.book.format(bold=True, font_size=12, font_color=HEADER))
        self.row += 1
