"""Warnings: their short names, and what a person accepts of them."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from commandline import Run
from openpyxl import load_workbook
from sheets import VALID, brief, faults_of, workbook

from models.faults import WARNINGS

ROOT = Path(__file__).parents[2]
MADE_BY = {"fault_in": 5, "Fault": 6, "NamedWarning": 0, "warn": 0}
"""Functions that make a warning, and the place of its short name among their arguments."""
RAMP_UNUSED = {"ramps": [{"ramp": "slow", "service_month": 1}]}
PROBABILITIES = {"scenarios": [{"scenario": name, "probability": 0.5} for name in ("up", "down")]}


def test_every_warning_has_a_name_of_the_table() -> None:
    """What the code calls a warning, the table explains; nothing in the table is never told."""
    used: set[str] = set()
    for path in [*ROOT.glob("models/**/*.py"), *ROOT.glob("planner/**/*.py")]:
        text = path.read_text(encoding="utf-8")
        used |= {each.value for each in ast.walk(ast.parse(text)) if _is_text(each) and each.value in WARNINGS}
        for call in ast.walk(ast.parse(text)):
            if isinstance(call, ast.Call) and (name := _called(call)) in MADE_BY and len(call.args) > MADE_BY[name]:
                given = call.args[MADE_BY[name]]
                assert not _is_text(given) or given.value in WARNINGS, f"{path}:{call.lineno}"
    assert used == set(WARNINGS)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


@pytest.mark.parametrize("scenarios", [{}, PROBABILITIES], ids=["plain", "scenarios"])
def test_a_plan_says_what_it_was_made_with(here: Run, tmp_path: Path, scenarios: dict[str, object]) -> None:
    """A warning is in run.json and, by its short name, printed by check; on the first page unless it is accepted."""
    staged = {"settings": {**VALID["settings"], "first_stage_months": 3}}
    path = workbook(tmp_path / "w.xlsx", staged, RAMP_UNUSED, scenarios)
    assert "[ramp-unused]" in here("check", path).out
    for accepted in ("", "ramp-unused"):
        plan = tmp_path / f"plan{len(accepted)}.xlsx"
        assert here("solve", path, "-o", plan, "--set", f"settings.accept_warnings={accepted}").code == 0
        assert "ramp-unused" in json.loads(plan.with_suffix(".run.json").read_text())["warning_names"]
        page = [str(cell) for row in load_workbook(plan)["Plan"].iter_rows(values_only=True) for cell in row if cell]
        assert ("Made with a warning" in page) is not bool(accepted)
        assert any("[ramp-unused]" in text for text in page) is not bool(accepted)


def test_only_warnings_there_are_can_be_accepted() -> None:
    """A name that no warning has is an error that names the closest."""
    settings = {**VALID["settings"], "accept_warnings": "ramp-unusd; number-as-text"}
    (fault,) = faults_of(settings=settings)
    assert brief([fault]) == ["error settings!accept_warnings 4"]
    assert fault.fix == "Did you mean 'ramp-unused'?"
