"""A solver that lies: what is told of a search is right whatever presolve does to it."""

from __future__ import annotations

import numpy as np
import pytest
from builders import contract, dataset, demand, fleet, lease, on_demand, segment, term

import planner.solving.search
from models.build import build_model
from models.core.model import Model
from planner.solving.highs import HighsSolver, Status
from planner.solving.problem import SolveOptions
from planner.solving.search import solve


@pytest.fixture
def model() -> Model:
    rows = [segment(), demand(3, 5, 5), fleet(accelerators=1), on_demand(3.0), lease("two", term(2, 1.0)), contract()]
    return build_model(dataset(rows, months=3))


class Liar(HighsSolver):
    """HiGHS, told of by its presolve: `lies` is asked whether this run lies."""

    presolved = True

    def set(self, option: str, value: object) -> None:
        if (option, value) == ("presolve", "off"):
            self.presolved = False
        super().set(option, value)


class CutsOff(Liar):
    """With presolve the cheapest decisions are cut off, and what is left is called optimal."""

    cut: float

    def __init__(self, arrays, options, usd=1.0):
        super().__init__(arrays, options, usd)
        self.honest = arrays

    def run(self, **words) -> bool:
        if self.presolved and self.arrays.integer.any():
            # everything that can be decided is held at 0
            upper = np.where(self.arrays.integer, 0.0, self.arrays.upper)
            self.change_bounds(np.arange(len(upper)), self.arrays.lower, np.maximum(upper, self.arrays.lower))
        return super().run(**words)


class CallsInfeasible(Liar):
    """With presolve there is never a plan."""

    @property
    def status(self) -> Status | None:
        return Status.kInfeasible if self.presolved and self.arrays.integer.any() else super().status


class CallsWorseOptimal(Liar):
    """Its bound is above its own plan's cost."""

    @property
    def bound(self) -> float:
        return super().bound + (10.0 if self.presolved and self.arrays.integer.any() else 0.0)


class HidesIncumbent(Liar):
    """Says "optimal" of the best plan, with a bound far below."""

    @property
    def bound(self) -> float:
        return super().bound - 1e4 * (1.0 if self.arrays.integer.any() else 0.0)


def test_an_optimum_that_presolve_cuts_off_is_found(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cheapest plan of all runs is taken, with the lowest bound that any proved, and the contradiction is told."""
    honest = solve(model, SolveOptions(gap=0.0))
    assert honest.contradiction == ""
    monkeypatch.setattr(planner.solving.search, "HighsSolver", CutsOff)
    found = solve(model, SolveOptions(gap=0.0))
    assert found.objective_usd == pytest.approx(honest.objective_usd)
    assert found.bound_usd == pytest.approx(honest.bound_usd)
    assert "costs less than a bound" in found.contradiction
    assert found.other_values


def test_a_feasible_model_called_infeasible_has_its_plan(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """ "Infeasible" is not believed before a run without presolve says the same."""
    honest = solve(model, SolveOptions(gap=0.0))
    monkeypatch.setattr(planner.solving.search, "HighsSolver", CallsInfeasible)
    found = solve(model, SolveOptions(gap=0.0))
    assert found.status == "optimal"
    assert found.objective_usd == pytest.approx(honest.objective_usd)
    assert "another said that none exists" in found.contradiction


def test_what_is_infeasible_is_told_so() -> None:
    """Demand that must be served and cannot be is infeasible in both looks."""
    rows = [segment(), demand(30, 30), fleet(accelerators=1), lease("two", term(2, 1.0))]
    found = solve(build_model(dataset(rows, months=2)), SolveOptions(gap=0.0))
    assert (found.status, found.values, found.contradiction) == ("infeasible", None, "")


def test_a_bound_above_the_plan_s_own_cost_is_no_bound(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run whose bound is above its plan's cost is looked at again, whatever the size of the problem."""
    honest = solve(model, SolveOptions(gap=0.0))
    monkeypatch.setattr(planner.solving.search, "SMALL_NONZEROS", 0)
    monkeypatch.setattr(planner.solving.search, "HighsSolver", CallsWorseOptimal)
    found = solve(model, SolveOptions(gap=0.0))
    assert found.contradiction
    assert found.objective_usd == pytest.approx(honest.objective_usd)
    assert found.bound_usd is not None
    assert found.bound_usd <= honest.objective_usd * (1 + 1e-9)


def test_optimal_is_no_proof_without_a_bound(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where cost and bound are apart the search was stopped, whatever the solver calls it."""
    monkeypatch.setattr(planner.solving.search, "HighsSolver", HidesIncumbent)
    found = solve(model, SolveOptions(gap=0.001))
    assert found.status == "stopped"
    assert found.gap is not None
    assert found.gap > 0.1
