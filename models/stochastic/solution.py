"""The solution of a stochastic program: a plan for every scenario, EVPI and VSS."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from models.dataset import Dataset
from models.estimate import UNKNOWN, Estimate
from models.kinds import OfferKey
from models.plan import Plan, Signing
from models.stochastic.risk import TILT, Measure, cvar, expected_cost

ROUNDING = 1e-9
"""Of a cost, what is rounding and no regret."""


@dataclass(frozen=True, slots=True)
class WaitAndSeePlan:
    """The plan of a scenario known beforehand: its cost in USD, which is at least `bound_usd` for any plan."""

    cost_usd: float
    bound_usd: float
    plan: Plan

    @property
    def estimate(self) -> Estimate:
        """The least cost if the scenario were certain, USD."""
        return Estimate.optimum(self.bound_usd if math.isfinite(self.bound_usd) else None, self.cost_usd)

    def or_better(self, plan: Plan) -> WaitAndSeePlan:
        """The same, or a plan made for all scenarios where that costs less: it is one of each by itself, too."""
        cost = plan.objective_usd
        return WaitAndSeePlan(cost, min(self.bound_usd, cost), plan) if cost < self.cost_usd else self


@dataclass(frozen=True, slots=True)
class ScenarioPlan:
    """The plan of one scenario; it decides as those of others do until they can be told apart."""

    name: str
    probability: float
    plan: Plan
    wait_and_see: WaitAndSeePlan | None = None

    @property
    def cost_usd(self) -> float:
        """Net present cost."""
        return self.plan.objective_usd

    @property
    def if_certain(self) -> Estimate:
        """The least cost if the scenario were certain, USD."""
        return UNKNOWN if self.wait_and_see is None else self.wait_and_see.estimate

    @property
    def regret(self) -> Estimate:
        """What the scenario costs more than if it were certain, USD: never less than nothing."""
        beyond = Estimate.exactly(self.cost_usd).minus(self.if_certain)
        return UNKNOWN if beyond == UNKNOWN else beyond.without_noise(ROUNDING * abs(self.cost_usd)).not_below(0.0)


@dataclass(frozen=True, slots=True)
class BoundedValue:
    """An amount in USD by the plans found, and the interval that the bounds prove.

    `most_usd` is infinite where nothing bounds it.
    """

    usd: float
    least_usd: float
    most_usd: float

    def without_noise(self, noise: float) -> BoundedValue:
        """The same with 0 for what is no larger than `noise`, what rounding leaves."""
        amounts = (self.usd, self.least_usd, self.most_usd)
        return BoundedValue(*(0.0 if abs(each) <= noise else each for each in amounts))

    @property
    def estimate(self) -> Estimate:
        """What is proven of it."""
        return Estimate(self.least_usd, None if math.isinf(self.most_usd) else self.most_usd)


@dataclass(frozen=True, slots=True)
class StochasticSolution:
    """Plans for all scenarios.

    Attributes
    ----------
    objective_usd, bound_usd
        What was minimised, and a lower bound on it for any plans.
    eev_usd
        The expected result of the expected value solution: the objective when the decisions before first_stage_months
        are those of the plan for the expected values, and the rest is at its best. Infinite where a scenario has no
        plan with them, None where unknown.
    eev_bound_usd
        A lower bound on it.
    """

    measure: Measure
    scenarios: tuple[ScenarioPlan, ...]
    objective_usd: float
    bound_usd: float
    eev_usd: float | None = None
    eev_bound_usd: float | None = None

    @classmethod
    def of_plans(
        cls, measure: Measure, probability: Mapping[str, float], plans: Mapping[str, Plan], bound_usd: float = -math.inf
    ) -> StochasticSolution:
        """The solution of plans by scenario, of which no more is known than a bound."""
        parts = tuple(ScenarioPlan(name, probability[name], plan) for name, plan in plans.items())
        objective = measure.value({name: plan.objective_usd for name, plan in plans.items()}, probability)
        return cls(measure, parts, objective, bound_usd)

    def with_plans(self, plans: Mapping[str, Plan], objective_usd: float) -> StochasticSolution:
        """The same with other plans, by scenario, of which what was minimised comes to `objective_usd`."""

        def with_plan(each: ScenarioPlan) -> ScenarioPlan:
            plan, alone = plans[each.name], each.wait_and_see
            if alone is not None and self.measure.kind != "regret":  # which is measured from what was known before
                alone = alone.or_better(plan)
            return replace(each, plan=plan, wait_and_see=alone)

        return replace(self, scenarios=tuple(map(with_plan, self.scenarios)), objective_usd=objective_usd)

    def in_order_of(self, dataset: Dataset) -> StochasticSolution:
        """The same with the scenarios in the order of their sheet."""
        known = {each.name: each for each in self.scenarios}
        return replace(self, scenarios=tuple(known[each.scenario] for each in dataset.scenarios))

    @property
    def plans(self) -> dict[str, Plan]:
        """The plan of each scenario."""
        return {scenario.name: scenario.plan for scenario in self.scenarios}

    @property
    def signings(self) -> tuple[Signing, ...]:
        """The signings of all scenarios, one scenario after the other."""
        return tuple(each for scenario in self.scenarios for each in scenario.plan.signings)

    def takes(self, offer: OfferKey) -> bool:
        """Whether the plan of any scenario chooses to sign some of an offer."""
        return any(scenario.plan.takes(offer) for scenario in self.scenarios)

    @property
    def gap(self) -> float:
        """Relative: (objective - bound) / |objective|."""
        left = self.objective_usd - self.bound_usd
        return left / abs(self.objective_usd) if self.objective_usd else 0.0

    @property
    def probability(self) -> dict[str, float]:
        """Probability by scenario."""
        return {scenario.name: scenario.probability for scenario in self.scenarios}

    @property
    def costs(self) -> dict[str, float]:
        """Net present cost by scenario, USD."""
        return {scenario.name: scenario.cost_usd for scenario in self.scenarios}

    @property
    def expected_usd(self) -> float:
        """Expected net present cost, USD."""
        return expected_cost(self.costs, self.probability)

    def cvar_usd(self, alpha: float) -> float:
        """Expected cost of the worst 1 - alpha of the probability."""
        return cvar(self.costs, self.probability, alpha)

    def wait_and_see(self) -> Estimate:
        """What is minimised if each scenario were known beforehand; of the worst regret there is then none."""
        known = {scenario.name: scenario.wait_and_see for scenario in self.scenarios if scenario.wait_and_see}
        if len(known) < len(self.scenarios):
            return UNKNOWN
        if self.measure.kind == "regret":
            return Estimate.exactly(0.0)
        bound = self._value({name: plan.bound_usd for name, plan in known.items()})
        cost = self._value({name: plan.cost_usd for name, plan in known.items()})
        return Estimate.optimum(bound if math.isfinite(bound) else None, cost)

    def worst_regret(self) -> Estimate:
        """The most that a scenario costs above what it would if it were certain, USD."""
        regrets = [scenario.regret for scenario in self.scenarios]
        lows, highs = [each.at_least for each in regrets], [each.at_most for each in regrets]
        known = [each for each in highs if each is not None]
        most = max(known) if len(known) == len(highs) else None
        least = max((each for each in lows if each is not None), default=None)
        return UNKNOWN if least is None and most is None else Estimate(least, most)

    def eev(self) -> Estimate:
        """What the first decisions of the plan for the expected values come to with the best later ones, USD."""
        if self.eev_usd is None:
            return UNKNOWN
        bound = self.eev_bound_usd
        return Estimate.optimum(None if bound is None or math.isinf(bound) else bound, self.eev_usd)

    def evpi(self) -> BoundedValue | None:
        """The expected value of perfect information: the objective less that of the wait-and-see solution.

        Never negative. Who knows the scenario regrets nothing, so of the worst regret it is the plan's own. None where
        a scenario was not solved by itself, and of cases, which have no probabilities.
        """
        if self.measure.kind == "budget":
            return None
        known = {scenario.name: scenario.wait_and_see for scenario in self.scenarios if scenario.wait_and_see}
        if len(known) < len(self.scenarios):
            return None
        if self.measure.kind == "regret":
            return self._regret(known)
        wait_and_see = self._value({name: plan.cost_usd for name, plan in known.items()})
        bound = self._value({name: plan.bound_usd for name, plan in known.items()})
        return BoundedValue(
            max(0.0, self.objective_usd - wait_and_see),
            max(0.0, self.bound_usd - wait_and_see),
            self.objective_usd - bound,
        ).without_noise(self._noise)

    @property
    def _noise(self) -> float:
        """Of differences of costs, what is rounding; USD."""
        return ROUNDING * max(abs(scenario.cost_usd) for scenario in self.scenarios)

    def _regret(self, known: Mapping[str, WaitAndSeePlan]) -> BoundedValue:
        """The worst regret of the plans; at least what no plan gets below, at most that against what is proven."""
        cost = self.costs
        # with the least worst regret R the expected cost is at most R above wait-and-see, which bounds TILT's part
        alone = expected_cost({name: plan.cost_usd for name, plan in known.items()}, self.probability)
        return BoundedValue(
            max(0.0, *(cost[name] - plan.cost_usd for name, plan in known.items())),
            max(0.0, self.bound_usd - TILT * alone),
            max(0.0, *(cost[name] - plan.bound_usd for name, plan in known.items())),
        ).without_noise(self._noise)

    def vss(self) -> BoundedValue | None:
        """The value of the stochastic solution: what it saves over planning for the expected values; never negative.

        None where that is not known, and of cases, of which there is no mean.
        """
        if self.eev_usd is None or self.measure.kind == "budget":
            return None
        bound = self.eev_bound_usd
        if bound is None:
            bound = self.eev_usd if math.isinf(self.eev_usd) else -math.inf
        return BoundedValue(
            max(0.0, self.eev_usd - self.objective_usd),
            max(0.0, bound - self.objective_usd),
            self.eev_usd - self.bound_usd,
        ).without_noise(self._noise)

    def _value(self, costs: dict[str, float]) -> float:
        return self.measure.value(costs, self.probability)
