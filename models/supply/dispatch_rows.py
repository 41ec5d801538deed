"""The rows of compiled arrays by which a month's capacity serves its demand, as `models.demand` and pools name them.

A search for plans solves them month by month once it is known what is online, or with segments and regions merged.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from models.core.compiled import Compiled

_BY_SEGMENT = ("flow_is_served", "demand_is_met", "shortfall_within_share")
"""Rows of a segment, whose name their key begins with."""
_FROM = {"shortfall_within_share": 1, "overage_within_share": 1, "billed_use_within_online": 1, "use_is_billed": 1}
_TO = {
    "flow_is_served": -2,
    "demand_is_met": -2,
    "work_is_done": -2,
    "pool_keeps_margin": -2,
    "leased_out_is_not_used": -2,
    "use_within_online": -3,
}
_MONTH = _FROM | _TO
"""Where the month stands in the key of each family of rows."""
_ANYWHERE: Mapping[str, Callable[[Any], Hashable]] = {
    "flow_is_served": lambda key: (key[0], *key[2:]),
    "demand_is_met": lambda key: (key[0], *key[-2:]),
    "work_is_done": lambda key: key[1:],
    "pool_keeps_margin": lambda key: key[1:],
    "leased_out_is_not_used": lambda key: key[1:],
    "use_within_online": lambda key: key[1:-1],
    "overage_within_share": lambda key: key[1:3],
    "billed_use_within_online": lambda key: key[1],
    "use_is_billed": lambda key: key[1],
}
"""What is left of a key with regions, and the sources in them, merged."""


def dispatch_months(arrays: Compiled) -> npt.NDArray[np.int64]:
    """The month of each row that is one of dispatch; -1 for all other rows. Of shape (rows,)."""
    found = np.full(len(arrays.rows), -1)
    for i, row in enumerate(arrays.rows):
        place = _MONTH.get(_family(row))
        if place is not None:
            found[i] = row.index()[place]
    return found


def of_several_problems(arrays: Compiled) -> bool:
    """Whether rows of dispatch have the same name, as those of scenarios that are solved together."""
    known = set[Hashable]()
    for row in arrays.rows:
        family = _family(row)
        if family in _MONTH:
            name = family, row.index()
            if name in known:
                return True
            known.add(name)
    return False


def alike_segments_together(arrays: Compiled) -> npt.NDArray[np.intp]:
    """Rows of segments that are served alike in one group, each other row by itself; of shape (rows,).

    Segments are alike that the same work serves equally well and whose shortfall costs the same; a month in the middle
    speaks for all, since rows may be added up whichever they are.
    """
    alike = _alike(arrays)

    def group(family: str, key: Any) -> Hashable:
        return (alike.get(key[0], key[0]), *key[1:]) if family in _BY_SEGMENT else None

    return _grouped(arrays, group)


def regions_together(arrays: Compiled) -> npt.NDArray[np.intp]:
    """Rows of dispatch that differ by region, or by source in it, in one group; of shape (rows,)."""
    return _grouped(arrays, lambda family, key: _ANYWHERE[family](key) if family in _ANYWHERE else None)


def _grouped(arrays: Compiled, group: Callable[[str, Any], Hashable]) -> npt.NDArray[np.intp]:
    numbers: dict[Hashable, int] = {}
    found = np.empty(len(arrays.rows), dtype=np.intp)
    for i, row in enumerate(arrays.rows):
        family = _family(row)
        key = group(family, row.index()) if family in _MONTH else None
        found[i] = numbers.setdefault(i if key is None else (family, key), len(numbers))
    return found


def _alike(arrays: Compiled) -> dict[str, str]:
    """The first segment that each is served like."""
    months = dispatch_months(arrays)
    month = int(np.median(months[months >= 0])) if (months >= 0).any() else -1
    served: dict[str, list[Hashable]] = defaultdict(list)
    matrix = arrays.matrix
    for i, variable in enumerate(arrays.columns):
        family = _family(variable)
        if family in ("work", "shortfall") and variable.index()[-2] == month:
            key = variable.index()
            amounts = np.sort(matrix.data[matrix.indptr[i] : matrix.indptr[i + 1]])
            served[key[0]].append((family, key[1:], *np.round(amounts, 9).tolist(), round(float(arrays.cost[i]), 9)))
    first: dict[Hashable, str] = {}
    return {segment: first.setdefault(frozenset(found), segment) for segment, found in served.items()}


def _family(row: Any) -> str:
    """Of a row or column; "" of one added for a search."""
    return "" if row is None else str(row.parent_component().name)
