"""Shows how far a stress test has come: a live line on a terminal, a plain one in a log now and then."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from statistics import fmean

from planner.formatting import money
from planner.solving.progress import LINE_SECONDS, LiveText
from planner.stress.samples import Samples
from planner.stress.simulation import SampleResult

log = logging.getLogger("planner")


class StressLines:
    """Takes the results there are, and shows what they come to."""

    def __init__(self, samples: Samples, currency: str, live: LiveText | None) -> None:
        self._samples, self._currency, self._live = samples, currency, live
        self._began = self._logged_at = time.monotonic()

    def show(self, results: Mapping[int, SampleResult]) -> None:
        """Shows what the results so far come to."""
        now = time.monotonic()
        due = now - self._logged_at >= LINE_SECONDS
        if self._live is None and not due:
            return
        line = self._line(results, now - self._began)
        if self._live is not None:
            self._live.show(line)
        if due:
            self._logged_at = now
            log.log(logging.DEBUG if self._live is not None else logging.INFO, "%s", line)

    def _line(self, results: Mapping[int, SampleResult], seconds: float) -> str:
        costs = [each.cost_usd for each in results.values() if each.solved]
        without = len(results) - len(costs)
        words = f"Stress: {len(results):,} of {self._samples.problems:,} different samples"
        words += f", mean {money(fmean(costs), self._currency)}" if costs else ""
        words += f", {without:,} without a plan" if without else ""
        left = seconds / len(results) * (self._samples.problems - len(results))
        return f"{words}, {seconds:.0f} s, about {left:.0f} s left"
