"""Takes a batch from its jobs to their records: what can be reused is, the rest runs as its turn comes.

All decisions and all writing happen in one thread, the one that calls `BatchScheduler.run`; the threads beside it only
wait, each for one attempt. Times are measured on a clock that never jumps.
"""

from __future__ import annotations

import logging
import queue
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from planner.batch.attempt import (
    AttemptResult,
    prepare,
    record_of,
    record_without_run,
    run_attempt,
    unprepared,
    unreadable_message,
)
from planner.batch.events import Events, now
from planner.batch.execution.engine import Engine
from planner.batch.folder import BatchFolder
from planner.batch.jobs.job import Job
from planner.batch.manifest import JobRecord, Manifest, write_manifest
from planner.batch.outcome import JobOutcome
from planner.batch.reuse import records_left_out, waits_for, why_run
from planner.errors import CannotWrite
from planner.formatting import money
from planner.interrupt import Stop
from planner.solving.progress import LiveText

log = logging.getLogger("planner")

POLL_SECONDS = 0.2
MAX_THREADS = 256
"""Attempts under way at most, each with a thread that waits for it; threads begin as they are needed."""
MANIFEST_SECONDS, MANIFEST_SHARE = 2.0, 0.05
"""While jobs end the manifest is written anew this often, but takes no more than this share of the time."""
MAX_LOST_ATTEMPTS = 5
"""A job lost with whoever ran it is tried so often again, beside its retries: it was not its fault."""


@dataclass(frozen=True, slots=True)
class BatchRules:
    """How jobs are run.

    Parameters
    ----------
    versions
        Of the planner and its libraries, by name; a record made with others is not reused.
    budget_seconds
        For the whole batch; None for no limit.
    retries
        Of a job, after a failure that may pass.
    force
        Reuse nothing.
    retry_seconds
        Before the first retry; doubled for each further one.
    """

    versions: Mapping[str, str]
    budget_seconds: float | None = None
    retries: int = 2
    force: bool = False
    retry_seconds: float = 1.0


@dataclass(slots=True)
class _ActiveJob:
    """A job under way or waiting for its turn: when it may be attempted next, and its attempts so far."""

    job: Job
    not_before: float = 0.0
    attempts: int = 0
    lost: int = 0
    seconds: float = 0.0
    started: str = ""


