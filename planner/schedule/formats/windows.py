"""A task for the Task Scheduler of Windows, as the XML that `schtasks` reads.

Its triggers know times of day, weekdays, days and months apart, so that a cron expression becomes one trigger for each
time of day, or one that repeats where the times are evenly spaced; two kinds of days become triggers of both kinds.
"""

from __future__ import annotations

import calendar
import re
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from xml.sax.saxutils import escape

from planner.errors import WrongUsage
from planner.schedule.calendar import Calendar
from planner.schedule.formats.render import render
from planner.schedule.schedule import Schedule, ScheduleFiles, check_portable_days

MOST_TRIGGERS = 48
"""The Task Scheduler takes no more for a task."""
FIRST_DAY = "2026-01-01"
"""From when triggers count; any past day does."""


def windows(schedule: Schedule) -> ScheduleFiles:
    """The task; it runs for the user who installs it, and a start that was missed is made up for.

    Raises
    ------
    WrongUsage
        The Task Scheduler cannot start at these times.
    """
    check_portable_days(schedule, "the Task Scheduler")
    if schedule.zone:
        raise WrongUsage("The Task Scheduler knows the machine's own time zone only: leave --tz out.")
    triggers = list(_triggers(schedule.calendar))
    if len(triggers) > MOST_TRIGGERS:
        raise WrongUsage(
            f"--cron '{schedule.calendar.text}' takes {len(triggers)} triggers, the Task Scheduler {MOST_TRIGGERS}. "
            "Choose fewer times of day, or evenly spaced ones."
        )
    program, *before = schedule.command
    words = [*before, *schedule.arguments]
    if "--log-file" not in words:
        words += ["--log-file", str(schedule.folder / f"{schedule.name}.log")]
    for word in (program, *words, str(schedule.folder)):
        if re.search(r"%[^%]+%|\$\(Arg", word):
            raise WrongUsage(f"The Task Scheduler would put something else in the place of '{word}'. Rename it.")
    name = f"{schedule.name}.xml"
    text = render(
        "task.xml",
        schedule,
        triggers="".join(triggers),
        program=escape(program),
        arguments=escape(subprocess.list2cmdline(words)),
        folder=escape(str(schedule.folder)),
    )
    install = (
        f'schtasks /Create /TN "{schedule.name}" /XML {subprocess.list2cmdline([str(schedule.output / name)])}',
        f'schtasks /Query /TN "{schedule.name}" /V /FO LIST',
    )
    notes = ("It runs while you are logged on; add /RU and /RP to run it otherwise. Real Windows was not seen.",)
    return ScheduleFiles({name: text}, install, notes)


def _triggers(when: Calendar) -> Iterator[str]:
    for days in _days(when):
        for first, repetition in _times(when):
            start = f"<StartBoundary>{FIRST_DAY}T{first // 60:02d}:{first % 60:02d}:00</StartBoundary>"
            inner = f"{repetition}{start}<Enabled>true</Enabled>{days}"
            yield f"    <CalendarTrigger>{inner}</CalendarTrigger>\n"


def _times(when: Calendar) -> Iterator[tuple[int, str]]:
    """The times of day in minutes, each with how it repeats: all by one that does where they are evenly spaced."""
    times = sorted(hour * 60 + minute for hour in when.values(1) for minute in when.values(0))
    steps = {after - before for before, after in pairwise(times)}
    if len(steps) == 1:
        every, until = f"<Interval>PT{steps.pop()}M</Interval>", f"<Duration>PT{times[-1] - times[0] + 1}M</Duration>"
        yield times[0], f"<Repetition>{every}{until}<StopAtDurationEnd>false</StopAtDurationEnd></Repetition>"
        return
    yield from ((time, "") for time in times)


def _days(when: Calendar) -> Iterator[str]:
    """The days of the expression, by date and by weekday."""
    _, _, day, month, weekday = when.fields
    months = _listed("Months", (calendar.month_name[each] for each in when.values(3)))
    weekdays = _listed("DaysOfWeek", (calendar.day_name[(each - 1) % 7] for each in when.values(4)))
    if day != "*" or (weekday == "*" and month != "*"):
        dates = "".join(f"<Day>{each}</Day>" for each in when.values(2))
        yield f"<ScheduleByMonth><DaysOfMonth>{dates}</DaysOfMonth>{months}</ScheduleByMonth>"
    elif weekday == "*":
        yield "<ScheduleByDay><DaysInterval>1</DaysInterval></ScheduleByDay>"
    if weekday != "*" and month == "*":
        yield f"<ScheduleByWeek><WeeksInterval>1</WeeksInterval>{weekdays}</ScheduleByWeek>"
    elif weekday != "*":
        weeks = "".join(f"<Week>{each}</Week>" for each in (1, 2, 3, 4, "Last"))
        inner = f"<Weeks>{weeks}</Weeks>{weekdays}{months}"
        yield f"<ScheduleByMonthDayOfWeek>{inner}</ScheduleByMonthDayOfWeek>"


def _listed(name: str, each: Iterator[str]) -> str:
    return f"<{name}>{''.join(f'<{one} />' for one in each)}</{name}>"
