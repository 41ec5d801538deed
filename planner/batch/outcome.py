"""What an ended attempt amounts to.

It counts only when its process has ended by itself or as asked, its run.json is whole and says the same as its exit
code, and the plan is the file that run.json speaks of.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from planner.batch.execution.budgets import ProcessResult
from planner.batch.folder import PLAN
from planner.batch.jobs.job import Job
from planner.batch.reporting.estimates import minimised
from planner.errors import ExitCode
from planner.formatting import gap_percent
from planner.results.fingerprints import file_sha256

EXIT_CODES = {
    "optimal": (ExitCode.OK,),
    "stopped": (ExitCode.STOPPED_WITH_PLAN,),
    "infeasible": (ExitCode.INFEASIBLE,),
    "no_plan": (ExitCode.STOPPED_WITHOUT_PLAN, ExitCode.INTERRUPTED, ExitCode.TERMINATED),
    "invalid": (ExitCode.WRONG_INPUT,),
    "rejected": (ExitCode.REJECTED_BY_AUDIT,),
}
OWN_FAULTS = [getattr(signal, name, None) for name in ("SIGSEGV", "SIGABRT", "SIGBUS", "SIGFPE", "SIGILL")]
"""Signals a process brings upon itself; the same work would bring them again."""


@dataclass(frozen=True, slots=True)
class JobOutcome:
    """What an attempt amounts to.

    Parameters
    ----------
    status
        One of `planner.batch.manifest.STATUSES`.
    message
        What went wrong, in a line.
    report
        The job's run.json; {} when there is none to trust.
    has_plan
        Whether the plan that was left counts.
    retryable
        Whether another attempt may end better.
    """

    status: str
    message: str
    report: dict[str, Any] = field(default_factory=dict)
    has_plan: bool = False
    retryable: bool = False


def is_accepted(status: str, job: Job) -> bool:
    """Whether a plan of that status is accepted."""
    return status == "optimal" or (status == "stopped" and job.accept_stopped)


def classify(job: Job, folder: Path, process: ProcessResult, input_sha256: str) -> JobOutcome:
    """What an attempt amounts to.

    Parameters
    ----------
    job
        The job that was attempted.
    folder
        What the attempt left.
    process
        How its process ended.
    input_sha256
        Of the workbook's bytes, which run.json must be of.
    """
    if process.cause == "lost":
        return JobOutcome("failed", "the process that ran it, or its machine, is gone", retryable=True)
    report = _report(folder, process, input_sha256)
    status = str(report.get("status", ""))
    has_plan = status in ("optimal", "stopped")
    if report and not report["interrupted"] and process.cause != "memory":
        return JobOutcome(status, _reason(report), report, has_plan)
    if process.cause == "stop":
        kept = "; the best plan until then is kept" if has_plan else ""
        return JobOutcome("interrupted", f"the batch was stopped or out of time{kept}", report, has_plan)
    if process.cause == "memory" or "MemoryError" in process.output_tail or "bad_alloc" in process.output_tail:
        held = f"{process.peak_mb or 0.0:,.0f} MB"
        limit = "than there is" if job.memory_mb is None else f"than its budget of {job.memory_mb:,.0f} MB"
        return JobOutcome("killed_memory", f"it asked for more memory {limit} (it held {held})")
    if process.cause == "time":
        limit = f"its time budget of {job.budget_seconds:,.0f} s"
        if has_plan:
            return JobOutcome("stopped", f"ended at {limit}; the best plan until then is kept", report, True)
        return JobOutcome("killed_time", f"ended at {limit} without a plan")
    if report:
        return JobOutcome("failed", "a signal from outside cut it short", report, has_plan, retryable=True)
    return _crashed(process)


def _report(folder: Path, process: ProcessResult, input_sha256: str) -> dict[str, Any]:
    """run.json where it is whole, speaks of this input and this plan, and agrees with the exit code; else {}."""
    try:
        report = json.loads((folder / "plan.run.json").read_text(encoding="utf-8"))
        status = report["status"]
        agrees = (
            process.exit_code in EXIT_CODES[status]
            and report["input_sha256"] in (input_sha256, "")
            and isinstance(report["interrupted"], bool)
            and (status not in ("optimal", "stopped") or file_sha256(folder / PLAN) == report["plan_sha256"])
        )
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return dict(report) if agrees else {}


def _crashed(process: ProcessResult) -> JobOutcome:
    code = process.exit_code
    last = next((line for line in reversed(process.output_tail.splitlines()) if line.strip()), "")
    output = f": {last.removeprefix('planner: ')}" if last else ""
    if code is not None and code < 0:
        name = signal.Signals(-code).name if -code in signal.valid_signals() else f"signal {-code}"
        return JobOutcome("failed", f"its process was ended by {name}{output}", retryable=-code not in OWN_FAULTS)
    retryable = code in (ExitCode.CANNOT_WRITE, ExitCode.INTERRUPTED, ExitCode.TERMINATED)
    return JobOutcome("failed", f"its process ended with exit code {code} and no result{output}", retryable=retryable)


def faults_message(faults: Sequence[Mapping[str, Any]]) -> str:
    """The first error among faults as `run.json` has them, and how many more there are, in a line."""
    errors = [each for each in faults if each["severity"] == "error"]
    first = errors[0] if errors else {"sheet": "the workbook", "cell": "", "found": "a fault", "fix": ""}
    place = f"{first['sheet']}!{first['cell']}" if first["cell"] else first["sheet"]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return f"{place}: found {first['found']}. {first['fix']}{more}"


def _reason(report: Mapping[str, Any]) -> str:
    """Why a report is not of an optimal plan, in a line; "" when it is."""
    status = report["status"]
    if status == "invalid":
        return faults_message(report["faults"])
    if status == "infeasible":
        repairs = report.get("repairs") or []
        return "no plan exists" + (f"; {len(repairs)} ways to make one possible are in run.json" if repairs else "")
    gap = minimised(report).gap
    shown = "an unknown gap" if gap is None else f"a gap of {gap_percent(gap)}"
    return {
        "optimal": "",
        "stopped": f"stopped at its time limit with {shown}",
        "no_plan": "stopped at its time limit without a plan",
        "rejected": "the audit rejects the plan; see run.log",
    }[status]
