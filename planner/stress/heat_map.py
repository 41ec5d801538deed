"""The sheet of shortfall by segment and month: how likely, and between what that lies with 95 % confidence."""

from __future__ import annotations

from typing import Any

from models import months
from models.dataset import Dataset
from planner.stress.figures import Figures, ShortPlace
from planner.write_report import Drawing
from planner.write_sheets import GREY, HEADER, LINE, ORANGE, RED, Book

SHEET = "Shortfall risk"
PERCENT = '0%;-0%;"–"'


def heat_map(dataset: Dataset, found: Figures) -> Drawing:
    """Three maps below each other: the probability, at least, at most."""
    return Drawing(
        SHEET, "probability of shortfall by segment and month, as a map", lambda book, sheet: _draw(book, sheet, found)
    )


def _draw(book: Book, sheet: Any, found: Figures) -> None:
    names = list(dict.fromkeys(each.segment for each in found.places))
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, max((len(name) for name in names), default=10) * 1.1 + 4.0)
    sheet.set_column(1, max(1, len(book.dataset.horizon)), 5.6)
    sheet.write_string(
        0, 0, "How likely each segment falls short", book.format(bold=True, font_size=16, font_color=HEADER)
    )
    note = (
        f"Share of the {found.with_plan:,} samples with a plan in which some of the segment's demand of the month is "
        "not served; a dash is none. Its 95 % interval (Wilson) lies below."
    )
    sheet.write_string(1, 0, note, book.format(italic=True, font_color=GREY))
    row = 3
    for title, which in (("Probability", "value"), ("At least", "low"), ("At most", "high")):
        row = _map(book, sheet, row, title, names, found.places, which)
    sheet.freeze_panes(0, 1)


def _map(
    book: Book, sheet: Any, row: int, title: str, names: list[str], places: tuple[ShortPlace, ...], which: str
) -> int:
    """One map; the row after it."""
    head = book.format(bold=True, font_color="#FFFFFF", bg_color=HEADER, indent=1)
    sheet.write_string(row, 0, title, head)
    dates = book.format(bold=True, font_color="#FFFFFF", bg_color=HEADER, num_format="yyyy-mm", rotation=90)
    for t in book.dataset.horizon:
        sheet.write_datetime(row, 1 + t, months.first_day(book.dataset.month(t)), dates)
    sheet.set_row(row, 52)
    cell = book.format(num_format=PERCENT, align="center", font_size=8, border=1, border_color=LINE)
    for r, name in enumerate(names, start=row + 1):
        sheet.write_string(r, 0, name, book.format(indent=1))
        for each in places:
            if each.segment == name:
                sheet.write_number(r, 1 + each.month, getattr(each.probability, which) or 0.0, cell)
    last = row + len(names)
    scale = {
        "type": "3_color_scale",
        "min_type": "num",
        "mid_type": "num",
        "max_type": "num",
        "min_value": 0,
        "mid_value": 0.3,
        "max_value": 1,
        "min_color": "#FFFFFF",
        "mid_color": ORANGE,
        "max_color": RED,
    }
    if names:
        sheet.conditional_format(row + 1, 1, last, len(book.dataset.horizon), scale)
    return last + 2
