"""Where attempts run: on this machine, each in a process of its own.

The unit of work is `planner solve` with its arguments, in a folder that holds its files;
`planner.batch.execution.dask_engine` runs the same on other machines.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from planner.batch.execution.budgets import BudgetedCommand, ProcessResult


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


class Starter(Protocol):
    """Starts the processes of jobs, many at a time, each call from a thread of its own."""

    def run(self, folder: Path, command: BudgetedCommand, stopping: Callable[[], bool]) -> ProcessResult:
        """Runs a job in a folder to its end; of cause `lost` where how it ended will never be known."""

    def close(self) -> None:
        """Kills the jobs that still run, which count as lost; none is started any more."""


class LocalEngine:
    """Processes on this machine, `workers` at a time, forked where the system can."""

    def __init__(self, workers: int, cores: int) -> None:
        self.max_concurrent, self.cores = workers, cores
        self._client = starter()

    def run(self, folder: Path, command: BudgetedCommand, stopping: Callable[[], bool]) -> ProcessResult:
        """Runs an attempt in a folder to its end."""
        return self._client.run(folder, command, stopping)

    def close(self) -> None:
        """Kills what is still under way."""
        self._client.close()


def starter() -> Starter:
    """What starts jobs on this system."""
    if hasattr(os, "fork"):
        from planner.batch.execution.fork_client import ForkClient

        return ForkClient()
    from planner.batch.execution.spawned_process import SpawnClient

    return SpawnClient()
