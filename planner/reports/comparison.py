"""A comparison of plans as a workbook with charts."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from models import months
from models.estimate import ROUNDING
from models.plan import categories
from models.variants.plan_changes import Change
from planner.analysis.bridge import BRIDGE, Bridge
from planner.analysis.plan_comparison import ComparedPlan, Comparison, PlanDifference
from planner.excel.report_page import Kind, Page, Picture, Section, first_rows, heads, report_workbook
from planner.formatting import counted, estimate_words, money, money_scale, over
from planner.reports.comparison_tables import power, tables
from planner.reports.plan.text import category_words
from planner.results.over_scenarios import expected_rows
from planner.results.plan_figures import PlanFigures
from planner.results.tables import Filled, TableColumn

SHEET = "Comparison"
MONTHS_LISTED = 18
"""Months that the page shows of the power; its sheet has all of them."""
LISTED = 40
SMALL = 1e-3
"""Ends of a difference that are no further apart than this share of it are not told apart."""


def comparison_workbook(comparison: Comparison, bridges: Sequence[Bridge]) -> bytes:
    """The workbook; `bridges` are from the first plan to each of the others."""
    first = comparison.first
    labels = " · ".join(each.label for each in comparison.sides)
    page = Page(
        SHEET,
        "Plans side by side",
        f"{labels} · the others are compared with the first · money in {first.dataset.settings.currency}",
        " ".join(headline(first, each) for each in comparison.others),
        "careful" if any(each.notes for each in comparison.others) else "good",
        (
            costs_section(comparison),
            _bridge_section(comparison, bridges),
            *scenarios_sections(comparison),
            *words_sections(comparison),
            figures_section(comparison),
            power_section(comparison),
            _inputs(comparison),
        ),
    )
    return report_workbook(first.dataset, page, [*tables(comparison), _bridge_table(comparison, bridges)])


def headline(first: ComparedPlan, other: PlanDifference) -> str:
    """What sets another plan apart from the first, in a sentence or two."""
    currency, difference = first.dataset.settings.currency, other.difference_usd
    cost = (
        "costs the same"
        if abs(difference) <= 1e-9 * abs(first.expected_usd)
        else (f"costs {money(abs(difference), currency)} {'more' if difference > 0 else 'less'}")
    ) + (" in expectation" if other.first_stage_months is not None else "")
    decided = _decided(other)
    if not changed(other.changes) and not difference and not other.inputs:
        return f"{other.side.label}: nothing changed."
    differ = (
        "1 value of the input differs" if len(other.inputs) == 1 else f"{len(other.inputs)} values of the input differ"
    )
    inputs = f", {differ}" if other.inputs else ", from the same input"
    notes = [*other.notes, *_proven(first, other, currency)]
    return f"{other.side.label} {cost}; {decided}{inputs}. {' '.join(notes)}".strip()


def changed(changes: Sequence[Change]) -> list[Change]:
    """Those that are not the same in both plans."""
    return [each for each in changes if each.change != "same"]


def _decided(other: PlanDifference) -> str:
    if not changed(other.changes):
        return "makes the same decisions"
    if other.first_stage_months is None:
        return f"{len(changed(other.changes))} of {len(other.changes)} decisions differ"
    stages = {"of the first stage": other.now, "after it": other.changes[len(other.now) :]}
    return (
        " and ".join(
            f"{len(changed(found)) or 'none'} of {counted(len(found), 'decision')} {stage}"
            for stage, found in stages.items()
            if found
        )
        + " differ"
    )


def _proven(first: ComparedPlan, other: PlanDifference, currency: str) -> list[str]:
    """A sentence where the gaps leave the difference open."""
    if other.within_gaps(first):
        return ["The two lie within each other's gaps: they differ by no more than their searches leave open."]
    least = other.least_cost_difference
    if least.known_by == "unknown" or least.value(SMALL) is not None:
        return []
    words = estimate_words(least, lambda usd: money(usd, currency), SMALL)
    return [f"By the bounds proven, the least costs that the two inputs allow differ by {words}."]


def _named(comparison: Comparison, kind: Kind, head: str) -> tuple[tuple[str, Kind], ...]:
    """A column for each plan, at most five of them: the page has no room for more."""
    return ((head, "text"), *((side.label, kind) for side in comparison.sides[:5]))


def costs_section(comparison: Comparison) -> Section:
    """Present value by category of every plan."""
    sides = comparison.sides[:5]
    costs = [side.plans.expected_costs_usd for side in sides]
    size, word = money_scale(usd for each in costs for usd in each.values())
    rows: list[tuple[Any, ...]] = [
        (category_words(category, max(each[category] for each in costs)), *(each[category] / size for each in costs))
        for category in categories()
        if any(each[category] for each in costs)
    ]
    totals = [("Total", *(side.expected_usd / size for side in sides))]
    if any(map(_least_expected, sides)):
        totals.append(("Any plan costs at least", *(over(_least_expected(side), size) for side in sides)))
    unit, plans = f"{comparison.first.dataset.settings.currency} {word}".strip(), tuple(range(1, len(sides) + 1))
    expectation = ", with scenarios expected" if any(side.dataset.scenarios for side in sides) else ""
    return Section(
        f"Net present cost, {unit}{expectation}",
        _named(comparison, "money", "Category"),
        [*rows, *totals],
        pictures=(
            Picture(f"Net present cost by category, {unit}", plans, "column", "#,##0.0", stop=-len(totals)),
            Picture(f"Net present cost in all, {unit}", plans, "column", "#,##0.0", 260, start=-len(totals)),
        ),
    )


def _least_expected(side: ComparedPlan) -> float | None:
    """What any plan costs at least in expectation; None where that is not known, or something else was minimised."""
    expected = math.isclose(side.objective_usd, side.expected_usd, rel_tol=ROUNDING)
    return side.bound_usd if expected else None


def _bridge_section(comparison: Comparison, bridges: Sequence[Bridge]) -> Section:
    """What of each difference is due to the inputs, what to the decisions."""
    rows = [row for _, row in _bridge_rows(comparison, bridges)]
    size, word = money_scale(usd for _, usd, _, _ in rows)
    unit = f"{comparison.first.dataset.settings.currency} {word}".strip()
    shown = [
        (f"{label}: {cause}", over(usd, size), over(above, size), None, None, None, why)
        for label, (cause, usd, above, why) in _bridge_rows(comparison, bridges)
    ]
    head = heads("Cause:text", "Cost:price", "Above its bound:price", ":text", ":text", ":text", "In words:text")
    note = (
        "inputs: what the first plan's decisions cost more with the other's inputs, at the best dispatch; "
        "decisions: what the other plan costs more than that."
    )
    return Section(f"From the first plan to the others, {unit}", head, shown, note)


def _bridge_rows(
    comparison: Comparison, bridges: Sequence[Bridge]
) -> Iterator[tuple[str, tuple[str, float | None, float | None, str]]]:
    for other, each in zip(comparison.others, bridges, strict=True):
        yield from ((other.side.label, row) for row in each.rows)


def _bridge_table(comparison: Comparison, bridges: Sequence[Bridge]) -> Filled:
    table = replace(BRIDGE, columns=(TableColumn("plan", "text", "plan"), *BRIDGE.columns))
    return Filled(table, [(label, *row) for label, row in _bridge_rows(comparison, bridges)])


def scenarios_sections(comparison: Comparison) -> list[Section]:
    """The cost of every scenario in every plan; nothing where no plan has scenarios."""
    sides = comparison.sides[:5]
    costs = {side.label: side.plans.solution.costs if side.dataset.scenarios else {} for side in sides}
    names = list(dict.fromkeys(name for each in costs.values() for name in each))
    size, word = money_scale(usd for each in costs.values() for usd in each.values())
    rows = [(name, *(over(each.get(name), size) for each in costs.values())) for name in names]
    unit = f"{comparison.first.dataset.settings.currency} {word}".strip()
    section = Section(
        f"Net present cost by scenario, {unit}",
        _named(comparison, "money", "Scenario"),
        rows[:LISTED],
        first_rows(rows, LISTED, "Scenarios")[1],
        Picture(f"Net present cost by scenario, {unit}", tuple(range(1, len(sides) + 1)), "column", "#,##0.0"),
    )
    return [section] if rows else []


def figures_section(comparison: Comparison) -> Section:
    """Tokens, power and what is owed; with scenarios expected values."""
    sides = comparison.sides[:5]

    def row(name: str, of: Callable[[PlanFigures], float]) -> tuple[Any, ...]:
        return name, *(side.plans.mean(of) for side in sides)

    return Section(
        "Service, power and lock-in",
        _named(comparison, "price", "Figure"),
        [
            row("Tokens served, bn", lambda plan: plan.totals.served_bn),
            row("Tokens short, bn", lambda plan: plan.totals.shortfall_bn),
            row("Held back by limits, bn", lambda plan: plan.totals.demand_bn - plan.totals.after_limits_bn),
            row("Peak committed power, MW", lambda plan: plan.totals.peak_mw),
            row("Most still owed at a month's end, m", lambda plan: plan.most_owed_usd / 1e6),
            row("New signings", lambda figures: len(figures.plan.chosen)),
        ],
    )


def power_section(comparison: Comparison) -> Section:
    """Committed power by month, for months that any of the plans has."""
    sides = comparison.sides[:5]
    base = comparison.first.dataset
    mw = [dict(expected_rows(side.plans, power)) for side in sides]
    rows = [(months.label(month), *(each.get(month) for each in mw)) for month in sorted(set().union(*mw))]
    step = -(-len(rows) // MONTHS_LISTED)
    return Section(
        "Committed power, MW",
        _named(comparison, "amount", "Month"),
        rows[::step],
        f"Every {step} months; the sheet Months has all of them." if step > 1 else "",
        Picture("Committed power by month, MW", tuple(range(1, len(sides) + 1)), "line"),
        if_empty=f"nothing in {base.label(0)}",
    )


def words_sections(comparison: Comparison) -> Iterator[Section]:
    """What each plan decides differently from the first."""
    for other in comparison.others:
        listed = changed(other.changes)
        rows: list[tuple[Any, ...]] = [
            (each.name, each.change, each.units_before, each.units_after, None, None, each.clause)
            for each in listed[:LISTED]
        ]
        rows += [(each.segment, "limit", None, None, None, None, each.clause) for each in other.limits[:LISTED]]
        columns = heads(
            "Offer or segment:text",
            "Change:text",
            "Units before:whole",
            "Units:whole",
            ":text",
            ":text",
            "In words:text",
        )
        same = sum(each.change == "same" for each in other.changes)
        note = f"{same} decisions are the same." if same > 1 else "1 decision is the same." if same else ""
        yield Section(f"What {other.side.label} decides differently", columns, rows, note, if_empty="Nothing.")


def _inputs(comparison: Comparison) -> Section:
    rows = [
        (other.side.label, each.sheet, each.column, str(each.before), str(each.after), "", each.row)
        for other in comparison.others
        for each in other.inputs
    ]
    names = ("Plan", "Sheet", "Column", "First plan", "This plan", "", "Row")
    columns = heads(*(f"{name}:text" for name in names))
    listed = first_rows(rows, LISTED, "Inputs")
    return Section("Differences in the inputs", columns, *listed, if_empty="The inputs are the same.")
