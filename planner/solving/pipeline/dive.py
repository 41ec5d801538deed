"""Dive: from the relaxation to whole signings of contracts and leases, a linear program each step.

Contracts first, the one with the most blocks before the others: signed in the month in which its running total passes
half of what it comes to, so that demand is served by whole contracts and the relaxation drops its shares of others.
Then all running totals of leases are rounded at one threshold, several tried. Of what is left, decisions that the
relaxation leaves whole are held, and the others searched (as relaxation-enforced neighbourhood search does, Berthold
2014).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from models.core.compiled import Compiled
from models.core.vector import Vector
from models.supply.signing_columns import SigningColumns
from planner.solving.problem import LocalOptimum

THRESHOLDS = (0.5, 0.35, 0.65, 0.2)
"""A running total is rounded up from this share of a unit on."""
TRACE = 1e-6
"""Shares of a signing below this are rounding."""

Optimum = Callable[[Vector, Vector], LocalOptimum | None]
"""The optimum of the relaxation within bounds of its columns; None where there is none."""


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """Bounds that hold some columns, and the optimum of the relaxation within them."""

    lower: Vector
    upper: Vector
    values: Vector
    cost: float


def contracts_held(
    optimum: Optimum, cost: Callable[[Vector], float], offers: Sequence[SigningColumns], start: Held
) -> Held:
    """Contracts held one by one at whole signings; those that the relaxation is left with none of are not signed."""
    found, left = start, [each for each in offers if each.is_contract]
    while left:
        wanted = [each for each in left if found.values[each.totals[-1]] > TRACE]
        if not wanted:
            break
        largest = max(wanted, key=lambda each: float(found.values[each.blocks].sum()))
        left.remove(largest)
        for bounds in (_signed_at_median(found, largest), _unsigned(found, [largest])):
            best = optimum(*bounds)
            if best is not None:
                found = Held(*bounds, best.values, cost(best.values))
                break
    lower, upper = _unsigned(found, left)
    return Held(lower, upper, found.values, found.cost)


def rounded(
    optimum: Optimum, cost: Callable[[Vector], float], offers: Sequence[SigningColumns], start: Held
) -> list[Held]:
    """The running totals of offers held at their values rounded, at each threshold that leaves a relaxation.

    Those of least cost in the relaxation first.
    """
    found: dict[bytes, Held] = {}
    for threshold in THRESHOLDS if offers else ():
        lower, upper = rounded_at(threshold, offers, start.lower, start.upper, start.values)
        best = None if lower.tobytes() in found else optimum(lower, upper)
        if best is not None:
            found[lower.tobytes()] = Held(lower, upper, best.values, cost(best.values))
    return sorted(found.values(), key=lambda each: each.cost)


def rounded_at(
    threshold: float, offers: Sequence[SigningColumns], lower: Vector, upper: Vector, values: Vector
) -> tuple[Vector, Vector]:
    """Bounds that hold the running totals of offers at values rounded up from a share of a unit on."""
    totals = np.concatenate([each.totals for each in offers])
    least, most = lower.copy(), upper.copy()
    whole = np.floor(values[totals] + 1.0 - threshold + TRACE)
    least[totals] = most[totals] = np.clip(whole, lower[totals], upper[totals])
    return least, most


def whole_held(arrays: Compiled, offers: Sequence[SigningColumns], at: Held) -> tuple[Vector, Vector]:
    """Bounds that hold every decision that is whole in the relaxation, but for tiers and blocks."""
    whole = arrays.integer & (np.abs(at.values - np.round(at.values)) <= TRACE)
    for each in offers:
        if each.is_contract:
            whole[each.totals] = whole[each.blocks] = False
    lower, upper = at.lower.copy(), at.upper.copy()
    lower[whole] = upper[whole] = np.clip(np.round(at.values[whole]), at.lower[whole], at.upper[whole])
    return lower, upper


def _signed_at_median(at: Held, contract: SigningColumns) -> tuple[Vector, Vector]:
    """Bounds that sign a contract in its median month; of the running totals of that month only the last is held."""
    lower, upper = at.lower.copy(), at.upper.copy()
    totals = at.values[contract.totals]
    month = contract.months[int(np.argmax(totals >= 0.5 * totals[-1]))]
    upper[contract.totals[contract.months < month]] = 0.0
    lower[contract.totals[contract.months > month]] = 1.0
    lower[contract.totals[contract.months == month][-1]] = 1.0
    return lower, np.maximum(lower, upper)


def _unsigned(at: Held, contracts: Sequence[SigningColumns]) -> tuple[Vector, Vector]:
    upper = at.upper.copy()
    for each in contracts:
        upper[each.totals] = at.lower[each.totals]
    return at.lower, upper
