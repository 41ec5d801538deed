"""Warm start: values of the model's integer columns that an earlier plan means.

Only what was decided is given; the solver works out the rest. Decisions the model does not know are
passed over, and columns the plan says nothing of are left open.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from models.core.model import Model
from models.plan import Plan, Signing
from models.schema import LeaseTerm
from models.supply.lease_schedule import LeaseSchedule

OFFER_FAMILIES = (
    "units_by",
    "in_service",
    "leased_out_by",
    "contract_signed_by",
    "blocks",
    "tier_reached_by",
    "bought",
)
"""Families of columns whose first key is an offer, or an option on one."""


def start_values(model: Model, plan: Plan, left_open: str | None = None) -> npt.NDArray[np.float64]:
    """A warm start: values of the integer columns that an earlier plan means.

    Parameters
    ----------
    model
        The model to start.
    plan
        The earlier plan.
    left_open
        The name of an offer whose columns are left open.

    Returns
    -------
    array of shape (columns,)
        NaN for columns that the plan says nothing of, and for those left open.
    """
    meaning = ColumnValues(model, plan)
    names = {left_open, *(each.option for each in model.dataset.options if each.offer == left_open)}
    values: npt.NDArray[np.float64] = np.full(len(model.compiled.columns), np.nan)
    for i, variable in enumerate(model.compiled.columns):
        name = variable.parent_component().name
        family = meaning.families.get(name)
        if family is not None and not (name in OFFER_FAMILIES and variable.index()[0] in names):
            values[i] = family(*variable.index())
    # a value beyond its column's bounds would make the solver refuse all of them
    return np.minimum(np.maximum(values, model.compiled.lower), model.compiled.upper)


def decided_before(model: Model, values: npt.NDArray[np.float64], month: int) -> npt.NDArray[np.float64]:
    """The values of whole-number decisions taken before a month t; NaN for all other columns."""
    decided = {id(each.variable) for each in model.decisions if each.month < month}
    arrays = model.compiled
    ours = np.array([id(variable) in decided for variable in arrays.columns], dtype=bool) & arrays.integer
    return np.where(ours, values, np.nan)


def decided_by(model: Model, last: int) -> npt.NDArray[np.bool_]:
    """Which columns are decisions taken in month `last` or before: signings, notice, renewals, options and limits.

    A renewal is decided in the month before its first. Who serves whom, and at which site, adapts in every month.
    """
    dataset = model.dataset
    terms = {(each.lease, each.term_months): each for each in dataset.lease_terms}

    def of_service(lease: str, term: int, m: int, t: int) -> bool:
        schedule = LeaseSchedule(dataset, dataset.lease_of[lease], terms[lease, term], m)
        ahead = schedule.term.notice_months if t < schedule.term_end else 1
        return m <= last and t - ahead <= last

    families: dict[str, Callable[..., bool]] = {
        "units_by": lambda lease, m, term: m <= last,
        "in_service": of_service,
        "leased_out_by": lambda name, m: m <= last,
        "contract_signed_by": lambda contract, m: m <= last,
        "blocks": lambda contract, m, tier: m <= last,
        "tier_reached_by": lambda contract, m, tier: m <= last,
        "bought": lambda option, m: m <= last,
        "in_force": lambda segment, limit, t: t <= last,
    }
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
        self.terms: dict[str, list[LeaseTerm]] = {}
        for term in model.dataset.lease_terms:
            self.terms.setdefault(term.lease, []).append(term)
        self.tiers: dict[str, list[int]] = {}
        for tier in sorted(model.dataset.contract_tiers, key=lambda each: each.from_blocks):
            self.tiers.setdefault(tier.contract, []).append(tier.from_blocks)
        self.incremental = {each.contract for each in model.dataset.contracts if each.tier_mode == "incremental"}
        self.families: dict[str, Callable[..., float]] = {
            "units_by": lambda lease, m, term: self._units_by("lease", lease, m, term),
            "in_service": self._in_service,
            "leased_out_by": lambda name, m: self._units_by("lease_out", name, m, None),
            "contract_signed_by": lambda contract, m: float(self._units_by("contract", contract, m, None) > 0),
            "blocks": self._blocks,
            "tier_reached_by": self._tier_reached_by,
            "bought": lambda *key: float(key in self.bought),
            "in_force": lambda *key: float(key in self.limits),
            "runs_at": lambda *key: float(key in self.sites) if self.sites else float("nan"),
        }

    def _signings(self, kind: str, name: str, m: int) -> list[Signing]:
        return [each for each in self.plan.signings if (each.kind, each.name, each.month) == (kind, name, m)]

    def _units_by(self, kind: str, name: str, m: int, term: int | None) -> float:
        """Units signed up to a month, and in it up to a term: the running totals of `Model.add_cumulative_counts`."""
        order = {each.term_months: k for k, each in enumerate(self.terms.get(name, ()))}
        found = [each for each in self.plan.signings if (each.kind, each.name) == (kind, name) and not each.signed]
        last = order.get(term, 0) if term is not None else 0
        return float(
            sum(
                each.units for each in found if (each.month, order.get(each.term_months, 0) if term else 0) <= (m, last)
            )
        )

    def _units(self, kind: str, name: str, m: int, term: int | None = None) -> float:
        found = self._signings(kind, name, m)
        return float(sum(each.units for each in found if term is None or each.term_months == term))

    def _in_service(self, lease: str, term: int, m: int, t: int) -> float:
        """Units that go on in month t; NaN where service began so early or late that the plan had no such choice."""
        found = [each for each in self._signings("lease", lease, m) if each.term_months == term]
        if found and not any(self._could_end(each, t) for each in found):
            return float("nan")
        return float(sum(each.units for each in found if each.end >= t))

    def _could_end(self, signing: Signing, t: int) -> bool:
        """Whether the plan chose if units of a signing go on in month t, by cancelling or renewing."""
        terms = next(each for each in self.terms[signing.name] if each.term_months == signing.term_months)
        term_end = signing.start + signing.term_months
        if t < term_end:
            least = terms.cancel_after_months
            return least is not None and t - signing.start >= least + terms.notice_months
        since, months = t - term_end, terms.renewal_months or 0
        return since % months == 0 and since // months < terms.renewals_max if months else False

    def _tier_reached_by(self, contract: str, m: int, from_blocks: int) -> float:
        """Whether it is signed before month m, or in it at this tier or one before it."""
        earlier = any(
            (each.kind, each.name) == ("contract", contract) and not each.signed and each.month < m
            for each in self.plan.signings
        )
        tiers = (tier for tier in self.tiers[contract] if tier <= from_blocks)
        return float(earlier or any(self._blocks(contract, m, tier) > 0 for tier in tiers))

    def _blocks(self, contract: str, m: int, from_blocks: int) -> float:
        """Blocks billed at the tier: all of them at the tier reached, or those between two tiers."""
        count = self._units("contract", contract, m)
        spans = list(pairwise([*self.tiers[contract], float("inf")]))
        first = self.tiers[contract][0]
        for low, high in spans:
            if low == from_blocks:
                low = 1 if low == first else low  # blocks before the first tier bill at its rate
                if contract in self.incremental:
                    return max(0.0, min(count, high - 1) - low + 1)
                return count if low <= count < high else 0.0
        return 0.0
