r"""Elastic program: the same model in which the user's own rules may be violated, at a penalty.

It finds which rules stand in the way of a plan (a minimal correction set). Violations are columns added to the
compiled rows that state a rule: by how much a cap's value would have to move, a share of shortfall be allowed, a
rule be dropped, a segment be split over sites, tokens go unserved, or power be missing in a pool (the probes of
`models.probes`, unfixed). The penalty of a violation is the change as a share of the figure written, 1 for a rule
that is dropped. The objective is the sum of the penalties alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from models.build import build_model
from models.core.compiled import Compiled
from models.core.linear import Linear
from models.core.model import Model
from models.core.vector import Vector
from models.dataset import Dataset
from models.demand.baseline import baseline_demand
from models.demand.sites import upper_bound
from models.grouping import sums
from models.plan import Plan
from models.policy.caps import value_weights
from models.policy.cash_account import CREDIT
from models.probes import POWER
from models.supply.registry import offers, offers_of_rule

if TYPE_CHECKING:
    from scipy.sparse import csc_array

Kind = Literal[
    "cap",
    "rule",
    "shortfall",
    "max_shortfall_share",
    "single_site",
    "may_tighten",
    "min_months_between_changes",
    "credit_line_usd",
    "run",
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
    CREDIT: "credit_line_usd",
    "run_is_done": "run",
}
"""The families of rows that state a user's rule, and which."""
WEIGHT = 1000.0
"""What a unit of penalty weighs in the objective: tiny costs would be lost in the solver's tolerances."""


@dataclass(frozen=True, slots=True)
class RelaxableRule:
    """A rule that may be relaxed: a cap, rule or segment by its name, missing capacity by its region and hardware."""

    kind: Kind
    name: str
    hardware: str = ""


def rule_of(row: Any) -> RelaxableRule | None:
    """The rule that a row of a compiled model states; None where it states none of the user's."""
    kind = FAMILIES.get(row.parent_component().name)
    key = row.index()
    return None if kind is None else RelaxableRule(kind, key if isinstance(key, str) else str(key[0]))


@dataclass(frozen=True, slots=True)
class Violation:
    """How far a solution violates a rule, by month: MW missing, tokens short (bn), or one figure at month 0.

    The figure of a cap is in units of its value, that of a share in shares, that of others the share of the
    rule that is dropped. `penalty` is its part of the objective.
    """

    rule: RelaxableRule
    by_month: dict[int, float]
    penalty: float

    @property
    def most(self) -> float:
        """The largest figure of any month."""
        return max(self.by_month.values())


@dataclass(frozen=True, slots=True)
class _Relaxation:
    """A column by which a rule is violated: its place, its month, what a unit of it means, and its penalty."""

    column: int
    month: int
    scale: float
    penalty: float


