r"""The extensive form: the models of all scenarios as one, with one copy of what they share.

A column that is decided in month t (`models.core.model.DecisionColumn`) is one column for all scenarios that cannot
be told apart in t, its bounds the tightest of theirs; every other column is its scenario's own. A scenario in which a
decision cannot be taken (its supplier has left, service has not begun) has no such column and is not bound by it.
Rows over shared columns alone that are the same are one row. An offer that must be taken has to be in one scenario or
more: its rows are one row too. What is minimised is in `models.stochastic.risk`.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from models.build import build_model
from models.cancellation import check_cancelled
from models.core.compiled import Compiled
from models.core.model import DecisionColumn, Model
from models.core.scaling import ModelUnits
from models.core.vector import Vector
from models.dataset import Dataset
from models.garbage import pause_gc
from models.kinds import OfferKey
from models.plan import Plan
from models.policy.rules import MUST_BE_TAKEN
from models.policy.stability import PlanStability
from models.stochastic.risk import Measure, with_objective
from models.stochastic.tree import ScenarioTree
from models.supply.scaling import model_units
from models.warm_start import start_values

if TYPE_CHECKING:
    from scipy.sparse import csr_array

DecisionKey = tuple[int, str, str, Hashable]
"""A decision shared by scenarios: the month it is taken in, their node in that month, its family and key.

The month tells apart what is one decision by its key alone: service that goes on in a month may be a renewal
in one scenario and, where it came late, a right to cancel not used in another.
"""


@dataclass(frozen=True, eq=False)
class ScenarioModel:
    """One scenario's model in the joint problem; its costs are in model units of money.

    Attributes
    ----------
    joint_columns
        The joint column of each of the model's columns.
    cost, offset
        By column of the model.
    """

    name: str
    model: Model
    joint_columns: npt.NDArray[np.int64]
    cost: Vector
    offset: float


class ExtensiveForm:
    """The joint problem of a dataset with scenarios; solves like a model (`compiled`, `units`).

    Parameters
    ----------
    measure
        What is minimised; without it expected cost, with CVaR by the settings.
    models
        Those of scenarios already built, by scenario.
    stability
        A plan to keep to in the first stage: each scenario is charged for departing.

    Attributes
    ----------
    shared
        The joint column of each shared decision.
    """

    def __init__(
        self,
        dataset: Dataset,
        measure: Measure | None = None,
        models: Mapping[str, Model] | None = None,
        stability: PlanStability | None = None,
    ) -> None:
        self.dataset = dataset
        self.tree = ScenarioTree(dataset)
        self.units: ModelUnits = model_units(dataset)
        self.scenarios: list[ScenarioModel] = []
        self.shared: dict[DecisionKey, int] = {}
        joint = _JointConstraints()
        with pause_gc():  # what is built stays: looking through it again for each scenario would take ever longer
            for name in self.tree.names:
                check_cancelled()
                model = (models or {}).get(name) or build_model(dataset.in_scenario(name), stability=stability)
                self.scenarios.append(self._add(joint, name, model))
        constraints = joint.compiled()
        costs = _joint_costs(self.scenarios, len(constraints.lower))
        offsets = [scenario.offset for scenario in self.scenarios]
        self.compiled: Compiled = with_objective(
            constraints, costs, offsets, self.tree.probability, measure or Measure.of(dataset), self.units.usd
        )

    def _add(self, joint: _JointConstraints, name: str, model: Model) -> ScenarioModel:
        arrays = model.compiled
        keys = shared_keys(self.tree, name, model)
        joint_columns = np.empty(len(arrays.columns), dtype=np.int64)
        shared = np.zeros(len(arrays.columns), dtype=bool)
        for i, variable in enumerate(arrays.columns):
            key = keys.get(id(variable))
            shared[i] = key is not None
            if key is None or key not in self.shared:
                joint_columns[i] = joint.add_column(arrays, i)
            else:
                joint_columns[i] = self.shared[key]
                joint.tighten(self.shared[key], arrays, i)
            if key is not None:
                self.shared[key] = int(joint_columns[i])
        joint.add_rows(arrays, joint_columns, shared)
        return ScenarioModel(name, model, joint_columns, arrays.cost, arrays.offset)

    def costs(self, values: Vector) -> dict[str, float]:
        """Net present cost of each scenario in USD, at the joint columns' values."""
        return {
            scenario.name: (float(scenario.cost @ values[scenario.joint_columns]) + scenario.offset) * self.units.usd
            for scenario in self.scenarios
        }

    def plans(self, values: Vector) -> dict[str, Plan]:
        """The plan of each scenario that the joint columns' values mean."""
        decisions = {key: float(values[column]) for key, column in self.shared.items()}
        return {
            scenario.name: scenario_plan(
                self.tree, scenario.name, scenario.model, values[scenario.joint_columns], decisions
            )
            for scenario in self.scenarios
        }

    def start(self, plans: Mapping[str, Plan], left_open: OfferKey | None = None) -> Vector:
        """A value for each joint column to begin from that plans of the scenarios mean, NaN where they leave it open.

        Of scenarios that share a decision the first that has a plan decides it. `left_open`: an offer whose columns
        are left open.
        """
        values: Vector = np.full(len(self.compiled.columns), np.nan)
        for scenario in self.scenarios:
            if scenario.name in plans:
                own = start_values(scenario.model, plans[scenario.name], left_open)
                free = np.isnan(values[scenario.joint_columns])
                values[scenario.joint_columns[free]] = own[free]
        return np.clip(values, self.compiled.lower, self.compiled.upper)

    def integers_before(self, values: Vector, until: int) -> Vector:
        """`values` of the whole-number decisions taken before month t = `until`; NaN for every other joint column."""
        fixed: Vector = np.full(len(self.compiled.columns), np.nan)
        for scenario in self.scenarios:
            month = {id(decision.variable): decision.month for decision in scenario.model.decisions}
            for i, variable in enumerate(scenario.model.compiled.columns):
                column, t = scenario.joint_columns[i], month.get(id(variable))
                if t is not None and t < until and self.compiled.integer[column]:
                    fixed[column] = values[column]
        return fixed


