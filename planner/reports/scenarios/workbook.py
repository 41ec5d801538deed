"""The workbook of the plans for all scenarios: a page, the decision tree, the scenarios and their risk, tidy tables."""

from __future__ import annotations

from models.dataset import Dataset
from models.stochastic.solution import StochasticSolution
from planner.excel.book import Book, draw_table, drawn
from planner.reports.run_result import RunResult
from planner.reports.scenarios.decision_tree import decision_tree
from planner.reports.scenarios.figures import Figures
from planner.reports.scenarios.overview_sheet import FirstSheet
from planner.reports.scenarios.rows import all_tables
from planner.reports.scenarios.tree_sheet import draw_tree

SHEET_ROWS = 1_048_575
"""Rows a sheet has below its header."""


class TooLong(Exception):
    """More rows than a sheet has; the message is a clause that names the sheet."""


def workbook_for_all(dataset: Dataset, best: StochasticSolution, report: RunResult) -> bytes:
    """The bytes of an .xlsx file; `dataset` is the whole, of no scenario.

    Raises
    ------
    TooLong
        A table has more rows than a sheet.
    """
    figures, root = Figures.of(dataset, best), decision_tree(dataset, best)
    filled = all_tables(figures, report)
    longest = max(filled, key=lambda each: len(each.rows))
    if len(longest.rows) > SHEET_ROWS:
        raise TooLong(f"the sheet {longest.table.sheet} would need {len(longest.rows):,} rows, more than a sheet has")

    def draw(book: Book) -> None:
        FirstSheet(book, report, figures, root).draw(filled)
        draw_tree(book, figures, root)
        for each in filled:
            draw_table(book, each)

    return drawn(report.plan_name or dataset.settings.plan_name, dataset, draw)
