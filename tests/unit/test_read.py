"""Reading a workbook file: its cells, what is hidden or merged in it, and what is no workbook."""

import datetime as dt
import hashlib
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from sheets import LEASE, VALID, brief, edit, part_of, row, workbook

from models.months import month_of
from planner.problem_reader import ReadResult, read


def changed(path: Path, change: Callable[[Any], object], *more: Any, **sheets: Any) -> ReadResult:
    """Reads the valid workbook after `change` has been made to it in the file."""
    workbook(path, *more, **sheets)
    book = load_workbook(path)
    change(book)
    book.save(path)
    return read(path)


def test_a_file_is_read_with_its_hash_and_name(tmp_path: Path) -> None:
    """The Dataset, the hash of the bytes and the name of the file come out together."""
    path = workbook(tmp_path / "budget.xlsx")
    result = read(path)
    assert result.faults == ()
    assert result.dataset is not None
    assert result.dataset.settings.plan_name == "budget"
    assert result.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_macro_workbook_is_read_the_same(tmp_path: Path) -> None:
    """The same workbook under the name .xlsm is read the same."""
    first, second = read(workbook(tmp_path / "a.xlsx")), read(workbook(tmp_path / "a.xlsm"))
    assert first.dataset == second.dataset
    assert first.dataset is not None


def test_date_cells_are_months(tmp_path: Path) -> None:
    """Date cells, in settings, in rows and at the head of wide demand, are the months they lie in."""
    wide = [{"segment": "chat", "region": "us", "2026-01": 1, "2026-06": 2}]

    def dates(book: Any) -> None:
        book["settings"]["B2"] = dt.datetime(2026, 1, 15)
        book["demand"]["C1"] = dt.datetime(2026, 1, 1)
        book["demand"]["D1"] = dt.datetime(2026, 6, 30)

    result = changed(tmp_path / "a.xlsx", dates, demand=wide)
    assert result.faults == ()
    assert result.dataset is not None
    assert [each.month for each in result.dataset.demand] == [month_of(2026, 1), month_of(2026, 6)]


def test_percent_cells_are_shares(tmp_path: Path) -> None:
    """A cell that shows 95 % holds 0.95."""

    def percent(sheet: Worksheet) -> None:
        sheet["C1"], sheet["C2"] = "availability", 0.95
        sheet["C2"].number_format = "0%"

    result = changed(tmp_path / "a.xlsx", lambda book: percent(book["hardware"]))
    assert result.dataset is not None
    assert result.dataset.hardware[0].availability == 0.95


def test_blank_rows_and_stray_blanks_are_skipped(tmp_path: Path) -> None:
    """Blank rows, cells of blanks and a stray blank in the last cell of the sheet change nothing."""

    def strew(book: Any) -> None:
        book["hardware"].insert_rows(2, 2)
        book["hardware"]["A2"] = "  \u00a0"
        book["hardware"]["XFD1048576"] = " "

    result = changed(tmp_path / "a.xlsx", strew)
    assert result.faults == ()
    assert result.dataset is not None
    assert result.dataset.hardware[0].row == 4


def test_the_text_na_is_a_name_like_any_other(tmp_path: Path) -> None:
    """A region NA is North America, not a missing value."""
    path = workbook(tmp_path / "a.xlsx", row("fleet", VALID, region="NA"))
    result = read(path)
    assert result.dataset is not None
    assert result.dataset.fleet[0].region == "NA"


def test_merged_cells_are_reported_where_they_are_read(tmp_path: Path) -> None:
    """Of merged cells only the first has a value; the others are errors, and nothing follows from them."""
    result = changed(tmp_path / "a.xlsx", lambda book: book["demand"].merge_cells("A2:A3"))
    assert [(fault.sheet, fault.cell) for fault in result.faults] == [("demand", "A3")]
    assert "A2:A3" in result.faults[0].found
    assert "Unmerge" in result.faults[0].fix


def test_merged_column_names_are_reported(tmp_path: Path) -> None:
    """A name merged over two columns is an error at its cell."""
    result = changed(tmp_path / "a.xlsx", lambda book: book["hardware"].merge_cells("A1:B1"))
    assert ("hardware", "A1") in [(fault.sheet, fault.cell) for fault in result.errors]


