"""The comparison of the planner with brute force and with itself: it agrees, and it finds every planted fault."""

from __future__ import annotations

from random import SystemRandom

import pytest
from properties.comparison import compared
from properties.planted_faults import FAULTS

WITHIN = 600
"""Workbooks among which a planted fault has to show."""


@pytest.mark.parametrize("first", range(1, 401, 20))
def test_no_other_decisions_are_cheaper(first: int) -> None:
    """The planner's cost is that of the best of all decisions, and optima are related as they must be."""
    found = [compared(seed, probe=False) for seed in range(first, first + 20)]
    assert [f"{each.seed}: {each.disagreement}" for each in found if each.disagreement] == []


@pytest.mark.slow
def test_no_other_decisions_are_cheaper_at_length() -> None:
    """The same for many more workbooks, others in every run."""
    first = SystemRandom().randrange(10**6, 10**9)
    found = (compared(seed, probe=False) for seed in range(first, first + 3000))
    assert [f"{each.seed}: {each.disagreement}" for each in found if each.disagreement] == []


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of the faults makes the comparison disagree, in one of the first workbooks."""
    FAULTS[fault](monkeypatch)
    assert any(compared(seed, probe=False).disagreement for seed in range(1, WITHIN + 1))
