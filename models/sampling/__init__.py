"""Sampling: from what is uncertain to paths, and from many paths to a few scenarios.

`sample` draws paths (`paths`) of what an `Uncertainty` names: random walks or blocks of history (`walks`,
`history`), and values of a few with given chances (`distribution`). `vectors` makes points of them
(`distance`), and `reduce_to` chooses the few (`reduction`).
No files, no clock: the same seed gives the same paths.
"""

from models.realization import ALL
from models.sampling.distance import vectors
from models.sampling.distribution import DELAY_PRIORS, Distribution, distribution
from models.sampling.multipliers import DRAWN
from models.sampling.paths import Paths, sample
from models.sampling.reduction import Reduction, reduce_to
from models.sampling.uncertainty import HISTORY, Uncertainty, uncertainty_faults

__all__ = [
    "ALL",
    "DELAY_PRIORS",
    "DRAWN",
    "HISTORY",
    "Distribution",
    "Paths",
    "Reduction",
    "Uncertainty",
    "distribution",
    "reduce_to",
    "sample",
    "uncertainty_faults",
    "vectors",
]
