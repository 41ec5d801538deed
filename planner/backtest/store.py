"""The plans of a backtest as `results.sqlite` holds them: one a step by its month, and both of what really happened."""

from __future__ import annotations

from pathlib import Path

from planner.backtest.checkpoints import BacktestStep
from planner.backtest.hindsight import EvaluatedPlan
from planner.backtest.summary import BacktestResult
from planner.formatting import finite
from planner.reports.plan_store import STORE, StoredPlan, write_store
from planner.results.fingerprints import file_sha256


def write_backtest_store(folder: Path, result: BacktestResult) -> None:
    """Writes the store of a backtest's plans, in its folder.

    Raises
    ------
    CannotWrite
        The store cannot be written.
    """
    steps = [(result.actuals.label(step.month), step) for step in result.steps]
    plans = [
        *(_stored(folder, label, f"steps/{label}/plan.xlsx", result.request.forecast, step) for label, step in steps),
        *(
            _stored(folder, name, f"{name}.xlsx", result.request.actuals, evaluated)
            for name, evaluated in (("month_by_month", result.rolling), ("foresight", result.foresight))
            if evaluated is not None
        ),
    ]
    write_store(folder / STORE, folder, plans)


def _stored(folder: Path, job: str, plan: str, problem: Path, found: BacktestStep | EvaluatedPlan) -> StoredPlan:
    there = found.objective_usd is not None and (folder / plan).is_file()
    return StoredPlan(
        job=job,
        status=found.status,
        good=found.status == "optimal",
        objective_usd=found.objective_usd,
        bound_usd=None if found.bound_usd is None else finite(found.bound_usd),
        gap=None if found.gap is None else finite(found.gap),
        seconds=found.seconds,
        input=str(problem),
        plan=plan if there else "",
        plan_sha256=file_sha256(folder / plan) if there else "",
    )
