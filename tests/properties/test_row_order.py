"""The order of rows decides nothing, not even between plans of equal cost; nor does the run's seed of hashes."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from random import Random

import pytest
from openpyxl import load_workbook
from properties.comparison import drawn
from sheets import LEASE, VALID, Tables, tables, workbook

from models.dataset import Dataset
from models.loading import dataset_from
from models.plan import Plan
from models.schema import SHEETS
from planner.run.options import PlanOptions
from planner.run.solve import solve_dataset

ROOT = Path(__file__).parents[2]
ALIKE = ("b", "c", "a")
"""Offers that differ in their names alone."""
TIE: Tables = {
    **LEASE,
    "fleet": [],
    "leases": [{"lease": name, "provider": "neo", "region": "us", "units_max": 9} for name in ALIKE],
    "lease_hardware": [{"lease": name, "hardware": "H100", "accelerators": 8} for name in ALIKE],
    "lease_terms": [{"lease": name, "term_months": 6, "usd_per_accelerator_hour": 2} for name in ALIKE],
    "segments": [{**VALID["segments"][0], "shortfall_usd_per_mtok": 9}],
    "limits": [{"segment": "chat", "limit": name, "generosity": 1} for name in ALIKE],
}
SCENARIOS: Tables = {
    "scenarios": [{"scenario": name, "probability": 1 / 3} for name in ALIKE],
    "scenario_factors": [
        {"scenario": name, "quantity": "demand", "name": "*", "value": value}
        for name, value in zip(ALIKE, (1, 2, 1.5), strict=True)
    ],
}


def _plans(data: Dataset) -> dict[str, dict[str, list[str]]]:
    """Every row of the plan of each scenario, sorted."""
    found = solve_dataset(data, PlanOptions(gap=0.0))
    if not found.has_plan:
        return {}
    return {each.name: _rows(each.plan) for each in found.plan_set.solution.scenarios}


def _rows(plan: Plan) -> dict[str, list[str]]:
    return {each.name: sorted(map(repr, getattr(plan, each.name))) for each in fields(Plan)}


def _shuffled(data: Dataset, random: Random) -> Dataset:
    """The same rows in another order; limits only where their rank is given."""
    ranked = all(row.generosity is not None for row in data.limits)
    names = [each.name for each in SHEETS if each.key and (ranked or each.name != "limits")]
    return data.with_rows(**{name: random.sample(data.rows(name), len(data.rows(name))) for name in names})


@pytest.mark.parametrize("scenarios", [{}, SCENARIOS], ids=["plain", "scenarios"])
@pytest.mark.parametrize("seed", range(3))
def test_ties_are_broken_alike(scenarios: Tables, seed: int) -> None:
    """Of offers, limits and scenarios that differ in their names alone the same are taken, whatever their order."""
    data = dataset_from(**tables(TIE, scenarios))
    expected = _plans(data)
    assert expected
    assert _plans(_shuffled(data, Random(seed))) == expected


@pytest.mark.parametrize("seed", [*range(1, 6), *(pytest.param(n, marks=pytest.mark.slow) for n in range(6, 13))])
def test_the_plan_does_not_hang_on_the_order_of_rows(seed: int) -> None:
    """A random workbook with its rows in another order gives the same plan, to the last figure."""
    data = drawn(seed).data
    assert _plans(_shuffled(data, Random(seed))) == _plans(data)


def test_the_seed_of_hashes_changes_nothing(tmp_path: Path) -> None:
    """What a plan and its audit say is the same in every process, whatever order its sets happen to have."""
    path = workbook(tmp_path / "tie.xlsx", TIE, SCENARIOS)
    said = []
    for seed in ("1", "2"):
        words = [sys.executable, "-m", "planner", "solve", str(path), "-o", "plan.xlsx", "--quiet"]
        environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        subprocess.run(words, cwd=tmp_path, env=environment, check=True)
        book = load_workbook(tmp_path / "plan.xlsx", read_only=True)
        said.append([list(sheet.iter_rows(values_only=True)) for sheet in book if sheet.title != "Run"])
    assert said[0] == said[1]
