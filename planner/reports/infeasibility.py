"""What would make a plan possible: on a few lines, as JSON, and as a workbook."""

from __future__ import annotations

from typing import Any

from models.dataset import Dataset
from models.variants.elastic import RelaxableRule
from planner.analysis.infeasibility import Infeasibility
from planner.excel.report_page import Page, Section, heads, report_workbook
from planner.files.outputs import EXPLANATION_SHEET
from planner.formatting import money
from planner.results.tables import Filled, report_table

KEYS = ("sheet", "row", "column", "found", "needed", "amount", "unit", "words")


def rule_words(rule: RelaxableRule) -> str:
    """A rule as one of several that cannot hold together."""
    return {
        "cap": f"cap {rule.name}",
        "rule": f"rule {rule.name}",
        "shortfall": f"no shortfall of {rule.name}",
        "max_shortfall_share": f"max_shortfall_share of {rule.name}",
        "single_site": f"{rule.name} at a single site",
        "may_tighten": f"limits of {rule.name} never tightened",
        "min_months_between_changes": f"min_months_between_changes of {rule.name}",
        "credit_line_usd": f"the {rule.name}",
        "run": f"run {rule.name} done",
        "capacity": f"capacity in {rule.name}/{rule.hardware}",
    }[rule.kind]


def repair_lines(found: Infeasibility, dataset: Dataset) -> list[str]:
    """What to change, on a few lines; of a scenario it is said which, as it is looked at alone."""
    lines = ["No plan keeps every rule of the workbook."]
    if dataset.scenario:
        lines.append(f"  In scenario {dataset.scenario}, by itself:")
    for number, repair in enumerate(found.repairs):
        first = "or" if number else "Either" if len(found.repairs) > 1 else "To do"
        cost = "" if repair.proven else " (not tested)"
        if repair.cost_usd is not None:
            cost = f" (then a plan costs at most {money(repair.cost_usd, dataset.settings.currency)})"
        lines.append(f"  {first}: {repair.words}{cost}")
    if not found.repairs and not found.complete:
        lines.append("  No set of changes was found within the time. Check caps, rules and segments.")
    elif not found.repairs:
        lines.append("  Changing caps, rules, shortfall or capacity does not help. Check the months of limits.")
    elif not found.complete:
        lines.append("  The time ran out before everything was examined: smaller changes may exist.")
    if found.conflict is not None:
        lines.append(
            "  With these offers the following rules cannot all hold: " + "; ".join(map(rule_words, found.conflict))
        )
    return lines


def repairs_json(found: Infeasibility, dataset: Dataset) -> dict[str, Any]:
    """The same as plain values."""
    return {
        "repairs": [
            {
                "words": repair.words,
                "effort": repair.penalty,
                "cost_usd": repair.cost_usd,
                "proven": repair.proven,
                "changes": [
                    {key: getattr(each, key) for key in KEYS}
                    | {"first_month": dataset.label(each.first_month), "last_month": dataset.label(each.last_month)}
                    for each in repair.changes
                ],
            }
            for repair in found.repairs
        ],
        "conflict": None if found.conflict is None else [rule_words(each) for each in found.conflict],
        "complete": found.complete,
    }


_CHANGES = report_table(
    "Changes",
    "every change of every repair, with the place in the workbook",
    "repair:whole",
    "sheet:text",
    "row:text",
    "column:text",
    "found:text",
    "needed:text",
    "amount:any",
    "unit:text",
    "first_month:month",
    "last_month:month",
    "in_words:text",
)


def repairs_workbook(dataset: Dataset, found: Infeasibility, name: str = "") -> bytes:
    """The workbook that explains why `name` has no plan."""
    currency = dataset.settings.currency
    fields = (*KEYS[:-1], "first_month", "last_month", "words")
    rows = [
        (number, *(getattr(each, key) for key in fields))
        for number, repair in enumerate(found.repairs, start=1)
        for each in repair.changes
    ]
    listed = []
    for number, repair in enumerate(found.repairs, start=1):
        tried = "yes" if repair.proven else "no"
        listed.append(
            (f"Repair {number}", repair.penalty, len(repair.changes), repair.cost_usd, tried, "", repair.words)
        )
    sections = [
        Section(
            "What would make a plan possible: any one of these",
            heads(
                "Repair:text",
                "Effort:amount",
                "Changes:whole",
                f"Cost then at most, {currency}:money",
                "Tested:text",
                ":text",
                "In words:text",
            ),
            listed,
            "Effort: the sizes of the changes, as shares of the values; a dropped rule counts 1. Smallest first."
            + ("" if found.complete else " The time ran out before everything was examined: smaller ones may exist."),
            if_empty="None was found.",
        )
    ]
    if found.conflict is not None:
        sections.append(
            Section(
                "Rules that cannot all hold with these offers; without any one of them the others can",
                heads("Rule:text"),
                [(rule_words(each),) for each in found.conflict],
            )
        )
    banner = "✘ No plan keeps every rule of the workbook."
    if found.repairs and found.repairs[0].proven:
        words = found.repairs[0].words
        banner += f" With this change there is one: {words}."
    page = Page(
        EXPLANATION_SHEET,
        f"No plan: {name or dataset.settings.plan_name}"
        + (f", scenario {dataset.scenario}" if dataset.scenario else ""),
        f"{dataset.label(0)} to {dataset.label(dataset.settings.months - 1)} · money in {currency}",
        banner,
        "bad",
        tuple(sections),
    )
    return report_workbook(dataset, page, [Filled(_CHANGES, rows)] if rows else [])
