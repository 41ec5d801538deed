r"""The extensive form: the models of all scenarios as one, with one copy of what they share.

A column that is decided in month t (`models.core.model.DecisionColumn`) is one column for all scenarios that cannot
be told apart in t, its bounds the tightest of theirs; every other column is its scenario's own. A scenario in which a
decision cannot be taken (its supplier is gone, service has not begun) has no such column and is not bound by it.
Rows over shared columns alone that say the same are one row. What is minimised is in `models.stochastic.risk`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csc_array, csr_array, vstack

from models.build import build_model
from models.core.compiled import Compiled
from models.core.model import DecisionColumn, Model
from models.core.scaling import ModelUnits, model_units
from models.dataset import Dataset
from models.plan import Plan
from models.stochastic.risk import Measure, with_objective
from models.stochastic.tree import ScenarioTree
from models.warm_start import start_values

Vector = npt.NDArray[np.float64]
DecisionKey = tuple[int, str, str, Hashable]
"""A decision shared by scenarios: the month it is taken in, their node in that month, its family and key.

The month tells apart what is one decision by its key alone: service that goes on in a month may be a renewal
in one scenario and, where it came late, a right to cancel not used in another.
"""


@dataclass(frozen=True, eq=False)
class ScenarioModel:
    """One scenario's model, where its columns are in the joint problem, and its cost by joint column.

    `places[i]` is the joint column of column i. Costs in model units of money.
    """

    name: str
    model: Model
    places: npt.NDArray[np.int64]
    cost: Vector
    offset: float


class ExtensiveForm:
    """The joint problem of a dataset with scenarios; solves like a model (`compiled`, `units`).

    `shared` has the joint column of each shared decision. `models` are those of scenarios already built.
    """

    def __init__(
        self, dataset: Dataset, measure: Measure | None = None, models: Mapping[str, Model] | None = None
    ) -> None:
        self.dataset = dataset
        self.tree = ScenarioTree(dataset)
        self.units: ModelUnits = model_units(dataset)
        self.scenarios: list[ScenarioModel] = []
        self.shared: dict[DecisionKey, int] = {}
        joined = _Joined()
        for name in self.tree.names:
            model = (models or {}).get(name) or build_model(dataset.in_scenario(name))
            self.scenarios.append(self._join(joined, name, model))
        constraints = joined.compiled()
        width = len(constraints.lower)
        costs = [_spread(each, width) for each in self.scenarios]
        offsets = [each.offset for each in self.scenarios]
        self.compiled: Compiled = with_objective(
            constraints, costs, offsets, self.tree.probability, measure or Measure.of(dataset), self.units.usd
        )

    def _join(self, joined: _Joined, name: str, model: Model) -> ScenarioModel:
        arrays = model.compiled
        keys = shared_keys(self.tree, name, model)
        places = np.empty(len(arrays.columns), dtype=np.int64)
        common = np.zeros(len(arrays.columns), dtype=bool)
        for i, variable in enumerate(arrays.columns):
            key = keys.get(id(variable))
            if key is None:
                places[i] = joined.column(arrays, i)
            elif key in self.shared:
                places[i] = self.shared[key]
                joined.tighten(places[i], arrays, i)
                common[i] = True
            else:
                places[i] = self.shared[key] = joined.column(arrays, i)
                common[i] = True
        joined.rows(arrays, places, common)
        return ScenarioModel(name, model, places, arrays.cost, arrays.offset)

    def costs(self, values: Vector) -> dict[str, float]:
        """Net present cost of each scenario in USD, at the joint columns' values."""
        return {
            each.name: (float(each.cost @ values[each.places]) + each.offset) * self.units.usd
            for each in self.scenarios
        }

    def plans(self, values: Vector) -> dict[str, Plan]:
        """The plan of each scenario that the joint columns' values mean."""
        found = {}
        for each in self.scenarios:
            compiled = {id(variable) for variable in each.model.compiled.columns}
            for decision in each.model.decisions:
                # a decision that changes nothing here is no column here, and is taken all the same
                key = shared_key(self.tree, each.name, decision)
                if id(decision.variable) not in compiled and key in self.shared:
                    decision.variable.set_value(round(float(values[self.shared[key]])), skip_validation=True)
            found[each.name] = each.model.plan(values[each.places])
        return found

    def start(self, plans: Mapping[str, Plan]) -> Vector:
        """A value for each joint column that plans of the scenarios mean, NaN where they say nothing.

        Of scenarios that share a decision the first that has a plan is taken at its word.
        """
        values: Vector = np.full(len(self.compiled.columns), np.nan)
        for each in self.scenarios:
            if each.name in plans:
                meant = start_values(each.model, plans[each.name])
                free = np.isnan(values[each.places])
                values[each.places[free]] = meant[free]
        return np.clip(values, self.compiled.lower, self.compiled.upper)

    def decided(self, values: Vector, taken: Callable[[int, str], bool]) -> Vector:
        """`values` of the whole-number decisions that are `taken`, by month and node; NaN for everything else."""
        held: Vector = np.full(len(self.compiled.columns), np.nan)
        for each in self.scenarios:
            month = {id(decision.variable): decision.month for decision in each.model.decisions}
            for i, variable in enumerate(each.model.compiled.columns):
                t = month.get(id(variable))
                place = each.places[i]
                if t is not None and self.compiled.integer[place] and taken(t, self.tree.node(each.name, t)):
                    held[place] = values[place]
        return held


