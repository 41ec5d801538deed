"""The decision tree of plans made by hand: what is common to whom, what it is called, and who cannot take it."""

from __future__ import annotations

import pytest
from builders import dataset, demand, lease, segment, term
from stochastic import factor, scenario
from unit.plans import pay, signing

from models.dataset import Dataset
from models.plan import LimitChoice, OptionPurchase, Plan
from models.schema import QUANTITIES, Limit, Option
from models.stochastic.risk import Measure
from models.stochastic.solution import ScenarioPlan, StochasticSolution
from models.stochastic.tree import ScenarioTree
from planner.reports.scenarios.charts import branch_points
from planner.reports.scenarios.text import decided_words, factor_words
from planner.results.decision_tree import Node
from planner.results.scenario_set import ScenarioSetResult


def tree_of(data: Dataset, **plans: Plan) -> Node:
    chances = ScenarioTree(data).probability
    scenes = tuple(ScenarioPlan(name, chances[name], plan) for name, plan in plans.items())
    return ScenarioSetResult.of(data, StochasticSolution(Measure(), scenes, 0.0, 0.0)).decision_tree


def two_stages(first: int = 2) -> Dataset:
    """Six months; in `late` everything comes two months later."""
    return dataset(
        demand(1.0, months=6),
        segment("chat", shortfall_usd_per_mtok=1.0),
        lease("near", term(3, monthly=100.0, cancel_after_months=1, notice_months=1), units_max=3),
        lease("far", term(2, monthly=50.0)),
        Option(option="right", offer="far", premium_usd=5.0),
        Limit(segment="chat", limit="open"),
        Limit(segment="chat", limit="tight", demand_multiplier=0.5),
        scenario("plain", 0.6),
        scenario("late", 0.4),
        factor("late", "delivery_delay_months", 2),
        months=6,
        first_stage_months=first,
    )


PLAIN = Plan(
    signings=(
        signing("near", 0, 3, 0, 1, units=1, cancelled=True),
        signing("near", 0, 3, 0, 2, units=1),
        signing("far", 3, 2, 3, 4),
    ),
    options=(OptionPurchase("right", 1),),
    limits=tuple(LimitChoice("chat", t, "open") for t in range(6)),
    payments=(*pay("lease", "near", {0: 200.0, 1: 200.0, 2: 100.0}), *pay("lease", "far", {3: 50.0})),
)
LATE = Plan(
    signings=(signing("near", 0, 3, 2, 4, units=2),),
    options=(OptionPurchase("right", 1),),
    limits=tuple(LimitChoice("chat", t, "open" if t < 4 else "tight") for t in range(6)),
    payments=tuple(pay("lease", "near", {2: 200.0, 3: 200.0, 4: 200.0})),
)


def test_two_stages() -> None:
    """Before they part scenarios are one node with what is common to them; after it each has its own."""
    root = tree_of(two_stages(), plain=PLAIN, late=LATE)
    assert (root.first, root.last, root.scenarios, root.probability) == (0, 1, ("plain", "late"), 1.0)
    assert [(each.what.do, each.what.name, each.what.month, each.what.units) for each in root.decisions] == [
        ("sign", "near", 0, 2),
        ("set limit", "chat", 0, 1),
        ("give notice", "near", 1, 1),
        ("buy option", "right", 1, 1),
    ]
    assert [(child.scenarios, child.first, child.last) for child in root.children] == [
        (("plain",), 2, 5),
        (("late",), 2, 5),
    ]
    plain, late = root.children
    assert [(each.what.do, each.what.name, each.what.month) for each in plain.decisions] == [("sign", "far", 3)]
    assert [(each.what.limit, each.what.month) for each in late.decisions] == [("tight", 4)]
    assert [leaf.scenarios for leaf in root.leaves] == [("plain",), ("late",)]


def test_one_decision_costs_and_starts_as_each_scenario_has_it() -> None:
    """A common signing costs its mean over the scenarios and starts when it does in each."""
    signed = tree_of(two_stages(), plain=PLAIN, late=LATE).decisions[0]
    assert signed.cost_usd == pytest.approx(0.6 * 500.0 + 0.4 * 600.0)
    assert signed.starts == (0, 2)
    assert signed.mw == pytest.approx(0.002)
    assert not signed.cannot


def test_a_notice_that_a_scenario_cannot_give_says_why() -> None:
    """A notice is in month of the first month without service less the notice; where service has not begun, none is."""
    notice = tree_of(two_stages(), plain=PLAIN, late=LATE).decisions[2]
    assert notice.by.keys() == {"plain"}
    assert notice.cannot == {"late": "service has not begun"}
    assert notice.what.end == 1
    said = decided_words([notice], two_stages())
    assert said == (
        "2026-02: give notice of 1 unit of near, service until 2026-02, not in late (service has not begun)."
    )


def test_renewals_are_decided_in_their_first_month() -> None:
    """Each renewal is a decision of its own in the first month of what it adds."""
    data = dataset(
        lease("near", term(2, monthly=1.0, renewals_max=2, renewal_months=1)),
        scenario("plain", 1.0),
        months=6,
        first_stage_months=6,
    )
    root = tree_of(data, plain=Plan(signings=(signing("near", 0, 2, 0, 3, renewals=2),)))
    assert [(each.what.do, each.what.month, each.what.end) for each in root.decisions] == [
        ("sign", 0, 1 + 2),
        ("renew", 2, 2),
        ("renew", 3, 3),
    ]
    assert root.children == ()


