"""Searches of `planner explain`: from what they begin, when they may end, and how long they get."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import replace

import builders as b
import pytest

from models.dataset import Dataset
from models.estimate import UNKNOWN, Estimate
from models.plan import Plan
from models.supply.registry import offers_on_the_table
from models.variants.offers import with_offer
from planner.explain.searches import LeastCost, Search
from planner.explain.shared_time import USUAL, SharedTime
from planner.solving.problem import SolveOptions
from planner.solving.solve_task import SolveResult, SolveTask


@pytest.fixture(scope="module")
def data() -> Dataset:
    """A token a day on a lease at 1 or 3 an hour."""
    leases = [b.lease(name, b.term(1, hourly=usd)) for name, usd in {"cheap": 1.0, "dear": 3.0}.items()]
    return b.dataset(b.demand(1.0), *leases, months=1)


@pytest.fixture(scope="module")
def plan(data: Dataset) -> Plan:
    return b.solved(data)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_plan_closes_the_gap_to_a_bound_of_a_looser_problem(data: Dataset, plan: Plan, sign: float) -> None:
    """The search may end at the very cost at which the gap to what is known is closed, for costs and for profits."""
    looser = Search("looser", data, bound_usd=sign * 1000.0)
    search = Search("tighter", data, relaxations=(looser,), asked_gap=0.01)
    target = search.task(SolveOptions()).options.target_usd
    assert target is not None
    assert target - sign * 1000.0 == pytest.approx(0.01 * abs(target))
    search.plan = replace(plan, payments=())
    assert search.task(SolveOptions()).options.cutoff_usd is None


@pytest.mark.parametrize(
    ("enough", "bound", "is_open"),
    [
        (UNKNOWN, None, True),
        (Estimate(700.0, 800.0), None, True),
        (Estimate(744.5, None), None, False),
        (Estimate(None, 700.0), 699.0, True),
        (Estimate(None, 700.0), 701.0, False),
    ],
)
def test_a_search_is_open_until_what_is_asked_of_it_is_decided(
    data: Dataset, plan: Plan, enough: Estimate, bound: float | None, is_open: bool
) -> None:
    """A plan at 744 decides that the least cost is at most that; a bound, that it is at least as much."""
    assert plan.objective_usd == pytest.approx(744.0)
    search = Search("at a price", data, plan, bound_usd=bound, enough=enough)
    assert search.is_open == is_open


def test_what_decided_a_search_is_no_failure(data: Dataset) -> None:
    """Ended early by its cutoff a search has not failed; ended early by nothing that was asked, it has."""
    search = Search("at a price", data, enough=Estimate(None, 700.0), seconds=100.0)
    search.learn(SolveResult("", "no_plan", bound_usd=701.0, seconds=1.0))
    assert search.failures == 0
    assert not search.is_open
    other = Search("at a price", data, enough=Estimate(None, 700.0), seconds=100.0)
    other.learn(SolveResult("", "no_plan", bound_usd=690.0, seconds=1.0))
    assert other.failures == 1
    assert other.is_open


def test_a_plan_that_rounding_holds_above_the_bound_ends_the_search(data: Dataset, plan: Plan) -> None:
    """Without a gap to leave open a search would find the same plan for ever."""
    cost = plan.objective_usd
    assert not Search("the same", data, plan, bound_usd=cost * (1.0 - 1e-14), asked_gap=0.0).is_open
    assert Search("another", data, plan, bound_usd=cost * (1.0 - 1e-5), asked_gap=0.0).is_open


@pytest.mark.parametrize(("above_usd", "stands"), [(1e-5, True), (1.0, False)])
def test_rounding_of_what_cancels_refutes_no_bound(above_usd: float, stands: bool) -> None:
    """Of a plan whose income pays for its lease rounding of either is left; only more than that refutes a bound."""
    data = b.dataset(b.lease("own", b.term(1, hourly=3.0), sublet=True), b.lease_out("out", 3.0, 1), months=1)
    offers = offers_on_the_table(data)
    plan = b.solved(with_offer(with_offer(data, offers[0]), offers[1]))
    assert plan.objective_usd == pytest.approx(0.0, abs=1e-9)
    search = Search("at the price that it is worth", data, plan)
    search.learn(SolveResult("", "optimal", plan.objective_usd + above_usd, plan.objective_usd + above_usd, 0.0))
    assert (search.bound_usd is not None) is stands


def test_what_was_decided_again_and_again_ends_the_search(data: Dataset) -> None:
    """A plan that reaches what is asked, but that the audit does not accept here, is not looked for for ever."""
    search = Search("it", data, asked_gap=0.0, enough=Estimate(700.0, None), seconds=100.0)
    while search.is_open and search.count < 10:
        search.learn(SolveResult("", "stopped", objective_usd=650.0, seconds=1.0))
    assert 1 < search.count < 5


def test_an_offer_forced_in_is_first_searched_for_from_the_plan_explained(data: Dataset, plan: Plan) -> None:
    """Whatever plans of other problems take it, its first search begins from the plan, later ones from the best."""
    [dear] = [each for each in offers_on_the_table(data) if each.name == "dear"]
    forced = with_offer(data, dear)
    search = Search("with dear", forced, start=plan, left_open=dear)
    found_elsewhere = b.solved(forced)
    search.consider(found_elsewhere)
    assert search.plan is found_elsewhere
    first = search.task(SolveOptions())
    assert (first.start, first.left_open) == (plan, dear)
    search.learn(SolveResult("", "stopped", found_elsewhere.objective_usd, 0.0, plan=found_elsewhere, seconds=1.0))
    second = search.task(SolveOptions())
    assert (second.start, second.left_open) == (found_elsewhere, None)


class _Timed:
    """Workers whose searches prove nothing but the first, which takes 10 s."""

    count, stopping = 1, False

    def __init__(self) -> None:
        self.limits: list[float | None] = []
        self.seconds_left = 60.0

    def submit(self, task: SolveTask) -> Future[SolveResult]:
        self.limits.append(task.options.time_limit)
        self.seconds_left -= 5.0
        first = len(self.limits) == 1
        future: Future[SolveResult] = Future()
        status = "optimal" if first else "no_plan"
        future.set_result(SolveResult(task.key, status, bound_usd=0.0, seconds=10.0 if first else 5.0))
        return future


class _InTurn(LeastCost):
    """A question that comes after those searched for less often."""

    @property
    def openness(self) -> float:
        return 1.0 / (1.0 + self.search.count)


def test_what_is_searched_again_gets_what_others_took(data: Dataset) -> None:
    """After a search that proved its gap in 10 s, one that is begun again gets half as long again."""
    workers = _Timed()
    names = ("a", "b", "c", "d", "e", "f")
    SharedTime([_InTurn(Search(name, data), ()) for name in names], workers, SolveOptions()).run()  # type: ignore[arg-type]
    assert workers.limits[1] == pytest.approx(55.0 / 5 / 1.25)  # its part, of what has not been searched for yet
    assert workers.limits[6] == USUAL * 10.0
