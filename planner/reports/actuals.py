"""A plan against what happened: on a few lines, as JSON, and as a workbook."""

from __future__ import annotations

from typing import Any

from models.grouping import sums
from planner.analysis.actuals import ActualsComparison, Rows
from planner.excel.report_page import Page, Picture, Section, heads, report_workbook
from planner.formatting import money, money_scale
from planner.reports.plan.text import CATEGORY_WORDS
from planner.results.tables import Filled, report_table
from planner.text_table import Line, TextTable

SHEET, TITLE = "Plan and actuals", "The plan against what happened"
LISTED = 15
"""Offers whose cash differs most that the page and the terminal show."""
CASH = report_table(
    "Cash against plan",
    "what was to be paid and what was, by month and offer",
    *("month:month", "category:text", "offer:text", "planned_usd:money", "actual_usd:money", "difference_usd:money"),
)
POWER = report_table(
    "Power against plan",
    "MW online as planned and as it came, by month and source",
    *("month:month", "kind:text", "offer:text", "planned_mw:amount", "actual_mw:amount", "difference_mw:amount"),
)
MONTHS = report_table(
    "Months against plan",
    "tokens, power and money of the whole plan by month",
    *("month:month", "figure:text", "planned:any", "actual:any", "difference:any"),
)


def _with_difference(rows: Rows) -> list[tuple[Any, ...]]:
    return [(*key, planned, actual, actual - planned) for *key, planned, actual in rows]


def actuals_tables(found: ActualsComparison) -> list[Filled]:
    """The tidy tables."""
    months = [(t, figure, *values) for t, figure, _, *values in _with_difference(found.figures())]
    return [
        Filled(MONTHS, months),
        Filled(CASH, _with_difference(found.cash())),
        Filled(POWER, _with_difference(found.power())),
    ]


def _by_offer(found: ActualsComparison) -> list[tuple[str, str, float, float]]:
    """Category, offer, planned and actual cash over the months that both have, the largest difference first."""
    planned = sums(((category, offer), usd) for _, category, offer, usd, _ in found.cash())
    actual = sums(((category, offer), usd) for _, category, offer, _, usd in found.cash())
    rows = [(*key, planned[key], actual[key]) for key in planned]
    return sorted(rows, key=lambda row: -abs(row[3] - row[2]))


def _totals(found: ActualsComparison) -> tuple[float, float]:
    rows = _by_offer(found)
    return sum(row[2] for row in rows), sum(row[3] for row in rows)


def _headline(found: ActualsComparison) -> str:
    planned, actual = _totals(found)
    currency, last = found.dataset.settings.currency, found.dataset.label(found.months[-1])
    paid = f"To {last}: {money(actual, currency)} paid"
    if not _differ(planned, actual):
        return f"{paid}, as planned."
    apart = f"{money(abs(actual - planned), currency)} {'more' if actual > planned else 'less'}"
    return f"{paid}, {apart} than the {money(planned, currency)} planned."


def _differ(planned: float, actual: float) -> bool:
    return abs(actual - planned) > 1e-6 * max(abs(planned), abs(actual))


def actuals_lines(found: ActualsComparison) -> list[Line]:
    """What came otherwise: a sentence, and a table of cash by offer."""
    if found.actual is None:
        return [_not_held(found)]
    offers = _by_offer(found)
    size, word = money_scale(usd for row in offers for usd in row[2:])
    rows = [
        (
            f"{CATEGORY_WORDS[category]}, {offer}",
            *(f"{usd / size:z,.2f}" for usd in (planned, actual, actual - planned)),
        )
        for category, offer, planned, actual in offers[:LISTED]
        if _differ(planned, actual)
    ]
    unit = f"{found.dataset.settings.currency} {word}".strip()
    table = TextTable((f"Cash, {unit}", ">Planned", ">Actual", ">Difference"), rows)
    left_out = [f"Left out: {each}." for each in found.left_out]
    return [_headline(found), *left_out, *([table] if rows else [])]


def _not_held(found: ActualsComparison) -> str:
    return f"The plan's decisions cannot be held on what happened: {found.why_not}."


def actuals_json(found: ActualsComparison) -> dict[str, Any]:
    """The same as plain values; months as `2026-09`."""
    base: dict[str, Any] = {"plan": str(found.planned.path), "held": found.actual is not None, "why_not": found.why_not}
    base["left_out"] = list(found.left_out)
    if found.actual is None:
        return base
    label = found.dataset.label
    planned, actual = _totals(found)

    def records(rows: Rows, first: str) -> list[dict[str, Any]]:
        return [
            {"month": label(t), first: of, "offer": name, "planned": before, "actual": after}
            for t, of, name, before, after in rows
        ]

    return base | {
        "months": len(found.months),
        "cash_usd": {"planned": planned, "actual": actual},
        "cash": records(found.cash(), "category"),
        "power_mw": records(found.power(), "kind"),
        "figures": records(found.figures(), "figure"),
    }


def actuals_workbook(found: ActualsComparison) -> bytes:
    """The workbook: one page, then tidy tables."""
    currency = found.dataset.settings.currency
    if found.actual is None:
        page = Page(SHEET, TITLE, found.planned.label, _not_held(found), "bad", ())
        return report_workbook(found.dataset, page, [])
    offers = _by_offer(found)
    size, word = money_scale(usd for row in offers for usd in row[2:])
    unit = f"{currency} {word}".strip()
    shown = [
        (f"{CATEGORY_WORDS[category]}: {offer}", planned / size, actual / size, (actual - planned) / size)
        for category, offer, planned, actual in offers[:LISTED]
    ]
    columns = heads("Offer:text", "Planned:price", "Actual:price", "Difference:price")
    note = (
        "The plan's decisions are held on the actuals, serving is worked out anew at least cost. "
        + ("Planned figures are expected values, held is what all scenarios decide. " if _expected(found) else "")
        + "".join(f"Left out: {each}. " for each in found.left_out)
        + "The offers whose cash differs most."
    )
    months = sums(((figure, t), actual) for t, figure, _, _, actual in found.figures())
    before = sums(((figure, t), planned) for t, figure, _, planned, _ in found.figures())
    served = [
        (
            found.dataset.label(t),
            before["served", t],
            months["served", t],
            before["shortfall", t],
            months["shortfall", t],
        )
        for t in found.months
    ]
    of_tokens = heads("Month:text", "Served, planned:amount", "Served:amount", "Short, planned:amount", "Short:amount")
    page = Page(
        SHEET,
        TITLE,
        f"{found.planned.label} · {len(found.months)} months · money in {currency}",
        _headline(found),
        "careful",
        (
            Section(f"Cash paid, {unit}", columns, shown, note, if_empty="Nothing is paid."),
            Section(
                "Tokens, bn a day",
                of_tokens,
                served,
                picture=Picture("Tokens served, bn a day", (1, 2), "line", "#,##0.0"),
            ),
        ),
    )
    return report_workbook(found.dataset, page, actuals_tables(found))


def _expected(found: ActualsComparison) -> bool:
    return bool(found.planned.dataset.scenarios)
