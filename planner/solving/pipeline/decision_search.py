"""Decisions searched alone, by turns with the rest (Benders 1962), where the rest falls into parts once they are held.

First plans: decisions within a unit of the relaxation's, chosen with what is known of the parts' costs; what they cost
is worked out and held; again, until nothing within these bounds can be better. Then the proof: decisions anywhere for
which less than what would close the gap is known, until there are none. What is whole in the parts is a fraction in
all this, and made whole for the best decisions: where that costs more than the gap, the proof is left to others.
"""

from __future__ import annotations

import math
import os
import threading
from dataclasses import replace

import numpy as np

from models.core.compiled import Compiled
from models.core.vector import Vector
from models.supply.signing_columns import site_columns
from planner.solving.exactness import dual_bound
from planner.solving.highs import HighsSolver, Status
from planner.solving.pipeline.decision_master import DecisionMaster, falls_apart
from planner.solving.pipeline.decision_split import decisions_within, split
from planner.solving.pipeline.quiet import quieten
from planner.solving.pipeline.side_by_side import Asked, side_by_side
from planner.solving.pipeline.standing import Standing
from planner.solving.problem import ArrayProblem, CompiledProblem, LocalOptimum, SolveOptions
from planner.solving.relaxation import LinearRelaxation
from planner.solving.start import REFUSED, TAKEN, completed

LEAST_DECISIONS, LEAST_NONZEROS = 100, 10_000
"""Smaller problems HiGHS solves as soon."""
PLANS = 0.1
"""Decisions near the relaxation's are looked for until none are better by this share of the gap asked for."""
ROUNDS = 60
"""Turns of each of the two searches at most."""
BOXES = 4
"""Parts of the proof where several threads are at work: decisions found late in one do not begin the others again."""
NODES = 10_000
"""Branches of a search of decisions at most; what takes more is left to others."""
RELIABLE = 4
"""Branches by which a decision's pseudocosts are told in the proof; with cuts at nodes it takes half of the time."""
SHORT = 0.999
"""What is proven leaves this share of the gap asked for open."""
TRACE = 1e-6
"""Shares of a unit below this are rounding."""


def master_of(problem: CompiledProblem) -> DecisionMaster | None:
    """The decisions of a problem apart from the rest; None where it is small or does not fall into parts."""
    arrays = problem.compiled
    if arrays.integer.sum() < LEAST_DECISIONS or arrays.matrix.nnz < LEAST_NONZEROS:
        return None
    decisions = arrays.integer & ~site_columns(arrays)
    enough = decisions.sum() >= LEAST_DECISIONS
    return DecisionMaster(arrays, decisions) if enough and falls_apart(arrays, decisions) else None


def search_decisions(
    problem: CompiledProblem, master: DecisionMaster, standing: Standing, start: Vector | None = None
) -> str:
    """Looks for plans and for a bound, and leaves both in `standing`; what became of the start, in words."""
    return _DecisionSearch(problem, master, standing).run(start)


