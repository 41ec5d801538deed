"""The sheet `Timeline`: every commitment as a bar over the months, and every segment's limits below them.

A bar is a run of coloured cells: light from signing to service, full while in service; S stands in the month of
signing, an arrow in the last month of a bar that goes on beyond the horizon, x in the last month of a lease that is
cancelled. Kinds are told apart by colour and by the word in the first column.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any

from models import months
from models.dataset import Dataset
from models.plan import Plan
from planner.write_decisions import Decision
from planner.write_sheets import BLUE, FONT, GREEN, GREY, HEADER, LINE, ORANGE, PURPLE, SILVER, SKY, Book

SHEET, PURPOSE = "Timeline", "commitments and limits as bars over the months"
COLOURS = {"fleet": SILVER, "lease": BLUE, "contract": SKY, "lease_out": PURPLE, "option": ORANGE}
LIGHT = {"lease": "#CFE3F1", "contract": "#DDF0FB", "lease_out": "#F3E1EC"}
RUNS = ("#D9DEE4", "#FFE3A8", "#BFE3D5", "#F3E1EC", "#CFE3F1")
"""Light colours of limits, the least generous first; the name of the limit stands in its run."""
HEADS = (("Kind", 11), ("Offer", 26), ("Provider", 16), ("Region", 12), ("Units", 7), ("MW", 10))
FIRST = len(HEADS)
PAGE_MONTHS = 60
"""Months that can be read across one landscape page."""


def draw_timeline(book: Book, dataset: Dataset, plan: Plan, decided: list[Decision]) -> None:
    """Draws the sheet."""
    sheet = book.sheet(SHEET)
    sheet.hide_gridlines(2)
    sheet.freeze_panes(2, 2)
    sheet.repeat_rows(0, 1)
    sheet.repeat_columns(0, 1)
    if len(dataset.horizon) > PAGE_MONTHS:
        sheet.fit_to_pages(-(-len(dataset.horizon) // PAGE_MONTHS), 0)
    _heads(book, sheet, dataset)
    row = _bars(book, sheet, dataset, decided)
    row = _limits(book, sheet, dataset, plan, row + 1)
    words = "S signed · light: not yet in service · x cancelled, last month of service · ► goes on beyond the horizon"
    sheet.write_string(row + 1, 0, words, book.format(italic=True, font_color=GREY))


def _heads(book: Book, sheet: Any, dataset: Dataset) -> None:
    head = {"bold": True, "font_color": "#FFFFFF", "bg_color": HEADER}
    for c, (name, width) in enumerate(HEADS):
        sheet.set_column(c, c, width)
        sheet.write_blank(0, c, None, book.format(**head))
        place = "right" if name in ("Units", "MW") else "left"
        sheet.write_string(1, c, name, book.format(align=place, indent=1, **head))
    sheet.set_column(FIRST, FIRST + len(dataset.horizon) - 1, 2.9)
    years = [(t, *months.year_and_month(dataset.month(t))) for t in dataset.horizon]
    for year, group in groupby(years, key=lambda each: each[1]):
        span = [t for t, _, _ in group]
        style = book.format(align="left", left=1, left_color="#FFFFFF", **head)
        for t in span:
            sheet.write_blank(0, FIRST + t, None, book.format(**head))
        sheet.write_string(0, FIRST + span[0], str(year), style)
    for t, _, month in years:
        sheet.write_number(1, FIRST + t, month, book.format(align="center", font_size=8, num_format="0", **head))


def _bars(book: Book, sheet: Any, dataset: Dataset, decided: list[Decision]) -> int:
    """One row a commitment, by kind and first month; the row after the last."""
    row = 2
    line = {"bottom": 1, "bottom_color": LINE}
    last = len(dataset.horizon) - 1
    for asset in dataset.fleet:
        mw = asset.accelerators * dataset.hardware_of[asset.hardware].kw / 1000.0
        _facts(book, sheet, row, ("fleet", asset.asset, asset.provider, asset.region, None, mw))
        begins = 0 if asset.from_month is None else max(0, dataset.t(asset.from_month))
        ends = last if asset.until_month is None else min(last, dataset.t(asset.until_month))
        goes_on = asset.until_month is None or dataset.t(asset.until_month) > last
        for t in range(begins, ends + 1):
            mark = "►" if t == last and goes_on else ""
            sheet.write_string(row, FIRST + t, mark, _cell(book, COLOURS["fleet"], **line))
        row += 1
    ranks = list(COLOURS)
    for each in sorted(decided, key=lambda each: (ranks.index(each.kind), each.month, each.name)):
        _facts(book, sheet, row, (each.kind, each.name, each.provider, each.region, each.units, each.mw))
        if each.kind == "option":
            sheet.write_string(row, FIRST + each.month, "S", _cell(book, COLOURS["option"], **line))
        else:
            _bar(book, sheet, row, each, last)
        row += 1
    return row


def _bar(book: Book, sheet: Any, row: int, each: Decision, last: int) -> None:
    start, end = each.start if each.start is not None else each.month, each.end if each.end is not None else each.month
    line = {"bottom": 1, "bottom_color": LINE}
    for t in range(max(0, each.month), min(last, end) + 1):
        waiting = t < start
        mark = "S" if t == each.month else ""
        if t == last and end > last:
            mark = "►"
        elif t == end and each.cancelled:
            mark = "x"
        colour = LIGHT[each.kind] if waiting else COLOURS[each.kind]
        sheet.write_string(row, FIRST + t, mark, _cell(book, colour, **line))


def _limits(book: Book, sheet: Any, dataset: Dataset, plan: Plan, row: int) -> int:
    """One row a segment with limits, its runs named; the row after the last."""
    by_segment: dict[str, list[tuple[int, str]]] = {}
    for each in plan.limits:
        by_segment.setdefault(each.segment, []).append((each.month, each.limit))
    for segment, choices in by_segment.items():
        names = [each.limit for each in dataset.limits if each.segment == segment]
        _facts(book, sheet, row, ("limit", segment, "", "", None, None))
        for limit, group in groupby(sorted(choices), key=lambda each: each[1]):
            span = [t for t, _ in group]
            colour = RUNS[names.index(limit) % len(RUNS)] if limit in names else RUNS[0]
            style = book.format(bg_color=colour, font_size=8, align="left", left=1, left_color="#FFFFFF")
            for t in span:
                sheet.write_blank(row, FIRST + t, None, book.format(bg_color=colour))
            if len(span) > 1:
                sheet.merge_range(row, FIRST + span[0], row, FIRST + span[-1], limit, style)
            else:
                sheet.write_string(row, FIRST + span[0], limit, style)
        row += 1
    return row


def _facts(book: Book, sheet: Any, row: int, facts: tuple[Any, ...]) -> None:
    for c, value in enumerate(facts):
        style = {"bottom": 1, "bottom_color": LINE, "indent": 1}
        if isinstance(value, (int, float)):
            shown = "#,##0" if c == 4 or value >= 100 else "#,##0.0##"
            sheet.write_number(row, c, value, book.format(num_format=shown, align="right", **style))
        else:
            sheet.write_string(row, c, (value or "").replace("_", "-") if c == 0 else value or "", book.format(**style))


def _cell(book: Book, colour: str, **line: Any) -> Any:
    ink = "#1A1A1A" if colour not in (BLUE, GREEN) else "#FFFFFF"
    return book.format(bg_color=colour, font_color=ink, font_size=8, font_name=FONT, align="center", **line)
