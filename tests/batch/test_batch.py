"""`planner batch` from beginning to end: what runs, what is reused and why, what is left behind."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from batches import (
    demands,
    endless_workbook,
    job_file,
    manifest,
    on_linux,
    records,
    run,
    started,
    statuses,
    tables_of,
)
from commandline import decision
from sheets import workbook

from planner.batch import attempt, scheduler
from planner.batch.execution.budgets import BudgetedCommand, ProcessResult
from planner.batch.execution.engine import LocalEngine
from planner.batch.reporting.prometheus import LAST_SUCCESS

OUT = "out"


@pytest.fixture(autouse=True)
def in_tmp_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def actions(capsys: pytest.CaptureFixture[str], *words: object) -> dict[str, str]:
    """What a dry run says of each job."""
    return planned(capsys, 0, *words)


def planned(capsys: pytest.CaptureFixture[str], code: int, *words: object) -> dict[str, str]:
    """The same of a dry run with that exit code."""
    capsys.readouterr()
    assert run(*words, "-o", OUT, "--dry-run", "--json") == code
    return {job["name"]: f"{job['action']}: {job['why']}" for job in json.loads(capsys.readouterr().out)["jobs"]}


def test_a_bad_job_fails_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A job without a plan costs itself and those that wait for it; all others are good, and the exit code is 9.

    What its workbook and `set` have against it a dry run says first, in the words of the run, with exit code 2.
    """
    jobs = job_file(
        tmp_path,
        *demands(2),
        {"name": "bad", "set": ["settings.nonsense=1"]},
        {"name": "worth", "set": ["settings.months=none"]},
        {"name": "impossible", "set": ["segments.chat.must_serve_share=1", "leases.L.units_max=0"]},
        {"name": "waits", "after": ["bad"]},
        {"name": "waits longer", "after": ["waits"]},
    )
    (tmp_path / "broken.xlsx").write_bytes(b"not a workbook")
    jobs.write_text(jobs.read_text() + '[[job]]\nname = "broken"\ninput = "broken.xlsx"\n')
    foretold = planned(capsys, 2, jobs)
    assert run(jobs, "-o", OUT, "--json") == 9
    told = json.loads(capsys.readouterr().out)
    assert told["exit_code"] == 9
    found = records(tmp_path / OUT)
    for name in ("bad", "worth", "broken"):
        assert foretold[name] == f"fail: {found[name].message}"
    for name in ("waits", "waits longer"):
        assert foretold[name] == f"skip: {found[name].message}"
    assert "settings!B" in found["worth"].message
    assert {name for name, record in found.items() if record.good} >= {"j0", "j1"}
    assert found["bad"].status == found["broken"].status == "invalid"
    assert "nonsense" in found["bad"].message
    assert found["waits"].status == found["waits longer"].status == "skipped_dependency"
    assert "'bad'" in found["waits"].message
    assert all(record.attempts <= 1 for record in found.values())
    assert manifest(tmp_path / OUT).finished is not None


@on_linux
def test_an_input_too_large_costs_its_job(tmp_path: Path) -> None:
    """Inputs of gigabytes, as a workbook or in a folder, end their own jobs in words; nobody reads them whole."""
    (tmp_path / "folder").mkdir()
    for name in ("huge.xlsx", "folder/settings.csv"):
        with (tmp_path / name).open("wb") as file:
            file.truncate(6_000_000_000)
    huge = [{"name": "huge", "input": "huge.xlsx"}, {"name": "wide", "input": "folder"}]
    batch = started(tmp_path, job_file(tmp_path, *huge, *demands(1)), "-o", "out", "--retries", "0")
    _, status, used = os.wait4(batch.pid, 0)
    batch.returncode = os.waitstatus_to_exitcode(status)
    assert batch.returncode == 9
    found = records(tmp_path / "out")
    assert {name: record.status for name, record in found.items()} == {
        "huge": "invalid",
        "wide": "invalid",
        "j0": "optimal",
    }
    assert all("MB" in found[name].message for name in ("huge", "wide"))
    assert used.ru_maxrss < 600_000  # kB


