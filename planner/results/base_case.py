"""The base case, the cheapest plan that signs nothing new, and what a plan saves against it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field

from models.core.noise import NOISE
from models.estimate import UNKNOWN, Estimate

SHORTFALL, FORGONE = "shortfall", "revenue_forgone"
"""Categories of cost that nobody pays, told apart from money."""
MONEY = "money"
"""The other categories together."""

Costs = Mapping[str, float]
"""USD of present value by category."""

Parts = Mapping[str, Estimate]
"""What is known of `SHORTFALL`, `FORGONE` and `MONEY`, USD of present value."""


def parts_of(costs: Costs) -> Parts:
    """The parts of a plan's cost that is known."""
    return {name: Estimate.exactly(costs[name]) for name in (SHORTFALL, FORGONE)}


@dataclass(frozen=True, slots=True)
class BaseCase:
    """What is known of it.

    Parameters
    ----------
    cost
        Net present cost in USD, or with scenarios what is minimised: of the plan found, and of any.
    parts
        Of the least cost: those of the plan found, expected with scenarios, where it is proven within the gap; else
        what any plan of a cost within the range can come to. Nothing where a measure of risk adds to the cost.
    none_exists
        Whether it is proven that no plan signs nothing new.
    warning
        What a reader should know, "" for nothing.
    """

    cost: Estimate = UNKNOWN
    parts: Parts = field(default_factory=dict)
    none_exists: bool = False
    warning: str = ""

    def saving(self, plan_usd: float) -> Estimate:
        """What a plan of that cost saves: value at stake, shortage avoided and revenue kept included."""
        return self._saving(plan_usd).of_a_gain()

    def _saving(self, plan_usd: float) -> Estimate:
        return self.cost.minus(Estimate.exactly(plan_usd)).without_noise(NOISE * abs(plan_usd))

    def shortage_avoided(self, plan_costs: Costs) -> Estimate:
        """The base case's shortfall less that of a plan, USD of penalties: value at stake, no money."""
        return self._less(SHORTFALL, plan_costs).of_a_gain()

    def cash_saved(self, plan_usd: float, plan_costs: Costs) -> Estimate:
        """What of the saving is money: neither shortage avoided nor revenue kept."""
        other = (self._less(name, plan_costs) for name in (SHORTFALL, FORGONE))
        rest = functools.reduce(Estimate.minus, other, self._saving(plan_usd))
        paid = plan_usd - plan_costs[SHORTFALL] - plan_costs[FORGONE]
        known = rest.and_also(self.parts.get(MONEY, UNKNOWN).minus(Estimate.exactly(paid)))
        return known.without_noise(NOISE * abs(plan_usd)).of_a_gain()

    def revenue_kept(self, plan_costs: Costs) -> Estimate:
        """The revenue that limits and prices of the base case forgo, USD, less what those of a plan do."""
        return self._less(FORGONE, plan_costs).of_a_gain()

    def _less(self, category: str, plan_costs: Costs) -> Estimate:
        """A part of it less that of a plan; what rounding leaves of two costs is nothing."""
        ends = (each for each in (self.cost.at_least, self.cost.at_most) if each is not None)
        size = max(map(abs, ends), default=0.0) + sum(map(abs, plan_costs.values()))
        difference = self.parts.get(category, UNKNOWN).minus(Estimate.exactly(plan_costs[category]))
        return difference.without_noise(NOISE * size)


NO_BASE_CASE = BaseCase()
"""Where nothing is known of it."""
