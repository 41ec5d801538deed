"""The second step of a decomposition: progressive hedging, whose decisions are tried and whose multipliers bound."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from models.core.compiled import Compiled
from models.core.vector import Vector
from models.stochastic.extensive_form import DecisionKey
from planner.solving.problem import ArrayProblem
from planner.stochastic.decomposition_search import DecompositionSearch, SearchEnded
from planner.stochastic.first_stage_candidates import GAP_FACTOR, nearest
from planner.stochastic.progressive_hedging import ProgressiveHedging
from planner.stochastic.subproblem_solver import Solution

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
            {name: ArrayProblem(problem, local[name].model.units) for name, problem in problems.items()},
            starts={name: _padded(last, len(problems[name].cost)) for name, last in self._last.items()},
            gap_factor=1.0 if bounding else GAP_FACTOR,
            quick=True,
        )
        if search.world.any(bool(search.solver.infeasible)):
            raise SearchEnded("infeasible")
        if search.world.any(any(solution is None for solution in found.values())):
            raise SearchEnded("stopped" if search.solver.finished else "a scenario was not solved in its time")
        solutions = {name: solution for name, solution in found.items() if solution is not None}
        for name, problem in search.subproblems.problems.items():
            own = solutions[name].values[: len(problem.cost)]
            self._last[name] = np.where(problem.integer, own, np.nan)
        return solutions


def _padded(values: Vector, width: int) -> Vector:
    """Values by column, with NaN for the columns a proximal term has added."""
    return np.append(values, np.full(width - len(values), np.nan))