def test_what_a_job_leaves(tmp_path: Path) -> None:
    """A job's folder has plan, report, log and record, the record hashes, versions and options; no attempt stays."""
    jobs = job_file(tmp_path, *demands(1))
    assert run(jobs, "-o", OUT) == 0
    folder = tmp_path / OUT
    assert {each.name for each in (folder / "jobs" / "j0").iterdir()} == {
        "plan.xlsx",
        "run.json",
        "run.log",
        "record.json",
    }
    assert {each.name for each in folder.iterdir()} == {
        "manifest.json",
        "events.jsonl",
        "jobs",
        "reports",
        "results.sqlite",
    }
    record = records(folder)["j0"]
    report = json.loads((folder / "jobs" / "j0" / "run.json").read_text())
    assert record.report == report
    assert record.data_sha256 == report["data_sha256"] != ""
    assert record.output_sha256 == report["output_sha256"] != ""
    assert record.options["set"] == ["demand.chat/us/2026-01.tokens_bn_per_day=8"]
    assert record.peak_mb is not None
    assert record.peak_mb > 20
    assert record.versions["highspy"] == report["versions"]["highspy"]
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    assert [each["event"] for each in events] == [
        "batch_started",
        "job_ready",
        "job_started",
        "job_finished",
        "batch_finished",
    ]


