"""`planner schedule` from the command line."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from commandline import command, environment
from schedules import ODD

from planner.batch.manifest import Manifest, write_manifest
from planner.cli import main
from planner.schedule.places import MARK

KINDS = {
    "cron": ["{}.crontab"],
    "systemd": ["{}.service", "{}.timer"],
    "kubernetes": ["{}.cronjob.yaml"],
    "airflow": ["{}_dag.py"],
    "github": ["{}.workflow.yml"],
    "windows": ["{}.xml"],
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with jobs in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "weekly").mkdir()
    (tmp_path / "weekly" / "a.xlsx").touch()
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any, str]:
    capsys.readouterr()
    code = main(["schedule", *words, "--json"] if "--" not in words else _with_json(words))
    out, err = capsys.readouterr()
    return code, json.loads(out), err


def _with_json(words: tuple[str, ...]) -> list[str]:
    place = words.index("--")
    return ["schedule", *words[:place], "--json", *words[place:]]


def test_a_start_that_does_not_exist_is_noted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever writes a schedule for half past two at night is told what the clocks do to it."""
    for tz, told in (("Europe/Berlin", True), ("UTC", False)):
        code, found, _ = said(capsys, "weekly", "--cron", "30 2 * * *", "--tz", tz, "--as", "systemd", "--force")
        assert code == 0
        assert any("02:30 does not exist" in note for note in found["notes"]) == told


@pytest.mark.parametrize("kind", KINDS)
def test_files_are_written_where_they_are_said_to_be(
    folder: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    """Each scheduler's files carry our mark, and the result says what is started when and how to install it."""
    words = ("weekly", "--cron", "0 6 * * mon", "--as", kind, "--image", "registry.example/planner:1", "-o", "units")
    code, found, _ = said(capsys, *words, "--", "--workers", "2")
    names = [each.format("planner_weekly" if kind == "airflow" else "planner-weekly") for each in KINDS[kind]]
    assert code == 0
    assert found["paths"] == [str(Path("units", name)) for name in names]
    assert all(MARK in Path(path).read_text(encoding="utf-8")[:1000] for path in found["paths"])
    assert found["cron"] == "0 6 * * MON"
    assert len(found["starts"]) == 3
    assert all(any(path in line for line in found["install"]) for path in found["paths"])
    assert found["command"][:2] == ["planner", "batch"]
    assert found["command"][-2:] == ["--workers", "2"]


def test_paths_are_absolute_where_the_files_stay_on_this_machine(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """cron starts in no folder of ours; a container has no folder of ours."""
    _, here, _ = said(capsys, "weekly", "--cron", "@weekly", "--as", "cron")
    _, there, _ = said(capsys, "weekly", "--cron", "@weekly", "--as", "kubernetes", "--image", "i")
    assert here["command"][2:5] == [str(folder / "weekly"), "-o", str(folder / "outputs" / "batch" / "weekly")]
    assert there["command"][2:5] == ["weekly", "-o", "outputs/batch/weekly"]
    assert here["command"][5:] == there["command"][5:] == ["--budget", "21600"]
    text = Path(here["paths"][0]).read_text(encoding="utf-8")
    program = text.splitlines()[-1].split("&& ")[1].split()[0]
    assert os.path.isabs(program)
    assert os.access(program, os.X_OK)


def test_ours_are_replaced_and_others_are_not(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Written again, a file is renewed; a file of someone else's stays until --force."""
    words = ("weekly", "--cron", "@weekly", "--as", "systemd", "-o", ".")
    assert said(capsys, *words)[0] == 0
    assert said(capsys, *words)[0] == 0
    timer, service = folder / "planner-weekly.timer", folder / "planner-weekly.service"
    timer.write_text("mine", encoding="utf-8")
    service.unlink()
    code, found, _ = said(capsys, *words)
    assert code == 7
    assert "planner-weekly.timer" in found["error"]
    assert timer.read_text(encoding="utf-8") == "mine"
    assert not service.exists()
    assert said(capsys, *words, "--force")[0] == 0
    assert MARK in timer.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("weekly", "--cron", "@weekly"), "--as with the name"),
        (("weekly", "--cron", "@weekly", "--as", "cron", "--run"), "--as with the name"),
        (("weekly", "--cron", "61 * * * *", "--as", "cron"), "minute '61'"),
        (("weekly", "--cron", "@weekly", "--as", "kubernetes"), "--image"),
        (("weekly", "--cron", "@weekly", "--as", "cron", "--", "-o", "x"), "--into FOLDER"),
        (("weekly", "--cron", "@weekly", "--as", "cron", "--", "--budget=1h"), "--budget TIME"),
        (("weekly", "--cron", "@weekly", "--as", "cron", "--", "--wrkers", "2"), "--wrkers"),
        (("weekly", "--cron", "@weekly", "--as", "cron", "--workers", "2"), "of `planner batch`: give it after --"),
        (("weekly", "--cron", "@weekly", "--as", "cron", "--wrkers", "2"), "No such option"),
        (("weekly", "--cron", "@weekly", "--as", "cron", "--", "--gap", "7"), "found '7'"),
        (("weekly", "--cron", "@weekly", "--as", "cron", "--tz", "Mars/Olympus"), "is not a time zone"),
        (("weekly", "--cron", "@weekly", "--as", "cron", "--into", "weekly/a.xlsx"), "name a folder"),
        (("weekly", "--cron", "@weekly", "--as", "cron", "--", "--only", "nobody"), "no job has that name"),
        (("weekly", "--cron", "@weekly", "--as", "cron", "--", "--engine", "dask"), "--scheduler ADDRESS together"),
        (("weekly", "--cron", "@weekly", "--as", "cron", "--", "--webhook", "example.com"), "begins with https://"),
        (("weekly", "--cron", "@weekly", "--as", "cron", "--", "--window", "3"), "no meaning without --rolling"),
    ],
)
def test_wrong_usage_is_told_and_writes_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], told: str
) -> None:
    """Exit code 2, with what to do."""
    code, found, _ = said(capsys, *words)
    assert code == 2
    assert told in found["error"]
    assert [each.name for each in folder.iterdir()] == ["weekly"]


