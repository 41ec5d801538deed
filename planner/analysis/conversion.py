"""A workbook as a folder of CSV files, and back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from models.dataset import Dataset
from models.faults import Fault, FaultyWorkbook
from models.parsing.raw_tables import Unreadable, fold
from planner.errors import WrongUsage
from planner.excel.problem_workbook import written_problem_of
from planner.files.outputs import check_new_problem, check_problem_target, same_file
from planner.problem_reader import ReadResult, read


@dataclass(frozen=True, slots=True)
class Conversion:
    """What was written: the faults of the problem, which both forms have, and the hash of what was converted."""

    faults: tuple[Fault, ...]
    input_sha256: str


def convert_problem(source: Path, target: Path, *, force: bool = False) -> Conversion:
    """Writes a workbook as a folder of CSV files, or a folder as a workbook, and reads it back to be sure.

    Raises
    ------
    WrongUsage
        There is no source, or the target is of the same kind.
    FaultyWorkbook
        Cells of the source hold what the target cannot, or it cannot be read at all.
    CannotWrite
        The target cannot be written, or exists and `force` is not given.
    """
    _check_target(source, target, force)
    result = read(source)
    lost = tuple(_lost(result, in_folder=source.is_dir()))
    if lost or not result.tables:
        raise FaultyWorkbook(lost or result.faults)
    with written_problem_of(result.tables, target) as temporary:
        again = read(temporary)
        if result.dataset is not None and (again.dataset is None or _data(again.dataset) != _data(result.dataset)):
            raise AssertionError(f"{target} as written does not read as {source} does")
    return Conversion(result.faults, result.sha256)


def _check_target(source: Path, target: Path, force: bool) -> None:
    if not source.exists():
        raise WrongUsage(f"There is no workbook or folder '{source}'. Check the path.")
    if source.is_dir():
        check_new_problem(target, (source,), force=force, what="the workbook")
        if target.suffix.lower() != ".xlsx":
            raise WrongUsage(
                f"A folder becomes a workbook, an .xlsx file, which '{target}' is not. Try '{target}.xlsx'."
            )
        return
    if target.suffix.lower() in (".xlsx", ".xlsm") or same_file(source, target):
        raise WrongUsage(f"A workbook becomes a folder of CSV files; name a folder such as {target.with_suffix('')}.")
    check_problem_target(target, force=force)


def _lost(result: ReadResult, *, in_folder: bool) -> Iterator[Fault]:
    """A fault for each cell or file whose content the target could not hold."""
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
                    yield Fault(sheet, heading, "", found, expected, fix, row=record.row, cell=cell, file=file)


def _data(dataset: Dataset) -> Dataset:
    """The dataset without the plan's name, which may be its file's."""
    return replace(dataset, settings=replace(dataset.settings, plan_name=""))
