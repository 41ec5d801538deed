r"""The L-shaped master problem: the decisions that scenarios share, and Benders cuts on what each scenario costs.

A column \theta_s stands for the cost of scenario s, and cuts bound it by the shared decisions x (Van Slyke and Wets
1969; one column a scenario: Birge and Louveaux 1988):

    minimise \sum_s p_s \theta_s   with   \theta_s >= intercept + slopes · x   for every cut

The duals of a scenario's relaxation with x fixed give a cut; a bound on the scenario priced with the same slopes and
solved with whole numbers of its own gives a higher one (Lagrangian and strengthened Benders cuts, Zou, Ahmed and Sun
2019). A feasibility cut, 0 >= intercept + slopes · x, cuts off decisions with which a scenario has no plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.core.compiled import Compiled
from models.core.scaling import ModelUnits
from models.core.vector import Vector
from models.stochastic.extensive_form import DecisionKey, ExtensiveForm, rows_over
from models.stochastic.subproblem import Subproblem

FEASIBILITY_TOLERANCE = 1e-6
"""By how much a feasibility cut may be broken, as a share of its largest slope."""
ROUNDING = 1e-9
"""Parts of a dual ray so much smaller than its largest, and sums of columns without a bound so small, are rounding."""


@dataclass(frozen=True, eq=False)
class Cut:
    r"""\theta of `scenario` >= `intercept` + `slopes` · x, in model units; a feasibility cut has no scenario."""

    scenario: str | None
    slopes: Mapping[DecisionKey, float]
    intercept: float

    def value(self, decisions: Mapping[DecisionKey, float]) -> float:
        """The right-hand side at shared decisions."""
        return self.intercept + sum(slope * decisions[key] for key, slope in self.slopes.items())

    @property
    def steepest(self) -> float:
        """The largest slope either way."""
        return max((abs(slope) for slope in self.slopes.values()), default=1.0)


class Master:
    """The master problem of an extensive form that minimises expected cost; solves like a model.

    Attributes
    ----------
    cuts
        In the order they were added; more may be added at any time.
    units
        Those of the scenarios' models.
    """

    def __init__(self, form: ExtensiveForm) -> None:
        self.units: ModelUnits = form.units
        self.cuts: list[Cut] = []
        arrays, probability = form.compiled, form.tree.probability
        joint_columns = np.array(sorted(set(form.shared.values())), dtype=np.int64)
        position = {int(column): i for i, column in enumerate(joint_columns)}
        self._column = {key: position[column] for key, column in form.shared.items()}
        self._theta = {scenario.name: i for i, scenario in enumerate(form.scenarios)}
        self._probability = np.array([probability[name] for name in self._theta])
        matrix = arrays.matrix.tocsr()
        shared = np.zeros(matrix.shape[1], dtype=bool)
        shared[joint_columns] = True
        rows = np.flatnonzero(rows_over(matrix, shared) & (np.diff(matrix.indptr) > 0))
        self._decisions_alone = Compiled(
            cost=np.zeros(len(joint_columns)),
            offset=0.0,
            matrix=matrix[rows][:, joint_columns].tocsc(),
            row_lower=arrays.row_lower[rows],
            row_upper=arrays.row_upper[rows],
            lower=arrays.lower[joint_columns],
            upper=arrays.upper[joint_columns],
            integer=arrays.integer[joint_columns],
            columns=tuple(arrays.columns[column] for column in joint_columns),
            rows=(None,) * len(rows),
        )

    @property
    def compiled(self) -> Compiled:
        """The arrays, with all cuts; columns are the shared decisions, then the scenarios' costs."""
        from scipy.sparse import lil_array

        slopes = lil_array((len(self.cuts), len(self._decisions_alone.columns)))
        theta = lil_array((len(self.cuts), len(self._theta)))
        intercepts = np.empty(len(self.cuts))
        for i, cut in enumerate(self.cuts):
            # of a feasibility cut only the direction matters
            scale = 1.0 if cut.scenario else cut.steepest
            for key, slope in cut.slopes.items():
                slopes[i, self._column[key]] -= slope / scale
            if cut.scenario:
                theta[i, self._theta[cut.scenario]] = 1.0
            intercepts[i] = cut.intercept / scale
        unbounded = np.full(len(self._theta), -np.inf)
        return self._decisions_alone.extended(self._probability, unbounded, slopes, theta, intercepts)

    def decisions(self, values: Vector) -> dict[DecisionKey, float]:
        """The shared decisions in values by column, whole where they must be."""
        decided = values[: len(self._decisions_alone.columns)]
        whole = np.where(self._decisions_alone.integer, np.round(decided), decided)
        return {key: float(whole[i]) for key, i in self._column.items()}

    def expected_cost(self, decisions: Mapping[DecisionKey, float]) -> float:
        """A lower bound on the expected cost of shared decisions by the cuts so far, in model units of money.

        Infinite where a feasibility cut cuts them off.
        """
        theta = dict.fromkeys(self._theta, -np.inf)
        for cut in self.cuts:
            value = cut.value(decisions)
            if cut.scenario:
                theta[cut.scenario] = max(theta[cut.scenario], value)
            elif value > FEASIBILITY_TOLERANCE * cut.steepest:
                return np.inf
        return float(self._probability @ [theta[name] for name in self._theta])