def test_reuse(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A job is reused only while input, options, versions and plan are as they were; a dry run says why it is not."""
    folder = tmp_path / OUT
    jobs = job_file(tmp_path, *demands(2))
    assert run(jobs, "-o", OUT) == 0
    first = {name: record.finished for name, record in records(folder).items()}
    assert run(jobs, "-o", OUT) == 0
    again = records(folder)
    assert all(record.reused and record.finished == first[name] for name, record in again.items())
    assert actions(capsys, jobs) == dict.fromkeys(("j0", "j1"), "reuse: nothing changed since")
    assert actions(capsys, jobs, "--force") == dict.fromkeys(("j0", "j1"), "run: forced")
    assert actions(capsys, jobs, "--only", "j1") == {"j1": "reuse: nothing changed since"}
    assert "gap 0.001 → 0.01" in actions(capsys, jobs, "--gap", "0.01")["j0"]
    assert actions(capsys, jobs, "--memory", "4G")["j0"].startswith("reuse")

    plan = folder / "jobs" / "j0" / "plan.xlsx"
    content = plan.read_bytes()
    plan.write_bytes(content[:-1])
    assert actions(capsys, jobs)["j0"] == "run: its plan is gone or was changed"
    plan.unlink()
    assert actions(capsys, jobs)["j0"] == "run: its plan is gone or was changed"
    plan.write_bytes(content)
    assert actions(capsys, jobs)["j0"].startswith("reuse")

    (folder / "jobs" / "j1" / "record.json").write_text("{")
    assert actions(capsys, jobs)["j1"] == "run: new"
    year = tmp_path / "year.xlsx"
    year.write_bytes(year.read_bytes() + b"\0")
    assert actions(capsys, jobs)["j0"] == "run: its workbook has changed"
    year.write_bytes(year.read_bytes()[:-1])
    monkeypatch.setattr("planner.run.versions.version", lambda name: "99.0")
    assert "highspy" in actions(capsys, jobs)["j0"]


def test_times_decide_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Clocks that jump, and times of files that lie, change neither what is reused nor what is run nor the results."""
    jobs = job_file(tmp_path, *demands(2))
    times = iter(f"20{year % 100:02d}-01-01T00:00:00Z" for year in range(99, 0, -1))
    monkeypatch.setattr(attempt, "now", lambda: next(times))
    monkeypatch.setattr(scheduler, "now", lambda: next(times))
    ticks = iter(range(10**9, 0, -(10**6)))
    monkeypatch.setattr("time.time", lambda: float(next(ticks)))
    assert run(jobs, "-o", OUT) == 0
    tables = tables_of(tmp_path / OUT)
    os.utime(tmp_path / "year.xlsx", (4e9, 4e9))
    assert all(each.startswith("reuse") for each in actions(capsys, jobs).values())
    year = tmp_path / "year.xlsx"
    year.write_bytes(year.read_bytes() + b"\0")
    os.utime(year, (1.0, 1.0))
    assert all(each.startswith("run") for each in actions(capsys, jobs).values())
    assert run(jobs, "-o", OUT) == 0
    assert tables_of(tmp_path / OUT) == tables


def test_a_plan_handed_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A job that keeps another's plan runs after it, with that plan, and again when that plan comes out otherwise."""
    jobs = job_file(
        tmp_path,
        {"name": "kept", "keep_plan_of": "base", "change_cost": 1e9, "set": ["leases.L.units_max=30"]},
        {"name": "base"},
        {"name": "warm", "start_plan_of": "base"},
    )
    assert run(jobs, "-o", OUT, "--workers", "2") == 0
    found = records(tmp_path / OUT)
    assert found["kept"].options["keep_plan_sha256"] == found["base"].output_sha256
    assert found["kept"].report["kept"]["departed_units"] == {}
    assert found["warm"].report["options"]["start"] == "start.xlsx"
    jobs.write_text(jobs.read_text().replace('name = "base"', 'name = "base"\nset = ["leases.L.units_max=1"]'))
    said = actions(capsys, jobs)
    assert said["base"].startswith("run: options changed")
    assert said["kept"].startswith("wait: for the plan of base")
    assert run(jobs, "-o", OUT) == 0
    after = records(tmp_path / OUT)
    assert not any(record.reused for record in after.values())
    assert after["kept"].options["keep_plan_sha256"] == after["base"].output_sha256 != found["base"].output_sha256


def test_only_and_previous(tmp_path: Path) -> None:
    """--only runs what it names and what that waits for, others keep their record; the last manifest is kept.

    One that never ran is told as that, and not as gone from the batch.
    """
    jobs = job_file(tmp_path, *demands(2), {"name": "last", "after": ["j0"]})
    assert run(jobs, "-o", OUT, "--only", "last") == 0
    assert statuses(tmp_path / OUT) == {"j0": "optimal", "last": "optimal", "j1": "not_started"}
    assert records(tmp_path / OUT)["j1"].message == "left out of this run, and never run before"
    assert run(jobs, "-o", OUT, "--only", "j1") == 0
    assert statuses(tmp_path / OUT) == dict.fromkeys(("j0", "j1", "last"), "optimal")
    previous = json.loads((tmp_path / OUT / "manifest.previous.json").read_text())
    assert [record["name"] for record in previous["records"]] == ["j0", "last", "j1"]
    assert run(jobs, "-o", OUT, "--only", "nobody") == 2


def test_what_only_leaves_out_is_not_told_as_current(tmp_path: Path) -> None:
    """A job left out is good only while a run would reuse it, else its figures are not told; its plan stays a file."""
    folder = tmp_path / OUT
    workbook(tmp_path / "two.xlsx", decision())
    jobs = job_file(tmp_path, *demands(1), {"name": "two", "input": "two.xlsx"}, {"name": "on", "start_plan_of": "j0"})
    assert run(jobs, "-o", OUT) == 0
    metrics = folder / "reports" / "metrics.prom"
    success = next(line for line in metrics.read_text().splitlines() if line.startswith(LAST_SUCCESS))
    assert run(jobs, "-o", OUT, "--only", "j0") == 0
    assert all(record.good and record.reused for record in records(folder).values())
    assert success in metrics.read_text()
    workbook(
        tmp_path / "two.xlsx", decision(leases=[{"lease": "L", "provider": "neo", "region": "us", "units_max": 1}])
    )
    assert run(jobs, "-o", OUT, "--only", "j0", "--force") == 0
    left_out = records(folder)["two"]
    assert (left_out.status, left_out.good) == ("not_started", False)
    plan = "jobs/two/plan.xlsx"
    assert left_out.message == f"left out of this run: its workbook has changed; the plan of then stays in {plan}"
    assert (left_out.plan_path, left_out.report, left_out.seconds) == ("", {}, 0)
    assert (folder / plan).is_file()
    assert success in metrics.read_text()
    assert 'planner_job_cost_usd{batch="jobs",planner_job="j0"}' in metrics.read_text()
    assert 'planner_job_cost_usd{batch="jobs",planner_job="two"}' not in metrics.read_text()
    summary = openpyxl.load_workbook(folder / "reports" / "summary.xlsx")
    assert _figures(summary, "j0")["cost_usd"] is not None
    assert not any(_figures(summary, "two").values())
    told = {row[0]: row[1:3] for row in summary["Differences"].iter_rows(values_only=True)}
    assert told["two"] == ("plan within the gap became not started", left_out.message)
    assert run(jobs, "-o", OUT) == 0
    assert records(folder)["two"].good
    assert success not in metrics.read_text()
    summary = openpyxl.load_workbook(folder / "reports" / "summary.xlsx")
    told = {row[0]: row[1:3] for row in summary["Differences"].iter_rows(values_only=True)}
    assert told["two"][1] == f"it had not run in that batch: {left_out.message}"


def _figures(summary: openpyxl.Workbook, job: str) -> dict[str, object]:
    """What the sheet Jobs tells of a job's plan."""
    head, *rows = summary["Jobs"].iter_rows(values_only=True)
    (row,) = (dict(zip(head, each, strict=True)) for each in rows if each[0] == job)
    return {key: value for key, value in row.items() if key == "plan" or key.endswith(("_usd", "_tokens", "gap"))}


def test_a_job_left_out_is_no_better_than_what_it_builds_on(tmp_path: Path) -> None:
    """Of a job left out nothing is told as today's where another that it waits for is stale, or where its own failure
    was of other options."""
    folder = tmp_path / OUT
    late = {"name": "late", "set": ["settings.nonsense=1"]}
    base = demands(1)[0]

    def jobs(base: dict[str, Any], late: dict[str, Any]) -> Path:
        return job_file(tmp_path, {"name": "other"}, base, {"name": "on", "start_plan_of": "j0"}, late)

    assert run(jobs(base, late), "-o", OUT) == 9
    assert run(jobs(base, late), "-o", OUT, "--only", "other") == 0
    assert statuses(folder) == {"other": "optimal", "j0": "optimal", "on": "optimal", "late": "invalid"}
    assert run(jobs(base | {"gap": 0.02}, late | {"set": []}), "-o", OUT, "--only", "other") == 0
    found = records(folder)
    assert {found[name].status for name in ("j0", "on", "late")} == {"not_started"}
    assert "options changed: gap" in found["j0"].message
    assert "it waits for 'j0', which is not good" in found["on"].message
    assert "options changed: set" in found["late"].message
    assert not any(found[name].report for name in ("j0", "on", "late"))


def test_batches_of_one_name_have_folders_of_their_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Folders of the same name in different places never overwrite each other's results; with `-o` it is told."""
    for parent, units in (("old", 20), ("new", 1)):
        (tmp_path / parent / "x").mkdir(parents=True)
        lease = {"lease": "L", "provider": "neo", "region": "us", "units_max": units}
        workbook(tmp_path / parent / "x" / "lab.xlsx", decision(leases=[lease]))
    for parent in ("old", "new", "old", "new"):
        assert run(parent + "/x") == 0
    batches = tmp_path / "outputs" / "batch"
    assert {each.name for each in batches.iterdir()} == {"x", "x-2"}
    first, second = records(batches / "x")["lab"], records(batches / "x-2")["lab"]
    assert first.reused
    assert second.reused
    assert first.input_path == os.path.join("old/x", "lab.xlsx")
    assert second.input_path == os.path.join("new/x", "lab.xlsx")
    assert manifest(batches / "x-2").batch == "x-2"
    assert Path(manifest(batches / "x").source) == Path("../../../old/x")
    capsys.readouterr()
    assert run("new/x", "-o", batches / "x", "--dry-run") == 0
    assert f"holds the batch of {tmp_path / 'old' / 'x'}" in capsys.readouterr().err
    (tmp_path / "old" / "x").rename(tmp_path / "old" / "y")  # the batch of a folder that is gone is taken over
    assert run("new/x", "--dry-run") == 0
    assert capsys.readouterr().out.rstrip().endswith(str(Path("outputs", "batch", "x")))


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("-o", "jobs.toml"), 7, "a file of that name is there; choose another place"),
        (("--webhook", "example.com"), 2, "write an address that begins with https://"),
        (("--webhook", "ftp://example.com"), 2, "write an address that begins with https://"),
    ],
)
def test_what_cannot_be_is_told_before_anything_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: int, told: str
) -> None:
    """A folder that is a file, and an address that is none, end a batch before its first job."""
    assert run(job_file(tmp_path, *demands(1)), *words) == code
    assert told in capsys.readouterr().err
    assert not (tmp_path / "outputs" / "batch" / "jobs" / "manifest.json").exists()


