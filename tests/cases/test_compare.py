"""Comparing plans: decisions, costs and inputs against the first, from two plans or more."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from builders import JAN, dataset, lease, term
from commandline import Run, decision
from sheets import Tables, tables, workbook
from unit.plans import signing

import planner
from models.plan import Plan
from planner.analysis.plan_comparison import ComparedPlan, Comparison, compare, compare_sides
from planner.api.comparison import compared_plan
from planner.reports.comparison import costs_section
from planner.reports.comparison_tables import tables as tidy_tables
from planner.reports.comparison_text import comparison_lines
from planner.results.scenario_set import ScenarioSetResult


@pytest.fixture
def plans(here: Run, tmp_path: Path) -> list[Path]:
    """Yesterday's plan, one at a dearer lease, and one whose horizon begins a month later."""
    dearer = [{"lease": "L", "term_months": 12, "usd_per_accelerator_hour": 6}]
    later: dict[str, Any] = {"settings": {"first_month": "2026-02", "months": 11}}
    books = {"first": decision(), "dearer": decision(lease_terms=dearer), "later": decision(**later)}
    paths = []
    for name, book_of in books.items():
        book = workbook(tmp_path / f"{name} book.xlsx", book_of)
        path = tmp_path / f"{name}.xlsx"
        assert here("solve", book, "-o", path, "--gap", 0).code == 0
        paths.append(path)
    return paths


def test_a_plan_against_itself_has_not_changed(here: Run, plans: list[Path]) -> None:
    """The same plan twice: every decision the same, no input differs, and the words say so."""
    said = here("compare", plans[0], plans[0], "-o", "same.xlsx", "--json")
    assert said.code == 0
    [other] = said.json["against_first"]
    assert {each["change"] for each in other["decisions"]} == {"same"}
    assert (other["inputs"], other["limits"], other["difference_usd"]) == ([], [], 0.0)
    assert [each["plan"] for each in said.json["plans"]] == ["first", "first (2)"]


def test_what_changed_and_which_input_changed_it(here: Run, plans: list[Path], tmp_path: Path) -> None:
    """A lease thrice as dear is dropped: the decision, the cost and the one cell that differs are named."""
    said = here("compare", *plans[:2], "-o", "changed.xlsx")
    assert said.code == 0
    told = [line.split() for line in said.out.splitlines()]
    assert ["Decided", "by", "dearer", "Change", "In", "words"] in told
    assert any(line[:4] == ["L", "dropped", "no", "longer"] for line in told)
    assert ["lease_terms.L/12.usd_per_accelerator_hour", "2.0", "6.0"] in told
    comparison = compare(plans[:2])
    [other] = comparison.others
    assert [(each.name, each.change) for each in other.changes] == [("L", "dropped")]
    [change] = other.inputs
    assert (change.sheet, change.row, change.column) == ("lease_terms", "L/12", "usd_per_accelerator_hour")
    assert (change.before, change.after) == (2, 6)
    book = openpyxl.load_workbook(tmp_path / "changed.xlsx")
    assert book.sheetnames == ["Comparison", "Plans", "Decisions", "Costs", "Months", "Service", "Inputs", "Bridge"]
    costs = [row for row in book["Costs"].iter_rows(min_row=2, values_only=True) if row[1] == "lease"]
    assert costs[1][3] == pytest.approx(-costs[0][2])


def test_horizons_are_held_side_by_side_by_calendar(plans: list[Path]) -> None:
    """A plan that begins in February signs then what the first signs in January: moved, and told with its months."""
    [other] = compare([plans[0], plans[2]]).others
    assert [(each.change, each.months_before, each.months_after) for each in other.changes] == [("moved", (0,), (1,))]
    assert any("2026-02" in note and "present values" in note for note in other.notes)
    assert {(each.sheet, each.column) for each in other.inputs} == {("settings", "first_month"), ("settings", "months")}


