"""Marginal values: how the cost changes with one more unit of tokens, power or a cap, with decisions fixed.

They are duals of the linear program that is left when every signing, option and limit is fixed as the plan has
it, so they are local: they hold for a little more, not for a cluster more, and where a plan sits exactly at
the edge of something the value is one of several that are right.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Any

from models.build import build_model
from models.dataset import Dataset
from models.plan import Plan
from models.policy.caps import value_weights
from models.probes import POWER, TOKENS
from models.schema import Cap
from models.warm_start import start_values
from planner.solving.search import local_optimum

NOISE = 1e-9
"""Duals below this share of the largest are rounding."""


@dataclass(frozen=True, slots=True)
class TokenValue:
    """What one more billion tokens a day of a segment costs in month t.

    `usd` present value; `usd_per_mtok` in money of the month, for each million tokens.
    """

    month: int
    segment: str
    usd: float
    usd_per_mtok: float


@dataclass(frozen=True, slots=True)
class CapacityValue:
    """What one more MW of a hardware, online in a region in month t, would be worth.

    `usd` present value; `usd_per_accelerator_hour` in money of the month: what an hour of one may cost.
    """

    month: int
    region: str
    hardware: str
    usd: float
    usd_per_accelerator_hour: float


@dataclass(frozen=True, slots=True)
class CapValue:
    """What loosening a cap by one `unit` would save in the month, or the period that begins in it; present value."""

    month: int
    cap: str
    usd: float
    unit: str


@dataclass(frozen=True, slots=True)
class MarginalValues:
    """All marginal values of a plan; those of nothing are left out of `caps` only."""

    tokens: tuple[TokenValue, ...]
    capacity: tuple[CapacityValue, ...]
    caps: tuple[CapValue, ...]

    def capacity_usd(self) -> dict[tuple[str, str, int], float]:
        """Present value of a MW by region, hardware and month."""
        return {(each.region, each.hardware, each.month): each.usd for each in self.capacity}


def marginal_values(dataset: Dataset, plan: Plan) -> MarginalValues | None:
    """The marginal values of a plan; None where its decisions admit no plan of this workbook."""
    model = build_model(dataset, probes=True)
    best = local_optimum(model, start_values(model, plan))
    if best is None:
        return None
    unit = model.units.usd
    tokens, capacity = [], []
    for variable, dual in zip(model.compiled.columns, best.column_duals * unit, strict=True):
        family = variable.parent_component().name
        if family == TOKENS:
            segment, t = variable.index()
            mtok = 1000.0 * dataset.hours(t) / 24.0
            tokens.append(TokenValue(t, segment, float(dual), float(dual / dataset.discount(t) / mtok)))
        elif family == POWER:
            region, hardware, t = variable.index()
            hours = 1000.0 / dataset.hardware_of[hardware].kw * dataset.hours(t)
            hourly = -dual / dataset.discount(t) / hours
            capacity.append(CapacityValue(t, region, hardware, float(-dual) + 0.0, float(hourly) + 0.0))
    model.plan(best.values)  # gives the variables their values, which the caps' weights are worked out from
    caps = []
    by_name = {each.cap: each for each in dataset.caps}
    weights = value_weights(model)
    for row, dual in zip(model.compiled.rows, best.row_duals * unit, strict=True):
        if row.parent_component().name == "cap_is_kept" and dual:
            name, t = row.index()
            per_unit, words = _unit(by_name[name])
            loosened = -dual if by_name[name].sense == "max" else dual
            caps.append(CapValue(t, name, float(loosened * weights[name, t].value() * per_unit), words))
    return MarginalValues(
        tuple(_quiet(tokens)), tuple(_quiet(capacity)), tuple(each for each in _quiet(caps) if each.usd)
    )


def _unit(cap: Cap) -> tuple[float, str]:
    """The step of a cap's value that people think in."""
    if cap.measure.endswith("_usd"):
        return 1.0, "USD"
    return (1.0, "MW") if cap.measure == "capacity_mw" else (0.01, "percentage point")


def _quiet(values: list[Any]) -> list[Any]:
    """The values by month, rounding made an exact 0."""
    largest = max((abs(each.usd) for each in values), default=0.0)
    rates = ("usd_per_mtok", "usd_per_accelerator_hour")
    found = []
    for each in sorted(values, key=lambda each: each.month):
        if abs(each.usd) <= NOISE * largest and each.usd:
            each = replace(each, usd=0.0, **{rate: 0.0 for rate in rates if hasattr(each, rate)})
        found.append(each)
    return found


def totals_by_cap(values: MarginalValues) -> dict[str, float]:
    """What loosening each cap by one unit in all its months would save together; USD of present value."""
    found: dict[str, float] = defaultdict(float)
    for each in values.caps:
        found[each.cap] += each.usd
    return dict(found)
