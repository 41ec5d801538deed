"""`planner roll`: the workbook of the next planning round, a copy of this round's brought forward.

Sheets, formats, notes and everything the planner does not read stay as they are; only cells that roll
forward change. Formulas stand as the values they had, because rows move under them.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from models import months
from models.columns import Column, Row, columns_of
from models.dataset import Dataset
from models.faults import Fault, FaultyWorkbook
from models.plan import Plan
from models.roll import roll_forward
from models.schema import SHEETS, Sheet
from models.tables import fold
from planner.errors import CannotWrite, WrongUsage, why_not
from planner.outputs import check_writable, free_name, same_file, written_whole
from planner.preflight import inspect
from planner.read import read
from planner.read_plan import read_plan


@dataclass(frozen=True, slots=True)
class NextRound:
    """The workbook written, its first month (a month number), what was done and what needs a person's eye.

    `faults` are those of the new workbook: what is to be filled in before it can be solved, such as
    demand for the months that have come into view. `input_sha256` is the hash of the workbook rolled.
    """

    path: Path
    first_month: int
    done: tuple[str, ...]
    notes: tuple[str, ...]
    faults: tuple[Fault, ...]
    input_sha256: str


def roll(source: Path, plan_path: Path, to_month: int | None, target: Path | None, *, force: bool = False) -> NextRound:
    """Writes the next round's workbook; `to_month` is a month number, None for the month after the first.

    Raises:
        WrongUsage: the target is one of the sources, or the month does not come after the first.
        FaultyWorkbook: the workbook or the plan cannot be read, or the plan signs what the workbook does not have.
        CannotWrite: the target cannot be written, or exists and `force` is not given.
    """
    result = read(source)
    if result.dataset is None:
        raise FaultyWorkbook(result.errors)
    dataset = result.dataset
    to = 1 if to_month is None else dataset.t(to_month)
    if to <= 0:
        first = dataset.label(0)
        raise WrongUsage(f"--to {dataset.label(to)} is not after the first month {first}; a round rolls forward.")
    if to > dataset.settings.months:
        last = dataset.label(dataset.settings.months)
        raise WrongUsage(f"--to {dataset.label(to)} is beyond the plan, which decides nothing after; roll to {last}.")
    plan = read_plan(plan_path, dataset)
    _check_belongs(plan, dataset, plan_path)
    path = target or _default_path(source, dataset.label(to))
    if path.suffix.lower() != ".xlsx":
        raise WrongUsage(f"A workbook is an .xlsx file; {path} is no name for one.")
    if same_file(path, source) or same_file(path, plan_path):
        raise WrongUsage(f"The next round would be written over {path}. Give -o another name.")
    if path.exists() and not force:
        raise CannotWrite(path, "it exists already; choose another name, or add --force to replace it")
    check_writable(path)
    rolled = roll_forward(dataset, plan, to)
    book = _rolled_book(source, dataset, rolled.dataset)
    with written_whole(path) as temporary:
        book.save(temporary)
        again = read(temporary)
        if again.dataset is not None:
            _check_as_meant(again.dataset, rolled.dataset)
    return NextRound(path, dataset.month(to), rolled.done, rolled.notes, again.faults, result.sha256)


def _check_belongs(plan: Plan, dataset: Dataset, plan_path: Path) -> None:
    """Raises FaultyWorkbook where the plan signs what the workbook does not offer."""
    offered = {("lease", each.lease, each.term_months) for each in dataset.lease_terms}
    offered |= {("contract", each.contract, each.term_months) for each in dataset.contracts}
    offered |= {("lease_out", each.lease_out, each.term_months) for each in dataset.lease_outs}
    unknown = [each for each in plan.signings if (each.kind, each.name, each.term_months) not in offered]
    if unknown:
        fix = "Name the plan that was made from this workbook, or solve it again."
        raise FaultyWorkbook(
            Fault(plan_path.name, "", each.name, f"{each.term_months} months of it signed", "an offer of FILE", fix)
            for each in unknown
        )


def _default_path(source: Path, month: str) -> Path:
    folder = Path("outputs") / source.stem
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotWrite(folder, why_not(error)) from None
    path = folder / f"{source.stem} {month}.xlsx"
    return free_name(path) if path.exists() else path


def _check_as_meant(written: Dataset, meant: Dataset) -> None:
    """What was written reads as what was meant; anything else is a fault of this software, and writes nothing."""
    for sheet in SHEETS:
        if sheet.name == "demand":  # wide or long, it does not roll
            continue
        found, wanted = getattr(written, sheet.name), getattr(meant, sheet.name)
        if sheet.name == "settings":
            found, wanted = (replace(found, plan_name=""),), (replace(wanted, plan_name=""),)
        if sorted(map(_shown, found)) != sorted(map(_shown, wanted)):
            raise AssertionError(f"the rolled sheet {sheet.name} does not read as it was meant")


def _shown(row: Row) -> str:
    """A row as text to compare; a cell keeps 15 digits of a number."""
    values = (getattr(row, column.name) for column in columns_of(type(row)))
    return repr([f"{value:.12g}" if isinstance(value, float) else value for value in values])


def _rolled_book(source: Path, before: Dataset, after: Dataset) -> Any:
    import openpyxl

    content = inspect(source.read_bytes()).content
    book = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
    by_name = {fold(each.title): each for each in book.worksheets}
    for sheet in SHEETS:
        if sheet.name == "settings":
            _set_first_month(by_name["settings"], after.settings.first_month)
            continue
        rows, kept = getattr(before, sheet.name), getattr(after, sheet.name)
        if rows != kept:
            worksheet = by_name.get(sheet.name) or _new_sheet(book, sheet)
            _SheetRoller(worksheet, sheet).roll(rows, kept)
    return book


def _set_first_month(worksheet: Any, first_month: int) -> None:
    header = {fold(str(cell.value)): cell.column for cell in worksheet[1] if cell.value is not None}
    for row in worksheet.iter_rows(min_row=2):
        key = row[header["key"] - 1].value
        if key is not None and fold(str(key)) == "first_month":
            cell = row[header["value"] - 1]
            cell.value = months.first_day(first_month)
            cell.number_format = "yyyy-mm"


def _new_sheet(book: Any, sheet: Sheet) -> Any:
    worksheet = book.create_sheet(sheet.name)
    worksheet.append([column.name for column in sheet.columns])
    return worksheet


class _SheetRoller:
    """Brings the rows of one sheet in line: changes cells, takes rows out, adds rows at the end."""

    def __init__(self, worksheet: Any, sheet: Sheet) -> None:
        self.worksheet = worksheet
        self.sheet = sheet
        self.places: dict[str, int] = {}
        for cell in worksheet[1]:
            if cell.value is not None:
                self.places.setdefault(fold(str(cell.value)), cell.column)

    def roll(self, before: Sequence[Row], after: Sequence[Row]) -> None:
        """The first row that carries a row number is that row as it is now; later ones are new, made like it."""
        was = {each.row: each for each in before}
        seen: set[int] = set()
        added = []
        for row in after:
            if row.row in was and row.row not in seen:
                seen.add(row.row)
                for column in self.sheet.columns:
                    if getattr(row, column.name) != getattr(was[row.row], column.name):
                        self._set(row.row, column, getattr(row, column.name))
            else:
                added.append(row)
        last = max(
            (cell.row for line in self.worksheet.iter_rows() for cell in line if cell.value is not None), default=1
        )
        for number, row in enumerate(added, start=last + 1):
            self._add(number, row)
        for number in sorted(was.keys() - seen, reverse=True):
            self.worksheet.delete_rows(number)

    def _add(self, number: int, row: Row) -> None:
        for column in self.sheet.columns:
            value = getattr(row, column.name)
            if value != column.default or column.name in self.places:
                self._set(number, column, value)
        if row.row:
            for place in range(1, self.worksheet.max_column + 1):
                like, cell = self.worksheet.cell(row.row, place), self.worksheet.cell(number, place)
                if like.has_style:
                    cell._style = copy(like._style)

    def _set(self, number: int, column: Column, value: Any) -> None:
        if column.name not in self.places:
            self.places[column.name] = max(self.places.values(), default=0) + 1
            self.worksheet.cell(1, self.places[column.name], column.name)
        cell = self.worksheet.cell(number, self.places[column.name])
        cell.value = _cell_value(column, value)
        if column.kind == "month" and value is not None:
            cell.number_format = "yyyy-mm"


def _cell_value(column: Column, value: Any) -> Any:
    if value is None:
        return None
    if column.kind == "month":
        return months.first_day(value)
    if column.kind == "flag":
        return "yes" if value else "no"
    return "; ".join(value) if column.kind == "names" else value
