"""The columns of compiled arrays that sign contracts and leases, offer by offer.

A search for plans holds them, frees them and bounds them; all other columns follow from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from models.core.compiled import Compiled

CONTRACT_TOTALS = ("tier_reached_by", "contract_signed_by")
LEASE_TOTALS = ("units_by",)
BLOCKS = "blocks"

SERVING = ("in_force", "runs_at")
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


def serving_columns(arrays: Compiled) -> npt.NDArray[np.bool_]:
    """Which columns are whole-number decisions on demand."""
    return np.array([_family(variable) in SERVING for variable in arrays.columns], dtype=bool) & arrays.integer


def _family(variable: Any) -> str:
    """The family of a column; "" for one that was added to the arrays."""
    return "" if variable is None else str(variable.parent_component().name)
