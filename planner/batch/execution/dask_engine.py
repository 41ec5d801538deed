"""Where attempts run: on a Dask cluster (`planner.solving.dask_cluster`).

A call takes the files of an attempt with it, runs the same one-process-per-job `planner solve` in a folder of the
worker's, held to its budgets by the worker, and brings back the files made.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from planner.batch.execution.budgets import BudgetedCommand, ProcessResult
from planner.batch.execution.engine import Starter, starter
from planner.batch.folder import write_files
from planner.solving.dask_cluster import CallLost, DaskCluster, NoAnswer, worker_folder

MAX_CONCURRENT = 256
"""Attempts handed over and not back, at most."""


class DaskEngine:
    """The workers of a cluster; `max_concurrent` 0: as many attempts under way as keep them busy."""

    def __init__(self, cluster: DaskCluster, max_concurrent: int = 0) -> None:
        self.cluster = cluster
        self.cores = MAX_CONCURRENT * 1024  # how many jobs a worker takes on is its own business
        self._max_concurrent = max_concurrent

    @property
    def max_concurrent(self) -> int:
        """Twice what the workers can run, so that none waits for the next one to arrive."""
        return self._max_concurrent or min(MAX_CONCURRENT, max(4, 2 * sum(self.cluster.threads.values())))

    def run(self, folder: Path, command: BudgetedCommand, stopping: Callable[[], bool]) -> ProcessResult:
        """Runs an attempt on some worker; as `planner.batch.execution.engine.Engine` says."""
        files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        try:
            result, made = self.cluster.call(
                solve, files, command, stopping=stopping, grace_seconds=command.grace_seconds, key=folder.name
            )
        except NoAnswer:
            return ProcessResult(cause="stop")
        except CallLost:
            return ProcessResult(cause="lost")
        write_files(folder, made)
        found: ProcessResult = result
        return found

    def close(self) -> None:
        """Lets go of the cluster, which stops what is still under way for us."""
        self.cluster.close()


_client: Starter | None = None
_client_lock = threading.Lock()


def solve(
    files: dict[str, bytes], command: BudgetedCommand, stopping: Callable[[], bool]
) -> tuple[ProcessResult, dict[str, bytes]]:
    """On a worker: runs an attempt on these files; how it ended, and the files made."""
    if stopping():
        return ProcessResult(cause="stop"), {}
    with tempfile.TemporaryDirectory(prefix="planner-", dir=worker_folder()) as temporary:
        folder = Path(temporary)
        write_files(folder, files)
        result = _shared_client().run(folder, command, stopping)
        made = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file() and path.name not in files}
    return result, made


def _shared_client() -> Starter:
    """The one client of a worker's process."""
    global _client
    with _client_lock:
        _client = _client or starter()
        return _client
