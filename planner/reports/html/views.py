"""What of a plan is looked at: all of it, or with scenarios what is expected over them, or one of them."""

from __future__ import annotations

import pandas as pd

from planner.reports.html.tables import SCENARIO, Frames
from planner.results.period_tables import CASH
from planner.results.plan_tables import DECISIONS, LOCK_IN, MONTHLY, SERVICE, SPEND
from planner.results.scenario_tables import DISTRIBUTION, SCENARIOS

EXPECTED = "expected over the scenarios"
PROBABILITY = "probability"
"""The column of decisions: in which share of what may come they are taken."""


def views(tables: Frames) -> dict[str, Frames]:
    """The tables of each view by its name; the only one of a plan without scenarios has none."""
    if SCENARIOS.sheet not in tables:
        return {"": _with_probability(dict(tables))}
    shares = tables[SCENARIOS.sheet].set_index(SCENARIO)[PROBABILITY]
    found: dict[str, Frames] = {EXPECTED: {name: _expected(name, frame, shares) for name, frame in tables.items()}}
    for scenario in shares.index:
        found[str(scenario)] = _with_probability({name: _only(name, each, scenario) for name, each in tables.items()})
    return found


def _only(name: str, frame: pd.DataFrame, scenario: object) -> pd.DataFrame:
    """The rows of one scenario, of tables that all scenarios share the whole."""
    if SCENARIO not in frame or name in (SCENARIOS.sheet, DISTRIBUTION.sheet):
        return frame
    return frame[frame[SCENARIO] == scenario].drop(columns=SCENARIO)


def _with_probability(tables: dict[str, pd.DataFrame]) -> Frames:
    return tables | {DECISIONS.sheet: tables[DECISIONS.sheet].assign(**{PROBABILITY: 1.0})}


def _expected(name: str, frame: pd.DataFrame, shares: pd.Series[float]) -> pd.DataFrame:
    """Rows that agree but for the scenario as one: its figures in expectation, of decisions the probability."""
    keys = {
        MONTHLY.sheet: ["month"],
        SERVICE.sheet: ["month", "segment", "region"],
        SPEND.sheet: ["month", "category", "provider", "offer"],
        LOCK_IN.sheet: ["month", "kind", "offer", "provider"],
        CASH.sheet: ["month"],
    }
    if SCENARIO not in frame or name in (SCENARIOS.sheet, DISTRIBUTION.sheet):
        return frame
    weight = frame[SCENARIO].map(shares).astype(float)
    if name == DECISIONS.sheet:
        told = ["kind", "name", "month", "term_months", "units", "end_month", "start_month", "status", "provider"]
        rest = {each: (each, "first") for each in frame.columns.difference([*told, SCENARIO])}
        grouped = frame.assign(**{PROBABILITY: weight}).groupby(told, dropna=False, sort=False)
        return grouped.agg(**rest, **{PROBABILITY: (PROBABILITY, "sum")}).reset_index().sort_values("month")
    figures = frame.select_dtypes("number").columns
    weighted = frame.assign(**{each: frame[each] * weight for each in figures})
    return weighted.groupby(keys[name], dropna=False, sort=False)[list(figures)].sum().reset_index()
