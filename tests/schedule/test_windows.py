"""The task for Windows: it starts when cron would, by an evaluation of our own."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from xml.etree import ElementTree

import pytest
from schedules import TASK, schedule, windows_words

from planner.errors import WrongUsage
from planner.schedule.calendar import calendar as cron_calendar
from planner.schedule.formats.windows import windows

FIRST = dt.datetime(2027, 1, 1)
DAYS = 800


def _task(cron: str) -> ElementTree.Element:
    (text,) = windows(schedule(cron=cron)).texts.values()
    return ElementTree.fromstring(text)


def _starts(cron: str) -> set[dt.datetime]:
    """When the task starts in DAYS days from FIRST on."""
    found = set()
    for trigger in _task(cron).iter(f"{TASK}CalendarTrigger"):
        begins = dt.datetime.fromisoformat(_text(trigger, "StartBoundary"))
        times = [begins.hour * 60 + begins.minute]
        if (interval := trigger.find(f"{TASK}Repetition/{TASK}Interval")) is not None:
            every, until = (int(re.sub(r"\D", "", text)) for text in (interval.text or "", _text(trigger, "Duration")))
            times = list(range(times[0], times[0] + until, every))
        for offset in range(DAYS):
            day = FIRST + dt.timedelta(days=offset)
            if _fits(trigger, day):
                found |= {day + dt.timedelta(minutes=time) for time in times}
    return found


def _fits(trigger: ElementTree.Element, day: dt.datetime) -> bool:
    """Whether a trigger counts a day, by what Microsoft says of its parts."""
    if trigger.find(f"{TASK}ScheduleByDay") is not None:
        return True
    names = {each.tag.removeprefix(TASK) for each in trigger.iter()}
    month, weekday = calendar.month_name[day.month], calendar.day_name[day.weekday()]
    if trigger.find(f"{TASK}ScheduleByWeek") is not None:
        return weekday in names
    if trigger.find(f"{TASK}ScheduleByMonthDayOfWeek") is not None:
        last = (day + dt.timedelta(days=7)).month != day.month
        week = str((day.day - 1) // 7 + 1)
        weeks = {each.text for each in trigger.iter(f"{TASK}Week")}
        return month in names and weekday in names and (week in weeks or (last and "Last" in weeks))
    days = {each.text for each in trigger.iter(f"{TASK}Day")}
    return month in names and str(day.day) in days


def _text(trigger: ElementTree.Element, name: str) -> str:
    found = next(trigger.iter(f"{TASK}{name}")).text
    assert found is not None
    return found


@pytest.mark.parametrize(
    "cron",
    [
        "0 6 * * MON",
        "30 2 * * *",
        pytest.param("*/15 * * * *", marks=pytest.mark.slow),
        "*/15 9-17 * * MON-FRI",
        "0 0 1 * *",
        "5 4 31 * *",
        "0 12 * 3,9 *",
        "0 12 * 3 SUN",
        "0 6 1,15 * FRI",
        "0 6 13 2 FRI",
        "7,22,50 3,5 29 2 *",
        "@yearly",
    ],
)
def test_a_task_starts_when_cron_does(cron: str) -> None:
    """Over more than two years the starts are those of the cron expression, each and no others."""
    until = FIRST + dt.timedelta(days=DAYS)
    expected, moment = set(), FIRST.replace(tzinfo=dt.UTC) - dt.timedelta(minutes=1)
    when = cron_calendar(cron, "UTC")
    while (moment := when.after(moment)) and moment.replace(tzinfo=None) < until:
        expected.add(moment.replace(tzinfo=None))
    assert _starts(cron) == expected
    assert expected


def test_the_action_is_the_batch() -> None:
    """Program, words and folder are the schedule's, and the log lies in the folder."""
    made = schedule()
    task = _task("0 6 * * MON")
    assert _text(task, "Command") == made.command[0]
    assert windows_words(_text(task, "Arguments"))[: len(made.arguments)] == list(made.arguments)
    assert _text(task, "WorkingDirectory") == "/plans"
    assert _text(task, "ExecutionTimeLimit") == f"PT{made.end_seconds}S"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"zone": "Europe/Berlin"}, "leave --tz out"),
        ({"cron": "1,2,4 * * * *"}, "takes 72 triggers"),
        ({"cron": "0 6 */2 * MON"}, "either"),
        ({"jobs": "a%PATH%b"}, "something else"),
    ],
)
def test_what_the_task_scheduler_cannot_do_is_refused(changes: dict[str, str], words: str) -> None:
    """A zone, more triggers than it takes, days it reads otherwise, and names that it would replace."""
    with pytest.raises(WrongUsage, match=words):
        windows(schedule(**changes))