@dataclass(slots=True)
class BatchScheduler:
    """One run of a batch.

    Parameters
    ----------
    batch
        Its name.
    jobs
        Those to run or to reuse, in the order in which they start.
    folder
        Where their results are kept; locked.
    engine
        Where they run.
    rules
        How they are run.
    stop
        Whether somebody asked the batch to stop.
    events
        Where what happens is written down.
    check_lock
        Raises Locked when another machine has taken the folder over.
    left_out
        Jobs of the batch that this run leaves alone.
    live
        Where progress is shown.
    source
        Where the jobs come from, relative to the folder.
    """

    batch: str
    jobs: Sequence[Job]
    folder: BatchFolder
    engine: Engine
    rules: BatchRules
    stop: Stop
    events: Events
    check_lock: Callable[[], None]
    left_out: Sequence[Job] = ()
    live: LiveText | None = None
    source: str = ""
    started: str = field(default_factory=now)
    records: dict[str, JobRecord] = field(default_factory=dict)
    _waiting: dict[str, Job] = field(default_factory=dict)
    _ready: dict[str, _ActiveJob] = field(default_factory=dict)
    _running: dict[str, _ActiveJob] = field(default_factory=dict)
    _results: queue.SimpleQueue[AttemptResult] = field(default_factory=queue.SimpleQueue)
    _others: Sequence[JobRecord] = ()
    _began: float = field(default_factory=time.monotonic)
    _aborted: bool = False
    _next_manifest_at: float = 0.0

    def run(self) -> Manifest:
        """Runs until every job has a record, or the batch is stopped.

        Raises
        ------
        CannotWrite
            The batch's own files cannot be written any more; what is done is done.
        Locked
            Another machine has taken the folder over.
        Interrupted
            Ctrl-C twice.
        """
        self._waiting = {job.name: job for job in self.jobs}
        self._look_at_left_out()
        self._write_manifest(None)
        pool = ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="attempts")
        try:
            while self._waiting or self._ready or self._running:
                self._release_jobs()
                self._start_ready(pool)
                self._show()
                self._collect_attempt(pool)
        except BaseException:
            self._aborted = True
            self.engine.close()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
        self._look_at_left_out()  # again, for they may build on what has run
        return self._write_manifest(None if self.stop.requested else now())

    def _look_at_left_out(self) -> None:
        self._others = records_left_out(self.left_out, self.records, self.folder, self.rules.versions)

    def _show(self) -> None:
        """Shows how far the batch is and what runs."""
        if self.live is not None:
            seconds = time.monotonic() - self._began
            running = f", running: {', '.join(self._running)}" if self._running else ""
            self.live.show(f"{len(self.records)} of {len(self.jobs)} jobs done, {seconds:.0f} s{running}")

    @property
    def out_of_time(self) -> bool:
        """Whether the time of the whole batch is over."""
        budget = self.rules.budget_seconds
        return budget is not None and time.monotonic() - self._began > budget

    def _stopping(self) -> bool:
        return self._aborted or self.stop.requested or self.out_of_time

    def _release_jobs(self) -> None:
        """Finishes every job whose turn has come and that need not run, and makes the others ready."""
        progress = True
        while progress:  # a job that is finished may release others
            progress = False
            for job in list(self._waiting.values()):
                if self._stopping():
                    self._finish_job(record_without_run(job, "not_started", self._reason_not_started()))
                elif all(name in self.records for name in job.dependencies):
                    progress = True
                    self._release_job(job)
        if self._stopping():
            for each in list(self._ready.values()):
                self._finish_job(record_without_run(each.job, "not_started", self._reason_not_started()))

    def _reason_not_started(self) -> str:
        return "the batch was stopped" if self.stop.requested else "the time of the batch was over"

    def _release_job(self, job: Job) -> None:
        if bad := [name for name in job.dependencies if not self.records[name].good]:
            self._finish_job(record_without_run(job, "skipped_dependency", waits_for(bad)))
            return
        try:
            prepared = prepare(job, self.records, self.folder)
        except OSError as error:
            self._finish_job(record_without_run(job, "invalid", unreadable_message(job, error)))
            return
        record = self.folder.record(job.name)
        why = why_run(prepared, record, self.folder, self.rules.versions, force=self.rules.force)
        if record is not None and not why:
            self._finish_job(replace(record, good=True, message="", reused=True, input_path=str(job.input)))
            return
        del self._waiting[job.name]
        self._ready[job.name] = _ActiveJob(job)
        self.events.write("job_ready", job=job.name, why=why)

    def _start_ready(self, pool: ThreadPoolExecutor) -> None:
        """Starts what is ready, in order, while there is room."""
        for name, active in list(self._ready.items()):
            if len(self._running) >= self.engine.max_concurrent or self._stopping():
                return
            busy = sum(each.job.threads for each in self._running.values())
            if self._running and busy + active.job.threads > self.engine.cores:
                continue
            if active.not_before > time.monotonic():
                continue
            del self._ready[name]
            self._running[name] = active
            active.attempts += 1
            active.started = active.started or now()
            self.events.write("job_started", job=name, attempt=active.attempts)
            pool.submit(self._attempt, active.job)

    def _attempt(self, job: Job) -> None:
        try:
            result = run_attempt(job, self.records, self.folder, self.engine, self._stopping)
        except Exception as error:  # a fault of this software costs this job alone
            log.debug("Internal fault", exc_info=error)
            result = unprepared(job, JobOutcome("failed", f"internal fault ({type(error).__name__}: {error})"))
        self._results.put(result)

    def _collect_attempt(self, pool: ThreadPoolExecutor) -> None:
        """Waits a moment for an attempt to end, and finishes its job or requeues it; its place is not left empty."""
        if not self._running and not self._ready:
            return
        try:
            result = self._results.get(timeout=POLL_SECONDS)
        except queue.Empty:
            return
        name = result.prepared.job.name
        active = self._running.pop(name)
        self._start_ready(pool)
        active.seconds += result.process.seconds
        if result.process.cause == "lost":
            active.lost += 1
        if result.outcome.retryable and self._may_retry(active, result):
            self._requeue(name, active, result)
            return
        if result.outcome.retryable and self._stopping():
            outcome = replace(result.outcome, status="interrupted", message="the batch was stopped")
            result = replace(result, outcome=outcome)
        record = record_of(result, active.attempts, active.seconds, active.started)
        try:
            self.check_lock()
            self.folder.publish(record, result.folder)
        except CannotWrite as error:
            if self._may_retry(active, result):
                self._requeue(name, active, result)
                return
            message = f"{record.status}, but its result could not be kept: {error}"
            record = replace(record, status="failed", good=False, plan_path="", message=message)
        self.folder.discard(result.folder)
        self._finish_job(record)

    def _may_retry(self, active: _ActiveJob, result: AttemptResult) -> bool:
        if self._stopping():
            return False
        if result.process.cause == "lost":
            return active.lost <= MAX_LOST_ATTEMPTS
        return active.attempts - active.lost <= self.rules.retries

    def _requeue(self, name: str, active: _ActiveJob, result: AttemptResult) -> None:
        before = active.lost - 1 if result.process.cause == "lost" else active.attempts - active.lost
        wait = self.rules.retry_seconds * 2 ** (before - 1) if before else 0.0
        active.not_before = time.monotonic() + wait
        self._ready = {name: active, **self._ready}
        self.folder.discard(result.folder)
        log.info("%s: %s; it is tried again", name, result.outcome.message.rstrip("."))
        self.events.write("job_retried", job=name, attempt=active.attempts, message=result.outcome.message)

    def _finish_job(self, record: JobRecord) -> None:
        self._waiting.pop(record.name, None)
        self._ready.pop(record.name, None)
        self.records[record.name] = record
        facts = {"status": record.status, "good": record.good, "reused": record.reused, "message": record.message}
        objective = record.report.get("objective_usd")
        self.events.write("job_finished", job=record.name, **facts, objective_usd=objective, seconds=record.seconds)
        log.info("[%d/%d] %s", len(self.records), len(self.jobs), summary_line(record))
        if time.monotonic() > self._next_manifest_at:
            self._write_manifest(None)

    def _write_manifest(self, finished: str | None) -> Manifest:
        began = time.monotonic()
        records = [self._record(job) for job in self.jobs]
        all_records, version = (*records, *self._others), self.rules.versions["planner"]
        manifest = Manifest(self.batch, self.started, finished, version, all_records, self.source)
        write_manifest(self.folder.manifest, manifest)
        ended = time.monotonic()
        self._next_manifest_at = ended + max(MANIFEST_SECONDS, (ended - began) / MANIFEST_SHARE)
        return manifest

    def _record(self, job: Job) -> JobRecord:
        active = self._running.get(job.name)
        if active is not None:
            return replace(record_without_run(job, "running"), started=active.started, attempts=active.attempts)
        return self.records.get(job.name) or record_without_run(job, "queued")


def summary_line(record: JobRecord) -> str:
    """A job's outcome in a line."""
    parts = [record.status.replace("_", " ")]
    if record.reused:
        parts.append("reused")
    if record.plan_path and record.report.get("objective_usd") is not None:
        parts.append(money(record.report["objective_usd"]))
    if record.seconds and not record.reused:
        parts.append(f"{record.seconds:.1f} s")
    if record.message:
        parts.append(record.message)
    return f"{record.name}: {', '.join(parts)}"
