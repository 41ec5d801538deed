r"""Paths: which sequences of limits a segment can follow through the horizon, and the churn they leave behind.

A state of month t is (limit in force, months for which it must still stay, share lost so far at most).
From a state the limit stays or, once nothing binds it, changes to one whose window holds the month and, where
limits may not tighten, that is at least as generous. Only states on a path through the whole horizon count,
so what is said here is exact: every limit named can be in force, and every loss can come about with nothing short.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from models.dataset import Dataset
from models.demand.churn_figures import Churn
from models.demand.limit_effects import LimitEffect, levers, limit_before
from models.grouping import Key, groups

State = tuple[str, int]
"""The limit in force, and the months after this one in which it cannot yet change."""


@dataclass(frozen=True, slots=True)
class LimitPaths:
    """What can come about of one lever in each month, and how far a path leads when none leads through the horizon.

    `worst_churn[t]`: for each limit that can be in force in month t, the most that the lever's limits can have lost by
    then, as a share of baseline. Empty where no path leads through the horizon; then `stuck_at` is the first month in
    which no limit may be in force, else None.
    """

    worst_churn: tuple[dict[str, float], ...]
    stuck_at: int | None = None


def reachable_limits(dataset: Dataset, segment: str) -> dict[str, tuple[frozenset[str], ...]]:
    """By lever the limits that can be in force in each month 0 … T-1; empty sets where there is no path."""
    found = {lever: paths.worst_churn for lever, paths in limit_paths(dataset, segment).items()}
    none = (frozenset[str](),) * len(dataset.horizon)
    return {lever: tuple(frozenset(month) for month in months) or none for lever, months in found.items()}


def limit_paths(dataset: Dataset, segment: str) -> dict[str, LimitPaths]:
    """Every sequence of limits the segment's windows and change rules leave, lever by lever, summed up by month."""
    return {lever: _paths(dataset, segment, effects) for lever, effects in levers(dataset, segment).items()}


def combinations(dataset: Dataset, segment: str) -> Iterator[tuple[tuple[LimitEffect, ...], dict[int, float]]]:
    """Limits of all levers that can be in force together, and by month the most that is lost with nothing short."""
    paths = {lever: each.worst_churn for lever, each in limit_paths(dataset, segment).items()}
    churn, lost = Churn(dataset, dataset.segment_of[segment]), [dataset.segment_of[segment].lost_share]
    for t in dataset.horizon:
        lost.append(churn.kept(lost[t]) + churn.to_rivals(t))
    for together in itertools.product(*levers(dataset, segment).values()):
        worst = [(paths[each.lever], each.limit) for each in together]
        months = [t for t in dataset.horizon if all(path and limit in path[t] for path, limit in worst)]
        yield together, {t: lost[t] + sum(path[t][limit] for path, limit in worst) for t in months}


def _paths(dataset: Dataset, segment: str, effects: Iterable[LimitEffect]) -> LimitPaths:
    row = dataset.segment_of[segment]
    choices = {effect.limit: effect for effect in effects}
    at_first = limit_before(row, choices.values())
    stay = max(0, row.min_months_between_changes - 1)

    def followers(state: State | None, t: int) -> Iterator[State]:
        """States of month t that can follow a state of the month before; None before month 0."""
        before, bound = state if state else (at_first, 0)
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
        return lost if state is None else churn.kept(lost) + churn.by_limit(choices[state[0]], t - 1)

    months: list[dict[State, float]] = []
    for t in dataset.horizon:
        arrivals = months[-1].items() if months else ((None, 0.0),)
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
