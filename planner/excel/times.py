"""Numbers that spreadsheets show as dates and times: which formats do, and what the numbers stand for."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping

from models.parsing.raw_tables import Unreadable
from planner.files.package import Package, local_names

LAST_DAY = 2_958_465
"""The number of 9999-12-31, the last date of a spreadsheet."""
_DATES = frozenset((*range(14, 23), *range(27, 37), 45, 47, *range(50, 59)))
_ELAPSED = frozenset((46,))
"""The built-in formats of dates and times, in any language of the program, and of times that passed."""


def whole(text: str) -> int:
    """The whole number that a text is; -1 where it is none, or larger than any in a workbook."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def time_formats(package: Package, part: str) -> tuple[frozenset[int], frozenset[int]]:
    """The styles of cells whose numbers are shown as dates or times of day, and as times that passed."""
    names = local_names("numFmt", "cellXfs", "xf")
    codes: dict[str, str] = {}
    dates: set[int] = set()
    elapsed: set[int] = set()
    inside, count = False, 0

    def start(name: str, attributes: Mapping[str, str]) -> None:
        nonlocal inside, count
        short = names.get(name)
        if short == "numFmt":
            codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif short == "cellXfs":
            inside = True
        elif short == "xf" and inside:
            number = attributes.get("numFmtId", "0")
            kind = _kind_of_format(number, codes.get(number))
            if kind:
                (dates if kind == "date" else elapsed).add(count)
            count += 1

    def end(name: str) -> None:
        nonlocal inside
        if names.get(name) == "cellXfs":
            inside = False

    package.parse(part, start, end)
    return frozenset(dates), frozenset(elapsed)


def _kind_of_format(number: str, code: str | None) -> str:
    """`date`, `elapsed` or "" for the number of a format, and its code where the workbook defines it.

    >>> [_kind_of_format("164", code) for code in ("[$-409]mmm yy;@", '0.0" days"', "[h]:mm")]
    ['date', '', 'elapsed']
    """
    if code is None:
        known = whole(number)
        return "date" if known in _DATES else "elapsed" if known in _ELAPSED else ""
    first = re.sub(r'"[^"]*"|\\.|_.|\*.', "", code.partition(";")[0].lower())
    if re.search(r"\[(h+|m+|s+)\]", first):
        return "elapsed"
    plain = re.sub(r"\[[^\]]*\]", "", first)
    return "date" if re.search("[dmhsy]", plain) else ""


def time_of(number: float, shown_as: str, *, date1904: bool) -> object:
    """What a number stands for that is shown as a date, a time of day or a time that passed."""
    if shown_as == "elapsed":
        return (
            dt.timedelta(days=number)
            if abs(number) <= LAST_DAY
            else Unreadable(f"{number:g} as a time", "Type it again.")
        )
    days = number + (1462 if date1904 else 0)
    if not 0 <= days < LAST_DAY + 1:
        return Unreadable(f"{number:g} as a date", "Type the date again, or give the cell the format of a number.")
    moment = dt.datetime(1899, 12, 30) + dt.timedelta(days=days if days >= 60 else days + 1)
    moment += dt.timedelta(microseconds=500)  # the fraction of a day is kept to a millisecond
    moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    return moment.time() if number < 1 else moment
