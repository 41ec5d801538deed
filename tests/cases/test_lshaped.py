"""The L-shaped method: multipliers, cuts below what scenarios cost, and cuts that keep away from what has no plan."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from random import Random

import numpy as np
import pytest
from builders import JAN, dataset, demand, lease, on_demand, segment, term
from cases.test_stochastic_textbooks import PUBLISHED, lands
from decomposed import columns_differ, decomposed, one_doubles, three_stages
from stochastic import factor, scenario

from models.build import build_model
from models.dataset import Dataset
from models.schema import Cap, Limit
from models.stochastic.benders import Master, feasibility_cut
from models.stochastic.extensive_form import DecisionKey, ExtensiveForm
from models.stochastic.risk import Measure
from models.stochastic.tree import ScenarioTree
from models.supply.scaling import model_units
from planner.solving.exactness import violation
from planner.solving.problem import ArrayProblem, Outcome, SolveOptions, fixed_problem
from planner.solving.relaxation import LinearRelaxation, relaxed_optimum
from planner.solving.search import solve
from planner.stochastic.cut_strengthening import LEAST_SHARE, MOST_SHARE, share_to_raise
from planner.stochastic.lshaped import LShaped
from planner.stochastic.mpi import ranks
from planner.stochastic.recourse import plan_by_limits, proven_bound
from planner.stochastic.subproblem_solver import SubproblemSolver
from planner.stochastic.subproblems import Subproblems


def lshaped_method(data: Dataset) -> tuple[LShaped, SolveOptions]:
    """The L-shaped method on a dataset, before its first cut."""
    subproblems = Subproblems(ScenarioTree(data), ranks())
    options = SolveOptions(gap=0.0, absolute_gap=1e-6, threads=1)
    solver = SubproblemSolver(options, workers=1, deadline=None, time_limit=None, short_time_limit=None)
    return LShaped(subproblems.master(), subproblems, solver), options


def held(search: LShaped, name: str, decisions: Mapping[DecisionKey, float]) -> ArrayProblem:
    """A scenario's problem with its shared decisions held."""
    subproblem = search.subproblems.local[name]
    problem = ArrayProblem(search.subproblems.problems[name], subproblem.units)
    return fixed_problem(problem, subproblem.fixed_values(decisions))


@pytest.mark.parametrize("of", [lands, three_stages, columns_differ])
def test_multipliers_leave_the_whole_as_it_is_and_bound_it(of: object) -> None:
    """They sum to 0 over a node's scenarios; relaxed subproblems with them come to the relaxed master's bound, or less.

    Of LandS that is the relaxation of the whole, of which what follows from whole-number decisions makes no part.
    """
    assert callable(of)
    form = ExtensiveForm(of(), Measure())
    relaxed = relaxed_optimum(form)
    assert relaxed is not None
    whole = form.compiled.objective(relaxed.values)
    search, _ = lshaped_method(of())
    bounds: list[float] = []
    prices = search.relax(search.relax_apart(), 1e-9, bounds.append)
    subproblems = search.subproblems
    sums, total = dict.fromkeys(subproblems.bounds, 0.0), 0.0
    subproblems.price(prices)
    for name, priced in subproblems.priced.items():
        for key, price in prices[name].items():
            sums[key] += subproblems.tree.probability[name] * price
        least = relaxed_optimum(ArrayProblem(priced, form.units))
        assert least is not None
        total += subproblems.tree.probability[name] * priced.objective(least.values)
    assert max(abs(each) for each in sums.values()) < 1e-6 * max(1.0, abs(whole))
    assert bounds == sorted(bounds)
    assert total == pytest.approx(bounds[-1], rel=1e-6)
    assert total <= whole + 1e-6 * abs(whole)
    assert of is not lands or total == pytest.approx(whole, rel=1e-6)


