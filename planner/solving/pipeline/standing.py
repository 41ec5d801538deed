"""Standing: the best plan and the highest bound that the parts of a search share."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from models.core.compiled import Compiled
from models.core.vector import Vector
from planner.solving.exactness import PRECISION, cost_of, violation
from planner.solving.problem import Progress, SolveOptions

TIME_OVER, INTERRUPTED, PROVEN = "Time limit reached", "Interrupted by user", "Optimal"
"""HiGHS's words for how a search ended."""
DECIDED, LEFT_OPEN = "What was asked is decided", "Left open"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a search in parts ended: `proven` where the solver says that the gap is closed; `why` in its words."""

    proven: bool
    why: str


class Standing:
    """Where a search stands. Plans are checked in the whole of the problem's arrays; bounds are those of proofs.

    Attributes
    ----------
    values, cost
        The best plan, None and infinite while there is none; model units.
    bound
        What every plan costs at least, model units.
    cutoff
        The problem searched may lack plans that cost as much or more, so that no bound above it is proven.
    seconds
        Wall time of each part.
    log
        The solver's log lines.
    """

    def __init__(
        self,
        arrays: Compiled,
        options: SolveOptions,
        usd: float,
        began: float,
        on_progress: Callable[[Progress], None] | None,
        should_stop: Callable[[], bool] | None,
    ) -> None:
        self.arrays, self.options, self._usd = arrays, options, usd
        self._began, self._on_progress, self._asked = began, on_progress, should_stop
        self.values: Vector | None = None
        self.cost, self.bound, self.cutoff = math.inf, -math.inf, math.inf
        self.seconds: dict[str, float] = {}
        self.log: list[str] = []
        self.stopped = False
        self._part = ""
        self._lock = threading.Lock()

    def offer(self, values: Vector) -> bool:
        """Takes a plan if it is better than the best; whether it keeps every row of the problem."""
        if violation(self.arrays, values) > PRECISION:
            return False
        cost = cost_of(self.arrays, values)
        with self._lock:
            if cost < self.cost:
                self.values, self.cost = values, cost
        return True

    def raise_bound(self, bound: float) -> None:
        """Takes a proven bound if it is higher than the highest."""
        with self._lock:
            self.bound = max(self.bound, min(bound, self.cutoff))

    @property
    def decided(self) -> bool:
        """Whether the best plan has reached the target, or the bound the cutoff."""
        return self.options.is_decided(self.cost * self._usd, self.bound * self._usd)

    @property
    def closed(self) -> bool:
        """Whether the gap asked for is proven."""
        return self.values is not None and self.cost - self.bound <= self.asked

    @property
    def words(self) -> str:
        """How a search ended; `LEFT_OPEN` where others are to go on from it."""
        if self.closed:
            return PROVEN
        if self.decided:
            return DECIDED
        return INTERRUPTED if self.stopped else TIME_OVER if self.ended else LEFT_OPEN

    @property
    def asked(self) -> float:
        """The gap asked for, in model units; 0 while there is no plan that it could be a share of."""
        cost = 0.0 if self.values is None else abs(self.cost)
        return max(self.options.gap * cost, self.options.absolute_gap or 0.0)

    @property
    def seconds_left(self) -> float:
        """Of the time limit, and while there is no plan of what may be taken besides."""
        limit, more = self.options.time_limit, 0.0 if self.values is not None else self.options.without_plan
        return math.inf if limit is None else max(0.0, self._began + limit + more - time.monotonic())

    @property
    def ended(self) -> bool:
        """Whether the search is to end: the gap is proven, what is asked decided, the time over, or it was stopped."""
        return self.stopped or self.closed or self.decided or not self.seconds_left

    def should_end(self) -> bool:
        """Asked often, by the thread that the search was begun in: tells progress, and whether the search is to end."""
        if self._on_progress is not None:
            plan = None if self.values is None else self.cost * self._usd
            bound = None if math.isinf(self.bound) else self.bound * self._usd
            gap = None if plan is None or bound is None or not plan else (plan - bound) / abs(plan)
            self._on_progress(Progress(time.monotonic() - self._began, plan, bound, gap, self._part))
        self.stopped = self.stopped or (self._asked is not None and self._asked())
        return self.ended

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Times a part of the search, and says in progress that it is at work."""
        began, before, self._part = time.monotonic(), self._part, name
        try:
            yield
        finally:
            self._part = before
            self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - began
