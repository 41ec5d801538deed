"""Decomposition by mpi-sppy: the same answer as the extensive form, from bounds on both sides."""

from __future__ import annotations

import logging
import math
from dataclasses import replace

import pytest
from builders import JAN, dataset, demand, lease, on_demand, term
from cases.test_stochastic_textbooks import PUBLISHED, lands
from decomposed import decomposed
from stochastic import factor, scenario

from models.dataset import Dataset
from models.uncertainty.extensive import ExtensiveForm
from models.uncertainty.parts import Stages, multipliers, part_of
from models.uncertainty.risk import Measure
from models.uncertainty.tree import Tree
from planner.solve import ArrayProblem, Progress, Relaxation, SolveOptions, relaxed_optimum
from planner.uncertain.branching import Branching
from planner.uncertain.decompose import decompose
from planner.uncertain.engine import choose_engine


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


@pytest.fixture
def hedging_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the branching, which would solve so small a problem before any hedging."""
    monkeypatch.setattr("planner.uncertain.decompose._Decomposition._branch", lambda *_: None)


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
    """The same without the branching."""
    assert callable(of)
    decomposed(of())


def test_stages_follow_the_tree() -> None:
    """Scenarios of a node stand side by side, and the last stage is the last in which any two are alike."""
    stages = Stages(Tree(three_stages()))
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
        part = part_of(form.tree, each.name, each.model)
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
    short = dataset(
        demand(1, months=2),
        lease("deal", term(2, 1.0), sign_until=JAN, units_max=1),
        [scenario("plain", 0.5), scenario("more", 0.5), factor("more", "demand", 2.0)],
        months=2,
        first_stage_months=1,
    )
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
    from planner.uncertain import decompose as module

    monkeypatch.setattr(module, "JOINED_MOST", 0)
    found = decompose(lands(), SolveOptions(gap=0.001, time_limit=20.0))
    assert found.bound_usd is not None
    assert found.objective_usd is not None
    assert found.bound_usd <= PUBLISHED + 1e-3
    assert found.objective_usd >= PUBLISHED - 1e-3
    assert found.iterations > 0
    assert not any(line.startswith(("relaxation", "extensive form")) for line in found.log)


def test_branching_proves_what_has_continuous_recourse() -> None:
    """With continuous recourse branching alone comes to the published optimum of LandS, from both sides."""
    form = ExtensiveForm(lands(), Measure())
    relaxation = Relaxation(form)
    root = relaxation.optimum()
    assert root is not None
    branching = Branching(form, relaxation, root.values, lambda: False)
    best, tried = math.inf, 0
    while (found := branching.next(best, 0.0, lambda: False)) is not None:
        best, tried = min(best, found.least), tried + 1
        assert all(value == round(value) for value in found.decided.values())
    assert tried
    assert best * form.units.usd == pytest.approx(PUBLISHED, abs=5e-4)
    assert branching.lower * form.units.usd == pytest.approx(PUBLISHED, abs=5e-4)


def test_branching_stops_when_asked_and_goes_on() -> None:
    """A search that is paused keeps its place: its bound never falls, and it ends as one that was not."""
    form = ExtensiveForm(lands(), Measure())
    relaxation = Relaxation(form)
    root = relaxation.optimum()
    assert root is not None
    branching = Branching(form, relaxation, root.values, lambda: False)
    best, lower = math.inf, branching.lower
    for step in range(100_000):
        found = branching.next(best, 0.0, lambda turn=step: turn % 2 == 0)  # every other call pauses at once
        assert branching.lower >= lower - 1e-9
        lower = branching.lower
        if found is not None:
            best = min(best, found.least)
        elif step % 2:
            break
    assert best * form.units.usd == pytest.approx(PUBLISHED, abs=5e-4)
