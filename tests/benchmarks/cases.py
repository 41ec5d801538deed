"""Benchmark cases by name: the examples, and generated workbooks of any size."""

from __future__ import annotations

from dataclasses import fields
from fnmatch import fnmatch
from pathlib import Path

import openpyxl
from benchmarks.fair import fair
from benchmarks.generated import generated

from models.dataset import Dataset
from models.months import first_day
from models.schema import SHEETS

EXAMPLES = Path(__file__).parent / "examples"
"""The examples as they were when speed was first spoken of: they stay as they are."""
SIZES = tuple(
    f"{months}x{offers}{parts}"
    for parts in ("", "x20x3", "x5x10", "x20x10")
    for months in (24, 36, 60, 120)
    for offers in (20, 60, 200)
)
"""Months, offers, and segments and regions where they are not 5 and 3."""
SHORT = ("frontier_lab.xlsx", "lessor.xlsx", "24x20", "36x20", "fair 24x20")
"""What is run where nothing is asked for."""


def all_cases() -> list[str]:
    """The names of all cases."""
    return ["frontier_lab.xlsx", "lessor.xlsx", *SIZES, *(f"fair {each}" for each in SIZES)]


def matching(patterns: list[str]) -> list[str]:
    """The cases that match one of the patterns, as file names are matched."""
    return [each for each in all_cases() if any(fnmatch(each, pattern) for pattern in patterns)]


def workbook_of(case: str, folder: Path, seed: int = 1) -> Path:
    """The workbook of a case, drawn with a seed into the folder where it is generated."""
    if case.endswith(".xlsx"):
        return EXAMPLES / case
    path = folder / f"{case}.xlsx"
    write(drawn(case, seed), path)
    return path


def drawn(case: str, seed: int = 1) -> Dataset:
    """A generated problem, `36x60` or `fair 36x60x20x10`: of so many months and offers (segments, regions)."""
    months, offers, *parts = map(int, case.removeprefix("fair ").split("x"))
    return (fair if case.startswith("fair ") else generated)(months, offers, seed, *parts)


def write(dataset: Dataset, path: Path) -> None:
    """Writes a problem as a workbook, so that reading it is measured too."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for sheet in SHEETS:
        rows = getattr(dataset, sheet.name)
        if not rows:
            continue
        page = book.create_sheet(sheet.name)
        kinds = {column.name: column.kind for column in sheet.columns}
        if sheet.name == "settings":
            page.append(["key", "value"])
            for each in fields(rows):
                if each.name in kinds:
                    page.append([each.name, _cell(rows, each.name, kinds[each.name])])
            continue
        page.append(list(kinds))
        for row in rows:
            page.append([_cell(row, name, kind) for name, kind in kinds.items()])
    book.save(path)


def _cell(row: object, name: str, kind: str) -> object:
    value = getattr(row, name)
    if kind == "month" and value is not None:
        return first_day(value)
    return "; ".join(value) if isinstance(value, tuple) else value
