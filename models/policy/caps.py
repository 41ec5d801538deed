r"""Caps: policy on the portfolio. Each row holds a measure of a scope at most or at least at a value.

capacity_mw, capacity_share: committed MW online in each month. cash_usd: money paid in the months of a
calendar period; cash_share_of_revenue: that over revenue earned (baseline - forgone by limits - lost to shortfall).
obligation_usd: what signings up to a month still owe after it. shortfall_share: tokens short over tokens demanded after
limits, in a calendar period. What they count is in `models.policy.cap_quantities`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np
import numpy.typing as npt

from models.core.compiled import Compiled
from models.core.linear import Linear
from models.core.model import Model
from models.core.vector import Vector
from models.policy.cap_quantities import CapQuantities, Quantity, owed_usd
from models.policy.cash_account import CREDIT
from models.realization import ALL
from models.schema import Cap
from models.supply.registry import caps_by_name

FAMILY = "cap_is_kept"
"""The rows that hold caps."""
Index = tuple[str | int, ...]
"""Of a row: the cap, the first month t it counts, and of a cap of name `*` whom it holds for."""


def add_caps(model: Model) -> None:
    """Adds a row for each cap and each month or period it holds in."""
    rows = [(index, cap, *_measured(model, cap, period)) for index, cap, period in _rows(model)]
    quantities = CapQuantities(model, Counter(quantity for *_, parts in rows for quantity in parts))
    for index, cap, constant, parts in rows:
        body = quantities.total(constant, parts)
        at_most, at_least = (0.0, None) if cap.sense == "max" else (None, 0.0)
        model.add_constraint(FAMILY, index, body, at_most=at_most, at_least=at_least)
    model.obligation_caps_kept = partial(_obligations_kept, model)


def caps_lifted(arrays: Compiled) -> Compiled:
    """The same problem with no cap to keep, and no end of credit."""
    bound = ~cap_rows(arrays)
    return replace(
        arrays,
        row_lower=np.where(bound, arrays.row_lower, -np.inf),
        row_upper=np.where(bound, arrays.row_upper, np.inf),
    )


def caps_exceeded(arrays: Compiled, values: Vector) -> tuple[str, ...]:
    """The names of the caps that column values do not keep, in the order of the sheet; the credit line among them."""
    measured = arrays.matrix @ values
    slack = 1e-6 * np.maximum(1.0, abs(arrays.matrix) @ np.abs(values))
    beyond = (measured < arrays.row_lower - slack) | (measured > arrays.row_upper + slack)
    return tuple(dict.fromkeys(arrays.rows[i].index()[0] for i in np.flatnonzero(beyond & cap_rows(arrays))))


def cap_rows(arrays: Compiled) -> npt.NDArray[np.bool_]:
    """Which rows hold caps, or the end of credit."""
    families = (FAMILY, CREDIT)
    return np.array([row is not None and row.parent_component().name in families for row in arrays.rows], dtype=bool)


def value_weights(model: Model) -> dict[Index, Linear]:
    """By the index of each row: by how much a rise of the cap's value by 1 lowers the row's body.

    In the model units of the row: MW, model units of money or of tokens.
    """
    quantities = CapQuantities(model, Counter())
    weights = {}
    for index, cap, period in _rows(model):
        constant, parts = _measured(model, replace(cap, value=0.0), period)
        less, fewer = _measured(model, replace(cap, value=1.0), period)
        change = {each: parts.get(each, 0.0) - fewer[each] for each in fewer if parts.get(each) != fewer[each]}
        weights[index] = quantities.total(constant - less, change)
    return weights


def _rows(model: Model) -> Iterator[tuple[Index, Cap, list[int]]]:
    """Each row's index, the cap as it holds, and the months it counts."""
    for cap in model.dataset.caps:
        for each in caps_by_name(model.dataset, cap):
            whom = (each.name,) if cap.name == ALL and each.name is not None else ()
            yield from (((cap.cap, period[0], *whom), each, period) for period in _held(model, cap))


def _held(model: Model, cap: Cap) -> list[list[int]]:
    """The months of each row of a cap: by calendar period (a part of one is not scaled), or one by one."""
    months = model.dataset.window(cap.from_month, cap.until_month)
    if cap.measure in ("capacity_mw", "capacity_share", "obligation_usd"):
        return [[t] for t in months]

    return model.dataset.periods(months, cap.per)


def _measured(model: Model, cap: Cap, period: list[int]) -> tuple[float, dict[Quantity, float]]:
    """What a row holds at most or at least at 0, in model units: a constant, and how often each quantity counts."""
    units, carried, value = model.units, model.dataset.carried_into(cap, period), cap.value

    def parts(measure: str, weight: float, *, total: bool = False) -> dict[Quantity, float]:
        scope, name = ("total", "") if total or cap.scope == "total" else (cap.scope, cap.name or "")
        return {Quantity(measure, scope, name, t): weight for t in period}

    if cap.measure == "capacity_mw":
        return -value, parts("mw", 1.0)
    if cap.measure == "capacity_share":
        whole = parts("mw", -value, total=True)
        return 0.0, {each: weight + whole.pop(each, 0.0) for each, weight in parts("mw", 1.0).items()} | whole
    if cap.measure == "cash_usd":
        return -value / units.usd, parts("paid", 1.0)
    if cap.measure == "cash_share_of_revenue":
        constant = (carried.paid_usd - value * carried.revenue_usd) / units.usd
        return constant, parts("paid", 1.0) | parts("earned", -value, total=True)
    if cap.measure == "obligation_usd":
        return -value / units.usd, parts("owed", 1.0)
    constant = (carried.short_bn - value * carried.demanded_bn) / units.tokens_bn
    return constant, parts("short", 1.0) | parts("demanded", -value)


def _obligations_kept(model: Model) -> bool:
    """Whether every cap on obligations is kept at the variables' current values."""
    slack = 1e-6 * model.units.usd
    for cap in model.dataset.caps:
        for each in caps_by_name(model.dataset, cap) if cap.measure == "obligation_usd" else ():
            excess = owed_usd(model, each)[list(model.dataset.window(cap.from_month, cap.until_month))] - cap.value
            if np.any(excess > slack if cap.sense == "max" else excess < -slack):
                return False
    return True
