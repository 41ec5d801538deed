"""The two charts of the first sheet: power against work, and cash; both read the `Monthly` sheet."""

from __future__ import annotations

from typing import Any

from planner.write_sheets import BLUE, FONT, GREEN, GREY, HEADER, INK, LINE, ORANGE, PURPLE, SILVER, SKY, YELLOW
from planner.write_tables import MONTHLY

_SMALL = {"name": FONT, "size": 8, "color": GREY}


def power_chart(workbook: Any, rows: int, largest_mw: float) -> Any:
    """Committed and on-demand MW stacked by month, with the MW at work in the busiest load block as a line."""
    chart = workbook.add_chart({"type": "column", "subtype": "stacked"})
    parts = (
        ("fleet_mw", "Fleet", SILVER),
        ("leases_mw", "Leases", BLUE),
        ("contracts_mw", "Contracts", SKY),
        ("on_demand_mw", "On demand", ORANGE),
    )
    for header, name, colour in parts:
        chart.add_series(_series(header, name, rows) | {"fill": {"color": colour}, "gap": 25})
    work = workbook.add_chart({"type": "line"})
    work.add_series(_series("at_work_mw", "At work, busiest hours", rows) | {"line": {"color": INK, "width": 2}})
    chart.combine(work)
    return _finished(chart, "Power committed and at work, MW", "#,##0" if largest_mw >= 10 else "0.0##", rows)


def cash_chart(workbook: Any, rows: int, currency: str, unit: tuple[float, str]) -> Any:
    """Cash by month, stacked by what it is paid for; `unit` is the size it is shown in and its word."""
    chart = workbook.add_chart({"type": "column", "subtype": "stacked"})
    parts = (
        ("fleet_cash_usd", "Fleet", SILVER),
        ("leases_cash_usd", "Leases", BLUE),
        ("contracts_cash_usd", "Contracts", SKY),
        ("on_demand_cash_usd", "On demand", ORANGE),
        ("usage_cash_usd", "Usage", GREEN),
        ("leased_out_cash_usd", "Leased out", PURPLE),
        ("other_cash_usd", "Other", YELLOW),
    )
    for header, name, colour in parts:
        chart.add_series(_series(header, name, rows) | {"fill": {"color": colour}, "gap": 25})
    commas = {1e9: ",,,", 1e6: ",,", 1e3: ","}.get(unit[0], "")
    return _finished(chart, f"Cash by month, {currency}{unit[1]}", f"#,##0{commas}", rows)


def _series(header: str, name: str, rows: int) -> dict[str, Any]:
    column = MONTHLY.headers.index(header)
    sheet = MONTHLY.sheet
    return {"name": name, "categories": [sheet, 1, 0, rows, 0], "values": [sheet, 1, column, rows, column]}


def _finished(chart: Any, title: str, number_format: str, rows: int) -> Any:
    chart.set_title(
        {"name": title, "name_font": {"name": FONT, "size": 11, "bold": True, "color": HEADER}, "overlay": False}
    )
    chart.set_x_axis(
        {
            "text_axis": True,
            "num_format": "yyyy-mm",
            "num_font": _SMALL | {"rotation": -45},
            "interval_unit": max(1, -(-rows // 12)),
            "line": {"color": LINE},
            "label_position": "low",
        }
    )
    chart.set_y_axis(
        {
            "num_format": number_format,
            "num_font": _SMALL,
            "major_gridlines": {"visible": True, "line": {"color": LINE, "width": 0.5}},
            "line": {"none": True},
        }
    )
    chart.set_legend({"position": "bottom", "font": _SMALL})
    chart.set_chartarea({"border": {"color": LINE}})
    return chart
