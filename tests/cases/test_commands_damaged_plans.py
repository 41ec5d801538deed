"""Plans that are damaged where a command does not look are refused by every command alike."""

from __future__ import annotations

import re
import shutil
import zipfile
from pathlib import Path

import pytest
from commandline import Run, decision
from sheets import workbook

COMMANDS = {
    "audit": ("audit", "problem.xlsx", "plan.xlsx"),
    "compare": ("compare", "plan.xlsx", "plan.xlsx"),
    "explain": ("explain", "problem.xlsx", "plan.xlsx"),
    "keep": ("solve", "problem.xlsx", "--keep", "plan.xlsx", "--change-cost", "1", "-o", "next.xlsx"),
    "reproduce": ("reproduce", "plan.xlsx"),
    "roll": ("roll", "problem.xlsx", "plan.xlsx", "--to", "2026-03", "-o", "rolled.xlsx"),
    "start": ("solve", "problem.xlsx", "--start", "plan.xlsx", "-o", "next.xlsx"),
    "stress": ("stress", "plan.xlsx", "problem.xlsx", "--demand-volatility", "5%", "--count", "2", "-o", "tried.xlsx"),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a problem and its plan."""
    from planner.cli import main

    folder = tmp_path_factory.mktemp("made")
    workbook(folder / "problem.xlsx", decision())
    assert main(["solve", str(folder / "problem.xlsx"), "-o", str(folder / "plan.xlsx"), "--quiet"]) == 0
    return folder


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize(
    ("sheet", "pattern", "put", "told"),
    [
        ("Run", r"</sheetData>", "<", "damaged"),
        ("Input", r'(<c r="B5"[^>]*><v>)[^<]*', r"\1-7", "Input!A5"),
    ],
)
def test_a_damaged_plan_is_refused_with_its_place(
    here: Run, made: Path, tmp_path: Path, name: str, sheet: str, pattern: str, put: str, told: str
) -> None:
    """A part that is cut off and a row of the sheet Input that says of no cell what its value is: exit code 2."""
    shutil.copy(made / "problem.xlsx", tmp_path)
    _damaged(made / "plan.xlsx", tmp_path / "plan.xlsx", sheet, pattern, put)
    said = here(*COMMANDS[name])
    assert said.code == 2
    assert told in said.out + said.err


def _damaged(plan: Path, to: Path, sheet: str, pattern: str, put: str) -> None:
    """A copy of a plan with a part of one sheet replaced."""
    with zipfile.ZipFile(plan) as source, zipfile.ZipFile(to, "w") as target:
        names = re.findall(r'<sheet name="([^"]*)"', source.read("xl/workbook.xml").decode())
        part = f"xl/worksheets/sheet{names.index(sheet) + 1}.xml"
        for each in source.namelist():
            text = source.read(each)
            if each == part:
                text, changes = re.subn(pattern.encode(), put.encode(), text, count=1)
                assert changes == 1
            target.writestr(each, text)
