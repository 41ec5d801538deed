"""The order of the parts: relax, dive, tighten and dive again where that pays, then prove and improve side by side.

With one thread the parts run in turn and repeat exactly. Each part takes the best plan so far and leaves the best plan
and the highest bound; the search ends as soon as the gap asked for is proven.
"""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from models.core.vector import Vector
from models.supply.signing_columns import signing_columns
from planner.solving.exactness import added_up, duality_gap
from planner.solving.highs import HighsSolver, Status
from planner.solving.pipeline.dive import Held, contracts_held, rounded, whole_held
from planner.solving.pipeline.improvement import Neighbourhood, Neighbourhoods, held_at
from planner.solving.pipeline.lazy_caps import LazyCaps
from planner.solving.pipeline.proof import prove
from planner.solving.pipeline.quiet import quieten
from planner.solving.pipeline.standing import Standing
from planner.solving.pipeline.tightening import bounded, most_blocks
from planner.solving.problem import ArrayProblem, CompiledProblem, LocalOptimum
from planner.solving.relaxation import BY_INTERIOR_POINT, LinearRelaxation

ROUNDINGS = 2
"""Roundings of leases whose remaining decisions are searched."""
NODES, ROUND_NODES = 200, 60
"""Branches of a search for what is left of a plan once signings are held, and of a round of improvement, at most."""
ROUNDS = 1
"""Rounds of improvement before the proof, where they cannot run beside it."""
LEAST_ROUND, RELAXATIONS = 3.0, 5.0
"""Seconds of a round of improvement beside the proof at most: so many, or so many times those of the relaxation."""
TIGHTENINGS = 3
"""Rounds of tightening, with a dive between them."""
OF_CONTRACTS = 4
"""Rounds of improvement of contracts between two of tightening."""
PAYS = 0.9
"""Another round follows where one has left less than this share of the gap."""
FINER = 0.25
"""Searches within the search close this share of the gap asked for."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a search in parts ended: `proven` where the solver says that the gap is closed; `why` in its words."""

    proven: bool
    why: str


def search_in_parts(problem: CompiledProblem, standing: Standing, start: Vector | None) -> Ended:
    """Looks for plans and for a bound, and leaves both in `standing`; without a plan there where no part finds one."""
    return _Search(problem, standing).run(start)


