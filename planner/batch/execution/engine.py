"""Where attempts run: on this machine, each in a process of its own.

The unit of work is `planner solve` with its arguments, in a folder that holds its files;
`planner.batch.execution.dask_engine` runs the same on other machines.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from planner.batch.execution.budgeted_process import BudgetedCommand, ProcessResult
from planner.batch.execution.fork_client import ForkClient


class Engine(Protocol):
    """Runs attempts, many at a time, each call from a thread of its own."""

    @property
    def max_concurrent(self) -> int:
        """Attempts that may be under way."""

    cores: int
    """Threads that those under way may use together; a single attempt always may run."""

    def run(self, folder: Path, command: BudgetedCommand, stopping: Callable[[], bool]) -> ProcessResult:
        """Runs an attempt on the files in a folder, and leaves there what it made.

        Parameters
        ----------
        folder
            The attempt's own folder on this machine.
        command
            What to run, and its budgets.
        stopping
            Whether the attempt is to stop; asked again and again while it runs.

        Raises
        ------
        OSError
            The files cannot be read or written.
        """

    def close(self) -> None:
        """Ends what is still under way."""


class LocalEngine(ForkClient):
    """Processes on this machine, `workers` at a time."""

    def __init__(self, workers: int, cores: int) -> None:
        super().__init__()
        self.max_concurrent, self.cores = workers, cores
