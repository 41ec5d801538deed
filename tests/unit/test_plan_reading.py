"""A plan as it is read back from a solver's values."""

from __future__ import annotations

from builders import dataset, demand, on_demand, segment

from models.build import build_model
from planner.solving.problem import SolveOptions
from planner.solving.search import solve


def test_what_rounding_leaves_over_is_not_in_the_plan() -> None:
    """Where all but a rounding error falls short nothing is bought, served or paid for."""
    data = dataset(segment(shortfall_usd_per_mtok=0.01), on_demand(2.0), demand(1.0), months=1)
    model = build_model(data)
    values = solve(model, SolveOptions(gap=0.0)).values
    assert values is not None
    for i, column in enumerate(model.compiled.columns):
        family = column.parent_component().name
        values[i] = values[i] * (1.0 - 1e-15) if family == "shortfall" else values[i] + 1e-15
    plan = model.plan(values)
    assert (plan.serving, plan.on_demand) == ((), ())
    assert [each.category for each in plan.payments] == ["shortfall"]
