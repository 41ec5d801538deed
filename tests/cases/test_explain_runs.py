"""What runs are worth: only those that need not be done are asked about, and all of their value is their price."""

from __future__ import annotations

import builders as b
import pytest
from told_documents import InThisProcess

from models.dataset import Dataset
from models.estimate import Estimate
from models.schema import Run
from planner.explain.explanation import Explanation, answer_questions
from planner.solving.problem import SolveOptions

OPTIONS = SolveOptions(gap=0.0, threads=1)


def _explained(*runs: Run) -> tuple[Dataset, Explanation]:
    """Two months in which an accelerator costs 1 an hour on demand."""
    data = b.dataset(b.demand(1.0, months=2), b.on_demand(1.0), *runs, months=2)
    plan = b.solved(data)
    known = Estimate.exactly(plan.objective_usd)
    return data, answer_questions(data, plan, known, InThisProcess(), OPTIONS)  # type: ignore[arg-type]


def _run(name: str, **more: object) -> Run:
    columns = {"workload": "chat", "region": "us", "tokens_bn_per_day": 1.0, "single_site": False} | more
    return Run(run=name, months=1, **columns)  # type: ignore[arg-type]


def test_a_run_that_must_be_done_is_no_offer() -> None:
    """Whether to leave it out is no question: the problem without it would allow what this one does not."""
    _, found = _explained(_run("must", value_usd=10.0, must=True), _run("blank"), _run("free", value_usd=1000.0))
    assert [each.name for each in found.offers] == ["free"]


def test_what_a_late_run_loses_of_its_value_goes_with_the_value() -> None:
    """A month late it is worth 950 for 672 hours: at 672/950 of its value it is no longer worth doing."""
    _, found = _explained(_run("late", value_usd=1000.0, loss_usd_per_month_late=50.0))
    (answer,) = found.offers
    assert answer.difference == Estimate(pytest.approx(278.0), pytest.approx(278.0))
    even = answer.break_even
    assert even.at_least is not None
    assert even.at_most is not None
    assert even.at_least - 1e-9 <= 672 / 950 <= even.at_most + 1e-9
    assert even.at_most - even.at_least <= 0.02
