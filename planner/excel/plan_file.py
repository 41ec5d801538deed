"""A plan workbook as a file: opened, or refused in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from models.faults import Fault, FaultyWorkbook
from models.parsing.raw_tables import fold
from planner.excel.cells import SheetCells, cells_of
from planner.excel.told_apart import is_problem
from planner.files.reading import WORKBOOK_BYTES, UnreadableFile, read_regular

MEND = "Put back what the planner wrote, or write the plan again with `planner solve`."
NAME_ONE = "Name a plan workbook that `planner solve` wrote."
MOST_FAULTS = 50
"""At most this many faults are reported."""


def plan_file_fault(
    path: Path, found: str, fix: str, expected: str = "a plan workbook written by `planner solve`"
) -> FaultyWorkbook:
    """The fault of a file that is no plan workbook, or not the one that is `expected`."""
    return FaultyWorkbook([Fault(path.name or str(path), "", "", found, expected, fix)])


class PlanSheets:
    """The filled cells of a plan workbook's sheets, row by row; a plan is whole or refused, whatever is asked of it.

    Raises
    ------
    FaultyWorkbook
        There is no file, none that can be read, one with a sheet that cannot be read, or it is a problem.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            content = read_regular(path, WORKBOOK_BYTES)
            self.by_name = {fold(sheet.name): sheet for sheet in cells_of(content).sheets}
        except FileNotFoundError:
            raise self.fault("no file with that name", NAME_ONE) from None
        except IsADirectoryError:
            raise self.fault("a folder", NAME_ONE) from None
        except OSError as error:
            denied = "Close it in other programs, or ask for permission to read it."
            fix = denied if isinstance(error, PermissionError) else NAME_ONE
            raise self.fault(error.strerror or str(error), fix) from None
        except UnreadableFile as refused:
            raise self.fault(refused.found, refused.fix) from None
        if is_problem(frozenset(self.by_name)):
            raise self.fault("a problem to solve", "Name the plan that `planner solve` wrote for it.")
        try:
            self._read = _cells_by_sheet(content)
        except UnreadableFile as refused:
            raise self.fault(refused.found, refused.fix) from None

    def fault(self, found: str, fix: str, *expected: str) -> FaultyWorkbook:
        """The fault of a file that is no plan workbook, or not the one that is `expected`."""
        return plan_file_fault(self.path, found, fix, *expected)

    def rows(self, sheet: str) -> Iterator[tuple[int, Mapping[str, object]]]:
        """The filled rows of a sheet with their numbers, cells by column letter; none without the sheet."""
        name = fold(sheet)
        yield from self._read[name].rows.items() if name in self._read else ()


@lru_cache(maxsize=1)
def _cells_by_sheet(content: bytes) -> Mapping[str, SheetCells]:
    """The cells of a workbook by the name of the sheet; those of its plan a command asks for again and again."""
    workbook = cells_of(content)
    return {fold(sheet.name): workbook.cells(sheet) for sheet in workbook.sheets}
