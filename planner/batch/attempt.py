"""One attempt at a job: its files written, `planner solve` run on them, the outcome classified and made a record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from planner.batch.events import now
from planner.batch.execution import budgets
from planner.batch.execution.budgets import BudgetedCommand, ProcessResult
from planner.batch.execution.engine import Engine
from planner.batch.folder import PLAN, BatchFolder, write_files
from planner.batch.jobs.job import Job
from planner.batch.manifest import JobRecord
from planner.batch.outcome import JobOutcome, classify, is_accepted
from planner.errors import CannotWrite, os_error_reason
from planner.problem_reader import file_name_of, input_files

PLAN_FILES = {"keep_plan_of": "keep.xlsx", "start_plan_of": "start.xlsx"}


@dataclass(frozen=True, slots=True)
class PreparedJob:
    """A job whose turn has come: the files it needs, by path in its folder, and what its result depends on."""

    job: Job
    files: Mapping[str, bytes]
    input_sha256: str
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """How one attempt at a job went; `folder` holds what it made, None when there was not even that."""

    prepared: PreparedJob
    folder: Path | None
    started: str
    process: ProcessResult
    outcome: JobOutcome


def prepare(job: Job, records: Mapping[str, JobRecord], folder: BatchFolder) -> PreparedJob:
    """Reads what a job needs: its workbook, and the plans it builds on.

    Parameters
    ----------
    job
        The job whose turn has come.
    records
        Of the jobs before it, by name.
    folder
        The batch's folder, in which their plans are.

    Raises
    ------
    OSError
        The workbook, or such a plan, cannot be read.
    """
    source = input_files(job.input)
    files = {f"input/{name}": content for name, content in source.files.items()}
    options = job.options()
    for column, file in PLAN_FILES.items():
        if name := getattr(job, column):
            files[file] = (folder.path / records[name].plan_path).read_bytes()
            options[f"{column.removesuffix('_of')}_sha256"] = records[name].output_sha256
    return PreparedJob(job, files, source.sha256, options)


def solve_arguments(job: Job) -> tuple[str, ...]:
    """The command line of a job in its folder, without `planner solve`."""
    arguments = [f"input/{file_name_of(job.input)}", "-o", PLAN, "--quiet"]
    arguments += ["--gap", repr(job.gap), "--time-limit", repr(job.time_limit)]
    arguments += ["--threads", str(job.threads), "--seed", str(job.seed)]
    for each in job.overrides:
        arguments += ["--set", each]
    if job.alternatives:
        arguments += ["--alternatives", str(job.alternatives), "--within", repr(job.within)]
    if job.stress:
        arguments += ["--stress", str(job.stress)]
    if job.keep_plan_of:
        arguments += ["--keep", PLAN_FILES["keep_plan_of"], "--change-cost", repr(job.change_cost)]
    if job.start_plan_of:
        arguments += ["--start", PLAN_FILES["start_plan_of"]]
    return tuple(arguments)


def run_attempt(
    job: Job, records: Mapping[str, JobRecord], batch_folder: BatchFolder, engine: Engine, stopping: Callable[[], bool]
) -> AttemptResult:
    """Attempts a job once.

    Parameters
    ----------
    job
        The job whose turn has come.
    records
        Of the jobs before it, by name.
    batch_folder
        The batch's folder, in which the attempt gets a folder of its own.
    engine
        Where it runs.
    stopping
        Whether the batch is to stop; asked again and again from the thread of this call.

    Returns
    -------
    AttemptResult
        What goes wrong with the job is part of it.
    """
    started, folder, process = now(), None, ProcessResult()
    try:
        prepared = prepare(job, records, batch_folder)
    except OSError as error:
        return unprepared(job, JobOutcome("invalid", unreadable_message(job, error)))
    try:
        folder = batch_folder.new_attempt()
        write_files(folder, prepared.files)
        grace_seconds = budgets.GRACE_SECONDS
        command = BudgetedCommand(solve_arguments(job), job.budget_seconds, job.memory_mb, grace_seconds)
        process = engine.run(folder, command, stopping)
        outcome = classify(job, folder, process, prepared.input_sha256)
    except OSError as error:
        message = str(CannotWrite(folder or batch_folder.attempts, os_error_reason(error)))
        outcome = JobOutcome("failed", message, retryable=True)
    return AttemptResult(prepared, folder, started, process, outcome)


def unprepared(job: Job, outcome: JobOutcome) -> AttemptResult:
    """An attempt that came to its outcome before anything was run."""
    return AttemptResult(PreparedJob(job, {}, "", job.options()), None, now(), ProcessResult(), outcome)


def unreadable_message(job: Job, error: OSError) -> str:
    """Why a job's workbook, or a plan it builds on, cannot be read."""
    return f"{error.filename or job.input} cannot be read: {error.strerror or error}"


def record_of(result: AttemptResult, attempts: int, seconds: float, first_started: str) -> JobRecord:
    """The record of a job whose last attempt this was.

    Parameters
    ----------
    result
        Of the last attempt.
    attempts, seconds
        How many there were, and their wall time together.
    first_started
        When the first of them began, UTC in ISO 8601.
    """
    job, outcome, report, process = result.prepared.job, result.outcome, result.outcome.report, result.process
    accepted = is_accepted(outcome.status, job)
    return replace(
        record_without_run(job, outcome.status, "" if accepted else outcome.message),
        good=accepted,
        exit_code=process.exit_code,
        attempts=attempts,
        started=first_started,
        finished=now(),
        seconds=round(seconds, 3),
        peak_mb=None if process.peak_mb is None else round(process.peak_mb, 1),
        input_sha256=result.prepared.input_sha256,
        data_sha256=str(report.get("data_sha256", "")),
        output_sha256=str(report.get("output_sha256", "")) if outcome.has_plan else "",
        options=dict(result.prepared.options),
        versions={"planner": str(report.get("planner_version", "")), **report.get("versions", {})} if report else {},
        plan_path=f"jobs/{job.name}/{PLAN}" if outcome.has_plan else "",
        report=report,
    )


def record_without_run(job: Job, status: str, message: str = "") -> JobRecord:
    """The record of a job that did not run."""
    return JobRecord(job.name, str(job.input), status, options=job.options(), message=message)
