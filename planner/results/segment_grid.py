"""Limits and service of every segment over stretches of the horizon, as the first sheet shows them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from models.dataset import Dataset
from models.demand.limit_effects import levers, limit_effects
from models.grouping import groups
from models.plan import Plan
from planner.results.views import ServiceRow

FULL = 0.9995
"""A share served from here on counts as all."""


@dataclass(frozen=True, slots=True)
class SegmentPeriod:
    """One segment in one stretch of months.

    `text` says the limit that the stretch begins with and the share served; `short`: tokens fall short; `tight`: the
    limit is one of the tighter half.
    """

    text: str
    short: bool
    tight: bool


@dataclass(frozen=True, slots=True)
class SegmentLine:
    """One segment over all stretches."""

    segment: str
    cells: tuple[SegmentPeriod, ...]


@dataclass(frozen=True, slots=True)
class SegmentGrid:
    """`starts`: the first month t of each stretch; a line for each segment; `note` says how to read it."""

    starts: tuple[int, ...]
    lines: tuple[SegmentLine, ...]
    note: str


def segment_grid(dataset: Dataset, plan: Plan, service: Iterable[ServiceRow], most: int) -> SegmentGrid:
    """Stretches of equal length, at most `most` of them, from the rows of `views.service`."""
    length = -(-len(dataset.horizon) // most)
    starts = tuple(range(0, len(dataset.horizon), length))
    asked: dict[tuple[str, int], float] = defaultdict(float)
    served: dict[tuple[str, int], float] = defaultdict(float)
    for row in service:
        days = dataset.hours(row.month) / 24.0
        asked[row.segment, row.month // length] += row.after_limits * days
        served[row.segment, row.month // length] += row.served * days
    limits, chosen = plan.limits_in_force(), groups(((each.segment, each.month), each) for each in plan.limits)
    lines = []
    for segment in dataset.segments:
        name = segment.segment
        ranks = {
            lever: sorted({each.generosity for each in effects}) for lever, effects in levers(dataset, name).items()
        }
        generosity = {each.limit: each.generosity for each in limit_effects(dataset, name)}
        cells = []
        for k, t in enumerate(starts):
            limit, wanted = limits.get((name, t), ""), asked[name, k]
            share = served[name, k] / wanted if wanted else 1.0
            changes = any(limits.get((name, m), "") != limit for m in range(t, min(t + length, len(dataset.horizon))))
            text = f"{limit}{' …' if changes else ''}" if limit else "all" if wanted else "no demand"
            if share < 1.0 - FULL:
                text += ", nothing served" if limit else ""
                text = text if limit else "none"
            elif share < FULL:
                text += f", {100 * share:.1f} % served" if limit else f" but {100 * (1 - share):.1f} %"
            tight = any(
                each.limit in generosity and generosity[each.limit] < ranks[each.lever][len(ranks[each.lever]) // 2]
                for each in chosen[name, t]
            )
            cells.append(SegmentPeriod(text, share < FULL, tight))
        lines.append(SegmentLine(name, tuple(cells)))
    whole = all(not cell.short for line in lines for cell in line.cells)
    served_note = (
        "All demand after limits is served." if whole else "Where less is served than is asked for, the share is given."
    )
    stretch = "every month" if length == 1 else f"every {length} months"
    marked = " (… where it changes within them)" if length > 1 else ""
    limits_note = f"The usage limit at the start of {stretch}{marked}. " if dataset.limits else ""
    note = limits_note + served_note
    return SegmentGrid(starts, tuple(lines), note)
