"""Factors of a scenario: which row is in force in which month, and what it does to a figure."""

from __future__ import annotations

from dataclasses import replace

import builders as b
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stochastic import factor, scenario

from models.audit.scenario_factors import FactorPaths
from models.build import build_model
from models.dataset import Dataset
from models.demand.baseline import baseline_demand
from models.realization import MeanRealization, Realization
from models.schema import QUANTITIES, ScenarioFactor
from planner.solving.problem import SolveOptions
from planner.solving.search import solve

MONTHS = range(6)


def realized(*rows: ScenarioFactor) -> Realization:
    return Realization((None if each.from_month is None else each.from_month - b.JAN, each) for each in rows)


def by_month(*rows: ScenarioFactor) -> list[float]:
    return [realized(*rows).price("deal", t) for t in MONTHS]


def test_without_rows_every_factor_is_neutral() -> None:
    """Multipliers are 1, delays 0, demand as it was, and nobody is gone."""
    plain = Realization()
    factors = [plain.throughput("chat", "H100", 0), plain.on_demand_price("H100", 0), plain.on_demand_cap("H100", 0)]
    assert [*factors, plain.price("deal", 0), plain.delivered("deal", 0)] == [1.0] * 5
    assert plain.delay("deal", 0) == 0
    assert plain.demand("chat", (1.0, 0.0, 3.0)) == (1.0, 0.0, 3.0)
    assert plain.exit("deal", "neo") is None


def test_a_row_holds_until_the_next() -> None:
    """Before the first row nothing holds; a blank from_month is the first month; the order of rows is free."""
    rows = [factor("s", "price", 3.0, t=4), factor("s", "price", 2.0, t=1)]
    assert by_month(*rows) == [1, 2, 2, 2, 3, 3]
    assert by_month(*rows, factor("s", "price", 5.0)) == [5, 2, 2, 2, 3, 3]


def test_a_name_replaces_the_row_for_all_from_its_first_month_on() -> None:
    """The row for all holds until the name's first; a later row for all changes nothing for the name."""
    rows = [factor("s", "price", 2.0), factor("s", "price", 7.0, t=4), factor("s", "price", 3.0, "deal", t=2)]
    assert by_month(*rows) == [2, 2, 3, 3, 3, 3]
    assert [realized(*rows).price("other", t) for t in MONTHS] == [2, 2, 2, 2, 7, 7]


def test_a_row_from_before_the_horizon_is_in_force_and_does_not_reach_back_further() -> None:
    """From month -2 on it holds: in month -3 not yet, which the price of something signed then shows."""
    early = realized(factor("s", "price", 2.0, t=-2))
    assert [early.price("deal", t) for t in (-3, -2, 0, 5)] == [1, 2, 2, 2]


def test_two_names_of_one_figure_multiply() -> None:
    """Of a workload and a hardware both rows count; with neither the row for all does."""
    rows = [factor("s", "throughput", value, name) for value, name in ((0.5, "chat"), (0.4, "H100"), (9.0, "*"))]
    rates = realized(*rows)
    pairs = [("chat", "H100"), ("chat", "TPU"), ("code", "H100"), ("code", "TPU")]
    assert [rates.throughput(*pair, 0) for pair in pairs] == pytest.approx([0.2, 0.5, 0.4, 9.0])


def test_a_row_that_names_both_sides_of_a_figure_counts_once() -> None:
    """A workload and a hardware of one name: their row multiplies once, in the model and in the audit."""
    row = factor("s", "throughput", 0.5, "x")
    assert realized(row).throughput("x", "x", 0) == 0.5
    data = replace(b.dataset(row), scenario=row.scenario)
    assert FactorPaths(data).product("throughput", 0, "x", "x") == 0.5


def test_growth_compounds_from_the_month_it_is_added_in() -> None:
    """The ratio of each month to the next has the addition; demand from 0 starts anew, and is never negative."""
    grown = realized(factor("s", "demand_growth", 0.5, t=1))
    assert grown.demand("chat", (4.0, 4.0, 8.0, 8.0)) == pytest.approx((4, 4, 10, 15))
    assert grown.demand("chat", (4.0, 0.0, 8.0, 8.0)) == pytest.approx((4, 0, 8, 12))
    shrunk = realized(factor("s", "demand_growth", -0.75))
    assert shrunk.demand("chat", (4.0, 2.0, 2.0)) == pytest.approx((4, 0, 0))


