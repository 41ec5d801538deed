"""The base case: the cheapest plan that signs nothing new."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from builders import contract, dataset, demand, fleet, lease, lease_out, on_demand, segment, solved, term
from stochastic import scenario

from models.build import build_model
from models.dataset import Dataset
from models.estimate import Estimate
from models.plan import categories
from models.schema import Option, Resilience, Rule
from models.stochastic.risk import Measure
from models.variants.offers import nothing_new
from planner.analysis import base_case as module
from planner.analysis.base_case import BaseCaseQuestion
from planner.errors import OutOfTime
from planner.interrupt import Stop
from planner.results.base_case import FORGONE, BaseCase
from planner.solving.problem import ArrayProblem, Outcome, SolveOptions
from planner.solving.progress import ProgressLines
from planner.solving.search import solve

OPTIONS = SolveOptions(gap=0.0)


def base_of(data: Dataset, outcome: Outcome | None = None) -> BaseCase:
    outcome, costs = outcome or solve(build_model(data), OPTIONS), dict.fromkeys(categories(), 0.0)
    question = BaseCaseQuestion(data, outcome, costs, OPTIONS, Stop(), lambda what: ProgressLines(what, "USD"))
    question.ask(10.0)
    return question.found


def test_what_is_signed_stays_and_what_is_on_offer_goes() -> None:
    """January has 744 hours: the signed lease costs 744 x 1, the rest of demand is bought at 9 an hour: 744 x 9 x 2."""
    data = dataset(
        demand(3),
        lease("signed", term(1, 1.0), signed=0),
        lease("offer", term(1, 2.0), units_max=2),
        contract("blocks", 2.5, term_months=1, blocks=2),
        on_demand(9.0),
        months=1,
    )
    assert base_of(data).cost.value(0.0) == pytest.approx(744 * 1 + 744 * 9 * 2)


def test_nothing_is_leased_out_and_no_option_bought() -> None:
    """Spare capacity earns nothing in the base case, and an option without its offer is left out."""
    data = dataset(
        demand(1, months=2),
        fleet("own", 2.0, usd_per_accelerator_hour=1.0),
        lease_out("out", 5.0, 1),
        lease("later", term(1, 0.1)),
        Option(option="right", offer="later", premium_usd=1.0),
        months=2,
    )
    assert base_of(data).cost.value(0.0) == pytest.approx(2 * (744 + 672))
    base = nothing_new(data)
    assert [each.units_max for each in base.lease_outs] == [0]
    assert base.options == ()


def test_the_base_case_is_not_asked_for_resilience() -> None:
    """One accelerator serves January, 744 hours at 1 USD; were its site lost, only an offer could stand in."""
    rows = [demand(1), fleet("own", 1.0, usd_per_accelerator_hour=1.0), lease("other", term(1, 2.0))]
    data = dataset(rows, Resilience(against="site", segment="*", protected_share=1.0), months=1)
    assert base_of(data).cost.value(0.0) == pytest.approx(744)


def test_where_something_must_be_signed_there_is_no_base_case() -> None:
    """Demand that only an offer can serve, or a rule that wants a signing, leaves nothing to compare with."""
    assert base_of(dataset(demand(1, months=3), lease("only", term(3, 1.0)))) == BaseCase(none_exists=True)
    rule = Rule(rule="one of them", kind="at_least", offers=("a", "out"), count=1)
    rows = [demand(1, months=3), lease("a", term(3, 1.0)), lease_out("out", 0.1), fleet("own", 1.0), on_demand(9.0)]
    assert base_of(dataset(rows, rule)) == BaseCase(none_exists=True)


def test_without_anything_on_offer_the_plan_is_its_own_base_case(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is solved twice where nothing can be signed."""
    data = dataset(demand(1, months=3), on_demand(2.0))
    outcome = solve(build_model(data), OPTIONS)
    monkeypatch.setattr(module, "solve", None)
    assert base_of(data, outcome).cost.at_most == outcome.objective_usd


@pytest.mark.parametrize(
    ("status", "cost", "known"),
    [("stopped", 123.0, Estimate(1.0, 123.0)), ("no_plan", None, Estimate(1.0, None))],
)
def test_a_figure_that_is_not_proven_is_a_range(
    monkeypatch: pytest.MonkeyPatch, status: Any, cost: float | None, known: Estimate
) -> None:
    """A base case stopped by its time budget has both ends, as far as they are known, and a warning, but no value."""
    data = dataset(demand(1, months=3), lease("a", term(3, 1.0)), on_demand(9.0))
    plan_outcome = solve(build_model(data), OPTIONS)
    given: list[float | None] = []

    def stopped(_model: Any, options: SolveOptions, **_more: Any) -> Outcome:
        given.append(options.time_limit)
        return Outcome(status, cost, 1.0, 0.9, None, 1.0, "Time limit reached", ())

    monkeypatch.setattr(module, "solve", stopped)
    found = base_of(data, plan_outcome)
    assert found.cost == known
    assert found.cost.value(0.001) is None
    nothing_short = Estimate(0.0, 0.0, "bound")
    avoided = found.shortage_avoided(dict.fromkeys(categories(), 0.0))
    assert avoided == (nothing_short if cost is None else Estimate.unknown())  # 123 USD are less than any plan costs
    assert ("No plan that signs nothing new was found" if cost is None else "not proven") in found.warning
    assert given == [10.0]


