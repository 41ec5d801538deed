"""Benchmark: when commands end that are given less time than they need.

    python tests/benchmarks/limits.py                       every command, with 1, 5 and 20 seconds
    python tests/benchmarks/limits.py --limits 5 explain    some of them

A row is a command in a process of its own: what was asked for, seconds of wall time when it ended, its CPU seconds and
those of them after the limit (of its workers too), and its exit code. On a machine that other work shares the CPU
seconds after the limit are what a command overruns it by, and more than on an idle one: what was built before the limit
there is built after it here.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from benchmarks.cases import workbook_of, write  # noqa: E402
from benchmarks.growth import DIMENSIONS  # noqa: E402

LAB, SCENARIOS = "frontier_lab.xlsx", "frontier_lab_scenarios.xlsx"
MEASURES = (
    "--engine extensive",
    "--engine decomposition",
    *(f"--risk {each}" for each in ("worst", "wasserstein:0.1", "tv:0.1", "budget:1")),
)


def commands(folder: Path) -> Iterator[tuple[str, list[object]]]:
    """The name of each command, and its words with the paths of its files."""
    books = {name: workbook_of(name, folder) for name in (LAB, SCENARIOS, "lessor.xlsx", "60x200", "fair 120x200")}
    books["320 scenarios"] = folder / "320 scenarios.xlsx"
    data = DIMENSIONS["scenarios"][0](320)
    caps = tuple(cap for cap in data.caps if cap.name in {lease.provider for lease in data.leases})
    write(replace(data, caps=caps), books["320 scenarios"])
    lab, scenarios, plan = books[LAB], books[SCENARIOS], folder / "plan.xlsx"
    _start(["solve", lab, "-o", plan, "--time-limit", 90, "--gap", "2%"]).wait()
    for name, book in books.items():
        yield f"solve {name}", ["solve", book]
    for more in MEASURES:
        yield f"solve {SCENARIOS} {more}", ["solve", scenarios, *more.split()]
    yield f"solve {LAB} --stress 100", ["solve", lab, "--stress", 100]
    yield f"explain {LAB} PLAN", ["explain", lab, plan]
    yield f"explain {LAB} PLAN --vary demand", ["explain", lab, plan, "--vary", "demand=-20%..+40%/4"]
    for name in ("60x200", SCENARIOS):
        yield f"explain {name}", ["explain", books[name]]
    yield f"stress {LAB} PLAN", ["stress", lab, plan, "--demand-volatility", 0.1, "--count", 200]


def main() -> None:
    """Prints a row for each command and limit."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--limits", default="1,5,20")
    parser.add_argument("of", nargs="*", help="what the commands' words have in them")
    options = parser.parse_args()
    print("| command | asked | ended | CPU s | of them after the limit | exit code |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as made:
        for name, words in commands(Path(made)):
            if all(each in name for each in options.of):
                for limit in map(float, options.limits.split(",")):
                    out = ["-o", Path(made) / "out.xlsx", "--time-limit", limit]
                    ended, spent, after, code = _timed([*words, *out], limit)
                    print(f"| `{name}` | {limit:g} | {ended:.1f} | {spent:.1f} | {after:.1f} | {code} |", flush=True)


def _timed(words: list[object], limit: float) -> tuple[float, float, float, int]:
    """Seconds of wall time, CPU seconds, those of them after the limit, and the exit code."""
    began, process, spent, by_limit = time.monotonic(), _start(words), 0.0, 0.0
    while process.poll() is None:
        spent = max(spent, _cpu_seconds(process.pid))
        if time.monotonic() - began < limit:
            by_limit = spent
        time.sleep(0.05)
    return time.monotonic() - began, spent, spent - by_limit, process.returncode


def _cpu_seconds(pid: int) -> float:
    """Of a process and all that it started."""
    try:
        found = psutil.Process(pid)
        times = [each.cpu_times() for each in (found, *found.children(recursive=True))]
    except psutil.Error:
        return 0.0
    return sum(each.user + each.system + each.children_user + each.children_system for each in times)


def _start(words: list[object]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "planner", *map(str, words), "--quiet"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
