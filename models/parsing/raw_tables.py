"""Tables as they come from outside: headings and records of raw cells, matched to the sheets and columns we know.

Sheet and column names match ignoring case, leading and trailing blanks, and blanks versus underscores.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from models.faults import Fault, closest
from models.schema import NEVER_READ_SHEETS, SHEETS, Sheet, never_read
from models.text import apart, seen


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
    return "_".join(seen(name).replace("_", " ").lower().split())


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
    return value is None or (isinstance(value, str) and not seen(value).strip())


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
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ", "seconds")
    if isinstance(value, str):
        return f"'{value if len(value) <= 60 else value[:57] + '…'}'"
    return str(value)


LONGEST_TEXT = 32_767
"""Characters that a cell can hold."""
TITLE_ROWS = 10
"""So far down the names of columns are looked for that should stand in row 1."""
MOST_UNKNOWN = 20
"""So many unknown names of a kind are told one by one."""
ERRORS = frozenset({"#REF!", "#N/A", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"})


def text_of(text: str) -> str | Unreadable:
    """What a cell with a text holds: the text as a person sees it, unless it is an error or too long for a cell."""
    text = seen(text)
    if text.strip() in ERRORS:
        return Unreadable(f"{text}, an error of the spreadsheet", "Correct the formula, or type the value.")
    if len(text) > LONGEST_TEXT:
        return Unreadable(f"a text of {len(text):,} characters", f"A cell holds at most {LONGEST_TEXT:,}; shorten it.")
    return text


def arranged(
    name: str, headings: Mapping[str, str], rows: Mapping[int, Mapping[str, object]], faults: list[Fault]
) -> RawTable:
    """The table of a sheet's filled cells by row and column letter, without what stands under no heading.

    Reports values under no heading, and rows where there is no heading at all.
    """
    sheet = fold(name)
    names = names_of_columns(sheet)
    if names and names.isdisjoint(map(fold, headings.values())) and (row := _row_of_names(rows, names)):
        title = next(iter(headings.values()), "")
        found = f"{shown(title)} in row 1, and the names of columns in row {row}"
        fix = f"Delete the rows above row {row}."
        faults.append(Fault(sheet, "", "", found, "the names of columns in row 1", fix, row=1, cell="A1"))
        return RawTable(name, headings, (), broken=True)
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


def names_of_columns(sheet: str) -> frozenset[str]:
    """The names that may head the columns of a sheet; none for a sheet that is not known."""
    if sheet == "settings":
        return frozenset(("key", "value"))
    return frozenset(column.name for each in SHEETS if each.name == sheet for column in each.columns)


def _row_of_names(rows: Mapping[int, Mapping[str, object]], names: frozenset[str]) -> int:
    """The first of the first ten rows in which at least two names of columns stand; 0 where there is none."""
    for row in sorted(each for each in rows if each <= TITLE_ROWS):
        texts = [fold(value) for value in rows[row].values() if isinstance(value, str)]
        if len(names.intersection(texts)) >= min(2, len(names)):
            return row
    return 0


def misspelt(name: str, known: Iterable[str]) -> str:
    """The known name that a folded one is a slip of: 1 letter apart, or 2 where it has more than five; "" for none.

    >>> misspelt("lead_month", ["lead_months"]), misspelt("rate", ["site"]), misspelt("fleets", ["fleet"])
    ('lead_months', '', 'fleet')
    """
    found = ((apart(name, each, 1 if len(each) <= 5 else 2), each) for each in known)
    return min((each for each in found if each[0] <= (1 if len(each[1]) <= 5 else 2)), default=(0, ""))[1]


class UnknownNames:
    """Reports names the planner does not know: errors where they are slips of absent ones, else warnings.

    Parameters
    ----------
    known
        All names of the kind.
    absent
        Those of them that are not there under their own name.
    warning
        The short name of the warnings.
    """

    def __init__(self, known: Iterable[str], absent: Iterable[str], warning: str) -> None:
        self.known, self.absent, self.warning = tuple(known), tuple(absent), warning
        self.told = 0
        self.slips: set[str] = set()

    def of(
        self, name: str, sheet: str, column: str = "", found: str = "", expected: str = "", **place: Any
    ) -> list[Fault]:
        """The fault of a folded name, if it is an error or one of the first."""
        if slip := misspelt(name, self.absent):
            self.slips.add(slip)
            fix = f"Did you mean '{slip}'? Correct the name; a name that is meant needs to be less like it."
            return [Fault(sheet, column, "", found, expected, fix, **place)]
        self.told += 1
        if self.told > MOST_UNKNOWN:
            return []
        more = " There may be more such names; they are not told." if self.told == MOST_UNKNOWN else ""
        fix = f"It is not read. {closest(name, self.known)}{more}"
        return [Fault(sheet, column, "", found, expected, fix, self.warning, **place)]


def tables_by_sheet(
    tables: Iterable[RawTable], faults: list[Fault], sheets: Iterable[Sheet] = SHEETS
) -> dict[str, RawTable]:
    """The table of each known sheet. Reports unknown, doubled and missing sheets."""
    tables = list(tables)
    known = {each.name: each for each in sheets}
    absent = known.keys() - {fold(table.name) for table in tables}
    found: dict[str, RawTable] = {}
    others: list[RawTable] = []
    for table in tables:
        name = fold(table.name)
        if name in NEVER_READ_SHEETS:
            continue
        if name not in known:
            others.append(table)
        elif name in found:
            fix = f"'{found[name].name}' has the same name; keep one of the two."
            faults.append(Fault(table.name, "", "", "the sheet twice", "one sheet with that name", fix))
        else:
            found[name] = table
    report = UnknownNames(known, absent, "unknown-sheet")
    for table in others:
        faults += report.of(
            fold(table.name), table.name, found="a sheet with that name", expected="a sheet the planner knows"
        )
    found |= {name: RawTable(name, {}, (), broken=True) for name in report.slips}
    for sheet in known.values():
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
        if never_read(name, sheet):
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


def report_unknown_columns(matched: Matched, known: Iterable[str], faults: list[Fault]) -> frozenset[str]:
    """Reports each heading that is no column of the sheet: an error where it is a slip of one that is absent.

    Returns those absent ones.
    """
    names = tuple(known)
    report = UnknownNames(names, [name for name in names if name not in matched.letters], "unknown-column")
    for letter, heading in matched.others.items():
        found, cell = f"a column {shown(heading)}", f"{letter}1"
        name = matched.sheet.name
        faults += report.of(fold(heading), name, heading, found, "a column of this sheet", row=1, cell=cell)
    return frozenset(report.slips)
