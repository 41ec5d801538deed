"""Worker pool: problems solved side by side, each in a process of its own that can be ended at any time.

A worker that dies or does not come back in time costs its own task only. Ctrl-C, SIGTERM and the
end of the time stop what is under way with the best plan it has.
"""

from __future__ import annotations

import math
import multiprocessing
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import util
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Any

from planner.interrupt import Stop
from planner.solving.solve_task import SolveResult, SolveTask, solve_task

if TYPE_CHECKING:
    from models.core.model import Model

GRACE_SECONDS = 4.0
"""Beyond its time limit a worker may take this long to stop and send; then it is ended."""
LEAVE_SECONDS = 2.0
"""A worker may take this long to stop, and an idle one to end by itself."""
_POLL_SECONDS = 0.1
NOT_BEGUN = "not begun: the time was over or the run was stopped"


def default_workers() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class WorkerPool:
    """Processes that solve tasks, `count` at a time; a context that ends them all when left.

    `seconds` is the time for all tasks together, None for no limit; a task that cannot
    begin within it ends as no_plan, and one that does not come back within `grace` seconds more too.
    """

    def __init__(
        self, count: int, seconds: float | None = None, stop: Stop | None = None, grace: float = GRACE_SECONDS
    ) -> None:
        self.count, self.grace = count, grace
        self._context = multiprocessing.get_context("spawn")
        self._halt = self._context.Event()
        self._deadline = None if seconds is None else time.monotonic() + seconds
        self._stop = stop
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="workers")
        self._idle: queue.SimpleQueue[_Process] = queue.SimpleQueue()
        self._all: list[_Process] = []
        self._left = threading.Event()
        self._watch = threading.Thread(target=self._watch_stop, name="workers-stop")

    def __enter__(self) -> WorkerPool:
        self._watch.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._left.set()
        self._halt.set()
        ends = time.monotonic() + LEAVE_SECONDS
        while any(each.alive and not each.idle for each in self._all) and time.monotonic() < ends:
            time.sleep(_POLL_SECONDS)
        for process in self._all:
            if process.idle:
                process.leave()
            process.end()
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._watch.join()

    @property
    def seconds_left(self) -> float | None:
        """Time left for tasks, None when there is no limit."""
        return None if self._deadline is None else max(0.0, self._deadline - time.monotonic())

    @property
    def stopping(self) -> bool:
        """Whether whoever started the run asked for it to stop."""
        return self._stop is not None and self._stop.requested

    def submit(self, task: SolveTask) -> Future[SolveResult]:
        """Puts a task in the queue."""
        return self._threads.submit(self._solve, task)

    def solve_all(self, tasks: Iterable[SolveTask]) -> Iterator[SolveResult]:
        """Submits all tasks, and yields the results as they come in."""
        for future in as_completed([self.submit(each) for each in tasks]):
            yield future.result()

    def _solve(self, task: SolveTask) -> SolveResult:
        left = self.seconds_left
        if self._halt.is_set() or left == 0.0:
            return SolveResult(task.key, "no_plan", why=NOT_BEGUN)
        task = _within(task, left)
        try:
            process = self._idle.get_nowait()
        except queue.Empty:
            process = _Process(self._context, self._halt)
            self._all.append(process)
        result = process.run(task, self._longest(task))
        if process.alive:
            self._idle.put(process)
        return result

    def _longest(self, task: SolveTask) -> float:
        """Seconds after which a worker that has not answered is ended."""
        limit, left = task.options.time_limit, self.seconds_left
        own = math.inf if limit is None else limit + GRACE_SECONDS
        return own if left is None else min(own, left + self.grace)

    def _watch_stop(self) -> None:
        while not self._left.wait(_POLL_SECONDS):
            if self.stopping:
                self._halt.set()
                return


_starting = threading.Lock()


def _start(process: Any) -> None:
    """Starts a process that does not run the program it is started from again, as a script without a guard would."""
    with _starting:
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            process.start()
        finally:
            sys.modules["__main__"] = main


