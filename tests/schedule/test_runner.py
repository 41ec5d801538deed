"""The runner in a process of its own, on a calendar of seconds, with stand-ins for the batch."""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from commandline import environment
from schedules import schedule

pytest.importorskip("apscheduler", reason="it comes with the extra `schedule`")

from planner.schedule import runner
from planner.schedule import schedule as of_schedules
from planner.schedule.calendar import Calendar
from planner.schedule.runner import Runner
from planner.schedule.state import RunnerState, read_state, write_state

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")

EVERY_SECOND = "* * * * * *"
NEW_YEAR = "0 0 1 1 *"
START = """
import datetime as dt, json, sys
from dataclasses import asdict
from pathlib import Path
from planner.console import open_console
from planner.schedule.calendar import Calendar
from planner.schedule.runner import Runner
from planner.schedule.schedule import Schedule
folder, cron, batch, grace = Path(sys.argv[1]), sys.argv[2], sys.argv[3], float(sys.argv[4]) or None
given = Schedule("t", Calendar(cron, dt.UTC), "UTC", (sys.executable, "-c", batch), "jobs", "out", folder, (), 60.0)
with open_console(as_json=True):
    print(json.dumps(asdict(Runner(given, folder / "state.json", grace).run())))
"""
BATCH = """
import os, signal, sys, time
def note(word):
    with open("noted", "a") as file: file.write(word + "\\n")
def stop(*_):
    note("told to stop")
    sys.exit(143)
signal.signal(signal.SIGTERM, stop)
note("start")
time.sleep({seconds})
note("end")
sys.exit({code})
"""


def batch(seconds: float = 0.0, code: int = 0) -> str:
    return BATCH.format(seconds=seconds, code=code)


class Running:
    """A runner at work in a folder."""

    def __init__(self, folder: Path, cron: str, script: str, grace: float = 0) -> None:
        self.folder = folder
        words = [sys.executable, "-c", START, str(folder), cron, script, str(grace)]
        self.process = subprocess.Popen(
            words, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )

    @property
    def noted(self) -> list[str]:
        path = self.folder / "noted"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    @property
    def state(self) -> RunnerState | None:
        return read_state(self.folder / "state.json")

    def until(self, reached: Callable[[], Any], seconds: float = 30.0) -> None:
        deadline = time.monotonic() + seconds
        while not reached():
            assert time.monotonic() < deadline, self.process.stderr.read() if self.process.poll() is not None else ""
            assert self.process.poll() is None
            time.sleep(0.02)

    def stop(self, number: int = signal.SIGTERM) -> tuple[dict[str, int], str]:
        """StartCounts and messages, of a runner that is told to stop."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=30)
        assert self.process.returncode == 0, err
        assert "Traceback" not in err
        return json.loads(out), err


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    begun: list[Running] = []

    def start(*words: Any, **more: Any) -> Running:
        begun.append(Running(tmp_path, *words, **more))
        return begun[-1]

    yield start
    for each in begun:
        if each.process.poll() is None:
            each.process.kill()
            each.process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)])
def test_it_starts_batches_on_time_until_it_is_told_to_stop(begin: Callable[..., Running], number: int) -> None:
    """Every start is a process of its own; the state names the last one; the stop is clean."""
    running = begin(EVERY_SECOND, batch())
    running.until(lambda: running.noted.count("end") >= 2 and running.state and running.state.finished)
    counts, said = running.stop(number)
    assert counts["good"] >= 2
    assert counts["started"] == running.noted.count("start")
    assert "Next: " in said
    state = running.state
    assert state is not None
    assert dt.datetime.now(dt.UTC) - state.moment < dt.timedelta(seconds=30)


def test_a_start_that_comes_while_a_batch_runs_is_left_out(begin: Callable[..., Running]) -> None:
    """Two batches never run at once, and what is left out is said."""
    running = begin(EVERY_SECOND, batch(seconds=1.7))
    running.until(lambda: running.noted.count("end") >= 2)
    counts, said = running.stop()
    assert counts["skipped"] >= 1
    assert "is left out because the batch before it still runs" in said
    assert running.noted[:4] == ["start", "end", "start", "end"]


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)])
def test_a_batch_that_runs_is_told_to_stop_and_taken_up_again(begin: Callable[..., Running], number: int) -> None:
    """A stopped batch hears it once, counts as not seen through, and the next runner starts it at once, once."""
    running = begin(EVERY_SECOND, batch(seconds=60))
    running.until(lambda: running.noted == ["start"])
    counts, said = running.stop(number)
    assert running.noted == ["start", "told to stop"]
    assert counts["failed"] == 0
    assert "the next --run continues it" in said
    state = running.state
    assert state is not None
    assert state.finished is None

    again = begin(NEW_YEAR, batch())
    again.until(lambda: again.state and again.state.finished)
    counts, said = again.stop()
    assert counts["started"] == 1
    assert "was missed or broke off and is made up for now" in said


def test_a_second_ctrl_c_ends_a_batch_that_does_not_listen(begin: Callable[..., Running]) -> None:
    """Whoever insists need not wait."""
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); open('noted', 'w'); time.sleep(60)"
    running = begin(EVERY_SECOND, deaf)
    running.until(lambda: (running.folder / "noted").exists())
    running.process.send_signal(signal.SIGINT)
    time.sleep(0.6)
    assert running.process.poll() is None
    began = time.monotonic()
    running.stop(signal.SIGINT)
    assert time.monotonic() - began < 10


def test_what_was_missed_while_nothing_ran_is_made_up_for_once(begin: Callable[..., Running], tmp_path: Path) -> None:
    """After months off, a monthly batch runs once, at once."""
    past = dt.datetime.now(dt.UTC) - dt.timedelta(days=100)
    write_state(tmp_path / "state.json", RunnerState(past.isoformat(), past.isoformat(), 0))
    running = begin("0 0 1 * *", batch())
    running.until(lambda: running.state and running.state.moment > past and running.state.finished)
    counts, _ = running.stop()
    assert counts["started"] == counts["good"] == 1


def test_what_a_schedule_of_other_jobs_missed_is_not_made_up_for(begin: Callable[..., Running], tmp_path: Path) -> None:
    """A state under the same name is another's where its jobs are: it is told and replaced, and nothing was missed."""
    past = dt.datetime.now(dt.UTC) - dt.timedelta(days=400)
    write_state(tmp_path / "state.json", RunnerState(past.isoformat(), None, None, "0123456789ab"))
    running = begin(NEW_YEAR, batch())
    time.sleep(1.5)
    counts, said = running.stop()
    assert counts["started"] == 0
    assert "is the state of a schedule of other jobs" in said


