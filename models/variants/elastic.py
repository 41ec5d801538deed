r"""Elastic: the same model in which the user's own rules may bend, at a price, to find what stands in a plan's way.

Bends are columns added to the compiled rows that state a rule: by how much a cap's value would have to move, a
share of shortfall be allowed, a rule be dropped, a segment be split over sites, tokens go unserved, or power be
missing in a pool (the probes of `models.probes`, set free). Their price is effort: the change as a share of what
is written, 1 for a rule dropped. The objective is effort alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.sparse import csc_array, hstack

from models.build import build_model
from models.core.compiled import Compiled
from models.core.linear import Linear
from models.core.model import Model
from models.dataset import Dataset
from models.demand.baseline import baseline_demand
from models.demand.sites import most
from models.plan import Plan
from models.policy.caps import value_weights
from models.probes import POWER

Kind = Literal[
    "cap",
    "rule",
    "shortfall",
    "max_shortfall_share",
    "single_site",
    "may_tighten",
    "min_months_between_changes",
    "capacity",
]
FAMILIES: dict[str, Kind] = {
    "cap_is_kept": "cap",
    "rule_holds": "rule",
    "demand_is_met": "shortfall",
    "shortfall_within_share": "max_shortfall_share",
    "one_site": "single_site",
    "limit_never_tightens": "may_tighten",
    "limit_stays": "min_months_between_changes",
}
"""The families of rows that state a user's rule, and which."""
WEIGHT = 1000.0
"""What a unit of effort weighs in the objective: tiny costs would be lost in the solver's tolerances."""


@dataclass(frozen=True, slots=True)
class Bend:
    """A rule that may bend: a cap, rule or segment by its name, or `region/hardware` for missing capacity."""

    kind: Kind
    name: str


@dataclass(frozen=True, slots=True)
class Bent:
    """How far a rule bends in a solution, by month: MW missing, tokens short (bn), or one figure at month 0.

    The figure of a cap is in units of its value, that of a share in shares, that of others the share of the
    rule that is dropped. `effort` is its part of the objective.
    """

    bend: Bend
    by_month: dict[int, float]
    effort: float

    @property
    def most(self) -> float:
        return max(self.by_month.values())


