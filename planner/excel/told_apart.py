"""Tells problems and plans apart by the sheets of their files, so that a command takes the two in either order."""

from __future__ import annotations

from pathlib import Path

from models.parsing.raw_tables import fold
from planner.csv_folder.reader import is_problem_folder
from planner.errors import WrongUsage
from planner.files.package import names_of_sheets

PLAN_SHEETS = frozenset({"summary", "decisions", "capacity"})


def is_plan(sheets: frozenset[str]) -> bool:
    """Whether a workbook with these sheets was written by `planner solve`."""
    return sheets >= PLAN_SHEETS and not is_problem(sheets)


def is_problem(sheets: frozenset[str]) -> bool:
    """Whether a workbook with these sheets is one to solve."""
    return "settings" in sheets


def is_job_file(sheets: frozenset[str]) -> bool:
    """Whether a workbook with these sheets lists jobs of `planner batch`, and is none to solve itself."""
    return "jobs" in sheets and not is_problem(sheets)


def problem_and_plan(first: Path, second: Path) -> tuple[Path, Path]:
    """Return a problem and a plan in this order, given in any order.

    Files that are neither are returned as they are given: who reads them says what is wrong with them.

    Raises
    ------
    WrongUsage
        Both are problems, or both are plans.
    """
    given = (first, second)
    sheets = [
        frozenset({"settings"}) if is_problem_folder(path) else frozenset(map(fold, names_of_sheets(path)))
        for path in given
    ]
    if all(map(is_plan, sheets)):
        raise WrongUsage(f"'{first}' and '{second}' are both plans. Name one, and the workbook it is a plan of.")
    if all(map(is_problem, sheets)):
        raise WrongUsage(f"'{first}' and '{second}' are both workbooks to solve. Name one, and a plan of it.")
    return (second, first) if is_plan(sheets[0]) or is_problem(sheets[1]) else given
