"""Figures of the plans of all scenarios as DataFrames, and their expected values."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd

from planner.results.plan_figures import PlanFigures
from planner.results.scenario_set import ScenarioSetResult

Rows = Callable[[PlanFigures], Iterable[tuple[Any, ...]]]
"""The rows of a plan, a key and figures."""


def over_scenarios(plans: ScenarioSetResult, rows: Rows) -> pd.DataFrame:
    """The figures of every scenario, numbered from 1, by `scenario` and `key`."""
    frames = {each.name: pd.DataFrame(rows(each.figures)).set_index(0).rename_axis("key") for each in plans.scenarios}
    return pd.concat(frames, names=["scenario"])


def expected(plans: ScenarioSetResult, values: pd.DataFrame) -> pd.DataFrame:
    """The expected value of each figure of `over_scenarios`, by key."""
    weighted = values.mul(pd.Series(plans.solution.probability), axis=0, level="scenario")
    return weighted.groupby("key", sort=False).sum()


def expected_rows(plans: ScenarioSetResult, rows: Rows) -> list[tuple[Any, ...]]:
    """Rows of a key and the expected values of its figures."""
    return list(expected(plans, over_scenarios(plans, rows)).itertuples(name=None))
