r"""Scenario subproblems: each scenario's model by itself, and the columns of the decisions it shares with others.

The whole-number decisions that scenarios share are the only thing that ties the subproblems together: with them
fixed, everything else that is shared (what limits have cost in churn, which limit begins) follows from them. A
decision may be missing in a scenario (its supplier has left the market), which is then not bound by it.

Multipliers w relax the tie. With $\sum_s p_s w_{sk} = 0$ over the scenarios that share decision k, costs $c_s + w_s$
instead of $c_s$ change no plan's expected cost, and the subproblems solved one by one bound it from below
(Lagrangian relaxation of non-anticipativity).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models.build import build_model
from models.core.compiled import Compiled, Named
from models.core.model import Model
from models.core.scaling import ModelUnits
from models.core.vector import Vector
from models.stochastic.extensive_form import DecisionKey, rows_over, shared_keys
from models.stochastic.tree import ScenarioTree

Bounds = Mapping[DecisionKey, tuple[float, float]]
"""The lower and upper bound of a shared decision over all scenarios that have it."""
LIMITS = "in_force"
"""The family of decisions that says which limit is in force (`models.demand.limits`)."""


class DecisionRow(NamedTuple):
    """A row over shared whole-number decisions alone."""

    keys: tuple[DecisionKey, ...]
    coefficients: tuple[float, ...]
    lower: float
    upper: float


@dataclass(frozen=True, eq=False)
class Subproblem:
    """One scenario's problem.

    Attributes
    ----------
    held
        Its model, None where it takes too much memory to be kept (`without_model`).
    shared_columns
        The column of each decision that other scenarios share.
    integer_columns
        The same of whole-number decisions alone.
    bounding_integers
        The unshared whole-number columns that a lower bound on its cost needs most: limits, else all. Half a price cut
        in every month serves just what capacity there is and costs nothing; other decisions that a scenario takes later
        are small beside its demand, or pay as fractions what they pay whole.
    """

    name: str
    probability: float
    arrays: Compiled
    units: ModelUnits
    shared_columns: Mapping[DecisionKey, int]
    integer_columns: Mapping[DecisionKey, int]
    bounding_integers: npt.NDArray[np.bool_]
    tree: ScenarioTree
    held: Model | None

    @property
    def model(self) -> Model:
        """Its model; built again where it is not kept."""
        return self.held or build_model(self.tree.dataset.in_scenario(self.name))

    def without_model(self, known: dict[Named, Named]) -> Subproblem:
        """The same without keeping its model; names of columns and rows are shared with those `known` of others."""
        return replace(self, arrays=self.arrays.without_model(known), held=None)

    @property
    def bounds(self) -> dict[DecisionKey, tuple[float, float]]:
        """The scenario's bounds of the whole-number decisions it shares."""
        arrays = self.arrays
        return {key: (float(arrays.lower[i]), float(arrays.upper[i])) for key, i in self.integer_columns.items()}

    @property
    def decision_rows(self) -> list[DecisionRow]:
        """The rows over whole-number decisions that it shares, and nothing else."""
        arrays, key_of = self.arrays, {i: key for key, i in self.integer_columns.items()}
        matrix = arrays.matrix.tocsr()
        matrix.sort_indices()
        shared = np.zeros(matrix.shape[1], dtype=bool)
        shared[list(key_of)] = True
        rows = np.flatnonzero(rows_over(matrix, shared) & (np.diff(matrix.indptr) > 0))
        found = []
        for i in rows:
            span = slice(matrix.indptr[i], matrix.indptr[i + 1])
            keys = tuple(key_of[int(column)] for column in matrix.indices[span])
            bounds = float(arrays.row_lower[i]), float(arrays.row_upper[i])
            found.append(DecisionRow(keys, tuple(matrix.data[span].tolist()), *bounds))
        return found

    def within(self, bounds: Bounds) -> Compiled:
        """The scenario's problem with its shared decisions within the bounds they have in all scenarios."""
        arrays = self.arrays
        lower, upper = arrays.lower.copy(), arrays.upper.copy()
        for key, i in self.integer_columns.items():
            lower[i], upper[i] = bounds[key]
        return arrays.within(lower, upper, arrays.integer)

    def decisions(self, values: Vector) -> dict[DecisionKey, float]:
        """The shared decisions in values by column; one that is NaN is left out."""
        return {key: float(np.round(values[i])) for key, i in self.integer_columns.items() if not np.isnan(values[i])}

    def by_column(self, amounts: Mapping[DecisionKey, float]) -> Vector:
        """Amounts by shared decision as one for each column, 0 for the others."""
        found: Vector = np.zeros(len(self.arrays.columns))
        for key, amount in amounts.items():
            found[self.integer_columns[key]] = amount
        return found

    def fixed_values(self, decisions: Mapping[DecisionKey, float]) -> Vector:
        """A value for each column that is decided, NaN for the others."""
        values: Vector = np.full(len(self.arrays.columns), np.nan)
        for key, i in self.integer_columns.items():
            if key in decisions:
                values[i] = decisions[key]
        return values


def build_subproblem(tree: ScenarioTree, name: str, model: Model | None = None) -> Subproblem:
    """The subproblem of a scenario, from its model where that is built."""
    model = model or build_model(tree.dataset.in_scenario(name))
    arrays, keys = model.compiled, shared_keys(tree, name, model)
    shared, integers = {}, {}
    for i, variable in enumerate(arrays.columns):
        key = keys.get(id(variable))
        if key is not None:
            shared[key] = i
            if arrays.integer[i]:
                integers[key] = i
    bounding = _bounding_integers(model, integers.values())
    return Subproblem(name, tree.probability[name], arrays, model.units, shared, integers, bounding, tree, model)


def _bounding_integers(model: Model, shared: Collection[int]) -> npt.NDArray[np.bool_]:
    arrays = model.compiled
    unshared = arrays.integer.copy()
    unshared[list(shared)] = False
    limits = {id(decision.variable) for decision in model.decisions if decision.family == LIMITS}
    found: npt.NDArray[np.bool_] = unshared & np.array([id(column) in limits for column in arrays.columns], bool)
    return found if found.any() else unshared


def tightest(bounds: Iterable[Bounds]) -> dict[DecisionKey, tuple[float, float]]:
    """The tightest bounds of each shared decision, in the order they are met."""
    found: dict[DecisionKey, tuple[float, float]] = {}
    for scenario in bounds:
        for key, (low, high) in scenario.items():
            lower, upper = found.get(key, (-np.inf, np.inf))
            found[key] = max(low, lower), min(high, upper)
    return found