def rows_over(matrix: csr_array, columns: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Which rows have entries in no other columns than these."""
    rows = matrix.shape[0]
    row = np.repeat(np.arange(rows), np.diff(matrix.indptr))
    alone: npt.NDArray[np.bool_] = np.bincount(row, weights=~columns[matrix.indices], minlength=rows) == 0
    return alone


def shared_keys(tree: ScenarioTree, scenario: str, model: Model) -> dict[int, DecisionKey]:
    """The decisions of a scenario's model that other scenarios share, by the variable's id."""
    found: dict[int, DecisionKey] = {}
    alike: dict[int, bool] = {}
    for each in model.decisions:
        if each.month not in alike:
            alike[each.month] = len(tree.alike(scenario, each.month)) > 1
        if alike[each.month]:
            found[id(each.variable)] = shared_key(tree, scenario, each)
    return found


def shared_key(tree: ScenarioTree, scenario: str, decision: DecisionColumn) -> DecisionKey:
    """What scenarios that share a decision of a scenario have in common."""
    return decision.month, tree.node(scenario, decision.month), decision.family, decision.key


def _spread(scenario: ScenarioModel, width: int) -> Vector:
    """A scenario's costs by joint column."""
    cost = np.zeros(width)
    np.add.at(cost, scenario.places, scenario.cost)
    return cost


class _Joined:
    """Columns and rows of the joint problem as they come in."""

    def __init__(self) -> None:
        self._columns: list[object] = []
        self._lower: list[float] = []
        self._upper: list[float] = []
        self._integer: list[bool] = []
        self._matrices: list[csr_array] = []
        self._bounds: list[tuple[Vector, Vector]] = []
        self._names: list[object] = []
        self._said: set[bytes] = set()

    def column(self, arrays: Compiled, i: int) -> int:
        self._columns.append(arrays.columns[i])
        self._lower.append(arrays.lower[i])
        self._upper.append(arrays.upper[i])
        self._integer.append(bool(arrays.integer[i]))
        return len(self._columns) - 1

    def tighten(self, place: int, arrays: Compiled, i: int) -> None:
        self._lower[place] = max(self._lower[place], arrays.lower[i])
        self._upper[place] = min(self._upper[place], arrays.upper[i])

    def rows(self, arrays: Compiled, places: npt.NDArray[np.int64], common: npt.NDArray[np.bool_]) -> None:
        """Adds a scenario's rows; those over shared columns alone only where none says the same yet."""
        matrix = csr_array(arrays.matrix)
        kept = np.ones(matrix.shape[0], dtype=bool)
        for i in np.flatnonzero(rows_over(matrix, common)):
            span = slice(matrix.indptr[i], matrix.indptr[i + 1])
            order = np.argsort(places[matrix.indices[span]])
            said = places[matrix.indices[span]][order].tobytes() + matrix.data[span][order].tobytes()
            said += np.array([arrays.row_lower[i], arrays.row_upper[i]]).tobytes()
            kept[i] = said not in self._said
            self._said.add(said)
        placed = csr_array(
            (matrix.data, places[matrix.indices], matrix.indptr), shape=(matrix.shape[0], len(self._columns))
        )
        self._matrices.append(placed[kept])
        self._bounds.append((arrays.row_lower[kept], arrays.row_upper[kept]))
        self._names.extend(name for name, keep in zip(arrays.rows, kept, strict=True) if keep)

    def compiled(self) -> Compiled:
        """The joint constraints; without an objective yet."""
        width = len(self._columns)
        parts: Iterable[csr_array] = (
            csr_array((each.data, each.indices, each.indptr), shape=(each.shape[0], width)) for each in self._matrices
        )
        return Compiled(
            cost=np.zeros(width),
            offset=0.0,
            matrix=csc_array(vstack(list(parts), format="csc")),
            row_lower=np.concatenate([low for low, _ in self._bounds]),
            row_upper=np.concatenate([high for _, high in self._bounds]),
            lower=np.array(self._lower),
            upper=np.array(self._upper),
            integer=np.array(self._integer, dtype=bool),
            columns=tuple(self._columns),
            rows=tuple(self._names),
        )
