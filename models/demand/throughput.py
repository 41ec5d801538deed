r"""Throughput: how many tokens an accelerator at work serves.

rate(t) = tokens_per_second x (1 + gain_per_year)^(t/12) x the scenario's factor; an accelerator-hour serves
3600 x rate(t) x availability x (1 - headroom_share) tokens.
"""

from __future__ import annotations

from models.dataset import Dataset


class TokensServed:
    """Billions of tokens an accelerator-hour serves, by segment, hardware and month."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        available = {each.hardware: each.availability for each in dataset.hardware}
        self._first: dict[tuple[str, str], tuple[float, float]] = {}
        for segment in dataset.loads:
            for row in dataset.throughput:
                if row.workload == segment.workload:
                    per_hour = 3600.0 * row.tokens_per_second * available[row.hardware] * (1.0 - segment.headroom_share)
                    if per_hour > 0.0:
                        self._first[segment.segment, row.hardware] = per_hour / 1e9, row.gain_per_year

    def hardware(self, segment: str) -> list[str]:
        """The hardware that can run the segment."""
        return [hardware for name, hardware in self._first if name == segment]

    def bn_per_hour(self, segment: str, hardware: str, t: int) -> float:
        """Billions of tokens an hour of one accelerator in month t; KeyError for a pair that can never run."""
        first, gain = self._first[segment, hardware]
        workload = self._dataset.load_of[segment].workload
        factor = self._dataset.realization.throughput(workload, hardware, t)
        return float(first * (1.0 + gain) ** (t / 12.0) * factor)
