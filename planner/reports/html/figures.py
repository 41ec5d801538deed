"""The interactive figures of a plan, each drawn from one table of its workbook.

Names of a workbook are escaped: plotly reads a few HTML tags in texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import pandas as pd

from models.kinds import FLEET, ON_DEMAND, OPTION
from models.supply.registry import KINDS, bringing
from planner.errors import MissingLibrary
from planner.excel.book import BLUE, GREEN, GREY, INK, LINE, ORANGE, PALETTE, PURPLE, RED, SILVER
from planner.reports.html.tables import Frames
from planner.reports.html.views import PROBABILITY
from planner.results.decisions import is_kept, term_words
from planner.results.period_tables import CASH
from planner.results.plan_tables import DECISIONS, LOCK_IN, MONTHLY, SERVICE, SPEND, SUMMARY
from planner.results.scenario_tables import DISTRIBUTION
from planner.results.tried_plan import COST, FORECAST, TRIED

try:
    import plotly.graph_objects as go
except ModuleNotFoundError:
    raise MissingLibrary("Figures of a plan need the library plotly", "html") from None

IDLE = "#E3E8EE"
MOST = len(PALETTE) - 1
"""Series of a stack that have a colour of their own; smaller ones are added up."""
BAR_HEIGHT, FRAME_HEIGHT = 26, 150
YEAR = pd.DateOffset(years=1)
"""What is kept for good is drawn up to the last end of the others, and a year at least."""
TITLES = {
    "capacity": "Capacity against demand, bn tokens a day",
    "power": "Power online and signed, MW",
    "cash": "Cash by month and category",
    "providers": "Cash by month and provider",
    "account": "The cash account",
    "lock_in": "Lock-in: what is still owed after each month",
    "timeline": "Timeline: what is signed, and when it serves",
    "service": "Service: tokens served and short, bn a day",
    "scenarios": "Net present cost by scenario",
    "samples": "Net present cost on samples: P10, P50 and P90",
    "failures": "How likely rules fail on samples",
}
"""What each figure shows, by its name; `account`, `scenarios`, `samples`, `failures` only where there is the table."""
OF_MONEY = ("cash", "providers", "account", "lock_in", "scenarios", "samples")


def figures(tables: Frames) -> dict[str, go.Figure]:
    """The figures of a view of a plan, by their names in `TITLES`; one that would be empty is left out."""
    currency = currency_of(tables)
    drawn = {
        "capacity": (MONTHLY, _capacity),
        "power": (MONTHLY, _power),
        "cash": (SPEND, lambda frame: _cash(frame, "category")),
        "providers": (SPEND, lambda frame: _cash(frame, "provider")),
        "account": (CASH, _account),
        "lock_in": (LOCK_IN, _lock_in),
        "timeline": (DECISIONS, _timeline),
        "service": (SERVICE, _service),
        "scenarios": (DISTRIBUTION, _scenarios),
        "samples": (TRIED, _samples),
        "failures": (TRIED, _failures),
    }
    found = {}
    for name, (table, draw) in drawn.items():
        if table.sheet in tables:
            figure = draw(tables[table.sheet])
            if not figure.data:
                continue
            money = f", {escape(currency)}" if name in OF_MONEY else ""
            figure.update_layout(title={"text": TITLES[name] + money})
            found[name] = figure
    return found


def currency_of(tables: Frames) -> str:
    """The currency of a plan's costs."""
    summary = tables[SUMMARY.sheet].set_index("metric")
    named = (each for each in ("net present cost", "objective") if each in summary.index)
    return str(summary.loc[next(named), "unit"])


def _capacity(monthly: pd.DataFrame) -> go.Figure:
    sources = [("fleet", FLEET.name.title(), SILVER), *_bringing(), ("on_demand", ON_DEMAND.label, ORANGE)]
    bars = [(f"from_{column}_bn_per_day", label, colour) for column, label, colour in sources]
    lines = [("after_limits_bn_per_day", "Demand", INK)]
    if _limited(monthly):
        lines.insert(0, ("demand_bn_per_day", "Demand before limits", RED))
    return _stacked(monthly, [*bars, ("idle_bn_per_day", "Idle", IDLE)], lines)


def _limited(frame: pd.DataFrame) -> bool:
    """Whether limits take demand away, or add some."""
    change = (frame["demand_bn_per_day"] - frame["after_limits_bn_per_day"]).abs()
    return bool((change > 1e-6 * frame["demand_bn_per_day"]).any())


def _power(monthly: pd.DataFrame) -> go.Figure:
    sources = [("fleet", FLEET.name.title(), SILVER), *_bringing(), ("on_demand", "On demand, busiest hours", ORANGE)]
    lines = [("signed_mw", "Signed", RED), ("at_work_mw", "At work, busiest hours", INK)]
    leased_out = ("leased_out_mw", "Leased out", PURPLE)
    return _stacked(monthly, [(f"{each}_mw", *rest) for each, *rest in sources], [*lines, leased_out])


