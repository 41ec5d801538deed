r"""Caps: policy on the portfolio. Each row holds a measure of a scope at most or at least at a value.

capacity_mw, capacity_share: committed MW online in each month. cash_usd: money paid in the months of a
calendar period; cash_share_of_revenue: that over revenue earned (baseline - forgone by limits - lost to shortfall).
obligation_usd: what signings up to a month still owe after it. shortfall_share: tokens short over tokens demanded after
limits, in a calendar period.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from models.core.compiled import Compiled
from models.core.ledgers import Source
from models.core.linear import Linear
from models.core.model import Model
from models.core.scopes import capacity_in_scope, in_scope
from models.core.vector import Vector
from models.demand.baseline import baseline_demand
from models.grouping import groups
from models.kinds import PROBE
from models.months import year_and_month
from models.schema import Cap

FAMILY = "cap_is_kept"
"""The rows that hold caps."""


def add_caps(model: Model) -> None:
    """Adds a row for each cap and each month or period it holds in."""
    for cap in model.dataset.caps:
        months = _months(model, cap)
        if cap.measure in ("capacity_mw", "capacity_share"):
            for t in months:
                _limit(model, cap, t, _capacity(model, cap, t), 1.0)
        elif cap.measure == "obligation_usd":
            for t in months:
                body = _obligation(model, cap, t)
                model.obligation_caps.append((body, cap.sense))
                _limit(model, cap, t, body, model.units.usd)
        else:
            for period in _periods(model, cap, months):
                measure = _shortfall if cap.measure == "shortfall_share" else _cash
                unit = 1.0 if cap.measure == "shortfall_share" else model.units.usd
                _limit(model, cap, period[0], measure(model, cap, period), unit)


def _limit(model: Model, cap: Cap, t: int, body: Linear, unit: float) -> None:
    """Adds a row: measured - value at most 0 or at least 0."""
    at_most, at_least = (0.0, None) if cap.sense == "max" else (None, 0.0)
    model.add_constraint(FAMILY, (cap.cap, t), body.times(1.0 / unit), at_most=at_most, at_least=at_least)


def caps_lifted(arrays: Compiled) -> Compiled:
    """The same problem with no cap to keep."""
    bound = ~_cap_rows(arrays)
    return replace(
        arrays,
        row_lower=np.where(bound, arrays.row_lower, -np.inf),
        row_upper=np.where(bound, arrays.row_upper, np.inf),
    )


def caps_exceeded(arrays: Compiled, values: Vector) -> tuple[str, ...]:
    """The names of the caps that column values do not keep, in the order of the sheet."""
    measured = arrays.matrix @ values
    slack = 1e-6 * np.maximum(1.0, abs(arrays.matrix) @ np.abs(values))
    beyond = (measured < arrays.row_lower - slack) | (measured > arrays.row_upper + slack)
    return tuple(dict.fromkeys(arrays.rows[i].index()[0] for i in np.flatnonzero(beyond & _cap_rows(arrays))))


def _cap_rows(arrays: Compiled) -> npt.NDArray[np.bool_]:
    return np.array([row.parent_component().name == FAMILY for row in arrays.rows], dtype=bool)


def value_weights(model: Model) -> dict[tuple[str, int], Linear]:
    """By cap and first month of each row: by how much a rise of the cap's value by 1 lowers the row's body.

    In the model units of the row: MW, model units of money or of tokens.
    """

    def periods(cap: Cap) -> list[list[int]]:
        months = _months(model, cap)
        by_month = cap.measure in ("capacity_mw", "capacity_share", "obligation_usd")
        return [[t] for t in months] if by_month else _periods(model, cap, months)

    return {(cap.cap, each[0]): _weight(model, cap, each) for cap in model.dataset.caps for each in periods(cap)}


def _weight(model: Model, cap: Cap, period: list[int]) -> Linear:
    if cap.measure == "capacity_share":
        return Linear().plus_all(_mw(model, period[0]))
    if cap.measure == "shortfall_share":
        return _demanded(model, cap, period)
    if cap.measure == "cash_share_of_revenue":
        return _revenue(model, cap, period).times(1.0 / model.units.usd)
    return Linear(1.0 if cap.measure == "capacity_mw" else 1.0 / model.units.usd)


def _months(model: Model, cap: Cap) -> list[int]:
    return list(model.dataset.window(cap.from_month, cap.until_month))


def _periods(model: Model, cap: Cap, months: list[int]) -> list[list[int]]:
    """The cap's months by calendar period; a part of one is not scaled."""

    def period(t: int) -> object:
        year, month = year_and_month(model.dataset.month(t))
        return {"month": t, "quarter": (year, (month - 1) // 3), "year": year, "horizon": 0}[cap.per]

    return list(groups((period(t), t) for t in months).values())


def _capacity(model: Model, cap: Cap, t: int) -> Linear:
    """MW in scope, less the value or the value's share of all MW."""
    share = cap.value if cap.measure == "capacity_share" else 0.0

    def part(source: Source) -> float:
        return (1.0 if capacity_in_scope(model.dataset, cap, source) else 0.0) - share

    return Linear(-cap.value if cap.measure == "capacity_mw" else 0.0).plus_all(_mw(model, t, part))


def _mw(model: Model, t: int, part: Callable[[Source], float] = lambda _: 1.0) -> Iterator[tuple[Linear, float]]:
    """What every source has online in month t, with the MW of an accelerator times the part of it that counts."""
    for (source, month), online in model.capacity.online.items():
        if month == t and source.kind != PROBE:
            yield online, part(source) * model.dataset.hardware_of[source.hardware].kw / 1000.0


def _cash(model: Model, cap: Cap, period: list[int]) -> Linear:
    """Money paid in the period, less the value or the value's share of revenue; USD."""
    charges = (each for t in period for each in model.costs.in_month(t) if in_scope(cap, each.payer))
    body = Linear(-cap.value if cap.measure == "cash_usd" else 0.0)
    body.plus_all((each.amount, each.cash) for each in charges)
    if cap.measure == "cash_share_of_revenue":
        body.plus(_revenue(model, cap, period), -cap.value)
        body.add_constant(model.dataset.carried_into(cap.cap, period).paid_usd)
    return body


def _revenue(model: Model, cap: Cap, period: list[int]) -> Linear:
    """USD of revenue earned in the period: what limits forgo and tokens short would have brought is not."""
    total = Linear(model.dataset.carried_into(cap.cap, period).revenue_usd)
    for t in period:
        total.add_constant(_baseline_revenue(model, t))
        total.plus(model.revenue_forgone.get(t, Linear()), -1.0)
        for segment in model.dataset.segments:
            usd_per_token_unit = segment.revenue_usd_per_mtok * 1000.0 * model.units.tokens_bn
            total.plus(model.shortfall.get((segment.segment, t), Linear()), -usd_per_token_unit)
    return total


def _baseline_revenue(model: Model, t: int) -> float:
    """USD of month t before limits."""
    dataset = model.dataset
    price = {each.segment: each.revenue_usd_per_mtok for each in dataset.segments}
    return sum(
        per_day[t] * dataset.hours(t) / 24.0 * 1000.0 * price[segment]
        for (segment, _), per_day in baseline_demand(dataset).items()
    )


def _obligation(model: Model, cap: Cap, t: int) -> Linear:
    """USD still due after month t from signings up to it, less the value."""
    due = (each for each in model.obligations if each.signed <= t < each.due and in_scope(cap, each.payer))
    return Linear(-cap.value).plus_all((each.amount, 1.0) for each in due)


def _shortfall(model: Model, cap: Cap, period: list[int]) -> Linear:
    """Tokens short in the period, less the value's share of tokens demanded after limits; model units."""
    body = Linear(model.dataset.carried_into(cap.cap, period).short_bn / model.units.tokens_bn)
    body.plus_all((short, 1.0) for (segment, t), short in model.shortfall.items() if _is_of(cap, segment, t, period))
    return body.plus(_demanded(model, cap, period), -cap.value)


def _demanded(model: Model, cap: Cap, period: list[int]) -> Linear:
    """Tokens of the cap's segments demanded after limits in the period; model units."""
    total = Linear(model.dataset.carried_into(cap.cap, period).demanded_bn / model.units.tokens_bn)
    demand = model.demand.items()
    return total.plus_all((demanded, 1.0) for (name, _, t, _), demanded in demand if _is_of(cap, name, t, period))


def _is_of(cap: Cap, segment: str, t: int, period: list[int]) -> bool:
    return t in period and (cap.scope == "total" or cap.name == segment)
