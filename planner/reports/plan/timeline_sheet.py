"""The sheet `Timeline`: every commitment as a bar over the months, and every segment's limits below them.

A bar is a run of coloured cells: light from signing to service, full while in service; S stands in the month of
signing, an arrow in the last month of a bar that goes on beyond the horizon, x in the last month of a lease that is
cancelled. Kinds differ in colour and in the word in the first column, limits in their number.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any

from models import months
from models.dataset import Dataset
from models.demand.limit_effects import levers
from models.grouping import groups
from models.kinds import FLEET
from models.plan import Plan
from models.supply.registry import known_kinds
from planner.excel.book import BLUE, FONT, GREEN, GREY, HEAD, INK, LINE, WHITE, Book, number_format
from planner.reports.plan.charts import power_chart
from planner.results.decisions import Decision
from planner.results.plan_figures import PlanFigures

SHEET, PURPOSE = "Timeline", "commitments and limits as bars over the months"
RUNS = ("#D9DEE4", "#FFE3A8", "#BFE3D5", "#F3E1EC", "#CFE3F1")
"""Light colours of limits, the least generous first; the number of the limit stands in its run, and its name where
there is room."""
HEADS = (("Kind", 11), ("Offer", 26), ("Provider", 16), ("Region", 12), ("Units", 7), ("MW", 10), ("", 1))
FIRST, MONTH = len(HEADS), 2.9
"""The column of the first month, and the width of a month in characters."""
PAGE_MONTHS = 60
"""Months that can be read across one landscape page."""
TOP = 3
"""Rows above the heads: what the sheet shows, how to read it, and the way back."""
LETTERS_A_MONTH = 2.6
"""Letters of a limit's name that fit the width of a month."""
CHART_ROWS = 18
HOW_TO_READ = (
    "S signed · light: not yet in service · x cancelled, last month of service · ► goes on beyond the horizon · "
    "numbers: the usage limit in force"
)


