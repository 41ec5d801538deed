"""Takes a batch from its jobs to their records: what can be reused is, the rest runs as its turn comes.

All decisions and all writing happen in one thread, the one that calls `Dispatch.run`; the threads beside it only
wait, each for one attempt. Times are measured on a clock that never jumps.
"""

from __future__ import annotations

import logging
import queue
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from planner.batch.attempt import Prepared, Tried, attempt, prepare, record_of, record_without, unreadable
from planner.batch.events import Events, now
from planner.batch.execution.budgeted_process import Ended
from planner.batch.execution.engine import Engine
from planner.batch.folder import Store
from planner.batch.jobs.job import Job
from planner.batch.manifest import JobRecord, Manifest, write_manifest
from planner.batch.outcome import Judged
from planner.batch.reuse import why_run
from planner.errors import CannotWrite
from planner.formatting import money
from planner.solving.interrupt import Stop

log = logging.getLogger("planner")

POLL_SECONDS = 0.2
THREADS = 256
"""Attempts under way at most, each with a thread that waits for it; threads begin as they are needed."""
MANIFEST_SECONDS, MANIFEST_SHARE = 2.0, 0.05
"""While jobs end the manifest is written anew this often, but takes no more than this share of the time."""
LOST_TRIES = 5
"""A job lost with whoever ran it is tried so often again, beside its retries: it was not its fault."""


@dataclass(frozen=True, slots=True)
class Rules:
    """`budget_seconds` for the whole batch, None for no limit; `retries` of a job; `force`: reuse nothing.

    `versions` are those a record must have been made with. `retry_seconds`: before the first retry, doubled each time.
    """

    versions: Mapping[str, str]
    budget_seconds: float | None = None
    retries: int = 2
    force: bool = False
    retry_seconds: float = 1.0


@dataclass(slots=True)
class _Under:
    """A job that is being tried: when it may be tried next, and its tries so far."""

    job: Job
    not_before: float = 0.0
    attempts: int = 0
    lost: int = 0
    seconds: float = 0.0
    started: str = ""


