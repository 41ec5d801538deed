"""Rolling through two datasets in memory: what is believed, what happens, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.dataset import Dataset
from planner.backtest.checkpoints import BacktestStep
from planner.backtest.hindsight import Hindsight, hindsight
from planner.backtest.request import BacktestRequest, Inputs
from planner.backtest.simulation import steps
from planner.interrupt import Stop
from planner.solving.progress import ProgressLines


def watch(what: str) -> ProgressLines:
    return ProgressLines(what, "USD")


@dataclass(frozen=True)
class Rolled:
    """The steps, and all of them in hindsight (None where month 0 had no plan)."""

    steps: list[BacktestStep]
    hindsight: Hindsight | None


def roll_through(forecast: Dataset, actuals: Dataset, until: int | None = None, **options: Any) -> Rolled:
    """Plans month by month; every plan proven to the last digit unless the options say otherwise."""
    request = BacktestRequest(Path("f.xlsx"), Path("a.xlsx"), **{"gap": 0.0, "threads": 1, **options})
    last = actuals.settings.months - 1 if until is None else until
    inputs = Inputs(forecast, actuals, last, ("", ""), "")
    stop = Stop()
    found = list(steps(request, inputs, None, stop, watch))
    if found[0].objective_usd is None:
        return Rolled(found, None)
    return Rolled(found, hindsight(actuals, found[-1].plan, last, request.solver, stop, watch))
