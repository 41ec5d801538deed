"""The workbook of the plans for all scenarios: a page, the decision tree, the scenarios and their risk, tidy tables."""

from __future__ import annotations

from planner.excel.book import Book, workbook_bytes
from planner.reports.run_result import RunResult
from planner.reports.scenarios.overview_sheet import ScenarioOverview
from planner.reports.scenarios.rows import all_tables
from planner.reports.scenarios.tree_sheet import draw_tree
from planner.results.tables import Filled


def scenario_set_tables(result: RunResult) -> list[Filled]:
    """The tidy tables of the plans of a result, a sheet each."""
    return all_tables(result, result.plan_set)


def scenario_set_workbook(result: RunResult) -> bytes:
    """The bytes of an .xlsx file with the plans of all scenarios.

    Raises
    ------
    TooManyRows
        A table has more rows than a sheet.
    """
    plans, filled = result.plan_set, scenario_set_tables(result)

    def draw(book: Book) -> None:
        ScenarioOverview(book, result, plans).draw(filled)
        draw_tree(book, plans)

    return workbook_bytes(result.plan_name, plans.dataset, draw, filled)
