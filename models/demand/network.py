"""Network: which region may serve which, and at what price."""

from __future__ import annotations

from models.dataset import Dataset


class Routes:
    """USD per million tokens from a capacity region to a demand region; None where it is not allowed."""

    def __init__(self, dataset: Dataset) -> None:
        self._open = not dataset.network
        self._listed = {
            (row.capacity_region, row.demand_region): row.usd_per_mtok if row.allowed else None
            for row in dataset.network
        }

    def usd_per_mtok(self, capacity_region: str, demand_region: str) -> float | None:
        """Network cost of serving a demand region from a capacity region, USD per million tokens; None: not allowed."""
        pair = capacity_region, demand_region
        if pair in self._listed:
            return self._listed[pair]
        return 0.0 if self._open or capacity_region == demand_region else None
