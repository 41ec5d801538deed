"""Columns: what kind of value a column holds, and how a filled-in cell becomes one.

Nothing is guessed: a value that fits no rule of its column is a misfit that says what to do about it.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from dataclasses import MISSING, Field, dataclass, field, fields, replace
from typing import Any, Literal, TypeVar

from models import months
from models.text import plain_number, seen, with_plain_dashes

Kind = Literal["name", "text", "names", "month", "share", "count", "flag", "number", "choice"]

NUMERIC = ("share", "count", "number", "flag")
"""Kinds of column in which text that plainly spells a number, in a CSV file or on the command line, is one."""
_SPELT = r"-?[\d.]+\s*%?"
"""What text in a number cell may be, if it counts: a sign of plus or an exponent is none of it."""
LARGEST = 1e15
"""Numbers beyond this are treated as typing errors; no solver computes with them."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `kind` of value, meaning, unit, whether required, default, bounds, choices.

    `refers` names the sheets whose keys the value must be one of.
    """

    name: str
    kind: Kind
    meaning: str
    unit: str
    required: bool
    default: Any
    low: float | None
    above: float | None
    high: float | None
    below: float | None
    choices: tuple[str, ...]
    refers: tuple[str, ...]

    @property
    def defaults_to_nothing(self) -> bool:
        """Whether a blank cell is no value, rather than one that can be shown."""
        return self.default in (None, "", ())

    @property
    def takes_percent(self) -> bool:
        """Whether 10 % may be written for 0.1: of shares, and of numbers that have no unit or share in it."""
        return self.kind == "share" or (self.kind == "number" and self.unit.partition(" ")[0] in ("", "share"))

    def plain(self, text: str) -> float | None:
        """The number that a text plainly is in this column, as in a CSV file or on the command line; else None."""
        return plain_number(text, percent=self.takes_percent) if self.kind in NUMERIC else None

    def shown(self, value: Any) -> Any:
        """A value as a cell shows it; blank where there is none."""
        if value is None:
            return ""
        if self.kind == "month":
            return months.label(value)
        if self.kind == "flag":
            return "yes" if value else "no"
        return "; ".join(value) if self.kind == "names" else value

    def expected(self) -> str:
        """What fits in the column, in words."""
        words = {
            "name": "a name",
            "text": "text",
            "names": "names separated by ;",
            "month": "a month (a date cell, or text such as 2026-09 or Sep 2026)",
            "share": "a share from 0 to 1 (60 % is 0.6)",
            "count": "a whole number of at least 0",
            "flag": "yes or no",
            "number": "a number",
            "choice": "one of " + ", ".join(self.choices),
        }[self.kind]
        bounds = []
        if self.low is not None and not (self.kind in ("share", "count") and self.low == 0):
            bounds.append(f"at least {self.low:g}")
        if self.above is not None:
            bounds.append(f"above {self.above:g}")
        if self.high is not None and not (self.kind == "share" and self.high == 1):
            bounds.append(f"at most {self.high:g}")
        if self.below is not None:
            bounds.append(f"below {self.below:g}")
        if self.kind == "count" and self.low:
            words = "a whole number"
        return words + (" " + " and ".join(bounds) if bounds else "")


class CellError(ValueError):
    """A value that fits no rule of its column; the message says what to do about it."""


def parse(column: Column, value: object) -> tuple[Any, str]:
    """The typed value of a filled-in cell and a warning ('' for none).

    `value` is what a cell holds (str, bool, int, float, date), never None or blank. Never guesses.

    Raises
    ------
    CellError
        The value fits no rule of the column.
    """
    if column.kind in ("name", "text", "names", "choice"):
        return _parse_text(column, value)
    if column.kind == "month":
        found = months.parse(value)
        if found is None:
            raise CellError(_no_month(value))
        return found, ""
    if column.kind == "flag":
        return _parse_flag(value), ""
    return _parse_number(column, value)


def _parse_text(column: Column, value: object) -> tuple[Any, str]:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise CellError("Write it as text.")
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    text = " ".join(seen(text).split())
    if column.kind == "names":
        names = tuple(part.strip() for part in text.split(";") if part.strip())
        if not names:
            raise CellError("Name at least one, separated by ;.")
        return names, ""
    if column.kind == "choice":
        folded = {choice.lower(): choice for choice in column.choices}
        key = text.lower().replace(" ", "_").replace("-", "_")
        if key not in folded:
            raise CellError("Write one of these words.")
        return folded[key], ""
    return text, ""


def _parse_flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in ("yes", "no", "y", "n", "true", "false"):
        return value.strip().lower() in ("yes", "y", "true")
    if isinstance(value, (int, float)) and value in (0, 1):
        return bool(value)
    raise CellError("Write yes or no.")


def _parse_number(column: Column, value: object) -> tuple[Any, str]:
    warning = ""
    if isinstance(value, bool):
        raise CellError("Write a number, not TRUE or FALSE.")
    if isinstance(value, str):
        text = with_plain_dashes(seen(value)).strip()
        found = column.plain(text)
        if found is None or not re.fullmatch(_SPELT, text, re.ASCII):
            raise CellError(_no_number(column, text))
        number = found
        warning = f"a number written as text, read as {number:g}"
    elif isinstance(value, (int, float)):
        number = float(value)
    else:
        raise CellError("Write a number, not a date.")
    if not math.isfinite(number):
        raise CellError("Write a finite number.")
    if abs(number) > LARGEST:
        raise CellError(f"Write a number no larger than {LARGEST:g}.")
    if column.kind == "share" and number > 1 and column.high == 1:
        hint = f"If {number:g} percent is meant, write {number:g}% or {number / 100:g}."
        raise CellError(f"A share is at most 1, which is 100 %, and {number:g} is {100 * number:g} %. {hint}")
    for wrong, limit in (
        (column.low is not None and number < column.low, f"at least {column.low}"),
        (column.above is not None and number <= column.above, f"above {column.above}"),
        (column.high is not None and number > column.high, f"at most {column.high}"),
        (column.below is not None and number >= column.below, f"below {column.below}"),
    ):
        if wrong:
            sign = ", without the minus sign" if number < 0 and "-" not in limit else ""
            raise CellError(f"Write a number {limit}{sign}.")
    if column.kind == "count":
        if number != int(number):
            raise CellError("Write a whole number.")
        return int(number), warning
    return number, warning


def _no_month(value: object) -> str:
    """What to do about a value that is no month."""
    if isinstance(value, dt.datetime) and value.time() != dt.time():
        return f"It has a time of day, {value:%H:%M}: it may be the midnight of another time zone. Write 2026-09."
    if isinstance(value, (int, float)) and (month := months.parse_heading(f"{value:.0f}")) is not None:
        return f"If {months.label(month)} is meant, give the cell the format of a date."
    return "Write the month as a date of the years 2000 to 2200, as 2026-09 or as Sep 2026."


def _no_number(column: Column, text: str) -> str:
    """What to do about a text that is no number; commas and blanks may separate decimals or thousands."""
    if text.endswith("%") and not column.takes_percent:
        unit = f", in {column.unit}" if column.unit else ""
        return f"Write a plain number{unit}; only shares take a percentage."
    if re.fullmatch(r"[+-]?[\d., ']*\d(?:\.|\.?[eE][+-]?\d+)?\s*%?", text, re.ASCII):
        return "Write it as a plain number cell: digits, and a point before decimals."
    return "Write a plain number, without units, letters or currency signs."


REQUIRED: Any = MISSING
"""The default of a column that has none."""


def column(
    kind: Kind,
    meaning: str,
    *,
    unit: str = "",
    default: Any = REQUIRED,
    low: float | None = None,
    above: float | None = None,
    high: float | None = None,
    below: float | None = None,
    choices: tuple[str, ...] = (),
    refers: tuple[str, ...] = (),
) -> Any:
    """A dataclass field that is a column of a sheet. Shares and counts are bounded by what they are.

    Parameters
    ----------
    kind
        The kind of value.
    meaning
        What it says, for cell notes and the reference.
    unit
        The unit of a number.
    default
        The value of a blank cell; without one the column is required.
    low, above, high, below
        Bounds, included (`low`, `high`) or not (`above`, `below`).
    choices
        The values of a choice.
    refers
        The sheets whose keys the value must be one of.
    """
    if kind == "share":
        low, high = 0 if low is None else low, 1 if high is None and below is None else high
    if kind == "count" and low is None:
        low = 0
    facts = {
        "kind": kind,
        "meaning": meaning,
        "unit": unit,
        "low": low,
        "above": above,
        "high": high,
        "below": below,
        "choices": choices,
        "refers": refers,
    }
    if default is REQUIRED:
        return field(metadata=facts)
    return field(default=default, metadata=facts)


def price(meaning: str, *, unit: str, default: Any = 0.0) -> Any:
    """A money column: a number of at least 0, per the unit named."""
    return column("number", meaning, unit=unit, default=default, low=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A record of a sheet. `row` is its row in the sheet, 0 when it came from no sheet."""

    row: int = field(default=0, compare=False, repr=False)


AnyRow = TypeVar("AnyRow", bound=Row)


def _column(each: Field[Any]) -> Column:
    facts = each.metadata
    required = each.default is MISSING
    return Column(
        name=each.name,
        required=required,
        default=None if required else each.default,
        **{
            key: facts[key] for key in ("kind", "meaning", "unit", "low", "above", "high", "below", "choices", "refers")
        },
    )


_COLUMNS: dict[type[Row], tuple[Column, ...]] = {}


def columns_of(row: type[Row]) -> tuple[Column, ...]:
    """The columns of a class of rows, made once: big sheets ask for them in every row."""
    if row not in _COLUMNS:
        _COLUMNS[row] = tuple(_column(each) for each in fields(row) if each.metadata)
    return _COLUMNS[row]


def times(row: AnyRow, factor: float, *columns: str) -> AnyRow:
    """The row with the numbers of some columns times a factor; a blank one stays blank."""
    numbers = {each: getattr(row, each) for each in columns}
    return replace(row, **{each: number * factor for each, number in numbers.items() if number is not None})
