"""The benchmark in short: a wrong optimum fails, a slow machine does not."""

from __future__ import annotations

import pytest
from benchmarks.beside import HANDED, SOLVERS, measured_apart
from benchmarks.cases import all_cases, drawn, matching, workbook_of
from benchmarks.plain import GROWS, plain

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
        other = solver(model.compiled, 1e-7, 60.0)
        if other is not None:
            assert other.cost is not None, name
            assert other.cost * model.units.usd == pytest.approx(ours.objective_usd, rel=1e-6), name


def test_a_case_is_a_workbook_that_is_read_again(tmp_path) -> None:  # type: ignore[no-untyped-def]
    """What a generator draws is written and read without a change."""
    read_again = read(workbook_of("fair 8x5", tmp_path)).valid_dataset()
    assert build_model(read_again).to_lp() == build_model(drawn("fair 8x5")).to_lp()


@pytest.mark.slow
def test_every_way_of_handing_over_is_measured() -> None:
    """A way whose package is installed says its seconds, which are more than nothing."""
    model = build_model(drawn("8x5"))
    found = {name: measured_apart(way, model) for name, way in HANDED.items()}
    assert {name for name, cost in found.items() if cost is None} <= {"linopy"}
    assert all(cost is None or min(cost.first, cost.again) > 0.0 for cost in found.values())


def test_the_plain_formulation_signs_month_by_month() -> None:
    """No row keeps running totals from falling, and there are as many whole numbers as in the model."""
    model = build_model(drawn("8x5"))
    arrays = model.compiled
    plain_arrays = plain(arrays)
    totals = [row for row in arrays.rows if row.parent_component().name.endswith(GROWS)]
    assert totals
    assert not set(totals) & set(plain_arrays.rows)
    assert plain_arrays.size.integers == arrays.size.integers


def test_more_segments_and_regions_ask_for_as_much() -> None:
    """Demand and fleet of a case with twenty segments in ten regions come to those of five in three."""
    few, many = drawn("8x5"), drawn("8x5x20x10")
    assert (len(many.segments), len({row.region for row in many.demand})) == (20, 10)
    assert sum(row.accelerators for row in many.fleet) == pytest.approx(sum(row.accelerators for row in few.fleet))
    totals = [sum(row.tokens_bn_per_day for row in each.demand) for each in (few, many)]
    assert totals[1] == pytest.approx(totals[0])


def test_cases_are_chosen_by_pattern() -> None:
    """A pattern finds the cases whose names it fits, and no other."""
    assert matching(["fair 36x*"]) == [each for each in all_cases() if each.startswith("fair 36x")]
    assert not matching(["nothing"])
