"""Plans for scenarios explained and varied: every figure against all decisions of small trees tried one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from small_trees import EXACT, PRICES, PROBABILITY, Decided, Tree, not_so, planned, takes_somewhere
from told_documents import InThisProcess

from models.dataset import Dataset
from models.estimate import Estimate
from models.stochastic.risk import Measure
from models.stochastic.solution import StochasticSolution
from models.supply.registry import offers_on_the_table
from models.variants.offers import with_offer, without_offer
from planner.analysis.marginal_values import marginal_values_by_scenario
from planner.explain.breakeven import KNOWN_WIDTH
from planner.explain.by_scenario import ScenarioDifference, expected_difference
from planner.explain.document import explanation_json
from planner.explain.explanation import Explanation, answer_questions
from planner.explain.ranges import parse
from planner.explain.sensitivity import vary
from planner.explain.sensitivity_tables import variations_json
from planner.explain.words import headlines
from planner.solving.solve_task import solve_task
from planner.stochastic import decomposition, method
from planner.stochastic.decomposition import decompose
from planner.stochastic.joint_task import JointTask


@cache
def _explained(tree: Tree) -> tuple[StochasticSolution, Explanation]:
    plans = planned(tree.data)
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


class _Over(InThisProcess):
    """Workers whose time is over."""

    seconds_left = 0.0


def test_where_time_is_over_nothing_is_audited_for_the_scenarios(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer for each scenario, all unknown, without the plan being tried in each change of each of them."""
    tree = Tree(1)
    plans = planned(tree.data)
    monkeypatch.setattr("planner.explain.searches.is_accepted", lambda *_: pytest.fail("audited"))
    found = answer_questions(tree.data, plans, Estimate.exactly(plans.objective_usd), _Over(), EXACT)  # type: ignore[arg-type]
    assert found.offers
    assert not found.complete
    for offer in found.offers:
        assert {each.scenario for each in offer.by_scenario} == set(plans.plans)
        assert not any(each.complete for each in offer.by_scenario)


@pytest.mark.parametrize("tree", TREES)
def test_explain_tells_what_trying_everything_finds(tree: Tree) -> None:
    """Worths, extra costs, break-even prices and what the cap costs are those of all decisions tried one by one."""
    plans, found = _explained(tree)
    best = tree.least()
    assert plans.objective_usd == pytest.approx(best)
    for offer in found.offers:
        takes = takes_somewhere(offer.name)
        assert offer.taken == takes(tree.decided(plans))
        other = tree.least(not_so(takes) if offer.taken else takes)
        assert _is(offer.difference, other - best), offer.name
        assert not offer.infeasible
        without, even = tree.least(not_so(takes)), offer.break_even
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
        takes = takes_somewhere(offer.name)
        for each in offer.by_scenario:
            allowed = not_so(takes) if offer.taken else takes
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


@pytest.mark.parametrize("tree", TREES)
def test_break_even_prices_by_scenario(tree: Tree) -> None:
    """At both ends of each break-even the scenario is as well off with the offer as without, shared decisions held."""
    plans, found = _explained(tree)
    decided = tree.decided(plans)
    seen = 0
    for offer in found.offers:
        takes = takes_somewhere(offer.name)
        for each in offer.by_scenario:
            here = takes({node: decided[node] for node in ("all", tree.node(each.scenario))})
            without = tree.held(decided, each.scenario, offer.name if here else None, not_so(takes) if here else _any)
            if without is None or each.infeasible:
                assert each.break_even == Estimate.unknown()
                continue
            for end, beyond in ((each.break_even.at_least, -1e-3), (each.break_even.at_most, 1e-3)):
                if end is None:
                    assert each.never or beyond < 0.0
                    continue
                seen += 1
                price = PRICES | {offer.name: PRICES[offer.name] * max(0.0, end + beyond)}
                at = tree.held(decided, each.scenario, None if here else offer.name, _any if here else takes, price)
                assert at is None or (at <= without + 1e-6 if beyond < 0.0 else at >= without - 1e-6), (
                    offer.name,
                    each,
                )
            width = each.break_even.width
            assert each.never or (width is not None and width <= KNOWN_WIDTH * max(1.0, each.break_even.at_most or 0.0))
    assert seen > 6
    told = explanation_json(found, tree.data)["offers"][0]["by_scenario"][0]["break_even"]
    assert set(told) >= {"share_of_price", "at_least", "at_most", "never"}


