"""Implementable solutions: plans for all scenarios out of what some of them would decide.

The candidates' shared decisions are fixed in every scenario, and the rest is optimised.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from models.core.compiled import Compiled
from models.core.model import Model
from models.core.vector import Vector
from models.plan import Plan
from models.stochastic.extensive_form import DecisionKey, scenario_plan
from models.stochastic.subproblem import Subproblem
from models.stochastic.tree import ScenarioTree
from models.supply.signing_columns import CONTRACT_TOTALS, LEASE_TOTALS
from planner.solving.pipeline.dive import TRACE
from planner.solving.problem import ArrayProblem, fixed_problem
from planner.stochastic.subproblem_solver import Solution, SubproblemSolver
from planner.stochastic.subproblems import Subproblems

Decisions = Mapping[DecisionKey, float]

GAP_FACTOR = 4.0
"""How much wider the gap is left where a scenario's decisions are wanted and its cost is not."""


@dataclass(frozen=True, eq=False)
class ImplementableSolution:
    """Shared decisions with which every scenario has a plan.

    `solutions` by scenario of this rank; the expected cost lies between `bound` and `objective`, in model units of
    money. `dispatch_proven`: whether that is so of the dispatch of every scenario. `rough`: whether some scenario has
    but the first plan that was found for it.
    """

    decisions: dict[DecisionKey, float]
    solutions: Mapping[str, Solution]
    objective: float
    bound: float
    dispatch_proven: bool
    rough: bool

    @property
    def values(self) -> dict[str, Vector]:
        """By scenario of this rank and column."""
        return {name: solution.values for name, solution in self.solutions.items()}


