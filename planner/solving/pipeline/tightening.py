"""Tightening: at most so many blocks of each contract in any plan that costs less than the best one known.

The relaxation buys a few per cent of a large contract at the rate of its last tier. Per contract the relaxation is
solved with "at least n blocks"; its cost is convex in n, so that its dual says from which n on every plan costs more
than the best. It is the turn of contracts that the relaxation signs, and each finds those before it tightened, which
makes its own blocks dearer. What follows bounds the blocks of each tier, and takes the place of the width of the tier
in the rows that let a tier have blocks only once it is reached. It holds for plans better than the best one known
only: a bound proven with it is no higher than that one's cost.

A plan far above the least cost rules out little. So costs below it are supposed as well: what tightening by such a cost
comes to is a bound for plans that cost less, and where that is as much, there are none (destructive bounds, Klein and
Scholl 1999).
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from models.core.compiled import Compiled
from models.core.scaling import ModelUnits
from models.core.vector import Vector
from models.supply.signing_columns import SigningColumns, tier_columns, with_fewer_blocks
from planner.solving.exactness import added_up, dual_bound
from planner.solving.pipeline.contract_relaxation import ContractRelaxation, with_blocks_rows
from planner.solving.pipeline.side_by_side import Asked, side_by_side

STEPS = 2
"""Relaxations solved for a contract at most, each time it is its turn."""
TURNS = 2
"""Turns of each contract: fewer blocks of the others make its own dearer."""
FURTHER = 2.0
"""It is first asked what this many times the blocks that the relaxation signs cost."""
SLACK = 1e-6
"""Share of what the best cost adds up by which the solver's tolerances may be off."""
LARGE = 4.0
"""It begins where this many times the blocks of the best plan are on offer; nearer to the need it rules out little."""
TRACE = 1e-6
"""Shares of a block below this are rounding."""
FRUITLESS = 3
"""It ends after so many contracts in a row of which a quarter of the blocks or less was ruled out."""


def most_blocks(
    arrays: Compiled,
    offers: Sequence[SigningColumns],
    units: ModelUnits,
    begin: Any,
    best: Vector,
    cutoff: float,
    threads: int,
    tell: Callable[[float], None],
    should_stop: Asked,
    elsewhere: Asked,
) -> dict[SigningColumns, int]:
    """By contract, how many blocks a cost allows, where that is fewer than are on offer.

    Parameters
    ----------
    arrays
        The problem; model units.
    offers
        Its contracts, and whatever else.
    units
        Its units.
    begin
        The basis that its relaxation ended with.
    best
        The best plan known.
    cutoff
        The cost, at most that of the best plan.
    threads
        At work side by side.
    tell
        Is told what every plan below the cutoff costs at least, as that becomes known.
    should_stop, elsewhere
        Asked before each relaxation, in this thread and in the others.
    """
    if not rules_out_much(arrays, offers, best):
        return {}
    contracts = [each for each in offers if len(each.blocks)]
    search = _MostBlocks(arrays, contracts, units, begin, cutoff + SLACK * added_up(arrays, best), tell)
    side_by_side(search.work, min(threads, len(contracts)), should_stop, elsewhere)
    return search.found


def rules_out_much(arrays: Compiled, offers: Sequence[SigningColumns], best: Vector) -> bool:
    """Whether many more blocks are on offer than the best plan has, so that tightening is likely to pay."""
    contracts = [each for each in offers if len(each.blocks)]
    signed = sum(float(best[each.blocks].sum()) for each in contracts)
    return bool(contracts) and sum(_offered(arrays, each) for each in contracts) >= LARGE * signed


def bounded(arrays: Compiled, most: Mapping[SigningColumns, int]) -> Compiled:
    """The problem with at most so many blocks of contracts."""
    upper = arrays.upper.copy()
    for contract, count in most.items():
        for tier in tier_columns(arrays, contract):
            upper[tier.column] = min(upper[tier.column], count - tier.below) if count >= tier.first else 0.0
    return with_fewer_blocks(arrays, upper)


class _MostBlocks:
    """Contract by contract, of those that the relaxation signs; each finds those before it tightened."""

    def __init__(
        self,
        arrays: Compiled,
        contracts: Sequence[SigningColumns],
        units: ModelUnits,
        begin: Any,
        cutoff: float,
        tell: Callable[[float], None],
    ) -> None:
        self._contracts, self._units, self._begin, self._tell = contracts, units, begin, tell
        self._arrays = with_blocks_rows(arrays, contracts)
        self._cutoff = cutoff
        self._turns = [0] * len(contracts)
        self._fruitless = 0
        self._lock = threading.Lock()
        self.found: dict[SigningColumns, int] = {}

    def work(self, should_stop: Asked) -> None:
        """Takes turns until no contract is left whose turn it is."""
        relaxation = ContractRelaxation(self._arrays, len(self._contracts), self._units, self._begin)
        basis = self._begin
        while not should_stop() and self._fruitless < FRUITLESS:
            relaxation.become(self._arrays)
            arrays = relaxation.arrays
            best = relaxation.optimum(arrays.lower, arrays.upper, {}, should_stop, begin=basis)
            if best is None:
                if relaxation.infeasible:
                    self._tell(math.inf)
                return
            basis = relaxation.basis
            self._tell(dual_bound(arrays, best.values, best.row_duals))
            position = self._next(best.values)
            if position is None:
                return
            contract = self._contracts[position]
            offered = _offered(arrays, contract)
            first = min(offered, math.ceil(FURTHER * float(best.values[contract.blocks].sum())))
            self._turn(relaxation, position, first, offered, should_stop)
            left = self.found.get(contract, offered)
            self._fruitless = 0 if left < 0.75 * offered else self._fruitless + 1

    def _next(self, values: Vector) -> int | None:
        """The contract that has had the fewest turns of those that the relaxation signs, the largest of them."""
        with self._lock:
            signed = [float(values[each.blocks].sum()) for each in self._contracts]
            due = [i for i, blocks in enumerate(signed) if blocks > TRACE and self._turns[i] < TURNS]
            position = min(due, key=lambda i: (self._turns[i], -signed[i]), default=None)
            if position is not None:
                self._turns[position] += 1
        return position

    def _turn(self, relaxation: ContractRelaxation, position: int, first: int, most: int, should_stop: Asked) -> None:
        """Fewer blocks of a contract than most, as far as the relaxation with at least so many is above the cutoff.

        The cost of at least n blocks is convex in n, so that its dual at any n, `first` to begin with, says from where
        on it is above the cutoff.
        """
        least = first
        for _ in range(STEPS):
            relaxation.become(self._arrays)
            arrays = relaxation.arrays
            best = relaxation.optimum(arrays.lower, arrays.upper, {position: (least, math.inf)}, should_stop)
            if best is not None:
                over = dual_bound(arrays, best.values, best.row_duals) - self._cutoff
                dual = relaxation.dual(best, position)
                fewer = math.floor(least - over / dual + SLACK) if dual > 0.0 else most
            else:
                fewer = least - 1 if relaxation.infeasible else most
            if fewer < most:
                most = max(0, fewer)
                with self._lock:
                    contract = self._contracts[position]
                    self.found[contract] = min(most, self.found.get(contract, most))
                    self._arrays = bounded(self._arrays, {contract: most})
            elif least == most:
                return
            if not most:
                return
            least = most


def _offered(arrays: Compiled, contract: SigningColumns) -> int:
    """The most blocks of a contract in any month of signing."""
    return max(tier.below + round(float(arrays.upper[tier.column])) for tier in tier_columns(arrays, contract))
