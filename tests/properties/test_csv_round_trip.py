"""A workbook written as a folder of CSV files and back: nothing that is read, and no note, is lost on the way."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from properties.test_round_trips import written
from properties.themes import THEMES
from sheets import LEASE, VALID, tables

import planner
from models.loading import plain_table
from models.parsing.raw_tables import RawTable, is_blank
from models.text import seen
from planner.analysis.conversion import convert_problem
from planner.csv_folder.reader import FolderContent, folder_tables
from planner.csv_folder.writer import csv_files
from planner.excel.problem_workbook import written_problem_of
from planner.problem_reader import read

RANDOM = st.randoms(use_true_random=True)
TEXT = st.text(
    st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff") | st.sampled_from("\n\t,\"';=")
)
AWKWARD = st.sampled_from(
    [
        "007",
        "1e3",
        "=1+1",
        "+1",
        "@x",
        "-",
        " a ",
        "a,b",
        'a"b',
        '"',
        "a\nb",
        "\n",
        "TRUE",
        "2026-09",
        "12%",
        "ä",
        "東京",
        "'a",
    ]
)


def cells(table: RawTable) -> list[dict[str, object]]:
    """The records by heading, months of the settings and names as they are."""
    return [{table.headings[k]: value for k, value in each.values.items()} for each in table.records]


@pytest.mark.parametrize("theme", sorted(THEMES))
@given(random=RANDOM)
@settings(max_examples=4, derandomize=True, deadline=None, print_blob=True, database=None)
def test_random_workbooks_go_through_a_folder_unchanged(theme: str, random: Random) -> None:
    """Whatever a workbook of a theme says, in wide or long demand, its folder says, and the workbook made of that."""
    data = THEMES[theme](random)
    with tempfile.TemporaryDirectory() as folder:
        first, between, last = (Path(folder) / name for name in ("a.xlsx", "b", "c.xlsx"))
        written(data, first, random)
        convert_problem(first, between)
        convert_problem(between, last)
        found = [read(path) for path in (first, between, last)]
    problems = [each.dataset for each in found]
    assume(problems[0] is not None)
    assert [each and each.settings.plan_name for each in problems] == ["a", "b", "c"]
    named = [each and replace(each, settings=replace(each.settings, plan_name="")) for each in problems]
    assert named[0] == named[1] == named[2]


@given(name=TEXT | AWKWARD, note=TEXT | AWKWARD, heading=TEXT | AWKWARD)
@example(name="a\r\nb", note="x\ry", heading="note")
@settings(max_examples=150, derandomize=True, deadline=None, print_blob=True, database=None)
def test_texts_of_any_kind_stay_what_they_are(name: str, note: str, heading: str) -> None:
    """Names, notes and headings of columns that are not read: what a person sees of them stays."""
    rows = [{"lease": name, "provider": note, "region": "us", "note": note, f"x{heading}": name}]
    table = plain_table("leases", rows)
    content = FolderContent(csv_files([table, plain_table("options", [], ["option", "offer"])]))
    (again, options), faults = folder_tables(content)
    assert [each for each in faults if each.severity == "error"] == []
    plain = {key: seen(text) for key, text in rows[0].items() if not is_blank(text)}
    assert cells(again) == [plain]
    assert (list(options.headings.values()), options.records) == (["option", "offer"], ())


@given(name=TEXT | AWKWARD, note=TEXT | AWKWARD)
@settings(max_examples=25, derandomize=True, deadline=None, print_blob=True, database=None)
def test_texts_of_a_folder_stay_in_a_workbook(name: str, note: str) -> None:
    """A workbook made of tables gives the same records and notes back, texts that look like formulas too."""
    sheets = tables({sheet: [each | {"lease": f"L{name}", "note": note} for each in LEASE[sheet]] for sheet in LEASE})
    made = [plain_table(sheet, rows) for sheet, rows in sheets.items()]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.xlsx"
        with written_problem_of(made, path) as temporary:
            result = read(temporary)
    leases = next(each for each in result.tables if each.name == "leases")
    expected = {"lease": f"L{name}", "note": note}
    assert {key: cells(leases)[0].get(key, "") for key in expected} == {
        k: "" if is_blank(v) else seen(v) for k, v in expected.items()
    }


@given(value=st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**17), 10**17))
def test_numbers_stay_exact(value: float) -> None:
    """A number is read back bit for bit."""
    table = plain_table("hardware", [VALID["hardware"][0] | {"kw": value}])
    (again,), _ = folder_tables(FolderContent(csv_files([table])))
    assert cells(again)[0]["kw"] == float(value)


@pytest.mark.parametrize("theme", sorted(THEMES))
@given(random=RANDOM)
@settings(max_examples=3, derandomize=True, deadline=None, print_blob=True, database=None)
def test_frames_of_a_problem_make_it_again(theme: str, random: Random) -> None:
    """Whatever a workbook of a theme says, the DataFrames of its sheets say all of it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.xlsx"
        written(THEMES[theme](random), path, random)
        assume(read(path).dataset is not None)
        problem = planner.read(path)
    frames = {name: problem.frame(name) for name in problem.sheets}
    assert planner.problem(frames).dataset == problem.dataset
