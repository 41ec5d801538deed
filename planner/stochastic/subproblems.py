"""The subproblems over all ranks: each rank has the models of its scenarios, all know what is shared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from models.core.compiled import Compiled
from models.core.vector import Vector
from models.grouping import groups
from models.stochastic.extensive_form import DecisionKey
from models.stochastic.subproblem import Subproblem, build_subproblem, tightest
from models.stochastic.tree import ScenarioTree
from planner.stochastic.mpi import Ranks

MINIMUM_WEIGHT = 1e-4
"""The least that a decision weighs, as a share of the weightiest."""


class Subproblems:
    """Builds the subproblems of this rank's scenarios.

    Attributes
    ----------
    local
        The subproblems of this rank, by scenario.
    bounds
        The bounds of every shared decision over all scenarios.
    keys
        The decisions that each scenario shares, by scenario.
    problems
        The arrays of this rank's subproblems, by scenario.
    priced
        The same with multipliers in their costs.
    weights
        What a unit of each shared decision weighs, in model units of money.
    """

    def __init__(self, tree: ScenarioTree, world: Ranks) -> None:
        self.tree, self.world = tree, world
        self.local: dict[str, Subproblem] = {name: build_subproblem(tree, name) for name in world.share(tree.order)}
        bounds = world.merge({name: subproblem.bounds for name, subproblem in self.local.items()})
        self.bounds = tightest(bounds[name] for name in tree.order)
        self.keys: dict[str, frozenset[DecisionKey]] = {name: frozenset(bounds[name]) for name in tree.order}
        self.problems: dict[str, Compiled] = {
            name: subproblem.within(self.bounds) for name, subproblem in self.local.items()
        }
        self.priced = self.problems
        self.weights: dict[DecisionKey, float] = {}

    def nonzeros(self) -> int:
        """Nonzeros of all scenarios, on every rank."""
        own = sum(subproblem.model.size.nonzeros for subproblem in self.local.values())
        return sum(self.world.allgather(own))

    def expected(self, amounts: Mapping[str, float]) -> float:
        """The expected value of amounts of this rank's scenarios, over all ranks."""
        return float(sum(self.tree.probability[name] * amount for name, amount in self.world.merge(amounts).items()))

    def price(self, multipliers: Mapping[str, Vector]) -> None:
        """Adds multipliers by scenario and column to the costs; without any, decisions weigh what they cost."""
        if multipliers:
            self.priced = {
                name: replace(problem, cost=problem.cost + multipliers[name]) for name, problem in self.problems.items()
            }
        amounts = {name: multipliers[name] if multipliers else self.problems[name].cost for name in self.local}
        own = groups(
            (key, (subproblem.probability, abs(float(amounts[name][i]))))
            for name, subproblem in self.local.items()
            for key, i in subproblem.integer_columns.items()
        )
        gathered = self.world.allgather(own)
        means: dict[DecisionKey, float] = {}
        for key in self.bounds:
            terms = [term for rank in gathered for term in rank.get(key, ())]
            means[key] = sum(p * amount for p, amount in terms) / sum(p for p, _ in terms)
        largest = max(means.values(), default=0.0) or 1.0
        self.weights = {key: max(weight, MINIMUM_WEIGHT * largest) for key, weight in means.items()}