def three_stages() -> Dataset:
    """Eight months: `gone` parts after two and loses its supplier in the second; `dry` follows `base` until month 5."""
    return dataset(
        lease("near", term(2, monthly=1.0), units_max=3),
        scenario("base", 0.5),
        scenario("dry", 0.2, "base", 5),
        scenario("gone", 0.3),
        factor("gone", "supplier_exit", 1.0, "neo", 1),
        months=8,
        first_stage_months=2,
    )


def test_three_stages_with_a_supplier_gone() -> None:
    """Scenarios that follow another share its decisions until they part; who has lost the supplier says so."""
    signed = (signing("near", 1, 2, 1, 2), signing("near", 3, 2, 3, 4))
    more = signing("near", 5, 2, 5, 6, units=2)
    root = tree_of(three_stages(), base=Plan(signings=signed), dry=Plan(signings=(*signed, more)), gone=Plan())
    assert [(node.scenarios, node.first, node.last, depth) for depth, node in root.walk()] == [
        (("base", "dry", "gone"), 0, 1, 0),
        (("base", "dry"), 2, 4, 1),
        (("base",), 5, 7, 2),
        (("dry",), 5, 7, 2),
        (("gone",), 2, 7, 1),
    ]
    (first,) = root.decisions
    assert list(first.by) == ["base", "dry"]
    assert first.cannot == {"gone": "the supplier has exited"}
    assert first.probability == pytest.approx(0.7)
    both, gone = root.children
    assert [(each.what.month, list(each.by), dict(each.cannot)) for each in both.decisions] == [
        (3, ["base", "dry"], {})
    ]
    assert both.children[0].decisions == ()
    assert both.children[1].decisions[0].what.units == 2
    assert gone.decisions == ()


def test_scenarios_that_differ_from_the_first_month_have_a_root_without_decisions() -> None:
    """Without a first stage the root has no months and decides nothing, and every scenario is a child of it."""
    root = tree_of(two_stages(first=0), plain=PLAIN, late=LATE)
    assert (root.first, root.last, root.decisions) == (0, -1, ())
    assert [child.scenarios for child in root.children] == [("plain",), ("late",)]
    assert [each.what.month for each in root.children[0].decisions] == [0, 0, 1, 1, 3]


def test_lines_of_the_chart_meet_until_scenarios_part() -> None:
    """Scenarios run along one line as long as they are one node, and end at the horizon at heights of their own."""
    signed = Plan(signings=(signing("near", 1, 2, 1, 2),))
    data = three_stages()
    points = branch_points(tree_of(data, base=signed, dry=signed, gone=Plan()), data)
    assert points["base"][:4] == points["dry"][:4]
    assert points["base"][:2] == points["gone"][:2]
    assert points["base"][2] != points["gone"][2]
    assert {line[-1][0] for line in points.values()} == {8}
    assert len({line[-1][1] for line in points.values()}) == 3


@pytest.mark.parametrize(
    ("quantity", "value", "name", "t", "words"),
    [
        ("demand", 1.2, "chat", 3, "demand of chat × 1.2 from 2026-04"),
        ("demand", 1.2, "*", None, "all demand × 1.2"),
        ("demand_growth", -0.02, "*", None, "growth of all demand -2 points a month"),
        ("demand_growth", 0.01, "*", None, "growth of all demand +1 point a month"),
        ("supplier_exit", 1.0, "neo", 2, "neo exits in 2026-03"),
        ("delivery_delay_months", 1, "near", None, "near 1 month later"),
        ("on_demand_price", 1.5, "H100", None, "on-demand price of H100 × 1.5"),
        ("fleet_share", 0.5, "us", 1, "accelerators online of us × 0.5 from 2026-02"),
        ("rival_generosity", 0.5, "chat", None, "generosity of the rivals of chat +0.5"),
        ("rival_generosity", -1, "*", None, "generosity of all rivals -1"),
    ],
)
def test_factors_in_words(quantity: str, value: float, name: str, t: int | None, words: str) -> None:
    """Every factor of a scenario is told as a person would say it."""
    data = dataset(scenario("s", 1.0), factor("s", quantity, value, name, t))
    assert factor_words(data, "s") == words


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_every_quantity_that_may_be_uncertain_has_words(quantity: str) -> None:
    """Of one name and of all, with its amount; an exit has none."""
    for name in ("neo", "*"):
        words = factor_words(dataset(scenario("s", 1.0), factor("s", quantity, 2.0, name)), "s")
        assert ("neo" in words) == (name == "neo")
        assert "2" in words or quantity == "supplier_exit"


def test_a_long_path_of_factors_is_told_by_its_range_and_its_end() -> None:
    """A row a month, as sampling writes them, is a clause; four rows are told one by one."""
    rows = [factor("s", "demand", value, t=t) for t, value in enumerate((1.02, 0.9, 1.1, 1.05, 1.25), start=1)]
    data = dataset(demand(1.0, months=6), rows, scenario("s", 1.0), months=6)
    assert factor_words(data, "s") == "all demand × 0.9 to 1.25 from 2026-02, 1.25 from 2026-06"
    few = dataset(demand(1.0, months=6), rows[:4], scenario("s", 1.0), months=6)
    assert factor_words(few, "s").count("all demand × ") == 4
