"""Searches that begin from what is known, or are asked for less than the least cost, on random small workbooks."""

from __future__ import annotations

import numpy as np
import pytest
from properties.comparison import solved_workbook

import planner.solving.search
from planner.solving.exactness import added_up
from planner.solving.problem import SolveOptions
from planner.solving.search import solve

SEEDS = range(1, 4)


def _check_from_a_start(seed: int) -> bool:
    """Compares a search from the best decisions with one from nothing; whether there were decisions."""
    problem, alone = solved_workbook(seed)
    if alone.values is None:
        return False
    start = np.where(problem.compiled.integer, alone.values, np.nan)
    begun = solve(problem, SolveOptions(gap=0.0, threads=1, second_look=False), start=start)
    slack = 1e-6 * added_up(problem.compiled, alone.values) * problem.units.usd
    assert begun.status == "optimal", f"seed {seed}: {begun.why}"
    assert begun.objective_usd == pytest.approx(alone.objective_usd, rel=1e-6, abs=slack), f"seed {seed}"
    return bool(problem.compiled.integer.any())


def _check_decided(seed: int, share: float, side: str) -> set[str]:
    """A search that is asked for one side alone, `share` of the cost from it; the statuses it ended with."""
    problem, alone = solved_workbook(seed)
    if alone.objective_usd is None or alone.values is None:
        return set()
    slack = 1e-6 * added_up(problem.compiled, alone.values) * problem.units.usd
    away = slack + share * abs(alone.objective_usd)
    asked = (
        {"target_usd": alone.objective_usd + away} if side == "target" else {"cutoff_usd": alone.objective_usd - away}
    )
    found = solve(problem, SolveOptions(gap=0.0, threads=1, second_look=False, **asked))
    assert found.bound_usd is None or found.bound_usd <= alone.objective_usd + slack, f"seed {seed}"
    if side == "target":
        assert found.objective_usd is not None, f"seed {seed}: {found.why}"
        assert alone.objective_usd - slack <= found.objective_usd <= asked["target_usd"] + slack, f"seed {seed}"
    else:
        assert found.bound_usd is not None, f"seed {seed}: {found.why}"
        assert found.bound_usd >= asked["cutoff_usd"] - slack, f"seed {seed}"
    return {found.status}


def test_a_search_from_the_best_decisions_ends_with_them() -> None:
    """From the whole numbers of the best plan the same least cost is proven."""
    assert sum(map(_check_from_a_start, SEEDS)) > 0


@pytest.mark.parametrize("large", [0, 10_000])
@pytest.mark.parametrize("side", ["target", "cutoff"])
def test_a_search_that_is_asked_for_one_side_decides_it(monkeypatch: pytest.MonkeyPatch, large: int, side: str) -> None:
    """Asked for a plan at some cost, or for a bound, it ends with that, in parts or not, and no bound is too high."""
    monkeypatch.setattr(planner.solving.search, "LARGE", large)
    for seed in SEEDS:
        _check_decided(seed, 0.05, side)


@pytest.mark.slow
def test_what_is_known_at_length(monkeypatch: pytest.MonkeyPatch) -> None:
    """As above, on hundreds of workbooks."""
    ended = set[str]()
    for seed in range(3000, 3200):
        _check_from_a_start(seed)
        monkeypatch.setattr(planner.solving.search, "LARGE", 10_000 * (seed % 2))
        for side in ("target", "cutoff"):
            ended |= _check_decided(seed, 0.2 * (seed % 3), side)
        monkeypatch.undo()
    assert ended == {"optimal", "stopped", "no_plan"}
