"""Reading a folder of CSV files: the same problem as the workbook's, and faults by file, line and column."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sheets import CONTRACT, LEASE, VALID, csv_folder, row, workbook

from models.faults import Fault
from planner.problem_reader import read


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return csv_folder(tmp_path / "lab", LEASE)


def only(folder: Path) -> Fault:
    """The one fault of a folder."""
    (fault,) = read(folder).faults
    return fault


def rewrite(path: Path, old: str, new: str) -> None:
    """Replaces a text that is there."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8", newline="")


def test_a_folder_is_the_problem_that_its_workbook_is(tmp_path: Path) -> None:
    """The same tables as a workbook and as a folder of the same name are the same Dataset, without a fault."""
    sheets = (LEASE, CONTRACT)
    of_folder, of_workbook = read(csv_folder(tmp_path / "lab", *sheets)), read(workbook(tmp_path / "lab.xlsx", *sheets))
    assert of_folder.faults == of_workbook.faults == ()
    assert of_folder.dataset == of_workbook.dataset
    assert of_folder.dataset is not None
    assert of_folder.dataset.settings.plan_name == "lab"


def test_wide_demand_is_read(tmp_path: Path) -> None:
    """A column a month, blank for not given, holds numbers as in a workbook."""
    wide = [{"segment": "chat", "region": "us", "2026-01": 1, "2026-02": None, "Jun 2026": 0.5}]
    result = read(csv_folder(tmp_path / "lab", demand=wide))
    assert result.faults == ()
    assert result.dataset is not None
    assert [each.tokens_bn_per_day for each in result.dataset.demand] == [1, 0.5]


def test_a_fault_names_file_line_and_column(folder: Path) -> None:
    """A line break in a cell does not move the lines that faults name."""
    terms = 'lease,note,term_months,usd_per_accelerator_hour\nL,"two\nlines",3,2\nL,,6,two dollars\n'
    (folder / "lease_terms.csv").write_text(terms, encoding="utf-8")
    fault = only(folder)
    assert (fault.file, fault.row, fault.cell) == ("lease_terms.csv", 4, "D4")
    assert str(fault).startswith(
        "lease_terms.csv, line 4, column D (usd_per_accelerator_hour · L/6): found 'two dollars'"
    )


def test_what_is_missing_is_told_by_the_file_it_would_be(folder: Path) -> None:
    """A required sheet without a file, and a required column, are told with the file's name."""
    (folder / "hardware.csv").unlink()
    rewrite(folder / "segments.csv", "workload", "work_done")
    found = {(each.file, each.row, each.found) for each in read(folder).errors}
    assert {("hardware.csv", 0, "no such sheet"), ("segments.csv", 1, "no such column")} <= found


def test_names_that_spell_numbers_stay_names(tmp_path: Path) -> None:
    """Only columns of numbers hold numbers: a lease 007 is not the lease 7."""
    sheets = {name: [each | {"lease": "007"} for each in rows] for name, rows in LEASE.items()}
    dataset = read(csv_folder(tmp_path / "lab", sheets)).dataset
    assert dataset is not None
    assert [each.lease for each in dataset.leases] == ["007"]


def test_flags_and_texts_are_read_as_programs_write_them(tmp_path: Path) -> None:
    """Yes, True and 1 are the same flag; a byte-order mark, other line ends and names in capitals change nothing."""
    found = []
    for number, (flag, ends, mark) in enumerate([("yes", "\n", ""), ("True", "\r\n", "\ufeff"), ("1", "\r", "")]):
        folder = csv_folder(tmp_path / str(number), {"settings": VALID["settings"] | {"plan_name": "lab"}})
        text = f"{mark}asset,provider,region,hardware,accelerators,sublet\nown,us-inc,us,H100,100,{flag}\n"
        (folder / "fleet.csv").write_bytes(text.replace("\n", ends).encode())
        (folder / "hardware.csv").rename(folder / "Hardware.CSV")
        found.append(read(folder))
    assert [each.faults for each in found] == [(), (), ()]
    assert found[0].dataset == found[1].dataset == found[2].dataset


