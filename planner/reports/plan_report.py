"""How a result is reported: the workbook of its plan, its part of `run.json`, its lines on the terminal.

Plans with scenarios have other sheets, keys and lines than plans without; which of the two a result gets is decided
here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.garbage import pause_gc
from planner.errors import CannotWrite
from planner.files.atomic import write_durably
from planner.reports.run_result import RunResult
from planner.results.plan_tables import SUMMARY
from planner.results.tables import Filled

if TYPE_CHECKING:
    from planner.excel.book import Book


@dataclass(frozen=True, slots=True)
class PlanReport:
    """How a result is reported: functions of a result with a plan, and what to do where none exists."""

    tables: Callable[[RunResult], list[Filled]]
    draw: Callable[[Book, RunResult, Sequence[Filled]], None]
    json: Callable[[RunResult], dict[str, Any]]
    lines: Callable[[RunResult], Iterator[str]]
    no_plan: str


def report_of(result: RunResult) -> PlanReport:
    """How a result is reported."""
    if result.dataset is not None and result.dataset.scenarios:
        from planner.reports.scenarios.overview_sheet import draw_scenario_set
        from planner.reports.scenarios.rows import all_tables
        from planner.reports.scenarios.run_json import scenario_set_json
        from planner.reports.scenarios.terminal import NO_PLAN, scenario_set_lines

        return PlanReport(all_tables, draw_scenario_set, scenario_set_json, scenario_set_lines, NO_PLAN)
    from planner.reports.plan.overview_sheet import draw_plan
    from planner.reports.plan.rows import filled_tables
    from planner.reports.plan.run_json import plan_json
    from planner.reports.plan.terminal import NO_PLAN, plan_lines

    return PlanReport(filled_tables, draw_plan, plan_json, plan_lines, NO_PLAN)


def write_plan(path: Path, result: RunResult) -> None:
    """Writes the plan of a result as a workbook, in one step: a file that is there is whole or untouched.

    Raises
    ------
    CannotWrite
        Nothing can be written there, or there are more rows than a sheet has.
    """
    write_durably(path, plan_workbook(path, result))


@pause_gc()
def plan_workbook(path: Path, result: RunResult) -> bytes:
    """The workbook of a result's plan, to be written to `path`.

    Raises
    ------
    CannotWrite
        There are more rows than a sheet has.
    """
    from planner.excel.book import name_figures
    from planner.excel.book_file import TooManyRows, workbook_bytes

    report = report_of(result)
    filled = report.tables(result)

    def draw(book: Book) -> None:
        report.draw(book, result, filled)
        name_figures(book, next(each for each in filled if each.table.sheet == SUMMARY.sheet))

    try:
        return workbook_bytes(result.plan_name, result.plan_set.dataset, draw, filled)
    except TooManyRows as error:
        raise CannotWrite(path, f"{error}; solve for fewer scenarios") from None
