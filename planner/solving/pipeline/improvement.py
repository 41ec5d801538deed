"""Improvement: parts of the best plan freed again and searched, the rest of its signings held (ruin and recreate).

Which parts, in turn: all decisions in which the plan differs from the relaxation (relaxation induced neighbourhood
search, Danna, Rothberg and Le Pape 2005); all but contracts; all signings, with limits and sites held; some contracts
and some leases; some offers. How many offers are freed follows from how many branches the last searches took. Where a
search of that much takes too long, a few contracts are exchanged: some of the plan's for some of the relaxation's.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
import numpy.typing as npt

from models.core.compiled import Compiled
from models.core.vector import Vector
from models.supply.signing_columns import SigningColumns, serving_columns

FEWEST = 3
"""Offers freed at least."""
EXCHANGED, WITH_LEASES = 2, 10
"""Contracts of the plan that are exchanged for as many others, and leases freed with them."""
AGREED = 1e-6
"""A decision differs by more than this from the relaxation's."""


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """The columns of the best plan held in a search; `learn` is told afterwards whether it was too hard to finish."""

    held: npt.NDArray[np.bool_]
    learn: Callable[[bool], None]


class Neighbourhoods:
    """Which columns of the best plan are held in each search for a better one; the same for the same seed.

    Attributes
    ----------
    relaxed
        The relaxation's optimum, of shape (columns,).
    """

    def __init__(self, arrays: Compiled, offers: Sequence[SigningColumns], relaxed: Vector, seed: int) -> None:
        self._arrays, self.relaxed = arrays, relaxed
        self._offers, self._serving = list(offers), serving_columns(arrays)
        self._contracts = [each for each in self._offers if each.is_contract]
        self._leases = [each for each in self._offers if not each.is_contract]
        self._random, self._rounds = random.Random(seed), count()
        self._size = {kind: max(FEWEST, len(self._offers) // 4) for kind in ("contracts", "offers")}
        self._signing = np.zeros(len(arrays.columns), dtype=bool)
        for each in self._offers:
            self._signing[each.totals] = True

    def next(self, best: Vector) -> Neighbourhood:
        """One of each kind in turn."""
        kind = next(self._rounds) % 5
        if kind == 0:
            return self.differing(best)
        if kind == 1:
            return self._freeing(self._leases)
        if kind == 2:
            return Neighbourhood(self._serving, lambda _: None)
        if kind == 3:
            return self._of_contracts()
        return self._freeing(self._some(self._offers, self._size["offers"]), "offers")

    def exchanging(self, best: Vector) -> Neighbourhood:
        """Some contracts of the plan freed, as many that the relaxation alone signs, and some leases."""

        def signed(each: SigningColumns, values: Vector) -> bool:
            return bool(values[each.totals[-1]] > AGREED)

        ours = [each for each in self._contracts if signed(each, best)]
        others = [each for each in self._contracts if not signed(each, best)]
        wanted = [each for each in others if signed(each, self.relaxed)] or others
        freed = self._some(ours, EXCHANGED) + self._some(wanted, EXCHANGED) + self._some(self._leases, WITH_LEASES)
        return self._freeing(freed)

    def differing(self, best: Vector) -> Neighbourhood:
        """All decisions freed in which the plan differs from the relaxation."""
        return differing(self._arrays.integer, best, self.relaxed)

    def _of_contracts(self) -> Neighbourhood:
        """Some contracts freed, and more leases."""
        size = self._size["contracts"]
        freed = self._some(self._contracts, 1 + size // 4) + self._some(self._leases, size)
        return self._freeing(freed, "contracts")

    def _freeing(self, freed: list[SigningColumns], kind: str = "") -> Neighbourhood:
        held = self._signing.copy()
        for each in freed:
            held[each.totals] = False
        return Neighbourhood(held, lambda hard: self._learn(kind, hard))

    def _learn(self, kind: str, hard: bool) -> None:
        """Frees fewer offers after a search that was not finished, more after one that was."""
        if kind:
            size = round(self._size[kind] * (0.8 if hard else 1.2) + (0.0 if hard else 0.5))
            self._size[kind] = min(len(self._offers), max(FEWEST, size))

    def _some(self, offers: list[SigningColumns], most: int) -> list[SigningColumns]:
        return self._random.sample(offers, min(len(offers), most))


def differing(integer: npt.NDArray[np.bool_], best: Vector, relaxed: Vector) -> Neighbourhood:
    """All whole numbers freed in which a plan differs from a relaxation."""
    return Neighbourhood(integer & (np.abs(best - relaxed) <= AGREED), lambda _: None)


def held_at(arrays: Compiled, values: Vector, held: npt.NDArray[np.bool_]) -> Compiled:
    """The problem with some columns held at whole values."""
    lower, upper = arrays.lower.copy(), arrays.upper.copy()
    lower[held] = upper[held] = np.clip(np.round(values[held]), lower[held], upper[held])
    return arrays.within(lower, upper, arrays.integer)
