"""Sensitivity on problems whose break-even is known: where decisions change, what moves the cost, what cannot be."""

from __future__ import annotations

from pathlib import Path

import builders as b
import openpyxl
import pytest
from commandline import Run

from models.dataset import Dataset
from models.estimate import Estimate
from planner.errors import WrongUsage
from planner.explain.ranges import check_variations, parse
from planner.explain.sensitivity import Sensitivity, vary
from planner.explain.sensitivity_report import variation_lines
from planner.explain.sensitivity_tables import tornado_rows
from planner.solving import worker_pool
from planner.solving.problem import SolveOptions
from planner.text_table import TextTable

HOURS = 744
EXACT = SolveOptions(gap=0.0, threads=1)


def _varied(data: Dataset, *texts: str) -> Sensitivity:
    plan = b.solved(data)
    with worker_pool.WorkerPool(1) as workers:
        cost = Estimate.exactly(plan.objective_usd)
        return vary(data, plan, cost, [parse(each) for each in texts], workers, EXACT)


def _two_ways() -> Dataset:
    """A lease of an accelerator at 3 USD an hour against on-demand at 4: worth it from 0.75 tokens a day on."""
    return b.dataset(b.demand(1.0), b.lease("L", b.term(1, hourly=3.0)), b.on_demand(4.0), months=1)


def test_the_demand_at_which_a_lease_pays_is_found() -> None:
    """Below three quarters of today's demand the lease is dropped; the place is found to a sixteenth of a step."""
    [curve] = _varied(_two_ways(), "demand=-40%..+0%/3").curves
    [step] = curve.steps
    assert step.low <= 0.75 <= step.high
    assert step.high - step.low <= 0.2 / 16 + 1e-9
    assert step.words == ("L: newly 1 unit from 2026-01",)
    costs = {round(point.value, 6): point.least_cost.value(1e-6) for point in curve.points}
    assert costs[0.6] == pytest.approx(0.6 * 4.0 * HOURS)
    assert costs[0.8] == pytest.approx(3.0 * HOURS)


def test_the_price_at_which_a_lease_drops_out_is_found() -> None:
    """A third dearer the lease costs as much as on-demand."""
    [curve] = _varied(_two_ways(), "price:L=0.9..1.5/3").curves
    [step] = curve.steps
    assert step.low <= 4 / 3 <= step.high


def test_where_no_plan_exists_is_said() -> None:
    """With capacity for one token a day and no other, more demand than that has no plan."""
    data = b.dataset(b.demand(1.0), b.fleet(), months=1)
    [curve] = _varied(data, "demand=1,1.5").curves
    assert (curve.points[0].status, curve.points[-1].status) == ("the plan", "infeasible")
    assert curve.steps[0].low == 1.0
    assert curve.steps[0].high <= 1.0 + 0.5 / 16
    assert curve.steps[0].words == ("no plan exists",)


def test_the_tornado_begins_with_what_moves_the_cost_most() -> None:
    """Demand moves the cost of on-demand by a fifth each way, its price by a tenth."""
    data = b.dataset(b.demand(1.0), b.on_demand(4.0), months=1)
    rows = list(tornado_rows(_varied(data, "on_demand_price=-10%,+10%", "demand=-20%,+20%")))
    assert [row[0] for row in rows] == ["demand", "on_demand_price"]
    assert rows[0][3:6] == (
        pytest.approx(-0.2 * 4 * HOURS),
        pytest.approx(0.2 * 4 * HOURS),
        pytest.approx(0.4 * 4 * HOURS),
    )


def test_a_name_that_is_not_there_is_wrong_usage() -> None:
    """The closest known name is offered."""
    with pytest.raises(WrongUsage, match="no such name"):
        check_variations(_two_ways(), [parse("price:M=0.9,1.1")])


def test_what_would_change_nothing_is_refused() -> None:
    """A lease signed before the first month keeps its price and cannot come late; one on offer may do both."""
    signed = b.lease("old", b.term(9, hourly=1.0), signed=-4)
    data = b.dataset(b.demand(1.0, 1.0), signed, b.lease("new", b.term(2, hourly=1.0)), b.on_demand(9.0), months=2)
    for text in ("price:old=0.9,1.1", "delivery_delay_months:old=0,1"):
        with pytest.raises(WrongUsage, match="of old: nothing is left to sign or start"):
            check_variations(data, [parse(text)])
    check_variations(data, [parse("price:new=0.9,1.1"), parse("delivery_delay_months:new=0,1"), parse("price:*=0.5,1")])


def test_a_name_that_is_not_there_is_told_before_anything_is_solved(here: Run) -> None:
    """A misspelt name costs no search of a plan, which may take minutes."""
    assert here("init", "book.xlsx", "--example", "starter").code == 0
    said = here("explain", "book.xlsx", "--vary", "demand:asistant=-10%..+10%")
    assert said.code == 2
    assert "--vary demand of 'asistant': no such name in the workbook. Did you mean 'assistant'?" in said.err
    assert "Solving" not in said.err


def test_power_of_a_small_plan_is_not_told_as_none() -> None:
    """What a plan signs of less than half a megawatt is not rounded away in the table of a range."""
    data = _two_ways()
    tables = [each for each in variation_lines(_varied(data, "demand=1,1.2"), data) if isinstance(each, TextTable)]
    power = [row[2] for row in tables[0].rows]
    assert power
    assert all(float(each) > 0.0 for each in power)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("demand", "demand=-20%"),
        ("demnad=-10%..+10%", "demand"),
        ("price=0.9..1.1", "price:NAME"),
        ("demand=-10%..x", "not a number"),
        ("demand=-120%..0%", "fall by more"),
        ("demand=0%..+20%", "all with a sign"),
        ("demand=-20%..1.2", "all with a sign"),
        ("delivery_delay_months:L=0.5", "whole months"),
        ("discount_rate:L=0.1", "leave"),
    ],
)
def test_a_range_that_cannot_be_read_says_what_to_write(text: str, told: str) -> None:
    """Every slip in a range is answered with what to write instead."""
    with pytest.raises(ValueError, match=told):
        parse(text)


def test_from_the_command_line(here: Run, small: Path, tmp_path: Path) -> None:
    """`explain --vary` writes its page and tables, and the same as JSON."""
    assert here("solve", small, "-o", "plan.xlsx").code == 0
    said = here("explain", small, "plan.xlsx", "--vary", "demand=-50%..+50%/3", "-o", "what if.xlsx", "--json")
    assert said.code == 0
    [curve] = said.json["curves"]
    assert curve["points"][0]["value"] == 0.5
    assert {"Explanation", "Sensitivity", "Tornado"} <= set(
        openpyxl.load_workbook(tmp_path / "what if.xlsx").sheetnames
    )
    said = here("explain", small, "plan.xlsx", "--vary", "price:nobody=0.9,1.1", "-o", "x.xlsx")
    assert said.code == 2
