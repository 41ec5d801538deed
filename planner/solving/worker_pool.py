"""Workers: problems solved side by side, each in a process of its own that can be ended at any time.

A worker that dies or does not come back in time costs its own question only. Ctrl-C, SIGTERM and the
end of the time stop what is under way with the best plan it has.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from models.dataset import Dataset
from models.plan import Plan
from planner.solving.interrupt import Stop

if TYPE_CHECKING:
    from planner.solving.highs import Problem, SolveOptions

GRACE_SECONDS = 30.0
"""Beyond its time limit a worker may build, stop and send this long; then it is ended."""
LEAVE_SECONDS = 2.0
"""An idle worker may take this long to end of itself."""
_POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Question:
    """A problem to solve; `key` names it, `start` is a plan to begin from but for the offer `left_open`.

    With `held_until`, whatever `start` decides before that month t is held. With `beyond_caps`, where no plan keeps
    the caps one that need not is looked for.
    """

    key: str
    dataset: Dataset
    options: SolveOptions
    start: Plan | None = None
    held_until: int = 0
    left_open: str | None = None
    beyond_caps: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What came out of a Question: as `planner.solving.highs.Outcome`, with the plan read off it.

    Money in USD. `why` says in words why there is no plan, or what the solver said. `caps` names the caps that the
    plan goes beyond because no plan keeps them; the status is infeasible then.
    """

    key: str
    status: Literal["optimal", "stopped", "infeasible", "no_plan"]
    objective_usd: float | None = None
    bound_usd: float | None = None
    gap: float | None = None
    plan: Plan | None = None
    seconds: float = 0.0
    why: str = ""
    caps: tuple[str, ...] = ()


def default_workers() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Workers:
    """Processes that answer Questions, `count` at a time; a context that ends them all when left.

    `seconds` is the time for everything that is asked together, None for no limit; a question that
    cannot begin within it is answered with no_plan.
    """

    def __init__(self, count: int, seconds: float | None = None, stop: Stop | None = None) -> None:
        self.count = count
        self._context = multiprocessing.get_context("spawn")
        self._halt = self._context.Event()
        self._deadline = None if seconds is None else time.monotonic() + seconds
        self._stop = stop
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="workers")
        self._idle: queue.SimpleQueue[_Process] = queue.SimpleQueue()
        self._all: list[_Process] = []
        self._left = threading.Event()
        self._watch = threading.Thread(target=self._watch_stop, name="workers-stop")

    def __enter__(self) -> Workers:
        self._watch.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._left.set()
        self._halt.set()
        for process in self._all:
            if process.idle:
                process.leave()
            process.end()
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._watch.join()

    @property
    def seconds_left(self) -> float | None:
        """Time left for questions, None when there is no limit."""
        return None if self._deadline is None else max(0.0, self._deadline - time.monotonic())

    @property
    def stopping(self) -> bool:
        """Whether whoever started the run asked for it to stop."""
        return self._stop is not None and self._stop.requested

    def ask(self, question: Question) -> Future[Answer]:
        """Puts a question in the queue."""
        return self._threads.submit(self._answer, question)

    def answers(self, questions: Iterable[Question]) -> Iterator[Answer]:
        """Asks all the questions, and yields the answers as they come in."""
        for future in as_completed([self.ask(each) for each in questions]):
            yield future.result()

    def _answer(self, question: Question) -> Answer:
        left = self.seconds_left
        if self._halt.is_set() or (left is not None and left <= 0.0):
            return Answer(question.key, "no_plan", why="not begun: the time was over or the run was stopped")
        limit = question.options.time_limit
        if left is not None:
            limit = left if limit is None else min(left, limit)
        question = replace(question, options=replace(question.options, time_limit=limit))
        try:
            process = self._idle.get_nowait()
        except queue.Empty:
            process = _Process(self._context, self._halt)
            self._all.append(process)
        answer = process.answer(question)
        if process.alive:
            self._idle.put(process)
        return answer

    def _watch_stop(self) -> None:
        while not self._left.wait(_POLL_SECONDS):
            if self.stopping:
                self._halt.set()
                return


