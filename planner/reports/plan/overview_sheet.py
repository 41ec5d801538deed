"""The first sheet, `Plan`: the plan on one page, answer first, evidence next, the way to the rest last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models.plan import CATEGORIES
from planner.excel.book import GREY, HEADER, LINE, TONES, Book
from planner.excel.plan_page import FIRST, HALVES, LAST, Page, unit_of
from planner.reports.plan.charts import lock_in_chart, provider_chart, tokens_chart
from planner.reports.plan.text import CATEGORY_WORDS, banner, saving_words, tiles
from planner.reports.plan.timeline_sheet import PURPOSE, SHEET
from planner.reports.run_result import RunResult
from planner.results.decisions import Action
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


class PlanOverview(Page):
    """Draws the sheet from top to bottom."""

    def __init__(self, book: Book, result: RunResult, figures: PlanFigures) -> None:
        super().__init__(book, figures.dataset)
        self.result, self.figures = result, figures

    def draw(self, filled: Sequence[Filled]) -> None:
        """Everything on the sheet; `filled` are the sheets that the contents lead to."""
        result, figures = self.result, self.figures
        self._title(result.title, banner(result, figures))
        self._tiles(tiles(result, figures))
        cost = result.objective_usd if result.objective_usd is not None else figures.plan.objective_usd
        self._note(saving_words(result, "net present cost", cost))
        self.row += 1
        self._actions(figures.actions)
        self._charts()
        self._segments()
        top = self.row
        self._costs()
        left, self.row = self.row, top
        self._cash_by_year()
        self.row += 1
        self._lock_in(max(left, self.row + 12) - self.row)
        self.row = max(left, self.row) + 1
        self._contents([(SHEET, PURPOSE), *((each.table.sheet, each.table.purpose) for each in filled)])
        self.sheet.print_area(0, 0, self.row, LAST)

    def _actions(self, calendar: list[Action]) -> None:
        self._heading("What to sign and when")
        if not calendar:
            self._note("Nothing new: what is already online, and on-demand capacity, is enough.")
            return
        rows = [self._action(each) for each in calendar[:LISTED]]
        size, word = unit_of(max(abs(row[-1] or 0.0) for row in rows))
        headers = [header.format(money=self.currency + word) for header, _ in ACTION_COLUMNS]
        self._table(FIRST, headers, [kind for _, kind in ACTION_COLUMNS], rows, size=size)
        if len(calendar) > LISTED:
            self._note(f"and {len(calendar) - LISTED} more, later; the sheet Decisions has all of them")
        self.row += 1

    def _action(self, each: Action) -> tuple[Any, ...]:
        what = each.decision
        cost = what.cost_usd if each.do not in ("renew", "give notice") else None
        until = what.end
        sizes = (what.units, what.accelerators, what.mw, what.start, until)
        return (what.name, each.do, each.by, what.provider, what.region, what.term_months, *sizes, cost)

    def _charts(self) -> None:
        count = len(self.dataset.horizon)
        paid = self.figures.cash_by_provider
        largest = max((sum(abs(row[t]) for row in paid.values()) for t in self.dataset.horizon), default=0.0)
        chart = tokens_chart(self.book.workbook, self.figures.months)
        self._place(chart, "Tokens a day served and idle by source, against demand", *HALVES[0], 290)
        if paid:
            chart = provider_chart(self.book.workbook, count, list(paid), self.currency, unit_of(largest))
            self._place(chart, "Cash by month and provider", *HALVES[1], 290)
        else:
            self.sheet.write_string(self.row, HALVES[1][0], "Nothing is paid.", self.book.format(font_color=GREY))
        self.row += 15
        self._note("Idle is an estimate: what accelerators not at work could serve of the month's mix of demand.")
        self.row += 1

    def _segments(self) -> None:
        """Limits as a timeline and the share served, for every segment, over stretches of the horizon."""
        grid = segment_grid(self.dataset, self.figures.plan, self.figures.service, PERIODS)
        self._heading("Usage limits and service by segment, from each month on")
        style = {"bold": True, "font_color": "#FFFFFF", "bg_color": HEADER}
        self.sheet.write_string(self.row, FIRST, "Segment", self.book.format(**style))
        for column in range(FIRST + 1, LAST + 1):
            self.sheet.write_blank(self.row, column, None, self.book.format(**style))
        for k, t in enumerate(grid.starts):
            label = self.dataset.label(t)
            self.sheet.write_string(self.row, FIRST + 1 + k, label, self.book.format(align="center", **style))
        for line in grid.lines[:SEGMENTS]:
            self.row += 1
            self.sheet.set_row(self.row, 24)
            look = {"bottom": 1, "bottom_color": LINE}
            self.sheet.write_string(self.row, FIRST, line.segment, self.book.format(text_wrap=True, **look))
            for column in range(FIRST + 1 + len(line.cells), LAST + 1):
                self.sheet.write_blank(self.row, column, None, self.book.format(**look))
            for k, cell in enumerate(line.cells):
                fill, ink = TONES["bad"] if cell.short else ("#FFFFFF", "#1A1A1A")
                if cell.tight and not cell.short:
                    fill, ink = TONES["careful"]
                shown = self.book.format(
                    font_size=8, align="center", text_wrap=True, bg_color=fill, font_color=ink, **look
                )
                self.sheet.write_string(self.row, FIRST + 1 + k, cell.text, shown)
        self.row += 1
        if len(grid.lines) > SEGMENTS:
            self._note(f"and {len(grid.lines) - SEGMENTS} more segments, on the sheets Limits and Service")
        self._note(grid.note)
        self.row += 1

    def _lock_in(self, rows: int) -> None:
        owed = [row.owed_usd for row in self.figures.months]
        largest = max(owed, default=0.0)
        if not largest:
            self.sheet.write_string(
                self.row, CASH, "Nothing is owed beyond the month.", self.book.format(font_color=GREY)
            )
            self.row += 1
            return
        self._place(
            lock_in_chart(self.book.workbook, len(owed), self.currency, unit_of(largest)),
            "Still owed after each month, and months until the last commitment ends",
            CASH,
            LAST,
            20 * max(rows, 10),
        )
        self.row += max(rows, 10) + 1

    def _costs(self) -> None:
        costs = self.figures.costs_usd
        size, word = unit_of(max(abs(cost) for cost in costs.values()))
        self._heading("Net present cost")
        total = self.figures.plan.objective_usd
        shown = [category for category in CATEGORIES if costs[category]]
        rows = [(CATEGORY_WORDS[each], costs[each]) for each in shown]
        headers = ("Category", f"{self.currency}{word}")
        self._table(FIRST, headers, ("text", "money"), rows, total=("Total", total), size=size)

    def _cash_by_year(self) -> None:
        years = self.figures.cash_by_year
        size, word = unit_of(max((abs(sum(row.values())) for row in years.values()), default=0.0))
        self._heading(f"Cash paid by calendar year, {self.currency}{word}", at=CASH)
        groups = [each for each in (*CASH_GROUPS.values(), "other") if any(year[each] for year in years.values())]
        headers = ("Year", *(group.replace("_", " ").capitalize() for group in groups), "Total")
        rows = [(year, *(row[group] for group in groups), sum(row.values())) for year, row in years.items()]
        sums = [sum(year[group] for year in years.values()) for group in groups]
        sums.append(sum(sums))
        kinds = ("year", *["money"] * (len(headers) - 1))
        self._table(CASH, headers, kinds, rows, total=("Total", *sums), size=size)
