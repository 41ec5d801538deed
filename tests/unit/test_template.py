"""The template of `planner init`: complete, clean, and helpful in Excel."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from models.build import build_model
from models.schema import SHEETS, START_HERE, referred
from models.schema import sheet as sheet_named
from planner.errors import CannotWrite, WrongUsage
from planner.excel import template
from planner.excel.problem_workbook import REQUIRED_FILL
from planner.excel.template import copy_example, write_template
from planner.problem_reader import read
from planner.solving.problem import SolveOptions
from planner.solving.search import solve

TABLES = [sheet for sheet in SHEETS if sheet.name != "settings"]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "new.xlsx"
    write_template(path, dt.date(2026, 12, 15))
    return path


@pytest.fixture(scope="module")
def workbook(path: Path) -> Any:
    return openpyxl.load_workbook(path)


def headers(worksheet: Any) -> list[str]:
    return [cell.value for cell in worksheet[1]]


def test_a_fresh_template_checks_clean(path: Path) -> None:
    """Nobody is greeted by faults or warnings in a workbook they have not touched."""
    assert read(path).faults == ()


def test_a_fresh_template_solves_to_a_plan_that_signs_something(path: Path) -> None:
    """The worked rows are a real decision: some blocks are leased, the first month is bought by the hour."""
    dataset = read(path).dataset
    assert dataset is not None
    model = build_model(dataset)
    outcome = solve(model, SolveOptions())
    assert outcome.status == "optimal"
    assert outcome.values is not None
    plan = model.plan(outcome.values)
    assert plan.signings
    assert {each.month for each in plan.on_demand} >= {0}


def test_the_horizon_begins_in_the_coming_month(path: Path) -> None:
    """A template made in December 2026 plans from January 2027, and its demand begins there."""
    dataset = read(path).dataset
    assert dataset is not None
    assert dataset.label(0) == "2027-01"
    assert {each.month for each in dataset.demand} == {dataset.month(0)}


def test_the_template_has_every_sheet_in_the_order_of_the_schema(workbook: Any) -> None:
    """What a workbook can say, the template has a place for."""
    assert workbook.sheetnames == [START_HERE, *(sheet.name for sheet in SHEETS)]


def test_the_first_sheet_leads_to_every_other(workbook: Any) -> None:
    """The drawing has the five needed sheets as dark boxes and every other once; each name leads to its sheet."""
    start = workbook[START_HERE]
    assert workbook.active == start
    boxes, links = set(), []
    for cell in (cell for row in start.iter_rows() for cell in row if cell.hyperlink):
        sheet = cell.hyperlink.location.removesuffix("!A1").strip("'")
        assert sheet in workbook.sheetnames
        if cell.value == sheet:
            (boxes.add if cell.font.bold else links.append)(sheet)
    assert boxes == {sheet.name for sheet in SHEETS if not sheet.optional}
    assert sorted(links) == sorted(sheet.name for sheet in SHEETS if sheet.optional)
    text = " ".join(str(cell.value) for row in start.iter_rows() for cell in row if cell.value)
    for left, right, column in (("demand", "segments", "segment"), ("segments", "throughput", "workload")):
        assert f"{column} →" in text
        assert column in {each.name for each in sheet_named(left).columns} & {
            each.name for each in sheet_named(right).columns
        }


@pytest.mark.parametrize("sheet", TABLES, ids=lambda sheet: sheet.name)
def test_every_column_has_a_header_with_a_note(workbook: Any, sheet: Any) -> None:
    """Headers are the exact column names; the note gives meaning, unit and whether it may be blank."""
    worksheet = workbook[sheet.name]
    assert headers(worksheet) == [*(column.name for column in sheet.columns), "note"]
    for cell, column in zip(worksheet[1], sheet.columns, strict=False):
        note = cell.comment.text
        assert column.expected() in note
        assert (f"Unit: {column.unit}." in note) == bool(column.unit)
        assert ("Required." in note) == column.required


def test_settings_have_a_row_for_each_key(workbook: Any) -> None:
    """Every setting is there with its default, so that nobody has to look for its name."""
    keys = [row[0].value for row in workbook["settings"].iter_rows(min_row=2)]
    assert keys == [column.name for column in SHEETS[0].columns]


@pytest.mark.parametrize("sheet", TABLES, ids=lambda sheet: sheet.name)
def test_choices_flags_and_names_have_drop_downs(workbook: Any, sheet: Any) -> None:
    """A column with a closed list of values, or that names rows of one other sheet, offers them."""
    worksheet = workbook[sheet.name]
    lists = {
        str(rule.sqref).split(":")[0]: rule.formula1
        for rule in worksheet.data_validations.dataValidation
        if rule.type == "list"
    }
    for cell, column in zip(worksheet[1], sheet.columns, strict=False):
        offered = lists.get(f"{cell.column_letter}2")
        if column.kind == "flag":
            assert offered == '"yes,no"'
        elif column.choices:
            assert offered == '"' + ",".join(column.choices) + '"'
        elif column.kind == "name" and len(referred(column)) == 1:
            assert offered == f"list_{referred(column)[0]}"
            assert referred(column)[0] in workbook.defined_names[offered].attr_text
        else:
            assert offered is None


def test_lists_of_choices_fit_into_what_excel_allows(workbook: Any) -> None:
    """Excel repairs a file whose list is longer than 255 characters or whose message is too long."""
    for worksheet in workbook:
        for rule in worksheet.data_validations.dataValidation:
            assert len(rule.formula1) <= 255
            assert len(rule.error) <= 255
            assert len(rule.errorTitle) <= 32


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_required_headers_are_dark_and_stay_in_view(workbook: Any, sheet: Any) -> None:
    """Required columns have white text on dark, optional ones black on grey, and row 1 stays when scrolling."""
    worksheet = workbook[sheet.name]
    assert worksheet.freeze_panes in ("A2", "B2")
    if sheet.name != "settings":
        for cell, column in zip(worksheet[1], sheet.columns, strict=False):
            dark = cell.fill.fgColor.rgb.endswith(REQUIRED_FILL)
            assert dark == column.required
            assert cell.font.color.rgb.endswith("FFFFFF" if column.required else "000000")


@pytest.mark.parametrize("sheet", [sheet for sheet in TABLES if sheet.optional], ids=lambda sheet: sheet.name)
def test_optional_sheets_hold_headers_only_unless_supply_needs_them(workbook: Any, sheet: Any) -> None:
    """Only the supply of the worked example stands in optional sheets."""
    rows = workbook[sheet.name].max_row - 1
    assert rows == (1 if sheet.name in ("leases", "lease_hardware", "lease_terms", "on_demand") else 0)


def test_an_example_is_copied_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """--example gives the very bytes of the packaged example."""
    source = tmp_path / "starter.xlsx"
    source.write_bytes(b"an example")
    monkeypatch.setattr(template, "examples", lambda: {"starter": source})
    copy_example("starter", tmp_path / "mine.xlsx")
    assert (tmp_path / "mine.xlsx").read_bytes() == b"an example"


def test_an_unknown_example_lists_those_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slip in the name of an example is answered with the names."""
    monkeypatch.setattr(template, "examples", lambda: {"starter": tmp_path, "lessor": tmp_path})
    with pytest.raises(WrongUsage, match="there are: starter, lessor"):
        copy_example("startr", tmp_path / "mine.xlsx")
    assert not (tmp_path / "mine.xlsx").exists()


def test_a_template_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    """A folder that is missing is named, and no temporary file stays."""
    with pytest.raises(CannotWrite, match="does not exist"):
        write_template(tmp_path / "missing" / "new.xlsx", dt.date(2026, 1, 1))
    assert list(tmp_path.iterdir()) == []