def test_three_plans_at_once(here: Run, plans: list[Path]) -> None:
    """Every other plan is held against the first."""
    said = here("compare", *plans, "-o", "three.xlsx", "--json")
    assert [each["plan"] for each in said.json["against_first"]] == ["dearer", "later"]


def test_overrides_are_part_of_the_input(here: Run, plans: list[Path], tmp_path: Path) -> None:
    """A plan solved with --set differs in that value, though the workbook is the same."""
    book = tmp_path / "first book.xlsx"
    assert here("solve", book, "-o", "set.xlsx", "--gap", 0, "--set", "settings.discount_rate=0.2").code == 0
    [other] = compare([plans[0], tmp_path / "set.xlsx"]).others
    assert [(each.column, each.before, each.after) for each in other.inputs] == [("discount_rate", 0.1, 0.2)]


def test_a_file_that_is_no_plan_is_told(here: Run, plans: list[Path], small: Path) -> None:
    """An input workbook among the plans is exit 2, and the words say what was expected."""
    said = here("compare", plans[0], small)
    assert said.code == 2
    assert "a plan workbook" in said.err + said.out
    assert here("compare", plans[0]).code == 2


def test_nobody_elses_file_is_replaced(here: Run, plans: list[Path], small: Path) -> None:
    """A workbook that is no comparison is not written over; an earlier comparison is."""
    assert here("compare", *plans[:2], "-o", small).code == 7
    assert here("compare", *plans[:2], "-o", "again.xlsx").code == 0
    assert here("compare", *plans[:2], "-o", "again.xlsx").code == 0


BOOM: Tables = {
    "scenarios": [{"scenario": "plain", "probability": 0.6}, {"scenario": "boom", "probability": 0.4}],
    "scenario_factors": [{"scenario": "boom", "quantity": "demand", "name": "*", "from_month": "2026-05", "value": 2}],
}


@pytest.fixture(scope="module")
def uncertain() -> dict[str, planner.Result]:
    """A year in which demand may double in May: planned for both cases, at a dearer lease, and for one forecast."""
    terms = {"lease": "L", "term_months": 6, "usd_per_accelerator_hour": 2}
    settings = {"first_month": "2026-01", "months": 12, "first_stage_months": 3}
    plain = decision(settings=settings, lease_terms=[terms])
    dearer = {"lease_terms": [terms | {"usd_per_accelerator_hour": 3}]}
    books = {"both": plain | BOOM, "dearer": plain | BOOM | dearer, "plain": plain}
    return {
        name: planner.solve(planner.problem(tables(book, {"settings": settings | {"plan_name": name}})), gap=0)
        for name, book in books.items()
    }


def _compared(*results: planner.Result) -> Comparison:
    return compare_sides([compared_plan(each) for each in results])


def _rows(comparison: Comparison, sheet: str) -> list[dict[str, Any]]:
    filled = {each.table.sheet: each for each in tidy_tables(comparison)}[sheet]
    return [dict(zip(filled.table.headers, row, strict=True)) for row in filled.rows]


def test_plans_for_scenarios_have_expected_figures_and_every_scenario(uncertain: dict[str, planner.Result]) -> None:
    """Costs by category add up to the expected cost, which is that of the scenarios by probability, in both plans."""
    comparison = _compared(uncertain["both"], uncertain["dearer"])
    costs = {name: found.objective_usd for name, found in uncertain.items()}
    for name in ("both", "dearer"):
        scenarios = [row for row in _rows(comparison, "Scenarios") if row["plan"] == name]
        assert sum(row["probability"] * row["cost_usd"] for row in scenarios) == pytest.approx(costs[name])
        by_category = [row["present_value_usd"] for row in _rows(comparison, "Costs") if row["plan"] == name]
        assert sum(by_category) == pytest.approx(costs[name])
        served = [row["served_bn_per_day"] for row in _rows(comparison, "Months") if row["plan"] == name]
        assert served == pytest.approx([8.0] * 4 + [0.6 * 8 + 0.4 * 16] * 8)
    [other] = comparison.others
    assert other.difference_usd == pytest.approx(costs["dearer"] - costs["both"])
    assert other.least_cost_difference.value(1e-6) == pytest.approx(other.difference_usd)
    assert [each.column for each in other.inputs] == ["usd_per_accelerator_hour"]


