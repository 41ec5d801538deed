"""The time limit of a run: it counts from the run's start, and each phase gets what the others leave."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field, replace

from planner.errors import OutOfTime
from planner.solving.problem import SolveOptions

AFTER_SHARE, AFTER_MOST = 0.2, 60.0
"""What a search leaves for the questions asked after it: a share of the limit, and at most so many seconds."""
WRITING_SHARE, WRITING_MOST = 0.05, 10.0
"""What the questions leave for the marginal values and for writing the plan."""

LATE = 2.0
"""How late a run may be rather than without a plan, seconds: a small problem that is built then has it at once."""
READING_BACK, READING_BACK_LEAST = 2.7, 2.4
"""Reading plans back, their audit and writing them take so many times as long as building their models did.

By the clock, so that a slow or loaded machine sets more aside; of twelve scenarios of the lab it is 2.2 times the CPU
time of building. A search that has no plan leaves that alone, less what may be late: late is better than none.
"""


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """How long a run may take; `seconds` None: as long as it needs. `began` is of the monotonic clock."""

    seconds: float | None = None
    began: float = field(default_factory=lambda: time.monotonic())

    def left(self) -> float:
        """Seconds left, infinite without a limit."""
        return math.inf if self.seconds is None else self.began + self.seconds - time.monotonic()

    def for_search(self) -> float | None:
        """Seconds that a search begun now may take; None without a limit."""
        if self.seconds is None:
            return None
        return max(0.1, self.left() - min(AFTER_SHARE * self.seconds, AFTER_MOST))

    def without_plan(self) -> float:
        """Seconds more for a search without a plan, of which no questions will be asked; all but for writing one."""
        return 0.0 if self.seconds is None else max(0.0, self.for_questions(math.inf) - (self.for_search() or 0.0))

    def for_questions(self, most: float, built: float = 0.0) -> float:
        """Seconds, of `most`, that questions asked now may take after a search; models took `built` to build."""
        if self.seconds is None:
            return most
        writing = max(min(WRITING_SHARE * self.seconds, WRITING_MOST), READING_BACK * built)
        return min(most, max(0.0, self.left() - writing))

    def for_last(self, least: float, most: float) -> float:
        """Seconds for the last of the questions: what is left, within bounds."""
        return min(most, max(least, self.left()))

    def phase(self, seconds: float) -> TimeLimit:
        """The limit of a phase that begins now and may take so many seconds; none where the run has none."""
        return TimeLimit(None if self.seconds is None else seconds)

    def check(self, late: float = 0.0) -> None:
        """Raises where the limit has passed by `late` seconds.

        Raises
        ------
        OutOfTime
            Where it has.
        """
        if self.left() <= -late:
            raise OutOfTime("The time limit passed before a search could begin")


def less_reading_back(options: SolveOptions, built: float) -> SolveOptions:
    """What `TimeLimit` gave a search, less what plans need that it does not leave; models took `built` to build.

    What a search without a plan may take is left to what follows a plan, whoever set it aside.
    """
    limit = options.time_limit
    if limit is None:
        return options
    left_anyway = max(min(AFTER_SHARE / (1.0 - AFTER_SHARE) * limit, AFTER_MOST), options.without_plan)
    shorter = max(0.1, limit - max(0.0, READING_BACK * built - left_anyway))
    writing = max(0.0, READING_BACK_LEAST * built - LATE - (left_anyway - options.without_plan))
    last = limit + options.without_plan - writing if options.without_plan else shorter
    return replace(options, time_limit=shorter, without_plan=max(0.0, last - shorter))


def shortened(options: SolveOptions, seconds: float | None) -> SolveOptions:
    """The options with so many seconds; a search that has no plan by then may go on as long as it might have before."""
    limit = options.time_limit
    if seconds is None or limit is None:
        return options
    return replace(options, time_limit=seconds, without_plan=options.without_plan + limit - seconds)


def seconds_after(limit: float | None, spent: float, least: float, most: float) -> float:
    """Seconds for what follows a search: what is left of its time limit, or a tenth of that, within bounds."""
    return most if limit is None else min(most, max(least, limit - spent, 0.1 * limit))
