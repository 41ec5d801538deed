"""`planner roll` from the command line: the next round's workbook, which solves and keeps what people wrote."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from commandline import Run

from planner.excel.formulas import Formula
from planner.excel.workbook_edit import WorkbookEdit


@pytest.fixture
def solved(here: Run, small: Path) -> Path:
    """A workbook of 2026 with a remark of its owner in it, solved to `plan.xlsx`; all its leases start in January."""
    book = openpyxl.load_workbook(small)
    book["segments"].cell(1, book["segments"].max_column + 1, "growth_per_month")
    book["segments"].cell(2, book["segments"].max_column, 0.02)
    leases = book["leases"]
    leases.cell(1, leases.max_column + 1, "note")
    leases.cell(2, leases.max_column, "ask Kim before signing")
    book.create_sheet("scratch")["A1"] = "not the planner's"
    book.save(small)
    assert here("solve", small, "-o", "plan.xlsx", "--gap", 0).code == 0
    return small


def test_the_next_round_reads_and_solves(here: Run, solved: Path) -> None:
    """Rolled by four months the workbook begins four months later, has what was signed, checks clean and has a plan."""
    said = here("roll", solved, "plan.xlsx", "--to", "2026-05", "-o", "next.xlsx", "--json")
    assert said.code == 0
    assert said.json["first_month"] == "2026-05"
    assert any(line.startswith("L") and "signed 2026-01" in line for line in said.json["done"])
    assert here("check", "next.xlsx").code == 0
    assert here("solve", "next.xlsx", "-o", "next plan.xlsx", "--gap", 0.01).code == 0


def test_remarks_and_other_sheets_stay(here: Run, solved: Path, tmp_path: Path) -> None:
    """What the planner does not read is in the next workbook as it was; without --to it begins a month later."""
    said = here("roll", solved, "plan.xlsx", "-o", "kept.xlsx", "--json")
    assert said.json["first_month"] == "2026-02"
    book = openpyxl.load_workbook(tmp_path / "kept.xlsx")
    assert book["scratch"]["A1"].value == "not the planner's"
    assert "ask Kim before signing" in [cell.value for row in book["leases"].iter_rows() for cell in row]


def test_problem_and_plan_are_told_apart(here: Run, solved: Path, tmp_path: Path) -> None:
    """The plan may be named first: what is rolled is the problem."""
    assert here("roll", "plan.xlsx", solved, "-o", "next.xlsx").code == 0
    assert "settings" in openpyxl.load_workbook(tmp_path / "next.xlsx").sheetnames


def test_demand_that_has_come_into_view_is_asked_for(here: Run, solved: Path, tmp_path: Path) -> None:
    """Where demand neither is given nor grows past the old horizon, the workbook is written and exit 2 says so."""
    book = openpyxl.load_workbook(solved)
    book["segments"].cell(2, book["segments"].max_column).value = None
    book.save(solved)
    said = here("roll", solved, "plan.xlsx", "-o", "short.xlsx", "--json")
    assert said.code == 2
    assert "demand" in [fault["sheet"] for fault in said.json["faults"]]
    assert (tmp_path / "short.xlsx").exists()


def test_nothing_is_replaced_unasked(here: Run, solved: Path) -> None:
    """An output that exists is kept, exit 7, unless --force is given; the input is never an output."""
    assert here("roll", solved, "plan.xlsx", "-o", "once.xlsx").code == 0
    again = here("roll", solved, "plan.xlsx", "-o", "once.xlsx")
    assert again.code == 7
    assert "--force" in again.err
    assert here("roll", solved, "plan.xlsx", "-o", "once.xlsx", "--force").code == 0
    assert here("roll", solved, "plan.xlsx", "-o", solved, "--force").code == 2


def test_a_round_does_not_roll_back(here: Run, solved: Path, tmp_path: Path) -> None:
    """A month that is not after the first is wrong usage, and says which month is the first."""
    said = here("roll", solved, "plan.xlsx", "--to", "2026-01", "-o", "back.xlsx")
    assert said.code == 2
    assert "2026-01" in said.err
    assert not (tmp_path / "back.xlsx").exists()


def test_a_round_ends_where_the_plan_does(here: Run, solved: Path) -> None:
    """The month after the last of the plan can be rolled to, one further cannot."""
    assert here("roll", solved, "plan.xlsx", "--to", "2027-01", "-o", "last.xlsx").code == 0
    said = here("roll", solved, "plan.xlsx", "--to", "2027-02", "-o", "beyond.xlsx")
    assert said.code == 2
    assert "ends with 2026-12; the last month possible is 2027-01" in said.err


def test_a_plan_of_another_workbook_is_refused(here: Run, solved: Path) -> None:
    """A plan that signs a term the workbook does not have is named, and nothing is written."""
    book = openpyxl.load_workbook(solved)
    header = [cell.value for cell in book["lease_terms"][1]]
    book["lease_terms"].cell(2, header.index("term_months") + 1).value = 7
    book.save(solved)
    said = here("roll", solved, "plan.xlsx", "-o", "other.xlsx", "--json")
    assert said.code == 2
    assert {fault["row_key"] for fault in said.json["faults"]} == {"L"}


def with_formulas(problem: Path, **formulas: str) -> None:
    """Gives cells formulas that came to the values they have; cells are named `sheet_B2`."""
    quiet = openpyxl.load_workbook(problem)
    quiet.calculation.fullCalcOnLoad = False
    quiet.save(problem)
    book = WorkbookEdit(problem.read_bytes())
    for place, text in formulas.items():
        name, _, address = place.rpartition("_")
        sheet = book.sheet(name)
        assert sheet is not None
        cell = sheet.line(int(address[1:])).cells[address[0]]
        if cell.kind in ("s", "inlineStr"):
            cell.kind, cell.text = "str", sheet.text(cell)
        cell.formula = Formula(text, {})
    book.save(problem)


def test_formulas_stay_where_nothing_changes(here: Run, solved: Path, tmp_path: Path) -> None:
    """Formulas that the new round does not decide stay, without a word, in sheets that change too."""
    with_formulas(solved, hardware_B2="0.7*2", settings_B3="6*2", leases_A2='"L"&"1"')
    assert here("check", solved).code == 0
    said = here("roll", solved, "plan.xlsx", "-o", "next.xlsx", "--json")
    assert (said.code, [each for each in said.json["faults"] if "formula" in each["warning"]]) == (0, [])
    rolled = openpyxl.load_workbook(tmp_path / "next.xlsx")
    assert (rolled["hardware"]["B2"].value, rolled["settings"]["B3"].value) == ("=0.7*2", "=6*2")
    assert rolled["leases"]["A2"].value == '="L"&"1"'


def test_formulas_that_do_not_stay_are_told(here: Run, solved: Path, tmp_path: Path) -> None:
    """A formula in a cell that changes is a warning with its place; one that such a cell decides is marked stale."""
    with_formulas(solved, settings_B2='"2026-"&"01"', demand_C2="settings!B2")
    said = here("roll", solved, "plan.xlsx", "-o", "next.xlsx", "--json")
    told = {(each["warning"], each["sheet"], each["cell"]): each["found"] for each in said.json["faults"]}
    assert told["formula-replaced", "settings", "B2"] == "formulas in cells that change: B2"
    assert told["uncalculated-formula", "demand", "C2"].endswith("with values of before: C2")
    assert openpyxl.load_workbook(tmp_path / "next.xlsx").calculation.fullCalcOnLoad
