"""`planner convert`: a workbook as a folder of CSV files, and back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from planner.command import CommandResult, command, faults_result, problem_written, subject
from planner.console import Console
from planner.options.shared import force_option
from planner.options.values import PATH


@command(short_help="Write a workbook as a folder of CSV files, or back.")
@click.argument("input_path", metavar="SOURCE", type=PATH)
@click.argument("target", type=PATH)
@force_option("Replace TARGET if it exists: the workbook, or the sheets in the folder.")
def convert(console: Console, input_path: Path, target: Path, force: bool) -> CommandResult:
    """Write SOURCE, a workbook, as TARGET, a folder of CSV files named as its sheets; or back.

    Nothing is lost that the planner reads, nor columns for notes and sources. A workbook's formulas are
    written as their values; its formats are lost.
    """
    from models.faults import FaultyWorkbook
    from planner.analysis.conversion import convert_problem

    document = subject(input_path=input_path)
    try:
        done = convert_problem(input_path, target, force=force)
    except FaultyWorkbook as error:
        result = faults_result(error.faults, **document, path="")
        return replace(result, lines=[*result.lines, f"Nothing is written: {input_path} cannot be converted as it is."])
    document["input_sha256"] = done.input_sha256
    return problem_written(target, done.faults, [], document, "check")
