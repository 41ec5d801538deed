"""HiGHS with its own searches for plans off: most of its time goes into branching, which is what proves a bound.

Its heuristics pay where no plan is known. Beside a good plan they cost most of the time: on `frontier_lab` 12 s of CPU
time to 0.1 % with them and 3 without.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from models.core.compiled import Compiled
from planner.solving.highs import HighsSolver
from planner.solving.problem import SolveOptions

NO_HEURISTICS: dict[str, Any] = {
    "mip_heuristic_effort": 0.0,
    "mip_heuristic_run_rins": False,
    "mip_heuristic_run_rens": False,
    "mip_heuristic_run_root_reduced_cost": False,
}
ONLY_BRANCHING: dict[str, Any] = NO_HEURISTICS | {
    "mip_allow_restart": False,
    "mip_allow_cut_separation_at_nodes": False,
    "mip_pscost_minreliable": 1,
}

ONLY_RENS: dict[str, Any] = {
    "mip_heuristic_run_rins": False,
    "mip_heuristic_run_root_reduced_cost": False,
    "mip_allow_restart": False,
    "mip_max_nodes": 1,
}
"""Of the searches at the root that from the relaxation alone, which finds nearly what all of them do."""


def without_heuristics(solver: HighsSolver) -> HighsSolver:
    """The solver, told not to look for plans itself."""
    return _told(solver, NO_HEURISTICS)


def quieten(solver: HighsSolver) -> HighsSolver:
    """The solver, told to branch and no more."""
    return _told(solver, ONLY_BRANCHING)


def one_look(solver: HighsSolver) -> HighsSolver:
    """The solver, told to look for plans once, near its relaxation (RENS, Berthold 2014)."""
    return _told(solver, ONLY_RENS)


def closing(arrays: Compiled, options: SolveOptions, share: float, seconds: float) -> HighsSolver:
    """Quiet HiGHS on a part of a problem, in one thread: asked to close a share of the gap in so many seconds."""
    absolute = options.absolute_gap
    own = replace(
        options,
        gap=share * options.gap,
        absolute_gap=None if absolute is None else share * absolute,
        threads=1,
        time_limit=None if math.isinf(seconds) else seconds,
    )
    return quieten(HighsSolver(arrays, own))


def _told(solver: HighsSolver, options: dict[str, Any]) -> HighsSolver:
    for option, value in options.items():
        solver.set(option, value)
    return solver