def _any(way: object) -> bool:
    return True


@pytest.mark.parametrize("tree", TREES[:2])
def test_marginal_values_are_expected_and_by_scenario(tree: Tree) -> None:
    """One more token in March costs in a scenario what serving it costs there, and the mean of that in expectation."""
    plans, step = planned(tree.data), 1e-3
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
    plans = planned(tree.data)
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


def test_worths_of_regret_are_measured_from_the_problem_as_it_is() -> None:
    """The least worst regret without an offer, or with it, less that of the plan, of all decisions tried one by one."""
    tree, names = Tree(1), list(PROBABILITY)
    certain = {name: min(tree.cost(name, way) for way in tree.ways() if _fits(tree, way)) for name in names}
    measure = Measure("regret", least_usd=certain)

    def least(allowed: Callable[[Decided], bool]) -> float:
        ways = (way for way in tree.ways() if _fits(tree, way) and allowed(way))
        return min(measure.value({name: tree.cost(name, way) for name in names}, PROBABILITY) for way in ways)

    plans = planned(tree.data, measure)
    best = least(lambda way: True)
    assert plans.objective_usd == pytest.approx(best, abs=1e-3)
    found = answer_questions(tree.data, plans, Estimate.exactly(best), InThisProcess(), EXACT)  # type: ignore[arg-type]
    for offer in found.offers:
        takes = takes_somewhere(offer.name)
        assert _is(offer.difference, least(not_so(takes) if offer.taken else takes) - best), offer.name
    assert "regret is measured from" in " ".join(headlines(found, tree.data))


def _fits(tree: Tree, way: Decided) -> bool:
    return all(sum(signed.values()) <= tree.cap for signed in way.values())


def test_an_offer_forced_in_may_be_taken_in_one_scenario_alone() -> None:
    """Forced in, an offer has to be taken somewhere: in the scenario where that costs least, not in each."""
    tree = Tree(1)
    plans, found = _explained(tree)
    [dear] = [each for each in found.offers if each.name == "dear"]
    assert not dear.taken
    everywhere = tree.least(lambda way: all(way[node]["dear"] for node in ("low", "high", "peak")))
    assert dear.difference.at_most is not None
    assert plans.objective_usd + dear.difference.at_most < everywhere - 1.0


@pytest.mark.parametrize("large", [0, 10**9])
def test_a_task_for_all_scenarios_takes_the_engine_that_pays(large: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """By decomposition as in the extensive form the least without an offer is that of all decisions tried."""
    decomposed: list[Any] = []

    def watched(data: Dataset, *options: Any, **more: Any) -> Any:
        decomposed.append(data)
        return decompose(data, *options, **more)

    monkeypatch.setattr(method, "LARGE", large)
    monkeypatch.setattr(decomposition, "decompose", watched)
    tree = Tree(1)
    [deal] = [each for each in offers_on_the_table(tree.data) if each.name == "deal"]
    found = solve_task(JointTask("without deal", without_offer(tree.data, deal), EXACT, measure=Measure()))
    assert found.status == "optimal"
    assert len(decomposed) == (1 if large == 0 else 0)
    assert found.objective_usd == pytest.approx(tree.least(not_so(takes_somewhere("deal"))))
    forced = solve_task(JointTask("with deal", with_offer(tree.data, deal), EXACT, measure=Measure()))
    assert forced.objective_usd == pytest.approx(tree.least(takes_somewhere("deal")))


def test_plans_that_are_not_proven_are_ranges() -> None:
    """Of a poor plan and no bound no end of any range is beyond the truth."""
    tree = Tree(1)
    [deal] = [each for each in offers_on_the_table(tree.data) if each.name == "deal"]
    poor = planned(deal.kind.without(tree.data, "deal"))
    found = answer_questions(tree.data, poor, Estimate(None, poor.objective_usd), InThisProcess(), EXACT)  # type: ignore[arg-type]
    assert found.better is not None
    assert found.better.plan.objective_usd == pytest.approx(tree.least())
    told = explanation_json(found, tree.data)
    assert told["risk"] == "expected"
    for each in found.offers:
        takes = takes_somewhere(each.name)
        true = tree.least(takes if not each.taken else not_so(takes)) - tree.least()
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
