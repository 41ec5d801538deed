"""What a batch would do, job by job, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter

from planner.batch.attempt import prepare, unreadable
from planner.batch.folder import Store
from planner.batch.jobs.job import Job
from planner.batch.manifest import JobRecord
from planner.batch.reuse import why_run


@dataclass(frozen=True, slots=True)
class Step:
    """`action`: run, reuse, wait (runs if what it builds on comes out otherwise), fail (cannot even be read)."""

    name: str
    action: str
    why: str


def plan(jobs: Sequence[Job], store: Store, versions: Mapping[str, str], *, force: bool) -> list[Step]:
    """A step a job, in the order of the jobs."""
    by_name = {job.name: job for job in jobs}
    records: dict[str, JobRecord] = {}
    steps: dict[str, Step] = {}
    for name in TopologicalSorter({job.name: job.dependencies for job in jobs}).static_order():
        steps[name] = _step(by_name[name], store, versions, records, steps, force=force)
    return [steps[job.name] for job in jobs]


def _step(
    job: Job,
    store: Store,
    versions: Mapping[str, str],
    records: dict[str, JobRecord],
    steps: Mapping[str, Step],
    *,
    force: bool,
) -> Step:
    record = store.record(job.name)
    unsettled = [name for name in job.dependencies if steps[name].action != "reuse"]
    builds_on = [name for name in (job.keep_plan_of, job.start_plan_of) if name in unsettled]
    if builds_on and record is not None and not force:
        return Step(job.name, "wait", f"for the plan of {', '.join(builds_on)}; runs if it comes out otherwise")
    if builds_on:
        return Step(job.name, "run", "forced" if force and record is not None else "new")
    try:
        prepared = prepare(job, records, store)
    except OSError as error:
        return Step(job.name, "fail", unreadable(job, error))
    why = why_run(prepared, record, store, versions, force=force)
    if why or record is None:
        return Step(job.name, "run", why)
    records[job.name] = record
    return Step(job.name, "reuse", "nothing changed since")
