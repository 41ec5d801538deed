"""Starts jobs through the fork server (`planner.batch.execution.fork_server`), and starts it again when it is gone."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROGRAM = """\
import sys
sys.path[:] = sys.argv[2:]
from planner.batch.execution.fork_server import main
main(int(sys.argv[1]))
"""
"""The server, with the import path of whoever starts it and not the folder he happens to be in."""


class Lost(Exception):
    """The server went away and took the job with it; nothing is known of how the job went."""


@dataclass(frozen=True, slots=True)
class Exit:
    """How a process ended: its exit code, or minus the number of the signal; the most memory it held, in MB."""

    code: int
    peak_mb: float


class Process:
    """A job's process, at the other end of a line to the server."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._said = b""
        pid = self._next(None)
        assert pid is not None
        self.pid = int(pid.removeprefix("pid "))

    def wait(self, seconds: float) -> Exit | None:
        """The exit, None when there is none within the time.

        Raises:
            Lost: the server is gone; the process is, or ends itself within moments.
        """
        text = self._next(seconds)
        if text is None:
            return None
        said = json.loads(text)
        return Exit(said["code"], said["peak_mb"])

    def signal(self, number: int) -> None:
        """Signals the process and what it has started; nothing happens when it has ended."""
        with suppress(OSError):
            self._line.sendall(f"signal {number}\n".encode())

    def close(self) -> None:
        """Lets go of the process, which is killed if it still runs."""
        self._line.close()

    def _next(self, seconds: float | None) -> str | None:
        """The next line that the server says, None when there is none in time."""
        try:
            self._line.settimeout(seconds)
            while b"\n" not in self._said:
                more = self._line.recv(4096)
                if not more:
                    raise Lost("the process that starts jobs has gone away")
                self._said += more
        except TimeoutError:
            return None
        except OSError as error:
            raise Lost(f"the process that starts jobs has gone away ({error})") from None
        text, _, self._said = self._said.partition(b"\n")
        return text.decode()


class Starter:
    """Starts processes, from any thread. A context that kills what still runs when it is left."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._server: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def __enter__(self) -> Starter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Kills every process that still runs, and the server."""
        with self._lock:
            self._drop()

    @property
    def server_pid(self) -> int | None:
        """The server's process id, None when there is none."""
        return self._server.pid if self._server else None

    def start(self, folder: Path, words: Sequence[str], memory_mb: float | None = None) -> Process:
        """Starts `planner` with these words in a folder, in a process of its own.

        Raises:
            Lost: the server cannot be started, or went away.
        """
        request = {"folder": os.path.abspath(folder), "words": list(words), "memory_mb": memory_mb}
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                ours.sendall(json.dumps(request).encode() + b"\n")
                with self._lock:
                    socket.send_fds(self._connected(), [b"x"], [theirs.fileno()])
            return Process(ours)
        except (OSError, Lost) as error:
            ours.close()
            raise Lost(f"the process that starts jobs cannot be reached ({error})") from None

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


def environment() -> dict[str, str]:
    """Ours without options of `planner`, which a job gets as words; text hashed alike in every job."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PLANNER_")}
    return kept | {"PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1"}
