"""The columns of compiled arrays that sign contracts and leases, offer by offer.

A search for plans holds them, frees them and bounds them; all other columns follow from them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from models.core.compiled import Compiled
from models.core.vector import Vector

CONTRACT_TOTALS = ("tier_reached_by", "contract_signed_by")
LEASE_TOTALS = ("units_by",)
BLOCKS = "blocks"
REACH = ("blocks_reach_tier",)
"""Rows that hold blocks to what the tier reached begins with."""
WIDTHS = ("blocks_within_tier", "blocks_within_width")
"""Rows that allow a tier blocks once it is reached, as many as it is wide."""

SITES = "runs_at"
SERVING = ("in_force", SITES)
"""Decisions on demand: which limit is in force, at which site a segment runs."""

Columns = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class SigningColumns:
    """Columns of one contract or lease.

    Parameters
    ----------
    name
        The offer.
    is_contract
        Whether it is a contract, signed once; else a lease, of which units are signed.
    totals
        Running totals of what is signed, in their order (`models.core.model.Model.add_cumulative_counts`).
    months
        The month of signing of each running total.
    blocks
        Blocks of a contract, by month of signing and tier.
    """

    name: str
    is_contract: bool
    totals: Columns
    months: npt.NDArray[np.int64]
    blocks: Columns


def signing_columns(arrays: Compiled) -> tuple[SigningColumns, ...]:
    """The columns of each contract and lease on offer, in the order of the columns; scenarios have their own."""
    found: dict[tuple[int, bool, str], tuple[list[int], list[int], list[int]]] = {}
    for i, variable in enumerate(arrays.columns):
        family = _family(variable)
        is_contract = family == BLOCKS or family in CONTRACT_TOTALS
        if is_contract or family in LEASE_TOTALS:
            key: tuple[Any, ...] = variable.index()
            own = found.setdefault((id(variable.model()), is_contract, key[0]), ([], [], []))
            if family == BLOCKS:
                own[2].append(i)
            else:
                own[0].append(i)
                own[1].append(key[1])
    return tuple(
        SigningColumns(name, is_contract, np.array(totals, dtype=np.intp), np.array(months), np.array(blocks, np.intp))
        for (_, is_contract, name), (totals, months, blocks) in found.items()
        if totals
    )


@dataclass(frozen=True, slots=True)
class TierColumn:
    """Blocks of a contract in one tier, in one month of signing.

    Parameters
    ----------
    column
        Of the blocks.
    first
        Blocks of the contract with which the tier begins.
    below
        Blocks in lower tiers then; 0 where all blocks are in the tier reached.
    """

    column: int
    first: int
    below: int


def tier_columns(arrays: Compiled, contract: SigningColumns) -> tuple[TierColumn, ...]:
    """The tiers of a contract in each month of signing."""
    found: list[TierColumn] = []
    if _family(arrays.columns[contract.totals[0]]) == CONTRACT_TOTALS[0]:
        matrix = arrays.matrix.tocsr()
        first = {
            column: np.abs(matrix.data[others]).max(initial=1.0)
            for column, others in _beside(matrix, _rows_of(arrays, REACH), contract.blocks)
        }
        return tuple(TierColumn(int(column), round(first.get(column, 1.0)), 0) for column in contract.blocks)
    below: dict[int, int] = {}
    for column in contract.blocks:
        month = arrays.columns[column].index()[1]
        filled = below.get(month, 0)
        found.append(TierColumn(int(column), filled + 1, filled))
        below[month] = filled + round(arrays.upper[column])
    return tuple(found)


def with_fewer_blocks(arrays: Compiled, upper: Vector) -> Compiled:
    """The problem with fewer blocks in some tiers, in the rows too that allow a tier as many as it is wide.

    Parameters
    ----------
    arrays
        The problem.
    upper
        Upper bounds of its columns, lower for blocks of some tiers.
    """
    matrix = arrays.matrix.tocsr(copy=True)
    for column, others in _beside(matrix, _rows_of(arrays, WIDTHS), np.flatnonzero(upper < arrays.upper)):
        matrix.data[others] *= upper[column] / arrays.upper[column]
    return replace(arrays, matrix=matrix.tocsc(), upper=upper)


def _rows_of(arrays: Compiled, families: Sequence[str]) -> Columns:
    return np.flatnonzero([row is not None and row.parent_component().name in families for row in arrays.rows])


def _beside(matrix: Any, rows: Columns, columns: Columns) -> Iterator[tuple[int, Columns]]:
    """Of rows over one of some columns: that column, and the places of the row's other coefficients."""
    among = np.zeros(matrix.shape[1], dtype=bool)
    among[columns] = True
    for row in rows:
        own = np.arange(matrix.indptr[row], matrix.indptr[row + 1])
        ours = among[matrix.indices[own]]
        if ours.any():
            yield int(matrix.indices[own][ours][0]), own[~ours]


def serving_columns(arrays: Compiled) -> npt.NDArray[np.bool_]:
    """Which columns are whole-number decisions on demand."""
    return np.array([_family(variable) in SERVING for variable in arrays.columns], dtype=bool) & arrays.integer


def site_columns(arrays: Compiled) -> npt.NDArray[np.bool_]:
    """Which columns say at which site a segment runs."""
    return np.array([_family(variable) == SITES for variable in arrays.columns], dtype=bool)


def whole_but_sites(arrays: Compiled) -> int:
    """How many whole-number columns there are, but those that say at which site a segment runs."""
    return int((arrays.integer & ~site_columns(arrays)).sum())


def _family(variable: Any) -> str:
    """The family of a column; "" for one that was added to the arrays."""
    return "" if variable is None else str(variable.parent_component().name)
