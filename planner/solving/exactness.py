"""What values come to, worked out in a problem's own arrays, whatever a solver says of them."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from models.core.compiled import Compiled
from models.core.vector import Vector
from planner.solving.scaling import Scaling

ROUNDING = 1e-13
"""Sums below this share of what they add up are rounding of doubles."""
PRECISION = 1e-6
"""Relative differences of cost below this are the solver's tolerances, and relative breaches of rows."""


def added_up(arrays: Compiled, values: Vector) -> float:
    """What the objective adds up, each amount without its sign: the size that rounding of the sum is compared with.

    At least a usual cost coefficient: where all amounts are rounding they are no measure of each other.
    """
    return max(1.0 / Scaling.of(arrays).cost, float(abs(arrays.cost) @ abs(values)) + abs(arrays.offset))


def cost_of(arrays: Compiled, values: Vector) -> float:
    """The objective at some values; exactly 0 where what is left of the sum is rounding."""
    cost = arrays.objective(values)
    return 0.0 if abs(cost) <= ROUNDING * added_up(arrays, values) else cost


def settled_cost(plan_usd: float, minimised_usd: float, bound_usd: float | None) -> float:
    """What a plan costs that was read from values which cost `minimised_usd`: less where its bills were settled then.

    Not where no plan is proven to cost as little: that is an error, which the audit shall find.
    """
    least = -math.inf if bound_usd is None else bound_usd - PRECISION * abs(bound_usd)
    return plan_usd if least <= plan_usd < minimised_usd else minimised_usd


def violation(arrays: Compiled, values: Vector) -> float:
    """The largest breach of a row or a bound, in the solver's units: relative to what a row adds up, where above 1."""
    scaling = Scaling.of(arrays)
    values = values / scaling.column
    lower, upper = arrays.lower / scaling.column, arrays.upper / scaling.column
    outside = np.maximum(lower - values, values - upper) / np.maximum(1.0, abs(values))
    return float(max(_breaches(arrays, scaling, values).max(initial=0.0), outside.max(initial=0.0)))


def rows_broken(arrays: Compiled, values: Vector) -> npt.NDArray[np.bool_]:
    """Which rows values breach by more than the solver's tolerances."""
    scaling = Scaling.of(arrays)
    return _breaches(arrays, scaling, values / scaling.column) > PRECISION


def _breaches(arrays: Compiled, scaling: Scaling, values: Vector) -> Vector:
    """By how much scaled values breach each row."""
    scaled = scaling.apply(arrays)
    rows, size = scaled.matrix @ values, np.maximum(1.0, abs(scaled.matrix) @ abs(values))
    breaches: Vector = np.maximum(scaled.row_lower - rows, rows - scaled.row_upper) / size
    return breaches


def duality_gap(arrays: Compiled, values: Vector, row_duals: Vector) -> float:
    """By how much values of a linear program may be above its optimum, as duals of its rows prove it.

    Relative to what the objective adds up.
    """
    return (arrays.objective(values) - dual_bound(arrays, values, row_duals)) / added_up(arrays, values)


def dual_bound(arrays: Compiled, values: Vector, row_duals: Vector) -> float:
    """What a linear program costs at least, as duals of its rows prove it; no more than its values cost.

    Worked out in the arrays, whatever the solver says.
    """
    prices = arrays.cost - arrays.matrix.T @ row_duals

    def least(each: Vector, lower: Vector, upper: Vector, at: Vector) -> float:
        bound = np.where(each > 0.0, lower, upper)
        # a price with no bound on its side is the solver's tolerance: what it comes to is counted where the values are
        return float(each @ np.where(np.isfinite(bound), bound, at))

    activity = arrays.matrix @ values
    bound = least(row_duals, arrays.row_lower, arrays.row_upper, activity)
    bound += least(prices, arrays.lower, arrays.upper, values)
    return arrays.objective(values) - max(0.0, float(arrays.cost @ values) - bound)
