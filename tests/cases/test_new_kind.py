"""A kind of offer that only the tests know walks every command: what a new kind has to say is enough.

Two accelerators are asked for in each of three months and one is there. A rental brings the other for 500 USD a month,
1,500 in all; a lease for the same three months costs 1 USD an hour, 744 + 672 + 744 = 2,160; on demand an hour costs 3.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from sheets import workbook

ROOT = Path(__file__).resolve().parents[2]
TABLES: dict[str, Any] = {
    "settings": {"first_month": "2026-01", "months": 3, "discount_rate": 0},
    "hardware": [{"hardware": "H100", "kw": 1}],
    "throughput": [{"workload": "chat", "hardware": "H100", "tokens_per_second": 1e9 / 86400}],
    "segments": [{"segment": "chat", "workload": "chat", "growth_per_month": 0}],
    "demand": [{"segment": "chat", "region": "us", "month": "2026-01", "tokens_bn_per_day": 2}],
    "fleet": [{"asset": "own", "provider": "us-inc", "region": "us", "hardware": "H100", "accelerators": 1}],
    "leases": [{"lease": "cloud", "provider": "neo", "region": "us"}],
    "lease_hardware": [{"lease": "cloud", "hardware": "H100", "accelerators": 1}],
    "lease_terms": [{"lease": "cloud", "term_months": 3, "usd_per_accelerator_hour": 1}],
    "on_demand": [{"provider": "spot", "region": "us", "hardware": "H100", "usd_per_accelerator_hour": 3}],
    "rentals": [
        {
            "rental": "hall",
            "provider": "landlord",
            "region": "us",
            "hardware": "H100",
            "accelerators": 1,
            "term_months": 3,
            "usd_per_month": 500,
        }
    ],
}
SCENARIOS: dict[str, Any] = {
    "settings": TABLES["settings"] | {"first_stage_months": 3},
    "scenarios": [{"scenario": "base", "probability": 0.5}, {"scenario": "dear", "probability": 0.5}],
    "scenario_factors": [{"scenario": "dear", "quantity": "price", "name": "hall", "value": 1.2}],
}
"""The rental costs a fifth more in one of two scenarios: 0.5 x 1,500 + 0.5 x 1,800 = 1,650, less than the lease."""

pytestmark = pytest.mark.slow
Run = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the two workbooks, in which every Python process knows the kind from its start."""
    folder = tmp_path_factory.mktemp("lab")
    workbook(folder / "lab.xlsx", TABLES)
    workbook(folder / "two.xlsx", TABLES, SCENARIOS)
    (folder / "site").mkdir()
    (folder / "site/sitecustomize.py").write_text("import rental_kind\n\nrental_kind.register()\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def run(lab: Path) -> Run:
    """Runs a command in the folder; the JSON it prints."""
    path = os.pathsep.join(map(str, (lab / "site", ROOT / "tests/toy", ROOT)))

    def command(*words: object) -> dict[str, Any]:
        said = subprocess.run(
            [sys.executable, "-m", "planner", *map(str, words), "--json"],
            cwd=lab,
            env=os.environ | {"PYTHONPATH": path},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert said.returncode == 0, said.stdout + said.stderr
        return dict(json.loads(said.stdout))

    return command


@pytest.fixture(scope="module")
def plan(run: Run) -> dict[str, Any]:
    """The plan of the plain workbook, in plan.xlsx."""
    assert not run("check", "lab.xlsx")["faults"]
    return run("solve", "lab.xlsx", "-o", "plan.xlsx")


@pytest.fixture(scope="module")
def both(run: Run) -> dict[str, Any]:
    """The plan of the workbook with scenarios, in both.xlsx."""
    return run("solve", "two.xlsx", "-o", "both.xlsx")


def _rows(path: Path, sheet: str) -> list[dict[str, Any]]:
    head, *rows = load_workbook(path, read_only=True)[sheet].iter_rows(values_only=True)
    return [dict(zip(head, row, strict=False)) for row in rows]


def test_solve(plan: dict[str, Any], lab: Path) -> None:
    """The rental is taken in the first month, and each sheet tells it as what it is."""
    assert plan["objective_usd"] == pytest.approx(1500)
    [decision] = plan["decisions"]
    assert (decision["kind"], decision["name"], decision["month"]) == ("rental", "hall", "2026-01")
    for row in _rows(lab / "plan.xlsx", "Monthly"):
        assert (row["fleet_mw"], row["rentals_mw"], row["rentals_cash_usd"]) == pytest.approx((0.001, 0.001, 500))
        sources = [value for name, value in row.items() if name.startswith("from_")]
        assert sum(sources) == pytest.approx(row["served_bn_per_day"]) == pytest.approx(2)
        assert row["from_rentals_bn_per_day"] == pytest.approx(1)
    assert {row["kind"] for row in _rows(lab / "plan.xlsx", "Capacity")} == {"fleet", "rental"}
    assert {row["kind"] for row in _rows(lab / "plan.xlsx", "Lock-in")} == {"rental"}
    assert sum(row["cash_usd"] for row in _rows(lab / "plan.xlsx", "Spend") if row["category"] == "rental") == 1500


def test_audit(plan: dict[str, Any], both: dict[str, Any], run: Run) -> None:
    """The audit works the same payments out from its own table, with and without scenarios."""
    assert run("audit", "lab.xlsx", "plan.xlsx")["audit"]["passed"]
    assert run("audit", "two.xlsx", "both.xlsx")["audit"]["passed"]


def test_nothing_new_leaves_it_out(plan: dict[str, Any]) -> None:
    """The base case signs no rental: 3 USD an hour on demand, 3 x 2,160."""
    assert plan["base_case_usd"] == pytest.approx(6480)


def test_scenarios(both: dict[str, Any]) -> None:
    """Its price is a factor of scenarios; the decision is one for both of them."""
    assert both["objective_usd"] == pytest.approx(1650)
    costs = {each["scenario"]: each["cost_usd"] for each in both["scenarios"]}
    assert costs == pytest.approx({"base": 1500, "dear": 1800})


def test_decomposition(run: Run) -> None:
    """Taken apart by scenario the problem has the same optimum."""
    assert run("solve", "two.xlsx", "--engine", "decomposition", "-o", "apart.xlsx")["objective_usd"] == pytest.approx(
        1650
    )


def test_compare(plan: dict[str, Any], both: dict[str, Any], run: Run) -> None:
    """Left out of the table, a lease takes its place, for 660 USD more; with scenarios the rental is taken too."""
    run("solve", "lab.xlsx", "--set", "rentals.hall.status=excluded", "-o", "without.xlsx")
    text = json.dumps(run("compare", "plan.xlsx", "without.xlsx", "-o", "compared.xlsx"))
    assert "hall: no longer 1 block from 2026-01" in text
    assert "rentals" in text
    [other] = run("compare", "plan.xlsx", "both.xlsx", "-o", "both compared.xlsx")["against_first"]
    assert [(each["kind"], each["change"], each["probability"]) for each in other["decisions"]] == [
        ("rental", "same", pytest.approx(1))
    ]


def test_roll(plan: dict[str, Any], run: Run) -> None:
    """The next round has it signed: two fees more, and from its end on the lease, 2 x 500 + 720."""
    run("roll", "lab.xlsx", "plan.xlsx", "--to", "2026-02", "-o", "next.xlsx")
    assert run("solve", "next.xlsx", "-o", "next plan.xlsx")["objective_usd"] == pytest.approx(1720)
    assert run("audit", "next.xlsx", "next plan.xlsx")["audit"]["passed"]


def test_keep_start_and_alternatives(plan: dict[str, Any], run: Run) -> None:
    """A plan with it can be kept to and begun from, and one without it is the alternative."""
    dear = ("--set", "rentals.hall.usd_per_month=800")  # 2,400: the lease is cheaper, by less than departing costs
    kept = run("solve", "lab.xlsx", *dear, "--keep", "plan.xlsx", "--change-cost", 1000, "-o", "kept.xlsx")
    assert kept["objective_usd"] == pytest.approx(2400)
    assert run("solve", "lab.xlsx", "--start", "plan.xlsx", "-o", "begun.xlsx")["objective_usd"] == pytest.approx(1500)
    found = run("solve", "lab.xlsx", "--alternatives", 1, "--within", "50%", "-o", "other.xlsx")
    [other] = found["alternatives"]
    assert other["cost_usd"] <= 1.5 * 1500 + 1e-6


def test_explain(plan: dict[str, Any], run: Run) -> None:
    """It is explained by its own name and kind, and its price varied: at 720 USD a month the lease is as good."""
    told = run("explain", "lab.xlsx", "plan.xlsx", "-o", "why.xlsx")
    assert {each["offer"]: each["kind"] for each in told["offers"]} == {"cloud": "lease", "hall": "rental"}
    [curve] = run("explain", "lab.xlsx", "plan.xlsx", "--vary", "price:hall=1.2,1.5", "-o", "vary.xlsx")["curves"]
    costs = {each["value"]: each["cost_usd"] for each in curve["points"]}
    assert (costs[1.2], costs[1.5]) == pytest.approx((1800, 2160))
    [step] = curve["steps"]
    assert step["from"] < 720 / 500 < step["to"]


def test_stress_and_sampling(plan: dict[str, Any], both: dict[str, Any], run: Run) -> None:
    """Its delay and the exit of its supplier are uncertain as those of any offer of capacity."""
    uncertain = ("--delay-prior", "hall=0:0.5,1:0.5", "--exit-hazard", "hall=0.1")
    tested = ("--count", 4, "--workers", 1)
    assert run("stress", "plan.xlsx", "lab.xlsx", *uncertain, *tested, "-o", "stress.xlsx")
    assert run("stress", "both.xlsx", "two.xlsx", "--demand-volatility", 0.1, *tested, "-o", "stress both.xlsx")
    sampled = run("scenarios", "lab.xlsx", *uncertain, "--sample", 20, "--count", 2, "-o", "sampled.xlsx")
    assert not [each for each in sampled["faults"] if each["severity"] == "error"]


def test_batch(run: Run, lab: Path) -> None:
    """A job solves it in a process of its own, and month by month the rental costs what it costs at once."""
    assert run("batch", "lab.xlsx", "-o", "batch")["jobs"][0]["status"] == "optimal"
    told = run("batch", "lab.xlsx", "--rolling", "lab.xlsx", "--every", 1, "-o", "rolling")
    assert "1500" in json.dumps(told)


def test_template_and_folder(run: Run, lab: Path) -> None:
    """The template has its sheet, and a folder of CSV files says the same as the workbook."""
    run("init", "new.xlsx")
    assert "rentals" in load_workbook(lab / "new.xlsx", read_only=True).sheetnames
    run("convert", "lab.xlsx", "folder")
    assert run("solve", "folder", "-o", "from folder.xlsx")["objective_usd"] == pytest.approx(1500)


def test_a_workbook_is_not_read_without_the_kind(plan: dict[str, Any], lab: Path) -> None:
    """Where the kind is not registered its plan is refused, by the cell that names it."""
    said = subprocess.run(
        [sys.executable, "-m", "planner", "audit", "lab.xlsx", "plan.xlsx"],
        cwd=lab, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert said.returncode == 2
    assert "found 'rental'" in said.stdout + said.stderr
