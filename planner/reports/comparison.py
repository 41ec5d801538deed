"""A comparison of plans: on a few lines, as JSON, and as a workbook with charts."""

from __future__ import annotations

from dataclasses import astuple
from pathlib import Path
from typing import Any

from models import months
from models.plan import CATEGORIES
from planner.analysis.plan_comparison import ComparedPlan, Comparison, PlanDifference
from planner.excel.report_page import Kind, Page, Picture, Section, first_rows, heads, write_report
from planner.formatting import money, money_scale
from planner.reports.plan.text import CATEGORY_WORDS
from planner.results.tables import Filled, report_table

SHEET = "Comparison"
MONTHS_LISTED = 18
"""Months that the page shows of the power; its sheet has all of them."""
LISTED = 40


DECISIONS = report_table(
    "Decisions",
    "every offer any plan takes, against the first plan",
    "plan:text",
    "kind:text",
    "name:text",
    "change:text",
    "units_first:whole",
    "units:whole",
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


def _months(side: ComparedPlan, comparison: Comparison) -> list[tuple[Any, ...]]:
    """Rows by month t of the first plan's horizon."""
    shift = side.dataset.settings.first_month - comparison.first.dataset.settings.first_month
    return [
        (
            side.label,
            row.month + shift,
            row.committed_mw,
            row.demand,
            row.after_limits,
            row.served,
            row.shortfall,
            sum(row.cash.values()),
            row.owed_usd,
        )
        for row in side.figures.months
    ]


def _service(side: ComparedPlan) -> list[tuple[Any, ...]]:
    return [(side.label, segment, *astuple(tokens)) for segment, tokens in side.figures.segment_tokens.items()]


def tables(comparison: Comparison) -> list[Filled]:
    """The tidy tables; months are those of the first plan's horizon."""
    base = comparison.first.figures.costs_usd
    costs, spans, served = [], [], []
    for side in comparison.sides:
        own = side.figures.costs_usd
        costs += [
            (side.label, each, own[each], own[each] - base[each]) for each in CATEGORIES if own[each] or base[each]
        ]
        spans += _months(side, comparison)
        served += _service(side)
    decided, limits, inputs = [], [], []
    for other in comparison.others:
        label = other.side.label
        decided += [
            (label, each.kind.name, each.name, each.change, each.units_before, each.units_after, each.words)
            for each in other.changes
        ]
        limits += [(label, each.segment, each.first, each.last, each.before, each.after) for each in other.limits]
        inputs += [(label, each.sheet, each.row, each.column, each.before, each.after) for each in other.inputs]
    filled = [
        Filled(DECISIONS, decided),
        Filled(COSTS, costs),
        Filled(MONTHS, spans),
        Filled(SERVICE, served),
        Filled(LIMITS, limits),
        Filled(INPUTS, inputs),
    ]
    return [each for each in filled if each.rows]


def write_comparison(path: Path, comparison: Comparison) -> None:
    """Writes the workbook. Raises CannotWrite where it cannot be written."""
    first = comparison.first
    labels = " · ".join(each.label for each in comparison.sides)
    page = Page(
        SHEET,
        "Plans side by side",
        f"{labels} · the others are compared with the first · money in {first.dataset.settings.currency}",
        " ".join(_headline(first, each) for each in comparison.others),
        "careful" if any(each.notes for each in comparison.others) else "good",
        (
            costs_section(comparison),
            *words_sections(comparison),
            figures_section(comparison),
            power_section(comparison),
            _inputs(comparison),
        ),
    )
    write_report(path, first.dataset, page, tables(comparison))


def _headline(first: ComparedPlan, other: PlanDifference) -> str:
    currency = first.dataset.settings.currency
    difference = other.side.plan.objective_usd - first.plan.objective_usd
    changed = [each for each in other.changes if each.change != "same"]
    cost = (
        "costs the same"
        if abs(difference) <= 1e-9 * abs(first.plan.objective_usd)
        else (f"costs {money(abs(difference), currency)} {'more' if difference > 0 else 'less'}")
    )
    decided = f"{len(changed)} of {len(other.changes)} decisions differ" if changed else "makes the same decisions"
    if not changed and not difference and not other.inputs:
        return f"{other.side.label}: nothing changed."
    differ = (
        "1 value of the input differs" if len(other.inputs) == 1 else f"{len(other.inputs)} values of the input differ"
    )
    inputs = f", {differ}" if other.inputs else ", from the same input"
    return f"{other.side.label} {cost}; {decided}{inputs}. {' '.join(other.notes)}".strip()


def _named(comparison: Comparison, kind: Kind, head: str) -> tuple[tuple[str, Kind], ...]:
    """A column for each plan, at most five of them: the page has no room for more."""
    return ((head, "text"), *((side.label, kind) for side in comparison.sides[:5]))


def costs_section(comparison: Comparison) -> Section:
    """Present value by category of every plan."""
    sides = comparison.sides[:5]
    costs = [side.figures.costs_usd for side in sides]
    size, word = money_scale(usd for each in costs for usd in each.values())
    rows: list[tuple[Any, ...]] = [
        (CATEGORY_WORDS[category], *(each[category] / size for each in costs))
        for category in CATEGORIES
        if any(each[category] for each in costs)
    ]
    rows.append(("Total", *(side.plan.objective_usd / size for side in sides)))
    unit = f"{comparison.first.dataset.settings.currency} {word}".strip()
    return Section(
        f"Net present cost, {unit}",
        _named(comparison, "money", "Category"),
        rows,
        picture=Picture(f"Net present cost by category, {unit}", tuple(range(1, len(sides) + 1)), "column", "#,##0.0"),
    )


def figures_section(comparison: Comparison) -> Section:
    """Tokens, power and what is owed."""
    sides = comparison.sides[:5]
    figures = [side.figures.totals for side in sides]
    signed = [sum(1 for each in side.plan.signings if not each.signed) for side in sides]
    return Section(
        "Service, power and lock-in",
        _named(comparison, "amount", "Figure"),
        [
            ("Tokens served, bn", *(each.served_bn for each in figures)),
            ("Tokens short, bn", *(each.shortfall_bn for each in figures)),
            ("Held back by limits, bn", *(each.demand_bn - each.after_limits_bn for each in figures)),
            ("Peak committed power, MW", *(each.peak_mw for each in figures)),
            ("Most still owed at a month's end, m", *(side.figures.most_owed_usd / 1e6 for side in sides)),
            ("New signings", *(float(each) for each in signed)),
        ],
    )


def power_section(comparison: Comparison) -> Section:
    """Committed power by month, for months that any of the plans has."""
    sides = comparison.sides[:5]
    base = comparison.first.dataset
    power = [{side.dataset.month(row.month): row.committed_mw for row in side.figures.months} for side in sides]
    spans = sorted({month for each in power for month in each})
    rows = [(months.label(month), *(each.get(month) for each in power)) for month in spans]
    step = -(-len(rows) // MONTHS_LISTED)
    return Section(
        "Committed power, MW",
        _named(comparison, "amount", "Month"),
        rows[::step],
        f"Every {step} months; the sheet Months has all of them." if step > 1 else "",
        Picture("Committed power by month, MW", tuple(range(1, len(sides) + 1)), "line", "#,##0"),
        if_empty=f"nothing in {base.label(0)}",
    )


def words_sections(comparison: Comparison) -> list[Section]:
    """What each plan decides differently from the first."""
    sections = []
    for other in comparison.others:
        listed = [each for each in other.changes if each.change != "same"]
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
        note = f"{same} decisions are the same." if same else ""
        sections.append(
            Section(f"What {other.side.label} decides differently", columns, rows, note, if_empty="Nothing.")
        )
    return sections


def _inputs(comparison: Comparison) -> Section:
    rows = [
        (other.side.label, each.sheet, each.row, each.column, str(each.before), str(each.after), "")
        for other in comparison.others
        for each in other.inputs
    ]
    names = ("Plan", "Sheet", "Row", "Column", "First plan", "This plan", "")
    columns = heads(*(f"{name}:text" for name in names))
    listed = first_rows(rows, LISTED, "Inputs")
    return Section("Differences in the inputs", columns, *listed, if_empty="The inputs are the same.")


def comparison_lines(comparison: Comparison) -> list[str]:
    """What differs, on a few lines."""
    lines = []
    for other in comparison.others:
        lines.append(_headline(comparison.first, other))
        lines += [f"  {each.change:<8} {each.words}" for each in other.changes if each.change != "same"]
        lines += [f"  limit    {each.words}" for each in other.limits]
        for each in other.inputs[:10]:
            place = ".".join(part for part in (each.sheet, each.row, each.column) if part)
            lines.append(f"  input    {place}: {each.before or 'nothing'} became {each.after or 'nothing'}")
        if len(other.inputs) > 10:
            lines.append(f"  input    and {len(other.inputs) - 10} more")
    return lines


def comparison_json(comparison: Comparison) -> dict[str, Any]:
    """The same as plain values; months as `2026-09`."""
    label = comparison.first.dataset.label
    return {
        "plans": [
            {
                "plan": side.label,
                "path": str(side.path),
                "first_month": side.dataset.label(0),
                "months": side.dataset.settings.months,
                "objective_usd": side.plan.objective_usd,
                "costs_usd": side.figures.costs_usd,
                "served_bn_tokens": side.figures.totals.served_bn,
                "shortfall_bn_tokens": side.figures.totals.shortfall_bn,
                "peak_mw": side.figures.totals.peak_mw,
                "most_owed_usd": side.figures.most_owed_usd,
            }
            for side in comparison.sides
        ],
        "against_first": [
            {
                "plan": other.side.label,
                "difference_usd": other.side.plan.objective_usd - comparison.first.plan.objective_usd,
                "decisions": [
                    {"kind": each.kind.name, "name": each.name, "change": each.change, "words": each.words}
                    for each in other.changes
                ],
                "limits": [
                    {"segment": each.segment, "from": label(each.first), "until": label(each.last), "words": each.words}
                    for each in other.limits
                ],
                "inputs": [
                    {
                        "sheet": each.sheet,
                        "row": each.row,
                        "column": each.column,
                        "before": each.before,
                        "after": each.after,
                    }
                    for each in other.inputs
                ],
                "notes": list(other.notes),
            }
            for other in comparison.others
        ],
    }
