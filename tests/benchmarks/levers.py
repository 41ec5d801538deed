"""Benchmark: how a model grows with levers and their levels, and how long it takes to solve.

    python tests/benchmarks/levers.py

Twelve months of three segments that demand presses on, each with the same levers of the same number of levels, each
level with its own multipliers of demand, peak demand and revenue; limits stay at least two months. Four leases and
hours on demand are on offer. Solved to 0.1 % on two threads, 60 seconds at most; with customers that no limit loses,
and with customers that leave month by month.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from builders import dataset, demand, fleet, lease, on_demand, segment, term  # noqa: E402

from models.build import build_model  # noqa: E402
from models.dataset import Dataset  # noqa: E402
from models.schema import Limit, LoadBlock  # noqa: E402
from planner.solving.problem import SolveOptions  # noqa: E402
from planner.solving.search import solve  # noqa: E402

LEVERS = ("five hours", "week", "peak", "price")
SEGMENTS = {"chat": 0.06, "code": 0.05, "api": 0.03}
"""Revenue in USD per million tokens."""


def main() -> None:
    """Prints a row for each size."""
    print("| levers | levels | combinations | churn | columns | binary | rows | nonzeros | seconds | gap |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    sizes = [(*size, 0.0) for size in ((1, 3), (1, 9), (2, 3), (2, 9), (3, 5), (3, 9), (4, 5))]
    for levers, levels, churn in (*sizes, (1, 3, 0.002), (2, 3, 0.002), (3, 9, 0.002)):
        model = build_model(pressed(levers, levels, churn))
        began = time.perf_counter()
        outcome = solve(model, SolveOptions(gap=0.001, time_limit=60.0, threads=2))
        seconds, size = time.perf_counter() - began, model.size
        counts = f"{size.columns:,} | {size.integers:,} | {size.rows:,} | {size.nonzeros:,}"
        gap = "–" if outcome.gap is None else f"{outcome.gap:.2%}"
        leave = "yes" if churn else "no"
        print(f"| {levers} | {levels} | {levels**levers:,} | {leave} | {counts} | {seconds:.1f} | {gap} |", flush=True)


def pressed(levers: int, levels: int, churn: float) -> Dataset:
    """Demand that grows from 8 to 24 accelerators, with so many levers a segment, of so many levels."""
    rows = [
        segment(name, revenue_usd_per_mtok=revenue, min_months_between_changes=2, shortfall_usd_per_mtok=0.2)
        for name, revenue in SEGMENTS.items()
    ]
    asked = [demand(*(2.5 + 0.5 * t for t in range(12)), segment=name) for name in SEGMENTS]
    offers = [lease(f"lease {k}", term(12, 1.2 + 0.1 * k), units_max=4) for k in range(4)]
    blocks = [LoadBlock(block="day", hours_per_day=10.0, peak=True), LoadBlock(block="night", hours_per_day=14.0)]
    limits = [each for name in SEGMENTS for each in _limits(name, levers, levels, churn)]
    return replace(
        dataset(rows, asked, offers, blocks, fleet(accelerators=4.0), on_demand(3.0), months=12), limits=tuple(limits)
    )


def _limits(name: str, levers: int, levels: int, churn: float) -> Iterator[Limit]:
    for k, lever in enumerate(LEVERS[:levers]):
        for level in range(levels):
            share = level / max(1, levels - 1)
            yield Limit(
                segment=name,
                limit=f"{lever} {level}",
                lever=lever,
                demand_multiplier=1.0 - (0.2 + 0.05 * k) * share,
                peak_demand_multiplier=1.0 - (0.3 + 0.03 * k) * share,
                revenue_multiplier=1.0 - (0.08 + 0.04 * k) * share**1.5,
                churn_per_month=churn * share,
            )


if __name__ == "__main__":
    main()