def test_an_exit_is_the_earliest_of_the_names_and_the_row_for_all_where_none_is_named() -> None:
    """By offer or provider, whichever is first; a named row replaces the one for all."""
    rows = [factor("s", "supplier_exit", name=name, t=t) for name, t in (("neo", 4), ("deal", 2), ("*", 1))]
    exits = realized(*rows)
    assert [exits.exit("deal", "neo"), exits.exit("other", "neo"), exits.exit("other", "x")] == [2, 4, 1]


def test_the_mean_of_realizations() -> None:
    """Every figure is weighted by probability; delays in whole months; gone once more likely than not."""
    late = realized(
        factor("a", "delivery_delay_months", 4),
        factor("a", "price", 3.0),
        factor("a", "demand", 2.0),
        factor("a", "supplier_exit", t=1),
    )
    other = realized(factor("b", "supplier_exit", t=3))
    mean = MeanRealization([(0.4, late), (0.3, other), (0.3, Realization())])
    assert mean.price("deal", 0) == pytest.approx(1.8)
    assert mean.demand("chat", (10.0, 20.0)) == pytest.approx((14, 28))
    assert mean.delay("deal", 0) == 2  # 1.6 months
    assert mean.exit("deal", "neo") == 3
    assert MeanRealization([(0.5, late), (0.5, Realization())]).exit("deal", "neo") is None


def test_the_expected_value_problem_has_mean_demand_and_no_scenarios() -> None:
    """Demand 4 or 12 with 0.75 and 0.25 is 6, leased at 1: 6 x 744; the workbook read plainly has its 4."""
    data = b.dataset(
        b.lease("deal", b.term(1, 1.0), units_max=20),
        b.demand(4),
        b.on_demand(3.0),
        [scenario("low", 0.75), scenario("high", 0.25), factor("high", "demand", 3.0)],
        months=1,
    )
    assert data.expected_value().scenarios == ()
    assert baseline_demand(data.expected_value()) == {("chat", "us"): (6.0,)}
    outcome = solve(build_model(data.expected_value()), SolveOptions(gap=0.0, threads=1))
    assert outcome.objective_usd == pytest.approx(6 * 744)
    assert b.costs(b.solved(data)) == pytest.approx({"lease": 4 * 744})


ROWS = st.lists(
    st.builds(
        factor,
        st.sampled_from(["s", "other"]),
        st.sampled_from([each for each in QUANTITIES if not each.startswith("demand")]),
        st.integers(0, 3).map(float),
        st.sampled_from(["*", "chat", "H100", "deal", "neo"]),
        st.none() | st.integers(-2, 6),
    ),
    max_size=12,
)


def unique(rows: list[ScenarioFactor]) -> list[ScenarioFactor]:
    """At most one row for a scenario, quantity, name and month, as in a workbook."""
    return list({(each.scenario, each.quantity, each.name, each.from_month or b.JAN): each for each in rows}.values())


@given(rows=ROWS.map(unique), t=st.integers(-3, 7))
def test_the_model_and_the_audit_read_factors_alike(rows: list[ScenarioFactor], t: int) -> None:
    """What the model makes of random rows is what the audit, which looks them up otherwise, makes of them."""
    data: Dataset = b.dataset(scenario("s", 1.0), rows, months=6).in_scenario("s")
    model, course = data.realization, FactorPaths(data)
    assert model.throughput("chat", "H100", t) == course.product("throughput", t, "chat", "H100")
    assert model.on_demand_price("H100", t) == course.product("on_demand_price", t, "H100")
    assert model.on_demand_cap("H100", t) == course.product("on_demand_cap", t, "H100")
    assert model.price("deal", t) == course.product("price", t, "deal")
    assert model.delivered("deal", t) == course.product("delivered_share", t, "deal")
    assert model.delay("deal", t) == course.addend("delivery_delay_months", t, "deal")
    gone = model.exit("deal", "neo")
    assert course.first_exit("deal", "neo") == (float("inf") if gone is None else gone)
