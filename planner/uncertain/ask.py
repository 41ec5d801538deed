"""Asks for many problems to be solved: small ones in this process, one after the other; large ones side by side."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from planner.interrupt import Stop
from planner.workers import Answer, Question, Workers, answered, default_workers

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
