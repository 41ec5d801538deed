"""Logs and plans of a job's earlier runs: kept when the job starts anew, the oldest dropped.

A log's name is `run.log`; of earlier runs, newest first, `run.log.1`, `run.log.2`, … as the standard library's
`logging.handlers.RotatingFileHandler` numbers them. Nothing rotates while a process writes: the turn is at the start.
"""

from __future__ import annotations

import shutil
from logging.handlers import RotatingFileHandler
from pathlib import Path

from planner.errors import writing
from planner.files.atomic import atomic_write

PREVIOUS_PLAN = "plan.previous.xlsx"


def rotate(path: Path, keep: int) -> None:
    """Moves the log `path` to `path.1`, `.1` to `.2` and so on, keeping at most `keep` logs, the one to come included.

    Nothing happens where there is no log; with `keep` 1 the old one is dropped.

    Raises
    ------
    ValueError
        `keep` is below 1.
    CannotWrite
        The system does not let the logs be moved.
    """
    if keep < 1:
        raise ValueError(f"at least one log is kept, not {keep}")
    if not path.exists():
        return
    with writing(path):
        if keep == 1:
            path.unlink()
        else:
            handler = RotatingFileHandler(path, backupCount=keep - 1, encoding="utf-8", delay=True)
            handler.doRollover()
            handler.close()
        for number in _numbers(path):
            if number >= keep:  # of a batch that kept more
                path.with_name(f"{path.name}.{number}").unlink()


def _numbers(path: Path) -> list[int]:
    ends = (each.name.removeprefix(f"{path.name}.") for each in path.parent.glob(f"{path.name}.*"))
    return [int(end) for end in ends if end.isdecimal()]


def keep_previous_plan(plan: Path) -> None:
    """Keeps a copy of a job's plan as `plan.previous.xlsx` before the job runs anew, so that inputs can be compared.

    Nothing happens where there is no plan.

    Raises
    ------
    CannotWrite
        The copy cannot be written.
    """
    if not plan.is_file():
        return
    with atomic_write(plan.with_name(PREVIOUS_PLAN)) as temporary:
        shutil.copyfile(plan, temporary)


def tail(path: Path, lines: int, most_bytes: int = 65_536) -> str:
    """The last lines of a log, of its last `most_bytes` at most; "" where there is none that can be read."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - most_bytes))
            text = file.read().decode("utf-8", errors="replace")
    except (OSError, ValueError):  # no such file, or a name that can be none
        return ""
    return "\n".join(text.splitlines()[-lines:])


OUTPUT_FILE = "said.txt"
"""In a job's folder: what its process wrote to standard output and standard error."""
