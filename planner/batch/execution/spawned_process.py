"""Jobs as processes started one by one, on systems that cannot fork (Windows), held to the same budgets.

A job is first asked to stop (SIGTERM, on Windows CTRL_BREAK), upon which `planner solve` keeps the best plan it has,
and after a grace killed with everything it has started; over its memory it is killed at once. It ends by itself when
the process that started it is gone: its standard input closes then.
"""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from planner.batch.execution.budgets import (
    POLL_SECONDS,
    BudgetedCommand,
    Cause,
    ProcessResult,
    environment,
    output_tail,
    resident_memory_mb,
)
from planner.batch.job_logs import OUTPUT_FILE

PROGRAM = """\
import sys
count = int(sys.argv[1])
sys.path[:], arguments = sys.argv[2 : 2 + count], sys.argv[2 + count :]
from planner.batch.execution.spawned_process import become_job
become_job(arguments)
"""
"""The job, with the import path of whoever starts it and not the folder it runs in."""


OWN_GROUP: dict[str, Any] = {
    "start_new_session": os.name == "posix",
    "creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
}
"""How a process is started that Ctrl-C in a terminal does not reach: whoever started it tells it once."""


class SpawnClient:
    """Runs jobs, many at a time, each call from a thread of its own."""

    def __init__(self) -> None:
        self._closed = threading.Event()

    def run(self, folder: Path, command: BudgetedCommand, stopping: Callable[[], bool]) -> ProcessResult:
        """Runs a job in a folder to its end; parameters and result as `fork_client.ForkClient.run` has them."""
        began, peak_mb, killed_at = time.monotonic(), 0.0, math.inf
        cause: Cause = ""
        try:
            process = _started(folder, command)
        except OSError:
            return ProcessResult(cause="lost", seconds=time.monotonic() - began)
        with process:
            while process.poll() is None:
                now = time.monotonic()
                memory_mb = resident_memory_mb(process.pid)
                peak_mb = max(peak_mb, memory_mb)
                if self._closed.is_set() or now >= killed_at:
                    kill(process.pid)
                elif not cause and (cause := command.reason_to_end(memory_mb, now - began, stopping())):
                    killed_at = now + (0.0 if cause == "memory" else command.grace_seconds)
                    ask_to_stop(process)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(POLL_SECONDS)
        seconds, tail = time.monotonic() - began, output_tail(folder)
        if self._closed.is_set():
            return ProcessResult(cause="lost", seconds=seconds, output_tail=tail)
        return ProcessResult(process.returncode, cause, seconds, peak_mb or None, tail)

    def close(self) -> None:
        """Kills the jobs that still run, which count as lost; none is started any more."""
        self._closed.set()


def _started(folder: Path, command: BudgetedCommand) -> subprocess.Popen[bytes]:
    """The job's process."""
    paths = list(map(os.path.abspath, sys.path))
    with (folder / OUTPUT_FILE).open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(len(paths)), *paths, *command.arguments],
            cwd=folder,
            env=environment() | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder.resolve())),
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            **OWN_GROUP,
        )


def ask_to_stop(process: subprocess.Popen[bytes]) -> None:
    """Ask a process that was started in a group of its own to end."""
    with suppress(OSError):
        process.send_signal(getattr(signal, "CTRL_BREAK_EVENT", signal.SIGTERM))


def kill(pid: int) -> None:
    """Kill a process and all that it has started."""
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        for each in (*process.children(recursive=True), process):
            with suppress(psutil.Error):
                each.kill()


def become_job(arguments: list[str]) -> None:
    """Runs `planner solve` with these arguments, and ends this process with its exit code."""
    threading.Thread(target=_end_with_parent, daemon=True, name="lifeline").start()
    from planner.command import run_command
    from planner.commands.solve import solve

    code = run_command(solve, arguments)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _end_with_parent() -> None:
    """Ends this process and what it has started when its standard input closes, which nobody writes to."""
    with suppress(OSError, ValueError):
        os.read(0, 1)
    kill(os.getpid())
