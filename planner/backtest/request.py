"""What to backtest: the two workbooks, how to plan each month, and where results go."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.dataset import Dataset
from models.faults import Fault, FaultyWorkbook
from models.roll.information import Update
from planner.errors import WrongUsage
from planner.problem_reader import read
from planner.solving.problem import SolveOptions
from planner.version import __version__

ALIKE = ("first_month", "months", "currency", "discount_rate", "reserve_margin", "end_of_horizon")
"""Settings that must be the same in both workbooks, or costs do not compare."""


@dataclass(frozen=True, slots=True)
class BacktestRequest:
    """`forecast` is what is believed at first, `actuals` what really happens.

    `every`: months between two plans. `until`: the last month simulated (a month number; None: the last of the
    horizon). `window`: months a plan looks ahead (None: to the end of the horizon). `update`: how the forecast
    follows what is seen. `time_limit`: seconds for each solve. `keep_change_cost`: USD for each unit in which a plan
    departs from the one before. `folder` None: one of its own under `outputs`, of which
    `keep_runs` stay for each first forecast (None: all).
    """

    forecast: Path
    actuals: Path
    every: int = 1
    until: int | None = None
    window: int | None = None
    update: Update = "level"
    folder: Path | None = None
    gap: float = 0.001
    time_limit: float | None = None
    threads: int = 0
    seed: int = 0
    keep_change_cost: float | None = None
    accept_stopped: bool = False
    outputs: Path = Path("outputs")
    keep_runs: int | None = None

    @property
    def solver(self) -> SolveOptions:
        """The options of each solve."""
        return SolveOptions(self.gap, self.time_limit, self.threads, self.seed)

    def options(self) -> dict[str, Any]:
        """What a step's decisions depend on besides the workbooks, by the names of the command line."""
        names = ("every", "window", "update", "gap", "time_limit", "threads", "seed", "keep_change_cost")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True)
class Inputs:
    """Both workbooks read; `until` the last month t simulated; `key` names data and options in one hash."""

    forecast: Dataset
    actuals: Dataset
    until: int
    sha256: tuple[str, str]
    key: str


def read_inputs(request: BacktestRequest) -> Inputs:
    """Reads and checks both workbooks.

    Raises
    ------
    FaultyWorkbook
        One of them has faults, or they are not of the same problem.
    WrongUsage
        `until` lies outside the horizon.
    """
    found, hashes = [], []
    for path in (request.forecast, request.actuals):
        result = read(path)
        found.append(result.valid_dataset())
        hashes.append(result.sha256)
    forecast, actuals = found
    faults = tuple(_unlike(request, forecast, actuals))
    if faults:
        raise FaultyWorkbook(faults)
    last = len(actuals.horizon) - 1
    until = last if request.until is None else actuals.t(request.until)
    if not 0 <= until <= last:
        inside = f"name a month up to {actuals.label(last)}"
        raise WrongUsage(f"--until {actuals.label(until)} is outside the horizon; {inside}.")
    return Inputs(forecast, actuals, until, (hashes[0], hashes[1]), _key(request, hashes))


def _unlike(request: BacktestRequest, forecast: Dataset, actuals: Dataset) -> Iterator[Fault]:
    """Where the two are not the same problem."""
    fix = f"Make it the same in {request.forecast.name} and {request.actuals.name}."
    for name in ALIKE:
        before, after = _setting(forecast, name), _setting(actuals, name)
        if before != after:
            found, expected = f"{after} in {request.actuals.name}", f"{before}, as in {request.forecast.name}"
            yield Fault("settings", name, "", found, expected, fix)
    for sheet, key in (("segments", "segment"), ("hardware", "hardware")):
        names = [{getattr(each, key) for each in getattr(data, sheet)} for data in (forecast, actuals)]
        for name in sorted(names[0] ^ names[1]):
            only = request.forecast.name if name in names[0] else request.actuals.name
            yield Fault(sheet, key, name, f"it in {only} only", "it in both workbooks", fix)


def _setting(dataset: Dataset, name: str) -> str:
    return dataset.label(0) if name == "first_month" else str(getattr(dataset.settings, name))


def _key(request: BacktestRequest, hashes: list[str]) -> str:
    text = json.dumps([__version__, hashes, request.options()], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
