r"""A problem with scenarios in parts: each scenario's model by itself, and the decisions it has in common with others.

The whole-number decisions that scenarios share are the only thing that ties the parts together: with them held,
everything else that is shared (what limits have cost in churn, which limit begins) follows from them. A decision may
be missing in a scenario (its supplier is gone), which is then not bound by it.

Multipliers w take the tie apart. With $\sum_s p_s w_{sk} = 0$ over the scenarios that share decision k, costs
$c_s + w_s$ instead of $c_s$ change no plan's expected cost, and the parts solved one by one bound it from below
(Lagrangian relaxation of non-anticipativity). `multipliers` are those at which this bound is that of the relaxation
of the extensive form.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from models.build import build_model
from models.core.compiled import Compiled
from models.core.model import Model
from models.stochastic.extensive_form import DecisionKey, ExtensiveForm, shared_keys
from models.stochastic.tree import ScenarioTree

Vector = npt.NDArray[np.float64]
Bounds = Mapping[DecisionKey, tuple[float, float]]
"""The least and most that a shared decision can be in all scenarios that have it."""
LIMITS = "in_force"
"""The family of decisions that says which limit is in force (`models.demand.limits`)."""


@dataclass(frozen=True, eq=False)
class Subproblem:
    """One scenario's model; `common` has the column of each decision it shares, `columns` of the whole-number ones."""

    name: str
    probability: float
    model: Model
    common: Mapping[DecisionKey, int]
    columns: Mapping[DecisionKey, int]
    months: Mapping[DecisionKey, int]

    @cached_property
    def lumps(self) -> npt.NDArray[np.bool_]:
        """The whole numbers of its own that a bound on its cost needs most: limits, else all, by column.

        Half a price cut in every month serves just what capacity there is and costs nothing; other decisions that a
        scenario takes later are small beside its demand, or pay as fractions what they pay whole.
        """
        arrays = self.model.compiled
        own = arrays.integer.copy()
        own[list(self.columns.values())] = False
        limits = {id(each.variable) for each in self.model.decisions if each.family == LIMITS}
        found: npt.NDArray[np.bool_] = own & np.array([id(each) in limits for each in arrays.columns], dtype=bool)
        return found if found.any() else own

    @property
    def bounds(self) -> dict[DecisionKey, tuple[float, float]]:
        arrays = self.model.compiled
        return {key: (float(arrays.lower[i]), float(arrays.upper[i])) for key, i in self.columns.items()}

    def within(self, bounds: Bounds) -> Compiled:
        """The scenario's problem, its shared decisions within the bounds they have in all scenarios."""
        arrays = self.model.compiled
        lower, upper = arrays.lower.copy(), arrays.upper.copy()
        for key, i in self.columns.items():
            lower[i], upper[i] = bounds[key]
        return arrays.within(lower, upper, arrays.integer)

    def decided(self, values: Vector) -> dict[DecisionKey, float]:
        """What the columns' values decide of what is shared."""
        return {key: float(np.round(values[i])) for key, i in self.columns.items() if not np.isnan(values[i])}

    def held(self, decided: Mapping[DecisionKey, float]) -> Vector:
        """A value for each column that is decided, NaN for the others."""
        values: Vector = np.full(len(self.model.compiled.columns), np.nan)
        for key, i in self.columns.items():
            if key in decided:
                values[i] = decided[key]
        return values


def build_subproblem(tree: ScenarioTree, name: str, model: Model | None = None) -> Subproblem:
    """A scenario's part; its model is built where none is given."""
    model = model or build_model(tree.dataset.in_scenario(name))
    shared = shared_keys(tree, name, model)
    month = {id(each.variable): each.month for each in model.decisions}
    common, columns, months = {}, {}, {}
    for i, variable in enumerate(model.compiled.columns):
        key = shared.get(id(variable))
        if key is not None:
            common[key] = i
            if model.compiled.integer[i]:
                columns[key], months[key] = i, month[id(variable)]
    return Subproblem(name, tree.probability[name], model, common, columns, months)


def tightest(bounds: Iterable[Bounds]) -> dict[DecisionKey, tuple[float, float]]:
    """The tightest bounds of each shared decision, in the order they are met."""
    found: dict[DecisionKey, tuple[float, float]] = {}
    for each in bounds:
        for key, (low, high) in each.items():
            least, most = found.get(key, (-np.inf, np.inf))
            found[key] = max(low, least), min(high, most)
    return found


@dataclass(frozen=True)
class Stages:
    """Spans of months between which scenarios part, as far as any two are still alike."""

    tree: ScenarioTree

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """The first month of each stage."""
        months = (0, *self.tree.branch_months)
        return tuple(t for t in months if any(len(members) > 1 for members in self.tree.nodes(t).values()))

    def of(self, month: int) -> int:
        """The stage of a month."""
        return max(0, bisect_right(self.starts, month) - 1)

    def path(self, name: str) -> tuple[str, ...]:
        """The node of a scenario in each stage."""
        return tuple(self.tree.node(name, t) for t in self.starts)

    @cached_property
    def order(self) -> tuple[str, ...]:
        """The scenarios, those of a node side by side."""
        position = {name: i for i, name in enumerate(self.tree.names)}
        return tuple(sorted(position, key=lambda name: ([position[node] for node in self.path(name)], position[name])))


def multipliers(form: ExtensiveForm, column_duals: Vector, row_duals: Vector) -> dict[str, Vector]:
    """Multipliers by scenario and column, 0 for its own, from the duals of the relaxed extensive form.

    With y the duals of a scenario's own rows, its part of the reduced costs is $p_s c_s - A_s^T y$. Each
    scenario gets its share, by probability, of the whole reduced cost instead; the difference is $p_s w_s$. In model
    units of money; the form's measure is the expected cost.
    """
    place = {id(row): i for i, row in enumerate(form.compiled.rows) if row is not None}
    weight = np.zeros(len(form.compiled.columns))
    for each in form.scenarios:
        weight[each.places] += form.tree.probability[each.name]
    found = {}
    for each in form.scenarios:
        arrays, probability = each.model.compiled, form.tree.probability[each.name]
        own = np.array([row_duals[place[id(row)]] if id(row) in place else 0.0 for row in arrays.rows])
        mine = probability * arrays.cost - arrays.matrix.T @ own
        fair = column_duals[each.places] * probability / weight[each.places]
        common = np.isin(each.places, list(form.shared.values()))
        found[each.name] = np.where(common, (fair - mine) / probability, 0.0)
    return found
