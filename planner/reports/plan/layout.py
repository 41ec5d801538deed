"""The layout of the first sheet of a plan, with scenarios and without."""

from __future__ import annotations

from calendar import month_name
from collections.abc import Callable, Sequence
from typing import Any

from planner.excel.book import GREY, Book
from planner.excel.first_sheet import Banner, FirstSheet
from planner.excel.money_unit import MoneyUnit, money_unit
from planner.reports.plan.money import QUARTERS, PeriodRow, PeriodTable, period_table
from planner.reports.plan.text import tried_words
from planner.reports.run_result import RunResult
from planner.results.tables import Filled

WIDTHS = (1.5, 26, 12, 10.5, 14, 13, 10.5, 12, 12.5, 10.5, 10.5, 10.5, 13)
"""Widths of the columns in characters; the first is a margin."""
FIRST, LAST = 1, len(WIDTHS) - 1
HALVES = ((1, 5), (6, 12))
"""Columns that two charts side by side take."""
CAPS_SHOWN = 8
"""Caps that may fail on samples told here; run.json has all of them."""
WARNINGS_SHOWN = 6
"""Warnings told here; the sheet Run has all of them."""
TILE_SPANS = ((1, 1), (2, 3), (4, 5), (6, 8), (9, 10), (11, 12))
CONTENTS = ((1, 2), (6, 8))
"""Columns of the names and purposes of sheets in the contents."""


