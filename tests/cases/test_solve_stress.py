"""A solve that ends with a stress test: its figures on small workbooks, and where they are told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from builders import dataset, demand, lease, on_demand, segment, term
from commandline import Run, decision
from openpyxl import load_workbook
from sheets import workbook
from stochastic import factor, scenario

from models.dataset import Dataset
from models.schema import Cap
from planner.interrupt import Stop
from planner.run.options import PlanOptions
from planner.run.solve import before_stress, left_for_stress, solve_dataset
from planner.stress.after_solve import told, try_plan
from planner.stress.commitment import commitment_of
from planner.stress.stress_test import draw_samples, stress_test


def two_futures() -> Dataset:
    """One accelerator's demand, twice that in one scenario of ten, on demand at 3 and capped in cash."""
    return dataset(
        segment(), demand(1.0, months=2), on_demand(3.0), lease("L", term(2, 1.0)),
        [scenario("low", 0.9), scenario("high", 0.1), factor("high", "demand", 2.0, t=1)],
        Cap(cap="cash", measure="cash_usd", sense="max", value=1e7), months=2, first_stage_months=1,
    )  # fmt: skip


def test_quantiles_are_those_of_the_scenarios_drawn() -> None:
    """The cheap scenario nine times of ten and the dear one once: P10 and P50 cost the one, the most the other."""
    result = solve_dataset(two_futures(), PlanOptions(gap=0.0))
    try_plan(result, 60, None, Stop(), None)
    tried = result.tried
    assert tried is not None
    costs = {each.name: each.cost_usd for each in result.plan_set.scenarios}
    assert tried.cost_usd["p10"].value == tried.cost_usd["p50"].value == pytest.approx(costs["low"])
    assert costs["low"] - 1e-6 <= tried.cost_usd["p90"].value <= costs["high"] + 1e-6
    assert tried.forecast_usd == pytest.approx(0.9 * costs["low"] + 0.1 * costs["high"])
    assert (tried.asked, tried.finished, tried.caps["cash"].value) == (60, 60, 0.0)


def test_a_cap_fails_as_often_as_the_scenario_that_breaks_it_is_drawn() -> None:
    """A minimum of capacity that a supplier's exit breaks: the plan on plain figures keeps it, the samples do not.

    The plan is made without the exit; tried on the scenarios, the cap fails in those with the exit and no others.
    """
    plain = dataset(
        segment(), demand(1.0, months=2), on_demand(3.0), lease("L", term(2, 1.0)),
        Cap(cap="floor", measure="capacity_mw", sense="min", value=0.0001), months=2,
    )  # fmt: skip
    result = solve_dataset(plain, PlanOptions(gap=0.0))
    futures = dataset(
        segment(), demand(1.0, months=2), on_demand(3.0), lease("L", term(2, 1.0)),
        [scenario("stays", 0.5), scenario("goes", 0.5), factor("goes", "supplier_exit", name="neo", t=1)],
        Cap(cap="floor", measure="capacity_mw", sense="min", value=0.0001), months=2, first_stage_months=1,
    )  # fmt: skip
    samples = draw_samples(futures, None, 40, 1)
    report = stress_test(futures, commitment_of({"": result.plan_set.only.plan}, futures, 1, all_of_it=False), samples)
    gone = samples.words(40).count("scenario goes") / 40
    assert 0.0 < gone < 1.0
    assert told(report, "").caps["floor"].value == pytest.approx(gone)


def test_a_time_limit_is_shared_with_the_stress_test() -> None:
    """The search gets 60 % of a limit, the samples what is left then; without a limit both are free."""
    assert before_stress(PlanOptions(time_limit=100.0, stress=5)).time_limit == pytest.approx(60.0)
    assert before_stress(PlanOptions(time_limit=100.0)).time_limit == 100.0
    assert left_for_stress(PlanOptions(stress=5), 0.0) is None


def test_the_page_and_run_json_tell_it(tmp_path: Path, here: Run) -> None:
    """`solve --stress` tells cost and caps on the first sheet and in run.json, of a workbook with scenarios."""
    caps = [{"cap": "cash", "measure": "cash_usd", "sense": "max", "value": 1e12}]
    futures = {
        "scenarios": [{"scenario": "low", "probability": 0.9}, {"scenario": "high", "probability": 0.1}],
        "scenario_factors": [{"scenario": "high", "quantity": "demand", "name": "*", "value": 2}],
    }
    said = here("solve", workbook(tmp_path / "w.xlsx", decision(caps=caps, **futures)), "--stress", 20, "-o", "p.xlsx")
    assert said.code == 0
    told = json.loads((tmp_path / "p.run.json").read_text())["stress"]
    assert (told["samples"], set(told["cost_usd"])) == (20, {"p10", "p50", "p90"})
    assert told["caps"]["cash"]["value"] == 0.0
    cells = [str(cell.value) for row in load_workbook(tmp_path / "p.xlsx")["Plan"] for cell in row]
    assert "Cap cash fails" in cells
    assert "Tried on samples" in cells
    rows = list(load_workbook(tmp_path / "p.xlsx")["Tried on samples"].iter_rows(values_only=True))
    assert {name: value for name, value, *_ in rows}["cap cash fails"] == 0.0


def test_without_scenarios_what_is_assumed_is_said(tmp_path: Path, here: Run) -> None:
    """Demand walks by 5 % a month, deliveries are late by a named prior; both stand beside the figures."""
    here("solve", workbook(tmp_path / "w.xlsx", decision()), "--stress", 10, "-o", "p.xlsx")
    how = json.loads((tmp_path / "p.run.json").read_text())["stress"]["how"]
    assert "5 % a month" in how
    assert "energised_site" in how
