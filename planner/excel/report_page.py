"""A workbook that answers a question: one page for people in front, then one tidy table a sheet.

Explanations, comparisons and summaries of batches all look like this.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from models.dataset import Dataset
from planner.excel.book import GREY, Book
from planner.excel.book_file import workbook_bytes
from planner.excel.charts import Picture, mark_on, picture_chart
from planner.excel.first_sheet import Banner, FirstSheet, Tone
from planner.files.atomic import write_durably
from planner.results.tables import Filled

__all__ = ["Drawing", "Kind", "Page", "Picture", "Section", "first_rows", "heads", "report_workbook", "write_report"]

WIDTHS = (38, 15, 15, 15, 16, 15, 80)
"""Widths of the page's columns in characters; words go last, where there is room."""
ROW_PIXELS = 20
Kind = Literal["text", "spill", "whole", "amount", "money", "price", "gap", "change", "level"]
"""What a column holds; prices may be of different sizes, so each has the digits it needs, and a spill runs on."""


def heads(*parts: str) -> tuple[tuple[str, Kind], ...]:
    """The columns of a section, of texts `header:kind`.

    >>> heads("Job:text", "Cost, USD bn:money")
    (('Job', 'text'), ('Cost, USD bn', 'money'))
    """
    split = (part.rpartition(":") for part in parts)
    return tuple((header, kind) for header, _, kind in split)  # type: ignore[misc]


def first_rows(rows: Sequence[tuple[Any, ...]], most: int, sheet: str) -> tuple[Sequence[tuple[Any, ...]], str]:
    """At most so many of the rows, and where they are not all, a note that names the sheet with all of them."""
    note = f"The first {most} of {len(rows)}; the sheet {sheet} has all." if len(rows) > most else ""
    return rows[:most], note


@dataclass(frozen=True, slots=True)
class Section:
    """A small table on the page, with a sentence above it, or sentences alone where there are no `columns`.

    `columns` are header and kind, as `heads` makes them.

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
    tone: Tone
    sections: tuple[Section, ...]
    widths: tuple[int, ...] = WIDTHS


@dataclass(frozen=True, slots=True)
class Drawing:
    """A sheet that is no table: its name, in a clause what it shows, and how it is drawn."""

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
        sheet = FirstSheet(book, page.sheet, page.widths)
        sheet.title(page.title, page.subtitle, Banner(page.banner, page.tone))
        for section in page.sections:
            _draw_section(sheet, section)
        first = sheet.row
        contents = [(each.sheet, each.purpose) for each in drawings]
        sheet.contents([*contents, *((each.table.sheet, each.table.purpose) for each in filled)], ((0, 1),))
        sheet.together(first)
        sheet.set_pages()
        sheet.sheet.freeze_panes(2, 0)
        for drawing in drawings:
            drawing.draw(book, book.sheet(drawing.sheet))

    return workbook_bytes(page.title, dataset, draw, filled)


def _draw_section(sheet: FirstSheet, section: Section) -> None:
    first = sheet.row
    sheet.heading(section.title)
    if section.note:
        sheet.note(section.note)
    if not section.columns:
        sheet.together(first)
        sheet.row += 1
        return
    if not section.rows:
        sheet.sheet.write_string(sheet.row, 0, section.if_empty or "nothing", sheet.book.format())
        sheet.row += 1
        sheet.together(first)
        sheet.row += 1
        return
    header = sheet.row
    sheet.table(section.columns, section.rows)
    sheet.together(first)
    drawn = section.pictures or ((section.picture,) if section.picture else ())
    pictures = [each for each in drawn if any(_figures(section, each))]  # nothing is drawn of nothing
    if pictures:
        across = sheet.pixels(sheet.first, sheet.last) // len(pictures)
        sheet.row += 1
        first = sheet.row
        for place, picture in enumerate(pictures):
            bars = picture.kind not in ("line", "curve") and all(each >= 0.0 for each in _figures(section, picture))
            fitted = replace(picture, width=min(picture.width, across - 12), from_zero=bars)
            chart = picture_chart(sheet.book.workbook, fitted, sheet.name, header, section.rows)
            if picture.mark is not None:
                _mark(sheet, chart, picture, _figures(section, picture))
            height = picture.height(len(section.rows))
            sheet.chart(chart, picture.title, 0, fitted.width, height, left=place * across)
        sheet.row += 1 + -(-max(picture.height(len(section.rows)) for picture in pictures) // ROW_PIXELS)
        sheet.together(first)
    sheet.row += 1


def _mark(sheet: FirstSheet, chart: Any, picture: Picture, figures: Sequence[float]) -> None:
    """Marks a figure on the chart; its two points stand beside what is printed."""
    assert picture.mark is not None
    name, at = picture.mark
    beside, grey = sheet.last + 2, sheet.book.format(font_color=GREY, font_size=8)
    for row, height in enumerate((0.0, max(figures)), start=sheet.row):
        sheet.sheet.write_number(row, beside, at, grey)
        sheet.sheet.write_number(row, beside + 1, height, grey)
    mark_on(chart, name, sheet.name, sheet.row, beside)


def _figures(section: Section, picture: Picture) -> list[float]:
    """The figures that a picture draws."""
    cells = (row[column] for row in picture.drawn(section.rows) for column in picture.series)
    return [each for each in cells if isinstance(each, (int, float))]
