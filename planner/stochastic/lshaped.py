"""The L-shaped method: a master problem of what scenarios share, and the scenarios one by one, in turn.

What scenarios share is little, and its optimum by the cuts is a lower bound on the expected cost. The scenarios are
solved as relaxations, each from where it ended last, which is quick: first with decisions half-way between those of the
relaxed master problem and the best ones so far, where cuts are deeper (Ben-Ameur and Neto 2007), until the relaxation
of the whole is known, which is never built. Then in whole numbers, which are few and lumpy, and half-way from them to a
core point. Where relaxations make a scenario too cheap, whole numbers of its own strengthen its cuts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from models.core.vector import Vector
from models.stochastic.benders import Cut, Master, benders_cut, feasibility_cut
from models.stochastic.extensive_form import DecisionKey
from planner.solving.problem import ArrayProblem, Outcome, SolveOptions
from planner.solving.relaxation import relaxed_optimum
from planner.solving.search import solve
from planner.stochastic.cut_strengthening import CutPoint, strengthen_cuts
from planner.stochastic.subproblem_solver import SubproblemSolver
from planner.stochastic.subproblems import Subproblems

Point = tuple[tuple[DecisionKey, float], ...]
"""Whole-number decisions, by key."""

MASTER_SECONDS = 30.0
"""The most that the master problem may take each time that it has decisions by then."""
MORE_SECONDS = 4.0
"""So many times longer it is searched again without."""
STALLED_AFTER = 30
"""Iterations in a row that close the gap by less than a share of the tolerance, after which the search is left."""
LEAST_PROGRESS = 0.01
"""That share."""
WITHOUT_PLAN = 8
"""Iterations half-way from decisions without a plan, after which it goes all the way."""
CORE_STEP = 0.1
"""How far the core point moves towards better decisions."""
INWARD = 0.3
"""How far from decisions towards the core point their cuts are strengthened."""


class LShaped:
    """The multicut L-shaped method over all ranks.

    Parameters
    ----------
    master
        None on ranks other than 0.

    Attributes
    ----------
    lower
        A lower bound on the expected cost, in model units of money.
    core
        Decisions, be they fractions, with which every scenario has a plan.
    alone
        What scenarios cost at least by themselves, in model units of money, on every rank.
    """

    def __init__(self, master: Master | None, subproblems: Subproblems, solver: SubproblemSolver) -> None:
        self.master, self.subproblems, self.solver = master, subproblems, solver
        self.world = subproblems.world
        self.core: dict[DecisionKey, float] = {}
        self.lower = -math.inf
        self.alone: dict[str, float] = {}
        self._visited: dict[Point, Mapping[DecisionKey, float]] = {}
        self._tried: set[Point] = set()
        self._last_cuts: dict[str, CutPoint] = {}
        self._relaxations = {
            name: solver.relaxation(name, ArrayProblem(problem, subproblems.local[name].units))
            for name, problem in subproblems.problems.items()
        }

    def add_cuts(self, cuts: Mapping[str, Cut]) -> None:
        """Adds cuts of this rank's scenarios to the master problem."""
        gathered = self.world.merge(cuts)
        if self.master is not None:
            self.master.add(gathered.values())

    def relax(
        self, point: Mapping[DecisionKey, float], share: float, on_bound: Callable[[float], None]
    ) -> dict[str, dict[DecisionKey, float]]:
        """Brings the relaxed master problem within `share` of the relaxation of the whole; returns multipliers.

        Parameters
        ----------
        point
            Decisions to begin at, be they fractions, as of `relax_apart`; {} for none.
        share
            Of the cost.
        on_bound
            Is told every lower bound.

        Returns
        -------
        dict
            By scenario and decision, on every rank; empty where no decisions were found with which every scenario's
            relaxation has an optimum.
        """
        best, lower, stalled = math.inf, -math.inf, 0
        multipliers: dict[str, dict[DecisionKey, float]] = {}
        while point and stalled < STALLED_AFTER and not self.world.any(self.solver.finished):
            self._cut_at(point, keep=True)
            cost = self._cost(point)
            better = cost < best
            if better or not self.core:
                best, self.core = cost, dict(point)
            relaxed = self.world.broadcast(self._relax_master())
            if relaxed is None:
                break
            decisions, multipliers, self.lower = relaxed
            on_bound(self.lower)
            if math.isfinite(best) and best - self.lower <= share * abs(best):
                break
            moved = better or (math.isfinite(best) and self.lower > lower + LEAST_PROGRESS * share * abs(self.lower))
            stalled = 0 if moved else stalled + 1
            lower = max(lower, self.lower)
            step = 1.0 if math.isinf(best) and stalled >= WITHOUT_PLAN else 0.5
            point = {key: self.core[key] + step * (value - self.core[key]) for key, value in decisions.items()}
        return multipliers if math.isfinite(best) else {}

    def relax_apart(self) -> dict[DecisionKey, float]:
        """Bounds the cost of each scenario by its relaxation, and returns the mean of their decisions; {} without."""
        found = self.solver.run_parallel(
            lambda name: self._relaxations[name].optimum(
                time_limit=self.solver.seconds_left(), should_stop=lambda: self.solver.stopped
            ),
            {name: name for name in self.subproblems.local},
        )
        solved = {name: optimum.values for name, optimum in found.items() if optimum is not None}
        if self.world.any(len(solved) < len(found)):
            return {}
        problems, local = self.subproblems.problems, self.subproblems.local
        costs = {name: problems[name].objective(values) for name, values in solved.items()}
        self.add_cuts({name: Cut(name, {}, cost) for name, cost in costs.items()})
        self.lower = max(self.lower, self.subproblems.expected(costs))
        self.alone = self.world.merge({name: costs[name] for name in costs if self.subproblems.is_alone(name)})
        own = {
            name: {key: float(values[i]) for key, i in local[name].integer_columns.items()}
            for name, values in solved.items()
        }
        return self.subproblems.mean(self.world.merge(own))

    def _relax_master(self) -> tuple[dict[DecisionKey, float], dict[str, dict[DecisionKey, float]], float] | None:
        """Decisions, multipliers and lower bound of the relaxed master; None without, and on ranks other than 0."""
        relaxed = None if self.master is None else relaxed_optimum(self.master, self.solver.seconds_left())
        if self.master is None or relaxed is None:
            return None
        lower = max(self.lower, self.master.compiled.objective(relaxed.values))
        multipliers = self.master.multipliers(relaxed.column_duals, relaxed.row_duals)
        return self.master.decisions(relaxed.values, whole=False), multipliers, lower

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
            cost = self._cost(decisions)
            if math.isfinite(cost):
                self._visited[self._point(decisions)] = decisions
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

    def cost_by_cuts(self, decisions: Mapping[DecisionKey, float]) -> float:
        """A lower bound on the expected cost of decisions by the cuts so far, on every rank."""
        cost = None if self.master is None else self.master.expected_cost(decisions)
        return float(self.world.broadcast(cost))

    def strengthen_at(
        self,
        decisions: Mapping[DecisionKey, float],
        seconds: float | None,
        plans: Mapping[str, Vector] | None = None,
        share: float = 1.0,
    ) -> dict[str, Cut]:
        """Strengthens the cuts near decisions; returns those of all scenarios that were, by scenario.

        One of infinite intercept, which is not added, says that the scenario has no plan with any decisions.
        A little towards the core the slopes of a cut are fewer, and hold further around.

        Parameters
        ----------
        seconds
            For all scenarios, at most.
        plans
            Values by column of this rank's scenarios, where plans are known.
        share
            Of what these cost more than the cuts say, how far the cuts are to be raised.
        """
        inward = {key: value + INWARD * (self.core.get(key, value) - value) for key, value in decisions.items()}
        self._cut_at(inward, keep=True)
        stronger = strengthen_cuts(self.subproblems, self.solver, self._last_cuts, plans or {}, share, seconds)
        self.add_cuts({name: cut for name, cut in stronger.items() if math.isfinite(cut.intercept)})
        return self.world.merge(stronger)

    def _solve_master(self, options: SolveOptions, tolerance: float) -> dict[DecisionKey, float] | None:
        """The master's decisions; on ranks other than 0 and where it has none, None."""
        if self.master is None:
            return None
        seconds, outcome = MASTER_SECONDS, self._search_master(self.master, options, tolerance, MASTER_SECONDS)
        while outcome.values is None and outcome.seconds >= seconds and not self.solver.finished:
            seconds *= MORE_SECONDS
            outcome = self._search_master(self.master, options, tolerance, seconds)
        if outcome.bound_usd is not None:
            self.lower = max(self.lower, outcome.bound_usd / self.master.units.usd)
        return None if outcome.values is None else self.master.decisions(outcome.values)

    def _search_master(self, master: Master, options: SolveOptions, tolerance: float, seconds: float) -> Outcome:
        limit = self.solver.seconds_left(seconds)
        return solve(
            master,
            replace(options, gap=0.0, absolute_gap=0.5 * tolerance, time_limit=limit),
            should_stop=lambda: self.solver.finished,
        )

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

    def _cost(self, decisions: Mapping[DecisionKey, float]) -> float:
        """The cost of decisions by the cuts just made there; infinite where some scenario has no plan with them."""
        solved = not self.world.any(len(self._last_cuts) < len(self.subproblems.local))
        return self.cost_by_cuts(decisions) if solved else math.inf

    def _point(self, decisions: Mapping[DecisionKey, float]) -> Point:
        return tuple((key, decisions[key]) for key in self.subproblems.bounds)
