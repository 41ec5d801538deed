"""The tidy tables of a comparison; of plans for scenarios they show expected values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple
from typing import Any

from planner.analysis.plan_comparison import ComparedPlan, Comparison
from planner.results.over_scenarios import expected_rows
from planner.results.plan_figures import PlanFigures
from planner.results.tables import Filled, report_table

PLANS = report_table(
    "Plans",
    "each plan: what was minimised, its value, bound and gap",
    "plan:text",
    "scenarios:whole",
    "minimised:text",
    "objective_usd:money",
    "bound_usd:money",
    "gap:gap",
    "expected_usd:money",
    "least_usd:money",
    "most_usd:money",
)
SCENARIOS = report_table(
    "Scenarios",
    "each scenario's cost in each plan, beside that in the first plan",
    "plan:text",
    "scenario:text",
    "probability:share",
    "cost_usd:money",
    "cost_first_usd:money",
    "difference_usd:money",
    "shortfall_bn:amount",
)
DECISIONS = report_table(
    "Decisions",
    "every offer any plan takes, against the first plan",
    "plan:text",
    "kind:text",
    "name:text",
    "change:text",
    "units_first:whole",
    "units:whole",
    "probability_first:share",
    "probability:share",
    "in_words:text",
)
COSTS = report_table(
    "Costs",
    "present value by category, and the difference to the first plan",
    "plan:text",
    "category:text",
    "present_value_usd:money",
    "difference_usd:money",
)
MONTHS = report_table(
    "Months",
    "power, tokens, cash and what is still owed, month by month",
    "plan:text",
    "month:month",
    "committed_mw:amount",
    "demand_bn_per_day:amount",
    "after_limits_bn_per_day:amount",
    "served_bn_per_day:amount",
    "shortfall_bn_per_day:amount",
    "cash_usd:money",
    "owed_usd:money",
)
SERVICE = report_table(
    "Service",
    "tokens of each segment over the horizon, billions",
    "plan:text",
    "segment:text",
    "demand_bn:amount",
    "after_limits_bn:amount",
    "served_bn:amount",
    "shortfall_bn:amount",
)
LIMITS = report_table(
    "Limits",
    "months in which a segment's limit differs from that in the first plan",
    "plan:text",
    "segment:text",
    "from_month:month",
    "until_month:month",
    "limit_first:text",
    "limit:text",
)
INPUTS = report_table(
    "Inputs",
    "values of the input that differ from those of the first plan",
    "plan:text",
    "sheet:text",
    "row:text",
    "column:text",
    "first:any",
    "this:any",
)


def tables(comparison: Comparison) -> list[Filled]:
    """Those with rows; months are those of the first plan's horizon."""
    sides, others = comparison.sides, comparison.others
    base = comparison.first.plans.expected_costs_usd
    costs = [
        (side.label, name, usd, base[name]) for side in sides for name, usd in side.plans.expected_costs_usd.items()
    ]
    filled = [
        Filled(PLANS, [_plan(side) for side in sides]),
        Filled(SCENARIOS, [row for side in sides for row in _scenarios(side, comparison.first)]),
        Filled(
            DECISIONS,
            [
                (
                    other.side.label,
                    each.kind.name,
                    each.name,
                    each.change,
                    each.units_before,
                    each.units_after,
                    each.probability_before,
                    each.probability_after,
                    each.words,
                )
                for other in others
                for each in other.changes
            ],
        ),
        Filled(COSTS, [(label, name, usd, usd - first) for label, name, usd, first in costs if usd or first]),
        Filled(MONTHS, [row for side in sides for row in _months(side, comparison.first)]),
        Filled(SERVICE, [(side.label, *row) for side in sides for row in expected_rows(side.plans, _segments)]),
        Filled(
            LIMITS,
            [
                (other.side.label, each.segment, each.first, each.last, each.before, each.after)
                for other in others
                for each in other.limits
            ],
        ),
        Filled(
            INPUTS,
            [
                (other.side.label, each.sheet, each.row, each.column, each.before, each.after)
                for other in others
                for each in other.inputs
            ],
        ),
    ]
    return [each for each in filled if each.rows]


def power(figures: PlanFigures) -> Iterable[tuple[Any, ...]]:
    """Month number and committed power in MW."""
    return ((figures.dataset.month(row.month), row.committed_mw) for row in figures.months)


def _plan(side: ComparedPlan) -> tuple[Any, ...]:
    plans, count = side.plans, len(side.dataset.scenarios)
    ends = plans.cheapest.cost_usd, plans.worst.cost_usd
    return (
        side.label,
        count,
        side.minimised,
        side.objective_usd,
        side.bound_usd,
        side.gap,
        side.expected_usd,
        *(ends if count else (None, None)),
    )


def _scenarios(side: ComparedPlan, first: ComparedPlan) -> Iterable[tuple[Any, ...]]:
    base = first.plans.solution.costs
    for each in side.plans.scenarios if side.dataset.scenarios else ():
        usd, before = each.cost_usd, base.get(each.name)
        apart = None if before is None else usd - before
        yield side.label, each.name, each.probability, usd, before, apart, each.figures.totals.shortfall_bn


def _months(side: ComparedPlan, first: ComparedPlan) -> list[tuple[Any, ...]]:
    shift = side.dataset.settings.first_month - first.dataset.settings.first_month

    def rows(figures: PlanFigures) -> Iterable[tuple[Any, ...]]:
        for row in figures.months:
            tokens = row.demand, row.after_limits, row.served, row.shortfall
            yield row.month + shift, row.committed_mw, *tokens, sum(row.cash.values()), row.owed_usd

    return [(side.label, *row) for row in expected_rows(side.plans, rows)]


def _segments(figures: PlanFigures) -> Iterable[tuple[Any, ...]]:
    return ((segment, *astuple(tokens)) for segment, tokens in figures.segment_tokens.items())
