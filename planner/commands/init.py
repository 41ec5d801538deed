"""`planner init`: a workbook to fill in, or an example."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from planner.console import Console
from planner.errors import CannotWrite, ExitCode, WrongUsage
from planner.outputs import check_writable


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
