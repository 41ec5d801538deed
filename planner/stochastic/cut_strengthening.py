r"""Strengthened cuts: the same slopes, and the highest intercept that whole numbers of a scenario's own allow.

For slopes g the intercept is a lower bound on min c·x - g·x over the scenario's plans, its shared decisions free
(Lagrangian and strengthened Benders cuts, Zou, Ahmed and Sun 2019).
"""

from __future__ import annotations

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
LEAST_GAIN = 1e-5
"""What a cut must gain, as a share of its intercept, to be worth another."""


class CutPoint(NamedTuple):
    """A cut, and the values by column at which the relaxation less the cut's slopes has its optimum."""

    cut: Cut
    values: Vector


def strengthen_cuts(
    subproblems: Subproblems, solver: SubproblemSolver, cuts: Mapping[str, CutPoint], seconds: float | None
) -> dict[str, Cut]:
    """Higher cuts with the same slopes, for those of this rank's scenarios where one was found.

    Where all that should be whole is whole already there is nothing to gain. Takes `seconds` for all at most.
    """
    fractions: dict[str, int] = {}
    problems: dict[str, ArrayProblem] = {}
    for name, (cut, values) in cuts.items():
        subproblem, problem = subproblems.local[name], subproblems.problems[name]
        integers = subproblem.bounding_integers
        fractions[name] = int(np.sum(np.abs(values - np.round(values))[integers] > INTEGRALITY_TOLERANCE))
        if fractions[name]:
            cost = problem.cost.copy()
            for key, slope in cut.slopes.items():
                cost[subproblem.shared_columns[key]] -= slope
            priced = replace(problem.within(problem.lower, problem.upper, integers), cost=cost)
            problems[name] = ArrayProblem(priced, subproblem.model.units)
    # those with few fractions are soon done, and leave their time to the others
    ordered = {name: problems[name] for name in sorted(problems, key=fractions.__getitem__)}
    stronger = {}
    for name, bound in solver.lower_bounds(ordered, seconds).items():
        cut = cuts[name].cut
        if bound > cut.intercept + LEAST_GAIN * abs(cut.intercept):
            stronger[name] = replace(cut, intercept=bound)
    return stronger
