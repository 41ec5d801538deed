"""Benchmark: how time and memory grow with the number of scenarios of frontier_lab.xlsx.

    python tests/benchmarks/scenarios.py                        1, 3, 10, 30 and 100 scenarios
    python tests/benchmarks/scenarios.py --counts 1,3,10        some of them
    python tests/benchmarks/scenarios.py --time-limit 600 --gap 0.01 --engines extensive,decomposition

Scenarios are equally likely and differ in demand growth, delivery delay and on-demand price; what is decided in the
first year is common. Each row is a process of its own, so that its peak memory is its own: "relaxation" builds the
extensive form and solves its relaxation, the engines search for a plan. Rows appear as they are done, with the ratio of
seconds and memory to those of the smallest count. The machine may be shared: compare within a table, CPU seconds first.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

COUNTS = "1,3,10,30,100"
ENGINES = "build,relaxation,extensive,decomposition"


def main() -> None:
    """Prints a row per engine and count."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--counts", default=COUNTS)
    parser.add_argument("--engines", default=ENGINES)
    parser.add_argument("--gap", type=float, default=0.01)
    parser.add_argument("--time-limit", type=float, default=120.0, help="seconds for each search and relaxation")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        engine, count = options.case.split(":")
        print(json.dumps(_measure(engine, int(count), options.gap, options.time_limit)))
        return
    columns = [
        "scenarios",
        "wall s",
        "x",
        "CPU s",
        "x",
        "peak MB",
        "x",
        "nonzeros",
        "cost",
        "bound",
        "gap %",
        "load",
        "ended by",
    ]
    print(f"{'engine':<14}" + "".join(f"{column:>12}" for column in columns), flush=True)
    for engine in options.engines.split(","):
        first: dict[str, Any] | None = None
        for count in options.counts.split(","):
            command = [sys.executable, __file__, "--case", f"{engine}:{count}", "--gap", str(options.gap)]
            done = subprocess.run(
                [*command, "--time-limit", str(options.time_limit)], capture_output=True, text=True, check=False
            )
            if done.returncode:
                print(
                    f"{engine:<14}{count:>12}  failed: {(done.stderr.strip() or 'ended').splitlines()[-1]}", flush=True
                )
                continue
            found = json.loads(done.stdout.splitlines()[-1])
            first = first or found
            print(_row(engine, count, found, first), flush=True)


def _row(engine: str, count: str, found: dict[str, Any], first: dict[str, Any]) -> str:
    cells = [count]
    for figure in ("wall", "cpu", "peak_mb"):
        cells += [f"{found[figure]:,.1f}", f"{found[figure] / first[figure]:.1f}"]
    cells.append(f"{found['nonzeros']:,}")
    cells += ["-" if found[each] is None else f"{found[each] / 1e9:,.2f} bn" for each in ("cost", "bound")]
    cells.append("-" if found["gap"] is None else f"{100 * found['gap']:.2f}")
    cells += [f"{os.getloadavg()[0]:.1f}", found["ended"]]
    return f"{engine:<14}" + "".join(f"{cell:>12}" for cell in cells)


def _measure(engine: str, count: int, gap: float, time_limit: float) -> dict[str, Any]:
    """One engine on so many scenarios, in this process."""
    from models.stochastic.extensive_form import ExtensiveForm
    from models.stochastic.risk import Measure
    from planner.solving.problem import SolveOptions
    from planner.solving.relaxation import relaxed_optimum
    from planner.solving.search import solve
    from planner.stochastic.decomposition import decompose

    dataset = scenarios_of_the_lab(count)
    options = SolveOptions(gap=gap, time_limit=time_limit)
    wall, cpu = time.perf_counter(), time.process_time()
    nonzeros, cost, bound, proven, ended = 0, None, None, None, "-"
    if engine == "decomposition":
        found = decompose(dataset, options)
        cost, bound, proven = found.objective_usd, found.bound_usd, found.gap
        # a row of the fallback is no measurement of the decomposition
        whole = any("extensive form goes on" in line for line in found.log)
        ended = "extensive" if whole else found.why
    else:
        form = ExtensiveForm(dataset, Measure())
        nonzeros = int(form.compiled.matrix.nnz)
        if engine == "relaxation":
            relaxed = relaxed_optimum(form, time_limit)
            if relaxed is not None:
                bound = (float(form.compiled.cost @ relaxed.values) + form.compiled.offset) * form.units.usd
        elif engine == "extensive":
            outcome = solve(form, options)
            cost, bound, proven = outcome.objective_usd, outcome.bound_usd, outcome.gap
    return {
        "wall": time.perf_counter() - wall,
        "cpu": time.process_time() - cpu,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0,
        "nonzeros": nonzeros,
        "cost": cost,
        "bound": bound,
        "gap": proven,
        "ended": ended,
    }


def scenarios_of_the_lab(count: int) -> Any:
    """The frontier lab in `count` scenarios: growth from slow to fast, every second delayed, every third dear."""
    from models.schema import Scenario, ScenarioFactor
    from planner.problem_reader import read

    dataset = read(ROOT / "tests" / "benchmarks" / "examples" / "frontier_lab.xlsx").dataset
    assert dataset is not None
    rows, factors = [], []
    for i in range(count):
        name = f"s{i:03d}"
        rows.append(Scenario(scenario=name, probability=1.0 / count))
        growth = 0.02 * math.sin(2.4 * i)
        factors.append(ScenarioFactor(scenario=name, quantity="demand_growth", name="*", value=growth))
        if i % 2:
            factors.append(ScenarioFactor(scenario=name, quantity="delivery_delay_months", name="*", value=6.0))
        if i % 3 == 2:
            factors.append(ScenarioFactor(scenario=name, quantity="on_demand_price", name="*", value=1.4))
    settings = replace(dataset.settings, first_stage_months=12)
    return replace(dataset, settings=settings, scenarios=tuple(rows), scenario_factors=tuple(factors))


if __name__ == "__main__":
    main()
