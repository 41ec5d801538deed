"""`--keep-runs`: older runs go whole, and nothing else goes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from batch_records import record
from commandline import decision
from sheets import workbook

from planner.batch.folder import BatchFolder
from planner.batch.manifest import record_to_json
from planner.cli import main
from planner.files.lock import folder_lock
from planner.files.old_runs import remove_old_backtests, remove_old_runs


def a_run(folder: Path, day: int, *, report: str = "run.json", key: str = "objective_usd") -> Path:
    """A run of that day of January, which ended at its report's time."""
    path = folder / f"2026-01-{day:02d}T060000Z" if report == "run.json" else folder / f"rolling-{day:08x}"
    path.mkdir(parents=True)
    for name in ("plan.xlsx", "run.log") if report == "run.json" else ("rolling.xlsx", ".lock"):
        (path / name).write_text("", encoding="utf-8")
    (path / report).write_text(json.dumps({key: None}), encoding="utf-8")
    os.utime(path / report, (day, day))
    return path


def left(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize(("report", "key"), [("run.json", "objective_usd"), ("rolling.json", "myopia_usd")])
def test_the_newest_stay(tmp_path: Path, report: str, key: str) -> None:
    """Of seven runs the newest three stay; a folder of another name is none."""
    runs = [a_run(tmp_path, day, report=report, key=key) for day in range(1, 8)]
    (tmp_path / "mine").mkdir()
    (remove_old_runs if report == "run.json" else remove_old_backtests)(tmp_path, 3)
    assert left(tmp_path) == {"mine", *(path.name for path in runs[4:])}


def test_what_is_not_a_whole_run_of_ours_stays(tmp_path: Path) -> None:
    """A run at work, one with a file of somebody's, links, and reports of other commands are left, and not counted."""
    runs = [a_run(tmp_path, day) for day in range(1, 9)]
    (runs[0] / "notes.txt").write_text("mine", encoding="utf-8")
    (runs[1] / "run.json").unlink()
    (runs[2] / "run.json").write_text('{"loss": 1}', encoding="utf-8")
    (runs[3] / "plan.xlsx").unlink()
    (runs[3] / "plan.xlsx").symlink_to(tmp_path / "elsewhere.xlsx")
    (tmp_path / "2026-01-20T060000Z").symlink_to(runs[7])
    with folder_lock(runs[4]):
        remove_old_runs(tmp_path, 1)
    assert left(tmp_path) == {"2026-01-20T060000Z", *(runs[each].name for each in (0, 1, 2, 3, 4, 7))}
    remove_old_runs(tmp_path / "absent", 1)


def test_solve_keeps_its_newest_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run itself counts among those that stay; with -o there is no folder of runs to look after."""
    monkeypatch.chdir(tmp_path)
    path = workbook(tmp_path / "small.xlsx", decision())
    old = [a_run(tmp_path / "outputs" / "small", day) for day in (1, 2, 3)]
    assert main(["solve", str(path), "--keep-runs", "2", "--quiet"]) == 0
    names = left(tmp_path / "outputs" / "small")
    assert len(names) == 2
    assert old[2].name in names
    assert main(["solve", str(path), "--keep-runs", "2", "-o", "plan.xlsx"]) == 2


def test_jobs_that_left_a_batch_go(tmp_path: Path) -> None:
    """Of each workbook so many runs stay, those of the batch first, then the newest; others' files keep a folder."""
    folder = BatchFolder(tmp_path)
    jobs = [("now", "a.xlsx", "2026-01-09"), ("old", "a.xlsx", "2026-01-01"), ("older", "a.xlsx", "2025-01-01")]
    jobs += [("once", "b.xlsx", "2026-01-01"), ("oldest", "a.xlsx", "2024-01-01")]
    for name, source, finished in jobs:
        (tmp_path / "jobs" / name).mkdir(parents=True)
        text = record_to_json(record(name, input_path=source, finished=finished))
        (tmp_path / "jobs" / name / "record.json").write_text(text, encoding="utf-8")
    (tmp_path / "jobs" / "oldest" / "notes.txt").write_text("mine", encoding="utf-8")
    folder.remove_old_jobs(["now"], 2)
    assert left(tmp_path / "jobs") == {"now", "old", "once", "oldest"}
