"""What a job's process may take, when it is to be ended from outside, and how it ended: the same however it starts."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil

from planner.batch.job_logs import OUTPUT_FILE

GRACE_SECONDS = 30.0
"""Asked to stop, a process may take so long to write its best plan; then it is killed."""
POLL_SECONDS = 0.1
OUTPUT_TAIL_CHARACTERS = 4000

Cause = Literal["", "time", "memory", "stop", "lost"]


@dataclass(frozen=True, slots=True)
class BudgetedCommand:
    """What to run, and its budgets.

    Parameters
    ----------
    arguments
        What follows `planner solve` on the command line.
    time_seconds, memory_mb
        Budgets in seconds and in MB (10^6 bytes); None for no budget.
    grace_seconds
        Between being asked to stop and being killed.
    """

    arguments: tuple[str, ...]
    time_seconds: float | None
    memory_mb: float | None
    grace_seconds: float

    def reason_to_end(self, memory_mb: float, seconds: float, stopping: bool) -> Cause:
        """Why a process that holds so much memory and runs for so long is to be ended; blank where it may go on."""
        if stopping:
            return "stop"
        if self.time_seconds is not None and seconds > self.time_seconds:
            return "time"
        return "memory" if self.memory_mb is not None and memory_mb > self.memory_mb else ""


@dataclass(frozen=True, slots=True)
class ProcessResult:
    """How a process ended.

    Parameters
    ----------
    exit_code
        As the system has it: minus the signal's number where a signal ended it; None when nobody knows.
    cause
        Why it was ended from outside: `time` or `memory` over budget, `stop` asked for, `lost` with whoever ran it;
        empty when it ended by itself.
    seconds
        Wall time.
    peak_mb
        The most memory it held, in MB; None when it ended before the system told of any.
    output_tail
        The end of what it wrote to standard output and standard error.
    """

    exit_code: int | None = None
    cause: Cause = ""
    seconds: float = 0.0
    peak_mb: float | None = None
    output_tail: str = ""


def resident_memory_mb(pid: int) -> float:
    """The memory a process holds now, in MB; 0 when it has ended."""
    try:
        return float(psutil.Process(pid).memory_info().rss / 1e6)
    except psutil.Error:
        return 0.0


def environment() -> dict[str, str]:
    """Ours without options of `planner`, which a job gets as arguments; text hashed alike in every job."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PLANNER_")}
    return kept | {"PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1"}


def output_tail(folder: Path) -> str:
    """The end of what the job in a folder wrote to its standard output and error."""
    with suppress(OSError):
        return (folder / OUTPUT_FILE).read_text(encoding="utf-8", errors="replace")[-OUTPUT_TAIL_CHARACTERS:].strip()
    return ""
