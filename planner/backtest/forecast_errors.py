"""Forecast errors: what differed from the forecast, and from which month it was known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from models import months
from models.dataset import Dataset
from models.plan import Plan
from models.roll.information import information_at
from models.schema import sheet
from planner.analysis.plan_comparison import InputChange, input_changes, key_of
from planner.backtest.checkpoints import BacktestStep
from planner.backtest.request import BacktestRequest, Inputs

BY_MONTH = ("demand", "on_demand")


@dataclass(frozen=True, slots=True)
class ForecastError:
    """A value that is not as forecast, and the month t in whose plan it was first known; None where it never was."""

    change: InputChange
    known: int | None


def forecast_errors(
    request: BacktestRequest, inputs: Inputs, steps: Sequence[BacktestStep]
) -> tuple[ForecastError, ...]:
    """Every value in which the two workbooks differ, in the order of the sheets."""
    changes = input_changes(inputs.forecast, inputs.actuals)
    known: dict[InputChange, int] = {}
    implemented = Plan()
    for step in steps:
        belief = information_at(inputs.forecast, inputs.actuals, implemented, step.month, request.update)
        for change in changes:
            if change not in known and _is_known(change, belief, inputs, step.month):
                known[change] = step.month
        implemented = step.plan
    return tuple(ForecastError(each, known.get(each)) for each in changes)


def _is_known(change: InputChange, belief: Dataset, inputs: Inputs, k: int) -> bool:
    if change.sheet in BY_MONTH:
        month = months.parse(change.key[-1])
        return month is None or inputs.actuals.t(month) <= k
    if change.sheet == "settings":
        return True
    return bool(_value(belief, change) == _value(inputs.actuals, change))


def _value(dataset: Dataset, change: InputChange) -> Any:
    """The value of the change's cell; whether there is such a row, where the change is one of a whole row."""
    which = sheet(change.sheet)
    for row in getattr(dataset, change.sheet):
        if key_of(which, row) == change.key:
            return getattr(row, change.column) if change.column else True
    return None
