"""The L-shaped method: multipliers, cuts below what scenarios cost, and cuts that keep away from what has no plan."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from cases.test_stochastic_textbooks import PUBLISHED, lands
from decomposed import columns_differ, one_doubles, three_stages

from models.dataset import Dataset
from models.stochastic.benders import feasibility_cut
from models.stochastic.extensive_form import ExtensiveForm
from models.stochastic.risk import Measure
from models.stochastic.tree import ScenarioTree
from models.supply.scaling import model_units
from planner.solving.problem import ArrayProblem, SolveOptions, fixed_problem
from planner.solving.relaxation import LinearRelaxation, relaxed_optimum
from planner.solving.search import solve
from planner.stochastic.lshaped import LShaped
from planner.stochastic.mpi import ranks
from planner.stochastic.subproblem_solver import SubproblemSolver
from planner.stochastic.subproblems import Subproblems


def lshaped_method(data: Dataset) -> tuple[LShaped, SolveOptions]:
    """The L-shaped method on a dataset, before its first cut."""
    subproblems = Subproblems(ScenarioTree(data), ranks())
    options = SolveOptions(gap=0.0, absolute_gap=1e-6, threads=1)
    solver = SubproblemSolver(options, workers=1, deadline=None, time_limit=None, short_time_limit=None)
    return LShaped(subproblems.master(), subproblems, solver), options


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
    prices = search.relax(1e-9, bounds.append)
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
    search.relax(1e-9, lambda _: None)
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
    search.relax(1e-9, lambda _: None)
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
            for cut in search.master.cuts:
                if cut.scenario == name and not cut.feasibility:
                    checked += 1
                    assert cut.value(decided) <= outcome.objective_usd / subproblem.model.units.usd + 1e-5
    assert checked > 20


def test_whole_numbers_of_their_own_strengthen_cuts() -> None:
    """A strengthened cut has the slopes of a tangent and a higher intercept; the master's optimum never falls by it."""
    search, options = lshaped_method(three_stages())
    search.relax(1e-9, lambda _: None)
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
            assert cut.feasibility
            assert cut.value(dict.fromkeys(search.subproblems.bounds, units)) > 1e-3
            assert cut.value(dict.fromkeys(search.subproblems.bounds, 2.0)) <= 1e-9
    assert known == {0.0: False, 1.0: False, 2.0: True, 3.0: True}
