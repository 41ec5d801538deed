r"""Paths: which sequences of limits a segment can follow through the horizon, and the churn they leave behind.

A state of month t is (limit in force, months for which it must still stay, share lost so far at most).
From a state the limit stays or, once nothing binds it, changes to one whose window holds the month and, where
limits may not tighten, that is at least as generous. Only states on a path through the whole horizon count,
so what is said here is exact: every limit named can be in force, and every loss can come about with nothing short.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from models.dataset import Dataset
from models.demand.churn_figures import Churn
from models.demand.limit_effects import LimitEffect, limit_effects
from models.grouping import Key, groups

State = tuple[str, int]
"""The limit in force, and the months after this one in which it cannot yet change."""


@dataclass(frozen=True, slots=True)
class LimitPaths:
    """What can come about in each month, and how far a path leads when none leads through the horizon.

    `worst_churn[t]`: for each limit that can be in force in month t, the most that can be lost by then with nothing
    short, as a share of baseline. Empty where no path leads through the horizon; then `stuck_at` is the first
    month in which no limit may be in force, else None.
    """

    worst_churn: tuple[dict[str, float], ...]
    stuck_at: int | None = None


def reachable_limits(dataset: Dataset, segment: str) -> tuple[frozenset[str], ...]:
    """The limits that can be in force in each month 0 … T-1; empty sets where there are none, or no path."""
    found = limit_paths(dataset, segment).worst_churn
    return tuple(frozenset(month) for month in found) or (frozenset(),) * len(dataset.horizon)


def limit_paths(dataset: Dataset, segment: str) -> LimitPaths:
    """Every sequence of limits the segment's windows and change rules leave, summed up by month."""
    row = dataset.segment_of[segment]
    choices = {effect.limit: effect for effect in limit_effects(dataset, segment)}
    if not choices:
        return LimitPaths(())
    stay = max(0, row.min_months_between_changes - 1)

    def followers(state: State | None, t: int) -> Iterator[State]:
        """States of month t that can follow a state of the month before; None before month 0."""
        before, bound = state if state else (row.current_limit, 0)
        for effect in choices.values():
            if not effect.first <= t <= effect.last:
                continue
            if before is None:
                yield effect.limit, 0
            elif effect.limit == before:
                yield effect.limit, max(0, bound - 1)
            elif bound == 0 and (row.may_tighten or not _tightens(choices.get(before), effect)):
                yield effect.limit, stay

    churn = Churn(dataset, row)

    def lost_by(state: State | None, lost: float, t: int) -> float:
        if state is None:
            return lost
        return churn.kept(lost) + churn.to_rivals(t - 1) + churn.by_limit(choices[state[0]])

    months: list[dict[State, float]] = []
    for t in dataset.horizon:
        arrivals = months[-1].items() if months else ((None, row.lost_share),)
        reached = _most(
            (following, lost_by(state, lost, t)) for state, lost in arrivals for following in followers(state, t)
        )
        if not reached:
            return LimitPaths((), t)
        months.append(reached)
    for t in reversed(dataset.horizon[1:]):
        ahead = months[t].keys()
        months[t - 1] = {s: lost for s, lost in months[t - 1].items() if not ahead.isdisjoint(followers(s, t))}
    return LimitPaths(tuple(_most((limit, lost) for (limit, _), lost in states.items()) for states in months))


def _most(losses: Iterable[tuple[Key, float]]) -> dict[Key, float]:
    return {key: max(found) for key, found in groups(losses).items()}


def _tightens(before: LimitEffect | None, after: LimitEffect) -> bool:
    return before is not None and after.generosity < before.generosity
