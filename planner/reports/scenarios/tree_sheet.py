"""The sheet `Decision tree`: a picture of where scenarios part, and below it what is decided at each stage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models.kinds import LIMIT
from planner.excel.book import FONT, GREY, HEAD, LINE, Book, number_format
from planner.excel.money_unit import money_unit
from planner.reports.scenarios.charts import branch_labels, branch_points, leaf_label, serial, tree_chart
from planner.reports.scenarios.text import cannot_words, case_words, factor_words
from planner.results.decision_tree import Node
from planner.results.decisions import is_kept
from planner.results.scenario_decisions import SharedDecision
from planner.results.scenario_set import ScenarioSetResult

SHEET, PURPOSE = "Decision tree", "what to decide when, in which scenarios"
HEADS = (
    ("Case, decision", 46, "text"),
    ("By", 10, "month"),
    ("Units", 8, "whole"),
    ("Term, months", 9, "whole"),
    ("MW, expected", 11, "amount"),
    ("Service from", 11, "month"),
    ("Until", 10, "month"),
    ("Probability", 11, "share"),
    ("Mean present cost, {money}", 17, "money"),
    ("Remarks", 44, "text"),
)
BANDS = ("#C6D6E8", "#DCE7F2", "#EDF3F9")
"""Fill of a case's line by its depth; the deeper, the lighter."""
CHART_TOP, ROW_PIXELS = 3, 20
POINTS = len(HEADS) + 2
"""Column from which on stands what the chart is drawn from, beside what is printed."""
DEEPEST = 7
"""Outline levels that a sheet knows."""
PICTURED = 24
"""The most scenarios that the chart shows; the most probable where there are more."""
HOW_TO_READ = (
    "A band is a case: scenarios that cannot be distinguished in its months. Below it are their common decisions; "
    "indented cases follow from it."
)


def draw_tree(book: Book, plans: ScenarioSetResult) -> None:
    """Draws the sheet."""
    sheet = book.titled_sheet(SHEET, "Decision tree", HOW_TO_READ)
    for column, (_, width, _) in enumerate(HEADS):
        sheet.set_column(column, column, width)
    row = _picture(book, sheet, plans)
    last = _outline(book, sheet, plans, row)
    sheet.print_area(0, 0, last, len(HEADS) - 1)
    sheet.outline_settings(True, False, False, False)


def _picture(book: Book, sheet: Any, plans: ScenarioSetResult) -> int:
    """The chart, and beside the printed part the points it is drawn from; the row below it."""
    points = branch_points(plans.decision_tree, plans.dataset)
    costs, chances = plans.solution.costs, plans.solution.probability
    shown = set(sorted(points, key=lambda name: -chances[name])[:PICTURED])
    grey = book.format(font_color=GREY, font_size=8)
    day = book.format(font_color=GREY, font_size=8, num_format="yyyy-mm")
    sheet.write_string(CHART_TOP - 1, POINTS, "What the chart is drawn from: month and height of each line", grey)
    drawn = {name: line for name, line in points.items() if name in shown}

    def write(position: int, name: str, line: Sequence[tuple[int, float]]) -> tuple[int, int, int]:
        column = POINTS + 2 * position
        sheet.write_string(CHART_TOP, column, name, grey)
        for k, (t, height) in enumerate(line, start=CHART_TOP + 1):
            sheet.write_number(k, column, serial(plans.dataset, t), day)
            sheet.write_number(k, column + 1, height, grey)
        return column, CHART_TOP + 1, CHART_TOP + len(line)

    where = {name: write(position, name, line) for position, (name, line) in enumerate(drawn.items())}
    shares = branch_labels(plans.decision_tree, drawn)
    branches = write(len(drawn), "probability of branches", [point for point, _ in shares])
    currency = plans.dataset.settings.currency
    labels = {name: leaf_label(name, chances[name], costs[name], currency) for name in where}
    told = branches, [share for _, share in shares]
    chart = tree_chart(book.workbook, SHEET, where, plans.dataset, labels, told)
    rows = max(13, 3 + round(2.4 * len(where)))
    chart.set_size({"width": 1150, "height": rows * ROW_PIXELS})
    words = "Decision tree: one line per scenario, branching where it can be distinguished, with its cost at the end"
    sheet.insert_chart(CHART_TOP, 0, chart, {"x_offset": 4, "y_offset": 4, "description": words, "object_position": 2})
    return CHART_TOP + rows + 1


