"""Tables of many rows, which are written row by row through files."""

from __future__ import annotations

import errno
import io
import tempfile
import tracemalloc
from pathlib import Path
from typing import Any

import builders as b
import openpyxl
import pytest

from planner.excel import book
from planner.excel.book_file import workbook_bytes
from planner.excel.long_sheet import LongSheet
from planner.excel.workbook_reader import workbook_tables
from planner.results.tables import Filled, Sum, Table, TableColumn

COLUMNS = (
    ("month", "month"),
    ("what", "text"),
    ("paid", "money"),
    ("owed", "money"),
    ("sum", "money"),
    ("part", "share"),
)
TABLE = Table(
    "ledger", "what is paid", tuple(TableColumn(*each, "") for each in COLUMNS), sums=(Sum("sum", ("paid", "owed")),)
)
TEXTS = ("=1+1", "<r> & </r>", " edge ", "0012", "long " * 40, "", "café", 'a\tb "c"', "two\nlines")


def filled(rows: int) -> Filled:
    """A table with values of every kind, blanks and text that looks like something else."""
    values = [
        (t % 3, TEXTS[t % len(TEXTS)], 1e5 / (t + 1), None, 2.0 * t, 1e-9 if t % 5 == 0 else 0.25) for t in range(rows)
    ]
    return Filled(TABLE, values)


def written(rows: int) -> bytes:
    """The table as a workbook."""
    return workbook_bytes("plan", b.dataset(months=3), lambda _: None, [filled(rows)])


def told(content: bytes) -> dict[str, Any]:
    """All that another program reads of the sheet."""
    sheet = openpyxl.load_workbook(io.BytesIO(content))["ledger"]
    cells = [
        (
            each.coordinate,
            each.value,
            each.number_format,
            each.font.b,
            each.alignment.horizontal,
            each.alignment.wrap_text,
        )
        for row in sheet.iter_rows()
        for each in row
    ]
    table = sheet.tables["tbl_ledger"]
    return {
        "cells": cells,
        "table": (table.ref, table.autoFilter.ref, [each.name for each in table.tableColumns]),
        "heights": {row: each.height for row, each in sheet.row_dimensions.items() if each.height},
        "widths": {name: each.width for name, each in sheet.column_dimensions.items()},
        "frozen": (sheet.freeze_panes, sheet.print_title_rows),
        "read": workbook_tables(content),
    }


@pytest.mark.parametrize("rows", [1, 40])
def test_a_long_table_is_as_a_short_one(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cells, looks, heights, the table and what the planner reads of it do not tell how it was written."""
    short = told(written(rows))
    monkeypatch.setattr(book, "LONG", 0)
    assert told(written(rows)) == short


def test_text_that_looks_like_rich_text_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a table of either kind a name such as `<r>&</r>` is read as it is."""
    for longest in (2000, 0):
        monkeypatch.setattr(book, "LONG", longest)
        sheet = openpyxl.load_workbook(io.BytesIO(written(7)))["ledger"]
        assert [row[1] or "" for row in sheet.iter_rows(min_row=2, values_only=True)] == list(TEXTS[:7])


def test_a_cell_that_leads_somewhere_is_in_a_long_table_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Coloured cells and links stand in their columns, whichever way the other cells of the row are written."""
    table = Table("jobs", "what each job left", (TableColumn("of", "text", ""), *TABLE.columns[1:4]))
    rows: list[tuple[Any, ...]] = [
        ("a", book.Cell("plan", link="a/plan.xlsx"), 1.5, 2.5),
        (book.Cell("b", "bad"), "c", 1, 2),
    ]
    found = []
    for longest in (2000, 0):
        monkeypatch.setattr(book, "LONG", longest)
        content = workbook_bytes("jobs", b.dataset(months=3), lambda _: None, [Filled(table, rows)])
        sheet = openpyxl.load_workbook(io.BytesIO(content))["jobs"]
        found.append(
            [
                (each.value, each.fill.fgColor.rgb, each.hyperlink and each.hyperlink.target)
                for row in sheet
                for each in row
            ]
        )
    assert found[0] == found[1]
    assert found[1][5][2]


def fails(*_: Any) -> None:
    """A disk that is full."""
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("full", [True, False])
def test_without_room_for_temporary_files_a_workbook_is_written_in_memory(
    full: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whether the folder for them is full or missing, the workbook is the one that would have been written."""
    expected = told(written(40))
    monkeypatch.setattr(book, "LONG", 0)
    if full:
        monkeypatch.setattr(LongSheet, "_write_single_row", fails)
    else:
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    assert told(written(40)) == expected


def peak(rows: int) -> int:
    """Bytes at the most while a table is written, without its own values."""
    values = filled(rows)
    tracemalloc.start()
    workbook_bytes("plan", b.dataset(months=3), lambda _: None, [values])
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found


def test_memory_does_not_grow_with_the_rows_of_a_long_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 500 rows more, a tenth of what they would be in memory stays."""
    short = peak(600) - peak(100)
    monkeypatch.setattr(book, "LONG", 0)
    assert peak(600) - peak(100) < 0.1 * short
