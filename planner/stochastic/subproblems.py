"""The subproblems over all ranks: each rank has the models of its scenarios, all know what is shared."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from models.core.compiled import Compiled, Named
from models.core.model import Model
from models.garbage import pause_gc
from models.grouping import groups
from models.stochastic.benders import Master
from models.stochastic.extensive_form import DecisionKey
from models.stochastic.subproblem import Subproblem, build_subproblem, tightest
from models.stochastic.tree import ScenarioTree
from planner.stochastic.mpi import Ranks
from planner.stochastic.scenario_models import T, Work, of_models

JOINT_NONZEROS = 3_000_000
"""Nonzeros of all scenarios beyond which the extensive form is not built at the end, and models are not kept for it.

Its relaxation takes 80 seconds for 1.4 million, and more than 300 for 4.7 million (tests/benchmarks/scenarios.py). Of
100 scenarios of the lab the models take 2 GB.
"""
MINIMUM_WEIGHT = 1e-4
"""The least that a decision weighs, as a share of the weightiest."""


class Subproblems:
    """Builds the subproblems of this rank's scenarios, from their `models` where those are built already.

    Models that are too many to be kept are built in so many `processes`, this one among them.

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
    built_seconds
        What building them took, the mean of the time by the clock and the time of all processes: of what a plan needs
        once it is found half, which is building models again, is done by as many processes, and half by one.
    """

    def __init__(
        self, tree: ScenarioTree, world: Ranks, models: Mapping[str, Model] | None = None, processes: int = 1
    ) -> None:
        self.tree, self.world, self._processes = tree, world, processes
        self.local: dict[str, Subproblem] = {}
        elsewhere = 0.0
        began, given, shared = time.monotonic(), models or {}, dict[Named, Named]()
        names = world.share(tree.order)
        with pause_gc():  # what is built stays: looking through it again for each scenario would take ever longer
            for name in names:
                self.local[name] = built = build_subproblem(tree, name, given.get(name))
                if not given and built.arrays.matrix.nnz * len(tree.order) > JOINT_NONZEROS:
                    self.local[name] = built.without_model(shared)
                    break
        self._seconds_each = (time.monotonic() - began) / max(1, len(self.local))
        if self.local and self.local[name].held is None:
            left = {name: shared for name in names if name not in self.local}
            others, elsewhere = of_models(tree, _without_model, left, processes, self._seconds_each)
            self.local |= {name: replace(each, tree=tree) for name, each in others.items()}
        self.built_seconds = 0.5 * elsewhere + time.monotonic() - began
        bounds = world.merge({name: subproblem.bounds for name, subproblem in self.local.items()})
        self.bounds = tightest(bounds[name] for name in tree.order)
        self.keys: dict[str, frozenset[DecisionKey]] = {name: frozenset(bounds[name]) for name in tree.order}
        self.problems: dict[str, Compiled] = {
            name: subproblem.within(self.bounds) for name, subproblem in self.local.items()
        }
        self.priced = self.problems
        self.weights: dict[DecisionKey, float] = {}

    def of_models(self, work: Work[T], arguments: Mapping[str, Any]) -> dict[str, T]:
        """What comes of the models of this rank's scenarios, of those in `arguments`, built again where not kept."""
        kept = {name: held for name in arguments if (held := self.local[name].held) is not None}
        found = {name: work(self.tree, name, model, arguments[name]) for name, model in kept.items()}
        left = {name: argument for name, argument in arguments.items() if name not in kept}
        return found | of_models(self.tree, work, left, self._processes, self._seconds_each)[0]

    def is_alone(self, name: str) -> bool:
        """Whether other scenarios leave a scenario of this rank the bounds that its decisions have by themselves."""
        own, arrays = self.local[name].arrays, self.problems[name]
        return np.array_equal(own.lower, arrays.lower) and np.array_equal(own.upper, arrays.upper)

    def nonzeros(self) -> int:
        """Nonzeros of all scenarios, on every rank."""
        own = sum(subproblem.arrays.matrix.nnz for subproblem in self.local.values())
        return sum(self.world.allgather(own))

    def expected(self, amounts: Mapping[str, float]) -> float:
        """The expected value of amounts of this rank's scenarios, over all ranks."""
        return float(sum(self.tree.probability[name] * amount for name, amount in self.world.merge(amounts).items()))

    def master(self) -> Master | None:
        """The master problem, without a cut yet; None on ranks other than 0."""
        rows = self.world.merge({name: each.decision_rows for name, each in self.local.items()})
        if self.world.rank > 0:
            return None
        units = next(iter(self.local.values())).units
        return Master(units, self.tree.probability, self.bounds, self.keys, rows)

    def mean(self, decisions: Mapping[str, Mapping[DecisionKey, float]]) -> dict[DecisionKey, float]:
        """The mean of what scenarios decide, of each decision over those that have it."""
        sums = {key: np.zeros(2) for key in self.bounds}
        for name, own in decisions.items():
            for key, value in own.items():
                sums[key] += self.tree.probability[name] * np.array([value, 1.0])
        return {key: float(total / weight) for key, (total, weight) in sums.items()}

    def price(self, multipliers: Mapping[str, Mapping[DecisionKey, float]]) -> None:
        """Adds multipliers by scenario and decision to the costs; without any, decisions weigh what they cost."""
        if multipliers:
            amounts = {name: self.local[name].by_column(multipliers[name]) for name in self.local}
            self.priced = {
                name: replace(problem, cost=problem.cost + amounts[name]) for name, problem in self.problems.items()
            }
        else:
            amounts = {name: problem.cost for name, problem in self.problems.items()}
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


def _without_model(tree: ScenarioTree, name: str, model: Model, shared: dict[Named, Named]) -> Subproblem:
    """A scenario's subproblem; names of columns and rows are shared with others."""
    return build_subproblem(tree, name, model).without_model(shared)
