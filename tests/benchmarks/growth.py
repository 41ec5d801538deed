"""Benchmark: how the seconds of each phase grow with the size of the workbook.

    python tests/benchmarks/growth.py                  every dimension
    python tests/benchmarks/growth.py months caps      some of them

CPU seconds of one thread of checking, building, handing over, reading the plan back, auditing and writing it, at three
or four sizes of one dimension, the others as they are. The exponent (1: linear) is fitted to all sizes at which a phase
takes 0.05 s or more; nothing is said of fewer than two. The plan signs a unit of each lease as early as it can, no
block of a contract, and dispatches at the least cost.
"""

from __future__ import annotations

import gc
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from benchmarks.generated import FIRST, generated  # noqa: E402

from models.audit import audit, audit_scenario_set  # noqa: E402
from models.build import build_model  # noqa: E402
from models.checks import check  # noqa: E402
from models.core.model import Model  # noqa: E402
from models.core.vector import Vector  # noqa: E402
from models.dataset import Dataset  # noqa: E402
from models.demand.baseline import baseline_demand  # noqa: E402
from models.schema import Cap, Demand, OnDemand, Scenario, ScenarioFactor  # noqa: E402
from models.stochastic.extensive_form import ExtensiveForm  # noqa: E402
from planner.reports.plan_report import plan_workbook  # noqa: E402
from planner.reports.run_result import RunResult  # noqa: E402
from planner.results.scenario_set import ScenarioSetResult  # noqa: E402
from planner.solving.problem import SolveOptions, fixed_problem  # noqa: E402
from planner.solving.search import solve  # noqa: E402

PHASES = ("check", "build", "compile", "extract", "audit", "write")
TOLD = 0.05
"""Seconds below which a time says nothing of growth."""


def _caps(count: int) -> Dataset:
    """Caps on cash, money owed and the share of a provider, in every month."""
    measures = ("cash_usd", "obligation_usd", "capacity_share")
    caps = tuple(
        Cap(
            cap=f"cap {k}",
            measure=measures[k % 3],
            scope="provider",
            name=f"neocloud {k % 9}",
            sense="max",
            value=1.0 if k % 3 == 2 else 1e12,
        )
        for k in range(count)
    )
    return replace(generated(24, 40), caps=caps)


def _demand(rows: int) -> Dataset:
    """Demand of every month of two years, in three regions, of ever more segments."""
    data = generated(24, 20, segments=rows // (24 * 3))
    paths = baseline_demand(data).items()
    given = ((place, month, tokens) for place, path in paths for month, tokens in enumerate(path, start=FIRST))
    demand = tuple(
        Demand(segment=segment, region=region, month=month, tokens_bn_per_day=tokens)
        for (segment, region), month, tokens in given
    )
    return replace(data, demand=demand)


def _on_demand(rows: int) -> Dataset:
    """On-demand offers whose price changes each month."""
    data, months = generated(24, 20), 24
    offered = tuple(
        OnDemand(
            provider=f"spot {k // (months * 12)}",
            region=("us", "eu", "apac")[k // (months * 4) % 3],
            hardware=data.hardware[k // months % 4].hardware,
            from_month=FIRST + k % months,
            usd_per_accelerator_hour=5.0 + 0.01 * (k % 7),
        )
        for k in range(rows)
    )
    return replace(data, on_demand=offered)


def _scenarios(count: int) -> Dataset:
    """Scenarios of demand, each with a factor of its own in every second month."""
    data = generated(8, 2)
    names = [f"case {k}" for k in range(count)]
    factors = tuple(
        ScenarioFactor(scenario=name, quantity="demand", name="*", from_month=FIRST + t, value=0.8 + 0.4 * k / count)
        for k, name in enumerate(names)
        for t in range(0, 8, 2)
    )
    return replace(
        data,
        scenarios=tuple(Scenario(scenario=name, probability=1 / count) for name in names),
        scenario_factors=factors,
    )


DIMENSIONS: dict[str, tuple[Callable[[int], Dataset], tuple[int, ...]]] = {
    "months": (lambda months: generated(months, 20), (30, 60, 120, 240)),
    "offers": (lambda offers: generated(24, offers), (50, 100, 200, 400)),
    "demand rows": (_demand, (360, 1440, 5760)),
    "caps": (_caps, (30, 60, 120, 240)),
    "on-demand rows": (_on_demand, (288, 1152, 4608)),
    "scenarios": (_scenarios, (40, 80, 160, 320)),
}


def main() -> None:
    """Prints a row for each dimension and phase."""
    print(f"{'dimension':<16}{'phase':<10}{'seconds at each size':<40}exponent")
    for name in sys.argv[1:] or DIMENSIONS:
        make, sizes = DIMENSIONS[name]
        seconds = [_measured(make(size)) for size in sizes]
        for phase in PHASES:
            taken = [each[phase] for each in seconds]
            told = "  ".join(f"{size}: {spent:.2f}" for size, spent in zip(sizes, taken, strict=True))
            print(f"{name:<16}{phase:<10}{told:<50}{_exponent(sizes, taken)}", flush=True)


def _exponent(sizes: Sequence[int], taken: Sequence[float]) -> str:
    """The power of the size by which the seconds grow, by least squares of their logarithms."""
    known = [(size, spent) for size, spent in zip(sizes, taken, strict=True) if spent >= TOLD]
    if len(known) < 2:
        return "-"
    slope, _ = np.polyfit(*np.log(np.array(known)).T, 1)
    return f"{slope:.1f}"


def _measured(data: Dataset) -> dict[str, float]:
    """CPU seconds by phase."""
    seconds: dict[str, float] = {}

    def timed(phase: str, work: Callable[[], object]) -> object:
        gc.collect()
        began = time.process_time()
        found = work()
        seconds[phase] = time.process_time() - began
        return found

    result = RunResult(dataset=data)
    timed("check", lambda: check(data))
    form = timed("build", lambda: ExtensiveForm(data) if data.scenarios else build_model(data))
    timed("compile", lambda: form.compiled)
    values = _some_plan(form)
    if data.scenarios:
        plans = timed("extract", lambda: form.plans(values))
        timed("audit", lambda: audit_scenario_set(data, plans))
        return seconds | {"write": 0.0}
    plan = timed("extract", lambda: form.plan(values))
    result.audit = timed("audit", lambda: audit(data, plan))
    result.solution = ScenarioSetResult.of_plan(data, plan)
    with tempfile.TemporaryDirectory() as folder:
        timed("write", lambda: plan_workbook(Path(folder) / "plan.xlsx", result))
    return seconds


def _some_plan(form: ExtensiveForm | Model) -> Vector:
    arrays = form.compiled
    decided = {"units_by": 1.0, "tier_reached_by": 0.0, "blocks": 0.0}
    held = np.array([decided.get(each.parent_component().name, np.nan) for each in arrays.columns])
    outcome = solve(fixed_problem(form, held), SolveOptions(gap=1.0, time_limit=600.0, threads=1, second_look=False))
    if outcome.values is None:
        raise RuntimeError(f"no plan was found: {outcome.why}")
    return outcome.values


if __name__ == "__main__":
    main()
