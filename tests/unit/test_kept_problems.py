"""Programs kept for plans that are tried again and again."""

from __future__ import annotations

from dataclasses import replace

import builders as b
import numpy as np
import pytest

import planner.explain.kept_problems
from models.build import build_model
from models.stochastic.plan_problem import OnePlan
from planner.explain.kept_problems import KeptProblems
from planner.solving.dispatch import local_optimum

DATA = b.dataset(b.demand(1.0), b.lease("L", b.term(1, hourly=3.0)), b.on_demand(4.0), months=1)
DEARER = replace(DATA, on_demand=tuple(replace(each, usd_per_accelerator_hour=5.0) for each in DATA.on_demand))


def test_a_problem_is_built_once() -> None:
    """Asked for again a problem has the same program, another problem another."""
    problems = KeptProblems(None)
    assert problems.of(DATA) is problems.of(DATA)
    assert problems.of(DATA) is not problems.of(DEARER)


def test_the_program_asked_for_longest_ago_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Above the nonzeros that may be kept the oldest is built again, and the one in use stays."""
    monkeypatch.setattr(planner.explain.kept_problems, "MOST_NONZEROS", 1)
    problems = KeptProblems(None)
    first, second = problems.of(DATA), problems.of(DEARER)
    assert problems.of(DEARER) is second
    assert problems.of(DATA) is not first


def test_a_kept_program_says_the_same_as_a_new_one() -> None:
    """Whatever was tried in it before, its arrays and the plan of given decisions are those of a new one."""
    problems = KeptProblems(None)
    leased, bought = b.solved(DEARER), b.solved(replace(DATA, leases=(), lease_hardware=(), lease_terms=()))
    for plan in (leased, bought, leased):
        kept, new = problems.of(DATA), OnePlan(build_model(DATA))
        assert np.array_equal(kept.compiled.matrix.toarray(), new.compiled.matrix.toarray())
        found = [local_optimum(problem, problem.start_of({"": plan})) for problem in (kept, new)]
        assert found[0] is not None
        assert found[1] is not None
        assert kept.plans_of(found[0].values) == new.plans_of(found[1].values)
