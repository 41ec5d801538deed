"""A tree of three scenarios small enough to try all decisions one by one, and the plan that is found for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

import builders as b
from stochastic import demands, scenario

from models.dataset import Dataset
from models.schema import Cap
from models.stochastic.plan_problem import plan_problem
from models.stochastic.risk import Measure
from models.stochastic.solution import StochasticSolution
from planner.solving.problem import SolveOptions
from planner.solving.search import solve

EXACT = SolveOptions(gap=0.0, threads=1)
HOURS = {1: 672.0, 2: 744.0}
PROBABILITY = {"low": 0.3, "high": 0.3, "peak": 0.4}
DEMAND = {"low": (0.5, 0.5, 0.5), "high": (0.5, 1.0, 0.8), "peak": (0.5, 1.0, 2.0)}
PRICES = {"deal": 1.0, "dear": 2.2}
MOST = {"deal": 2, "dear": 1}
MARKET = 3.0

Signed = Mapping[str, int]
"""Units signed at a node, by offer."""
Decided = Mapping[str, Signed]
"""By node: `all` signs in January for February; `low`, `high` and `peak` in February for March."""


@dataclass(frozen=True)
class Tree:
    """High and peak are one until February (`parted` 1) or March (2); `weight` is that of CVaR at 0.5; `cap` in kW."""

    parted: int
    weight: float = 0.0
    cap: float = 1.5

    @property
    def data(self) -> Dataset:
        """Two leases of a month that are signed a month before, hours on demand, and a cap on power."""
        leases = [
            b.lease(name, b.term(1, usd), lead_months=1, units_max=2 * MOST[name], sign_until=b.JAN + 1)
            for name, usd in PRICES.items()
        ]
        cap = Cap(cap="small", measure="capacity_mw", scope="total", sense="max", value=self.cap / 1000.0)
        rows = [scenario(name, p) for name, p in PROBABILITY.items() if name != "peak"]
        rows.append(scenario("peak", PROBABILITY["peak"], "high", self.parted))
        settings = {"risk_weight": self.weight, "risk_alpha": 0.5}
        market = b.on_demand(MARKET)
        return b.dataset(
            leases,
            market,
            cap,
            rows,
            demands(**DEMAND),
            b.demand(1, months=3),
            months=3,
            first_stage_months=1,
            **settings,
        )

    @property
    def nodes(self) -> tuple[str, ...]:
        return ("all", "low", "high", "peak") if self.parted == 1 else ("all", "low", "high")

    def ways(self) -> Iterator[Decided]:
        """Every combination of units at every node."""
        signed = [dict(zip(MOST, units, strict=True)) for units in product(*(range(n + 1) for n in MOST.values()))]
        for each in product(signed, repeat=len(self.nodes)):
            yield dict(zip(self.nodes, each, strict=True))

    def node(self, name: str) -> str:
        """Where a scenario signs for March."""
        return name if name in self.nodes else "high"

    def cost(self, name: str, way: Decided, price: Mapping[str, float] = PRICES, more: float = 0.0) -> float:
        """What a scenario costs; `more` tokens are wanted in March."""
        total = MARKET * 0.5 * 744.0  # January, when nothing is online
        for t, signed in ((1, way["all"]), (2, way[self.node(name)])):
            wanted = DEMAND[name][t] + (more if t == 2 else 0.0)
            rent = sum(price[offer] * units for offer, units in signed.items())
            total += HOURS[t] * (rent + MARKET * max(0.0, wanted - sum(signed.values())))
        return total

    def value(self, costs: Mapping[str, float]) -> float:
        """The mean of costs, and by `weight` that of the worse half."""
        left, tail = 0.5, 0.0
        for name in sorted(costs, key=lambda name: -costs[name]):
            part = min(left, PROBABILITY[name])
            left, tail = left - part, tail + part * costs[name] / 0.5
        mean = sum(PROBABILITY[name] * usd for name, usd in costs.items())
        return (1.0 - self.weight) * mean + self.weight * tail

    def least(
        self,
        allowed: Callable[[Decided], bool] = lambda way: True,
        price: Mapping[str, float] = PRICES,
        cap: float | None = None,
    ) -> float:
        """The least of what is minimised over all decisions that are allowed."""
        return min(
            self.value({name: self.cost(name, way, price) for name in PROBABILITY})
            for way in self.ways()
            if allowed(way) and all(sum(signed.values()) <= (cap or self.cap) for signed in way.values())
        )

    def decided(self, plans: StochasticSolution) -> Decided:
        """What plans sign at each node."""

        def units(name: str, month: int) -> Signed:
            chosen = [each for each in plans.plans[name].chosen if each.month == month]
            return {offer: sum(each.units for each in chosen if each.name == offer) for offer in MOST}

        return {node: units("low" if node == "all" else node, 0 if node == "all" else 1) for node in self.nodes}

    def held(
        self,
        plan: Decided,
        name: str,
        of: str | None,
        allowed: Callable[[Decided], bool],
        price: Mapping[str, float] = PRICES,
    ) -> float | None:
        """The least cost of a scenario with what others share as planned, but for one offer; None where none exists."""
        shared = ["all"] + (["high"] if self.parted == 2 and name != "low" else [])

        def holds(way: Decided) -> bool:
            return all(way[node][each] == plan[node][each] for node in shared for each in MOST if each != of)

        own = {"all", self.node(name)}
        return min(
            (
                self.cost(name, way, price)
                for way in self.ways()
                if holds(way)
                and all(sum(way[node].values()) <= self.cap for node in own)
                and allowed({node: way[node] for node in own})
            ),
            default=None,
        )


def takes_somewhere(offer: str) -> Callable[[Decided], bool]:
    return lambda way: any(signed[offer] for signed in way.values())


def not_so(allowed: Callable[[Decided], bool]) -> Callable[[Decided], bool]:
    return lambda way: not allowed(way)


def planned(data: Dataset, measure: Measure | None = None) -> StochasticSolution:
    problem = plan_problem(data, measure or Measure.of(data))
    outcome = solve(problem, EXACT)
    assert outcome.values is not None
    plans = problem.plans_of(outcome.values)
    assert isinstance(plans, StochasticSolution)
    return plans
