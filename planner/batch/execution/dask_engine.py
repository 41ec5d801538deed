"""Where attempts run: on a cluster, given nothing but the address of its scheduler.

Dask, because it needs nothing else: one pip package, a scheduler and workers that are started by hand, by
Kubernetes, Slurm or a cloud (each has a well-kept starter for it), no shared disk and no broker; tasks of a worker
that died are run by another; and it is indifferent to what a task does. A task here takes the files of an attempt
with it, runs the same one-process-per-job `planner solve` in a folder of the worker's, held to its budgets by
the worker, and brings back the files made. Ray and Prefect do the same with ten and five times the packages;
Snakemake and Airflow want a shared disk or an installation, and can run `planner solve` themselves.

Workers need this package installed, and one thread (`--nthreads`) for each job they shall run at a time.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from planner.batch.execution.budgeted_process import Attempt, Ended, run
from planner.batch.execution.fork_client import Starter
from planner.batch.folder import lay_out
from planner.errors import WrongUsage

CONNECT_SECONDS = 30.0
POLL_SECONDS = 0.2
AT_MOST = 256
"""Attempts handed over and not back, at most."""
LOST = Ended(None, "lost", 0.0, None, "")


class DaskEngine:
    """A cluster's workers. `at_once` follows the cluster as it grows and shrinks, unless told.

    Raises:
        WrongUsage: the library is not installed, or there is no scheduler at the address.
    """

    def __init__(self, address: str, at_once: int = 0) -> None:
        try:
            from distributed import Client
        except ImportError:
            told = "--engine dask needs the library distributed: pip install 'capacity-planner[dask]'."
            raise WrongUsage(told) from None
        try:
            self.client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError) as error:
            raise WrongUsage(f"There is no scheduler at {address} ({error}). Check --scheduler.") from None
        self.cores = AT_MOST * 1024  # how many jobs a worker takes on is its own business
        self._told = at_once
        self._counted, self._counted_at = 0, -10.0

    @property
    def at_once(self) -> int:
        """Twice what the workers can run, so that none waits for the next one to arrive."""
        if self._told:
            return self._told
        if time.monotonic() - self._counted_at > 2.0:
            try:
                self._counted = sum(self.client.nthreads().values())
            except (OSError, TimeoutError):  # the scheduler is away; what is under way will tell
                self._counted = 0
            self._counted_at = time.monotonic()
        return min(AT_MOST, max(4, 2 * self._counted))

    def run(self, folder: Path, attempt: Attempt, stopping: Callable[[], bool]) -> Ended:
        """Runs an attempt on some worker. Raises OSError."""
        from distributed import CancelledError, KilledWorker
        from distributed.comm.core import CommClosedError

        files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        try:
            future = self.client.submit(solve, files, attempt, key=f"planner-{folder.name}", pure=False)
            try:
                if not self._wait(future, attempt, stopping):
                    return Ended(None, "stop", 0.0, None, "")
                ended, made = future.result(timeout=CONNECT_SECONDS)
            finally:
                future.release()
        except (CancelledError, KilledWorker, CommClosedError, TimeoutError):
            return LOST
        except Exception:
            if self.client.status == "running":
                raise
            return LOST  # the scheduler is gone for good
        lay_out(folder, made)
        return Ended(*ended)

    def _wait(self, future: Any, attempt: Attempt, stopping: Callable[[], bool]) -> bool:
        """Waits until a task is done, well or not; False when it was to stop and does not answer."""
        done = threading.Event()
        future.add_done_callback(lambda _: done.set())
        give_up_at = float("inf")
        while not done.wait(POLL_SECONDS):
            now = time.monotonic()
            if give_up_at == float("inf") and stopping():
                give_up_at = now + attempt.grace_seconds + 5.0
                self.client.run(ask_to_stop, future.key, on_error="ignore")
            elif now > give_up_at:
                return False
        return True

    def close(self) -> None:
        """Lets go of the cluster, which stops what is still under way for us."""
        self.client.close()


_starter: Starter | None = None
_starting = threading.Lock()
_to_stop: set[str] = set()


def ask_to_stop(key: str) -> None:
    """On a worker: a task of that key is to stop, and bring back the best plan it has."""
    _to_stop.add(key)


def solve(files: dict[str, bytes], attempt: Attempt) -> tuple[tuple[Any, ...], dict[str, bytes]]:
    """On a worker: runs an attempt on these files; how it ended, as the values of Ended, and the files made."""
    from distributed import get_worker

    worker: Any = get_worker()
    key = str(worker.get_current_task())

    def stopping() -> bool:
        """When asked to, and when nobody wants the result any more, as when the batch was killed."""
        task = worker.state.tasks.get(key)
        return key in _to_stop or task is None or task.state not in ("executing", "long-running")

    if key in _to_stop:
        return (None, "stop", 0.0, None, ""), {}
    with tempfile.TemporaryDirectory(prefix="planner-", dir=worker.local_directory) as temporary:
        folder = Path(temporary)
        lay_out(folder, files)
        ended = run(_shared_starter(), folder, attempt, stopping)
        made = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file() and path.name not in files}
    _to_stop.discard(key)
    return (ended.code, ended.cause, ended.seconds, ended.peak_mb, ended.said), made


def _shared_starter() -> Starter:
    """The one starter of a worker's process."""
    global _starter
    with _starting:
        _starter = _starter or Starter()
        return _starter
