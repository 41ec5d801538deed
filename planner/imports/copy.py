"""A copy of a workbook with imported rows in it; everything else in it stays as it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from models import months
from models.columns import Row
from models.dataset import Dataset
from models.faults import Fault
from models.parsing.raw_tables import RawTable, fold
from models.schema import sheet, sheet_of
from planner.excel.copy_edit import check_as_meant, rewritten_book
from planner.excel.problem_workbook import written_problem
from planner.excel.sheet_edit import SheetEdit
from planner.excel.workbook_edit import WorkbookEdit
from planner.problem_reader import read


@dataclass(slots=True)
class Rows:
    """Rows to put into sheets: added, or where a row of the same key is there, what they change of it.

    Attributes
    ----------
    told
        What a person should know of how they were made, or of what was left out.
    not_read
        Columns of the source that nothing was made of.
    """

    not_read: tuple[str, ...] = ()
    told: list[str] = field(default_factory=list)
    wanted: dict[str, dict[tuple[Any, ...], tuple[Row, Mapping[str, Any]]]] = field(default_factory=dict)

    def put(self, row: Row, **changes: Any) -> None:
        """Asks for a row; `changes` are what becomes of one of its key that is there, else it is replaced."""
        which = sheet_of(type(row))
        key = tuple(getattr(row, name) for name in which.key)
        self.wanted.setdefault(which.name, {})[key] = row, changes


@dataclass(frozen=True, slots=True)
class Copied:
    """What was written: rows added and changed by sheet, and the faults of the copy."""

    added: Mapping[str, int]
    changed: Mapping[str, int]
    faults: tuple[Fault, ...]


def write_copy(source: Path, target: Path, rows: Rows) -> Copied:
    """Writes a copy of a workbook or folder with the rows, reads it back, and checks that it says what was meant.

    Raises
    ------
    FaultyWorkbook
        The workbook has errors.
    CannotWrite
        The target cannot be written.
    """
    result = read(source, to_fill=rows.wanted)
    before = result.valid_dataset()
    merged = {name: _merged(before, name, rows) for name in rows.wanted}
    after = before.with_rows(**{name: each.rows for name, each in merged.items()})
    wide = {fold(each.name): each for each in result.tables if fold(each.name) in merged and _is_wide(each)}
    long = {name: each.rows for name, each in merged.items() if name not in wide}
    book = rewritten_book(source, before, before.with_rows(**long))
    for name, table in wide.items():
        _put_wide(book, table, merged[name].rows)
    with written_problem(book, target) as temporary:
        again = read(temporary)
        if again.dataset is not None:
            check_as_meant(again.dataset, after, merged)
    added = {name: each.added for name, each in merged.items()}
    changed = {name: each.changed for name, each in merged.items()}
    return Copied(added, changed, (*again.faults, *book.losses()))


@dataclass(frozen=True, slots=True)
class _Merged:
    rows: tuple[Any, ...]
    added: int
    changed: int


def _merged(dataset: Dataset, name: str, rows: Rows) -> _Merged:
    """The rows of a sheet with those wanted in them."""
    key = sheet(name).key
    wanted = dict(rows.wanted[name])
    kept, changed = [], 0
    for each in dataset.rows(name):
        row, changes = wanted.pop(tuple(getattr(each, column) for column in key), (None, {}))
        new = each if row is None else replace(each, **changes) if changes else replace(row, row=each.row)
        changed += new != each
        kept.append(new)
    return _Merged((*kept, *(row for row, _ in wanted.values())), len(wanted), changed)


def _is_wide(table: RawTable) -> bool:
    """Whether a sheet has a column for each month."""
    headings = set(map(fold, table.headings.values()))
    return "segment" in headings and "month" not in headings


def _put_wide(book: WorkbookEdit, table: RawTable, rows: Iterable[Any]) -> None:
    """Gives each month of a wide sheet its cell; months and rows that are new stand after the others."""
    edit = book.sheet(fold(table.name))
    assert edit is not None
    at = {months.parse_heading(heading): letter for letter, heading in table.headings.items()}
    head = edit.lines[1].cells
    style = next(iter(head.values())).style
    lines: dict[tuple[str, str], int] = {}
    for each in rows:
        if each.row:
            lines.setdefault((each.segment, each.region), each.row)
    for each in rows:
        if each.month not in at:
            at[each.month] = edit.free_column()
            edit.set(1, at[each.month], months.label(each.month), style)
        place = each.segment, each.region
        if place not in lines:
            lines[place] = edit.last_row + 1
            for column, value in (("segment", each.segment), ("region", each.region)):
                if value is not None:
                    edit.set(lines[place], _column(edit, column, style), value)
        edit.set(lines[place], at[each.month], each.tokens_bn_per_day)


def _column(edit: SheetEdit, name: str, style: str) -> str:
    """The letter of a column, put after the others where it is not there."""
    if name not in edit.columns:
        edit.set(1, edit.free_column(), name, style)
    return edit.columns[name]
