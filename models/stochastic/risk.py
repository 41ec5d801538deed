r"""Risk measures: what of the scenarios' net present costs is minimised.

With costs z_s of probability p_s: expected cost E = \sum p_s z_s. CVaR at level α, the expected cost of the worst
(1 - α) of the probability: the least over v of v + \sum p_s (z_s - v)^+ / (1 - α) (Rockafellar and Uryasev 2000).
The objective is (1 - w) E + w CVaR; or the worst cost, max z_s; or the worst regret, max (z_s - z*_s), with z*_s
the least cost of scenario s by itself. A share TILT of worst cost and regret is expected cost, so that of plans
equally good in the worst case the cheapest is chosen. Or the worst expected cost over distributions near the given
one, `tv:R` and `wasserstein:R` (`models.stochastic.ambiguity`). `budget:K` is the worst cost over the cases of
`models.stochastic.contingencies` that matter, which a search finds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, cast, get_args

import numpy as np

from models.core.compiled import Compiled
from models.core.linear import CANCELLED
from models.core.vector import Vector
from models.dataset import Dataset
from models.stochastic.ambiguity import (
    Distances,
    scenario_distances,
    worst_in_total_variation,
    worst_in_wasserstein,
)
from models.text import plain_number

if TYPE_CHECKING:
    from scipy.sparse import csr_array

TILT = 1e-4
Kind = Literal["expected", "worst", "regret", "budget", "tv", "wasserstein"]
NEAR = ("tv", "wasserstein")
"""Kinds that have a radius: how far probabilities may be from the given ones."""


def kind_and_radius(risk: str) -> tuple[Kind, float]:
    """What is minimised, and the radius where it has one, of a text such as `worst` or `tv:0.1`.

    Raises
    ------
    ValueError
        It is no such text; the message says what is.

    >>> kind_and_radius("worst"), kind_and_radius("tv:10%")
    (('worst', 0.0), ('tv', 0.1))
    """
    kind, colon, amount = risk.strip().lower().partition(":")
    if kind not in get_args(Kind) or bool(colon) != (kind in (*NEAR, "budget")):
        raise ValueError("Write expected, worst, regret, budget:K, tv:R or wasserstein:R, such as budget:2 or tv:0.1.")
    if not colon:
        return cast(Kind, kind), 0.0
    if kind == "budget":
        if not amount.strip().isdigit():
            raise ValueError("Write how many delays and exits may go wrong at once after the colon, such as budget:2.")
        return "budget", float(amount)
    most = 1.0 if kind == "tv" else np.inf
    radius = plain_number(amount, percent=True)
    if radius is None or not 0.0 <= radius <= most or not np.isfinite(radius):
        upto = " to 1" if kind == "tv" else ""
        raise ValueError(f"Write a radius from 0{upto} after the colon, such as {kind}:0.1 or {kind}:10%.")
    return cast(Kind, kind), radius


@dataclass(frozen=True, slots=True)
class Measure:
    """What is minimised.

    Attributes
    ----------
    weight, alpha
        Weight and level of CVaR in expected cost.
    least_usd
        By scenario its least cost by itself, in USD; for regret alone.
    radius, distances
        How far probabilities may be from the given ones, and how far apart scenarios are; for `tv` and `wasserstein`.
        For `budget` the radius is how many delays and exits go wrong at once, and the scenarios are the cases found.
    """

    kind: Kind = "expected"
    weight: float = 0.0
    alpha: float = 0.95
    least_usd: Mapping[str, float] = field(default_factory=dict)
    radius: float = 0.0
    distances: Distances = field(default_factory=dict)

    @classmethod
    def of(cls, dataset: Dataset, risk: str = "expected") -> Measure:
        """What `risk` asks for; expected cost with CVaR by the settings' weight.

        Raises
        ------
        ValueError
            As `kind_and_radius`.
        """
        kind, radius = kind_and_radius(risk)
        distances = scenario_distances(dataset) if kind == "wasserstein" else {}
        settings = dataset.settings
        return cls(kind, settings.risk_weight, settings.risk_alpha, radius=radius, distances=distances)

    @property
    def is_mean(self) -> bool:
        """Whether it is the expected cost alone."""
        return self.kind == "expected" and not self.weight

    def ignores_some(self, probability: Mapping[str, float]) -> bool:
        """Whether some scenario may cost more than it need without the measure getting worse."""
        return self.kind != "expected" or self.weight == 1.0 or not all(probability.values())

    @property
    def name(self) -> str:
        """The measure as it is asked for, such as `worst` or `tv:0.1`."""
        if self.kind == "budget":
            return f"budget:{self.radius:.0f}"
        return f"{self.kind}:{self.radius!r}" if self.kind in NEAR else self.kind

    def value(self, costs: Mapping[str, float], probability: Mapping[str, float]) -> float:
        """What is minimised, of costs in USD by scenario; minus infinity where the measure counts one that is."""
        expected = expected_cost(costs, probability)
        if self.kind in ("worst", "budget"):
            return (1.0 - TILT) * max(costs.values()) + TILT * expected
        if self.kind == "regret":
            regret = max(cost - self.least_usd[name] for name, cost in costs.items())
            return (1.0 - TILT) * regret + TILT * expected
        if self.kind == "tv":
            return worst_in_total_variation(costs, probability, self.radius)
        if self.kind == "wasserstein":
            return worst_in_wasserstein(costs, probability, self.distances, self.radius)
        if not self.weight:  # nothing of an unknown cost is 0 of it
            return expected
        tail = self.weight * cvar(costs, probability, self.alpha)
        return tail if self.weight == 1.0 else (1.0 - self.weight) * expected + tail


def expected_cost(costs: Mapping[str, float], probability: Mapping[str, float]) -> float:
    """The mean of costs by scenario, weighted by probability, in their unit."""
    return sum(probability[name] * cost for name, cost in costs.items() if probability[name])


def cvar(costs: Mapping[str, float], probability: Mapping[str, float], alpha: float) -> float:
    """Expected cost of the worst 1 - alpha of the probability; at alpha 1 the worst cost.

    >>> cvar({"a": 1.0, "b": 2.0, "c": 10.0}, {"a": 0.5, "b": 0.25, "c": 0.25}, 0.5)
    6.0
    """
    left, total, tail = 1.0 - alpha, 0.0, 1.0 - alpha
    worst_first = sorted(costs, key=lambda name: -costs[name])
    if tail <= 1e-12:
        return costs[worst_first[0]]
    for name in worst_first:
        part = min(left, probability[name])
        total += part * costs[name]
        left -= part
        if left <= 1e-15:
            break
    return total / tail


def with_objective(
    constraints: Compiled,
    costs: csr_array,
    offsets: Sequence[float],
    probability: Mapping[str, float],
    measure: Measure,
    usd: float,
) -> Compiled:
    """The joint problem with its objective.

    Parameters
    ----------
    costs, offsets
        Of each scenario in the order of `probability`, costs a row by joint column; in model units of money.
    usd
        USD in a model unit of money.
    """
    from scipy.sparse import csc_array

    weights, count = np.array(list(probability.values())), len(probability)
    expected = weights @ costs
    expected[abs(expected) <= CANCELLED * (weights @ abs(costs))] = 0.0
    offset = float(np.dot(weights, offsets))
    if measure.kind == "expected" and (measure.weight == 0.0 or count == 1):
        return replace(constraints, cost=expected, offset=offset)
    if measure.kind == "tv":
        return _in_total_variation(constraints, costs, np.array(offsets), weights, measure.radius)
    if measure.kind == "wasserstein":
        return _in_wasserstein(constraints, costs, np.array(offsets), probability, measure)
    share = measure.weight if measure.kind == "expected" else 1.0 - TILT
    tail = 1.0 - measure.alpha if measure.kind == "expected" else 0.0
    # columns added: the value at risk v (or the worst), then by scenario its cost above v
    excess = np.eye(count) if tail > 1e-12 else np.zeros((count, 0))
    least = [measure.least_usd[name] if measure.kind == "regret" else 0.0 for name in probability]
    return replace(constraints, cost=(1.0 - share) * expected, offset=(1.0 - share) * offset).extended(
        cost=[share, *(share * w / tail for w in weights if excess.size)],
        lower=[-np.inf, *np.zeros(excess.shape[1])],
        rows=-costs,
        added=csc_array(np.hstack([np.ones((count, 1)), excess])),
        row_lower=np.array(offsets) - np.array(least) / usd,
    )


def _in_total_variation(
    constraints: Compiled, costs: csr_array, offsets: Vector, weights: Vector, radius: float
) -> Compiled:
    r"""The least of R M + (1 - R) v + \sum p_s e_s: M the dearest cost, e_s what a cost is above v."""
    from scipy.sparse import csc_array, vstack

    count = len(weights)
    ones, none = np.ones((count, 1)), np.zeros((count, 1))
    dearest = np.hstack([ones, none, np.zeros((count, count))])
    above = np.hstack([none, ones, np.eye(count)])
    return constraints.extended(
        cost=[radius, 1.0 - radius, *weights],
        lower=[-np.inf, -np.inf, *np.zeros(count)],
        rows=vstack([-costs, -costs]),
        added=csc_array(np.vstack([dearest, above])),
        row_lower=np.concatenate([offsets, offsets]),
    )


def _in_wasserstein(
    constraints: Compiled, costs: csr_array, offsets: Vector, probability: Mapping[str, float], measure: Measure
) -> Compiled:
    r"""The least of λ R + \sum p_i u_i: u_i >= z_j - λ d_ij, z_j the cost of a scenario or more."""
    from scipy.sparse import csc_array, csr_array, vstack

    names = list(probability)
    count = len(names)
    distance = np.array([measure.distances[one, other] for one in names for other in names])[:, None]
    price, of_cost, of_mean = np.zeros((count, 1)), np.eye(count), np.zeros((count, count))
    moved = np.hstack([distance, -np.tile(np.eye(count), (count, 1)), np.repeat(np.eye(count), count, axis=0)])
    return constraints.extended(
        cost=[measure.radius, *np.zeros(count), *probability.values()],
        lower=[0.0, *np.full(2 * count, -np.inf)],
        rows=vstack([-costs, csr_array((count * count, costs.shape[1]))]),
        added=csc_array(np.vstack([np.hstack([price, of_cost, of_mean]), moved])),
        row_lower=np.concatenate([offsets, np.zeros(count * count)]),
    )
