"""A plan as it is read back from a solver's values, and from its file."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders import dataset, demand, on_demand, segment
from commandline import decision
from openpyxl import load_workbook
from sheets import workbook

from models.build import build_model
from planner.cli import main
from planner.excel.cells import WorkbookCells
from planner.excel.plan_reader import run_record
from planner.solving.problem import SolveOptions
from planner.solving.search import solve


def test_what_rounding_leaves_over_is_not_in_the_plan() -> None:
    """Where all but a rounding error falls short nothing is bought, served or paid for."""
    data = dataset(segment(shortfall_usd_per_mtok=0.01), on_demand(2.0), demand(1.0), months=1)
    model = build_model(data)
    values = solve(model, SolveOptions(gap=0.0)).values
    assert values is not None
    for i, column in enumerate(model.compiled.columns):
        family = column.parent_component().name
        values[i] = values[i] * (1.0 - 1e-15) if family == "shortfall" else values[i] + 1e-15
    plan = model.plan(values)
    assert (plan.serving, plan.on_demand) == ((), ())
    assert [each.category for each in plan.payments] == ["shortfall"]


def test_a_plan_is_taken_apart_once_and_again_when_it_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a command asks of its plan again and again is read once; a file that has changed is read anew."""
    path, read = tmp_path / "plan.xlsx", list[str]()
    assert main(["solve", str(workbook(tmp_path / "book.xlsx", decision())), "-o", str(path), "--quiet"]) == 0
    cells = WorkbookCells.cells
    monkeypatch.setattr(WorkbookCells, "cells", lambda self, sheet: read.append(sheet.name) or cells(self, sheet))
    assert run_record(path) == run_record(path)
    assert len(read) == len(set(read)) > 10
    book = load_workbook(path)
    book["Run"]["C3"] = "another"
    book.save(path)
    assert "another" in run_record(path).values()