def test_what_was_missed_for_too_long_is_left_out(begin: Callable[..., Running], tmp_path: Path) -> None:
    """With --grace, an old start is told of and not made up for."""
    past = dt.datetime.now(dt.UTC) - dt.timedelta(days=800)
    write_state(tmp_path / "state.json", RunnerState(past.isoformat(), past.isoformat(), 0))
    running = begin(NEW_YEAR, batch(), grace=1)
    time.sleep(2)
    counts, said = running.stop()
    assert (counts["started"], counts["missed"]) == (0, 1)
    assert "was missed for longer than --grace" in said


def test_a_runner_that_never_ran_has_missed_nothing(begin: Callable[..., Running]) -> None:
    """The first batch waits for its time."""
    running = begin(NEW_YEAR, batch())
    time.sleep(1.5)
    counts, _ = running.stop()
    assert counts["started"] == 0
    assert running.noted == []


def test_a_runner_that_is_killed_leaves_a_state_that_goes_on(begin: Callable[..., Running]) -> None:
    """After SIGKILL in the middle of a batch, the next runner starts it again."""
    running = begin(EVERY_SECOND, batch(seconds=2))
    running.until(lambda: running.noted == ["start"])
    running.process.kill()
    running.process.communicate()
    again = begin(NEW_YEAR, batch())
    again.until(lambda: again.state and again.state.finished)
    assert again.stop()[0]["started"] == 1


def test_two_runners_of_one_name_do_not_share_a_state(begin: Callable[..., Running]) -> None:
    """Which start came last is one schedule's own: a second runner is refused, and comes in once that one is gone."""
    first = begin(NEW_YEAR, batch())
    lock = first.folder / ".state.json.lock"
    first.until(lambda: lock.exists() and lock.read_text(encoding="utf-8"))
    second = begin(NEW_YEAR, batch())
    _, err = second.process.communicate(timeout=30)
    assert "Another run is at work on" in err
    assert "choose another name with --name" in err
    first.process.kill()
    first.process.communicate()
    third = begin(EVERY_SECOND, batch())
    third.until(lambda: "end" in third.noted)
    third.stop()
    assert not lock.exists()


