"""The sheet `Input` of a plan workbook: what the plan was made from, so that a plan can be read by itself.

One row a value: sheet, row (counted from 1), column, value; values that are the column's default are left out. It holds
what was read, `--set` overrides in place, and reads back as the same Dataset.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

from models.dataset import Dataset
from models.faults import Fault, FaultyWorkbook
from models.loading import dataset_from
from models.parsing.raw_tables import fold, shown
from planner.excel.plan_file import MEND, MOST_FAULTS, PlanSheets

SHEET = "Input"
KEYED = ("sheet", "row", "column", "value")


def read_input(path: Path) -> Dataset:
    """The Dataset a plan workbook was made from.

    Raises
    ------
    FaultyWorkbook
        The file is no plan workbook, or one of before plans carried their input.
    """
    sheets = PlanSheets(path)
    if fold(SHEET) not in sheets.by_name:
        raise sheets.fault(f"a workbook without the sheet {SHEET}", "Write the plan again with `planner solve`.")
    tables = {name: list(rows.values()) for name, rows in input_records(sheets).items()}
    return dataset_from(**{name: rows[0] if name == "settings" else rows for name, rows in tables.items()})


def input_records(sheets: PlanSheets) -> dict[str, dict[int, dict[str, Any]]]:
    """The values of the sheet `Input` by sheet, row and column; none where a plan has no such sheet.

    Raises
    ------
    FaultyWorkbook
        A row says of no cell what its value is.
    """
    records: dict[str, dict[int, dict[str, Any]]] = defaultdict(lambda: defaultdict(dict))
    faults = []
    for line, cells in sheets.rows(SHEET):
        name, number, column, value = (cells.get(letter) for letter in "ABCD")
        if line == 1 or value is None:
            continue
        if isinstance(name, str) and isinstance(column, str) and isinstance(number, int) and number > 0:
            records[name][number][column] = value
        else:
            found = f"{shown(name)}, {shown(number)}, {shown(column)}"
            faults.append(
                Fault(
                    SHEET, "", "", found, "a sheet, the number of a row and a column", MEND, row=line, cell=f"A{line}"
                )
            )
    if faults:
        raise FaultyWorkbook(faults[:MOST_FAULTS])
    return records
