"""The L-shaped method: a master problem of what scenarios share, and the scenarios one by one, in turn.

What scenarios share is little and lumpy, and the master problem with a cut for every subproblem solved is soon solved
in whole numbers. Its optimum is a lower bound on the expected cost. The scenarios are solved as relaxations, which is
quick, with the master's decisions fixed, and half-way from them to a core point, where cuts are deeper (Ben-Ameur and
Neto 2007). Where relaxations make a scenario too cheap, whole numbers of its own strengthen its cuts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from models.core.vector import Vector
from models.stochastic.benders import Cut, Master, benders_cut, feasibility_cut, lagrangian_cut
from models.stochastic.extensive_form import DecisionKey, ExtensiveForm
from models.stochastic.subproblem import multipliers
from planner.formatting import money
from planner.solving.problem import ArrayProblem, SolveOptions
from planner.solving.relaxation import LinearRelaxation, relaxed_optimum
from planner.solving.search import solve
from planner.stochastic.cut_strengthening import CutPoint, strengthen_cuts
from planner.stochastic.decomposition_search import DecompositionSearch
from planner.stochastic.subproblem_solver import SubproblemSolver
from planner.stochastic.subproblems import Subproblems

Point = tuple[tuple[DecisionKey, float], ...]
"""Whole-number decisions, by key."""

MASTER_SECONDS = 30.0
"""The most that the master problem may take each time."""
STALLED_AFTER = 30
"""Iterations in a row that close the gap by less than a share of the tolerance, after which the search is left."""
LEAST_PROGRESS = 0.01
"""That share."""
CORE_STEP = 0.1
"""How far the core point moves towards better decisions."""


class LShaped:
    """The multicut L-shaped method over all ranks.

    Parameters
    ----------
    master
        None on ranks other than 0.
    core
        Decisions, be they fractions, with which every scenario has a plan.

    Attributes
    ----------
    lower
        A lower bound on the expected cost, in model units of money.
    """

    def __init__(
        self,
        master: Master | None,
        core: Mapping[DecisionKey, float],
        subproblems: Subproblems,
        solver: SubproblemSolver,
    ) -> None:
        self.master, self.core, self.subproblems, self.solver = master, dict(core), subproblems, solver
        self.world = subproblems.world
        self.lower = -math.inf
        self._visited: dict[Point, Mapping[DecisionKey, float]] = {}
        self._tried: set[Point] = set()
        self._last_cuts: dict[str, CutPoint] = {}
        self._relaxations = {
            name: LinearRelaxation(ArrayProblem(problem, subproblems.local[name].model.units))
            for name, problem in subproblems.problems.items()
        }

    def add_cuts(self, cuts: Mapping[str, Cut]) -> None:
        """Adds cuts of this rank's scenarios to the master problem."""
        gathered = self.world.merge(cuts)
        if self.master is not None:
            self.master.cuts += gathered.values()

    def converge(self, options: SolveOptions, tolerance: float, on_bound: Callable[[float], None]) -> None:
        """Solves master and subproblems in turn, on every rank alike.

        Ends when the master's optimum is within `tolerance`, in model units of money, of what some decisions cost by
        the subproblems' relaxations, or nothing new comes. `on_bound` is told every lower bound.
        """
        best, known, stalled = math.inf, set[Point](), 0
        lower, upper = self.lower, best
        while stalled < STALLED_AFTER and not self.world.any(self.solver.finished):
            decisions = self._solve_master(options, tolerance)
            decisions, self.lower = self.world.broadcast((decisions, self.lower))
            on_bound(self.lower)
            if decisions is None:
                return
            self._cut_at(decisions, keep=True)
            cost = self._visit(decisions)
            if cost < best:
                best = cost
                self.core = {key: value + CORE_STEP * (decisions[key] - value) for key, value in self.core.items()}
            if best - self.lower <= tolerance:
                return
            if self.lower > lower + LEAST_PROGRESS * tolerance or best < upper - LEAST_PROGRESS * tolerance:
                lower, upper, stalled = self.lower, best, 0
            else:
                stalled += 1
            if self._point(decisions) in known:
                return
            known.add(self._point(decisions))
            self._cut_at({key: 0.5 * (value + self.core.get(key, value)) for key, value in decisions.items()})

    def best_untried(self) -> tuple[dict[DecisionKey, float], float] | None:
        """The visited decisions of the lowest cost by the cuts so far, and that cost; each is returned once."""
        found, master = None, self.master
        untried = [point for point in self._visited if point not in self._tried]
        if master is not None and untried:
            costs = {point: master.expected_cost(self._visited[point]) for point in untried}
            best = min(untried, key=costs.__getitem__)
            self._tried.add(best)
            found = dict(best), costs[best]
        shared: tuple[dict[DecisionKey, float], float] | None = self.world.broadcast(found)
        return shared

    def strengthen_at(self, decisions: Mapping[DecisionKey, float], seconds: float | None) -> dict[str, Cut]:
        """Strengthens the cuts at decisions; returns those of all scenarios that were, by scenario."""
        self._cut_at(decisions, keep=True)
        return self.strengthen(self._last_cuts, seconds)

    def strengthen(self, cuts: Mapping[str, CutPoint], seconds: float | None) -> dict[str, Cut]:
        """Strengthens cuts of this rank's scenarios; returns those of all scenarios that were, by scenario."""
        stronger = strengthen_cuts(self.subproblems, self.solver, cuts, seconds)
        self.add_cuts(stronger)
        return self.world.merge(stronger)

    def _solve_master(self, options: SolveOptions, tolerance: float) -> dict[DecisionKey, float] | None:
        """The master's decisions; on ranks other than 0 and where it has none, None."""
        if self.master is None:
            return None
        limit = self.solver.seconds_left(MASTER_SECONDS)
        outcome = solve(
            self.master,
            replace(options, gap=0.0, absolute_gap=0.5 * tolerance, time_limit=limit),
            should_stop=lambda: self.solver.finished,
        )
        if outcome.bound_usd is not None:
            self.lower = max(self.lower, outcome.bound_usd / self.master.units.usd)
        return None if outcome.values is None else self.master.decisions(outcome.values)

    def _cut_at(self, decisions: Mapping[DecisionKey, float], keep: bool = False) -> None:
        """Adds the cuts that the subproblems give at decisions."""
        found = self.solver.run_parallel(
            lambda name: self._cut_of(name, decisions), {name: name for name in self.subproblems.local}
        )
        self.add_cuts({name: cut for name, (cut, _) in found.items() if cut is not None})
        if keep:
            self._last_cuts = {
                name: CutPoint(cut, values)
                for name, (cut, values) in found.items()
                if cut is not None and values is not None
            }

    def _cut_of(self, name: str, decisions: Mapping[DecisionKey, float]) -> tuple[Cut | None, Vector | None]:
        """A subproblem's cut at decisions, and its values there; without them where it has none."""
        subproblem, problem = self.subproblems.local[name], self.subproblems.problems[name]
        relaxation = self._relaxations[name]
        fixed = subproblem.fixed_values(decisions)
        optimum = relaxation.optimum(
            np.where(np.isnan(fixed), problem.lower, fixed),
            np.where(np.isnan(fixed), problem.upper, fixed),
            time_limit=self.solver.seconds_left(),
            should_stop=lambda: self.solver.stopped,
        )
        if optimum is not None:
            cost = problem.objective(optimum.values)
            return benders_cut(subproblem, decisions, cost, optimum.column_duals), optimum.values
        ray = relaxation.contradiction() if relaxation.infeasible else None
        return None if ray is None else feasibility_cut(subproblem, problem, ray, decisions), None

    def _visit(self, decisions: Mapping[DecisionKey, float]) -> float:
        """The cost of decisions by the cuts; they are remembered where every scenario has a plan with them."""
        solved = not self.world.any(len(self._last_cuts) < len(self.subproblems.local))
        cost = self.master.expected_cost(decisions) if solved and self.master is not None else math.inf
        cost = float(self.world.broadcast(cost))
        if math.isfinite(cost):
            self._visited[self._point(decisions)] = decisions
        return cost

    def _point(self, decisions: Mapping[DecisionKey, float]) -> Point:
        return tuple((key, decisions[key]) for key in self.subproblems.bounds)


