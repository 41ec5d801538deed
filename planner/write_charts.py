"""The charts of the first sheet: capacity against demand, cash by provider, lock-in; they read the sheets behind it."""

from __future__ import annotations

from typing import Any

from planner.write_sheets import (
    BLUE,
    FONT,
    GREEN,
    GREY,
    HEADER,
    INK,
    LINE,
    ORANGE,
    PURPLE,
    RED,
    SILVER,
    SKY,
    YELLOW,
)
from planner.write_tables import BY_PROVIDER, MONTHLY

PROVIDERS = (BLUE, ORANGE, SKY, GREEN, PURPLE, YELLOW, SILVER)
_SMALL = {"name": FONT, "size": 8, "color": GREY}


def power_chart(workbook: Any, rows: int, largest_mw: float) -> Any:
    """Committed and on-demand MW stacked by month, with the MW that demand before and after limits takes as lines."""
    chart = workbook.add_chart({"type": "column", "subtype": "stacked"})
    parts = (
        ("fleet_mw", "Fleet", SILVER),
        ("leases_mw", "Leases", BLUE),
        ("contracts_mw", "Contracts", SKY),
        ("on_demand_mw", "On demand", ORANGE),
    )
    for header, name, colour in parts:
        chart.add_series(_series(header, name, rows) | {"fill": {"color": colour}, "gap": 25})
    lines = workbook.add_chart({"type": "line"})
    for header, name, look in (
        ("demand_mw", "Demand before limits", {"color": RED, "width": 1.75, "dash_type": "dash"}),
        ("after_limits_mw", "Demand after limits", {"color": INK, "width": 2}),
    ):
        lines.add_series(_series(header, name, rows) | {"line": look})
    chart.combine(lines)
    return _finished(chart, "Capacity against demand, MW", "#,##0" if largest_mw >= 10 else "0.0##", rows)


def provider_chart(workbook: Any, rows: int, providers: list[str], currency: str, unit: tuple[float, str]) -> Any:
    """Cash by month, stacked by the provider it goes to."""
    chart = workbook.add_chart({"type": "column", "subtype": "stacked"})
    for position, name in enumerate(providers):
        place = {
            "name": name,
            "categories": [BY_PROVIDER, 1, 0, rows, 0],
            "values": [BY_PROVIDER, 1, position + 1, rows, position + 1],
        }
        chart.add_series(place | {"fill": {"color": PROVIDERS[position % len(PROVIDERS)]}, "gap": 25})
    commas = {1e9: ",,,", 1e6: ",,", 1e3: ","}.get(unit[0], "")
    return _finished(chart, f"Cash by month and provider, {currency}{unit[1]}", f"#,##0{commas}", rows)


def lock_in_chart(workbook: Any, rows: int, currency: str, unit: tuple[float, str]) -> Any:
    """What is still owed after each month."""
    chart = workbook.add_chart({"type": "column"})
    chart.add_series(_series("owed_usd", "Still owed", rows) | {"fill": {"color": PURPLE}, "gap": 25})
    commas = {1e9: ",,,", 1e6: ",,", 1e3: ","}.get(unit[0], "")
    finished = _finished(chart, f"Lock-in: owed after each month, {currency}{unit[1]}", f"#,##0{commas}", rows)
    finished.set_legend({"none": True})
    return finished


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
