"""A process that starts jobs: it loads the libraries once and forks a fresh process for each job.

A job costs a fork then, not a second of imports, and is still a process of its own, which can be killed alone and
cannot harm another. The server itself never solves anything, runs no threads, and ignores the signals meant for
jobs. When whoever started it goes away, by SIGKILL too, its end of the control socket closes, and the server
kills every job and ends; when the server goes away, its end of a pipe closes, and the jobs end themselves.

Per job there is a socket. The client writes a request on it, a line of JSON, and later may write `signal N`; the
server answers `pid N` and, at the end, a line of JSON with the exit. A socket that closes before is a lost job.
"""

from __future__ import annotations

import gc
import importlib
import json
import logging
import os
import resource
import selectors
import signal
import socket
import sys
import tempfile
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NoReturn

from planner.batch.job_logs import SAID

LIBRARIES = (
    "openpyxl",
    "pyomo.environ",
    "scipy.sparse",
    "xlsxwriter",
    "models.audit",
    "models.build",
    "models.warm_start",
    "planner.analysis.base_case",
    "planner.commands.solve",
    "planner.analysis.offer_values",
    "planner.analysis.marginal_values",
    "planner.results.fingerprints",
    "planner.analysis.plan_stability",
    "planner.excel.plan_reader",
    "planner.run.command",
    "planner.run.deterministic",
    "planner.reports.run_json",
    "planner.solving.search",
    "planner.reports.plan.workbook",
)
"""What a solve needs. Loaded before the fork on Linux only: elsewhere system libraries do not bear it."""
HEADROOM_BYTES = 1_000_000_000
"""The kernel refuses a job its memory budget and so much on top: the budget itself is watched from outside."""


@dataclass(slots=True)
class _Child:
    pid: int
    line: socket.socket


def main(control_handle: int) -> None:
    """Serves until the control socket closes."""
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    if sys.platform == "linux":
        for name in LIBRARIES:
            importlib.import_module(name)
        gc.collect()
        gc.freeze()  # so that children share these pages
    _Server(socket.socket(fileno=control_handle)).serve()


class _Server:
    def __init__(self, control: socket.socket) -> None:
        self.control = control
        self.children: dict[int, _Child] = {}
        self.lifeline, self.alive = os.pipe()
        self.woken, self.waker = socket.socketpair()
        self.waker.setblocking(False)
        self.selector = selectors.DefaultSelector()
        self.selector.register(control, selectors.EVENT_READ)
        self.selector.register(self.woken, selectors.EVENT_READ)
        signal.set_wakeup_fd(self.waker.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)  # only to be woken

    def serve(self) -> None:
        while True:
            for key, _ in self.selector.select():
                if key.fileobj is self.control:
                    if not self._request():
                        self._end()
                elif key.fileobj is self.woken:
                    self.woken.recv(4096)
                    self._reap()
                elif key.data in self.children:
                    self._message(self.children[key.data])

    def _request(self) -> bool:
        """Takes a new job's socket and starts the job; False when nobody is there any more."""
        data, handles, _, _ = socket.recv_fds(self.control, 1, 1)
        if not data:
            return False
        line = socket.socket(fileno=handles[0])
        with line.makefile("rb") as file:
            text = file.readline()
        if not text.endswith(b"\n"):
            line.close()
            return True
        try:
            pid = os.fork()
        except OSError:  # no process or no memory to be had now; that is this job's misfortune alone
            line.close()
            return True
        if pid == 0:
            self._become(json.loads(text), line)
        child = self.children[pid] = _Child(pid, line)
        self.selector.register(line, selectors.EVENT_READ, pid)
        self._answer(child, f"pid {pid}")
        return True

    def _message(self, child: _Child) -> None:
        try:
            text = child.line.recv(4096)
        except OSError:
            text = b""
        if not text:  # whoever asked is not interested any more
            self.selector.unregister(child.line)
            _kill(child.pid, signal.SIGKILL)
        for word in text.decode().splitlines():
            _kill(child.pid, int(word.removeprefix("signal ")))

    def _reap(self) -> None:
        """Says how each ended job ended, and ends what it has left running."""
        while self.children:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
            if pid == 0:
                return
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
            peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
            child = self.children.pop(pid)
            self._answer(child, json.dumps({"code": os.waitstatus_to_exitcode(status), "peak_mb": peak / 1e6}))
            with suppress(KeyError, ValueError):
                self.selector.unregister(child.line)
            child.line.close()

    def _answer(self, child: _Child, text: str) -> None:
        with suppress(OSError):
            child.line.sendall(text.encode() + b"\n")

    def _end(self) -> NoReturn:
        for pid in self.children:
            _kill(pid, signal.SIGKILL)
        os._exit(0)

    def _become(self, request: dict[str, Any], line: socket.socket) -> NoReturn:
        """Turns this fork into the job."""
        code = 1
        try:
            os.setsid()
            signal.set_wakeup_fd(-1)
            for each in (self.control, line, self.woken, self.waker, *(c.line for c in self.children.values())):
                each.close()
            self.selector.close()
            os.close(self.alive)
            code = run_job(request, self.lifeline)
        except BaseException as error:
            sys.stderr.write(f"planner: {type(error).__name__}: {error}\n")
        finally:
            with suppress(Exception):
                logging.shutdown()
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(code)


def run_job(request: dict[str, Any], lifeline: int) -> int:
    """Runs `planner` with the request's words in its folder; the exit code."""
    for each in (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(each, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    folder = request["folder"]
    os.chdir(folder)
    os.environ["TMPDIR"] = folder
    tempfile.tempdir = None
    nothing = os.open(os.devnull, os.O_RDONLY)
    said = os.open(SAID, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for source, target in ((nothing, 0), (said, 1), (said, 2)):
        os.dup2(source, target)
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    if request["memory_mb"] is not None:
        _refuse_beyond(int(request["memory_mb"] * 1e6) + HEADROOM_BYTES)
    threading.Thread(target=_end_with, args=(lifeline,), name="lifeline").start()
    import click

    from planner.command import run_command
    from planner.commands.solve import solve

    return run_command(click.Group(commands=[solve]), request["words"])


def _end_with(lifeline: int) -> None:
    """Ends this process and what it has started when the server is gone, which never writes."""
    os.read(lifeline, 1)
    os.killpg(0, signal.SIGKILL)


def _refuse_beyond(more_bytes: int) -> None:
    """No more address space than now and `more_bytes`, where the system tells how much that is."""
    with suppress(OSError, ValueError), open("/proc/self/statm", encoding="ascii") as file:
        held = int(file.read().split()[0]) * resource.getpagesize()
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        limit = held + more_bytes
        resource.setrlimit(resource.RLIMIT_AS, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


def _kill(pid: int, number: int) -> None:
    """Signals a job and what it has started; the job is a child not yet waited for, so the number is still its."""
    try:
        os.killpg(pid, number)
    except ProcessLookupError:  # so young that it has no group yet
        with suppress(ProcessLookupError):
            os.kill(pid, number)
    except PermissionError:  # macOS says so of a process that has ended
        pass
