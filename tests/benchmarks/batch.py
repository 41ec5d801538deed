"""What a batch costs beyond its solves: `python tests/benchmarks/batch.py [--jobs 200] [--dask]`.

Overhead a job, two ways, so that a busy machine cannot hide it:

- wall: (wall time x workers - the seconds that the jobs' own run.json have in total) / jobs. A run.json's total is
  from before reading to after writing; all else is overhead: starting, judging, moving, recording, waiting.
- CPU: CPU of the batch with all its processes, less what the same solves take in one warm process, a job.

For comparison: `planner solve` as a command of its own for each, as many at a time. Then speed-up with workers.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1])]

from commandline import decision, environment  # noqa: E402
from sheets import workbook  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--dask", action="store_true", help="Also on a local Dask cluster.")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        workbook(folder / "year.xlsx", decision())
        values = [8 + i / 100 for i in range(given.jobs)]
        grid = json.dumps({"demand.chat/us/2026-01.tokens_bn_per_day": values}).replace(": ", " = ", 1)
        (folder / "jobs.toml").write_text(f'[[job]]\nname = "j"\ninput = "year.xlsx"\ngrid = {grid}\n')
        print(f"load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        warm = _in_one_process(folder)
        print(f"one solve in a warm process: {warm:.3f} s of CPU")
        alone = _alone(folder, given.workers)
        print(f"planner solve as a command of its own, {given.workers} at a time: {alone:.2f} s of wall a job")
        base = _batch(folder, "local", given.jobs, given.workers, warm)
        if given.workers > 1:
            single = _batch(folder, "local", given.jobs, 1, warm)
            print(f"speed-up with {given.workers} workers: {single / base:.2f}")
        began = time.perf_counter()
        _planner(folder, "batch", "jobs.toml", "-o", f"local-{given.workers}", "--quiet")
        print(f"the same again, all reused: {time.perf_counter() - began:.2f} s")
        if given.dask:
            _on_dask(folder, given.jobs, given.workers, warm)


def _planner(folder: Path, *words: str) -> None:
    subprocess.run([sys.executable, "-m", "planner", *words], cwd=folder, env=environment(), check=True)


def _in_one_process(folder: Path, times: int = 10) -> float:
    """CPU seconds of a solve where everything is loaded."""
    code = f"""
import time
from planner.cli import main
words = ["solve", "year.xlsx", "-o", "warm.xlsx", "--quiet", "--threads", "1"]
main(words)
began = time.process_time()
for _ in range({times}): main(words)
print((time.process_time() - began) / {times})
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment(), check=True, capture_output=True, text=True
    )
    return float(done.stdout)


def _alone(folder: Path, workers: int, times: int = 10) -> float:
    began = time.perf_counter()
    with ThreadPoolExecutor(workers) as pool:
        for each in [
            pool.submit(_planner, folder, "solve", "year.xlsx", "-o", f"alone{i}.xlsx", "--quiet", "--threads", "1")
            for i in range(times)
        ]:
            each.result()
    return (time.perf_counter() - began) / times


def _batch(folder: Path, engine: str, jobs: int, workers: int, warm: float, *words: str) -> float:
    """Runs the batch and prints its figures; the wall seconds."""
    out = f"{engine}-{workers}"
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    _planner(folder, "batch", "jobs.toml", "-o", out, "--workers", str(workers), "--quiet", *words)
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    records: list[dict[str, Any]] = json.loads((folder / out / "manifest.json").read_text())["records"]
    assert len(records) == jobs
    assert all(record["good"] for record in records)
    own = sum(record["report"]["seconds"]["total"] for record in records)
    print(f"{engine}, {jobs} jobs, {workers} workers: {wall:.1f} s of wall, the jobs' own {own:.1f} s; load", end=" ")
    print(f"{os.getloadavg()[0]:.1f}; overhead a job: {(wall * workers - own) / jobs:.3f} s of wall", end="")
    print("" if engine == "dask" else f", {cpu / jobs - warm:.3f} s of CPU")
    return wall


def _on_dask(folder: Path, jobs: int, workers: int, warm: float) -> None:
    file = str(folder / "scheduler.json")
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": environment()}
    words = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--scheduler-file", file, "--port", "0"]
    processes = [subprocess.Popen([*words, "--host", "127.0.0.1", "--no-dashboard"], **quiet)]
    words = [sys.executable, "-m", "distributed.cli.dask_worker", "--scheduler-file", file, "--nthreads", "1"]
    words += ["--no-nanny", "--no-dashboard", "--local-directory", str(folder / "dask"), "--host", "127.0.0.1"]
    try:
        processes += [subprocess.Popen(words, **quiet) for _ in range(workers)]
        while not Path(file).exists():
            time.sleep(0.1)
        address = json.loads(Path(file).read_text())["address"]
        time.sleep(10.0)  # the workers join
        _batch(folder, "dask", jobs, workers, warm, "--engine", "dask", "--scheduler", address)
    finally:
        for each in processes:
            each.terminate()
            each.wait()


if __name__ == "__main__":
    main()
