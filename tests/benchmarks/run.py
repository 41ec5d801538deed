"""Benchmark: seconds of each phase, peak memory and the gap as it closes, beside other ways and other solvers.

    python tests/benchmarks/run.py                                    the short cases
    python tests/benchmarks/run.py "fair 36x*" --seeds 1 2 3          cases by pattern, a generated workbook a seed
    python tests/benchmarks/run.py "*" --record FILE --beside         all, resumable: what FILE holds is not run again

Each run is a process of its own, so that its peak memory is its own. CPU seconds of reading, building, translating (the
arrays, and handing them over), the search, auditing and writing; wall seconds of the parts of the search. `--beside`
adds, of the same model, the ways of handing it over and the solvers of `beside.py`. Rows are medians over the seeds.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

PHASES = ("read", "build", "translate", "search", "audit", "write")
PARTS = ("relax", "dive", "tighten", "branch", "improve", "plans", "prove")
MARKS = (10, 30, 60, 300)
"""Seconds of search after which the gap is told."""


def main() -> None:
    """Runs the cases and prints a table."""
    from benchmarks.cases import SHORT, all_cases, matching

    parser = argparse.ArgumentParser()
    parser.add_argument("patterns", nargs="*", help="which cases [default: the short ones]")
    parser.add_argument("--gap", type=float, default=0.001)
    parser.add_argument("--time-limit", type=float, default=60.0, help="wall seconds of a search")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--beside", action="store_true", help="measure other ways and other solvers too")
    parser.add_argument("--record", type=Path, help="JSON file of all figures, gone on with where it exists")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measured(options.one, options.seeds[0], options)))
        return
    cases = matching(options.patterns) if options.patterns else list(SHORT)
    known = json.loads(options.record.read_text()) if options.record and options.record.exists() else {}
    print("  ".join([f"{'case':<20}", *(f"{each:>9}" for each in _titles())]))
    for case in cases:
        runs = []
        for seed in options.seeds:
            key = f"{case}, seed {seed}, gap {options.gap:g}, {options.time_limit:g} s, {options.threads} threads"
            key += ", beside" if options.beside else ""
            if key not in known:
                known[key] = _run(case, seed)
                if options.record:
                    options.record.write_text(json.dumps(known, indent=1))
            runs.append(known[key])
        _tell(case, runs)
    left = [each for each in all_cases() if each not in cases]
    print(f"Not run: {', '.join(left) or 'nothing'}.")


def _run(case: str, seed: int) -> dict[str, Any]:
    command = [sys.executable, __file__, *sys.argv[1:], "--one", case, "--seeds", str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"failed": done.stderr.strip().splitlines()[-1]}
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def measured(case: str, seed: int, options: argparse.Namespace) -> dict[str, Any]:
    """One run of a case, phase by phase, in this process."""
    from benchmarks.beside import HANDED, SOLVERS, bare_xlsxwriter, measured_apart
    from benchmarks.cases import workbook_of

    from models.audit import audit
    from models.build import build_model
    from planner.problem_reader import read
    from planner.reports.plan_report import report_of, write_plan
    from planner.reports.run_result import RunResult
    from planner.results.scenario_set import ScenarioSetResult
    from planner.solving.highs import HighsSolver
    from planner.solving.problem import Progress, SolveOptions
    from planner.solving.search import solve

    seconds: dict[str, float] = {}
    bare_write, clock = None, 0.0

    def lap(phase: str) -> None:
        nonlocal clock
        now = time.process_time()
        seconds[phase] = now - clock
        clock = now

    with tempfile.TemporaryDirectory() as folder:
        path = workbook_of(case, Path(folder), seed)
        clock = time.process_time()
        dataset = read(path).valid_dataset()
        lap("read")
        model = build_model(dataset)
        lap("build")
        size = model.size
        asked = SolveOptions(options.gap, options.time_limit, options.threads, seed)
        HighsSolver(model.compiled, asked)
        lap("translate")
        before = _peak_mb()
        handed = {name: measured_apart(way, model) for name, way in HANDED.items()} if options.beside else {}
        clock = time.process_time()
        trace: list[Progress] = []
        outcome = solve(model, asked, on_progress=trace.append)
        lap("search")
        if outcome.values is not None:
            plan = model.plan(outcome.values)
            report = audit(dataset, plan, objective_usd=plan.objective_usd)
            assert report.passed, [each for each in report.checks if not each.passed][:3]
            lap("audit")
            told = RunResult(
                plan_name=case, status=outcome.status, objective_usd=plan.objective_usd, bound_usd=outcome.bound_usd,
                gap=outcome.gap, dataset=dataset, solution=ScenarioSetResult.of_plan(dataset, plan), audit=report,
                model=size, seconds=seconds,
            )  # fmt: skip
            write_plan(Path(folder) / "plan.xlsx", told)
            lap("write")
            bare_write = bare_xlsxwriter(report_of(told).tables(told)) if options.beside else None
    found: dict[str, Any] = {
        "nonzeros": size.nonzeros,
        "integers": size.integers,
        "seconds": seconds,
        "parts": dict(outcome.parts),
        "before_mb": before,
        "peak_mb": _peak_mb(),
        "status": outcome.status,
        "cost": outcome.objective_usd,
        "bound": outcome.bound_usd,
        "gap": outcome.gap,
        "gap_after": {mark: _gap_after(mark, trace, outcome) for mark in MARKS if mark <= options.time_limit},
    }
    if options.beside:
        found["handed"] = {name: asdict(cost) for name, cost in handed.items() if cost is not None}
        found["bare_write"], found["solvers"] = bare_write, {}
        for name, solver in SOLVERS.items():
            other = solver(model.compiled, options.gap, options.time_limit)
            if other is not None:
                costs = [None if each is None else each * model.units.usd for each in (other.cost, other.bound)]
                found["solvers"][name] = {"cost": costs[0], "bound": costs[1], "seconds": other.seconds}
    return found


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0


def _gap_after(mark: float, trace: list[Any], outcome: Any) -> float | None:
    """The gap after so many seconds; None while there was no plan."""
    if outcome.seconds <= mark:
        gap: float | None = outcome.gap
        return gap
    return next((each.gap for each in reversed(trace) if each.seconds <= mark), None)


def _titles() -> list[str]:
    return ["nonzeros", *PHASES, *PARTS, "peak MB", *(f"gap {mark} s" for mark in MARKS), "gap"]


def _tell(case: str, runs: list[dict[str, Any]]) -> None:
    """A row of medians, and what was measured beside it."""
    failed = [each["failed"] for each in runs if "failed" in each]
    runs = [each for each in runs if "failed" not in each]
    for words in failed:
        print(f"{case:<20}  failed: {words}")
    if not runs:
        return
    cells = [f"{_median(runs, 'nonzeros'):>9,.0f}"]
    cells += [_figure(_median(runs, "seconds", each)) for each in PHASES]
    cells += [_figure(_median(runs, "parts", each)) for each in PARTS]
    cells.append(f"{_median(runs, 'peak_mb'):>9.0f}")
    cells += [_percent(_median(runs, "gap_after", str(mark))) for mark in MARKS]
    print("  ".join([f"{case:<20}", *cells, _percent(_median(runs, "gap"))]), flush=True)
    for name in runs[0].get("handed", {}):
        told = []
        for figure, unit in (("first", "s"), ("again", "s"), ("mb", "MB")):
            here, ours = (_median(runs, "handed", each, figure) or 0.0 for each in (name, "planner"))
            told.append(
                f"{figure} {here:.3g} {unit}" + (f" (the planner {ours / here:.2f} times that)" if here else "")
            )
        print(f"    build and translate, {name}: {', '.join(told)}")
    if (bare := _median(runs, "bare_write")) is not None:
        ours = _median(runs, "seconds", "write") or 0.0
        print(f"    write, bare XlsxWriter: {bare:.2f} s (the planner {ours / bare:.2f} times that)")
    for name in runs[0].get("solvers", {}):
        took, gaps = _median(runs, "solvers", name, "seconds"), [_gap_of(each["solvers"][name]) for each in runs]
        gap = statistics.median(gaps) if None not in gaps else None
        print(f"    {name}: {took:.1f} s, gap{_percent(gap)}")


def _gap_of(found: dict[str, float | None]) -> float | None:
    cost, bound = found["cost"], found["bound"]
    return None if cost is None or bound is None or not cost else (cost - bound) / abs(cost)


def _median(runs: list[dict[str, Any]], *keys: str) -> float | None:
    """Of one figure over the runs; None where one of them has none."""
    values = []
    for run in runs:
        value: Any = run
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        values.append(value)
    return None if None in values else statistics.median(values)


def _figure(value: float | None) -> str:
    return f"{'-':>9}" if value is None else f"{value:>9.2f}"


def _percent(value: float | None) -> str:
    return f"{'-':>9}" if value is None else f"{value:>9.3%}"


if __name__ == "__main__":
    main()
