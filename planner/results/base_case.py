"""The base case, the cheapest plan that signs nothing new, and what a plan saves against it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from models.core.noise import NOISE
from models.estimate import UNKNOWN, Estimate

SHORTFALL, FORGONE = "shortfall", "revenue_forgone"
"""Categories of cost that nobody pays, told apart from money."""

Costs = Mapping[str, float]
"""USD of present value by category."""


@dataclass(frozen=True, slots=True)
class BaseCase:
    """What is known of it.

    Parameters
    ----------
    cost
        Net present cost in USD, or with scenarios what is minimised: of the plan found, and of any.
    costs_usd
        The cost of the plan found by category, expected with scenarios; None where it is not proven within the gap,
        or a measure of risk adds to the cost.
    none_exists
        Whether it is proven that no plan signs nothing new.
    warning
        What a reader should know, "" for nothing.
    """

    cost: Estimate = UNKNOWN
    costs_usd: Costs | None = None
    none_exists: bool = False
    warning: str = ""

    def saving(self, plan_usd: float) -> Estimate:
        """What a plan of that cost saves: value at stake, shortage avoided and revenue kept included."""
        return self.cost.minus(Estimate.exactly(plan_usd))

    def shortage_avoided(self, plan_costs: Costs) -> Estimate:
        """The base case's shortfall less that of a plan, USD of penalties: value at stake, no money."""
        if self.costs_usd is None:
            return UNKNOWN
        return self._less(SHORTFALL, plan_costs)

    def cash_saved(self, plan_usd: float, plan_costs: Costs) -> Estimate:
        """What of the saving is money: neither shortage avoided nor revenue kept."""
        return self.saving(plan_usd).minus(self.shortage_avoided(plan_costs)).minus(self.revenue_kept(plan_costs))

    def revenue_kept(self, plan_costs: Costs) -> Estimate:
        """The revenue that limits and prices of the base case forgo, USD, less what those of a plan do."""
        if self.costs_usd is None:
            return UNKNOWN
        return self._less(FORGONE, plan_costs)

    def _less(self, category: str, plan_costs: Costs) -> Estimate:
        """A category of it less that of a plan; what rounding leaves of two costs is nothing."""
        assert self.costs_usd is not None
        size = sum(map(abs, (*self.costs_usd.values(), *plan_costs.values())))
        difference = Estimate.exactly(self.costs_usd[category] - plan_costs[category])
        return difference.without_noise(NOISE * size)


NO_BASE_CASE = BaseCase()
"""Where nothing is known of it."""
