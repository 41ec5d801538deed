"""The order of the parts: relax, dive; tighten and branch where that pays; then prove and improve side by side.

Where tightening is unlikely to pay, and there is more than one thread, the proof begins beside the dive. With one
thread the parts run in turn and repeat exactly. Each part takes the best plan so far and leaves the best plan and the
highest bound; the search ends as soon as the gap asked for is proven.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from models.core.compiled import Compiled
from models.core.vector import Vector
from models.supply.signing_columns import SigningColumns, serving_columns, signing_columns
from planner.solving.exactness import dual_bound
from planner.solving.highs import HighsSolver, Status
from planner.solving.pipeline.branching import AtNode, ContractTree
from planner.solving.pipeline.dive import THRESHOLDS, Held, contracts_held, rounded, rounded_at, whole_held
from planner.solving.pipeline.improvement import Neighbourhood, Neighbourhoods, differing, held_at
from planner.solving.pipeline.lazy_caps import LazyCaps, LazyRows
from planner.solving.pipeline.proof import prove, prove_beside
from planner.solving.pipeline.quiet import closing
from planner.solving.pipeline.side_by_side import Asked, beside
from planner.solving.pipeline.standing import PROVEN, Ended, Standing
from planner.solving.pipeline.tightening import bounded, most_blocks, rules_out_much
from planner.solving.problem import ArrayProblem, CompiledProblem, LocalOptimum
from planner.solving.relaxation import BY_INTERIOR_POINT, LinearRelaxation

ROUNDINGS = 2
"""Roundings of leases whose remaining decisions are searched."""
NODES, ROUND_NODES = 200, 60
"""Branches of a search for what is left of a plan once signings are held, and of a round of improvement, at most."""
ROUNDS = 1
"""Rounds of improvement before the proof, where they cannot run beside it."""
LEAST_ROUND, RELAXATIONS = 5.0, 5.0
"""Seconds of a round of improvement beside the proof at most: so many, or so many times those of the relaxation."""
TIGHTENINGS = 3
"""Rounds of tightening, with a dive between them."""
PAYS, TIGHTER = 0.9, 0.9
"""Improvement goes on, and tightening is followed by branching, where less than this share of the gap was left."""
SHORT = 0.999
"""Where a part of the problem is searched whole, this share of the gap asked for is left open."""
SIDE_BY_SIDE = 8
"""Relaxations at work at once, at most: each holds the whole problem, 100 MB and more where it is large."""
HUGE = 300_000
"""Columns from which a step of a dive may take minutes: the first plan has signings rounded at once instead."""
FINER = 0.25
"""Searches within the search close this share of the gap asked for."""

Freed = Callable[[Vector], Neighbourhood]
"""What is searched again of the best plan."""


def search_in_parts(problem: CompiledProblem, standing: Standing, start: Vector | None) -> Ended:
    """Looks for plans and for a bound, and leaves both in `standing`; without a plan there where no part finds one."""
    return Parts(problem, standing, LazyCaps(problem.compiled)).run(start)


class Parts:
    """The parts of a search of one problem, which share its standing, and its caps as they are put in."""

    def __init__(self, problem: CompiledProblem, standing: Standing, caps: LazyRows) -> None:
        self.standing, self.units, self.caps = standing, problem.units, caps
        self.basis: Any = None
        self.offers = signing_columns(problem.compiled)
        self.threads = standing.options.threads or os.cpu_count() or 1
        self.why = ""
        self._should_end = standing.should_end

    def run(self, start: Vector | None) -> Ended:
        """All parts, the proof last; `start` has a value per column to begin from, NaN where there is none."""
        standing = self.standing
        with standing.part("relax"):
            relaxed = self.relax()
        self.relax_seconds = standing.seconds["relax"]
        if relaxed is None or standing.decided:
            return Ended(False, self.why)
        neighbourhoods = Neighbourhoods(standing.arrays, self.offers, relaxed.values, standing.options.seed)
        if self.threads > 1 and not rules_out_much(self.caps.arrays, self.offers, relaxed.values):
            plans, improve = partial(self._plans_beside, relaxed, start), partial(self._keep_improving, neighbourhoods)
            with standing.part("prove"):
                why = prove_beside(self.caps, standing, self.threads - 1, plans, improve)
            if why is not None:
                return Ended(standing.closed or why == PROVEN, why)
        else:
            self._first_plans(relaxed, start)
        if self.threads == 1 and not self._tightening_pays():  # else it is the first round beside the proof
            with standing.part("improve"):
                self._differ(neighbourhoods)
        tightened = False
        for _ in range(TIGHTENINGS):
            with standing.part("tighten"):
                relaxed = self.tighten()
            if relaxed is None:
                break
            tightened, known = True, standing.cost
            with standing.part("dive"):
                self.dive(relaxed)
            neighbourhoods.relaxed = relaxed.values
            if standing.cost >= known:
                break
        if tightened:
            with standing.part("branch"):
                self.branch()
        if standing.values is None or standing.ended:
            return Ended(standing.closed, self.why)
        if self.threads == 1:
            with standing.part("improve"):
                for _ in range(ROUNDS):
                    self.improve(neighbourhoods.next, standing.should_end)
            with standing.part("prove"):
                self.why = prove(self.caps, standing, 1)
        else:
            with standing.part("prove"), beside(lambda asked: self._keep_improving(neighbourhoods, asked)):
                self.why = prove(self.caps, standing, self.threads - 1)
        return Ended(standing.closed or self.why == PROVEN, self.why)

    def _first_plans(self, relaxed: LocalOptimum, start: Vector | None) -> None:
        """A start completed, and a dive."""
        with self.standing.part("dive"):
            if start is not None:
                given = held_at(self.caps.arrays, start, self.standing.arrays.integer & ~np.isnan(start))
                self._rest(given.lower, given.upper)
            self.dive(relaxed)

    def _plans_beside(self, relaxed: LocalOptimum, start: Vector | None, should_stop: Asked) -> bool:
        """First plans while a proof is at work; whether it is to go on with them as it is."""
        standing, arrays = self.standing, self.caps.arrays
        self._should_end = lambda: should_stop() or standing.ended
        self._first_plans(relaxed, start)
        self._should_end = standing.should_end
        return standing.values is not None and self.caps.arrays is arrays and not self._tightening_pays()

    def relax(self) -> LocalOptimum | None:
        """The relaxation's optimum, with the caps put in that it breaks; None where none was found."""
        while True:
            arrays, begin = self.caps.arrays, self._basis()
            self.relaxation = LinearRelaxation(ArrayProblem(arrays, self.units))
            if begin is not None:
                self.relaxation.begin_at(begin)
            found = self._optimum(arrays.lower, arrays.upper)
            if found is None:
                return None
            self.basis = self.relaxation.basis()
            self.standing.raise_bound(dual_bound(arrays, found.values, found.row_duals))
            if not self.caps.put_in(found.values):
                return found

    def _basis(self) -> Any:
        """The basis that the last relaxation ended with; None where there is none that the rows of now can begin at."""
        return None if self.basis is None else self.caps.begins_at(self.basis)

    def _optimum(self, lower: Vector, upper: Vector) -> LocalOptimum | None:
        left = self.standing.seconds_left
        return self.relaxation.optimum(
            lower, upper, time_limit=None if math.isinf(left) else left, should_stop=self._should_end
        )

    def dive(self, relaxed: LocalOptimum) -> None:
        """Plans from the relaxation: contracts held first, or else all signings rounded."""
        arrays = self.caps.arrays
        if len(arrays.columns) > HUGE and self.offers:
            if self.standing.values is None:
                self._rest(*rounded_at(THRESHOLDS[0], self.offers, arrays.lower, arrays.upper, relaxed.values))
            if self.standing.values is not None:
                return
        root = Held(arrays.lower, arrays.upper, relaxed.values, arrays.objective(relaxed.values))
        if len(arrays.columns) > BY_INTERIOR_POINT:  # each step takes long: a plan first
            for each in rounded(self._optimum, arrays.objective, self.offers, root)[:1]:
                self._rest(*whole_held(arrays, self.offers, each))
        held = self._descend(root, ROUNDINGS)
        if self.standing.values is None:
            self._rest(*whole_held(arrays, self.offers, held))
        if self.standing.values is None:
            for each in rounded(self._optimum, arrays.objective, self.offers, root):
                self._rest(each.lower, each.upper)

    def _descend(self, start: Held, roundings: int) -> Held:
        """Contracts held whole, and plans from so many roundings of leases with them."""
        objective = self.caps.arrays.objective
        held = contracts_held(self._optimum, objective, self.offers, start)
        leases = [each for each in self.offers if not each.is_contract]
        for each in rounded(self._optimum, objective, leases, held)[:roundings]:
            self._rest(*whole_held(self.caps.arrays, self.offers, each))
        return held

    def tighten(self) -> LocalOptimum | None:
        """The relaxation's optimum with fewer blocks of contracts; None where that does not pay."""
        standing = self.standing
        if standing.values is None or standing.ended:
            return None
        open_before, standing.cutoff = standing.cost - standing.bound, standing.cost
        most = self.most_blocks(standing.cutoff, math.inf)
        if not most:
            return None
        self.caps.narrow(lambda arrays: bounded(arrays, most))
        relaxed = self.relax()
        if relaxed is None and self.relaxation.infeasible:
            standing.raise_bound(standing.cutoff)
        return relaxed if standing.cost - standing.bound < TIGHTER * open_before else None

    def most_blocks(self, cutoff: float, enough: float) -> dict[SigningColumns, int]:
        """How many blocks of contracts a cost allows; ends once the bound is enough."""
        standing, arrays = self.standing, self.caps.arrays

        def elsewhere() -> bool:
            return standing.ended or standing.bound >= enough

        def tell(bound: float) -> None:
            standing.raise_bound(min(bound, cutoff))

        if standing.values is None:
            return {}
        at_once, best = min(self.threads, SIDE_BY_SIDE), standing.values
        asked = (lambda: standing.should_end() or elsewhere(), elsewhere)
        return most_blocks(arrays, self.offers, self.units, self._basis(), best, cutoff, at_once, tell, *asked)

    def branch(self, most_seconds: float = math.inf) -> None:
        """Contracts whole by branching, with caps put in that a plan breaks on the way, for so long at most."""
        standing, ends = self.standing, time.monotonic() + most_seconds
        while standing.values is not None and not standing.ended:
            arrays = self.caps.arrays

            def elsewhere(arrays: Compiled = arrays) -> bool:
                return standing.ended or self.caps.arrays is not arrays or time.monotonic() > ends

            def here(elsewhere: Asked = elsewhere) -> bool:
                return standing.should_end() or elsewhere()

            tree = ContractTree(
                arrays,
                self.offers,
                self.units,
                self._basis(),
                standing,
                self._plans,
                self._improve_by,
                self._search_whole,
            )
            tree.run(min(self.threads, SIDE_BY_SIDE), here, elsewhere)
            if self.caps.arrays is arrays:
                return

    def _plans(self, at: AtNode, should_stop: Asked) -> None:
        """Plans with contracts as the relaxation has them, and leases rounded."""
        leases = [each for each in self.offers if not each.is_contract]
        start = Held(at.lower, at.upper, at.values, at.cost)
        for each in rounded(at.optimum, self.caps.arrays.objective, leases, start)[:ROUNDINGS]:
            self._rest(*whole_held(self.caps.arrays, self.offers, each), should_stop)

    def _improve_by(self, relaxed: Vector, wide: bool, should_stop: Asked) -> None:
        """What the best plan and a relaxation differ in, searched, or where `wide` all signings."""
        arrays = self.caps.arrays
        if wide:
            serving = serving_columns(arrays)
            self.improve(lambda _: Neighbourhood(serving, lambda _: None), should_stop)
        else:
            self.improve(lambda best: differing(arrays.integer, best, relaxed), should_stop, nodes=NODES)

    def _search_whole(self, arrays: Compiled, should_stop: Asked) -> float:
        """Searches a part of the problem for plans that matter; what it costs at least, told as far as that matters."""
        standing = self.standing
        aim = standing.cost - SHORT * standing.asked

        def enough() -> bool:
            return should_stop() or solver.bound >= standing.cost - SHORT * standing.asked

        solver = self._solver(arrays)
        solver.leave_out_above(aim)
        solver.run(should_stop=enough)
        found = solver.values
        if found is not None and not standing.offer(found):
            self.caps.put_in(found)
        standing.log += solver.log
        return min(aim, math.inf if solver.status == Status.kInfeasible else solver.bound)

    def _differ(self, neighbourhoods: Neighbourhoods) -> None:
        """What the best plan and the relaxation differ in, searched for as long as that pays."""
        standing, open_before = self.standing, math.inf
        while standing.cost - standing.bound < PAYS * open_before and not standing.should_end():
            open_before = standing.cost - standing.bound
            self.improve(neighbourhoods.differing, standing.should_end, nodes=NODES)

    def _tightening_pays(self) -> bool:
        best = self.standing.values
        return best is not None and rules_out_much(self.caps.arrays, self.offers, best)

    def _rest(self, lower: Vector, upper: Vector, should_stop: Asked | None = None) -> None:
        """Searches what bounds leave open."""
        should_stop = should_stop or self._should_end
        while not should_stop():
            found = self._searched(lower, upper, None, should_stop).values
            if found is None or self.standing.offer(found) or not self.caps.put_in(found):
                return

    def _searched(
        self,
        lower: Vector,
        upper: Vector,
        start: Vector | None,
        should_stop: Asked,
        nodes: int = NODES,
        most_seconds: float = math.inf,
    ) -> HighsSolver:
        arrays = self.caps.arrays
        solver = self._solver(arrays.within(lower, upper, arrays.integer), most_seconds)
        solver.set("mip_max_nodes", nodes)
        solver.give_start(start)
        solver.leave_out_above(self.standing.cost)
        solver.run(should_stop=should_stop)
        self.standing.log += solver.log
        return solver

    def _solver(self, arrays: Compiled, most_seconds: float = math.inf) -> HighsSolver:
        """Quiet HiGHS on a part of the problem."""
        return closing(arrays, self.standing.options, FINER, min(most_seconds, self.standing.seconds_left))

    def improve(
        self, freed: Freed, should_stop: Asked, most_seconds: float = math.inf, nodes: int = ROUND_NODES
    ) -> None:
        """One round: a part of the best plan searched again."""
        best = self.standing.values
        if best is None or self.standing.ended:
            return
        tried = freed(best)
        while True:
            arrays = held_at(self.caps.arrays, best, tried.held)
            solver = self._searched(arrays.lower, arrays.upper, best, should_stop, nodes, most_seconds)
            found = solver.values
            if found is None or self.standing.offer(found) or should_stop() or not self.caps.put_in(found):
                break
        tried.learn(solver.status not in (Status.kOptimal, Status.kInfeasible))  # the latter: nothing costs less

    def _keep_improving(self, neighbourhoods: Neighbourhoods, should_stop: Asked) -> None:
        """Round after round, each for no more than a few times the seconds of the relaxation."""
        most = max(LEAST_ROUND, RELAXATIONS * self.relax_seconds)
        while not self.standing.ended and not should_stop():
            self.improve(neighbourhoods.next, lambda: should_stop() or self.standing.ended, most)
