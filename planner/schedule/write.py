"""The files of a scheduler, written to a folder."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from planner.command import CommandResult
from planner.errors import CannotWrite, make_folder
from planner.files.atomic import write_durably
from planner.schedule.calendar import Calendar, local_zone
from planner.schedule.formats import FORMATS
from planner.schedule.places import MARK, start_of
from planner.schedule.request import Kind, ScheduleRequest
from planner.schedule.schedule import Schedule, ScheduleFiles
from planner.version import __version__

SHOWN_STARTS = 3


def write_schedule(request: ScheduleRequest, schedule: Schedule, kind: Kind) -> CommandResult:
    """Write the files that start the batches of a schedule, and say when they start and how to install them.

    Raises
    ------
    CannotWrite
        A file that this command did not write would be replaced, or nothing can be written there.
    """
    files = FORMATS[kind](schedule)
    paths = _write(schedule.output, files, force=request.force)
    zone = schedule.calendar.zone or (local_zone() if kind in ("cron", "systemd", "windows") else dt.UTC)
    calendar, now = Calendar(schedule.calendar.text, zone), dt.datetime.now(dt.UTC)
    starts, notes = calendar.next(SHOWN_STARTS, now), [*files.notes, *clock_notes(calendar, now)]
    lines = [f"Written: {path}" for path in paths]
    lines += ["Next starts:", *(f"  {each:%a %Y-%m-%d %H:%M} {each.tzname()}" for each in starts)]
    lines += ["To install:", *(f"  {line}" for line in files.install)]
    lines += [f"Note: {note}" for note in notes]
    document = {
        "name": schedule.name,
        "as": kind,
        "cron": schedule.calendar.text,
        "time_zone": schedule.zone,
        "paths": [str(path) for path in paths],
        "starts": [each.isoformat() for each in starts],
        "command": ["planner", *schedule.arguments],
        "install": list(files.install),
        "notes": notes,
        "planner_version": __version__,
    }
    return CommandResult(lines, document)


def clock_notes(calendar: Calendar, now: dt.datetime) -> list[str]:
    """Return a note on the starts of the next year that a change of the clock skips or doubles, where there are any."""
    changes = calendar.clock_changes(now)
    advice = "Schedulers differ on what they do then: choose another time, or --tz UTC."
    return [f"{'; '.join(changes).capitalize()}. {advice}"] if changes else []


def _write(folder: Path, files: ScheduleFiles, *, force: bool) -> list[Path]:
    """Write the files, or none of them if one would replace a file that is not ours."""
    paths = [folder / name for name in files.texts]
    for path in paths:
        if path.exists() and not force and MARK not in start_of(path):
            raise CannotWrite(path, "a file that this command did not write is there; move it, or add --force")
    make_folder(folder)
    for path, text in zip(paths, files.texts.values(), strict=True):
        write_durably(path, text)
    return paths