def test_decisions_of_scenarios_are_compared_with_their_probability(uncertain: dict[str, planner.Result]) -> None:
    """Both plans do the same in the first stage; what comes later has its probability in each of them."""
    [other] = _compared(uncertain["both"], uncertain["dearer"]).others
    assert {each.change for each in other.now} == {"same"}
    later = other.changes[len(other.now) :]
    assert all(each.month >= 3 for each in later)
    for found, side in (("probability_before", "both"), ("probability_after", "dearer")):
        of = uncertain[side].found.plan_set.scenarios
        for each in later:
            by_hand = sum(
                scenario.probability
                for scenario in of
                if any(
                    (one.month, one.units, one.name)
                    == (each.month, max(each.units_before, each.units_after), each.name)
                    for one in scenario.decisions
                )
            )
            assert getattr(each, found) == pytest.approx(by_hand)


def test_a_plan_with_scenarios_beside_one_without(uncertain: dict[str, planner.Result]) -> None:
    """Either may be first; the words say which is which, and the differences are the same the other way round."""
    there, back = (_compared(*(uncertain[name] for name in names)) for names in (("plain", "both"), ("both", "plain")))
    assert there.others[0].difference_usd == -back.others[0].difference_usd
    turned = {"new": "dropped", "dropped": "new"}
    assert {(each.key, each.month, turned.get(each.change, each.change)) for each in there.others[0].changes} == {
        (each.key, each.month, each.change) for each in back.others[0].changes
    }
    assert "It is made for scenarios, the first plan for one forecast" in comparison_lines(there)[0]
    assert "in expectation" in comparison_lines(back)[0]
    assert [row["scenarios"] for row in _rows(there, "Plans")] == [0, 2]


def test_written_plans_for_scenarios_are_compared_as_they_were_solved(
    here: Run, uncertain: dict[str, planner.Result], tmp_path: Path
) -> None:
    """The command reads plans with and without scenarios, and says of them what the results themselves say."""
    paths = [found.to_excel(tmp_path / f"{name}.xlsx") for name, found in uncertain.items()]
    said = here("compare", *paths, "-o", "compared.xlsx", "--json")
    assert said.code == 0
    read, solved = compare(paths), _compared(*uncertain.values())
    for sheet in ("Plans", "Scenarios", "Decisions", "Costs", "Months", "Service"):
        for one, other in zip(_rows(read, sheet), _rows(solved, sheet), strict=True):
            assert list(one.values()) == [
                pytest.approx(value, rel=1e-9, abs=1e-9) if isinstance(value, float) else value
                for value in other.values()
            ]
    assert [each["expected_usd"] for each in said.json["plans"]] == pytest.approx(
        [found.objective_usd for found in uncertain.values()]
    )
    assert len(said.json["plans"][0]["scenarios"]) == 2
    book = openpyxl.load_workbook(tmp_path / "compared.xlsx", read_only=True)
    assert "Scenarios" in book.sheetnames


def test_another_measure_of_risk_is_told_and_bounds_of_it_are_not_mixed(uncertain: dict[str, planner.Result]) -> None:
    """A plan for the worst case beside one for the expected cost: the words say so, and no bound is claimed."""
    worst = planner.solve(uncertain["both"].problem, gap=0, risk="worst")
    [other] = _compared(uncertain["both"], worst).others
    assert other.difference_usd >= -1e-6
    assert other.least_cost_difference.known_by == "unknown"
    assert any(note.startswith("It minimises the cost of the worst scenario") for note in other.notes)


