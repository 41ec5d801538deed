"""The time that questions share: it goes to the one whose answer is the furthest from known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import replace
from statistics import median

from planner.explain.searches import Question, Search
from planner.solving.problem import SolveOptions
from planner.solving.solve_task import SolveResult
from planner.solving.worker_pool import WorkerPool

LEAST_SECONDS = 4.0
"""Least time limit of one solve."""
LONGER = 1.5
"""Searching on takes at least so many times as long as before: a search begins anew."""
USUAL = 1.5
"""Once everything has been searched for, a search gets so many times what those took that proved their gap."""
KEPT_BACK = 1.25
"""A search takes its part of the time left over this, so that something is left for what it leaves open."""


class SharedTime:
    """The time of the workers, shared over questions by what is still open, the widest first.

    `kept_back`: a share of the time left for what is asked after them.
    """

    def __init__(
        self,
        questions: Sequence[Question],
        workers: WorkerPool,
        options: SolveOptions,
        on_progress: Callable[[int, int], None] = lambda done, submitted: None,
        kept_back: float = 0.0,
    ) -> None:
        self.questions, self.workers, self.options, self.on_progress = questions, workers, options, on_progress
        left = workers.seconds_left
        self._kept_back = 0.0 if left is None else kept_back * left
        self._pending: dict[Future[SolveResult], tuple[Question, Search]] = {}
        self._proven_in: list[float] = []
        """Seconds of the searches that proved the gap asked for."""

    def run(self) -> None:
        """Searches until nothing is open or the time is over."""
        done = submitted = 0
        while True:
            while len(self._pending) < self.workers.count and (chosen := self._widest()) is not None:
                _, search = chosen
                seconds = self._seconds_for(search)
                search.seconds = seconds or 0.0
                task = search.task(replace(self.options, time_limit=seconds))
                self._pending[self.workers.submit(task)] = chosen
                submitted += 1
            self.on_progress(done, submitted)
            if not self._pending:
                return
            finished, _ = wait(self._pending, timeout=1.0, return_when=FIRST_COMPLETED)
            for future in finished:
                question, search = self._pending.pop(future)
                result = future.result()
                if result.status == "optimal":
                    self._proven_in.append(result.seconds)
                question.learn(search, result)
                done += 1

    @property
    def _seconds_left(self) -> float | None:
        left = self.workers.seconds_left
        return None if left is None else max(0.0, left - self._kept_back)

    def _widest(self) -> tuple[Question, Search] | None:
        """The question to go on with; None where the time is over or none is open."""
        left = self._seconds_left
        if self.workers.stopping or (left is not None and left < LEAST_SECONDS / 2.0):
            return None
        under_way = [question for question, _ in self._pending.values()]
        waiting = [(each.openness, each) for each in self.questions if each not in under_way]
        for openness, question in sorted(waiting, key=lambda pair: -pair[0]):
            search = question.next_search() if openness > 0.0 else None
            if search is not None and (left is None or search.seconds <= LONGER * left):
                return question, search
        return None

    def _seconds_for(self, search: Search) -> float | None:
        """Its part of the time left, longer than the last time, and what others took; None without a limit."""
        left = self._seconds_left
        if left is None:
            return None
        open_still = [each for each in self.questions if each.openness > 0.0]
        first = [each for each in open_still if not each.main_search.count]
        part = left * self.workers.count / (KEPT_BACK * max(1, len(first or open_still)))
        usual = 0.0 if first or not self._proven_in else USUAL * median(self._proven_in)
        return min(left, max(LEAST_SECONDS, part, LONGER * search.seconds, usual))
