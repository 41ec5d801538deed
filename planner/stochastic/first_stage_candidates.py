"""Plans for all scenarios out of what some of them would decide: their decisions held, the rest at its best."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.core.compiled import Compiled
from models.plan import Plan
from models.stochastic.extensive_form import DecisionKey, shared_key
from models.stochastic.subproblem import Subproblem
from planner.solving.highs import ArrayProblem, hold
from planner.stochastic.subproblem_solver import SubproblemSolver
from planner.stochastic.subproblems import Subproblems

Vector = npt.NDArray[np.float64]
Decided = Mapping[DecisionKey, float]

GAP_FACTOR = 4.0
"""How much wider the gap is left where a scenario's decisions are wanted and its cost is not."""


@dataclass(frozen=True, eq=False)
class ImplementableSolution:
    """Decisions with which every scenario has a plan: values by scenario of this rank, costs in model units of all."""

    decided: dict[DecisionKey, float]
    values: Mapping[str, Vector]
    costs: Mapping[str, float]
    objective: float
    bound: float


class Candidates:
    """What can be made of decisions over all ranks."""

    def __init__(self, pieces: Subproblems, bench: SubproblemSolver) -> None:
        self.pieces, self.bench = pieces, bench
        self.stages, self.world, self.parts = pieces.stages, pieces.world, pieces.parts
        self.probability = self.stages.tree.probability

    def completed(self, decided: Decided) -> dict[DecisionKey, float] | None:
        """What is still open is decided by the first scenario that has it, at its best with the rest held.

        A scenario that decides first leaves open what it does not have itself: decisions of nodes it never comes to,
        or with a supplier it has lost. None where a scenario has no plan with what is held.
        """
        found = dict(decided)
        for name in self.stages.order:
            if self.pieces.keys[name] <= found.keys():
                continue
            mine: dict[DecisionKey, float] | None = {}
            if name in self.parts:
                part = self.parts[name]
                problem = self._held(part, self.pieces.priced[name], found)
                solved = self.bench.best({name: problem}, lot=True, ease=GAP_FACTOR, brief=True)[name]
                mine = None if solved is None else part.decided(solved[0])
            said = self.world.allgather(mine)
            if any(each is None for each in said):
                return None
            found = {key: value for each in said for key, value in each.items()} | found
        return found

    def least(self, decided: Decided) -> float:
        """A bound from below on what decisions cost, from relaxations; infinite where one has none."""
        found = self.bench.relaxed(self._problems(decided))
        costs = self.world.merge(dict(found))
        if any(each is None for each in costs.values()):
            return np.inf
        return self._expected(costs)

    def evaluated(self, decided: dict[DecisionKey, float]) -> ImplementableSolution | None:
        """Every scenario at its best with the decisions held; None where one has no plan, or none was found."""
        found = self.bench.best(self._problems(decided), lot=True)
        if self.world.any(any(each is None for each in found.values())):
            return None
        solved = {name: each for name, each in found.items() if each is not None}
        costs = self.world.merge({name: objective for name, (_, objective, _) in solved.items()})
        bounds = self.world.merge({name: bound for name, (_, _, bound) in solved.items()})
        values = {name: each for name, (each, _, _) in solved.items()}
        return ImplementableSolution(decided, values, costs, self._expected(costs), self._expected(bounds))

    def plans(self, found: ImplementableSolution) -> dict[str, Plan]:
        """The plan of every scenario, on rank 0 and all others."""
        plans = {}
        for name, part in self.parts.items():
            compiled = {id(variable) for variable in part.model.compiled.columns}
            for each in part.model.decisions:
                # a decision that changes nothing here is no column here, and is taken all the same
                key = shared_key(self.stages.tree, name, each)
                if id(each.variable) not in compiled and key in found.decided:
                    each.variable.set_value(round(found.decided[key]), skip_validation=True)
            plans[name] = part.model.plan(found.values[name])
        merged = self.world.merge(plans)
        return {name: merged[name] for name in self.stages.tree.names}

    def _problems(self, decided: Decided) -> dict[str, ArrayProblem]:
        return {name: self._held(part, self.pieces.plain[name], decided) for name, part in self.parts.items()}

    def _held(self, part: Subproblem, arrays: Compiled, decided: Decided) -> ArrayProblem:
        return hold(ArrayProblem(arrays, part.model.units), part.held(decided))

    def _expected(self, amounts: Mapping[str, float | None]) -> float:
        return float(sum(self.probability[name] * amount for name, amount in amounts.items() if amount is not None))


def nearest(
    solutions: Mapping[str, Decided], average: Decided, weights: Decided, known: Callable[[Decided], bool], most: int
) -> Iterable[tuple[str, Decided]]:
    """The scenarios whose decisions are nearest to the average, each weighted; those known already left out."""

    def distance(name: str) -> float:
        mine = solutions[name]
        return sum(weights.get(key, 0.0) * abs(value - average[key]) for key, value in mine.items() if key in average)

    # one that lacks decisions others have says less: those that have all come first
    ranked = sorted(solutions, key=lambda name: (-len(solutions[name]), distance(name)))
    found: list[tuple[str, Decided]] = []
    for name in ranked:
        new = not known(solutions[name]) and all(solutions[name] != other for _, other in found)
        if new and len(found) < most:
            found.append((name, solutions[name]))
    return found
