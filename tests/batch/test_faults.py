"""What can befall a batch: kills, budgets, full disks, two at once. Nothing is lost, nothing wrong is called done."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from batches import (
    demands,
    endless_workbook,
    job_file,
    jobs_running,
    manifest,
    on_linux,
    parent,
    records,
    run,
    started,
    statuses,
    tables_of,
    wait_for,
)

from planner.batch import scheduler
from planner.batch.execution import budgets, fork_client, spawned_process
from planner.batch.folder import BatchFolder

OUT = "out"


@pytest.fixture(autouse=True)
def in_tmp_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def solving(folder: Path) -> bool:
    """Whether a job of the batch is in its search, and was for a moment."""
    if any(b"Solving" in each.read_bytes() for each in folder.glob(".attempts/*/plan.run.log")):
        time.sleep(0.5)
        return True
    return False


@on_linux
@pytest.mark.slow
def test_killed_at_random_moments(tmp_path: Path) -> None:
    """A batch killed again and again, then run to its end, gives cell by cell the plan tables of one clean run.

    No process of a killed batch lives on.
    """
    jobs = job_file(tmp_path, *demands(6), {"name": "kept", "keep_plan_of": "j0", "change_cost": 5.0})
    assert run(jobs, "-o", "clean") == 0
    draw = random.Random(5)
    folder, done = tmp_path / OUT, 0
    for turn in range(4):
        batch = started(tmp_path, jobs, "-o", OUT, "--workers", "2")
        # where jobs are quick there may be none left to run
        wait_for(lambda turn=turn, batch=batch: jobs_running(folder) or turn == 0 or batch.poll() is not None)
        with suppress(subprocess.TimeoutExpired):
            batch.communicate(timeout=draw.uniform(0.0, 1.0))
        batch.kill()
        batch.communicate()
        wait_for(lambda: not jobs_running(folder), seconds=10)
        now_done = len(list(folder.glob("jobs/*/record.json")))
        assert now_done >= done
        done = now_done
    assert run(jobs, "-o", OUT) == 0
    assert tables_of(folder) == tables_of(tmp_path / "clean")
    assert not (folder / ".attempts").exists()


@on_linux
def test_a_killed_job_costs_itself(tmp_path: Path) -> None:
    """A job whose process is killed from outside is tried again, and no other job notices."""
    long = {"name": "long", "input": endless_workbook(tmp_path), "time_limit": 2, "accept_stopped": True}
    jobs = job_file(tmp_path, long, *demands(2))
    batch = started(tmp_path, jobs, "-o", OUT, "--workers", "1")
    (pid,) = wait_for(lambda: jobs_running(tmp_path / OUT))
    os.kill(pid, signal.SIGKILL)
    out, err = batch.communicate()
    assert batch.returncode == 0, out + err
    found = records(tmp_path / OUT)
    assert {name: record.attempts for name, record in found.items()} == {"long": 2, "j0": 1, "j1": 1}
    assert "SIGKILL; it is tried again" in err


@on_linux
def test_a_signal_to_a_job_is_no_result(tmp_path: Path) -> None:
    """A job that somebody asked to stop keeps a plan, but a plan cut short is not taken for the job's result."""
    long = {"name": "long", "input": endless_workbook(tmp_path), "time_limit": 4, "accept_stopped": True}
    batch = started(tmp_path, job_file(tmp_path, long), "-o", OUT, "--retries", "0")
    (pid,) = wait_for(lambda: jobs_running(tmp_path / OUT))
    wait_for(lambda: solving(tmp_path / OUT))
    os.kill(pid, signal.SIGTERM)
    batch.communicate()
    record = records(tmp_path / OUT)["long"]
    assert (batch.returncode, record.status, record.good) == (9, "failed", False)
    assert "signal from outside" in record.message


