"""The L-shaped method: a master of what scenarios share, and the scenarios one by one, in turn.

What scenarios share is little and lumpy, and the master with a cut for every answer is soon solved in whole numbers.
Its least is a bound on the expected cost. The scenarios answer as relaxations, which is quick, with the master's
decisions held, and half-way from them to a core point, where answers say more (Ben-Ameur and Neto 2007). What their
relaxations make too cheap, cuts raised by whole numbers of their own mend.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from models.stochastic.benders import Cut, Master, ruled_out, tangent
from models.stochastic.extensive_form import DecisionKey
from planner.solving.highs import ArrayProblem, SolveOptions, solve
from planner.solving.relaxation import LinearRelaxation
from planner.stochastic.subproblem_solver import SubproblemSolver
from planner.stochastic.subproblems import Subproblems

Vector = npt.NDArray[np.float64]
Whole = tuple[tuple[DecisionKey, float], ...]
"""Whole decisions, by key."""

MASTER_SECONDS = 30.0
"""The most that the master may take each time."""
REST = 30
"""Answers in a row that bring neither bound nearer by a share of the tolerance, after which it is left."""
NEARER = 0.01
"""That share."""
STEP = 0.1
"""How far the core moves towards better decisions."""


class LShaped:
    """The search; `master` is rank 0's, `core` are decisions, be they fractions, with which every scenario has a plan.

    `lower` is what every plan costs at least, in model units.
    """

    def __init__(
        self, master: Master | None, core: Mapping[DecisionKey, float], pieces: Subproblems, bench: SubproblemSolver
    ) -> None:
        self.master, self.core, self.pieces, self.bench = master, dict(core), pieces, bench
        self.lower = -math.inf
        self._visited: dict[Whole, Mapping[DecisionKey, float]] = {}
        self._given: set[Whole] = set()
        self._tangents: dict[str, tuple[Cut, Vector]] = {}
        self._relaxations = {
            name: LinearRelaxation(ArrayProblem(pieces.plain[name], part.model.units))
            for name, part in pieces.parts.items()
        }

    def add(self, cuts: Mapping[str, Cut]) -> None:
        """Adds cuts of this rank's scenarios."""
        said = self.pieces.world.merge(dict(cuts))
        if self.master is not None:
            self.master.cuts += said.values()

    def converge(self, options: SolveOptions, tolerance: float, told: Callable[[float], None]) -> None:
        """Goes on until the master's least is within `tolerance` of what some decisions cost, or nothing new comes.

        `told` hears every bound. On every rank alike.
        """
        best, known, at_rest = math.inf, set[Whole](), 0
        lower, upper = self.lower, best
        while at_rest < REST and not self.pieces.world.any(self.bench.over):
            decided = self._decide(options, tolerance)
            decided, self.lower = self.pieces.world.broadcast((decided, self.lower))
            told(self.lower)
            if decided is None:
                return
            self._answer(decided, keep=True)
            least = self._cost(decided)
            if least < best:
                best = least
                self.core = {key: value + STEP * (decided[key] - value) for key, value in self.core.items()}
            if best - self.lower <= tolerance:
                return
            if self.lower > lower + NEARER * tolerance or best < upper - NEARER * tolerance:
                lower, upper, at_rest = self.lower, best, 0
            else:
                at_rest += 1
            if self._whole(decided) in known:
                return
            known.add(self._whole(decided))
            self._answer({key: 0.5 * (value + self.core.get(key, value)) for key, value in decided.items()})

    def promising(self) -> tuple[dict[DecisionKey, float], float] | None:
        """Of whole decisions met on the way those that cost least, by the cuts there are, and that; each once."""
        found, master = None, self.master
        left = [whole for whole in self._visited if whole not in self._given]
        if master is not None and left:
            best = min(left, key=lambda whole: master.expected(self._visited[whole]))
            self._given.add(best)
            found = dict(best), master.expected(self._visited[best])
        told: tuple[dict[DecisionKey, float], float] | None = self.pieces.world.broadcast(found)
        return told

    def raise_at(self, decided: Mapping[DecisionKey, float], seconds: float | None) -> dict[str, Cut]:
        """Raises the cuts at decisions; those of all scenarios that were."""
        self._answer(decided, keep=True)
        return self.raise_cuts(self._tangents, seconds)

    def raise_cuts(self, cuts: Mapping[str, tuple[Cut, Vector]], seconds: float | None) -> dict[str, Cut]:
        """Raises cuts of this rank's scenarios; those of all scenarios that were."""
        found = strengthen_cuts(self.pieces, self.bench, cuts, seconds)
        self.add(found)
        return self.pieces.world.merge(found)

    def _decide(self, options: SolveOptions, tolerance: float) -> dict[DecisionKey, float] | None:
        """The master's decisions; on ranks other than 0 and where it has none, None."""
        if self.master is None:
            return None
        limits = [each for each in (self.bench.left(), MASTER_SECONDS) if each is not None]
        outcome = solve(
            self.master,
            replace(options, gap=0.0, absolute_gap=0.5 * tolerance, time_limit=min(limits)),
            should_stop=lambda: self.bench.over,
        )
        if outcome.bound_usd is not None:
            self.lower = max(self.lower, outcome.bound_usd / self.master.units.usd)
        return None if outcome.values is None else self.master.decided(outcome.values)

    def _answer(self, decided: Mapping[DecisionKey, float], keep: bool = False) -> None:
        """The scenarios' answers to decisions, as cuts."""

        def answer(name: str) -> tuple[Cut | None, Vector | None]:
            part, arrays = self.pieces.parts[name], self.pieces.plain[name]
            relaxation = self._relaxations[name]
            held = part.held(decided)
            lower, upper = np.where(np.isnan(held), arrays.lower, held), np.where(np.isnan(held), arrays.upper, held)
            found = relaxation.optimum(
                lower, upper, time_limit=self.bench.left(), should_stop=lambda: self.bench.stopped
            )
            if found is not None:
                return tangent(part, decided, arrays.objective(found.values), found.column_duals), found.values
            ray = relaxation.contradiction() if relaxation.infeasible else None
            return None if ray is None else ruled_out(part, arrays, ray, decided), None

        found = self.bench.side_by_side(answer, {name: name for name in self.pieces.parts})
        self.add({name: cut for name, (cut, _) in found.items() if cut is not None})
        if keep:
            self._tangents = {
                name: (cut, values) for name, (cut, values) in found.items() if cut is not None and values is not None
            }

    def _cost(self, decided: Mapping[DecisionKey, float]) -> float:
        """What decisions cost at least, remembered where they may be tried."""
        solve_task = not self.pieces.world.any(len(self._tangents) < len(self.pieces.parts))
        least = self.master.expected(decided) if solve_task and self.master is not None else math.inf
        least = float(self.pieces.world.broadcast(least))
        if math.isfinite(least):
            self._visited[self._whole(decided)] = decided
        return least

    def _whole(self, decided: Mapping[DecisionKey, float]) -> Whole:
        return tuple((key, decided[key]) for key in self.pieces.bounds)