class _Process:
    """One worker process and the line to it."""

    def __init__(self, context: Any, halt: Any) -> None:
        self._halt = halt
        self._line, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(theirs, halt, os.getpid()), daemon=True)
        _start(self._process)
        theirs.close()
        self.idle = True

    @property
    def alive(self) -> bool:
        return bool(self._process.is_alive())

    def leave(self) -> None:
        """Lets the process end by itself, so that it releases its resources; for a moment at most."""
        self._line.close()
        self._process.join(LEAVE_SECONDS)

    def end(self) -> None:
        """Ends the process at once."""
        self._process.kill()

    def run(self, task: SolveTask, longest: float) -> SolveResult:
        """Waits for the result; where none comes within `longest` seconds, one that says why."""
        self.idle = False
        result = self._exchange(task, longest)
        self.idle = True
        return result

    def _exchange(self, task: SolveTask, longest: float) -> SolveResult:
        began = time.monotonic()
        try:
            self._line.send(task)
            while not self._line.poll(_POLL_SECONDS):
                if time.monotonic() - began > longest:
                    self.end()
                    return self._failed(task, began, "ended: it did not stop in time")
                if not self.alive and not self._line.poll():
                    break
            else:
                result: SolveResult = self._line.recv()
                return result
        except (EOFError, OSError):
            pass
        self._process.join()
        return self._failed(task, began, f"the worker process died (exit code {self._process.exitcode})")

    def _failed(self, task: SolveTask, began: float, why: str) -> SolveResult:
        return SolveResult(task.key, "no_plan", seconds=time.monotonic() - began, why=why)


def _work(line: Any, halt: Any, parent: int) -> None:
    """What a worker process does: solves tasks until the pool closes the connection."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the pool decides what to stop
    _take_names_off_semaphores()
    while True:
        try:
            task = line.recv()
        except (EOFError, OSError):
            return
        line.send(solve_task(task, lambda: halt.is_set() or os.getppid() != parent))


def _take_names_off_semaphores() -> None:
    """Does at once what Python does at the end of a process, which one that is ended by force does not come to.

    Pyomo makes a lock when it is imported, which goes on without its name; Python warns of names that are left.
    """
    import pyomo.common.dependencies  # noqa: F401

    getattr(util, "_run_finalizers", lambda least: None)(0)


SolveMany = Callable[[Iterable[SolveTask]], Iterator[SolveResult]]
"""Yields the results as they come in."""

SMALL = 20_000
"""Nonzeros below which a problem is solved sooner than a process is started."""


@contextmanager
def solve_many(
    nonzeros: int, seconds: float | None, stop: Stop, workers: int = 0, models: Mapping[str, Model] | None = None
) -> Iterator[SolveMany]:
    """A function that solves many tasks of that size, `seconds` being the time for all of them together.

    `workers`: the number of processes, whatever the size; 0 chooses. `models`: those already built, by task.
    """
    if nonzeros < SMALL and not workers:
        deadline = None if seconds is None else time.monotonic() + seconds
        yield lambda tasks: _one_by_one(tasks, deadline, stop, models or {})
    else:
        with WorkerPool(workers or default_workers(), seconds, stop) as processes:
            yield processes.solve_all


def _one_by_one(
    tasks: Iterable[SolveTask], deadline: float | None, stop: Stop, models: Mapping[str, Model]
) -> Iterator[SolveResult]:
    for each in tasks:
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        if stop.requested or left == 0.0:
            yield SolveResult(each.key, "no_plan", why=NOT_BEGUN)
        else:
            yield solve_task(_within(each, left), lambda: stop.requested, models.get(each.key))


def _within(task: SolveTask, seconds: float | None) -> SolveTask:
    """The task with no more time than there is."""
    limits = [limit for limit in (seconds, task.options.time_limit) if limit is not None]
    return replace(task, options=replace(task.options, time_limit=min(limits, default=None)))
