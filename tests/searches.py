"""Searches that stop, fail or are lucky, to stand in for the solver's; and a problem that is solved in no time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import builders as b
import numpy as np
import pytest

from models.dataset import Dataset
from planner.solving.exactness import PRECISION, violation
from planner.solving.problem import Outcome, SolveOptions
from planner.solving.search import solve

Search = Callable[..., Outcome]


def three_leases(**settings: Any) -> Dataset:
    """Two bn a day on three leases, one much like another, or on demand at nine times the price."""
    leases = [b.lease(name, b.term(1, monthly=usd)) for name, usd in {"a": 1000.0, "b": 1001.0, "c": 1002.0}.items()]
    return b.dataset(b.demand(2.0), *leases, b.on_demand(9.0), months=1, **settings)


def stopped(problem: Any, options: SolveOptions, *, start: Any = None, **more: Any) -> Outcome:
    """Ends where it began, with nothing proven."""
    unit, arrays = problem.units.usd, problem.compiled
    if start is not None and (np.isnan(start).any() or violation(arrays, start) > PRECISION):
        start = None  # as the solver does with what is not whole
    cost = None if start is None else arrays.objective(start) * unit
    return Outcome("no_plan" if start is None else "stopped", cost, None, None, start, 1.0, "Time limit reached", ())


def failed(problem: Any, options: SolveOptions, **more: Any) -> Outcome:
    """Ends with nothing at all."""
    return Outcome("no_plan", None, None, None, None, 1.0, "Solve error", ())


def lucky(problem: Any, options: SolveOptions, **more: Any) -> Outcome:
    """Finds the best plan and proves nothing."""
    return replace(solve(problem, options, **more), status="stopped", bound_usd=None, gap=None)


def search_with(monkeypatch: pytest.MonkeyPatch, module: Any, search: Search) -> None:
    """Has the searches of a module go as `search` does: of `held_rows`, those of worker tasks."""

    def instead(dataset: Dataset, build: Any, plans_of: Any, options: SolveOptions, **more: Any) -> tuple[Any, Outcome]:
        problem, _ = build(dataset), more.pop("late", 0.0)
        start = more.pop("start", lambda problem, plans: None)(problem, more.pop("known", None) or {})
        arrays = more.pop("arrays", lambda problem: problem)
        return problem, search(arrays(problem), options, start=start, **more)

    holds = hasattr(module, "solve_holding")
    monkeypatch.setattr(module, *(("solve_holding", instead) if holds else ("solve", search)))


SEARCHES = pytest.mark.parametrize("search", [stopped, failed, lucky])
