"""Where a decomposition stands: the bounds on both sides, and telling of them."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from planner.formatting import money, percent
from planner.solving.highs import Progress

log = logging.getLogger("planner")


@dataclass
class BoundTracker:
    """The least expected cost lies between `lower` and `upper`, in model units of `usd`; infinite while unknown.

    `aloud` where it is this process that tells.
    """

    usd: float
    gap_wanted: float
    currency: str
    aloud: bool
    on_progress: Callable[[Progress], None] | None
    lower: float = -math.inf
    upper: float = math.inf
    began: float = field(default_factory=time.monotonic)
    lines: list[str] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    @property
    def proven(self) -> bool:
        """Whether the bounds meet within the gap wanted."""
        gap = self.upper - self.lower
        return math.isfinite(self.upper) and gap <= self.gap_wanted * abs(self.upper) + 1e-9

    @property
    def scale(self) -> float:
        """The size of what is known of the cost; infinite while there is no bound from below."""
        return min(abs(self.lower), abs(self.upper))

    @property
    def upper_usd(self) -> float | None:
        return self.upper * self.usd if math.isfinite(self.upper) else None

    @property
    def lower_usd(self) -> float | None:
        """The bound from below; within tolerances it may have passed the cost of the best plan, which it then is."""
        return min(self.lower, self.upper) * self.usd if math.isfinite(self.lower) else None

    @property
    def gap(self) -> float | None:
        """The relative gap, None without a bound on one side."""
        if not (math.isfinite(self.upper) and math.isfinite(self.lower)):
            return None
        return max(0.0, self.upper - self.lower) / abs(self.upper) if self.upper else 0.0

    def raised(self, lower: float) -> None:
        """A bound from below; the best is kept."""
        self.lower = max(self.lower, lower)

    def say(self, what: str) -> None:
        """Both bounds, to whoever watches and to the log."""
        plan = "no plan yet" if self.upper_usd is None else f"plan {money(self.upper_usd, self.currency)}"
        bound, gap = money(self.lower_usd, self.currency), percent(self.gap)
        self.tell(f"{what}: {plan}, bound {bound}, gap {gap}, {self.seconds:.0f} s")
        if self.on_progress is not None:
            self.on_progress(Progress(self.seconds, self.upper_usd, self.lower_usd, self.gap))

    def heard(self, told: Progress) -> None:
        """Passes on what another search of the same problem tells, with what was known before."""
        if self.on_progress is None:
            return
        both = BoundTracker(self.usd, self.gap_wanted, self.currency, False, None, self.lower, self.upper)
        if told.incumbent_usd is not None:
            both.upper = min(both.upper, told.incumbent_usd / self.usd)
        if told.bound_usd is not None:
            both.raised(told.bound_usd / self.usd)
        self.on_progress(Progress(self.seconds, both.upper_usd, both.lower_usd, both.gap))

    def tell(self, line: str) -> None:
        if self.aloud:
            self.lines.append(line)
            log.info("Decomposition: %s", line)
