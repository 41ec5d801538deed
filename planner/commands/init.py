"""`planner init`: a workbook to fill in, or an example."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import click

from planner.console import Console, messages_to
from planner.errors import CannotWrite, ExitCode, WrongUsage
from planner.options import PATH, common_options, option
from planner.outputs import check_writable


@click.command()
@click.argument("file", type=PATH)
@option("--example", metavar="NAME", help="An example: starter, frontier_lab, lessor, frontier_lab_scenarios.")
@option("--force", is_flag=True, help="Replace FILE if it exists.")
@common_options
def init(file: Path, example: str | None, force: bool, **common: Any) -> int:
    """Write FILE, a workbook to fill in: sheets, notes, worked rows."""
    with messages_to(common) as console:
        return init_workbook(console, file, example, force)


def init_workbook(console: Console, file: Path, example: str | None, force: bool) -> int:
    """Writes the template or an example, never over a file unless told to."""
    from planner.excel.template import copy_example, write_template

    if file.suffix.lower() != ".xlsx":
        raise WrongUsage(f"A workbook is an .xlsx file; {file} is no name for one. Try {file.with_suffix('.xlsx')}.")
    if file.exists() and not force:
        raise CannotWrite(file, "it exists already; choose another name, or add --force to replace it")
    check_writable(file)
    if example is None:
        write_template(file, dt.date.today())
    else:
        copy_example(example, file)
    console.tell([f"Written: {file}. Fill it in, then: planner check {file}"])
    console.give({"path": str(file), "example": example})
    return ExitCode.OK
