"""The workbook of the plans for all scenarios: a page, the decision tree, the scenarios and their risk, tidy tables."""

from __future__ import annotations

from collections.abc import Sequence

from planner.excel.book import Book
from planner.reports.run_result import RunResult
from planner.reports.scenarios.overview_sheet import ScenarioOverview
from planner.reports.scenarios.rows import all_tables
from planner.reports.scenarios.tree_sheet import draw_tree
from planner.results.tables import Filled


def scenario_set_tables(result: RunResult) -> list[Filled]:
    """The tidy tables of the plans of a result, a sheet each."""
    return all_tables(result, result.plan_set)


def draw_scenario_set(book: Book, result: RunResult, filled: Sequence[Filled]) -> None:
    """The sheets of the plans of a result that come before their tables."""
    ScenarioOverview(book, result, result.plan_set).draw(filled)
    draw_tree(book, result.plan_set)
