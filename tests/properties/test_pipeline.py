"""The search in parts against HiGHS alone, on random small workbooks that use every part."""

from __future__ import annotations

import math

import pytest
from properties.comparison import solved_workbook

import planner.solving.pipeline.coarse_search
import planner.solving.pipeline.run
import planner.solving.pipeline.tightening
import planner.solving.search
from planner.solving.exactness import added_up
from planner.solving.problem import SolveOptions
from planner.solving.search import solve


def check_agrees(seed: int, monkeypatch: pytest.MonkeyPatch, *, threads: int, tightens: bool = True) -> set[str]:
    """Compares both on the workbook of a seed; the parts that were used."""
    problem, alone = solved_workbook(seed)
    monkeypatch.setattr(planner.solving.search, "LARGE", 0)
    monkeypatch.setattr(planner.solving.pipeline.tightening, "LARGE", 0.0 if tightens else math.inf)
    monkeypatch.setattr(planner.solving.pipeline.run, "TIGHTER", 2.0 if seed % 3 else 0.9)
    if seed % 5 == 4:
        monkeypatch.setattr(planner.solving.pipeline.run, "HUGE", 0)
    if seed % 2:
        monkeypatch.setattr(planner.solving.pipeline.coarse_search, "MANY", 0)
        monkeypatch.setattr(planner.solving.pipeline.coarse_search, "SMALLER", 0)
    parts = solve(problem, SolveOptions(gap=0.0, threads=threads, second_look=False))
    monkeypatch.undo()
    assert parts.status == alone.status, f"seed {seed}: {parts.why}"
    assert not parts.contradiction, f"seed {seed}: {parts.contradiction}"
    assert "Interrupted" not in parts.why, f"seed {seed}: nobody interrupts"
    if alone.objective_usd is not None and alone.values is not None:
        assert parts.objective_usd is not None
        assert parts.bound_usd is not None
        slack = 1e-6 * added_up(problem.compiled, alone.values) * problem.units.usd
        assert parts.objective_usd == pytest.approx(alone.objective_usd, rel=1e-6, abs=slack), f"seed {seed}"
        assert parts.bound_usd <= alone.objective_usd + slack, f"seed {seed}"
    return set(parts.parts)


@pytest.mark.parametrize("threads", [1, 2])
def test_the_search_in_parts_finds_the_optimum(monkeypatch: pytest.MonkeyPatch, threads: int) -> None:
    """On random workbooks its cost is that of HiGHS alone, its bound no higher, and every part is at work."""
    used = set[str]()
    for seed in range(1, 9):
        used |= check_agrees(seed, monkeypatch, threads=threads)
    assert {"merge", "complete", "relax", "dive", "tighten", "branch", "prove"} <= used


def test_a_proof_begun_beside_the_dive_proves_the_optimum(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where tightening does not pay the proof begins with the dive, and its cost is that of HiGHS alone."""
    used = [check_agrees(seed, monkeypatch, threads=2, tightens=False) for seed in range(11, 19)]
    assert any({"dive", "prove"} <= parts for parts in used)


def test_a_bound_above_the_plan_by_rounding_ends_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the first plan is the best and rounding puts the bound above its cost, nothing goes on for ever."""
    check_agrees(800005, monkeypatch, threads=1)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(10))
def test_the_search_in_parts_finds_the_optimum_at_length(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    """As above, on hundreds of workbooks."""
    for seed in range(1000 + 100 * block, 1100 + 100 * block):
        check_agrees(seed, monkeypatch, threads=1 + seed % 2)