def draw_timeline(book: Book, figures: PlanFigures) -> None:
    """Draws the sheet; below the bars stands the chart of committed power."""
    dataset, sheet = figures.dataset, book.titled_sheet(SHEET, "Commitments and limits", HOW_TO_READ)
    sheet.freeze_panes(TOP + 2, 2)
    sheet.repeat_rows(TOP, TOP + 1)
    sheet.repeat_columns(0, 1)
    if len(dataset.horizon) > PAGE_MONTHS:
        sheet.fit_to_pages(-(-len(dataset.horizon) // PAGE_MONTHS), 0)
    _heads(book, sheet, dataset)
    row = _bars(book, sheet, dataset, figures.decisions)
    row = _limits(book, sheet, dataset, figures.plan, row + 1)
    chart = power_chart(book.workbook, figures.months)
    width = sum(int(7 * each + 5) for _, each in HEADS) + int(7 * MONTH + 5) * len(dataset.horizon)
    chart.set_size({"width": min(width, 1100) - 8, "height": CHART_ROWS * 20})
    sheet.insert_chart(row + 1, 0, chart, {"x_offset": 4, "description": "Committed power by month"})
    sheet.print_area(0, 0, row + 1 + CHART_ROWS, FIRST + len(dataset.horizon) - 1)


def _heads(book: Book, sheet: Any, dataset: Dataset) -> None:
    for c, (name, width) in enumerate(HEADS):
        sheet.set_column(c, c, width)
        sheet.write_blank(TOP, c, None, book.format(**HEAD))
        place = {"align": "right"} if name in ("Units", "MW") else {"indent": 1}
        sheet.write_string(TOP + 1, c, name, book.format(**place, **HEAD))
    sheet.set_column(FIRST, FIRST + len(dataset.horizon) - 1, MONTH)
    years = [(t, *months.year_and_month(dataset.month(t))) for t in dataset.horizon]
    for year, group in groupby(years, key=lambda each: each[1]):
        span = [t for t, _, _ in group]
        style = book.format(align="left", left=1, left_color=WHITE, **HEAD)
        for t in span:
            sheet.write_blank(TOP, FIRST + t, None, book.format(**HEAD))
        sheet.write_string(
            TOP,
            FIRST + span[0],
            str(year) if len(span) > 1 else f"\N{RIGHT SINGLE QUOTATION MARK}{year % 100:02}",
            style,
        )
    for t, _, month in years:
        sheet.write_number(TOP + 1, FIRST + t, month, book.format(align="center", font_size=8, num_format="0", **HEAD))


def _bars(book: Book, sheet: Any, dataset: Dataset, decided: list[Decision]) -> int:
    """One row a commitment, by kind and first month; the row after the last."""
    row = TOP + 2
    line = {"bottom": 1, "bottom_color": LINE}
    last = len(dataset.horizon) - 1
    fleet = [each.accelerators * dataset.hardware_of[each.hardware].kw / 1000.0 for each in dataset.fleet]
    shown = number_format("amount", [*fleet, *(each.mw for each in decided if each.mw is not None)])
    for asset, mw in zip(dataset.fleet, fleet, strict=True):
        _facts(book, sheet, row, (FLEET.noun, asset.asset, asset.provider, asset.region, None, mw), shown)
        goes_on = asset.until_month is None or dataset.t(asset.until_month) > last
        for t in dataset.window(asset.from_month, asset.until_month):
            mark = "►" if t == last and goes_on else ""
            sheet.write_string(row, FIRST + t, mark, _cell(book, FLEET.colour, **line))
        row += 1
    ranks = [*known_kinds().values()]
    for each in sorted(decided, key=lambda each: (ranks.index(each.kind), each.month, each.name)):
        _facts(book, sheet, row, (each.kind.noun, each.name, each.provider, each.region, each.units, each.mw), shown)
        if not each.kind.counted:
            sheet.write_string(row, FIRST + each.month, "S", _cell(book, each.kind.colour, **line))
        else:
            _bar(book, sheet, row, each, last)
        row += 1
    if row == TOP + 2:
        sheet.write_string(row, 0, "Nothing is committed.", book.format(indent=1, font_color=GREY))
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
        colour = each.kind.light if waiting else each.kind.colour
        sheet.write_string(row, FIRST + t, mark, _cell(book, colour, **line))


def _limits(book: Book, sheet: Any, dataset: Dataset, plan: Plan, row: int) -> int:
    """One row a segment with limits and one that names them by number; the row after the last."""
    by_lever = groups(((each.segment, each.lever), (each.month, each.limit)) for each in plan.limits)
    for (segment, lever), choices in by_lever.items():
        ranked = sorted(levers(dataset, segment).get(lever, ()), key=lambda effect: effect.generosity)
        numbers = {effect.limit: number for number, effect in enumerate(ranked, start=1)}
        _facts(book, sheet, row, ("limit", segment, "", "", None, None))
        for limit, group in groupby(sorted(choices), key=lambda each: each[1]):
            span = [t for t, _ in group]
            number = numbers.get(limit, 0)
            style = {"bg_color": RUNS[number % len(RUNS)], "font_size": 8, "bottom": 1, "bottom_color": LINE}
            first = book.format(align="left", left=1, left_color=WHITE, **style)
            for t in span[1:]:
                sheet.write_blank(row, FIRST + t, None, book.format(**style))
            name = f"{number} {limit}"
            fits = len(name) <= LETTERS_A_MONTH * len(span)
            sheet.write_string(row, FIRST + span[0], name if fits else str(number), first)
        named = " · ".join(f"{numbers[limit]} {limit}" for limit in numbers)
        sheet.write_string(
            row + 1, FIRST, f"{named}, the least generous first", book.format(font_size=8, font_color=GREY)
        )
        row += 2
    return row


def _facts(book: Book, sheet: Any, row: int, facts: tuple[Any, ...], mw_format: str = "") -> None:
    for c, value in enumerate(facts):
        style = {"bottom": 1, "bottom_color": LINE}
        if isinstance(value, (int, float)):
            shown = "#,##0" if c == 4 else mw_format
            sheet.write_number(row, c, value, book.format(num_format=shown, align="right", **style))
        else:
            text = value or ""
            sheet.write_string(row, c, text, book.format(indent=1, **style))


def _cell(book: Book, colour: str, **line: Any) -> Any:
    ink = INK if colour not in (BLUE, GREEN) else WHITE
    return book.format(bg_color=colour, font_color=ink, font_size=8, font_name=FONT, align="center", **line)