class _Process:
    """One worker process and the line to it."""

    def __init__(self, context: Any, halt: Any) -> None:
        self._halt = halt
        self._line, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(theirs, halt, os.getpid()), daemon=True)
        self._process.start()
        theirs.close()
        self.idle = True

    @property
    def alive(self) -> bool:
        return bool(self._process.is_alive())

    def leave(self) -> None:
        """Lets the process end of itself, so that it gives back what it holds; for a moment at most."""
        self._line.close()
        self._process.join(LEAVE_SECONDS)

    def end(self) -> None:
        """Ends the process at once."""
        self._process.kill()

    def answer(self, question: Question) -> Answer:
        """Waits for the answer; where none comes, says why."""
        self.idle = False
        answer = self._answered(question)
        self.idle = True
        return answer

    def _answered(self, question: Question) -> Answer:
        began = time.monotonic()
        limit = question.options.time_limit
        try:
            self._line.send(question)
            while not self._line.poll(_POLL_SECONDS):
                if limit is not None and time.monotonic() - began > limit + GRACE_SECONDS:
                    self.end()
                    return self._failed(question, began, "ended: it did not stop in time")
                if not self.alive and not self._line.poll():
                    break
            else:
                answer: Answer = self._line.recv()
                return answer
        except (EOFError, OSError):
            pass
        self._process.join()
        return self._failed(question, began, f"the worker process died (exit code {self._process.exitcode})")

    def _failed(self, question: Question, began: float, why: str) -> Answer:
        return Answer(question.key, "no_plan", seconds=time.monotonic() - began, why=why)


def _work(line: Any, halt: Any, parent: int) -> None:
    """What a worker process does: answers until nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; whoever asks decides what to stop
    while True:
        try:
            question = line.recv()
        except (EOFError, OSError):
            return
        line.send(answered(question, lambda: halt.is_set() or os.getppid() != parent))


def answered(question: Question, should_stop: Callable[[], bool] | None = None) -> Answer:
    """The answer to a question, worked out in this process."""
    from models.build import build_model
    from models.policy.caps import caps_exceeded, caps_lifted
    from models.warm_start import decided_before, start_values, take_what_changes_nothing
    from planner.solving.highs import ArrayProblem, hold, solve

    began = time.monotonic()
    caps: tuple[str, ...] = ()
    try:
        model = build_model(question.dataset)
        start = None if question.start is None else start_values(model, question.start, question.left_open)
        problem: Problem = model
        if start is not None and question.held_until:
            held = decided_before(model, start, question.held_until)
            problem = hold(model, held)
            if np.array_equal(np.isnan(held), np.isnan(start)):
                start = None  # all of it is held: there is nothing left to begin from
        outcome = solve(problem, question.options, should_stop=should_stop, start=start)
        status = outcome.status
        if status == "infeasible" and question.beyond_caps and question.dataset.caps:
            lifted = ArrayProblem(caps_lifted(problem.compiled), problem.units)
            limit = question.options.time_limit
            left = None if limit is None else max(0.1, limit - (time.monotonic() - began))
            outcome = solve(lifted, replace(question.options, time_limit=left), should_stop=should_stop, start=start)
            if outcome.values is not None:
                caps = caps_exceeded(problem.compiled, outcome.values)
        if question.start is not None and question.held_until:
            take_what_changes_nothing(model, question.start, question.held_until)
        plan = None if outcome.values is None else model.plan(outcome.values)
    except Exception as error:
        told = f"{type(error).__name__}: {error}".splitlines()[0]
        return Answer(question.key, "no_plan", seconds=time.monotonic() - began, why=told)
    return Answer(
        question.key,
        status,
        outcome.objective_usd,
        outcome.bound_usd,
        outcome.gap,
        plan,
        time.monotonic() - began,
        outcome.why,
        caps,
    )


Ask = Callable[[Iterable[Question]], Iterator[Answer]]
"""Yields the answers as they come in."""

SMALL = 20_000
"""Nonzeros below which a problem is solved sooner than a process is started."""


@contextmanager
def asking(nonzeros: int, seconds: float | None, stop: Stop, workers: int = 0) -> Iterator[Ask]:
    """How to ask about problems of that size, `seconds` being the time for all of them together.

    `workers` asks for so many processes whatever the size; 0: as it pays.
    """
    if nonzeros < SMALL and not workers:
        deadline = None if seconds is None else time.monotonic() + seconds
        yield lambda questions: _one_by_one(questions, deadline, stop)
    else:
        with Workers(workers or default_workers(), seconds, stop) as processes:
            yield processes.answers


def _one_by_one(questions: Iterable[Question], deadline: float | None, stop: Stop) -> Iterator[Answer]:
    for each in questions:
        left = None if deadline is None else deadline - time.monotonic()
        if stop.requested or (left is not None and left <= 0.0):
            yield Answer(each.key, "no_plan", why="not begun: the time was over or the run was stopped")
            continue
        limits = [limit for limit in (left, each.options.time_limit) if limit is not None]
        question = replace(each, options=replace(each.options, time_limit=min(limits, default=None)))
        yield answered(question, lambda: stop.requested)
