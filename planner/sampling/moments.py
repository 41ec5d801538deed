"""How well the scenarios kept resemble the paths drawn: mean and standard deviation of each quantity."""

from __future__ import annotations

import pandas as pd

from models.dataset import Dataset
from models.sampling import ALL, Paths, Reduction
from models.sampling.levels import demand_of, over_baseline

SPREAD_KEPT, MEAN_MOVED = 0.75, 0.25
"""Scenarios keep the spread of a quantity that have so much of its standard deviation, and a mean so near in it."""


def not_kept(found: pd.DataFrame) -> pd.DataFrame:
    """The rows of `moments` whose spread the scenarios do not keep."""
    narrower = found.deviation_kept < SPREAD_KEPT * found.deviation
    moved = (found.mean_kept - found["mean"]).abs() > MEAN_MOVED * found.deviation
    return found[(found.deviation > 1e-9 * found["mean"].abs()) & (narrower | moved)]


def moments(dataset: Dataset, paths: Paths, reduction: Reduction) -> pd.DataFrame:
    """Moments of each quantity and name in the last month, and of total demand where that is not one of them itself.

    supplier_exit is the probability that the supplier has left by then; demand of `total` the tokens of all segments
    over their baseline.

    Returns
    -------
    pandas.DataFrame
        Columns quantity, name, and mean and deviation of the paths drawn and, as `…_kept`, of the scenarios.
    """
    drawn = pd.DataFrame({key: each[:, -1] for key, each in paths.values.items()})
    of_demand = {key for key in paths.values if key[0] in ("demand", "demand_growth")}
    if of_demand and of_demand != {("demand", ALL)}:
        drawn.insert(0, ("demand", "total"), over_baseline(dataset, demand_of(dataset, paths))[:, -1])
    kept, weights = drawn.iloc[list(reduction.kept)], list(reduction.probabilities)
    mean = kept.mul(weights, axis=0).sum()
    found = {
        "mean": drawn.mean(),
        "mean_kept": mean,
        "deviation": drawn.std(ddof=0),
        "deviation_kept": ((kept - mean) ** 2).mul(weights, axis=0).sum() ** 0.5,
    }
    return pd.DataFrame(found).rename_axis(["quantity", "name"]).reset_index()
