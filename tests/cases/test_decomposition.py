"""Decomposition: the same answer as the extensive form, from bounds on both sides."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace

import pytest
from cases.test_stochastic_textbooks import PUBLISHED, lands
from decomposed import columns_differ, decomposed, one_doubles, three_stages
from stochastic import scenario

from models.audit import audit_scenario_set
from models.build import build_model
from models.dataset import Dataset
from models.estimate import Estimate
from models.stochastic.risk import Measure
from models.stochastic.tree import ScenarioTree
from planner.interrupt import Stop
from planner.solving.problem import Progress, SolveOptions
from planner.solving.progress import ProgressLines
from planner.solving.search import solve
from planner.solving.solve_task import SolveResult
from planner.stochastic import scenario_models
from planner.stochastic.decomposition import decompose
from planner.stochastic.decomposition_search import DecompositionSearch, DecompositionTask
from planner.stochastic.first_stage_candidates import nearest
from planner.stochastic.method import choose_engine
from planner.stochastic.mpi import ranks
from planner.stochastic.solve import solve_stochastic
from planner.stochastic.subproblems import Subproblems


@pytest.fixture
def hedging_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the L-shaped method, which would solve so small a problem before any hedging."""
    monkeypatch.setattr("planner.stochastic.decomposition.run_lshaped", lambda *_: None)


@pytest.mark.usefixtures("hedging_alone")
def test_louveaux_and_smeers_by_hedging() -> None:
    """The published optimum of LandS comes out of hedging and bounds, not only of the extensive form."""
    found = decomposed(lands())
    assert found.objective_usd == pytest.approx(PUBLISHED, abs=5e-4)
    assert found.iterations > 0
    assert found.why == "bounds meet"


@pytest.mark.parametrize("of", [three_stages, columns_differ])
def test_agrees_with_the_extensive_form(of: object) -> None:
    """Cost, bound, audits and common decisions hold on a tree of three stages and where scenarios' columns differ."""
    assert callable(of)
    decomposed(of())


def test_agrees_where_scenarios_are_searched_by_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plans taken without a proof, as of large scenarios, are made good in the end."""
    monkeypatch.setattr("planner.stochastic.subproblem_solver.PARTS_FROM", 0)
    decomposed(columns_differ())


@pytest.mark.usefixtures("too_large_to_join")
def test_time_is_left_to_build_models_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The search ends earlier the longer models took to build, less the minute that is left after it anyway."""
    monkeypatch.setattr("planner.solving.time_limit.READING_BACK", 1e4)
    search = DecompositionSearch(
        DecompositionTask(columns_differ(), SolveOptions(time_limit=1e6), {}), ranks(), None, None
    )
    assert search.solver.deadline is not None
    assert search.built_seconds > 0
    left = search.tracker.began + 1e6 - search.solver.deadline
    assert left == pytest.approx(max(0.0, 1e4 * search.built_seconds - 60.0))


@pytest.mark.usefixtures("too_large_to_join")
def test_models_that_are_not_kept_are_built_again_for_plans(monkeypatch: pytest.MonkeyPatch) -> None:
    """Searched in parts or not, plans read off models built again are those of the problem, and can be begun from."""
    monkeypatch.setattr("planner.solving.search.LARGE", 0)
    monkeypatch.setattr("planner.stochastic.subproblem_solver.PARTS_FROM", 0)
    data = columns_differ()
    found = decomposed(data)
    again = decompose(data, SolveOptions(gap=1e-6, threads=1), start=found.plans)
    assert again.objective_usd == pytest.approx(found.objective_usd, rel=1e-6)


@pytest.mark.parametrize("of", [lands, three_stages, columns_differ])
@pytest.mark.usefixtures("hedging_alone")
def test_hedging_agrees_with_the_extensive_form(of: object) -> None:
    """The same without the L-shaped method."""
    assert callable(of)
    decomposed(of())


def test_a_plan_to_begin_from_is_the_first_candidate() -> None:
    """The plans of an earlier run give an upper bound before any hedging."""
    data = lands()
    best = decompose(data, SolveOptions(gap=1e-6)).plans
    assert best is not None
    again = decompose(data, SolveOptions(gap=0.01), start=best)
    assert again.objective_usd == pytest.approx(PUBLISHED, abs=5e-4)
    assert any(line.startswith("plans given: plan 382") for line in again.log)


