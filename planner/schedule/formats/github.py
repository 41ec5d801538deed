"""A workflow of GitHub Actions."""

from __future__ import annotations

import datetime as dt
import itertools
import re
import shlex
from pathlib import PurePath, PurePosixPath

from planner.errors import WrongUsage
from planner.schedule.formats.render import render, yaml_quoted
from planner.schedule.schedule import Schedule, ScheduleFiles, check_portable_days, numeric_weekdays

MIN_INTERVAL_MINUTES = 5
"""GitHub starts no workflow more often."""
MAX_MINUTES = 360
"""GitHub's own runners end a job then."""


def github(schedule: Schedule) -> ScheduleFiles:
    """The workflow, for a repository that holds the workbooks; reports are kept as artifacts, also of a failed batch.

    The batch's folder goes from run to run through the cache, so that good jobs are reused and differences reported.

    Raises
    ------
    WrongUsage
        Another zone than UTC, starts closer than GitHub allows, or a path outside the repository.
    """
    _check(schedule)
    text = render(
        "workflow.yml",
        schedule,
        title=yaml_quoted(f"planner batch {schedule.name}"),
        cron=yaml_quoted(numeric_weekdays(schedule)),
        minutes=min(MAX_MINUTES, -(-schedule.end_seconds // 60)),
        container=f"    container: {yaml_quoted(schedule.image)}\n" if schedule.image else "",
        install="" if schedule.image else render("workflow_install.yml", schedule),
        into=yaml_quoted(schedule.into),
        folder=schedule.into,
        run=yaml_quoted(shlex.join(["planner", *schedule.arguments]).replace("${{", "${{ '${{' }}")),
    )
    name = f"{schedule.name}.workflow.yml"
    place = f".github/workflows/{schedule.name}.yml"
    install = (f"Copy {schedule.written(name)} to {place} of the repository's default branch.",)
    notes = []
    if not schedule.image:
        notes.append("It installs the planner from the repository itself; for another one give --image.")
    if schedule.end_seconds > MAX_MINUTES * 60:
        notes.append(f"GitHub's own runners end a job after {MAX_MINUTES // 60} hours; the budget is cut to that.")
    return ScheduleFiles({name: text}, install, tuple(notes))


def _check(schedule: Schedule) -> None:
    check_portable_days(schedule, "GitHub")
    if schedule.zone not in (None, "UTC", "Etc/UTC"):
        raise WrongUsage(
            f"GitHub starts workflows in UTC only and does not follow the clock changes of --tz {schedule.zone}. "
            "Write the times of --cron in UTC and leave out --tz."
        )
    starts = schedule.calendar.next(200, dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    minutes = min(
        ((later - earlier).total_seconds() / 60 for earlier, later in itertools.pairwise(starts)), default=1e9
    )
    if minutes < MIN_INTERVAL_MINUTES:
        raise WrongUsage(
            f"--cron '{schedule.calendar.text}' starts every {minutes:.0f} min at times; "
            f"GitHub allows every {MIN_INTERVAL_MINUTES}."
        )
    for path in (schedule.jobs, schedule.into):
        if PurePath(path).is_absolute() or ".." in PurePosixPath(path).parts:
            raise WrongUsage(f"'{path}' is not in the repository. Give it as seen from the repository's top.")
    if not re.fullmatch(r"[^*?!~\[\]\\${}]+", schedule.into) or schedule.into != schedule.into.strip():
        raise WrongUsage(
            f"GitHub takes '{schedule.into}' for a pattern. Give --into without any of * ? ! ~ [ ] \\ $ {{ }}."
        )
