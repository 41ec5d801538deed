"""Random small workbooks, and their plans, written as files and read back."""

from __future__ import annotations

import datetime as dt
import tempfile
from dataclasses import fields, replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from builders import solved_or_none
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from properties.themes import THEMES

from models.audit import audit
from models.checks import check
from models.dataset import Dataset
from models.loading import dataset_from
from models.months import first_day, label
from models.schema import SHEETS, Sheet
from planner.excel.plan_reader import read_plan
from planner.problem_reader import read
from planner.reports.plan_report import write_plan
from planner.reports.run_result import RunResult
from planner.results.input_rows import input_rows
from planner.results.scenario_set import ScenarioSetResult

RANDOM = st.randoms(use_true_random=True)


def cell(kind: str, value: Any, random: Random) -> Any:
    """A value as a person may have typed it."""
    if value is None:
        return None
    if kind == "month":
        return random.choice([dt.datetime.combine(first_day(value), dt.time()), label(value)])
    if kind == "flag":
        return random.choice([value, "yes" if value else "no"])
    return "; ".join(value) if kind == "names" else value


def table(sheet: Sheet, rows: tuple[Any, ...], random: Random) -> list[list[Any]]:
    """Header and records of a sheet, its columns in any order, those of defaults now and then left out."""
    columns = [
        column
        for column in sheet.columns
        if column.required or random.random() < 0.5 or any(getattr(row, column.name) != column.default for row in rows)
    ]
    random.shuffle(columns)
    records = [[cell(column.kind, getattr(row, column.name), random) for column in columns] for row in rows]
    return [[column.name for column in columns], *records]


def wide(data: Dataset) -> list[list[Any]]:
    """Demand with a column a month."""
    months = sorted({row.month for row in data.demand})
    given = {(row.segment, row.region, row.month): row.tokens_bn_per_day for row in data.demand}
    pairs = dict.fromkeys((row.segment, row.region) for row in data.demand)
    records = [[*pair, *(given.get((*pair, month)) for month in months)] for pair in pairs]
    return [["segment", "region", *(label(month) for month in months)], *records]


def written(data: Dataset, path: Path, random: Random) -> None:
    """Writes every sheet that has rows."""
    book = Workbook()
    book.remove(book.active)
    for sheet in random.sample(SHEETS, len(SHEETS)):
        if sheet.name == "settings":
            kinds = {column.name: column.kind for column in sheet.columns}
            values = {name: getattr(data.settings, name) for name in kinds if name != "plan_name"}
            content = [["key", "value"], *([key, cell(kinds[key], value, random)] for key, value in values.items())]
        elif sheet.name == "demand" and random.random() < 0.5:
            content = wide(data)
        elif getattr(data, sheet.name):
            content = table(sheet, getattr(data, sheet.name), random)
        else:
            continue
        worksheet = book.create_sheet(sheet.name)
        for line in content:
            worksheet.append(line)
    book.save(path)


def as_in_a_file(data: Dataset) -> Dataset:
    """The same with numbers of 15 digits, as many as a cell keeps for certain, and demand in one order."""

    def rounded(row: Any) -> Any:
        values = {each.name: getattr(row, each.name) for each in fields(row)}
        return replace(row, **{name: float(f"{v:.15g}") for name, v in values.items() if isinstance(v, float)})

    sheets = {
        sheet.name: tuple(map(rounded, getattr(data, sheet.name))) for sheet in SHEETS if sheet.name != "settings"
    }
    sheets["demand"] = tuple(sorted(sheets["demand"], key=lambda row: (row.segment, row.region, row.month)))
    return Dataset(settings=data.settings, **sheets)


@pytest.mark.parametrize("theme", THEMES)
@settings(max_examples=8, derandomize=True, deadline=None, print_blob=True, database=None)
@given(random=RANDOM)
def test_a_workbook_is_read_as_it_was_written(theme: str, random: Random) -> None:
    """Whatever the order of sheets and columns and the way months are typed, the same rows are read."""
    data = as_in_a_file(THEMES[theme](random))
    assume(not any(fault.severity == "error" for fault in check(data)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "workbook.xlsx"
        written(data, path, random)
        result = read(path)
    assert result.dataset is not None, [str(fault) for fault in result.errors]
    named = replace(data, settings=replace(data.settings, plan_name=result.dataset.settings.plan_name))
    assert as_in_a_file(result.dataset) == named


@pytest.mark.parametrize("theme", THEMES)
@settings(max_examples=4, derandomize=True, deadline=None, print_blob=True, database=None)
@given(random=RANDOM)
def test_a_plan_passes_the_audit_when_read_back(theme: str, random: Random) -> None:
    """A plan that is written and read back still passes the audit and costs the same."""
    data = THEMES[theme](random)
    plan = solved_or_none(data)
    assume(plan is not None)
    assert plan is not None
    verdict = audit(data, plan)
    report = RunResult(
        plan_name="A plan",
        status="optimal",
        objective_usd=plan.objective_usd,
        gap=0.0,
        dataset=data,
        solution=ScenarioSetResult.of_plan(data, plan),
        audit=verdict,
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plan.xlsx"
        write_plan(path, report)
        again = read_plan(path, data)
    assert audit(data, again).passed, audit(data, again).failed
    assert again.objective_usd == pytest.approx(plan.objective_usd, rel=1e-9, abs=1e-3)


@pytest.mark.parametrize("theme", THEMES)
@settings(max_examples=10, derandomize=True, deadline=None, print_blob=True, database=None)
@given(random=RANDOM)
def test_the_input_sheet_holds_the_whole_input(theme: str, random: Random) -> None:
    """What a plan says it was made from reads back as the same problem."""
    data = THEMES[theme](random)
    assume(not any(fault.severity == "error" for fault in check(data)))
    records: dict[str, dict[int, dict[str, Any]]] = {}
    for sheet, number, column, value in input_rows(data):
        if value != "":
            records.setdefault(sheet, {}).setdefault(number, {})[column] = value
    tables = {name: list(rows.values()) for name, rows in records.items()}
    assert dataset_from(**tables | {"settings": tables["settings"][0]}) == data
