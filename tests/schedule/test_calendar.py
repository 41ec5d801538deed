"""What a cron expression means, and what is wrong with one."""

from __future__ import annotations

import datetime as dt
import itertools
from pathlib import Path

import pytest
from cron_text import cron_fits, expressions, starts, values
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from planner.errors import WrongUsage
from planner.schedule.calendar import MACROS, Calendar, calendar
from planner.schedule.schedule import Schedule, check_portable_days, numeric_weekdays, slug

YEAR = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
moments = st.integers(0, 3 * 365 * 24 * 60).map(lambda minutes: YEAR + dt.timedelta(minutes=minutes))


def of(expression: str) -> Calendar:
    """The calendar in UTC; what never fires is no example, and nothing else may be refused."""
    try:
        return calendar(expression, "UTC")
    except WrongUsage as error:
        assume("never fires" not in str(error))
        raise


@settings(max_examples=60, deadline=None)
@given(expressions(), moments)
def test_it_fires_at_the_minutes_that_fit_and_no_others(expression: str, moment: dt.datetime) -> None:
    """The starts of five days are those found by looking at every minute."""
    when = of(expression)
    expected = list(itertools.islice(starts(cron_fits(expression), moment, 5), 20))
    found: list[dt.datetime] = []
    at: dt.datetime | None = moment
    end = moment + dt.timedelta(days=5)
    while len(found) < 20 and at is not None and (at := when.after(at)) is not None and at <= end:
        found.append(at)
    assert found == expected


@settings(deadline=None)
@given(expressions(), moments)
def test_the_last_start_before_the_next_is_the_one_before_it(expression: str, moment: dt.datetime) -> None:
    """Looking back from just before the next start never finds one that looking forward would have found first."""
    when = of(expression)
    following = when.after(moment)
    assert following is not None
    assert when.latest(following) == following
    before = when.latest(moment)
    if before is not None:
        assert before <= moment
        assert when.after(before) == following