@on_linux
@pytest.mark.slow
def test_a_supervisor_is_killed(tmp_path: Path) -> None:
    """When the process that supervises a job is killed, the job ends with it and runs again, at no retry's cost."""
    long = {"name": "long", "input": endless_workbook(tmp_path), "time_limit": 2, "accept_stopped": True}
    jobs = job_file(tmp_path, long, *demands(2))
    batch = started(tmp_path, jobs, "-o", OUT, "--retries", "0", "--workers", "1")
    (first,) = wait_for(lambda: jobs_running(tmp_path / OUT))
    os.kill(parent(first), signal.SIGKILL)
    wait_for(lambda: first not in jobs_running(tmp_path / OUT), seconds=10)
    out, err = batch.communicate()
    assert batch.returncode == 0, out + err
    found = records(tmp_path / OUT)
    assert {name: record.attempts for name, record in found.items()} == {"long": 2, "j0": 1, "j1": 1}


@on_linux
@pytest.mark.slow
def test_the_fork_server_is_killed(tmp_path: Path) -> None:
    """When the fork server is killed, the job that runs goes on to its end, and the next ones get a new server."""
    long = {"name": "long", "input": endless_workbook(tmp_path), "time_limit": 2, "accept_stopped": True}
    jobs = job_file(tmp_path, long, *demands(2))
    batch = started(tmp_path, jobs, "-o", OUT, "--retries", "0", "--workers", "1")
    (first,) = wait_for(lambda: jobs_running(tmp_path / OUT))
    os.kill(parent(parent(first)), signal.SIGKILL)
    out, err = batch.communicate()
    assert batch.returncode == 0, out + err
    found = records(tmp_path / OUT)
    assert found["long"].attempts == 1
    assert all(record.good for record in found.values())


@on_linux
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), pytest.param(signal.SIGINT, 130, marks=pytest.mark.slow)]
)
def test_stopped_and_resumed(tmp_path: Path, number: int, code: int) -> None:
    """Ctrl-C and SIGTERM end every job with its best plan kept, and the next run takes up where this one stopped."""
    long = {"name": "long", "input": endless_workbook(tmp_path), "time_limit": 60}
    jobs = job_file(tmp_path, demands(1)[0], long, {"name": "last", "after": ["long"]})
    batch = started(tmp_path, jobs, "-o", OUT, "--workers", "1")
    wait_for(lambda: (tmp_path / OUT / "jobs" / "j0" / "record.json").exists())
    wait_for(lambda: solving(tmp_path / OUT))
    batch.send_signal(number)
    out, err = batch.communicate(timeout=60)
    assert batch.returncode == code, out + err
    assert statuses(tmp_path / OUT) == {"j0": "optimal", "long": "interrupted", "last": "not_started"}
    assert (tmp_path / OUT / "jobs" / "long" / "plan.xlsx").exists()
    assert manifest(tmp_path / OUT).finished is None
    assert not jobs_running(tmp_path / OUT)
    assert run(jobs, "-o", OUT, "--time-limit", "1", "--accept-stopped") == 0
    found = records(tmp_path / OUT)
    assert {name: record.attempts for name, record in found.items()} == {"j0": 1, "long": 1, "last": 1}


def patched(monkeypatch: pytest.MonkeyPatch, patch: str) -> None:
    """Breaks something in every job's process on purpose."""
    for module in (fork_client, spawned_process):
        before, marked, after = module.PROGRAM.partition("from planner.batch")
        monkeypatch.setattr(module, "PROGRAM", f"{before}{patch}\n{marked}{after}")


