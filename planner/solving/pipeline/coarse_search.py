"""The search of problems that are nearly all dispatch: in the coarse problem, whose plans are completed month by month.

Relaxation, dive, tightening and branching are those of `planner.solving.pipeline.run`. A plan of the coarse problem is
taken at what its dispatch truly costs, which also becomes cuts; these are put in between parts. The dive's plans are
far from the best here, so that contracts are exchanged in them. What the coarse problem costs at least, the larger one
does.
"""

from __future__ import annotations

import os
import time
from dataclasses import replace

import numpy as np

from models.core.compiled import Compiled
from models.core.vector import Vector
from models.supply.dispatch_rows import of_several_problems
from planner.solving.pipeline.coarse import CoarseProblem
from planner.solving.pipeline.improvement import Neighbourhoods
from planner.solving.pipeline.lazy_caps import LazyCaps
from planner.solving.pipeline.run import SIDE_BY_SIDE, Parts, search_in_parts
from planner.solving.pipeline.side_by_side import Asked, side_by_side
from planner.solving.pipeline.standing import Ended, Standing
from planner.solving.problem import ArrayProblem, CompiledProblem, LocalOptimum
from planner.solving.relaxation import BY_INTERIOR_POINT

MANY, SMALLER = BY_INTERIOR_POINT, 2
"""It pays with more columns than this, of which the coarse problem has so many times fewer."""
DIVES = 6
"""Dives with cuts put in between, at most, for as long as plans become cheaper."""
LONGER = 1.5
"""So many times what completing the last plan took is left for the best one."""
FRUITLESS, PAYS = 5, 0.99
"""It ends after so many passes in a row after which more than this share of the gap was left."""
SUPPOSED, SUPPOSITIONS = 0.3, 4
"""Share of the gap that a cost supposed is above the bound, half of it once that is not proven; how often in a pass."""
EXCHANGE_SECONDS, EXCHANGE_NODES, EXCHANGES = 15.0, 60, 10
"""What an exchange of contracts may take, and how many in a row may find nothing."""
GROWTH = 1.5
"""Branching takes as long as the first tightening, then so many times longer each time, before cuts are put in."""


def search_large(problem: CompiledProblem, standing: Standing, start: Vector | None) -> Ended:
    """Searches the coarse problem first, where that is much smaller, and in parts what it leaves open.

    Parameters
    ----------
    problem
        Arrays in model units, and the units.
    standing
        Takes plans and bounds.
    start
        A value per column to begin from, NaN where there is none.
    """
    if len(problem.compiled.columns) > MANY and not of_several_problems(problem.compiled):
        _search_coarse(problem, standing, start)
    if standing.ended:
        return Ended(standing.closed, standing.words)
    return search_in_parts(problem, standing, start)


def _search_coarse(problem: CompiledProblem, standing: Standing, start: Vector | None) -> None:
    """Leaves plans and bounds of the coarse problem in `standing`; a start without gaps is the first plan."""
    if start is not None and not np.isnan(start).any():
        standing.offer(start)
    caps, threads = LazyCaps(problem.compiled), standing.options.threads or os.cpu_count() or 1
    while not standing.ended:
        with standing.part("merge"):
            coarse = CoarseProblem(caps.arrays, problem.units, threads, lambda: standing.ended)
        if not coarse.months or SMALLER * len(coarse.arrays.columns) > len(problem.compiled.columns):
            return
        if not _Coarse(ArrayProblem(coarse.arrays, problem.units), coarse, standing, caps).search():
            return


class _CoarseStanding(Standing):
    """Where the search of the coarse problem stands: plans at what they truly cost; bounds are the larger one's too."""

    def __init__(self, arrays: Compiled, coarse: CoarseProblem, whole: Standing) -> None:
        options = replace(whole.options, time_limit=None)
        super().__init__(arrays, options, 1.0, 0.0, None, whole.should_end)
        self._coarse, self._whole = coarse, whole
        self.completing = 0.0

    def offer(self, values: Vector) -> bool:
        """Takes a plan at its true cost if it is better than the best; whether it has a dispatch."""
        completed = self._coarse.completed(values)
        if completed is None:
            return False
        return super().offer(completed)

    def raise_bound(self, bound: float) -> None:
        """Takes a proven bound if it is higher than the highest."""
        super().raise_bound(bound)
        self._whole.raise_bound(self.bound)

    @property
    def decided(self) -> bool:
        """Whether what was asked of the larger problem is decided."""
        return self._whole.decided

    @property
    def seconds_left(self) -> float:
        """Of the time limit, less what completing a plan takes."""
        return max(0.0, self._whole.seconds_left - self.completing)

    @property
    def ended(self) -> bool:
        """Whether the search is to end."""
        return self.stopped or self.closed or self._whole.ended or not self.seconds_left


