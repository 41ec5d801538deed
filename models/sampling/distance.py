r"""How far apart two paths are: their Euclidean distance, with equal weight for each kind of uncertainty.

A path becomes a vector of blocks, one for each kind that is uncertain:

- demand (its multiplier and added growth together): demand over baseline, by segment and month;
- on_demand_price: the multiplier, by hardware and month;
- delivery_delay_months: months late, by offer; delivered_share: its multiplier, by offer;
- supplier_exit: the share of the horizon it is gone for, by name;
- each other quantity: its multiplier, or what is added, by name and month.

Inside a block a segment weighs by its accelerator time, an offer or provider by its power (what has none as
the smallest that has), hardware alike: a column is multiplied by the square root of its share. Each block is
then divided by the square root of its variance, summed over columns, so that months late and levels of demand
can be compared: the distance from the mean path has a mean square of 1 for each kind. Levels, not their logs,
because capacity and cost follow the level: the expectation of whatever changes by at most L for a distance
of 1 is off by at most L times the Kantorovich distance.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from models.core.vector import Array
from models.dataset import Dataset
from models.sampling.levels import accelerator_time, demand_of, over_baseline, power_mw
from models.sampling.multipliers import DRAWN
from models.sampling.paths import Paths

Columns = Mapping[str, Array]


def vectors(dataset: Dataset, paths: Paths, before: int | None = None) -> Array:
    """The paths as points.

    Parameters
    ----------
    dataset
        The problem.
    paths
        Sampled paths.
    before
        Only what is seen in months t before it counts, when given. Delays and shares delivered show when delivery is
        due, which depends on the plan; with `before` they are not seen.

    Returns
    -------
    Array
        Shape (paths, columns).
    """
    found = [_scaled(_weighted(columns, sizes)) for columns, sizes in _blocks(dataset, paths, before) if columns]
    return np.concatenate([*found, np.zeros((len(paths), 0))], axis=1)


def _blocks(dataset: Dataset, paths: Paths, before: int | None) -> Iterator[tuple[Columns, Mapping[str, float]]]:
    """The columns of each kind by name, and the size of what they act on."""

    def of(kind: str) -> Columns:
        return {name: each[:, :before] for (quantity, name), each in paths.values.items() if quantity == kind}

    power = power_mw(dataset)
    if of("demand") or of("demand_growth"):
        tokens = demand_of(dataset, paths)
        levels = {name: over_baseline(dataset, {name: each})[:, :before] for name, each in tokens.items()}
        yield levels, accelerator_time(dataset)
    yield of("on_demand_price"), {}
    if before is None:
        for kind in ("delivery_delay_months", "delivered_share"):
            yield {name: each[:, -1:] for name, each in of(kind).items()}, power
    yield {name: each.mean(axis=1, keepdims=True) for name, each in of("supplier_exit").items()}, power
    for drawn in DRAWN:
        yield of(drawn.quantity), {}


def _weighted(columns: Columns, sizes: Mapping[str, float]) -> Array:
    least = min((size for name in columns if (size := sizes.get(name, 0.0)) > 0), default=1.0)
    weights = {name: sizes.get(name, 0.0) or least for name in columns}
    total = sum(weights.values())
    return np.concatenate([each * (weights[name] / total) ** 0.5 for name, each in columns.items()], axis=1)


def _scaled(block: Array) -> Array:
    variance = float(block.var(axis=0).sum())
    return (block - block.mean(axis=0)) / variance**0.5 if variance > 1e-24 else block[:, :0]
