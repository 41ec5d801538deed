"""What is told of a workbook without a plan where searches stopped, failed or were lucky."""

from __future__ import annotations

import builders as b
import pytest
from searches import SEARCHES, Search, lucky

from models.dataset import Dataset
from models.schema import Cap
from planner.analysis import infeasibility
from planner.analysis.infeasibility import explain_infeasible
from planner.reports.infeasibility import repair_lines


def _problem() -> Dataset:
    """Two accelerators are needed, and a cap allows one."""
    cap = Cap(cap="small", measure="capacity_mw", scope="total", sense="max", value=0.001)
    return b.dataset(b.demand(2.0), b.lease("a", b.term(1, monthly=1000.0), units_max=2), cap, months=1)


def test_a_proven_answer_names_repairs_and_a_conflict() -> None:
    """Raising the cap is one repair; without the cap, or without serving all, the rest can hold."""
    found = explain_infeasible(_problem(), seconds=20.0, conflict=True)
    assert found.complete
    assert any("small" in each.words for each in found.repairs)
    assert {each.kind for each in found.conflict or ()} == {"cap", "shortfall"}


@SEARCHES
def test_what_is_not_proven_is_not_claimed(monkeypatch: pytest.MonkeyPatch, search: Search) -> None:
    """No conflict is named, no repair is said not to exist; the cost of a plan that was found is an upper end."""
    monkeypatch.setattr(infeasibility, "solve", search)
    found = explain_infeasible(_problem(), seconds=20.0, conflict=True)
    words = "\n".join(repair_lines(found, _problem()))
    assert not found.complete
    assert "does not help" not in words
    assert "cannot all hold" not in words or search is lucky  # plans without either of the two are proof enough
    assert bool(found.repairs) is (search is lucky)
    assert ("then a plan costs at most" in words) is (search is lucky)
