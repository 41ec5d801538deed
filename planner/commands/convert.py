"""`planner convert`: a workbook as a folder of CSV files, and back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from planner.command import CommandResult, command, faulty, subject
from planner.console import Console
from planner.errors import ExitCode, WrongUsage
from planner.options import PATH, force_option
from planner.outputs import check_new_problem, check_problem_target, same_file

if TYPE_CHECKING:
    from models.dataset import Dataset
    from models.faults import Fault
    from planner.problem_reader import ReadResult


@command(short_help="Write a workbook as a folder of CSV files, or back.")
@click.argument("input_path", metavar="SOURCE", type=PATH)
@click.argument("target", type=PATH)
@force_option("Replace TARGET if it exists: the workbook, or the sheets in the folder.")
def convert(console: Console, input_path: Path, target: Path, force: bool) -> CommandResult:
    """Write SOURCE, a workbook, as TARGET, a folder of CSV files named as its sheets; or such a folder as
    a workbook.

    Nothing is lost that the planner reads, nor columns for notes and sources. A workbook's formulas are
    written as their values; its formats are lost.
    """
    from models.faults import FaultyWorkbook
    from planner.formatting import count_of_faults, fault_lines, faults_json

    document = subject(input_path=input_path)
    try:
        done = converted(input_path, target, force=force)
    except FaultyWorkbook as error:
        result = faulty(error.faults, **document, path="")
        return replace(result, lines=[*result.lines, f"Nothing is written: {input_path} cannot be converted as it is."])
    failed = any(fault.severity == "error" for fault in done.faults)
    lines = list(fault_lines(done.faults))
    if failed:
        lines.append(f"{target}: {count_of_faults(done.faults)}; correct them before solving.")
    lines.append(f"Written: {target}. Next, run: planner check '{target}'")
    document |= {"path": str(target), "input_sha256": done.input_sha256, "faults": faults_json(done.faults)}
    return CommandResult(lines, document, ExitCode.WRONG_INPUT if failed else ExitCode.OK)


@dataclass(frozen=True, slots=True)
class Converted:
    """What was written: the faults of the problem, which both forms have, and the hash of what was converted."""

    faults: tuple[Fault, ...]
    input_sha256: str


def converted(source: Path, target: Path, *, force: bool = False) -> Converted:
    """Writes a workbook as a folder of CSV files, or a folder as a workbook, and reads it back to be sure.

    Raises
    ------
    WrongUsage
        The target is of the same kind as the source.
    FaultyWorkbook
        Cells of the source hold what the target cannot, or it cannot be read at all.
    CannotWrite
        The target cannot be written, or exists and `force` is not given.
    """
    from models.faults import FaultyWorkbook
    from planner.excel.problem_workbook import written_problem_of
    from planner.problem_reader import read

    _check_target(source, target, force)
    result = read(source)
    lost = tuple(_lost(result, in_folder=source.is_dir()))
    if lost or not result.tables:
        raise FaultyWorkbook(lost or result.faults)
    with written_problem_of(result.tables, target) as temporary:
        again = read(temporary)
        if result.dataset is not None and (again.dataset is None or _data(again.dataset) != _data(result.dataset)):
            raise AssertionError(f"{target} as written does not read as {source} does")
    return Converted(result.faults, result.sha256)


def _check_target(source: Path, target: Path, force: bool) -> None:
    if source.is_dir():
        check_new_problem(target, (source,), force=force, what="the workbook")
        if target.suffix.lower() != ".xlsx":
            raise WrongUsage(f"A folder is written as a workbook, an .xlsx file; {target} is not. Try {target}.xlsx.")
        return
    if target.suffix.lower() in (".xlsx", ".xlsm") or same_file(source, target):
        raise WrongUsage(f"A workbook is written as a folder of CSV files, such as {target.with_suffix('')}.")
    check_problem_target(target, force=force)


def _lost(result: ReadResult, *, in_folder: bool) -> Iterator[Fault]:
    """A fault for each cell or file whose content the target could not hold."""
    from models.faults import Fault
    from models.parsing.raw_tables import Unreadable, fold

    expected = "a value that a cell of the other form can hold"
    broken = {fold(table.name) for table in result.tables if table.broken}
    yield from (fault for fault in result.errors if fault.sheet in broken)
    for table in result.tables:
        for record in table.records:
            for letter, value in record.values.items():
                cell = f"{letter}{record.row}"
                found, fix = "", "Shorten it."
                if isinstance(value, Unreadable):
                    found, fix = value.found, value.fix
                elif isinstance(value, str) and len(value) > 32767:
                    found = f"a text of {len(value):,} characters"
                if found:
                    sheet, heading = fold(table.name), table.headings[letter]
                    file = f"{sheet}.csv" if in_folder else ""
                    yield Fault(sheet, heading, "", found, expected, fix, "error", record.row, cell, file)


def _data(dataset: Dataset) -> Dataset:
    """The dataset without the plan's name, which may be its file's."""
    return replace(dataset, settings=replace(dataset.settings, plan_name=""))
