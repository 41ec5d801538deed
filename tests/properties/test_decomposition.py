"""Random small workbooks with random scenarios, solved by decomposition."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from decomposed import decomposed
from hypothesis import given, settings
from hypothesis import strategies as st
from properties.scenario_rows import with_scenarios
from properties.themes import THEMES

RANDOM = st.randoms(use_true_random=True)


@pytest.mark.parametrize("theme", THEMES)
@settings(max_examples=3, derandomize=True, deadline=None, print_blob=True, database=None)
@given(random=RANDOM)
def test_bounds_are_on_both_sides_of_the_extensive_form(theme: str, random: Random) -> None:
    """Bound <= least expected cost <= cost of the plan, all within the gap; every plan audited and decided alike."""
    data = with_scenarios(THEMES[theme](random), random)
    decomposed(replace(data, settings=replace(data.settings, risk_weight=0.0)), gap=1e-4)
