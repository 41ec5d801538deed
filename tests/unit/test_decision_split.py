"""Boxes of decisions that the proof is divided into."""

from __future__ import annotations

import numpy as np
from builders import dataset, demand, lease, on_demand, term

from models.build import build_model
from planner.solving.pipeline.decision_split import split
from planner.solving.problem import ArrayProblem
from planner.solving.relaxation import relaxed_optimum

UNITS = 7


def problem() -> ArrayProblem:
    """Two leases whose relaxation signs parts of units; its columns are all taken for decisions."""
    terms = term(2, 1.0, upfront_usd_per_unit=100.0), term(1, 1.3)
    leases = [lease(name, each, units_max=UNITS) for name, each in zip("AB", terms, strict=True)]
    model = build_model(dataset(demand(2.3, 1.7, 2.9, months=3), leases, on_demand(3.0), months=3))
    return ArrayProblem(model.compiled, model.units)


def test_each_whole_decision_is_in_one_box() -> None:
    """The boxes hold all whole numbers between them and none twice, and none of them the relaxation's fractions."""
    whole = problem()
    arrays, width = whole.compiled, len(whole.compiled.columns)
    boxes = split(whole, width, 4, lambda: False)
    relaxed = relaxed_optimum(whole)
    assert relaxed is not None
    assert 2 <= len(boxes) <= 4
    assert not any((lower <= relaxed.values).all() and (relaxed.values <= upper).all() for lower, upper in boxes)
    random = np.random.default_rng(1)
    for _ in range(200):
        drawn = np.where(arrays.integer, random.integers(0, UNITS + 1, width), relaxed.values)
        drawn = np.clip(drawn, arrays.lower, arrays.upper)
        assert sum(bool((lower <= drawn).all() and (drawn <= upper).all()) for lower, upper in boxes) == 1


def test_a_search_that_ends_splits_nothing_more() -> None:
    """Stopped at once there is one box, of all decisions; stopped later, boxes that hold them all the same."""
    whole = problem()
    arrays, width = whole.compiled, len(whole.compiled.columns)
    ((lower, upper),) = split(whole, width, 4, lambda: True)
    assert (lower == arrays.lower).all()
    assert (upper == arrays.upper).all()
    asked = [0]

    def after_some() -> bool:
        asked[0] += 1
        return asked[0] > 3

    boxes = split(whole, width, 64, after_some)
    assert np.min([lower for lower, _ in boxes], axis=0).tolist() == arrays.lower.tolist()
    assert np.max([upper for _, upper in boxes], axis=0).tolist() == arrays.upper.tolist()
    assert len(boxes) < len(split(whole, width, 64, lambda: False))
