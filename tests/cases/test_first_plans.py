"""Plans soon for the extensive form, whatever is minimised: where time is short for a large problem with scenarios."""

from __future__ import annotations

from dataclasses import replace

import pytest
from decomposed import three_stages
from stochastic import scenario

from models.audit import audit_scenario_set
from models.dataset import Dataset
from models.stochastic.extensive_form import ExtensiveForm
from models.stochastic.risk import Measure
from models.stochastic.tree import ScenarioTree
from planner.errors import OutOfTime
from planner.interrupt import Stop
from planner.solving.problem import SolveOptions
from planner.solving.progress import ProgressLines
from planner.stochastic import first_plans, solve
from planner.stochastic.first_plans import FirstPlans
from planner.stochastic.method import LARGE
from planner.stochastic.search_result import SearchResult

OPTIONS = SolveOptions(gap=0.0, time_limit=600.0, threads=1)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any time is short, and any problem large."""
    monkeypatch.setattr(first_plans, "HURRIED_BELOW", 1e9)
    monkeypatch.setattr(first_plans, "LARGE", 0)


def found_first(data: Dataset, options: SolveOptions = OPTIONS, nonzeros: int = LARGE) -> FirstPlans:
    """The first plans of a problem, from models built for the extensive form."""
    models = {each.name: each.model for each in ExtensiveForm(data).scenarios}
    return first_plans.first_plans(data, options, models, nonzeros, lambda: False)


def solved(data: Dataset, measure: Measure) -> SearchResult:
    """By the extensive form."""
    return solve.solve_stochastic(
        data, measure, OPTIONS, Stop(), lambda what: ProgressLines(what, "USD"), engine="extensive"
    )


@pytest.mark.usefixtures("short")
def test_first_plans_are_plans_for_all_scenarios() -> None:
    """They pass the audit, decisions alike while scenarios cannot be told apart, and cost no less than the bounds."""
    data = three_stages()
    found = found_first(data)
    assert list(found.plans) == list(ScenarioTree(data).names)
    assert audit_scenario_set(data, found.plans).passed
    for name, bound in found.separate.bounds.items():
        assert found.plans[name].objective_usd >= bound - 1e-6 * abs(bound)


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("measure", [Measure(), Measure(weight=0.5), Measure("worst"), Measure("tv", radius=0.2)])
def test_a_search_without_time_for_the_extensive_form_has_the_first_plans(
    monkeypatch: pytest.MonkeyPatch, measure: Measure
) -> None:
    """By every measure they are told, audited, with a bound, where the joint search finds nothing."""

    def late(*_: object, **__: object) -> None:
        raise OutOfTime("The time limit passed before a search could begin")

    data = three_stages()
    least = solved(data, measure).best
    monkeypatch.setattr(solve, "solve_holding", late)
    monkeypatch.setattr(solve, "solve_expected_value_problem", late)
    found = solved(data, measure)
    assert found.status == "stopped"
    assert found.best is not None
    assert least is not None
    assert audit_scenario_set(data, found.best.plans).passed
    assert found.best.bound_usd <= least.objective_usd * (1.0 + 1e-6)
    assert found.best.objective_usd >= least.objective_usd * (1.0 - 1e-6)


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("kind", ["expected", "worst"])
def test_first_plans_change_no_proven_optimum(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """A search with time to end comes to the same cost and bound with them as without."""
    data, measure = three_stages(), Measure(kind)  # type: ignore[arg-type]
    with_them = solved(data, measure)
    monkeypatch.setattr(solve, "first_plans", lambda *_: FirstPlans())
    without = solved(data, measure)
    assert with_them.best is not None
    assert without.best is not None
    assert (with_them.status, without.status) == ("optimal", "optimal")
    assert with_them.best.objective_usd == pytest.approx(without.best.objective_usd, rel=1e-6)


@pytest.mark.usefixtures("short")
def test_regret_takes_no_time_for_first_plans(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is measured from the least cost of each scenario, which is looked for before anything else."""

    def asked(*_: object) -> FirstPlans:
        raise AssertionError("first plans were looked for")

    monkeypatch.setattr(solve, "first_plans", asked)
    assert solved(three_stages(), Measure("regret")).status == "optimal"
    with pytest.raises(AssertionError, match="looked for"):
        solved(three_stages(), Measure("worst"))


@pytest.mark.usefixtures("short")
def test_no_first_plans_are_looked_for_in_vain(monkeypatch: pytest.MonkeyPatch) -> None:
    """None without a limit, of a small problem, or where a scenario has no probability: the search is as it was."""
    data = three_stages()
    assert found_first(data, replace(OPTIONS, time_limit=None)) == FirstPlans()
    certain = (
        scenario("low", 0.5),
        scenario("fall", 0.5, "low", 3),
        scenario("high", 0.0),
        scenario("boom", 0.0, "high", 3),
    )
    assert found_first(replace(data, scenarios=certain)) == FirstPlans()
    monkeypatch.setattr(first_plans, "LARGE", LARGE)
    assert found_first(data, nonzeros=LARGE - 1) == FirstPlans()
