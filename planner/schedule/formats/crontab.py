"""A line for crontab."""

from __future__ import annotations

import re
import shlex

from planner.errors import WrongUsage
from planner.schedule.formats.render import render
from planner.schedule.schedule import Schedule, ScheduleFiles

MAX_COMMAND_CHARACTERS = 998
"""Of a command that cron takes; longer lines are dropped without a word."""
ZONE_NOTE = (
    "CRON_TZ is known to the cron of Red Hat, SUSE and Arch (cronie); that of Debian and Ubuntu takes no "
    "notice of it and keeps to the machine's time zone. There, use --as systemd."
)


def crontab(schedule: Schedule) -> ScheduleFiles:
    """The line, with absolute paths; output goes to a log, and cron mails a line when a batch fails.

    Raises
    ------
    WrongUsage
        The command is longer than cron takes, or has what crons read differently.
    """
    log = schedule.folder / f"{schedule.name}.log"
    batch = shlex.join([*schedule.command, *schedule.arguments])
    failure = shlex.quote(f"{schedule.name}: planner batch failed, see {log}; exit code")
    line = f"cd {shlex.quote(str(schedule.folder))} && {batch} >> {shlex.quote(str(log))} 2>&1 || echo {failure} $?"
    if re.search(r"\\[\\%]", line):
        raise WrongUsage(
            "Crons differ in how they read a backslash before another one or before %. Rename what has one."
        )
    command = line.replace("%", "\\%")  # cron takes a plain % for the end of the line
    if len(command) > MAX_COMMAND_CHARACTERS:
        raise WrongUsage(
            f"The command of the cron line has {len(command)} characters, cron takes {MAX_COMMAND_CHARACTERS}. "
            "Put the options into a TOML file and give --config FILE after --."
        )
    notes = (ZONE_NOTE,) if schedule.zone else ()
    text = render(
        "crontab",
        schedule,
        notes="".join(f"# {note}\n" for note in notes),
        zone=f"CRON_TZ={schedule.zone}\n" if schedule.zone else "",
        cron=schedule.calendar.text,
        command=command,
    )
    name = f"{schedule.name}.crontab"
    install = (f"crontab -l 2>/dev/null | cat - {schedule.written(name)} | crontab -    (adds the lines; once only)",)
    return ScheduleFiles({name: text}, install, notes)