class Elastic:
    """The elastic problem of a dataset; `arrays` gives it to the solver with some bends allowed, `bent` reads it."""

    def __init__(self, dataset: Dataset, *, every_month: bool = False) -> None:
        self.dataset = dataset
        self.model: Model = build_model(dataset, probes=True, every_month=every_month)
        self.units = self.model.units
        plain = self.model.compiled
        self.columns: dict[Bend, list[int]] = defaultdict(list)
        self._scale: dict[int, float] = {}
        self._month: dict[int, int] = {}
        self._cost: dict[int, float] = {}
        for i, variable in enumerate(plain.columns):
            if variable.parent_component().name == POWER:
                region, hardware, t = variable.index()
                self._note(
                    Bend("capacity", f"{region}/{hardware}"), i, t, 1.0, 1.0 / (self._all_mw() * len(dataset.horizon))
                )
        matrix = self._bend_rows(plain)
        self._plain = plain
        self._matrix = csc_array(hstack([plain.matrix, matrix]))

    @property
    def bends(self) -> tuple[Bend, ...]:
        """Every rule that may bend."""
        return tuple(self.columns)

    def arrays(self, allowed: Collection[Bend]) -> Compiled:
        """The problem in which only these rules may bend."""
        plain, added = self._plain, self._matrix.shape[1] - self._plain.matrix.shape[1]
        upper = np.concatenate([plain.upper, np.zeros(added)])
        cost = np.zeros(self._matrix.shape[1])
        for bend, columns in self.columns.items():
            for i in columns:
                upper[i] = np.inf if bend in allowed else 0.0
                cost[i] = self._cost[i]
        return Compiled(
            cost=cost,
            offset=0.0,
            matrix=self._matrix,
            row_lower=plain.row_lower,
            row_upper=plain.row_upper,
            lower=np.concatenate([plain.lower, np.zeros(added)]),
            upper=upper,
            integer=np.concatenate([plain.integer, np.zeros(added, dtype=bool)]),
            columns=(*plain.columns, *range(added)),
            rows=plain.rows,
        )

    def bent(self, values: npt.NDArray[np.float64], tolerance: float = 1e-7) -> tuple[Bent, ...]:
        """The rules that bend in a solution, and how far."""
        plain = values[: len(self._plain.columns)]
        self.model.plan(plain)  # gives the variables their values, for ratios
        activity = self._plain.matrix @ plain
        excess = np.maximum(activity - self._plain.row_upper, self._plain.row_lower - activity)
        found = []
        for bend, columns in self.columns.items():
            effort = float(sum(self._cost[i] * values[i] for i in columns)) / WEIGHT
            if effort <= tolerance:
                continue
            by_month: dict[int, float] = defaultdict(float)
            for i in columns:
                if values[i] > 0.0:
                    by_month[self._month[i]] += float(values[i]) * self._scale[i]
            if bend.kind in ("cap", "max_shortfall_share"):
                by_month = defaultdict(float, {0: self._moved(bend, excess) or by_month[0]})
            found.append(Bent(bend, {t: amount for t, amount in sorted(by_month.items()) if amount > 0.0}, effort))
        return tuple(each for each in found if each.by_month)

    def plan(self, values: npt.NDArray[np.float64]) -> Plan:
        """The decisions of a solution."""
        return self.model.plan(values[: len(self._plain.columns)])

    def _moved(self, bend: Bend, excess: npt.NDArray[np.float64]) -> float:
        """By how much a value has to move: what a row has in excess, against what the value is multiplied by in it."""
        found = 0.0
        for row, weight in self._weights[bend]:
            at = weight.value()
            if at > 1e-12:
                found = max(found, float(excess[row]) / at)
        return found

    def _all_mw(self) -> float:
        """Power of everything there is and could be signed, at least 1 MW."""
        dataset = self.dataset
        kw = {each.hardware: each.kw for each in dataset.hardware}
        mw = sum(each.accelerators * kw[each.hardware] / 1000.0 for each in dataset.fleet)
        units = {each.lease: max(each.units_max, each.signed_units or 0) for each in dataset.leases}
        mw += sum(units[each.lease] * each.accelerators * kw[each.hardware] / 1000.0 for each in dataset.lease_hardware)
        mw += sum(max(each.max_blocks, each.signed_blocks or 0) * each.block_mw for each in dataset.contracts)
        return max(1.0, mw)

    def _note(self, bend: Bend, column: int, month: int, scale: float, cost: float) -> None:
        self.columns[bend].append(column)
        self._month[column], self._scale[column], self._cost[column] = month, scale, cost * WEIGHT

    def _bend_rows(self, plain: Compiled) -> csc_array:
        """New columns: one for each rule as a whole, one for each row of demand."""
        first, rows, columns, entries = len(plain.columns), [], [], []
        shared: dict[Bend, int] = {}
        self._weights: dict[Bend, list[tuple[int, Linear]]] = defaultdict(list)
        tokens, weights = self._tokens(), value_weights(self.model)
        counts = np.diff(plain.matrix.tocsr().indptr)
        added = 0
        for r, row in enumerate(plain.rows):
            kind = FAMILIES.get(row.parent_component().name)
            if kind is None:
                continue
            key = row.index()
            name = str(key if kind == "rule" and isinstance(key, str) else key[0])
            if kind == "shortfall" and not self._must_be_met(name):
                continue
            bend = Bend(kind, name)
            sign = 1.0 if np.isfinite(plain.row_lower[r]) else -1.0
            size = 1.0
            if kind == "shortfall":
                column = first + added
                added += 1
                self._note(bend, column, int(key[2]), self.units.tokens_bn, self.units.tokens_bn / tokens[name])
            else:
                if bend not in shared:
                    shared[bend] = first + added
                    added += 1
                    self._note(bend, shared[bend], 0, self._unit(bend), 1.0)
                column = shared[bend]
                if kind == "cap":
                    weight = weights[key[0], int(key[1])]
                    size = max(most(weight), 1e-9)
                    self._weights[bend].append((r, weight))
                elif kind == "max_shortfall_share":
                    weight = self._asked(name, int(key[1]))
                    size = max(most(weight), 1e-9)
                    self._weights[bend].append((r, weight))
                else:
                    size = float(max(1, counts[r])) if kind != "rule" else self._rule_size(name, key)
            rows.append(r)
            columns.append(column - first)
            entries.append(sign * size * (1.0 if kind == "shortfall" else self._unit(bend)))
        shape = plain.matrix.shape[0], added
        return csc_array((entries, (rows, columns)), shape=shape)

    def _rule_size(self, name: str, key: object) -> float:
        """One offer more or less for rules that count; all of the first offer's units for one that requires."""
        rule = next(each for each in self.dataset.rules if each.rule == name)
        return float(self.model.signings.most(rule.offers[0])) if rule.kind == "requires" and key != name else 1.0

    def _unit(self, bend: Bend) -> float:
        """What one unit of effort moves: as much as is written, or where that is nothing, something of its size."""
        if bend.kind != "cap":
            return 1.0
        cap = next(each for each in self.dataset.caps if each.cap == bend.name)
        if cap.value:
            return abs(cap.value)
        return self._all_mw() if cap.measure == "capacity_mw" else 1e9 if cap.measure.endswith("_usd") else 1.0

    def _must_be_met(self, name: str) -> bool:
        """Whether shortfall of the segment is not allowed, so that tokens unserved are a rule bent."""
        segment = self.dataset.segment_of[name]
        return segment.shortfall_usd_per_mtok is None or segment.max_shortfall_share == 0.0

    def _tokens(self) -> dict[str, float]:
        """Billions of tokens each segment asks for over the horizon before limits, at least a little."""
        found: dict[str, float] = defaultdict(lambda: 1e-9)
        for (segment, _), per_day in baseline_demand(self.dataset).items():
            for t in self.dataset.horizon:
                found[segment] += per_day[t] * self.dataset.hours(t) / 24.0
        return found

    def _asked(self, name: str, month: int) -> Linear:
        total = Linear()
        for (segment, _, t, _), asked in self.model.demand.items():
            if (segment, t) == (name, month):
                total.plus(asked)
        return total
