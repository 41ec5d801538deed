"""Branching over contracts: a tree of relaxations in which contracts become whole and all else may be fractions.

Once contracts are tightened, most of what the relaxation leaves open is when they are signed and for how many blocks,
and a few hundred linear programs decide that. The node of the lowest bound is looked at first, and from there the
better of two halves for as long as it stays near. Where a node's contracts are whole, plans are looked for; where that
is the lowest bound of all, what is left of it is searched by HiGHS. A node is dropped once its own bound leaves no
plan that is better by more than the gap asked for.
"""

from __future__ import annotations

import heapq
import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, NamedTuple

import numpy as np

from models.core.compiled import Compiled
from models.core.scaling import ModelUnits
from models.core.vector import Vector
from models.supply.signing_columns import SigningColumns, tier_columns
from planner.solving.exactness import dual_bound
from planner.solving.pipeline.contract_relaxation import ANY, Blocks, ContractRelaxation, with_blocks_rows
from planner.solving.pipeline.side_by_side import Asked, side_by_side
from planner.solving.pipeline.standing import Standing
from planner.solving.problem import LocalOptimum

NEAR = 0.3
"""The better half is gone on with where its bound rises by less than this share of what the node leaves open."""
SLACK = 1e-9
"""A relaxation is ended so much above the cost from which a node is dropped that its duals prove that it is."""
WHOLE = 1e-6
"""Shares of a signing below this are rounding; of blocks ten times as much is."""
IMPROVED = frozenset({1, 5, 15, 50, 150, 500, 1500})
"""At nodes of these numbers the best plan is improved by what the relaxation says there."""
WIDER = frozenset({60, 300, 1000})
"""At these too, where it has gone on for long, by all signings freed."""
_IDLE_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a branch asks for: columns at most and at least so much, and the blocks of a contract by its position."""

    at_least: tuple[tuple[int, float], ...] = ()
    at_most: tuple[tuple[int, float], ...] = ()
    blocks: tuple[tuple[int, Blocks], ...] = ()


class Halves(NamedTuple):
    """What a node falls into: by the position of a contract that is not whole, and how far it is from that."""

    fewer: Bounds
    more: Bounds
    position: int = -1
    weight: float = 1.0


class _Node(NamedTuple):
    bound: float
    number: int  # orders nodes of one bound
    path: tuple[Bounds, ...]
    halves: Halves | None  # None where contracts are whole
    basis: Any = None  # where its relaxation ended, from which those of its halves begin


@dataclass(frozen=True, slots=True)
class AtNode:
    """Bounds and optimum of a node's relaxation, and what solves it within other bounds."""

    lower: Vector
    upper: Vector
    values: Vector
    cost: float
    optimum: Callable[[Vector, Vector], LocalOptimum | None]


