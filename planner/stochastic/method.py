"""The solution method of a problem with scenarios: the extensive form while it pays, decomposition beyond."""

from __future__ import annotations

from typing import Literal

from models.dataset import Dataset
from models.stochastic.risk import Measure
from planner.errors import WrongUsage

Engine = Literal["extensive", "decomposition"]

LARGE = 100_000
"""Nonzeros of the extensive form from which decomposition is chosen.

By tests/benchmarks/scenarios.py three scenarios of the frontier lab, 147,000 nonzeros, take it a third of the time.
"""


def choose_engine(dataset: Dataset, nonzeros: int, measure: Measure | None = None) -> Engine:
    """The engine for a problem whose extensive form has so many nonzeros.

    Decomposition takes two scenarios or more and a measure that it can minimise; without `measure` the settings'.
    """
    decomposable = len(dataset.scenarios) > 1 and not cannot_decompose(dataset, measure or Measure.of(dataset))
    return "decomposition" if decomposable and nonzeros >= LARGE else "extensive"


def check_engine(engine: Engine | None, dataset: Dataset, measure: Measure, *, keeps: bool) -> None:
    """Checks that an engine that was asked for can be used; `keeps`: departing from a plan is charged for.

    Raises
    ------
    WrongUsage
        It cannot minimise the measure, or cannot charge for departing.
    """
    if engine != "decomposition":
        return
    if keeps:
        raise WrongUsage("--engine decomposition cannot charge for departing from a plan kept. Leave it out.")
    if why := cannot_decompose(dataset, measure):
        raise WrongUsage(f"--engine decomposition cannot be used: {why}. Leave it out.")


def cannot_decompose(dataset: Dataset, measure: Measure) -> str:
    """Why decomposition cannot minimise a measure, in words; "" where it can.

    Worst cost, regret and CVaR tie the scenarios' costs, and so does an offer that must be in one of them. A scenario
    of probability 0 has no share in multipliers.
    """
    if measure.kind != "expected" or measure.weight:
        return "decomposition minimises expected cost alone"
    if dataset.must_take:
        return "decomposition cannot hold that an offer is taken in any of the scenarios"
    if any(not scenario.probability for scenario in dataset.scenarios):
        return "decomposition needs every scenario to have a probability above 0"
    return ""
