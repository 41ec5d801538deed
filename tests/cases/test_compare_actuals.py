"""`planner compare PLAN --actuals FILE`: the plan's decisions held on what happened, by offer and month."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest
from commandline import Run, decision
from sheets import workbook


@pytest.fixture
def plan(here: Run, tmp_path: Path) -> Path:
    """Twelve units of a lease for a year."""
    assert here("solve", workbook(tmp_path / "book.xlsx", decision()), "-o", "plan.xlsx").code == 0
    return tmp_path / "plan.xlsx"


EXCLUDED = [{"lease": "L", "provider": "neo", "region": "us", "units_max": 20, "status": "excluded"}]


def actuals(path: Path, share: float = 1.0, **more: Any) -> Path:
    """The same workbook with so many times the demand."""
    book = decision(**more)
    rows = [row | {"tokens_bn_per_day": row["tokens_bn_per_day"] * share} for row in book["demand"]]
    return workbook(path, book | {"demand": rows})


def test_what_happened_as_planned_differs_in_nothing(here: Run, plan: Path, tmp_path: Path) -> None:
    """On the plan's own workbook every figure is the planned one."""
    said = here("compare", plan, "--actuals", tmp_path / "book.xlsx", "-o", "same.xlsx", "--json")
    assert said.code == 0
    assert said.json["held"]
    assert said.json["cash_usd"]["actual"] == pytest.approx(said.json["cash_usd"]["planned"])
    for row in (*said.json["cash"], *said.json["power_mw"], *said.json["figures"]):
        assert row["actual"] == pytest.approx(row["planned"], rel=1e-6, abs=1e-6)


def test_more_demand_is_bought_on_demand_and_the_lease_stays_as_signed(here: Run, plan: Path, tmp_path: Path) -> None:
    """With a tenth more demand the same lease is paid, and more of what is paid by the hour."""
    more = actuals(tmp_path / "more.xlsx", 1.1)
    said = here("compare", plan, "--actuals", more, "-o", "more report.xlsx", "--json")
    cash = [row for row in said.json["cash"] if row["category"] == "lease"]
    assert cash
    assert all(row["actual"] == pytest.approx(row["planned"]) for row in cash)
    hourly = [row for row in said.json["cash"] if row["category"] == "on_demand"]
    assert sum(row["actual"] for row in hourly) > sum(row["planned"] for row in hourly)
    book = openpyxl.load_workbook(tmp_path / "more report.xlsx")
    assert book.sheetnames == ["Plan and actuals", "Months against plan", "Cash against plan", "Power against plan"]
    rows = book["Cash against plan"].iter_rows(min_row=2, values_only=True)
    assert all(row[5] == pytest.approx(row[4] - row[3]) for row in rows)


def test_only_the_months_that_both_have_are_compared(here: Run, plan: Path, tmp_path: Path) -> None:
    """Of a plan of twelve months and four months of actuals the four are told."""
    short = actuals(tmp_path / "short.xlsx", settings={"first_month": "2026-01", "months": 4})
    said = here("compare", plan, "--actuals", short, "-o", "short report.xlsx", "--json")
    assert said.json["months"] == 4
    assert {row["month"] for row in said.json["figures"]} == {"2026-01", "2026-02", "2026-03", "2026-04"}


def test_decisions_that_cannot_be_held_are_told_with_the_reason(here: Run, plan: Path, tmp_path: Path) -> None:
    """A lease that was not to be had: exit code 3, the reason, and a report that says so."""
    gone = workbook(tmp_path / "gone.xlsx", decision(leases=EXCLUDED))
    said = here("compare", plan, "--actuals", gone, "-o", "gone report.xlsx")
    assert said.code == 3
    assert "not on offer" in said.out + said.err


def test_a_signing_that_slips_past_the_horizon_is_told_and_the_rest_is_compared(
    here: Run, plan: Path, tmp_path: Path
) -> None:
    """A lease that came to begin after the horizon is left out and told; on-demand serves, and that is compared."""
    late = [{"lease": "L", "provider": "neo", "region": "us", "units_max": 20, "lead_months": 12}]
    slipped = workbook(tmp_path / "slipped.xlsx", decision(leases=late))
    said = here("compare", plan, "--actuals", slipped, "-o", "slipped report.xlsx", "--json")
    assert said.code == 0
    assert said.json["held"]
    (told,) = said.json["left_out"]
    assert told == "L: signed 2026-01, service would begin after the horizon"
    cash = {row["category"]: row["actual"] for row in said.json["cash"] if row["month"] == "2026-01"}
    assert cash["lease"] == 0.0
    assert cash["on_demand"] > 0.0
    page = openpyxl.load_workbook(tmp_path / "slipped report.xlsx")["Plan and actuals"]
    assert any(told in str(cell) for row in page.iter_rows(values_only=True) for cell in row)
    assert f"Left out: {told}." in here("compare", plan, "--actuals", slipped, "-o", "slipped report.xlsx").out


def test_actuals_that_begin_elsewhere_are_refused(here: Run, plan: Path, tmp_path: Path) -> None:
    """What to give instead is said; so it is where there are two plans."""
    later = actuals(tmp_path / "later.xlsx", settings={"first_month": "2026-02", "months": 11})
    said = here("compare", plan, "--actuals", later)
    assert said.code == 2
    assert "begins in 2026-01" in said.err
    assert here("compare", plan, plan, "--actuals", later).code == 2
