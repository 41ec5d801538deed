"""Calendar months as whole numbers: year x 12 + (month - 1), so that months add and subtract.

The planner counts months t = 0 … T-1 from the first month of the horizon; this module knows only
the calendar. A month has its calendar days and a day has 24 hours.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re

_NAMES = {name.lower(): i for i, name in enumerate(calendar.month_abbr) if name} | {
    name.lower(): i for i, name in enumerate(calendar.month_name) if name
}


def month_of(year: int, month: int) -> int:
    """The month number of a year and a month 1 … 12.

    >>> month_of(2026, 5) - month_of(2025, 12)
    5
    """
    return year * 12 + month - 1


def year_and_month(number: int) -> tuple[int, int]:
    """Year and month 1 … 12 of a month number.

    >>> year_and_month(month_of(2026, 12))
    (2026, 12)
    """
    return number // 12, number % 12 + 1


def label(number: int) -> str:
    """The month as `2026-09`.

    >>> label(month_of(2026, 9))
    '2026-09'
    """
    year, month = year_and_month(number)
    return f"{year:04d}-{month:02d}"


def first_day(number: int) -> dt.date:
    """The first day of the month, for date cells."""
    year, month = year_and_month(number)
    return dt.date(year, month, 1)


def hours(number: int) -> int:
    """Hours of the calendar month: its days x 24.

    >>> hours(month_of(2028, 2))
    696
    """
    return 24 * calendar.monthrange(*year_and_month(number))[1]


def parse(value: object) -> int | None:
    """The month a cell means: a date, `2026-09`, `2026-09-01`, `Sep 2026` or `September 2026`; else None.

    Day-first and month-first dates in text (`01/02/2026`) are ambiguous and therefore not a month.

    >>> label(parse("Sep 2026")), parse("09/2026")
    ('2026-09', None)
    """
    if isinstance(value, dt.date):
        return month_of(value.year, value.month)
    if not isinstance(value, str):
        return None
    text = value.strip()
    if iso := re.fullmatch(r"(\d{4})-(\d{1,2})(?:-(\d{1,2})(?:[T ]00:00(?::00)?)?)?", text):
        year, month = int(iso[1]), int(iso[2])
        day = int(iso[3]) if iso[3] else 1
        try:
            dt.date(year, month, day)
        except ValueError:
            return None
        return month_of(year, month)
    if words := re.fullmatch(r"([A-Za-z]{3,9})\.?[\s-]+(\d{4})", text):
        found = _NAMES.get(words[1].lower())
        return month_of(int(words[2]), found) if found and int(words[2]) >= 1900 else None
    return None
