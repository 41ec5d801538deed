"""A start: the decisions of a plan completed to values of all columns, and whether these are near the least cost.

From a near one HiGHS need not look for plans itself, which takes a third of the time of a small problem.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from models.core.compiled import Compiled
from models.core.vector import Vector
from planner.solving.exactness import PRECISION, violation
from planner.solving.highs import HighsSolver
from planner.solving.pipeline.quiet import without_heuristics
from planner.solving.problem import CompiledProblem, SolveOptions, fixed_at
from planner.solving.relaxation import relaxed_optimum

TAKEN, REFUSED = "taken as the first plan", "refused by the solver: it does not fit this workbook as it stands"
"""What became of a start, in words."""
ShouldStop = Callable[[], bool] | None
NODES = 200
"""Branches of the search for what a start leaves open, at most."""
NEAR = 0.1
"""A start is near where its cost is above the relaxation's by no more than this share of it."""


def begin_from(
    problem: CompiledProblem, start: Vector, options_left: Callable[[], SolveOptions], should_stop: ShouldStop
) -> tuple[Vector, bool]:
    """Values to begin from, and whether they are near the least cost.

    Parameters
    ----------
    problem
        A problem with whole numbers.
    start
        A value per column, NaN where there is none.
    options_left
        The options of a search that begins now.
    should_stop
        Asked often.

    Returns
    -------
    tuple
        The start completed, or as it is where no values were found with its whole numbers.
    """
    values = completed(problem.compiled, start, options_left(), should_stop)
    if values is None:
        return start, False
    best = relaxed_optimum(problem, options_left().time_limit, should_stop)
    cost = problem.compiled.objective(values)
    return values, best is not None and cost - problem.compiled.objective(best.values) <= NEAR * abs(cost)


def completed(arrays: Compiled, start: Vector, options: SolveOptions, should_stop: ShouldStop) -> Vector | None:
    """The best values found with the whole numbers of a start held, where it gives them; None where none were."""
    held = fixed_at(arrays, np.where(arrays.integer, start, np.nan))
    solver = without_heuristics(HighsSolver(held, replace(options, threads=1)))
    solver.set("mip_max_nodes", NODES)
    solver.run(should_stop=should_stop)
    values = solver.values
    return values if values is not None and violation(arrays, values) <= PRECISION else None


def start_words(log: Sequence[str]) -> str:
    """What became of a start, from the solver's log."""
    used = any("start solution is feasible" in line.lower() for line in log)
    refused = any("infeasible" in line.lower() for line in log)
    if refused and not used:
        return REFUSED
    return TAKEN if used else "not needed: the problem was solved before any search"
