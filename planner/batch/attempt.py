"""One try at a job: its files laid out, `planner solve` run on them, the outcome judged and made a record."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from planner.batch.events import now
from planner.batch.execution import budgeted_process as process
from planner.batch.execution.budgeted_process import Attempt, Ended
from planner.batch.execution.engine import Engine
from planner.batch.folder import PLAN, Store, lay_out
from planner.batch.jobs.job import Job
from planner.batch.manifest import JobRecord
from planner.batch.outcome import Judged, good, judge
from planner.errors import CannotWrite, why_not

PLANS = {"keep_plan_of": "keep.xlsx", "start_plan_of": "start.xlsx"}


@dataclass(frozen=True, slots=True)
class Prepared:
    """A job whose turn has come: the files it needs, by path in its folder, and what its result depends on."""

    job: Job
    files: Mapping[str, bytes]
    input_sha256: str
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Tried:
    """How one try at a job went; `folder` holds what it made, None when there was not even that."""

    prepared: Prepared
    folder: Path | None
    started: str
    ended: Ended
    judged: Judged


def prepare(job: Job, records: Mapping[str, JobRecord], store: Store) -> Prepared:
    """Reads what a job needs: its workbook, and plans of the jobs before it, of which `records` tells.

    Raises:
        OSError: the workbook, or such a plan, cannot be read.
    """
    content = job.input.read_bytes()
    files = {f"input/{job.input.name}": content}
    options = job.options()
    for column, file in PLANS.items():
        if name := getattr(job, column):
            files[file] = (store.folder / records[name].plan_path).read_bytes()
            options[f"{column.removesuffix('_of')}_sha256"] = records[name].output_sha256
    return Prepared(job, files, hashlib.sha256(content).hexdigest(), options)


def words(job: Job) -> tuple[str, ...]:
    """The command line of a job in its folder."""
    found = ["solve", f"input/{job.input.name}", "-o", PLAN, "--quiet"]
    found += ["--gap", repr(job.gap), "--time-limit", repr(job.time_limit)]
    found += ["--threads", str(job.threads), "--seed", str(job.seed)]
    for each in job.overrides:
        found += ["--set", each]
    if job.alternatives:
        found += ["--alternatives", str(job.alternatives), "--within", repr(job.within)]
    if job.keep_plan_of:
        found += ["--keep", PLANS["keep_plan_of"], "--change-cost", repr(job.change_cost)]
    if job.start_plan_of:
        found += ["--start", PLANS["start_plan_of"]]
    return tuple(found)


def attempt(
    job: Job, records: Mapping[str, JobRecord], store: Store, engine: Engine, stopping: Callable[[], bool]
) -> Tried:
    """Tries a job once. What goes wrong with it is part of what is returned."""
    started, folder = now(), None
    prepared, ended = Prepared(job, {}, "", job.options()), Ended(None, "", 0.0, None, "")
    try:
        prepared = prepare(job, records, store)
    except OSError as error:
        return Tried(prepared, folder, started, ended, Judged("invalid", unreadable(job, error), {}))
    try:
        folder = store.attempt_folder()
        lay_out(folder, prepared.files)
        work = Attempt(words(job), job.budget_seconds, job.memory_mb, process.GRACE_SECONDS)
        ended = engine.run(folder, work, stopping)
        judged = judge(job, folder, ended, prepared.input_sha256)
    except OSError as error:
        judged = Judged("failed", str(CannotWrite(folder or store.attempts, why_not(error))), {}, may_pass=True)
    return Tried(prepared, folder, started, ended, judged)


def unreadable(job: Job, error: OSError) -> str:
    """Why a job's workbook, or a plan it builds on, cannot be read."""
    return f"{error.filename or job.input} cannot be read: {error.strerror or error}"


def record_of(tried: Tried, attempts: int, seconds: float, first_started: str) -> JobRecord:
    """The record of a job whose last try this was; `seconds` of all its tries."""
    job, judged, report = tried.prepared.job, tried.judged, tried.judged.report
    accepted = good(judged.status, job)
    return JobRecord(
        name=job.name,
        input_path=str(job.input),
        status=judged.status,
        good=accepted,
        exit_code=None if tried.ended.code is None else int(tried.ended.code),
        attempts=attempts,
        started=first_started,
        finished=now(),
        seconds=round(seconds, 3),
        peak_mb=None if tried.ended.peak_mb is None else round(tried.ended.peak_mb, 1),
        input_sha256=tried.prepared.input_sha256,
        data_sha256=str(report.get("data_sha256", "")),
        output_sha256=str(report.get("output_sha256", "")) if judged.has_plan else "",
        options=dict(tried.prepared.options),
        versions={"planner": str(report.get("planner_version", "")), **report.get("versions", {})} if report else {},
        plan_path=f"jobs/{job.name}/{PLAN}" if judged.has_plan else "",
        report=report,
        message="" if accepted else judged.message,
        reused=False,
    )


def record_without(job: Job, status: str, message: str = "") -> JobRecord:
    """The record of a job that did not run."""
    return JobRecord(
        name=job.name,
        input_path=str(job.input),
        status=status,
        good=False,
        exit_code=None,
        attempts=0,
        started=None,
        finished=None,
        seconds=0.0,
        peak_mb=None,
        input_sha256="",
        data_sha256="",
        output_sha256="",
        options=job.options(),
        versions={},
        plan_path="",
        report={},
        message=message,
        reused=False,
    )
