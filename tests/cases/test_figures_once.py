"""One `solve` works out each figure of a plan once, whatever shows it: sheets, charts, run.json, terminal, hashes."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import pytest
from commandline import Run, decision
from sheets import workbook

from models.plan import Plan
from planner.results import (
    decision_tree,
    decisions,
    input_rows,
    lock_in,
    monthly,
    scenario_decisions,
    segment_grid,
    views,
)

OF_A_PLAN: tuple[Callable[..., Any], ...] = (
    decisions.decisions,
    decisions.signing_costs,
    lock_in.lock_in,
    monthly.by_month,
    monthly.totals,
    views.limit_changes,
    views.service,
    views.use,
)
"""Worked out for every plan that is reported."""
OF_A_PAGE = (decisions.actions, views.cash_by_provider, views.cash_by_year, segment_grid.segment_grid)
"""Worked out for the first sheet of a plan without scenarios."""
OF_SCENARIOS = (views.segment_tokens, scenario_decisions.decisions_of)
"""Worked out for each scenario."""
OF_A_RUN = (input_rows.input_rows, decision_tree.decision_tree)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Counts the calls of every function above, in all modules that have it, and of `Plan.costs_usd`."""
    import planner.run.command
    import planner.run.deterministic
    import planner.run.stochastic  # noqa: F401

    found: Counter[str] = Counter()

    def counted(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def call(*values: Any, **named: Any) -> Any:
            found[function.__name__] += 1
            return function(*values, **named)

        return call

    modules = [module for name, module in sorted(sys.modules.items()) if name.startswith("planner.")]
    for function in (*OF_A_PLAN, *OF_A_PAGE, *OF_SCENARIOS, *OF_A_RUN):
        replacement = counted(function)
        for module in modules:
            if getattr(module, function.__name__, None) is function:
                monkeypatch.setattr(module, function.__name__, replacement)
    monkeypatch.setattr(Plan, "costs_usd", counted(Plan.costs_usd))
    return found


def names(functions: tuple[Callable[..., Any], ...]) -> list[str]:
    return [function.__name__ for function in functions]


def test_a_plan_without_scenarios(here: Run, tmp_path: Path, calls: Counter[str]) -> None:
    """With an alternative there are two plans: each figure is worked out once for each, limits of the first only."""
    on_demand = [{"provider": "spot", "region": "us", "hardware": "H100", "usd_per_accelerator_hour": 2.1}]
    book = workbook(tmp_path / "lab.xlsx", decision(on_demand=on_demand))
    assert here("solve", book, "-o", "plan.xlsx", "--alternatives", "1", "--within", "20%", "--json").code == 0
    assert (tmp_path / "plan.alternative-1.xlsx").exists()
    expected = dict.fromkeys([*names(OF_A_PLAN), *names(OF_A_PAGE), "input_rows", "costs_usd"], 2)
    assert calls == Counter(expected | {"limit_changes": 1, "costs_usd": 3})  # the base case has costs too


def test_a_plan_with_scenarios(here: Run, tmp_path: Path, calls: Counter[str]) -> None:
    """With two scenarios each figure is worked out once for each of them, the tree of decisions once."""
    scenarios = [{"scenario": "plain", "probability": 0.6}, {"scenario": "boom", "probability": 0.4}]
    factors = [{"scenario": "boom", "quantity": "demand", "name": "*", "from_month": "2026-05", "value": 2}]
    settings = {"first_month": "2026-01", "months": 12, "first_stage_months": 3}
    book = workbook(tmp_path / "lab.xlsx", decision(scenarios=scenarios, scenario_factors=factors, settings=settings))
    assert here("solve", book, "-o", "plan.xlsx", "--json").code == 0
    expected = dict.fromkeys([*names(OF_A_PLAN), *names(OF_SCENARIOS), "costs_usd"], 2)
    base_case = {"costs_usd": 4}
    assert calls == Counter(expected | dict.fromkeys(names(OF_A_RUN), 1) | base_case)