def test_a_result_that_went_leaves_no_old_plan(tmp_path: Path) -> None:
    """When a job comes to have no plan, the plan of before is out of the way, under another name."""
    jobs = job_file(tmp_path, *demands(1))
    assert run(jobs, "-o", OUT) == 0
    folder = tmp_path / OUT / "jobs" / "j0"
    before = (folder / "plan.xlsx").read_bytes()
    assert run(jobs, "-o", OUT, "--set", "settings.nonsense=1") == 9
    assert not (folder / "plan.xlsx").exists()
    assert (folder / "plan.previous.xlsx").read_bytes() == before
    assert records(tmp_path / OUT)["j0"].plan_path == ""
    assert (folder / "run.log.1").exists()


def test_a_stopped_plan(tmp_path: Path) -> None:
    """A plan that its time limit stopped is good only where that is accepted, and then is not run again for it."""
    jobs = job_file(tmp_path, {"name": "long", "input": endless_workbook(tmp_path), "time_limit": 1})
    assert run(jobs, "-o", OUT) == 9
    record = records(tmp_path / OUT)["long"]
    assert (record.status, record.good, record.exit_code) == ("stopped", False, 4)
    assert (tmp_path / OUT / record.plan_path).exists()
    assert run(jobs, "-o", OUT, "--accept-stopped") == 0
    record = records(tmp_path / OUT)["long"]
    assert (record.good, record.reused, record.message) == (True, True, "")


