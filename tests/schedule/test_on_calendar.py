"""Cron expressions as OnCalendar lines: the same starts, by an evaluation of our own and by systemd itself."""

from __future__ import annotations

import datetime as dt
import re
import shutil
import subprocess
from collections.abc import Callable

import pytest
from cron_text import cron_fits, expressions
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from planner.errors import WrongUsage
from planner.schedule.calendar import Calendar, calendar
from planner.schedule.formats.systemd_calendar import on_calendar

WEEK = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
LINE = re.compile(r"(?:(\S+) )?\*-(\S+)-(\S+) ([^:\s]+):([^:\s]+):00(?: (\S+))?")
YEAR = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed on this machine"
)


def component(text: str, high: int, names: list[str] | None = None) -> set[int]:
    """The values of a part of a line: lists, and ranges with two dots."""
    found: set[int] = set()
    for part in text.split(","):
        if part == "*":
            return set(range(high + 1))
        ends = [names.index(end) if names else int(end) for end in part.split("..")]
        found |= set(range(ends[0], ends[-1] + 1))
    return found


def line_fits(line: str) -> Callable[[dt.datetime], bool]:
    match = LINE.fullmatch(line)
    assert match, line
    days = component(match[1], 6, WEEK) if match[1] else set(range(7))
    highs = (12, 31, 23, 59)
    months, dates, hours, minutes = (component(match[2 + i], high) for i, high in enumerate(highs))

    def fits(moment: dt.datetime) -> bool:
        time = moment.hour in hours and moment.minute in minutes
        return time and moment.month in months and moment.day in dates and moment.weekday() in days

    return fits


def of(expression: str) -> Calendar:
    """The calendar in UTC; what never fires is no example."""
    try:
        return calendar(expression, "UTC")
    except WrongUsage:
        assume(False)
        raise


@settings(max_examples=60, deadline=None)
@given(expressions(), st.integers(0, 365), st.data())
def test_the_lines_fit_the_same_minutes(expression: str, day: int, data: st.DataObject) -> None:
    """A minute fits one of the lines where cron starts then: all minutes of a day, and all days of four years."""
    when = of(expression)
    lines = [line_fits(line) for line in on_calendar(when)]
    theirs = cron_fits(expression)
    hour, minute = (data.draw(st.sampled_from(when.values(field))) for field in (1, 0))
    date = YEAR + dt.timedelta(days=day)
    moments = [date + dt.timedelta(minutes=minute) for minute in range(24 * 60)]
    moments += [YEAR + dt.timedelta(days=days, hours=hour, minutes=minute) for days in range(4 * 365)]
    for moment in moments:
        assert any(fits(moment) for fits in lines) == theirs(moment), moment


@systemd
@settings(max_examples=40, deadline=None)
@given(expressions(), st.integers(0, 3 * 365).map(lambda days: YEAR + dt.timedelta(days=days)))
def test_systemd_itself_starts_at_the_same_times(expression: str, moment: dt.datetime) -> None:
    """`systemd-analyze calendar` names the same next starts as the library does."""
    when = of(expression)
    expected: list[dt.datetime] = []
    while len(expected) < 5 and (following := when.after(expected[-1] if expected else moment)) is not None:
        expected.append(following)
    assert systemd_starts(on_calendar(when, "UTC"), moment, 5) == expected


def systemd_starts(lines: list[str], moment: dt.datetime, count: int) -> list[dt.datetime]:
    base = f"--base-time={moment:%Y-%m-%d %H:%M:%S} UTC"
    done = subprocess.run(
        ["systemd-analyze", "calendar", f"--iterations={count}", base, *lines],
        env={"TZ": "UTC", "PATH": "/usr/bin:/bin", "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=True,
    )
    told = re.findall(r"(?:Next elapse|Iter\. #\d+): \w+ (\S+ \S+) UTC", done.stdout)
    return sorted({dt.datetime.fromisoformat(each).replace(tzinfo=dt.UTC) for each in told})[:count]


@systemd
def test_a_step_that_leaps_over_a_month_s_end_misses_no_day() -> None:
    """Every eighth day from the first on includes the first of the next month, which systemd misses with a step."""
    lines = on_calendar(Calendar("0 0 */8 * *"), "UTC")
    found = systemd_starts(lines, dt.datetime(2028, 12, 26, tzinfo=dt.UTC), 2)
    assert [(each.month, each.day) for each in found] == [(1, 1), (1, 9)]


@systemd
def test_the_zone_is_kept() -> None:
    """Six o'clock in Berlin is five in winter and four in summer, UTC."""
    lines = on_calendar(Calendar("0 6 1 1,7 *"), "Europe/Berlin")
    found = systemd_starts(lines, YEAR - dt.timedelta(days=1), 2)
    assert [(each.month, each.hour) for each in found] == [(1, 5), (7, 4)]


@pytest.mark.parametrize(
    ("expression", "lines"),
    [
        ("0 6 * * MON", ["Mon *-*-* 06:00:00"]),
        ("*/15 8-18 * * MON-FRI", ["Mon..Fri *-*-* 08..18:00,15,30,45:00"]),
        ("0 6 13 * FRI", ["*-*-13 06:00:00", "Fri *-*-* 06:00:00"]),
        ("0 6 */2 * SUN", ["Sun *-*-01,03,05,07,09,11,13,15,17,19,21,23,25,27,29,31 06:00:00"]),
        ("30 4 1,15 JAN,JUL *", ["*-01,07-01,15 04:30:00"]),
        ("0 0 * * 5-7", ["Fri..Sun *-*-* 00:00:00"]),
        ("* * * * *", ["*-*-* *:*:00"]),
        ("0 6 * * 0-7", ["*-*-* 06:00:00"]),
    ],
)
def test_the_lines_are_short(expression: str, lines: list[str]) -> None:
    """Ranges and names are written as a person would."""
    assert on_calendar(Calendar(expression)) == lines
