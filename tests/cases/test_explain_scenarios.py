"""Plans for scenarios explained and varied: every figure against all decisions of small trees tried one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import product

import builders as b
import pytest
from stochastic import demands, scenario
from told_documents import EXACT, InThisProcess

from models.dataset import Dataset
from models.estimate import Estimate
from models.schema import Cap
from models.stochastic.plan_problem import plan_problem
from models.stochastic.risk import Measure
from models.stochastic.solution import StochasticSolution
from models.supply.registry import offers_on_the_table
from planner.analysis.marginal_values import marginal_values_by_scenario
from planner.explain.breakeven import KNOWN_WIDTH
from planner.explain.by_scenario import ScenarioDifference, expected_difference
from planner.explain.document import explanation_json
from planner.explain.explanation import Explanation, answer_questions
from planner.explain.ranges import parse
from planner.explain.sensitivity import vary
from planner.explain.sensitivity_tables import variations_json
from planner.solving.search import solve

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
    """High and peak are one until February (`parted` 1) or March (2); `weight` is that of CVaR at 0.5."""

    parted: int
    weight: float = 0.0

    @property
    def data(self) -> Dataset:
        """Two leases of a month that are signed a month before, and hours on demand; a cap lets one unit in."""
        leases = [
            b.lease(name, b.term(1, usd), lead_months=1, units_max=2 * MOST[name], sign_until=b.JAN + 1)
            for name, usd in PRICES.items()
        ]
        cap = Cap(cap="small", measure="capacity_mw", scope="total", sense="max", value=0.0015)
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
        cap: float = 1.5,
    ) -> float:
        """The least of what is minimised over all decisions that are allowed."""
        return min(
            self.value({name: self.cost(name, way, price) for name in PROBABILITY})
            for way in self.ways()
            if allowed(way) and all(sum(signed.values()) <= cap for signed in way.values())
        )

    def decided(self, plans: StochasticSolution) -> Decided:
        """What plans sign at each node."""

        def units(name: str, month: int) -> Signed:
            chosen = [each for each in plans.plans[name].chosen if each.month == month]
            return {offer: sum(each.units for each in chosen if each.name == offer) for offer in MOST}

        return {node: units("low" if node == "all" else node, 0 if node == "all" else 1) for node in self.nodes}

    def held(self, plan: Decided, name: str, of: str | None, allowed: Callable[[Decided], bool]) -> float | None:
        """The least cost of a scenario with what others share as planned, but for one offer; None where none exists."""
        shared = ["all"] + (["high"] if self.parted == 2 and name != "low" else [])

        def holds(way: Decided) -> bool:
            return all(way[node][each] == plan[node][each] for node in shared for each in MOST if each != of)

        own = {"all", self.node(name)}
        return min(
            (
                self.cost(name, way)
                for way in self.ways()
                if holds(way)
                and all(sum(way[node].values()) <= 1.5 for node in own)
                and allowed({node: way[node] for node in own})
            ),
            default=None,
        )


def _takes(offer: str) -> Callable[[Decided], bool]:
    return lambda way: any(signed[offer] for signed in way.values())


def _not(allowed: Callable[[Decided], bool]) -> Callable[[Decided], bool]:
    return lambda way: not allowed(way)


def _solved(data: Dataset) -> StochasticSolution:
    problem = plan_problem(data, Measure.of(data))
    outcome = solve(problem, EXACT)
    assert outcome.values is not None
    plans = problem.plans_of(outcome.values)
    assert isinstance(plans, StochasticSolution)
    return plans


@cache
def _explained(tree: Tree) -> tuple[StochasticSolution, Explanation]:
    plans = _solved(tree.data)
    cost = Estimate.exactly(plans.objective_usd)
    return plans, answer_questions(tree.data, plans, cost, InThisProcess(), EXACT)  # type: ignore[arg-type]


def _is(told: Estimate, true: float) -> bool:
    return told == Estimate(pytest.approx(true, abs=1e-3), pytest.approx(true, abs=1e-3), told.known_by)


def _holds(told: Estimate, true: float) -> bool:
    low, high = told.at_least, told.at_most
    return (low is None or low <= true + 1e-6) and (high is None or high >= true - 1e-6)


TREES = [
    Tree(1),
    Tree(2, 0.5),
    pytest.param(Tree(2), marks=pytest.mark.slow),
    pytest.param(Tree(1, 0.5), marks=pytest.mark.slow),
    pytest.param(Tree(2, 1.0), marks=pytest.mark.slow),
]


@pytest.mark.parametrize("tree", TREES)
def test_explain_tells_what_trying_everything_finds(tree: Tree) -> None:
    """Worths, extra costs, break-even prices and what the cap costs are those of all decisions tried one by one."""
    plans, found = _explained(tree)
    best = tree.least()
    assert plans.objective_usd == pytest.approx(best)
    for offer in found.offers:
        takes = _takes(offer.name)
        assert offer.taken == takes(tree.decided(plans))
        other = tree.least(_not(takes) if offer.taken else takes)
        assert _is(offer.difference, other - best), offer.name
        assert not offer.infeasible
        without, even = tree.least(_not(takes)), offer.break_even
        for end, beyond in ((even.at_least, -1e-3), (even.at_most, 1e-3)):
            assert end is not None
            at = tree.least(takes, PRICES | {offer.name: PRICES[offer.name] * max(0.0, end + beyond)})
            assert at <= without + 1e-6 if beyond < 0.0 else at >= without - 1e-6, (offer.name, end)
        assert even.width is not None
        assert even.width <= KNOWN_WIDTH * max(1.0, even.at_most or 0.0) + 1e-9
    saving = {each.loosened.loosened_to: each.saving for each in found.policy}
    assert _is(saving[None], best - tree.least(cap=9.0))


@pytest.mark.parametrize("tree", TREES)
def test_by_scenario_with_shared_decisions_held(tree: Tree) -> None:
    """In each scenario a worth is that of its own decisions made anew and of shared ones as planned but its."""
    plans, found = _explained(tree)
    decided = tree.decided(plans)
    for offer in found.offers:
        takes = _takes(offer.name)
        for each in offer.by_scenario:
            allowed = _not(takes) if offer.taken else takes
            with_change = tree.held(decided, each.scenario, offer.name, allowed)
            without = tree.held(decided, each.scenario, None, lambda way: True)
            assert without is not None
            assert each.infeasible == (with_change is None), (offer.name, each)
            if with_change is not None:
                assert _is(each.difference, with_change - without), (offer.name, each)
        if offer.taken and not any(each.infeasible for each in offer.by_scenario) and not tree.weight:
            mean, worth = expected_difference(offer.by_scenario).at_most, offer.difference.at_least
            assert mean is not None
            assert worth is not None
            assert mean >= worth - 1e-6
    assert found.complete


@pytest.mark.parametrize("tree", TREES[:2])
def test_marginal_values_are_expected_and_by_scenario(tree: Tree) -> None:
    """One more token in March costs in a scenario what serving it costs there, and the mean of that in expectation."""
    plans, step = _solved(tree.data), 1e-3
    decided = tree.decided(plans)
    expected, by_scenario = marginal_values_by_scenario(tree.data, plans)
    assert expected is not None
    true = {
        name: (tree.cost(name, decided, more=step) - tree.cost(name, decided)) / step / (744.0 / 24.0 * 1000.0)
        for name in PROBABILITY
    }
    told = {name: values.tokens[-1].usd_per_mtok for name, values in by_scenario.items()}
    assert told == pytest.approx(true)
    mean = sum(PROBABILITY[name] * usd for name, usd in true.items())
    assert (expected.tokens[-1].month, expected.tokens[-1].usd_per_mtok) == (2, pytest.approx(mean))


@pytest.mark.parametrize("tree", TREES[:2])
def test_vary_solves_for_all_scenarios_at_every_value(tree: Tree) -> None:
    """The least at each market price is that of all decisions tried, and each scenario's cost is told."""
    plans = _solved(tree.data)
    variations = [parse("price:deal=0.5,2"), parse("cap:small=1,2")]
    cost = Estimate.exactly(plans.objective_usd)
    found = vary(tree.data, plans, cost, variations, InThisProcess(), EXACT)  # type: ignore[arg-type]
    prices, caps = found.curves
    for point in prices.points:
        assert _is(point.least_cost, tree.least(price=PRICES | {"deal": point.value})), point.value
    for point in caps.points:
        assert _is(point.least_cost, tree.least(cap=1.5 * point.value)), point.value
    for each in variations_json(found, tree.data)["curves"][0]["points"]:
        costs = {one["scenario"]: one["cost_usd"] for one in each["scenarios"]}
        assert tree.value(costs) == pytest.approx(each["cost_usd"])


