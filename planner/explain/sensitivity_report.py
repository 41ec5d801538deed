"""The sensitivity analysis in lines, as JSON, and as a workbook with curves and a tornado chart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from models.dataset import Dataset
from models.estimate import Estimate
from models.plan import Plan
from planner.analysis.offer_values import offer_facts
from planner.excel.report_page import Page, Picture, Section, report_workbook
from planner.explain.better_plan import better_plan_json
from planner.explain.report import WIDE
from planner.explain.sensitivity import Curve, PointResult, Sensitivity, Step
from planner.files.outputs import EXPLANATION_SHEET
from planner.formatting import estimate_json, estimate_words, money, money_scale, shortened
from planner.results.tables import Filled, report_table

SHEET = "Sensitivity page"


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


def signed_mw(dataset: Dataset, plan: Plan) -> float:
    """Return the MW of all units and blocks that the plan signs, without lease-outs."""
    chosen = (each for each in plan.signings if not each.signed and each.kind.buys)
    return sum(each.units * offer_facts(dataset, each.offer).mw_per_unit for each in chosen)


def _signed(plan: Plan, dataset: Dataset) -> str:
    chosen = [each for each in plan.signings if not each.signed]
    return "; ".join(f"{each.units} x {each.name} {dataset.label(each.month)}" for each in chosen) or "nothing"


def _status(point: PointResult) -> str:
    words = {
        "infeasible": "no plan exists",
        "no_plan": "no plan found",
        "optimal": "proven",
        "stopped": "plan, not proven",
    }
    return words.get(point.status, point.status)


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


def _swing(differences: Sequence[Estimate]) -> Estimate:
    """The largest of some figures and 0, less the smallest of them and 0."""
    lows = [each.at_least for each in differences]
    highs = [each.at_most for each in differences]
    least = max([0.0, *(each for each in lows if each is not None)])
    least -= min([0.0, *(each for each in highs if each is not None)])
    if None in lows or None in highs:
        return Estimate(least, None)
    return Estimate(least, max([0.0, *(each or 0.0 for each in highs)]) - min([0.0, *(each or 0.0 for each in lows)]))


def swings(found: Sensitivity) -> list[Swing]:
    """Factors by the swing between the ends of their ranges, largest first."""
    listed = []
    for curve in found.curves:
        ends = curve.points[0], curve.points[-1]
        low, high = (found.difference(each) for each in ends)
        with_plans = [found.difference(each) for each in ends if each.status != "infeasible"]
        listed.append(Swing(curve, low, high, _swing(with_plans)))
    return sorted(listed, key=lambda each: -(each.swing.at_most or each.swing.at_least or 0.0))


def _tornado(found: Sensitivity) -> Iterator[tuple[Any, ...]]:
    for each in swings(found):
        variation, points, gap = each.curve.variation, each.curve.points, found.gap
        shown = variation.shown(points[0].value), variation.shown(points[-1].value)
        figures = each.low, each.high, each.swing
        ends = [end for figure in figures for end in (figure.at_least, figure.at_most)]
        yield variation.label, *shown, *(figure.value(gap) for figure in figures), *ends


def tables(found: Sensitivity, dataset: Dataset) -> list[Filled]:
    """Return the tables."""
    points, steps = [], []
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
                    _status(point),
                    point.least_cost.at_most,
                    point.least_cost.at_least,
                    difference.value(found.gap),
                    difference.at_least,
                    difference.at_most,
                    None if plan is None else plan.costs_usd()["shortfall"],
                    None if plan is None else signed_mw(dataset, plan),
                    point.why if plan is None else _signed(plan, dataset),
                )
            )
        steps += [(quantity, name, each.low, each.high, each.sure, "; ".join(each.words)) for each in curve.steps]
    filled = [Filled(POINTS, points), Filled(STEPS, steps), Filled(TORNADO, list(_tornado(found)))]
    return [each for each in filled if each.rows]


def _curve_section(curve: Curve, found: Sensitivity, dataset: Dataset, unit: tuple[float, str]) -> Section:
    rows = []
    for point in curve.points:
        plan, difference = point.plan, found.difference(point)
        ends = (point.least_cost.at_least, point.least_cost.at_most, difference.at_least, difference.at_most)
        rows.append(
            (
                curve.variation.shown(point.value),
                *(None if each is None else each / unit[0] for each in ends),
                None if plan is None else signed_mw(dataset, plan),
                _status(point),
                point.why if plan is None else shortened(_signed(plan, dataset), 240),
            )
        )
    money_unit = f"{dataset.settings.currency} {unit[1]}".strip()
    return Section(
        f"Along {curve.variation.label}",
        (
            (curve.variation.quantity, "text"),
            (f"Cost at least, {money_unit}", "money"),
            (f"Cost at most, {money_unit}", "money"),
            (f"Against the plan at least, {money_unit}", "money"),
            (f"Against the plan at most, {money_unit}", "money"),
            ("Signed, MW", "amount"),
            ("Status", "text"),
            ("Signs", "text"),
        ),
        rows,
        "The least cost lies between the two lines; where they meet it is known.",
        Picture(f"Least cost along {curve.variation.label}, {money_unit}", (1, 2), "line", "#,##0.0"),
    )


def variations_workbook(dataset: Dataset, found: Sensitivity) -> bytes:
    """Return the workbook of what changes along ranges."""
    unit = money_scale(each.least_cost.at_most for curve in found.curves for each in curve.points)
    money_unit = f"{dataset.settings.currency} {unit[1]}".strip()
    tornado = Section(
        "What changes the cost most",
        (
            ("Factor and range", "text"),
            (f"Low end at least, {money_unit}", "money"),
            (f"Low end at most, {money_unit}", "money"),
            (f"High end at least, {money_unit}", "money"),
            (f"High end at most, {money_unit}", "money"),
            (f"Swing at least, {money_unit}", "money"),
            (f"Swing at most, {money_unit}", "money"),
        ),
        [
            (f"{row[0]}: {row[1]} … {row[2]}", *(None if each is None else each / unit[0] for each in row[6:]))
            for row in _tornado(found)
        ],
        "Least cost at the ends of each range less that of the workbook; the rest is unchanged.",
        Picture(f"Change of the least cost, at least and at most, {money_unit}", (1, 2, 3, 4), "bar", "#,##0.0"),
    )
    steps = Section(
        "Where decisions change",
        (
            ("Factor", "text"),
            ("From", "text"),
            ("To", "text"),
            ("Sure", "text"),
            ("", "text"),
            ("", "text"),
            ("", "text"),
            ("How", "text"),
        ),
        [
            (
                curve.variation.label,
                curve.variation.shown(each.low),
                curve.variation.shown(each.high),
                _sure(each),
                "",
                "",
                "",
                shortened("; ".join(each.words), 300),
            )
            for curve in found.curves
            for each in curve.steps
        ],
        "Between the two values; 'both are equally good' where the decisions of one cost the same within the gap at "
        "the value of the other; 'not known' where the least cost at either value is not known within the gap.",
        if_empty="The same decisions hold along every range.",
    )
    months = f"{dataset.label(0)} to {dataset.label(dataset.settings.months - 1)}"
    page = Page(
        EXPLANATION_SHEET,
        f"Sensitivity: {found.plan_name}",
        f"{months} · money in {dataset.settings.currency}, present value",
        " ".join(headlines(found, dataset)),
        "good" if found.complete else "careful",
        (tornado, steps, *(_curve_section(each, found, dataset, unit) for each in found.curves)),
        WIDE,
    )
    return report_workbook(dataset, page, tables(found, dataset))


def _sure(step: Step) -> str:
    return {True: "yes", False: "both are equally good", None: "not known"}[step.sure]


def headlines(found: Sensitivity, dataset: Dataset) -> list[str]:
    """Return the least cost of the workbook and what changes it most, in sentences."""

    def amount(usd: float) -> str:
        return money(usd, dataset.settings.currency)

    lines = [f"The least cost is {estimate_words(found.base, amount, found.gap)}."]
    if found.better is not None:
        lines.append(found.better.words(dataset.settings.currency, found.gap))
    top = next(iter(swings(found)), None)
    if top is None or top.swing == Estimate.exactly(0.0):
        lines.append("None of the factors changes it.")
    else:
        variation, points = top.curve.variation, top.curve.points
        span = f"{variation.shown(points[0].value)} … {variation.shown(points[-1].value)}"
        label = f"{variation.label[:1].upper()}{variation.label[1:]}"
        most = "most" if _is_most(top, swings(found)[1:]) else "most as far as is known"
        lines.append(f"{label} changes it {most}: by {estimate_words(top.swing, amount, found.gap)} over {span}.")
    if not found.complete:
        lines.append("Not every point is known within the gap asked for; those that are not are ranges.")
    return lines


def _is_most(top: Swing, others: Sequence[Swing]) -> bool:
    """Whether no other factor can have a larger swing."""
    least = top.swing.at_least
    return least is not None and all(each.swing.at_most is not None and each.swing.at_most <= least for each in others)


def variation_lines(found: Sensitivity, dataset: Dataset) -> list[str]:
    """Return the result in a few lines."""
    lines = [f"{found.plan_name}: {' '.join(headlines(found, dataset))}"]
    for curve in found.curves:
        for point in curve.points:
            cost = estimate_words(point.least_cost, lambda usd: money(usd, dataset.settings.currency), found.gap)
            words = cost if point.plan is not None else _status(point)
            lines.append(f"  {curve.variation.label} {curve.variation.shown(point.value)}: {words}")
        for step in curve.steps:
            between = f"{curve.variation.shown(step.low)} and {curve.variation.shown(step.high)}"
            unsure = "" if step.sure else f" ({_sure(step)})" if step.sure is False else " (not known for sure)"
            lines.append(f"    between {between}: {shortened('; '.join(step.words), 200)}{unsure}")
    return lines


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
                        "signed": None if each.plan is None else _signed(each.plan, dataset),
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
