"""One attempt at a job, in a process of its own that is held to its budgets from outside.

A process that is over its time, or that is to stop, is first asked to (SIGTERM), upon which `planner solve` keeps the
best plan it has; after a grace it is killed, with everything it has started. One that is over its memory is killed
at once.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from planner.batch.execution.fork_client import Exit, Lost, Process, Starter
from planner.batch.job_logs import SAID

GRACE_SECONDS = 30.0
"""Asked to stop, a process may take so long to write its best plan; then it is killed."""
POLL_SECONDS = 0.1
SAID_CHARACTERS = 4000

Cause = Literal["", "time", "memory", "stop", "lost"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """What to run: the words after `planner`, and budgets; None for no budget. Times in seconds, memory in MB.

    `grace_seconds`: between being asked to stop and being killed.
    """

    words: tuple[str, ...]
    seconds: float | None
    memory_mb: float | None
    grace_seconds: float


@dataclass(frozen=True, slots=True)
class Ended:
    """How it went: `code` as the system has it (minus the signal's number), None when nobody knows.

    `cause`: why it was ended from here: `time` or `memory` over budget, `stop` asked for, `lost` with whoever ran
    it; empty when it ended by itself. `said` is the end of what it wrote to standard error and output.
    """

    code: int | None
    cause: Cause
    seconds: float
    peak_mb: float | None
    said: str


def run(starter: Starter, folder: Path, attempt: Attempt, stopping: Callable[[], bool]) -> Ended:
    """Runs an attempt in a folder to its end; `stopping` says whether it is to stop."""
    began = time.monotonic()  # again once it runs: what starts it may have to start first
    peak: float | None = None
    cause: Cause = ""
    code: int | None = None
    try:
        process = starter.start(folder, attempt.words, attempt.memory_mb)
        began = time.monotonic()
        try:
            watch = _Watch(process, attempt, stopping, began)
            end = watch.until_it_ends()
            code, peak, cause = end.code, end.peak_mb, watch.cause
        finally:
            process.close()
    except Lost:
        cause = "lost"
    return Ended(code, cause, time.monotonic() - began, peak, _said(folder))


class _Watch:
    """Looks after a process."""

    def __init__(self, process: Process, attempt: Attempt, stopping: Callable[[], bool], began: float) -> None:
        self.process, self.attempt, self.stopping, self.began = process, attempt, stopping, began
        self.cause: Cause = ""
        self.killed_at: float | None = None

    def until_it_ends(self) -> Exit:
        while (end := self.process.wait(POLL_SECONDS)) is None:
            now = time.monotonic()
            if self.killed_at is not None:
                if now >= self.killed_at:
                    self.process.signal(signal.SIGKILL)
            elif over := self._over(now):
                self.cause = over
                self.killed_at = now if over == "memory" else now + self.attempt.grace_seconds
                self.process.signal(signal.SIGKILL if over == "memory" else signal.SIGTERM)
        return end

    def _over(self, now: float) -> Cause:
        limit, memory = self.attempt.seconds, self.attempt.memory_mb
        if self.stopping():
            return "stop"
        if limit is not None and now - self.began > limit:
            return "time"
        if memory is not None and resident_mb(self.process.pid) > memory:
            return "memory"
        return ""


def resident_mb(pid: int) -> float:
    """The memory a process holds now, in MB; 0 when it is gone or the system does not say."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * _PAGE_BYTES / 1e6
    except (OSError, IndexError, ValueError):
        pass
    if os.path.isdir("/proc/self"):
        return 0.0
    told = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return int(told) * 1024 / 1e6 if told.strip().isdigit() else 0.0


_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def _said(folder: Path) -> str:
    try:
        return (folder / SAID).read_text(encoding="utf-8", errors="replace")[-SAID_CHARACTERS:].strip()
    except OSError:
        return ""
