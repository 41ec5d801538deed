"""Jobs from folders, globs and job files, and everything that can be wrong with them."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import logging
import math
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from sheets import workbook

from models.faults import FaultyWorkbook
from planner.batch.attempt import solve_arguments
from planner.batch.jobs.files import JobSet, read_jobs
from planner.batch.jobs.values import COLUMNS
from planner.problem_reader import read


def toml(folder: Path, text: str, **given: Any) -> JobSet:
    path = folder / "weekly.toml"
    path.write_text(text, encoding="utf-8")
    return read_jobs([str(path)], given)


def faults_of(folder: Path, text: str) -> list[str]:
    with pytest.raises(FaultyWorkbook) as caught:
        toml(folder, text)
    return [str(fault) for fault in caught.value.faults]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.xlsx", "b.xlsx"):
        workbook(tmp_path / name)
    return tmp_path


def test_a_folder(folder: Path) -> None:
    """A folder is a job a workbook, in order of name; lock files of Excel, job files and other files are none."""
    (folder / "~$a.xlsx").write_bytes(b"")
    (folder / "notes.txt").write_text("")
    job_file(folder / "jobs.xlsx", [["name", "input"], ["one", "a.xlsx"]])
    found = read_jobs([str(folder)], {})
    assert [(job.name, job.input) for job in found.jobs] == [("a", folder / "a.xlsx"), ("b", folder / "b.xlsx")]
    assert found.name == folder.name


def test_what_looks_like_a_problem_in_a_folder_and_is_none_is_told(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Spreadsheets of other kinds, links to nothing and CSV files without settings are left out, and named."""
    caplog.set_level(logging.INFO, "planner")
    assert [job.name for job in read_jobs([str(folder)], {}).jobs] == ["a", "b"]
    assert caplog.messages == []
    (folder / "old.xls").write_bytes(b"")
    (folder / "notes.txt").write_bytes(b"")
    (folder / "~$a.xlsx").write_bytes(b"")
    (folder / "gone.xlsx").symlink_to(folder / "nowhere.xlsx")
    (folder / "tables").mkdir()
    (folder / "tables" / "demand.csv").write_bytes(b"")
    assert [job.name for job in read_jobs([str(folder)], {}).jobs] == ["a", "b"]
    (told,) = caplog.messages
    assert "gone.xlsx, old.xls, tables. The problems" in told


def test_a_glob(folder: Path) -> None:
    """A glob names workbooks; files of one name in several folders are told apart by their folders."""
    (folder / "east").mkdir()
    workbook(folder / "east" / "a.xlsx")
    found = read_jobs([str(folder / "**" / "*.xlsx")], {})
    assert len(found.jobs) == len({job.name for job in found.jobs}) == 3
    assert any(job.name.endswith("east-a") for job in found.jobs)


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
def test_a_folder_that_is_linked_into_itself_is_one(folder: Path) -> None:
    """A glob that goes through a link to a folder it has seen finds no workbook twice."""
    (folder / "again").symlink_to(folder)
    found = read_jobs([str(folder / "**" / "*.xlsx")], {})
    assert [job.input for job in found.jobs] == [folder / "a.xlsx", folder / "b.xlsx"]
    assert [job.name for job in found.jobs] == ["a", "b"]


def test_a_name_of_a_file_stops_no_folder(folder: Path) -> None:
    """Every workbook of a folder is a job with a name of its own that a folder can have, however it is called."""
    awkward = ("A", "a  b", "a b", "a_b", "a:b", "x" * 200, "x" * 201, "back\\slash", "line\nend", "dots. .", "??", " ")
    if os.name == "nt":
        awkward = ("a  b", "a b", "x" * 200, "x" * 201)
    for name in awkward:
        workbook(folder / f"{name}.xlsx")
    for name in ("a", "a (2)", "a.xlsx (2)"):
        (folder / name).mkdir()
        (folder / name / "settings.csv").write_text("key,value\nfirst_month,2026-01\nmonths,3\n")
    found = read_jobs([str(folder)], {"gap": 0.02})
    assert {job.input for job in found.jobs} == set(folder.iterdir())
    assert len({job.name.casefold() for job in found.jobs}) == len(found.jobs)
    assert {job.gap for job in found.jobs} == {0.02}
    named = {job.input.name: job.name for job in found.jobs}
    if os.name != "nt":
        assert (named["a_b.xlsx"], named["a:b.xlsx"]) == ("a_b", "a_b (2)")
    for number, job in enumerate(found.jobs):
        (folder / job.name / str(number)).mkdir(parents=True)
        assert job.name == job.name.strip(". ")
        assert not set(job.name) & set('\\:*?"<>|\n')
    (job,) = toml(folder, '[[job]]\nname = "two"\ninput = "a  b.xlsx"').jobs
    assert job.input == folder / "a  b.xlsx"


