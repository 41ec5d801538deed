"""Decisions searched by turns with the rest against HiGHS alone, on random small workbooks."""

from __future__ import annotations

import numpy as np
import pytest
from properties.comparison import solved_workbook

import planner.solving.independent_parts
import planner.solving.pipeline.decision_master
import planner.solving.pipeline.decision_search
from planner.solving.exactness import added_up
from planner.solving.problem import SolveOptions
from planner.solving.search import solve

GAP = 1e-4


def check_agrees(seed: int, monkeypatch: pytest.MonkeyPatch, *, threads: int) -> set[str]:
    """Compares both on the workbook of a seed; the parts of the search that were used."""
    problem, alone = solved_workbook(seed)
    monkeypatch.setattr(planner.solving.independent_parts, "LEAST_COLUMNS", 1)
    monkeypatch.setattr(planner.solving.pipeline.decision_master, "LARGEST", 1.0)
    monkeypatch.setattr(planner.solving.pipeline.decision_search, "LEAST_DECISIONS", 1)
    monkeypatch.setattr(planner.solving.pipeline.decision_search, "LEAST_NONZEROS", 0)
    if seed % 5 == 4:  # others go on from what is left open
        monkeypatch.setattr(planner.solving.pipeline.decision_search, "NODES", 1)
    start = None
    if seed % 3 == 0 and alone.values is not None:  # a plan's decisions, or half of them
        start = np.where(problem.compiled.integer, np.round(alone.values), np.nan)
        start[:: 2 if seed % 2 else len(start)] = np.nan
    found = solve(problem, SolveOptions(gap=GAP, threads=threads, second_look=False), start=start)
    monkeypatch.undo()
    assert found.status == alone.status, f"seed {seed}: {found.why}"
    assert not found.contradiction, f"seed {seed}: {found.contradiction}"
    if alone.objective_usd is not None and alone.values is not None:
        assert found.objective_usd is not None
        assert found.bound_usd is not None
        slack = 1e-6 * added_up(problem.compiled, alone.values) * problem.units.usd
        open_by = GAP * abs(found.objective_usd)
        assert alone.objective_usd - slack <= found.objective_usd <= alone.objective_usd + open_by + slack, f"{seed}"
        assert found.bound_usd <= alone.objective_usd + slack, f"seed {seed}"
    return set(found.parts)


@pytest.mark.parametrize("threads", [1, 2])
def test_the_search_of_decisions_finds_the_optimum(monkeypatch: pytest.MonkeyPatch, threads: int) -> None:
    """On random workbooks its cost is within the gap of HiGHS alone, its bound no higher, and all parts are at work."""
    used = set[str]()
    for seed in range(1, 13):
        used |= check_agrees(seed, monkeypatch, threads=threads)
    assert {"relax", "plans", "prove"} <= used


@pytest.mark.slow
@pytest.mark.parametrize("block", range(10))
def test_the_search_of_decisions_finds_the_optimum_at_length(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    """As above, on hundreds of workbooks."""
    for seed in range(20_000 + 100 * block, 20_100 + 100 * block):
        check_agrees(seed, monkeypatch, threads=1 + seed % 2)
