"""What is wrong with an input, for the person who can correct it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing found in a workbook: where, what was found, what was expected, how to mend it.

    `row` is the row of the sheet as the person sees it (row 1 holds the column names; 0 where the
    fault belongs to the whole sheet), `column` the column's name, or the month that heads a wide
    demand column. `cell` is filled in by whoever knows the addresses. `severity` "error" stops a
    run, "warning" does not. `file` is the CSV file that is the sheet, "" for a sheet of a workbook:
    `row` then counts its lines.
    """

    sheet: str
    column: str
    row_key: str
    found: str
    expected: str
    fix: str
    severity: Literal["error", "warning"] = "error"
    row: int = 0
    cell: str = ""
    file: str = ""

    def __str__(self) -> str:
        place = self.sheet + (f"!{self.cell}" if self.cell else "")
        if self.file:
            letter = self.cell.rstrip("0123456789")
            line, column = f", line {self.row}" * bool(self.row), f", column {letter}" * bool(letter)
            place = f"{self.file}{line}{column}"
        what = " · ".join(part for part in (self.column, self.row_key) if part)
        return f"{place}{f' ({what})' if what else ''}: found {self.found}; expected {self.expected}. {self.fix}"


SHOWN = 20
"""So many faults are told in the message of an exception."""


class FaultyWorkbook(Exception):
    """Raised once, with everything that was found."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        errors = [fault for fault in self.faults if fault.severity == "error"]
        lines = [f"{len(errors)} fault{'s' if len(errors) != 1 else ''} in the workbook", *map(str, errors[:SHOWN])]
        super().__init__("\n  ".join([*lines, "…"] if len(errors) > SHOWN else lines))


def closest(name: str, known: Iterable[str]) -> str:
    """A sentence that names the closest known name, or lists a few of them.

    >>> closest("H10O", ["H100", "TPU"])
    "Did you mean 'H100'?"
    """
    names = list(dict.fromkeys(known))
    folded = {candidate.lower(): candidate for candidate in names}
    near = difflib.get_close_matches(name.lower(), folded, n=1, cutoff=0.6)
    if near:
        return f"Did you mean '{folded[near[0]]}'?"
    if not names:
        return "No such name is defined in the workbook."
    shown = ", ".join(f"'{candidate}'" for candidate in names[:6])
    return f"Known names: {shown}{', …' if len(names) > 6 else ''}."
