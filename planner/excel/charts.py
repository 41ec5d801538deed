"""How charts look, and charts of the rows of a small table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from planner.excel.book import BLUE, FONT, GREY, HEADER, LINE, PALETTE, RED, WHITE

SMALL = {"name": FONT, "size": 8, "color": GREY}
"""The font of axes and legends."""
GRID = {"visible": True, "line": {"color": LINE, "width": 0.5}}


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart of a table's rows: `series` are positions of its columns, the first column names the rows.

    Rows from `start` up to `stop` (negative: from the end) are drawn, so that totals need not stand beside their parts.

    `kind` bar (lying), range, column, stacked (columns), line or curve; `width` in pixels. The axis of figures has the
    digits that they need where no `number_format` is given, and with `from_zero` begins at 0, whichever program draws
    it. A curve stands over an axis of figures (column `x`,
    shown by `x_format`); `mark` is a name and a figure to mark there. A range is a lying bar for each row, of the two
    columns of its ends: dark as far as both go, then light to the further one, and hatched where only one is known.
    """

    title: str
    series: tuple[int, ...]
    kind: Literal["bar", "range", "column", "stacked", "line", "curve"] = "column"
    number_format: str = ""
    width: int = 900
    from_zero: bool = False
    x: int = 0
    x_format: str = "General"
    mark: tuple[str, float] | None = None
    start: int = 0
    stop: int | None = None

    def drawn(self, rows: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
        """The rows of the table that are drawn."""
        return rows[self.start : self.stop]

    def height(self, rows: int) -> int:
        """Pixels for so many rows."""
        return max(220, 60 + 24 * rows) if self.lying else 260

    @property
    def lying(self) -> bool:
        """Whether its bars lie."""
        return self.kind in ("bar", "range")


def axis_format(largest: float) -> str:
    """The number format of an axis up to this figure."""
    return "#,##0" if largest >= 10 else "0.0" if largest >= 1 else "0.00" if largest >= 0.1 else "General"


def picture_chart(workbook: Any, picture: Picture, sheet: str, header: int, rows: Sequence[Sequence[Any]]) -> Any:
    """The chart of a table's rows, whose headers are in row `header` of a sheet, from its first column on."""
    kinds: dict[str, dict[str, Any]] = {
        "bar": {"type": "bar"},
        "range": {"type": "bar"},
        "column": {"type": "column"},
        "stacked": {"type": "column", "subtype": "stacked"},
        "line": {"type": "line"},
        "curve": {"type": "scatter", "subtype": "straight_with_markers"},
    }
    chart, shown = workbook.add_chart(kinds[picture.kind]), picture.drawn(rows)
    first = header + 1 + range(len(rows))[picture.start]
    last = first + len(shown) - 1
    for position, column in enumerate(picture.series):
        color = PALETTE[position % len(PALETTE)]
        chart.add_series(
            {
                "name": [sheet, header, column],
                "categories": [sheet, first, picture.x, last, picture.x],
                "values": [sheet, first, column, last, column],
                "fill": {"color": color},
                "line": {"color": color, "width": 2.0 if picture.kind in ("line", "curve") else 0.5},
                "gap": 60,
            }
            | ({"marker": {"type": "circle", "size": 5}} if picture.kind == "curve" else {})
            | (_range_look(picture, column, shown) if picture.kind == "range" else {})
        )
    names = {"num_font": SMALL, "label_position": "low", "line": {"color": LINE}}
    cells = (row[column] for row in shown for column in picture.series)
    largest = max((abs(each) for each in cells if isinstance(each, (int, float))), default=0.0)
    figures: dict[str, Any] = {
        "num_format": picture.number_format or axis_format(largest),
        "num_font": SMALL,
        "major_gridlines": GRID,
    }
    figures |= {"line": {"none": True}} | ({"min": 0} if picture.from_zero else {})
    if picture.kind == "curve":
        across = {
            "num_format": picture.x_format,
            "num_font": SMALL,
            "label_position": "low",
            "line": {"color": LINE},
            "crossing": "min",
        }
        ends = {"min": min(places), "max": max(places)} if (places := _on_axis(picture, shown)) else {}
        styled(chart, picture.title, across | ends | {"major_gridlines": {"visible": False}}, figures)
    elif picture.lying:  # the axis of names is the one that stands
        styled(chart, picture.title, figures, names | {"reverse": True, "major_gridlines": {"visible": False}})
    else:
        styled(chart, picture.title, names, figures)
    if len(picture.series) == 1 or picture.kind == "range":
        chart.set_legend({"none": True})
    return chart


def _on_axis(picture: Picture, rows: Sequence[Sequence[Any]]) -> list[float]:
    """The figures that a curve stands over, and the one marked."""
    shown = [float(row[picture.x]) for row in rows if row[picture.x] is not None]
    return [*shown, picture.mark[1]] if picture.mark else shown


def mark_on(chart: Any, name: str, sheet: str, row: int, column: int) -> None:
    """Marks a figure on the axis of a curve by a line, from the two points in the rows from `row` on."""
    chart.add_series(
        {
            "name": name,
            "categories": [sheet, row, column, row + 1, column],
            "values": [sheet, row, column + 1, row + 1, column + 1],
            "line": {"color": RED, "width": 1.5, "dash_type": "dash"},
            "marker": {"type": "none"},
        }
    )


def _range_look(picture: Picture, column: int, rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """The look of one end of ranges: half transparent, and so dark where the bars of both lie over each other."""
    low, high = picture.series
    hatched = {"pattern": {"pattern": "wide_upward_diagonal", "fg_color": BLUE, "bg_color": WHITE}}
    is_open = [row[column] is not None and None in (row[low], row[high]) for row in rows]
    return {
        "fill": {"color": BLUE, "transparency": 60},
        "line": {"none": True},
        "overlap": 100,
        "points": [hatched if each else None for each in is_open],
    }


def month_chart(chart: Any, title: str, number_format: str, months: int) -> Any:
    """The chart with title, legend and axes: so many months across, figures in a number format."""
    across = {
        "date_axis": True,
        "major_unit": max(1, -(-months // 12)),
        "major_unit_type": "months",
        "num_format": "yyyy-mm",
        "num_font": SMALL | {"rotation": -45},
        "line": {"color": LINE},
        "label_position": "low",
    }
    figures = {"num_format": number_format, "num_font": SMALL, "major_gridlines": GRID, "line": {"none": True}}
    return styled(chart, title, across, figures)


def styled(chart: Any, title: str, across: dict[str, Any], up: dict[str, Any]) -> Any:
    """The chart with a title, a legend below and its two axes."""
    font = {"name": FONT, "size": 11, "bold": True, "color": HEADER}
    chart.set_title({"name": title, "name_font": font, "overlay": False})
    chart.set_x_axis(across)
    chart.set_y_axis(up)
    chart.set_legend({"position": "bottom", "font": SMALL})
    chart.set_chartarea({"border": {"color": LINE}})
    return chart
