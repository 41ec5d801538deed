"""Cuts raised: what the scenarios cost at least with the whole numbers of their own that matter most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from models.uncertainty.lshaped import Cut
from planner.solve import ArrayProblem
from planner.uncertain.bench import Bench
from planner.uncertain.pieces import Pieces

Vector = npt.NDArray[np.float64]

WHOLE = 1e-6
"""How far from a whole number a value may be to count as one."""
LEAST_GAIN = 1e-5
"""What a cut must be raised by, as a share of what it says, to be worth another."""


def raised(
    pieces: Pieces, bench: Bench, cuts: Mapping[str, tuple[Cut, Vector]], seconds: float | None
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
