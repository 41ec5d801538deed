"""Comparing plans: decisions, costs and inputs against the first, from two plans or more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest
from commandline import Run, decision
from sheets import workbook

from planner.analysis.plan_comparison import compare


@pytest.fixture
def plans(here: Run, tmp_path: Path) -> list[Path]:
    """Yesterday's plan, one at a dearer lease, and one whose horizon begins a month later."""
    dearer = [{"lease": "L", "term_months": 12, "usd_per_accelerator_hour": 6}]
    later: dict[str, Any] = {"settings": {"first_month": "2026-02", "months": 11}}
    books = {"first": decision(), "dearer": decision(lease_terms=dearer), "later": decision(**later)}
    paths = []
    for name, tables in books.items():
        book = workbook(tmp_path / f"{name} book.xlsx", tables)
        path = tmp_path / f"{name}.xlsx"
        assert here("solve", book, "-o", path, "--gap", 0).code == 0
        paths.append(path)
    return paths


def test_a_plan_against_itself_has_not_changed(here: Run, plans: list[Path]) -> None:
    """The same plan twice: every decision the same, no input differs, and the words say so."""
    said = here("compare", plans[0], plans[0], "-o", "same.xlsx", "--json")
    assert said.code == 0
    [other] = said.json["against_first"]
    assert {each["change"] for each in other["decisions"]} == {"same"}
    assert (other["inputs"], other["limits"], other["difference_usd"]) == ([], [], 0.0)
    assert [each["plan"] for each in said.json["plans"]] == ["first", "first (2)"]


def test_what_changed_and_which_input_changed_it(here: Run, plans: list[Path], tmp_path: Path) -> None:
    """A lease thrice as dear is dropped: the decision, the cost and the one cell that differs are named."""
    said = here("compare", *plans[:2], "-o", "changed.xlsx")
    assert said.code == 0
    assert "dropped  L: no longer" in said.out
    assert "lease_terms.L/12.usd_per_accelerator_hour: 2.0 became 6.0" in said.out
    comparison = compare(plans[:2])
    [other] = comparison.others
    assert [(each.name, each.change) for each in other.changes] == [("L", "dropped")]
    [change] = other.inputs
    assert (change.sheet, change.row, change.column) == ("lease_terms", "L/12", "usd_per_accelerator_hour")
    assert (change.before, change.after) == (2, 6)
    book = openpyxl.load_workbook(tmp_path / "changed.xlsx")
    assert book.sheetnames == ["Comparison", "Decisions", "Costs", "Months", "Service", "Inputs"]
    costs = [row for row in book["Costs"].iter_rows(min_row=2, values_only=True) if row[1] == "lease"]
    assert costs[1][3] == pytest.approx(-costs[0][2])


def test_horizons_are_held_side_by_side_by_calendar(plans: list[Path]) -> None:
    """A plan that begins in February signs then what the first signs in January: moved, and told with its months."""
    [other] = compare([plans[0], plans[2]]).others
    assert [(each.change, each.months_before, each.months_after) for each in other.changes] == [("moved", (0,), (1,))]
    assert any("2026-02" in note and "present values" in note for note in other.notes)
    assert {(each.sheet, each.column) for each in other.inputs} == {("settings", "first_month"), ("settings", "months")}


def test_three_plans_at_once(here: Run, plans: list[Path]) -> None:
    """Every other plan is held against the first."""
    said = here("compare", *plans, "-o", "three.xlsx", "--json")
    assert [each["plan"] for each in said.json["against_first"]] == ["dearer", "later"]


def test_overrides_are_part_of_the_input(here: Run, plans: list[Path], tmp_path: Path) -> None:
    """A plan solved with --set differs in that value, though the workbook is the same."""
    book = tmp_path / "first book.xlsx"
    assert here("solve", book, "-o", "set.xlsx", "--gap", 0, "--set", "settings.discount_rate=0.2").code == 0
    [other] = compare([plans[0], tmp_path / "set.xlsx"]).others
    assert [(each.column, each.before, each.after) for each in other.inputs] == [("discount_rate", 0.1, 0.2)]


def test_a_file_that_is_no_plan_is_told(here: Run, plans: list[Path], small: Path) -> None:
    """An input workbook among the plans is exit 2, and the words say what was expected."""
    said = here("compare", plans[0], small)
    assert said.code == 2
    assert "a plan workbook" in said.err + said.out
    assert here("compare", plans[0]).code == 2


def test_nobody_elses_file_is_replaced(here: Run, plans: list[Path], small: Path) -> None:
    """A workbook that is no comparison is not written over; an earlier comparison is."""
    assert here("compare", *plans[:2], "-o", small).code == 7
    assert here("compare", *plans[:2], "-o", "again.xlsx").code == 0
    assert here("compare", *plans[:2], "-o", "again.xlsx").code == 0
