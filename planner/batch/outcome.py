"""What an ended attempt amounts to. It counts only when its process has ended by itself or as asked, its run.json is
whole and says the same as its exit code, and the plan is the file that run.json speaks of."""

from __future__ import annotations

import json
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from planner.batch.execution.budgeted_process import Ended
from planner.batch.folder import PLAN
from planner.batch.jobs.job import Job
from planner.errors import ExitCode
from planner.results.fingerprints import file_sha256

CODES = {
    "optimal": (ExitCode.OK,),
    "stopped": (ExitCode.STOPPED_WITH_PLAN,),
    "infeasible": (ExitCode.INFEASIBLE,),
    "no_plan": (ExitCode.STOPPED_WITHOUT_PLAN, ExitCode.INTERRUPTED, ExitCode.TERMINATED),
    "invalid": (ExitCode.WRONG_INPUT,),
    "rejected": (ExitCode.REJECTED_BY_AUDIT,),
}
OWN_FAULTS = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL)
"""Signals a process brings upon itself; the same work would bring them again."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A status, a line on what went wrong, whether the plan counts, and whether another try may go better.

    `report` is run.json, {} when there is none to trust.
    """

    status: str
    message: str
    report: dict[str, Any]
    has_plan: bool = False
    may_pass: bool = False


def good(status: str, job: Job) -> bool:
    """Whether a plan of that status is accepted."""
    return status == "optimal" or (status == "stopped" and job.accept_stopped)


def judge(job: Job, folder: Path, ended: Ended, input_sha256: str) -> Judged:
    """What came of an attempt at a job in a folder."""
    if ended.cause == "lost":
        return Judged("failed", "whoever ran it went away with it", {}, may_pass=True)
    report = _report(folder, ended, input_sha256)
    status = str(report.get("status", ""))
    has_plan = status in ("optimal", "stopped")
    if report and not report["interrupted"] and ended.cause != "memory":
        return Judged(status, _why(report), report, has_plan)
    if ended.cause == "stop":
        kept = "; the best plan until then is kept" if has_plan else ""
        return Judged("interrupted", f"the batch was stopped or out of time{kept}", report, has_plan)
    if ended.cause == "memory" or "MemoryError" in ended.said or "bad_alloc" in ended.said:
        found = f"{ended.peak_mb or 0.0:,.0f} MB"
        limit = "than there are" if job.memory_mb is None else f"than its budget of {job.memory_mb:,.0f} MB"
        return Judged("killed_memory", f"it asked for more memory {limit} (it held {found})", {})
    if ended.cause == "time":
        limit = f"its time budget of {job.budget_seconds:,.0f} s"
        if has_plan:
            return Judged("stopped", f"ended at {limit}; the best plan until then is kept", report, True)
        return Judged("killed_time", f"ended at {limit} without a plan", {})
    if report:
        return Judged("failed", "a signal from outside cut it short", report, has_plan, may_pass=True)
    return _broken_off(ended)


def _report(folder: Path, ended: Ended, input_sha256: str) -> dict[str, Any]:
    """run.json where it is whole, speaks of this input and this plan, and agrees with the exit code; else {}."""
    try:
        report = json.loads((folder / "plan.run.json").read_text(encoding="utf-8"))
        status = report["status"]
        if ended.code not in CODES[status] or report["input_sha256"] not in (input_sha256, ""):
            return {}
        if status in ("optimal", "stopped") and file_sha256(folder / PLAN) != report["plan_sha256"]:
            return {}
        if not isinstance(report["interrupted"], bool):
            return {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return dict(report)


def _broken_off(ended: Ended) -> Judged:
    last = next((line for line in reversed(ended.said.splitlines()) if line.strip()), "")
    told = f": {last.removeprefix('planner: ')}" if last else ""
    if ended.code is not None and ended.code < 0:
        number = -ended.code
        name = signal.Signals(number).name if number in signal.valid_signals() else f"signal {number}"
        return Judged("failed", f"its process was ended by {name}{told}", {}, may_pass=number not in OWN_FAULTS)
    may_pass = ended.code in (ExitCode.CANNOT_WRITE, ExitCode.INTERRUPTED, ExitCode.TERMINATED)
    return Judged("failed", f"its process ended with exit code {ended.code} and no result{told}", {}, may_pass=may_pass)


def _why(report: Mapping[str, Any]) -> str:
    """Why a report is not of an optimal plan, in a line; "" when it is."""
    status = report["status"]
    if status == "invalid":
        faults = [each for each in report["faults"] if each["severity"] == "error"]
        first = faults[0] if faults else {"sheet": "the workbook", "cell": "", "found": "a fault", "fix": ""}
        place = f"{first['sheet']}!{first['cell']}" if first["cell"] else first["sheet"]
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        return f"{place}: found {first['found']}. {first['fix']}{more}"
    if status == "infeasible":
        repairs = report.get("repairs") or []
        return (
            f"no plan exists; {len(repairs)} ways to make one possible are in run.json" if repairs else "no plan exists"
        )
    gap = report.get("gap")
    shown = "an unknown gap" if gap is None else f"a gap of {gap:.3%}"
    return {
        "optimal": "",
        "stopped": f"stopped at its time limit with {shown}",
        "no_plan": "stopped at its time limit without a plan",
        "rejected": "the audit rejects the plan; see run.log",
    }[status]
