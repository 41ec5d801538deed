"""`planner check`: every fault of a workbook at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from planner import __version__
from planner.console import Console, messages_to
from planner.errors import ExitCode
from planner.options import PATH, common_options, option


@click.command()
@click.argument("file", type=PATH)
@option("--annotate", type=PATH, metavar="OUT.xlsx", help="Write a copy with the faulty cells marked.")
@common_options
def check(file: Path, annotate: Path | None, **common: Any) -> int:
    """List everything that is wrong with FILE; solves nothing."""
    with messages_to(common) as console:
        return check_workbook(console, file, annotate)


def check_workbook(console: Console, file: Path, annotated: Path | None) -> int:
    """Reads a workbook and lists its faults; exit 2 when there is an error, 0 with warnings only."""
    from planner.formatting import count_of_faults, fault_lines
    from planner.problem_reader import read
    from planner.reports.run_json import faults_json

    if annotated is not None:
        from planner.excel.annotate import annotate, check_target

        check_target(file, annotated)
    result = read(file)
    console.tell(fault_lines(result.faults), urgent=bool(result.errors))
    console.tell([f"{file}: {count_of_faults(result.faults)}."], urgent=bool(result.errors))
    if annotated is not None:
        annotate(file, annotated, result.faults)
        console.tell([f"Marked copy: {annotated}"])
    console.give(
        {
            "input_path": str(file),
            "input_sha256": result.sha256,
            "errors": len(result.errors),
            "warnings": len(result.warnings),
            "faults": faults_json(result.faults),
            "annotated_path": str(annotated) if annotated else "",
            "planner_version": __version__,
        }
    )
    return ExitCode.WRONG_INPUT if result.errors else ExitCode.OK