def test_faulty_job_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A faulty job file runs nothing, lists its faults, and exits with 2."""
    jobs = job_file(tmp_path, {"name": "a", "gap": "wide"}, {"name": "b", "input": "absent.xlsx"})
    assert run(jobs, "-o", OUT, "--json") == 2
    assert {fault["column"] for fault in json.loads(capsys.readouterr().out)["faults"]} == {"gap", "input"}
    assert not (tmp_path / OUT).exists()


def test_a_budget_for_the_batch(tmp_path: Path) -> None:
    """At the end of the batch's time what waits is not started, what runs is interrupted; the next run does both."""
    long = {"name": "long", "input": endless_workbook(tmp_path), "time_limit": 60}
    jobs = job_file(tmp_path, long, *demands(1))
    assert run(jobs, "-o", OUT, "--workers", "1", "--budget", "4") == 9
    found = records(tmp_path / OUT)
    assert {name: record.status for name, record in found.items()} == {"long": "interrupted", "j0": "not_started"}
    assert not any(record.good for record in found.values())
    assert run(jobs, "-o", OUT, "--time-limit", "1", "--accept-stopped") == 0
    assert statuses(tmp_path / OUT) == {"long": "stopped", "j0": "optimal"}


def test_threads_share_the_cores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs under way together never have more solver threads than there are cores, though there are workers enough."""
    monkeypatch.setattr("planner.solving.worker_pool.default_workers", lambda: 2)
    whole, busy, most = LocalEngine.run, [0], [0]
    counting = threading.Lock()

    def run_counted(
        self: LocalEngine, folder: Path, command: BudgetedCommand, stopping: Callable[[], bool]
    ) -> ProcessResult:
        threads = int(command.arguments[command.arguments.index("--threads") + 1])
        with counting:
            busy[0] += threads
            most[0] = max(most[0], busy[0])
        try:
            return whole(self, folder, command, stopping)
        finally:
            with counting:
                busy[0] -= threads

    monkeypatch.setattr(LocalEngine, "run", run_counted)
    wide = [{**each, "threads": 2} for each in demands(2)]
    jobs = job_file(tmp_path, *wide, {"name": "one"}, {"name": "two"}, {"name": "wider", "threads": 5})
    assert run(jobs, "-o", OUT, "--workers", "3", "--only", "[jot]*") == 0
    assert most == [2]
    assert run(jobs, "-o", OUT, "--workers", "3") == 0
    assert most == [5]
