"""Decomposition: the same answer as the extensive form, from bounds on both sides."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from builders import JAN, dataset, demand, lease, on_demand, term
from cases.test_stochastic_textbooks import PUBLISHED, lands
from decomposed import decomposed
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csc_array
from stochastic import factor, scenario, solved_together

from models.core.compiled import Compiled
from models.core.scaling import model_units
from models.dataset import Dataset
from models.stochastic.benders import Master, feasibility_cut, lagrangian_cut
from models.stochastic.extensive_form import ExtensiveForm
from models.stochastic.proximal import with_proximal_term
from models.stochastic.risk import Measure
from models.stochastic.subproblem import build_subproblem
from models.stochastic.subproblem import multipliers as relaxation_multipliers
from models.stochastic.tree import ScenarioTree
from planner.solving.problem import ArrayProblem, Progress, SolveOptions, fixed_problem
from planner.solving.relaxation import LinearRelaxation, relaxed_optimum
from planner.solving.search import solve
from planner.stochastic.decomposition import decompose
from planner.stochastic.lshaped import LShaped
from planner.stochastic.method import choose_engine
from planner.stochastic.mpi import ranks
from planner.stochastic.progressive_hedging import ProgressiveHedging
from planner.stochastic.subproblem_solver import Solution, SubproblemSolver
from planner.stochastic.subproblems import Subproblems


def three_stages() -> Dataset:
    """Four ways demand may go: known half in February, wholly in April; leases of three months against on demand."""
    return dataset(
        lease("long", term(6, 1.0), units_max=4, holds=2.0),
        lease("short", term(3, 1.3), units_max=4, holds=2.0),
        demand(2, 2, 4, 4, 5, 5),
        on_demand(2.2, max_accelerators=9),
        [
            scenario("low", 0.2),
            scenario("fall", 0.3, "low", 3),
            scenario("high", 0.25),
            scenario("boom", 0.25, "high", 3),
        ],
        [factor("low", "demand", 0.7, t=1), factor("fall", "demand", 0.7, t=1), factor("fall", "demand", 0.3, t=3)],
        [factor("high", "demand", 1.3, t=1), factor("boom", "demand", 1.3, t=1), factor("boom", "demand", 1.9, t=3)],
        months=6,
        first_stage_months=1,
    )


def columns_differ() -> Dataset:
    """A supplier leaves in one scenario and delivers late in another, so that they have other decisions to take."""
    return dataset(
        lease("neo", term(3, 1.0, renewals_max=1, renewal_months=1), units_max=3),
        lease("late", term(4, 0.9), provider="slow", units_max=3),
        demand(1, 2, 3, 3, 3),
        on_demand(2.0),
        [scenario("plain", 0.4), scenario("exit", 0.3), scenario("delay", 0.3)],
        factor("exit", "supplier_exit", name="neo", t=1),
        factor("delay", "delivery_delay_months", 2, name="late"),
        months=5,
        first_stage_months=2,
    )


def one_doubles(units_max: int) -> Dataset:
    """Demand of one unit, of two in one scenario, to be signed for before they part."""
    return dataset(
        demand(1, months=2),
        lease("deal", term(2, 1.0), sign_until=JAN, units_max=units_max),
        [scenario("plain", 0.5), scenario("more", 0.5), factor("more", "demand", 2.0)],
        months=2,
        first_stage_months=1,
    )


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


@pytest.mark.parametrize("of", [lands, three_stages, columns_differ])
def test_multipliers_leave_the_whole_as_it_is_and_bound_it(of: object) -> None:
    """They sum to 0 over the scenarios of a node, and the relaxed subproblems with them come to the relaxation."""
    assert callable(of)
    form = ExtensiveForm(of())
    relaxed = relaxed_optimum(form)
    assert relaxed is not None
    prices = relaxation_multipliers(form, relaxed.column_duals, relaxed.row_duals)
    sums = [0.0] * len(form.compiled.columns)
    total = 0.0
    for each in form.scenarios:
        subproblem = build_subproblem(form.tree, each.name, each.model)
        for i, place in enumerate(each.joint_columns):
            sums[place] += subproblem.probability * prices[each.name][i]
        arrays = each.model.compiled.within(
            form.compiled.lower[each.joint_columns],
            form.compiled.upper[each.joint_columns],
            each.model.compiled.integer,
        )
        priced = replace(arrays, cost=arrays.cost + prices[each.name])
        least = relaxed_optimum(ArrayProblem(priced, form.units))
        assert least is not None
        total += subproblem.probability * (float(priced.cost @ least.values) + priced.offset)
    whole = float(form.compiled.cost @ relaxed.values) + form.compiled.offset
    assert max(abs(each) for each in sums) < 1e-6 * max(1.0, abs(whole))
    assert total == pytest.approx(whole, rel=1e-6)


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
def test_what_cannot_be_decomposition_cannot_minimise_is_refused(tied: str) -> None:
    """A weight of CVaR ties costs, and no probability has no multipliers: refused, and never chosen."""
    data = lands()
    if tied == "cvar":
        data = replace(data, settings=replace(data.settings, risk_weight=0.5))
    else:
        data = replace(data, scenarios=(*data.scenarios, scenario("never", 0.0)))
    with pytest.raises(ValueError, match="use the extensive form"):
        decompose(data, SolveOptions())
    assert choose_engine(data, 10**9) == "extensive"


def hedging(data: Dataset, multipliers: bool) -> ProgressiveHedging:
    """Progressive hedging of a dataset's subproblems, from the multipliers of the relaxed extensive form or from 0."""
    subproblems = Subproblems(ScenarioTree(data), ranks())
    prices = {}
    if multipliers:
        form = ExtensiveForm(data, Measure(), {name: each.model for name, each in subproblems.local.items()})
        relaxed = relaxed_optimum(form)
        assert relaxed is not None
        prices = relaxation_multipliers(form, relaxed.column_duals, relaxed.row_duals)
    subproblems.price(prices)
    solver = SubproblemSolver(SolveOptions(gap=0.0), 1, deadline=None, time_limit=None, short_time_limit=None)

    def solve_all(problems: Mapping[str, Compiled], _: bool) -> dict[str, Solution]:
        units = model_units(data)
        found = solver.solve({name: ArrayProblem(problem, units) for name, problem in problems.items()})
        return {name: solution for name, solution in found.items() if solution is not None}

    return ProgressiveHedging(subproblems, solve_all)


