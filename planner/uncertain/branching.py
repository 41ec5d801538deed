"""Branches on the decisions that scenarios share, while all others may be fractions.

What scenarios share is little and lumpy: a whole cluster or none of it. The relaxation of the extensive form halves
it, and no price on it can close that gap. Bounds on these few columns alone do, and each solve begins from the
last. A search from the best bound on, which goes down where rounding costs little; what is whole at its end are
decisions to try, and the least bound left over is one on the expected cost.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from models.uncertainty.extensive import ExtensiveForm, Shared
from planner.solve import Relaxation

Vector = npt.NDArray[np.float64]

WHOLE = 1e-6
"""How far from a whole number a decision may be to count as one."""


@dataclass(frozen=True)
class Whole:
    """Decisions of which all that scenarios share is whole; `least` is what they cost at least, in model units."""

    decided: dict[Shared, float]
    least: float


@dataclass(frozen=True, order=True)
class _Node:
    """Columns within bounds of their own; `bound` on what the problem costs there, `last` the branch that led to it."""

    bound: float
    number: int
    bounds: dict[int, tuple[float, float]] = field(compare=False)
    last: tuple[int, bool, float] | None = field(default=None, compare=False)


class _Gains:
    """What branching on a column has raised the bound by, for each unit it was moved (pseudocosts)."""

    def __init__(self) -> None:
        self.seen: dict[tuple[int, bool], list[float]] = {}

    def learn(self, node: _Node, cost: float) -> None:
        if node.last is not None:
            i, up, moved = node.last
            self.seen.setdefault((i, up), []).append(max(0.0, cost - node.bound) / moved)

    def score(self, i: int, value: float) -> float:
        """The product of what both sides promise."""
        below = value - math.floor(value)
        return max(1e-9, self._of(i, False) * below) * max(1e-9, self._of(i, True) * (1.0 - below))

    def _of(self, i: int, up: bool) -> float:
        known = self.seen.get((i, up))
        if known is None:
            all_known = [sum(each) / len(each) for each in self.seen.values()]
            return sum(all_known) / len(all_known) if all_known else 1.0
        return sum(known) / len(known)


class Branching:
    """The search; `root` has the values of the relaxation within no other bounds."""

    def __init__(self, form: ExtensiveForm, relaxation: Relaxation, root: Vector, over: Callable[[], bool]) -> None:
        self.arrays, self.relaxation, self.over = form.compiled, relaxation, over
        self.keys = {place: key for key, place in form.shared.items() if self.arrays.integer[place]}
        self.places = np.array(sorted(self.keys), dtype=np.int64)
        self.open = [_Node(self._cost(root), 0, {})]
        self.nodes = 0
        self._closed = math.inf
        self._under_way: _Node | None = None
        self._gains = _Gains()
        self._dived = False

    @property
    def lower(self) -> float:
        """What every plan costs at least, in model units."""
        under_way = math.inf if self._under_way is None else self._under_way.bound
        return min(self._closed, under_way, self.open[0].bound if self.open else math.inf)

    def next(self, cutoff: float, step: float, pause: Callable[[], bool]) -> Whole | None:
        """Decisions to try that may cost less than `cutoff`; None when there are no others, to pause, or in the end.

        A descent is left for a better node where it costs more than `step` at once; the first one only changes sides.
        """
        while not self.over() and not pause():
            node = self._under_way or (heapq.heappop(self.open) if self.open else None)
            if node is None:
                return None
            self._under_way = node
            if node.bound >= cutoff:
                self._close(node.bound)
                continue
            found = self._solved(node)
            if found is None:
                if not self.relaxation.infeasible:
                    return None  # not finished: still under way
                self._close(math.inf)
                continue
            values, cost = found
            self._gains.learn(node, cost)
            fractional = self._fractional(values)
            if cost >= cutoff or fractional is None:
                self._close(cost)
                if cost < cutoff:
                    self._dived = True
                    return Whole({key: float(np.round(values[i])) for i, key in self.keys.items()}, cost)
            elif cost > node.bound + step and self._better(node, cost):
                heapq.heappush(self.open, self._node(cost, node.bounds))
            else:
                self._branch(node, values, cost, fractional)
        return None

    def _close(self, bound: float) -> None:
        self._closed = min(self._closed, bound)
        self._under_way = None

    def _better(self, node: _Node, cost: float) -> bool:
        """Whether another node is better, which is then under way: the other side in the first descent, else any."""
        if not self.open:
            return False
        if self._dived:
            self._under_way = None
            return self.open[0].bound < cost
        other = max(self.open, key=lambda each: each.number)
        if node.last is None or other.last is None or other.last[0] != node.last[0] or other.bound >= cost:
            return False
        self.open.remove(other)
        heapq.heapify(self.open)
        self._under_way = other
        return True

    def _solved(self, node: _Node) -> tuple[Vector, float] | None:
        lower, upper = self.arrays.lower.copy(), self.arrays.upper.copy()
        for i, (low, high) in node.bounds.items():
            lower[i], upper[i] = low, high
        found = self.relaxation.optimum(lower, upper, should_stop=self.over)
        return None if found is None else (found.values, self._cost(found.values))

    def _cost(self, values: Vector) -> float:
        return float(self.arrays.cost @ values) + self.arrays.offset

    def _fractional(self, values: Vector) -> int | None:
        """The column to branch on: what is taken or left before how much is taken, by what it promises."""
        undecided = [int(i) for i in self.places if abs(values[i] - round(values[i])) > WHOLE]
        if not undecided:
            return None
        return max(undecided, key=lambda i: (self.arrays.upper[i] <= 1.0, self._gains.score(i, float(values[i]))))

    def _branch(self, node: _Node, values: Vector, cost: float, i: int) -> None:
        """The side that is nearer is under way next; the other is left for later."""
        low, high = node.bounds.get(i, (float(self.arrays.lower[i]), float(self.arrays.upper[i])))
        down = float(math.floor(values[i]))
        part = float(values[i]) - down
        below = self._node(cost, node.bounds | {i: (low, down)}, (i, False, part))
        above = self._node(cost, node.bounds | {i: (down + 1.0, high)}, (i, True, 1.0 - part))
        near, far = (below, above) if part < 0.5 else (above, below)
        heapq.heappush(self.open, far)
        self._under_way = near

    def _node(
        self, bound: float, bounds: dict[int, tuple[float, float]], last: tuple[int, bool, float] | None = None
    ) -> _Node:
        self.nodes += 1
        return _Node(bound, self.nodes, bounds, last)
