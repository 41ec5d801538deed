"""The charts of a plan for scenarios; they read the sheets behind them, so that other programs draw them alike."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from models import months
from models.dataset import Dataset
from planner.excel.book import BLUE, GREEN, INK, PALETTE, RED, SILVER
from planner.excel.charts import SMALL, axis_format, month_chart
from planner.excel.money_unit import money_unit
from planner.formatting import money, percent
from planner.results.decision_tree import Node
from planner.results.scenario_tables import DISTRIBUTION, OUTLOOK

LIGHT_BLUE, LIGHT_ORANGE = "#CFE3F1", "#F7DFCF"
LABELLED = 16
"""Scenarios whose names a chart of all can show; of more it shows every second, third, …"""


def cost_chart(workbook: Any, rows: int, currency: str, largest: float) -> Any:
    """Cost by scenario in rising order, the expected cost as a line; the `largest` sets the unit."""
    unit = money_unit([largest])
    chart = workbook.add_chart({"type": "column"})
    chart.add_series(_place(DISTRIBUTION, "cost_usd", "Net present cost", rows) | _filled(BLUE))
    line = workbook.add_chart({"type": "line"})
    look = {"line": {"color": INK, "width": 2, "dash_type": "dash"}}
    line.add_series(_place(DISTRIBUTION, "expected_usd", "Expected", rows) | look)
    chart.combine(line)
    title = f"Net present cost by scenario, {currency}{unit.word}"
    shown = "#,##0" if largest >= 10 * unit.size else "#,##0.0"
    return _by_scenario(month_chart(chart, title, shown + unit.commas, rows), rows)


def shortfall_chart(workbook: Any, rows: int, largest: float) -> Any:
    """The share of tokens asked for that falls short, by scenario."""
    chart = workbook.add_chart({"type": "column"})
    chart.add_series(_place(DISTRIBUTION, "shortfall_share", "Shortfall", rows) | _filled(RED))
    decimals = max(0, -math.floor(math.log10(10.0 * largest)))
    shown = f"0.{'0' * decimals}%" if decimals else "0%"
    drawn = _by_scenario(month_chart(chart, "Share of tokens falling short by scenario", shown, rows), rows)
    drawn.set_legend({"none": True})
    return drawn


def demand_chart(workbook: Any, rows: int) -> Any:
    """Demand after limits: the band from the least to the most of all scenarios, the expected, and what is served."""
    title = "Demand after limits over the scenarios, bn tokens a day"
    more = ("served_expected_bn_per_day", "Served, expected", GREEN)
    return _band(workbook, rows, "after_limits", "bn_per_day", title, LIGHT_BLUE, more)


def power_chart(workbook: Any, rows: int, largest: float) -> Any:
    """Power online: the band from the least to the most of all scenarios, the expected, and what is signed."""
    title = "Power online and signed over the scenarios, MW"
    more = ("signed_expected_mw", "Signed, expected", RED)
    return _band(workbook, rows, "committed", "mw", title, LIGHT_ORANGE, more, shown=axis_format(largest))


def _band(
    workbook: Any,
    rows: int,
    what: str,
    unit: str,
    title: str,
    colour: str,
    more: tuple[str, str, str],
    *,
    shown: str = "#,##0",
) -> Any:
    chart = workbook.add_chart({"type": "area", "subtype": "stacked"})
    none = {"fill": {"none": True}, "border": {"none": True}}
    chart.add_series(_place(OUTLOOK, f"{what}_least_{unit}", "Least", rows) | none)
    spread = _place(OUTLOOK, f"{what}_spread_{unit}", "Least to most", rows)
    chart.add_series(spread | {"fill": {"color": colour}, "border": {"none": True}})
    lines = workbook.add_chart({"type": "line"})
    expected = _place(OUTLOOK, f"{what}_expected_{unit}", "Expected", rows)
    lines.add_series(expected | {"line": {"color": INK, "width": 2}})
    header, name, ink = more
    dashed = {"line": {"color": ink, "width": 2, "dash_type": "dash"}}
    lines.add_series(_place(OUTLOOK, header, name, rows) | dashed)
    chart.combine(lines)
    drawn = month_chart(chart, title, shown, rows)
    drawn.set_legend({"position": "bottom", "font": SMALL, "delete_series": [0]})
    return drawn


def _place(table: Any, header: str, name: str, rows: int) -> dict[str, Any]:
    column = table.headers.index(header)
    return {"name": name, "categories": [table.sheet, 1, 0, rows, 0], "values": [table.sheet, 1, column, rows, column]}


def _filled(colour: str) -> dict[str, Any]:
    return {"fill": {"color": colour}, "gap": 60}


def _by_scenario(chart: Any, rows: int) -> Any:
    turned = {"rotation": -45} if rows > 5 else {}
    every = max(1, -(-rows // LABELLED))
    axis = {"num_font": SMALL | turned, "interval_unit": every, "line": {"color": SILVER}, "label_position": "low"}
    chart.set_x_axis(axis)
    return chart


def branch_points(node: Node, dataset: Dataset) -> dict[str, list[tuple[int, float]]]:
    """By scenario the points of its line, months t and height: level along a node, slanting where it branches."""
    leaves = [name for leaf in node.leaves for name in leaf.scenarios]
    height = {name: float(len(leaves) - position) for position, name in enumerate(leaves)}
    slant = max(1, len(dataset.horizon) // 18)
    points: dict[str, list[tuple[int, float]]] = {name: [] for name in leaves}
    for _, each in node.walk():
        level = sum(height[name] for name in each.scenarios) / len(each.scenarios)
        alone = len(each.scenarios) == 1
        for name in each.scenarios:
            own = level if alone or each.children else height[name]
            line = points[name]
            line.append((min(each.first + slant, each.last + 1) if line else each.first, own))
            line.append((max(each.last + 1, 0), own))
    return points


def branch_labels(node: Node, points: Mapping[str, Sequence[tuple[int, float]]]) -> list[tuple[tuple[int, float], str]]:
    """How likely each branch is that several scenarios share, and the point where its line becomes level."""
    begun, found = dict.fromkeys(points, 0), []
    for _, each in node.walk():
        inner = 1 < len(each.scenarios) < len(node.scenarios)
        drawn = [name for name in each.scenarios if name in points]
        if inner and drawn:
            (start, height), (end, _) = points[drawn[0]][begun[drawn[0]] : begun[drawn[0]] + 2]
            share = percent(round(each.probability, 2) or each.probability)
            found.append((((start + end) // 2, height), share.replace(" ", "\N{NO-BREAK SPACE}")))
        for name in drawn:
            begun[name] += 2
    return found


def tree_chart(
    workbook: Any,
    sheet: str,
    where: dict[str, tuple[int, int, int]],
    dataset: Dataset,
    labels: Mapping[str, str],
    branches: tuple[tuple[int, int, int], Sequence[str]],
) -> Any:
    """The decision tree as a scatter chart: a line a scenario, from where all are one to its cost at the end.

    `where`: by scenario the column of its months (heights stand right of it), its first row and its last; `labels`: its
    name with its cost; `branches`: where the points of branches stand, and what is written above each.
    """
    chart = workbook.add_chart({"type": "scatter", "subtype": "straight"})
    for position, (name, (column, first, last)) in enumerate(where.items()):
        count = last - first + 1
        label = {"series_name": True, "value": False, "position": "right", "font": SMALL | {"color": INK}}
        chart.add_series(
            {
                "name": labels[name],
                "categories": [sheet, first, column, last, column],
                "values": [sheet, first, column + 1, last, column + 1],
                "line": {"color": PALETTE[position % len(PALETTE)], "width": 2.25},
                "marker": {"type": "none"},
                "data_labels": label | {"custom": [{"delete": True}] * (count - 1)},
            }
        )
    (column, first, last), shares = branches
    if shares:
        above = {"value": True, "position": "above", "font": SMALL, "custom": [{"value": each} for each in shares]}
        chart.add_series(
            {
                "name": "Probability",
                "categories": [sheet, first, column, last, column],
                "values": [sheet, first, column + 1, last, column + 1],
                "line": {"none": True},
                "marker": {"type": "none"},
                "data_labels": above,
            }
        )
    drawn = month_chart(chart, "Decision tree: where scenarios branch, and what each costs", "0", len(dataset.horizon))
    step = math.ceil(30.4375 * max(1, round(len(dataset.horizon) / 6))) + 1  # never a day short of a month
    begin, end = (serial(dataset, t) for t in (0, len(dataset.horizon)))
    drawn.set_x_axis(
        {
            "num_format": f"[<={end}]yyyy-mm;",
            "num_font": SMALL,
            "min": begin,
            "max": end + 0.35 * (end - begin),
            "major_unit": step,
            "line": {"color": SILVER},
            "major_gridlines": {"visible": False},
        }
    )
    drawn.set_y_axis({"visible": False, "major_gridlines": {"visible": False}, "min": 0, "max": len(where) + 1})
    drawn.set_legend({"none": True})
    return drawn


def serial(dataset: Dataset, t: int) -> int:
    """The first day of month t as a cell counts days."""
    return months.serial(dataset.month(t))


def leaf_label(name: str, probability: float, cost_usd: float, currency: str) -> str:
    """A leaf of the tree: its scenario, how likely it is, and its cost, which no program breaks in two.

    >>> leaf_label("s01", 0.327, -80.1e6, "USD").replace("\N{NO-BREAK SPACE}", "_")
    's01, 33_%: −80.10_m_USD'
    """
    share, cost = percent(round(probability, 2) or probability), money(cost_usd, currency)
    whole = f"{share}: {cost}".replace(" ", "\N{NO-BREAK SPACE}").replace("-", "\N{MINUS SIGN}")
    return f"{name}, {whole}".replace(":\N{NO-BREAK SPACE}", ": ")
