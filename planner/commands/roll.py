"""`planner roll`: the workbook of the next planning round."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from planner import __version__
from planner.console import Console, messages_to
from planner.errors import ExitCode
from planner.options import PATH, Month, common_options, option


@click.command(short_help="Write the workbook of the next planning round.")
@click.argument("file", type=PATH)
@click.argument("plan", type=PATH)
@option("--to", "to_month", type=Month(), help="The new first month, such as 2026-09; else the month after the first.")
@option("-o", "--output", type=PATH, metavar="NEXT.xlsx", help="Else outputs/<name of FILE>/<name> <month>.xlsx.")
@option("--force", is_flag=True, help="Replace the output if it exists.")
@common_options
def roll(file: Path, plan: Path, to_month: int | None, output: Path | None, force: bool, **common: Any) -> int:
    """Write the workbook of the next planning round, as FILE looks once PLAN was followed until then.

    What was due before the new first month is signed, what is over or cancelled goes, the horizon
    keeps its length. Sheets, formats and notes of FILE stay; formulas stand as their values.
    """
    with messages_to(common) as console:
        return roll_workbook(console, file, plan, to_month, output, force)


def roll_workbook(
    console: Console, file: Path, plan: Path, to_month: int | None, output: Path | None, force: bool
) -> int:
    """Writes the next round's workbook; exit 2 when the input, or what was written, has faults to mend."""
    from models import months
    from models.faults import FaultyWorkbook
    from planner.analysis.next_round import write_next_round
    from planner.excel.plan_reader import provenance_warnings
    from planner.formatting import count_of_faults, fault_lines
    from planner.reports.run_json import faults_json

    told: dict[str, Any] = {"input_path": str(file), "plan_path": str(plan), "planner_version": __version__}
    try:
        rolled = write_next_round(file, plan, to_month, output, force=force)
    except FaultyWorkbook as faulty:
        console.tell(fault_lines(faulty.faults), urgent=True)
        console.give(told | {"path": "", "faults": faults_json(faulty.faults)})
        return ExitCode.WRONG_INPUT
    notes = [*rolled.notes, *provenance_warnings(plan, rolled.input_sha256, ())]
    console.tell([f"  {line}" for line in rolled.done])
    console.tell([f"  Note: {line}" for line in notes])
    errors = [fault for fault in rolled.faults if fault.severity == "error"]
    console.tell(fault_lines(rolled.faults), urgent=bool(errors))
    if errors:
        console.tell([f"{rolled.path}: {count_of_faults(rolled.faults)}; mend them before solving."], urgent=True)
    first_month = months.label(rolled.first_month)
    console.tell([f"Written: {rolled.path}, from {first_month} on. Next: planner solve '{rolled.path}'"])
    found = {"path": str(rolled.path), "first_month": first_month, "done": list(rolled.done), "notes": notes}
    console.give(told | found | {"faults": faults_json(rolled.faults)})
    return ExitCode.WRONG_INPUT if errors else ExitCode.OK
