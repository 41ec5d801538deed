"""Nothing that is not proven: what explain and --vary tell of searches that stop, fail or are lucky."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

import builders as b
import pytest

from models.dataset import Dataset
from models.estimate import Estimate
from models.plan import Plan
from models.schema import Cap, Rule
from models.supply.registry import offers_on_the_table
from models.variants.factors import with_factor
from models.variants.loosened import loosened
from models.variants.offers import with_offer, without_offer
from planner.explain.document import explanation_json
from planner.explain.explanation import Explanation, answer_questions
from planner.explain.ranges import parse
from planner.explain.sensitivity import Sensitivity, vary
from planner.explain.sensitivity_report import variation_lines
from planner.explain.sensitivity_tables import variations_json
from planner.explain.words import explanation_lines
from planner.solving import worker_pool
from planner.solving.problem import SolveOptions
from planner.solving.solve_task import SolveResult, SolveTask, solve_task
from planner.text_table import plain

HOURS = 744
EXACT = SolveOptions(gap=0.0, threads=1)
Answer = Callable[[SolveTask], SolveResult]


class Told:
    """Workers that answer at once with what a test makes of a search, and whose time is over after `most` of them."""

    count = 1
    stopping = False

    def __init__(self, answer: Answer, most: int = 60) -> None:
        self.answer, self.left = answer, most
        self.asked: list[str] = []

    @property
    def seconds_left(self) -> float:
        return 100.0 if self.left > 0 else 0.0

    def submit(self, task: SolveTask) -> Future[SolveResult]:
        self.left -= 1
        self.asked.append(task.key)
        future: Future[SolveResult] = Future()
        future.set_result(self.answer(task))
        return future


def failed(task: SolveTask) -> SolveResult:
    """The process died."""
    return SolveResult(task.key, "no_plan", why="the worker process died (exit code -9)")


def without_a_plan(task: SolveTask) -> SolveResult:
    """Stopped with a bound alone, a tenth too low."""
    found = solve_task(replace(task, options=EXACT))
    bound = None if found.bound_usd is None else found.bound_usd - 0.1 * abs(found.bound_usd)
    return SolveResult(task.key, "no_plan", bound_usd=bound, why="Time limit reached")


def without_a_bound(task: SolveTask) -> SolveResult:
    """Stopped with the best plan, of which nothing is proven."""
    found = solve_task(replace(task, options=EXACT))
    status = "no_plan" if found.plan is None else "stopped"
    return replace(found, status=status, bound_usd=None, gap=None)


def at_its_start(task: SolveTask) -> SolveResult:
    """Stopped at the plan it began with, where that is one, with a bound a fifth too low."""
    found = without_a_plan(task)
    if task.start is None or task.left_open is not None:
        return found
    held = solve_task(replace(task, options=EXACT, fixed_until=len(task.dataset.horizon)))
    return replace(held, status="no_plan" if held.plan is None else "stopped", bound_usd=found.bound_usd, gap=None)


def proven(task: SolveTask) -> SolveResult:
    """Solved."""
    return solve_task(replace(task, options=EXACT))


ANSWERS = (failed, without_a_plan, without_a_bound, at_its_start, proven)


def _data() -> Dataset:
    """Two leases of a unit at 1, of which a cap lets one in, one at 4, and on-demand at 2; two tokens a day."""
    cap = Cap(cap="small", measure="capacity_mw", scope="total", sense="max", value=0.0015)
    return b.dataset(
        b.demand(2.0),
        b.lease("cheap", b.term(1, hourly=1.0), units_max=2),
        b.lease("dear", b.term(1, hourly=4.0)),
        b.on_demand(2.0),
        cap,
        Rule(rule="one", kind="at_most", offers=("cheap", "dear"), count=1),
        months=1,
    )


def _on_demand_alone(data: Dataset) -> Plan:
    for name in ("cheap", "dear"):
        [offer] = [each for each in offers_on_the_table(data) if each.name == name]
        data = without_offer(data, offer)
    return b.solved(data)


def _explained(data: Dataset, plan: Plan, answer: Answer, bound: float | None) -> Explanation:
    cost = Estimate.optimum(bound, plan.objective_usd)
    return answer_questions(data, plan, cost, Told(answer), EXACT)  # type: ignore[arg-type]


def _holds(told: Estimate | dict[str, Any], true: float) -> bool:
    ends = (told["at_least"], told["at_most"]) if isinstance(told, dict) else (told.at_least, told.at_most)
    low, high = ends
    return (low is None or low <= true + 1e-6) and (high is None or high >= true - 1e-6)


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("poor", [False, True])
@pytest.mark.parametrize("bounded", [False, True])
def test_every_range_of_explain_holds_the_true_figure(answer: Answer, poor: bool, bounded: bool) -> None:
    """Whatever becomes of the searches, and however poor the plan, no end of a range is beyond the truth."""
    data = _data()
    best = b.solved(data).objective_usd
    plan = _on_demand_alone(data) if poor else b.solved(data)
    found = _explained(data, plan, answer, best if bounded else None)
    assert _holds(found.least_cost, best)
    for each in found.offers:
        other = (without_offer if each.taken else with_offer)(data, each.offer)
        assert _holds(each.difference, b.solved(other).objective_usd - best)
        assert _holds(each.break_even, {"cheap": 2.0, "dear": 0.25}[each.name])
    policy = {each.name + str(each.loosened_to): each.dataset for each in loosened(data)}
    for answered in found.policy:
        problem = policy[answered.loosened.name + str(answered.loosened.loosened_to)]
        assert _holds(answered.saving, best - b.solved(problem).objective_usd)


@pytest.mark.parametrize("answer", [failed, without_a_plan])
def test_a_value_is_told_only_where_it_is_proven(answer: Answer) -> None:
    """Without a plan of the other problem nothing is told as worth an amount, as costing one, or as complete."""
    data = _data()
    found = _explained(data, b.solved(data), answer, None)
    document = explanation_json(found, data)
    assert document["complete"] is False
    assert all(each["break_even"]["share_of_price"] is None for each in document["offers"])
    lines = explanation_lines(found, data)[1:]
    assert any("is a range, which more time narrows" in line for line in lines)
    for line in lines:
        assert "Worth" not in line or "at least" in line
        assert "costs" not in line or "at most" in line or "at least" in line


def test_a_plan_found_on_the_way_is_told() -> None:
    """A plan found for a question, and feasible in the problem itself, is what the figures compare with."""
    data = _data()
    poor = _on_demand_alone(data)
    found = _explained(data, poor, without_a_bound, None)
    assert found.better is not None
    assert (found.better.saving.at_least, found.better.saving.at_most) == (pytest.approx(1.0 * HOURS), None)
    assert any("at least 744 USD can be saved" in line for line in explanation_lines(found, data))
    document = explanation_json(found, data)
    assert document["cost_usd"] == pytest.approx(4.0 * HOURS)
    assert document["better_plan_cost_usd"] == pytest.approx(3.0 * HOURS)


def test_a_cap_that_bars_the_next_whole_unit_costs_what_it_bars() -> None:
    """The cap leaves room for a half of the second lease: dropped, it saves 1 USD an hour; a tenth looser, nothing."""
    data = _data()
    found = _explained(data, b.solved(data), proven, b.solved(data).objective_usd)
    saved = {(each.loosened.what, each.loosened.loosened_to is None): each.saving for each in found.policy}
    assert saved["cap", True] == Estimate(pytest.approx(1.0 * HOURS), pytest.approx(1.0 * HOURS))
    assert saved["cap", False] == Estimate(0.0, pytest.approx(0.0, abs=1e-6))
    assert saved["rule", True] == Estimate(0.0, pytest.approx(0.0, abs=1e-6))
    assert found.complete
    lines = explanation_lines(found, data)
    assert "Without cap small, the plan costs 744 USD less." in lines
    assert "Without rule one, the plan costs no less." in lines


def test_a_cap_on_cash_ends_an_offer_before_its_price_does() -> None:
    """A lease worth 2 an hour may cost 1.2 of its price of 1 by a cap on cash: the break-even is 1.2, not 2."""
    cap = Cap(cap="cash", measure="cash_usd", scope="provider", name="neo", sense="max", value=1.2 * HOURS)
    data = b.dataset(b.demand(1.0), b.lease("cheap", b.term(1, hourly=1.0)), b.on_demand(2.0), cap, months=1)
    plan = b.solved(data)
    with worker_pool.WorkerPool(1) as workers:
        found = answer_questions(data, plan, Estimate.exactly(plan.objective_usd), workers, EXACT)
    [cheap] = found.offers
    assert cheap.break_even.at_least is not None
    assert cheap.break_even.at_most is not None
    assert cheap.break_even.at_least <= 1.2 <= cheap.break_even.at_most <= cheap.break_even.at_least + 0.03
    assert found.complete


def test_complete_does_not_ask_how_long_it_took() -> None:
    """Where everything is proven the answer is complete, with time left over and the questions ended."""
    data = _data()
    workers = Told(proven)
    plan = b.solved(data)
    found = answer_questions(data, plan, Estimate.exactly(plan.objective_usd), workers, EXACT)  # type: ignore[arg-type]
    assert found.complete
    assert workers.left > 0


def test_time_goes_to_what_is_open() -> None:
    """What one search proves is not searched again: only the question that stays open is."""

    def one_stops(task: SolveTask) -> SolveResult:
        return without_a_bound(task) if task.key == "with lease dear" else proven(task)

    data = _data()
    workers, plan = Told(one_stops, most=20), b.solved(data)
    cost = Estimate.exactly(plan.objective_usd)
    answer_questions(data, plan, cost, workers, EXACT)  # type: ignore[arg-type]
    counts = {key: workers.asked.count(key) for key in set(workers.asked)}
    assert counts.pop("with lease dear") > 1
    assert set(counts.values()) == {1}


def _two_ways() -> Dataset:
    """A lease of an accelerator at 3 USD an hour against on-demand at 4: worth it from 0.75 tokens a day on."""
    return b.dataset(b.demand(1.0), b.lease("L", b.term(1, hourly=3.0)), b.on_demand(4.0), months=1)


def _varied(answer: Answer, *texts: str) -> Sensitivity:
    data, plan = _two_ways(), b.solved(_two_ways())
    cost, variations = Estimate.exactly(plan.objective_usd), [parse(each) for each in texts]
    return vary(data, plan, cost, variations, Told(answer), EXACT)  # type: ignore[arg-type]


@pytest.mark.parametrize("answer", ANSWERS)
def test_every_point_of_vary_holds_the_true_cost(answer: Answer) -> None:
    """Whatever becomes of the searches, the least cost at a value, its change and the swing are within what is told."""
    data = _two_ways()
    found = _varied(answer, "demand=-40%..+40%/3")
    base = b.solved(data).objective_usd
    [curve] = found.curves
    true = {
        point.value: b.solved(with_factor(data, "demand", "*", point.value)).objective_usd for point in curve.points
    }
    for point in curve.points:
        assert _holds(point.least_cost, true[point.value])
        assert _holds(found.difference(point), true[point.value] - base)
    [row] = variations_json(found, data)["tornado"]
    assert _holds(row["estimates"]["swing_usd"], max(true.values()) - min(true.values()))


@pytest.mark.parametrize("answer", [without_a_plan, without_a_bound, at_its_start])
def test_no_change_of_decisions_is_sure_between_points_with_a_gap(answer: Answer) -> None:
    """Where the least cost at a value is not proven, that decisions change there is not known; nor is it refined."""
    found = _varied(answer, "demand=-40%..+0%/2")
    [curve] = found.curves
    assert [point.value for point in curve.points] == [0.6, 1.0]
    assert {step.sure for step in curve.steps} <= {None}
    assert not found.complete
    assert "is a range, which more time narrows" in "\n".join(plain(variation_lines(found, _two_ways())))


def test_a_point_takes_the_plan_of_its_neighbour() -> None:
    """Where searches fail, the decisions of the plan next to a value are worked out there, and the cheapest stand."""

    def only_there(task: SolveTask) -> SolveResult:
        return proven(task) if task.key == "demand -40 %" else failed(task)

    data = _two_ways()
    dear = b.solved(without_offer(data, next(iter(offers_on_the_table(data)))))
    found = vary(data, dear, Estimate(None, dear.objective_usd), [parse("demand=0.6,0.8")], Told(failed), EXACT)  # type: ignore[arg-type]
    costs = [point.least_cost.at_most for point in found.curves[0].points]
    assert costs == [pytest.approx(2.4 * HOURS), pytest.approx(3.2 * HOURS), pytest.approx(4.0 * HOURS)]
    lease = b.solved(data)
    found = vary(data, lease, Estimate.exactly(lease.objective_usd), [parse("demand=0.6,0.8")], Told(only_there), EXACT)  # type: ignore[arg-type]
    costs = [point.least_cost.at_most for point in found.curves[0].points]
    assert costs == [pytest.approx(2.4 * HOURS), pytest.approx(3.0 * HOURS), pytest.approx(3.0 * HOURS)]


def test_a_bound_holds_where_a_cap_is_tighter() -> None:
    """What is proven with a cap lifted by half is a bound at every tighter value of it, whose own searches failed."""
    data = _data()

    def loosest_alone(task: SolveTask) -> SolveResult:
        return proven(task) if task.key.startswith("cap of small +50") else failed(task)

    plan = b.solved(data)
    cost = Estimate(None, plan.objective_usd)
    found = vary(data, plan, cost, [parse("cap:small=0.5,1.5")], Told(loosest_alone), EXACT)  # type: ignore[arg-type]
    bounds = [point.least_cost.at_least for point in found.curves[0].points]
    assert bounds == [pytest.approx(2.0 * HOURS)] * 3