@dataclass(slots=True)
class Dispatch:
    """One run of a batch. `others` are records of jobs that this run leaves alone."""

    batch: str
    jobs: Sequence[Job]
    store: Store
    engine: Engine
    rules: Rules
    stop: Stop
    events: Events
    check_lock: Callable[[], None]
    others: Sequence[JobRecord] = ()
    started: str = field(default_factory=now)
    records: dict[str, JobRecord] = field(default_factory=dict)
    _waiting: dict[str, Job] = field(default_factory=dict)
    _ready: dict[str, _Under] = field(default_factory=dict)
    _running: dict[str, _Under] = field(default_factory=dict)
    _ended: queue.SimpleQueue[Tried] = field(default_factory=queue.SimpleQueue)
    _began: float = field(default_factory=time.monotonic)
    _broken: bool = False
    _due: float = 0.0

    def run(self) -> Manifest:
        """Runs until every job has a record, or the batch is stopped.

        Raises:
            CannotWrite: the batch's own files cannot be written any more; what is done is done.
            Locked: another machine has taken the folder over.
            Interrupted: Ctrl-C twice.
        """
        self._waiting = {job.name: job for job in self.jobs}
        self._write_manifest(None)
        pool = ThreadPoolExecutor(THREADS, thread_name_prefix="attempts")
        try:
            while self._waiting or self._ready or self._running:
                self._take_turns()
                self._begin(pool)
                self._finish(pool)
        except BaseException:
            self._broken = True
            self.engine.close()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
        return self._write_manifest(None if self.stop.requested else now())

    @property
    def out_of_time(self) -> bool:
        """Whether the time of the whole batch is over."""
        budget = self.rules.budget_seconds
        return budget is not None and time.monotonic() - self._began > budget

    def _stopping(self) -> bool:
        return self._broken or self.stop.requested or self.out_of_time

    def _take_turns(self) -> None:
        """Settles every job whose turn has come and that need not run, and makes the others ready."""
        settled = True
        while settled:  # what is settled may settle what waits for it
            settled = False
            for job in list(self._waiting.values()):
                if self._stopping():
                    self._settle(record_without(job, "not_started", self._why_not_started()))
                elif all(name in self.records for name in job.dependencies):
                    settled = True
                    self._take_turn(job)
        if self._stopping():
            for each in list(self._ready.values()):
                self._settle(record_without(each.job, "not_started", self._why_not_started()))

    def _why_not_started(self) -> str:
        return "the batch was stopped" if self.stop.requested else "the time of the batch was over"

    def _take_turn(self, job: Job) -> None:
        if bad := [name for name in job.dependencies if not self.records[name].good]:
            named = ", ".join(f"'{name}'" for name in bad)
            self._settle(record_without(job, "skipped_dependency", f"it waits for {named}, which is not good"))
            return
        try:
            prepared = prepare(job, self.records, self.store)
        except OSError as error:
            self._settle(record_without(job, "invalid", unreadable(job, error)))
            return
        record = self.store.record(job.name)
        why = why_run(prepared, record, self.store, self.rules.versions, force=self.rules.force)
        if record is not None and not why:
            self._settle(replace(record, good=True, message="", reused=True, input_path=str(job.input)))
            return
        del self._waiting[job.name]
        self._ready[job.name] = _Under(job)
        self.events.tell("job_ready", job=job.name, why=why)

    def _begin(self, pool: ThreadPoolExecutor) -> None:
        """Starts what is ready, in order, while there is room."""
        for name, under in list(self._ready.items()):
            if len(self._running) >= self.engine.at_once or self._stopping():
                return
            busy = sum(each.job.threads for each in self._running.values())
            if self._running and busy + under.job.threads > self.engine.cores:
                continue
            if under.not_before > time.monotonic():
                continue
            del self._ready[name]
            self._running[name] = under
            under.attempts += 1
            under.started = under.started or now()
            self.events.tell("job_started", job=name, attempt=under.attempts)
            pool.submit(self._try, under.job)

    def _try(self, job: Job) -> None:
        try:
            tried = attempt(job, self.records, self.store, self.engine, self._stopping)
        except Exception as error:  # a fault of this software costs this job, and is told
            log.debug("Internal fault", exc_info=error)
            judged = Judged("failed", f"internal fault ({type(error).__name__}: {error})", {})
            tried = Tried(Prepared(job, {}, "", job.options()), None, now(), Ended(None, "", 0.0, None, ""), judged)
        self._ended.put(tried)

    def _finish(self, pool: ThreadPoolExecutor) -> None:
        """Waits a moment for an attempt to end, and settles it or lines it up again; its place is not left empty."""
        if not self._running and not self._ready:
            return
        try:
            tried = self._ended.get(timeout=POLL_SECONDS)
        except queue.Empty:
            return
        name = tried.prepared.job.name
        under = self._running.pop(name)
        self._begin(pool)
        under.seconds += tried.ended.seconds
        if tried.ended.cause == "lost":
            under.lost += 1
        if tried.judged.may_pass and not self._stopping() and self._again(under, tried):
            self._put_back(name, under, tried)
            return
        if tried.judged.may_pass and self._stopping():
            judged = replace(tried.judged, status="interrupted", message="the batch was stopped")
            tried = replace(tried, judged=judged)
        record = record_of(tried, under.attempts, under.seconds, under.started)
        try:
            self.check_lock()
            self.store.publish(record, tried.folder)
        except CannotWrite as error:
            if not self._stopping() and self._again(under, tried):
                self._put_back(name, under, tried)
                return
            message = f"{record.status}, but its result could not be kept: {error}"
            record = replace(record, status="failed", good=False, plan_path="", message=message)
        self.store.discard(tried.folder)
        self._settle(record)

    def _again(self, under: _Under, tried: Tried) -> bool:
        if tried.ended.cause == "lost":
            return under.lost <= LOST_TRIES
        return under.attempts - under.lost <= self.rules.retries

    def _put_back(self, name: str, under: _Under, tried: Tried) -> None:
        before = under.lost - 1 if tried.ended.cause == "lost" else under.attempts - under.lost
        wait = self.rules.retry_seconds * 2 ** (before - 1) if before else 0.0
        under.not_before = time.monotonic() + wait
        self._ready = {name: under, **self._ready}
        self.store.discard(tried.folder)
        log.info("%s: %s; it is tried again", name, tried.judged.message)
        self.events.tell("job_retried", job=name, attempt=under.attempts, message=tried.judged.message)

    def _settle(self, record: JobRecord) -> None:
        self._waiting.pop(record.name, None)
        self._ready.pop(record.name, None)
        self.records[record.name] = record
        facts = {"status": record.status, "good": record.good, "reused": record.reused, "message": record.message}
        objective = record.report.get("objective_usd")
        self.events.tell("job_finished", job=record.name, **facts, objective_usd=objective, seconds=record.seconds)
        log.info("[%d/%d] %s", len(self.records), len(self.jobs), told(record))
        if time.monotonic() > self._due:
            self._write_manifest(None)

    def _write_manifest(self, finished: str | None) -> Manifest:
        began = time.monotonic()
        records = [self._record(job) for job in self.jobs]
        manifest = Manifest(
            self.batch, self.started, finished, self.rules.versions["planner"], (*records, *self.others)
        )
        write_manifest(self.store.manifest, manifest)
        ended = time.monotonic()
        self._due = ended + max(MANIFEST_SECONDS, (ended - began) / MANIFEST_SHARE)
        return manifest

    def _record(self, job: Job) -> JobRecord:
        under = self._running.get(job.name)
        if under is not None:
            return replace(record_without(job, "running"), started=under.started, attempts=under.attempts)
        return self.records.get(job.name) or record_without(job, "queued")


def told(record: JobRecord) -> str:
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
