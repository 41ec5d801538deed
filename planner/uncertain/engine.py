"""Which engine solves a problem with scenarios: the extensive form while it pays, decomposition beyond."""

from __future__ import annotations

from typing import Literal

from models.dataset import Dataset
from models.uncertainty.risk import Measure

Engine = Literal["extensive", "decomposition"]

LARGE = 300_000
"""Nonzeros of the extensive form from which decomposition is chosen (tests/benchmarks/scenarios.py measures both)."""


def choose_engine(dataset: Dataset, nonzeros: int, measure: Measure | None = None) -> Engine:
    """The engine for a problem whose extensive form has so many nonzeros; `measure` is what is minimised.

    Only expected cost can be taken apart. A single scenario has nothing to take apart.
    """
    measure = measure or Measure.of(dataset)
    apart = measure.kind == "expected" and not measure.weight and len(dataset.scenarios) > 1
    return "decomposition" if apart and nonzeros >= LARGE else "extensive"
