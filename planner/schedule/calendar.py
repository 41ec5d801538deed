"""Cron expressions: what they mean, when they fire, and everything that is wrong with one, in words.

The meaning is that of the cron of Debian, as the library `cronsim` keeps it: five fields in local time, and where both
day fields are given, a day counts when either fits. Of the libraries it alone gets that, zones with daylight saving and
the last firing before a moment right: APScheduler's own trigger counts weekdays from Monday and wants both day fields.

Only what every cron reads alike is taken: no seconds, no L, W, # or ?, no step from a single number.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.faults import closest
from planner.errors import WrongUsage

if TYPE_CHECKING:
    from cronsim import CronSim

MACROS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()

    @property
    def expected(self) -> str:
        named = f" or {self.names[0]} to {self.names[-1]}" if self.names else ""
        return f"{self.low} to {self.high}{named}"

    def number(self, text: str) -> int | None:
        """The value of a number or name; None where it is none of this field."""
        if text in self.names:
            return self.names.index(text) + self.low
        return int(text) if text.isascii() and text.isdigit() else None

    def short(self, term: str) -> str:
        """A range of one value as that value, for the library takes `5-5/2` for a step from 5 to the end."""
        first, dash, last = term.partition("/")[0].partition("-")
        return first if dash and self.number(first) == self.number(last) else term


FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of month", 1, 31),
    _Field("month", 1, 12, tuple(MONTHS)),
    _Field("day of week", 0, 7, tuple(WEEKDAYS)),
)


@dataclass(frozen=True, slots=True)
class Calendar:
    """A cron expression in a time zone; `zone` None is the machine's own.

    `text` is the expression as five fields, its names in capitals.
    """

    text: str
    zone: dt.tzinfo | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of the cron expression."""
        return tuple(self.text.split())

    def values(self, field: int) -> tuple[int, ...]:
        """The values of a field (0 minute … 4 day of week), in order; Sunday is 0."""
        library = _cronsim(self.text)
        found = (library.minutes, library.hours, library.days, library.months, library.weekdays)[field]
        numbers = {value for value in found if isinstance(value, int)}
        return tuple(sorted({value % 7 for value in numbers} if field == 4 else numbers))

    @property
    def either_day(self) -> bool:
        """Whether a day counts when its date or its weekday fits, for both are given."""
        return not _cronsim(self.text).day_and

    @property
    def ambiguous_days(self) -> bool:
        """Whether schedulers differ on the days: a field such as `*/2` beside another day field.

        Cron takes a field that begins with `*` for one that is not given; Kubernetes and Airflow do so for `*` alone.
        """
        day, weekday = self.fields[2], self.fields[4]
        starred = [each for each in (day, weekday) if each.startswith("*") and each != "*"]
        return bool(starred) and "*" not in (day, weekday)

    def after(self, moment: dt.datetime) -> dt.datetime | None:
        """The first firing after an aware moment, in the calendar's zone; None when there never is one."""
        return next(_cronsim(self.text, self._local(moment)), None)

    def next(self, count: int, moment: dt.datetime) -> list[dt.datetime]:
        """The next firings after an aware moment, in the calendar's zone."""
        return list(itertools.islice(_cronsim(self.text, self._local(moment)), count))

    def latest(self, moment: dt.datetime) -> dt.datetime | None:
        """The last firing at or before an aware moment; None when there never was one."""
        just_after = self._local(moment.replace(microsecond=0) + dt.timedelta(seconds=1))
        return next(_cronsim(self.text, just_after, reverse=True), None)

    def clock_changes(self, moment: dt.datetime, days: int = 366) -> list[str]:
        """Starts within `days` after an aware moment that a change of the clock skips or doubles, in words.

        A calendar that starts every hour is not among them: it goes on as before.
        """
        if self.zone is None or len(self.values(1)) == 24:
            return []
        found = []
        for before, after in _offset_changes(self.zone, moment.astimezone(dt.UTC), days):
            change = after.utcoffset() - before.utcoffset()  # type: ignore[operator]
            first, last = sorted((before.replace(tzinfo=dt.UTC), after.replace(tzinfo=dt.UTC)))
            # the clock on the wall, taken for a clock that never changes
            starts = _cronsim(self.text, first - dt.timedelta(minutes=1))
            times = ", ".join(f"{each:%H:%M}" for each in itertools.takewhile(last.__gt__, starts))
            if times:
                what = "does not exist" if change > dt.timedelta(0) else "comes twice"
                found.append(f"on {after:%Y-%m-%d} the clock changes, and the start at {times} {what}")
        return found

    def _local(self, moment: dt.datetime) -> dt.datetime:
        return moment.astimezone(self.zone)


def _offset_changes(zone: dt.tzinfo, since: dt.datetime, days: int) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    """The moments at which a zone's clock is set, each as the clock would show it before and as it shows it then."""
    step = dt.timedelta(hours=12)
    low = since
    while low < since + dt.timedelta(days=days):
        high, end = low + step, low + step
        if low.astimezone(zone).utcoffset() != high.astimezone(zone).utcoffset():
            start = low
            while high - start > dt.timedelta(seconds=1):
                middle = start + (high - start) / 2
                same = middle.astimezone(zone).utcoffset() == low.astimezone(zone).utcoffset()
                start, high = (middle, high) if same else (start, middle)
            moment = high.replace(microsecond=0)
            offset = low.astimezone(zone).utcoffset()
            assert offset is not None
            yield moment.astimezone(dt.timezone(offset)), moment.astimezone(zone)
        low = end


