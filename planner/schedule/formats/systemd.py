"""A systemd service that runs one batch, and the timer that starts it."""

from __future__ import annotations

from pathlib import Path

from planner.errors import WrongUsage
from planner.schedule.formats.systemd_calendar import on_calendar
from planner.schedule.schedule import SKIPPED, Schedule, ScheduleFiles, comment

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
    texts = {service: _service(schedule), timer: _timer(schedule)}
    install = (
        f"sudo cp {service} {timer} /etc/systemd/system/ && sudo systemctl daemon-reload",
        f"sudo systemctl enable --now {timer}",
        f"systemctl list-timers {timer}; journalctl -u {service}",
    )
    notes = ("As a system unit it runs as root: set User= in the service, or copy both to ~/.config/systemd/user.",)
    return ScheduleFiles(texts, install, notes)


def _service(schedule: Schedule) -> str:
    failure = f"OnFailure={schedule.on_failure}\n" if schedule.on_failure else ""
    paths = " ".join(_quoted(str(path)) for path in _writable(schedule))
    private = "" if any(_in_tmp(path) for path in (*_writable(schedule), Path(schedule.jobs))) else "PrivateTmp=yes\n"
    return (
        comment([*schedule.heading, f"Start it by hand with: systemctl start {schedule.name}.service"])
        + f"""
[Unit]
Description=planner batch {_plain(schedule.jobs)}
Wants=network-online.target
After=network-online.target
{failure}
[Service]
Type=oneshot
# User=planner
WorkingDirectory={_path(schedule.folder)}
ExecStart={" ".join(_quoted(word).replace("$", "$$") for word in [*schedule.command, *schedule.batch])}
# The planner ends its jobs at their budgets; this is for the case that it cannot.
TimeoutStartSec={schedule.end_seconds}
TimeoutStopSec={STOP_SECONDS}
# Only the batch is told to stop, and stops its jobs; what is left after that is ended.
KillMode=mixed
# Another batch at work on the same folder, and a stop that was asked for, are no failures.
SuccessExitStatus={SKIPPED} 143
Nice=10
NoNewPrivileges=yes
{private}ProtectSystem=strict
ProtectHome=read-only
ReadWritePaths={paths}
ProtectControlGroups=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
"""
    )


def _writable(schedule: Schedule) -> list[Path]:
    """The folders a batch writes in: the working folder, and the one its own is in, which systemd wants to be there."""
    parent = Path(schedule.folder, schedule.into).parent
    if parent.is_relative_to(schedule.folder):
        return [schedule.folder]
    if not parent.is_dir():
        raise WrongUsage(f"The folder {parent} is not there, in which --into is to be made. Make it first.")
    return [schedule.folder, parent]


def _in_tmp(path: Path) -> bool:
    """Whether a private /tmp would hide the path."""
    return any(path.is_relative_to(folder) for folder in ("/tmp", "/var/tmp"))


def _timer(schedule: Schedule) -> str:
    times = "".join(f"OnCalendar={line}\n" for line in on_calendar(schedule.calendar, schedule.zone))
    return (
        comment([*schedule.heading, "A start that was missed while the machine was off is made up for once."])
        + f"""
[Unit]
Description=planner batch {_plain(schedule.jobs)}, on a calendar

[Timer]
{times}AccuracySec=1s
Persistent=true
Unit={schedule.name}.service

[Install]
WantedBy=timers.target
"""
    )


def _plain(text: str) -> str:
    """Text of a line that has no syntax of its own but `%`."""
    return _one_line(text).replace("%", "%%")


def _path(path: Path) -> str:
    """A path that stands for itself to the end of the line."""
    text = _one_line(str(path))
    if text != text.strip() or text.endswith("\\"):
        raise WrongUsage(f"systemd cannot work in the folder '{text}': its name ends in a blank or a backslash.")
    return text.replace("%", "%%")


def _quoted(word: str) -> str:
    """A word of a list; in a command line `$` is doubled besides."""
    escaped = _one_line(word).replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"' if escaped != word or not word or " " in word or "'" in word or ";" in word else word


def _one_line(text: str) -> str:
    if any(ord(each) < 32 for each in text):
        raise WrongUsage(f"systemd units hold no control characters, which are in {text!r}.")
    return text
