"""Calendar months as whole numbers: year x 12 + (month - 1), so that months add and subtract.

The planner counts months t = 0 … T-1 from the first month of the horizon; this module knows only
the calendar. A month has its calendar days and a day has 24 hours.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
import unicodedata
from functools import cache, lru_cache

from models.text import seen, with_plain_dashes

FIRST_YEAR, LAST_YEAR = 2000, 2200
"""Other years are slips: two digits taken for another century, a date of number 0."""

_NAMES = (
    "january february march april may june july august september october november december",
    "januar februar marz april mai juni juli august september oktober november dezember",
    "janner feber maerz april mai juni juli august september oktober november dezember",
    "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "janeiro fevereiro marco abril maio junho julho agosto setembro outubro novembro dezembro",
    "januari februari maart april mei juni juli augustus september oktober november december",
    "januar februar marts april maj juni juli august september oktober november december",
    "januari februari mrt april maj juni juli augusti sept oktober november desember",
    "styczen luty marzec kwiecien maj czerwiec lipiec sierpien wrzesien pazdziernik listopad grudzien",
    "leden unor brezen duben kveten cerven cervenec srpen zari rijen listopad prosinec",
    "ocak subat mart nisan mayis haziran temmuz agustos eylul ekim kasim aralik",
    "январь февраль март апрель маи июнь июль август сентябрь октябрь ноябрь декабрь",
)
"""Names of months without marks, of which beginnings of three letters do: English, German, Austrian, French, Spanish,
Italian, Portuguese, Dutch, Danish and Norwegian, Swedish and short forms that begin no name, Polish, Czech, Turkish,
Russian."""


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


@cache
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


@cache
@cache
def hours(number: int) -> int:
    """Hours of the calendar month: its days x 24.

    >>> hours(month_of(2028, 2))
    696
    """
    return 24 * calendar.monthrange(*year_and_month(number))[1]


@cache
def serial(number: int) -> int:
    """The first day of the month as a workbook stores it: days since 1899-12-30.

    >>> serial(month_of(2026, 1))
    46023
    """
    return (first_day(number) - _SERIAL_0).days


def parse(value: object) -> int | None:
    """The month a cell means: a date, or a text such as `2026-09`, `2026-09-01`, `2026M9` or `Sep 2026`; else None.

    A date within a minute of midnight is that midnight's day; another time of day may be another time zone's midnight,
    and is no month. Neither is a year outside of 2000 to 2200, nor a date in text that could be day-first or
    month-first (`01/02/2026`). Names of months may be those of other languages of Excel.

    >>> label(parse("Sep 2026")), label(parse("Mär 2027")), parse("09/2026")
    ('2026-09', '2027-03', None)
    """
    if isinstance(value, dt.date):
        return _of_date(value)
    if not isinstance(value, str):
        return None
    text = with_plain_dashes(seen(value)).strip()
    if iso := re.fullmatch(r"(\d{4})-(\d{1,2})(?:-(\d{1,2})(?:[T ](\d\d:\d\d(?::\d\d)?))?)?", text, re.ASCII):
        try:
            time = dt.time.fromisoformat(iso[4] or "00:00")
            return _of_date(dt.datetime.combine(dt.date(int(iso[1]), int(iso[2]), int(iso[3] or 1)), time))
        except ValueError:
            return None
    if numbered := re.fullmatch(r"(\d{4})(?:M|年|년 ?)(\d{1,2})[月월]?", text, re.ASCII):
        return _known(int(numbered[1]), int(numbered[2]))
    if words := re.fullmatch(r"([^\W\d_]{3,12})\.?[\s-]+(\d{4})", text):
        return _known(int(words[2]), _named(words[1]))
    return None


def parse_heading(text: str) -> int | None:
    """The month that heads a column of wide demand: as `parse`, or the number by which spreadsheets keep a date.

    >>> label(parse_heading("46296")), parse_heading("4629")
    ('2026-10', None)
    """
    if re.fullmatch(r"\d{5,6}", text.strip(), re.ASCII):
        return _of_date(_SERIAL_0 + dt.timedelta(days=int(text)))
    return parse(text)


_SERIAL_0 = dt.date(1899, 12, 30)


def _of_date(value: dt.date) -> int | None:
    if isinstance(value, dt.datetime):
        midnight = value.replace(tzinfo=None) + dt.timedelta(minutes=1)
        if midnight.time() > dt.time(0, 2):
            return None
        value = midnight.date()
    return _known(value.year, value.month)


def _known(year: int, month: int) -> int | None:
    return month_of(year, month) if 1 <= month <= 12 and FIRST_YEAR <= year <= LAST_YEAR else None


@lru_cache(maxsize=1000)
def _named(word: str) -> int:
    """The number 1 … 12 of the month of a name, or of its beginning; 0 where there is none, or several."""
    word = _plain(word)
    exact = {i for names in _NAMES for i, name in enumerate(names.split(), start=1) if name == word}
    begun = {i for names in _NAMES for i, name in enumerate(names.split(), start=1) if name.startswith(word)}
    return next(iter(exact or begun)) if len(exact or begun) == 1 else 0


def _plain(word: str) -> str:
    """The word in small letters without their marks."""
    parts = unicodedata.normalize("NFD", word.casefold().replace("ı", "i"))
    return "".join(each for each in parts if not unicodedata.combining(each))
