"""Limits: one can always be in force, and churn never takes more than there is."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

from models.checks.context import CheckContext, fault_in
from models.columns import LARGEST
from models.dataset import Dataset
from models.demand.limit_effects import product
from models.demand.limit_paths import combinations, limit_paths
from models.demand.prices import SegmentPrices
from models.faults import Fault, closest
from models.schema import Limit, Segment


def current_limits(context: CheckContext) -> Iterator[Fault]:
    """The limit in force before month 0 is one of the segment's."""
    for segment in context.dataset.segments:
        known = [
            entry.values["limit"]
            for entry in context.entries["limits"]
            if entry.values.get("segment") == segment.segment and "limit" in entry.values
        ]
        for name in segment.current_limits:
            if name not in known:
                fix = closest(name, known) if known else "Add the segment's limits, or clear the cell."
                expected = f"a limit of '{segment.segment}' in the sheet limits"
                yield fault_in(segment, "current_limit", f"'{name}'", expected, fix)
        of_lever = {
            entry.values["limit"]: entry.values.get("lever")
            for entry in context.entries["limits"]
            if entry.values.get("segment") == segment.segment and "limit" in entry.values
        }
        named = [of_lever[name] for name in segment.current_limits if name in of_lever]
        if len(set(named)) < len(named):
            expected, fix = "one limit a lever", "Keep the one in force before month 0 of each lever."
            yield fault_in(segment, "current_limit", f"'{segment.current_limit}'", expected, fix)


def prices_and_elasticity(context: CheckContext) -> Iterator[Fault]:
    """price_multiplier^price_elasticity is a number one can compute with."""
    elasticity = {segment.segment: segment.price_elasticity for segment in context.dataset.segments}
    for limit in context.dataset.limits:
        power = elasticity.get(limit.segment)
        if limit.demand_multiplier is not None or power is None:
            continue
        price = limit.price_multiplier
        endless = price == 0 and power < 0
        if endless or (price > 0 and power * math.log(price) > math.log(LARGEST)):
            found = f"{price:g}, to the power of price_elasticity {power:g}"
            fix = "Correct price_multiplier or price_elasticity, or fill in demand_multiplier."
            yield fault_in(limit, "price_multiplier", found, "a demand multiplier that is a plain number", fix)


def generosity_against_rivals(context: CheckContext) -> Iterator[Fault]:
    """What is won by generosity needs limits, each with its generosity; warns of rivals of whom nothing is won."""
    dataset = context.dataset
    for segment in dataset.segments:
        rows = [limit for limit in dataset.limits if limit.segment == segment.segment]
        if not segment.share_won_per_generosity:
            unused = [row for row in dataset.rivals if row.segment == segment.segment][:1]
            for row in unused:
                expected = "a segment with share_won_per_generosity"
                fix = "Give it in segments, or delete the rows; as it is they change nothing."
                yield fault_in(row, "segment", f"'{row.segment}', which wins nothing", expected, fix, "rivals-unused")
        elif not rows:
            found = f"{segment.share_won_per_generosity:g} without limits"
            expected, fix = "limits with their generosity", "Add the segment's limits, or clear the cell."
            yield fault_in(segment, "share_won_per_generosity", found, expected, fix)
        for limit in rows if segment.share_won_per_generosity else ():
            if limit.generosity is None:
                expected, fix = "a number, as share is won by it", "Write how generous the limit is."
                yield fault_in(limit, "generosity", "an empty cell", expected, fix)


def generosity_by_row(context: CheckContext) -> Iterator[Fault]:
    """Warns where a rank by the order of rows lets a limit that may not tighten be followed by one of less demand."""
    for segment in context.dataset.segments:
        rows = [limit for limit in context.dataset.limits if limit.segment == segment.segment]
        if segment.may_tighten or all(limit.generosity is not None for limit in rows):
            continue
        for lever in dict.fromkeys(limit.lever for limit in rows):
            for before, limit in pairwise([limit for limit in rows if limit.lever == lever]):
                more, less = before.demand_multiplier, limit.demand_multiplier
                if limit.generosity is None and more is not None and less is not None and less < more:
                    found = f"an empty cell, so that '{limit.limit}' ranks as more generous than '{before.limit}'"
                    expected = f"a rank below that of '{before.limit}', which lets in {more:g} times the demand"
                    expected += f" where '{limit.limit}' lets in {less:g}: may_tighten is no"
                    fix = "Write generosity in each row of the segment, or list its limits with the tightest first."
                    yield fault_in(limit, "generosity", found, expected, fix, "generosity-by-row")
                    break


def limits_in_force(context: CheckContext) -> Iterator[Fault]:
    """In every month some limit may be in force, and on no path does churn push demand or revenue below 0."""
    dataset = context.dataset
    rows = {(limit.segment, limit.limit): limit for limit in dataset.limits}
    for segment in dataset.segments:
        paths = limit_paths(dataset, segment.segment)
        stuck = {lever: each.stuck_at for lever, each in paths.items() if each.stuck_at is not None}
        for lever, month in stuck.items():
            own = [limit for limit in dataset.limits if (limit.segment, limit.lever) == (segment.segment, lever)]
            found = f"no limit that may be in force in {dataset.label(month)}"
            yield fault_in(own[0], "from_month", found, "one in every month", _what_binds(segment))
        if paths and not stuck:
            for view in (dataset, *_with_other_losses(dataset)):
                found_there = list(_pushed_below_zero(view, segment, rows))
                yield from found_there
                if found_there:
                    break


def _with_other_losses(dataset: Dataset) -> Iterator[Dataset]:
    """The scenarios in which limits or rivals take other shares."""
    moving = ("churn", "elasticity", "rival_generosity")
    names = dict.fromkeys(each.scenario for each in dataset.scenario_factors if each.quantity in moving)
    return (dataset.in_scenario(name) for name in names)


def _what_binds(segment: Segment) -> str:
    rules = [f"min_months_between_changes is {segment.min_months_between_changes}"]
    rules = rules if segment.min_months_between_changes > 1 else []
    rules += [] if segment.may_tighten else ["may_tighten is no"]
    rules += [] if segment.current_limit is None else [f"current_limit is '{segment.current_limit}'"]
    reason = f" ({', '.join(rules)})" if rules else ""
    return f"Widen from_month and until_month of the segment's limits, or its rules of change{reason}."


def _pushed_below_zero(dataset: Dataset, segment: Segment, rows: dict[tuple[str, str], Limit]) -> Iterator[Fault]:
    prices = SegmentPrices(dataset)
    columns = {"demand_multiplier": "demand"}
    if any(block.peak for block in dataset.blocks):
        columns["peak_demand_multiplier"] = "peak_demand"
    if any(prices.revenue_usd_per_bn(segment.segment, t) for t in dataset.horizon):
        columns["revenue_multiplier"] = "revenue"
    for together, lost in combinations(dataset, segment.segment):
        for column, multiplier in columns.items():
            shares = {
                t: product([each.in_month(dataset, segment.segment, t) for each in together], multiplier) for t in lost
            }
            below = next((t for t, share in shares.items() if share - lost[t] < -1e-9), None)
            if below is not None:
                what = "revenue" if column.startswith("revenue") else "demand"
                found = f"{shares[below]:g}, less up to {lost[below]:g} lost to churn by {dataset.label(below)}"
                found += f" in scenario '{dataset.scenario}'" if dataset.scenario else ""
                fix = f"Lower churn_per_month or narrow the windows of limits that lose {what}, or raise {column}."
                place = rows[segment.segment, together[0].limit]
                yield fault_in(place, column, found, f"{what} that stays at least 0", fix)
                break
