"""`planner stress` from the command line: a plan tried on samples, from files to files."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from commandline import Run, Said, decision
from sheets import workbook

TWO_POINTS = {
    "scenarios": [{"scenario": "high", "probability": 0.25}, {"scenario": "low", "probability": 0.75}],
    "scenario_factors": [
        {"scenario": "high", "quantity": "demand", "name": "chat", "value": 2.0},
        {"scenario": "low", "quantity": "demand", "name": "chat", "value": 0.5},
    ],
}
CERTAIN_MONEY = {"settings": {"first_month": "2026-01", "months": 12, "discount_rate": 0}}
SAMPLED = ("--demand-volatility", "0.1", "--delay-prior", "L=0:0.5,2:0.5")


def without_times(document: dict[str, Any]) -> dict[str, Any]:
    """What two runs that are the same have in common."""
    own = ("seconds", "stress_path", "options")
    return {name: value for name, value in document.items() if name not in own}


@pytest.fixture
def plan(here: Run, tmp_path: Path) -> tuple[Path, Path]:
    """A workbook with a demand of two points, and its plan on the plain figures."""
    return planned(here, tmp_path, **TWO_POINTS, **CERTAIN_MONEY)


def planned(here: Run, tmp_path: Path, **changes: Any) -> tuple[Path, Path]:
    """A workbook, and the plan of the same without its scenarios."""
    plain = {sheet: rows for sheet, rows in changes.items() if not sheet.startswith("scenario")}
    assert here("solve", workbook(tmp_path / "plain.xlsx", decision(**plain)), "-o", "plan.xlsx", "--gap", 0).code == 0
    return tmp_path / "plan.xlsx", workbook(tmp_path / "book.xlsx", decision(**changes))


def stress(here: Run, plan: tuple[Path, Path], *words: object) -> Said:
    said = here("stress", *plan, *words, "--json", "-o", "stress.xlsx", "--gap", 0)
    json.loads(said.out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    return said


def test_draws_from_the_workbooks_scenarios_have_their_probabilities_and_costs(
    here: Run, plan: tuple[Path, Path]
) -> None:
    """Of 400 draws a quarter is high; each costs what the held leases and the hours beyond them cost by hand."""
    said = stress(here, plan, "--count", 400, "--later", "held")
    assert said.code == 0
    found = said.json
    assert found["in_sample"]
    assert found["samples"] | {"asked": 400, "finished": 400, "with_plan": 400, "different": 2} == found["samples"]
    hours = 365 * 24
    leased = 12 * 8  # twelve units of eight serve the plain demand of 8 / 0.0864 accelerators
    by_hand = {
        "high": 2 * leased * hours + 5 * (16 / 0.0864 - leased) * hours,
        "low": 2 * leased * hours,
    }
    assert found["forecast_usd"] == pytest.approx(2 * leased * hours, rel=1e-9)
    drawn = {name: [each for each in found["results"] if each["drawn"] == f"scenario {name}"] for name in by_hand}
    for name, usd in by_hand.items():
        assert [each["cost_usd"] for each in drawn[name]] == pytest.approx([usd] * len(drawn[name]), rel=1e-6)
    share = len(drawn["high"]) / 400
    assert abs(share - 0.25) < 3 * (0.25 * 0.75 / 400) ** 0.5
    exact = 0.25 * by_hand["high"] + 0.75 * by_hand["low"]
    assert found["cost_usd"]["expected"]["low"] < exact < found["cost_usd"]["expected"]["high"]
    assert found["cost_usd"]["expected"]["value"] == pytest.approx(
        share * by_hand["high"] + (1 - share) * by_hand["low"], rel=1e-6
    )
    assert any("in sample" in each for each in found["notes"])


def test_deciding_later_costs_no_more_than_holding_all(here: Run, plan: tuple[Path, Path]) -> None:
    """Sample by sample the cost with later decisions made anew is at most that with all of them held."""
    held = stress(here, plan, *SAMPLED, "--count", 12, "--later", "held").json
    anew = stress(here, plan, *SAMPLED, "--count", 12, "--committed-until", "2026-02").json
    pairs = list(zip(held["results"], anew["results"], strict=True))
    assert [one["drawn"] for one, _ in pairs] == [other["drawn"] for _, other in pairs]
    assert all(other["cost_usd"] <= one["cost_usd"] * (1 + 1e-6) for one, other in pairs)
    assert anew["committed_until"] == "2026-02"


def test_a_seed_gives_the_same_with_one_worker_and_two(here: Run, plan: tuple[Path, Path]) -> None:
    """The same seed says the same in this process, in one other and in two; another seed says other things."""
    once = stress(here, plan, *SAMPLED, "--count", 8).json
    for workers in (1, 2):
        again = stress(here, plan, *SAMPLED, "--count", 8, "--workers", workers).json
        assert without_times(again) == without_times(once)
    other = stress(here, plan, *SAMPLED, "--count", 8, "--seed", 2).json
    assert other["results"] != once["results"]


def test_a_time_limit_is_kept_and_what_is_done_is_told(here: Run, plan: tuple[Path, Path]) -> None:
    """Far more samples than the time allows: exit 4 soon after it, with the samples done and how sure they make it."""
    began = time.monotonic()
    said = stress(here, plan, *SAMPLED, "--count", 3000, "--time-limit", "4s")
    assert said.code == 4
    assert time.monotonic() - began < 30
    found = said.json
    done = found["samples"]["finished"]
    assert 1 < done < 3000
    assert len(found["results"]) == done
    assert found["status"] == "stopped"
    assert found["cost_usd"]["expected"]["low"] < found["cost_usd"]["expected"]["high"]


def test_samples_without_a_plan_are_counted_as_such(here: Run, tmp_path: Path) -> None:
    """Without shortfall and with too little on offer, samples with more demand have no plan, the others a cost."""
    plan = planned(
        here,
        tmp_path,
        **TWO_POINTS,
        on_demand=[],
        leases=[{"lease": "L", "provider": "neo", "region": "us", "units_max": 12}],
    )
    found = stress(here, plan, "--count", 100).json
    high = sum(each["drawn"] == "scenario high" for each in found["results"])
    assert {each["status"] for each in found["results"] if each["drawn"] == "scenario high"} == {"infeasible"}
    assert found["samples"]["with_plan"] == 100 - high
    estimate = found["no_plan_probability"]
    assert estimate["value"] == high / 100
    assert estimate["low"] < 0.25 < estimate["high"]
    assert found["cost_usd"]["samples"] == 100 - high
    assert found["cost_beyond_caps_usd"] is None


def test_a_cap_that_cannot_be_kept_is_named(here: Run, tmp_path: Path) -> None:
    """Where cash runs over its cap the sample counts as without a plan, the cap is named, and what it costs is told."""
    hours = 365 * 24
    cap = {"cap": "purse", "measure": "cash_usd", "scope": "total", "sense": "max", "value": 3 * 96 * hours}
    plan = planned(here, tmp_path, **TWO_POINTS, **CERTAIN_MONEY, caps=[cap | {"per": "year"}])
    found = stress(here, plan, "--count", 50, "--later", "held").json
    high = sum(each["drawn"] == "scenario high" for each in found["results"])
    assert found["caps_exceeded"] == [{"cap": "purse", "samples": high}]
    assert found["samples"]["beyond_caps"] == high
    assert found["cost_beyond_caps_usd"]["samples"] == 50
    assert found["cost_beyond_caps_usd"]["expected"]["low"] > found["cost_usd"]["expected"]["value"]


def test_the_workbook_says_what_the_json_says(here: Run, plan: tuple[Path, Path], tmp_path: Path) -> None:
    """The first sheet says it in words; samples are in a tidy table, options in the record."""
    found = stress(here, plan, *SAMPLED, "--count", 12, "--later", "held").json
    book = openpyxl.load_workbook(tmp_path / "stress.xlsx")
    assert book.sheetnames == ["Stress test", "Shortfall risk", "Shortfall probability", "Samples", "Run"]
    assert "12 of 12 samples" in book["Stress test"]["A4"].value
    header, *rows = book["Samples"].iter_rows(values_only=True)
    costs = [row[header.index("cost_usd")] for row in rows]
    assert costs == pytest.approx([each["cost_usd"] for each in found["results"]])
    assert [row[-1] for row in rows] == [each["drawn"] for each in found["results"]]
    run = {row[:2]: row[2:] for row in book["Run"].iter_rows(min_row=2, values_only=True)}
    assert run["option", "count"] == (12, "flag")
    assert (tmp_path / "stress.run.json").exists()


def test_a_plan_of_another_workbook_is_not_tried(here: Run, plan: tuple[Path, Path], tmp_path: Path) -> None:
    """A plan that the audit rejects on the workbook ends with exit 6, and no stress test is written."""
    other = workbook(tmp_path / "other.xlsx", decision(**TWO_POINTS, lease_terms=[
        {"lease": "L", "term_months": 6, "usd_per_accelerator_hour": 2}
    ]))  # fmt: skip
    said = stress(here, (plan[0], other), "--count", 5)
    assert said.code == 6
    assert not (tmp_path / "stress.xlsx").exists()


def test_what_is_asked_amiss_is_said(here: Run, plan: tuple[Path, Path], small: Path, tmp_path: Path) -> None:
    """Exit 2: nothing uncertain, options that contradict each other or fit no name, an output that is an input."""
    nothing = here("stress", plan[0], small, "-o", "out.xlsx")
    assert nothing.code == 2
    assert "Nothing is uncertain" in nothing.err
    both = here("stress", *plan, "--later", "held", "--committed-until", "2026-03")
    assert both.code == 2
    assert "--committed-until" in both.err
    beyond = here("stress", *plan, "--committed-until", "2027-03", "-o", "out.xlsx")
    assert beyond.code == 2
    assert "2026-12" in beyond.err
    assert "Did you mean 'chat'" in here("stress", *plan, "--demand-volatility", "chta=0.1", "-o", "out.xlsx").err
    assert here("stress", *plan, "-o", plan[1]).code == 2
    assert here("stress", *plan, "-o", plan[0]).code in (2, 7)
    assert not (tmp_path / "out.xlsx").exists()


def test_the_seed_of_the_scenarios_is_no_fresh_one(here: Run, tmp_path: Path) -> None:
    """A seed that the workbook's own scenarios were drawn with is remarked upon, another is not."""
    book = workbook(tmp_path / "book.xlsx", decision())
    assert here("scenarios", book, *SAMPLED, "--seed", 5, "--count", 2, "-o", "uncertain.xlsx").code == 0
    assert here("solve", "uncertain.xlsx", "-o", "plan.xlsx", "--gap", 0).code == 0
    pair = tmp_path / "plan.xlsx", tmp_path / "uncertain.xlsx"
    remarks = {
        seed: any("--seed" in each for each in stress(here, pair, *SAMPLED, "--count", 3, "--seed", seed).json["notes"])
        for seed in (5, 6)
    }
    assert remarks == {5: True, 6: False}


def test_a_plan_for_scenarios_is_held_in_what_they_share(here: Run, tmp_path: Path) -> None:
    """What all scenarios sign before first_stage_months is held in each sample; holding all of it is refused."""
    book = workbook(tmp_path / "book.xlsx", decision(**TWO_POINTS, **CERTAIN_MONEY))
    solved = here("solve", book, "-o", "plan.xlsx", "--gap", 0, "--json").json
    (signed,) = (each for each in solved["decisions"] if each["scenarios"] == ["all"] or len(each["scenarios"]) == 2)
    found = stress(here, (tmp_path / "plan.xlsx", book), "--count", 40).json
    assert found["samples"]["with_plan"] == 40
    assert found["forecast_usd"] == pytest.approx(solved["objective_usd"])
    costs = {each["scenario"]: each["cost_usd"] for each in solved["scenarios"]}
    for each in found["results"]:
        assert each["cost_usd"] == pytest.approx(costs[each["drawn"].removeprefix("scenario ")])
    assert signed["units"] >= 1
    assert here("stress", tmp_path / "plan.xlsx", book, "--later", "held").code == 2
