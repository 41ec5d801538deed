"""A job in a process of its own, held to its budgets from outside, as a fork of the process that supervises it.

A process that is over its time, or that is to stop, is first asked to (SIGTERM), upon which `planner solve` keeps the
best plan it has; after a grace it is killed, with everything it has started. One that is over its memory is killed
at once. So is one that nobody waits for any more, and one whose supervisor is gone.
"""

from __future__ import annotations

import logging
import math
import os
import resource
import select
import signal
import socket
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import psutil

from planner.batch.execution.budgets import POLL_SECONDS, BudgetedCommand, Cause, ProcessResult, resident_memory_mb
from planner.batch.job_logs import OUTPUT_FILE

HEADROOM_BYTES = 1_000_000_000
"""The kernel refuses a job its memory budget and so much on top: the budget itself is watched from outside."""


def supervise(folder: Path, command: BudgetedCommand, client: socket.socket) -> ProcessResult:
    """Runs a job in a folder to its end, in a fork of this process, which must have no threads.

    Parameters
    ----------
    folder
        The job's working folder.
    command
        What to run, and its budgets.
    client
        Whoever waits for the result. Anything received from it asks the job to stop; when it closes, the job is killed.
    """
    awake, waker = socket.socketpair()
    waker.setblocking(False)
    signal.set_wakeup_fd(waker.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)  # only to be woken
    lifeline, alive = os.pipe()
    began = time.monotonic()
    pid = os.fork()
    if pid == 0:
        signal.set_wakeup_fd(-1)
        for each in (client, awake, waker):
            each.close()
        os.close(alive)
        _become_job(folder, command, lifeline)
    with suppress(OSError):  # the job does the same; whoever is first
        os.setpgid(pid, pid)
    cause: Cause = ""
    kill_at, stopping = math.inf, False
    while not (ended := os.wait4(pid, os.WNOHANG))[0]:
        now = time.monotonic()
        if now >= kill_at:
            _signal_group(pid, signal.SIGKILL)
        elif not cause and (cause := command.reason_to_end(resident_memory_mb(pid), now - began, stopping)):
            kill_at = now + (0.0 if cause == "memory" else command.grace_seconds)
            _signal_group(pid, signal.SIGKILL if cause == "memory" else signal.SIGTERM)
        readable, _, _ = select.select([client, awake], [], [], POLL_SECONDS)
        if awake in readable:
            awake.recv(64)
        if client in readable:
            stopping = True
            if not client.recv(64):
                kill_at = now
    _signal_group(pid, signal.SIGKILL)  # what it has left running
    peak_bytes = ended[2].ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return ProcessResult(os.waitstatus_to_exitcode(ended[1]), cause, time.monotonic() - began, peak_bytes / 1e6)


def _signal_group(pid: int, number: int) -> None:
    """Signals a job and what it has started."""
    with suppress(ProcessLookupError, PermissionError):  # macOS says the latter of a group that has ended
        os.killpg(pid, number)


def _become_job(folder: Path, command: BudgetedCommand, lifeline: int) -> NoReturn:
    code = 1
    try:
        os.setpgid(0, 0)
        code = _run_job(folder, command, lifeline)
    except BaseException as error:
        sys.stderr.write(f"planner: {type(error).__name__}: {error}\n")
    finally:
        with suppress(Exception):
            logging.shutdown()
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _run_job(folder: Path, command: BudgetedCommand, lifeline: int) -> int:
    """Runs `planner solve` with the command's arguments in its folder; the exit code."""
    for each in (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(each, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(folder)
    os.environ["TMPDIR"] = str(folder)
    tempfile.tempdir = None
    nothing = os.open(os.devnull, os.O_RDONLY)
    output = os.open(OUTPUT_FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    if command.memory_mb is not None:
        _limit_address_space(int(command.memory_mb * 1e6) + HEADROOM_BYTES)
    threading.Thread(target=_end_with_supervisor, args=(lifeline,), name="lifeline").start()
    from planner.command import run_command
    from planner.commands.solve import solve

    return run_command(solve, command.arguments)


def _end_with_supervisor(lifeline: int) -> None:
    """Ends this process and what it has started when its supervisor is gone, which never writes."""
    os.read(lifeline, 1)
    os.killpg(0, signal.SIGKILL)


def _limit_address_space(more_bytes: int) -> None:
    """No more address space than now and `more_bytes`, where the system has such a limit."""
    with suppress(OSError, ValueError):
        limit = psutil.Process().memory_info().vms + more_bytes
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))
