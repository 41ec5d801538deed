"""The figures of a sensitivity analysis, as tables and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from models.dataset import Dataset
from models.estimate import Estimate
from models.grouping import sums
from models.stochastic.plan_problem import Plans, weighted
from models.stochastic.solution import StochasticSolution
from planner.analysis.offer_values import offer_facts
from planner.explain.better_plan import better_plan_json
from planner.explain.sensitivity import Curve, PointResult, Sensitivity
from planner.formatting import estimate_json, percent
from planner.results.tables import Filled, report_table

CERTAIN = 1e-9
"""A probability that is short of 1 by less is 1."""
POINTS = report_table(
    "Sensitivity",
    "the plan at every value of every factor",
    "quantity:text",
    "name:text",
    "value:any",
    "change:text",
    "status:text",
    "cost_usd:money",
    "bound_usd:money",
    "difference_usd:money",
    "difference_at_least_usd:money",
    "difference_at_most_usd:money",
    "shortfall_usd:money",
    "signed_mw:amount",
    "signed:text",
)
STEPS = report_table(
    "Changes",
    "between which values decisions change, and how",
    "quantity:text",
    "name:text",
    "from_value:any",
    "to_value:any",
    "sure:flag",
    "in_words:text",
)
SCENARIO_COSTS = report_table(
    "Sensitivity by scenario",
    "what each scenario costs with the plan at every value of every factor",
    "quantity:text",
    "name:text",
    "value:any",
    "change:text",
    "scenario:text",
    "cost_usd:money",
)
TORNADO = report_table(
    "Tornado",
    "what each factor does to the cost from one end of its range to the other",
    "factor:text",
    "low:text",
    "high:text",
    "low_difference_usd:money",
    "high_difference_usd:money",
    "swing_usd:money",
    "low_at_least_usd:money",
    "low_at_most_usd:money",
    "high_at_least_usd:money",
    "high_at_most_usd:money",
    "swing_at_least_usd:money",
    "swing_at_most_usd:money",
)


@dataclass(frozen=True, slots=True)
class Swing:
    """What a factor does to the least cost from one end of its range to the other, USD.

    `low`, `high`: the differences at the ends; `swing`: the largest of them and 0 less the smallest, without the ends
    at which no plan exists.
    """

    curve: Curve
    low: Estimate
    high: Estimate
    swing: Estimate


def swings(found: Sensitivity) -> list[Swing]:
    """Factors by the swing between the ends of their ranges, largest first."""
    listed = []
    for curve in found.curves:
        ends = curve.points[0], curve.points[-1]
        low, high = (found.difference(each) for each in ends)
        with_plans = [found.difference(each) for each in ends if each.status != "infeasible"]
        listed.append(Swing(curve, low, high, _swing(with_plans)))
    return sorted(listed, key=lambda each: -(each.swing.at_most or each.swing.at_least or 0.0))


def _swing(differences: Sequence[Estimate]) -> Estimate:
    """The largest of some figures and 0, less the smallest of them and 0."""
    lows = [each.at_least for each in differences]
    highs = [each.at_most for each in differences]
    least = max([0.0, *(each for each in lows if each is not None)])
    least -= min([0.0, *(each for each in highs if each is not None)])
    if None in lows or None in highs:
        return Estimate(least, None)
    return Estimate(least, max([0.0, *(each or 0.0 for each in highs)]) - min([0.0, *(each or 0.0 for each in lows)]))


def tables(found: Sensitivity, dataset: Dataset) -> list[Filled]:
    """Return the tables."""
    points, steps, costs = [], [], list[tuple[Any, ...]]()
    for curve in found.curves:
        quantity, name = curve.variation.quantity, curve.variation.name
        for point in curve.points:
            plan, difference = point.plan, found.difference(point)
            points.append(
                (
                    quantity,
                    name,
                    point.value,
                    curve.variation.shown(point.value),
                    status_words(point),
                    point.least_cost.at_most,
                    point.least_cost.at_least,
                    difference.value(found.gap),
                    difference.at_least,
                    difference.at_most,
                    None if plan is None else _shortfall_usd(plan),
                    None if plan is None else signed_mw(dataset, plan),
                    point.why if plan is None else signed(plan, dataset),
                )
            )
            place = quantity, name, point.value, curve.variation.shown(point.value)
            costs += [(*place, *each) for each in scenario_costs(plan).items()]
        steps += [(quantity, name, each.low, each.high, each.sure, "; ".join(each.words)) for each in curve.steps]
    filled = [
        Filled(POINTS, points),
        Filled(SCENARIO_COSTS, costs),
        Filled(STEPS, steps),
        Filled(TORNADO, list(tornado_rows(found))),
    ]
    return [each for each in filled if each.rows]


def tornado_rows(found: Sensitivity) -> Iterator[tuple[Any, ...]]:
    """Return the rows of the table `TORNADO`, the largest swing first."""
    for each in swings(found):
        variation, points, gap = each.curve.variation, each.curve.points, found.gap
        shown = variation.shown(points[0].value), variation.shown(points[-1].value)
        figures = each.low, each.high, each.swing
        ends = [end for figure in figures for end in (figure.at_least, figure.at_most)]
        yield variation.label, *shown, *(figure.value(gap) for figure in figures), *ends


def scenario_costs(plans: Plans | None) -> dict[str, float]:
    """Return what each scenario costs, USD; nothing without scenarios or a plan."""
    return plans.costs if isinstance(plans, StochasticSolution) else {}


def _shortfall_usd(plans: Plans) -> float:
    """The penalties for shortfall, with scenarios in expectation."""
    return sum(probability * plan.costs_usd()["shortfall"] for probability, plan in weighted(plans))


def signed_mw(dataset: Dataset, plans: Plans) -> float:
    """Return the MW of all units and blocks that a plan signs, without lease-outs; with scenarios in expectation."""
    return sum(
        probability * each.units * offer_facts(dataset, each.offer).mw_per_unit
        for probability, plan in weighted(plans)
        for each in plan.chosen
        if each.kind.buys
    )


def signed(plans: Plans, dataset: Dataset) -> str:
    """Return what a plan signs, in a list; with scenarios with the probability of what not all of them sign."""
    likely = sums(
        ((each.units, each.name, each.month, each.term_months, each.end), probability)
        for probability, plan in weighted(plans)
        for each in plan.chosen
    )
    listed = (
        f"{units} x {name} {dataset.label(month)}" + ("" if share > 1.0 - CERTAIN else f" ({percent(share)})")
        for (units, name, month, *_), share in likely.items()
    )
    return "; ".join(listed) or "nothing"


def status_words(point: PointResult) -> str:
    """Return how the search at a value ended, in words."""
    words = {
        "infeasible": "no plan exists",
        "no_plan": "no plan found",
        "optimal": "proven",
        "stopped": "plan, not proven",
    }
    return words.get(point.status, point.status)


def _scenarios_json(plans: Plans | None) -> dict[str, Any]:
    """With scenarios what each of them costs."""
    costs = scenario_costs(plans)
    return {"scenarios": [{"scenario": name, "cost_usd": usd} for name, usd in costs.items()]} if costs else {}


def variations_json(found: Sensitivity, dataset: Dataset) -> dict[str, Any]:
    """Return the same as plain values."""
    return {
        "cost_usd": found.base.at_most,
        "bound_usd": found.base.at_least,
        **better_plan_json(found.better),
        "complete": found.complete,
        "curves": [
            {
                "quantity": curve.variation.quantity,
                "name": curve.variation.name,
                "points": [
                    {
                        "value": each.value,
                        "status": each.status,
                        "cost_usd": each.least_cost.at_most,
                        "bound_usd": each.least_cost.at_least,
                        "difference_usd": estimate_json(found.difference(each)),
                        "signed": None if each.plan is None else signed(each.plan, dataset),
                        **_scenarios_json(each.plan),
                    }
                    for each in curve.points
                ],
                "steps": [
                    {"from": each.low, "to": each.high, "sure": each.sure, "words": list(each.words)}
                    for each in curve.steps
                ],
            }
            for curve in found.curves
        ],
        "tornado": [
            {
                "factor": each.curve.variation.label,
                "low_difference_usd": each.low.value(found.gap),
                "high_difference_usd": each.high.value(found.gap),
                "swing_usd": each.swing.value(found.gap),
                "estimates": {
                    "low_difference_usd": estimate_json(each.low),
                    "high_difference_usd": estimate_json(each.high),
                    "swing_usd": estimate_json(each.swing),
                },
            }
            for each in swings(found)
        ],
    }
