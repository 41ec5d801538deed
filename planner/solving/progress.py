"""Shows where the search stands: a live line on a terminal, plain lines in a log."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from planner.formatting import gap_percent, money
from planner.interrupt import Stop

if TYPE_CHECKING:
    from planner.solving.problem import Progress

LINE_SECONDS = 10.0
"""At most one plain line in this time, and only when something changed."""
ALIVE_SECONDS = 60.0
"""A plain line at least this often, so that a log shows the run is alive."""
DRAW_SECONDS = 0.2

log = logging.getLogger("planner")


class LiveText(Protocol):
    """Where the live line is drawn."""

    def show(self, text: str) -> None:
        """Replaces the text of the live line."""


class ProgressLines:
    """Takes the solver's progress, and shows it whenever the solver asks whether to stop."""

    def __init__(
        self, what: str, currency: str, live: LiveText | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._what = what
        self._currency = currency
        self._live = live
        self._clock = clock
        self._began = clock()
        self._standing: Progress | None = None
        self._logged: tuple[float | None, float | None] = (None, None)
        self._logged_at = 0.0
        self._drawn_at = -DRAW_SECONDS
        self._stopping = False

    def update(self, standing: Progress) -> None:
        """Where the search stands now."""
        self._standing = standing

    def stopped_by(self, stop: Stop) -> bool:
        """Shows the news; whether the search shall stop."""
        self.show()
        if stop.requested and not self._stopping:
            self._stopping = True
            log.info("Stopping; the best plan found so far is kept. Ctrl-C again ends at once, without a plan.")
        return stop.requested

    def show(self) -> None:
        """Draws the live line, and says a plain line when it is time for one."""
        seconds = self._clock() - self._began
        if self._live is not None and seconds - self._drawn_at >= DRAW_SECONDS:
            self._drawn_at = seconds
            self._live.show(self._line(seconds))
        standing = self._standing
        found = (standing.incumbent_usd, standing.bound_usd) if standing else (None, None)
        waited = seconds - self._logged_at
        first = self._logged[0] is None and found[0] is not None
        if first or (waited >= LINE_SECONDS and found != self._logged) or waited >= ALIVE_SECONDS:
            self._logged, self._logged_at = found, seconds
            # A live line already shows it on the terminal; the log files get it in any case.
            log.log(logging.DEBUG if self._live is not None else logging.INFO, "%s", self._line(seconds))

    def _line(self, seconds: float) -> str:
        standing = self._standing
        if standing is None or (standing.incumbent_usd is None and standing.bound_usd is None):
            return f"{self._what}: no plan yet, {_at_work(standing)}{seconds:.0f} s"
        best = money(standing.incumbent_usd, self._currency) if standing.incumbent_usd is not None else "no plan yet"
        bound, gap = money(standing.bound_usd, self._currency), gap_percent(standing.gap)
        return f"{self._what}: {best}, bound {bound}, gap {gap}, {_at_work(standing)}{seconds:.0f} s"


def _at_work(standing: Progress | None) -> str:
    """Which part of a search in parts is at work."""
    return f"{standing.part}, " if standing is not None and standing.part else ""


Watch = Callable[[str], ProgressLines]
"""Gives a search, by its name, somewhere to show its progress."""
