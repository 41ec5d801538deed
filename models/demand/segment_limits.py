r"""The limits of one segment in the model: what is in force, and what of baseline demand and revenue is left.

Multipliers of limits of several levers multiply. With p the share that the levers before leave, between lo and hi, and
x_l of the next lever's limits in force: `with_limit`_l <= hi x_l, >= lo x_l, \sum_l with_limit_l = p; then
\sum_l multiplier_l with_limit_l is left. So columns grow with the sum of the levels of all levers, not their product.
"""

from __future__ import annotations

from models.core.linear import Linear
from models.core.model import Model
from models.demand.limit_effects import LimitEffect, levers, limit_before
from models.schema import Segment


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
        share, least, most = Linear(1.0), 1.0, 1.0
        for lever, effects in levers_now.items():
            factors = {each.limit: getattr(each, multiplier) for each in effects if not self.at(each.limit, t).is_zero}
            if len(set(factors.values())) == 1 or share.is_constant:
                share = self._plainly(share, factors, t)
            else:
                share = self._times(share, factors, (multiplier, lever, t), least, most)
            least, most = least * min(factors.values(), default=0.0), most * max(factors.values(), default=0.0)
        return share

    def _plainly(self, share: Linear, factors: dict[str, float], t: int) -> Linear:
        """The share times what a lever leaves, where one of the two is certain."""
        if share.is_constant:
            return Linear().plus_all((self.at(limit, t), share.constant * factor) for limit, factor in factors.items())
        return share.times(next(iter(factors.values())))

    def _times(
        self, share: Linear, factors: dict[str, float], key: tuple[str, str, int], least: float, most: float
    ) -> Linear:
        """The share times what the lever's limit in force leaves."""
        model, t, left, parts = self.model, key[-1], Linear(), share.times(-1.0)
        for limit, factor in factors.items():
            index = self.segment.segment, key[0], limit, t
            column, in_force = model.add_unbounded("with_limit", index), self.at(limit, t)
            column.setlb(0.0)
            column.setub(most)
            model.add_constraint("with_limit_at_most", index, Linear.of(column).plus(in_force, -most), at_most=0.0)
            if least:
                body = Linear.of(column).plus(in_force, -least)
                model.add_constraint("with_limit_at_least", index, body, at_least=0.0)
            left.add(column, factor)
            parts.add(column)
        model.add_constraint("with_limits_together", (self.segment.segment, *key), parts, equals=0.0)
        return left
