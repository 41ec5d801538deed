r"""Strengthened cuts: the same slopes, and the highest intercept that whole numbers of a scenario's own allow.

For slopes g the intercept is a lower bound on min c·x - g·x over the scenario's plans, its shared decisions free
(Lagrangian and strengthened Benders cuts, Zou, Ahmed and Sun 2019).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from models.core.vector import Vector
from models.stochastic.benders import Cut
from planner.solving.problem import ArrayProblem
from planner.stochastic.subproblem_solver import SubproblemSolver
from planner.stochastic.subproblems import Subproblems

INTEGRALITY_TOLERANCE = 1e-6
"""How far from a whole number a value may be to count as one."""
LEAST_SHARE, MOST_SHARE = 0.25, 0.5
"""Of what a plan costs more than the cuts say, how far they are to be raised: little is soon proven, half seldom."""
BEYOND = 2.0
"""So many times further than the gap asked for needs at some decisions, as others become the best ones by it."""
SECOND_AIM = 0.5
"""Where a cut cannot be raised as far as is aimed at, so much of that is aimed at then."""
LEAST_GAIN = 1e-5
"""What a cut must gain, as a share of its intercept, to be worth another."""


class CutPoint(NamedTuple):
    """A cut, and the values by column at which the relaxation less the cut's slopes has its optimum."""

    cut: Cut
    values: Vector


def share_to_raise(known: float, target: float, upper: float) -> float:
    """How far cuts are to be raised, as a share of what they leave open.

    Parameters
    ----------
    known
        What decisions cost at least by the cuts.
    target
        What they have to cost for the gap to be closed.
    upper
        The cost of the best plan; infinite without one.
    """
    if math.isinf(upper) or upper <= known:  # the latter where a plan tried since costs what the cuts say
        return MOST_SHARE
    return min(max(LEAST_SHARE, BEYOND * (target - known) / (upper - known)), MOST_SHARE)


def strengthen_cuts(
    subproblems: Subproblems,
    solver: SubproblemSolver,
    cuts: Mapping[str, CutPoint],
    plans: Mapping[str, Vector],
    share: float,
    seconds: float | None,
) -> dict[str, Cut]:
    """Higher cuts with the same slopes, for those of this rank's scenarios where one was found.

    Where all that should be whole is whole already there is nothing to gain.

    Parameters
    ----------
    plans
        Values by column of scenarios that have a plan.
    share
        Of what a plan costs more than its cut says, how far the cut is to be raised.
    seconds
        For all, at most.
    """
    fractions: dict[str, int] = {}
    problems: dict[str, ArrayProblem] = {}
    aims: dict[str, list[float]] = {}
    for name, (cut, values) in cuts.items():
        subproblem, problem = subproblems.local[name], subproblems.problems[name]
        integers = subproblem.bounding_integers
        fractions[name] = int(np.sum(np.abs(values - np.round(values))[integers] > INTEGRALITY_TOLERANCE))
        if fractions[name]:
            cost = problem.cost.copy()
            for key, slope in cut.slopes.items():
                cost[subproblem.shared_columns[key]] -= slope
            priced = replace(problem.within(problem.lower, problem.upper, integers), cost=cost)
            problems[name] = ArrayProblem(priced, subproblem.units)
            aims[name] = [math.inf]
            if name in plans:
                above = priced.objective(plans[name]) - cut.intercept
                aims[name] = [cut.intercept + part * above for part in (share, SECOND_AIM * share)]
    # those with few fractions are soon done, and leave their time to the others
    ordered = {name: problems[name] for name in sorted(problems, key=fractions.__getitem__)}
    stronger = {}
    for name, bound in solver.lower_bounds(ordered, aims, seconds).items():
        cut = cuts[name].cut
        if bound > cut.intercept + LEAST_GAIN * abs(cut.intercept):
            stronger[name] = replace(cut, intercept=bound)
    return stronger
