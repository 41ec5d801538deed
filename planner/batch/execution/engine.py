"""Where attempts run: on this machine, each in a process of its own.

The unit of work is `planner solve` with its words, in a folder that holds its files;
`planner.batch.execution.dask_engine` runs the same on other machines.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from planner.batch.execution.budgeted_process import Attempt, Ended, run
from planner.batch.execution.fork_client import Starter


class Engine(Protocol):
    """Runs attempts, many at a time, each call from a thread of its own."""

    @property
    def at_once(self) -> int:
        """Attempts that may be under way."""

    cores: int
    """Threads that those under way may use together; a single attempt always may run."""

    def run(self, folder: Path, attempt: Attempt, stopping: Callable[[], bool]) -> Ended:
        """Runs an attempt on the files in a folder, and leaves there what it made. Raises OSError."""

    def close(self) -> None:
        """Ends what is still under way."""


class LocalEngine:
    """Processes on this machine, `workers` at a time."""

    def __init__(self, workers: int, cores: int) -> None:
        self.workers, self.cores = workers, cores
        self.starter = Starter()

    @property
    def at_once(self) -> int:
        """As many as there are workers."""
        return self.workers

    def run(self, folder: Path, attempt: Attempt, stopping: Callable[[], bool]) -> Ended:
        return run(self.starter, folder, attempt, stopping)

    def close(self) -> None:
        self.starter.close()
