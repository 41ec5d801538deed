"""A sensitivity analysis in lines, and as a workbook with curves and a tornado chart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models.dataset import Dataset
from models.estimate import UNKNOWN, Estimate
from planner.excel.first_sheet import CHANGE, LEVEL
from planner.excel.report_page import Kind, Page, Picture, Section, report_workbook
from planner.explain.report import RANGES_DRAWN, WIDE
from planner.explain.sensitivity import Curve, Sensitivity, Step
from planner.explain.sensitivity_tables import Swing, signed, signed_mw, status_words, swings, tables
from planner.files.outputs import EXPLANATION_SHEET
from planner.formatting import estimate_words, money, money_scale, over, shortened
from planner.results.scenario_set import change_words
from planner.text_table import Line, TextTable

AXES: dict[str, tuple[str, Kind]] = {
    "change": (CHANGE, "change"),
    "level": (LEVEL, "level"),
    "months": ("0", "whole"),
    "number": ("0.##", "price"),
}
"""By what the values of a factor are: how an axis shows them, and the kind of their column."""


def _curve_section(curve: Curve, found: Sensitivity, dataset: Dataset, unit: tuple[float, str]) -> Section:
    rows = []
    for point in curve.points:
        plan, difference = point.plan, found.difference(point)
        ends = (point.least_cost.at_least, point.least_cost.at_most, difference.at_least, difference.at_most)
        rows.append(
            (
                curve.variation.on_axis(point.value),
                *(None if each is None else each / unit[0] for each in ends),
                None if plan is None else signed_mw(dataset, plan),
                status_words(point),
                point.why if plan is None else shortened(signed(plan, dataset), 240),
            )
        )
    money_unit = f"{dataset.settings.currency} {unit[1]}".strip()
    shown, kind = AXES[curve.variation.axis]
    return Section(
        f"Along {curve.variation.label}",
        (
            (curve.variation.quantity, kind),
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
        Picture(f"Least cost along {curve.variation.label}, {money_unit}", (1, 2), "curve", "#,##0.0", x_format=shown),
    )


def variations_workbook(dataset: Dataset, found: Sensitivity) -> bytes:
    """Return the workbook of what changes along ranges."""
    unit = money_scale(each.least_cost.at_most for curve in found.curves for each in curve.points)
    money_unit = f"{dataset.settings.currency} {unit[1]}".strip()
    tornado = Section(
        "What changes the cost most",
        (
            ("Factor at an end of its range", "text"),
            (f"Change at least, {money_unit}", "money"),
            (f"Change at most, {money_unit}", "money"),
            (f"Swing at least, {money_unit}", "money"),
            (f"Swing at most, {money_unit}", "money"),
        ),
        _ends_of_ranges(found, unit[0]),
        "Least cost at the ends of each range less that of the workbook; the rest is unchanged. The swing is that from "
        "one end to the other.",
        Picture(f"Change of the least cost, {money_unit} ({RANGES_DRAWN})", (1, 2), "range", "#,##0.0"),
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


def _ends_of_ranges(found: Sensitivity, size: float) -> list[tuple[Any, ...]]:
    """A row for each end of each range: what changes there, and in the first of them the swing, in units of a size."""
    rows = []
    for each in swings(found):
        variation, points = each.curve.variation, each.curve.points
        for point, change, swing in ((points[0], each.low, each.swing), (points[-1], each.high, UNKNOWN)):
            ends = (change.at_least, change.at_most, swing.at_least, swing.at_most)
            rows.append((f"{variation.label} {variation.shown(point.value)}", *(over(end, size) for end in ends)))
    return rows


def _sure(step: Step) -> str:
    return {True: "yes", False: "both are equally good", None: "not known"}[step.sure]


def headlines(found: Sensitivity, dataset: Dataset) -> list[str]:
    """Return the least cost of the workbook and what changes it most, in sentences."""

    def amount(usd: float) -> str:
        return money(usd, dataset.settings.currency)

    lines = [f"The least cost is {estimate_words(found.base, amount, found.gap)}."]
    if found.measure is not None and (words := change_words(found.measure, len(dataset.scenarios))):
        lines.append(words)
    if found.better is not None:
        lines.append(found.better.words(dataset.settings.currency, found.gap))
    top = next(iter(swings(found)), None)
    if top is None or top.swing == Estimate.exactly(0.0):
        lines.append("None of the factors changes it.")
    else:
        variation, points = top.curve.variation, top.curve.points
        span = f"{variation.shown(points[0].value)} to {variation.shown(points[-1].value)}"
        label = f"{variation.label[:1].upper()}{variation.label[1:]}"
        most = "most" if _is_most(top, swings(found)[1:]) else "most as far as is known"
        lines.append(f"{label} changes it {most}: by {estimate_words(top.swing, amount, found.gap)} from {span}.")
    if not found.complete:
        lines.append("What is not known within the gap asked for is a range, which more time narrows.")
    return lines


def _is_most(top: Swing, others: Sequence[Swing]) -> bool:
    """Whether no other factor can have a larger swing."""
    least = top.swing.at_least
    return least is not None and all(each.swing.at_most is not None and each.swing.at_most <= least for each in others)


def variation_lines(found: Sensitivity, dataset: Dataset) -> list[Line]:
    """Return the result in a few lines and a table or two."""
    unit = money_scale(each.least_cost.at_most for curve in found.curves for each in curve.points)
    money_unit = f"{dataset.settings.currency} {unit[1]}".strip()
    lines: list[Line] = [f"{found.plan_name}: {' '.join(headlines(found, dataset))}"]
    for curve in found.curves:
        lines.append(_points_table(curve, found, dataset, unit[0], money_unit))
        steps = [
            (
                f"{curve.variation.shown(step.low)} to {curve.variation.shown(step.high)}",
                _sure(step),
                shortened("; ".join(step.words), 200),
            )
            for step in curve.steps
        ]
        if steps:
            lines.append(TextTable((f"{curve.variation.label} from", "Sure", "What changes"), steps))
    return lines


def _megawatts(mw: float) -> str:
    """Power in whole MW, what is below 100 MW with three digits.

    >>> _megawatts(1234.5), _megawatts(0.1792)
    ('1,234', '0.179')
    """
    return f"{mw:,.0f}" if mw >= 100.0 else f"{mw:.3g}"


def _points_table(curve: Curve, found: Sensitivity, dataset: Dataset, size: float, unit: str) -> TextTable:
    """The least cost and the power signed at each value of a factor."""

    def amount(usd: float) -> str:
        return f"{usd / size:z,.2f}"

    rows = [
        (
            curve.variation.shown(point.value),
            estimate_words(point.least_cost, amount, found.gap),
            "-" if point.plan is None else _megawatts(signed_mw(dataset, point.plan)),
            status_words(point),
        )
        for point in curve.points
    ]
    return TextTable((f">{curve.variation.label}", f">Least cost, {unit}", ">Signed, MW", "Status"), rows)
