"""Resilience of a plan: for each month and kind of loss the tightest, and what the rest could serve then."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from models.audit import what_is_left
from models.dataset import Dataset
from models.grouping import groups, sums
from models.plan import Plan
from planner.results.views import ServiceRow


@dataclass(frozen=True, slots=True)
class ResilienceRow:
    """A protected segment in month t when the loss that is the tightest of its kind happens; billions a day.

    `could_serve`: with all protected segments served in the same proportion, at most their demand after limits.
    """

    month: int
    lost: str
    segment: str
    protected: float
    could_serve: float


def resilience(dataset: Dataset, plan: Plan, service: Iterable[ServiceRow]) -> list[ResilienceRow]:
    """What is protected by the sheet resilience, month by month; none without it."""
    if not dataset.resilience:
        return []
    asked = sums(((row.month, row.segment), row.after_limits) for row in service)
    found = []
    by_kind = groups(((each.month, each.against), each) for each in what_is_left(dataset, plan))
    for (t, against), losses in by_kind.items():
        tightest = min(losses, key=lambda each: each.multiple)
        for segment, tokens in tightest.protected.items():
            protected = tokens / (dataset.hours(t) / 24.0)
            could = max(0.0, min(tightest.multiple * protected, asked[t, segment]))
            found.append(ResilienceRow(t, f"{against} {tightest.lost}", segment, protected, could))
    return sorted(found, key=lambda each: each.month)
