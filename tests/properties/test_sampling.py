"""Any workbook can be sampled, and what comes of it is a workbook again."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from properties.themes import THEMES

from models.checks import check
from models.dataset import Dataset
from models.demand.baseline import baseline_demand
from models.sampling import DELAY_PRIORS, DRAWN, Paths, Uncertainty, distribution, reduce_to, sample, vectors
from models.sampling.levels import demand_of
from models.sampling.uncertainty import active_offers, offers_to_be_delivered, rented_hardware, suppliers, takers
from models.schema import Scenario
from models.variants.factors import with_factor
from planner.sampling.moments import moments

RANDOM = st.randoms(use_true_random=False)


def uncertain(data: Dataset, random: Random) -> Uncertainty:
    """A little of everything that fits the workbook."""
    return Uncertainty(
        demand_volatility={"*": random.choice((0.0, 0.05, 0.3))},
        growth_spread={"*": random.choice((0.0, 0.02))},
        correlation=random.choice((0.0, 0.5, 1.0)),
        price_volatility={"*": 0.1} if rented_hardware(data) else {},
        delays={"*": DELAY_PRIORS["energised_site"][0]} if offers_to_be_delivered(data) else {},
        delivered={"*": distribution({1.0: 0.8, 0.5: 0.2})} if active_offers(data, "delivered_share") else {},
        exit_hazard={"*": 0.1} if suppliers(data) else {},
        taker_exit_hazard={"*": 0.1} if takers(data) else {},
        spreads={drawn.option: {"*": 0.1} for drawn in DRAWN if [*drawn.names(data)] and random.random() < 0.5},
        demand_correlation={"*": random.choice((-1.0, 0.0, 0.5))},
    )


@pytest.mark.parametrize("theme", THEMES)
@settings(max_examples=5, derandomize=True, deadline=None, print_blob=True, database=None)
@given(random=RANDOM, count=st.integers(1, 30))
def test_sampled_scenarios_bring_no_fault_into_a_workbook(theme: str, random: Random, count: int) -> None:
    """With sampled scenarios a workbook has no error that it did not have; fewer lose more; probabilities sum to 1."""
    data = replace(THEMES[theme](random), scenarios=(), scenario_factors=())
    paths = sample(data, uncertain(data, random), 30, random.randrange(1000))
    points = vectors(data, paths)
    found = reduce_to(points, count)
    assert abs(sum(found.probabilities) - 1.0) <= 1e-12
    assert reduce_to(points, count + 1).distance <= found.distance + 1e-12
    names = [f"s{i}" for i in range(len(found.kept))]
    written = replace(
        data,
        scenarios=tuple(
            Scenario(scenario=name, probability=share) for name, share in zip(names, found.probabilities, strict=True)
        ),
        scenario_factors=tuple(
            row for name, path in zip(names, found.kept, strict=True) for row in paths.factors(path, name)
        ),
    )
    before, after = (
        {(each.sheet, each.column, each.row_key) for each in check(one) if each.severity == "error"}
        for one in (data, written)
    )
    assert after <= before
    if len(found.kept) == len(paths):
        for each in moments(data, paths, found).itertuples():
            assert each.mean_kept == pytest.approx(each.mean)


@pytest.mark.parametrize("theme", THEMES)
@settings(max_examples=5, derandomize=True, deadline=None, print_blob=True, database=None)
@given(random=RANDOM)
def test_demand_of_a_path_is_that_of_the_factors(theme: str, random: Random) -> None:
    """What a path makes of demand is what the same level and added growth make of the workbook as factors of it."""
    data = THEMES[theme](random)
    level, added = random.choice((0.5, 1.0, 1.7)), random.choice((-0.3, 0.0, 0.05))
    segment = random.choice(data.segments).segment
    shape = (1, len(data.horizon))
    paths = Paths(
        data.settings.first_month,
        {("demand", "*"): np.full(shape, level), ("demand_growth", segment): np.full(shape, added)},
    )
    found = demand_of(data, paths)
    changed = with_factor(with_factor(data, "demand", "*", level), "demand_growth", segment, added)
    expected = dict.fromkeys(found, 0.0)
    for (name, _), baseline in baseline_demand(changed).items():
        expected[name] = expected[name] + np.array(baseline)
    for name, tokens in found.items():
        assert np.allclose(tokens[0], expected[name])
