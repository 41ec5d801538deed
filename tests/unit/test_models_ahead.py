"""Models of questions about a plan that are built beside the search for it."""

from __future__ import annotations

from typing import Any

import builders as b
import numpy as np
import pytest

from models.build import Model, build_model
from models.dataset import Dataset
from models.schema import Resilience
from models.variants.offers import nothing_new
from planner.analysis import base_case, marginal_values, models_ahead
from planner.analysis.models_ahead import ModelsAhead
from planner.errors import OutOfTime
from planner.run.options import PlanOptions
from planner.run.solve import solve_dataset
from planner.solving.problem import SolveOptions


def _data(*rows: object) -> Dataset:
    return b.dataset(b.demand(2.0, months=2), b.fleet(), b.lease(), b.on_demand(4.0), *rows, months=2)


def _ahead(data: Dataset, *, nonzeros: int = 1, threads: int = 2, time_limit: float | None = None) -> ModelsAhead:
    ahead = ModelsAhead(data, lambda: None)
    with ahead.built_beside(nonzeros, SolveOptions(gap=0.0, threads=threads, time_limit=time_limit)):
        pass
    return ahead


def _same(one: Model | None, other: Model) -> bool:
    if one is None:
        return False
    mine, theirs = one.compiled, other.compiled
    names = [str(each) for each in mine.columns] == [str(each) for each in theirs.columns]
    return names and all(
        np.array_equal(getattr(mine, each), getattr(theirs, each)) for each in ("cost", "lower", "upper", "row_lower")
    )


def test_they_are_the_models_that_the_questions_would_build() -> None:
    """The one without anything new, and the one with probes."""
    data = _data()
    ahead = _ahead(data)
    assert _same(ahead.base, build_model(nothing_new(data)))
    assert _same(ahead.probed, build_model(data, probes=True))


@pytest.mark.parametrize(
    ("rows", "asked"),
    [
        ((), {"threads": 1}),
        ((), {"time_limit": 60.0}),
        ((), {"nonzeros": models_ahead.MOST_NONZEROS + 1}),
        ((Resilience(against="provider", protected_share=0.5),), {}),
    ],
)
def test_nothing_is_built_ahead_in_one_thread_or_limited_time_of_large_problems_or_where_losses_decide(
    rows: tuple[object, ...], asked: dict[str, Any]
) -> None:
    """Then there is no thread or time for it, too much memory is needed, or the model depends on the plan."""
    ahead = _ahead(_data(*rows), **asked)
    assert ahead.base is None
    assert ahead.probed is None


def test_what_would_come_too_late_is_left() -> None:
    """The search goes on without them."""

    def late() -> None:
        raise OutOfTime("late")

    ahead = ModelsAhead(_data(), late)
    with ahead.built_beside(1, SolveOptions(gap=0.0, threads=2)):
        pass
    assert ahead.probed is None


def test_a_solve_with_threads_builds_each_model_once_and_finds_what_one_thread_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither the base case nor the marginal values build theirs again."""
    data = _data()
    one = solve_dataset(data, PlanOptions(threads=1))

    def refused(*_: object, **__: object) -> Model:
        raise AssertionError("built again")

    monkeypatch.setattr(base_case, "build_model", refused)
    monkeypatch.setattr(marginal_values, "build_model", refused)
    two = solve_dataset(data, PlanOptions(threads=2))
    assert two.marginal is not None
    assert two.marginal == one.marginal
    assert two.base_case == one.base_case
    assert two.objective_usd == one.objective_usd
