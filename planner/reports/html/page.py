"""The page: its figures, the summary, the decisions, and all that draws them, in one file that asks for nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

import pandas as pd

from planner.formatting import gap_percent, money, percent
from planner.reports.html.figures import TITLES, currency_of, figures
from planner.reports.html.tables import Frames, frames_of_workbook
from planner.reports.html.views import views
from planner.results.decisions import is_kept
from planner.results.plan_tables import DECISIONS, RUN, SUMMARY
from planner.results.tables import NO_END
from planner.results.tried_plan import HOW, TRIED

TILES = (
    ("net present cost", "objective"),
    ("gap",),
    ("served", "served, expected"),
    ("shortfall", "shortfall, expected"),
    ("peak committed power", "peak committed power, expected"),
    ("audit",),
)
"""The figures of `Summary` at the top of the page: the first metric of each that the plan has."""


def page_of_workbook(path: Path) -> str:
    """The page of a plan workbook.

    Raises
    ------
    FaultyWorkbook
        The file is no plan workbook.
    """
    return page(frames_of_workbook(path))


def page(tables: Frames) -> str:
    """The page of a plan's tables, as HTML."""
    from plotly.offline import get_plotlyjs

    drawn = {name: figures(each) for name, each in views(tables).items()}
    shown = [name for name in TITLES if any(name in view for view in drawn.values())]
    summary, currency = tables[SUMMARY.sheet].set_index("metric"), currency_of(tables)
    options = "".join(f"<option>{escape(name)}</option>" for name in drawn)
    choice = f'<label>Show <select id="view">{options}</select></label>' if len(drawn) > 1 else ""
    sections = "".join(f'<section><div class="figure" id="{name}"></div></section>' for name in shown)
    links = "".join(f'<a href="#{name}">{escape(TITLES[name].split(":")[0].split(",")[0])}</a>' for name in shown)
    document = [{key: each.to_plotly_json() for key, each in view.items()} for view in drawn.values()]
    return Template(files(__package__).joinpath("page.html.template").read_text(encoding="utf-8")).substitute(
        title=escape(str(summary.loc["plan name", "value"])),
        lead=escape(f"Status {summary.loc['status', 'value']}; money in {currency}, costs in present values."),
        tiles="".join(_tiles(summary, currency)),
        warnings="".join(f"<li>{escape(text)}</li>" for text in _warnings(tables)),
        links=links,
        choice=choice,
        sections=sections,
        decisions=_table(_without_ends(tables[DECISIONS.sheet])),
        summary=_table(tables[SUMMARY.sheet]),
        tried=_tried(tables),
        plotly=get_plotlyjs(),
        figures=_json(document),
    )


def _tiles(summary: pd.DataFrame, currency: str) -> Iterator[str]:
    for names in TILES:
        name = next((each for each in names if each in summary.index), None)
        if name is not None:
            value, unit = summary.loc[name, "value"], summary.loc[name, "unit"]
            shown = gap_percent(value) if name == "gap" else f"{_shown(value)} {unit or ''}".rstrip()
            shown = money(value, currency) if unit == currency else shown
            yield f"<div><b>{escape(shown)}</b><span>{escape(name)}</span></div>"


def _shown(value: Any) -> str:
    """A value to read."""
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m}"
    if value is None or value is pd.NaT or (isinstance(value, float) and pd.isna(value)):
        return ""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:,.4g}"


def _without_ends(decisions: pd.DataFrame) -> pd.DataFrame:
    """Decisions whose terms of no end say so."""
    columns = decisions[["term_months", "end_month"]].astype(object)
    return decisions.assign(**columns.mask(decisions["term_months"].map(is_kept), NO_END))


def _tried(tables: Frames) -> str:
    """What the plan came to on samples, where it was tried; shares in percent."""
    if TRIED.sheet not in tables:
        return ""
    frame = tables[TRIED.sheet].astype(object).set_index("figure", drop=False)
    how, frame = str(frame.loc[HOW, "value"]), frame.drop(index=HOW)
    shares = frame["unit"] == "share"
    told = {name: frame[name].mask(shares, frame[name].map(_percent)) for name in ("value", "low", "high")}
    table = _table(frame.assign(**told, unit=frame["unit"].mask(shares, "")))
    return (
        f'<details open id="samples-table"><summary>{TRIED.sheet}</summary><p>{escape(how)}</p>'
        f'<div class="scroll">{table}</div></details>'
    )


def _percent(value: Any) -> str:
    return percent(value) if isinstance(value, (int, float)) else ""


def _table(frame: pd.DataFrame) -> str:
    head = "".join(f"<th>{escape(str(each))}</th>" for each in frame.columns)
    body = []
    for row in frame.itertuples(index=False, name=None):
        cells = (
            f'<td class="{"text" if isinstance(each, str) else "figure"}">{escape(_shown(each))}</td>' for each in row
        )
        body.append(f"<tr>{''.join(cells)}</tr>")
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"


def _warnings(tables: Frames) -> list[str]:
    run = tables[RUN.sheet]
    return [str(each) for each in run.loc[run["section"] == "warning", "value"]]


def _json(document: Any) -> str:
    """Data for a script element, which no text in it can end."""
    from plotly.utils import PlotlyJSONEncoder

    text = json.dumps(document, cls=PlotlyJSONEncoder, allow_nan=True)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
