"""Cron expressions for tests, and what they mean by an evaluation of its own: every minute is looked at."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

from hypothesis import strategies as st

RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
NAMES = (
    (),
    (),
    (),
    ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"),
    ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"),
)


@st.composite
def _term(draw: st.DrawFn, field: int) -> str:
    low, high = RANGES[field]
    first = draw(st.integers(low, high))
    last = draw(st.integers(first, high))
    step = draw(st.integers(1, high - low + 1))
    forms = [str(first), f"{first}-{last}", f"{first}-{last}/{step}", f"*/{step}"]
    if NAMES[field]:
        forms.append(draw(st.sampled_from(NAMES[field])))
    return draw(st.sampled_from(forms))


@st.composite
def expressions(draw: st.DrawFn) -> str:
    """Five fields of every form that is taken."""
    fields = []
    for field in range(5):
        star = draw(st.booleans())
        fields.append("*" if star else ",".join(draw(st.lists(_term(field), min_size=1, max_size=3))))
    return " ".join(fields)


def values(field: int, text: str) -> set[int]:
    """The values that a field lists."""
    low, high = RANGES[field]
    found: set[int] = set()
    for term in text.split(","):
        body, _, step = term.partition("/")
        if body == "*":
            first, last = low, high
        elif body in NAMES[field]:
            first = last = NAMES[field].index(body) + low
        else:
            ends = [int(end) for end in body.split("-")]
            first, last = ends[0], ends[-1]
        found |= set(range(first, last + 1, int(step or 1)))
    return found


def starts(fits: Callable[[dt.datetime], bool], after: dt.datetime, days: int) -> Iterator[dt.datetime]:
    """Every minute after a moment that fits, for some days."""
    minute = after.replace(second=0, microsecond=0) + dt.timedelta(minutes=1)
    for _ in range(days * 24 * 60):
        if fits(minute):
            yield minute
        minute += dt.timedelta(minutes=1)


def cron_fits(expression: str) -> Callable[[dt.datetime], bool]:
    """Whether cron starts at a minute: both day fields count, unless both are given without a star before them."""
    words = expression.split()
    minutes, hours, days, months, weekdays = (values(field, text) for field, text in enumerate(words))
    weekdays = {day % 7 for day in weekdays}
    both = words[2].startswith("*") or words[4].startswith("*")

    def fits(moment: dt.datetime) -> bool:
        if moment.minute not in minutes or moment.hour not in hours or moment.month not in months:
            return False
        by_date, by_weekday = moment.day in days, moment.isoweekday() % 7 in weekdays
        return by_date and by_weekday if both else by_date or by_weekday

    return fits
