r"""The limits of one segment in the model: what is in force, and what of baseline demand and revenue is left.

Multipliers of limits of several levers multiply. For each combination c of limits of several levers `together`_c >= 0,
\sum of `together` over the combinations with limit l = in_force_l, so that one is 1 and the others are 0; then
\sum multiplier_c together_c is left. That is the tightest description there is, the same columns for demand, peak
demand and revenue. Where there are more than `MOST_TOGETHER` combinations, levers are taken together in groups, and the
groups one after the other: with p the share that the groups before leave, between lo and hi, and x_c of the next one,
`with_limit`_c <= hi x_c, >= lo x_c, \sum_c with_limit_c = p; then \sum_c multiplier_c with_limit_c is left.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from math import prod

from models.core.linear import Linear
from models.core.model import Model
from models.demand.limit_effects import LimitEffect, levers, limit_before, product
from models.schema import Segment

MOST_TOGETHER = 10_000
"""Combinations of a segment's limits over all months up to which each has a column."""
MULTIPLIERS = ("demand", "peak_demand", "revenue")

Combination = tuple[LimitEffect, ...]
"""Limits of different levers in force together."""


class SegmentLimits:
    """The limits of one segment: what is in force, and the share of baseline demand and revenue left."""

    def __init__(self, model: Model, segment: Segment) -> None:
        self.model, self.segment = model, segment
        self.levers = levers(model.dataset, segment.segment)
        self.limit_effects = {each.limit: each for effects in self.levers.values() for each in effects}
        self.before = {lever: limit_before(segment, effects) for lever, effects in self.levers.items()}
        self.in_force: dict[tuple[str, int], Linear] = {}
        self.lost: dict[int, Linear] = {t: Linear() for t in model.dataset.horizon}
        self._shares: dict[tuple[str, int], Linear] = {}
        self._together: dict[tuple[int, tuple[str, ...]], dict[Combination, Linear]] = {}

    def at(self, limit: str, t: int) -> Linear:
        """1 when the limit is in force in month t; month -1 is current_limit."""
        if t < 0:
            return Linear(1.0 if limit in self.before.values() else 0.0)
        return self.in_force.get((limit, t), Linear())

    def of_lever(self, limit: str) -> tuple[LimitEffect, ...]:
        """The limits of the lever that a limit belongs to."""
        return self.levers[self.limit_effects[limit].lever]

    def effects_in(self, t: int) -> dict[str, list[LimitEffect]]:
        """The limits by lever, with what they do in month t."""
        dataset, name = self.model.dataset, self.segment.segment
        return {lever: [each.in_month(dataset, name, t) for each in effects] for lever, effects in self.levers.items()}

    def demand_share(self, t: int, peak: bool) -> Linear:
        """Share of baseline demand left in month t."""
        return self._left(t, "peak_demand" if peak else "demand")

    def revenue_share(self, t: int) -> Linear:
        """Share of baseline revenue left in month t, before shortfall."""
        return self._left(t, "revenue")

    def _left(self, t: int, multiplier: str) -> Linear:
        if (multiplier, t) not in self._shares:
            self._shares[multiplier, t] = self._product(t, multiplier)
        return self._shares[multiplier, t].times(1.0).plus(self.lost[t], -1.0)

    def _product(self, t: int, multiplier: str) -> Linear:
        levers_now = self.effects_in(t)
        every = [each for effects in levers_now.values() for each in effects]
        if multiplier == "peak_demand" and all(each.peak_demand == each.demand for each in every):
            return self.demand_share(t, False).plus(self.lost[t])
        if len(levers_now) == 1:
            found = ((self.at(each.limit, t), getattr(each, multiplier)) for each in every)
            return Linear().plus_all((at, factor) for at, factor in found if not at.is_zero)
        share, least, most = Linear(1.0), 1.0, 1.0
        for chosen in self._groups(t, levers_now, multiplier):
            factors = {limits: product(limits, multiplier) for limits in chosen}
            if len(set(factors.values())) == 1:
                share = share.times(next(iter(factors.values())))
            elif share.is_constant:
                share = Linear().plus_all((chosen[each], share.constant * factor) for each, factor in factors.items())
            else:
                share = self._times(share, chosen, (multiplier, t), least, most)
            least, most = least * min(factors.values(), default=0.0), most * max(factors.values(), default=0.0)
        return share

    def _groups(
        self, t: int, levers_now: dict[str, list[LimitEffect]], multiplier: str
    ) -> Iterator[dict[Combination, Linear]]:
        """Levers taken together: 1 for the combination of their limits that is in force; each limit is of one group.

        Levers of which no more than one changes the multiplier are taken one by one.
        """
        limits = {
            lever: [each for each in effects if not self.at(each.limit, t).is_zero]
            for lever, effects in levers_now.items()
        }
        groups: list[list[str]] = [[]]
        for lever in (each for each in limits if any(_varies(limits[each], what) for what in MULTIPLIERS)):
            count = prod(len(limits[each]) for each in (*groups[-1], lever))
            if count * len(self.model.dataset.horizon) > MOST_TOGETHER and groups[-1]:
                groups.append([])
            groups[-1].append(lever)
        for group in groups:
            if sum(_varies(limits[lever], multiplier) for lever in group) > 1:
                yield self._combinations(t, {lever: limits[lever] for lever in group})
            else:
                for lever in group:
                    yield {(each,): self.at(each.limit, t) for each in limits[lever]}
        for lever, effects in limits.items():
            if not any(lever in group for group in groups):
                yield {(each,): self.at(each.limit, t) for each in effects}

    def _combinations(self, t: int, limits: dict[str, list[LimitEffect]]) -> dict[Combination, Linear]:
        """1 for the combination in force of limits of several levers, for each of them."""
        key = t, tuple(limits)
        if key not in self._together:
            model, name = self.model, self.segment.segment
            found: dict[Combination, Linear] = {}
            for together in itertools.product(*limits.values()):
                column = model.add_unbounded("together", (name, *(each.limit for each in together), t))
                column.setlb(0.0)
                column.setub(1.0)
                found[together] = Linear.of(column)
            for effect in itertools.chain.from_iterable(limits.values()):
                body = self.at(effect.limit, t).times(-1.0)
                body.plus_all((part, 1.0) for together, part in found.items() if effect in together)
                model.add_constraint("limits_together", (name, effect.limit, t), body, equals=0.0)
            self._together[key] = found
        return self._together[key]

    def _times(
        self, share: Linear, chosen: dict[Combination, Linear], key: tuple[str, int], least: float, most: float
    ) -> Linear:
        """The share times what the limits of a group that are in force leave."""
        model, (multiplier, t), left, parts = self.model, key, Linear(), share.times(-1.0)
        name, levers_of = self.segment.segment, dict.fromkeys(each.lever for limits in chosen for each in limits)
        for limits, in_force in chosen.items():
            index = name, multiplier, *(each.limit for each in limits), t
            column = model.add_unbounded("with_limit", index)
            column.setlb(0.0)
            column.setub(most)
            model.add_constraint("with_limit_at_most", index, Linear.of(column).plus(in_force, -most), at_most=0.0)
            if least:
                body = Linear.of(column).plus(in_force, -least)
                model.add_constraint("with_limit_at_least", index, body, at_least=0.0)
            left.add(column, product(limits, multiplier))
            parts.add(column)
        model.add_constraint("with_limits_together", (name, multiplier, *levers_of, t), parts, equals=0.0)
        return left


def _varies(effects: list[LimitEffect], multiplier: str) -> bool:
    """Whether limits differ in a multiplier."""
    return len({getattr(each, multiplier) for each in effects}) > 1
