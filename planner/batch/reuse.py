"""Why a job runs, or that its last result is as good as a new one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from planner.batch.jobs import Job
from planner.batch.judge import good
from planner.batch.manifest import JobRecord

BUDGETS = ("time_budget", "memory_mb")
"""Options that an optimal plan was not touched by."""


def why_run(
    job: Job, record: JobRecord | None, input_sha256: str, options: Mapping[str, Any], versions: Mapping[str, str]
) -> str:
    """Why the record does not stand for a new run, in a clause; "" when it does, if the plan is still there."""
    if record is None:
        return "new"
    if not good(record.status, job):
        return f"{record.status.replace('_', ' ')} last time"
    if record.input_sha256 != input_sha256:
        return "its workbook has changed"
    if Path(record.input_path).stem != job.input.stem:  # plans are named by it
        return "its workbook has another name"
    changed = [
        f"{key.replace('_', ' ')} {_shown(record.options.get(key))} → {_shown(value)}"
        for key, value in options.items()
        if record.options.get(key) != value and not (record.status == "optimal" and key in BUDGETS)
    ]
    if changed:
        return "options changed: " + ", ".join(changed)
    changed = [
        f"{key} {record.versions.get(key, 'unknown')} → {value}"
        for key, value in versions.items()
        if record.versions.get(key) != value
    ]
    return "versions changed: " + ", ".join(changed) if changed else ""


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return "[" + "; ".join(map(str, value)) + "]"
    if isinstance(value, str) and len(value) == 64:  # a hash
        return value[:8]
    return "none" if value in (None, "") else str(value)
