"""Expected cost, CVaR, worst case and regret of one small problem, worked out by hand.

One accelerator serves 1 bn tokens a day. January has 744 hours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from builders import dataset, demand, lease, on_demand, solved, term
from stochastic import factor, scenario, solved_together, units

import planner.stochastic.solve
from models.dataset import Dataset
from models.stochastic.risk import Measure
from planner.interrupt import Stop
from planner.reports.scenarios.rows import risk_table
from planner.results.scenario_set import ScenarioSetResult
from planner.solving.problem import SolveOptions
from planner.solving.progress import ProgressLines
from planner.solving.solve_task import SolveResult, SolveTask, solve_task
from planner.solving.worker_pool import SolveMany
from planner.stochastic.solve import solve_stochastic


def uncertain(price: float, **settings: Any) -> Dataset:
    """Demand 0, 2, 4 or 6 in January with 0.4, 0.3, 0.2 and 0.1; leased at 1, on demand at `price`."""
    chances = {"none": (0.4, 0), "some": (0.3, 2), "more": (0.2, 4), "most": (0.1, 6)}
    return dataset(
        lease("deal", term(1, 1.0), units_max=9),
        demand(1),
        on_demand(price),
        [scenario(name, chance) for name, (chance, _) in chances.items()],
        [factor(name, "demand", bn) for name, (_, bn) in chances.items()],
        months=1,
        **settings,
    )


@pytest.mark.parametrize(
    ("weight", "alpha", "leased", "usd_per_hour"),
    [
        (0.0, 0.8, 2, 4.4),
        (0.1, 0.5, 2, 0.9 * 4.4 + 0.1 * 6.8),
        (0.25, 0.5, 4, 0.75 * 4.6 + 0.25 * 5.2),
        (0.5, 0.5, 4, 0.5 * 4.6 + 0.5 * 5.2),
        (1.0, 0.5, 4, 5.2),
        (0.5, 0.8, 4, 0.5 * 4.6 + 0.5 * 7.0),
        (1.0, 0.8, 6, 6.0),
    ],
)
def test_expected_cost_and_cvar_by_weight(weight: float, alpha: float, leased: int, usd_per_hour: float) -> None:
    """More weight on the worst cases leases more: on demand at 3, in USD per hour.

    Leased 2: costs 2, 2, 8, 14, expected 0.8 + 0.6 + 1.6 + 1.4 = 4.4; CVaR at 0.5 (1.4 + 1.6 + 0.2 x 2)/0.5 = 6.8, at
    0.8 (1.4 + 0.1 x 8)/0.2 = 11. Leased 4: 4, 4, 4, 10, expected 4.6; at 0.5 (1 + 0.4 x 4)/0.5 = 5.2, at 0.8
    (1 + 0.4)/0.2 = 7. Leased 6: 6 in every case. Between them all is linear. At 0.8 and 0.5: 7.7, 5.8, 6.
    """
    found = solved_together(uncertain(3.0, risk_weight=weight, risk_alpha=alpha))
    assert set(units(found).values()) == {leased}
    assert found.objective_usd == pytest.approx(744 * usd_per_hour)


def test_expected_cost_cvar_worst_case_and_regret_choose_differently() -> None:
    """On demand at 2 the four measures lease 2, 4, 6 and 3, in USD per hour.

    Expected: leased 2: 2, 2, 6, 10: 0.8 + 0.6 + 1.2 + 1 = 3.6 (1: 3.8, 3: 4). CVaR at 0.7: leased 4: 4, 4, 4, 8:
    (0.8 + 0.2 x 4)/0.3 = 16/3 (3: 19/3, 5: 17/3). Worst: leased 6: 6. Regret, against the demand itself leased: 3:
    costs 3, 3, 5, 9, regrets 3, 1, 1, 3 (2: 4 in most, 4: 4 in none). A part of 1e-4 of worst case and regret is
    expected cost: 6, and 4 for 3 leased.
    """
    data = uncertain(2.0)
    least = {each.scenario: solved(data.in_scenario(each.scenario)).objective_usd for each in data.scenarios}
    assert least == pytest.approx({"none": 0, "some": 2 * 744, "more": 4 * 744, "most": 6 * 744})
    chosen = {
        "expected": solved_together(data, Measure()),
        "cvar": solved_together(data, Measure(weight=1.0, alpha=0.7)),
        "worst": solved_together(data, Measure("worst")),
        "regret": solved_together(data, Measure("regret", least_usd=least)),
    }
    assert {name: set(units(found).values()) for name, found in chosen.items()} == {
        "expected": {2},
        "cvar": {4},
        "worst": {6},
        "regret": {3},
    }
    assert {name: found.objective_usd / 744 for name, found in chosen.items()} == pytest.approx(
        {"expected": 3.6, "cvar": 16 / 3, "worst": 6.0, "regret": 0.9999 * 3 + 0.0001 * 4}
    )


def test_knowing_the_scenario_leaves_no_regret() -> None:
    """Of the worst regret, 3 x 744 for 3 leased, perfect information saves all, however dear the scenarios are."""
    data = uncertain(2.0)
    found = solve_stochastic(
        data, Measure("regret"), SolveOptions(gap=0.0, threads=1), Stop(), lambda what: ProgressLines(what, "USD")
    )
    assert found.best is not None
    information = found.best.evpi()
    assert information is not None
    assert information.usd == pytest.approx(3 * 744)
    assert (information.least_usd, information.most_usd) == pytest.approx((3 * 744, 3 * 744), rel=1e-3)
    worth = {name: value for name, value, *_ in risk_table(ScenarioSetResult.of(data, found.best), 0.001).rows}
    assert worth["wait and see"] == 0.0
    assert worth["value of perfect information"] == pytest.approx(3 * 744)


def test_regret_looks_again_for_a_least_cost_that_was_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scenario of which no plan is found in its share of the time is searched once more in what is left."""
    asked: list[str] = []

    @contextmanager
    def solve_many(*_: Any, **__: Any) -> Iterator[SolveMany]:
        def solve_all(tasks: Iterable[SolveTask]) -> Iterator[SolveResult]:
            for task in tasks:
                asked.append(task.key)
                late = asked.count("most") == 1 and task.key == "most"
                yield SolveResult(task.key, "no_plan", why="Time limit reached") if late else solve_task(task)

        yield solve_all

    monkeypatch.setattr(planner.stochastic.solve, "solve_many", solve_many)
    options = SolveOptions(gap=0.0, time_limit=60.0, threads=1)
    found = solve_stochastic(
        uncertain(2.0), Measure("regret"), options, Stop(), lambda what: ProgressLines(what, "USD")
    )
    assert asked.count("most") > asked.count("none")
    assert found.status == "optimal"
    assert found.best is not None
    assert found.best.objective_usd / 744 == pytest.approx(0.9999 * 3 + 0.0001 * 4)