def test_the_l_shaped_method_proves_what_has_continuous_recourse() -> None:
    """With continuous recourse master and tangents alone come to the published optimum of LandS, from both sides."""
    search, options = lshaped_method(lands())
    search.relax(search.relax_apart(), 1e-9, lambda _: None)
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
    search.relax(search.relax_apart(), 1e-9, lambda _: None)
    search.converge(options, 1e-4, lambda _: None)
    first = search.best_untried()
    assert first is not None
    plans = {name: solve(held(search, name, first[0]), options).values for name in search.subproblems.local}
    for share in (0.5, 1.5):
        search.strengthen_at(first[0], None, {name: plan for name, plan in plans.items() if plan is not None}, share)
    assert search.master is not None
    rng = Random(4)
    bounds, checked = search.subproblems.bounds, 0
    for _ in range(60):
        decided = {key: min(max(first[0][key] + rng.randint(-1, 2), low), high) for key, (low, high) in bounds.items()}
        for name, subproblem in search.subproblems.local.items():
            outcome = solve(held(search, name, decided), options)
            if outcome.objective_usd is None:
                continue
            for cut in search.master.cuts:
                if cut.scenario == name and not cut.feasibility:
                    checked += 1
                    assert cut.value(decided) <= outcome.objective_usd / subproblem.units.usd + 1e-5
    assert checked > 20


def test_whole_numbers_of_their_own_strengthen_cuts() -> None:
    """A strengthened cut has the slopes of a tangent and a higher intercept; the master's optimum never falls by it."""
    search, options = lshaped_method(three_stages())
    search.relax(search.relax_apart(), 1e-9, lambda _: None)
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


def test_a_plan_by_limits_and_a_bound_enclose_the_least_cost() -> None:
    """A plan found by its limits first costs no less than the best one, and what is proven of either is no more."""
    model = build_model(
        dataset(
            segment(revenue_usd_per_mtok=1.0, shortfall_usd_per_mtok=2.0, change_cost_usd=10.0),
            Limit(segment="chat", limit="tight", generosity=1.0, demand_multiplier=0.5, revenue_multiplier=0.7),
            Limit(segment="chat", limit="none", generosity=2.0),
            lease("long", term(3, 1.0), units_max=4, holds=2.0),
            demand(3, 3, 5, 5, 7, 7),
            months=6,
        )
    )
    options, arrays = SolveOptions(gap=0.0, threads=1), model.compiled
    best = solve(model, options)
    assert best.objective_usd is not None
    in_force = np.array([column.parent_component().name == "in_force" for column in arrays.columns])
    assert in_force.any()
    problem = ArrayProblem(arrays, model.units)
    # with the best limits the leases, which are whole, still leave the gap open: no plan is taken for a good one
    assert plan_by_limits(problem, in_force, options, lambda: None, lambda: False) is None
    found = plan_by_limits(problem, in_force, replace(options, gap=0.5), lambda: None, lambda: False)
    assert found is not None
    assert found.values is not None
    assert found.objective_usd is not None
    assert found.bound_usd is not None
    assert violation(arrays, found.values) <= 1e-6
    assert found.bound_usd <= best.objective_usd + 1e-6 <= found.objective_usd + 2e-6
    bound = proven_bound(problem, options, [math.inf], lambda: False) * model.units.usd
    assert bound == pytest.approx(best.objective_usd, rel=1e-6)


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 5])
def test_what_is_proven_is_what_is_aimed_at_or_the_least_cost(seed: int) -> None:
    """With limits of its own whole, a bound is the lower of its aim and the least cost, and of two aims the higher."""
    rng = Random(seed)
    levels = sorted(rng.uniform(0.3, 1.3) for _ in range(3))
    model = build_model(
        dataset(
            segment(revenue_usd_per_mtok=1.0, shortfall_usd_per_mtok=2.0, min_months_between_changes=rng.randint(0, 2)),
            *(
                Limit(segment="chat", limit=f"level {k}", demand_multiplier=level, revenue_multiplier=level**0.6)
                for k, level in enumerate(levels)
            ),
            lease("long", term(3, rng.uniform(0.5, 2.0)), units_max=4, holds=2.0),
            demand(*(rng.uniform(1.0, 9.0) for _ in range(5))),
            months=5,
        )
    )
    arrays, options = model.compiled, SolveOptions(gap=0.0, threads=1)
    in_force = np.array([column.parent_component().name == "in_force" for column in arrays.columns])
    problem = ArrayProblem(arrays.within(arrays.lower, arrays.upper, in_force), model.units)
    best, relaxed = solve(problem, options), relaxed_optimum(problem)
    assert best.objective_usd is not None
    assert relaxed is not None
    least, lowest = best.objective_usd / model.units.usd, arrays.objective(relaxed.values)
    assert lowest < least - 1e-4 * abs(least), "limits are fractions, so that there is something to prove"
    for share in (0.1, 0.5, 0.9, 1.5):
        aim = lowest + share * (least - lowest)
        bound = proven_bound(problem, options, [aim], lambda: False)
        assert bound == pytest.approx(min(aim, least), rel=1e-7)
        assert proven_bound(problem, options, [aim, lowest], lambda: False) == bound


