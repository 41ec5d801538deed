"""`planner init`: a workbook to fill in, or an example."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from planner.command import CommandResult, command
from planner.console import Console
from planner.errors import WrongUsage
from planner.files.outputs import check_problem_target
from planner.formatting import quoted
from planner.options.shared import force_option, option
from planner.options.values import PATH


def _examples(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """The examples whose names begin so, for the completion of a shell."""
    from planner.excel.template import EXAMPLES

    return [name for name in EXAMPLES if name.startswith(incomplete)]


@command()
@click.argument("path", metavar="FILE", type=PATH)
@option(
    "--example",
    metavar="NAME",
    shell_complete=_examples,
    help="Write an example: starter, frontier_lab, lessor, frontier_lab_scenarios.",
)
@force_option("Replace FILE if it exists.")
def init(console: Console, path: Path, example: str | None, force: bool) -> CommandResult:
    """Write FILE, a workbook to fill in: sheets, notes and example rows."""
    from planner.excel.template import copy_example, write_template

    if path.suffix.lower() != ".xlsx":
        raise WrongUsage(f"A workbook is an .xlsx file, which '{path}' is not. Try '{path.with_suffix('.xlsx')}'.")
    check_problem_target(path, force=force)
    if example is None:
        write_template(path, dt.date.today())
    else:
        copy_example(example, path)
    do = "Fill it in, then run: planner check" if example is None else "Next, run: planner solve"
    lines = [f"Written: {path}. {do} {quoted(path)}"]
    return CommandResult(lines, {"path": str(path), "example": example})
