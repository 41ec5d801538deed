r"""Scenario reduction: of many paths the few that represent all of them, with their probabilities.

With $S$ the paths kept, the probability of each path left out goes to the nearest one kept. No other choice of
probabilities on $S$ is nearer to the whole sample in the Kantorovich (Wasserstein) distance, which is then

$$ D(S) = \sum_i p_i \min_{j \in S} c_{ij}, \qquad c_{ij} \text{ the distance of two paths}. $$

S is found by forward selection: from none, the path that lowers D most is added, until there are enough. It
is exact for one path; for more a good heuristic. Sources: J. Dupačová, N. Gröwe-Kuska, W. Römisch, Scenario
reduction in stochastic programming, Mathematical Programming 95 (2003); H. Heitsch, W. Römisch, Scenario
reduction algorithms in stochastic programming, Computational Optimization and Applications 24 (2003).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.core.vector import Array

AT_ONCE = 500
"""Points whose distances from all are worked out in one call."""


@dataclass(frozen=True)
class Reduction:
    """The paths kept, in the order they were chosen, and what they stand for.

    probabilities: of the paths kept, sum 1. stands_for: for each path the place in `kept` of the one that stands
    for it. distance: Kantorovich distance of the kept from all; distance_of_one: the same for the best single path.
    """

    kept: tuple[int, ...]
    probabilities: tuple[float, ...]
    stands_for: tuple[int, ...]
    distance: float
    distance_of_one: float

    @property
    def relative(self) -> float:
        """The distance over that of the best single path: 0 when nothing is lost, 1 when one path says as much."""
        return self.distance / self.distance_of_one if self.distance_of_one else 0.0


def reduce_to(points: Array, count: int, weights: Array | None = None) -> Reduction:
    """At most `count` of the points, shape (points, columns), that stand for all; fewer where these are all there is.

    weights: probabilities of the points, sum 1; equal when None.
    """
    from scipy.spatial.distance import cdist

    number = len(points)
    shares = np.full(number, 1.0 / number) if weights is None else weights
    # a part at a time: a call that takes seconds lets no Ctrl-C through
    distances = np.concatenate([cdist(points[first : first + AT_ONCE], points) for first in range(0, number, AT_ONCE)])
    nearest = np.full(number, np.inf)
    stands_for: NDArray[np.intp] = np.zeros(number, dtype=np.intp)
    kept: list[int] = []
    reached: list[float] = []
    while len(kept) < min(count, number) and (not reached or reached[-1] > 0.0):
        totals = shares @ np.minimum(nearest[:, None], distances)
        totals[kept] = np.inf
        chosen = int(np.argmin(totals))
        nearer = distances[:, chosen] < nearest
        nearest[nearer], stands_for[nearer] = distances[nearer, chosen], len(kept)
        kept.append(chosen)
        reached.append(float(shares @ nearest))
    sums = np.bincount(stands_for, weights=shares, minlength=len(kept))
    return Reduction(
        tuple(kept), tuple((sums / sums.sum()).tolist()), tuple(stands_for.tolist()), reached[-1], reached[0]
    )
