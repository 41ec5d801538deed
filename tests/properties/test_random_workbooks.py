"""Random small workbooks, solved and tried out by brute force: the costs must be the same."""

from __future__ import annotations

from random import Random

import pytest
from builders import solved_or_none
from hypothesis import given, settings
from hypothesis import strategies as st
from properties.brute_force import best
from properties.themes import THEMES

from models.checks import check
from models.dataset import Dataset


def _same_cost(data: Dataset) -> None:
    errors = [fault for fault in check(data) if fault.severity == "error"]
    tried = best(data)
    # What a random workbook can be faulty in: demand that nothing on offer can serve, months without a limit.
    assert not errors or tried is None, errors
    assert {fault.sheet for fault in errors} <= {"demand", "limits"}, errors
    plan = solved_or_none(data)
    assert (plan is None) == (tried is None), (plan and plan.objective_usd, tried)
    if plan is not None and tried is not None:
        scale = max(1.0, abs(tried.cost_usd), sum(abs(each.present_value_usd) for each in plan.payments))
        assert abs(plan.objective_usd - tried.cost_usd) <= 1e-6 * scale, (plan.objective_usd, tried, plan.signings)


# A true source of random numbers spreads over all kinds of workbook; hypothesis draws its seeds.
RANDOM = st.randoms(use_true_random=True)


@pytest.mark.parametrize("theme", THEMES)
@settings(max_examples=30, derandomize=True, deadline=None, print_blob=True, database=None)
@given(random=RANDOM)
def test_no_other_decisions_are_cheaper(theme: str, random: Random) -> None:
    """A plan passes the audit, its costs add up, and it costs what the best of all decisions costs."""
    _same_cost(THEMES[theme](random))


@pytest.mark.slow
@pytest.mark.parametrize("theme", THEMES)
@settings(max_examples=1000, deadline=None, print_blob=True)
@given(random=RANDOM)
def test_no_other_decisions_are_cheaper_at_length(theme: str, random: Random) -> None:
    """The same for many more workbooks, others in every run."""
    _same_cost(THEMES[theme](random))
