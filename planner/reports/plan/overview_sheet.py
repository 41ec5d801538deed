"""The first sheet, `Plan`: the plan on one page, answer first, evidence next, the way to the rest last."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from models.plan import categories
from planner.excel.book import INK, LINE, TONES, WHITE, Book
from planner.excel.money_unit import money_unit
from planner.reports.plan.charts import lock_in_chart, provider_chart, signed_chart, tokens_chart
from planner.reports.plan.layout import FIRST, HALVES, LAST, TILE_SPANS, PlanPage
from planner.reports.plan.money import money_tiles
from planner.reports.plan.text import banner, category_words, commitment_words, saving_words, tiles
from planner.reports.plan.timeline_sheet import PURPOSE, SHEET, draw_timeline
from planner.reports.run_result import RunResult
from planner.results.decisions import Action, is_kept
from planner.results.plan_figures import PlanFigures
from planner.results.segment_grid import segment_grid
from planner.results.tables import Filled
from planner.results.views import CASH_GROUPS

LISTED = 12
"""Actions shown here; the sheet Decisions has all of them."""
CASH = 4
"""Column that the table of cash by year starts in."""
PERIODS = LAST - FIRST
"""Stretches of the horizon that limits and service are shown in."""
SEGMENTS = 10
"""Segments shown here."""
LETTERS = 13
"""Letters on a line of what is said of a segment in a stretch of months."""
CHART_PIXELS, ROW_PIXELS = 290, 20
ACTION_COLUMNS = (
    ("Offer", "text"),
    ("Do", "text"),
    ("By", "month"),
    ("Provider", "text"),
    ("Region", "text"),
    ("Term, months", "whole"),
    ("Units", "whole"),
    ("Accelerators", "amount"),
    ("MW", "amount"),
    ("Service from", "month"),
    ("Until", "month"),
    ("Present cost, {money}", "money"),
)


class PlanOverview(PlanPage):
    """Draws the sheet from top to bottom."""

    def __init__(self, book: Book, result: RunResult, figures: PlanFigures) -> None:
        super().__init__(book, result, banner(result, figures))
        self.figures = figures

    def draw(self, filled: Sequence[Filled]) -> None:
        """Everything on the sheet; `filled` are the sheets that the contents lead to."""
        page, result, figures = self.page, self.result, self.figures
        page.tiles(tiles(result, figures), TILE_SPANS)
        page.tiles(money_tiles(result), TILE_SPANS)
        cost = result.objective_usd if result.objective_usd is not None else figures.plan.objective_usd
        page.note(saving_words(result, "net present cost", cost))
        for words in commitment_words(result):
            page.note(words)
        self.bridge()
        page.row += 1
        self.parts(self.tried, self.warnings, self._actions, self._charts, self._segments, self._money_spent)
        self.money()
        self.parts(self._signed_power)
        self.finish([(SHEET, PURPOSE)], filled)

    def _money_spent(self) -> None:
        """Costs by category, and beside them cash by year and what is owed."""
        page, top = self.page, self.page.row
        self._costs()
        left, page.row = page.row, top
        self._cash_by_year()
        page.row += 1
        self._lock_in(max(left, page.row + 12) - page.row)
        page.row = max(left, page.row) + 1

    def _actions(self) -> None:
        calendar = self.figures.actions
        self.page.heading("What to sign and when")
        if not calendar:
            short = " but for what falls short" if self.figures.totals.shortfall_bn else ""
            self.page.note(f"Nothing new: what is already online, and on-demand capacity, serves demand{short}.")
            return
        self.decisions(ACTION_COLUMNS, [self._action(each) for each in calendar[:LISTED]])
        if len(calendar) > LISTED:
            self.page.note(f"and {len(calendar) - LISTED} more, later; the sheet Decisions has all of them")
        self.page.row += 1

    def _action(self, each: Action) -> tuple[Any, ...]:
        what = each.decision
        cost = what.cost_usd if each.do not in ("renew", "give notice") else None
        term, until = (None, None) if is_kept(what.term_months) else (what.term_months, what.end)
        sizes = (what.units, what.accelerators, what.mw, what.start, until)
        return (what.name, each.do, each.by, what.provider, what.region, term, *sizes, cost)

    def _charts(self) -> None:
        paid, months = self.figures.cash_by_provider, self.figures.months
        chart = tokens_chart(self.book.workbook, months)
        self.place(chart, "Tokens a day served and idle by source, against demand", *HALVES[0], CHART_PIXELS)
        if paid:
            unit = money_unit(sum(abs(row[t]) for row in paid.values()) for t in range(len(months)))
            chart = provider_chart(self.book.workbook, len(months), list(paid), self.currency, unit)
            self.place(chart, "Cash by month and provider", *HALVES[1], CHART_PIXELS)
        else:
            self.nothing("Nothing is paid.", HALVES[1][0])
        self.page.row += 15
        if any(each.idle for each in months):
            self.page.note(
                "Idle is an estimate: what accelerators not at work could serve of the month's mix of demand."
            )
        self.page.row += 1

    def _segments(self) -> None:
        """Limits as a timeline and the share served, for every segment, over stretches of the horizon."""
        page, book, dataset = self.page, self.book, self.figures.dataset
        grid = segment_grid(dataset, self.figures.plan, self.figures.service, PERIODS)
        page.heading("Usage limits and service by segment, from each month on")
        kinds = ("text", *["month"] * len(grid.starts))
        page.head(["Segment", *map(dataset.label, grid.starts)], kinds, last=LAST)
        for line in grid.lines[:SEGMENTS]:
            lines = max((math.ceil(len(cell.text) / LETTERS) for cell in line.cells), default=1)
            page.tall(page.row, 12.0 * max(2, lines))
            look = {"bottom": 1, "bottom_color": LINE}
            name = book.format(text_wrap=True, align="left", indent=1, **look)
            page.sheet.write_string(page.row, FIRST, line.segment, name)
            for column in range(FIRST + 1 + len(line.cells), LAST + 1):
                page.sheet.write_blank(page.row, column, None, book.format(**look))
            for column, cell in enumerate(line.cells, start=FIRST + 1):
                fill, ink = TONES["bad"] if cell.short else TONES["careful"] if cell.tight else (WHITE, INK)
                shown = book.format(font_size=8, align="center", text_wrap=True, bg_color=fill, font_color=ink, **look)
                page.sheet.write_string(page.row, column, cell.text, shown)
            page.row += 1
        if len(grid.lines) > SEGMENTS:
            page.note(f"and {len(grid.lines) - SEGMENTS} more segments, on the sheets Limits and Service")
        page.note(grid.note)
        page.row += 1

    def _lock_in(self, rows: int) -> None:
        owed = [row.owed_usd for row in self.figures.months]
        if not any(owed):
            self.nothing("Nothing is owed after any month.", CASH)
            self.page.row += 1
            return
        chart = lock_in_chart(self.book.workbook, len(owed), self.currency, money_unit(owed))
        description = "Still owed after each month, and months until the last commitment ends"
        self.place(chart, description, CASH, LAST, ROW_PIXELS * max(rows, 10))
        self.page.row += max(rows, 10) + 1

    def _signed_power(self) -> None:
        if not any(row.signed_mw for row in self.figures.months):
            return
        chart = signed_chart(self.book.workbook, self.figures.months)
        self.place(chart, "Power signed and power online by month", FIRST, LAST, CHART_PIXELS)
        self.page.row += 16

    def _costs(self) -> None:
        costs = self.figures.costs_usd
        unit = money_unit(costs.values())
        self.page.heading("Net present cost")
        rows = [
            (category_words(category, costs[category]), costs[category]) for category in categories() if costs[category]
        ]
        columns = (("Category", "text"), (f"{self.currency}{unit.word}", "money"))
        self.page.table(columns, rows, total=("Total", self.figures.plan.objective_usd), unit=unit)

    def _cash_by_year(self) -> None:
        years = {year: row for year, row in self.figures.cash_by_year.items() if any(row.values())}
        unit = money_unit(sum(row.values()) for row in years.values())
        fiscal = "calendar" if self.figures.dataset.settings.fiscal_year_start == 1 else "fiscal"
        self.page.heading(f"Cash paid by {fiscal} year, {self.currency}{unit.word}", at=CASH)
        groups, years = _widest(years, LAST - CASH - 1)
        columns = [("Year", "year"), *((group.replace("_", " ").capitalize(), "money") for group in groups)]
        rows = [(year, *(row[group] for group in groups), sum(row.values())) for year, row in years.items()]
        sums = [sum(year[group] for year in years.values()) for group in groups]
        total = ("Total", *sums, sum(sums))
        self.page.table([*columns, ("Total", "money")], rows, at=CASH, total=total, row_total=True, unit=unit)


def _widest(years: dict[int, dict[str, float]], places: int) -> tuple[list[str], dict[int, dict[str, float]]]:
    """The groups with cash in them and the years in these; where places are wanting the smallest join `other`."""
    moved = {each: sum(abs(year[each]) for year in years.values()) for each in (*CASH_GROUPS.values(), "other")}
    groups = [each for each in moved if moved[each]]
    if len(groups) <= places:
        return groups, years
    largest = sorted(set(groups) - {"other"}, key=moved.__getitem__)[-(places - 1) :]
    groups = [each for each in groups if each in largest]
    shown = {year: {each: row[each] for each in groups} for year, row in years.items()}
    return [*groups, "other"], {
        year: {**row, "other": sum(years[year].values()) - sum(row.values())} for year, row in shown.items()
    }


def draw_plan(book: Book, result: RunResult, filled: Sequence[Filled]) -> None:
    """The sheets of the plan of a result that come before its tables."""
    PlanOverview(book, result, result.plan_set.only).draw(filled)
    draw_timeline(book, result.plan_set.only)