@pytest.mark.parametrize("multipliers", [False, True])
@pytest.mark.parametrize("of", [lands, three_stages, columns_differ])
def test_hedging_bounds_the_expected_cost_in_every_iteration(of: object, multipliers: bool) -> None:
    """No multipliers of any iteration give a lower bound above the optimum, and from 0 they rise where they can."""
    assert callable(of)
    data = of()
    optimum = solved_together(data).objective_usd
    method = hedging(data, multipliers)
    bounds = [method.begin()]
    for _ in range(6):
        method.iterate()
        bounds.append(method.lower_bound())
    usd = model_units(data).usd
    assert all(bound * usd <= optimum * (1.0 + 1e-7) + 1e-6 for bound in bounds)
    assert multipliers or max(bounds[1:]) > bounds[0] or bounds[0] * usd == pytest.approx(optimum)


def test_hedging_draws_scenarios_together() -> None:
    """Scenarios apart at first decide alike, or nearly so, after some iterations; averages weigh by probability."""
    method = hedging(lands(), multipliers=False)
    method.begin()

    def spread() -> float:
        average = method.average()
        return sum(abs(value - average[key]) for own in method.decisions().values() for key, value in own.items())

    first = spread()
    chance = ScenarioTree(lands()).probability
    for key, value in method.average().items():
        weighted = [(chance[name], own[key]) for name, own in method.decisions().items() if key in own]
        assert value == pytest.approx(sum(p * x for p, x in weighted) / sum(p for p, _ in weighted))
    for _ in range(10):
        method.iterate()
    assert first > 0.0
    assert spread() < 0.5 * first


