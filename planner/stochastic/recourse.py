"""One scenario in whole numbers: a plan once its shared decisions are held, and a bound while they are free.

Limits are what makes a scenario slow: its relaxation cuts prices by half where half is just enough, and most plans met
on the way are poor. With everything else relaxed branching proves the best limits of many scenarios in a second or two,
of the others HiGHS's own search at the root finds good ones. With limits held the rest is easy.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from planner.solving.exactness import PRECISION, added_up
from planner.solving.highs import HighsSolver, Status
from planner.solving.highs_reports import finite
from planner.solving.pipeline.quiet import one_look, quieten
from planner.solving.problem import ArrayProblem, Outcome, SolveOptions, fixed_at
from planner.solving.search import solve
from planner.solving.time_limit import TimeLimit

LIMIT_NODES = 30
"""Branches in which the best limits are proven, or else searched at the root."""
BOUND_NODES = 250
"""Branches in which a bound is proven, or else a lower one is aimed at."""
FINER = 0.25
"""Of the gap asked for, what the limits may leave open, the rest with them held, and a bound."""

ShouldStop = Callable[[], bool]


def plan_by_limits(
    problem: ArrayProblem,
    limits: npt.NDArray[np.bool_],
    options: SolveOptions,
    seconds_left: Callable[[], float | None],
    should_stop: ShouldStop,
) -> Outcome | None:
    """A plan, and the bound that its limits alone prove; None where none was found or its limits are not to blame.

    Where the limits are the best ones and the rest still leaves the gap open, it is the rest that wants searching.

    Parameters
    ----------
    limits
        The whole-number columns that are searched first.
    seconds_left
        Asked before each search.
    """
    arrays, unit = problem.compiled, problem.units.usd
    finely = _finer(options)
    relaxed = arrays.within(arrays.lower, arrays.upper, arrays.integer & limits)
    solver = quieten(HighsSolver(relaxed, replace(finely, time_limit=seconds_left()), unit))
    solver.set("mip_max_nodes", LIMIT_NODES)
    solver.run(should_stop=should_stop)
    proven, before = solver.status == Status.kOptimal, -math.inf
    if not proven:
        before = solver.bound
        solver = one_look(HighsSolver(relaxed, replace(finely, time_limit=seconds_left()), unit))
        solver.run(should_stop=should_stop)  # its plans come from the root; the bound takes long to rise
    if solver.values is None:
        return None
    held = fixed_at(arrays, np.where(limits, solver.values, np.nan))
    rest = replace(finely, time_limit=seconds_left())
    found = solve(ArrayProblem(held, problem.units), rest, should_stop=should_stop)
    if found.objective_usd is None:
        return None
    open_by = found.objective_usd - max(before, solver.bound) * unit
    asked = max(options.gap * abs(found.objective_usd), (options.absolute_gap or 0.0) * unit)
    if proven and open_by > asked + PRECISION * abs(found.objective_usd):
        return None
    return replace(found, bound_usd=finite(found.objective_usd - max(open_by, 0.0)))


def proven_bound(problem: ArrayProblem, options: SolveOptions, aims: Sequence[float], should_stop: ShouldStop) -> float:
    """What every plan of a scenario costs at least, as far as branching proves it; -inf where nothing is proven.

    The first of the `aims` that is proven is the bound, or the least cost where it is lower: branches that cost more
    than what is aimed at are not looked into, which leaves a small part of the tree.
    """
    bound, limit = -math.inf, TimeLimit(options.time_limit)
    for aim in aims:
        left = limit.left()
        timed = replace(options, time_limit=left if math.isfinite(left) else None)
        proven, found = _bound_up_to(aim, problem, timed, should_stop)
        bound = max(bound, found)
        if proven or should_stop() or limit.left() <= 0.0:
            break
    return bound


def _bound_up_to(
    aim: float, problem: ArrayProblem, options: SolveOptions, should_stop: ShouldStop
) -> tuple[bool, float]:
    """Whether nothing below the lower of `aim` and the least cost is left open, and the bound, at most `aim`."""
    arrays = problem.compiled
    solver = quieten(HighsSolver(arrays, _finer(options), problem.units.usd))
    solver.set("mip_max_nodes", BOUND_NODES)
    solver.leave_out_above(aim)
    solver.run(should_stop=should_stop)
    if solver.values is None:
        proven = solver.status == Status.kInfeasible
        return proven, min(aim, math.inf if proven else solver.bound)
    cost = arrays.objective(solver.values)
    if abs(solver.objective - cost) > PRECISION * added_up(arrays, solver.values):
        return False, -math.inf  # its presolve has lost a part of the objective
    return solver.status == Status.kOptimal, min(aim, solver.bound, cost)


def _finer(options: SolveOptions) -> SolveOptions:
    absolute = None if options.absolute_gap is None else FINER * options.absolute_gap
    return replace(options, gap=FINER * options.gap, absolute_gap=absolute)