@pytest.mark.parametrize(
    ("jobs", "sheet", "column"),
    [
        ("none", "none", ""),
        ("none*.xlsx", "none*.xlsx", ""),
        ("empty", "empty", ""),
        ("wrong.toml", "wrong.toml", "time-limt"),
    ],
)
def test_jobs_are_read_as_the_batch_reads_them(
    folder: Path, capsys: pytest.CaptureFixture[str], jobs: str, sheet: str, column: str
) -> None:
    """What `batch` would refuse at night is refused when its schedule is written, in the same words."""
    (folder / "empty").mkdir()
    job = "[[job]]\nname = 'a'\ninput = 'weekly/a.xlsx'\ntime-limt = '15m'"
    (folder / "wrong.toml").write_text(job, encoding="utf-8")
    code, found, _ = said(capsys, jobs, "--cron", "@weekly", "--as", "cron")
    capsys.readouterr()
    assert main(["batch", jobs, "--json"]) == code == 2
    assert json.loads(capsys.readouterr().out)["faults"] == found["faults"]
    assert [(each["sheet"], each["column"]) for each in found["faults"]] == [(sheet, column)]
    assert not (folder / "outputs").exists()


def test_names_come_from_the_jobs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A job file's name, a folder's, or the folder of a pattern; --name overrides them. Results are kept as by hand."""
    (folder / "Night Plans.toml").write_text("[[job]]\nname = 'a'\ninput = 'weekly/a.xlsx'", encoding="utf-8")
    common = ("--cron", "@daily", "--as", "cron")
    names = [said(capsys, jobs, *common)[1]["name"] for jobs in ("weekly/", "weekly/*.xlsx", "Night Plans.toml")]
    assert names == ["planner-weekly", "planner-weekly", "planner-night-plans"]
    by_hand = folder / "outputs" / "batch" / "Night Plans"
    assert said(capsys, "Night Plans.toml", *common)[1]["command"][4] == str(by_hand)
    assert said(capsys, "weekly", *common, "--name", "Mine!")[1]["name"] == "mine"
    assert said(capsys, "weekly/*.xlsx", *common)[1]["command"][4] == str(folder / "outputs" / "batch" / "weekly")


@pytest.mark.parametrize("kind", KINDS)
def test_schedules_of_one_name_in_different_places_have_folders_of_their_own(
    folder: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    """Two folders of the same name share neither files nor results by default, and each keeps what it has."""
    for place in ("eu", "us"):
        shutil.copytree(folder / "weekly", folder / place / "weekly")
    common = ("--cron", "@daily", "--as", kind, "--image", "registry.example/planner:1")
    found = [said(capsys, place, *common) for place in ("eu/weekly", "us/weekly", "eu/weekly", "us/weekly/*.xlsx")]
    assert [told["name"] for _, told, _ in found] == ["planner-weekly", "planner-weekly-2"] * 2
    assert [Path(told["command"][4]).name for _, told, _ in found] == ["weekly", "weekly-2"] * 2
    assert found[0][1]["paths"] == found[2][1]["paths"] != found[1][1]["paths"]
    assert not any("warning" in err for *_, err in found)
    # a name that is given is taken, and so is a folder, with a warning
    _, named, _ = said(capsys, "us/weekly", *common, "--name", "night")
    assert (named["name"], Path(named["command"][4]).name) == ("night", "weekly-2")
    _, _, err = said(capsys, "us/weekly", *common, "--into", "outputs/batch/weekly")
    assert "is the folder of other jobs too" in err
    *_, again = said(capsys, "us/weekly", *common, "--name", "night")
    *_, taken = said(capsys, "eu/weekly", *common, "--name", "night")
    assert "night is the name of a schedule of other jobs too" in taken
    assert "warning" not in again


def test_a_schedule_leaves_the_folder_of_another_batch_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where a batch of other jobs was run by hand its folder is not taken either."""
    for place in ("eu", "us"):
        shutil.copytree(folder / "weekly", folder / place / "weekly")
    batches = folder / "outputs" / "batch"
    (batches / "weekly").mkdir(parents=True)
    eu = Manifest("weekly", "2026-01-01T00:00:00+00:00", None, "1", (), "../../../eu/weekly")
    write_manifest(batches / "weekly" / "manifest.json", eu)
    for place, expected in (("eu/weekly", "weekly"), ("us/weekly", "weekly-2")):
        _, found, _ = said(capsys, place, "--cron", "@daily", "--as", "cron")
        assert found["command"][4] == str(batches / expected)


