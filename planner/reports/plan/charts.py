"""The charts of a plan: capacity against demand, cash by provider, lock-in, power; they read the sheets behind them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models.supply.registry import bringing
from planner.excel.book import INK, ORANGE, PALETTE, PURPLE, RED, SILVER
from planner.excel.charts import SMALL, axis_format, month_chart
from planner.excel.money_unit import MoneyUnit
from planner.results.monthly import MonthRow
from planner.results.plan_tables import BY_PROVIDER, MONTHLY
from planner.results.tables import value_of

IDLE = "#E3E8EE"


def tokens_chart(workbook: Any, months: list[MonthRow]) -> Any:
    """Tokens a day by what they are served from, and what is idle, stacked; demand before and after limits as lines."""
    bars = (
        ("from_fleet_bn_per_day", "Fleet", SILVER),
        *((f"from_{kind.cash_group}_bn_per_day", kind.label, kind.colour) for kind in bringing()),
        ("from_on_demand_bn_per_day", "On demand", ORANGE),
        ("idle_bn_per_day", "Idle", IDLE),
    )
    limits = any(abs(row.demand - row.after_limits) > 1e-6 * row.demand for row in months)
    lines = [("after_limits_bn_per_day", "Demand after limits" if limits else "Demand", {"color": INK, "width": 2})]
    if limits:
        lines.insert(
            0, ("demand_bn_per_day", "Demand before limits", {"color": RED, "width": 1.75, "dash_type": "dash"})
        )
    chart, largest = _stacked(workbook, months, bars, lines)
    return month_chart(chart, "Capacity against demand, bn tokens a day", axis_format(largest), len(months))


def power_chart(workbook: Any, months: list[MonthRow]) -> Any:
    """MW by kind stacked, with what is at work in the busiest hours and what is leased out as lines."""
    bars = (
        ("fleet_mw", "Fleet", SILVER),
        *((f"{kind.cash_group}_mw", kind.label, kind.colour) for kind in bringing()),
        ("on_demand_mw", "On demand, busiest hours", ORANGE),
    )
    lines = [("at_work_mw", "At work, busiest hours", {"color": INK, "width": 2})]
    if any(row.leased_out_mw for row in months):
        lines.append(("leased_out_mw", "Leased out", {"color": PURPLE, "width": 2, "dash_type": "dash"}))
    chart, largest = _stacked(workbook, months, bars, lines)
    return month_chart(chart, "Power by month, MW", axis_format(largest), len(months))


def signed_chart(workbook: Any, months: list[MonthRow]) -> Any:
    """MW online by kind stacked, and what is signed as a line: what is announced is not what is online."""
    bars = (
        ("fleet_mw", "Fleet online", SILVER),
        *((f"{kind.cash_group}_mw", f"{kind.label} online", kind.colour) for kind in bringing()),
    )
    chart, largest = _stacked(workbook, months, bars, [("signed_mw", "Signed", {"color": RED, "width": 2})])
    return month_chart(chart, "Power signed against power online, MW", axis_format(largest), len(months))


def _stacked(
    workbook: Any,
    months: list[MonthRow],
    bars: Sequence[tuple[str, str, str]],
    lines: Sequence[tuple[str, str, dict[str, Any]]],
) -> tuple[Any, float]:
    """Columns of `Monthly` stacked, those of zeros left out, and others as lines; with the largest figure shown."""
    figures = {header: _figures(months, header) for header, *_ in (*bars, *lines)}
    chart = workbook.add_chart({"type": "column", "subtype": "stacked"})
    shown = [bar for bar in bars if any(figures[bar[0]])] or bars[:1]
    for header, name, colour in shown:
        chart.add_series(_series(header, name, len(months)) | {"fill": {"color": colour}, "gap": 25})
    over = workbook.add_chart({"type": "line"})
    for header, name, look in lines:
        over.add_series(_series(header, name, len(months)) | {"line": look})
    chart.combine(over)
    stacks = (sum(column) for column in zip(*(figures[header] for header, *_ in shown), strict=True))
    return chart, max((*stacks, *(value for header, *_ in lines for value in figures[header])), default=0.0)


def _figures(months: list[MonthRow], header: str) -> list[float]:
    attribute = MONTHLY.columns[MONTHLY.headers.index(header)].attribute
    return [value_of(row, attribute) for row in months]


def provider_chart(workbook: Any, rows: int, providers: list[str], currency: str, unit: MoneyUnit) -> Any:
    """Cash by month, stacked by the provider it goes to."""
    chart = workbook.add_chart({"type": "column", "subtype": "stacked"})
    for position, name in enumerate(providers):
        place = {
            "name": name,
            "categories": [BY_PROVIDER, 1, 0, rows, 0],
            "values": [BY_PROVIDER, 1, position + 1, rows, position + 1],
        }
        chart.add_series(place | {"fill": {"color": PALETTE[position % len(PALETTE)]}, "gap": 25})
    return month_chart(chart, f"Cash by month and provider, {currency}{unit.word}", f"#,##0{unit.commas}", rows)


def lock_in_chart(workbook: Any, rows: int, currency: str, unit: MoneyUnit) -> Any:
    """What is still owed after each month, and on an axis of its own the months that the longest commitment runs."""
    chart = workbook.add_chart({"type": "column"})
    owed = f"Still owed, {currency}{unit.word} (left)"
    chart.add_series(_series("owed_usd", owed, rows) | {"fill": {"color": PURPLE}, "gap": 25})
    line = workbook.add_chart({"type": "line"})
    months = _series("locked_months", "Months until the last commitment ends (right)", rows)
    line.add_series(months | {"line": {"color": INK, "width": 2}, "y2_axis": True})
    chart.combine(line)
    done = month_chart(chart, "Lock-in after each month", f"#,##0{unit.commas}", rows)
    line.set_y2_axis(
        {"num_format": "0", "num_font": SMALL, "min": 0, "line": {"none": True}, "major_gridlines": {"visible": False}}
    )
    return done


def _series(header: str, name: str, rows: int) -> dict[str, Any]:
    column = MONTHLY.headers.index(header)
    sheet = MONTHLY.sheet
    return {"name": name, "categories": [sheet, 1, 0, rows, 0], "values": [sheet, 1, column, rows, column]}