@given(low=st.integers(-3, 3), width=st.integers(0, 40), average=st.floats(-5.0, 45.0), weight=st.floats(0.1, 9.0))
def test_the_proximal_term_is_never_above_the_square(low: int, width: int, average: float, weight: float) -> None:
    """At whole numbers it is weight/2 times the squared distance next to the average and less nowhere but far away."""
    problem = Compiled(
        cost=np.zeros(1), offset=0.0, matrix=csc_array((0, 1)), row_lower=np.zeros(0), row_upper=np.zeros(0),
        lower=np.array([float(low)]), upper=np.array([float(low + width)]), integer=np.ones(1, dtype=bool),
        columns=(None,), rows=(),
    )  # fmt: skip
    augmented = with_proximal_term(problem, np.array([0]), np.array([average]), np.array([weight]))
    for x in range(low, low + width + 1):
        values = np.full(len(augmented.cost), float(x))
        values[1:] = max(0.0, *(augmented.row_lower - augmented.matrix[:, [0]].toarray()[:, 0] * x), 0.0)
        exact = 0.5 * weight * (x - average) ** 2
        assert augmented.objective(values) <= exact + 1e-7 * (1.0 + exact)
        if abs(x - average) <= 1.0 or width <= 2:
            assert augmented.objective(values) == pytest.approx(exact, rel=1e-7, abs=1e-7)


def test_the_engine_is_chosen_by_size() -> None:
    """Small problems are solved whole; large ones of several scenarios by decomposition."""
    assert choose_engine(lands(), 1_000) == "extensive"
    assert choose_engine(lands(), 10**9) == "decomposition"