class _Search:
    def __init__(self, problem: CompiledProblem, standing: Standing) -> None:
        self.standing, self.units = standing, problem.units
        self.caps = LazyCaps(problem.compiled)
        self.offers = signing_columns(problem.compiled)
        asked = standing.options.threads
        self.threads = asked or os.cpu_count() or 1
        self.why = ""

    def run(self, start: Vector | None) -> Ended:
        standing = self.standing
        with standing.part("relax"):
            relaxed = self._relax()
        self.relax_seconds = standing.seconds["relax"]
        if relaxed is None:
            return Ended(False, self.why)
        with standing.part("dive"):
            if start is not None:
                self._complete(standing.arrays.integer & ~np.isnan(start), start)
            self._dive(relaxed)
        neighbourhoods = Neighbourhoods(standing.arrays, self.offers, standing.options.seed)
        for _ in range(TIGHTENINGS):
            with standing.part("tighten"):
                relaxed = self._tighten()
            if relaxed is None:
                break
            known = standing.cost
            with standing.part("dive"):
                self._dive(relaxed)
            with standing.part("improve"):
                for _ in range(OF_CONTRACTS):
                    self._improve(neighbourhoods.of_contracts, standing.should_end)
            if standing.cost >= known:
                break
        if standing.values is None or standing.ended:
            return Ended(standing.closed, self.why)
        if self.threads == 1:
            with standing.part("improve"):
                for _ in range(ROUNDS):
                    self._improve(neighbourhoods.next, standing.should_end)
            with standing.part("prove"):
                self.why = prove(self.caps, standing, 1)
        else:
            with standing.part("prove"), self._improving(neighbourhoods):
                self.why = prove(self.caps, standing, self.threads - 1)
        return Ended(standing.closed or self.why == "Optimal", self.why)

    def _relax(self) -> LocalOptimum | None:
        """The relaxation's optimum, with the caps put in that it breaks; None where none was found."""
        while True:
            arrays = self.caps.arrays
            self.relaxation = LinearRelaxation(ArrayProblem(arrays, self.units))
            found = self._optimum(arrays.lower, arrays.upper)
            if found is None:
                return None
            self.standing.raise_bound(
                arrays.objective(found.values)
                - duality_gap(arrays, found.values, found.row_duals) * added_up(arrays, found.values)
            )
            if not self.caps.put_in(found.values):
                return found

    def _optimum(self, lower: Vector, upper: Vector) -> LocalOptimum | None:
        left = self.standing.seconds_left
        return self.relaxation.optimum(
            lower, upper, time_limit=None if math.isinf(left) else left, should_stop=self.standing.should_end
        )

    def _dive(self, relaxed: LocalOptimum) -> None:
        """Plans from the relaxation: contracts held first, or else all signings rounded."""
        arrays = self.caps.arrays
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

    def _tighten(self) -> LocalOptimum | None:
        """The relaxation's optimum with fewer blocks of contracts; None where that does not pay."""
        standing = self.standing
        if standing.values is None or standing.ended:
            return None
        open_before = standing.cost - standing.bound
        most = most_blocks(self.caps.arrays, self.offers, self.units, standing.values, standing.should_end)
        if not most:
            return None
        standing.cutoff = standing.cost
        self.caps.narrow(lambda arrays: bounded(arrays, most))
        relaxed = self._relax()
        if relaxed is None and self.relaxation.infeasible:
            standing.raise_bound(standing.cutoff)
        return relaxed if standing.cost - standing.bound < PAYS * open_before else None

    def _complete(self, held: npt.NDArray[np.bool_], values: Vector) -> None:
        """The best of a plan whose decisions are known in part."""
        arrays = held_at(self.caps.arrays, values, held)
        self._rest(arrays.lower, arrays.upper)

    def _rest(self, lower: Vector, upper: Vector) -> None:
        """Searches what bounds leave open."""
        while not self.standing.should_end():
            found = self._searched(lower, upper, None, self.standing.should_end).values
            if found is None or self.standing.offer(found) or not self.caps.put_in(found):
                return

    def _searched(
        self,
        lower: Vector,
        upper: Vector,
        start: Vector | None,
        should_stop: Callable[[], bool],
        nodes: int = NODES,
        most_seconds: float = math.inf,
    ) -> HighsSolver:
        standing, arrays = self.standing, self.caps.arrays
        left = min(most_seconds, standing.seconds_left)
        absolute = standing.options.absolute_gap
        options = replace(
            standing.options,
            gap=FINER * standing.options.gap,
            absolute_gap=None if absolute is None else FINER * absolute,
            threads=1,
            time_limit=None if math.isinf(left) else left,
        )
        solver = quieten(HighsSolver(arrays.within(lower, upper, arrays.integer), options))
        solver.set("mip_max_nodes", nodes)
        solver.give_start(start)
        solver.run(should_stop=should_stop)
        standing.log += solver.log
        return solver

    def _improve(
        self,
        neighbourhood: Callable[[], Neighbourhood],
        should_stop: Callable[[], bool],
        most_seconds: float = math.inf,
    ) -> None:
        """One round: a part of the best plan searched again."""
        best = self.standing.values
        if best is None or self.standing.ended:
            return
        tried = neighbourhood()
        arrays = held_at(self.caps.arrays, best, tried.held)
        solver = self._searched(arrays.lower, arrays.upper, best, should_stop, ROUND_NODES, most_seconds)
        found = solver.values
        if found is not None and not self.standing.offer(found):
            self.caps.put_in(found)
        tried.learn(solver.status != Status.kOptimal)

    @contextmanager
    def _improving(self, neighbourhoods: Neighbourhoods) -> Iterator[None]:
        """Improves the best plan in a thread of its own meanwhile."""
        done = threading.Event()
        most = max(LEAST_ROUND, RELAXATIONS * self.relax_seconds)

        faults: list[BaseException] = []

        def improve() -> None:
            try:
                while not done.is_set() and not self.standing.ended:
                    self._improve(neighbourhoods.next, lambda: done.is_set() or self.standing.ended, most)
            except BaseException as fault:  # told in the thread that the search was begun in
                faults.append(fault)

        worker = threading.Thread(target=improve, daemon=True, name="improve")
        worker.start()
        try:
            yield
        finally:
            done.set()
            worker.join()
        if faults:
            raise faults[0]
