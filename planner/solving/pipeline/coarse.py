"""The coarse problem: dispatch of merged regions, and what the true dispatch of each month adds to it, by cuts.

Where there are many segments and regions nearly all columns are dispatch, and a relaxation takes minutes. What is
decided stays as it is; dispatch is that of the merged problem (`models.core.merging`), which costs too little. A column
for what a month's dispatch costs is at least that, and at least what cuts say (Benders 1962): the duals of the month's
true dispatch with what is online held, which is a small linear program. In between stands the dispatch with alike
segments merged but no regions: it costs the same, or hardly less, and gives the cuts.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from models.core.compiled import Compiled, Named
from models.core.merging import merge
from models.core.scaling import ModelUnits
from models.core.vector import Vector
from models.supply.dispatch_rows import alike_segments_together, regions_together
from planner.solving.pipeline.monthly_dispatch import MonthlyDispatch, Places
from planner.solving.pipeline.side_by_side import Asked

CLOSE = 1e-3
"""The relaxation is cut off until its dispatch costs no more than this share of all above what the cuts say."""
HALFWAY = 0.5
"""Cuts are made so far from the best values known towards those of the relaxation, where they are deeper."""
LEAST_PROGRESS, ALL_THE_WAY, STALLED = 1e-5, 2, 8
"""Where it rises by less than this share so many times, cuts are made at the relaxation; more often, it is left."""
TRACE = 1e-7
"""Parts of a cut below this share of it are left out, at the most that they may come to."""


class CoarseProblem:
    """The coarse problem of a larger one, with the cuts so far.

    Its columns are those held, in the order of the larger one's, then what they put online, the merged dispatch, and
    what each month's dispatch costs.

    Parameters
    ----------
    whole
        The larger problem.
    units
        Its units.
    threads
        In which months are solved.
    should_stop
        Asked often by them.

    Attributes
    ----------
    arrays
        The coarse problem as it is searched now.
    whole
        The larger problem's dispatch.
    """

    def __init__(self, whole: Compiled, units: ModelUnits, threads: int, should_stop: Asked) -> None:
        self.whole = MonthlyDispatch(whole, units)
        apart = np.zeros(len(whole.columns), dtype=bool)
        apart[self.whole.held] = True
        fine = merge(whole, alike_segments_together(whole), apart)
        self._fine = MonthlyDispatch(fine.arrays, units, fine.column_of[self.whole.held])
        self._threads, self._should_stop = threads, should_stop
        self._lock = threading.Lock()
        self._base = self._coarse()
        self._cuts: list[tuple[Any, float]] = []
        self._core: Vector | None = None
        self._least, self._lower, self._stalled = np.inf, -np.inf, 0
        self.arrays = self._base

    @property
    def months(self) -> int:
        """How many months have a dispatch."""
        return self._fine.months

    def begins_at(self, basis: Any) -> Any:
        """The basis from which the next relaxation begins: cuts come behind the rows that it knows."""
        return basis

    def put_in(self, values: Vector) -> bool:
        """Puts in cuts near the relaxation's optimum, and all those made since; whether it is to be solved again."""
        with self._lock:
            return self._put_in(values)

    def put_in_known(self) -> None:
        """Puts in the cuts made since the last were."""
        with self._lock:
            self._take_in()

    def _put_in(self, values: Vector) -> bool:
        held, lower = values[: len(self._fine.held)], self.arrays.objective(values)
        self._stalled = 0 if lower > self._lower + LEAST_PROGRESS * abs(lower) else self._stalled + 1
        self._lower = max(lower, self._lower)
        core = held if self._core is None or self._stalled > ALL_THE_WAY else self._core
        at = core + HALFWAY * (held - core)
        cost = self._base_cost(at) + float(self._cut_at(at).sum())
        if cost < self._least:
            self._least, self._core = cost, at
        self._take_in()
        open_still = self._least - lower > CLOSE * abs(self._least)
        return open_still and self._stalled < STALLED and not self._should_stop()

    def narrow(self, change: Callable[[Compiled], Compiled]) -> None:
        """Searches a narrower problem of the same rows and columns from now on."""
        self._base, self._stalled = change(self._base), 0
        self._take_in()

    def completed(self, values: Vector) -> Vector | None:
        """The same decisions with what their dispatch truly costs, which also becomes cuts; None without a dispatch."""
        held = values[: len(self._fine.held)]
        with self._lock:
            costs = self._cut_at(held)
            total = self._base_cost(held) + float(costs.sum())
            if total < self._least:
                self._least, self._core = total, held
        if not np.isfinite(total):
            return None
        completed = values.copy()
        completed[-len(costs) :] = np.maximum(values[-len(costs) :], costs)
        return completed

    def of_whole(self, values: Vector) -> Vector | None:
        """The larger problem's values with the best dispatch for decisions; None where there is none."""
        held = values[: len(self._fine.held)]
        return self.whole.values(held, self.whole.optima(held, self._threads, lambda: False))

    def _base_cost(self, held: Vector) -> float:
        return float(self._base.cost[: len(held)] @ held) + self._base.offset

    def _take_in(self) -> None:
        from scipy.sparse import csr_array, vstack

        count = len(self._cuts)
        if not count:
            self.arrays = self._base
            return
        rows, least = zip(*self._cuts, strict=True)
        arrays = self._base.extended([], [], csr_array(vstack(rows)), csr_array((count, 0)), np.array(least))
        names = tuple(Named("month_cut", i) for i in range(count))
        self.arrays = replace(arrays, rows=(*self._base.rows, *names))

    def _cut_at(self, held: Vector) -> Vector:
        """Adds a cut for each month, and returns what the dispatch of each costs; infinite where it has none."""
        optima = self._fine.optima(held, self._threads, self._should_stop)
        costs = self._fine.costs(optima)
        taken = self._fine.coefficients @ held
        for month, found in enumerate(optima):
            rows = self._fine.rows_of(month)
            weights = self._fine.contradiction(month) if found is None else found.row_duals
            if weights is None:
                continue
            if found is not None:
                self._add_cut(month, rows, weights, float(costs[month] + weights @ taken[rows]))
                continue
            for each in (weights, -weights):  # either way of counting them
                sides = np.where(each > 0.0, self._fine.arrays.row_lower[self._fine.rows[rows]], 0.0)
                sides = np.where(each < 0.0, self._fine.arrays.row_upper[self._fine.rows[rows]], sides)
                least = float(each @ sides) - self._fine.most(month, each)
                if np.isfinite(least) and least > each @ taken[rows]:
                    self._add_cut(None, rows, each, least)
        return costs

    def _add_cut(self, month: int | None, rows: Places, weights: Vector, least: float) -> None:
        """The month's cost, if any, and what is online in rows at weights come to at least so much."""
        from scipy.sparse import csr_array

        slopes = np.zeros(len(self._online_least))
        known = self._online_of[rows] >= 0
        np.add.at(slopes, self._online_of[rows][known], (weights * self._online_share[rows])[known])
        used = np.flatnonzero(slopes)
        with np.errstate(over="ignore"):  # what has no bound is no trace
            ends = slopes[used] * np.array([self._online_least[used], self._online_most[used]])
        most, trace = ends.max(axis=0), np.abs(ends).max(axis=0) <= TRACE * abs(least)
        columns = len(self._fine.held) + used[~trace]
        values = slopes[used[~trace]]
        if month is not None:
            columns = np.append(columns, len(self._base.columns) - self._fine.months + month)
            values = np.append(values, 1.0)
        row = csr_array((values, (np.zeros(len(columns), int), columns)), shape=(1, len(self._base.columns)))
        self._cuts.append((row, least - float(most[trace].sum())))

    def _coarse(self) -> Compiled:
        """The problem without cuts."""
        from scipy.sparse import block_array, csc_array, csr_array, eye_array

        fine, arrays = self._fine, self._fine.arrays
        dispatch = np.zeros(len(arrays.rows), dtype=bool)
        dispatch[fine.rows] = True
        own = np.ones(len(arrays.columns), dtype=bool)
        own[fine.held] = False
        online = self._put_online()
        count = online.shape[0]
        known = np.flatnonzero(self._online_of >= 0)
        shape = len(fine.rows), count
        shares = csr_array((self._online_share[known], (known, self._online_of[known])), shape=shape)
        matrix: Any = csr_array(arrays.matrix)
        rows = [
            [matrix[~dispatch][:, fine.held], csr_array((int((~dispatch).sum()), count)), None],
            [online, -eye_array(count), None],
            [None, shares, matrix[fine.rows][:, own]],
        ]
        zeros, names = np.zeros(count), tuple(Named("online", i) for i in range(count))

        def columns(of: Vector, between: Vector) -> Vector:
            return np.concatenate([of[fine.held], between, of[own]])

        def sides(of: Vector) -> Vector:
            return np.concatenate([of[~dispatch], zeros, of[fine.rows]])

        places = [*fine.held, *[-1] * count, *np.flatnonzero(own)]
        split = replace(
            arrays,
            cost=columns(arrays.cost, zeros),
            matrix=csc_array(block_array(rows, format="csc")),
            row_lower=sides(arrays.row_lower),
            row_upper=sides(arrays.row_upper),
            lower=columns(arrays.lower, np.full(count, -np.inf)),
            upper=columns(arrays.upper, np.full(count, np.inf)),
            integer=np.concatenate([arrays.integer[fine.held], np.zeros(count + int(own.sum()), dtype=bool)]),
            columns=tuple(names[i - len(fine.held)] if j < 0 else arrays.columns[j] for i, j in enumerate(places)),
            rows=(
                *(arrays.rows[i] for i in np.flatnonzero(~dispatch)),
                *(Named("online_is", i) for i in range(count)),
                *(arrays.rows[i] for i in fine.rows),
            ),
        )
        apart = np.arange(len(split.columns)) < len(fine.held) + count
        merged = merge(split, regions_together(split), apart)
        return self._with_month_costs(merged.arrays, merged.column_of[len(fine.held) + count :], np.flatnonzero(own))

    def _put_online(self) -> Any:
        """What columns held come to in rows of dispatch, each different sum once; rows are their shares of these."""
        fine = self._fine
        coefficients = fine.coefficients
        coefficients.sort_indices()
        numbers: dict[tuple[bytes, bytes], int] = {}
        first: list[int] = []
        self._online_of = np.full(len(fine.rows), -1)
        self._online_share = np.ones(len(fine.rows))
        starts = coefficients.indptr.tolist()
        leading: list[float] = []
        for i in range(len(fine.rows)):
            data = coefficients.data[starts[i] : starts[i + 1]]
            if len(data):
                places = coefficients.indices[starts[i] : starts[i + 1]]
                key = places.tobytes(), np.round(data / data[0], 12).tobytes()
                number = numbers.setdefault(key, len(first))
                if number == len(first):
                    first.append(i)
                    leading.append(float(data[0]))
                self._online_of[i], self._online_share[i] = number, data[0] / leading[number]
        online = coefficients[first]
        lower, upper = fine.arrays.lower[fine.held], fine.arrays.upper[fine.held]
        rises, falls = online.maximum(0.0), online.minimum(0.0)
        with np.errstate(invalid="ignore"):
            self._online_least = np.nan_to_num(rises @ lower + falls @ upper, nan=-np.inf)
            self._online_most = np.nan_to_num(rises @ upper + falls @ lower, nan=np.inf)
        return online

    def _with_month_costs(self, arrays: Compiled, became: Any, columns: Any) -> Compiled:
        """A column for the cost of each month's dispatch, in place of the costs of the merged columns."""
        from scipy.sparse import csr_array, eye_array

        months = self._fine.months
        month_of = np.full(len(self._fine.arrays.columns), -1)
        for month in range(months):
            month_of[self._fine.columns_of(month)] = month
        of_merged = np.full(len(arrays.columns), -1)
        of_merged[became] = month_of[columns]
        priced = np.flatnonzero((of_merged >= 0) & (arrays.cost != 0.0))
        shape = months, len(arrays.columns)
        rows = csr_array((-arrays.cost[priced], (of_merged[priced], priced)), shape=shape)
        cost = arrays.cost.copy()
        cost[priced] = 0.0
        none = np.full(months, -np.inf)
        found = replace(arrays, cost=cost).extended(np.ones(months), none, rows, eye_array(months), np.zeros(months))
        names = tuple(Named("month_cost", i) for i in range(months))
        least = tuple(Named("month_costs_merged", i) for i in range(months))
        return replace(found, columns=(*arrays.columns, *names), rows=(*arrays.rows, *least))
