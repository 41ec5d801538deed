"""A Dask cluster, given nothing but the address of its scheduler: functions called on its workers.

Dask, because it needs nothing else: one pip package, a scheduler and workers that are started by hand, by
Kubernetes, Slurm or a cloud (each has a well-kept starter for it), no shared disk and no broker; calls of a worker
that died are made by another; and it is indifferent to what a call does. Ray and Prefect do the same with ten and five
times the packages; Snakemake and Airflow want a shared disk or an installation, and can run `planner solve` themselves.

Workers need this package installed, and one thread (`--nthreads`) for each call they shall take at a time. Dask asks
nobody who they are: whoever reaches a scheduler or worker can run programs there, unless all of them speak TLS.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from planner.errors import WrongUsage

log = logging.getLogger("planner")
CONNECT_SECONDS = 30.0
POLL_SECONDS = 0.2
ANSWER_SECONDS = 5.0
"""Beyond its grace a call that was asked to stop may take this long to come back."""
LOOPBACK = ("localhost", "127.0.0.1", "::1")
TLS_FILES = {"tls_ca_file": "ca.pem", "tls_client_cert": "cert.pem", "tls_client_key": "key.pem"}
"""What Dask calls the files of a folder for TLS, and their names there."""


class CallLost(Exception):
    """How a call ended will never be known: its workers died again and again, or the scheduler did."""


class NoAnswer(Exception):
    """A call was asked to stop and did not."""


class DaskCluster:
    """A cluster's workers.

    Parameters
    ----------
    address
        Of the cluster's scheduler, such as `tcp://127.0.0.1:8786`.
    tls
        Folder of the files in `TLS_FILES`, with which an address `tls://…` is spoken to; None for none.

    Raises
    ------
    WrongUsage
        The library is not installed, there is no scheduler at the address, or a file of `tls` is missing.
    """

    def __init__(self, address: str, tls: Path | None = None) -> None:
        try:
            from distributed import Client, Security
        except ImportError:
            message = "--scheduler needs the library distributed: pip install 'capacity-planner[dask]'."
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
        self._threads: dict[str, int] = {}
        self._threads_at = -10.0

    @property
    def threads(self) -> dict[str, int]:
        """How many calls each worker takes at a time, by its address, as the cluster grows and shrinks."""
        if time.monotonic() - self._threads_at > 2.0:
            try:
                self._threads = dict(self.client.nthreads())
            except (OSError, TimeoutError):  # the scheduler is away; the calls under way will notice
                self._threads = {}
            self._threads_at = time.monotonic()
        return self._threads

    def call(
        self,
        function: Callable[..., Any],
        *arguments: Any,
        stopping: Callable[[], bool],
        grace_seconds: float,
        key: str = "",
        at: str | None = None,
    ) -> Any:
        """What a function returns on some worker.

        Parameters
        ----------
        function
            Called with the arguments and, as the last one, what says that it is to stop.
        stopping
            Whether it is to stop; asked again and again while it runs.
        grace_seconds
            How long it may take to stop.
        key
            A name for it, unique among those under way.
        at
            The address of the worker that is asked first, another if that is gone or busy.

        Raises
        ------
        CallLost
        NoAnswer
        """
        from distributed import CancelledError, KilledWorker
        from distributed.comm.core import CommClosedError

        where = {} if at is None else {"workers": [at], "allow_other_workers": True}
        try:
            future = self.client.submit(
                _called, function, arguments, key=f"planner-{key or uuid4().hex}", pure=False, **where
            )
            try:
                self._wait(future, grace_seconds, stopping)
                return future.result(timeout=CONNECT_SECONDS)
            finally:
                future.release()
        except (CancelledError, KilledWorker, CommClosedError, TimeoutError) as error:
            raise CallLost(str(error)) from error
        except NoAnswer:
            raise
        except Exception as error:
            if self.client.status == "running":
                raise
            raise CallLost(str(error)) from error  # the scheduler is gone for good

    def _wait(self, future: Any, grace_seconds: float, stopping: Callable[[], bool]) -> None:
        """Waits until a call is done, well or not; raises where it was to stop and does not answer."""
        done = threading.Event()
        future.add_done_callback(lambda _: done.set())
        give_up_at = float("inf")
        while not done.wait(POLL_SECONDS):
            now = time.monotonic()
            if give_up_at == float("inf") and stopping():
                give_up_at = now + grace_seconds + ANSWER_SECONDS
                self.client.run(request_stop, future.key, on_error="ignore")
            elif now > give_up_at:
                raise NoAnswer(future.key)

    def close(self) -> None:
        """Lets go of the cluster, which stops what is still under way for us."""
        self.client.close()


_stop_requested: set[str] = set()


def request_stop(key: str) -> None:
    """On a worker: a call of that key is to stop, and bring back the best it has."""
    _stop_requested.add(key)


def _called(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """On a worker: calls a function with what tells it to stop."""
    from distributed import get_worker

    worker: Any = get_worker()
    key = str(worker.get_current_task())

    def stopping() -> bool:
        """When asked to, and when nobody wants the result any more, as when its process was killed."""
        task = worker.state.tasks.get(key)
        return key in _stop_requested or task is None or task.state not in ("executing", "long-running")

    try:
        return function(*arguments, stopping)
    finally:
        _stop_requested.discard(key)


def worker_folder() -> str:
    """On a worker: a folder of its own."""
    from distributed import get_worker

    return str(get_worker().local_directory)
