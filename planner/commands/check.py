"""`planner check`: every fault of a workbook at once."""

from __future__ import annotations

from pathlib import Path

from planner.command import CommandResult, command, subject
from planner.console import Console
from planner.errors import ExitCode
from planner.options.shared import input_argument, option, override_option
from planner.options.values import PATH


@command()
@input_argument
@option("--annotate", type=PATH, metavar="OUT.xlsx", help="Write a copy with the faulty cells marked.")
@override_option
def check(console: Console, input_path: Path, annotate: Path | None, overrides: tuple[str, ...]) -> CommandResult:
    """List all faults of FILE, without solving it."""
    from planner.formatting import count_of_faults, fault_lines, faults_json
    from planner.problem_reader import read

    lost, marked = [], []
    if annotate is None:
        result = read(input_path, overrides)
    else:
        from planner.excel.annotate import annotate as write_annotated  # loads openpyxl
        from planner.excel.annotate import check_target

        check_target(input_path, annotate)
        result = read(input_path, overrides)
        lost, marked = write_annotated(input_path, annotate, result.faults), [f"Marked copy: {annotate}"]
    lines = [*fault_lines((*result.faults, *lost)), f"{input_path}: {count_of_faults(result.faults)}.", *marked]
    document = {
        **subject(input_path=input_path),
        "input_sha256": result.sha256,
        "errors": len(result.errors),
        "warnings": len(result.warnings),
        "faults": faults_json(result.faults),
        "annotated_path": str(annotate or ""),
    }
    return CommandResult(lines, document, ExitCode.WRONG_INPUT if result.errors else ExitCode.OK)
