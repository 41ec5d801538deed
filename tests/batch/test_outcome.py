"""What an ended attempt amounts to: only what is whole, agrees with itself and ended by itself is a result."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from planner.batch.execution.budgets import ProcessResult
from planner.batch.jobs.job import Job
from planner.batch.outcome import classify, is_accepted

JOB = Job("j", Path("j.xlsx"), memory_mb=500.0, time_budget=9.0)
INPUT = "f" * 64


def left(folder: Path, status: str = "optimal", *, plan: bytes = b"plan", **changes: Any) -> Path:
    """The files of an attempt that ended as it should, but for changes to its report."""
    (folder / "plan.xlsx").write_bytes(plan)
    report = {
        "status": status,
        "interrupted": False,
        "input_sha256": INPUT,
        "plan_sha256": hashlib.sha256(b"plan").hexdigest(),
        "objective_usd": 100.0,
        "bound_usd": 98.0,
        "faults": [{"severity": "error", "sheet": "fleet", "cell": "B2", "found": "x", "fix": "Mend it."}],
    }
    (folder / "plan.run.json").write_text(json.dumps(report | changes), encoding="utf-8")
    return folder


def ended(code: int | None, cause: Any = "", output: str = "") -> ProcessResult:
    return ProcessResult(code, cause, 1.0, 100.0, output)


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        ("optimal", 0, ""),
        ("stopped", 4, "time limit with a gap of 2 %"),
        ("infeasible", 3, "no plan exists"),
        ("no_plan", 5, "without a plan"),
        ("invalid", 2, "fleet!B2: found x. Mend it."),
        ("rejected", 6, "audit"),
    ],
)
def test_results(tmp_path: Path, status: str, code: int, message: str) -> None:
    """A whole report whose exit code agrees is the result, and another try would bring the same."""
    outcome = classify(JOB, left(tmp_path, status), ended(code), INPUT)
    assert outcome.status == status
    assert message in outcome.message
    assert outcome.has_plan == (status in ("optimal", "stopped"))
    assert not outcome.retryable


def test_the_gap_told_is_that_of_what_was_minimised(tmp_path: Path) -> None:
    """With a plan to keep that is cost and charge together, rounded up; the bound is of plans free to depart."""
    kept = {"minimised_usd": 120.0, "minimised_bound_usd": 120.0 * (1.0 - 0.02014)}
    outcome = classify(JOB, left(tmp_path, "stopped", bound_usd=60.0, kept=kept), ended(4), INPUT)
    assert outcome.message == "stopped at its time limit with a gap of 2.02 %"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder: left(folder, plan=b"half a pl"),
        lambda folder: (folder / "plan.xlsx").unlink(),
        lambda folder: (folder / "plan.run.json").write_text('{"status": "opt'),
        lambda folder: (folder / "plan.run.json").unlink(),
        lambda folder: left(folder, input_sha256="e" * 64),
        lambda folder: left(folder, "infeasible"),
        lambda folder: left(folder, "fine"),
    ],
)
def test_what_does_not_fit_together(tmp_path: Path, spoil: Any) -> None:
    """A report that is not whole, or does not fit exit code, input or plan, is no result."""
    spoil(left(tmp_path))
    outcome = classify(JOB, tmp_path, ended(0), INPUT)
    assert (outcome.status, outcome.has_plan, outcome.report) == ("failed", False, {})


@pytest.mark.parametrize(
    ("code", "retryable"), [(-9, True), (-15, True), (143, True), (7, True), (-11, False), (-6, False), (1, False)]
)
def test_broken_off(tmp_path: Path, code: int, retryable: bool) -> None:
    """A process that broke off is no result, even beside a whole report; only what may pass is worth another try."""
    outcome = classify(JOB, left(tmp_path), ended(code, output="planner: it hurts\n"), INPUT)
    assert (outcome.status, outcome.retryable) == ("failed", retryable)
    assert "it hurts" in outcome.message


@pytest.mark.parametrize(
    ("cause", "interrupted", "code", "status"),
    [
        ("time", True, 4, "stopped"),
        ("time", False, 4, "stopped"),
        ("stop", True, 4, "interrupted"),
        ("", True, 4, "failed"),
        ("memory", False, 4, "killed_memory"),
        ("lost", False, None, "failed"),
    ],
)
def test_ended_from_here(tmp_path: Path, cause: str, interrupted: bool, code: int | None, status: str) -> None:
    """What was ended from here is called by its cause; what ended by itself just before counts as it is."""
    outcome = classify(JOB, left(tmp_path, "stopped", interrupted=interrupted), ended(code, cause), INPUT)
    assert outcome.status == status
    assert outcome.retryable == (status == "failed")


def test_killed_without_a_plan(tmp_path: Path) -> None:
    """Killed at its time budget without a plan, or out of memory by its own account, a job is called so."""
    assert classify(JOB, tmp_path, ended(-9, "time"), INPUT).status == "killed_time"
    outcome = classify(JOB, tmp_path, ended(1, output="MemoryError"), INPUT)
    assert outcome.status == "killed_memory"
    assert "500 MB" in outcome.message


def test_good() -> None:
    """Optimal is good, stopped where it is accepted, nothing else ever."""
    accepting = Job("j", Path("j.xlsx"), accept_stopped=True)
    assert is_accepted("optimal", JOB)
    assert is_accepted("stopped", accepting)
    assert not any(is_accepted(each, accepting) for each in ("infeasible", "interrupted", "failed", "killed_time"))
    assert not is_accepted("stopped", JOB)
