"""Improvement: parts of the best plan freed again and searched, the rest of its signings held (ruin and recreate).

Which parts, in turn: all but contracts; all signings, with limits and sites held; some contracts and
some leases; some offers. How many offers are freed follows from how many branches the last searches took.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import count

import numpy as np
import numpy.typing as npt

from models.core.compiled import Compiled
from models.core.vector import Vector
from models.supply.signing_columns import SigningColumns, serving_columns

FEWEST = 3
"""Offers freed at least."""


class Neighbourhoods:
    """Which columns of the best plan are held in each search for a better one; the same for the same seed."""

    def __init__(self, arrays: Compiled, offers: Sequence[SigningColumns], seed: int) -> None:
        self._offers, self._serving = list(offers), serving_columns(arrays)
        self._random, self._round = random.Random(seed), count()
        self._freed = max(FEWEST, len(self._offers) // 4)
        self._signing = np.zeros(len(arrays.columns), dtype=bool)
        for each in self._offers:
            self._signing[each.totals] = True

    def next(self) -> npt.NDArray[np.bool_]:
        """The columns to hold in the next search."""
        kind = next(self._round) % 4
        if kind == 1:
            return self._serving
        contracts = [each for each in self._offers if each.is_contract]
        leases = [each for each in self._offers if not each.is_contract]
        freed = {
            0: leases,
            2: self._some(contracts, 1 + self._freed // 4) + self._some(leases, self._freed),
            3: self._some(self._offers, self._freed),
        }[kind]
        held = self._signing.copy()
        for each in freed:
            held[each.totals] = False
        return held

    def _some(self, offers: list[SigningColumns], most: int) -> list[SigningColumns]:
        return self._random.sample(offers, min(len(offers), most))

    def learn(self, hard: bool) -> None:
        """Frees fewer offers after a search that was not finished, more after one that was."""
        change = 0.8 if hard else 1.2
        self._freed = min(len(self._offers), max(FEWEST, round(self._freed * change + (0 if hard else 0.5))))


def held_at(arrays: Compiled, values: Vector, held: npt.NDArray[np.bool_]) -> Compiled:
    """The problem with some columns held at whole values."""
    lower, upper = arrays.lower.copy(), arrays.upper.copy()
    lower[held] = upper[held] = np.clip(np.round(values[held]), lower[held], upper[held])
    return arrays.within(lower, upper, arrays.integer)
