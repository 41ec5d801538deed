"""A systemd service that runs one batch, and the timer that starts it."""

from __future__ import annotations

import re
from pathlib import Path

from planner.errors import WrongUsage
from planner.schedule.formats.render import render
from planner.schedule.formats.systemd_calendar import on_calendar
from planner.schedule.schedule import Schedule, ScheduleFiles

STOP_SECONDS = 120
"""A batch that is told to stop writes down where it stands within this time."""


def systemd(schedule: Schedule) -> ScheduleFiles:
    """The two units; they work for the system and, copied elsewhere, for a user.

    Raises
    ------
    WrongUsage
        A path that units cannot name.
    """
    service, timer = f"{schedule.name}.service", f"{schedule.name}.timer"
    if not re.fullmatch(r"[\w:.\\@%-]*", schedule.on_failure, re.ASCII):
        raise WrongUsage(f"--on-failure '{schedule.on_failure}' is not the name of a unit, such as tell-me@%n.service.")
    writable = _writable(schedule)
    # A private /tmp would hide jobs that are there.
    private_tmp = not any(
        path.is_relative_to(folder) for path in (*writable, Path(schedule.jobs)) for folder in ("/tmp", "/var/tmp")
    )
    texts = {
        service: render(
            "service",
            schedule,
            on_failure=f"OnFailure={schedule.on_failure}\n" if schedule.on_failure else "",
            folder=_path(schedule.folder),
            command=" ".join(_quoted(each).replace("$", "$$") for each in (*schedule.command, *schedule.arguments)),
            stop_seconds=STOP_SECONDS,
            private_tmp="PrivateTmp=yes\n" if private_tmp else "",
            writable=" ".join(_quoted(str(path)) for path in writable),
        ),
        timer: render(
            "timer",
            schedule,
            times="".join(f"OnCalendar={line}\n" for line in on_calendar(schedule.calendar, schedule.zone)),
        ),
    }
    units = " ".join(map(schedule.written, (service, timer)))
    install = (
        f"sudo cp {units} /etc/systemd/system/ && sudo systemctl daemon-reload",
        f"sudo systemctl enable --now {timer}",
        f"systemctl list-timers {timer}; journalctl -u {service}",
    )
    notes = ("As a system unit it runs as root: set User= in the service, or copy both to ~/.config/systemd/user.",)
    return ScheduleFiles(texts, install, notes)


def _writable(schedule: Schedule) -> list[Path]:
    """The folders a batch writes in: the working folder, and the one its own is in, which systemd wants to be there."""
    parent = Path(schedule.folder, schedule.into).parent
    if parent.is_relative_to(schedule.folder):
        return [schedule.folder]
    if not parent.is_dir():
        raise WrongUsage(f"The folder {parent}, in which --into is to be made, does not exist. Create it first.")
    return [schedule.folder, parent]


def _path(path: Path) -> str:
    """A path that stands for itself to the end of the line."""
    text = str(path)
    if text != text.strip() or text.endswith("\\"):
        raise WrongUsage(f"systemd cannot work in the folder '{text}': its name ends in a blank or a backslash.")
    return _escaped(text)


def _quoted(word: str) -> str:
    """A word of a list; in a command line `$` is doubled besides."""
    escaped = _escaped(word.replace("\\", "\\\\").replace('"', '\\"'))
    return f'"{escaped}"' if escaped != word or not word or any(each in word for each in " ';") else word


def _escaped(text: str) -> str:
    """Text of a line that has no syntax of its own but `%`."""
    return text.replace("%", "%%")