@pytest.mark.usefixtures("cold")
@pytest.mark.forked
def test_a_solver_that_ignores_its_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A solver that hears neither its time limit nor SIGTERM is ended at its time budget; others run on."""
    patched(
        monkeypatch,
        "import signal, time, planner.solving.search as s\n"
        "whole = s.solve\n"
        "def solve(model, options, **more):\n"
        "    if options.seed != 7: return whole(model, options, **more)\n"
        "    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "    while True: time.sleep(0.05)\n"
        "s.solve = solve\n",
    )
    monkeypatch.setattr(budgets, "GRACE_SECONDS", 1.0)
    jobs = job_file(tmp_path, {"name": "deaf", "seed": 7, "time_limit": 1, "time_budget": 2}, *demands(2))
    assert run(jobs, "-o", OUT) == 9
    found = records(tmp_path / OUT)
    assert {name: record.status for name, record in found.items()} == {
        "deaf": "killed_time",
        "j0": "optimal",
        "j1": "optimal",
    }
    assert found["deaf"].attempts == 1
    assert 2.5 < found["deaf"].seconds < 20.0


@pytest.mark.forked
def test_a_time_budget_keeps_the_best_plan(tmp_path: Path) -> None:
    """A search that hears the end of its time budget leaves its best plan, as stopped, and says why."""
    jobs = job_file(tmp_path, {"name": "long", "input": endless_workbook(tmp_path), "time_budget": 2})
    assert run(jobs, "-o", OUT) == 9
    record = records(tmp_path / OUT)["long"]
    assert record.status == "stopped"
    assert "time budget of 2 s" in record.message
    assert (tmp_path / OUT / record.plan_path).exists()


@on_linux
@pytest.mark.usefixtures("cold")
@pytest.mark.parametrize("at_once", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_too_much_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: bool) -> None:
    """A job that holds more memory than its budget is ended, whether it grows bit by bit or asks for all at once."""
    grow = "bytearray(9 * 10**9)" if at_once else "[(time.sleep(0.02), bytearray(2 * 10**7)) for _ in range(500)]"
    patched(
        monkeypatch,
        "import time, planner.solving.search as s\n"
        "whole = s.solve\n"
        "def solve(model, options, **more):\n"
        f"    if options.seed == 7: more['kept'] = {grow}\n"
        "    return whole(model, options, **more)\n"
        "s.solve = solve\n",
    )
    jobs = job_file(tmp_path, {"name": "greedy", "seed": 7, "memory_mb": 400}, *demands(1))
    assert run(jobs, "-o", OUT) == 9
    found = records(tmp_path / OUT)
    assert {name: record.status for name, record in found.items()} == {"greedy": "killed_memory", "j0": "optimal"}
    assert (found["greedy"].peak_mb or 0.0) < 1000.0


@pytest.mark.usefixtures("cold")
@pytest.mark.parametrize(("crash", "attempts"), [("os.abort()", 1), ("os.kill(0, 9)", 2), ("1 / 0", 1)])
def test_crashes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, crash: str, attempts: int) -> None:
    """A crash fails its job alone; only what came from outside is tried again, as often as was allowed."""
    patched(
        monkeypatch,
        "import os, planner.solving.search as s\n"
        "whole = s.solve\n"
        "def solve(model, options, **more):\n"
        f"    if options.seed == 7: {crash}\n"
        "    return whole(model, options, **more)\n"
        "s.solve = solve\n",
    )
    monkeypatch.setattr(scheduler.BatchRules.__init__, "__defaults__", (None, 2, False, 0.01))
    jobs = job_file(tmp_path, {"name": "crashes", "seed": 7}, *demands(1))
    assert run(jobs, "-o", OUT, "--retries", "1") == 9
    found = records(tmp_path / OUT)
    assert {name: (record.status, record.attempts) for name, record in found.items()} == {
        "crashes": ("failed", attempts),
        "j0": ("optimal", 1),
    }
    assert found["crashes"].message


@pytest.mark.forked
@pytest.mark.usefixtures("cold")
@pytest.mark.parametrize("who", ["==", pytest.param("!=", marks=pytest.mark.slow)])
def test_no_process_to_be_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, who: str) -> None:
    """A job for which the server or the supervisor gets no process is tried again, and the others are not touched."""
    patched(
        monkeypatch,
        "import os\n"
        "whole, server, count = os.fork, os.getpid(), [0]\n"
        "def fork():\n"
        "    if os.getpid() == server: count[0] += 1\n"
        f"    if count[0] == 2 and os.getpid() {who} server: raise BlockingIOError(11, 'no more processes')\n"
        "    return whole()\n"
        "os.fork = fork\n",
    )
    assert run(job_file(tmp_path, *demands(3)), "-o", OUT, "--retries", "0", "--workers", "2") == 0
    assert sorted(record.attempts for record in records(tmp_path / OUT).values()) == [1, 1, 2]


@on_linux
def test_two_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A second batch in the same folder ends with 8 and names the first one's process and host; the first goes on."""
    long = {"name": "long", "input": endless_workbook(tmp_path), "time_limit": 60}
    jobs = job_file(tmp_path, long)
    first = started(tmp_path, jobs, "-o", OUT)
    wait_for(lambda: jobs_running(tmp_path / OUT))
    assert run(jobs, "-o", OUT, "--json") == 8
    told = json.loads(capsys.readouterr().out)["error"]
    assert f"process {first.pid} on host {os.uname().nodename}" in told
    assert first.poll() is None
    first.terminate()
    first.communicate()
    assert statuses(tmp_path / OUT) == {"long": "interrupted"}


