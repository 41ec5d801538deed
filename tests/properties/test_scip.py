"""SCIP on the same problem as the planner: both prove the same, on random small workbooks."""

from __future__ import annotations

import pytest
from benchmarks.beside import scip
from properties.comparison import solved_workbook

from planner.solving.exactness import added_up

pytest.importorskip("pyscipopt", reason="SCIP is not installed")


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1, 201, 20))
def test_scip_finds_the_same_least_cost(first: int) -> None:
    """The least cost that the planner proves is that of SCIP; where one finds no plan there is none for the other."""
    for seed in range(first, first + 20):
        problem, ours = solved_workbook(seed)
        theirs = scip(problem.compiled, gap=0.0, seconds=60.0)
        assert theirs is not None
        assert ours.status == ("infeasible" if theirs.cost is None else "optimal"), f"seed {seed}: {ours.why}"
        if theirs.cost is not None and ours.values is not None:
            slack = 1e-6 * added_up(problem.compiled, ours.values) * problem.units.usd
            cost = theirs.cost * problem.units.usd
            assert ours.objective_usd == pytest.approx(cost, rel=1e-6, abs=slack), f"seed {seed}"
