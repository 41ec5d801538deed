"""Warm start: values of the model's integer columns that an earlier plan means.

Only what was decided is given; the solver works out the rest. Decisions the model does not know are
passed over, and columns the plan says nothing of are left open.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from models.core.model import Model
from models.core.vector import Vector
from models.kinds import OfferKey
from models.plan import Plan
from models.supply.registry import KINDS, options_on


def start_values(model: Model, plan: Plan, left_open: OfferKey | None = None) -> Vector:
    """A warm start: values of the integer columns that an earlier plan means.

    Parameters
    ----------
    model
        The model to start.
    plan
        The earlier plan.
    left_open
        An offer whose columns are left open.

    Returns
    -------
    array of shape (columns,)
        NaN for columns that the plan says nothing of, and for those left open.
    """
    meaning = ColumnValues(model, plan)
    left = {} if left_open is None else _families_of(model, left_open)
    values: Vector = np.full(len(model.compiled.columns), np.nan)
    for i, variable in enumerate(model.compiled.columns):
        name = variable.parent_component().name
        family = meaning.families.get(name)
        if family is not None and not (name in left and variable.index()[0] in left[name]):
            values[i] = family(*variable.index())
    # a value beyond its column's bounds would make the solver refuse all of them
    return np.minimum(np.maximum(values, model.compiled.lower), model.compiled.upper)


def _families_of(model: Model, offer: OfferKey) -> dict[str, set[str]]:
    """The families of columns of an offer and of the options on it, and the first keys that are theirs."""
    families = offer.kind.start_values(model.dataset, Plan())
    return {"bought": {each.option for each in options_on(model.dataset, offer)}} | {
        family: {offer.name} for family in families
    }


def decided_before(model: Model, values: Vector, month: int) -> Vector:
    """The values of whole-number decisions taken before a month t; NaN for all other columns."""
    decided = {id(each.variable) for each in model.decisions if each.month < month}
    arrays = model.compiled
    ours = np.array([id(variable) in decided for variable in arrays.columns], dtype=bool) & arrays.integer
    return np.where(ours, values, np.nan)


def decided_by(model: Model, last: int) -> npt.NDArray[np.bool_]:
    """Which columns are decisions taken in month `last` or before: signings, notice, renewals, options and limits.

    A renewal is decided in the month before its first. Who serves whom, and at which site, adapts in every month.
    """
    families: dict[str, Callable[..., bool]] = {
        "bought": lambda option, m: m <= last,
        "in_force": lambda segment, limit, t: t <= last,
    }
    for kind in KINDS:
        families |= kind.decided_by(model.dataset, last)
    found = np.zeros(len(model.compiled.columns), dtype=bool)
    for i, variable in enumerate(model.compiled.columns):
        family = families.get(variable.parent_component().name)
        found[i] = family is not None and family(*variable.index())
    return found


def apply_decisions_without_effect(model: Model, plan: Plan, month: int) -> None:
    """Sets the plan's decisions before a month t that are no columns, because nothing in this model depends on them.

    A lease that starts beyond the horizon and pays nothing inside it is signed all the same.
    """
    meaning = ColumnValues(model, plan)
    compiled = {id(variable) for variable in model.compiled.columns}
    for each in model.decisions:
        family = meaning.families.get(each.family)
        if each.month < month and id(each.variable) not in compiled and family is not None:
            value = family(*each.variable.index())
            if not np.isnan(value):
                each.variable.set_value(round(value), skip_validation=True)


class ColumnValues:
    """What a plan says of each family of integer variables, by the keys of the family."""

    def __init__(self, model: Model, plan: Plan) -> None:
        self.plan = plan
        self.limits = {(each.segment, each.limit, each.month) for each in plan.limits}
        self.bought = {(each.name, each.month) for each in plan.options}
        self.sites = {(each.segment, each.site, each.month) for each in plan.serving}
        of_kinds = {name: family for kind in KINDS for name, family in kind.start_values(model.dataset, plan).items()}
        self.families: dict[str, Callable[..., float]] = of_kinds | {
            "bought": lambda *key: float(key in self.bought),
            "in_force": lambda *key: float(key in self.limits),
            "runs_at": lambda *key: float(key in self.sites) if self.sites else float("nan"),
        }