def test_a_write_that_fails_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A result that cannot be kept is none: the job is tried again, and is good once its result is in its place."""
    whole, failing = Path.replace, [True]

    def replace(self: Path, target: Path) -> Path:
        if failing and Path(target).name == "plan.xlsx":
            failing.clear()
            raise OSError(28, "No space left on device")
        return whole(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    assert run(job_file(tmp_path, *demands(1)), "-o", OUT) == 0
    assert records(tmp_path / OUT)["j0"].attempts == 2


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk needs the right to")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk(tmp_path: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full costs nothing that was done: the batch says so, and runs to its end once there is room."""
    monkeypatch.setattr(scheduler.BatchRules.__init__, "__defaults__", (None, 2, False, 0.01))
    jobs = job_file(tmp_path, *demands(3))
    assert run(jobs, "-o", "clean") == 0
    folder = small_disk / OUT
    assert run(jobs, "-o", folder, "--only", "j0") == 0
    done = (folder / "jobs" / "j0" / "record.json").read_bytes()
    with (small_disk / "filler").open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(10**6)):
            pass
    assert run(jobs, "-o", folder) == 7
    assert (folder / "jobs" / "j0" / "record.json").read_bytes() == done
    assert not (folder / "jobs" / "j1" / "record.json").exists()
    (small_disk / "filler").unlink()
    assert run(jobs, "-o", folder) == 0
    assert records(folder)["j0"].reused
    assert tables_of(folder) == tables_of(tmp_path / "clean")


def test_a_read_only_folder(tmp_path: Path, small_disk: Path) -> None:
    """A folder that cannot be written ends the batch at once with 7, and nothing in it changes."""
    jobs = job_file(tmp_path, *demands(1))
    assert run(jobs, "-o", small_disk / OUT) == 0
    before = {path: path.read_bytes() for path in small_disk.rglob("*") if path.is_file()}
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    assert run(jobs, "-o", small_disk / OUT, "--force") == 7
    assert run(jobs, "-o", small_disk / "other") == 7
    assert {path: path.read_bytes() for path in small_disk.rglob("*") if path.is_file()} == before


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    """Where the output folder cannot be made the batch ends with 7."""
    (tmp_path / OUT).write_text("")
    assert run(job_file(tmp_path, *demands(1)), "-o", OUT) == 7


def test_a_record_that_comes_too_late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch that dies between moving a plan to its place and recording it finds the job not done."""
    jobs = job_file(tmp_path, *demands(1))
    assert run(jobs, "-o", OUT) == 0
    whole = BatchFolder.publish

    class Died(BaseException):
        pass

    def publish(self: BatchFolder, record: object, attempt: Path) -> None:
        attempt.joinpath("plan.xlsx").replace(self.job_folder("j0") / "plan.xlsx")
        raise Died

    monkeypatch.setattr(BatchFolder, "publish", publish)
    with pytest.raises(Died):
        run(jobs, "-o", OUT, "--force")
    monkeypatch.setattr(BatchFolder, "publish", whole)
    assert run(jobs, "-o", OUT) == 0
    assert not records(tmp_path / OUT)["j0"].reused


@on_linux
@pytest.mark.parametrize("place", ["jobs/j0", "jobs", ".attempts", ".lock"])
def test_a_link_is_never_followed(tmp_path: Path, place: str) -> None:
    """A link in the place of what a batch writes is refused, and what it leads to stays as it is."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    precious = elsewhere / "plan.xlsx"
    precious.write_bytes(b"precious")
    link = tmp_path / OUT / place
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(precious if "." in place else elsewhere)
    assert run(job_file(tmp_path, *demands(1)), "-o", OUT, "--retries", "0") == (9 if place == "jobs/j0" else 7)
    assert [path.name for path in elsewhere.iterdir()] == ["plan.xlsx"]
    assert precious.read_bytes() == b"precious"
