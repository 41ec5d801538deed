r"""Probabilities that are guesses: the worst expected cost over distributions near the given one.

With costs z_s of probability p_s, the worst \sum q_s z_s over q in a ball around p (distributionally robust
optimisation).

- Total variation, ½ \sum |q_s - p_s| <= R: mass R goes from the cheapest scenarios to the dearest, which is
  R max z + (1 - R) CVaR_R (Jiang and Guan 2018; Rahimian, Bayraksan and Homem-de-Mello 2019).
- Wasserstein, q reachable from p at transport cost <= R: the least over λ >= 0 of
  λ R + \sum p_i max_j (z_j - λ d_ij) (Mohajerin Esfahani and Kuhn 2018). Two scenarios are as far apart as the mean of
  |ln(factor / factor')| over all (quantity, name, month) in which any two differ; of quantities that are added, and
  where a factor is 0, of |factor - factor'|.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from models.dataset import Dataset
from models.realization import ADDED

Distances = Mapping[tuple[str, str], float]
"""How far apart two scenarios are, by their names."""


def scenario_distances(dataset: Dataset) -> Distances:
    """How far apart each two scenarios of a problem are; 0 where nothing tells any of them apart."""
    names = [each.scenario for each in dataset.scenarios]
    realizations = [dataset.in_scenario(name).realization for name in names]
    keys = sorted({(each.quantity, each.name) for each in dataset.scenario_factors})
    total, count = np.zeros((len(names), len(names))), 0
    for quantity, name in keys:
        for t in dataset.horizon:
            values = np.array([each.in_force(quantity, name, t) for each in realizations])
            if np.ptp(values):
                count += 1
                total += _apart(values, logarithmic=quantity not in ADDED)
    mean = total / max(1, count)
    return {(one, other): float(mean[i, j]) for i, one in enumerate(names) for j, other in enumerate(names)}


def _apart(values: npt.NDArray[np.float64], *, logarithmic: bool) -> npt.NDArray[np.float64]:
    """How far apart each two values are."""
    one, other = np.meshgrid(values, values)
    apart: npt.NDArray[np.float64] = np.abs(one - other)
    if logarithmic:
        positive = (one > 0.0) & (other > 0.0)
        apart[positive] = np.abs(np.log(one[positive] / other[positive]))
    return apart


def worst_in_total_variation(costs: Mapping[str, float], probability: Mapping[str, float], radius: float) -> float:
    """The worst expected cost over probabilities that move a mass of at most `radius`.

    >>> worst_in_total_variation({"a": 1.0, "b": 2.0, "c": 10.0}, {"a": 0.5, "b": 0.25, "c": 0.25}, 0.25)
    5.75
    """
    ascending = sorted(costs, key=lambda name: costs[name])
    left, total = radius, 0.0
    for name in ascending:
        moved = min(left, probability[name])
        left -= moved
        if probability[name] > moved:
            total += (probability[name] - moved) * costs[name]
    return total + (radius - left) * costs[ascending[-1]] if radius > left else total


def worst_in_wasserstein(
    costs: Mapping[str, float], probability: Mapping[str, float], distances: Distances, radius: float
) -> float:
    """The worst expected cost over probabilities reached at a transport cost of at most `radius`.

    What a unit of distance gains falls the further mass is moved, so the steepest gains are taken first.

    >>> apart = {("a", "a"): 0.0, ("a", "b"): 2.0, ("b", "a"): 2.0, ("b", "b"): 0.0}
    >>> worst_in_wasserstein({"a": 0.0, "b": 10.0}, {"a": 0.5, "b": 0.5}, apart, 0.5)
    7.5
    """
    if any(math.isinf(cost) for cost in costs.values()):
        return math.inf if math.inf in costs.values() else -math.inf
    total, gains = 0.0, list[tuple[float, float]]()
    for name in costs:
        frontier = _frontier([(distances[name, other], cost) for other, cost in costs.items()])
        total += probability[name] * frontier[0][1]
        gains += [
            ((dearer - cost) / (further - distance), probability[name] * (further - distance))
            for (distance, cost), (further, dearer) in pairwise(frontier)
        ]
    left = radius
    for slope, length in sorted(gains, reverse=True):
        moved = min(left, length)
        total += slope * moved
        left -= moved
    return total


def _frontier(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The points at which cost rises with distance at falling slopes: the upper concave envelope."""
    found: list[tuple[float, float]] = []
    for distance, cost in sorted(points, key=lambda point: (point[0], -point[1])):
        if found and cost <= found[-1][1]:
            continue
        while len(found) > 1 and _slope(found[-2], found[-1]) <= _slope(found[-2], (distance, cost)):
            found.pop()
        found.append((distance, cost))
    return found


def _slope(one: tuple[float, float], other: tuple[float, float]) -> float:
    return (other[1] - one[1]) / (other[0] - one[0])
