"""A comparison of plans in sentences and small tables, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any

from planner.analysis.bridge import BRIDGE, Bridge
from planner.analysis.plan_comparison import Comparison
from planner.excel.report_page import Section
from planner.formatting import estimate_json
from planner.reports.comparison import changed, costs_section, headline, scenarios_sections
from planner.text_table import Line, TextTable

LINES = 25
"""Rows of a table listed on a terminal."""


def comparison_lines(comparison: Comparison, bridges: Sequence[Bridge] = ()) -> list[Line]:
    """What differs, in sentences and small tables."""
    first, currency = comparison.first, comparison.first.dataset.settings.currency
    lines: list[Line] = [headline(first, each) for each in comparison.others]
    lines += map(_costs_table, (costs_section(comparison), *scenarios_sections(comparison)))
    for other, between in zip_longest(comparison.others, bridges):
        label = other.side.label
        lines += (
            [f"  bridge   {first.label} to {label}: {words}" for words in between.words(currency)] if between else []
        )
        decisions = [(each.called, each.change, each.clause) for each in changed(other.changes)]
        limits = [(each.segment, "limit", each.clause) for each in other.limits]
        lines += _listed((f"Decided by {label}", "Change", "In words"), [*decisions, *limits], "Decisions and Limits")
        inputs = [
            (
                ".".join(part for part in (each.sheet, each.row, each.column) if part),
                *map(_shown, (each.before, each.after)),
            )
            for each in other.inputs
        ]
        lines += _listed(("Input", first.label, label), inputs, "Inputs")
    return lines


def _costs_table(section: Section) -> TextTable:
    """A section of money as a table of texts."""
    heads = (section.title, *(f">{header}" for header, _ in section.columns[1:]))
    return TextTable(heads, [(row[0], *_told_apart(row[1:])) for row in section.rows])


def _told_apart(amounts: Sequence[float | None]) -> list[str]:
    """Amounts with two decimals, or as many as tell those apart that differ by a millionth.

    >>> _told_apart([3.0212, 3.0244, None]), _told_apart([3.0, 4.2])
    (['3.021', '3.024', '-'], ['3.00', '4.20'])
    """
    for decimals in range(2, 7):
        told = ["-" if each is None else f"{each:z,.{decimals}f}" for each in amounts]
        if len(set(told)) == len({each if each is None else round(each, 6) for each in amounts}):
            break
    return told


def _listed(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]], sheet: str) -> Iterator[Line]:
    """The first of the rows, as a table, and where the others are; nothing where there are none."""
    if rows:
        yield TextTable(heads, rows[:LINES])
    if len(rows) > LINES:
        yield f"  and {len(rows) - LINES} more in the workbook's {sheet}"


def _shown(value: Any) -> str:
    return "nothing" if value == "" else str(value)


def comparison_json(comparison: Comparison, bridges: Sequence[Bridge] = ()) -> dict[str, Any]:
    """The same as plain values; months as `2026-09`."""
    label = comparison.first.dataset.label
    return {
        "plans": [
            {
                "plan": side.label,
                "path": str(side.path),
                "first_month": side.dataset.label(0),
                "months": side.dataset.settings.months,
                "minimised": side.minimised,
                "objective_usd": side.objective_usd,
                "bound_usd": side.bound_usd,
                "gap": side.gap,
                "expected_usd": side.expected_usd,
                "costs_usd": side.plans.expected_costs_usd,
                "served_bn_tokens": side.plans.expected("served_bn"),
                "shortfall_bn_tokens": side.plans.expected("shortfall_bn"),
                "peak_mw": side.plans.expected("peak_mw"),
                "most_owed_usd": side.plans.mean(lambda plan: plan.most_owed_usd),
                "scenarios": [
                    {"scenario": each.name, "probability": each.probability, "cost_usd": each.cost_usd}
                    for each in side.plans.scenarios
                    if side.dataset.scenarios
                ],
            }
            for side in comparison.sides
        ],
        "against_first": [
            {
                "plan": other.side.label,
                "difference_usd": other.difference_usd,
                "least_cost_difference_usd": estimate_json(other.least_cost_difference),
                "first_stage_until": None if other.first_stage_months is None else label(other.first_stage_months),
                "decisions": [
                    {
                        "kind": each.kind.name,
                        "name": each.name,
                        "change": each.change,
                        "probability_first": each.probability_before,
                        "probability": each.probability_after,
                        "words": each.words,
                    }
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
                "within_gaps": other.within_gaps(comparison.first),
                "bridge": [dict(zip(BRIDGE.headers, row, strict=True)) for row in between.rows] if between else [],
            }
            for other, between in zip_longest(comparison.others, bridges)
        ],
    }
