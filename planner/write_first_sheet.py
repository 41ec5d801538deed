"""The first sheet, `Plan`: the plan on one page, answer first, evidence next, the way to the rest last."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from models.dataset import Dataset
from models.plan import CATEGORIES, Plan
from planner.report import RunReport
from planner.write_charts import cash_chart, power_chart
from planner.write_decisions import Action
from planner.write_rows import Filled
from planner.write_sheets import BAND, BLUE, GREY, HEADER, LINE, Book, number_format, write_value
from planner.write_views import CASH_GROUPS, by_month, cash_by_year, limit_changes
from planner.write_words import CATEGORY_WORDS, Tile, banner, tiles

LISTED = 30
"""Actions and changes of limits shown here; their own sheets have all of them."""
WIDTHS = (1.5, 32, 13, 12, 19, 15, 10, 10, 13, 12, 12, 12, 17)
BESIDE_CHARTS = 12
"""With more actions than these, the page ends after them, not after the charts."""
PRINT_SCALE = 71
"""Per cent at which these widths fill a landscape A4 page."""
FIRST, LAST = 1, len(WIDTHS) - 1
CASH, CONTENTS = 4, 6
"""Columns that the table of cash by year and the contents start in."""
TILE_SPANS = ((1, 1), (2, 3), (4, 5), (6, 7), (8, 9), (10, 12))
TONES = {"good": ("#E3F2EC", "#0B5D43"), "careful": ("#FFF1D6", "#7A4B00"), "bad": ("#FDE2DC", "#9A3412")}
ACTION_COLUMNS = (
    ("Offer", "text"),
    ("Do", "text"),
    ("At the latest", "month"),
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
        self.sheet = book.sheet("Plan")
        self.sheet.hide_gridlines(2)
        self.sheet.set_print_scale(PRINT_SCALE)  # a sheet fitted to the page would ignore its page break
        for column, width in enumerate(WIDTHS):
            self.sheet.set_column(column, column, width)
        self.row = 0

    def draw(self, calendar: list[Action], filled: Sequence[Filled]) -> None:
        """Everything on the sheet; `filled` are the sheets that the contents lead to."""
        self._title(calendar)
        self._tiles(tiles(self.report, self.dataset, self.plan))
        self._actions(calendar)
        above = self.row
        self._charts()
        self.sheet.set_h_pagebreaks([above if len(calendar) > BESIDE_CHARTS else self.row])
        top = self.row
        self._costs()
        left, self.row = self.row, top
        self._cash_by_year()
        top = self.row = max(left, self.row) + 1
        self._limits()
        left, self.row = self.row, top
        self._contents(filled)
        self.row = max(left, self.row)
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
        largest = max((sum(row.values()) for row in cash_by_year(self.dataset, self.plan).values()), default=0.0)
        most_mw = max(max(row.committed_mw, row.at_work_mw) for row in by_month(self.dataset, self.plan))
        charts = (
            (power_chart(self.book.workbook, count, most_mw), 1, 4, "Committed power by month against power at work"),
            (cash_chart(self.book.workbook, count, self.currency, _unit(largest / 12)), 5, 12, "Cash by month"),
        )
        for chart, first, last, words in charts:
            width = sum(int(WIDTHS[column] * 7 + 5) for column in range(first, last + 1)) - 8
            chart.set_size({"width": width, "height": 300})
            self.sheet.insert_chart(self.row, first, chart, {"x_offset": 2, "y_offset": 4, "description": words})
        self.row += 17

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
        groups = (*CASH_GROUPS.values(), "other")
        headers = ("Year", *(group.replace("_", " ").capitalize() for group in groups), "Total")
        rows = [(year, *row.values(), sum(row.values())) for year, row in years.items()]
        sums = [sum(year[group] for year in years.values()) for group in groups]
        sums.append(sum(sums))
        kinds = ("year", *["money"] * (len(headers) - 1))
        self._table(CASH, headers, kinds, rows, total=("Total", *sums), size=size)

    def _limits(self) -> None:
        changes = limit_changes(self.plan)
        if not changes:
            return
        self._heading("Usage limits and prices: the first month's, and each change")
        rows = [(segment, month, limit) for month, segment, limit in changes[:LISTED]]
        self._table(FIRST, ("Segment", "From", "Limit"), ("text", "month", "spill"), rows)
        if len(changes) > LISTED:
            self._note(f"and {len(changes) - LISTED} more; Limits has every month")
        self.row += 1

    def _contents(self, filled: Sequence[Filled]) -> None:
        self._heading("Contents", at=CONTENTS)
        link = self.book.format(font_color=BLUE, underline=1)
        for each in filled:
            table = each.table
            self.sheet.write_url(self.row, CONTENTS, f"internal:'{table.sheet}'!A1", link, table.sheet)
            self.sheet.write_string(self.row, CONTENTS + 2, table.purpose, self.book.format(font_color=GREY))
            self.row += 1

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
            texts = (len(row[i]) * 1.15 / WIDTHS[at + i] for i, kind in enumerate(kinds) if kind == "text")
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
