"""Writes the plan workbook: one page for people, then one tidy table a sheet. Values only, no formulas."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from models.dataset import Dataset
from models.plan import Plan
from planner.errors import CannotWrite
from planner.excel.book import Book, draw_table, drawn
from planner.outputs import write_durably
from planner.reports.plan.overview_sheet import FirstSheet
from planner.reports.plan.rows import filled_tables
from planner.reports.plan.text import summary_rows
from planner.reports.plan.timeline_sheet import draw_timeline
from planner.reports.run_result import RunResult
from planner.results.decisions import actions, decisions
from planner.results.noise import without_noise

if TYPE_CHECKING:
    from models.stochastic.solution import StochasticSolution


def write_plan(path: Path, dataset: Dataset, plan: Plan, report: RunResult) -> None:
    """Writes the plan as a workbook, in one step: a file that is there is whole or untouched.

    Raises
    ------
    CannotWrite
        Nothing can be written there.
    """
    write_durably(path, plan_workbook(dataset, plan, report))


def plan_workbook(dataset: Dataset, plan: Plan, report: RunResult) -> bytes:
    """The plan workbook as the bytes of an .xlsx file."""
    plan = without_noise(plan)
    decided = decisions(dataset, plan)
    filled = filled_tables(dataset, plan, report, decided, summary_rows(report, dataset, plan, decided))

    def draw(book: Book) -> None:
        FirstSheet(book, report, dataset, plan).draw(actions(dataset, decided), filled)
        draw_timeline(book, dataset, plan, decided)
        for each in filled:
            draw_table(book, each)

    return drawn(report.plan_name or dataset.settings.plan_name, dataset, draw)


def write_plan_for_all(path: Path, dataset: Dataset, best: StochasticSolution, report: RunResult) -> None:
    """Writes the plans for all scenarios of a dataset as one workbook, in one step.

    Raises
    ------
    CannotWrite
        Nothing can be written there, or there are more rows than a sheet has.
    """
    from planner.reports.scenarios.workbook import TooLong, workbook_for_all

    try:
        content = workbook_for_all(dataset, best, report)
    except TooLong as error:
        raise CannotWrite(path, f"{error}; solve for fewer scenarios") from None
    write_durably(path, content)
