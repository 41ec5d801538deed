"""How well the scenarios kept resemble the paths drawn: mean and standard deviation of each quantity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.core.vector import Array
from models.dataset import Dataset
from models.realization import ALL
from models.sampling.levels import demand_of, over_baseline
from models.sampling.paths import Paths
from models.sampling.reduction import Reduction

TOTAL_DEMAND = ("demand", "total")


@dataclass(frozen=True, slots=True)
class Moment:
    """Mean and standard deviation of a quantity in the last month, of the paths drawn and of the scenarios kept.

    supplier_exit is the probability that the supplier has left by then; demand of `total` the tokens of all segments
    over their baseline.
    """

    quantity: str
    name: str
    mean: float
    mean_kept: float
    deviation: float
    deviation_kept: float


def moments(dataset: Dataset, paths: Paths, reduction: Reduction) -> tuple[Moment, ...]:
    """The moments of total demand, where that is not one of the quantities itself, and of each quantity and name."""
    kept, weights = list(reduction.kept), np.array(reduction.probabilities)
    alike = np.full(len(paths), 1.0 / len(paths))
    columns = {key: each[:, -1] for key, each in paths.values.items()}
    of_demand = {key for key in columns if key[0] in ("demand", "demand_growth")}
    if of_demand and of_demand != {("demand", ALL)}:
        columns = {TOTAL_DEMAND: over_baseline(dataset, demand_of(dataset, paths))[:, -1]} | columns
    found = []
    for (quantity, name), values in columns.items():
        mean, deviation = _mean_and_deviation(values, alike)
        mean_kept, deviation_kept = _mean_and_deviation(values[kept], weights)
        found.append(Moment(quantity, name, mean, mean_kept, deviation, deviation_kept))
    return tuple(found)


def _mean_and_deviation(values: Array, weights: Array) -> tuple[float, float]:
    mean = float(weights @ values)
    return mean, float(weights @ (values - mean) ** 2) ** 0.5
