"""The first sheet of a plan for scenarios: what to do now, what it may come to, what to do later in which case."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models.estimate import Estimate
from models.kinds import LIMIT
from planner.excel.book import GREY, LINE, Book
from planner.excel.money_unit import MoneyUnit, money_unit
from planner.formatting import range_words
from planner.reports.plan.layout import FIRST, HALVES, LAST, TILE_SPANS, WIDTHS, PlanPage
from planner.reports.plan.money import money_tiles
from planner.reports.plan.text import category_words
from planner.reports.run_result import RunResult
from planner.reports.scenarios.charts import cost_chart, demand_chart, power_chart, shortfall_chart
from planner.reports.scenarios.text import banner, cannot_words, case_words, decided_words, notes, tiles
from planner.reports.scenarios.tree_sheet import PURPOSE, SHEET, draw_tree
from planner.results.decision_tree import Node
from planner.results.decisions import is_kept
from planner.results.scenario_decisions import SharedDecision
from planner.results.scenario_set import ScenarioResult, ScenarioSetResult
from planner.results.tables import Filled

LISTED, CASES = 14, 14
"""Decisions and cases shown here; the sheet Decision tree has all of them."""
HEIGHT, CHART_ROWS = 270, 14
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
    ("At latest", "month"),
    ("Probability", "share"),
    ("Mean present cost, {money}", "money"),
)


class ScenarioOverview(PlanPage):
    """Draws the sheet from top to bottom."""

    def __init__(self, book: Book, result: RunResult, plans: ScenarioSetResult) -> None:
        super().__init__(book, result, banner(result, plans), f" · {len(plans.scenarios)} scenarios")
        self.plans, self.dataset = plans, plans.dataset

    def draw(self, filled: Sequence[Filled]) -> None:
        """Everything on the sheet; `filled` are the sheets that the contents lead to."""
        self.page.tiles(tiles(self.result, self.plans), TILE_SPANS)
        self.page.tiles(money_tiles(self.result), TILE_SPANS)
        for words in notes(self.result, self.plans):
            self.page.note(words)
        self.bridge()
        self.page.row += 1
        self.parts(self.tried, self.warnings, self._decide_now, self._pictures)
        self._later()
        self.parts(self._costs)
        self.money()
        self.finish([(SHEET, PURPOSE)], filled)

    def _decide_now(self) -> None:
        page, now = self.page, self.plans.decisions_now
        first = self.dataset.settings.first_stage_months
        until = f", before {self.dataset.label(first)}" if first in self.dataset.horizon else ""
        page.heading(f"Decide now: the same in every scenario{until}")
        if not now:
            page.note("Nothing: the scenarios differ from the first month on." if not first else "Nothing new.")
            page.row += 1
            return
        self.decisions(COLUMNS, [self._decision(each) for each in now[:LISTED]])
        for each in now[:LISTED]:
            if each.cannot:
                page.note(f"{each.what.name}: {each.what.do}{cannot_words(each)}.")
        if len(now) > LISTED:
            page.note(f"and {len(now) - LISTED} more; the sheet {SHEET} has all of them")
        page.row += 1

    def _decision(self, each: SharedDecision) -> tuple[Any, ...]:
        what, starts = each.what, each.starts
        do = f"{what.do}: {what.limit}" if what.limit else what.do
        begins = starts[0] if starts and what.cost_usd is not None else None
        latest = starts[-1] if begins is not None and len(starts) > 1 else None
        units = None if what.kind == LIMIT else what.units
        share = each.probability
        term = None if is_kept(what.term_months) else what.term_months
        facts = (what.name, do, what.month, what.provider, what.region, term, units, each.mw)
        return (*facts, begins, latest, share, each.cost_usd)

    def _pictures(self) -> None:
        plans, workbook = self.plans, self.book.workbook
        count, horizon = len(plans.scenarios), len(self.dataset.horizon)
        chart = cost_chart(workbook, count, self.currency, max(abs(each.cost_usd) for each in plans.scenarios))
        self.place(chart, "Net present cost by scenario, and expected", *HALVES[0], HEIGHT)
        if plans.shortfall_probability:
            short = "Share of tokens falling short by scenario"
            most_short = max(each.shortfall_share for each in plans.scenarios)
            self.place(shortfall_chart(workbook, count, most_short), short, *HALVES[1], HEIGHT)
        else:
            self.nothing("No tokens fall short in any scenario.", HALVES[1][0])
        self.page.row += CHART_ROWS
        self.place(demand_chart(workbook, horizon), "Demand over the scenarios by month", *HALVES[0], HEIGHT)
        most = max((row.committed_mw for each in plans.scenarios for row in each.figures.months), default=0.0)
        if most:
            description = "Committed power over the scenarios by month"
            self.place(power_chart(workbook, horizon, most), description, *HALVES[1], HEIGHT)
        else:
            self.nothing("Nothing is committed in any scenario.", HALVES[1][0])
        self.page.row += CHART_ROWS + 1

    def _later(self) -> None:
        """What each node after the first decides, in words that run over the columns beside each other."""
        root = self.plans.decision_tree
        cases = [node for _, node in root.walk() if node is not root]
        later = [each for each in root.decisions if each not in self.plans.decisions_now]
        if not cases and not later:
            return
        first = self.page.row
        self.page.heading("Decide later, depending on the scenario")
        headers, kinds = ("In which case", "From", "Probability", "What to do"), ("text", "month", "month", "text")
        self.page.head(headers, kinds, last=LAST)
        names = [each.name for each in self.plans.scenarios]
        for node in cases[:CASES]:
            self._case(node, case_words(node, names))
            self.page.together(first)
            first = self.page.row
        if len(cases) > CASES:
            self.page.note(f"and {len(cases) - CASES} more cases; the sheet {SHEET} has all of them")
        self.page.row += 1

    def _case(self, node: Node, case: str) -> None:
        sheet, row, form = self.page.sheet, self.page.row, self.book.format
        line = {"bottom": 1, "bottom_color": LINE, "valign": "top"}
        done = decided_words(node.decisions, self.dataset)
        words = (done or "nothing new to decide")[:2000]
        sheet.write_string(row, FIRST, case, form(text_wrap=True, bold=True, align="left", indent=1, **line))
        sheet.write_string(row, FIRST + 1, self.dataset.label(node.first), form(align="center", **line))
        share = form(align="center", num_format="0.#%" if node.probability < 0.01 else "0%", **line)
        sheet.write_number(row, FIRST + 2, node.probability, share)
        ink = {} if done else {"font_color": GREY}
        look = form(text_wrap=True, font_size=9, align="left", indent=1, **ink, **line)
        sheet.merge_range(row, WORDS, row, LAST, "", look)
        sheet.write_string(row, WORDS, words, look)
        room = sum(WIDTHS[WORDS : LAST + 1]) * 1.3
        lines = max(-(-len(words) // int(room)), -(-len(case) // int(WIDTHS[FIRST] * 0.9)))
        self.page.tall(row, min(12.5 * lines + 5.0, 400.0))
        self.page.row += 1

    def _costs(self) -> None:
        """The expected cost by category, beside the cost by scenario."""
        page, plans = self.page, self.plans
        top = page.row
        costs = {category: usd for category, usd in plans.expected_costs_usd.items() if usd}
        unit = money_unit(costs.values())
        page.heading("Expected net present cost")
        by_category = [(category_words(category, usd), usd) for category, usd in costs.items()]
        columns = (("Category", "text"), (f"{self.currency}{unit.word}", "money"))
        page.table(columns, by_category, total=("Total", plans.solution.expected_usd), unit=unit)
        left, page.row = page.row, top
        shown = sorted(plans.scenarios, key=lambda each: -each.probability)[:CASES]
        unit = money_unit(each.cost_usd for each in shown)
        more = f", the {len(shown)} most probable" if len(shown) < len(plans.scenarios) else ""
        page.heading(f"Scenarios{more}", at=SCENARIO_COLUMN)
        money = f"{self.currency}{unit.word}"
        scenario_columns = (
            ("Scenario", "spill"),
            ("", "text"),
            ("Probability", "share"),
            (f"Cost, {money}", "money"),
            (f"If certain, {money}", "money"),
            (f"Regret, {money}", "money"),
            ("Short", "share"),
        )
        rows = [
            (each.name, None, each.probability, each.cost_usd, *self._searched(each, unit), each.shortfall_share)
            for each in shown
        ]
        page.table(scenario_columns, rows, at=SCENARIO_COLUMN, unit=unit)
        page.row = max(left, page.row) + 1

    def _searched(self, each: ScenarioResult, unit: MoneyUnit) -> tuple[float | str, float | str]:
        """Cost if certain and regret: numbers where they are known, else what is proven of them, in the unit."""

        def shown(known: Estimate) -> float | str:
            value = self.result.value(known)
            return range_words(known, lambda usd: f"{usd / unit.size:z,.1f}") if value is None else value

        return shown(each.scenario.if_certain), shown(each.scenario.regret)


def draw_scenario_set(book: Book, result: RunResult, filled: Sequence[Filled]) -> None:
    """The sheets of the plans of a result that come before their tables."""
    ScenarioOverview(book, result, result.plan_set).draw(filled)
    draw_tree(book, result.plan_set)