class PlanPage:
    """The first sheet of a plan under way: `page` draws it, `currency` is that of its money."""

    def __init__(self, book: Book, result: RunResult, banner: Banner, more: str = "") -> None:
        self.book, self.result, self.currency = book, result, result.currency
        self.page = FirstSheet(book, "Plan", WIDTHS, margin=True, portrait=True)
        dataset = book.dataset
        span = f"{dataset.label(0)} to {dataset.label(dataset.settings.months - 1)}, {dataset.settings.months} months"
        self.page.title(result.title, f"{span}{more} · money in {self.currency} · bn = billion", banner)

    def parts(self, *draw: Callable[[], object]) -> None:
        """Draws parts below each other, each of which is printed on one page."""
        for each in draw:
            first = self.page.row
            each()
            self.page.together(first)

    def decisions(self, columns: Sequence[tuple[str, str]], rows: Sequence[tuple[Any, ...]]) -> None:
        """A table of decisions whose last column is money, in the unit that fits it."""
        unit = money_unit(row[-1] for row in rows)
        named = [(header.format(money=self.currency + unit.word), kind) for header, kind in columns]
        self.page.table(named, rows, unit=unit)

    def place(self, chart: Any, description: str, first: int, last: int, height: int) -> None:
        """Places a chart over columns `first` to `last`."""
        self.page.chart(chart, description, first, self.page.pixels(first, last) - 8, height)

    def nothing(self, text: str, at: int) -> None:
        """A sentence where a chart or a table would have nothing to show."""
        self.page.sheet.write_string(self.page.row, at, text, self.book.format(font_color=GREY))

    def bridge(self) -> None:
        """What changed from the plan begun from or kept to, in a sentence."""
        if self.result.bridge is not None:
            for words in self.result.bridge.words(self.currency):
                self.page.note(f"From the plan before to this one: {words}. The sheet Bridge has it with the bounds.")

    def tried(self) -> None:
        """What the plan came to on samples, beside what it expects itself."""
        tried = self.result.tried
        if tried is None:
            return
        unit = money_unit([tried.forecast_usd])
        self.page.heading("Tried on samples")
        self.page.note(tried_words(tried, self.currency))
        money = f"{{}}, {self.currency}{unit.word}".format
        costs = [("Net present cost", tried.forecast_usd, *(each.value for each in tried.cost_usd.values()))]
        levels = ("Plan's own forecast", *map(str.upper, tried.cost_usd))
        self.page.table([("", "text"), *((money(name), "money") for name in levels)], costs, unit=unit)
        self.page.row += 1
        failing = sorted(tried.caps.items(), key=lambda pair: -pair[1].value)
        rows = [("No plan keeps every rule", tried.no_plan), ("Demand falls short", tried.short)]
        rows += [(f"Cap {name} fails", each) for name, each in failing[:CAPS_SHOWN]]
        columns = (("With its decisions", "text"), ("Probability", "share"), ("95 %, from", "share"), ("to", "share"))
        self.page.table(columns, [(what, each.value, each.low, each.high) for what, each in rows if each is not None])
        if len(failing) > CAPS_SHOWN:
            self.page.note(f"and {len(failing) - CAPS_SHOWN} more caps, none of them likelier to fail, in run.json")
        self.page.row += 1

    def warnings(self) -> None:
        """What the plan was made with that a person has not yet accepted."""
        open_ones = self.result.open_warnings
        if not open_ones:
            return
        count = "a warning" if len(open_ones) == 1 else f"{len(open_ones)} warnings"
        self.page.heading(f"Made with {count}")
        for each in open_ones[:WARNINGS_SHOWN]:
            self.page.note(f"{each.text} [{each.name}]")
        more = len(open_ones) - WARNINGS_SHOWN
        rest = f"and {more} more, on the sheet Run; " if more > 0 else ""
        self.page.note(f"{rest}what is meant can be accepted by its short name in the setting accept_warnings")
        self.page.row += 1

    def money(self) -> None:
        """What is earned, paid and used by fiscal quarter or year, and what a million tokens cost."""
        table = period_table(self.result.plan_set)
        per = f"{'calendar' if self.book.dataset.settings.fiscal_year_start == 1 else 'fiscal'} {table.per}"
        self.parts(lambda: self._periods(table, per), lambda: self._unit_costs(table, per))

    def _periods(self, table: PeriodTable, per: str) -> None:
        amounts = [value for _, kind, values in table.rows if kind == "money" for value in values]
        unit, means = money_unit(amounts), "Expected money" if self.book.dataset.scenarios else "Money"
        begins = self.book.dataset.settings.fiscal_year_start
        self.page.heading(f"{means}, use and power by {per}, {self.currency}{unit.word}")
        plain = [row for row in table.rows if row[1] != "price"]
        self._by_period("As paid, undiscounted", table, plain, unit)
        if begins != 1:
            self.page.note(f"Fiscal years begin in {month_name[begins]} and are named by the year they end in.")
        self.page.row += 1

    def _unit_costs(self, table: PeriodTable, per: str) -> None:
        self.page.heading(f"What a million tokens cost by {per}, {self.currency}")
        self._by_period("By source, segment and run", table, [row for row in table.rows if row[1] == "price"])
        self.page.note(
            "Cash of computing over tokens, without the part of sources that is leased out. Segments and runs have, of "
            "each source, the part of its energy that serves them; network, own sites, commitments and idle sources "
            "are shared as all energy at work is."
        )
        self.page.row += 1

    def _by_period(
        self, what: str, table: PeriodTable, rows: Sequence[PeriodRow], unit: MoneyUnit | None = None
    ) -> None:
        """Rows by period, as many periods below each other as the page has columns for, in total at the end."""
        periods = len(table.headers) - 1
        for begin in range(0, periods, QUARTERS):
            end = begin + QUARTERS if begin + QUARTERS < periods else periods + 1
            part = [(name, kind, values[begin:end]) for name, kind, values in rows]
            self.page.by_row([what, *table.headers[begin:end]], part, unit=unit)

    def finish(self, sheets: Sequence[tuple[str, str]], filled: Sequence[Filled]) -> None:
        """The contents, and how it is printed."""
        listed = [*sheets, *((each.table.sheet, each.table.purpose) for each in filled)]
        self.parts(lambda: self.page.contents(listed, CONTENTS))
        self.page.set_pages()