def _cronsim(text: str, moment: dt.datetime | None = None, *, reverse: bool = False) -> CronSim:
    from cronsim import CronSim

    return CronSim(text, moment or dt.datetime(2026, 1, 1, tzinfo=dt.UTC), reverse=reverse)


def calendar(expression: str, zone: str | None = None) -> Calendar:
    """The calendar of a cron expression or macro such as @weekly, in a zone such as `Europe/Berlin`.

    Raises
    ------
    WrongUsage
        With everything that is wrong with it.
    """
    faults = []
    found = None
    if zone is not None:
        try:
            found = zone_of(zone)
        except WrongUsage as error:
            faults.append(str(error))
    text, wrong = _five_fields(expression)
    faults += wrong
    if faults:
        raise WrongUsage(" ".join(faults))
    result = Calendar(text, found)
    if result.after(dt.datetime(2026, 1, 1, tzinfo=dt.UTC)) is None:
        raise WrongUsage(f"--cron '{expression}' never fires: none of its months has such a day.")
    return result


def local_zone() -> dt.tzinfo:
    """The machine's own time zone, with its changes of the clock where the library that knows them is installed."""
    try:
        from tzlocal import get_localzone
    except ImportError:
        here = dt.datetime.now().astimezone().tzinfo
        assert here is not None
        return here
    return get_localzone()


def zone_of(name: str) -> dt.tzinfo:
    """The time zone of a name.

    Raises
    ------
    WrongUsage
        There is none of that name.
    """
    import zoneinfo

    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        near = closest(name, zoneinfo.available_timezones())
        hint = near if near.startswith("Did") else "Write one such as Europe/Berlin or UTC."
        raise WrongUsage(f"--tz '{name}' is not a time zone. {hint}") from None


def _five_fields(expression: str) -> tuple[str, list[str]]:
    """The expression as five fields, and every fault of it."""
    words = expression.upper().split()
    if len(words) == 1 and words[0].startswith("@"):
        macro = words[0].lower()
        if macro in MACROS:
            return MACROS[macro], []
        why = "is no time of a calendar" if macro == "@reboot" else "is not known"
        return "", [f"--cron '{expression}' {why}; the macros are {', '.join(MACROS)}."]
    if len(words) != len(FIELDS):
        order = "minute, hour, day of month, month, day of week"
        return "", [
            f"--cron '{expression}' has {len(words)} field{'s' if len(words) != 1 else ''}; "
            f"write five: {order}, such as '0 6 * * MON'."
        ]
    faults = []
    for position, (field, text) in enumerate(zip(FIELDS, words, strict=True)):
        wrong = [why for term in text.split(",") if (why := _term_fault(field, position, term))]
        if wrong:
            faults.append(f"{field.name} '{text}': {', '.join(wrong)}")
    if faults:
        return "", [f"--cron '{expression}': {'; '.join(faults)}."]
    text = " ".join(",".join(map(field.short, each.split(","))) for field, each in zip(FIELDS, words, strict=True))
    from cronsim import CronSimError

    try:
        _cronsim(text)
    except CronSimError:
        return "", [f"--cron '{expression}' never fires: none of its months has such a day."]
    return text, []


def _term_fault(field: _Field, position: int, term: str) -> str:
    """What is wrong with one term of a field; "" where nothing is. The library is asked last, and has the last word."""
    if not term:
        return "a comma with nothing beside it"
    body, slash, step = term.partition("/")
    if slash and not (step.isascii() and step.isdigit() and int(step) > 0):
        return f"the step '{step}' is not a whole number above 0"
    if body != "*":
        ends = body.split("-")
        values = [field.number(end) for end in ends]
        for end, value in zip(ends, values, strict=True):
            if value is None:
                return _value_fault(field, end, term)
            if not field.low <= value <= field.high:
                return f"'{end}' is not {field.expected}"
        if len(ends) > 2:
            return f"'{body}' has more than a first and a last"
        if len(ends) == 2 and values[1] < values[0]:  # type: ignore[operator]
            first, last = ends
            top, bottom = field.high, field.low
            return f"'{body}' runs backwards; write {first}-{top} and {bottom}-{last}"
        if len(ends) == 1 and slash:
            return f"a step needs a range; write {body}-{field.high}/{step}"
    from cronsim import CronSimError

    try:
        _cronsim(" ".join("*" if place != position else term for place in range(len(FIELDS))))
    except CronSimError:
        return f"'{term}' is not understood; write {field.expected}, a range, a list or *"
    return ""


def _value_fault(field: _Field, text: str, term: str) -> str:
    if re.fullmatch(r"L|LW|\d+[LW]|\w+#\d+|\?", term):
        return f"'{term}' is an extension that not every scheduler knows; write {field.expected}"
    near = closest(text, field.names) if field.names else ""
    hint = f" ({near})" if near.startswith("Did") else ""
    return f"'{text}' is not {field.expected}{hint}"
