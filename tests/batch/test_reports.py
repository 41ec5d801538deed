"""The reports of a batch together, and its summary workbook."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from batch_records import manifest, record

from planner.batch.manifest import STATUSES
from planner.batch.reporting.status import STATUS_LABELS
from planner.batch.reporting.write import write_reports
from planner.errors import CannotWrite


def rows(path: Path, sheet: str) -> list[dict[str, Any]]:
    header, *values = openpyxl.load_workbook(path)[sheet].iter_rows(values_only=True)
    return [dict(zip(header, each, strict=True)) for each in values]


def test_every_job_is_a_row_with_its_figures_and_a_link_to_its_plan(tmp_path: Path) -> None:
    """The sheet Jobs has one row a job; links are relative, so that the folder may move, and survive odd names."""
    odd = "50% of #1 & more"
    batch = manifest(record(odd), *(record(f"job {status}", status) for status in STATUSES))
    written = write_reports(tmp_path, batch, None, webhook=None)
    assert sorted(each.name for each in written) == ["junit.xml", "metrics.prom", "results.sqlite", "summary.xlsx"]
    found = rows(tmp_path / "reports" / "summary.xlsx", "Jobs")
    assert [each["job"] for each in found] == [each.name for each in batch.records]
    assert all(STATUS_LABELS[each.status] in row["status"] for each, row in zip(batch.records, found, strict=True))
    assert [found[0][key] for key in ("cost_usd", "gap", "saving_usd", "shortfall_bn_tokens", "seconds")] == [
        1000.0,
        0.0005,
        50.0,
        2.5,
        60.0,
    ]
    sheet = openpyxl.load_workbook(tmp_path / "reports" / "summary.xlsx")["Jobs"]
    target = sheet["D2"].hyperlink.target.replace("\\", "/")
    assert target == "../jobs/50%25%20of%20%231%20%26%20more/plan.xlsx"
    failed = next(row for row in found if row["job"] == "job infeasible")
    assert failed["cost_usd"] is None
    assert failed["plan"] is None


def test_the_first_page_says_how_it_stands(tmp_path: Path) -> None:
    """Counts, what needs attention and three charts are on the page."""
    write_reports(tmp_path, manifest(record(), record("east", "infeasible")), None, webhook=None)
    book = openpyxl.load_workbook(tmp_path / "reports" / "summary.xlsx")
    page = book.worksheets[0]
    texts = [str(cell.value) for row in page.iter_rows() for cell in row if cell.value is not None]
    assert "1 of 2 jobs good, 1 failed. There is no previous batch to compare it with." in texts
    assert "What needs attention" in texts
    assert "settings!B2: found 'soon', expected a month" in texts
    assert len(page._charts) == 3


def test_a_job_that_came_to_no_result_is_broken_off_whatever_the_reason(tmp_path: Path) -> None:
    """A plan that could not be written is no crash: the table says `broken off`, as the count does, and why."""
    message = "optimal, but its result could not be kept: no space left"
    write_reports(tmp_path, manifest(record(), record("east", "failed", message=message)), None, webhook=None)
    page = openpyxl.load_workbook(tmp_path / "reports" / "summary.xlsx").worksheets[0]
    found = [[str(cell.value) for cell in row if cell.value is not None] for row in page.iter_rows()]
    assert any(cells[:2] == ["Broken off", "1"] for cells in found)
    assert ["east", "✘ broken off", message] in found
    assert not any("crashed" in cell for cells in found for cell in cells)


def test_differences_have_a_sheet_of_their_own(tmp_path: Path) -> None:
    """Each job's old and new status and cost stand side by side, with what changed and why."""
    after = record(
        options={"gap": 0.01, "set": []}, report={"objective_usd": 1500.0, "bound_usd": 1490.0, "decisions": []}
    )
    write_reports(tmp_path, manifest(after, record("east")), manifest(record(), record("east")), webhook=None)
    west, east = rows(tmp_path / "reports" / "summary.xlsx", "Differences")
    assert west["what_changed"] == "costs more (+50.00%)"
    assert west["why"] == "option gap 0.001 became 0.01"
    assert (west["cost_before_usd"], west["cost_usd"], west["difference_usd"]) == (1000.0, 1500.0, 500.0)
    ends = [west[f"least_cost_difference_at_{end}_usd"] for end in ("least", "most")]
    assert ends == [490.0, 500.5]
    assert east["what_changed"] == "nothing"


def test_a_difference_that_the_gaps_leave_open_is_told_as_such(tmp_path: Path) -> None:
    """A plan 0.2 dearer than one with a gap of 0.5 says nothing of what the problem costs, and that is told."""
    for bound, told in ((999.9, True), (1000.1, False), (None, True)):
        after = record(report={"objective_usd": 1000.2, "bound_usd": bound, "decisions": []})
        write_reports(tmp_path, manifest(after), manifest(record()), webhook=None)
        (row,) = rows(tmp_path / "reports" / "summary.xlsx", "Differences")
        assert ("no more than the gaps of the two plans leave open" in row["what_changed"]) is told, bound
        assert row["difference_usd"] == pytest.approx(0.2)


def test_a_saving_that_is_not_proven_is_a_range_in_every_report(tmp_path: Path) -> None:
    """Workbook, page and metrics tell both ends and no value; a report of before estimates keeps its value."""
    ends = {"at_least": 40.0, "at_most": 60.0, "known_by": "solves"}
    report = {"objective_usd": 1000.0, "bound_usd": None, "saving_usd": None, "estimates": {"saving_usd": ends}}
    write_reports(tmp_path, manifest(record(report=report), record("old")), None, webhook=None)
    new, old = rows(tmp_path / "reports" / "summary.xlsx", "Jobs")
    keys = ("bound_usd", "saving_usd", "saving_at_least_usd", "saving_at_most_usd")
    assert [new[key] for key in keys] == [None, None, 40.0, 60.0]
    assert [old[key] for key in keys] == [999.5, 50.0, 50.0, 50.0]
    page = openpyxl.load_workbook(tmp_path / "reports" / "summary.xlsx").worksheets[0]
    assert "40.0 – 60.0" in {cell.value for row in page.iter_rows() for cell in row}
    metrics = (tmp_path / "reports" / "metrics.prom").read_text()
    assert 'planner_job_saving_usd{batch="weekly",planner_job="west"}' not in metrics
    assert 'planner_job_saving_at_least_usd{batch="weekly",planner_job="west"} 40.0' in metrics
    assert 'planner_job_bound_usd{batch="weekly",planner_job="west"}' not in metrics


def test_an_empty_batch_has_reports_too(tmp_path: Path) -> None:
    """No jobs, or none that ended, is no reason to fail."""
    assert len(write_reports(tmp_path, manifest(finished=None), None, webhook=None)) == 4


def test_a_report_that_cannot_be_written_takes_no_other_with_it(tmp_path: Path) -> None:
    """Where one report's place is taken by a folder, the others are written before it is told."""
    (tmp_path / "reports" / "metrics.prom").mkdir(parents=True)
    with pytest.raises(CannotWrite, match=r"metrics\.prom"):
        write_reports(tmp_path, manifest(record()), None, webhook=None)
    assert sorted(each.name for each in (tmp_path / "reports").iterdir()) == [
        "junit.xml",
        "metrics.prom",
        "summary.xlsx",
    ]


def test_a_webhook_that_fails_is_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reports are written whatever becomes of the message."""
    monkeypatch.setattr(logging.getLogger("planner"), "propagate", True)
    assert len(write_reports(tmp_path, manifest(record()), None, webhook="nowhere")) == 4
    assert "no message was sent" in caplog.text
