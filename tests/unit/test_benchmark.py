"""The benchmark in short: a wrong optimum fails, a slow machine does not."""

from __future__ import annotations

import pytest
from benchmarks.beside import HANDED, SOLVERS
from benchmarks.cases import all_cases, drawn, matching, workbook_of

import planner.solving.search
from models.build import build_model
from planner.problem_reader import read
from planner.solving.problem import SolveOptions
from planner.solving.search import solve


@pytest.mark.slow
@pytest.mark.parametrize("case", ["8x5", "fair 8x5"])
def test_all_solvers_find_the_same_optimum(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a small workbook of each generator the search in parts and every solver that is installed agree to 1e-6."""
    monkeypatch.setattr(planner.solving.search, "LARGE", 0)
    model = build_model(drawn(case))
    ours = solve(model, SolveOptions(gap=1e-7, threads=1))
    assert ours.status == "optimal"
    assert ours.objective_usd is not None
    for name, solver in SOLVERS.items():
        other = solver(model, 1e-7, 60.0)
        if other is not None:
            assert other.cost is not None, name
            assert other.cost * model.units.usd == pytest.approx(ours.objective_usd, rel=1e-6), name


def test_a_case_is_a_workbook_that_is_read_again(tmp_path) -> None:  # type: ignore[no-untyped-def]
    """What a generator draws is written and read without a change."""
    read_again = read(workbook_of("fair 8x5", tmp_path)).valid_dataset()
    assert build_model(read_again).to_lp() == build_model(drawn("fair 8x5")).to_lp()


def test_every_way_of_handing_over_is_measured() -> None:
    """A way whose package is installed says its seconds, which are more than nothing."""
    model = build_model(drawn("8x5"))
    found = [way(model) for way in HANDED.values()]
    assert found[0] is not None
    assert all(each is None or each > 0.0 for each in found)


def test_cases_are_chosen_by_pattern() -> None:
    """A pattern finds the cases whose names it fits, and no other."""
    assert matching(["fair 36x*"]) == [each for each in all_cases() if each.startswith("fair 36x")]
    assert not matching(["nothing"])