def _bringing() -> list[tuple[str, str, str]]:
    return [(kind.cash_group, kind.label, kind.colour) for kind in bringing()]


def _stacked(frame: pd.DataFrame, bars: Iterable[tuple[str, ...]], lines: Iterable[tuple[str, str, str]]) -> go.Figure:
    """Columns of a table stacked by month, others as lines; those of zeros are left out."""
    figure = _framed(barmode="stack")
    for column, label, colour in bars:
        if frame[column].abs().sum() > 0:
            figure.add_bar(x=frame["month"], y=frame[column], name=label, marker_color=colour)
    for column, label, colour in lines:
        if frame[column].abs().sum() > 0:
            figure.add_scatter(x=frame["month"], y=frame[column], name=label, mode="lines", line_color=colour)
    return figure


def _cash(spend: pd.DataFrame, by: str) -> go.Figure:
    """Cash by month in which any is paid, stacked by a column; the smallest of many together."""
    spend = spend[spend["cash_usd"] != 0.0]
    paid = spend.assign(**{by: spend[by].fillna("").replace("", "no provider").astype(str)})
    table = paid.pivot_table(index="month", columns=by, values="cash_usd", aggfunc="sum", fill_value=0.0)
    sizes = table.abs().sum().sort_values(ascending=False, kind="stable")
    shown = [each for each in sizes.index[:MOST] if sizes[each] > 0]
    figure = _framed(barmode="relative")
    for position, name in enumerate(shown):
        words = name.replace("_", " ") if by == "category" else name
        colour = PALETTE[position]
        figure.add_bar(x=table.index, y=table[name], name=escape(words), marker_color=colour)
    rest = table[sizes.index[MOST:]].sum(axis=1)
    if rest.abs().sum() > 0:
        figure.add_bar(x=rest.index, y=rest, name="others", marker_color=PALETTE[MOST])
    return figure


def _account(cash: pd.DataFrame) -> go.Figure:
    return _stacked(cash, [("closing", "In the bank", BLUE)], [("drawn", "Drawn from the credit line", RED)])


def _lock_in(owed: pd.DataFrame) -> go.Figure:
    sizes = owed.groupby("offer")["owed_usd"].sum().sort_values(ascending=False)
    names = owed["offer"].where(owed["offer"].isin(sizes.index[:MOST]), "others")
    table = owed.assign(offer=names).pivot_table(index="month", columns="offer", values="owed_usd", aggfunc="sum")
    figure = _framed(barmode="stack")
    for position, name in enumerate(each for each in [*sizes.index[:MOST], "others"] if each in table):
        colour = PALETTE[position]
        figure.add_bar(x=table.index, y=table[name].fillna(0.0), name=escape(str(name)), marker_color=colour)
    return figure


def _service(service: pd.DataFrame) -> go.Figure:
    figure = _framed(barmode="stack")
    served = service.pivot_table(index="month", columns="segment", values="served_bn_per_day", aggfunc="sum")
    for position, name in enumerate(served):
        colour = PALETTE[position % len(PALETTE)]
        figure.add_bar(x=served.index, y=served[name], name=f"{escape(str(name))}, served", marker_color=colour)
    columns = ["demand_bn_per_day", "after_limits_bn_per_day", "shortfall_bn_per_day"]
    total = service.groupby("month")[columns].sum()
    if total["shortfall_bn_per_day"].max() > 0:
        pattern = {"color": RED, "pattern": {"shape": "/"}}
        figure.add_bar(x=total.index, y=total["shortfall_bn_per_day"], name="Short", marker=pattern)
    lines = [
        (columns[1], "Demand", "solid"),
        *([(columns[0], "Demand before limits", "dash")] if _limited(total) else []),
    ]
    for column, label, dash in lines:
        line = {"color": INK, "dash": dash}
        figure.add_scatter(x=total.index, y=total[column], name=label, mode="lines", line=line)
    return figure


def _timeline(decisions: pd.DataFrame) -> go.Figure:
    """A bar a decision, from its first month of service to its last, with a mark where it is taken."""
    colours = {each.name: each.colour for each in (*KINDS, OPTION)}
    figure = _framed(barmode="overlay", hovermode="closest")
    if decisions.empty:
        return figure
    begin, end = decisions["start_month"].fillna(decisions["month"]), decisions["end_month"]
    kept = decisions["term_months"].map(is_kept)
    last = max(end[~kept].max(), begin.max() + YEAR) if (~kept & end.notna()).any() else begin.max() + YEAR
    end = end.mask(kept, last).fillna(begin) + pd.offsets.MonthBegin(1)
    rows = decisions.assign(begin=begin, length=(end - begin).dt.total_seconds() * 1000)
    rows["row"] = [
        f"{escape(str(name))} · {month:%Y-%m}" for name, month in zip(rows["name"], rows["month"], strict=True)
    ]
    for kind, own in rows.groupby("kind", sort=False):
        colour = colours.get(str(kind), SILVER)
        told = [_told(each) for each in own.to_dict("records")]
        figure.add_bar(
            orientation="h",
            x=own["length"],
            base=own["begin"],
            y=own["row"],
            name=escape(str(kind).replace("_", "-")),
            marker={"color": colour, "opacity": own[PROBABILITY].clip(0.25, 1.0)},
            hovertext=told,
            hoverinfo="text",
        )
    mark = {"symbol": "diamond", "size": 9, "color": INK}
    figure.add_scatter(x=rows["month"], y=rows["row"], mode="markers", name="decided", marker=mark, hoverinfo="skip")
    figure.update_yaxes(type="category", autorange="reversed", automargin=True, categoryorder="array")
    figure.update_yaxes(categoryarray=rows["row"].unique())
    figure.update_xaxes(type="date")
    figure.update_layout(height=FRAME_HEIGHT + BAR_HEIGHT * rows["row"].nunique())
    return figure