@settings(deadline=None)
@given(expressions())
def test_every_field_is_read_as_it_is_written(expression: str) -> None:
    """The values of a field are those it lists, Sunday as 0."""
    when = of(expression)
    for field, text in enumerate(expression.split()):
        expected = {value % 7 if field == 4 else value for value in values(field, text)}
        assert set(when.values(field)) == expected


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("0 6 * *", "has 4 fields; write five"),
        ("0 0 6 * * MON", "has 6 fields; write five"),
        ("", "has 0 fields; write five"),
        ("60 6 * * *", "minute '60': '60' is not 0 to 59"),
        ("0 24 * * *", "hour '24': '24' is not 0 to 23"),
        ("0 6 0 * *", "day of month '0': '0' is not 1 to 31"),
        ("0 6 * 13 *", "month '13': '13' is not 1 to 12 or JAN to DEC"),
        ("0 6 * * 8", "day of week '8': '8' is not 0 to 7 or SUN to SAT"),
        ("0 6 * * MOND", "'MOND' is not 0 to 7 or SUN to SAT (Did you mean 'MON'?)"),
        ("0 6 * * FRI-MON", "'FRI-MON' runs backwards; write FRI-7 and 0-MON"),
        ("0 22-2 * * *", "'22-2' runs backwards; write 22-23 and 0-2"),
        ("*/0 6 * * *", "the step '0' is not a whole number above 0"),
        ("*/x 6 * * *", "the step 'X' is not a whole number above 0"),
        ("5/15 6 * * *", "a step needs a range; write 5-59/15"),
        ("1,,2 6 * * *", "a comma with nothing beside it"),
        ("1-2-3 6 * * *", "'1-2-3' has more than a first and a last"),
        ("0 6 L * *", "'L' is an extension that not every scheduler knows"),
        ("0 6 * * 5#2", "'5#2' is an extension that not every scheduler knows"),
        ("0 6 ? * MON", "'?' is an extension that not every scheduler knows"),
        ("0 6 ٣ * *", "'٣' is not 1 to 31"),
        ("0 6 31 FEB *", "never fires: none of its months has such a day"),
        ("0 6 31 4,6,9,11 *", "never fires: none of its months has such a day"),
        ("@reboot", "is no time of a calendar"),
        ("@fortnightly", "is not known; the macros are @hourly"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_write(expression: str, told: str) -> None:
    """Each fault names the field, what was found and what was expected."""
    with pytest.raises(WrongUsage) as caught:
        calendar(expression)
    assert told in str(caught.value)


def test_every_fault_is_told_at_once() -> None:
    """An expression with faults in three fields and an unknown zone is mended in one go."""
    with pytest.raises(WrongUsage) as caught:
        calendar("61 25 * MON,FOO *", "Europa/Berlin")
    told = str(caught.value)
    for part in ("'Europa/Berlin' is not a time zone. Did you mean 'Europe/Berlin'?", "'61'", "'25'", "'MON'", "'FOO'"):
        assert part in told


@pytest.mark.parametrize("macro", MACROS)
def test_macros_are_what_they_say(macro: str) -> None:
    """@weekly and the like stand for their five fields, in capitals too."""
    assert calendar(macro).text == calendar(macro.upper()).text == MACROS[macro]


def test_blanks_and_small_letters_do_not_matter() -> None:
    """A line copied out of a crontab is read with its tabs."""
    assert calendar(" 0\t6  * jan mon-fri ").text == "0 6 * JAN MON-FRI"


def test_a_start_that_the_clock_leaps_over_is_made_at_once_after_it() -> None:
    """Half past two on the night of summer time does not exist: the batch starts at three, as Debian's cron does it."""
    when = calendar("30 2 * * *", "Europe/Berlin")
    night = dt.datetime(2026, 3, 28, 12, tzinfo=dt.UTC)
    first = when.after(night)
    assert first is not None
    assert first.astimezone(dt.UTC) == dt.datetime(2026, 3, 29, 1, 0, tzinfo=dt.UTC)
    second = when.after(first)
    assert second is not None
    assert second.astimezone(dt.UTC) == dt.datetime(2026, 3, 30, 0, 30, tzinfo=dt.UTC)


def test_an_hour_that_comes_twice_starts_it_once() -> None:
    """On the night of winter time half past two comes twice, and the batch starts once."""
    when = calendar("30 2 * * *", "Europe/Berlin")
    first = when.after(dt.datetime(2026, 10, 24, 12, tzinfo=dt.UTC))
    assert first is not None
    second = when.after(first)
    assert second is not None
    assert (first.day, second.day) == (25, 26)


@pytest.mark.parametrize(
    ("expression", "differs"),
    [
        ("0 6 */2 * MON", True),
        ("0 6 1 * */2", True),
        ("0 6 */2 * *", False),
        ("0 6 1-31/2 * MON", False),
        ("0 6 * * MON", False),
        ("0 6 * * */2", False),
    ],
)
def test_days_that_schedulers_read_otherwise_are_known(expression: str, differs: bool) -> None:
    """A starred step beside another day field means 'both' to cron and 'either' to Kubernetes and Airflow."""
    assert Calendar(expression).ambiguous_days is differs


@pytest.mark.parametrize(("weekdays", "told"), [("7", "0"), ("5-7", "0,5,6"), ("*/2", "0,2,4,6"), ("MON", "MON")])
def test_weekdays_are_written_as_every_scheduler_knows_them(weekdays: str, told: str) -> None:
    """Kubernetes knows no 7 for Sunday."""
    assert numeric_weekdays(a_schedule(f"0 6 * * {weekdays}")) == f"0 6 * * {told}"


def test_slugs_fit_every_scheduler() -> None:
    """Names of units, pods and workflows are letters, digits and dashes, and never empty."""
    assert slug("Wöchentlich & täglich") == "wochentlich-taglich"
    assert slug("日本") == "batch"
    assert len(slug("x" * 99)) == 50


def a_schedule(expression: str) -> Schedule:
    return Schedule("n", Calendar(expression), None, ("planner",), "jobs", "out", Path("/x"), (), 60.0)


def test_a_schedule_that_would_be_read_otherwise_is_refused() -> None:
    """The refusal names the scheduler and a way to write it that all of them read alike."""
    with pytest.raises(WrongUsage, match="Kubernetes when either does"):
        check_portable_days(a_schedule("0 6 */2 * MON"), "Kubernetes")


@pytest.mark.parametrize(
    ("cron", "zone", "told"),
    [
        ("30 2 * * *", "Europe/Berlin", ["2027-03-28", "02:30 does not exist", "2027-10-31", "02:30 comes twice"]),
        ("0,30 1 * * SUN", "America/New_York", ["2027-11-07", "01:00, 01:30 comes twice"]),
        ("15 2 * * *", "Australia/Lord_Howe", ["2027-10-03", "02:15 does not exist"]),
        ("0 6 * * *", "Europe/Berlin", []),
        ("30 * * * *", "Europe/Berlin", []),
        ("30 2 * * *", "UTC", []),
    ],
)
def test_starts_that_a_clock_change_skips_or_doubles_are_told(cron: str, zone: str, told: list[str]) -> None:
    """Of the next year's starts those that do not exist or come twice are named with day and time, and no others."""
    found = calendar(cron, zone).clock_changes(dt.datetime(2026, 11, 28, tzinfo=dt.UTC))
    assert len(found) == len(told) // 2
    for place, each in enumerate(found):
        assert told[2 * place] in each
        assert each.endswith(told[2 * place + 1])
