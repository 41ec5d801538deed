"""The relaxation with a row for each contract: how many blocks it has in all."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from models.core.compiled import Compiled
from models.core.scaling import ModelUnits
from models.core.vector import Vector
from models.supply.signing_columns import SigningColumns
from planner.solving.problem import ArrayProblem, LocalOptimum
from planner.solving.relaxation import LinearRelaxation

Blocks = tuple[float, float]
"""The fewest and the most blocks of a contract."""
ANY: Blocks = (-math.inf, math.inf)


def with_blocks_rows(arrays: Compiled, contracts: Sequence[SigningColumns]) -> Compiled:
    """The problem with a row more for each contract, the sum of its blocks over months and tiers, not bounded."""
    from scipy.sparse import csr_array

    blocks = [(i, column) for i, each in enumerate(contracts) for column in each.blocks]
    places = np.array(blocks, dtype=np.int64).reshape(-1, 2).T
    shape = len(contracts), len(arrays.columns)
    sums = csr_array((np.ones(len(blocks)), (places[0], places[1])), shape=shape)
    return arrays.extended([], [], sums, csr_array((len(contracts), 0)), np.full(len(contracts), -np.inf))


class ContractRelaxation:
    """Solved again and again with other bounds of columns and of the blocks of contracts.

    Parameters
    ----------
    arrays
        The problem, with the rows of `with_blocks_rows` last.
    contracts
        How many such rows there are.
    units
        Its units.
    begin
        A basis to begin at, with or without those rows; None where there is none.
    """

    def __init__(self, arrays: Compiled, contracts: int, units: ModelUnits, begin: Any) -> None:
        self.arrays = arrays
        self._first_row = arrays.matrix.shape[0] - contracts
        self._relaxation = LinearRelaxation(ArrayProblem(arrays, units))
        if begin is not None:
            self._relaxation.begin_at(begin)
        self._bounded: dict[int, Blocks] = {}
        self._basis: Any = begin

    def optimum(
        self,
        lower: Vector,
        upper: Vector,
        blocks: Mapping[int, Blocks],
        should_stop: Callable[[], bool],
        *,
        begin: Any = None,
        most: float = math.inf,
    ) -> LocalOptimum | None:
        """The best within bounds of columns, and of the blocks of contracts by position; None where none was found.

        Begins at a basis, where one is given, and ends as `LinearRelaxation.optimum` does where it costs too much.
        """
        for position in {**self._bounded, **blocks}:
            wanted = blocks.get(position, ANY)
            if wanted != self._bounded.get(position, ANY):
                self._relaxation.bound_rows(self._first_row + position, *wanted)
        self._bounded = dict(blocks)
        if begin is not None and begin is not self._basis:
            self._relaxation.begin_at(begin)
        self._basis = None
        return self._relaxation.optimum(lower, upper, should_stop=should_stop, most=most)

    @property
    def basis(self) -> Any:
        """The basis that the last solve ended with."""
        if self._basis is None:
            self._basis = self._relaxation.basis()
        return self._basis

    def dual(self, found: LocalOptimum, position: int) -> float:
        """What one block more of a contract adds to the cost."""
        return float(found.row_duals[self._first_row + position])

    @property
    def infeasible(self) -> bool:
        """Whether the last one was proven to have no values."""
        return self._relaxation.infeasible

    @property
    def ended_above(self) -> bool:
        """Whether the last one was ended because it costs too much."""
        return self._relaxation.ended_above

    def become(self, arrays: Compiled) -> None:
        """Another problem from now on, that differs in coefficients of the same places and in bounds."""
        if arrays is not self.arrays:
            self._relaxation.change_coefficients(self.arrays.matrix, arrays.matrix)
            self.arrays = arrays