@pytest.mark.parametrize(("seconds", "words"), [(0.0, "no time was left for it"), (3.0, "within 3 s")])
def test_a_base_case_that_had_no_time_says_so(monkeypatch: pytest.MonkeyPatch, seconds: float, words: str) -> None:
    """Where the search for the plan took all of the limit no "within 0 s" is told, and how to get it is."""

    def late(*_: object) -> None:
        raise OutOfTime("late")

    data = dataset(demand(1, months=3), lease("a", term(3, 1.0)), on_demand(9.0))
    outcome = solve(build_model(data), OPTIONS)
    monkeypatch.setattr(module, "build_model", late)
    costs = dict.fromkeys(categories(), 0.0)
    options = replace(OPTIONS, time_limit=9.0)
    question = BaseCaseQuestion(data, outcome, costs, options, Stop(), lambda what: ProgressLines(what, "USD"))
    question.ask(seconds)
    assert words in question.found.warning
    assert question.found.warning.endswith("A longer --time-limit gives its search more.")


def test_a_saving_known_only_to_be_no_loss_beyond_a_bound_is_not_known() -> None:
    """A base case of at least 30 says nothing of what a plan of 173 saves; one of at least 200 says something."""
    low, high = (BaseCase(Estimate(bound, None), {"shortfall": Estimate(0.0, None)}) for bound in (30.0, 200.0))
    costs = dict.fromkeys(categories(), 0.0) | {"shortfall": 5.0}
    for found in (low.saving(173.0), low.shortage_avoided(costs), low.cash_saved(173.0, costs)):
        assert found == Estimate.unknown()
    assert high.saving(173.0) == Estimate(27.0, None)


@pytest.mark.parametrize("bounded", [True, False])
def test_parts_of_a_base_case_that_is_not_proven_are_ranges(monkeypatch: pytest.MonkeyPatch, bounded: bool) -> None:
    """3 bn a day: one on the fleet at 9, of the others each short for 3100 USD or on demand at 5, 3720 USD.

    The base case is 6696 of money and 6200 of shortage. In a plan of at most 13,516 at least 3100 of it are shortage,
    and as the fleet costs 6696 at most 6820.
    """

    def stopped(problem: Any, options: SolveOptions, **more: Any) -> Outcome:
        arrays = problem.compiled
        short = np.array([each.parent_component().name == "shortfall" for each in arrays.columns])
        one = arrays.within(arrays.lower, np.where(short, 31.0 / problem.units.tokens_bn, arrays.upper), arrays.integer)
        found = solve(ArrayProblem(one, problem.units), options)
        assert found.objective_usd == pytest.approx(13_516)
        return replace(found, status="stopped", bound_usd=12_000.0 if bounded else None)

    data = dataset(
        segment(shortfall_usd_per_mtok=0.1),
        demand(3),
        lease("a", term(1, 2.0), units_max=3),
        on_demand(5.0),
        fleet("own", 1.0, usd_per_accelerator_hour=9.0),
        months=1,
    )
    plan_outcome = solve(build_model(data), OPTIONS)
    monkeypatch.setattr(module, "solve", stopped)
    found, nothing = base_of(data, plan_outcome), dict.fromkeys(categories(), 0.0)
    avoided, cash = found.shortage_avoided(nothing), found.cash_saved(0.0, nothing)
    assert (avoided.at_least, avoided.at_most) == (pytest.approx(3100, rel=1e-4), pytest.approx(6820, rel=1e-4))
    assert (cash.at_least, cash.at_most) == (pytest.approx(6696, rel=1e-4), pytest.approx(10_416, rel=1e-4))
    assert (avoided.known_by, cash.known_by) == ("bound", "bound")
    assert found.revenue_kept(nothing).value(0.0) == 0.0


def test_money_and_shortage_are_told_apart() -> None:
    """Signing nothing leaves 2 of 3 bn a day short, 62 x 100 USD; two leases serve them for 744 x 2 x 2.

    So 6200 of penalties are avoided, 2976 of money spent, and 3224 are at stake.
    """
    data = dataset(
        segment(shortfall_usd_per_mtok=0.1),
        demand(3),
        lease("a", term(1, 2.0), units_max=3),
        on_demand(9.0, max_accelerators=0.0),
        fleet("own", 1.0, usd_per_accelerator_hour=9.0),
        months=1,
    )
    plan = solved(data)
    base = base_of(data)
    assert base.cost.value(0.0) == pytest.approx(6200 + 6696)
    saving = base.saving(plan.objective_usd)
    avoided, cash = base.shortage_avoided(plan.costs_usd()), base.cash_saved(plan.objective_usd, plan.costs_usd())
    assert avoided.value(0.0) == pytest.approx(6200)
    assert cash.value(1e-9) == pytest.approx(-2 * 744 * 2)
    assert saving.value(1e-9) == pytest.approx(6200 - 2 * 744 * 2)
    assert base.revenue_kept(plan.costs_usd()).value(0.0) == 0.0
    kept = replace(base, parts={**base.parts, FORGONE: Estimate.exactly(500.0)})
    assert kept.revenue_kept(plan.costs_usd()).value(0.0) == 500
    assert kept.cash_saved(plan.objective_usd, plan.costs_usd()).value(1e-9) == pytest.approx(-2 * 744 * 2 - 500)


def test_a_base_case_of_scenarios_keeps_the_time_limit() -> None:
    """Where no time is left its model is not built, and a warning says that nothing is known of it."""
    data = dataset(demand(1), on_demand(2.0), scenario("a", 0.5), scenario("b", 0.5), months=1)
    limited = replace(OPTIONS, time_limit=10.0)

    def base_within(seconds: float) -> tuple[BaseCase, Any]:
        return module.base_case_of_scenarios(
            data, Measure(), seconds, limited, Stop(), lambda what: ProgressLines(what, "USD")
        )

    base, plans = base_within(0.0)
    assert (base.cost, plans) == (Estimate.unknown(), {})
    assert "no time was left for it" in base.warning
    base, plans = base_within(9.0)
    assert base.cost.value(0.0) == pytest.approx(2 * 744)
    assert set(plans) == {"a", "b"}
