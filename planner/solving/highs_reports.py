"""What HiGHS tells while it runs: log lines, where the search stands, better plans; and that it is asked to stop."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import highspy
import numpy as np

from models.core.vector import Vector
from planner.solving.problem import Progress

COMPLETING = "Attempting to find feasible solution by solving MIP"
COMPLETED = ("Solving report", "MIP start solution", "User-supplied values of discrete variables cannot")
"""HiGHS's lines where a search for the rest of a start that is given in part begins, and where it has ended."""


class HighsReports:
    """Notes what a HiGHS tells in its runs, in the units that the problem was handed over in.

    Parameters
    ----------
    highs
        The HiGHS.
    usd
        USD in one of its units of money, for what is told of progress.
    should_stop
        What it is told when it asks whether to stop.

    Attributes
    ----------
    log
        Log lines so far.
    progress
        Where its search stands.
    incumbent, bound
        The best values reported, and what every plan costs at least.
    began
        When the search began whose progress is reported (`time.monotonic`).
    """

    def __init__(self, highs: highspy.Highs, usd: float, should_stop: Callable[[], bool]) -> None:
        self.usd, self.should_stop = usd, should_stop
        self.log: list[str] = []
        self.progress: Progress | None = None
        self.incumbent: Vector | None = None
        self.bound = -math.inf
        self.began = time.monotonic()
        self._completing = False
        highs.cbLogging.subscribe(self._on_log)
        highs.cbMipLogging.subscribe(self._on_progress)
        highs.cbMipImprovingSolution.subscribe(self._on_incumbent)
        for interrupt in (highs.cbMipInterrupt, highs.cbSimplexInterrupt, highs.cbIpmInterrupt):
            interrupt.subscribe(self._on_interrupt)

    def _on_log(self, event: Any) -> None:
        for line in filter(str.strip, event.message.splitlines()):
            self.log.append(line)
            self._completing = line.startswith(COMPLETING) or (self._completing and not line.startswith(COMPLETED))

    def _on_progress(self, event: Any) -> None:
        if self._completing:  # its bound is that of a problem with the values given held
            return
        seen = event.data_out
        self.bound = seen.mip_dual_bound
        self.progress = Progress(
            time.monotonic() - self.began,
            finite(seen.mip_primal_bound * self.usd),
            finite(seen.mip_dual_bound * self.usd),
            finite(seen.mip_gap),
        )

    def _on_incumbent(self, event: Any) -> None:
        self.incumbent = np.array(event.data_out.mip_solution, dtype=float)

    def _on_interrupt(self, event: Any) -> None:
        event.data_in.user_interrupt = self.should_stop()


def finite(value: float) -> float | None:
    """The value, None where HiGHS means that there is none."""
    return float(value) if math.isfinite(value) and abs(value) < 1e100 else None
