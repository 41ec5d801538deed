"""Why a job runs, or that its last result is as good as a new one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from planner.batch.attempt import PreparedJob
from planner.batch.folder import BatchFolder
from planner.batch.manifest import JobRecord
from planner.batch.outcome import is_accepted
from planner.outputs import name_of

BUDGETS = ("time_budget", "memory_mb")
"""Options that an optimal plan was not touched by."""


def why_run(
    prepared: PreparedJob, record: JobRecord | None, folder: BatchFolder, versions: Mapping[str, str], *, force: bool
) -> str:
    """Why a job runs.

    Parameters
    ----------
    prepared
        The job with its input and options.
    record
        Of its last run; None without one.
    folder
        The batch's folder, in which its last plan is.
    versions
        Of the planner and its libraries, by name.
    force
        Whether every job runs.

    Returns
    -------
    str
        A clause; "" when what is recorded of the job stands for a new run.
    """
    why = _why_new(prepared, record, versions)
    if record is not None and not why and not folder.has_plan(record):
        why = "its plan is gone or was changed"
    return why or ("forced" if force else "")


def _why_new(prepared: PreparedJob, record: JobRecord | None, versions: Mapping[str, str]) -> str:
    job, options = prepared.job, prepared.options
    if record is None:
        return "new"
    if not is_accepted(record.status, job):
        return f"{record.status.replace('_', ' ')} last time"
    if record.input_sha256 != prepared.input_sha256:
        return "its workbook has changed"
    if name_of(Path(record.input_path)) != name_of(job.input):  # plans are named by it
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
