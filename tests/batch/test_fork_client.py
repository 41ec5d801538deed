"""Jobs run through the fork server, without a batch around them."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from batches import endless_workbook, on_linux, wait_for
from commandline import decision
from sheets import workbook

from planner.batch.execution.budgets import BudgetedCommand, ProcessResult
from planner.batch.execution.fork_client import ForkClient

KEEP_ON = BudgetedCommand(("endless.xlsx", "-o", "plan.xlsx", "--quiet"), None, None, 30.0)


def under_way(folder: Path) -> bool:
    """Whether the job in a folder is in its search."""
    log = folder / "plan.run.log"
    return log.exists() and b"Solving" in log.read_bytes()


@on_linux
def test_closing_kills_what_runs(tmp_path: Path) -> None:
    """A client that is closed kills its jobs at once, without the grace, and starts none any more."""
    endless_workbook(tmp_path)
    client, results = ForkClient(), list[ProcessResult]()
    thread = threading.Thread(target=lambda: results.append(client.run(tmp_path, KEEP_ON, lambda: False)))
    thread.start()
    wait_for(lambda: under_way(tmp_path))
    client.close()
    thread.join(10.0)
    assert not thread.is_alive()
    assert [each.cause for each in results] == ["lost"]
    assert client.run(tmp_path, KEEP_ON, lambda: False).cause == "lost"


def test_a_job_has_the_arguments_it_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Options come from the arguments and never from the environment; its output comes back with its exit code."""
    monkeypatch.setenv("PLANNER_GAP", "wide")
    workbook(tmp_path / "year.xlsx", decision())
    client = ForkClient()
    found = []
    for more in ((), ("--gap", "wide")):
        command = BudgetedCommand(("year.xlsx", "-o", "plan.xlsx", "--quiet", *more), None, None, 1.0)
        found.append(client.run(tmp_path, command, lambda: False))
    client.close()
    assert [(each.exit_code, each.cause) for each in found] == [(0, ""), (2, "")]
    assert "found 'wide'. Write a share" in found[1].output_tail
    assert all(1.0 < (each.peak_mb or 0.0) < 4000.0 for each in found)
