"""The first sheet, `Plan`: the plan on one page, answer first, evidence next, the way to the rest last."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from models.dataset import Dataset
from models.plan import CATEGORIES, Plan
from planner.report import RunReport
from planner.write_charts import lock_in_chart, provider_chart, tokens_chart
from planner.write_decisions import Action
from planner.write_months import by_month
from planner.write_rows import Filled
from planner.write_segments import segment_grid
from planner.write_sheets import BAND, BLUE, GREY, HEADER, LINE, TONES, Book, number_format, write_value
from planner.write_timeline import PURPOSE, SHEET
from planner.write_views import CASH_GROUPS, cash_by_provider, cash_by_year
from planner.write_words import CATEGORY_WORDS, Tile, banner, saving_words, tiles

LISTED = 12
"""Actions shown here; the sheet Decisions has all of them."""
WIDTHS = (1.5, 26, 12, 10.5, 15, 13, 10.5, 11, 12.5, 10.5, 10.5, 10.5, 13)
FIRST, LAST = 1, len(WIDTHS) - 1
CASH = 4
"""Column that the table of cash by year starts in."""
HALVES = ((1, 5), (6, 12))
"""Columns that two charts side by side take."""
PERIODS = LAST - FIRST
"""Stretches of the horizon that limits and service are shown in."""
SEGMENTS = 10
"""Segments shown here."""
TILE_SPANS = ((1, 1), (2, 3), (4, 5), (6, 8), (9, 10), (11, 12))
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


class FirstSheet:
    """Draws the sheet from top to bottom; `row` is the next free row."""

    def __init__(self, book: Book, report: RunReport, dataset: Dataset, plan: Plan) -> None:
        self.book, self.report, self.dataset, self.plan = book, report, dataset, plan
        self.currency = dataset.settings.currency
        self.months = by_month(dataset, plan)
        self.sheet = book.sheet("Plan", portrait=True)
        self.sheet.hide_gridlines(2)
        self.sheet.fit_to_pages(1, 1)
        self.sheet.center_horizontally()
        for column, width in enumerate(WIDTHS):
            self.sheet.set_column(column, column, width)
        self.row = 0

    def draw(self, calendar: list[Action], filled: Sequence[Filled]) -> None:
        """Everything on the sheet; `filled` are the sheets that the contents lead to."""
        self._title(calendar)
        self._tiles(tiles(self.report, self.dataset, self.plan))
        self._note(saving_words(self.report, self.dataset, self.plan))
        self.row += 1
        self._actions(calendar)
        self._charts()
        self._segments()
        top = self.row
        self._costs()
        left, self.row = self.row, top
        self._cash_by_year()
        self.row += 1
        self._lock_in(max(left, self.row + 12) - self.row)
        self.row = max(left, self.row) + 1
        self._contents(filled)
        self.sheet.print_area(0, 0, self.row, LAST)

    def _title(self, calendar: list[Action]) -> None:
        settings, dataset = self.dataset.settings, self.dataset
        name = self.report.plan_name or settings.plan_name or "Capacity plan"
        self.sheet.write_string(0, FIRST, name, self.book.format(bold=True, font_size=18, font_color=HEADER))
        self.sheet.set_row(0, 28)
        last = dataset.label(len(dataset.horizon) - 1)
        line = f"{dataset.label(0)} to {last}, {settings.months} months · money in {self.currency} · bn = billion"
        self.sheet.write_string(1, FIRST, line, self.book.format(font_color=GREY))
        said = banner(self.report, calendar, dataset)
        fill, ink = TONES[said.tone]
        style = self.book.format(bold=True, bg_color=fill, font_color=ink, text_wrap=True, indent=1, font_size=11)
        self.sheet.merge_range(3, FIRST, 3, LAST, "", style)
        self.sheet.write_string(3, FIRST, said.text, style)
        self.sheet.set_row(3, 24 if len(said.text) < 150 else 40)
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

    def _actions(self, calendar: list[Action]) -> None:
        self._heading("What to sign and when")
        if not calendar:
            self._note("Nothing new: what is already online and on demand does it.")
            return
        rows = [self._action(each) for each in calendar[:LISTED]]
        size, word = _unit(max(abs(row[-1] or 0.0) for row in rows))
        headers = [header.format(money=self.currency + word) for header, _ in ACTION_COLUMNS]
        self._table(FIRST, headers, [kind for _, kind in ACTION_COLUMNS], rows, size=size)
        if len(calendar) > LISTED:
            self._note(f"and {len(calendar) - LISTED} more, later; Decisions has all of them")
        self.row += 1

    def _action(self, each: Action) -> tuple[Any, ...]:
        what = each.decision
        cost = what.cost_usd if each.do not in ("renew", "give notice") else None
        until = what.end
        sizes = (what.units, what.accelerators, what.mw, what.start, until)
        return (what.name, each.do, each.by, what.provider, what.region, what.term_months, *sizes, cost)

    def _charts(self) -> None:
        count = len(self.dataset.horizon)
        paid = cash_by_provider(self.dataset, self.plan)
        largest = max((sum(abs(row[t]) for row in paid.values()) for t in self.dataset.horizon), default=0.0)
        chart = tokens_chart(self.book.workbook, self.months)
        self._place(chart, "Tokens a day served and idle by source, against demand", *HALVES[0], 290)
        if paid:
            chart = provider_chart(self.book.workbook, count, list(paid), self.currency, _unit(largest))
            self._place(chart, "Cash by month and provider", *HALVES[1], 290)
        else:
            self.sheet.write_string(self.row, HALVES[1][0], "Nothing is paid.", self.book.format(font_color=GREY))
        self.row += 15
        self._note("Idle, an estimate: what accelerators not at work could serve of the month's mix of demand.")
        self.row += 1

    def _place(self, chart: Any, words: str, first: int, last: int, height: int) -> None:
        width = sum(int(WIDTHS[column] * 7 + 5) for column in range(first, last + 1)) - 8
        chart.set_size({"width": width, "height": height})
        self.sheet.insert_chart(self.row, first, chart, {"x_offset": 2, "y_offset": 4, "description": words})

    def _segments(self) -> None:
        """Limits as a timeline and the share served, for every segment, over stretches of the horizon."""
        grid = segment_grid(self.dataset, self.plan, PERIODS)
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
                self.sheet.write_string(self.row, FIRST + 1 + k, cell.words, shown)
        self.row += 1
        if len(grid.lines) > SEGMENTS:
            self._note(f"and {len(grid.lines) - SEGMENTS} more segments; Limits and Service have all of them")
        self._note(grid.note)
        self.row += 1

    def _lock_in(self, rows: int) -> None:
        owed = [row.owed_usd for row in self.months]
        largest = max(owed, default=0.0)
        if not largest:
            self.sheet.write_string(
                self.row, CASH, "Nothing is owed beyond the month.", self.book.format(font_color=GREY)
            )
            self.row += 1
            return
        self._place(
            lock_in_chart(self.book.workbook, len(owed), self.currency, _unit(largest)),
            "Still owed after each month, and months until the last commitment ends",
            CASH,
            LAST,
            20 * max(rows, 10),
        )
        self.row += max(rows, 10) + 1

    def _costs(self) -> None:
        costs = self.plan.costs_usd()
        size, word = _unit(max(abs(cost) for cost in costs.values()))
        self._heading("Net present cost")
        total = self.plan.objective_usd
        shown = [category for category in CATEGORIES if costs[category]]
        rows = [(CATEGORY_WORDS[each], costs[each]) for each in shown]
        headers = ("Category", f"{self.currency}{word}")
        self._table(FIRST, headers, ("text", "money"), rows, total=("Total", total), size=size)

    def _cash_by_year(self) -> None:
        years = cash_by_year(self.dataset, self.plan)
        size, word = _unit(max((abs(sum(row.values())) for row in years.values()), default=0.0))
        self._heading(f"Cash paid by calendar year, {self.currency}{word}", at=CASH)
        groups = [each for each in (*CASH_GROUPS.values(), "other") if any(year[each] for year in years.values())]
        headers = ("Year", *(group.replace("_", " ").capitalize() for group in groups), "Total")
        rows = [(year, *(row[group] for group in groups), sum(row.values())) for year, row in years.items()]
        sums = [sum(year[group] for year in years.values()) for group in groups]
        sums.append(sum(sums))
        kinds = ("year", *["money"] * (len(headers) - 1))
        self._table(CASH, headers, kinds, rows, total=("Total", *sums), size=size)

    def _contents(self, filled: Sequence[Filled]) -> None:
        """Links to every sheet, in two columns."""
        self._heading("Contents")
        link = self.book.format(font_color=BLUE, underline=1, font_size=9)
        grey = self.book.format(font_color=GREY, font_size=8)
        listed = [(SHEET, PURPOSE), *((each.table.sheet, each.table.purpose) for each in filled)]
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
    shown = number_format(kind, figures)
    if kind == "money" and size > 1.0:
        commas = {1e9: ",,,", 1e6: ",,", 1e3: ","}[size]
        shown = f'#,##0.0{commas};-#,##0.0{commas};"–"'
    return {"align": "right", "indent": 1, "num_format": shown}


def _unit(largest: float) -> tuple[float, str]:
    """The unit that money of this size is shown in, and its word."""
    for size, word in ((1e10, (1e9, "\u00a0bn")), (1e7, (1e6, "\u00a0m")), (1e5, (1e3, "\u00a0k"))):
        if abs(largest) >= size:
            return word
    return 1.0, ""