def _outline(book: Book, sheet: Any, plans: ScenarioSetResult, row: int) -> int:
    """Cases with their decisions, children below their parents; the row after the last."""
    names, root = [each.name for each in plans.scenarios], plans.decision_tree
    decided = [(depth, node, each) for depth, node in root.walk() for each in node.decisions]
    costs = [abs(each.cost_usd or 0.0) for _, _, each in decided]
    unit = money_unit(costs)
    mw_format = number_format("amount", [each.mw or 0.0 for _, _, each in decided])
    formats = {
        "money": unit.number_format(costs),
        "amount": mw_format,
        "whole": "#,##0",
        "month": "@",
        "share": "0.#%",
        "text": "@",
    }
    for column, (words, _, kind) in enumerate(HEADS):
        place = {"align": "left", "indent": 1} if kind == "text" else {"align": "center", "text_wrap": True}
        look = book.format(**HEAD, **place)
        sheet.write_string(row, column, words.format(money=plans.dataset.settings.currency + unit.word), look)
    sheet.set_row(row, 30)
    sheet.repeat_rows(row)
    drawing = _Outline(book, sheet, plans, names, formats)
    drawing.row = row + 1
    for depth, node in root.walk():
        drawing.case(node, depth)
        for each in node.decisions:
            drawing.decision(each, depth)
        if not node.decisions:
            drawing.nothing(depth, "nothing new to decide" if node.last >= node.first else "")
    return drawing.row


class _Outline:
    """Writes the outline line by line; `row` is the next free row."""

    def __init__(
        self, book: Book, sheet: Any, plans: ScenarioSetResult, names: list[str], formats: dict[str, str]
    ) -> None:
        self.book, self.sheet, self.plans, self.names, self.formats = book, sheet, plans, names, formats
        self.row = 0

    def case(self, node: Node, depth: int) -> None:
        """A band with the scenarios of a node, its months, probability and expected cost."""
        dataset, best = self.plans.dataset, self.plans.solution
        look = {"bold": True, "bg_color": BANDS[min(depth, len(BANDS) - 1)], "font_name": FONT}
        chances, costs = best.probability, best.costs
        cost = sum(chances[name] * costs[name] for name in node.scenarios)
        cost = cost / node.probability if node.probability else max(costs[name] for name in node.scenarios)
        span = f"{dataset.label(node.first)} to {dataset.label(node.last)}" if node.last >= node.first else ""
        alone = len(node.scenarios) == 1
        remark = factor_words(dataset, node.scenarios[0]) if alone else ""
        values: list[Any] = [None] * len(HEADS)
        values[0] = f"{case_words(node, self.names)}{': ' + span if span else ''}"
        values[7], values[8], values[9] = node.probability, cost, remark
        self._line(values, depth, look, indent=2 * depth + 1)

    def decision(self, each: SharedDecision, depth: int) -> None:
        """A decision; remarks name later starts of service, and the scenarios that cannot take it."""
        dataset, what = self.plans.dataset, each.what
        do = f"{what.do} {what.name}" + (f": {what.limit}" if what.limit else "")
        remarks = []
        if len(each.starts) > 1:
            remarks.append(f"in service by {dataset.label(each.starts[-1])} at the latest")
        if each.cannot:
            remarks.append(cannot_words(each).removeprefix(", "))
        begins = None if not each.starts or what.cost_usd is None else dataset.label(each.starts[0])
        ends = max((part.end for part in each.by.values() if part.end is not None), default=None)
        kept = is_kept(what.term_months)
        values = [
            do,
            dataset.label(what.month),
            None if what.kind == LIMIT else what.units,
            None if kept else what.term_months,
            each.mw,
            begins,
            None if ends is None or kept else dataset.label(ends),
            each.probability if each.cannot else None,
            each.cost_usd,
            "; ".join(remarks),
        ]
        self._line(values, depth + 1, {}, indent=2 * depth + 3)

    def nothing(self, depth: int, words: str) -> None:
        if words:
            self._line([words, *[None] * (len(HEADS) - 1)], depth + 1, {"font_color": GREY}, indent=2 * depth + 3)

    def _line(self, values: list[Any], level: int, look: dict[str, Any], indent: int) -> None:
        line = {"bottom": 1, "bottom_color": LINE}
        for column, ((_, _, kind), value) in enumerate(zip(HEADS, values, strict=True)):
            place: dict[str, Any] = {"align": "right", "indent": 1, "num_format": self.formats[kind]}
            if kind == "text":
                place = {"align": "left", "indent": min(indent, 15) if column == 0 else 1, "text_wrap": True}
            elif kind == "month":
                place = {"align": "center"}
            style = self.book.format(**place, **line, **look)
            if value is None or value == "":
                self.sheet.write_blank(self.row, column, None, style)
            elif isinstance(value, str):
                self.sheet.write_string(self.row, column, value, style)
            else:
                self.sheet.write_number(self.row, column, value, style)
        letters = 1.0 if look.get("bold") else 1.2
        rows = max(
            -(-len(str(values[column] or "")) // int(letters * HEADS[column][1] - (indent if column == 0 else 1)))
            for column in (0, len(HEADS) - 1)
        )
        options = {"level": min(level, DEEPEST)} if level else {}
        self.sheet.set_row(self.row, 13.0 * max(1, rows) + 3.0, None, options)
        self.row += 1
