"""Writes the plan workbook: one page for people, then one tidy table a sheet. Values only, no formulas."""

from __future__ import annotations

import io
import os
from pathlib import Path

from models.dataset import Dataset
from models.plan import Plan
from planner.outputs import written_whole
from planner.report import RunReport
from planner.write_decisions import actions, decisions
from planner.write_first_sheet import FirstSheet
from planner.write_rows import filled_tables, without_noise
from planner.write_sheets import FONT, Book, draw_table, footer_text
from planner.write_timeline import draw_timeline
from planner.write_words import summary_rows


def write_plan(path: Path, dataset: Dataset, plan: Plan, report: RunReport) -> None:
    """Writes the plan as a workbook, in one step: a file that is there is whole or untouched.

    Raises:
        CannotWrite: nothing can be written there.
    """
    content = plan_workbook(dataset, plan, report)
    with written_whole(path) as temporary, temporary.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def plan_workbook(dataset: Dataset, plan: Plan, report: RunReport) -> bytes:
    """The plan workbook as the bytes of an .xlsx file."""
    import xlsxwriter

    plan = without_noise(plan)
    decided = decisions(dataset, plan)
    filled = filled_tables(dataset, plan, report, decided, summary_rows(report, dataset, plan, decided))
    buffer = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_format_properties": {"font_name": FONT, "font_size": 10},
    }
    name = report.plan_name or dataset.settings.plan_name
    with xlsxwriter.Workbook(buffer, options) as workbook:
        workbook.set_properties({"title": name, "author": "planner"})
        book = Book(workbook, dataset, footer_text(name))
        FirstSheet(book, report, dataset, plan).draw(actions(dataset, decided), filled)
        draw_timeline(book, dataset, plan, decided)
        for each in filled:
            draw_table(book, each)
    return buffer.getvalue()