RELAXATION_TIME_SHARE = 0.4
"""Of a time limit, what the relaxation of the extensive form may take."""
TOLERANCE_SHARE = 0.05
"""Of the gap asked for, what the L-shaped method may leave open."""


def begin_lshaped(search: DecompositionSearch, form: ExtensiveForm | None) -> LShaped | None:
    """Prices the subproblems by the relaxation of the extensive form, and gives the L-shaped method its first cuts.

    The relaxation's optimum and the Lagrangian bound of its multipliers are lower bounds. None where there is no
    relaxation in the time, or nothing is shared.
    """
    prices: dict[str, Vector] = {}
    values: dict[str, Vector] = {}
    core: dict[DecisionKey, float] = {}
    if form is not None:
        limit = search.options.time_limit
        seconds = None if limit is None else RELAXATION_TIME_SHARE * limit
        relaxed = relaxed_optimum(form, seconds, lambda: search.solver.finished)
        if relaxed is not None:
            search.tracker.raise_lower(form.compiled.objective(relaxed.values))
            prices = multipliers(form, relaxed.column_duals, relaxed.row_duals)
            values = {scenario.name: relaxed.values[scenario.joint_columns] for scenario in form.scenarios}
            core = {key: float(relaxed.values[column]) for key, column in form.shared.items()}
            search.tracker.report("relaxation")
    found = search.world.broadcast((prices, values, core, search.tracker.lower))
    prices, values, core, search.tracker.lower = found
    search.subproblems.price(prices)
    search.tighten_gap()
    if not values or not search.shares_decisions:
        return None
    lshaped = LShaped(None if form is None else Master(form), core, search.subproblems, search.solver)
    _add_lagrangian_cuts(search, lshaped, prices, values)
    return lshaped


