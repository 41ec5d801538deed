"""The time limit of a run: it counts from the run's start, and each phase gets what the others leave."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

AFTER_SHARE, AFTER_MOST = 0.2, 60.0
"""What a search leaves for the questions asked after it: a share of the limit, and at most so many seconds."""
WRITING_SHARE, WRITING_MOST = 0.05, 10.0
"""What the questions leave for the marginal values and for writing the plan."""


class OutOfTime(Exception):
    """The time limit passed before there was anything to search."""


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """How long a run may take; `seconds` None: as long as it needs. `began` is of the monotonic clock."""

    seconds: float | None = None
    began: float = field(default_factory=time.monotonic)

    def left(self) -> float:
        """Seconds left, infinite without a limit."""
        return math.inf if self.seconds is None else self.began + self.seconds - time.monotonic()

    def for_search(self) -> float | None:
        """Seconds that a search begun now may take; None without a limit."""
        if self.seconds is None:
            return None
        return max(0.1, self.left() - min(AFTER_SHARE * self.seconds, AFTER_MOST))

    def for_questions(self, most: float) -> float:
        """Seconds, of `most`, that questions asked now may take after a search."""
        if self.seconds is None:
            return most
        return min(most, max(0.0, self.left() - min(WRITING_SHARE * self.seconds, WRITING_MOST)))

    def for_last(self, least: float, most: float) -> float:
        """Seconds for the last of the questions: what is left, within bounds."""
        return min(most, max(least, self.left()))

    def check(self) -> None:
        """Raises where no time is left.

        Raises
        ------
        OutOfTime
            Where it is not.
        """
        if self.left() <= 0.0:
            raise OutOfTime(f"The time limit of {self.seconds:g} s passed before a search could begin")
