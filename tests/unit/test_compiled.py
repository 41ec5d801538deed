"""Compiling: the arrays are the Pyomo model's, as Pyomo itself takes it apart."""

from __future__ import annotations

import numpy as np
import pytest
from golden.terms import TERMS
from pyomo.core import Constraint
from pyomo.repn.linear import LinearRepnVisitor
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler

from models.build import build_model
from models.core.compiled import compile_model


@pytest.mark.parametrize("name", TERMS)
def test_the_arrays_are_those_of_pyomos_standard_form(name: str) -> None:
    """Matrix, costs, offset, right sides, columns and rows are those that Pyomo's own compiler makes of the model."""
    model = build_model(TERMS[name])
    ours = model.compiled
    theirs = LinearStandardFormCompiler().write(model.pyomo, mixed_form=True, set_sense=None)
    assert [each.name for each in ours.columns] == [each.name for each in theirs.columns]
    assert [each.name for each in ours.rows] == [each.constraint.name for each in theirs.rows]
    assert np.array_equal(ours.matrix.toarray(), theirs.A.toarray())
    assert np.array_equal(ours.cost, theirs.c.toarray().ravel())
    assert ours.offset == pytest.approx(theirs.c_offset[0], rel=1e-15)
    for row, right, low, high in zip(theirs.rows, theirs.rhs, ours.row_lower, ours.row_upper, strict=True):
        assert (low, high) == {-1: (right, np.inf), 0: (right, right), 1: (-np.inf, right)}[row.bound_type]


@pytest.mark.parametrize("name", TERMS)
def test_pyomo_remembers_nothing_of_a_row_by_an_address_that_another_row_may_get(name: str) -> None:
    """Pyomo's reader of expressions keeps no row's body, which is made anew each time, in its memory by address."""
    reader = LinearRepnVisitor({})
    for row in build_model(TERMS[name]).pyomo.component_data_objects(Constraint):
        reader.walk_expression(row.body)
    assert not reader.subexpression_cache


def test_a_copy_of_a_model_is_the_same_problem() -> None:
    """Pyomo copies a model that is not compiled yet, and the copy compiles to the same arrays."""
    model = build_model(TERMS["runs"])
    copied, ours = compile_model(model.pyomo.clone()), model.compiled
    assert [each.name for each in copied.columns] == [each.name for each in ours.columns]
    assert np.array_equal(copied.matrix.toarray(), ours.matrix.toarray())
    assert np.array_equal(copied.cost, ours.cost)
    assert not set(map(id, copied.columns)) & set(map(id, ours.columns))
