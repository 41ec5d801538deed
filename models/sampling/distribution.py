r"""Distributions with a few values, and the delay priors known by name.

A prior says how many months later than promised service starts: on time with probability p, else by a
lognormal slip of a given median and spread s = sd of its logarithm, counted in begun months:

$$ P(k) = (1 - p) (F(k) - F(k - 1)), \quad F(k) = \Phi(\ln(k / \text{median}) / s), \quad k = 1, 2, \dots $$

with all that is beyond `LATEST` months put there. The facts are L15 and L16 of inputs/examples/facts.csv. They
are planning assumptions fitted to reports of late projects, not measured frequencies: a quarter of 110
projects of 2025 ran late and a tenth more were quietly re-dated, slips of about six months being typical.
L15 gives median and 90th percentile; L16 gives the median only, and the spread of L15 is assumed for it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

LATEST = 24
"""Months; slips beyond are taken for this long."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """`values` in rising order with their `probabilities`, which sum to 1."""

    values: tuple[float, ...]
    probabilities: tuple[float, ...]

    def __post_init__(self) -> None:
        if list(self.values) != sorted(set(self.values)):
            raise ValueError("each value is to be named once")
        if wrong := [each for each in self.probabilities if not 0 <= each <= 1]:
            raise ValueError(f"{wrong[0]:g} is no probability from 0 to 1")
        if abs(math.fsum(self.probabilities) - 1) > 1e-6:
            raise ValueError(f"the probabilities sum to {math.fsum(self.probabilities):.9g}, not to 1")

    @property
    def mean(self) -> float:
        """The expected value."""
        return math.fsum(value * share for value, share in zip(self.values, self.probabilities, strict=True))


def distribution(shares: dict[float, float]) -> Distribution:
    """The distribution of these values with these probabilities.

    Raises
    ------
    ValueError
        A probability is none, or they do not sum to 1 within 1e-6.
    """
    ordered = sorted(shares.items())
    return Distribution(tuple(value for value, _ in ordered), tuple(share for _, share in ordered))


def delay_distribution(on_time: float, median: float, spread: float) -> Distribution:
    """Months late: none with probability `on_time`, else a lognormal slip in begun months.

    >>> delay_distribution(0.6, 4.0, 0.7).probabilities[0]
    0.6
    """
    normal = NormalDist()
    reached = [0.0, *(normal.cdf(math.log(k / median) / spread) for k in range(1, LATEST)), 1.0]
    delayed = {float(k): (1.0 - on_time) * (reached[k] - reached[k - 1]) for k in range(1, LATEST + 1)}
    return distribution({0.0: on_time} | delayed)


SPREAD = math.log(10 / 4) / NormalDist().inv_cdf(0.9)
"""Of a lognormal slip with median 4 and 90th percentile 10 months (fact L15)."""

DELAY_PRIORS: dict[str, tuple[Distribution, str]] = {
    "new_build": (
        delay_distribution(0.60, 4.0, SPREAD),
        "fact L15: 60 % on time, else a lognormal slip of median 4 and 90th percentile 10 months",
    ),
    "energised_site": (
        delay_distribution(0.85, 1.0, SPREAD),
        "fact L16: 85 % on time, else a slip of median 1 month; its spread assumed as in L15",
    ),
}
"""The delay priors known by name, and what each rests on."""
