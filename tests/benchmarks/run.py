"""Benchmark: seconds of each phase and peak memory, for the examples and for generated problems.

    python tests/benchmarks/run.py                     examples and the small sizes
    python tests/benchmarks/run.py --all               all of 24/36/60 months x 20/60/200 offers
    python tests/benchmarks/run.py --time-limit 120 --gap 0.001 --seed 1

Each case runs in a process of its own, so that its peak memory is its own; the figures are of one run
on a machine that may be shared: compare within a table.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import fields
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "tests" / "benchmarks" / "examples"
"""The examples as they were when speed was first spoken of: they stay as they are."""
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

SIZES = [(months, offers) for months in (24, 36, 60) for offers in (20, 60, 200)]
SMALL = [(24, 20), (36, 20), (24, 60)]
PHASES = ("read", "build", "solve", "audit", "write")


def main() -> None:
    """Prints a row per case."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--all", action="store_true", help="every generated size")
    parser.add_argument("--gap", type=float, default=0.001)
    parser.add_argument("--time-limit", type=float, default=120.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--case", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        print(json.dumps(_measure(options.case, options.gap, options.time_limit, options.seed)))
        return
    examples = sorted(path.name for path in EXAMPLES.glob("*.xlsx"))
    cases = examples + [f"{months}x{offers}" for months, offers in (SIZES if options.all else SMALL)]
    columns = ["case", *PHASES, "peak MB", "rows", "columns", "integers", "nonzeros", "status", "gap %"]
    print("  ".join(f"{column:>10}" for column in columns).replace("      case", f"{'case':<22}", 1))
    for case in cases:
        command = [sys.executable, __file__, "--case", case, "--gap", str(options.gap)]
        command += ["--time-limit", str(options.time_limit), "--seed", str(options.seed)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"{case:<22}  failed: {done.stderr.strip().splitlines()[-1]}")
            continue
        found = json.loads(done.stdout.splitlines()[-1])
        cells = [f"{found['seconds'][phase]:>10.2f}" for phase in PHASES] + [f"{found['peak_mb']:>10.0f}"]
        cells += [f"{each:>10,}" for each in found["size"]] + [f"{found['status']:>10}"]
        cells.append(f"{found['gap']:>10.3%}" if found["gap"] is not None else f"{'-':>10}")
        print("  ".join([f"{case:<22}", *cells]), flush=True)


def _measure(case: str, gap: float, time_limit: float, seed: int) -> dict[str, object]:
    """One case, phase by phase, in this process."""
    import openpyxl

    from models.audit import audit
    from models.build import build_model
    from planner.problem_reader import read
    from planner.reports.plan_report import write_plan
    from planner.reports.run_result import RunResult
    from planner.results.scenario_set import ScenarioSetResult
    from planner.solving.problem import SolveOptions
    from planner.solving.search import solve

    seconds: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        if case.endswith(".xlsx"):
            path = EXAMPLES / case
        else:
            path = Path(folder) / f"{case}.xlsx"
            months, offers = map(int, case.split("x"))
            _write_workbook(openpyxl.Workbook(), months, offers, path)

        def lap(phase: str, since: float) -> float:
            now = time.perf_counter()
            seconds[phase] = now - since
            return now

        clock = time.perf_counter()
        dataset = read(path).dataset
        assert dataset is not None, f"{case} has faults"
        clock = lap("read", clock)
        model = build_model(dataset)
        size = model.size
        clock = lap("build", clock)
        outcome = solve(model, SolveOptions(gap=gap, time_limit=time_limit, seed=seed))
        clock = lap("solve", clock)
        seconds |= {"audit": 0.0, "write": 0.0}
        if outcome.values is not None:
            plan = model.plan(outcome.values)
            clock = time.perf_counter()
            report = audit(dataset, plan, objective_usd=plan.objective_usd)
            assert report.passed, [each for each in report.checks if not each.passed][:3]
            clock = lap("audit", clock)
            told = RunResult(
                plan_name=case, status=outcome.status, objective_usd=plan.objective_usd, bound_usd=outcome.bound_usd,
                gap=outcome.gap, dataset=dataset, solution=ScenarioSetResult.of_plan(dataset, plan), audit=report,
                model=size, seconds=seconds,
            )  # fmt: skip
            write_plan(Path(folder) / "plan.xlsx", told)
            lap("write", clock)
    return {
        "seconds": seconds,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0,
        "size": [size.rows, size.columns, size.integers, size.nonzeros],
        "status": outcome.status,
        "gap": outcome.gap,
    }


def _write_workbook(book, months: int, offers: int, path: Path) -> None:  # type: ignore[no-untyped-def]
    """A generated problem as a workbook, so that reading it is measured too."""
    from benchmarks.generated import generated

    from models.months import first_day
    from models.schema import SHEETS

    dataset = generated(months, offers)
    book.remove(book.active)
    for sheet in SHEETS:
        rows = getattr(dataset, sheet.name)
        if not rows:
            continue
        page = book.create_sheet(sheet.name)

        def cell(row: object, name: str, kind: str) -> object:
            value = getattr(row, name)
            if kind == "month" and value is not None:
                return first_day(value)
            return "; ".join(value) if isinstance(value, tuple) else value

        kinds = {column.name: column.kind for column in sheet.columns}
        if sheet.name == "settings":
            page.append(["key", "value"])
            for each in fields(rows):
                if each.name in kinds:
                    page.append([each.name, cell(rows, each.name, kinds[each.name])])
            continue
        page.append(list(kinds))
        for row in rows:
            page.append([cell(row, name, kind) for name, kind in kinds.items()])
    book.save(path)


if __name__ == "__main__":
    main()
