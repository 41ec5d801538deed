"""Which scenarios cannot be told apart in which month, in the model and in the audit."""

from __future__ import annotations

from itertools import combinations, pairwise

import builders as b
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stochastic import scenario

from models.audit.nonanticipativity import node_of
from models.dataset import Dataset
from models.schema import Scenario
from models.stochastic.tree import ScenarioTree


def problem(*rows: Scenario, first_stage_months: int = 1, months: int = 6) -> Dataset:
    return b.dataset(rows, months=months, first_stage_months=first_stage_months)


CHAIN = (
    scenario("a", 0.4),
    scenario("b", 0.3, "a", 2),
    scenario("c", 0.2, "b", 4),
    scenario("d", 0.1),
)
"""b is as a until March, c as b until May; d by itself once the first stage is over."""


def test_scenarios_part_at_the_end_of_the_first_stage_and_where_they_branch() -> None:
    """First all are one; then a, b and c; from March b with c; from May each by itself."""
    tree = ScenarioTree(problem(*CHAIN))
    assert [tree.nodes(t) for t in range(6)] == [
        {"a": ("a", "b", "c", "d")},
        {"a": ("a", "b", "c"), "d": ("d",)},
        {"a": ("a",), "b": ("b", "c"), "d": ("d",)},
        {"a": ("a",), "b": ("b", "c"), "d": ("d",)},
        {"a": ("a",), "b": ("b",), "c": ("c",), "d": ("d",)},
        {"a": ("a",), "b": ("b",), "c": ("c",), "d": ("d",)},
    ]
    assert tree.branch_months == (1, 2, 4)
    assert tree.alike("c", 1) == ("a", "b", "c")
    assert tree.alike("c", 3) == ("b", "c")
    assert tree.node("c", 0) == "a"


def test_scenarios_of_a_node_stand_side_by_side() -> None:
    """The order of the tree keeps the scenarios of every node together, the sheet's order within them."""
    rows = (scenario("a", 0.25), scenario("b", 0.25), scenario("c", 0.25, "a", 3), scenario("d", 0.25, "b", 3))
    assert ScenarioTree(problem(*rows)).order == ("a", "c", "b", "d")


def test_a_branch_within_the_first_stage_is_one_at_its_end() -> None:
    """No decision before first_stage_months differs, whatever branches_at says; a blank means just that."""
    for branch in (None, 0, 2):
        tree = ScenarioTree(problem(scenario("a", 0.5), scenario("b", 0.5, "a", branch), first_stage_months=3))
        assert tree.branch_months == (3,)


def test_a_follower_leaves_its_line_with_the_one_it_follows() -> None:
    """c follows b until May, but b leaves a in March: c leaves a in March too."""
    data = problem(scenario("a", 0.4), scenario("b", 0.3, "a", 4), scenario("c", 0.3, "b", 2))
    tree = ScenarioTree(data)
    assert [tree.node("c", t) for t in range(6)] == ["a", "a", "c", "c", "c", "c"]
    assert [tree.node("b", t) for t in range(6)] == ["a", "a", "a", "a", "b", "b"]


def test_a_first_stage_longer_than_the_horizon_leaves_all_one() -> None:
    """Nothing is told apart inside the horizon, and there is no month of branching."""
    tree = ScenarioTree(problem(*CHAIN, first_stage_months=12))
    assert tree.branch_months == ()
    assert tree.nodes(5) == {"a": ("a", "b", "c", "d")}


def test_without_a_first_stage_scenarios_are_apart_from_the_first_month() -> None:
    """With first_stage_months 0 and no followers each decides by itself in January."""
    tree = ScenarioTree(problem(scenario("a", 0.5), scenario("b", 0.5), first_stage_months=0))
    assert tree.nodes(0) == {"a": ("a",), "b": ("b",)}
    assert tree.branch_months == ()


def test_probabilities_sum_to_one_exactly() -> None:
    """What the sheet is off by, within what is allowed, is spread over all."""
    tree = ScenarioTree(problem(scenario("a", 0.5), scenario("b", 0.5000005)))
    assert sum(tree.probability.values()) == pytest.approx(1.0, abs=1e-15)
    assert tree.probability["b"] / tree.probability["a"] == pytest.approx(1.000001)


@st.composite
def forests(draw: st.DrawFn) -> Dataset:
    """Two to six scenarios in any order in the sheet, each following none or one of the others, without circles."""
    names = [f"s{k}" for k in range(draw(st.integers(2, 6)))]
    rows = []
    for k, name in enumerate(names):
        follows = draw(st.sampled_from([None, *names[:k]]))
        branch = None if follows is None else draw(st.none() | st.integers(-1, 7))
        rows.append(scenario(name, 1 / len(names), follows, branch))
    return problem(*draw(st.permutations(rows)), first_stage_months=draw(st.integers(0, 7)))


@given(data=forests())
def test_scenarios_once_told_apart_stay_apart(data: Dataset) -> None:
    """The groups of each month are parts of those of the month before, and each scenario is in one of them."""
    tree = ScenarioTree(data)
    for t in data.horizon:
        assert sorted(name for group in tree.nodes(t).values() for name in group) == sorted(tree.names)
        assert all(tree.alike(name, t) == group for group in tree.nodes(t).values() for name in group)
    for before, after in pairwise(data.horizon):
        wholes = [set(group) for group in tree.nodes(before).values()]
        assert all(any(set(group) <= whole for whole in wholes) for group in tree.nodes(after).values())


@given(data=forests())
def test_model_and_audit_tell_scenarios_apart_in_the_same_month(data: Dataset) -> None:
    """Two scenarios are one in the model's tree in the months in which the audit, by itself, holds them for one."""
    tree = ScenarioTree(data)
    for one, other in combinations(tree.names, 2):
        for t in data.horizon:
            alike = tree.node(one, t) == tree.node(other, t)
            assert (node_of(data, one, t) == node_of(data, other, t)) == alike