class _Coarse:
    def __init__(self, problem: ArrayProblem, coarse: CoarseProblem, whole: Standing, caps: LazyCaps) -> None:
        self.coarse, self.whole, self.caps = coarse, whole, caps
        self.standing = _CoarseStanding(problem.compiled, coarse, whole)
        self.parts = Parts(problem, self.standing, coarse)
        self._told: Vector | None = None
        self._branching = 0.0
        self._neighbourhoods: Neighbourhoods | None = None

    def search(self) -> bool:
        """Searches until the gap is proven or the time over; whether caps were put in, so that all begins anew."""
        began, relaxed = time.monotonic(), self._relax()
        for _ in range(DIVES):
            if relaxed is None or self.standing.ended:
                break
            known = self.standing.cost
            with self.whole.part("dive"):
                self.parts.dive(relaxed)
            if self._told_broken():
                return True
            relaxed = self._relax()
            if not known - self.standing.cost > (1.0 - PAYS) * abs(self.standing.cost):
                break
        if relaxed is not None:
            self._exchange(relaxed, time.monotonic() - began)
            if self._told_broken():
                return True
            relaxed = self._relax()
        fruitless = 0
        while relaxed is not None and not self.standing.ended and fruitless < FRUITLESS:
            open_before = self.standing.cost - self.standing.bound
            self._pass(relaxed)
            if self._told_broken():
                return True
            relaxed = self._relax()
            fruitless = 0 if self.standing.cost - self.standing.bound < PAYS * open_before else fruitless + 1
        return self._told_broken()

    def _pass(self, relaxed: LocalOptimum) -> None:
        """Tightens, and branches for a while once that has paid; else supposes costs and improves the best plan."""
        began = time.monotonic()
        with self.whole.part("tighten"):
            tighter = self.parts.tighten()
        if tighter is not None:
            self._branching = self._branching or time.monotonic() - began
            with self.whole.part("dive"):
                self.parts.dive(tighter)
        if self._branching:
            with self.whole.part("branch"):
                self.parts.branch(self._branching)
            self._branching *= GROWTH
            return
        with self.whole.part("tighten"):
            self._suppose()
        self._exchange(relaxed, time.monotonic() - began)

    def _exchange(self, relaxed: LocalOptimum, seconds: float) -> None:
        """Exchanges contracts of the best plan for so long, in all threads, and puts in the cuts of what it tries."""
        standing, ends = self.standing, time.monotonic() + seconds
        if self._neighbourhoods is None:
            options = self.whole.options
            self._neighbourhoods = Neighbourhoods(standing.arrays, self.parts.offers, relaxed.values, options.seed)
        self._neighbourhoods.relaxed = relaxed.values
        exchanging = self._neighbourhoods.exchanging

        def work(should_stop: Asked) -> None:
            known, fruitless = standing.cost, 0
            while fruitless < EXCHANGES and not should_stop() and time.monotonic() < ends:
                most = min(EXCHANGE_SECONDS, max(0.1, ends - time.monotonic()))
                self.parts.improve(exchanging, should_stop, most, EXCHANGE_NODES)
                self.coarse.put_in_known()
                known, fruitless = standing.cost, 0 if standing.cost < known else fruitless + 1

        with self.whole.part("improve"):
            at_once = min(self.parts.threads, SIDE_BY_SIDE)
            side_by_side(work, at_once, standing.should_end, lambda: standing.ended)

    def _suppose(self) -> None:
        """Supposes costs between the bound and the best plan's; those that no plan is below become bounds."""
        standing, share = self.standing, SUPPOSED
        for _ in range(SUPPOSITIONS):
            if standing.ended:
                return
            supposed = standing.bound + share * (standing.cost - standing.bound)
            self.parts.most_blocks(supposed, supposed)
            if standing.bound < supposed:
                share *= 0.5

    def _relax(self) -> LocalOptimum | None:
        with self.whole.part("relax"):
            return self.parts.relax()

    def _told_broken(self) -> bool:
        """Tells the larger problem of the best plan; whether it breaks caps, which are put in."""
        best = self.standing.values
        if best is None or best is self._told:
            return False
        self._told = best
        began = time.monotonic()
        with self.whole.part("complete"):
            values = self.coarse.of_whole(best)
        self.standing.completing = LONGER * (time.monotonic() - began)
        return values is not None and not self.whole.offer(values) and self.caps.put_in(values)
