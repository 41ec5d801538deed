"""Why a job runs, or that its last result is as good as a new one; what a batch would do, job by job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from planner.batch.attempt import PreparedJob, prepare, record_without_run, unreadable_message
from planner.batch.folder import BatchFolder
from planner.batch.jobs.job import Job
from planner.batch.manifest import JobRecord
from planner.batch.outcome import faults_message, is_accepted
from planner.files.outputs import name_of
from planner.formatting import faults_json
from planner.problem_reader import read

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


def waits_for(bad: Sequence[str]) -> str:
    """Why a job does not run that waits for these."""
    named = ", ".join(f"'{name}'" for name in bad)
    return f"it waits for {named}, which is not good"


def _why_new(prepared: PreparedJob, record: JobRecord | None, versions: Mapping[str, str]) -> str:
    if record is None:
        return "new"
    if not is_accepted(record.status, prepared.job):
        return f"{record.status.replace('_', ' ')} last time"
    if why := _why_other(prepared, record):
        return why
    changed = [
        f"{key} {record.versions.get(key, 'unknown')} → {value}"
        for key, value in versions.items()
        if record.versions.get(key) != value
    ]
    return "versions changed: " + ", ".join(changed) if changed else ""


def _why_other(prepared: PreparedJob, record: JobRecord) -> str:
    """Why a record is of another problem or of other options than the job has now; "" where it is of these."""
    job, options = prepared.job, prepared.options
    if record.input_sha256 != prepared.input_sha256:
        return "its workbook has changed"
    if name_of(Path(record.input_path)) != name_of(job.input):  # plans are named by it
        return "its workbook has another name"
    changed = [
        f"{key.replace('_', ' ')} {_shown(record.options.get(key))} → {_shown(value)}"
        for key, value in options.items()
        if record.options.get(key) != value and not (record.status == "optimal" and key in BUDGETS)
    ]
    return "options changed: " + ", ".join(changed) if changed else ""


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return "[" + "; ".join(map(str, value)) + "]"
    if isinstance(value, str) and len(value) == 64:  # a hash
        return value[:8]
    return "none" if value in (None, "") else str(value)


def records_left_out(
    jobs: Sequence[Job], ran: Mapping[str, JobRecord], folder: BatchFolder, versions: Mapping[str, str]
) -> list[JobRecord]:
    """What is told of jobs that a run leaves out (`--only`): nothing of what is stale.

    Parameters
    ----------
    jobs
        Those that are left out.
    ran
        Records of this run so far, by name.
    folder
        The batch's folder, with the records of earlier runs.
    versions
        Of the planner and its libraries, by name.

    Returns
    -------
    list of JobRecord
        One a job, in their order: the last record, `reused` where a run would have reused it, as it was where it had
        not been good; `not_started`, without the figures and the plan of then, where its workbook, its options or
        something else has changed, and where it has not run before.
    """
    by_name = {job.name: job for job in jobs}
    known = dict(ran)
    for name in TopologicalSorter({job.name: job.dependencies for job in jobs}).static_order():
        if name in by_name:
            known[name] = _left_out(by_name[name], folder.record(name), known, folder, versions)
        elif name not in known and (record := folder.record(name)) is not None:
            known[name] = record  # of an earlier run, while it waits for its turn in this one
    return [known[job.name] for job in jobs]


def _left_out(
    job: Job, record: JobRecord | None, known: Mapping[str, JobRecord], folder: BatchFolder, versions: Mapping[str, str]
) -> JobRecord:
    if record is None:
        return record_without_run(job, "not_started", "left out of this run, and never run before")
    why = _why_stale(job, record, known, folder, versions)
    if why is None:
        return record
    if not why:
        return replace(record, good=True, message="", reused=True, input_path=str(job.input))
    kept = f"; the plan of then stays in {record.plan_path}" if folder.has_plan(record) else ""
    return record_without_run(job, "not_started", f"left out of this run: {why}{kept}")


def _why_stale(
    job: Job, record: JobRecord, known: Mapping[str, JobRecord], folder: BatchFolder, versions: Mapping[str, str]
) -> str | None:
    """Why a record is no longer true; "" where a run would reuse it, None where it tells of a failure that stands."""
    if bad := [name for name in job.dependencies if name not in known or not known[name].good]:
        return waits_for(bad)
    try:
        prepared = prepare(job, known, folder)
    except OSError as error:
        return unreadable_message(job, error)
    why = why_run(prepared, record, folder, versions, force=False)
    if why and not is_accepted(record.status, job):
        return _why_other(prepared, record) or None
    return why


@dataclass(frozen=True, slots=True)
class PlannedJob:
    """What becomes of a job, and why.

    `action`: run, reuse, wait (runs if what it builds on comes out otherwise), fail (its problem has faults), skip (it
    waits for one that fails).
    """

    name: str
    action: str
    why: str


def plan(jobs: Sequence[Job], folder: BatchFolder, versions: Mapping[str, str], *, force: bool) -> list[PlannedJob]:
    """What would become of each job.

    Parameters
    ----------
    jobs
        Those of the batch.
    folder
        The batch's folder, with the records of earlier runs.
    versions
        Of the planner and its libraries, by name.
    force
        Whether every job runs.

    Returns
    -------
    list of PlannedJob
        In the order of the jobs.
    """
    by_name = {job.name: job for job in jobs}
    records: dict[str, JobRecord] = {}
    planned: dict[str, PlannedJob] = {}
    for name in TopologicalSorter({job.name: job.dependencies for job in jobs}).static_order():
        job = by_name[name]
        if bad := [each for each in job.dependencies if planned[each].action in ("fail", "skip")]:
            planned[name] = PlannedJob(name, "skip", waits_for(bad))
            continue
        found = _plan_job(job, folder, versions, records, planned, force=force)
        if found.action != "reuse" and (faults := read(job.input, job.overrides).errors):
            found = PlannedJob(name, "fail", faults_message(faults_json(faults)))
        planned[name] = found
    return [planned[job.name] for job in jobs]


def _plan_job(
    job: Job,
    folder: BatchFolder,
    versions: Mapping[str, str],
    records: dict[str, JobRecord],
    planned: Mapping[str, PlannedJob],
    *,
    force: bool,
) -> PlannedJob:
    record = folder.record(job.name)
    unfinished = [name for name in job.dependencies if planned[name].action != "reuse"]
    builds_on = [name for name in (job.keep_plan_of, job.start_plan_of) if name in unfinished]
    if builds_on and record is not None and not force:
        return PlannedJob(job.name, "wait", f"for the plan of {', '.join(builds_on)}; runs if that plan changes")
    if builds_on:
        return PlannedJob(job.name, "run", "forced" if force and record is not None else "new")
    try:
        prepared = prepare(job, records, folder)
    except OSError as error:
        return PlannedJob(job.name, "fail", unreadable_message(job, error))
    why = why_run(prepared, record, folder, versions, force=force)
    if why or record is None:
        return PlannedJob(job.name, "run", why)
    records[job.name] = record
    return PlannedJob(job.name, "reuse", "nothing changed since")
