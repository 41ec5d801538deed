r"""The L-shaped master: the decisions that scenarios share, and of each scenario what it costs at least with them.

A column \theta_s stands for the cost of scenario s, and cuts say how it depends on the shared decisions x:
\theta_s >= least + slopes · x (Van Slyke and Wets 1969; one column a scenario: Birge and Louveaux 1988). The duals of
a scenario's relaxation with x held give a cut; a bound on the scenario priced with such slopes and solved with whole
numbers of its own gives a higher one (a floor: Lagrangian and strengthened Benders cuts, Zou, Ahmed and Sun 2019). A
cut without a scenario keeps away from decisions with which a scenario has no plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csc_array, csr_array, lil_array, vstack

from models.core.compiled import Compiled
from models.core.scaling import ModelUnits
from models.stochastic.extensive_form import DecisionKey, ExtensiveForm, rows_over
from models.stochastic.subproblem import Subproblem

Vector = npt.NDArray[np.float64]

RULED_OUT = 1e-6
"""By how much a cut without a scenario may be broken, as a share of its largest slope, within tolerances."""
BLURRED = 1e-9
"""Parts of a ray so much smaller than its largest, and sums of columns without a bound so small, are rounding."""


@dataclass(frozen=True, eq=False)
class Cut:
    r"""\theta of `scenario` >= `least` + `slopes` · x, in model units of money; without a scenario 0 >= the same."""

    scenario: str | None
    slopes: Mapping[DecisionKey, float]
    least: float

    def at(self, values: Mapping[DecisionKey, float]) -> float:
        """The right-hand side at shared decisions."""
        return self.least + sum(slope * values[key] for key, slope in self.slopes.items())


class Master:
    """The master of an extensive form that minimises expected cost; solves like a model."""

    def __init__(self, form: ExtensiveForm) -> None:
        self.units: ModelUnits = form.units
        self.cuts: list[Cut] = []
        arrays = form.compiled
        places = np.array(sorted(set(form.shared.values())), dtype=np.int64)
        position = {int(place): i for i, place in enumerate(places)}
        self._column = {key: position[place] for key, place in form.shared.items()}
        self._scenario = {each.name: len(places) + i for i, each in enumerate(form.scenarios)}
        rows = csr_array(arrays.matrix)
        shared = np.zeros(rows.shape[1], dtype=bool)
        shared[places] = True
        alone = np.flatnonzero(rows_over(rows, shared) & (np.diff(rows.indptr) > 0))
        self._rows = csr_array(rows[alone][:, places])
        self._row_bounds = arrays.row_lower[alone], arrays.row_upper[alone]
        free = np.full(len(self._scenario), np.inf)
        self._bounds = np.append(arrays.lower[places], -free), np.append(arrays.upper[places], free)
        self._cost = np.append(np.zeros(len(places)), [form.tree.probability[name] for name in self._scenario])
        self._integer = np.append(arrays.integer[places], free < 0)
        self._columns = (*(arrays.columns[place] for place in places), *self._scenario)

    @property
    def compiled(self) -> Compiled:
        """The arrays, with all cuts; columns are the shared decisions, then the scenarios' costs."""
        cuts = lil_array((len(self.cuts), len(self._columns)))
        least = np.empty(len(self.cuts))
        for i, cut in enumerate(self.cuts):
            # of a cut without a scenario only the direction matters
            scale = 1.0 if cut.scenario else max((abs(slope) for slope in cut.slopes.values()), default=1.0)
            for key, slope in cut.slopes.items():
                cuts[i, self._column[key]] -= slope / scale
            if cut.scenario:
                cuts[i, self._scenario[cut.scenario]] = 1.0
            least[i] = cut.least / scale
        wider = csr_array(
            (self._rows.data, self._rows.indices, self._rows.indptr), (self._rows.shape[0], len(self._columns))
        )
        return Compiled(
            cost=self._cost,
            offset=0.0,
            matrix=csc_array(vstack([wider, csr_array(cuts)])),
            row_lower=np.append(self._row_bounds[0], least),
            row_upper=np.append(self._row_bounds[1], np.full(len(least), np.inf)),
            lower=self._bounds[0],
            upper=self._bounds[1],
            integer=self._integer,
            columns=self._columns,
            rows=(None,) * (self._rows.shape[0] + len(least)),
        )

    def decided(self, values: Vector) -> dict[DecisionKey, float]:
        """The shared decisions that the columns' values mean, whole where they must be."""
        whole = np.where(self._integer, np.round(values), values)
        return {key: float(whole[i]) for key, i in self._column.items()}

    def expected(self, decided: Mapping[DecisionKey, float]) -> float:
        """What shared decisions cost at least, by the cuts there are; infinite where one rules them out."""
        least = dict.fromkeys(self._scenario, -np.inf)
        for cut in self.cuts:
            if cut.scenario:
                least[cut.scenario] = max(least[cut.scenario], cut.at(decided))
            elif cut.at(decided) > RULED_OUT * max(abs(slope) for slope in cut.slopes.values()):
                return np.inf
        return float(sum(self._cost[i] * least[name] for name, i in self._scenario.items()))


def lagrangian(part: Subproblem, prices: Vector, values: Vector) -> Cut:
    """What a scenario costs at least at any shared decisions; with `prices` by column its least is at `values`."""
    slopes = {key: -float(prices[i]) for key, i in part.common.items() if prices[i]}
    return Cut(part.name, slopes, part.model.compiled.objective(values) + float(prices @ values))


def tangent(part: Subproblem, decided: Mapping[DecisionKey, float], cost: float, duals: Vector) -> Cut:
    """What a scenario's relaxation costs around decisions held in it: `cost` with them, and the `duals` by column."""
    slopes = {key: float(duals[i]) for key, i in part.columns.items() if duals[i]}
    return Cut(part.name, slopes, cost - sum(slope * decided[key] for key, slope in slopes.items()))


def ruled_out(part: Subproblem, arrays: Compiled, ray: Vector, decided: Mapping[DecisionKey, float]) -> Cut | None:
    """What keeps away from decisions with which the rows of a scenario contradict each other (Farkas' lemma).

    `arrays` are the part's problem. With the weights of `ray` its rows together claim more than the columns can be;
    None where rounding blurs that.
    """
    columns = part.columns
    held = np.zeros(len(arrays.cost), dtype=bool)
    held[list(columns.values())] = True
    for weights in (ray, -ray):
        largest = max(float(np.abs(weights).max()), np.finfo(float).tiny)
        weight = np.where(np.abs(weights) > BLURRED * largest, weights / largest, 0.0)
        claim = np.where(weight > 0, arrays.row_lower, arrays.row_upper)
        claimed = float(np.sum(weight[weight != 0] * claim[weight != 0]))
        sums = np.where(held, 0.0, arrays.matrix.T @ weight)
        bound = np.where(sums > 0, arrays.upper, arrays.lower)
        sums[(np.abs(sums) <= BLURRED) & ~np.isfinite(bound)] = 0.0
        most = float(np.sum(sums[sums != 0] * bound[sums != 0]))
        if not np.isfinite(claimed) or not np.isfinite(most):
            continue
        slope = arrays.matrix.T @ weight
        cut = Cut(None, {key: -float(slope[i]) for key, i in columns.items() if slope[i]}, claimed - most)
        if cut.slopes and cut.at(decided) > RULED_OUT * max(abs(each) for each in cut.slopes.values()):
            return cut
    return None
