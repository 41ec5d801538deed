"""A line for crontab."""

from __future__ import annotations

import shlex

from planner.errors import WrongUsage
from planner.schedule.schedule import Schedule, ScheduleFiles, comment

LONGEST = 998
"""Characters of a command that cron takes; longer lines are dropped without a word."""


def crontab(schedule: Schedule) -> ScheduleFiles:
    """The line, with absolute paths; output goes to a log, and cron mails a line when a batch fails.

    Raises
    ------
    WrongUsage
        The command is longer than cron takes.
    """
    log = schedule.folder / f"{schedule.name}.log"
    batch = shlex.join([*schedule.command, *schedule.batch])
    quoted_log = shlex.quote(str(log))
    told = shlex.quote(f"{schedule.name}: planner batch failed, see {log}; exit code")
    line = f"cd {shlex.quote(str(schedule.folder))} && {batch} >> {quoted_log} 2>&1 || echo {told} $?"
    escaped = line.replace("%", "\\%")  # cron takes a plain % for the end of the line
    if len(escaped) > LONGEST:
        raise WrongUsage(
            f"The command of the cron line has {len(escaped)} characters, cron takes {LONGEST}. Put the options into a "
            "TOML file and give --config FILE after --."
        )
    zone = f"CRON_TZ={schedule.zone}\n" if schedule.zone else ""
    notes = []
    if schedule.zone:
        notes.append(
            "CRON_TZ is known to the cron of Red Hat, SUSE and Arch (cronie); that of Debian and Ubuntu takes no "
            "notice of it and keeps to the machine's time zone. There, use --as systemd."
        )
    text = comment(
        [
            *schedule.heading,
            "Put these lines into your crontab with `crontab -e`. Two batches never run into each other: the planner",
            "locks its output folder, and a second one leaves with exit code 8.",
            "Failures are mailed to MAILTO, where this machine sends mail; take the mark away and set it.",
            *notes,
        ]
    )
    text += f"# MAILTO=you@example.com\nSHELL=/bin/sh\n{zone}{schedule.calendar.text} {escaped}\n"
    name = f"{schedule.name}.crontab"
    install = (f"crontab -l 2>/dev/null | cat - {name} | crontab -    (adds the lines; once only)",)
    return ScheduleFiles({name: text}, install, tuple(notes))