@pytest.mark.usefixtures("hedging_alone")
def test_bounds_never_get_worse(capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    """Progress is logged and reported, bounds never getting worse; nothing goes to standard output."""
    told: list[Progress] = []
    with caplog.at_level(logging.DEBUG, "planner"):
        decompose(lands(), SolveOptions(gap=1e-6), on_progress=told.append)
    assert capfd.readouterr().out == ""
    assert "Decomposition: iteration 1" in caplog.text
    bounds = [each.bound_usd for each in told if each.bound_usd is not None]
    plans = [each.incumbent_usd for each in told if each.incumbent_usd is not None]
    assert all(after >= before * (1.0 - 1e-9) for before, after in pairwise(bounds))
    assert plans == sorted(plans, reverse=True)
    assert len(plans) > 1


@pytest.mark.usefixtures("hedging_alone")
def test_a_stop_ends_it_with_the_best_so_far() -> None:
    """Once a stop is asked for nothing more begins; the plan and bound found until then are kept."""
    told: list[Progress] = []
    found = decompose(
        lands(),
        SolveOptions(gap=0.0),
        on_progress=told.append,
        should_stop=lambda: any(each.incumbent_usd is not None for each in told),
    )
    assert found.status == "stopped"
    assert found.plans is not None
    assert found.bound_usd is not None
    assert found.objective_usd is not None
    assert found.bound_usd < PUBLISHED + 1e-3 < found.objective_usd


def test_the_time_limit_is_honoured() -> None:
    """With no time it ends at once, with what there is."""
    found = decompose(lands(), SolveOptions(gap=0.0, time_limit=0.01))
    assert found.status in ("no_plan", "stopped")
    assert found.seconds < 5.0


def test_no_plan_for_one_scenario_is_no_plan() -> None:
    """A scenario that cannot be served makes the whole infeasible; so does one that cannot be served alike."""
    short = one_doubles(units_max=1)
    assert decomposed(short).status == "infeasible"


@pytest.mark.parametrize("tied", ["cvar", "probability"])
def test_what_decomposition_cannot_minimise_is_refused(tied: str) -> None:
    """A weight of CVaR ties costs, and no probability has no multipliers: refused, and never chosen."""
    data = lands()
    if tied == "cvar":
        data = replace(data, settings=replace(data.settings, risk_weight=0.5))
    else:
        data = replace(data, scenarios=(*data.scenarios, scenario("never", 0.0)))
    with pytest.raises(ValueError, match="use the extensive form"):
        decompose(data, SolveOptions())
    assert choose_engine(data, 10**9) == "extensive"


def test_the_engine_is_chosen_by_size() -> None:
    """Small problems are solved whole; large ones of several scenarios by decomposition."""
    assert choose_engine(lands(), 1_000) == "extensive"
    assert choose_engine(lands(), 10**9) == "decomposition"


@pytest.fixture
def too_large_to_join(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every problem counts as too large for the extensive form and for keeping its models."""
    for module in ("decomposition", "subproblems"):
        monkeypatch.setattr(f"planner.stochastic.{module}.JOINT_NONZEROS", 0)


@pytest.mark.usefixtures("too_large_to_join")
def test_a_problem_too_large_to_join_is_solved_in_parts() -> None:
    """Without the extensive form, in which the last steps would be, the bounds meet at the published optimum."""
    found = decompose(lands(), SolveOptions(gap=1e-6))
    assert found.objective_usd == pytest.approx(PUBLISHED, abs=5e-4)
    assert found.bound_usd == pytest.approx(PUBLISHED, abs=5e-4)
    assert found.why == "bounds meet"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """However small, models are built in processes; what becomes of their tasks."""
    found, awaited = list[str](), scenario_models._awaited

    def told(future: Future[SolveResult]) -> SolveResult:
        result = awaited(future)
        found.append(result.status)
        return result

    monkeypatch.setattr(scenario_models, "PAYS", 0.0)
    monkeypatch.setattr(scenario_models, "_awaited", told)
    return found


@pytest.mark.usefixtures("too_large_to_join")
@pytest.mark.parametrize("answers", [True, False])
def test_scenarios_built_in_processes_are_those_built_in_one(
    answers: bool, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Arrays are the same where another process builds a part, and where it does not answer."""
    if not answers:
        monkeypatch.setattr(scenario_models, "_awaited", lambda future: SolveResult("lost", "no_plan"))
    tree = ScenarioTree(columns_differ())
    one, two = Subproblems(tree, ranks()), Subproblems(tree, ranks(), processes=2)
    assert asked == ["optimal"] * answers
    assert list(two.local) == list(one.local)
    for name, each in one.local.items():
        other = two.local[name]
        assert other.tree is tree
        assert (each.arrays.columns, each.arrays.rows) == (other.arrays.columns, other.arrays.rows)
        assert (each.arrays.matrix != other.arrays.matrix).nnz == 0
        assert (each.bounds, each.shared_columns) == (other.bounds, other.shared_columns)


@pytest.mark.usefixtures("too_large_to_join")
def test_plans_read_back_in_processes_are_those_read_back_in_one(
    asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same plans, whether processes build the models again or not; a worker process starts none."""
    data = columns_differ()
    found = decompose(data, SolveOptions(gap=1e-6, threads=2))
    assert asked == ["optimal"] * 2  # for the arrays, and for the plans
    monkeypatch.setattr(scenario_models, "current_process", lambda: SimpleNamespace(daemon=True))
    again = decompose(data, SolveOptions(gap=1e-6, threads=2))
    assert asked == ["optimal"] * 2
    assert found.plans is not None
    assert again.plans == found.plans
    assert decompose(data, SolveOptions(gap=1e-6), start=found.plans).objective_usd == found.objective_usd


def test_candidates_are_nearest_to_the_average_and_new() -> None:
    """Those that decide most come first, then by weighted distance; what was tried or is the same is left out."""
    a, b = (0, "s", "sign", "a"), (0, "s", "sign", "b")
    solutions = {
        "far": {a: 4.0, b: 0.0},
        "near": {a: 1.0, b: 1.0},
        "same": {a: 1.0, b: 1.0},
        "tried": {a: 1.0, b: 0.0},
        "less": {a: 1.0},
    }
    average, weights = {a: 1.0, b: 0.5}, {a: 2.0, b: 1.0}
    found = nearest(solutions, average, weights, [solutions["tried"]], most=4)
    assert found == [solutions["near"], solutions["far"], solutions["less"]]
    assert nearest(solutions, {a: 4.0, b: 0.0}, weights, [], most=1) == [solutions["far"]]


@pytest.mark.parametrize("of", [three_stages, columns_differ])
def test_a_search_without_a_plan_goes_on_into_the_time_for_what_follows(of: Callable[[], Dataset]) -> None:
    """Where the limit passes while scenarios are built there is none, but one if what follows has time set aside."""
    data, least = of(), decomposed(of()).objective_usd
    assert least is not None
    assert decompose(data, SolveOptions(time_limit=1e-3)).status == "no_plan"
    found = decompose(data, SolveOptions(time_limit=1e-3, without_plan=600.0))
    assert found.plans is not None
    assert found.objective_usd is not None
    assert found.bound_usd is not None
    assert found.bound_usd <= least * (1.0 + 1e-6)
    assert least <= found.objective_usd * (1.0 + 1e-6)
    assert audit_scenario_set(data, found.plans).passed


def test_plans_with_the_same_decisions_stand_where_the_time_is_over() -> None:
    """First plans are rough; evaluated again they cost no more, and stand where no time is left."""
    search = DecompositionSearch(DecompositionTask(columns_differ(), SolveOptions(), {}), ranks(), None, None)
    first = search.candidates.first_plans({})
    assert first is not None
    assert first.rough
    best = search.candidates.evaluate(first.decisions, known=first)
    assert best is not None
    assert not best.rough
    assert best.objective <= first.objective + 1e-9
    search.solver.deadline = 0.0
    late = search.candidates.evaluate(first.decisions, known=first)
    assert late is not None
    assert late.rough
    assert late.objective == pytest.approx(first.objective)


def test_scenarios_for_which_the_time_is_short_have_their_first_plans(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where one scenario takes so long that the time is too short for the rest, these have rough plans, not none."""
    search = DecompositionSearch(DecompositionTask(columns_differ(), SolveOptions(threads=1), {}), ranks(), None, None)
    known = search.candidates.first_plans({})
    assert known is not None
    whole = search.candidates.evaluate(known.decisions)
    assert whole is not None
    assert not whole.rough
    assert search.solver.rough == set()
    ticks = itertools.count()
    clock = SimpleNamespace(monotonic=lambda: float(next(ticks)))
    monkeypatch.setattr("planner.stochastic.subproblem_solver.time", clock)
    search.solver.deadline = 8.0
    hurried = search.candidates.evaluate(known.decisions)
    assert hurried is not None
    assert hurried.rough
    assert search.solver.rough == set(list(search.subproblems.problems)[1:])
    assert hurried.objective >= whole.objective - 1e-9


@pytest.mark.parametrize("of", [lands, three_stages, columns_differ])
def test_relaxations_say_what_scenarios_cost_at_least_alone(of: Callable[[], Dataset]) -> None:
    """No bound of a scenario by itself lies above its least cost, also where others narrow what it may decide."""
    data = of()
    bounds = decompose(data, SolveOptions(gap=1e-6)).alone_usd
    for name, bound in bounds.items():
        least = solve(build_model(data.in_scenario(name)), SolveOptions(gap=0.0)).objective_usd
        assert least is not None
        assert bound <= least + 1e-6 * abs(least)
    assert bounds or of is columns_differ


def test_perfect_information_has_a_range_where_there_was_no_time_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """With no scenario solved by itself EVPI is told between 0 and what the relaxations prove, around what it is."""

    def evpi() -> Estimate:
        options = SolveOptions(gap=1e-6, time_limit=600.0)

        def watch(name: str) -> ProgressLines:
            return ProgressLines(name, "USD", None)

        found = solve_stochastic(lands(), Measure(), options, Stop(), watch, engine="decomposition")
        assert found.best is not None
        worth = found.best.evpi()
        assert worth is not None
        return worth.estimate

    true = evpi().value(1e-3)
    assert true is not None
    monkeypatch.setattr("planner.stochastic.solve.LEAST_SECONDS", 1e9)
    known = evpi()
    assert known.at_least == 0.0
    assert known.at_most is not None
    assert 0.0 < true <= known.at_most * (1.0 + 1e-6)
