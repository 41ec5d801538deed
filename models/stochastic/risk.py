r"""Risk measures: what of the scenarios' net present costs is minimised.

With costs z_s of probability p_s: expected cost E = \sum p_s z_s. CVaR at level α, the expected cost of the worst
(1 - α) of the probability: the least over v of v + \sum p_s (z_s - v)^+ / (1 - α) (Rockafellar and Uryasev 2000).
The objective is (1 - w) E + w CVaR; or the worst cost, max z_s; or the worst regret, max (z_s - z*_s), with z*_s
the least cost of scenario s by itself. A share TILT of worst cost and regret is expected cost, so that of plans
equally good in the worst case the cheapest is chosen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from models.core.compiled import Compiled
from models.core.linear import CANCELLED
from models.dataset import Dataset

if TYPE_CHECKING:
    from scipy.sparse import csr_array

TILT = 1e-4


@dataclass(frozen=True, slots=True)
class Measure:
    """What is minimised.

    Attributes
    ----------
    weight, alpha
        Weight and level of CVaR in expected cost.
    least_usd
        By scenario its least cost by itself, in USD; for regret alone.
    """

    kind: Literal["expected", "worst", "regret"] = "expected"
    weight: float = 0.0
    alpha: float = 0.95
    least_usd: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, dataset: Dataset) -> Measure:
        """Expected cost, with CVaR by the settings' weight."""
        return cls("expected", dataset.settings.risk_weight, dataset.settings.risk_alpha)

    def value(self, costs: Mapping[str, float], probability: Mapping[str, float]) -> float:
        """What is minimised, of costs in USD by scenario; minus infinity where the measure counts one that is."""
        expected = expected_cost(costs, probability)
        if self.kind == "worst":
            return (1.0 - TILT) * max(costs.values()) + TILT * expected
        if self.kind == "regret":
            regret = max(cost - self.least_usd[name] for name, cost in costs.items())
            return (1.0 - TILT) * regret + TILT * expected
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
