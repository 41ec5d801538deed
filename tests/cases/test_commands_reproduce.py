"""`planner reproduce`: a plan made again from its own workbook."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from commandline import Run, decision
from sheets import workbook

import planner.solving.search
from planner.solving.highs import HighsSolver, Status


def edit(path: Path, sheet: str, column: str, value: object) -> None:
    """Writes into the first row of a column."""
    book = openpyxl.load_workbook(path)
    heads = [cell.value for cell in book[sheet][1]]
    book[sheet].cell(2, heads.index(column) + 1).value = value
    book.save(path)


class Lies(HighsSolver):
    """HiGHS that decides nothing and calls that optimal."""

    def run(self, **words) -> bool:
        if self.arrays.integer.any():
            self.change_bounds(
                self.arrays.integer.nonzero()[0], self.arrays.lower, self.arrays.lower.clip(max=self.arrays.upper)
            )
        return super().run(**words)


def test_a_plan_is_made_again_from_itself(here: Run, small: Path) -> None:
    """Overrides, gap and seed are in the plan's own sheets: without its workbook the same plan comes out."""
    dearer = "lease_terms.L/12.usd_per_accelerator_hour=2.5"
    first = here("solve", small, "--set", dearer, "--seed", "3", "-o", "plan.xlsx", "--json").json
    small.unlink()
    said = here("reproduce", "plan.xlsx", "--json")
    assert said.code == 0
    told = said.json
    assert (told["verdict"], told["versions"]) == ("same", {})
    assert [each["objective_usd"] for each in told["plans"]] == pytest.approx([first["objective_usd"]] * 2)
    assert all(each["change"] == "same" for each in told["against_first"][0]["decisions"])


def test_a_plan_for_scenarios_is_made_again(here: Run, tmp_path: Path) -> None:
    """The plans of all scenarios, with the risk that was minimised."""
    tables = decision(
        scenarios=[{"scenario": "low", "probability": 0.5}, {"scenario": "high", "probability": 0.5}],
        scenario_factors=[
            {"scenario": "high", "quantity": "demand", "name": "chat", "from_month": "2026-03", "factor": 1.5}
        ],
    )
    workbook(tmp_path / "two.xlsx", tables)
    assert here("solve", "two.xlsx", "--risk", "worst", "-o", "plan.xlsx").code == 0
    said = here("reproduce", "plan.xlsx", "--json")
    assert (said.code, said.json["verdict"]) == (0, "same")
    assert "worst" in said.json["plans"][1]["minimised"]


def test_a_plan_changed_by_hand_is_not_reproduced(here: Run, small: Path) -> None:
    """What the audit rejects differs, whatever is found again."""
    here("solve", small, "-o", "plan.xlsx")
    edit(Path("plan.xlsx"), "Decisions", "units", 3)
    said = here("reproduce", "plan.xlsx")
    assert said.code == 6
    assert "is not reproduced: the audit rejects the plan as it stands" in said.out


def test_a_plan_that_was_not_the_best_is_not_reproduced(
    here: Run, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plan that a faulty solver called optimal costs more than the one that is found now, beyond the gaps."""
    monkeypatch.setattr(planner.solving.search, "HighsSolver", Lies)
    assert here("solve", small, "-o", "plan.xlsx").code == 0
    monkeypatch.undo()
    monkeypatch.chdir(small.parent)
    said = here("reproduce", "plan.xlsx", "--json")
    assert (said.code, said.json["verdict"]) == (6, "differs")
    assert said.json["against_first"][0]["difference_usd"] < 0


def test_a_plan_kept_to_is_held_to_the_gap_asked_for(here: Run, small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A poor plan that keeps to another differs, however far below it plans free to depart are said to be."""
    assert here("solve", small, "-o", "first.xlsx").code == 0
    monkeypatch.setattr(planner.solving.search, "HighsSolver", Lies)
    assert here("solve", small, "-o", "plan.xlsx", "--keep", "first.xlsx", "--change-cost", "1").code == 0
    monkeypatch.undo()
    monkeypatch.chdir(small.parent)
    book = openpyxl.load_workbook("plan.xlsx")
    [bound] = [row[1] for row in book["Summary"].iter_rows() if row[0].value == "lower bound on net present cost"]
    bound.value = 0.0
    book.save("plan.xlsx")
    said = here("reproduce", "plan.xlsx", "--json")
    assert (said.code, said.json["verdict"]) == (6, "differs")


def test_a_search_that_is_stopped_leaves_it_open(here: Run, small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a plan in time nothing is known."""
    here("solve", small, "-o", "plan.xlsx")
    monkeypatch.setattr(HighsSolver, "values", property(lambda _: None))
    monkeypatch.setattr(HighsSolver, "status", property(lambda _: Status.kTimeLimit))
    monkeypatch.setattr(HighsSolver, "words", property(lambda _: "Time limit reached"))
    said = here("reproduce", "plan.xlsx", "--time-limit", "1")
    assert said.code == 4
    assert "may or may not be reproduced" in said.out


@pytest.mark.parametrize("option", ["gap", "seed", "risk"])
def test_a_damaged_run_is_wrong_usage(here: Run, small: Path, option: str) -> None:
    """An option that no run can have had is told with its sheet."""
    here("solve", small, "-o", "plan.xlsx")
    book = openpyxl.load_workbook("plan.xlsx")
    for row in book["Run"].iter_rows(min_row=2):
        if row[1].value == option:
            row[2].value = "soon" if option != "risk" else 7
    book.save("plan.xlsx")
    said = here("reproduce", "plan.xlsx")
    assert said.code == 2
    assert f"the option {option}" in said.out
    assert here("reproduce", small).code == 2
