"""Hashes of what was read and what was decided."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from builders import dataset, demand, lease, term
from openpyxl import load_workbook
from openpyxl.styles import PatternFill
from sheets import tables, workbook

from models.core.noise import without_noise
from models.dataset import Dataset
from models.plan import Plan, Serving, Signing
from models.supply.lease_kind import LEASE
from planner.problem_reader import read
from planner.results.fingerprints import data_sha256, output_sha256
from planner.results.input_rows import input_rows
from planner.results.scenario_set import ScenarioSetResult

DATA = dataset(demand(2.0, months=3), lease("A", term(3, 1.0)))
PLAN = Plan(
    signings=(Signing(LEASE, "A", 1, 3, 1, 1, 3),), serving=(Serving(1, "day", "chat", "us", "us", "H100", "", 28.0),)
)


def of(path: Path, *overrides: str) -> str:
    data = read(path, overrides).dataset
    assert isinstance(data, Dataset)
    return data_sha256(input_rows(data))


def sha256_of(data: Dataset, plan: Plan) -> str:
    return output_sha256(ScenarioSetResult.of_plan(data, plan))


def test_data_is_what_is_read(tmp_path: Path) -> None:
    """A workbook saved again reads as the same data; another value, or the same by override, does not."""
    path = workbook(tmp_path / "a.xlsx", tables())
    first = of(path)
    book = load_workbook(path)
    book["fleet"]["A1"].fill = PatternFill("solid", fgColor="FFFF00")
    book.save(path)
    assert of(path) == first
    changed = of(path, "fleet.own.accelerators=101")
    assert changed != first
    book["fleet"]["E2"] = 101
    book.save(path)
    assert of(path) == changed


def test_output_is_the_decisions() -> None:
    """The hash of a plan holds its decisions, dispatch and months by the calendar, whatever rounding was cleared."""
    first = sha256_of(DATA, PLAN)
    assert sha256_of(DATA, replace(PLAN)) == first
    later = replace(PLAN, signings=(replace(PLAN.signings[0], units=2),))
    served = replace(PLAN, serving=(replace(PLAN.serving[0], tokens_bn=27.0),))
    noise = replace(PLAN, serving=(*PLAN.serving, replace(PLAN.serving[0], month=2, tokens_bn=1e-12)))
    moved = replace(DATA, settings=replace(DATA.settings, first_month=DATA.settings.first_month + 1))
    assert (
        len(
            {
                first,
                sha256_of(DATA, later),
                sha256_of(DATA, served),
                sha256_of(moved, PLAN),
            }
        )
        == 4
    )
    assert sha256_of(DATA, without_noise(noise)) == first