def lagrangian_cut(subproblem: Subproblem, multipliers: Vector, values: Vector) -> Cut:
    """The cut of a subproblem priced with multipliers by column, whose relaxation is at its least at `values`."""
    slopes = {key: -float(multipliers[i]) for key, i in subproblem.shared_columns.items() if multipliers[i]}
    intercept = subproblem.model.compiled.objective(values) + float(multipliers @ values)
    return Cut(subproblem.name, slopes, intercept)


def benders_cut(
    subproblem: Subproblem, decisions: Mapping[DecisionKey, float], cost: float, column_duals: Vector
) -> Cut:
    """The tangent to the cost of a subproblem's relaxation at fixed decisions, from its cost and duals there."""
    slopes = {key: float(column_duals[i]) for key, i in subproblem.integer_columns.items() if column_duals[i]}
    return Cut(subproblem.name, slopes, cost - sum(slope * decisions[key] for key, slope in slopes.items()))


def feasibility_cut(
    subproblem: Subproblem, problem: Compiled, ray: Vector, decisions: Mapping[DecisionKey, float]
) -> Cut | None:
    """The cut that keeps away from decisions with which a subproblem's rows contradict each other (Farkas' lemma).

    With the weights y of the ray the rows together demand y·b, and no columns x within their bounds reach it:
    y·b > max y·A x.

    Parameters
    ----------
    problem
        The subproblem's, its decisions free.
    ray
        A weight for each row; of either sign.

    Returns
    -------
    Cut or None
        None where rounding blurs the contradiction.
    """
    columns = subproblem.integer_columns
    decided = np.zeros(len(problem.cost), dtype=bool)
    decided[list(columns.values())] = True
    for weights in (ray, -ray):
        largest = max(float(np.abs(weights).max()), np.finfo(float).tiny)
        weight = np.where(np.abs(weights) > ROUNDING * largest, weights / largest, 0.0)
        bound = np.where(weight > 0, problem.row_lower, problem.row_upper)
        demanded = float(np.sum(weight[weight != 0] * bound[weight != 0]))
        gradient = problem.matrix.T @ weight
        sums = np.where(decided, 0.0, gradient)
        bound = np.where(sums > 0, problem.upper, problem.lower)
        sums[(np.abs(sums) <= ROUNDING) & ~np.isfinite(bound)] = 0.0
        reached = float(np.sum(sums[sums != 0] * bound[sums != 0]))
        if not np.isfinite(demanded) or not np.isfinite(reached):
            continue
        slopes = {key: -float(gradient[i]) for key, i in columns.items() if gradient[i]}
        cut = Cut(None, slopes, demanded - reached)
        if cut.slopes and cut.value(decisions) > FEASIBILITY_TOLERANCE * cut.steepest:
            return cut
    return None