def test_options_of_the_batch_are_kept_as_they_are(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What follows -- is handed on as it is, whatever it holds; jobs of another machine are not looked up."""
    odd = [word for each in ODD for word in ("--only", each)]
    elsewhere = ("--as", "kubernetes", "--image", "registry.example/planner:1")
    _, found, _ = said(capsys, "weekly", "--cron", "@daily", *elsewhere, "--", "--json", *odd)
    assert found["command"][7:] == ["--json", *odd]


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_run_waits_for_the_next_start_and_stops_cleanly(folder: Path) -> None:
    """--run says when it starts next; SIGTERM ends it with exit code 0 and one JSON object."""
    pytest.importorskip("apscheduler", reason="it comes with the extra `schedule`")
    words = command("schedule", "weekly", "--cron", "0 0 1 1 *", "--tz", "Europe/Berlin", "--run", "--json")
    process = subprocess.Popen(
        words, cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    assert "-01-01 00:00 CET" in process.stderr.readline()
    time.sleep(0.2)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert json.loads(out)["started"] == 0


def test_without_the_library_run_says_what_to_install(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The files need no APScheduler; --run does, and says so."""
    monkeypatch.setitem(sys.modules, "apscheduler", None)
    monkeypatch.delitem(sys.modules, "planner.schedule.runner", raising=False)
    code, found, _ = said(capsys, "weekly", "--cron", "@weekly", "--run")
    assert code == 2
    assert "pip install 'capacity-planner[schedule]'" in found["error"]
    assert said(capsys, "weekly", "--cron", "@weekly", "--as", "cron")[0] == 0
