"""Small batches, and a look at what a batch has running and has left behind."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from commandline import command, decision, endless, environment
from openpyxl import load_workbook
from sheets import workbook

from planner.batch.manifest import JobRecord, Manifest, read_manifest
from planner.cli import main
from planner.results.plan_tables import DECISIONS, PLAN_TABLES

on_linux = pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="looks at processes through /proc")


def job_file(folder: Path, *jobs: dict[str, Any], **defaults: Any) -> Path:
    """`jobs.toml`, with `year.xlsx`, a year in which leasing beats on-demand, as the input of every job."""
    if not (folder / "year.xlsx").exists():
        workbook(folder / "year.xlsx", decision())
    lines = ["[defaults]", *(_line(each) for each in ({"input": "year.xlsx"} | defaults).items())]
    for job in jobs:
        lines += ["[[job]]", *(_line(each) for each in job.items())]
    path = folder / "jobs.toml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _line(entry: tuple[str, Any]) -> str:
    return f"{entry[0]} = {json.dumps(entry[1])}"


def demands(count: int) -> list[dict[str, Any]]:
    """Jobs that differ in what is asked in January."""
    return [{"name": f"j{i}", "set": [f"demand.chat/us/2026-01.tokens_bn_per_day={8 + i}"]} for i in range(count)]


def endless_workbook(folder: Path) -> str:
    """A workbook whose search no time limit of a test sees the end of; its name."""
    return workbook(folder / "endless.xlsx", endless()).name


def run(*words: object) -> int:
    """`planner batch` in this process; its exit code."""
    return main(["batch", *map(str, words)])


def started(folder: Path, *words: object, patch: str = "") -> subprocess.Popen[str]:
    """`planner batch` in a process of its own."""
    return subprocess.Popen(
        command("batch", *words, patch=patch),
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(what: Callable[[], Any], seconds: float = 60.0) -> Any:
    """The first true answer. Fails when there is none in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := what():
            return found
        time.sleep(0.02)
    raise AssertionError("it did not happen in time")


def jobs_running(folder: Path) -> list[int]:
    """Ids of the processes that work on jobs of a batch in a folder."""
    attempts = str((folder / ".attempts").resolve())
    found = []
    for each in Path("/proc").iterdir():
        if each.name.isdigit():
            try:
                if os.readlink(each / "cwd").startswith(attempts):
                    found.append(int(each.name))
            except OSError:
                pass
    return found


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def manifest(folder: Path) -> Manifest:
    found = read_manifest(folder / "manifest.json")
    assert found is not None
    return found


def records(folder: Path) -> dict[str, JobRecord]:
    return {record.name: record for record in manifest(folder).records}


def statuses(folder: Path) -> dict[str, str]:
    return {name: record.status for name, record in records(folder).items()}


def tables_of(folder: Path) -> dict[str, str]:
    """The plan tables of every job with a plan, cell by cell as they are in its workbook, as a hash."""
    with_plans = (record for record in manifest(folder).records if record.plan_path)
    return {record.name: _hash(_cells(folder / record.plan_path)) for record in with_plans}


def _cells(path: Path) -> Iterable[tuple[Any, ...]]:
    book = load_workbook(path, data_only=True)
    for table in (DECISIONS, *PLAN_TABLES):
        yield (table.sheet,)
        yield from book[table.sheet].iter_rows(values_only=True)


def _hash(rows: Iterable[tuple[Any, ...]]) -> str:
    return hashlib.sha256("\n".join(map(repr, rows)).encode()).hexdigest()
