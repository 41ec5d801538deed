"""Schedules for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from planner.schedule.calendar import calendar
from planner.schedule.schedule import Schedule


def schedule(
    folder: Path = Path("/plans"), cron: str = "0 6 * * MON", zone: str | None = None, **changes: Any
) -> Schedule:
    """A schedule whose paths are absolute, as on the machine that runs it."""
    facts: dict[str, Any] = {
        "name": "planner-weekly",
        "calendar": calendar(cron, zone),
        "zone": zone,
        "command": ("/opt/planner/bin/planner",),
        "jobs": str(folder / "weekly"),
        "into": str(folder / "outputs" / "batch" / "weekly"),
        "folder": folder,
        "options": (),
        "budget_seconds": 3600.0,
    }
    return Schedule(**facts | changes)


def elsewhere(**changes: Any) -> Schedule:
    """A schedule for a place where this machine's paths mean nothing."""
    facts: dict[str, Any] = {"jobs": "weekly", "into": "outputs/batch/weekly", "image": "registry.example/planner:1"}
    return schedule(**facts | changes)


ODD = ("50% off", "it's", 'say "hi"', "a\\b", "$HOME", "semi;colon", "#1", "ünï", "back`tick", "*.xlsx", "", "-")
"""Words that some syntax or other takes for its own."""

TASK = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
"""The namespace of a task of Windows."""


def windows_words(line: str) -> list[str]:
    """The words of a command line by the rules of Microsoft's C runtime."""
    words, word, quoted, began, place = list[str](), "", False, False, 0
    while place < len(line):
        each = line[place]
        if each == "\\":
            count = len(line[place:]) - len(line[place:].lstrip("\\"))
            quote_follows = line[place + count : place + count + 1] == '"'
            word += "\\" * (count // 2 if quote_follows else count)
            if quote_follows and count % 2:
                word, count = word + '"', count + 1
            place, began = place + count, True
            continue
        if each == '"':
            quoted, began = not quoted, True
        elif each in " \t" and not quoted:
            words += [word] if began else []
            word, began = "", False
        else:
            word, began = word + each, True
        place += 1
    return words + ([word] if began else [])
