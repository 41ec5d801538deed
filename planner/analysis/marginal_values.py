"""Marginal values: how the cost changes with one more unit of tokens, power or a cap, with decisions fixed.

They are one-sided derivatives of the linear program that is left when every signing, option and limit is fixed as the
plan has it: of a little more, and where the last little was worth something else, of that too. They hold for a little
more, not for a cluster more, and are never above what the best use of a little more is worth.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from models.build import Model, build_model
from models.cancellation import cancelled_by
from models.core.compiled import Compiled
from models.core.vector import Vector
from models.dataset import Dataset
from models.demand.baseline import segment_demand
from models.grouping import groups, sums
from models.plan import Plan
from models.policy.caps import FAMILY, value_weights
from models.probes import POWER, TOKENS
from models.schema import Cap
from models.stochastic.solution import StochasticSolution
from models.warm_start import start_values
from planner.analysis.other_side import of_either_side, on_the_other_side
from planner.errors import OutOfTime
from planner.solving.dispatch import completed_decisions
from planner.solving.held_rows import SPARE, broken_losses
from planner.solving.one_sided import OneSided, Slopes, one_sided_derivatives, saves
from planner.solving.pipeline.side_by_side import Asked, beside
from planner.solving.problem import fixed_at
from planner.solving.time_limit import TimeLimit

NOISE = 1e-9
"""Values below this share of the largest are rounding."""
SAME = 1e-6
"""What the last unit was worth is told where it differs by more than this share."""
SECONDS = 60.0
"""The time that the marginal values of a plan may take."""


@dataclass(frozen=True, slots=True)
class MarginalValue:
    """Worth or cost of a unit more, and of the last one where that is another; in USD of present value."""

    usd: float
    left_usd: float | None
    month: int


Value = TypeVar("Value", bound=MarginalValue)


@dataclass(frozen=True, slots=True)
class TokenValue(MarginalValue):
    """What one more billion tokens a day of a segment costs in month t, and what the last one did.

    `mtok`: million tokens in the month that a billion a day are, times the discount factor.
    """

    segment: str
    mtok: float

    @property
    def usd_per_mtok(self) -> float:
        """Money of the month for each million tokens."""
        return self.usd / self.mtok

    @property
    def left_usd_per_mtok(self) -> float | None:
        """The same of the last ones."""
        return None if self.left_usd is None else self.left_usd / self.mtok


@dataclass(frozen=True, slots=True)
class CapacityValue(MarginalValue):
    """What one more accelerator of a hardware, online in a region in month t, would be worth, and the last one was.

    `hours`: of the month, times the discount factor; `per_mw`: accelerators in a MW.
    """

    region: str
    hardware: str
    hours: float
    per_mw: float

    @property
    def usd_per_accelerator_hour(self) -> float:
        """Money of the month: what an hour of one more may cost."""
        return self.usd / self.hours

    @property
    def left_usd_per_accelerator_hour(self) -> float | None:
        """The same of the last one."""
        return None if self.left_usd is None else self.left_usd / self.hours


@dataclass(frozen=True, slots=True)
class CapValue(MarginalValue):
    """What loosening a cap by one `unit` would save in the month, or the period that begins in it.

    `left_usd`: what tightening it by one would cost.
    """

    cap: str
    unit: str


@dataclass(frozen=True, slots=True)
class MarginalValues:
    """All marginal values of a plan; those of nothing are left out of `caps` only."""

    tokens: tuple[TokenValue, ...]
    capacity: tuple[CapacityValue, ...]
    caps: tuple[CapValue, ...]

    def capacity_usd(self) -> dict[tuple[str, str, int], float]:
        """Present value of a MW by region, hardware and month."""
        return {(each.region, each.hardware, each.month): each.usd * each.per_mw for each in self.capacity}


def marginal_values(
    dataset: Dataset, plan: Plan, seconds: float = SECONDS, threads: int = 1, built: Model | None = None
) -> MarginalValues | None:
    """The marginal values of a plan; None where its decisions admit no plan of this workbook, or none is found in time.

    What is not found within `seconds` is left out. `threads`: programs solved side by side, 0 for one a core.
    `built`: their model, where it is there already.
    """
    found = _every_value(dataset, plan, seconds, threads, built)
    return None if found is None else _telling(found)


def marginal_values_beside(
    dataset: Dataset,
    plan: Plan,
    work: Callable[[], Plan],
    threads: int,
    should_stop: Asked,
    built: Model | None = None,
) -> tuple[Plan, MarginalValues | None]:
    """Marginal values, worked out in another thread while work is done that tells which plan is to be published.

    They are None where another one is, or once it is to stop. Their model, where it is not `built` already, is built
    first: no two are built at once.
    """
    limit, found = TimeLimit(SECONDS), list[MarginalValues | None]()
    model = built or _probed(dataset, plan, limit)
    if model is None:
        return work(), None
    with beside(lambda _: found.append(_values_of(model, plan, limit, threads, should_stop))):
        stands = work()
    values = found[0] if stands is plan and not should_stop() else None
    return stands, None if values is None else _telling(values)


def marginal_values_by_scenario(
    dataset: Dataset, plans: StochasticSolution, seconds: float = SECONDS
) -> tuple[MarginalValues | None, dict[str, MarginalValues]]:
    """The expected marginal values of plans for scenarios, and those of each scenario of which they were found.

    What one more is worth in expectation is the mean of what it is worth in each scenario: with decisions held nothing
    ties them. Where it was not found in every scenario it is left out; what the last one was worth is told by scenario.
    """
    ends, found = time.monotonic() + seconds, dict[str, MarginalValues]()
    for i, each in enumerate(plans.scenarios):
        left = max(0.1, ends - time.monotonic()) / (len(plans.scenarios) - i)
        values = _every_value(dataset.in_scenario(each.name), each.plan, left)
        if values is not None:
            found[each.name] = values
    if len(found) < len(plans.scenarios):
        return None, {name: _telling(each) for name, each in found.items()}
    weighted = [(probability, found[name]) for name, probability in plans.probability.items()]
    mean = MarginalValues(
        tuple(_means([(weight, each.tokens) for weight, each in weighted])),
        tuple(_means([(weight, each.capacity) for weight, each in weighted])),
        tuple(_means([(weight, each.caps) for weight, each in weighted])),
    )
    return _telling(mean), {name: _telling(each) for name, each in found.items()}


def _means(weighted: Sequence[tuple[float, Sequence[Value]]]) -> Iterator[Value]:
    """The mean of what one more is worth, of what every scenario has."""
    by_place = groups(
        (replace(each, usd=0.0, left_usd=None), weight * each.usd) for weight, values in weighted for each in values
    )
    return _quiet([replace(each, usd=sum(of)) for each, of in by_place.items() if len(of) == len(weighted)])


def _telling(found: MarginalValues) -> MarginalValues:
    """The same without caps that are worth nothing."""
    return replace(found, caps=tuple(each for each in found.caps if each.usd or each.left_usd))


def _every_value(
    dataset: Dataset, plan: Plan, seconds: float, threads: int = 1, built: Model | None = None
) -> MarginalValues | None:
    """The marginal values of a plan, those of caps that are worth nothing too."""
    limit = TimeLimit(seconds)
    model = built or _probed(dataset, plan, limit)
    return None if model is None else _values_of(model, plan, limit, threads)


def _probed(dataset: Dataset, plan: Plan, limit: TimeLimit) -> Model | None:
    """The model whose columns are asked what one more of them is worth; None where it is not built in time."""
    # with decisions held a loss decides whether there is a plan, and a small step matters to those barely survived only
    held = replace(dataset, losses=broken_losses(dataset, plan, SPARE))
    try:
        with cancelled_by(limit.check):
            return build_model(held, probes=True)
    except OutOfTime:
        return None


def _values_of(
    model: Model, plan: Plan, limit: TimeLimit, threads: int, should_stop: Asked = lambda: False
) -> MarginalValues | None:
    dataset = model.dataset
    told = start_values(model, plan)
    decisions = completed_decisions(model, told, max(0.1, limit.left()))
    if decisions is None:
        return None
    arrays = fixed_at(model.compiled, decisions)
    caps = {i: row.index() for i, row in enumerate(arrays.rows) if row.parent_component().name == FAMILY}

    def sizes(values: Vector) -> dict[int, float]:
        """What the row of each cap adds up; where that is nothing a unit of it, as less is within tolerances."""
        matrix = abs(arrays.matrix)
        size, unit = matrix @ abs(values), matrix.max(axis=1).toarray().ravel()
        return {i: float(size[i] if size[i] > NOISE * unit[i] else max(unit[i], NOISE)) for i in caps}

    bases, none_online = _bases(model, plan)
    power = [i for i in bases if arrays.columns[i].parent_component().name == POWER]

    adapts = np.flatnonzero(np.isnan(told) & model.compiled.integer)

    def derivatives(
        program: Compiled, known: OneSided | None = None, only: Collection[tuple[str, int]] = ()
    ) -> OneSided | None:
        return one_sided_derivatives(
            program,
            {i: base for i, base in bases.items() if not only or ("column", i) in only},
            lambda values: {i: size for i, size in sizes(values).items() if not only or ("row", i) in only},
            max(0.1, limit.left()),
            helpful=power,
            none_to_lose=none_online,
            elsewhere=known,
            adapts=adapts,
            threads=threads or os.cpu_count() or 1,
            should_stop=should_stop,
        )

    found = derivatives(arrays)
    if found is None:
        return None
    worth = frozenset(adapts[saves((found.duals * (1.0 - 2.0 * found.values))[adapts], found.duals)].tolist())
    if other := on_the_other_side(arrays, found, worth):
        found = of_either_side(found, derivatives(other, found), arrays)
    if other := on_the_other_side(arrays, found, worth.union(*found.saved.values())):
        new = frozenset(np.flatnonzero(other.lower != arrays.lower).tolist()) - worth
        if only := [each for each, columns in found.saved.items() if columns & new]:
            found = of_either_side(found, derivatives(other, found, only), arrays)
    model.plan(found.values)  # gives the variables their values, which the caps' weights are worked out from
    unit, tokens, capacity = model.units.usd, list[TokenValue](), list[CapacityValue]()
    for i, slopes in found.columns.items():
        column = arrays.columns[i]
        if column.parent_component().name == TOKENS:
            segment, t = column.index()
            mtok = 1000.0 * dataset.hours(t) / 24.0 * dataset.discount(t)
            tokens += [TokenValue(*each, t, segment, mtok) for each in _sides(slopes, unit)]
        else:
            region, hardware, t = column.index()
            per_mw = 1000.0 / dataset.hardware_of[hardware].kw
            hours = dataset.hours(t) * dataset.discount(t)
            sides = _sides(slopes, -unit / per_mw)
            capacity += [CapacityValue(*each, t, region, hardware, hours, per_mw) for each in sides]
    return MarginalValues(tuple(_quiet(tokens)), tuple(_quiet(capacity)), tuple(_caps(model, caps, found.rows, unit)))


def _bases(model: Model, plan: Plan) -> tuple[dict[int, float], set[int]]:
    """What each probe adds to: tokens a day or MW of its pool, of all where there are none; and those probes."""
    dataset, per_day = model.dataset, segment_demand(model.dataset)
    pools = sums(((each.region, each.hardware, each.month), each.mw) for each in plan.online)
    months = sums((each.month, each.mw) for each in plan.online)
    found, none_online = dict[int, float](), set[int]()
    for i, column in enumerate(model.compiled.columns):
        family = column.parent_component().name
        if family == TOKENS:
            found[i] = per_day[column.index()]
        elif family == POWER:
            _, hardware, t = column.index()
            found[i] = pools[column.index()] or months[t] or dataset.hardware_of[hardware].kw / 1000.0
            if not pools[column.index()]:
                none_online.add(i)
    return found, none_online


def _sides(slopes: Slopes, factor: float) -> list[tuple[float, float | None]]:
    """What one more is worth and, where it is another, the last one; nothing where the first was not found."""
    if slopes.right is None:
        return []
    right = slopes.right * factor + 0.0
    left = None if slopes.left is None else slopes.left * factor + 0.0
    if left is not None and abs(left - right) <= SAME * max(abs(left), abs(right)):
        left = None
    return [(right, left)]


def _caps(model: Model, caps: Mapping[int, Any], rows: Mapping[int, Slopes], unit: float) -> Iterable[CapValue]:
    """What loosening each cap saves, and what tightening it costs, by month."""
    by_name, weights = {each.cap: each for each in model.dataset.caps}, value_weights(model)
    found = []
    for i, index in caps.items():
        (name, t, *whom), slopes = index, rows[i]
        cap = by_name[name]
        name = ": ".join([name, *whom])
        per_unit, words = _unit(cap)
        size = weights[index].value() * per_unit * unit
        sides = _sides(slopes, -size) if cap.sense == "max" else _sides(Slopes(slopes.left, slopes.right), size)
        found += [CapValue(*each, t, name, words) for each in sides]
    return _quiet(found)


def _unit(cap: Cap) -> tuple[float, str]:
    """The step of a cap's value that people think in."""
    if cap.measure.endswith("_usd"):
        return 1.0, "USD"
    return (1.0, "MW") if cap.measure == "capacity_mw" else (0.01, "percentage point")


def _quiet(values: list[Value]) -> Iterator[Value]:
    """The values by month, rounding made an exact 0."""
    largest = max((max(abs(each.usd), abs(each.left_usd or 0.0)) for each in values), default=0.0)

    def cleared(usd: float) -> float:
        return 0.0 if abs(usd) <= NOISE * largest else usd

    for each in sorted(values, key=lambda each: each.month):
        usd, left = cleared(each.usd), None if each.left_usd is None else cleared(each.left_usd)
        yield replace(each, usd=usd, left_usd=None if left == usd else left)
