"""`planner init`: a workbook to fill in, made from the schema, with a worked example that solves.

Every sheet and column comes from `models.schema`, so the template, the reader and the checks never disagree.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from models import months
from models.loading import plain_table
from models.parsing.raw_tables import RawTable
from models.schema import SHEETS, Sheet
from planner.errors import WrongUsage
from planner.excel.problem_workbook import problem_book, sentence
from planner.excel.start_here import draw_start_here
from planner.excel.template_rows import worked_rows
from planner.files.atomic import atomic_write

EXAMPLES = ("starter", "frontier_lab", "lessor", "frontier_lab_scenarios")


def write_template(path: Path, today: dt.date) -> None:
    """Writes the template, its horizon beginning in the month after `today`.

    Raises
    ------
    CannotWrite
        The file cannot be written.
    """
    rows = worked_rows(months.month_of(today.year, today.month) + 1)
    book = problem_book(_table(sheet, rows.get(sheet.name, [])) for sheet in SHEETS)
    draw_start_here(book)
    with atomic_write(path) as temporary:
        book.save(temporary)


def _table(sheet: Sheet, rows: list[dict[str, Any]]) -> RawTable:
    """The worked rows with every column of the sheet, a row a setting, and a note."""
    if sheet.name == "settings":
        return plain_table("settings", list(_settings(sheet, rows[0])))
    return plain_table(sheet.name, rows, [*(column.name for column in sheet.columns), "note"])


def _settings(sheet: Sheet, values: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for column in sheet.columns:
        note = sentence(column) + (f" ({column.unit})" if column.unit else "")
        yield {
            "key": column.name,
            "value": values.get(column.name, None if column.defaults_to_nothing else column.default),
            "note": note,
        }


def examples() -> dict[str, Path]:
    """The whole examples by name: those packaged with the software, or those of a checkout's inputs/."""
    here = Path(__file__).parents[1]
    places = {name: (here / "examples" / f"{name}.xlsx", here.parent / "inputs" / f"{name}.xlsx") for name in EXAMPLES}
    return {name: next(filter(Path.is_file, paths)) for name, paths in places.items() if any(map(Path.is_file, paths))}


def copy_example(name: str, path: Path) -> None:
    """Copies a whole example.

    Raises
    ------
    WrongUsage
        There is no example of that name.
    CannotWrite
        The file cannot be written.
    """
    known = examples()
    if name not in known:
        raise WrongUsage(f"There is no example '{name}'; there are: {', '.join(known) or 'none'}.")
    with atomic_write(path) as temporary:
        shutil.copyfile(known[name], temporary)