class Elastic:
    """The elastic problem of a dataset: `arrays` relaxes some of its rules, `violations` reads a solution."""

    def __init__(self, dataset: Dataset, *, every_month: bool = False) -> None:
        from scipy.sparse import csc_array, hstack

        self.dataset = dataset
        self.model: Model = build_model(dataset, probes=True, every_month=every_month)
        self.units = self.model.units
        plain = self.model.compiled
        self.columns: dict[RelaxableRule, list[_Relaxation]] = defaultdict(list)
        penalty = 1.0 / (self._all_mw() * len(dataset.horizon))
        for i, variable in enumerate(plain.columns):
            if variable.parent_component().name == POWER:
                region, hardware, t = variable.index()
                self.columns[RelaxableRule("capacity", region, hardware)].append(_Relaxation(i, t, 1.0, penalty))
        self._plain = plain
        self._matrix = csc_array(hstack([plain.matrix, self._relaxation_columns(plain)]))

    @property
    def relaxable(self) -> tuple[RelaxableRule, ...]:
        """Every rule that may be relaxed."""
        return tuple(self.columns)

    def arrays(self, allowed: Collection[RelaxableRule]) -> Compiled:
        """The problem in which only these rules may be violated."""
        plain, added = self._plain, self._matrix.shape[1] - self._plain.matrix.shape[1]
        upper = np.concatenate([plain.upper, np.zeros(added)])
        cost = np.zeros(self._matrix.shape[1])
        for rule, relaxations in self.columns.items():
            for each in relaxations:
                upper[each.column] = np.inf if rule in allowed else 0.0
                cost[each.column] = each.penalty * WEIGHT
        return Compiled(
            cost=cost,
            offset=0.0,
            matrix=self._matrix,
            row_lower=plain.row_lower,
            row_upper=plain.row_upper,
            lower=np.concatenate([plain.lower, np.zeros(added)]),
            upper=upper,
            integer=np.concatenate([plain.integer, np.zeros(added, dtype=bool)]),
            columns=(*plain.columns, *[None] * added),
            rows=plain.rows,
        )

    def violations(self, values: Vector, tolerance: float = 1e-7) -> tuple[Violation, ...]:
        """The rules that a solution violates, and how far."""
        plain = values[: len(self._plain.columns)]
        self.model.plan(plain)  # gives the variables their values, for ratios
        activity = self._plain.matrix @ plain
        excess = np.maximum(activity - self._plain.row_upper, self._plain.row_lower - activity)
        found = []
        for rule, relaxations in self.columns.items():
            penalty = float(sum(each.penalty * values[each.column] for each in relaxations))
            if penalty <= tolerance:
                continue
            used = [each for each in relaxations if values[each.column] > 0.0]
            amounts = sums((each.month, float(values[each.column]) * each.scale) for each in used)
            if rule.kind in ("cap", "max_shortfall_share"):
                amounts[0] = self._moved(rule, excess) or amounts[0]
            by_month = {t: amount for t, amount in sorted(amounts.items()) if amount > 0.0}
            if by_month:
                found.append(Violation(rule, by_month, penalty))
        return tuple(found)

    def plan(self, values: Vector) -> Plan:
        """The decisions of a solution."""
        return self.model.plan(values[: len(self._plain.columns)])

    def _moved(self, rule: RelaxableRule, excess: Vector) -> float:
        """By how much a value has to move: what a row has in excess, against what the value is multiplied by in it."""
        weighed = ((row, weight.value()) for row, weight in self._weights[rule])
        return max((float(excess[row]) / at for row, at in weighed if at > 1e-12), default=0.0)

    def _all_mw(self) -> float:
        """Power of everything there is and could be signed, at least 1 MW."""
        dataset = self.dataset
        kw = {each.hardware: each.kw for each in dataset.hardware}
        mw = sum(each.accelerators * kw[each.hardware] / 1000.0 for each in dataset.fleet)
        mw += sum(kind.most_units(row) * kind.mw_per_unit(dataset, row) for kind, row in offers(dataset) if kind.buys)
        return max(1.0, mw)

    def _relaxation_columns(self, plain: Compiled) -> csc_array:
        """New columns: one for each rule as a whole, one for each row of demand."""
        first, rows, columns, entries = len(plain.columns), [], [], []
        self._weights: dict[RelaxableRule, list[tuple[int, Linear]]] = defaultdict(list)
        tokens, weights, unit = self._tokens(), value_weights(self.model), self.units.tokens_bn
        counts = np.diff(plain.matrix.tocsr().indptr)
        added = count()
        for r, row in enumerate(plain.rows):
            rule = rule_of(row)
            if rule is None:
                continue
            kind, name, key = rule.kind, rule.name, row.index()
            if kind in ("shortfall", "single_site") and name not in self.dataset.segment_of:
                continue  # a run may be left out, and is served whole where it is done
            if kind == "shortfall" and not self._must_be_met(name):
                continue
            relaxations = self.columns[rule]
            size = 1.0
            if kind == "shortfall":
                relaxations.append(_Relaxation(first + next(added), int(key[-2]), unit, unit / tokens[name]))
            else:
                size = self._unit(rule)
                if not relaxations:
                    relaxations.append(_Relaxation(first + next(added), 0, size, 1.0))
                if kind in ("cap", "max_shortfall_share"):
                    weight = weights[key] if kind == "cap" else self._demanded(name, int(key[1]))
                    size *= max(upper_bound(weight), 1e-9)
                    self._weights[rule].append((r, weight))
                elif kind == "credit_line_usd":
                    size /= self.units.usd
                else:
                    size *= self._rule_size(name, key) if kind == "rule" else float(max(1, counts[r]))
            rows.append(r)
            columns.append(relaxations[-1].column - first)
            entries.append(size if np.isfinite(plain.row_lower[r]) else -size)
        from scipy.sparse import csc_array

        return csc_array((entries, (rows, columns)), shape=(plain.matrix.shape[0], next(added)))

    def _rule_size(self, name: str, key: object) -> float:
        """One offer more or less for rules that count; all of the first offer's units for one that requires."""
        rule = next(each for each in self.dataset.rules if each.rule == name)
        if rule.kind != "requires" or key == name:
            return 1.0
        first, _ = offers_of_rule(self.dataset, rule)
        return float(self.model.signings.most(first))

    def _unit(self, rule: RelaxableRule) -> float:
        """What one unit of penalty moves: as much as is written, or where that is nothing, something of its size."""
        if rule.kind == "credit_line_usd":
            return self.dataset.settings.credit_line_usd or 1e9
        if rule.kind != "cap":
            return 1.0
        cap = next(each for each in self.dataset.caps if each.cap == rule.name)
        if cap.value:
            return abs(cap.value)
        return self._all_mw() if cap.measure == "capacity_mw" else 1e9 if cap.measure.endswith("_usd") else 1.0

    def _must_be_met(self, name: str) -> bool:
        """Whether shortfall of the segment is not allowed, so that tokens unserved violate a rule."""
        segment = self.dataset.segment_of[name]
        return segment.shortfall_usd_per_mtok is None or segment.max_shortfall_share == 0.0

    def _tokens(self) -> dict[str, float]:
        """Billions of tokens each segment demands over the horizon before limits, at least a little."""
        found: dict[str, float] = defaultdict(lambda: 1e-9)
        for (segment, _), per_day in baseline_demand(self.dataset).items():
            for t in self.dataset.horizon:
                found[segment] += per_day[t] * self.dataset.hours(t) / 24.0
        return found

    def _demanded(self, name: str, month: int) -> Linear:
        demand = self.model.demand.items()
        return Linear().plus_all((each, 1.0) for (segment, _, t, _), each in demand if (segment, t) == (name, month))
