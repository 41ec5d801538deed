r"""Progressive hedging: the subproblems solved over and over, drawn together by multipliers and proximal terms.

For each shared decision, over the scenarios s that have it, with probabilities p_s (Rockafellar and Wets 1991):

    \bar x = \sum_s p_s x_s / \sum_s p_s
    w_s <- w_s + \rho (x_s - \bar x)
    x_s <- argmin  c_s(x) + w_s · x + \rho/2 (x - \bar x)^2

\sum_s p_s w_s stays 0, so that subproblems with the multipliers and without the proximal term bound the expected cost
from below (Gade et al. 2016). Costs are in model units of money.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from models.core.compiled import Compiled
from models.core.vector import Vector
from models.stochastic.extensive_form import DecisionKey
from models.stochastic.proximal import with_proximal_term
from planner.stochastic.subproblem_solver import Solution
from planner.stochastic.subproblems import Subproblems

SolveAll = Callable[[Mapping[str, Compiled], bool], Mapping[str, Solution]]
"""Solves problems by scenario, told whether their bounds matter; raises where one has no solution."""


class ProgressiveHedging:
    """Multipliers and decisions of this rank's scenarios, and their averages over all ranks.

    Parameters
    ----------
    subproblems
        Their priced problems are where the multipliers begin.
    solve_all
        Called on every rank alike.
    """

    def __init__(self, subproblems: Subproblems, solve_all: SolveAll) -> None:
        self.subproblems, self.world, self._solve_all = subproblems, subproblems.world, solve_all
        self._keys = tuple(subproblems.bounds)
        number = {key: k for k, key in enumerate(self._keys)}
        self._columns: dict[str, npt.NDArray[np.int64]] = {}
        self._numbers: dict[str, npt.NDArray[np.int64]] = {}
        for name, subproblem in subproblems.local.items():
            self._columns[name] = np.array(list(subproblem.integer_columns.values()), dtype=np.int64)
            self._numbers[name] = np.array([number[key] for key in subproblem.integer_columns], dtype=np.int64)
        self._multipliers: dict[str, Vector] = {name: np.zeros(len(own)) for name, own in self._columns.items()}
        self._decided: dict[str, Vector] = {}
        self._weights: Vector = np.zeros(len(self._keys))

    def begin(self) -> float:
        """Solves the subproblems as they are priced, sets the proximal weights, and returns their lower bound."""
        solutions = self._solve_all(self._lagrangians(), True)
        self._decide(solutions)
        self._weights = self._proximal_weights()
        return self._expected_bound(solutions)

    def iterate(self) -> None:
        """Updates the multipliers, and solves the subproblems with their proximal terms."""
        average = self._average()
        for name, decided in self._decided.items():
            own = self._numbers[name]
            self._multipliers[name] += self._weights[own] * (decided - average[own])
        problems = {
            name: with_proximal_term(problem, self._columns[name], average[own], self._weights[own])
            for name, problem in self._lagrangians().items()
            for own in [self._numbers[name]]
        }
        self._decide(self._solve_all(problems, False))

    def lower_bound(self) -> float:
        """The Lagrangian bound of the multipliers as they are now."""
        return self._expected_bound(self._solve_all(self._lagrangians(), True))

    def decisions(self) -> dict[str, dict[DecisionKey, float]]:
        """What every scenario decided last of what it shares, on every rank."""
        own = {
            name: dict(zip(self.subproblems.local[name].integer_columns, decided.tolist(), strict=True))
            for name, decided in self._decided.items()
        }
        return self.world.merge(own)

    def average(self) -> dict[DecisionKey, float]:
        """What the scenarios that share a decision decided last on average."""
        return dict(zip(self._keys, self._average().tolist(), strict=True))

    def _lagrangians(self) -> dict[str, Compiled]:
        problems = {}
        for name, problem in self.subproblems.priced.items():
            cost = problem.cost.copy()
            cost[self._columns[name]] += self._multipliers[name]
            problems[name] = replace(problem, cost=cost)
        return problems

    def _decide(self, solutions: Mapping[str, Solution]) -> None:
        self._decided = {name: np.round(solutions[name].values[own]) for name, own in self._columns.items()}

    def _average(self) -> Vector:
        sums = np.zeros((2, len(self._keys)))
        for name, decided in self._decided.items():
            probability = self.subproblems.local[name].probability
            sums[:, self._numbers[name]] += [probability * decided, np.full(len(decided), probability)]
        weighted, probability = sum(self.world.allgather(sums))
        average: Vector = weighted / probability
        return average

    def _proximal_weights(self) -> Vector:
        """What a unit of a decision weighs, over how far the scenarios are apart (Watson and Woodruff 2011)."""
        extremes = np.full((2, len(self._keys)), -np.inf)
        for name, decided in self._decided.items():
            own = self._numbers[name]
            extremes[:, own] = np.maximum(extremes[:, own], [decided, -decided])
        highest, negated_lowest = np.max(self.world.allgather(extremes), axis=0)
        unit = np.array([self.subproblems.weights[key] for key in self._keys])
        weights: Vector = unit / (highest + negated_lowest + 1.0)
        return weights

    def _expected_bound(self, solutions: Mapping[str, Solution]) -> float:
        return self.subproblems.expected({name: solution.bound for name, solution in solutions.items()})
