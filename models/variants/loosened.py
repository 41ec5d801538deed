"""Policy loosened: the same problem without one of its caps, rules or limits, or with a cap loosened by a step.

Each is a relaxation: every plan of the problem is a plan of it, at the same cost.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from models.dataset import Dataset
from models.schema import Cap, Segment

STEP = 0.1
"""A cap is loosened by this share of its value."""
SHARES = ("capacity_share", "shortfall_share")
"""Measures that are never above 1."""


@dataclass(frozen=True, slots=True)
class Loosened:
    """A problem with one piece of policy loosened.

    `name` is that of the cap or rule, or `segment: column` of a limit; `loosened_to` is the value that a cap has
    instead, or a column; None where it is dropped. `words` are a clause that says so.
    """

    what: Literal["cap", "rule", "limit"]
    name: str
    loosened_to: float | None
    words: str
    dataset: Dataset


def loosened(dataset: Dataset) -> Iterator[Loosened]:
    """Every piece of policy loosened alone; a cap's step follows the cap dropped."""
    for cap in dataset.caps:
        others = tuple(each for each in dataset.caps if each is not cap)
        yield Loosened("cap", cap.cap, None, f"without cap {cap.cap}", replace(dataset, caps=others))
        value = _a_step_looser(cap)
        if value is not None:
            changed = tuple(replace(each, value=value) if each is cap else each for each in dataset.caps)
            words = f"with cap {cap.cap} at {_figure(value)} instead of {_figure(cap.value)}"
            yield Loosened("cap", cap.cap, value, words, replace(dataset, caps=changed))
    for rule in dataset.rules:
        kept = tuple(each for each in dataset.rules if each is not rule)
        yield Loosened("rule", rule.rule, None, f"without rule {rule.rule}", replace(dataset, rules=kept))
    limited = {each.segment for each in dataset.limits}
    for segment in dataset.segments:
        for column, changed_segment, words in _limits_of(segment, segment.segment in limited):
            segments = tuple(changed_segment if each is segment else each for each in dataset.segments)
            value = float(getattr(changed_segment, column))
            yield Loosened("limit", f"{segment.segment}: {column}", value, words, replace(dataset, segments=segments))


def _figure(value: float) -> str:
    """A cap in words: six digits, and more rather than an exponent.

    >>> _figure(3.3e9), _figure(0.55)
    ('3,300,000,000', '0.55')
    """
    return f"{value:,.0f}" if abs(value) >= 1e5 else f"{value:,.6g}"


def _a_step_looser(cap: Cap) -> float | None:
    """The value a step looser; None where that is none."""
    value = cap.value + STEP * abs(cap.value) if cap.sense == "max" else cap.value - STEP * abs(cap.value)
    if cap.measure in SHARES:
        value = min(1.0, value)
    return None if value == cap.value else value


def _limits_of(segment: Segment, has_limits: bool) -> Iterator[tuple[str, Segment, str]]:
    """What a segment's row bars: the column, the row without that, and the words for it."""
    name = segment.segment
    if segment.shortfall_usd_per_mtok is not None and segment.max_shortfall_share < 1.0:
        words = f"with any shortfall of {name} allowed at its price"
        yield "max_shortfall_share", replace(segment, max_shortfall_share=1.0), words
    if has_limits and not segment.may_tighten:
        yield "may_tighten", replace(segment, may_tighten=True), f"with the limits of {name} allowed to tighten"
    if has_limits and segment.min_months_between_changes > 1:
        words = f"with the limits of {name} allowed to change each month"
        yield "min_months_between_changes", replace(segment, min_months_between_changes=0), words
