"""Tightening: at most so many blocks of each contract in any plan that costs less than the best one known.

The relaxation buys a few per cent of a large contract at the rate of its last tier. Per contract the relaxation is
solved with "at least n blocks"; its cost is convex in n, so that its dual says from which n on every plan costs more
than the best. What follows bounds the blocks of each tier, and takes the place of the width of the tier in the rows
that let a tier have blocks only once it is reached. It holds for plans better than the best one known only: a bound
proven with it is no higher than that one's cost.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from models.core.compiled import Compiled
from models.core.scaling import ModelUnits
from models.core.vector import Vector
from models.supply.signing_columns import SigningColumns, tier_columns, with_fewer_blocks
from planner.solving.problem import ArrayProblem
from planner.solving.relaxation import LinearRelaxation

STEPS = 2
"""Relaxations solved for a contract at most."""
SLACK = 1e-6
"""Share of the best cost by which the solver's tolerances may be off."""
LARGE = 4.0
"""It begins where this many times the blocks of the best plan are on offer; nearer to the need it rules out little."""
FRUITLESS = 3
"""It ends after so many contracts in a row of which a quarter of the blocks or less was ruled out."""


def most_blocks(
    arrays: Compiled,
    offers: Sequence[SigningColumns],
    units: ModelUnits,
    best: Vector,
    should_stop: Callable[[], bool],
) -> dict[SigningColumns, int]:
    """By contract, how many blocks the best plan's cost allows, where that is fewer than are on offer.

    Parameters
    ----------
    arrays
        The problem; model units.
    offers
        Its contracts, and whatever else.
    units
        Its units.
    best
        The best plan known.
    should_stop
        Asked before each relaxation.
    """
    offered = {each: _offered(arrays, each) for each in offers if len(each.blocks)}
    if sum(offered.values()) < LARGE * sum(best[each.blocks].sum() for each in offered):
        return {}
    order = sorted(offered, key=lambda each: -offered[each])
    search = _MostBlocks(arrays, order, units, arrays.objective(best))
    found: dict[SigningColumns, int] = {}
    fruitless = 0
    for position, contract in enumerate(order):
        if should_stop() or fruitless == FRUITLESS:
            break
        most = search.most(position, offered[contract], should_stop)
        fruitless = 0 if most < 0.75 * offered[contract] else fruitless + 1
        if most < offered[contract]:
            found[contract] = most
    return found


def bounded(arrays: Compiled, most: Mapping[SigningColumns, int]) -> Compiled:
    """The problem with at most so many blocks of contracts."""
    upper = arrays.upper.copy()
    for contract, count in most.items():
        for tier in tier_columns(arrays, contract):
            upper[tier.column] = min(upper[tier.column], count - tier.below) if count >= tier.first else 0.0
    return with_fewer_blocks(arrays, upper)


class _MostBlocks:
    """The relaxation with a row for each contract: the sum of its blocks, at least so many."""

    def __init__(
        self, arrays: Compiled, contracts: Sequence[SigningColumns], units: ModelUnits, best_cost: float
    ) -> None:
        from scipy.sparse import csr_array

        blocks = [(i, column) for i, each in enumerate(contracts) for column in each.blocks]
        places = np.array(blocks, dtype=np.int64).reshape(-1, 2).T
        shape = len(contracts), len(arrays.columns)
        sums = csr_array((np.ones(len(blocks)), (places[0], places[1])), shape=shape)
        extended = arrays.extended([], [], sums, csr_array((len(contracts), 0)), np.full(len(contracts), -np.inf))
        self._arrays, self._first_row = extended, arrays.matrix.shape[0]
        self._relaxation = LinearRelaxation(ArrayProblem(extended, units))
        self._cutoff = best_cost + SLACK * abs(best_cost)

    def most(self, position: int, at_first: int, should_stop: Callable[[], bool]) -> int:
        """The most blocks of a contract that a plan below the cutoff can have."""
        row, most = self._first_row + position, at_first
        for _ in range(STEPS):
            best = None
            if not should_stop():
                self._relaxation.bound_row(row, most, math.inf)
                best = self._relaxation.optimum(should_stop=should_stop)
            if best is None:
                break
            over, dual = self._arrays.objective(best.values) - self._cutoff, float(best.row_duals[row])
            if over <= 0.0 or dual <= 0.0:
                break
            fewer = math.floor(most - over / dual + SLACK)
            if fewer >= most:
                break
            most = max(0, fewer)
        self._relaxation.bound_row(row, -math.inf, math.inf)
        return most


def _offered(arrays: Compiled, contract: SigningColumns) -> int:
    """The most blocks of a contract in any month of signing."""
    return max(tier.below + round(float(arrays.upper[tier.column])) for tier in tier_columns(arrays, contract))
