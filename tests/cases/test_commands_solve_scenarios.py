"""A workbook with scenarios from the command line: solved, audited, started from, told; refused where it must be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from commandline import Run, decision
from sheets import Tables, workbook

SCENARIOS: Tables = {
    "scenarios": [{"scenario": "plain", "probability": 0.6}, {"scenario": "boom", "probability": 0.4}],
    "scenario_factors": [{"scenario": "boom", "quantity": "demand", "name": "*", "from_month": "2026-05", "value": 2}],
}


def uncertain(**changes: Any) -> Tables:
    """A year in which demand may double in May; leases of half a year, dearer hours at market price."""
    terms = [{"lease": "L", "term_months": 6, "usd_per_accelerator_hour": 2}]
    settings = {"first_month": "2026-01", "months": 12, "first_stage_months": 3}
    return decision(**SCENARIOS, settings=settings, lease_terms=terms) | changes


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return workbook(tmp_path / "uncertain.xlsx", uncertain())


@pytest.fixture
def plan(here: Run, book: Path, tmp_path: Path) -> Path:
    assert here("solve", book, "-o", "plan.xlsx", "--quiet").code == 0
    return tmp_path / "plan.xlsx"


def test_solve_and_audit(here: Run, book: Path, tmp_path: Path) -> None:
    """`solve` writes a plan for all scenarios, says what it may cost and what to do now; `audit` passes it."""
    said = here("solve", book, "-o", "plan.xlsx")
    assert said.code == 0
    told = said.out + said.err
    for words in ("Expected cost", "Worst scenario", "CVaR", "Gap", "EVPI", "VSS", "Decide now"):
        assert words in told
    assert {"Decision tree", "Scenarios", "Risk"} <= set(openpyxl.load_workbook(tmp_path / "plan.xlsx").sheetnames)
    said = here("audit", book, "plan.xlsx")
    assert said.code == 0
    assert "keeps every rule" in said.out + said.err


def test_json(here: Run, book: Path, tmp_path: Path) -> None:
    """run.json has costs that sum to the objective, each scenario's cost and regret, and both worths."""
    said = here("solve", book, "-o", "plan.xlsx", "--json")
    found = said.json
    assert found["status"] == "optimal"
    assert sum(found["costs_usd"].values()) == pytest.approx(found["objective_usd"], rel=1e-6)
    assert "risk" not in found["costs_usd"]
    costs = {each["scenario"]: each["cost_usd"] for each in found["scenarios"]}
    assert 0.6 * costs["plain"] + 0.4 * costs["boom"] == pytest.approx(found["objective_usd"], rel=1e-6)
    information, solution = found["value_of_perfect_information"], found["value_of_stochastic_solution"]
    assert 0 <= information["least_usd"] <= information["usd"] <= information["most_usd"]
    assert solution["usd"] >= 0
    assert found["decisions"][0]["scenarios"] == ["plain", "boom"]
    assert found == json.loads((tmp_path / "plan.run.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("risk", ["worst", "regret"])
def test_risk(here: Run, book: Path, risk: str) -> None:
    """What `--risk` asks for is minimised, told, written, and found again by the audit."""
    found = here("solve", book, "-o", "plan.xlsx", "--risk", risk, "--json").json
    assert found["risk"]["measure"] == risk
    values = {"worst": "cost_usd", "regret": "regret_usd"}
    worst = max(each[values[risk]] for each in found["scenarios"])
    assert found["objective_usd"] == pytest.approx(worst, rel=1e-3, abs=1e-3 * found["risk"]["expected_usd"])
    assert sum(found["costs_usd"].values()) == pytest.approx(found["objective_usd"])
    assert here("audit", book, "plan.xlsx").code == 0


def test_a_tampered_plan_is_rejected(here: Run, book: Path, plan: Path) -> None:
    """A decision changed in one scenario ends the audit with 6, and its words name the scenario."""
    changed = openpyxl.load_workbook(plan)
    heads = [cell.value for cell in changed["Decisions"][1]]
    row = next(row for row in changed["Decisions"].iter_rows(min_row=2) if row[-1].value == "boom")
    row[heads.index("units")].value += 1
    changed.save(plan)
    said = here("audit", book, plan)
    assert said.code == 6
    assert "boom" in said.out + said.err
    assert "what is decided before scenarios can be distinguished is the same" in said.out + said.err


def test_start(here: Run, book: Path, plan: Path) -> None:
    """`--start` begins from an earlier plan for scenarios and comes to the same objective; else none is told of."""
    without = here("solve", book, "-o", "first.xlsx", "--json")
    first = without.json
    assert "starting plan" not in without.err
    said = here("solve", book, "-o", "again.xlsx", "--start", plan, "--json")
    assert said.code == 0
    assert "The starting plan was" in said.err
    assert said.json["objective_usd"] == pytest.approx(first["objective_usd"], rel=1e-3)


@pytest.mark.parametrize("other", [{}, {"scenarios": [{"scenario": "calm", "probability": 1}]}], ids=["none", "others"])
def test_start_and_keep_take_a_plan_for_other_scenarios_or_none(
    here: Run, book: Path, tmp_path: Path, other: dict[str, Any]
) -> None:
    """What it signs in the first stage is begun from and kept where departing is dear; departing less than free."""
    terms = [{"lease": "L", "term_months": 6, "usd_per_accelerator_hour": 2}]
    demand = [{"segment": "chat", "region": "us", "month": f"2026-{m:02d}", "tokens_bn_per_day": 5} for m in (1, 12)]
    earlier = workbook(tmp_path / "earlier.xlsx", decision(lease_terms=terms, demand=demand, **other))
    before = here("solve", earlier, "-o", "before.xlsx", "--json").json
    free = here("solve", book, "-o", "free.xlsx", "--json", "--start", "before.xlsx").json
    kept = here("solve", book, "-o", "kept.xlsx", "--json", "--keep", "before.xlsx", "--change-cost", 1e6)
    assert kept.code == 0, kept.err

    def signed(document: dict[str, Any]) -> dict[tuple[str, str], int]:
        return {
            (each["name"], each["month"]): each["units"] for each in document["decisions"] if each["month"] < "2026-04"
        }

    assert signed(kept.json) == signed(before) != signed(free)
    assert kept.json["kept"]["departed_units"] == {}
    assert free["objective_usd"] < kept.json["objective_usd"]


def test_a_plan_for_scenarios_is_no_plan_to_keep_to_without(here: Run, plan: Path, small: Path) -> None:
    """Which of its later decisions would be kept is not said, so it is refused in words."""
    said = here("solve", small, "-o", "again.xlsx", "--keep", plan, "--change-cost", 1)
    assert said.code == 2
    assert "found a plan for scenarios" in said.out + said.err


def test_alternatives(here: Run, book: Path, tmp_path: Path) -> None:
    """`--alternatives` finds plans that sign otherwise in the first stage, tells and writes them; they audit."""
    said = here("solve", book, "-o", "plan.xlsx", "--alternatives", 1, "--within", "5%", "--gap", 0, "--json")
    assert said.code == 0, said.err
    [other] = said.json["alternatives"]
    assert other["cost_usd"] <= 1.05 * said.json["objective_usd"]
    assert other["apart_mw"] > 0.0
    assert other["differences"]
    assert other["decisions"][0]["scenarios"] == ["plain", "boom"]
    assert here("audit", book, "plan.alternative-1.xlsx").code == 0
    sheets = openpyxl.load_workbook(tmp_path / "plan.xlsx").sheetnames
    assert {"Alternatives", "Alternative costs"} <= set(sheets)


def test_a_scenario_without_a_plan_is_named(here: Run, tmp_path: Path) -> None:
    """A scenario that no plan serves ends in 3 with its name, and an explanation of what would make one possible."""
    leases = [{"lease": "L", "provider": "neo", "region": "us", "units_max": 30}]
    book = workbook(tmp_path / "uncertain.xlsx", uncertain(on_demand=[], leases=leases))
    said = here("solve", book, "-o", "plan.xlsx", "--json")
    assert said.code == 3
    assert said.json["status"] == "infeasible"
    assert "even if it were certain: boom" in " ".join(said.json["warnings"])
    assert said.json["repairs"]
    explained = openpyxl.load_workbook(tmp_path / "plan.explanation.xlsx")["Explanation"]
    assert "scenario boom" in str(explained["A1"].value)
    for words in (("solve", book, "-o", "plan.xlsx"), ("explain", book, "-o", "why.xlsx")):
        assert "In scenario boom, by itself:" in here(*words).out
    assert not (tmp_path / "plan.xlsx").exists()


def test_explain(here: Run, book: Path, plan: Path, tmp_path: Path) -> None:
    """`explain` tells worths over all scenarios and in each, and expected marginal values; without PLAN too."""
    said = here("explain", book, plan, "-o", "why.xlsx", "--workers", 1, "--json")
    assert said.code == 0, said.err
    [offer] = said.json["offers"]
    assert [each["scenario"] for each in offer["by_scenario"]] == ["plain", "boom"]
    assert offer["held_worth_usd"]["at_most"] >= offer["difference_usd"]["at_least"]
    assert [each["scenario"] for each in said.json["marginal_by_scenario"]] == ["plain", "boom"]
    written = openpyxl.load_workbook(tmp_path / "why.xlsx").sheetnames
    assert {"Offers taken", "By scenario", "Marginal values", "Marginal by scenario"} <= set(written)
    told = here("explain", book, "--workers", 1)
    assert told.code == 0
    assert "With shared decisions held, by scenario: plain" in told.out


def test_vary(here: Run, book: Path, plan: Path, tmp_path: Path) -> None:
    """`explain --vary` solves for all scenarios at each value, and tells what each of them costs there."""
    said = here("explain", book, plan, "--vary", "price:L=1,3", "-o", "vary.xlsx", "--workers", 1, "--json")
    assert said.code == 0, said.err
    point = said.json["curves"][0]["points"][-1]
    costs = {each["scenario"]: each["cost_usd"] for each in point["scenarios"]}
    assert 0.6 * costs["plain"] + 0.4 * costs["boom"] == pytest.approx(point["cost_usd"], rel=1e-6)
    assert "Sensitivity by scenario" in openpyxl.load_workbook(tmp_path / "vary.xlsx").sheetnames


def test_regret_is_explained_from_what_the_plan_records(here: Run, book: Path) -> None:
    """Worths are of the worst regret, measured from recorded costs; without these the refusal says what to do."""
    made = here("solve", book, "-o", "plan.xlsx", "--risk", "regret", "--json").json
    said = here("explain", book, "plan.xlsx", "--workers", 1, "-o", "why.xlsx")
    assert said.code == 0, said.err
    assert "regret is measured from what each scenario would cost in the workbook as it is" in said.out
    told = json.loads(Path("why.run.json").read_text())
    assert told["cost_usd"] == pytest.approx(made["objective_usd"])
    written = openpyxl.load_workbook("plan.xlsx")
    sheet = written["Scenarios"]
    column = next(cell.column for cell in sheet[1] if cell.value == "certain_usd")
    sheet.cell(2, column).value = None
    written.save("plan.xlsx")
    said = here("explain", book, "plan.xlsx")
    assert said.code == 2
    assert "Solve again with more time" in said.err


def test_audit_against_a_workbook_without_scenarios(here: Run, plan: Path, small: Path) -> None:
    """A plan for scenarios cannot be audited against a workbook that has none."""
    said = here("audit", small, plan)
    assert said.code == 2
    assert "a plan for scenarios" in said.out + said.err


def test_a_bridge_between_plans_for_scenarios(here: Run, plan: Path, tmp_path: Path) -> None:
    """A dearer market costs the old decisions more in expectation, and the new ones take some of that back or none."""
    dearer = [{"provider": "spot", "region": "us", "hardware": "H100", "usd_per_accelerator_hour": 7}]
    new = workbook(tmp_path / "dearer.xlsx", uncertain(on_demand=dearer))
    assert here("solve", new, "-o", "new.xlsx", "--start", plan).code == 0
    rows = list(openpyxl.load_workbook(tmp_path / "new.xlsx")["Bridge"].iter_rows(min_row=2, values_only=True))
    costs = {row[0]: row[1] for row in rows}
    assert costs["old plan"] == pytest.approx(expected(plan))
    assert costs["new plan"] == pytest.approx(expected(tmp_path / "new.xlsx"))
    assert costs["old plan"] + costs["inputs"] + costs["decisions"] == pytest.approx(costs["new plan"])
    assert costs["inputs"] > 0 >= costs["decisions"]


def test_what_happened_against_a_plan_for_scenarios(here: Run, plan: Path, tmp_path: Path) -> None:
    """What was planned is the mean over scenarios, and what is held what they have in common."""
    happened = workbook(tmp_path / "boom.xlsx", uncertain(scenarios=[], scenario_factors=[]))
    said = here("compare", plan, "--actuals", happened, "-o", "what.xlsx", "--json")
    assert said.code == 0
    asked = {row["month"]: row for row in said.json["figures"] if row["figure"] == "after_limits"}
    assert {month: row["actual"] for month, row in asked.items()} == pytest.approx(dict.fromkeys(asked, 8.0))
    after = {month: row["planned"] for month, row in asked.items()}
    assert after["2026-04"] == pytest.approx(8.0)
    assert after["2026-05"] == pytest.approx(0.6 * 8.0 + 0.4 * 16.0)


def expected(plan: Path) -> float:
    """The expected cost that a plan's report tells."""
    return float(json.loads(plan.with_suffix(".run.json").read_text(encoding="utf-8"))["objective_usd"])