@pytest.mark.parametrize(
    ("content", "line", "found"),
    [
        (b"hardware;kw\nH100;1,4\n", 1, "columns separated by semicolons"),
        (b"hardware\tkw\nH100\t1.4\n", 1, "columns separated by tabs"),
        (b"sep=;\nhardware;kw\n", 1, "a first line 'sep=;'"),
        ("hardware,kw\nH100,1.4\n".encode("utf-16"), 0, "a file in UTF-16"),
        ("hardware,kw\nH100,1.4\nMünchen,1\n".encode("latin-1"), 3, "a byte that is not UTF-8 (0xFC, after 'M')"),
        (b'hardware,kw\nH100,1.4\n"A"B,1.4\n', 3, "a record that cannot be taken apart (',' expected after '\"')"),
        (b'hardware,kw\nH100,1.4\n"A,1\n', 3, "a record that cannot be taken apart (unexpected end of data)"),
        (b"hardware,kw\nH100,1.4\nA,1,4\n", 3, "a row of 3 cells"),
        (b"hardware,kw\nH100,1.4\nA\n", 3, "a row of 1 cells"),
    ],
)
def test_what_is_no_such_csv_is_refused_in_words(folder: Path, content: bytes, line: int, found: str) -> None:
    """Other separators and encodings, broken quotes and ragged rows: one fault of the file, with its line."""
    (folder / "hardware.csv").write_bytes(content)
    told = [each for each in read(folder).faults if each.file == "hardware.csv" and not each.cell]
    assert [(each.row, each.found, each.severity) for each in told] == [(line, found, "error")]
    assert all(each.file == "hardware.csv" for each in read(folder).faults)


def test_commas_at_the_end_of_rows_are_no_fault(folder: Path) -> None:
    """Spreadsheet programs pad rows with commas, and end a file with rows of nothing else."""
    (folder / "hardware.csv").write_text("hardware,kw,\nH100,1.4,\n,,\n\n")
    assert read(folder).faults == ()


def test_two_files_of_one_sheet_are_told(folder: Path) -> None:
    """Names that differ in case or blanks only are one sheet's."""
    (folder / "Lease Terms.csv").write_text("lease,term_months\n")
    fault = only(folder)
    assert (fault.severity, fault.file) == ("error", "lease_terms.csv")
    assert fault.found == "a second file of the sheet lease_terms"


def test_other_files_are_a_warning(folder: Path) -> None:
    """A file of an unknown name warns; sheets for people, hidden files and pages in Markdown do not."""
    for name in ("lease_term.csv", "plan.xlsx", "README.md", ".gitattributes", "start_here.csv", "scenario_notes.csv"):
        (folder / name).write_text("x")
    result = read(folder)
    assert result.dataset is not None
    assert {each.file for each in result.warnings} == {"lease_term.csv", "plan.xlsx"}
    assert any("Did you mean 'lease_terms'?" in each.fix for each in result.warnings)


def test_a_folder_without_csv_files_is_told(tmp_path: Path) -> None:
    """A folder of workbooks is no problem; the message says what to name."""
    (fault,) = read(tmp_path).faults
    assert fault.found == "a folder without a CSV file named as a sheet"


def test_the_hash_is_of_what_is_read(tmp_path: Path) -> None:
    """The time of a file and files that are no sheets leave the hash as it is; a changed cell does not."""
    one = csv_folder(tmp_path / "one", LEASE)
    before = read(one).sha256
    (one / "README.md").write_text("for people")
    (one / "other.csv").write_text("for people")
    os.utime(one / "leases.csv", (0, 0))
    assert read(one).sha256 == before == read(csv_folder(tmp_path / "two", LEASE)).sha256
    assert read(csv_folder(tmp_path / "three", LEASE, row("hardware", VALID, kw=2))).sha256 != before


def test_errors_of_spreadsheets_and_control_characters_are_told_where_a_value_is_needed(folder: Path) -> None:
    """A cell that no reader can know is told once, by its place; in a note it does not matter."""
    (folder / "hardware.csv").write_text("hardware,kw,note\nH100,#REF!,a\x01\n")
    fault = only(folder)
    assert (fault.cell, fault.found) == ("B2", "#REF!, an error of the spreadsheet")
