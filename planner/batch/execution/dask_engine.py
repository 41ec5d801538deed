"""Where attempts run: on a cluster, given nothing but the address of its scheduler.

Dask, because it needs nothing else: one pip package, a scheduler and workers that are started by hand, by
Kubernetes, Slurm or a cloud (each has a well-kept starter for it), no shared disk and no broker; tasks of a worker
that died are run by another; and it is indifferent to what a task does. A task here takes the files of an attempt
with it, runs the same one-process-per-job `planner solve` in a folder of the worker's, held to its budgets by
the worker, and brings back the files made. Ray and Prefect do the same with ten and five times the packages;
Snakemake and Airflow want a shared disk or an installation, and can run `planner solve` themselves.

Workers need this package installed, and one thread (`--nthreads`) for each job they shall run at a time. Dask asks
nobody who they are: whoever reaches a scheduler or worker can run programs there, unless all of them speak TLS.
"""

from __future__ import annotations

import logging
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from planner.batch.execution.budgets import BudgetedCommand, ProcessResult
from planner.batch.execution.engine import Starter, starter
from planner.batch.folder import write_files
from planner.errors import WrongUsage

log = logging.getLogger("planner")
CONNECT_SECONDS = 30.0
POLL_SECONDS = 0.2
LOOPBACK = ("localhost", "127.0.0.1", "::1")
TLS_FILES = {"tls_ca_file": "ca.pem", "tls_client_cert": "cert.pem", "tls_client_key": "key.pem"}
"""What Dask calls the files of a folder for TLS, and their names there."""
MAX_CONCURRENT = 256
"""Attempts handed over and not back, at most."""


class DaskEngine:
    """A cluster's workers.

    Parameters
    ----------
    address
        Of the cluster's scheduler, such as `tcp://127.0.0.1:8786`.
    max_concurrent
        Attempts under way; 0: as many as keep the workers busy, as the cluster grows and shrinks.
    tls
        Folder of the files in `TLS_FILES`, with which an address `tls://…` is spoken to; None for none.

    Raises
    ------
    WrongUsage
        The library is not installed, there is no scheduler at the address, or a file of `tls` is missing.
    """

    def __init__(self, address: str, max_concurrent: int = 0, tls: Path | None = None) -> None:
        try:
            from distributed import Client, Security
        except ImportError:
            message = "--engine dask needs the library distributed: pip install 'capacity-planner[dask]'."
            raise WrongUsage(message) from None
        files = {} if tls is None else {kind: str(tls / name) for kind, name in TLS_FILES.items()}
        if missing := [path for path in files.values() if not Path(path).is_file()]:
            raise WrongUsage(f"--tls: there is no file {missing[0]}.")
        if tls is None and urlsplit(address).hostname not in LOOPBACK:
            log.warning(
                "warning: %s is not encrypted and asks nobody who they are: whoever reaches it can run programs on its "
                "workers and read the workbooks. Use it within a private network only, or use --tls.",
                address,
            )
        try:
            security = Security(require_encryption=True, **files) if files else None
            self.client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False, security=security)
        except (OSError, ValueError) as error:
            raise WrongUsage(f"There is no scheduler at {address} ({error}). Check --scheduler.") from None
        self.cores = MAX_CONCURRENT * 1024  # how many jobs a worker takes on is its own business
        self._max_concurrent = max_concurrent
        self._worker_cores, self._cores_at = 0, -10.0

    @property
    def max_concurrent(self) -> int:
        """Twice what the workers can run, so that none waits for the next one to arrive."""
        if self._max_concurrent:
            return self._max_concurrent
        if time.monotonic() - self._cores_at > 2.0:
            try:
                self._worker_cores = sum(self.client.nthreads().values())
            except (OSError, TimeoutError):  # the scheduler is away; the attempts under way will notice
                self._worker_cores = 0
            self._cores_at = time.monotonic()
        return min(MAX_CONCURRENT, max(4, 2 * self._worker_cores))

    def run(self, folder: Path, command: BudgetedCommand, stopping: Callable[[], bool]) -> ProcessResult:
        """Runs an attempt on some worker; as `planner.batch.execution.engine.Engine` says."""
        from distributed import CancelledError, KilledWorker
        from distributed.comm.core import CommClosedError

        files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        try:
            future = self.client.submit(solve, files, command, key=f"planner-{folder.name}", pure=False)
            try:
                if not self._wait(future, command, stopping):
                    return ProcessResult(cause="stop")
                result, made = future.result(timeout=CONNECT_SECONDS)
            finally:
                future.release()
        except (CancelledError, KilledWorker, CommClosedError, TimeoutError):
            return ProcessResult(cause="lost")
        except Exception:
            if self.client.status == "running":
                raise
            return ProcessResult(cause="lost")  # the scheduler is gone for good
        write_files(folder, made)
        return result

    def _wait(self, future: Any, command: BudgetedCommand, stopping: Callable[[], bool]) -> bool:
        """Waits until a task is done, well or not; False when it was to stop and does not answer."""
        done = threading.Event()
        future.add_done_callback(lambda _: done.set())
        give_up_at = float("inf")
        while not done.wait(POLL_SECONDS):
            now = time.monotonic()
            if give_up_at == float("inf") and stopping():
                give_up_at = now + command.grace_seconds + 5.0
                self.client.run(request_stop, future.key, on_error="ignore")
            elif now > give_up_at:
                return False
        return True

    def close(self) -> None:
        """Lets go of the cluster, which stops what is still under way for us."""
        self.client.close()


_client: Starter | None = None
_client_lock = threading.Lock()
_stop_requested: set[str] = set()


def request_stop(key: str) -> None:
    """On a worker: a task of that key is to stop, and bring back the best plan it has."""
    _stop_requested.add(key)


def solve(files: dict[str, bytes], command: BudgetedCommand) -> tuple[ProcessResult, dict[str, bytes]]:
    """On a worker: runs an attempt on these files; how it ended, and the files made."""
    from distributed import get_worker

    worker: Any = get_worker()
    key = str(worker.get_current_task())

    def stopping() -> bool:
        """When asked to, and when nobody wants the result any more, as when the batch was killed."""
        task = worker.state.tasks.get(key)
        return key in _stop_requested or task is None or task.state not in ("executing", "long-running")

    if key in _stop_requested:
        return ProcessResult(cause="stop"), {}
    with tempfile.TemporaryDirectory(prefix="planner-", dir=worker.local_directory) as temporary:
        folder = Path(temporary)
        write_files(folder, files)
        result = _shared_client().run(folder, command, stopping)
        made = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file() and path.name not in files}
    _stop_requested.discard(key)
    return result, made


def _shared_client() -> Starter:
    """The one client of a worker's process."""
    global _client
    with _client_lock:
        _client = _client or starter()
        return _client
