"""Proof: quiet HiGHS on the whole problem, given the best plan and better ones as others find them."""

from __future__ import annotations

import math
from dataclasses import replace

from models.core.vector import Vector
from planner.solving.highs import HighsSolver
from planner.solving.pipeline.lazy_caps import LazyRows
from planner.solving.pipeline.quiet import quieten
from planner.solving.pipeline.standing import Standing


def prove(problem: LazyRows, standing: Standing, threads: int) -> str:
    """Searches until the gap is proven or the time is over; how it ended, in the solver's words.

    Where a plan it finds breaks a cap that was left out, it begins again with the cap put in. Where HiGHS says that it
    has proven the optimum, but its bound leaves the gap open, it begins again without presolve: with a start HiGHS's
    presolve may lose a part of the objective (1.16).
    """
    words, presolve = "", "choose"
    while not standing.ended:
        proof = _Proof(problem, standing, threads, presolve)
        words = proof.run()
        if not proof.put_in:
            if presolve == "off" or words != "Optimal":
                break
            presolve = "off"
    return words


class _Proof:
    def __init__(self, problem: LazyRows, standing: Standing, threads: int, presolve: str) -> None:
        self.problem, self.standing = problem, standing
        self.put_in = False
        self._seen: Vector | None = None
        self._known = math.inf
        left = standing.seconds_left
        options = replace(standing.options, threads=threads, time_limit=None if math.isinf(left) else left)
        self._arrays = problem.arrays
        self._solver = quieten(HighsSolver(self._arrays, options))
        self._solver.set("presolve", presolve)

    def run(self) -> str:
        solver, standing = self._solver, self.standing
        self._known = standing.cost
        solver.give_start(standing.values)
        solver.take_better(self._better)
        solver.run(should_stop=self._should_stop)
        if solver.values is not None:
            self._look_at(solver.values)
        standing.raise_bound(solver.bound)
        standing.log += solver.log
        return solver.words

    def _better(self) -> Vector | None:
        """The best plan where another part has found it since it was asked last."""
        if self.standing.cost >= self._known:
            return None
        self._known = self.standing.cost
        return self.standing.values

    def _should_stop(self) -> bool:
        incumbent = self._solver.incumbent
        if incumbent is not None and not (self._seen is not None and (incumbent == self._seen).all()):
            self._seen = incumbent
            self._look_at(incumbent)
        self.standing.raise_bound(self._solver.bound)
        return self.standing.should_end() or self.put_in

    def _look_at(self, values: Vector) -> None:
        if self.standing.offer(values):
            self._known = min(self._known, self.standing.cost)
        elif self.problem.put_in(values) or self.problem.arrays is not self._arrays:
            self.put_in = True  # here, or by what goes on beside the proof