@pytest.mark.parametrize("source", ["nothing*.xlsx", "absent.xlsx", "empty"])
def test_nothing_there(tmp_path: Path, source: str) -> None:
    """A path, glob or folder with nothing to solve is a fault that names it."""
    (tmp_path / "empty").mkdir()
    with pytest.raises(FaultyWorkbook) as caught:
        read_jobs([str(tmp_path / source)], {})
    assert source in str(caught.value.faults[0])


@pytest.mark.parametrize(
    ("name", "near"),
    [("lab", "lab.xlsx"), ("labs.xlsx", "lab.xlsx"), ("far away", ""), ("none/lab", "")],
)
def test_what_is_not_there_is_asked_after_by_what_is_called_nearly_so(tmp_path: Path, name: str, near: str) -> None:
    """Where an ending is left out, or a letter wrong, the name that is there is told; far from it nothing is."""
    workbook(tmp_path / "lab.xlsx")
    (tmp_path / "~$lab.xlsx").touch()
    (problem,) = read(tmp_path / name).faults
    with pytest.raises(FaultyWorkbook) as caught:
        read_jobs([str(tmp_path / name)], {})
    (batch,) = caught.value.faults
    for fault in (problem, batch):
        assert fault.fix.startswith(f"Did you mean '{near}'?") == bool(near)
        assert "Check the path" in fault.fix


def test_toml(folder: Path) -> None:
    """Defaults hold for every job, a job's own values beat them, paths are relative to the job file."""
    found = toml(
        folder,
        """
        [defaults]
        input = "a.xlsx"
        gap = "0.1%"
        set = ["settings.months=5"]
        [[job]]
        name = "base"
        time_limit = "15m"
        [[job]]
        name = "late"
        input = "b.xlsx"
        set = { settings.discount_rate = 0.08, "fleet.own.accelerators" = 90 }
        memory_mb = "2G"
        after = "base"
        keep_plan_of = "base"
        change_cost = 1e6
        """,
    )
    base, late = found.jobs
    assert (base.input, base.gap, base.time_limit, base.overrides) == (
        folder / "a.xlsx",
        0.001,
        900.0,
        ("settings.months=5",),
    )
    assert late.overrides == ("settings.months=5", "settings.discount_rate=0.08", "fleet.own.accelerators=90")
    assert (late.memory_mb, late.dependencies, late.change_cost) == (2000.0, ("base",), 1e6)
    assert found.name == "weekly"


def test_keys_are_written_as_options_are(folder: Path) -> None:
    """A key with hyphens is the same as one with underscores, in defaults and in jobs, as in a config file."""
    [job] = toml(
        folder, "[defaults]\ntime-limit = '15m'\n[[job]]\nname = 'a'\ninput = 'a.xlsx'\naccept-stopped = true"
    ).jobs
    assert (job.time_limit, job.accept_stopped) == (900.0, True)


def test_the_page_on_batches(tmp_path: Path) -> None:
    """The job file on the page about batches can be read, and is the jobs that it says."""
    page = (Path(__file__).parents[2] / "planner/pages/batch.md").read_text(encoding="utf-8")
    workbook(tmp_path / "lab.xlsx")
    found = toml(tmp_path, page.partition("```toml\n")[2].partition("```")[0])
    assert [job.name for job in found.jobs][:2] == ["base", "rates,discount_rate=0.08,units_max=1"]
    assert len(found.jobs) == 8
    assert len(found.jobs[7].after) == 6


def test_given_beats_the_file(folder: Path) -> None:
    """What stands on the command line beats the job file, and its overrides come last."""
    text = '[[job]]\nname = "x"\ninput = "a.xlsx"\ngap = 0.5\nset = ["settings.months=5"]'
    (job,) = toml(folder, text, gap=0.01, overrides=("settings.months=4",)).jobs
    assert (job.gap, job.overrides) == (0.01, ("settings.months=5", "settings.months=4"))


def test_cells_of_the_defaults_are_set_before_those_of_the_job(folder: Path) -> None:
    """A job that sets cells of its own keeps those of the defaults; its own come last, and those given after them."""
    text = """
        [defaults]
        input = "a.xlsx"
        set = ["settings.months=5", "settings.discount_rate=0.1"]
        [[job]]
        name = "own"
        set = ["settings.discount_rate=0.2"]
        [[job]]
        name = "none"
    """
    own, none = toml(folder, text, overrides=("settings.months=4",)).jobs
    shared = ("settings.months=5", "settings.discount_rate=0.1")
    assert own.overrides == (*shared, "settings.discount_rate=0.2", "settings.months=4")
    assert none.overrides == (*shared, "settings.months=4")


