"""Demand: load blocks make a day, shapes average to 1, and every month has a figure."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from models import months
from models.checks.context import CheckContext, fault_in
from models.columns import LARGEST
from models.dataset import Dataset
from models.demand.baseline import segment_demand
from models.faults import Fault
from models.grouping import groups, sums
from models.supply.scaling import model_units

MEAN_WITHIN = 0.01
TOLERANCE = 1e-6
"""Of the solver, in units of the model."""
UNTOLD = "The solver cannot tell it from nothing"


@dataclass(frozen=True, slots=True)
class TooLittle:
    """A month t whose demand of all segments, billions of tokens, is more than none and less than it has to be."""

    t: int
    month: str
    bn: float
    least_bn: float

    @property
    def words(self) -> str:
        """What there is."""
        return f"{self.bn:.3g} bn tokens in {self.month}, of all segments together"

    @property
    def enough(self) -> str:
        """What there has to be, where there is anything."""
        return f"at least {self.least_bn:.3g} bn tokens a month, as large as fleet and offers are"

    @property
    def said(self) -> str:
        """Both, where a range or a draw made it."""
        return f"{self.words}. {UNTOLD}: ask for none, or {self.enough}."


def load_blocks(context: CheckContext) -> Iterator[Fault]:
    """Load blocks sum to a day of 24 hours."""
    blocks = context.dataset.load_blocks
    total = sum(block.hours_per_day for block in blocks)
    if blocks and abs(total - 24.0) > 1e-6:
        fix = "Correct hours_per_day so that the blocks make a day."
        yield fault_in(blocks[-1], "hours_per_day", f"{total:g} hours in all blocks together", "24 hours", fix)


def load_shapes(context: CheckContext) -> Iterator[Fault]:
    """A segment's multipliers have an hours-weighted mean of 1; a block without a row counts 1."""
    dataset = context.dataset
    shapes: dict[str, dict[str, float]] = defaultdict(dict)
    last = {}
    for row in dataset.load_shape:
        shapes[row.segment][row.block] = row.multiplier
        last[row.segment] = row
    for segment, multipliers in shapes.items():
        mean = sum(block.hours_per_day * multipliers.get(block.block, 1.0) for block in dataset.blocks) / 24.0
        if abs(mean - 1.0) > MEAN_WITHIN:
            fix = f"Divide the segment's multipliers by {mean:.4g}." if mean else "Give the blocks their multipliers."
            found = f"an hours-weighted mean of {mean:.4g} over the load blocks"
            yield fault_in(last[segment], "multiplier", found, "1, within 1 %", fix)


def months_of_demand(context: CheckContext) -> Iterator[Fault]:
    """Each segment and region has demand from the first month on, and growth after the last month given."""
    dataset = context.dataset
    first, last = dataset.settings.first_month, dataset.month(dataset.settings.months - 1)
    growth = {segment.segment: segment.growth_per_month for segment in dataset.segments}
    for (segment, _), rows in groups(((row.segment, row.region), row) for row in dataset.demand).items():
        begin = min(rows, key=lambda row: row.month)
        end = max(rows, key=lambda row: row.month)
        if begin.month > first:
            found = f"{months.label(begin.month)} as the first month given"
            fix = f"Add a row for {months.label(first)}; write 0 if nothing is wanted then."
            yield fault_in(begin, "month", found, f"demand from {months.label(first)} on", fix)
        if end.month < last and segment in growth:
            rate = growth[segment]
            if rate is None:
                found = f"{months.label(end.month)} as the last month given, and no growth_per_month"
                fix = f"Add rows up to {months.label(last)}, or give the segment growth_per_month."
                yield fault_in(end, "month", found, f"demand up to {months.label(last)}", fix)
            elif end.tokens_bn_per_day > 0 and _log(end.tokens_bn_per_day, rate, last - end.month) > math.log(LARGEST):
                found = f"a growth of {rate:g} a month from {end.tokens_bn_per_day:g} for {last - end.month} months"
                fix = "Correct growth_per_month of the segment (60 % is 0.6), or give the later months."
                yield fault_in(end, "tokens_bn_per_day", found, f"demand of at most {LARGEST:g}", fix)


def _log(start: float, rate: float, months_on: int) -> float:
    return math.log(start) + months_on * math.log1p(rate)


def prices_of_shortfall(context: CheckContext) -> Iterator[Fault]:
    """A segment whose shortfall has a price by month is one that may fall short."""
    must = {each.segment for each in context.dataset.segments if each.shortfall_usd_per_mtok is None}
    for row in context.dataset.prices:
        if row.segment in must and row.shortfall_usd_per_mtok is not None:
            found = f"{row.shortfall_usd_per_mtok:g} for '{row.segment}', of which nothing may fall short"
            fix = "Give the segment a shortfall_usd_per_mtok in segments, or blank the cell."
            yield fault_in(row, "shortfall_usd_per_mtok", found, "a segment that may fall short", fix)


def segments_without_demand(context: CheckContext) -> Iterator[Fault]:
    """Warns of segments that nobody wants anything of."""
    wanted = context.used("segment", "demand")
    for segment in context.dataset.segments:
        if segment.segment not in wanted:
            fix = "Add its demand, or delete the segment."
            yield fault_in(
                segment, "segment", "a segment without demand", "rows in demand", fix, "segment-without-demand"
            )


def months_of_next_to_nothing(context: CheckContext) -> Iterator[Fault]:
    """A month's demand is nothing, or enough for the solver to tell it from nothing beside fleet and offers."""
    for each in next_to_nothing(context.dataset):
        fix = f"{UNTOLD}: correct the demand, or the size of fleet and offers."
        yield Fault("demand", "tokens_bn_per_day", "", each.words, f"none, or {each.enough}", fix)
        return


def next_to_nothing(dataset: Dataset) -> Iterator[TooLittle]:
    """The months of a problem, in the scenario that it is seen in, whose demand is next to nothing.

    The solver's tolerance is absolute, in units that count the largest block in thousands: what is less is not served,
    and no plan that leaves it so passes its audit.
    """
    least = TOLERANCE * model_units(dataset).tokens_bn
    by_month = sums((t, a_day) for (_, t), a_day in segment_demand(dataset).items())
    for t in dataset.horizon:
        bn = by_month[t] * dataset.hours(t) / 24.0
        if 0.0 < bn < least:
            yield TooLittle(t, dataset.label(t), bn, least)


def said_of_next_to_nothing(dataset: Dataset) -> str:
    """What to say of the first month of any scenario whose demand is next to nothing; "" where there is none."""
    for scenario in [each.scenario for each in dataset.scenarios] or [""]:
        for each in next_to_nothing(dataset.in_scenario(scenario)):
            return f"scenario '{scenario}' has {each.said}" if scenario else each.said
    return ""
