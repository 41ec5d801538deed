"""Months: numbers, labels, and the texts that mean one."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import months

MONTHS = st.integers(months.month_of(2000, 1), months.month_of(2200, 12))


@given(MONTHS)
def test_a_month_survives_its_label(number: int) -> None:
    """The label of a month is read back as the same month."""
    assert months.parse(months.label(number)) == number


@given(MONTHS)
def test_a_month_survives_its_first_day(number: int) -> None:
    """The first day of a month is read back as that month."""
    assert months.parse(months.first_day(number)) == number


@pytest.mark.parametrize(
    "text",
    [
        "2026-09",
        "2026-9",
        "2026-09-17",
        "2026-09-01 00:00:00",
        "Sep 2026",
        "sep. 2026",
        "September 2026",
        "Sep-2026",
        "2026M9",
        "2026\u201109",
        "2026\u2013 09".replace(" ", ""),
        "Sep\u00a02026",
        "\u200bSep 2026",
        "settembre 2026",
        "wrz 2026",
        "eylül 2026",
        "сен 2026",
        "2026年9月",
    ],
)
def test_the_ways_to_write_september_2026(text: str) -> None:
    """Every accepted way to write a month means that month."""
    assert months.parse(text) == months.month_of(2026, 9)


@pytest.mark.parametrize(
    "value",
    [
        "01/02/2026",
        "09/2026",
        "2026",
        "2026-13",
        "2026-00",
        "2026-02-30",
        "Sept 26",
        "Smarch 2026",
        "",
        "May",
        46143,
        4.5,
        True,
        "1999-12",
        "2201-01",
        "Sep 1926",
        dt.date(1930, 1, 1),
        "jui 2026",
    ],
)
def test_what_is_ambiguous_is_no_month(value: object) -> None:
    """A value that could mean two months, or none, is refused rather than guessed."""
    assert months.parse(value) is None


def test_any_date_in_a_month_means_it() -> None:
    """A date or a date with a time stands for its month."""
    expected = months.month_of(2024, 2)
    assert months.parse(dt.date(2024, 2, 29)) == expected
    assert months.parse(dt.datetime(2024, 2, 29)) == expected


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (dt.datetime(2026, 8, 31, 23, 59, 17), (2026, 9)),
        (dt.datetime(2026, 9, 1, 0, 0, 43), (2026, 9)),
        (dt.datetime(2026, 8, 31, 22), None),
        (dt.datetime(2026, 9, 1, 0, 2), None),
        ("2026-08-31 22:00", None),
    ],
)
def test_only_a_midnight_is_a_day(moment: object, expected: tuple[int, int] | None) -> None:
    """Rounding leaves seconds before or after midnight; another time of day may be another zone's midnight."""
    assert months.parse(moment) == (expected and months.month_of(*expected))


def test_no_name_of_a_month_means_two() -> None:
    """Every name, and every beginning of three letters of one that begins no other month, means one month."""
    names = {name: i for line in months._NAMES for i, name in enumerate(line.split(), start=1)}
    assert all(months._named(name) == i for name, i in names.items())
    assert months._named("jui") == months._named("cer") == 0


def test_only_headings_are_numbers_of_dates() -> None:
    """The number by which spreadsheets keep a date heads a column of a month, and is no month in a cell."""
    assert months.parse_heading("46266") == months.month_of(2026, 9)
    assert months.parse_heading("36525") is None
    assert months.parse("46266") is None


@pytest.mark.parametrize(
    ("year", "month", "days"), [(2026, 1, 31), (2026, 2, 28), (2028, 2, 29), (2100, 2, 28), (2026, 4, 30)]
)
def test_a_month_has_its_calendar_days(year: int, month: int, days: int) -> None:
    """Hours of a month are its calendar days times 24, leap years included."""
    assert months.hours(months.month_of(year, month)) == 24 * days
