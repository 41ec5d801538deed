r"""The L-shaped master problem: the decisions that scenarios share, and Benders cuts on what each scenario costs.

A column \theta_s stands for the cost of scenario s, and cuts bound it by the shared decisions x (Van Slyke and Wets
1969; one column a scenario: Birge and Louveaux 1988):

    minimise \sum_s p_s \theta_s   with   \theta_s >= intercept + slopes · x   for every cut

The duals of a scenario's relaxation with x fixed give a cut; a bound on the scenario priced with the same slopes and
solved with whole numbers of its own gives a higher one (Lagrangian and strengthened Benders cuts, Zou, Ahmed and Sun
2019). A feasibility cut, 0 >= intercept + slopes · x, cuts off decisions with which a scenario has no plan. The duals
of the cuts, where the master problem is relaxed, are multipliers of the scenarios' non-anticipativity.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from models.core.compiled import Compiled
from models.core.scaling import ModelUnits
from models.core.vector import Vector
from models.stochastic.extensive_form import DecisionKey
from models.stochastic.subproblem import Bounds, DecisionRow, Subproblem

if TYPE_CHECKING:
    from scipy.sparse import csr_array

FEASIBILITY_TOLERANCE = 1e-6
"""By how much a feasibility cut may be broken, as a share of its largest slope."""
ROUNDING = 1e-9
"""Parts of a dual ray so much smaller than its largest, and sums of columns without a bound so small, are rounding."""


@dataclass(frozen=True, eq=False)
class Cut:
    r"""\theta of `scenario` >= `intercept` + `slopes` · x, in model units; of a feasibility cut 0 is at least that."""

    scenario: str
    slopes: Mapping[DecisionKey, float]
    intercept: float
    feasibility: bool = False

    def value(self, decisions: Mapping[DecisionKey, float]) -> float:
        """The right-hand side at shared decisions."""
        return self.intercept + sum(slope * decisions[key] for key, slope in self.slopes.items())

    @property
    def steepest(self) -> float:
        """The largest slope either way."""
        return max((abs(slope) for slope in self.slopes.values()), default=1.0)


class Master:
    """The master problem of scenarios whose expected cost is minimised; solves like a model.

    Parameters
    ----------
    units
        Those of the scenarios' models.
    probability
        By scenario.
    bounds
        The bounds of every shared whole-number decision.
    keys
        The decisions that each scenario has, by scenario.
    rows
        By scenario, its rows over these decisions alone.

    Attributes
    ----------
    cuts
        In the order they were added.
    """

    def __init__(
        self,
        units: ModelUnits,
        probability: Mapping[str, float],
        bounds: Bounds,
        keys: Mapping[str, Collection[DecisionKey]],
        rows: Mapping[str, Collection[DecisionRow]],
    ) -> None:
        self.units = units
        self.cuts: list[Cut] = []
        self._column = {key: i for i, key in enumerate(bounds)}
        self._theta = {name: i for i, name in enumerate(probability)}
        self._probability = np.array(list(probability.values()))
        unique = tuple(dict.fromkeys(chain.from_iterable(rows.values())))
        self._has_key = np.array([[key in keys[name] for key in bounds] for name in probability], dtype=float)
        own = {name: frozenset(rows[name]) for name in probability}
        self._has_row = np.array([[row in own[name] for row in unique] for name in probability], dtype=float)
        limits = np.array(list(bounds.values())).reshape(-1, 2)
        self._decisions_alone = Compiled(
            cost=np.zeros(len(bounds)),
            offset=0.0,
            matrix=self._over_decisions([dict(zip(row.keys, row.coefficients, strict=True)) for row in unique]).tocsc(),
            row_lower=np.array([row.lower for row in unique]),
            row_upper=np.array([row.upper for row in unique]),
            lower=limits[:, 0],
            upper=limits[:, 1],
            integer=np.ones(len(bounds), dtype=bool),
            columns=(None,) * len(bounds),
            rows=(None,) * len(unique),
        )
        self._slopes, self._intercepts = self._over_decisions([]), np.zeros(0)
        self._scenario, self._of_cost = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=bool)

    def add(self, cuts: Iterable[Cut]) -> None:
        """Adds cuts; of a feasibility cut only the direction matters, and its largest slope becomes 1."""
        from scipy.sparse import vstack

        added = [self._without_rounding(cut) for cut in cuts]
        if not added:
            return
        self.cuts += added
        scale = np.array([1.0 / cut.steepest if cut.feasibility else 1.0 for cut in added])
        slopes = self._over_decisions([cut.slopes for cut in added]).multiply(scale[:, None])
        self._slopes = vstack([self._slopes, slopes], format="csr")
        self._intercepts = np.append(self._intercepts, scale * [cut.intercept for cut in added])
        self._scenario = np.append(self._scenario, [self._theta[cut.scenario] for cut in added])
        self._of_cost = np.append(self._of_cost, [not cut.feasibility for cut in added])

    def _without_rounding(self, cut: Cut) -> Cut:
        """The cut without slopes that are rounding, and no higher anywhere within the bounds."""
        lower, upper = self._decisions_alone.lower, self._decisions_alone.upper
        slopes, intercept = dict(cut.slopes), cut.intercept
        for key, slope in cut.slopes.items():
            least = min(slope * lower[self._column[key]], slope * upper[self._column[key]])
            if abs(slope) <= ROUNDING * cut.steepest and np.isfinite(least):
                intercept += least
                del slopes[key]
        return replace(cut, slopes=slopes, intercept=intercept)

    @property
    def compiled(self) -> Compiled:
        """The arrays, with all cuts; columns are the shared decisions, then the scenarios' costs."""
        from scipy.sparse import csr_array

        places = np.flatnonzero(self._of_cost), self._scenario[self._of_cost]
        theta = csr_array((np.ones(len(places[0])), places), shape=(len(self.cuts), len(self._theta)))
        unbounded = np.full(len(self._theta), -np.inf)
        return self._decisions_alone.extended(self._probability, unbounded, -self._slopes, theta, self._intercepts)

    def decisions(self, values: Vector, whole: bool = True) -> dict[DecisionKey, float]:
        """The shared decisions in values by column; those of a relaxation are not whole."""
        decided = np.round(values) if whole else values
        return {key: float(decided[i]) for key, i in self._column.items()}

    def expected_cost(self, decisions: Mapping[DecisionKey, float]) -> float:
        """A lower bound on the expected cost of shared decisions by the cuts so far, in model units of money.

        Infinite where a feasibility cut cuts them off.
        """
        values = self._intercepts + self._slopes @ np.array([decisions[key] for key in self._column])
        if (values[~self._of_cost] > FEASIBILITY_TOLERANCE).any():
            return np.inf
        theta = np.full(len(self._theta), -np.inf)
        np.maximum.at(theta, self._scenario[self._of_cost], values[self._of_cost])
        return float(self._probability @ theta)

    def multipliers(self, column_duals: Vector, row_duals: Vector) -> dict[str, dict[DecisionKey, float]]:
        r"""The multipliers at which the Lagrangian bound is the optimum of the relaxed master problem.

        A scenario's cuts, weighed by their duals, are what its cost rises by with each decision. Instead it gets its
        share, by probability among the scenarios that have them, of the reduced costs and of the rows over decisions.

        Parameters
        ----------
        column_duals, row_duals
            Of the relaxation.

        Returns
        -------
        dict
            By scenario and decision that it has, in model units of money; by decision $\sum_s p_s w_s = 0$.
        """
        from scipy.sparse import csr_array

        scenarios, cuts = len(self._theta), len(self.cuts)
        duals = row_duals[len(row_duals) - cuts :]
        weights = csr_array((duals, (self._scenario, np.arange(cuts))), shape=(scenarios, cuts))
        slopes = (weights @ self._slopes).toarray() / self._probability[:, None]
        shares = self._has_row * (row_duals[: len(row_duals) - cuts] / (self._probability @ self._has_row))
        reduced = self._has_key * (column_duals[: len(self._column)] / (self._probability @ self._has_key))
        found = self._decisions_alone.matrix.T.dot(shares.T).T + reduced - slopes
        return {
            name: {key: float(found[i, k]) for key, k in self._column.items() if self._has_key[i, k]}
            for name, i in self._theta.items()
        }

    def _over_decisions(self, rows: Sequence[Mapping[DecisionKey, float]]) -> csr_array:
        """Coefficients by decision, a row each."""
        from scipy.sparse import csr_array

        columns = [self._column[key] for row in rows for key in row]
        ends = np.cumsum([0, *(len(row) for row in rows)])
        values = np.array([value for row in rows for value in row.values()], dtype=float)
        return csr_array((values, np.array(columns, dtype=np.int64), ends), shape=(len(rows), len(self._column)))


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
        cut = Cut(subproblem.name, slopes, demanded - reached, feasibility=True)
        if cut.slopes and cut.value(decisions) > FEASIBILITY_TOLERANCE * cut.steepest:
            return cut
    return None
