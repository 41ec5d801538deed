"""`planner.compare`: plans side by side."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from planner.api.frames import Report
from planner.api.result import Result
from planner.errors import WrongUsage

if TYPE_CHECKING:
    from planner.analysis.plan_comparison import ComparedPlan


def compare(plans: Sequence[Result | str | os.PathLike[str]]) -> Report:
    """Holds plans against the first of them: decisions, costs, service, limits, and what in their inputs differs.

    Plans with scenarios and plans without stand side by side: figures are expected values, decisions have the
    probability with which each plan takes them, and `scenarios` has the cost of every scenario.

    Parameters
    ----------
    plans
        Results or plan workbooks, two or more.

    Returns
    -------
    Report
        The tables of the comparison, such as `decisions`, `costs` and `inputs`.

    Raises
    ------
    FaultyWorkbook
        A file is no plan workbook that carries its input.
    NoPlan
        A result has none.
    WrongUsage
        There are fewer than two.

    Examples
    --------
    >>> import planner
    >>> problem = planner.read("inputs/starter.xlsx")
    >>> a, b = planner.solve(problem), planner.solve(problem.set("settings.discount_rate", 0.2))
    >>> planner.compare([a, b]).inputs[["sheet", "column", "first", "this"]].values.tolist()
    [['settings', 'discount_rate', 0.0, 0.2]]
    """
    from planner.analysis.bridge import bridges
    from planner.analysis.plan_comparison import compare_sides
    from planner.reports.comparison import comparison_workbook
    from planner.reports.comparison_tables import tables
    from planner.reports.comparison_text import comparison_json, comparison_lines

    if len(plans) < 2:
        raise WrongUsage("Give two plans or more, the one to hold the others against first.")
    found = compare_sides([compared_plan(each) for each in plans])
    between = bridges(found)
    lines, document = comparison_lines(found, between), comparison_json(found, between)
    return Report(
        found.first.dataset, lambda: tables(found), lines, document, lambda: comparison_workbook(found, between)
    )


def compared_plan(plan: Result | str | os.PathLike[str]) -> ComparedPlan:
    """A plan with what a comparison needs to know of it.

    Raises
    ------
    FaultyWorkbook
        A file is no plan workbook that carries its input.
    NoPlan
        A result has none.
    """
    from planner.analysis.plan_comparison import ComparedPlan, read_side

    if not isinstance(plan, Result):
        return read_side(Path(plan))
    plan.plans()
    return ComparedPlan(plan.found.title, Path(plan.found.plan_path), plan.found.plan_set, plan.bound_usd)
