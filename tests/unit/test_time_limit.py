"""The time limit of a run, shared over its phases."""

from __future__ import annotations

import math
import time

import pytest
from builders import contract, dataset, demand, lease, on_demand, term

from models.build import build_model
from models.schema import Scenario
from models.stochastic.risk import Measure
from planner.errors import OutOfTime
from planner.interrupt import Stop
from planner.solving.problem import SolveOptions
from planner.solving.progress import ProgressLines
from planner.solving.search import solve
from planner.solving.time_limit import TimeLimit, less_reading_back
from planner.stochastic.solve import solve_stochastic


def _limit(seconds: float, spent: float) -> TimeLimit:
    return TimeLimit(seconds, time.monotonic() - spent)


def test_no_limit_bounds_nothing() -> None:
    """Without a limit a search has none, and what follows it takes what it would."""
    limit = TimeLimit()
    limit.check()
    assert (limit.left(), limit.for_search()) == (math.inf, None)
    assert (limit.for_questions(7.0), limit.for_last(2.0, 20.0)) == (7.0, 20.0)


@pytest.mark.parametrize(
    ("seconds", "spent", "search"), [(100.0, 0.0, 80.0), (100.0, 30.0, 50.0), (1000.0, 0.0, 940.0)]
)
def test_a_search_leaves_time_for_what_follows(seconds: float, spent: float, search: float) -> None:
    """What reading and building took is gone, and a fifth of the limit, at most a minute, is left for later."""
    assert _limit(seconds, spent).for_search() == pytest.approx(search, abs=0.5)


def test_questions_leave_time_for_writing() -> None:
    """What follows the search takes no more than is left but for a twentieth, and nothing once that has passed."""
    assert _limit(100.0, 80.0).for_questions(60.0) == pytest.approx(15.0, abs=0.5)
    assert _limit(100.0, 80.0).for_questions(3.0) == 3.0
    assert _limit(100.0, 99.0).for_questions(60.0) == 0.0
    assert _limit(100.0, 120.0).for_last(2.0, 20.0) == 2.0


def test_plans_of_many_scenarios_have_time_to_be_read_back() -> None:
    """What took long to build ends its search, and what follows it, by so much earlier; what was quick does not."""

    def search(seconds: float | None, built: float) -> float | None:
        return less_reading_back(SolveOptions(time_limit=seconds), built).time_limit

    assert search(None, 60.0) is None
    assert search(80.0, 4.0) == 80.0
    assert search(80.0, 20.0) == pytest.approx(46.0)
    assert search(940.0, 100.0) == pytest.approx(730.0)
    assert search(8.0, 100.0) == 0.1
    # what is set aside for a search without a plan, be it by a share of the time, is left as well
    shortened = less_reading_back(SolveOptions(time_limit=485.0, without_plan=105.0), 55.0)
    assert shortened.time_limit == pytest.approx(485.0 - (2.7 * 55.0 - 105.0))
    assert _limit(100.0, 50.0).for_questions(60.0, 10.0) == pytest.approx(23.0, abs=0.5)
    assert _limit(100.0, 80.0).for_questions(60.0, 10.0) == 0.0


@pytest.mark.parametrize("seconds", [20.0, 100.0, 1000.0])
def test_a_search_without_a_plan_may_go_on(seconds: float) -> None:
    """It takes what was left for questions too, but not what reading plans back and writing them take."""
    limit = _limit(seconds, 0.0)
    options = SolveOptions(time_limit=limit.for_search(), without_plan=limit.without_plan())
    assert options.time_limit is not None
    assert options.time_limit + options.without_plan == pytest.approx(seconds - min(0.05 * seconds, 10.0), abs=0.1)
    built = 2.0 + 0.1 * seconds
    shorter = less_reading_back(options, built)
    assert shorter.time_limit is not None
    assert shorter.time_limit + shorter.without_plan == pytest.approx(seconds + 2.0 - 2.4 * built, abs=0.1)
    assert TimeLimit().without_plan() == 0.0


def test_a_limit_that_has_passed_says_so() -> None:
    """A check after the limit raises, in words; so late as it is told to be lenient it does not."""
    with pytest.raises(OutOfTime, match="time limit passed"):
        _limit(5.0, 6.0).check()
    _limit(5.0, 6.0).check(late=2.0)


def test_a_model_that_comes_too_late_is_not_built(monkeypatch: pytest.MonkeyPatch) -> None:
    """With scenarios, a limit that passes while models are built ends the run without a plan, and says why."""
    monkeypatch.setattr("planner.stochastic.solve.LATE", 0.0)
    data = dataset(
        demand(2, months=3),
        on_demand(3.0),
        contract(),
        Scenario(scenario="a", probability=0.5),
        Scenario(scenario="b", probability=0.5),
    )
    options = SolveOptions(gap=0.0, time_limit=1e-9)
    found = solve_stochastic(data, Measure(), options, Stop(), lambda what: ProgressLines(what, "USD", None))
    assert (found.status, found.best) == ("no_plan", None)
    assert "passed before a search could begin" in found.why


@pytest.mark.parametrize("parts_from", [None, 0])
def test_a_search_goes_on_for_its_first_plan_alone(parts_from: int | None) -> None:
    """With no time but what is set aside for after a plan one is found, called stopped or proven."""
    model = build_model(dataset(lease("deal", term(3, 1.0), units_max=3), demand(3, 2, 1), on_demand(2.0)))
    asked = SolveOptions(time_limit=0.0, without_plan=600.0, parts_from=parts_from, threads=1)
    found = solve(model, asked)
    assert found.values is not None
    assert found.status in ("stopped", "optimal")
    best = solve(model, SolveOptions(gap=0.0)).objective_usd
    assert best is not None
    assert found.objective_usd is not None
    assert found.objective_usd >= best * (1.0 - 1e-9)