class _DecisionSearch:
    def __init__(self, problem: CompiledProblem, master: DecisionMaster, standing: Standing) -> None:
        self.problem, self.master, self.standing = problem, master, standing
        self.relaxation = LinearRelaxation(ArrayProblem(problem.compiled, problem.units))
        self._lock = threading.Lock()

    def run(self, start: Vector | None) -> str:
        standing, arrays = self.standing, self.problem.compiled
        with standing.part("relax"):
            root = self._optimum(arrays.lower, arrays.upper, standing.should_end)
        if root is None:
            return ""
        standing.raise_bound(dual_bound(arrays, root.values, root.row_duals))
        self.master.hold(self.master.cuts(root.values, root.row_duals))
        with standing.part("plans"):
            became = "" if start is None else self._begin_from(start)
            self._plans(root.values[self.master.decisions])
        if standing.values is not None and not standing.ended:
            with standing.part("prove"):
                self._prove()
        return became

    def _begin_from(self, start: Vector) -> str:
        """Takes a start as the first plan, where it is one; which of both, in words."""
        standing = self.standing
        values = completed(self.problem.compiled, start, self._options(), standing.should_end)
        if values is None or not standing.offer(values):
            return REFUSED
        self._cost(values[self.master.decisions], standing.should_end)
        return TAKEN

    def _optimum(self, lower: Vector, upper: Vector, should_stop: Asked) -> LocalOptimum | None:
        left = self.standing.seconds_left
        return self.relaxation.optimum(
            lower, upper, time_limit=None if math.isinf(left) else left, should_stop=should_stop
        )

    def _plans(self, relaxed: Vector) -> None:
        """The best plan whose decisions are within a unit of the relaxation's."""
        lower, upper = np.floor(relaxed + TRACE), np.ceil(relaxed - TRACE)
        best, found, should_stop = self.standing.cost, None, self.standing.should_end
        for _ in range(ROUNDS):
            if should_stop():
                break
            gap = self.standing.options.gap * (abs(best) if math.isfinite(best) else 0.0)
            solver = self._decisions(lower, upper, best - PLANS * gap, should_stop)
            if solver.values is None or self._value(solver.values) > best - PLANS * gap:
                break
            decisions = self.master.whole_of(solver.values)
            cost = self._cost(decisions, should_stop)
            if cost is None:
                break
            if cost < best:
                best, found = cost, decisions
                if self.standing.values is None:  # whatever comes of the rest of the time, there is a plan
                    self._whole(decisions, should_stop)
        if found is not None:
            self._whole(found, should_stop)

    def _prove(self) -> None:
        """Box by box, decisions of which less is known than would close the gap, until there are none."""
        standing, threads = self.standing, self.standing.options.threads or os.cpu_count() or 1
        count = BOXES if threads > 1 else 1
        whole = ArrayProblem(self.master.arrays, self.problem.units)
        boxes = split(whole, len(self.master.decisions), count, standing.should_end)
        proven = [-math.inf] * len(boxes)
        numbers = iter(range(len(boxes)))

        def work(should_stop: Asked) -> None:
            while not should_stop():
                with self._lock:
                    number = next(numbers, None)
                if number is None:
                    return
                proven[number] = self._proven_within(*boxes[number], should_stop)

        side_by_side(work, min(threads, len(boxes)), standing.should_end, lambda: standing.ended)
        standing.raise_bound(min(proven, default=-math.inf))

    def _proven_within(self, lower: Vector, upper: Vector, should_stop: Asked) -> float:
        """What all plans cost at least whose decisions are within bounds, told as far as that matters."""
        standing, least = self.standing, -math.inf
        for _ in range(ROUNDS):
            aim = standing.cost - SHORT * standing.asked
            solver = self._decisions(lower, upper, aim, should_stop, proof=True)
            found = None if solver.values is None or self._value(solver.values) >= aim else solver.values
            least = max(least, min(aim, math.inf if solver.status == Status.kInfeasible else solver.bound))
            if found is None:
                break
            decisions = self.master.whole_of(found)
            with self._lock:
                cost, known = self._cost(decisions, should_stop), standing.cost
                if cost is not None and cost < known:
                    self._whole(decisions, should_stop)
            if cost is None or should_stop() or (cost < aim and standing.cost >= known):
                break  # or what is whole in the parts costs more than the gap
        return least

    def _decisions(
        self, lower: Vector, upper: Vector, most: float, should_stop: Asked, *, proof: bool = False
    ) -> HighsSolver:
        """The best decisions within bounds by what is known; for the `proof` any that cost less than `most`."""
        solver = self._quiet(decisions_within(self.master.arrays, lower, upper))
        if proof:
            solver.set("mip_max_improving_sols", 1)
            solver.set("mip_rel_gap", 0.0)  # decisions that cost more than `most` end nothing
            solver.set("mip_abs_gap", 0.0)
            solver.set("mip_allow_cut_separation_at_nodes", True)
            solver.set("mip_pscost_minreliable", RELIABLE)
        solver.leave_out_above(most)
        solver.run(should_stop=should_stop)
        return solver

    def _options(self) -> SolveOptions:
        left = self.standing.seconds_left
        return replace(self.standing.options, threads=1, time_limit=None if math.isinf(left) else left)

    def _quiet(self, arrays: Compiled) -> HighsSolver:
        solver = quieten(HighsSolver(arrays, self._options()))
        solver.set("mip_max_nodes", NODES)
        return solver

    def _value(self, values: Vector) -> float:
        return self.master.arrays.objective(values)

    def _cost(self, decisions: Vector, should_stop: Asked) -> float | None:
        """What decisions cost with the parts relaxed, infinite where they have none, put in the master.

        None where that is not known, or the master cannot be told.
        """
        best = self._optimum(*self.master.held(decisions), should_stop)
        if best is not None:
            self.master.hold(self.master.cuts(best.values, best.row_duals))
            return self.problem.compiled.objective(best.values)
        weights = self.relaxation.contradiction() if self.relaxation.infeasible else None
        if weights is None:
            return None
        values = np.zeros(len(self.problem.compiled.cost))
        ways = (weights, -weights)
        told = any(self.master.rule_out(decisions, self.master.cuts(values, each, priced=False)) for each in ways)
        return math.inf if told else None

    def _whole(self, decisions: Vector, should_stop: Asked) -> None:
        """The best plan with these decisions."""
        arrays = self.problem.compiled
        solver = self._quiet(arrays.within(*self.master.held(decisions), arrays.integer))
        solver.run(should_stop=should_stop)
        if solver.values is not None:
            self.standing.offer(solver.values)
        self.standing.log += solver.log
