"""A workflow of GitHub Actions."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import shlex
from pathlib import PurePath, PurePosixPath

from planner.errors import WrongUsage
from planner.schedule.schedule import Schedule, ScheduleFiles, check_portable_days, comment, numeric_weekdays

LEAST_MINUTES = 5
"""GitHub starts no workflow more often."""
MOST_MINUTES = 360
"""GitHub's own runners end a job then."""


def github(schedule: Schedule) -> ScheduleFiles:
    """The workflow, for a repository that holds the workbooks; reports are kept as artifacts, also of a failed batch.

    The batch's folder goes from run to run through the cache, so that good jobs are reused and differences told.

    Raises
    ------
    WrongUsage
        Another zone than UTC, starts closer than GitHub allows, or a path outside the repository.
    """
    check_portable_days(schedule, "GitHub")
    if schedule.zone not in (None, "UTC", "Etc/UTC"):
        raise WrongUsage(
            f"GitHub starts workflows by UTC alone; --tz {schedule.zone} cannot be had there, for its clock changes. "
            "Write the times of --cron in UTC and leave --tz out."
        )
    _no_closer_than_allowed(schedule)
    for path in (schedule.jobs, schedule.into):
        if PurePath(path).is_absolute() or ".." in PurePosixPath(path).parts:
            raise WrongUsage(f"'{path}' is not in the repository. Give it as seen from the repository's top.")
    text = comment([*schedule.heading, "Times are UTC. GitHub may start late when it is busy."]) + _WORKFLOW.format(
        name=schedule.name,
        title=json.dumps(f"planner batch {schedule.name}", ensure_ascii=False),
        cron=json.dumps(numeric_weekdays(schedule)),
        minutes=min(MOST_MINUTES, -(-schedule.end_seconds // 60)),
        container=f"    container: {json.dumps(schedule.image)}\n" if schedule.image else "",
        install="" if schedule.image else _INSTALL,
        into=json.dumps(schedule.into, ensure_ascii=False),
        folder=schedule.into,
        run=json.dumps(shlex.join(["planner", *schedule.batch]), ensure_ascii=False),
    )
    name = f"{schedule.name}.workflow.yml"
    install = (f"Copy {name} to .github/workflows/{schedule.name}.yml of the repository's default branch.",)
    notes = []
    if not schedule.image:
        notes.append("It installs the planner from the repository itself; for another one give --image.")
    if schedule.end_seconds > MOST_MINUTES * 60:
        notes.append(f"GitHub's own runners end a job after {MOST_MINUTES // 60} hours; the budget is cut to that.")
    return ScheduleFiles({name: text}, install, tuple(notes))


def _no_closer_than_allowed(schedule: Schedule) -> None:
    firings = schedule.calendar.next(200, dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    gaps = [(later - earlier).total_seconds() / 60 for earlier, later in itertools.pairwise(firings)]
    if gaps and min(gaps) < LEAST_MINUTES:
        raise WrongUsage(
            f"--cron '{schedule.calendar.text}' starts every {min(gaps):.0f} min at times; "
            f"GitHub allows every {LEAST_MINUTES}."
        )


_INSTALL = """\
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
          cache: pip
          cache-dependency-path: requirements.lock
      - name: Install the planner
        run: |
          python -m pip install --require-hashes -r requirements.lock
          python -m pip install --no-deps --no-build-isolation .
"""

_WORKFLOW = """\
name: {title}

on:
  schedule:
    - cron: {cron}
  workflow_dispatch:

permissions:
  contents: read

# A batch that still runs is waited for and not ended.
concurrency:
  group: {name}
  cancel-in-progress: false

jobs:
  batch:
    runs-on: ubuntu-latest
    timeout-minutes: {minutes}
{container}    steps:
      - uses: actions/checkout@v4
{install}      - name: Take up the last batch
        uses: actions/cache/restore@v4
        with:
          path: {into}
          key: {name}-${{{{ github.run_id }}}}-${{{{ github.run_attempt }}}}
          restore-keys: {name}-
      - name: Run the batch
        run: {run}
      - name: Keep it for the next one
        if: always()
        uses: actions/cache/save@v4
        with:
          path: {into}
          key: {name}-${{{{ github.run_id }}}}-${{{{ github.run_attempt }}}}
      - name: Reports and plans
        if: always()
        uses: actions/upload-artifact@v4
        with:
          name: {name}
          path: |
            {folder}/reports
            {folder}/manifest.json
            {folder}/jobs
          if-no-files-found: warn
"""