def test_an_offer_forced_in_may_be_taken_in_one_scenario_alone() -> None:
    """Forced in, an offer has to be taken somewhere: in the scenario where that costs least, not in each."""
    tree = Tree(1)
    plans, found = _explained(tree)
    [dear] = [each for each in found.offers if each.name == "dear"]
    assert not dear.taken
    everywhere = tree.least(lambda way: all(way[node]["dear"] for node in ("low", "high", "peak")))
    assert dear.difference.at_most is not None
    assert plans.objective_usd + dear.difference.at_most < everywhere - 1.0


def test_plans_that_are_not_proven_are_ranges() -> None:
    """Of a poor plan and no bound no end of any range is beyond the truth."""
    tree = Tree(1)
    [deal] = [each for each in offers_on_the_table(tree.data) if each.name == "deal"]
    poor = _solved(deal.kind.without(tree.data, "deal"))
    found = answer_questions(tree.data, poor, Estimate(None, poor.objective_usd), InThisProcess(), EXACT)  # type: ignore[arg-type]
    assert found.better is not None
    assert found.better.plan.objective_usd == pytest.approx(tree.least())
    told = explanation_json(found, tree.data)
    assert told["risk"] == "expected"
    for each in found.offers:
        takes = _takes(each.name)
        true = tree.least(takes if not each.taken else _not(takes)) - tree.least()
        assert _holds(each.difference, true)


def test_a_mean_with_a_scenario_without_a_plan_is_not_known() -> None:
    """Where a scenario has no plan there is no mean; a scenario of probability 0 counts for nothing."""

    def one(name: str, p: float, usd: float | None) -> ScenarioDifference:
        told = Estimate.unknown() if usd is None else Estimate.exactly(usd)
        return ScenarioDifference(name, p, told, usd is None, complete=True)

    two: Iterable[ScenarioDifference] = [one("a", 0.25, 4.0), one("b", 0.75, 8.0)]
    assert expected_difference([*two]) == Estimate.exactly(7.0)
    assert expected_difference([*two, one("c", 0.0, None)]) == Estimate.exactly(7.0)
    assert expected_difference([replace(each, infeasible=True) for each in two]) == Estimate.unknown()
