"""Stochastic programs of the literature, by the whole run: proven to 1e-6 at their published optima."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from builders import dataset, demand, lease, segment, term
from published import APL1P, DCAP, DCAP_DECIDED, DCAP_PARTS, PGP2, apl1p, dcap, pgp2
from stochastic import factor, scenario

from models.dataset import Dataset
from planner.reports.plan_report import plan_workbook
from planner.run.options import PlanOptions
from planner.run.solve import solve_dataset


@pytest.mark.slow
@pytest.mark.parametrize(
    ("of", "scenarios", "optimum", "within", "units"),
    [
        (pgp2, 576, PGP2, 5e-4, {"tech0": 3, "tech1": 11, "tech2": 10, "tech3": 11}),
        (apl1p, 1280, APL1P, 5e-3, {"least0": 70, "more0": 56, "least1": 70, "more1": 40}),
        (dcap, 200, DCAP, 3e-3, dict.fromkeys(DCAP_DECIDED, DCAP_PARTS)),
    ],
    ids=["PGP2", "APL1P", "DCAP"],
)
def test_the_published_optimum_is_proven(
    of: Callable[[], Dataset], scenarios: int, optimum: float, within: float, units: dict[str, int]
) -> None:
    """Cost and bound are the published optimum, the plan builds the published capacities, and its audit passes."""
    problem = of()
    assert len(problem.scenarios) == scenarios
    result = solve_dataset(problem, PlanOptions(gap=1e-6))
    assert result.status == "optimal"
    assert result.audit is not None
    assert result.audit.passed
    assert result.objective_usd == pytest.approx(optimum, abs=within)
    assert result.bound_usd == pytest.approx(result.objective_usd, rel=1e-6)
    for each in result.plan_set.solution.scenarios:
        assert {signing.name: signing.units for signing in each.plan.signings} == units


def times_worked_out(monkeypatch: pytest.MonkeyPatch, path: Path, scenarios: int) -> dict[str, int]:
    """How often a run works out what rows are common to all scenarios, from the search to the plan file."""
    count = {"factors": 0, "in_order": 0}

    def counted(name: str, work: Callable[[Dataset], Any]) -> cached_property[Any]:
        def counting(of: Dataset) -> Any:
            count[name] += name != "in_order" or "in_order" not in of.common
            return work(of)

        found = cached_property(counting)
        found.__set_name__(Dataset, name)
        return found

    names = [f"s{k}" for k in range(scenarios)]
    problem = dataset(
        lease("lease", term(1, monthly=1.0), units_max=9),
        segment(shortfall_usd_per_mtok=1.0),
        demand(1.0),
        [scenario(name, 1.0 / scenarios) for name in names],
        [factor(name, "demand", 1.0 + k) for k, name in enumerate(names)],
        months=1,
        first_stage_months=1,
    )
    with monkeypatch.context() as patch:
        for name in count:
            patch.setattr(Dataset, name, counted(name, vars(Dataset)[name].func))
        result = solve_dataset(problem, PlanOptions())
        plan_workbook(path / "plan.xlsx", result)
    return count


def test_rows_of_scenarios_are_looked_through_as_often_however_many_there_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Factors are grouped and rows put in order no more often for six scenarios than for three."""
    assert times_worked_out(monkeypatch, tmp_path, 6) == times_worked_out(monkeypatch, tmp_path, 3)
