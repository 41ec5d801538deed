"""The first sheet of a plan for scenarios: what to do now, what it may come to, what to do later in which case."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from planner.excel.book import GREY, HEADER, LINE, Book
from planner.excel.plan_page import FIRST, HALVES, LAST, WIDTHS, Page, unit_of
from planner.reports.plan.text import CATEGORY_WORDS
from planner.reports.run_result import RunResult
from planner.reports.scenarios.charts import cost_chart, demand_chart, power_chart, shortfall_chart
from planner.reports.scenarios.text import banner, cannot_words, case_words, decided_words, notes, tiles
from planner.reports.scenarios.tree_sheet import PURPOSE, SHEET
from planner.results.decision_tree import Node
from planner.results.scenario_decisions import SharedDecision
from planner.results.scenario_set import ScenarioSetResult
from planner.results.tables import Filled

LISTED, CASES = 14, 14
"""Decisions and cases shown here; the sheet Decision tree has all of them."""
HEIGHT, CHART_ROWS = 270, 14
CASE_COLUMNS = (("In which case", FIRST, FIRST), ("From", FIRST + 1, FIRST + 1), ("Probability", FIRST + 2, FIRST + 2))
SCENARIO_COLUMN = 4
"""Column that the table of scenarios starts in."""
WORDS = FIRST + 3
"""Column that what to do later starts in."""
COLUMNS = (
    ("Offer or segment", "text"),
    ("Do", "text"),
    ("By", "month"),
    ("Provider", "text"),
    ("Region", "text"),
    ("Term, months", "whole"),
    ("Units", "whole"),
    ("MW, expected", "amount"),
    ("Service from", "month"),
    ("At the latest", "month"),
    ("Probability", "share"),
    ("Mean present cost, {money}", "money"),
)


class ScenarioOverview(Page):
    """Draws the sheet from top to bottom."""

    def __init__(self, book: Book, result: RunResult, plans: ScenarioSetResult) -> None:
        super().__init__(book, plans.dataset)
        self.result, self.plans = result, plans

    def draw(self, filled: Sequence[Filled]) -> None:
        """Everything on the sheet; `filled` are the sheets that the contents lead to."""
        result, plans = self.result, self.plans
        self._title(result.title, banner(result, plans), f" · {len(plans.scenarios)} scenarios")
        self._tiles(tiles(result, plans))
        for words in notes(result, plans):
            self._note(words)
        self.row += 1
        self._decide_now()
        self._pictures()
        self._later()
        self._costs()
        self._contents([(SHEET, PURPOSE), *((each.table.sheet, each.table.purpose) for each in filled)])
        self.sheet.print_area(0, 0, self.row, LAST)

    def _decide_now(self) -> None:
        first = self.dataset.settings.first_stage_months
        until = f", before {self.dataset.label(first)}" if first in self.dataset.horizon else ""
        self._heading(f"Decide now: the same in every scenario{until}")
        if not self.plans.decisions_now:
            self._note("Nothing: the scenarios differ from the first month on." if not first else "Nothing new.")
            self.row += 1
            return
        rows = [self._decision(each) for each in self.plans.decisions_now[:LISTED]]
        size, word = unit_of(max(abs(row[-1] or 0.0) for row in rows))
        headers = [header.format(money=self.currency + word) for header, _ in COLUMNS]
        self._table(FIRST, headers, [kind for _, kind in COLUMNS], rows, size=size)
        for each in self.plans.decisions_now[:LISTED]:
            if each.cannot:
                self._note(f"{each.what.name}: {each.what.do}{cannot_words(each)}.")
        if len(self.plans.decisions_now) > LISTED:
            self._note(f"and {len(self.plans.decisions_now) - LISTED} more; {SHEET} has all of them")
        self.row += 1

    def _decision(self, each: SharedDecision) -> tuple[Any, ...]:
        what, starts = each.what, each.starts
        do = f"{what.do}: {what.limit}" if what.limit else what.do
        begins = starts[0] if starts and what.cost_usd is not None else None
        latest = starts[-1] if begins is not None and len(starts) > 1 else None
        units = None if what.kind == "limit" else what.units
        share = each.probability
        facts = (what.name, do, what.month, what.provider, what.region, what.term_months, units, each.mw)
        return (*facts, begins, latest, share, each.cost_usd)

    def _pictures(self) -> None:
        count, horizon = len(self.plans.scenarios), len(self.dataset.horizon)
        largest = max(abs(cost) for cost in self.plans.solution.costs.values())
        workbook = self.book.workbook
        chart = cost_chart(workbook, count, self.currency, largest)
        self._place(chart, "Net present cost by scenario, and expected", *HALVES[0], HEIGHT)
        self._place(shortfall_chart(workbook, count), "Share of tokens falling short by scenario", *HALVES[1], HEIGHT)
        self.row += CHART_ROWS
        self._place(demand_chart(workbook, horizon), "Demand over the scenarios by month", *HALVES[0], HEIGHT)
        if any(row.committed_mw for each in self.plans.scenarios for row in each.figures.months):
            chart = power_chart(workbook, horizon)
            self._place(chart, "Committed power over the scenarios by month", *HALVES[1], HEIGHT)
        else:
            words = "Nothing is committed in any scenario."
            self.sheet.write_string(self.row, HALVES[1][0], words, self.book.format(font_color=GREY))
        self.row += CHART_ROWS + 1

    def _later(self) -> None:
        """What each node after the first decides, in words that run over the columns beside each other."""
        cases = [node for _, node in self.plans.decision_tree.walk() if node is not self.plans.decision_tree]
        later = [each for each in self.plans.decision_tree.decisions if each not in self.plans.decisions_now]
        if not cases and not later:
            return
        self._heading("Decide later, depending on the scenario")
        head = {"bold": True, "font_color": "#FFFFFF", "bg_color": HEADER}
        for column in range(FIRST, LAST + 1):
            self.sheet.write_blank(self.row, column, None, self.book.format(**head))
        for words, column, _ in CASE_COLUMNS:
            place = {"align": "left"} if column == FIRST else {"align": "center"}
            self.sheet.write_string(self.row, column, words, self.book.format(**head, **place))
        self.sheet.write_string(self.row, WORDS, "What to do", self.book.format(**head))
        self.row += 1
        names = [each.name for each in self.plans.scenarios]
        for node in cases[:CASES]:
            self._case(node, case_words(node, names))
        if len(cases) > CASES:
            self._note(f"and {len(cases) - CASES} more cases; {SHEET} has all of them")
        self.row += 1

    def _case(self, node: Node, case: str) -> None:
        line = {"bottom": 1, "bottom_color": LINE, "valign": "top"}
        done = decided_words(node.decisions, self.dataset)
        words = done or "nothing new to decide"
        self.sheet.write_string(self.row, FIRST, case, self.book.format(text_wrap=True, bold=True, **line))
        self.sheet.write_string(
            self.row, FIRST + 1, self.dataset.label(node.first), self.book.format(align="center", **line)
        )
        share = self.book.format(align="center", num_format="0.#%" if node.probability < 0.01 else "0%", **line)
        self.sheet.write_number(self.row, FIRST + 2, node.probability, share)
        ink = {} if done else {"font_color": GREY}
        look = self.book.format(text_wrap=True, font_size=9, **ink, **line)
        self.sheet.merge_range(self.row, WORDS, self.row, LAST, "", look)
        self.sheet.write_string(self.row, WORDS, words[:2000], look)
        room = sum(WIDTHS[WORDS : LAST + 1]) * 1.3
        lines = max(-(-len(words[:2000]) // int(room)), -(-len(case) // int(WIDTHS[FIRST] * 0.9)))
        self.sheet.set_row(self.row, min(12.5 * lines + 5.0, 400.0))
        self.row += 1

    def _costs(self) -> None:
        """The expected cost by category, beside the cost by scenario."""
        plans, best = self.plans, self.plans.solution
        top = self.row
        costs = {category: usd for category, usd in plans.expected_costs_usd.items() if usd}
        size, word = unit_of(max(map(abs, costs.values()), default=0.0))
        self._heading("Expected net present cost")
        rows = [(CATEGORY_WORDS[category], usd) for category, usd in costs.items()]
        headers = ("Category", f"{self.currency}{word}")
        self._table(FIRST, headers, ("text", "money"), rows, total=("Total", best.expected_usd), size=size)
        left, self.row = self.row, top
        shown = sorted(plans.scenarios, key=lambda each: -each.probability)[:CASES]
        size, word = unit_of(max(abs(each.cost_usd) for each in shown))
        more = f", the {len(shown)} most probable" if len(shown) < len(plans.scenarios) else ""
        self._heading(f"Scenarios{more}", at=SCENARIO_COLUMN)
        unit = f"{self.currency}{word}"
        columns = ("Scenario", "", "Probability", f"Cost, {unit}", f"If certain, {unit}", f"Regret, {unit}", "Short")
        kinds = ("spill", "text", "share", "money", "money", "money", "share")
        lines = [
            (
                each.name,
                "",
                each.probability,
                each.cost_usd,
                each.wait_and_see_usd,
                each.regret_usd,
                each.shortfall_share,
            )
            for each in shown
        ]
        self._table(SCENARIO_COLUMN, columns, kinds, lines, size=size)
        self.row = max(left, self.row) + 1
