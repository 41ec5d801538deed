"""The bounds of a decomposition on both sides of the least expected cost, and how they are reported."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from planner.formatting import gap_percent, money
from planner.solving.problem import Progress

log = logging.getLogger("planner")

STALLED_AFTER, LEAST_PROGRESS = 3, 0.01
"""So many times in a row without the gap closing by this share, a search has stalled."""


@dataclass
class BoundTracker:
    """The least expected cost lies between `lower` and `upper`, in model units of `usd`; infinite while unknown.

    Parameters
    ----------
    usd
        USD in a model unit of money.
    gap_wanted
        The relative gap at which the search may end.
    reporting
        Whether it is this process that reports.
    on_progress
        Told both bounds whenever they are reported.
    """

    usd: float
    gap_wanted: float
    currency: str
    reporting: bool
    on_progress: Callable[[Progress], None] | None
    lower: float = -math.inf
    upper: float = math.inf
    began: float = field(default_factory=time.monotonic)
    lines: list[str] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """Since the search began."""
        return time.monotonic() - self.began

    @property
    def proven(self) -> bool:
        """Whether the bounds meet within the gap wanted."""
        gap = self.upper - self.lower
        return math.isfinite(self.upper) and gap <= self.gap_wanted * abs(self.upper) + 1e-9

    @property
    def scale(self) -> float:
        """The size of what is known of the cost; infinite while there is no lower bound."""
        return min(abs(self.lower), abs(self.upper))

    @property
    def target(self) -> float:
        """What a plan must cost less than to be better than the best by the gap wanted."""
        return self.upper - self.gap_wanted * abs(self.upper) if math.isfinite(self.upper) else math.inf

    @property
    def upper_usd(self) -> float | None:
        """The cost of the best plan, None while there is none."""
        return self.upper * self.usd if math.isfinite(self.upper) else None

    @property
    def lower_usd(self) -> float | None:
        """The lower bound; within tolerances it may have passed the cost of the best plan, which it then is."""
        return min(self.lower, self.upper) * self.usd if math.isfinite(self.lower) else None

    @property
    def gap(self) -> float | None:
        """The relative gap, None without a bound on one side."""
        if not (math.isfinite(self.upper) and math.isfinite(self.lower)):
            return None
        return max(0.0, self.upper - self.lower) / abs(self.upper) if self.upper else 0.0

    def raise_lower(self, lower: float) -> None:
        """Takes a lower bound, of which the best is kept."""
        self.lower = max(self.lower, lower)

    def report(self, step: str) -> None:
        """Reports both bounds after a step, to whoever watches and to the log."""
        plan = "no plan yet" if self.upper_usd is None else f"plan {money(self.upper_usd, self.currency)}"
        bound, gap = money(self.lower_usd, self.currency), gap_percent(self.gap)
        self.log(f"{step}: {plan}, bound {bound}, gap {gap}, {self.seconds:.0f} s")
        if self.on_progress is not None:
            self.on_progress(Progress(self.seconds, self.upper_usd, self.lower_usd, self.gap))

    def update(self, progress: Progress) -> None:
        """Passes on the progress of another search for the same plan, together with the bounds known before."""
        if self.on_progress is None:
            return
        both = replace(self)
        if progress.incumbent_usd is not None:
            both.upper = min(both.upper, progress.incumbent_usd / self.usd)
        if progress.bound_usd is not None:
            both.raise_lower(progress.bound_usd / self.usd)
        self.on_progress(Progress(self.seconds, both.upper_usd, both.lower_usd, both.gap))

    def log(self, line: str) -> None:
        """Adds a line to the log, where it is this process that reports."""
        if self.reporting:
            self.lines.append(line)
            log.info("Decomposition: %s", line)


class StallDetector:
    """Asked step after step whether the bounds have hardly moved for a while."""

    def __init__(self, tracker: BoundTracker) -> None:
        self._tracker, self._steps = tracker, 0
        self._lower = self._gap = math.inf

    def reset(self) -> None:
        """Counts from 0 again."""
        self._steps = 0

    def stalled(self) -> bool:
        """Whether this is the last of `STALLED_AFTER` steps with hardly any progress."""
        gap = self._tracker.upper - self._tracker.lower
        moved = gap < (1.0 - LEAST_PROGRESS) * self._gap if math.isfinite(gap) else self._tracker.lower != self._lower
        self._lower, self._gap = self._tracker.lower, gap
        self._steps = 0 if moved else self._steps + 1
        return self._steps >= STALLED_AFTER
