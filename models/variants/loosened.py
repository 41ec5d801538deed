"""Policy loosened: the same problem without one of its caps, rules or limits, or with a cap loosened by a step.

Each is a relaxation: every plan of the problem is a plan of it, at the same cost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from models.dataset import Dataset
from models.schema import Cap, Segment
from models.variants.elastic import Kind, RelaxableRule

STEP = 0.1
"""A cap is loosened by this share of its value."""
SHARES = ("capacity_share", "shortfall_share")
"""Measures that are never above 1."""


@dataclass(frozen=True, slots=True)
class Loosened:
    """A problem with one piece of policy loosened.

    `name` is that of the cap or rule, or `segment: column` of a limit; `loosened_to` is the value that a cap has
    instead, or a column; None where it is dropped. `words` are a clause that says so. `rule` is it in the rows of a
    model (`models.variants.elastic.rule_of`).
    """

    what: Literal["cap", "rule", "limit"]
    name: str
    loosened_to: float | None
    words: str
    dataset: Dataset
    rule: RelaxableRule


def loosened(dataset: Dataset) -> Iterator[Loosened]:
    """Every piece of policy loosened alone; a cap's step follows the cap dropped."""
    for cap in dataset.caps:
        others = tuple(each for each in dataset.caps if each is not cap)
        rule = RelaxableRule("cap", cap.cap)
        yield Loosened("cap", cap.cap, None, f"without cap {cap.cap}", replace(dataset, caps=others), rule)
        value = _a_step_looser(cap)
        if value is not None:
            changed = tuple(replace(each, value=value) if each is cap else each for each in dataset.caps)
            words = f"with cap {cap.cap} at {_figure(value)} instead of {_figure(cap.value)}"
            yield Loosened("cap", cap.cap, value, words, replace(dataset, caps=changed), rule)
    for row in dataset.rules:
        changed_problem = replace(dataset, rules=tuple(each for each in dataset.rules if each is not row))
        words, rule = f"without rule {row.rule}", RelaxableRule("rule", row.rule)
        yield Loosened("rule", row.rule, None, words, changed_problem, rule)
    limited = {each.segment for each in dataset.limits}
    for segment in dataset.segments:
        for column, changed_segment, words in _limits_of(segment, segment.segment in limited):
            segments = tuple(changed_segment if each is segment else each for each in dataset.segments)
            value, rule = float(getattr(changed_segment, column)), RelaxableRule(column, segment.segment)
            changed_problem = replace(dataset, segments=segments)
            yield Loosened("limit", f"{segment.segment}: {column}", value, words, changed_problem, rule)


def loosened_together(dataset: Dataset, pieces: Iterable[Loosened]) -> Dataset:
    """The problem with several pieces of policy loosened, caps and rules dropped."""
    dropped = set[RelaxableRule]()
    for each in pieces:
        dropped.add(each.rule)
        if each.what == "limit":
            value = getattr(each.dataset.segment_of[each.rule.name], each.rule.kind)
            changed = {each.rule.name: {each.rule.kind: value}}
            dataset = replace(
                dataset, segments=tuple(replace(row, **changed.get(row.segment, {})) for row in dataset.segments)
            )
    return replace(
        dataset,
        caps=tuple(each for each in dataset.caps if RelaxableRule("cap", each.cap) not in dropped),
        rules=tuple(each for each in dataset.rules if RelaxableRule("rule", each.rule) not in dropped),
    )


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


def _limits_of(segment: Segment, has_limits: bool) -> Iterator[tuple[Kind, Segment, str]]:
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
