"""The limits of one segment in the model: what is in force, and what of baseline demand and revenue is left."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter

from models.core.linear import Linear
from models.core.model import Model
from models.demand.limit_effects import LimitEffect, limit_effects
from models.schema import Segment


class SegmentLimits:
    """The limits of one segment: what is in force, and the share of baseline demand and revenue left."""

    def __init__(self, model: Model, segment: Segment) -> None:
        self.segment, self.dataset = segment, model.dataset
        self.limit_effects = {each.limit: each for each in limit_effects(model.dataset, segment.segment)}
        self.in_force: dict[tuple[str, int], Linear] = {}
        self.lost: dict[int, Linear] = {t: Linear() for t in model.dataset.horizon}

    def at(self, limit: str, t: int) -> Linear:
        """1 when the limit is in force in month t; month -1 is current_limit."""
        if t < 0:
            return Linear(1.0 if limit == self.segment.current_limit else 0.0)
        return self.in_force.get((limit, t), Linear())

    def demand_share(self, t: int, peak: bool) -> Linear:
        """Share of baseline demand left in month t."""
        return self._share(t, attrgetter("peak_demand" if peak else "demand"))

    def revenue_share(self, t: int) -> Linear:
        """Share of baseline revenue left in month t, before shortfall."""
        return self._share(t, attrgetter("revenue"))

    def _share(self, t: int, multiplier: Callable[[LimitEffect], float]) -> Linear:
        left = self.lost[t].times(-1.0)
        if not self.limit_effects:
            return left.add_constant(1.0)
        return left.plus_all((self.at(name, t), multiplier(effect)) for name, effect in self.limit_effects.items())
