"""What came out of deciding under uncertainty: a plan for every scenario, and what knowing more would be worth."""

from __future__ import annotations

from dataclasses import dataclass

from models.plan import CATEGORIES, Plan
from models.stochastic.risk import Measure, cvar, expected_cost


@dataclass(frozen=True, slots=True)
class WaitAndSeePlan:
    """A scenario solved as if it were certain: its least cost in USD, proven to be at least `bound_usd`."""

    cost_usd: float
    bound_usd: float
    plan: Plan


@dataclass(frozen=True, slots=True)
class ScenarioPlan:
    """The plan of one scenario, alike with those of others up to where they can be told apart."""

    name: str
    probability: float
    plan: Plan
    wait_and_see: WaitAndSeePlan | None = None

    @property
    def cost_usd(self) -> float:
        """Net present cost."""
        return self.plan.objective_usd


@dataclass(frozen=True, slots=True)
class BoundedValue:
    """An amount in USD: as the plans found say, and the least and most it can be by what was proven.

    `most_usd` is infinite where nothing bounds it.
    """

    usd: float
    least_usd: float
    most_usd: float


@dataclass(frozen=True, slots=True)
class StochasticSolution:
    """Plans for all scenarios; `objective_usd` is what was minimised, proven to be at least `bound_usd`.

    `eev_usd`: the same objective when what is decided before first_stage_months is that of the plan
    for the expected values, and the rest is decided at its best; infinite where that admits no plan, None where
    it was not worked out. Up to `eev_bound_usd` it is proven to cost no less.
    """

    measure: Measure
    scenarios: tuple[ScenarioPlan, ...]
    objective_usd: float
    bound_usd: float
    eev_usd: float | None = None
    eev_bound_usd: float | None = None

    @property
    def gap(self) -> float:
        """Relative: (objective - bound) / |objective|."""
        left = self.objective_usd - self.bound_usd
        return left / abs(self.objective_usd) if self.objective_usd else 0.0

    @property
    def probability(self) -> dict[str, float]:
        """Probability by scenario."""
        return {each.name: each.probability for each in self.scenarios}

    @property
    def costs(self) -> dict[str, float]:
        """Net present cost by scenario, USD."""
        return {each.name: each.cost_usd for each in self.scenarios}

    @property
    def expected_usd(self) -> float:
        """Expected net present cost, USD."""
        return expected_cost(self.costs, self.probability)

    def cvar_usd(self, alpha: float) -> float:
        """Expected cost of the worst 1 - alpha of the probability."""
        return cvar(self.costs, self.probability, alpha)

    def costs_usd(self) -> dict[str, float]:
        """Expected present value by category, every category named; sums to the expected cost."""
        totals = dict.fromkeys(CATEGORIES, 0.0)
        for each in self.scenarios:
            for category, usd in each.plan.costs_usd().items():
                totals[category] += each.probability * usd
        return totals

    def evpi(self) -> BoundedValue | None:
        """What knowing the scenario beforehand would be worth: the objective less that of the scenarios if certain.

        Never negative. None where a scenario was not solved by itself.
        """
        if any(each.wait_and_see is None for each in self.scenarios):
            return None
        found = {each.name: each.wait_and_see.cost_usd for each in self.scenarios if each.wait_and_see}
        bound = {each.name: each.wait_and_see.bound_usd for each in self.scenarios if each.wait_and_see}
        apart = self._value(found), self._value(bound)
        return BoundedValue(
            max(0.0, self.objective_usd - apart[0]),
            max(0.0, self.bound_usd - apart[0]),
            self.objective_usd - apart[1],
        )

    def vss(self) -> BoundedValue | None:
        """What planning for all scenarios saves over planning for their expected values: never negative."""
        mean = self.eev_usd
        if mean is None:
            return None
        least = mean if self.eev_bound_usd is None else self.eev_bound_usd
        return BoundedValue(
            max(0.0, mean - self.objective_usd),
            max(0.0, least - self.objective_usd),
            mean - self.bound_usd,
        )

    def _value(self, costs: dict[str, float]) -> float:
        return self.measure.value(costs, self.probability)
