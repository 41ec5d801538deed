"""What `planner schedule` does, once its options are known."""

from __future__ import annotations

import datetime as dt
import glob
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from planner import __version__
from planner.console import Console
from planner.errors import CannotWrite, ExitCode, PlannerError, WrongUsage, why_not
from planner.schedule.calendar import Calendar, calendar, local_zone
from planner.schedule.formats import FORMATS
from planner.schedule.schedule import MARK, Schedule, ScheduleFiles, slug

REMOTE = ("kubernetes", "github")
"""Schedulers whose batches run where this machine's paths mean nothing."""
SHOWN_STARTS = 3


def schedule_batch(console: Console, jobs: str, batch_options: tuple[str, ...], values: Mapping[str, Any]) -> int:
    """Writes the files of a scheduler, or starts the batches itself until it is stopped."""
    if (values["kind"] is None) == (not values["run"]):
        raise WrongUsage("Say what is to start the batches: --as cron, systemd, kubernetes, airflow, github; or --run.")
    schedule = _schedule(jobs, batch_options, values)
    if values["run"]:
        return _run(console, schedule, values["grace"])
    files = FORMATS[values["kind"]](schedule)
    folder = values["output"] or Path("outputs", "schedule", schedule.name)
    paths = _write(folder, files, force=values["force"])
    shown = Calendar(schedule.calendar.text, _shown_zone(values["kind"], schedule))
    firings = shown.next(SHOWN_STARTS, dt.datetime.now(dt.UTC))
    console.tell([f"Written: {path}" for path in paths])
    console.tell(["Starts:", *(f"  {each:%a %Y-%m-%d %H:%M} {each.tzname()}" for each in firings)])
    console.tell(["Install:", *(f"  {line}" for line in files.install)])
    console.tell([f"Note: {note}" for note in files.notes])
    console.give(
        {
            "name": schedule.name,
            "as": values["kind"],
            "cron": schedule.calendar.text,
            "time_zone": schedule.zone,
            "paths": [str(path) for path in paths],
            "starts": [each.isoformat() for each in firings],
            "command": ["planner", *schedule.arguments],
            "install": list(files.install),
            "notes": list(files.notes),
            "planner_version": __version__,
        }
    )
    return ExitCode.OK


def _schedule(jobs: str, batch_options: tuple[str, ...], values: Mapping[str, Any]) -> Schedule:
    elsewhere = values["kind"] in REMOTE
    when = calendar(values["cron"], values["tz"])
    if not elsewhere:
        _check_jobs(jobs)
    _check_options(batch_options)
    plain = Path(jobs.rstrip("/\\") or jobs)
    stem = plain.parent.name if glob.has_magic(plain.name) else plain.stem
    name = slug(values["name"] or f"planner-{stem}")
    into = str(values["into"] or Path("outputs", "batch", slug(stem)))
    return Schedule(
        name=name,
        calendar=when,
        zone=values["tz"],
        command=_command(),
        jobs=jobs if elsewhere else os.path.abspath(jobs),
        into=into.replace(os.sep, "/") if elsewhere else os.path.abspath(into),
        folder=Path.cwd(),
        options=batch_options,
        budget_seconds=values["budget"],
        image=values["image"] or "",
        claim=values["claim"] or "",
        on_failure=values["on_failure"] or "",
    )


def _check_jobs(jobs: str) -> None:
    if not os.path.exists(jobs) and not (glob.has_magic(jobs) and glob.glob(jobs)):
        raise WrongUsage(f"There are no jobs at {jobs}. Name a folder of workbooks, a pattern, or a job file.")


def _check_options(options: tuple[str, ...]) -> None:
    """Raises WrongUsage for options of the batch that are ours to give."""
    ours = {"-o": "--into FOLDER", "--output": "--into FOLDER", "--budget": "--budget TIME"}
    for each in options:
        if instead := ours.get(each.partition("=")[0]):
            raise WrongUsage(f"Give {instead} before the --, not {each} behind it.")


def _command() -> tuple[str, ...]:
    """How this planner is started, by an absolute path."""
    for name in ("planner", "planner.exe"):
        script = Path(sys.executable).with_name(name)
        if script.is_file():
            return (str(script.absolute()),)
    return (sys.executable, "-m", "planner")


def _write(folder: Path, files: ScheduleFiles, *, force: bool) -> list[Path]:
    """Writes the files, none where one would replace a file that is not ours."""
    from planner.outputs import write_durably

    paths = [folder / name for name in files.texts]
    for path in paths:
        if path.exists() and not force and not _written_by_planner(path):
            raise CannotWrite(path, "a file that this command did not write is there; move it, or add --force")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotWrite(folder, why_not(error)) from None
    for path, text in zip(paths, files.texts.values(), strict=True):
        write_durably(path, text)
    return paths


def _written_by_planner(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return MARK in file.read(1000)
    except OSError:
        return False


def _shown_zone(kind: str, schedule: Schedule) -> dt.tzinfo:
    """The zone in which the scheduler reads the expression."""
    if schedule.calendar.zone is not None:
        return schedule.calendar.zone
    return local_zone() if kind in ("cron", "systemd") else dt.UTC


def _run(console: Console, schedule: Schedule, grace_seconds: float | None) -> int:
    try:
        from planner.schedule.runner import Runner
    except ImportError as error:
        raise MissingLibrary(
            f"--run needs the library APScheduler ({error}). Install it with: pip install 'capacity-planner[schedule]'"
        ) from None
    if schedule.calendar.zone is None:
        schedule = replace(schedule, calendar=Calendar(schedule.calendar.text, local_zone()))
    if console.quiet:
        schedule = replace(schedule, options=(*schedule.options, "--quiet"))
    state_path = schedule.folder / f"{schedule.name}.schedule.json"
    counts = Runner(schedule, state_path, grace_seconds).run()
    console.tell([f"{counts.started} started: {counts.good} good, {counts.failed} failed; {counts.skipped} left out."])
    console.give({"name": schedule.name, "state_path": str(state_path), **asdict(counts)})
    return ExitCode.OK


class MissingLibrary(PlannerError):
    """An optional library is not installed."""

    exit_code = ExitCode.WRONG_INPUT
