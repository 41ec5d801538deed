"""The best of a problem with its decisions held: what is left is a linear program, whose duals say how good it is."""

from __future__ import annotations

import time

import numpy as np

from models.core.compiled import Compiled
from models.core.vector import Vector
from planner.solving.exactness import PRECISION, duality_gap, violation
from planner.solving.highs import HighsSolver, Status
from planner.solving.pipeline.quiet import without_heuristics
from planner.solving.problem import CompiledProblem, LocalOptimum, SolveOptions, fixed_at

LEAST_POLISH, POLISH_SECONDS = 2.0, 60.0
"""Seconds that finding the best dispatch for a plan's decisions may take, whatever is left of the time limit."""

ROW_NOISE = 1e-9
"""Breaches of rows below this are rounding of doubles, not of the solver's tolerances."""


def polish(arrays: Compiled, values: Vector, seconds: float = POLISH_SECONDS) -> tuple[Vector, float | None]:
    """The better of the values with their integers made whole, and of the best values for these integers.

    A solver's integers are whole within a tolerance only, and an incumbent met on the way need not be the best for its
    integers. Where the rounded integers admit no plan, or none is found in time, the values are returned as they are.

    Returns
    -------
    tuple
        The values, and their duality gap in the program with the integers held; None where it was not solved.
    """
    held = fixed_at(arrays, np.where(arrays.integer, values, np.nan))
    best, duals = None, np.zeros(0)
    ends = time.monotonic() + seconds
    for presolve in ("choose", "off"):  # presolve's word is checked, and not taken twice
        solver = HighsSolver(held, SolveOptions(gap=0.0, time_limit=max(0.1, ends - time.monotonic())))
        solver.set("presolve", presolve)
        if not solver.run():
            break
        found = solver.values if solver.status == Status.kOptimal else None
        if found is not None:
            best, duals = found, solver.duals()[1]
            if duality_gap(held, best, duals) <= PRECISION:
                break
    whole = np.clip(np.where(arrays.integer, np.round(values), values), arrays.lower, arrays.upper)
    sound = violation(arrays, whole) <= ROW_NOISE
    if best is None:
        return (whole if sound else values), None
    best = np.clip(np.where(arrays.integer, np.round(best), best), arrays.lower, arrays.upper)
    better = whole if sound and arrays.objective(whole) < arrays.objective(best) else best
    return better, duality_gap(held, better, duals)


def local_optimum(problem: CompiledProblem, decisions: Vector, time_limit: float = 60.0) -> LocalOptimum | None:
    """Holds the integer columns at `decisions` (NaN: the best is looked for first), solves, and reads the duals.

    None where these decisions admit no plan, or it is not found in `time_limit` seconds.
    """
    held = completed_decisions(problem, decisions, time_limit)
    solver = None if held is None else _with_held(problem, held, time_limit)
    values = None if solver is None or solver.status != Status.kOptimal else solver.values
    return None if solver is None or values is None else LocalOptimum(values, *solver.duals())


def completed_decisions(problem: CompiledProblem, decisions: Vector, time_limit: float = 60.0) -> Vector | None:
    """The integer columns of `decisions`, those at NaN at their best with the others; NaN for all other columns.

    None where they admit no plan, or none is found in `time_limit` seconds; of decisions without gaps not asked.
    """
    whole = problem.compiled.integer
    decisions = np.where(whole, decisions, np.nan)
    if not np.isnan(decisions[whole]).any():
        return decisions
    solver = _with_held(problem, decisions, time_limit)
    found = solver.values if solver.status == Status.kOptimal else None
    return None if found is None else np.where(whole, found, np.nan)


def _with_held(problem: CompiledProblem, decisions: Vector, time_limit: float) -> HighsSolver:
    options = SolveOptions(gap=0.0, time_limit=time_limit)
    solver = without_heuristics(HighsSolver(fixed_at(problem.compiled, decisions), options))  # little is left open
    solver.run()
    return solver