def _told(row: dict[Any, Any]) -> str:
    """What a decision is, in lines."""
    term = term_words(int(row["term_months"])) if pd.notna(row["term_months"]) else "no term"
    place = ", ".join(str(each) for each in (row["provider"], row["region"]) if pd.notna(each) and each)
    lines = [f"{row['name']} ({str(row['kind']).replace('_', '-')}, {row['status']})", place]
    lines.append(f"{row['units']:.0f} units from {row['begin']:%Y-%m}, {term}")
    if pd.notna(row["mw"]):
        lines.append(f"{row['mw']:,.4g} MW, {row['accelerators']:,.0f} accelerators")
    lines.append(f"present cost {row['cost_usd']:,.0f}")
    if row[PROBABILITY] < 1.0:
        lines.append(f"taken with probability {row[PROBABILITY]:.0%}")
    return "<br>".join(escape(each) for each in lines if each)


def _scenarios(costs: pd.DataFrame) -> go.Figure:
    figure = _framed(hovermode="closest")
    names: Sequence[str] = [escape(str(each)) for each in costs["scenario"]]
    shares = [f"probability {each:.1%}" for each in costs["probability"]]
    figure.add_bar(x=names, y=costs["cost_usd"], name="Net present cost", marker_color=BLUE, hovertext=shares)
    line = {"color": GREEN, "dash": "dash"}
    figure.add_scatter(x=names, y=costs["expected_usd"], name="Expected", mode="lines", line=line)
    figure.update_xaxes(type="category")
    return figure


def _samples(tried: pd.DataFrame) -> go.Figure:
    """Levels of cost with their confidence intervals, and what the plan itself expects."""
    figure = _framed(hovermode="closest")
    rows = tried.assign(**{name: pd.to_numeric(tried[name], errors="coerce") for name in ("value", "low", "high")})
    levels = rows[rows["figure"].str.startswith(f"{COST}, P") & rows["low"].notna()]
    if levels.empty:
        return figure
    names = levels["figure"].str.removeprefix(f"{COST}, ")
    above, below = levels["high"] - levels["value"], levels["value"] - levels["low"]
    spread = {"type": "data", "symmetric": False, "array": above, "arrayminus": below}
    figure.add_bar(x=names, y=levels["value"], name="On samples, with 95 %", marker_color=BLUE, error_y=spread)
    own = [rows.loc[rows["figure"] == FORECAST, "value"].iloc[0]] * len(names)
    line = {"color": RED, "dash": "dash"}
    figure.add_scatter(x=names, y=own, name="The plan's own forecast", mode="lines", line=line)
    return figure


def _failures(tried: pd.DataFrame) -> go.Figure:
    """The probability that each rule fails, with its confidence interval."""
    shares = tried[tried["unit"] == "share"]
    value, low, high = (shares[name].astype(float) for name in ("value", "low", "high"))
    figure = _framed(hovermode="closest")
    spread = {"type": "data", "symmetric": False, "array": high - value, "arrayminus": value - low}
    names = [escape(str(each)) for each in shares["figure"]]
    figure.add_bar(orientation="h", x=value, y=names, name="Probability, with 95 %", marker_color=RED, error_x=spread)
    figure.update_xaxes(tickformat=".0%", range=[0.0, 1.0])
    figure.update_yaxes(type="category", autorange="reversed", automargin=True)
    figure.update_layout(height=FRAME_HEIGHT + BAR_HEIGHT * len(names))
    return figure


def _framed(**layout: Any) -> go.Figure:
    """A figure without a series, in the look that all share."""
    figure = go.Figure()
    figure.update_layout(
        **{"hovermode": "x unified"} | layout,
        template="plotly_white",
        showlegend=True,
        bargap=0.15,
        font={"family": "Arial, sans-serif", "size": 13, "color": INK},
        legend={"orientation": "h", "y": -0.18, "font_color": GREY},
        margin={"l": 70, "r": 30, "t": 60, "b": 60},
    )
    figure.update_yaxes(exponentformat="B", gridcolor=LINE, rangemode="tozero")
    return figure