WHOLE = 1e-6
"""How far from a whole number a value may be to count as one."""
LEAST_GAIN = 1e-5
"""What a cut must be raised by, as a share of what it says, to be worth another."""


def strengthen_cuts(
    pieces: Subproblems, bench: SubproblemSolver, cuts: Mapping[str, tuple[Cut, Vector]], seconds: float | None
) -> dict[str, Cut]:
    """Higher cuts with the same slopes, for those of this rank's scenarios where one was found.

    Each comes with values of the scenario's columns at which the relaxation, with the slopes taken off its costs,
    has its least, which is the cut's; with nothing of them broken that should be whole there is nothing to gain.
    It takes `seconds` for all at most.
    """
    broken: dict[str, int] = {}
    problems: dict[str, ArrayProblem] = {}
    for name, (cut, values) in cuts.items():
        part, arrays = pieces.parts[name], pieces.plain[name]
        broken[name] = int(np.sum(np.abs(values - np.round(values))[part.lumps] > WHOLE))
        if broken[name]:
            cost = arrays.cost.copy()
            for key, slope in cut.slopes.items():
                cost[part.common[key]] -= slope
            priced = replace(arrays.within(arrays.lower, arrays.upper, part.lumps), cost=cost)
            problems[name] = ArrayProblem(priced, part.model.units)
    # those with little to mend are soon done, and leave their time to the others
    ordered = {name: problems[name] for name in sorted(problems, key=broken.__getitem__)}
    found = {}
    for name, bound in bench.bounds(ordered, seconds).items():
        cut = cuts[name][0]
        if bound > cut.least + LEAST_GAIN * abs(cut.least):
            found[name] = replace(cut, least=bound)
    return found