def test_gaps_that_leave_the_difference_open_are_told(uncertain: dict[str, planner.Result]) -> None:
    """Where bounds lie below the costs, the difference between the least costs has two ends, both in the words."""
    both, dearer = (compared_plan(uncertain[name]) for name in ("both", "dearer"))
    loose = [replace(each, bound_usd=0.9 * each.objective_usd) for each in (both, dearer)]
    comparison = compare_sides(loose)
    [other] = comparison.others
    least = other.least_cost_difference
    assert least.at_least == pytest.approx(0.9 * dearer.objective_usd - both.objective_usd)
    assert least.at_most == pytest.approx(dearer.objective_usd - 0.9 * both.objective_usd)
    assert "By the bounds proven" in comparison_lines(comparison)[0]
    assert comparison.sides[0].gap == pytest.approx(0.1)


def test_what_is_proven_stands_below_what_plans_cost(plans: list[Path]) -> None:
    """The page and its chart have the bound of each plan below its total; blank where none is proven."""
    comparison = compare(plans[:2])
    first = comparison.first
    unproven = replace(comparison, first=replace(first, bound_usd=None))
    solution = replace(first.plans.solution, objective_usd=first.objective_usd * (1.0 + 1e-12))
    rounded = replace(comparison, first=replace(first, plans=replace(first.plans, solution=solution)))
    for each, known in ((comparison, (True, True)), (unproven, (False, True)), (rounded, (True, True))):
        label, *bounds = costs_section(each).rows[-1]
        assert label == "Any plan costs at least"
        assert tuple(bound is not None for bound in bounds) == known


def test_plans_within_each_others_gaps_are_told_as_such(plans: list[Path]) -> None:
    """Two plans of one problem, 1 % apart and each proven to 2 %, differ by what the searches leave open."""
    side = compare(plans[:1] * 2).first
    cost = side.objective_usd
    solution = replace(side.plans.solution, objective_usd=1.01 * cost)
    dearer = replace(side, label="dearer", plans=replace(side.plans, solution=solution), bound_usd=0.98 * cost)
    near = compare_sides([replace(side, bound_usd=0.98 * cost), dearer])
    assert near.others[0].within_gaps(near.first)
    proven = compare_sides([replace(side, bound_usd=cost), replace(dearer, bound_usd=1.01 * cost)])
    assert not proven.others[0].within_gaps(proven.first)


def test_an_offer_of_another_name_with_the_same_terms_is_told() -> None:
    """A lease that only the name of differs, and one of another price: the first is the same offer, it seems."""
    sides = []
    for name, price in (("L", 2.0), ("M", 2.0), ("N", 3.0)):
        data = dataset(lease(name, term(12, price), holds=8))
        sides.append(ComparedPlan(name, Path(name), ScenarioSetResult.of_plan(data, Plan())))
    same, dearer = compare_sides(sides).others
    assert same.notes == ("M has all the terms that L had: another name, it seems.",)
    assert dearer.notes == ()


def test_what_the_other_plan_has_as_signed_is_no_decision_that_differs() -> None:
    """A lease of January and one of March; the plan that begins in March has the first as signed, by another name."""
    january, march = lease("L", term(12, 2.0)), lease("M", term(12, 2.0))
    done = lease("L 2026-01", term(12, 2.0), signed=0)
    early = dataset(january, march)
    late = dataset(done, march, first_month=JAN + 2)
    old = Plan(signings=(signing("L", 0, 12, 0, 11), signing("M", 2, 12, 2, 13)))
    new = Plan(signings=(signing("L 2026-01", -2, 12, -2, 9, signed=True), signing("M", 0, 12, 0, 11)))
    sides = [
        ComparedPlan(name, Path(name), ScenarioSetResult.of_plan(data, plan))
        for name, data, plan in (("early", early, old), ("late", late, new))
    ]
    for pair in (sides, sides[::-1]):
        (other,) = compare_sides(pair).others
        assert [(each.name, each.change) for each in other.changes] == [("M", "same")]