def test_a_problem_too_large_to_join_is_hedged_without_prices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extensive form hedging finds multipliers of its own, and bounds on both sides of the optimum."""
    from planner.stochastic import decomposition as module

    monkeypatch.setattr(module, "JOINT_NONZEROS", 0)
    found = decompose(lands(), SolveOptions(gap=0.001, time_limit=20.0))
    assert found.bound_usd is not None
    assert found.objective_usd is not None
    assert found.bound_usd <= PUBLISHED + 1e-3
    assert found.objective_usd >= PUBLISHED - 1e-3
    assert found.iterations > 0
    assert not any(line.startswith(("relaxation", "extensive form")) for line in found.log)


def lshaped_method(data: Dataset) -> tuple[LShaped, SolveOptions]:
    """The L-shaped method on a dataset, begun from the relaxation of the extensive form."""
    tree = ScenarioTree(data)
    subproblems = Subproblems(tree, ranks())
    form = ExtensiveForm(data, Measure(), {name: subproblem.model for name, subproblem in subproblems.local.items()})
    relaxed = relaxed_optimum(form)
    assert relaxed is not None
    options = SolveOptions(gap=0.0, absolute_gap=1e-6, threads=1)
    solver = SubproblemSolver(options, workers=1, deadline=None, time_limit=None, short_time_limit=None)
    core = {key: float(relaxed.values[place]) for key, place in form.shared.items()}
    search = LShaped(Master(form), core, subproblems, solver)
    prices = relaxation_multipliers(form, relaxed.column_duals, relaxed.row_duals)
    values = {each.name: relaxed.values[each.joint_columns] for each in form.scenarios}
    search.add_cuts(
        {name: lagrangian_cut(subproblem, prices[name], values[name]) for name, subproblem in subproblems.local.items()}
    )
    return search, options


def test_the_l_shaped_method_proves_what_has_continuous_recourse() -> None:
    """With continuous recourse master and tangents alone come to the published optimum of LandS, from both sides."""
    search, options = lshaped_method(lands())
    usd = model_units(lands()).usd
    bounds: list[float] = []
    search.converge(options, 1e-4, bounds.append)
    found = search.best_untried()
    assert found is not None
    assert all(value == round(value) for value in found[0].values())
    assert bounds == sorted(bounds)
    assert found[1] * usd == pytest.approx(PUBLISHED, abs=5e-4)
    assert search.lower * usd == pytest.approx(PUBLISHED, abs=5e-4)


@pytest.mark.parametrize("of", [lands, three_stages, columns_differ])
def test_cuts_lie_below_what_scenarios_cost(of: object) -> None:
    """No cut, strengthened or not, claims more than a scenario costs with the decisions held, whatever they are."""
    assert callable(of)
    data = of()
    search, options = lshaped_method(data)
    search.converge(options, 1e-4, lambda _: None)
    first = search.best_untried()
    assert first is not None
    search.strengthen_at(first[0], None)
    assert search.master is not None
    rng = Random(4)
    bounds, checked = search.subproblems.bounds, 0
    for _ in range(60):
        decided = {key: min(max(first[0][key] + rng.randint(-1, 2), low), high) for key, (low, high) in bounds.items()}
        for name, subproblem in search.subproblems.local.items():
            outcome = solve(
                fixed_problem(
                    ArrayProblem(search.subproblems.problems[name], subproblem.model.units),
                    subproblem.fixed_values(decided),
                ),
                options,
            )
            if outcome.objective_usd is None:
                continue
            assert outcome.values is not None
            whole = decided | {key: float(outcome.values[i]) for key, i in subproblem.shared_columns.items()}
            for cut in search.master.cuts:
                if cut.scenario == name:
                    checked += 1
                    assert cut.value(whole) <= outcome.objective_usd / subproblem.model.units.usd + 1e-5
    assert checked > 20


def test_whole_numbers_of_their_own_strengthen_cuts() -> None:
    """A strengthened cut has the slopes of a tangent and a higher intercept; the master's optimum never falls by it."""
    search, options = lshaped_method(three_stages())
    search.converge(options, 1e-4, lambda _: None)
    first = search.best_untried()
    assert first is not None
    lower = search.lower
    stronger = search.strengthen_at(first[0], None)
    assert stronger
    assert search.master is not None
    for name, cut in stronger.items():
        alike = [each.intercept for each in search.master.cuts if each.scenario == name and each.slopes == cut.slopes]
        assert min(alike) < cut.intercept == max(alike)
    search.converge(options, 1e-4, lambda _: None)
    assert search.lower >= lower


def test_decisions_without_a_plan_are_cut_off() -> None:
    """Where a scenario contradicts decisions the cut keeps away from them, and from none that have a plan."""
    data = one_doubles(units_max=3)
    search, _ = lshaped_method(data)
    subproblem, arrays = search.subproblems.local["more"], search.subproblems.problems["more"]
    relaxation = LinearRelaxation(ArrayProblem(arrays, subproblem.model.units))
    known = {}
    for units in (0.0, 1.0, 2.0, 3.0):
        held = subproblem.fixed_values(dict.fromkeys(search.subproblems.bounds, units))
        lower, upper = np.where(np.isnan(held), arrays.lower, held), np.where(np.isnan(held), arrays.upper, held)
        known[units] = relaxation.optimum(lower, upper) is not None
        if not known[units]:
            ray = relaxation.contradiction()
            assert ray is not None
            cut = feasibility_cut(subproblem, arrays, ray, dict.fromkeys(search.subproblems.bounds, units))
            assert cut is not None
            assert cut.scenario is None
            assert cut.value(dict.fromkeys(search.subproblems.bounds, units)) > 1e-3
            assert cut.value(dict.fromkeys(search.subproblems.bounds, 2.0)) <= 1e-9
    assert known == {0.0: False, 1.0: False, 2.0: True, 3.0: True}