@pytest.mark.parametrize(
    ("script", "key", "told"),
    [
        (batch(code=8), "skipped", "another batch is at work on the same folder"),
        (batch(code=9), "failed", "the batch ended with exit code 9"),
    ],
)
def test_how_a_batch_ends_is_said(begin: Callable[..., Running], script: str, key: str, told: str) -> None:
    """A held lock is no failure; anything else is told with its exit code, and the next start comes all the same."""
    running = begin(EVERY_SECOND, script)
    running.until(lambda: running.noted.count("end") >= 2)
    counts, said = running.stop()
    assert counts[key] >= 1
    assert counts["good"] == 0
    assert told in said


@pytest.fixture
def messages(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> pytest.LogCaptureFixture:
    monkeypatch.setattr(logging.getLogger("planner"), "propagate", True)
    caplog.set_level(logging.INFO, "planner")
    return caplog


def test_a_batch_that_cannot_be_started_is_a_failure(tmp_path: Path, messages: pytest.LogCaptureFixture) -> None:
    """A planner that was moved away is told of, and the runner goes on."""
    given = schedule(tmp_path, command=(str(tmp_path / "none"),))
    here = Runner(given, tmp_path / "state.json")
    here._batch()
    assert here.counts.failed == 1
    assert "the batch cannot be started" in messages.text


@pytest.mark.parametrize("deaf", [False, True])
def test_a_batch_that_outlives_its_budget_is_ended(
    tmp_path: Path, messages: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, deaf: bool
) -> None:
    """It is told to stop, and ended by force when it does not listen."""
    monkeypatch.setattr(of_schedules, "GRACE_SECONDS", 0)
    monkeypatch.setattr(runner, "STOP_SECONDS", 0.5)
    script = f"import signal, time; {'signal.signal(signal.SIGTERM, signal.SIG_IGN); ' if deaf else ''}time.sleep(60)"
    here = Runner(schedule(tmp_path, command=(sys.executable, "-c", script), budget_seconds=1.0), tmp_path / "state")
    began = time.monotonic()
    here._batch()
    assert time.monotonic() - began < 10
    assert here.counts.failed == 1
    assert f"exit code {-signal.SIGKILL if deaf else -signal.SIGTERM}" in messages.text


def test_a_clock_set_back_by_years_does_not_silence_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, messages: pytest.LogCaptureFixture
) -> None:
    """When the clock turns out to have been years ahead, the next start is found anew."""
    wrong, right = dt.datetime(2031, 1, 1, tzinfo=dt.UTC), dt.datetime(2026, 5, 13, tzinfo=dt.UTC)
    clock = iter([wrong, right])
    frozen = SimpleNamespace(now=lambda _: next(clock))
    monkeypatch.setattr(runner, "dt", SimpleNamespace(datetime=frozen, UTC=dt.UTC))
    monkeypatch.setattr(runner, "LOOK_SECONDS", 0.0)
    changes: list[dict[str, Any]] = []
    stop = SimpleNamespace(requested=False)

    def modify(**facts: Any) -> None:
        changes.append(facts)
        stop.requested = True

    job = SimpleNamespace(modify=modify)
    scheduler = SimpleNamespace(get_job=lambda _: job, wakeup=lambda: None)
    Runner(schedule(tmp_path, zone="UTC"), tmp_path / "state")._watch_clock(scheduler, stop)  # type: ignore[arg-type]
    assert changes == [{"next_run_time": dt.datetime(2026, 5, 18, 6, tzinfo=dt.UTC)}]
    assert "the clock was set back" in messages.text


def test_the_clock_is_looked_at_again_and_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that slept, or a clock set forward, is noticed within the time between two looks."""
    monkeypatch.setattr(runner, "LOOK_SECONDS", 0.0)
    stop, looks = SimpleNamespace(requested=False), []

    def wakeup() -> None:
        looks.append(1)
        stop.requested = len(looks) == 3

    Runner(schedule(tmp_path), tmp_path / "state")._watch_clock(SimpleNamespace(wakeup=wakeup), stop)  # type: ignore[arg-type]
    assert len(looks) == 3


def test_the_calendar_is_the_trigger() -> None:
    """APScheduler asks for the start after the last one, or after now."""
    trigger = runner.CronTrigger(Calendar("0 6 * * MON", dt.UTC))
    now = dt.datetime(2026, 5, 13, tzinfo=dt.UTC)
    first = trigger.get_next_fire_time(None, now)
    assert first == dt.datetime(2026, 5, 18, 6, tzinfo=dt.UTC)
    assert trigger.get_next_fire_time(first, now) == dt.datetime(2026, 5, 25, 6, tzinfo=dt.UTC)
