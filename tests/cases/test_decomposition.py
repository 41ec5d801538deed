"""Decomposition: the same answer as the extensive form, from bounds on both sides."""

from __future__ import annotations

import logging
from dataclasses import replace
from random import Random

import numpy as np
import pytest
from builders import JAN, dataset, demand, lease, on_demand, term
from cases.test_stochastic_textbooks import PUBLISHED, lands
from decomposed import decomposed
from stochastic import factor, scenario

from models.core.scaling import model_units
from models.dataset import Dataset
from models.stochastic.benders import Master, lagrangian, ruled_out
from models.stochastic.extensive_form import ExtensiveForm
from models.stochastic.risk import Measure
from models.stochastic.subproblem import Stages, build_subproblem, multipliers
from models.stochastic.tree import ScenarioTree
from planner.solving.highs import ArrayProblem, Progress, SolveOptions, hold, solve
from planner.solving.relaxation import LinearRelaxation, relaxed_optimum
from planner.stochastic.decomposition import decompose
from planner.stochastic.lshaped import LShaped
from planner.stochastic.method import choose_engine
from planner.stochastic.mpi import ranks
from planner.stochastic.subproblem_solver import SubproblemSolver
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
    """Demand of one unit, of two in one scenario, to be signed for before they are told apart."""
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
    monkeypatch.setattr("planner.stochastic.decomposition._Decomposition._shape", lambda *_: None)


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


def test_stages_follow_the_tree() -> None:
    """Scenarios of a node stand side by side, and the last stage is the last in which any two are alike."""
    stages = Stages(ScenarioTree(three_stages()))
    assert stages.starts == (0, 1)
    assert stages.order == ("low", "fall", "high", "boom")
    assert stages.path("boom") == ("low", "high")
    assert [stages.of(t) for t in (0, 1, 2)] == [0, 1, 1]


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
    """They sum to 0 over the scenarios of a node, and the parts priced with them come to the relaxation's least."""
    assert callable(of)
    form = ExtensiveForm(of())
    relaxed = relaxed_optimum(form)
    assert relaxed is not None
    prices = multipliers(form, relaxed.column_duals, relaxed.row_duals)
    sums = [0.0] * len(form.compiled.columns)
    total = 0.0
    for each in form.scenarios:
        part = build_subproblem(form.tree, each.name, each.model)
        for i, place in enumerate(each.places):
            sums[place] += part.probability * prices[each.name][i]
        arrays = each.model.compiled.within(
            form.compiled.lower[each.places], form.compiled.upper[each.places], each.model.compiled.integer
        )
        priced = replace(arrays, cost=arrays.cost + prices[each.name])
        least = relaxed_optimum(ArrayProblem(priced, form.units))
        assert least is not None
        total += part.probability * (float(priced.cost @ least.values) + priced.offset)
    whole = float(form.compiled.cost @ relaxed.values) + form.compiled.offset
    assert max(abs(each) for each in sums) < 1e-6 * max(1.0, abs(whole))
    assert total == pytest.approx(whole, rel=1e-6)


