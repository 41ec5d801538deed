"""Starts batches on a calendar itself, for machines without a scheduler: `planner schedule --run`.

APScheduler keeps the time: one start at a time, several missed ones taken together, a start that comes while a batch
runs left out. What it does not keep from one process to the next is in a file of state, so that a start missed while
nothing ran is made up for once. Each batch is a process of its own.
"""

from __future__ import annotations

import datetime as dt
import logging
import subprocess
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from apscheduler import events
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from planner.batch.execution.spawned_process import OWN_GROUP, ask_to_stop, kill
from planner.errors import Interrupted, PlannerError
from planner.files.lock import state_lock
from planner.files.outputs import check_writable
from planner.interrupt import Stop
from planner.schedule.calendar import Calendar
from planner.schedule.schedule import SKIPPED, Schedule
from planner.schedule.state import ONE_DAY, RunnerState, first_start, read_state, write_state

log = logging.getLogger("planner")

TICK_SECONDS = 0.2
LOOK_SECONDS = 20.0
"""How often the clock on the wall is looked at: it may be set, and stands still for a machine that sleeps."""
STOP_SECONDS = 120.0
"""A batch that was told to stop is ended after this time."""


class CronTrigger(BaseTrigger):  # type: ignore[misc]
    """The calendar as APScheduler asks for it."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar

    def get_next_fire_time(self, previous: dt.datetime | None, now: dt.datetime) -> dt.datetime | None:
        """The next start after the last one."""
        return self.calendar.after(previous or now)


@dataclass
class StartCounts:
    """What became of the starts."""

    started: int = 0
    good: int = 0
    failed: int = 0
    skipped: int = 0
    missed: int = 0


class Runner:
    """Runs a schedule until it is told to stop; `grace_seconds` is how late a missed start may be made up for."""

    def __init__(self, schedule: Schedule, state_path: Path, grace_seconds: float | None = None) -> None:
        self.schedule, self.calendar = schedule, schedule.calendar
        self.state_path = state_path
        self._jobs = schedule.place.jobs
        self.grace_seconds = grace_seconds
        self.counts = StartCounts()
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._stopping = False
        quiet = logging.getLogger("apscheduler")  # what it would log is logged here, once
        quiet.propagate = False
        quiet.addHandler(logging.NullHandler())

    def run(self) -> StartCounts:
        """Until Ctrl-C or SIGTERM; a batch that runs then is told to stop, and waited for. A second Ctrl-C ends it.

        Raises
        ------
        CannotWrite
            The state cannot be written.
        Locked
            Another runner keeps its state there.
        """
        check_writable(self.state_path)
        with state_lock(self.state_path):
            return self._run()

    def _run(self) -> StartCounts:
        now = dt.datetime.now(dt.UTC)
        state = read_state(self.state_path)
        if state is not None and state.jobs not in ("", self._jobs):
            log.warning("warning: %s is the state of a schedule of other jobs, and is replaced.", self.state_path)
            state = None
        first = first_start(self.calendar, state, now)
        if first is not None and first <= now:
            log.info("The start of %s was missed or broke off and is made up for now.", _format_time(first))
        scheduler = BackgroundScheduler(timezone=self.calendar.zone or dt.UTC)
        scheduler.add_listener(self._on_start_left_out, events.EVENT_JOB_MISSED | events.EVENT_JOB_MAX_INSTANCES)
        scheduler.add_listener(self._on_error, events.EVENT_JOB_ERROR)
        scheduler.add_job(
            self._batch,
            CronTrigger(self.calendar),
            id="batch",
            next_run_time=first,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None if self.grace_seconds is None else max(1, int(self.grace_seconds)),
        )
        with Stop() as stop:
            stop.draining = True
            scheduler.start()
            log.info("Next: %s", _format_time(scheduler.get_job("batch").next_run_time))
            try:
                self._watch_clock(scheduler, stop)
                scheduler.pause()
                self._end()
            except Interrupted:
                self._kill()
            finally:
                scheduler.shutdown(wait=True)
        return self.counts

    def _watch_clock(self, scheduler: Any, stop: Stop) -> None:
        """Looks at the clock now and then, until told to stop."""
        looked, wall = time.monotonic(), dt.datetime.now(dt.UTC)
        while not stop.requested:
            time.sleep(TICK_SECONDS)
            if time.monotonic() - looked < LOOK_SECONDS:
                continue
            now = dt.datetime.now(dt.UTC)
            if wall - now > ONE_DAY:
                log.warning("warning: the clock was set back to %s.", _format_time(now))
                scheduler.get_job("batch").modify(next_run_time=self.calendar.after(now))
            looked, wall = time.monotonic(), now
            scheduler.wakeup()

    def _batch(self) -> None:
        """One start, from the thread of the scheduler."""
        due = self.calendar.latest(dt.datetime.now(dt.UTC)) or dt.datetime.now(dt.UTC)
        state = RunnerState(due.astimezone(dt.UTC).isoformat(), jobs=self._jobs)
        with self._lock:
            if self._stopping:
                return
            write_state(self.state_path, state)
            words = [*self.schedule.command, *self.schedule.arguments]
            log.info("Starting the batch of %s.", _format_time(due))
            self.counts.started += 1
            try:
                self._process = subprocess.Popen(
                    words, cwd=self.schedule.folder, stdin=subprocess.DEVNULL, stdout=2, **OWN_GROUP
                )
            except OSError as error:
                self.counts.failed += 1
                log.error("error: the batch cannot be started: %s.", error)
                return
        code = self._wait(self._process)
        if self._stopping:
            log.info("The batch was stopped; the next --run continues it.")
            return
        ended = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        write_state(self.state_path, replace(state, finished=ended, exit_code=code))
        self._report(code)

    def _wait(self, process: subprocess.Popen[bytes]) -> int:
        """The exit code, at the end of the budget by force."""
        try:
            return process.wait(self.schedule.end_seconds)
        except subprocess.TimeoutExpired:
            log.warning("warning: the batch did not end within its %d s; it is stopped.", self.schedule.end_seconds)
            ask_to_stop(process)
        try:
            return process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            kill(process.pid)
            return process.wait()

    def _report(self, code: int) -> None:
        following = f" Next: {_format_time(self.calendar.after(dt.datetime.now(dt.UTC)))}."
        if code == 0:
            self.counts.good += 1
            log.info("The batch is good.%s", following)
        elif code == SKIPPED:
            self.counts.skipped += 1
            log.warning("warning: another batch is at work on the same folder; this start was left out.%s", following)
        else:
            self.counts.failed += 1
            log.warning("warning: the batch ended with exit code %d.%s", code, following)

    def _on_start_left_out(self, event: Any) -> None:
        if event.code == events.EVENT_JOB_MAX_INSTANCES:
            self.counts.skipped += 1
            due = _format_time(event.scheduled_run_times[-1])
            log.warning("warning: the start of %s is left out because the batch before it still runs.", due)
        else:
            self.counts.missed += 1
            due = _format_time(event.scheduled_run_time)
            log.warning("warning: the start of %s was missed for longer than --grace and is left out.", due)

    def _on_error(self, event: Any) -> None:
        self.counts.failed += 1
        log.error("error: %s", event.exception if isinstance(event.exception, PlannerError) else repr(event.exception))

    def _end(self) -> None:
        """Tells the batch to stop, and waits for it."""
        with self._lock:
            self._stopping = True
            process = self._process
        if process is None or process.poll() is not None:
            log.info("Stopping.")
            return
        log.info("Stopping the batch, which keeps the best plans found so far. Ctrl-C again ends it at once.")
        ask_to_stop(process)
        deadline = time.monotonic() + STOP_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            time.sleep(TICK_SECONDS)
        if process.poll() is None:
            log.warning("warning: the batch does not stop; it is ended.")
            kill(process.pid)

    def _kill(self) -> None:
        with self._lock:
            self._stopping = True
        if self._process is not None:
            kill(self._process.pid)


def _format_time(moment: dt.datetime | None) -> str:
    return "never" if moment is None else f"{moment:%Y-%m-%d %H:%M} {moment.tzname()}"
