"""A workbook that admits no plan, from the command line: exit 3, and what to change."""

from __future__ import annotations

from pathlib import Path

import openpyxl
from commandline import Run


def test_solve_says_what_to_change(here: Run, impossible: Path, tmp_path: Path) -> None:
    """`solve` exits with 3, names repairs in words and in JSON, and writes the explanation where the plan would be."""
    said = here("solve", impossible, "-o", "plan.xlsx")
    assert said.code == 3
    assert "missing in us" in said.err + said.out
    assert not (tmp_path / "plan.xlsx").exists()
    book = openpyxl.load_workbook(tmp_path / "plan.explanation.xlsx")
    assert book.sheetnames == ["Explanation", "Changes"]
    said = here("solve", impossible, "-o", "plan.xlsx", "--json")
    assert said.json["status"] == "infeasible"
    assert all(each["proven"] for each in said.json["repairs"])
    assert {change["sheet"] for each in said.json["repairs"] for change in each["changes"]} == {"fleet", "segments"}


def test_explain_names_what_cannot_hold_together(here: Run, impossible: Path, tmp_path: Path) -> None:
    """`explain --conflict` adds the rules in conflict: here only that no token may fall short."""
    said = here("explain", impossible, "-o", "why.xlsx", "--conflict", "--json")
    assert said.code == 3
    assert said.json["conflict"] == ["no shortfall of chat"]
    assert said.json["repairs"]
    assert (tmp_path / "why.xlsx").exists()
    assert (tmp_path / "why.run.json").exists()
