"""A solver that lies: what is told of a search is right whatever presolve does to it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import contract, dataset, demand, fleet, lease, on_demand, segment, term

import planner.run.deterministic
import planner.solving.search
from models.audit import AuditReport, audit
from models.build import build_model
from models.core.model import Model
from models.dataset import Dataset
from models.plan import Plan
from planner.files.outputs import Outputs
from planner.run.options import PlanOptions
from planner.run.publish import publish
from planner.run.solve import solve_dataset
from planner.solving.highs import HighsSolver, Status
from planner.solving.problem import SolveOptions
from planner.solving.search import solve


def offers() -> Dataset:
    rows = [segment(), demand(3, 5, 5), fleet(accelerators=1), on_demand(3.0), lease("two", term(2, 1.0)), contract()]
    return dataset(rows, months=3)


@pytest.fixture
def model() -> Model:
    return build_model(offers())


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


class LeavesOpen(HighsSolver):
    """Leaves plans out that are better by less than its tolerance, here a large one beside the cost."""

    tolerance = 1e-6

    def set(self, option: str, value: object) -> None:
        if option == "mip_feasibility_tolerance":
            assert isinstance(value, float)
            self.tolerance = value
        super().set(option, value)

    @property
    def bound(self) -> float:
        return super().bound * (1.0 - 100.0 * self.tolerance if self.arrays.integer.any() else 1.0)


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


def test_what_the_tolerance_leaves_open_is_closed_with_a_smaller_one(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plan that the solver calls optimal, with a bound below it by its own tolerance, is proven after all."""
    honest = solve(model, SolveOptions(gap=0.0))
    monkeypatch.setattr(planner.solving.search, "HighsSolver", LeavesOpen)
    found = solve(model, SolveOptions(gap=0.0))
    assert (found.status, found.contradiction) == ("optimal", "")
    assert found.bound_usd == pytest.approx(honest.bound_usd, rel=1e-6)


def test_a_run_with_a_lying_solver_says_so_and_saves_the_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The warning stands in run.json, both forms of the problem are saved beside the plan, and the plan is right."""
    honest = solve_dataset(offers(), PlanOptions(gap=0.0))
    monkeypatch.setattr(planner.solving.search, "HighsSolver", CutsOff)
    outputs = Outputs(tmp_path / "plan.xlsx", tmp_path / "plan.run.json", tmp_path / "plan.run.log")
    document = publish(solve_dataset(offers(), PlanOptions(gap=0.0)), outputs)
    assert document["objective_usd"] == pytest.approx(honest.objective_usd)
    assert any("contradicted itself" in each for each in document["warnings"])
    assert not any("contradicted itself" in each for each in honest.warnings)
    assert {each.name for each in tmp_path.glob("*.mps")} == {"plan.run.model.mps", "plan.run.scaled.mps"}


def test_a_plan_that_the_audit_rejects_gives_way_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of contradicting answers the cheapest plan that keeps every rule stands, with its own distance to the bound."""
    data = offers()
    honest = solve_dataset(data, PlanOptions(gap=0.0))
    monkeypatch.setattr(planner.solving.search, "HighsSolver", CutsOff)
    audits: list[float] = []

    def reject_the_honest(data: Dataset, plan: Plan, *, objective_usd: float) -> AuditReport:
        audits.append(objective_usd)
        report = audit(data, plan, objective_usd=objective_usd)
        return replace(report, passed=report.passed and len(audits) > 2)

    monkeypatch.setattr(planner.run.deterministic, "audit", reject_the_honest)
    found = solve_dataset(data, PlanOptions(gap=0.0))
    assert len(audits) == 3
    assert found.objective_usd == audits[2] > audits[0]
    assert found.bound_usd == pytest.approx(honest.bound_usd)
    assert found.status == "stopped"
    assert found.gap == pytest.approx((audits[2] - found.bound_usd) / abs(audits[2]))


def test_a_second_look_that_its_seconds_end_is_not_told(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the first search is proven, that the second one came to no end in its time says nothing of the plan."""

    class Slow(Liar):
        """Without presolve it never comes to an end in its time."""

        @property
        def status(self) -> Status | None:
            over = not self.presolved and self.arrays.integer.any()
            return Status.kTimeLimit if over else super().status

        @property
        def words(self) -> str:
            over = not self.presolved and self.arrays.integer.any()
            return planner.solving.search.TIME_OVER if over else super().words

    monkeypatch.setattr(planner.solving.search, "HighsSolver", Slow)
    found = solve(model, SolveOptions(gap=0.0))
    assert (found.status, found.why) == ("optimal", "Optimal")
