"""The sensitivity analysis in lines, as JSON, and as a workbook with curves and a tornado chart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from models.dataset import Dataset
from models.plan import Plan
from planner.analysis.offer_values import offer_facts
from planner.excel.report_page import Page, Picture, Section, write_report
from planner.explain.sensitivity import Curve, PointResult, Sensitivity
from planner.formatting import money, money_scale, shortened
from planner.outputs import EXPLANATION_SHEET
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
)


def signed_mw(dataset: Dataset, plan: Plan) -> float:
    """Return the MW of all units and blocks that the plan signs, without lease-outs."""
    chosen = (each for each in plan.signings if not each.signed and each.kind.buys)
    return sum(each.units * offer_facts(dataset, each.offer).mw_per_unit for each in chosen)


def _signed(plan: Plan, dataset: Dataset) -> str:
    chosen = [each for each in plan.signings if not each.signed]
    return "; ".join(f"{each.units} x {each.name} {dataset.label(each.month)}" for each in chosen) or "nothing"


def _difference(point: PointResult, found: Sensitivity) -> float | None:
    return None if point.cost_usd is None or found.base.high is None else point.cost_usd - found.base.high


def _status(point: PointResult) -> str:
    words = {
        "infeasible": "no plan exists",
        "no_plan": "no plan found",
        "optimal": "proven",
        "stopped": "plan, not proven",
    }
    return words.get(point.status, point.status)


def _tornado(found: Sensitivity) -> list[tuple[Any, ...]]:
    """Return factors by the swing between the ends of their ranges, largest first; blank where no plan exists."""
    rows = []
    for curve in found.curves:
        ends = curve.points[0], curve.points[-1]
        low, high = (_difference(each, found) for each in ends)
        known = [each for each in (low, high, 0.0) if each is not None]
        shown = tuple(curve.variation.shown(each.value) for each in ends)
        rows.append((curve.variation.label, *shown, low, high, max(known) - min(known)))
    return sorted(rows, key=lambda row: -row[-1])


def tables(found: Sensitivity, dataset: Dataset) -> list[Filled]:
    """Return the tables."""
    points, steps = [], []
    for curve in found.curves:
        quantity, name = curve.variation.quantity, curve.variation.name
        for point in curve.points:
            plan = point.plan
            points.append(
                (
                    quantity,
                    name,
                    point.value,
                    curve.variation.shown(point.value),
                    _status(point),
                    point.cost_usd,
                    point.bound_usd,
                    _difference(point, found),
                    None if plan is None else plan.costs_usd()["shortfall"],
                    None if plan is None else signed_mw(dataset, plan),
                    point.why if plan is None else _signed(plan, dataset),
                )
            )
        steps += [(quantity, name, each.low, each.high, each.sure, "; ".join(each.words)) for each in curve.steps]
    filled = [Filled(POINTS, points), Filled(STEPS, steps), Filled(TORNADO, _tornado(found))]
    return [each for each in filled if each.rows]


def _curve_section(curve: Curve, found: Sensitivity, dataset: Dataset, unit: tuple[float, str]) -> Section:
    rows = []
    for point in curve.points:
        plan, difference = point.plan, _difference(point, found)
        rows.append(
            (
                curve.variation.shown(point.value),
                None if point.cost_usd is None else point.cost_usd / unit[0],
                None if difference is None else difference / unit[0],
                None if plan is None else plan.costs_usd()["shortfall"] / unit[0],
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
            (f"Cost, {money_unit}", "money"),
            (f"Against the plan, {money_unit}", "money"),
            (f"Shortfall, {money_unit}", "money"),
            ("Signed, MW", "amount"),
            ("Status", "text"),
            ("Signs", "text"),
        ),
        rows,
        picture=Picture(f"Cost along {curve.variation.label}, {money_unit}", (1,), "line", "#,##0.0"),
    )


def write_variations(path: Path, dataset: Dataset, found: Sensitivity) -> None:
    """Write the workbook.

    Raises
    ------
    CannotWrite
        It cannot be written there.
    """
    unit = money_scale(each.cost_usd for curve in found.curves for each in curve.points)
    money_unit = f"{dataset.settings.currency} {unit[1]}".strip()
    swings = [
        (f"{row[0]}: {row[1]} … {row[2]}", *(None if each is None else each / unit[0] for each in row[3:]))
        for row in _tornado(found)
    ]
    tornado = Section(
        "What changes the cost most",
        (
            ("Factor and range", "text"),
            (f"Low end, {money_unit}", "money"),
            (f"High end, {money_unit}", "money"),
            (f"Swing, {money_unit}", "money"),
        ),
        swings,
        "Cost at the ends of each range less that of the plan; the rest is unchanged, decisions are optimised.",
        Picture(f"Change of cost, {money_unit}", (1, 2), "tornado", "#,##0.0"),
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
            ("How", "text"),
        ),
        [
            (
                curve.variation.label,
                curve.variation.shown(each.low),
                curve.variation.shown(each.high),
                "yes" if each.sure else "both are equally good",
                "",
                "",
                shortened("; ".join(each.words), 300),
            )
            for curve in found.curves
            for each in curve.steps
        ],
        "Between the two values; 'both are equally good' where the two plans cost the same within the gap.",
        if_empty="The same decisions hold along every range.",
    )
    base = money(found.base.high, dataset.settings.currency)
    months = f"{dataset.label(0)} to {dataset.label(dataset.settings.months - 1)}"
    page = Page(
        EXPLANATION_SHEET,
        f"Sensitivity: {found.plan_name}",
        f"{months} · money in {dataset.settings.currency}, present value",
        f"The plan costs {base}. " + _headline(found, dataset),
        "good",
        (tornado, steps, *(_curve_section(each, found, dataset, unit) for each in found.curves)),
    )
    write_report(path, dataset, page, tables(found, dataset))


def _headline(found: Sensitivity, dataset: Dataset) -> str:
    top = next(iter(_tornado(found)), None)
    if top is None or not top[-1]:
        return "None of the factors changes it."
    swing = money(top[-1], dataset.settings.currency)
    return f"{top[0].capitalize()} changes it most: by {swing} over {top[1]} … {top[2]}."


def variation_lines(found: Sensitivity, dataset: Dataset) -> list[str]:
    """Return the result in a few lines."""
    currency = dataset.settings.currency
    lines = [f"{found.plan_name}: {money(found.base.high, currency)}. {_headline(found, dataset)}"]
    for curve in found.curves:
        for point in curve.points:
            cost = money(point.cost_usd, currency) if point.plan is not None else _status(point)
            lines.append(f"  {curve.variation.label} {curve.variation.shown(point.value)}: {cost}")
        for step in curve.steps:
            between = f"{curve.variation.shown(step.low)} and {curve.variation.shown(step.high)}"
            unsure = "" if step.sure else " (both are equally good)"
            lines.append(f"    between {between}: {shortened('; '.join(step.words), 200)}{unsure}")
    return lines


def variations_json(found: Sensitivity, dataset: Dataset) -> dict[str, Any]:
    """Return the same as plain values."""
    return {
        "cost_usd": found.base.high,
        "curves": [
            {
                "quantity": curve.variation.quantity,
                "name": curve.variation.name,
                "points": [
                    {
                        "value": each.value,
                        "status": each.status,
                        "cost_usd": each.cost_usd,
                        "bound_usd": each.bound_usd,
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
            {"factor": row[0], "low_difference_usd": row[3], "high_difference_usd": row[4], "swing_usd": row[5]}
            for row in _tornado(found)
        ],
    }
