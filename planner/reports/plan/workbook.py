"""The plan workbook: one page for people, then one tidy table a sheet. Values only, no formulas."""

from __future__ import annotations

from planner.excel.book import Book, workbook_bytes
from planner.reports.plan.overview_sheet import PlanOverview
from planner.reports.plan.rows import filled_tables
from planner.reports.plan.timeline_sheet import draw_timeline
from planner.reports.run_result import RunResult
from planner.results.tables import Filled


def plan_tables(result: RunResult) -> list[Filled]:
    """The tidy tables of the plan of a result, a sheet each."""
    return filled_tables(result, result.plan_set.only)


def plan_workbook(result: RunResult) -> bytes:
    """The bytes of an .xlsx file with the plan of a result."""
    figures, filled = result.plan_set.only, plan_tables(result)

    def draw(book: Book) -> None:
        PlanOverview(book, result, figures).draw(filled)
        draw_timeline(book, figures)

    return workbook_bytes(result.plan_name, figures.dataset, draw, filled)
