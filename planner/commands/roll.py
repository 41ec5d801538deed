"""`planner roll`: the workbook of the next planning round."""

from __future__ import annotations

from pathlib import Path

from planner.command import CommandResult, command, problem_written, subject
from planner.console import Console
from planner.errors import WrongUsage
from planner.options.shared import force_option, input_argument, option, output_option, plan_argument
from planner.options.values import PATH, Month


@command(short_help="Write the workbook of the next planning round.")
@input_argument
@plan_argument
@option("--to", "to_month", type=Month(), help="New first month, such as 2026-09 [default: the month after the first].")
@option("--branch", metavar="SCENARIO", help="With scenarios: the one that came true.")
@option(
    "--observed",
    type=PATH,
    metavar="FILE",
    help="With scenarios: what was seen, a workbook or CSV file with the columns quantity, name, month and value.",
)
@output_option("output", "NEXT.xlsx", "outputs/<name of FILE>/<name> <month>.xlsx")
@force_option("Replace the output if it exists.")
def roll(
    console: Console,
    input_path: Path,
    plan_path: Path,
    to_month: int | None,
    branch: str | None,
    observed: Path | None,
    output: Path | None,
    force: bool,
) -> CommandResult:
    """Write the workbook of the next planning round: FILE as it is once PLAN has been followed until then.

    Decisions due before the new first month become signed offers, offers that have ended or were
    cancelled leave blank rows, and the horizon keeps its length. Sheets, formats, notes and formulas of
    FILE are kept but in the cells that change.

    With scenarios say which came true (--branch), or what was seen (--observed): scenarios that cannot be
    any more go, and the probabilities of the others are divided by their sum.
    """
    from models import months
    from planner.analysis.next_round import write_next_round
    from planner.excel.plan_reader import provenance_warnings
    from planner.excel.told_apart import problem_and_plan

    input_path, plan_path = problem_and_plan(input_path, plan_path)
    if branch is not None and observed is not None:
        raise WrongUsage("--branch and --observed cannot be used together. Give the one that says more.")
    rolled = write_next_round(input_path, plan_path, to_month, output, branch=branch, observed=observed, force=force)
    first_month = months.label(rolled.first_month)
    notes = [*rolled.notes, *provenance_warnings(plan_path, rolled.input_sha256, ())]
    lines = [*rolled.done, *(f"Note: {line}" for line in notes), f"The new first month is {first_month}."]
    document = {
        **subject(input_path=input_path, plan_path=plan_path),
        "first_month": first_month,
        "done": list(rolled.done),
        "notes": notes,
    }
    return problem_written(rolled.path, rolled.faults, [f"  {line}" for line in lines], document, "solve")
