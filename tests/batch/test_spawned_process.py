"""Jobs started one by one, as on systems that cannot fork."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest
from batches import demands, endless_workbook, job_file, records, run, wait_for
from commandline import decision, environment
from sheets import workbook

from planner.batch.execution import engine, spawned_process
from planner.batch.execution.budgets import BudgetedCommand, ProcessResult
from planner.batch.execution.spawned_process import SpawnClient

ENDLESS = ("endless.xlsx", "-o", "plan.xlsx", "--quiet")


def _under_way(folder: Path) -> bool:
    log = folder / "plan.run.log"
    found = [log, *folder.glob(".planner-*.log")]
    return any(each.exists() and b"Solving" in each.read_bytes() for each in found)


def test_a_job_has_its_arguments_and_leaves_its_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Options come from the arguments and never from the environment; the end of the output comes back."""
    monkeypatch.setenv("PLANNER_GAP", "wide")
    workbook(tmp_path / "year.xlsx", decision())
    found = [
        SpawnClient().run(
            tmp_path, BudgetedCommand(("year.xlsx", "-o", "plan.xlsx", *more), None, None, 1.0), lambda: False
        )
        for more in ((), ("--gap", "wide"))
    ]
    assert [(each.exit_code, each.cause) for each in found] == [(0, ""), (2, "")]
    assert "found 'wide'. Write a share" in found[1].output_tail


@pytest.mark.parametrize(("held", "peak_mb"), [((5.0, 7.0, 6.0), 7.0), ((0.0,), None)])
def test_the_most_memory_a_job_was_seen_to_hold_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: tuple[float, ...], peak_mb: float | None
) -> None:
    """The largest of what the system told while the job ran is its peak; where it told nothing there is none."""
    endless_workbook(tmp_path)
    left = list(held)
    monkeypatch.setattr(spawned_process, "resident_memory_mb", lambda _pid: left.pop(0) if left else 0.0)
    found = SpawnClient().run(tmp_path, BudgetedCommand(ENDLESS, None, None, 0.0), lambda: not left)
    assert (found.cause, found.peak_mb) == ("stop", peak_mb)


@pytest.mark.parametrize(
    ("seconds", "memory_mb", "cause", "plan"), [(6.0, None, "time", True), (None, 60.0, "memory", False)]
)
def test_a_job_is_held_to_its_budgets(
    tmp_path: Path, seconds: float | None, memory_mb: float | None, cause: str, plan: bool
) -> None:
    """Over its time a job leaves the best plan it has; over its memory it is killed at once."""
    endless_workbook(tmp_path)
    found = SpawnClient().run(tmp_path, BudgetedCommand(ENDLESS, seconds, memory_mb, 20.0), lambda: False)
    assert found.cause == cause
    assert (tmp_path / "plan.xlsx").exists() == plan


def test_closing_kills_what_runs(tmp_path: Path) -> None:
    """A client that is closed kills its jobs at once, which count as lost."""
    endless_workbook(tmp_path)
    client, results = SpawnClient(), list[ProcessResult]()
    command = BudgetedCommand(ENDLESS, None, None, 30.0)
    thread = threading.Thread(target=lambda: results.append(client.run(tmp_path, command, lambda: False)))
    thread.start()
    wait_for(lambda: any(tmp_path.iterdir()) and bool(psutil.Process().children()))
    client.close()
    thread.join(10.0)
    assert [each.cause for each in results] == ["lost"]


@pytest.mark.skipif(os.name != "posix", reason="kills with SIGKILL")
def test_a_job_ends_with_whoever_started_it(tmp_path: Path) -> None:
    """Where the process that started a job is killed the job does not go on alone."""
    endless_workbook(tmp_path)
    program = (
        "from pathlib import Path\n"
        "from planner.batch.execution.budgets import BudgetedCommand\n"
        "from planner.batch.execution.spawned_process import SpawnClient\n"
        f"SpawnClient().run(Path('.'), BudgetedCommand({ENDLESS!r}, None, None, 30.0), lambda: False)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], cwd=tmp_path, env=environment()) as starter:
        wait_for(lambda: bool(psutil.Process(starter.pid).children()))
        (job,) = psutil.Process(starter.pid).children()
        starter.kill()
    wait_for(lambda: not job.is_running() or job.status() == psutil.STATUS_ZOMBIE)


def test_a_batch_runs_where_nothing_can_fork(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without os.fork a batch starts its jobs one by one, and ends as ever."""
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delattr(os, "fork")
    assert isinstance(engine.starter(), SpawnClient)
    assert run(job_file(tmp_path, *demands(2)), "-o", "out") == 0
    assert {name: record.status for name, record in records(tmp_path / "out").items()} == {
        "j0": "optimal",
        "j1": "optimal",
    }
