"""The parts of a problem over all ranks: each rank has the models of its scenarios, all know what is shared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from models.core.compiled import Compiled
from models.stochastic.extensive_form import DecisionKey
from models.stochastic.subproblem import Stages, Subproblem, build_subproblem, tightest
from planner.stochastic.mpi import Ranks

Vector = npt.NDArray[np.float64]

LEAST_WEIGHT = 1e-4
"""The least that a decision weighs, as a share of the weightiest."""


class Subproblems:
    """Builds the parts of this rank.

    `bounds` and `months` of every shared decision, `keys` of every scenario. `plain` are the problems of this rank's
    scenarios, `priced` the same with multipliers in their costs, `weights` what a unit of a decision weighs.
    """

    def __init__(self, stages: Stages, world: Ranks) -> None:
        self.stages, self.world = stages, world
        names = world.share(stages.order)
        self.parts: dict[str, Subproblem] = {name: build_subproblem(stages.tree, name) for name in names}
        said = world.merge({name: (part.bounds, dict(part.months)) for name, part in self.parts.items()})
        self.bounds = tightest(said[name][0] for name in stages.order)
        self.months: dict[DecisionKey, int] = {
            key: month for name in stages.order for key, month in said[name][1].items()
        }
        self.keys: dict[str, frozenset[DecisionKey]] = {name: frozenset(said[name][0]) for name in stages.order}
        self.plain: dict[str, Compiled] = {name: part.within(self.bounds) for name, part in self.parts.items()}
        self.priced = self.plain
        self.weights: dict[DecisionKey, float] = {}

    def nonzeros(self) -> int:
        """Nonzeros of all scenarios, on every rank."""
        return sum(self.world.allgather(sum(part.model.size.nonzeros for part in self.parts.values())))

    def price(self, prices: Mapping[str, Vector]) -> None:
        """Puts multipliers by scenario and column into the costs; without any, decisions weigh what they cost."""
        if prices:
            self.priced = {
                name: replace(arrays, cost=arrays.cost + prices[name]) for name, arrays in self.plain.items()
            }
        mine: dict[DecisionKey, list[tuple[float, float]]] = {}
        for name, part in self.parts.items():
            amounts = prices[name] if prices else self.plain[name].cost
            for key, i in part.columns.items():
                mine.setdefault(key, []).append((part.probability, abs(float(amounts[i]))))
        said = self.world.allgather(mine)
        found: dict[DecisionKey, float] = {}
        for key in self.months:
            terms = [term for each in said for term in each.get(key, ())]
            found[key] = sum(p * amount for p, amount in terms) / sum(p for p, _ in terms)
        most = max(found.values(), default=0.0) or 1.0
        self.weights = {key: max(weight, LEAST_WEIGHT * most) for key, weight in found.items()}

    def proximal(self, solutions: Mapping[str, Mapping[DecisionKey, float]]) -> dict[DecisionKey, float]:
        """Proximal weights: what a unit weighs over how far solutions of the scenarios are apart.

        After Watson and Woodruff (2011), with multipliers in the place of costs.
        """
        decided: dict[DecisionKey, list[float]] = {}
        for each in solutions.values():
            for key, value in each.items():
                decided.setdefault(key, []).append(value)
        return {key: weight / (max(decided[key]) - min(decided[key]) + 1.0) for key, weight in self.weights.items()}
