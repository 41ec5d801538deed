"""What a batch would do, job by job, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter

from planner.batch.attempt import prepare, unreadable_message
from planner.batch.folder import BatchFolder
from planner.batch.jobs.job import Job
from planner.batch.manifest import JobRecord
from planner.batch.reuse import why_run


@dataclass(frozen=True, slots=True)
class PlannedJob:
    """`action`: run, reuse, wait (runs if what it builds on comes out otherwise), fail (cannot even be read)."""

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
        planned[name] = _plan_job(by_name[name], folder, versions, records, planned, force=force)
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
