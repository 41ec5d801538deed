"""The plan workbook: one page for people, then one tidy table a sheet. Values only, no formulas."""

from __future__ import annotations

from collections.abc import Sequence

from planner.excel.book import Book
from planner.reports.plan.overview_sheet import PlanOverview
from planner.reports.plan.rows import filled_tables
from planner.reports.plan.timeline_sheet import draw_timeline
from planner.reports.run_result import RunResult
from planner.results.tables import Filled


def plan_tables(result: RunResult) -> list[Filled]:
    """The tidy tables of the plan of a result, a sheet each."""
    return filled_tables(result, result.plan_set.only)


def draw_plan(book: Book, result: RunResult, filled: Sequence[Filled]) -> None:
    """The sheets of the plan of a result that come before its tables."""
    PlanOverview(book, result, result.plan_set.only).draw(filled)
    draw_timeline(book, result.plan_set.only)
