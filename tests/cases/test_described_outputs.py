"""Every sheet that a command writes, and every key of run.json, is described in the pages."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
import shutil
from pathlib import Path

import openpyxl
import pytest
from commandline import Run

import planner
from planner.results.tables import Table

ROOT = Path(__file__).parents[2]
PLAN, KEPT = (f"batch/jobs/{name}/plan.xlsx" for name in ("base", "kept"))


def _named(page: str) -> set[str]:
    """What stands in code on a page."""
    return set(re.findall(r"`([^`\n]+)`", (ROOT / "planner/pages" / page).read_text(encoding="utf-8")))


SHEETS, KEYS = _named("plan.md"), _named("run_json.md")


@pytest.fixture(autouse=True)
def problem(tmp_path: Path) -> None:
    """A small problem with every kind of offer, and plans of it."""
    shutil.copytree(ROOT / "tests/data/old_files", tmp_path, dirs_exist_ok=True)


@pytest.mark.parametrize(
    ("words", "file"),
    [
        ("solve lab.xlsx -o new.xlsx --alternatives 1", "new.xlsx"),
        (f"solve lab.xlsx -o new.xlsx --keep {PLAN} --change-cost 1", "new.xlsx"),
        ("solve lab_scenarios.xlsx -o new.xlsx", "new.xlsx"),
        (f"explain lab.xlsx {PLAN} -o new.xlsx", "new.xlsx"),
        (f"explain lab.xlsx {PLAN} --vary demand=-10%..10% -o new.xlsx", "new.xlsx"),
        (f"compare {PLAN} {KEPT} -o new.xlsx", "new.xlsx"),
        (f"stress {PLAN} lab.xlsx --demand-volatility 5% --count 5 -o new.xlsx", "new.xlsx"),
        ("batch jobs.toml --set settings.discount_rate=0.2 -o batch", "batch/reports/summary.xlsx"),
        ("batch lab.xlsx --rolling actuals.xlsx --until 2026-02 -o rolling", "rolling/rolling.xlsx"),
    ],
    ids=lambda words: re.sub(r" \S*(/|\.xlsx)\S*", "", words),
)
def test_what_is_written(here: Run, tmp_path: Path, words: str, file: str) -> None:
    """The pages name each sheet of the workbook that a command writes, and each key of a solve's report."""
    assert here(*words.split(), "--quiet").code == 0
    if words.startswith("solve"):
        assert json.loads((tmp_path / "new.run.json").read_text(encoding="utf-8")).keys() <= KEYS
    assert set(openpyxl.load_workbook(tmp_path / file, read_only=True).sheetnames) <= SHEETS


def test_tables_that_may_be_written() -> None:
    """The page names the sheet of each table there is, those too that few runs write."""
    modules = (importlib.import_module(each.name) for each in pkgutil.walk_packages(planner.__path__, "planner."))
    tables = {each.sheet for module in modules for each in vars(module).values() if isinstance(each, Table)}
    assert len(tables) > 30
    assert tables <= SHEETS