def test_what_is_hidden_is_read_with_a_warning(tmp_path: Path) -> None:
    """Hidden sheets, rows and columns are read, and the person is told."""

    def hide(book: Any) -> None:
        book["throughput"].sheet_state = "hidden"
        book["demand"].row_dimensions[3].hidden = True
        book["fleet"].column_dimensions.group("C", "D", hidden=True)

    result = changed(tmp_path / "a.xlsx", hide)
    assert result.dataset is not None
    assert [(fault.sheet, fault.found) for fault in result.warnings] == [
        ("throughput", "a hidden sheet"),
        ("demand", "hidden rows: 3"),
        ("fleet", "hidden columns: C, D"),
    ]


def test_unknown_sheets_are_warnings_unless_only_programs_see_them(tmp_path: Path) -> None:
    """An unknown sheet is named; one that no person can unhide in the program's menus is left alone."""

    def add(book: Any) -> None:
        book.create_sheet("flet")
        book.create_sheet("lists").sheet_state = "veryHidden"

    result = changed(tmp_path / "a.xlsx", add)
    assert brief(list(result.faults)) == ["warning flet! 0"]


def test_values_without_a_column_name_are_a_warning(tmp_path: Path) -> None:
    """A value in a column without a name is not read, and the person is told."""
    result = changed(tmp_path / "a.xlsx", lambda book: book["hardware"].cell(2, 5, "?"))
    assert [(fault.severity, fault.cell) for fault in result.faults] == [("warning", "E2")]


def test_a_sheet_whose_first_row_is_blank_is_an_error(tmp_path: Path) -> None:
    """Column names anywhere but in row 1 are an error, in an optional sheet too."""
    result = changed(tmp_path / "a.xlsx", lambda book: book["leases"].insert_rows(1), LEASE)
    assert ("leases", "A1") in [(fault.sheet, fault.cell) for fault in result.errors]


def test_a_formula_counts_with_its_saved_value(tmp_path: Path) -> None:
    """A formula is read as the value saved with it, be it a number, a text or an empty text."""
    path = workbook(tmp_path / "a.xlsx", row("hardware", VALID, vendor="x", availability="y"))
    part = part_of(path, "hardware")
    edit(path, part, b'<c r="B2" t="n"><v>1.4</v></c>', b'<c r="B2"><f>1+1</f><v>2</v></c>')
    strings = load_workbook(path)["hardware"]
    assert (strings["C2"].value, strings["D2"].value) == ("x", "y")
    for cell, formula in (
        ("C2", b'<c r="C2" t="str"><f>""</f><v></v></c>'),
        ("D2", b'<c r="D2"><f>A1</f><v>0.5</v></c>'),
    ):
        edit(path, part, _cell(path, part, cell), formula)
    assert [fault.warning for fault in read(path).faults] == ["uncalculated-formula"]
    edit(path, "xl/workbook.xml", b' fullCalcOnLoad="1"', b"")
    result = read(path)
    assert result.faults == ()
    assert result.dataset is not None
    hardware = result.dataset.hardware[0]
    assert (hardware.kw, hardware.vendor, hardware.availability) == (2.0, "", 0.5)


def _cell(path: Path, part: str, address: str) -> bytes:
    with zipfile.ZipFile(path) as archive:
        found = re.search(rb'<c r="%s".*?</c>' % address.encode(), archive.read(part))
    assert found
    return found[0]


@pytest.mark.parametrize("kind", ["missing", "folder"])
def test_a_path_without_a_workbook_is_a_fault(tmp_path: Path, kind: str) -> None:
    """A missing file or a folder is said to be one, and nothing is made."""
    path = tmp_path / ("none.xlsx" if kind == "missing" else "")
    result = read(path)
    assert result.dataset is None
    assert len(result.errors) == 1
    assert ("folder" if kind == "folder" else "no file") in result.errors[0].found
    assert list(tmp_path.iterdir()) == []