def _add_lagrangian_cuts(
    search: DecompositionSearch, lshaped: LShaped, prices: dict[str, Vector], values: dict[str, Vector]
) -> None:
    cuts = {
        name: CutPoint(lagrangian_cut(subproblem, prices[name], values[name]), values[name])
        for name, subproblem in search.subproblems.local.items()
    }
    lshaped.add_cuts({name: cut for name, (cut, _) in cuts.items()})
    stronger = lshaped.strengthen(cuts, search.strengthening_seconds)
    best = {name: stronger.get(name, cut).intercept for name, (cut, _) in cuts.items()}
    # the multipliers add up to nothing, and so do these cuts' slopes
    search.raise_lower_bound(search.subproblems.expected(best))
    search.tracker.report(f"scenarios one by one, {len(stronger)} of {len(search.tree.names)} cost more")


def run_lshaped(search: DecompositionSearch, lshaped: LShaped) -> None:
    """Runs the L-shaped method and tries its decisions, until it stalls or nothing better is left."""
    tracker = search.tracker
    while not search.stall.stalled():
        tolerance = TOLERANCE_SHARE * search.options.gap * tracker.scale
        lshaped.converge(search.solver.options, tolerance, search.raise_lower_bound)
        tracker.report("L-shaped method")
        search.check()
        best = lshaped.best_untried()
        if best is None or best[1] >= tracker.target:
            return
        decisions, bound = best
        search.try_decisions(decisions)
        tracker.report(f"decisions of {money(bound * tracker.usd, tracker.currency)} or more tried")
        search.check()
        stronger = lshaped.strengthen_at(decisions, search.strengthening_seconds)
        tracker.report(f"cuts of {len(stronger)} scenarios strengthened")
        search.check()