def test_cuts_are_raised_by_a_share_of_what_they_leave_open_whatever_that_is() -> None:
    """Without a plan, or with one that costs what the cuts say or less, the share is within its bounds too."""
    for known, target, upper in ((3.0, 3.9, 4.0), (3.0, math.inf, math.inf), (4.0, 3.9, 4.0), (4.1, 3.9, 4.0)):
        assert LEAST_SHARE <= share_to_raise(known, target, upper) <= MOST_SHARE


def test_a_bound_without_an_aim_is_searched_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a scenario has no plan that says how far a cut may be raised, no second search repeats the first."""
    search, options = lshaped_method(three_stages())
    search.relax(search.relax_apart(), 1e-9, lambda _: None)
    search.converge(options, 1e-4, lambda _: None)
    first = search.best_untried()
    assert first is not None
    aimed: list[object] = []

    def bounds(problems: object, aims: Mapping[str, object], seconds: object) -> dict[str, float]:
        aimed.extend(aims.values())
        return {}

    monkeypatch.setattr(search.solver, "lower_bounds", bounds)
    search.strengthen_at(first[0], None)
    assert aimed
    assert all(each == [math.inf] for each in aimed)


def test_a_master_without_decisions_in_its_time_is_searched_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the first time is too short for any decisions, more is taken until there are some."""
    search, options = lshaped_method(lands())
    search.relax(search.relax_apart(), 1e-9, lambda _: None)
    given: list[float | None] = []

    def slow(problem: Master, options: SolveOptions, **more: object) -> Outcome:
        given.append(options.time_limit)
        if len(given) < 3:
            return Outcome("no_plan", None, None, None, None, options.time_limit or 0.0, "Time limit reached", ())
        return solve(problem, options)

    monkeypatch.setattr("planner.stochastic.lshaped.solve", slow)
    search.converge(options, 1e-4, lambda _: None)
    assert given[:3] == [30.0, 120.0, 480.0]
    assert search.best_untried() is not None


def test_decisions_without_a_plan_are_cut_off() -> None:
    """Where a scenario contradicts decisions the cut keeps away from them, and from none that have a plan."""
    data = one_doubles(units_max=3)
    search, _ = lshaped_method(data)
    subproblem, arrays = search.subproblems.local["more"], search.subproblems.problems["more"]
    relaxation = LinearRelaxation(ArrayProblem(arrays, subproblem.units))
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
            assert cut.feasibility
            assert cut.value(dict.fromkeys(search.subproblems.bounds, units)) > 1e-3
            assert cut.value(dict.fromkeys(search.subproblems.bounds, 2.0)) <= 1e-9
    assert known == {0.0: False, 1.0: False, 2.0: True, 3.0: True}


def test_whole_numbers_of_one_scenario_that_allow_no_plan_end_the_search() -> None:
    """In February 1.4 leased accelerators and 0.1 on demand would keep to a budget of 1100, but leases come whole."""
    leases = (
        lease("now", term(1, 1.2), sign_until=JAN, units_max=2),
        lease("later", term(1, 1.0), sign_from=JAN + 1, units_max=3),
    )
    budget = Cap(cap="budget", measure="cash_usd", scope="total", sense="max", value=1100.0, from_month=JAN + 1)
    futures = [scenario("same", 0.5), scenario("more", 0.5), factor("more", "demand", 1.5, t=1)]
    rows = [*leases, demand(1, 1), on_demand(3.0, max_accelerators=0.1), budget, *futures]
    data = dataset(rows, months=2, first_stage_months=1)
    assert decomposed(data).status == "infeasible"
