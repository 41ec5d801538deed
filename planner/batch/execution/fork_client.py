"""Runs jobs through the fork server (`planner.batch.execution.fork_server`), and starts it again when it is gone."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

from planner.batch.execution.budgets import POLL_SECONDS, BudgetedCommand, ProcessResult, environment, output_tail

PROGRAM = """\
import sys
sys.path[:] = sys.argv[2:]
from planner.batch.execution.fork_server import main
main(int(sys.argv[1]))
"""
"""The server, with the import path of whoever starts it and not the folder he happens to be in."""


class ForkClient:
    """Runs jobs, many at a time, each call from a thread of its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._server: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._closed = False

    def run(self, folder: Path, command: BudgetedCommand, stopping: Callable[[], bool]) -> ProcessResult:
        """Runs a job in a folder to its end.

        Parameters
        ----------
        folder
            The job's working folder.
        command
            What to run, and its budgets.
        stopping
            Whether the job is to stop; asked again and again while it runs.

        Returns
        -------
        ProcessResult
            Of cause `lost` where the server cannot be started, or the job's supervisor or this client is gone.
        """
        began = time.monotonic()
        answer = b""
        with suppress(OSError):
            answer = self._answer(folder, command, stopping)
        lost = {"cause": "lost", "seconds": time.monotonic() - began}
        return replace(ProcessResult(**(json.loads(answer) if answer else lost)), output_tail=output_tail(folder))

    def close(self) -> None:
        """Ends the server; jobs that still run are killed, and count as lost."""
        with self._lock:
            self._closed = True
            self._drop()

    def _answer(self, folder: Path, command: BudgetedCommand, stopping: Callable[[], bool]) -> bytes:
        """The line in which the job's supervisor says how the job ended; empty when that will never be known."""
        ours, theirs = socket.socketpair()
        with ours:
            request = {"folder": os.path.abspath(folder), **asdict(command)}
            ours.sendall(json.dumps(request).encode() + b"\n")
            with theirs, self._lock:
                if self._closed:
                    return b""
                socket.send_fds(self._connected(), [b"x"], [theirs.fileno()])
            ours.settimeout(POLL_SECONDS)
            asked = False
            received = b""
            while not received.endswith(b"\n") and not self._closed:
                try:
                    part = ours.recv(4096)
                except TimeoutError:
                    if not asked and stopping():
                        asked = True
                        ours.sendall(b"stop")
                    continue
                if not part:
                    return b""
                received += part
            return received if received.endswith(b"\n") else b""

    def _connected(self) -> socket.socket:
        if self._server is not None and self._server.poll() is not None:
            self._drop()
        if self._control is None:
            ours, theirs = socket.socketpair()
            with theirs:
                self._server = subprocess.Popen(
                    [sys.executable, "-c", PROGRAM, str(theirs.fileno()), *map(os.path.abspath, sys.path)],
                    env=environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,
                )
            self._control = ours
        return self._control

    def _drop(self) -> None:
        if self._control is not None:
            self._control.close()
        if self._server is not None:
            try:
                self._server.wait(5.0)
            except subprocess.TimeoutExpired:
                with suppress(ProcessLookupError):
                    os.killpg(self._server.pid, signal.SIGKILL)
                self._server.wait()
        self._control = self._server = None
