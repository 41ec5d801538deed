"""What is to be started when: the same for every scheduler."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from planner.errors import WrongUsage
from planner.formatting import escaped, quoted
from planner.schedule.calendar import Calendar
from planner.schedule.places import SchedulePlace

GRACE_SECONDS = 300
"""Beyond its budget a batch may take this long to stop and to write its reports before it is ended."""
SKIPPED = 8
"""Another batch holds the lock: nothing is lost, the work is being done."""
FINAL = (2, 3, 6, 9)
"""Exit codes that a new try would only repeat: wrong input, no plan exists, audit rejects, jobs failed for good."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A batch and its calendar.

    `command` is how this machine starts the planner, `jobs` and `into` (the batch's folder) are as given, `folder` is
    the absolute folder they are seen from. `zone` is a time zone's name, None the scheduler's own. `budget_seconds`
    is for one batch as a whole, which stops by itself then. `image` is a container image that has the planner.
    `output` is the folder of the files that are written.
    """

    name: str
    calendar: Calendar
    zone: str | None
    command: tuple[str, ...]
    jobs: str
    into: str
    folder: Path
    options: tuple[str, ...]
    budget_seconds: float
    image: str = ""
    claim: str = ""
    on_failure: str = ""
    output: Path = Path()

    def written(self, name: str) -> str:
        """A file of this schedule as a command line names it from where the command was given."""
        return quoted(self.output / name)

    @property
    def place(self) -> SchedulePlace:
        """What no other schedule should take."""
        return SchedulePlace.of(self.name, self.jobs, self.into)

    @property
    def arguments(self) -> tuple[str, ...]:
        """The words after `planner`."""
        jobs, into = (f"./{path}" if path.startswith("-") else path for path in (self.jobs, self.into))
        return ("batch", jobs, "-o", into, "--budget", f"{self.budget_seconds:.0f}", *self.options)

    def check_text(self) -> None:
        """Checks that a file of any scheduler can hold every name, folder and option.

        Raises
        ------
        WrongUsage
            One has line breaks, other control characters or bytes that are no text: they end a line of a crontab, and
            what follows would be a line of its own.
        """
        given = (*self.command, *self.arguments, str(self.folder), self.image, self.claim, self.on_failure)
        for word in given:
            if escaped(word) != word or "\n" in word or "\t" in word:
                raise WrongUsage(
                    f"{word!a} cannot stand in a scheduler's file: it has line breaks, control characters or "
                    "bytes that are no text. Rename it."
                )

    @property
    def end_seconds(self) -> int:
        """When a batch that does not stop by itself is ended."""
        return int(self.budget_seconds) + GRACE_SECONDS


@dataclass(frozen=True, slots=True)
class ScheduleFiles:
    """What to install: texts by file name, how to install them, and what to know about it."""

    texts: dict[str, str]
    install: tuple[str, ...]
    notes: tuple[str, ...] = ()


def slug(text: str) -> str:
    """A name that units, pods and workflows can have: small letters, digits and dashes, at most 50.

    >>> slug("Weekly plans (EU).toml"), slug("Größe")
    ('weekly-plans-eu-toml', 'grosse')
    """
    letters = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()  # without their marks
    return re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[:50].strip("-") or "batch"


def check_portable_days(schedule: Schedule, scheduler: str) -> None:
    """Checks that a scheduler reads the days of the expression as cron does.

    Raises
    ------
    WrongUsage
        It does not.
    """
    if schedule.calendar.ambiguous_days:
        day, weekday = schedule.calendar.fields[2], schedule.calendar.fields[4]
        raise WrongUsage(
            f"--cron '{schedule.calendar.text}': cron starts when the day of month '{day}' and the day of week "
            f"'{weekday}' both fit, {scheduler} when either does. Give one of them as *, or without a * (1-31/2), "
            "which all of them read as either."
        )


def numeric_weekdays(schedule: Schedule) -> str:
    """The expression for schedulers that know neither 7 for Sunday nor a week that runs to it."""
    fields = list(schedule.calendar.fields)
    if "7" in fields[4] or "/" in fields[4]:
        fields[4] = ",".join(str(day) for day in schedule.calendar.values(4))
    return " ".join(fields)
