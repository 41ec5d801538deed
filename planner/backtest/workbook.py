"""`rolling.xlsx`: the cost of myopia on one page, the steps, both plans side by side, the forecast errors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from models.estimate import UNKNOWN
from planner.analysis.plan_comparison import ComparedPlan, Comparison, against
from planner.backtest.summary import BacktestResult, headline
from planner.excel.report_page import Page, Picture, Section, first_rows, heads, write_report
from planner.formatting import money_scale, over
from planner.reports.comparison import figures_section, power_section, words_sections
from planner.reports.comparison_tables import tables
from planner.reports.plan.text import CATEGORY_WORDS
from planner.results.scenario_set import ScenarioSetResult
from planner.results.tables import Filled, report_table

SHEET = "Rolling"
LISTED = 20
FORESIGHT, ROLLING = "with foresight", "month by month"

STEPS = report_table(
    "Steps",
    "a row for each plan made: what it cost from its month on, and what was done",
    "month:month",
    "status:text",
    "cost_from_here_usd:money",
    "bound_usd:money",
    "gap:gap",
    "seconds:amount",
    "cost_so_far_usd:money",
    "foresight_so_far_usd:money",
    "done:text",
    "notes:text",
    "unserved:text",
)
OTHERWISE = report_table(
    "Otherwise",
    "every value that was not as forecast, and the month in whose plan it was known",
    "sheet:text",
    "row:text",
    "column:text",
    "forecast:any",
    "actual:any",
    "known:month",
)


def write_rolling(path: Path, result: BacktestResult) -> None:
    """Writes the workbook. Raises CannotWrite where it cannot be written."""
    comparison = _comparison(result)
    sections = [*_costs(result), _steps(result), _done(result)]
    if comparison is not None:
        sections += [*words_sections(comparison), figures_section(comparison), power_section(comparison)]
    sections += _violated(result)
    sections.append(_forecast_errors(result))
    label, settings = result.actuals.label, result.actuals.settings
    followed, whole = (f"{label(0)} to {label(last)}" for last in (result.inputs.until, settings.months - 1))
    every = "month" if result.request.every == 1 else f"{result.request.every} months"
    page = Page(
        SHEET,
        f"Rolling forward: {result.inputs.forecast.settings.plan_name}",
        f"{followed}, planned anew every {every} · present values of {label(0)} over {whole}, on what really happened "
        f"· money in {settings.currency}",
        headline(result),
        "bad" if result.rolling is None else "good" if result.foresight is not None else "careful",
        tuple(sections),
    )
    own = [Filled(STEPS, _step_rows(result)), Filled(OTHERWISE, _forecast_error_rows(result))]
    compared = [] if comparison is None else tables(comparison)
    write_report(path, result.actuals, page, [each for each in [*own, *compared] if each.rows])


def _comparison(result: BacktestResult) -> Comparison | None:
    """The plan with foresight, and the one made month by month against it."""
    if result.rolling is None or result.foresight is None:
        return None
    first, other = (
        ComparedPlan(label, result.request.actuals, ScenarioSetResult.of_plan(result.actuals, found.plan))
        for label, found in ((FORESIGHT, result.foresight), (ROLLING, result.rolling))
    )
    return Comparison(first, (against(first, other),))


def _costs(result: BacktestResult) -> Iterator[Section]:
    if result.rolling is None or result.foresight is None:
        return
    own, best = result.rolling.plan.costs_usd(), result.foresight.plan.costs_usd()
    size, word = money_scale(usd for each in (own, best) for usd in each.values())
    unit = f"{result.actuals.settings.currency} {word}".strip()
    rows: list[tuple[Any, ...]] = [
        (CATEGORY_WORDS[each], own[each] / size, best[each] / size, (own[each] - best[each]) / size)
        for each in own
        if own[each] or best[each]
    ]
    categories = len(rows)
    totals = result.rolling.objective_usd, result.foresight.objective_usd
    rows.append(("Total", totals[0] / size, totals[1] / size, (totals[0] - totals[1]) / size))
    lowest = [each.least_cost.at_least for each in (result.rolling, result.foresight)]
    rows.append(("Least that either can cost", *(over(bound, size) for bound in lowest), None))
    myopia = UNKNOWN if result.hindsight is None else result.hindsight.myopia
    for words, end in (("at least", myopia.at_least), ("at most", myopia.at_most)):
        rows.append((f"Cost of myopia, {words}", None, None, over(end, size)))
    yield Section(
        f"Net present cost, {unit}",
        heads("Category:text", f"{ROLLING}:money", f"{FORESIGHT}:money", "difference:money"),
        rows,
        "Month by month: decisions held. With foresight: all known from the start. The difference is that of the plans "
        "found; the cost of myopia is what is proven of it.",
        Picture(f"Net present cost by category, {unit}", (1, 2), "column", "#,##0.0", stop=categories),
    )


def _steps(result: BacktestResult) -> Section:
    label = result.actuals.label
    paid = [
        [result.paid_until(evaluated, step) for step in result.steps]
        for evaluated in (result.rolling, result.foresight)
    ]
    size, word = money_scale(usd for each in (*paid, [step.objective_usd for step in result.steps]) for usd in each)
    rows = []
    for step, own, best in zip(result.steps, *paid, strict=True):
        costs = (over(usd, size) for usd in (own, best, step.objective_usd))
        rows.append((label(step.month), *costs, step.gap, step.status))
    unit = f"{result.actuals.settings.currency} {word}".strip()
    return Section(
        "Step by step",
        heads(
            "Planned in:text",
            f"Paid so far, {unit}:money",
            f"With foresight, {unit}:money",
            f"Planned from here, {unit}:money",
            "Gap:gap",
            "Status:text",
        ),
        rows,
        "Paid so far: on what really happened. Planned from here: as the step expected, present value in its month.",
        Picture(f"Paid so far, {unit}", (1, 2), "line", "#,##0.0") if result.rolling is not None else None,
    )


def _done(result: BacktestResult) -> Section:
    """A row for each thing done; what runs over the month's column has the page's width."""
    rows: list[tuple[Any, ...]] = []
    for step in result.steps:
        told = [*step.signed, *step.notes, *(f"unserved: {each}" for each in step.short)]
        rows += [(result.actuals.label(step.month) if n == 0 else "", words) for n, words in enumerate(told)]
    return Section(
        "What was done",
        heads("Planned in:text", "Done:spill"),
        rows,
        if_empty="Nothing was signed, ended, bought or changed.",
    )


def _violated(result: BacktestResult) -> list[Section]:
    found = result.hindsight
    if found is None or not (found.violated or found.dropped):
        return []
    told = [*(("broken", each) for each in found.violated), *(("dropped", each) for each in found.dropped)]
    columns = heads("What:text", *(":text",) * 5, "In words:text")
    rows = [(what, "", "", "", "", "", words) for what, words in told]
    return [Section("Rules broken and decisions dropped on what really happened", columns, rows)]


def _forecast_errors(result: BacktestResult) -> Section:
    label = result.actuals.label
    rows = [
        (
            f"{each.change.sheet}: {each.change.row}",
            _shown_value(each.change.before),
            _shown_value(each.change.after),
            "never" if each.known is None else label(each.known),
            each.change.column,
        )
        for each in result.forecast_errors
    ]
    return Section(
        "What differed from the forecast",
        heads("Where:text", "Forecast:text", "Really:text", "Known in:text", "Column:text"),
        *first_rows(rows, LISTED, "Otherwise"),
        if_empty="Nothing: everything came as forecast.",
    )


def _shown_value(value: Any) -> str:
    return f"{value:,.6g}" if isinstance(value, float) else str(value)


def _step_rows(result: BacktestResult) -> list[tuple[Any, ...]]:
    return [
        (
            step.month,
            step.status,
            step.objective_usd,
            step.bound_usd,
            step.gap,
            step.seconds,
            result.paid_until(result.rolling, step),
            result.paid_until(result.foresight, step),
            "; ".join(step.signed),
            "; ".join(step.notes),
            "; ".join(step.short),
        )
        for step in result.steps
    ]


def _forecast_error_rows(result: BacktestResult) -> list[tuple[Any, ...]]:
    return [
        (each.change.sheet, each.change.row, each.change.column, each.change.before, each.change.after, each.known)
        for each in result.forecast_errors
    ]
