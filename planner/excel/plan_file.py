"""A plan workbook as a file: opened, or refused in words."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from models.faults import Fault, FaultyWorkbook
from models.parsing.raw_tables import Unreadable, fold
from planner.excel.file_checks import UnreadableFile, check_file, open_workbook
from planner.excel.told_apart import is_problem


def plan_file_fault(path: Path, found: str, fix: str) -> FaultyWorkbook:
    """The fault of a file that is no plan workbook."""
    expected = "a plan workbook written by `planner solve`"
    return FaultyWorkbook([Fault(path.name or str(path), "", "", found, expected, fix)])


def open_plan_file(path: Path) -> tuple[Any, Mapping[str, Mapping[str, Unreadable]]]:
    """A workbook (of openpyxl, read only), and its unreadable cells by sheet and address.

    Raises
    ------
    FaultyWorkbook
        There is none, none that can be read, or it is a problem.
    """
    try:
        inspected = check_file(path.read_bytes())
        book = open_workbook(inspected.content, read_only=True)
    except FileNotFoundError:
        fix = "Name a plan workbook that `planner solve` wrote."
        raise plan_file_fault(path, "no file with that name", fix) from None
    except OSError as error:
        fix = "Close it in other programs, or ask for permission to read it."
        raise plan_file_fault(path, error.strerror or str(error), fix) from None
    except UnreadableFile as refused:
        raise plan_file_fault(path, refused.found, refused.fix) from None
    if is_problem(frozenset(map(fold, book.sheetnames))):
        raise plan_file_fault(path, "a problem to solve", "Name the plan that `planner solve` wrote for it.")
    return book, inspected.unreadable
