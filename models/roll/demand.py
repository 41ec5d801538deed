"""Demand rolled forward: throughput gained, limits in force, and what is lost by then."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from models.demand.churn_figures import lost_by_month
from models.demand.limit_effects import LimitEffect, limit_before, limit_effects
from models.schema import Segment
from models.supply.next_round import RollState

ROUNDING = 1e-12
"""A share lost that is smaller is what rounding left of none."""


def roll_demand(state: RollState) -> None:
    """Rates as they are in month `to`, the limit then in force, and the share of baseline lost by then."""
    years = state.to / 12.0
    state.throughput = [
        replace(each, tokens_per_second=each.tokens_per_second * (1.0 + each.gain_per_year) ** years)
        for each in state.dataset.throughput
    ]
    for segment in state.dataset.segments:
        state.segments.append(_roll_segment(state, segment))
    by_key = {(each.segment, each.limit): each for each in state.limits}
    state.limits = [by_key[key] for each in state.dataset.limits if (key := (each.segment, each.limit)) in by_key]


def _roll_segment(state: RollState, segment: Segment) -> Segment:
    dataset, name = state.dataset, segment.segment
    found = {each.limit: each for each in limit_effects(dataset, name)}
    rows = [each for each in dataset.limits if each.segment == name]
    lost = lost_by_month(dataset, state.plan, segment)[state.to]
    rolled = replace(segment, lost_share=0.0 if abs(lost) < ROUNDING else lost)
    in_force: dict[str, dict[int, str]] = defaultdict(dict)
    for each in state.plan.limits:
        if each.segment == name:
            in_force[found[each.limit].lever][each.month] = each.limit
    before = {lever: limits[state.to - 1] for lever, limits in in_force.items() if state.to - 1 in limits}
    if not before:
        state.limits += rows
        return rolled
    bound = {lever: _free_from(state, segment, in_force[lever], found) for lever in before}
    remaining = []
    for row in rows:
        kept, free_from = row, bound.get(row.lever)
        if free_from is not None and row.limit != before[row.lever]:
            opens = max(dataset.month(free_from), row.from_month or 0)
            if row.until_month is not None and row.until_month < opens:
                continue
            kept = replace(row, from_month=opens)
        remaining.append(kept)
    if len(remaining) < len(rows):  # a blank rank is the row's place, which rows that go would move
        remaining = [replace(each, generosity=found[each.limit].generosity) for each in remaining]
    state.limits += remaining
    line = f"{name}: limit {' and '.join(before.values())} in force"
    if rolled.lost_share:
        line += f", {abs(rolled.lost_share) * 100.0:.3g} % of baseline {'lost' if lost > 0.0 else 'won'} by then"
    for lever, month in bound.items():
        if month is not None:
            of_it = f" of {lever}" if len(bound) > 1 else ""
            line += f", no change{of_it} before {dataset.label(month)}"
    state.done.append(line)
    return replace(rolled, current_limit="; ".join(before.values()))


def _free_from(
    state: RollState, segment: Segment, in_force: dict[int, str], found: dict[str, LimitEffect]
) -> int | None:
    """The first month in which a lever's limit changed lately may change again; None when it may at once."""
    lever = {found[limit].lever for limit in in_force.values()}
    at_first = limit_before(segment, (each for each in found.values() if each.lever in lever))
    changes = [
        t
        for t, limit in in_force.items()
        if t < state.to and (earlier := in_force.get(t - 1, at_first)) is not None and limit != earlier
    ]
    free_from = max(changes, default=-segment.min_months_between_changes) + segment.min_months_between_changes
    return free_from if free_from > state.to else None