@pytest.mark.usefixtures("hedging_alone")
def test_nothing_goes_to_standard_output(capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    """Whatever the engine prints is in the log; progress is logged and told, bounds never getting worse."""
    told: list[Progress] = []
    with caplog.at_level(logging.DEBUG, "planner"):
        decompose(lands(), SolveOptions(gap=1e-6), on_progress=told.append)
    assert capfd.readouterr().out == ""
    assert "Decomposition: iteration 1" in caplog.text
    bounds = [each.bound_usd for each in told if each.bound_usd is not None]
    plans = [each.incumbent_usd for each in told if each.incumbent_usd is not None]
    assert bounds == sorted(bounds)
    assert plans == sorted(plans, reverse=True)
    assert len(plans) > 1


@pytest.mark.usefixtures("hedging_alone")
def test_a_stop_ends_it_with_the_best_so_far() -> None:
    """Once a stop is asked for nothing more begins; plan and bound found until then are kept."""
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
def test_what_cannot_be_taken_apart_is_refused(tied: str) -> None:
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
    """Small problems are solved whole; large ones of several scenarios in parts."""
    assert choose_engine(lands(), 1_000) == "extensive"
    assert choose_engine(lands(), 10**9) == "decomposition"


def test_a_problem_too_large_to_join_is_hedged_without_prices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extensive form hedging finds multipliers of its own, and bounds on both sides of the optimum."""
    from planner.stochastic import decomposition as module

    monkeypatch.setattr(module, "JOINED_MOST", 0)
    found = decompose(lands(), SolveOptions(gap=0.001, time_limit=20.0))
    assert found.bound_usd is not None
    assert found.objective_usd is not None
    assert found.bound_usd <= PUBLISHED + 1e-3
    assert found.objective_usd >= PUBLISHED - 1e-3
    assert found.iterations > 0
    assert not any(line.startswith(("relaxation", "extensive form")) for line in found.log)


def shaped(data: Dataset) -> tuple[LShaped, SolveOptions]:
    """The L-shaped method on a dataset, begun from the relaxation of the extensive form."""
    tree = ScenarioTree(data)
    pieces = Subproblems(Stages(tree), ranks())
    form = ExtensiveForm(data, Measure(), {name: part.model for name, part in pieces.parts.items()})
    relaxed = relaxed_optimum(form)
    assert relaxed is not None
    options = SolveOptions(gap=0.0, absolute_gap=1e-6, threads=1)
    bench = SubproblemSolver(options, workers=1, deadline=None, slice_seconds=None, brief_seconds=None)
    core = {key: float(relaxed.values[place]) for key, place in form.shared.items()}
    search = LShaped(Master(form), core, pieces, bench)
    prices = multipliers(form, relaxed.column_duals, relaxed.row_duals)
    values = {each.name: relaxed.values[each.places] for each in form.scenarios}
    search.add({name: lagrangian(part, prices[name], values[name]) for name, part in pieces.parts.items()})
    return search, options


def test_the_l_shaped_method_proves_what_has_continuous_recourse() -> None:
    """With continuous recourse master and tangents alone come to the published optimum of LandS, from both sides."""
    search, options = shaped(lands())
    usd = model_units(lands()).usd
    bounds: list[float] = []
    search.converge(options, 1e-4, bounds.append)
    found = search.promising()
    assert found is not None
    assert all(value == round(value) for value in found[0].values())
    assert bounds == sorted(bounds)
    assert found[1] * usd == pytest.approx(PUBLISHED, abs=5e-4)
    assert search.lower * usd == pytest.approx(PUBLISHED, abs=5e-4)


@pytest.mark.parametrize("of", [lands, three_stages, columns_differ])
def test_cuts_lie_below_what_scenarios_cost(of: object) -> None:
    """No cut, raised or not, claims more than a scenario costs with the decisions held, whatever they are."""
    assert callable(of)
    data = of()
    search, options = shaped(data)
    search.converge(options, 1e-4, lambda _: None)
    first = search.promising()
    assert first is not None
    search.raise_at(first[0], None)
    assert search.master is not None
    rng = Random(4)
    bounds, checked = search.pieces.bounds, 0
    for _ in range(60):
        decided = {key: min(max(first[0][key] + rng.randint(-1, 2), low), high) for key, (low, high) in bounds.items()}
        for name, part in search.pieces.parts.items():
            outcome = solve(
                hold(ArrayProblem(search.pieces.plain[name], part.model.units), part.held(decided)), options
            )
            if outcome.objective_usd is None:
                continue
            assert outcome.values is not None
            whole = decided | {key: float(outcome.values[i]) for key, i in part.common.items()}
            for cut in search.master.cuts:
                if cut.scenario == name:
                    checked += 1
                    assert cut.at(whole) <= outcome.objective_usd / part.model.units.usd + 1e-5
    assert checked > 20


def test_whole_numbers_of_their_own_raise_cuts() -> None:
    """A raised cut has the slopes of a tangent and says more; the master's least never falls by it."""
    search, options = shaped(three_stages())
    search.converge(options, 1e-4, lambda _: None)
    first = search.promising()
    assert first is not None
    lower = search.lower
    raised = search.raise_at(first[0], None)
    assert raised
    assert search.master is not None
    for name, cut in raised.items():
        alike = [each.least for each in search.master.cuts if each.scenario == name and each.slopes == cut.slopes]
        assert min(alike) < cut.least == max(alike)
    search.converge(options, 1e-4, lambda _: None)
    assert search.lower >= lower


def test_decisions_without_a_plan_are_ruled_out() -> None:
    """Where a scenario contradicts decisions the cut keeps away from them, and from none that have a plan."""
    data = one_doubles(units_max=3)
    search, _ = shaped(data)
    part, arrays = search.pieces.parts["more"], search.pieces.plain["more"]
    relaxation = LinearRelaxation(ArrayProblem(arrays, part.model.units))
    known = {}
    for units in (0.0, 1.0, 2.0, 3.0):
        held = part.held(dict.fromkeys(search.pieces.bounds, units))
        lower, upper = np.where(np.isnan(held), arrays.lower, held), np.where(np.isnan(held), arrays.upper, held)
        known[units] = relaxation.optimum(lower, upper) is not None
        if not known[units]:
            ray = relaxation.contradiction()
            assert ray is not None
            cut = ruled_out(part, arrays, ray, dict.fromkeys(search.pieces.bounds, units))
            assert cut is not None
            assert cut.scenario is None
            assert cut.at(dict.fromkeys(search.pieces.bounds, units)) > 1e-3
            assert cut.at(dict.fromkeys(search.pieces.bounds, 2.0)) <= 1e-9
    assert known == {0.0: False, 1.0: False, 2.0: True, 3.0: True}
