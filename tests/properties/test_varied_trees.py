"""Factors of `--vary` over scenarios: a figure of the workbook that is changed instead costs as much."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest
from properties.comparison import random_workbook

from models.audit import audit
from models.checks import check
from models.dataset import Dataset
from models.stochastic.plan_problem import by_scenario, plan_problem
from models.stochastic.risk import Measure
from models.variants.factors import with_factor
from planner.solving.problem import SolveOptions
from planner.solving.search import solve

FIGURES = {
    "demand": (("demand", "tokens_bn_per_day", "segment"),),
    "throughput": (("throughput", "tokens_per_second", "workload"),),
    "on_demand_price": (("on_demand", "usd_per_accelerator_hour", "hardware"),),
    "on_demand_cap": (("on_demand", "max_accelerators", "hardware"),),
    "revenue": (("segments", "revenue_usd_per_mtok", "segment"), ("prices", "revenue_usd_per_mtok", "segment")),
    "shortfall_cost": (
        ("segments", "shortfall_usd_per_mtok", "segment"),
        ("prices", "shortfall_usd_per_mtok", "segment"),
    ),
}
"""By quantity the sheets, columns and names of the figures that it multiplies."""
FIRST, COUNT = 3_610_000, 40


def _changed(dataset: Dataset, quantity: str, name: str, value: float) -> Dataset:
    """The workbook with the figures themselves multiplied."""

    def times(row: Any, column: str, of: str) -> Any:
        figure = getattr(row, column)
        acts = figure is not None and name in ("*", getattr(row, of))
        return replace(row, **{column: figure * value}) if acts else row

    for sheet, column, of in FIGURES[quantity]:
        dataset = dataset.with_rows(**{sheet: [times(row, column, of) for row in dataset.rows(sheet)]})
    return dataset


@pytest.mark.parametrize("quantity", FIGURES)
def test_a_factor_of_all_scenarios_is_a_figure_changed(quantity: str) -> None:
    """Least costs by whatever measure are the same, and the audit passes the plans of the varied problem."""
    found = 0
    for seed in range(FIRST, FIRST + COUNT):
        random = Random(seed)
        data = random_workbook(seed, random, True)
        if data.resilience or any(fault.severity == "error" for fault in check(data)):
            continue
        [(sheet, _, of), *_] = FIGURES[quantity]
        name = random.choice(["*", *sorted({getattr(row, of) for row in data.rows(sheet)})])
        value = random.choice((0.5, 1.25, 2.0))
        varied, changed = with_factor(data, quantity, name, value), _changed(data, quantity, name, value)
        problems = [plan_problem(each, Measure.of(data)) for each in (varied, changed)]
        best, same = (solve(each, SolveOptions(gap=0.0, threads=1, second_look=False)) for each in problems)
        assert (best.values is None) == (same.values is None)
        if best.values is None or same.objective_usd is None:
            continue
        assert best.objective_usd == pytest.approx(same.objective_usd, rel=1e-6, abs=1e-5), seed
        plans = by_scenario(problems[0].plans_of(best.values))
        assert all(audit(varied.in_scenario(scenario), plan).passed for scenario, plan in plans.items()), seed
        found += 1
    assert found > COUNT // 10