def test_a_place_of_a_grid_cannot_be_given_too(folder: Path) -> None:
    """What a grid varies is refused with --set, which would make its jobs the same."""
    path = folder / "weekly.toml"
    path.write_text('[[job]]\nname = "x"\ninput = "a.xlsx"\ngrid = { settings.discount_rate = [0.1, 0.2] }', "utf-8")
    with pytest.raises(FaultyWorkbook) as caught:
        read_jobs([str(path)], {"overrides": ("settings.discount_rate=0.07",)})
    assert ["which --set gives too" in str(fault) for fault in caught.value.faults] == [True]


def test_a_grid(folder: Path) -> None:
    """A grid is the cross product of its lists, each job named by its values; what comes after it waits for all."""
    found = toml(
        folder,
        """
        [[job]]
        name = "rates"
        input = "a.xlsx"
        grid = { settings.discount_rate = [0.08, 0.1], "fleet.own.accelerators" = [90, 100, 110] }
        [[job]]
        name = "last"
        input = "b.xlsx"
        after = ["rates"]
        """,
    )
    names = [job.name for job in found.jobs]
    assert names[0] == "rates,discount_rate=0.08,accelerators=90"
    assert len(names) == len(set(names)) == 7
    assert found.jobs[5].overrides == ("settings.discount_rate=0.1", "fleet.own.accelerators=110")
    assert found.jobs[6].after == tuple(names[:6])


def test_every_fault_at_once(folder: Path) -> None:
    """All faults of a job file are told together, each with its job, its column and what to do."""
    found = faults_of(
        folder,
        """
        jobs = 1
        [[job]]
        name = "one"
        input = "absent.xlsx"
        gap = "wide"
        tme_limit = 5
        [[job]]
        input = "a.xlsx"
        [[job]]
        name = "a/b"
        input = "a.xlsx"
        keep_plan_of = "nobody"
        [[job]]
        name = "ONE"
        input = "a.xlsx"
        set = { fleet = [1, 2] }
        """,
    )
    told = "\n".join(found)
    for part in (
        "weekly.toml (jobs)",
        "input · [[job]] 1 'one'): found no file",
        "gap · [[job]] 1 'one'",
        "Did you mean 'time_limit'?",
        "name · [[job]] 2): found nothing",
        "name · [[job]] 3 'a/b'",
        "keep_plan_of · [[job]] 3 'a/b'): found 'nobody'",
        "one without the other",
        "'ONE' more than once",
        "set · [[job]] 4 'ONE'",
    ):
        assert part in told, told


def test_cycles(folder: Path) -> None:
    """Jobs that wait for themselves are a fault that names them all."""
    jobs = "".join(
        f'[[job]]\nname = "{name}"\ninput = "a.xlsx"\nafter = ["{other}"]\n' for name, other in ("xy", "yz", "zx")
    )
    (told,) = faults_of(folder, jobs)
    assert all(f"'{name}'" in told for name in "xyz")
    assert "wait for themselves" in told


@pytest.mark.parametrize(
    ("text", "part"), [("[[job]\n", "line 1"), ("", "no job"), ("[job]\nname = 'x'", "[[job]], in double brackets")]
)
def test_no_job_file(folder: Path, text: str, part: str) -> None:
    """A file that is no TOML, or holds no job, is told so with the place."""
    assert part in faults_of(folder, text)[0]


def test_names_of_a_grid_that_fall_together(folder: Path) -> None:
    """Values that differ only in what no folder can be named are a fault, not one job lost."""
    text = '[[job]]\nname = "x"\ninput = "a.xlsx"\ngrid = { settings.plan_name = ["a/b", "a:b"] }'
    assert "more than once" in faults_of(folder, text)[0]


def job_file(path: Path, rows: list[list[Any]], defaults: dict[str, Any] | None = None) -> Path:
    book = Workbook()
    book.active.title = "Jobs"
    for row in rows:
        book.active.append(row)
    if defaults:
        sheet = book.create_sheet("defaults")
        for row in (("key", "value"), *defaults.items()):
            sheet.append(row)
    book.save(path)
    return path


