"""What caps and rules cost that do not bind, or bind whole numbers alone: shown together where that can be."""

from __future__ import annotations

import builders as b
import pytest
from small_trees import planned
from stochastic import factor, scenario
from told_documents import InThisProcess

from models.dataset import Dataset
from models.estimate import Estimate
from models.schema import Cap, Rule
from models.stochastic.plan_problem import Plans
from models.variants.loosened import loosened, loosened_together
from planner.explain.explanation import Explanation, answer_questions
from planner.solving.problem import SolveOptions
from planner.solving.solve_task import SolveTask

HOURS = 744
TOGETHER = "without policy that does not bind"


class _Noting(InThisProcess):
    """Workers that solve at once, and note what was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def submit(self, task: SolveTask):  # type: ignore[no-untyped-def]
        self.asked.append(task.key)
        return super().submit(task)


def _cap(name: str, value: float) -> Cap:
    return Cap(cap=name, measure="capacity_mw", scope="total", sense="max", value=value)


def _data(*rows: object) -> Dataset:
    """1.2 tokens a day, on two leases of a unit at 1 an hour or on demand at 8."""
    lease = b.lease("cheap", b.term(1, hourly=1.0), units_max=2)
    rule = Rule(rule="some", kind="at_most", offers=("cheap",), count=1)
    return b.dataset(b.demand(1.2), lease, b.on_demand(8.0), *rows, rule, months=1)


def _explained(data: Dataset, plan: Plans) -> tuple[Explanation, list[str]]:
    workers, options = _Noting(), SolveOptions(gap=0.0, threads=1)
    return answer_questions(data, plan, Estimate.exactly(plan.objective_usd), workers, options), workers.asked  # type: ignore[arg-type]


def _savings(found: Explanation) -> dict[tuple[str, bool], Estimate]:
    return {(each.loosened.name, each.loosened.loosened_to is None): each.saving for each in found.policy}


@pytest.mark.parametrize("with_scenarios", [False, True])
def test_what_does_not_bind_is_searched_for_together(with_scenarios: bool) -> None:
    """One search shows that caps far away and a rule that is kept anyway cost nothing, with scenarios or without."""
    rows = [scenario("low", 0.5), scenario("high", 0.5), factor("high", "demand", value=1.5)] if with_scenarios else []
    data = _data(_cap("far", 1.0), _cap("further", 2.0), *rows)
    found, asked = _explained(data, planned(data) if with_scenarios else b.solved(data))
    assert all(saving == Estimate(0.0, pytest.approx(0.0, abs=1e-5)) for saving in _savings(found).values())
    assert len(found.policy) == 5
    assert [each for each in asked if each.startswith(("without cap", "with cap", "without rule"))] == []
    names = ("", ", low", ", high") if with_scenarios else ("",)
    assert [each for each in asked if each.startswith(TOGETHER)] == [TOGETHER + name for name in names]
    assert [each.difference.at_most for answer in found.policy for each in answer.by_scenario] == [
        pytest.approx(0.0, abs=1e-5) for _ in names[1:] for _ in found.policy
    ]
    assert found.complete


def test_a_cap_that_binds_whole_numbers_alone_is_found() -> None:
    """In the relaxation 1.2 leases are below the cap of 1.5; whole, the second one is barred, and 0.6 an hour lost."""
    data = _data(_cap("tight", 0.0015), _cap("far", 1.0))
    found, asked = _explained(data, b.solved(data))
    saving = _savings(found)
    assert TOGETHER in asked
    assert saving["tight", True] == Estimate(pytest.approx(0.6 * HOURS), pytest.approx(0.6 * HOURS))
    assert saving["tight", False] == Estimate(0.0, pytest.approx(0.0, abs=1e-5))
    assert saving["far", True] == Estimate(0.0, pytest.approx(0.0, abs=1e-5))
    assert found.complete


def test_pieces_loosened_together_are_all_loosened() -> None:
    """Caps and rules are dropped, and a segment has each of its columns loosened; all else stays."""
    data = _data(_cap("one", 1.0), _cap("two", 2.0))
    limited = b.segment("free", shortfall_usd_per_mtok=1.0, max_shortfall_share=0.5)
    data = data.with_rows(segments=[limited])
    pieces = [each for each in loosened(data) if each.loosened_to is None or each.what == "limit"]
    assert [each.name for each in pieces] == ["one", "two", "some", "free: max_shortfall_share"]
    all_of_them = loosened_together(data, pieces)
    assert (all_of_them.caps, all_of_them.rules) == ((), ())
    assert [each.max_shortfall_share for each in all_of_them.segments] == [1.0]
    assert all_of_them.leases == data.leases
    some = loosened_together(data, pieces[1:2])
    assert [each.cap for each in some.caps] == ["one"]
    assert (some.rules, some.segments) == (data.rules, data.segments)


def test_what_does_not_bind_a_plan_that_costs_nothing_is_searched_for() -> None:
    """Where the plan costs nothing, nothing is below it, so that it is no answer to whether caps cost anything."""
    data = b.dataset(b.demand(1.0), b.fleet(), b.on_demand(8.0), _cap("far", 1.0), _cap("further", 2.0), months=1)
    found, asked = _explained(data, b.solved(data))
    assert found.cost_usd == 0.0
    assert asked == [TOGETHER]
    assert set(_savings(found).values()) == {Estimate.exactly(0.0)}
    assert found.complete
