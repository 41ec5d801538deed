"""From many paths to a few: what is kept, its probabilities, and the distance that is stated."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest
from builders import contract, dataset, demand, lease, on_demand, segment, term
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from models.core.vector import Array
from models.dataset import Dataset
from models.sampling import Paths, Uncertainty, distribution, reduce_to, sample, vectors
from planner.sampling.moments import moments

POINTS = st.integers(2, 7).flatmap(
    lambda n: st.tuples(
        st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=n, max_size=n),
        st.lists(st.integers(1, 9), min_size=n, max_size=n),
    )
)


def points_and_weights(drawn: tuple[list[tuple[int, int]], list[int]]) -> tuple[Array, Array]:
    shares = np.array(drawn[1], dtype=float)
    return np.array(drawn[0], dtype=float), shares / shares.sum()


def transport(points: Array, weights: Array, kept: tuple[int, ...], shares: tuple[float, ...]) -> float:
    """Kantorovich distance by its definition: the cheapest transport of one distribution into the other."""
    n, m = len(points), len(kept)
    costs = np.linalg.norm(points[:, None, :] - points[list(kept)][None, :, :], axis=2)
    leaves = np.kron(np.eye(n), np.ones((1, m)))
    arrives = np.kron(np.ones((1, n)), np.eye(m))
    found = linprog(costs.ravel(), A_eq=np.vstack([leaves, arrives]), b_eq=np.concatenate([weights, shares]))
    assert found.status == 0
    return float(found.fun)


@settings(max_examples=60, derandomize=True, deadline=None, database=None)
@given(drawn=POINTS, count=st.integers(1, 7))
def test_the_distance_stated_is_the_kantorovich_distance(
    drawn: tuple[list[tuple[int, int]], list[int]], count: int
) -> None:
    """The distance of the kept from all is that of an optimal transport, and probabilities sum to 1."""
    points, weights = points_and_weights(drawn)
    found = reduce_to(points, count, weights)
    assert abs(sum(found.probabilities) - 1.0) <= 1e-12
    assert len(set(found.kept)) == len(found.kept) <= count
    assert found.distance == pytest.approx(transport(points, weights, found.kept, found.probabilities), abs=1e-7)


@settings(max_examples=60, derandomize=True, deadline=None, database=None)
@given(drawn=POINTS)
def test_forward_selection_against_all_choices(drawn: tuple[list[tuple[int, int]], list[int]]) -> None:
    """One path kept is the best of all; of more, each step is the best that can be added, none beats all choices."""
    points, weights = points_and_weights(drawn)
    distances = np.linalg.norm(points[:, None, :] - points[None, :, :], axis=2)

    def lost(kept: tuple[int, ...]) -> float:
        return float(weights @ distances[:, list(kept)].min(axis=1))

    before: tuple[int, ...] = ()
    for count in range(1, len(points) + 1):
        found = reduce_to(points, count, weights)
        if len(found.kept) < count:
            assert found.distance == 0.0
            break
        least = min(lost((*before, i)) for i in range(len(points)))
        assert found.distance == pytest.approx(least, abs=1e-12)
        assert found.distance >= min(map(lost, combinations(range(len(points)), count))) - 1e-12
        assert found.distance_of_one == pytest.approx(min(lost((i,)) for i in range(len(points))), abs=1e-12)
        before = found.kept


@settings(max_examples=40, derandomize=True, deadline=None, database=None)
@given(drawn=POINTS)
def test_more_scenarios_lose_less_and_all_lose_nothing(drawn: tuple[list[tuple[int, int]], list[int]]) -> None:
    """The distance never grows with the number kept, and is 0 when all are."""
    points, weights = points_and_weights(drawn)
    lost = [reduce_to(points, count, weights).distance for count in range(1, len(points) + 1)]
    assert all(later <= earlier + 1e-12 for earlier, later in pairwise(lost))
    assert lost[-1] == 0.0


def test_paths_that_are_alike_are_kept_once() -> None:
    """Of points that coincide one is kept with the weight of all, and fewer are kept than asked for."""
    found = reduce_to(np.array([[0.0], [1.0], [0.0], [1.0], [1.0]]), 4)
    assert sorted(zip(found.kept, found.probabilities, strict=True)) == [
        (0, pytest.approx(0.4)),
        (1, pytest.approx(0.6)),
    ]
    assert found.distance == 0.0
    assert found.relative == 0.0


def problem(months: int = 6) -> Dataset:
    return dataset(
        segment("chat"), segment("code"),
        demand(30.0, months=months), demand(10.0, segment="code", months=months),
        lease("L", term(12, 1.0), holds=9.0), contract("C"), on_demand(3.0), months=months,
    )  # fmt: skip


def test_each_kind_of_uncertainty_counts_alike() -> None:
    """The distances from the mean path have a mean square of 1 for each kind, whatever its unit."""
    what = Uncertainty(
        demand_volatility={"*": 0.01},
        delays={"*": distribution({0: 0.5, 20: 0.5})},
        price_volatility={"*": 0.4},
        exit_hazard={"neo": 0.1},
    )
    points = vectors(problem(), sample(problem(), what, 200, 1))
    assert float((points**2).sum(axis=1).mean()) == pytest.approx(4.0)


def test_larger_segments_and_offers_weigh_more() -> None:
    """A segment with three times the tokens, an offer with nine times the power, add that much to squared distances."""
    level = np.array([[1.0] * 6, [1.0] * 5 + [1.2]])
    still = np.ones((2, 6))
    mixed = {("demand", "chat"): np.vstack([level, still[:1]]), ("demand", "code"): np.vstack([still, level[1:]])}
    points = vectors(problem(), Paths(0, mixed))
    to_chat, to_code = (float(((points[0] - points[i]) ** 2).sum()) for i in (1, 2))
    assert to_chat / to_code == pytest.approx(3.0)
    delays = np.zeros((3, 6)), np.zeros((3, 6))
    delays[0][1], delays[1][2] = 5.0, 5.0
    points = vectors(problem(), Paths(0, {("delivery_delay_months", n): d for n, d in zip("LC", delays, strict=True)}))
    to_lease, to_contract = (float(((points[0] - points[i]) ** 2).sum()) for i in (1, 2))
    assert to_lease / to_contract == pytest.approx(9.0)


def test_added_growth_counts_as_the_demand_it_makes() -> None:
    """A path of added growth and the path of multipliers that makes the same demand are the same point."""
    data = problem()
    grown = 1.02 ** np.arange(6.0)
    values = {
        ("demand", "*"): np.vstack([np.ones(6), grown, np.ones(6)]),
        ("demand_growth", "*"): np.vstack([np.zeros(6), np.zeros(6), np.full(6, 0.02)]),
    }
    points = vectors(data, Paths(0, values))
    assert np.allclose(points[1], points[2])
    assert not np.allclose(points[0], points[1])


def test_what_is_seen_early_leaves_out_what_comes_later() -> None:
    """Of paths that part in month 3, and of delays, nothing is seen before month 3."""
    level = np.ones((2, 6))
    level[1, 3:] = 1.5
    paths = Paths(0, {("demand", "*"): level, ("delivery_delay_months", "L"): np.array([[0.0] * 6, [4.0] * 6])})
    assert vectors(problem(), paths, before=3).shape == (2, 0)
    assert vectors(problem(), paths, before=4).shape[1] > 0


def test_all_kept_have_the_moments_of_all() -> None:
    """When every path is kept, mean and deviation of each quantity are those of the paths drawn."""
    what = Uncertainty(demand_volatility={"chat": 0.1}, exit_hazard={"neo": 0.1})
    paths = sample(problem(), what, 30, 2)
    found = list(moments(problem(), paths, reduce_to(vectors(problem(), paths), 30)).itertuples())
    assert [(each.quantity, each.name) for each in found] == [
        ("demand", "total"), ("demand", "chat"), ("supplier_exit", "neo"),
    ]  # fmt: skip
    for each in found:
        assert each.mean_kept == pytest.approx(each.mean)
        assert each.deviation_kept == pytest.approx(each.deviation)
    chat = paths.values["demand", "chat"][:, -1]
    assert found[0].mean == pytest.approx(float((30.0 * chat + 10.0).mean()) / 40.0)
