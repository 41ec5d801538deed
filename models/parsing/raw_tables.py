"""Tables as they come from outside: headings and records of raw cells, matched to the sheets and columns we know.

Sheet and column names match ignoring case, leading and trailing blanks, and blanks versus underscores.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from models.faults import Fault, closest
from models.schema import NEVER_READ, NEVER_READ_SHEETS, SHEETS, Sheet


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Stands in a cell whose value cannot be known; reported, once, where the value is needed."""

    found: str
    fix: str


@dataclass(frozen=True, slots=True)
class Record:
    """One row of a table: `row` as the person sees it, `values` by column letter, blank cells left out."""

    row: int
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class RawTable:
    """One sheet as it is: its name, headings by column letter, and records.

    `broken`: its source could not be taken apart, which has been reported; nothing follows from what it lacks.
    """

    name: str
    headings: Mapping[str, str]
    records: tuple[Record, ...]
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Matched:
    """A table and where its columns are: `letters` by column name, `others` (unknown headings) by letter."""

    sheet: Sheet
    table: RawTable
    letters: Mapping[str, str]
    others: Mapping[str, str] = field(default_factory=dict)


def fold(name: str) -> str:
    r"""The form in which names of sheets, columns and settings are compared.

    >>> fold(" Load Blocks\u00a0")
    'load_blocks'
    """
    return "_".join(name.replace("\u00a0", " ").replace("_", " ").lower().split())


def column_letter(index: int) -> str:
    """The letter of a column, the first of index 0.

    >>> column_letter(0), column_letter(25), column_letter(26), column_letter(702)
    ('A', 'Z', 'AA', 'AAA')
    """
    letter = ""
    while index >= 0:
        letter = chr(65 + index % 26) + letter
        index = index // 26 - 1
    return letter


def column_index(letter: str) -> int:
    """The index of a column's letter, 0 for the first.

    >>> column_index("A"), column_index("Z"), column_index("AAA")
    (0, 25, 702)
    """
    index = 0
    for each in letter:
        index = 26 * index + ord(each) - 64
    return index - 1


def first_letters(table: RawTable) -> dict[str, str]:
    """The column letter of each heading, in folded form; of headings that are the same, the first."""
    letters: dict[str, str] = {}
    for letter, heading in table.headings.items():
        letters.setdefault(fold(heading), letter)
    return letters


def is_blank(value: object) -> bool:
    """Whether a cell holds nothing: no value, or blanks only."""
    return value is None or (isinstance(value, str) and not value.replace("\u00a0", " ").strip())


def shown(value: object) -> str:
    """What a cell holds, in a message.

    >>> shown("abc"), shown(3.0), shown(True)
    ("'abc'", '3', 'TRUE')
    """
    if isinstance(value, Unreadable):
        return value.found
    if is_blank(value):
        return "an empty cell"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and math.isfinite(value) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    if isinstance(value, str):
        return f"'{value if len(value) <= 60 else value[:57] + '…'}'"
    return str(value)


ERRORS = frozenset({"#REF!", "#N/A", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"})


def spreadsheet_error(value: object) -> Unreadable | None:
    """What stands for a cell that shows an error of a spreadsheet program; None for any other value."""
    if isinstance(value, str) and value.strip() in ERRORS:
        return Unreadable(f"{value}, an error of the spreadsheet", "Correct the formula, or type the value.")
    return None


def plain_number(text: str) -> float | None:
    """The number that a text plainly is; None where anything would have to be guessed.

    >>> plain_number(" -1.5e3 "), plain_number("1,5"), plain_number("10%")
    (-1500.0, None, None)
    """
    return float(text) if re.fullmatch(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*", text) else None


def arranged(
    name: str, headings: Mapping[str, str], rows: Mapping[int, Mapping[str, object]], faults: list[Fault]
) -> RawTable:
    """The table of a sheet's filled cells by row and column letter, without what stands under no heading.

    Reports values under no heading, and rows where there is no heading at all.
    """
    sheet = fold(name)
    if not headings and any(rows.values()):
        fix = "Put the column names in row 1 and the records below it."
        faults.append(Fault(sheet, "", "", "no column names", "column names in row 1", fix, row=1, cell="A1"))
    else:
        for letter in sorted({letter for row in rows.values() for letter in row if letter not in headings})[:5]:
            first = min(row for row, values in rows.items() if letter in values)
            found, expected = f"a value in column {letter}, which has no name", "a name in row 1 for each column"
            fix = "It is not read; name the column, or note for remarks."
            faults.append(Fault(sheet, "", "", found, expected, fix, "value-without-name", first, f"{letter}{first}"))
    kept = ((row, {k: v for k, v in rows[row].items() if k in headings}) for row in sorted(rows))
    return RawTable(name, headings, tuple(Record(row, values) for row, values in kept))


def tables_by_sheet(tables: Iterable[RawTable], faults: list[Fault]) -> dict[str, RawTable]:
    """The table of each known sheet. Reports unknown, doubled and missing sheets."""
    known = {each.name: each for each in SHEETS}
    found: dict[str, RawTable] = {}
    for table in tables:
        name = fold(table.name)
        if name in NEVER_READ_SHEETS:
            continue
        if name not in known:
            fix = f"It is not read. {closest(name, known)}"
            faults.append(
                Fault(table.name, "", "", "a sheet with that name", "a sheet the planner knows", fix, "unknown-sheet")
            )
        elif name in found:
            fix = f"'{found[name].name}' has the same name; keep one of the two."
            faults.append(Fault(table.name, "", "", "the sheet twice", "one sheet with that name", fix))
        else:
            found[name] = table
    for sheet in SHEETS:
        if not sheet.optional and sheet.name not in found:
            columns = ("key", "value") if sheet.name == "settings" else (c.name for c in sheet.columns if c.required)
            fix = f"Add a sheet named {sheet.name} with the columns {', '.join(columns)}."
            faults.append(Fault(sheet.name, "", "", "no such sheet", f"a sheet of {sheet.purpose}", fix))
    return found


def match_columns(sheet: Sheet, table: RawTable, names: Iterable[str], faults: list[Fault]) -> Matched:
    """Where the columns of these names are. Reports a name that heads two columns; the first counts."""
    known = set(names)
    letters: dict[str, str] = {}
    others: dict[str, str] = {}
    for letter, heading in table.headings.items():
        name = fold(heading)
        if name in NEVER_READ:
            continue
        if name not in known:
            others[letter] = heading
        elif name in letters:
            found = f"a second column {name} (the first is {letters[name]}1)"
            fix = "Keep one of the two, or rename one to note."
            faults.append(Fault(sheet.name, name, "", found, "each column once", fix, row=1, cell=f"{letter}1"))
        else:
            letters[name] = letter
    return Matched(sheet, table, letters, others)


def report_unknown_columns(matched: Matched, known: Iterable[str], faults: list[Fault]) -> None:
    """Warns of each heading that is no column of the sheet."""
    names = tuple(known)
    for letter, heading in matched.others.items():
        found = f"a column {shown(heading)}"
        fix = f"It is not read. {closest(fold(heading), names)}"
        cell = f"{letter}1"
        faults.append(
            Fault(matched.sheet.name, heading, "", found, "a column of this sheet", fix, "unknown-column", 1, cell)
        )
