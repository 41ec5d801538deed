"""Problems of the literature and of paper, written as workbooks: their published or hand-worked optima."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from builders import dataset, demand, lease, segment, term
from scipy.optimize import linprog
from stochastic import factor, scenario, solved_together

from models.dataset import Dataset
from models.schema import Cap, Network

# Louveaux and Smeers (1988), "Optimal investments for electricity generation": four technologies, three modes of
# demand, of which the first is uncertain; investment and operating costs, budget and least capacity.
INVEST = [10.0, 7.0, 16.0, 6.0]
OPERATE = [[40.0, 24.0, 4.0], [45.0, 27.0, 4.5], [32.0, 19.2, 3.2], [55.0, 33.0, 5.5]]
MODES = [3.0, 3.0, 2.0]
OUTCOMES = {"low": (0.3, 3.0), "mid": (0.4, 5.0), "high": (0.3, 7.0)}
BUDGET, LEAST = 120.0, 12.0
PUBLISHED = 381.853


def lands() -> Dataset:
    """LandS: a technology is a lease in a region of its own, a mode of demand a segment in a region of its own.

    A unit of a lease is a third of a unit of capacity, for the published plan (8/3, 4, 10/3, 2) is in thirds. One
    accelerator serves a billion tokens a day, and January has 31 days: operating costs are network costs.
    """
    techs, modes = range(len(INVEST)), range(len(MODES))
    return dataset(
        [lease(f"tech{i}", term(1, monthly=INVEST[i] / 3), holds=1 / 3, region=f"at{i}", units_max=60) for i in techs],
        [segment(f"mode{j}") for j in modes],
        [demand(MODES[j], segment=f"mode{j}", region=f"to{j}") for j in modes],
        [
            Network(capacity_region=f"at{i}", demand_region=f"to{j}", usd_per_mtok=OPERATE[i][j] / 31e3)
            for i in techs
            for j in modes
        ],
        Cap(cap="budget", measure="cash_usd", scope="provider", name="neo", sense="max", value=BUDGET),
        Cap(cap="least", measure="capacity_mw", scope="total", sense="min", value=LEAST / 1000),
        [scenario(name, probability) for name, (probability, _) in OUTCOMES.items()],
        [factor(name, "demand", amount / MODES[0], "mode0") for name, (_, amount) in OUTCOMES.items()],
        months=1,
        first_stage_months=1,
    )


def lands_by_linprog(outcomes: dict[str, tuple[float, float]], invested: list[float] | None = None) -> float:
    """The same problem as a linear program written out by hand, in continuous capacity."""
    techs, modes, count = len(INVEST), len(MODES), len(outcomes)
    cost = np.array(INVEST + [p * q for p, _ in outcomes.values() for row in OPERATE for q in row])
    width = len(cost)

    def y(s: int, i: int, j: int) -> int:
        return techs + s * techs * modes + i * modes + j

    rows, most = [], []
    for s, (_, first) in enumerate(outcomes.values()):
        for i in range(techs):  # what is used of a technology is at most what was invested
            row = np.zeros(width)
            row[[y(s, i, j) for j in range(modes)]] = 1.0
            row[i] = -1.0
            rows.append(row)
            most.append(0.0)
        for j in range(modes):
            row = np.zeros(width)
            row[[y(s, i, j) for i in range(techs)]] = -1.0
            rows.append(row)
            most.append(-(first if j == 0 else MODES[j]))
    rows.append(np.array(INVEST + [0.0] * (width - techs)))
    most.append(BUDGET)
    rows.append(np.array([-1.0] * techs + [0.0] * (width - techs)))
    most.append(-LEAST)
    bounds: Any = [(0.0, None) if invested is None else (x, x) for x in (invested or [0.0] * techs)]
    bounds += [(0.0, None)] * (techs * modes * count)
    found = linprog(cost, np.array(rows), most, bounds=bounds)
    assert found.success
    return float(found.fun)


def test_louveaux_and_smeers() -> None:
    """The published optimum of LandS, 381.853, and its published plan, 8/3, 4, 10/3 and 2 units of capacity."""
    found = solved_together(lands())
    assert found.objective_usd == pytest.approx(PUBLISHED, abs=5e-4)
    assert lands_by_linprog(OUTCOMES) == pytest.approx(PUBLISHED, abs=5e-4)
    units = {each.name: each.units for each in found.plans["low"].signings}
    assert units == {"tech0": 8, "tech1": 12, "tech2": 10, "tech3": 6}