class ContractTree:
    """The tree over a problem whose contracts have been tightened.

    Parameters
    ----------
    arrays
        The problem.
    offers
        Its contracts, and whatever else.
    units
        Its units.
    begin
        The basis that its relaxation ended with.
    standing
        Takes the bound; says how good plans are and whether the search has ended.
    plans
        Looks for plans at a node whose contracts are whole.
    improve
        Improves the best plan by the relaxation's values at a node, or where told to by all signings freed.
    search
        Searches a problem for plans; what it costs at least.
    """

    def __init__(
        self,
        arrays: Compiled,
        offers: Sequence[SigningColumns],
        units: ModelUnits,
        begin: Any,
        standing: Standing,
        plans: Callable[[AtNode, Asked], None],
        improve: Callable[[Vector, bool, Asked], None],
        search: Callable[[Compiled, Asked], float],
    ) -> None:
        self._contracts = [each for each in offers if len(each.blocks) and arrays.upper[each.totals[-1]] > 0.0]
        self._arrays = with_blocks_rows(arrays, self._contracts)
        self._tiers = [tier_columns(arrays, each) for each in self._contracts]
        self._units, self._begin, self._standing = units, begin, standing
        self._plans, self._improve, self._search = plans, improve, search
        self._open: list[_Node] = []
        self._at_work: dict[int, float] = {}
        self._dropped = math.inf
        self._due: tuple[Vector, bool] | None = None
        self._gains: dict[int, float] = {}
        self._numbers, self._visits = count(), count(1)
        self._lock = threading.Lock()

    def run(self, threads: int, should_stop: Asked, elsewhere: Asked) -> None:
        """Branches until no node is left or the search has ended, in this thread and in others."""
        whole = Bounds()  # the two halves of what stands above the root are the root, once
        self._open = [_Node(-math.inf, next(self._numbers), (), Halves(whole, whole), self._begin)]
        side_by_side(self._work, threads, should_stop, elsewhere)

    def _work(self, should_stop: Asked) -> None:
        relaxation = ContractRelaxation(self._arrays, len(self._contracts), self._units, self._begin)
        worker = threading.get_ident()
        while not should_stop():
            node = self._take(worker, should_stop)
            if node is None:
                return
            self._improve_if_due(should_stop)
            while node is not None:
                node = self._visit(relaxation, node, should_stop)
                with self._lock:
                    if node is None:
                        del self._at_work[worker]
                    else:
                        self._at_work[worker] = node.bound
                self._tell()

    def _improve_if_due(self, should_stop: Asked) -> None:
        """Improves the best plan, while other threads go on."""
        with self._lock:
            due, self._due = self._due, None
        if due is not None:
            self._improve(*due, should_stop)

    def _take(self, worker: int, should_stop: Asked) -> _Node | None:
        """The open node of the lowest bound; None where all is done, or it is to end."""
        while not should_stop():
            with self._lock:
                if self._open:
                    node = heapq.heappop(self._open)
                    self._at_work[worker] = node.bound
                    return node
                if not self._at_work:
                    return None
            time.sleep(_IDLE_SECONDS)
        return None

    def _tell(self) -> None:
        """What is known of the bound: that of what is open, at work or dropped, whichever is lowest."""
        with self._lock:
            lowest = min([self._dropped, *self._at_work.values(), *(each.bound for each in self._open[:1])])
            self._standing.raise_bound(min(lowest, self._standing.cost))

    def _visit(self, relaxation: ContractRelaxation, node: _Node, should_stop: Asked) -> _Node | None:
        """Both halves of a node; the one to go on with."""
        if self._drops(node.bound):
            return None
        if node.halves is None:
            self._search_whole(node, should_stop)
            return None
        found, gains = list[_Node](), list[float]()
        most = self._standing.cost - self._standing.asked
        for half in dict.fromkeys(node.halves[:2]):
            each = self._node(relaxation, node, half, should_stop)
            if should_stop():
                self._keep(node)  # a half that was not solved is none that was proven to have no plan
                return None
            if each is not None and not self._drops(each.bound):
                found.append(each)
            gains.append(max(0.0, min(most, math.inf if each is None else each.bound) - node.bound))
        self._learn(node.halves, gains)
        found.sort()
        near = node.bound + NEAR * (self._standing.cost - node.bound)
        onwards = found.pop(0) if found and found[0].bound < near and found[0].halves is not None else None
        for each in found:
            self._keep(each)
        return onwards

    def _keep(self, node: _Node) -> None:
        with self._lock:
            heapq.heappush(self._open, node)

    def _drops(self, bound: float) -> bool:
        """Whether a node of such a bound leaves no plan worth looking for; it is dropped then."""
        if bound < self._standing.cost - self._standing.asked:
            return False
        with self._lock:
            self._dropped = min(self._dropped, bound)
        return True

    def _node(self, relaxation: ContractRelaxation, parent: _Node, half: Bounds, should_stop: Asked) -> _Node | None:
        """A half of a node, its relaxation solved as far as it matters; None where that has no values."""
        path, bound, number = (*parent.path, half), parent.bound, next(self._numbers)
        lower, upper, blocks = self._bounds(path)
        arrays = self._within(lower, upper, blocks)
        most = self._standing.cost - self._standing.asked
        best = relaxation.optimum(lower, upper, blocks, should_stop, begin=parent.basis, most=most + SLACK * abs(most))
        if best is not None and relaxation.ended_above:
            if self._drops(max(bound, dual_bound(arrays, best.values, best.row_duals))):
                return None
            best = relaxation.optimum(lower, upper, blocks, should_stop)  # above as HiGHS reckons, its duals do not
        if best is None:  # nothing is known of it but what is known of its parent
            return None if relaxation.infeasible else _Node(bound, number, path, None)
        basis = relaxation.basis
        bound = max(bound, dual_bound(arrays, best.values, best.row_duals))
        halves = self._halves(np.clip(best.values, lower, upper), blocks)
        at = AtNode(
            lower,
            upper,
            best.values,
            arrays.objective(best.values),
            lambda lower, upper: relaxation.optimum(lower, upper, blocks, should_stop, begin=basis),
        )
        if not should_stop() and bound < self._standing.cost:
            if halves is None:
                self._plans(at, should_stop)
            visit = next(self._visits)
            if visit in IMPROVED | WIDER:
                self._due = best.values, visit in WIDER
        return _Node(bound, number, path, halves, basis)

    def _search_whole(self, node: _Node, should_stop: Asked) -> None:
        """Searches what is left of a node by HiGHS, until what it costs at least is known well enough."""
        bound = max(node.bound, self._search(self._within(*self._bounds(node.path)), should_stop))
        with self._lock:
            self._dropped = min(self._dropped, bound)

    def _bounds(self, path: tuple[Bounds, ...]) -> tuple[Vector, Vector, dict[int, Blocks]]:
        lower, upper = self._arrays.lower.copy(), self._arrays.upper.copy()
        blocks: dict[int, Blocks] = {}
        for each in path:
            for column, least in each.at_least:
                lower[column] = max(lower[column], least)
            for column, most in each.at_most:
                upper[column] = min(upper[column], most)
            for position, (fewest, most) in each.blocks:
                known = blocks.get(position, ANY)
                blocks[position] = max(known[0], fewest), min(known[1], most)
        return lower, upper, blocks

    def _within(self, lower: Vector, upper: Vector, blocks: dict[int, Blocks]) -> Compiled:
        first = self._arrays.matrix.shape[0] - len(self._contracts)
        row_lower, row_upper = self._arrays.row_lower.copy(), self._arrays.row_upper.copy()
        for position, (fewest, most) in blocks.items():
            row_lower[first + position], row_upper[first + position] = fewest, most
        return replace(self._arrays, lower=lower, upper=upper, row_lower=row_lower, row_upper=row_upper)

    def _halves(self, values: Vector, bounds: Mapping[int, Blocks]) -> Halves | None:
        """The contract by which bounds are likely to rise most in two halves; None where all are whole.

        That is the furthest from whole, weighed by its blocks and by what branching on it brought before (pseudocosts,
        Benichou et al. 1971).

        Values are within bounds, and blocks are taken to be: what a tolerance leaves outside is not branched on again.
        """
        best, halves = 0.0, None
        usual = sum(self._gains.values()) / len(self._gains) if any(self._gains.values()) else 1.0
        for position, contract in enumerate(self._contracts):
            fewest, most = bounds.get(position, ANY)
            totals, blocks = values[contract.totals], min(max(float(values[contract.blocks].sum()), fewest), most)
            apart = np.minimum(totals, 1.0 - totals)
            signed = apart[-1] > WHOLE
            total = len(totals) - 1 if signed else int(np.argmax(apart))
            if apart[total] > WHOLE:
                weight = blocks * apart[total] + (apart[total] if signed else 0.0)
            elif totals[-1] > 0.5 and abs(blocks - round(blocks)) > 10.0 * WHOLE:
                weight = blocks * abs(blocks - round(blocks))
            else:
                continue
            own, weight = weight, weight * (usual + self._gains.get(position, usual))
            if weight > best:
                column = int(contract.totals[total])
                by_total = Bounds(at_most=((column, 0.0),)), Bounds(at_least=((column, 1.0),))
                best = weight
                pair = by_total if apart[total] > WHOLE else self._by_blocks(position, math.floor(blocks))
                halves = Halves(*pair, position, own)
        return halves

    def _learn(self, halves: Halves, gains: list[float]) -> None:
        """What branching on a contract raises the bounds of both halves by, for how far it was from whole."""
        if halves.position >= 0 and max(gains) < math.inf:
            gain = math.sqrt(math.prod(gains)) / halves.weight
            with self._lock:
                known = self._gains.get(halves.position, gain)
                self._gains[halves.position] = 0.5 * (known + gain)

    def _by_blocks(self, position: int, most: int) -> tuple[Bounds, Bounds]:
        """A contract of at most so many blocks, or of more."""
        dearer = tuple((each.column, 0.0) for each in self._tiers[position] if each.first > most)
        fewer = Bounds(at_most=dearer, blocks=((position, (-math.inf, most)),))
        return fewer, Bounds(blocks=((position, (most + 1.0, math.inf)),))
