"""The worst expected cost over probabilities near the given ones, against its definition as a linear program."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from math import log
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from builders import dataset, demand, lease, on_demand, term
from commandline import Run, decision
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from sheets import workbook
from stochastic import factor, scenario, solved_together, units

from models.stochastic.ambiguity import scenario_distances, worst_in_total_variation, worst_in_wasserstein
from models.stochastic.risk import Measure

CHANCES = {"none": (0.4, 0.5), "some": (0.3, 2.0), "more": (0.2, 4.0), "most": (0.1, 6.0)}
DATA = dataset(
    lease("deal", term(1, 1.0), units_max=9),
    demand(1),
    on_demand(3.0),
    [scenario(name, chance) for name, (chance, _) in CHANCES.items()],
    [factor(name, "demand", bn) for name, (_, bn) in CHANCES.items()],
    months=1,
)
"""Demand 0.5, 2, 4 or 6 in January; leased at 1 in whole units, on demand at 3, USD per hour; 744 hours."""
PROBABILITY = np.array([chance for chance, _ in CHANCES.values()])


def by_definition(costs: npt.ArrayLike, p: npt.ArrayLike, radius: float, apart: npt.ArrayLike | None = None) -> float:
    """The worst expected cost: over q within total variation, or over what is moved from each scenario to each."""
    z, p = np.asarray(costs, float), np.asarray(p, float)
    n = len(z)
    if apart is None:  # q, then |q - p|
        far = np.vstack([np.hstack([np.eye(n), -np.eye(n)]), np.hstack([-np.eye(n), -np.eye(n)])])
        rows = np.vstack([far, [np.append(np.zeros(n), np.ones(n))]])
        found = linprog(
            np.append(-z, np.zeros(n)), rows, np.concatenate([p, -p, [2 * radius]]), [[1] * n + [0] * n], [1.0]
        )
    else:
        moved = np.kron(np.eye(n), np.ones(n))
        found = linprog(-np.tile(z, n), [np.asarray(apart, float).ravel()], [radius], moved, p)
    assert found.success
    return float(-found.fun)


@settings(max_examples=40, derandomize=True, deadline=None, database=None)
@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(-20, 20)), min_size=1, max_size=5),
    st.sampled_from([0.0, 0.1, 0.35, 0.8, 1.0]),
    st.randoms(use_true_random=True),
)
def test_values_are_those_of_the_definition(rows: list[tuple[int, int]], radius: float, random: object) -> None:
    """Both worst expected costs are the optimum of the linear program that defines them, ties and zeros too."""
    weights = [weight + (i == 0) for i, (weight, _) in enumerate(rows)]
    names = [str(i) for i in range(len(rows))]
    p = [weight / sum(weights) for weight in weights]
    probability, costs = dict(zip(names, p, strict=True)), {n: float(c) for n, (_, c) in zip(names, rows, strict=True)}
    places = [random.choice([0.0, 0.5, 0.7, 2.0]) for _ in names]  # type: ignore[attr-defined]
    apart = np.abs(np.subtract.outer(places, places))
    distances = {(names[i], names[j]): float(apart[i, j]) for i, j in product(range(len(names)), repeat=2)}
    z = list(costs.values())
    assert worst_in_total_variation(costs, probability, radius) == pytest.approx(by_definition(z, p, radius), abs=1e-7)
    found = worst_in_wasserstein(costs, probability, distances, radius)
    assert found == pytest.approx(by_definition(z, p, radius, apart), abs=1e-7)


@pytest.mark.parametrize(
    "risk", ["tv:0", "tv:0.1", "tv:0.3", "tv:1", "wasserstein:0", "wasserstein:0.2", "wasserstein:1"]
)
def test_the_best_plan_is_that_of_every_plan_tried(risk: str) -> None:
    """What is minimised is the least over every number of leases, each judged by the definition."""
    measure = Measure.of(DATA, risk)
    names = list(CHANCES)
    apart = [[measure.distances.get((one, other), 0.0) for other in names] for one in names]
    tried = {}
    for leased in range(8):
        costs = [744 * (leased + 3 * max(0.0, bn - leased)) for _, bn in CHANCES.values()]
        tried[leased] = by_definition(costs, PROBABILITY, measure.radius, apart if measure.distances else None)
    found = solved_together(DATA, measure)
    assert found.objective_usd == pytest.approx(min(tried.values()))
    (leased,) = set(units(found).values())
    assert tried[leased] == pytest.approx(min(tried.values()))


def test_distances_by_hand() -> None:
    """The mean over what differs anywhere: logarithms, but differences of what is added and where a factor is 0.

    Two months of demand (ln 2, and 1 to 0 in the second), and of a delay of 3 months in the second: (ln 2 + 1 + 3) / 3
    between the first two; a third that is as the plain figures.
    """
    data = replace(
        DATA,
        settings=replace(DATA.settings, months=2),
        scenarios=(scenario("a", 0.5), scenario("b", 0.25), scenario("plain", 0.25)),
        scenario_factors=(
            factor("a", "demand", 2.0),
            factor("a", "demand", 0.0, t=1),
            factor("a", "delivery_delay_months", 3.0, name="deal", t=1),
            factor("b", "on_demand_price", 1.0),
        ),
    )
    found = scenario_distances(data)
    assert found["a", "b"] == found["b", "a"] == pytest.approx((log(2.0) + 1.0 + 3.0) / 3.0)
    assert (found["b", "plain"], found["a", "a"]) == (0.0, 0.0)


def test_solved_told_and_audited(here: Run, tmp_path: Path) -> None:
    """`--risk tv:10%` is what run.json and the plan say, and the audit works it out again, or refused."""
    factors = [{"scenario": "boom", "quantity": "demand", "name": "*", "from_month": "2026-05", "value": 2}]
    scenarios = [{"scenario": "plain", "probability": 0.6}, {"scenario": "boom", "probability": 0.4}]
    book = workbook(tmp_path / "book.xlsx", decision(scenarios=scenarios, scenario_factors=factors))
    found = here("solve", book, "-o", "plan.xlsx", "--risk", "tv:10%", "--json").json
    assert found["risk"]["measure"] == "tv:0.1"
    costs = {each["scenario"]: each["cost_usd"] for each in found["scenarios"]}
    assert found["objective_usd"] == pytest.approx(0.5 * costs["plain"] + 0.5 * costs["boom"])
    assert here("audit", book, "plan.xlsx").code == 0
    assert here("compare", "plan.xlsx", "plan.xlsx", "-o", "compared.xlsx").code == 0
    for wrong in ("tv:2", "tv", "worst:1", "wasserstein:x", "wasserstein:-1"):
        assert here("solve", book, "--risk", wrong).code == 2
