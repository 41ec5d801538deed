"""The sheet `Input` of a plan workbook: what the plan was made from, so that a plan can be read by itself.

One row a value: sheet, row (counted from 1), column, value; values that are the column's default are left out. It holds
what was read, `--set` overrides in place, and reads back as the same Dataset.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

from models.dataset import Dataset
from models.faults import FaultyWorkbook
from models.loading import load_tables, plain_table
from models.parsing.raw_tables import RawTable
from planner.excel.plan_file import open_plan_file, plan_file_fault

SHEET = "Input"
KEYED = ("sheet", "row", "column", "value")


def read_input(path: Path) -> Dataset:
    """The Dataset a plan workbook was made from.

    Raises
    ------
    FaultyWorkbook
        The file is no plan workbook, or one of before plans carried their input.
    """
    book, _ = open_plan_file(path)
    if SHEET not in book.sheetnames:
        raise plan_file_fault(
            path, f"a workbook without the sheet {SHEET}", "Write the plan again with `planner solve`."
        )
    sheet = book[SHEET]
    sheet.reset_dimensions()
    records: dict[str, dict[int, dict[str, Any]]] = defaultdict(lambda: defaultdict(dict))
    for values in sheet.iter_rows(min_row=2, max_col=len(KEYED), values_only=True):
        name, number, column, value = (*values, *[None] * 4)[:4]
        if name and number and column and value is not None:
            records[str(name)][int(number)][str(column)] = value
    loaded = load_tables([_table(name, list(rows.values())) for name, rows in records.items()])
    if loaded.dataset is None:
        raise FaultyWorkbook(loaded.faults)
    return loaded.dataset


def _table(name: str, rows: list[dict[str, Any]]) -> RawTable:
    return plain_table(name, rows[0] if name == "settings" else rows)
