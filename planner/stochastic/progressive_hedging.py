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
from planner.solving.problem import ArrayProblem
from planner.stochastic.decomposition_search import DecompositionSearch, SearchEnded
from planner.stochastic.first_stage_candidates import GAP_FACTOR, nearest
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


SCREENED = 4
"""Candidates an iteration that are valued by relaxations; the best of them is evaluated."""
ITERATIONS = 1000


def run_hedging(search: DecompositionSearch) -> str:
    """Runs progressive hedging until it stalls or its iterations are over, and says which.

    Raises
    ------
    SearchEnded
        The bounds meet, time is over, a stop was asked for, or a scenario has no plan.
    """
    if not search.shares_decisions:
        # the best of every scenario by itself is all there is
        if search.best is not None:
            search.tracker.raise_lower(search.best.bound)
        return "nothing is shared"
    search.stall.reset()
    hedging = ProgressiveHedging(search.subproblems, _HedgingSolver(search).solve)
    tracker, tried = search.tracker, list[Mapping[DecisionKey, float]]()
    tracker.raise_lower(hedging.begin())
    tracker.report("multipliers")
    while True:
        _try_nearest(search, hedging, tried)
        tracker.report(f"iteration {search.iterations}")
        search.check()
        if search.iterations:
            tracker.raise_lower(hedging.lower_bound())
            tracker.report(f"iteration {search.iterations}, multipliers")
            search.check()
        if search.stall.stalled():
            return "stalled"
        if search.iterations == ITERATIONS:
            return "iterations"
        search.iterations += 1
        hedging.iterate()


def _try_nearest(
    search: DecompositionSearch, hedging: ProgressiveHedging, tried: list[Mapping[DecisionKey, float]]
) -> None:
    """Screens the scenarios' decisions nearest to the average by relaxations, and tries the most promising."""
    promising: list[tuple[float, dict[DecisionKey, float]]] = []
    weights = search.subproblems.weights
    for decisions in nearest(hedging.decisions(), hedging.average(), weights, tried, SCREENED):
        tried.append(decisions)
        if search.world.any(search.solver.finished):
            break
        completed = search.candidates.complete(decisions)
        if completed is not None:
            promising.append((search.candidates.relaxation_bound(completed), completed))
    bound, best = min(promising, key=lambda pair: pair[0], default=(np.inf, {}))
    if bound < search.tracker.upper:
        search.try_decisions(best)


class _HedgingSolver:
    """Solves the subproblems as hedging has them, each from its last decisions."""

    def __init__(self, search: DecompositionSearch) -> None:
        self._search = search
        self._last: dict[str, Vector] = {}

    def solve(self, problems: Mapping[str, Compiled], bounding: bool) -> dict[str, Solution]:
        """Solves problems by scenario; where their bounds do not matter the gap is wide.

        Raises
        ------
        SearchEnded
            A scenario has no plan, or none was found in its time.
        """
        search, local = self._search, self._search.subproblems.local
        found = search.solver.solve(
            {name: ArrayProblem(problem, local[name].units) for name, problem in problems.items()},
            starts={name: _padded(last, len(problems[name].cost)) for name, last in self._last.items()},
            gap_factor=1.0 if bounding else GAP_FACTOR,
            quick=True,
        )
        if search.world.any(bool(search.solver.infeasible)):
            raise SearchEnded("infeasible")
        if search.world.any(any(solution is None for solution in found.values())):
            search.check()
            raise SearchEnded("a scenario was not solved in its time")
        solutions = {name: solution for name, solution in found.items() if solution is not None}
        for name, problem in search.subproblems.problems.items():
            own = solutions[name].values[: len(problem.cost)]
            self._last[name] = np.where(problem.integer, own, np.nan)
        return solutions


def _padded(values: Vector, width: int) -> Vector:
    """Values by column, with NaN for the columns a proximal term has added."""
    return np.append(values, np.full(width - len(values), np.nan))
