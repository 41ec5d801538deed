"""The L-shaped method: multipliers, cuts below what scenarios cost, and cuts that keep away from what has no plan."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest
from cases.test_stochastic_textbooks import PUBLISHED, lands
from decomposed import columns_differ, one_doubles, three_stages

from models.dataset import Dataset
from models.stochastic.benders import Master, feasibility_cut, lagrangian_cut
from models.stochastic.extensive_form import ExtensiveForm
from models.stochastic.risk import Measure
from models.stochastic.subproblem import build_subproblem
from models.stochastic.subproblem import multipliers as relaxation_multipliers
from models.stochastic.tree import ScenarioTree
from models.supply.scaling import model_units
from planner.solving.problem import ArrayProblem, SolveOptions, fixed_problem
from planner.solving.relaxation import LinearRelaxation, relaxed_optimum
from planner.solving.search import solve
from planner.stochastic.lshaped import LShaped
from planner.stochastic.mpi import ranks
from planner.stochastic.subproblem_solver import SubproblemSolver
from planner.stochastic.subproblems import Subproblems


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
