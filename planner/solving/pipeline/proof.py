"""Proof: quiet HiGHS on the whole problem, given the best plan and better ones as others find them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from models.core.vector import Vector
from planner.solving.exactness import cost_of
from planner.solving.highs import HighsSolver
from planner.solving.pipeline.lazy_caps import LazyRows
from planner.solving.pipeline.quiet import quieten
from planner.solving.pipeline.side_by_side import Asked, beside
from planner.solving.pipeline.standing import Standing


def prove(problem: LazyRows, standing: Standing, threads: int, leave: Asked = lambda: False) -> str:
    """Searches until the gap is proven, the time is over or it is to be left; how it ended, in the solver's words.

    It may begin before there is a plan, which it is given as soon as another part has found it.

    Where a plan it finds breaks a cap that was left out, it begins again with the cap put in. Where HiGHS says that it
    has proven the optimum, but its bound leaves the gap open, it begins again without presolve: with a start HiGHS's
    presolve may lose a part of the objective (1.16).
    """
    words, presolve = "", "choose"
    while not standing.ended and not leave():
        proof = _Proof(problem, standing, threads, presolve, leave)
        words = proof.run()
        if not proof.put_in:
            if presolve == "off" or words != "Optimal":
                break
            presolve = "off"
    return words


def prove_beside(
    problem: LazyRows,
    standing: Standing,
    threads: int,
    plans: Callable[[Asked], bool],
    improve: Callable[[Asked], None],
) -> str | None:
    """A proof that begins without a plan, and beside it the search for plans; None where it was left for them.

    Parameters
    ----------
    problem, standing, threads
        As of `prove`.
    plans
        Finds first plans, and says whether the proof is to go on.
    improve
        Finds better ones until the proof has ended.
    """
    left = False

    def work(should_stop: Asked) -> None:
        nonlocal left
        left = not plans(should_stop)
        if not left:
            improve(should_stop)

    with beside(work):
        words = prove(problem, standing, threads, lambda: left)
    return None if left else words


class _Proof:
    def __init__(self, problem: LazyRows, standing: Standing, threads: int, presolve: str, leave: Asked) -> None:
        self._leave = leave
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
            self._look_at(solver.values, ended=True)
        self._raise_bound()
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
        if incumbent is not None and not self._is_seen(incumbent) and self._look_at(incumbent, ended=False):
            self._seen = incumbent
        self._raise_bound()
        return self.standing.should_end() or self.put_in or self._leave()

    def _is_seen(self, values: Vector) -> bool:
        return self._seen is not None and bool((values == self._seen).all())

    def _raise_bound(self) -> None:
        bound = self._solver.bound
        if bound < math.inf:  # that there is no plan is for others to prove
            self.standing.raise_bound(bound)

    def _look_at(self, values: Vector, *, ended: bool) -> bool:
        """Takes what HiGHS has found; whether it is known what comes of it.

        What breaks a cap that was left out matters where it is cheaper than the best plan, which HiGHS goes by else.
        """
        standing = self.standing
        if standing.offer(values):
            self._known = min(self._known, standing.cost)
            return True
        if standing.values is None and not ended:
            return False
        cheaper = cost_of(standing.arrays, values) < standing.cost
        if cheaper and (self.problem.put_in(values) or self.problem.arrays is not self._arrays):
            self.put_in = True  # here, or by what goes on beside the proof
        return True
