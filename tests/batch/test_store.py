"""`results.sqlite`: the plans of a batch as SQL and pandas read them."""

from __future__ import annotations

import re
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from batch_records import manifest, record, solved
from commandline import decision
from sheets import workbook

from planner.batch.manifest import JobRecord
from planner.batch.reporting.store import write_batch_store
from planner.errors import CannotWrite
from planner.reports import plan_store as module
from planner.reports.plan_store import COLUMNS

ODD = "x'); DROP TABLE jobs; -- \"q"


def _query(folder: Path, words: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(folder / "results.sqlite")) as store:
        return store.execute(words).fetchall()


def _written(folder: Path, *records: JobRecord) -> None:
    write_batch_store(folder / "results.sqlite", folder, manifest(*records))


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[JobRecord]]:
    """A folder with the plans of two jobs, one with scenarios."""
    folder = tmp_path_factory.mktemp("batch")
    scenarios = {
        "scenarios": [{"scenario": "calm", "probability": 0.5}, {"scenario": "rush", "probability": 0.5}],
        "scenario_factors": [{"scenario": "rush", "quantity": "demand", "name": "*", "value": 1.5}],
    }
    plain = solved(folder, "plain", workbook(folder / "plain.xlsx", decision()))
    uncertain = solved(folder, "uncertain", workbook(folder / "uncertain.xlsx", decision(**scenarios)))
    return folder, [plain, uncertain]


def test_every_tidy_sheet_is_a_table_with_a_column_for_the_job(plans: tuple[Path, list[JobRecord]]) -> None:
    """Cell by cell the table `spend` has what the sheets `Spend` have, months as texts, for both kinds of plans."""
    folder, records = plans
    _written(folder, *records)
    for each in records:
        header, *rows = openpyxl.load_workbook(folder / each.plan_path)["Spend"].iter_rows(values_only=True)
        names = ", ".join(f'"{name}"' for name in header)
        found = _query(folder, f"SELECT {names} FROM spend WHERE job = '{each.name}'")
        assert found == [tuple(f"{cell:%Y-%m}" if hasattr(cell, "month") else cell for cell in row) for row in rows]
        assert rows
    scenarios = _query(folder, "SELECT job, scenario FROM scenarios")
    assert scenarios == [("uncertain", "calm"), ("uncertain", "rush")]


def test_the_query_of_the_page_runs(plans: tuple[Path, list[JobRecord]]) -> None:
    """What the page on batches asks of `results.sqlite` is answered for every job, in the cash of its plan."""
    folder, records = plans
    _written(folder, *records)
    page = (Path(__file__).parents[2] / "planner/pages/batch.md").read_text(encoding="utf-8")
    (query,) = re.findall(r"`(SELECT [^`]*)`", page)
    found = dict(_query(folder, query))
    assert set(found) == {"plain", "uncertain"}
    whole = dict(_query(folder, "SELECT job, SUM(cash_usd) FROM spend WHERE job = 'plain'"))
    assert found["plain"] == pytest.approx(whole["plain"])  # its year ends before 2027-01


def test_alternatives_are_plans_of_their_own(tmp_path: Path) -> None:
    """Each alternative of a job has its rows in every table, under the job's name and its number."""
    plan = solved(tmp_path, "one", workbook(tmp_path / "one.xlsx", decision()))
    path = tmp_path / plan.plan_path
    shutil.copy(path, path.with_name(f"{path.stem}.alternative-1.xlsx"))
    _written(tmp_path, replace(plan, report={**plan.report, "alternatives": [{"cost_usd": 7.0}, {"cost_usd": 9.0}]}))
    assert _query(tmp_path, "SELECT job, status FROM jobs") == [("one", "optimal"), ("one, alternative 1", "stopped")]
    rows = _query(tmp_path, "SELECT job, COUNT(*) FROM spend GROUP BY job")
    assert [job for job, _ in rows] == ["one", "one, alternative 1"]
    assert len({count for _, count in rows}) == 1


def test_jobs_have_a_row_each_with_a_plan_or_without(tmp_path: Path) -> None:
    """The table `jobs` has status, cost and bound; a name that looks like SQL is a name."""
    _written(tmp_path, record(ODD, plan_path=""), record("east", "infeasible", plan_path=""))
    assert _query(tmp_path, "SELECT job, status FROM jobs") == [(ODD, "optimal"), ("east", "infeasible")]
    assert [row[1] for row in _query(tmp_path, "PRAGMA table_info(jobs)")] == list(COLUMNS)


def test_a_path_that_is_no_text_is_stored_escaped(tmp_path: Path) -> None:
    """The path of a workbook whose name is not UTF-8 is stored with an escape; the store is written."""
    _written(tmp_path, record(status="invalid", input_path="/plans/b\udcff.xlsx"))
    assert _query(tmp_path, "SELECT input FROM jobs") == [("/plans/b\\udcff.xlsx",)]


def test_only_plans_that_changed_are_read_again(
    plans: tuple[Path, list[JobRecord]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second writing reads the changed plan alone, and what is no longer in the batch goes."""
    folder, (plain, uncertain) = plans
    _written(folder, plain, uncertain)
    read, add = [], module._add_plan
    monkeypatch.setattr(module, "_add_plan", lambda store, job, path: (read.append(job), add(store, job, path)))
    before = _query(folder, "SELECT * FROM capacity WHERE job = 'plain'")
    changed = replace(uncertain, report={**uncertain.report, "plan_sha256": "0" * 64})
    _written(folder, plain, changed)
    assert read == ["uncertain"]
    assert _query(folder, "SELECT * FROM capacity WHERE job = 'plain'") == before
    _written(folder, plain)
    assert read == ["uncertain"]
    assert _query(folder, "SELECT DISTINCT job FROM capacity") == [("plain",)]


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + b"\xff" * 500])
def test_a_damaged_store_is_made_anew(plans: tuple[Path, list[JobRecord]], content: bytes) -> None:
    """Whatever lies at its place that is no store of ours, the store is whole afterwards."""
    folder, records = plans
    (folder / "results.sqlite").write_bytes(content)
    _written(folder, *records)
    assert len(_query(folder, "SELECT * FROM jobs")) == 2
    assert _query(folder, "SELECT * FROM decisions")


def test_a_missing_folder_for_temporary_files_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the store cannot be made there, that folder is told, and how to have another."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    with pytest.raises(CannotWrite, match=r"made in .*missing, and TMPDIR names another folder"):
        _written(tmp_path)


def test_a_plan_that_cannot_be_read_is_told_and_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The others are in the store, and a warning names the job."""
    (tmp_path / "plan.xlsx").write_text("no workbook")
    with caplog.at_level("WARNING", "planner"):
        _written(tmp_path, record("broken", plan_path="plan.xlsx"))
    assert "broken" in caplog.text
    assert _query(tmp_path, "SELECT job FROM jobs") == [("broken",)]
