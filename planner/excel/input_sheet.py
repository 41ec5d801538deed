"""The sheet `Input` of a plan workbook: what the plan was made from, so that a plan can be read by itself.

One row a value: sheet, row (counted from 1), column, value; values that are the column's default are left out. It holds
what was read, `--set` overrides in place, and reads back as the same Dataset.
"""

from __future__ import annotations

import io
from collections import defaultdict
from pathlib import Path
from typing import Any

from models.dataset import Dataset
from models.faults import Fault, FaultyWorkbook
from models.loading import load_tables, plain_table
from models.parsing.raw_tables import RawTable, fold
from planner.excel.file_checks import UnreadableFile, check_file
from planner.excel.told_apart import is_problem

SHEET = "Input"
KEYED = ("sheet", "row", "column", "value")


def read_input(path: Path) -> Dataset:
    """The Dataset a plan workbook was made from.

    Raises
    ------
    FaultyWorkbook
        The file is no plan workbook, or one of before plans carried their input.
    """
    import openpyxl

    try:
        book = openpyxl.load_workbook(io.BytesIO(check_file(path.read_bytes()).content), read_only=True, data_only=True)
    except FileNotFoundError:
        raise _fault(path, "no file with that name", "Name a plan workbook that `planner solve` wrote.") from None
    except OSError as error:
        raise _fault(
            path, error.strerror or str(error), "Close it in other programs, or ask for permission to read it."
        ) from None
    except UnreadableFile as refused:
        raise _fault(path, refused.found, refused.fix) from None
    except Exception as error:  # the library raises what it likes on files it does not know
        raise _fault(path, f"a workbook that cannot be read ({error})", "Write the plan again.") from None
    if is_problem(frozenset(map(fold, book.sheetnames))):
        raise _fault(path, "a problem to solve", "Name the plan that `planner solve` wrote for it.")
    if SHEET not in book.sheetnames:
        raise _fault(path, f"a workbook without the sheet {SHEET}", "Write the plan again with `planner solve`.")
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


def _fault(path: Path, found: str, fix: str) -> FaultyWorkbook:
    expected = "a plan workbook written by `planner solve`"
    return FaultyWorkbook([Fault(path.name or str(path), "", "", found, expected, fix)])
