"""A cron expression as `OnCalendar=` lines of a systemd timer, firing at exactly the same minutes.

systemd wants both the weekday and the date to fit; where cron is content with either, two lines say so, and a timer
fires once when both come due together.
"""

from __future__ import annotations

from collections.abc import Sequence

from planner.schedule.calendar import Calendar

DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]


def on_calendar(calendar: Calendar, zone: str | None = None) -> list[str]:
    """The lines' values; `zone` is the name of a time zone, None the machine's own.

    >>> on_calendar(Calendar("0 6 1-7 * MON"), "UTC")
    ['*-*-01..07 06:00:00 UTC', 'Mon *-*-* 06:00:00 UTC']
    """
    minutes, hours, days, months, weekdays = (calendar.values(field) for field in range(5))
    time = f"{_numbers(hours, 0, 23)}:{_numbers(minutes, 0, 59)}:00{f' {zone}' if zone else ''}"
    month = _numbers(months, 1, 12)
    by_date = f"*-{month}-{_numbers(days, 1, 31)} {time}"
    by_weekday = f"{_weekdays(weekdays)}*-{month}-* {time}"
    if calendar.either_day:
        return [by_date, by_weekday]
    return [f"{_weekdays(weekdays)}{by_date}"]


def _numbers(values: Sequence[int], low: int, high: int) -> str:
    """Values as a component: `*`, or a list with ranges; systemd misses days of a step (`01/8`) at a month's end."""
    if len(values) == high - low + 1:
        return "*"
    return ",".join(_ranges([f"{value:02d}" for value in values], values))


def _weekdays(values: Sequence[int]) -> str:
    """The part before the date, with a blank behind; "" for all days."""
    if len(values) == len(DAYS):
        return ""
    from_monday = sorted((value - 1) % 7 for value in values)
    return ",".join(_ranges([DAYS[(day + 1) % 7] for day in from_monday], from_monday)) + " "


def _ranges(words: Sequence[str], values: Sequence[int]) -> list[str]:
    parts: list[str] = []
    first = 0
    for place in range(1, len(values) + 1):
        if place < len(values) and values[place] == values[place - 1] + 1:
            continue
        parts += [f"{words[first]}..{words[place - 1]}"] if place - first > 2 else words[first:place]
        first = place
    return parts