class Candidates:
    """Completes, values and turns into plans what scenarios would decide, over all ranks."""

    def __init__(self, subproblems: Subproblems, solver: SubproblemSolver) -> None:
        self.subproblems, self.solver = subproblems, solver
        self.tree, self.world = subproblems.tree, subproblems.world

    def complete(self, decisions: Decisions) -> dict[DecisionKey, float] | None:
        """Has what is still open decided by the first scenario that has it, at its best with the rest fixed.

        A scenario that decides first leaves open what it does not have itself: decisions of nodes it never comes to,
        or with a supplier it has lost. None where a scenario has no plan with what is fixed.
        """
        completed = self._completed(decisions, first=False)
        return None if completed is None else completed[0]

    def _completed(
        self, decisions: Decisions, first: bool
    ) -> tuple[dict[DecisionKey, float], dict[str, Solution]] | None:
        """Decisions completed, and solutions by scenario of this rank that decide all they have as those do.

        `first`: a scenario decides as the first plan found of it does.
        """
        completed, solved = dict(decisions), dict[str, Solution]()
        for name in self.tree.order:
            if self.subproblems.keys[name] <= completed.keys():
                continue
            own: dict[DecisionKey, float] | None = {}
            if subproblem := self.subproblems.local.get(name):
                problem = self._fixed(subproblem, self.subproblems.priced[name], completed)
                solution = self.solver.solve({name: problem}, gap_factor=GAP_FACTOR, quick=True, first=first)[name]
                own = None if solution is None else subproblem.decisions(solution.values)
                if solution is not None:
                    solved[name] = solution
            gathered = self.world.allgather(own)
            if any(found is None for found in gathered):
                return None
            completed = {key: value for found in gathered for key, value in found.items()} | completed
        return completed, solved

    def relaxation_bound(self, decisions: Decisions) -> float:
        """A lower bound on the expected cost of decisions, from relaxations; infinite where one has no solution."""
        costs = self.solver.relaxation_costs(self._problems(decisions))
        return self.subproblems.expected({name: math.inf if cost is None else cost for name, cost in costs.items()})

    def evaluate(
        self, decisions: dict[DecisionKey, float], quick: bool = False, known: ImplementableSolution | None = None
    ) -> ImplementableSolution | None:
        """Every scenario at its best with the decisions fixed; None where one has no plan, or none was found.

        `quick`: a good plan of large scenarios is enough, by their limits. `known`: plans with these decisions, which
        stand where no better is found in the time; without them the first plan is enough of those that it is short for.
        """
        limits = {name: each.bounding_integers for name, each in self.subproblems.local.items()} if quick else None
        needed = known is None
        found = self.solver.solve(self._problems(decisions), limits=limits, all_needed=needed, in_time=needed)
        return self._solution(decisions, found, known, rough=self.world.any(bool(self.solver.rough)))

    def first_plans(self, decisions: Decisions) -> ImplementableSolution | None:
        """Decisions completed, and the first plan found of every scenario with them; None where one has none."""
        found = self._completed(decisions, first=True)
        if found is None:
            return None
        completed, solved = found
        if self.subproblems.priced is not self.subproblems.problems:  # those have other objectives
            solved = {}
        problems = {name: each for name, each in self._problems(completed).items() if name not in solved}
        return self._solution(completed, self.solver.solve(problems, first=True) | solved, rough=True)

    def refine(self, solution: ImplementableSolution) -> ImplementableSolution | None:
        """The same decisions with every scenario searched to its gap, from its plan, as far as the time goes."""
        found = self.solver.solve(self._problems(solution.decisions), starts=solution.values, all_needed=False)
        return self._solution(solution.decisions, found, solution)

    def _solution(
        self,
        decisions: dict[DecisionKey, float],
        found: Mapping[str, Solution | None],
        known: ImplementableSolution | None = None,
        rough: bool = False,
    ) -> ImplementableSolution | None:
        before = {} if known is None else known.solutions
        solutions: dict[str, Solution] = {}
        for name, new in found.items():
            either = [each for each in (new, before.get(name)) if each is not None]
            if either:
                solutions[name] = min(either, key=lambda each: each.objective)
        if self.world.any(len(solutions) < len(found)):
            return None
        left = self.world.any(any(each is None for each in found.values()))
        return ImplementableSolution(
            decisions,
            solutions,
            self.subproblems.expected({name: solution.objective for name, solution in solutions.items()}),
            self.subproblems.expected({name: solution.bound for name, solution in solutions.items()}),
            not self.world.any(not all(solution.dispatch_proven for solution in solutions.values())),
            rough or (left and known is not None and known.rough),
        )

    def plans(self, solution: ImplementableSolution) -> dict[str, Plan]:
        """The plan of every scenario, on every rank."""
        values = {name: (solution.values[name], solution.decisions) for name in self.subproblems.local}
        merged = self.world.merge(self.subproblems.of_models(_plan, values))
        return {name: merged[name] for name in self.tree.names}

    def _problems(self, decisions: Decisions) -> dict[str, ArrayProblem]:
        local, problems = self.subproblems.local, self.subproblems.problems
        return {name: self._fixed(local[name], problem, decisions) for name, problem in problems.items()}

    def _fixed(self, subproblem: Subproblem, problem: Compiled, decisions: Decisions) -> ArrayProblem:
        return fixed_problem(ArrayProblem(problem, subproblem.units), subproblem.fixed_values(decisions))


def _plan(tree: ScenarioTree, name: str, model: Model, solved: tuple[Vector, dict[DecisionKey, float]]) -> Plan:
    return scenario_plan(tree, name, model, *solved)


def signings_rounded(
    decisions: Decisions, threshold: float, bounds: Mapping[DecisionKey, tuple[float, float]]
) -> dict[DecisionKey, float]:
    """The running totals of contracts and leases among decisions, rounded up from a share of a unit on."""
    totals = {key: value for key, value in decisions.items() if key[2] in (*CONTRACT_TOTALS, *LEASE_TOTALS)}
    return {
        key: min(max(math.floor(value + 1.0 - threshold + TRACE), bounds[key][0]), bounds[key][1])
        for key, value in totals.items()
    }


def nearest(
    solutions: Mapping[str, Decisions],
    average: Decisions,
    weights: Decisions,
    tried: Collection[Decisions],
    most: int,
) -> list[Decisions]:
    """Of the scenarios' decisions up to `most` that are nearest to the average by weighted distance and not yet tried.

    Parameters
    ----------
    weights
        What a unit of each decision weighs.
    """

    def distance(decisions: Decisions) -> float:
        return sum(
            weights.get(key, 0.0) * abs(value - average[key]) for key, value in decisions.items() if key in average
        )

    found: list[Decisions] = []
    # one that lacks decisions others have says less: those that have all come first
    for decisions in sorted(solutions.values(), key=lambda decisions: (-len(decisions), distance(decisions))):
        if decisions not in tried and decisions not in found and len(found) < most:
            found.append(decisions)
    return found
