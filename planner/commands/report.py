"""`planner report`: a plan as one page to look at."""

from __future__ import annotations

from pathlib import Path

from planner.command import CommandResult, command, subject
from planner.console import Console
from planner.errors import CannotWrite, WrongUsage
from planner.files.atomic import write_durably
from planner.files.outputs import check_writable
from planner.options.shared import force_option, output_option, plan_argument


@command(short_help="Write a plan as one interactive page.")
@plan_argument
@output_option("output", "PLAN.html", "beside PLAN, with its name")
@force_option("Replace the page if it exists.")
def report(console: Console, plan_path: Path, output: Path | None, force: bool) -> CommandResult:
    """Write PLAN as one self-contained page, an .html file that any browser shows, without a network.

    Capacity, power, cash, lock-in, timeline and service, made from the tables of the plan; with scenarios as expected
    and by scenario. Needs the extra html.
    """
    from planner.reports.html.page import page_of_workbook

    target = output or plan_path.with_suffix(".html")
    if target.suffix.lower() not in (".html", ".htm"):
        raise WrongUsage(f"The page is an .html file, which '{target}' is not. Try '{target.with_suffix('.html')}'.")
    if target.exists() and not force:
        raise CannotWrite(target, "it exists already; choose another name, or add --force to replace it")
    check_writable(target)
    write_durably(target, page_of_workbook(plan_path))
    return CommandResult(
        [f"Written: {target}. Open it in a browser."], {**subject(plan_path=plan_path), "path": str(target)}
    )