def rows_over(matrix: csr_array, columns: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Which rows have entries in no other columns than these."""
    rows = matrix.shape[0]
    row = np.repeat(np.arange(rows), np.diff(matrix.indptr))
    within: npt.NDArray[np.bool_] = np.bincount(row, weights=~columns[matrix.indices], minlength=rows) == 0
    return within


def shared_keys(tree: ScenarioTree, scenario: str, model: Model) -> dict[int, DecisionKey]:
    """The decisions of a scenario's model that other scenarios share, by the variable's id."""
    found: dict[int, DecisionKey] = {}
    alike: dict[int, bool] = {}
    for decision in model.decisions:
        if decision.month not in alike:
            alike[decision.month] = len(tree.alike(scenario, decision.month)) > 1
        if alike[decision.month]:
            found[id(decision.variable)] = shared_key(tree, scenario, decision)
    return found


def shared_key(tree: ScenarioTree, scenario: str, decision: DecisionColumn) -> DecisionKey:
    """The key of a scenario's decision, the same in all scenarios that share it."""
    return decision.month, tree.node(scenario, decision.month), decision.family, decision.key


def scenario_plan(
    tree: ScenarioTree, scenario: str, model: Model, values: Vector, decisions: Mapping[DecisionKey, float]
) -> Plan:
    """The plan that values by column and shared decisions mean in a scenario.

    A decision that changes nothing in the scenario is no column there, and is taken all the same.
    """
    compiled = {id(variable) for variable in model.compiled.columns}
    for decision in model.decisions:
        key = shared_key(tree, scenario, decision)
        if id(decision.variable) not in compiled and key in decisions:
            decision.variable.set_value(round(decisions[key]), skip_validation=True)
    return model.plan(values)


def _joint_costs(scenarios: Sequence[ScenarioModel], width: int) -> csr_array:
    """The costs of each scenario, a row each, by joint column."""
    from scipy.sparse import csr_array

    rows = np.repeat(np.arange(len(scenarios)), [len(each.cost) for each in scenarios])
    columns = np.concatenate([each.joint_columns for each in scenarios])
    costs = np.concatenate([each.cost for each in scenarios])
    return csr_array((costs, (rows, columns)), shape=(len(scenarios), width))


class _JointConstraints:
    """Columns and rows of the joint problem as they are added."""

    def __init__(self) -> None:
        self._columns: list[object] = []
        self._lower: list[float] = []
        self._upper: list[float] = []
        self._integer: list[bool] = []
        self._entries: list[tuple[Vector, npt.NDArray[np.int64], npt.NDArray[np.int64]]] = []
        """Coefficients and joint columns of each scenario's rows, and how many each row has."""
        self._bounds: list[tuple[Vector, Vector]] = []
        self._rows: list[object] = []
        self._known: set[bytes] = set()
        self._taken: dict[Hashable, dict[int, float]] = {}
        """By offer that must be taken, the columns of its units with their coefficients."""

    def add_column(self, arrays: Compiled, i: int) -> int:
        """Adds a scenario's column; returns the joint column."""
        self._columns.append(arrays.columns[i])
        self._lower.append(arrays.lower[i])
        self._upper.append(arrays.upper[i])
        self._integer.append(bool(arrays.integer[i]))
        return len(self._columns) - 1

    def tighten(self, column: int, arrays: Compiled, i: int) -> None:
        """Narrows a joint column's bounds to those of a scenario's column."""
        self._lower[column] = max(self._lower[column], arrays.lower[i])
        self._upper[column] = min(self._upper[column], arrays.upper[i])

    def add_rows(self, arrays: Compiled, joint_columns: npt.NDArray[np.int64], shared: npt.NDArray[np.bool_]) -> None:
        """Adds a scenario's rows; those over shared columns alone only where no row is the same yet."""
        matrix = arrays.matrix.tocsr()
        kept = np.ones(matrix.shape[0], dtype=bool)
        for i in np.flatnonzero(rows_over(matrix, shared)):
            span = slice(matrix.indptr[i], matrix.indptr[i + 1])
            columns, bounds = joint_columns[matrix.indices[span]], np.array([arrays.row_lower[i], arrays.row_upper[i]])
            order = np.argsort(columns)
            row = columns[order].tobytes() + matrix.data[span][order].tobytes() + bounds.tobytes()
            kept[i] = row not in self._known
            self._known.add(row)
        for k, of in enumerate(arrays.rows):
            if of is not None and of.parent_component().name == MUST_BE_TAKEN:
                kept[k] = False
                span = slice(matrix.indptr[k], matrix.indptr[k + 1])
                units = zip(joint_columns[matrix.indices[span]].tolist(), matrix.data[span].tolist(), strict=True)
                self._taken.setdefault(of.index(), {}).update(units)
        counts = np.diff(matrix.indptr)
        entries = np.repeat(kept, counts)
        self._entries.append((matrix.data[entries], joint_columns[matrix.indices[entries]], counts[kept]))
        self._bounds.append((arrays.row_lower[kept], arrays.row_upper[kept]))
        self._rows.extend(row for row, keep in zip(arrays.rows, kept, strict=True) if keep)

    def compiled(self) -> Compiled:
        """The joint constraints; without an objective yet."""
        from scipy.sparse import csc_array, csr_array

        width = len(self._columns)
        data, columns, counts = (np.concatenate(part) for part in zip(*self._entries, strict=True))
        matrix = csr_array((data, columns, np.append(0, np.cumsum(counts))), shape=(len(counts), width))
        joint = Compiled(
            cost=np.zeros(width),
            offset=0.0,
            matrix=csc_array(matrix),
            row_lower=np.concatenate([low for low, _ in self._bounds]),
            row_upper=np.concatenate([high for _, high in self._bounds]),
            lower=np.array(self._lower),
            upper=np.array(self._upper),
            integer=np.array(self._integer, dtype=bool),
            columns=tuple(self._columns),
            rows=tuple(self._rows),
        )
        if not self._taken:
            return joint
        count = len(self._taken)
        placed = [(i, *each) for i, units in enumerate(self._taken.values()) for each in units.items()]
        row, column, units = (np.array(part) for part in zip(*placed, strict=True))
        return joint.extended(
            cost=[],
            lower=[],
            rows=csr_array((units, (row, column)), shape=(count, width)),
            added=csr_array((count, 0)),
            row_lower=np.ones(count),
        )