def test_excel(folder: Path) -> None:
    """A workbook with a sheet jobs says the same in cells: overrides and grids as text, defaults on a sheet."""
    path = job_file(
        folder / "weekly.xlsx",
        [
            ["name", "input", "set", "grid", "after"],
            ["base", "a.xlsx", "settings.months=5; caps.c.providers=x;y", None, None],
            [None, None, None, None, None],
            ["rates", "b.xlsx", None, "settings.discount_rate = 0.08 | 0.1", "base"],
        ],
        {"gap": 0.02, "time_limit": "15m"},
    )
    found = read_jobs([str(path)], {})
    assert [job.name for job in found.jobs] == ["base", "rates,discount_rate=0.08", "rates,discount_rate=0.1"]
    assert found.jobs[0].overrides == ("settings.months=5", "caps.c.providers=x;y")
    assert {(job.gap, job.time_limit) for job in found.jobs} == {(0.02, 900.0)}
    assert found.jobs[1].after == ("base",)


def test_a_job_file_given_as_a_problem_is_told_as_what_it_is(folder: Path) -> None:
    """A workbook with the jobs of a batch has one fault, not one for each sheet of a problem that it lacks."""
    path = job_file(folder / "jobs.xlsx", [["name", "input"], ["one", "a.xlsx"]])
    (fault,) = read(path).faults
    assert fault.found == "the jobs of a batch"
    assert "planner batch" in fault.fix


def test_remarks_and_unknown_columns_of_excel(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """In a sheet of jobs as in any other remarks are not read, unknown columns are warned of, and slips are errors."""
    head = ["name", "input", "note", "Source", "team", "time-limit"]
    path = job_file(folder / "weekly.xlsx", [head, ["base", "a.xlsx", "ask Ann", "mail", "west", "15m"]])
    caplog.set_level(logging.INFO, "planner")
    (job,) = read_jobs([str(path)], {}).jobs
    assert job.time_limit == 900.0
    (told,) = caplog.messages
    assert "E1" in told
    assert "'team'" in told
    path = job_file(folder / "weekly.xlsx", [["name", "input", "sede"], ["base", "a.xlsx", 3]])
    with pytest.raises(FaultyWorkbook) as caught:
        read_jobs([str(path)], {})
    (fault,) = caught.value.faults
    assert (fault.cell, "Did you mean 'seed'?" in fault.fix) == ("C1", True)


def test_faults_of_excel_name_the_cell(folder: Path) -> None:
    """A fault of a job in a workbook names its cell."""
    path = job_file(folder / "weekly.xlsx", [["name", "input", "seed"], ["base", "absent.xlsx", "many"]])
    with pytest.raises(FaultyWorkbook) as caught:
        read_jobs([str(path)], {})
    assert {fault.cell for fault in caught.value.faults} == {"B2", "C2"}


WORDS = st.sampled_from(
    ["", " ", "\x1b[2J", "\u202e", "a.xlsx", "-1", "nan", "1e999", "9" * 400, "50%", "a | b", "x=y", "a;b", "/", ".."]
)
NUMBERS = st.integers() | st.floats() | st.sampled_from([10**19, 10**400, -1, 0])
ANYTHING = st.recursive(
    WORDS | NUMBERS | st.booleans() | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "a.b", "settings"]), inner),
)
FIELDS = st.sampled_from([*COLUMNS, "threds", "\x07"])


def as_toml(value: Any) -> str:
    """A value as TOML writes it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {as_toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(as_toml, value))}]"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return hex(value) if value >= 0 else str(value)
    return value.isoformat() if isinstance(value, dt.date) else json.dumps(value)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(job=st.dictionaries(FIELDS, ANYTHING, max_size=4), defaults=st.dictionaries(FIELDS, ANYTHING, max_size=2))
@example(job={"threads": "9" * 400, "memory_mb": "9" * 400}, defaults={})
def test_any_job_file_gives_jobs_or_faults(folder: Path, job: dict[str, Any], defaults: dict[str, Any]) -> None:
    """Whatever stands in a job file, its jobs are read or its faults listed, and nothing else happens."""
    base = {"name": "x", "input": "a.xlsx"} | job
    lines = [f"{json.dumps(key)} = {as_toml(value)}" for key, value in base.items()]
    shared = [f"{json.dumps(key)} = {as_toml(value)}" for key, value in defaults.items()]
    with contextlib.suppress(FaultyWorkbook):
        found = toml(folder, "\n".join(["[defaults]", *shared, "[[job]]", *lines]))
        assert all(math.isfinite(each.memory_mb or 0.0) for each in found.jobs)
        assert all(solve_arguments(each) for each in found.jobs)


@pytest.mark.parametrize("place", ["threads = {}", "name = {}", "grid = {{ a.b = [{}] }}"])
def test_a_number_that_cannot_even_be_shown_is_refused(folder: Path, place: str) -> None:
    """Whole numbers with thousands of digits are told without their digits."""
    text = f'[[job]]\ninput = "a.xlsx"\n{place.format("0x" + "f" * 5000)}\n'
    assert "more than 18 digits" in faults_of(folder, text)[0]
