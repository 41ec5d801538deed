"""The workbook of a plan for scenarios: its sheets and columns, what it says, and that it reads back as written."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from builders import dataset, demand, fleet, lease, on_demand, segment, term
from stochastic import factor, scenario
from unit.plans import alike, write

from models.audit import audit_scenario_set
from models.estimate import Estimate
from models.faults import FaultyWorkbook
from models.plan import categories
from models.schema import Limit
from models.stochastic.risk import Measure
from models.stochastic.solution import StochasticSolution, WaitAndSeePlan
from planner.analysis.plan_audit import audit_written
from planner.errors import CannotWrite
from planner.excel.plan_reader import read_plan
from planner.excel.scenario_plan_reader import read_earlier_plans, read_plans, read_written_plans
from planner.interrupt import Stop
from planner.reports.plan_report import write_plan
from planner.reports.run_json import run_json
from planner.reports.run_result import RunResult
from planner.results.base_case import BaseCase
from planner.results.scenario_set import ScenarioSetResult
from planner.solving.problem import SolveOptions
from planner.solving.progress import ProgressLines
from planner.stochastic.solve import solve_stochastic

SHEETS = [
    *("Plan", "Decision tree", "Scenarios", "Risk", "Cost distribution", "Outlook", "Summary", "Decisions", "Capacity"),
    *("Service", "Limits", "Spend", "Bills", "Use", "Monthly", "Lock-in"),
    *("Profit and loss", "P&L by quarter", "Quarters", "Unit costs", "Power", "Assumptions", "Audit", "Run"),
    *("Serving", "Shortfall", "Source use", "On demand", "Input"),
]
OF_ALL = {"Decisions", "Capacity", "Service", "Limits", "Spend", "Bills", "Use", "Monthly", "Lock-in"} | {
    *(
        "Profit and loss",
        "P&L by quarter",
        "Quarters",
        "Unit costs",
        "Power",
        "Serving",
        "Shortfall",
        "Source use",
        "On demand",
    )
}
"""Sheets that hold every scenario's rows."""
DATA = dataset(
    demand(2.0, months=6),
    segment("chat", shortfall_usd_per_mtok=0.9),
    fleet("own", 1.0),
    lease("=near", term(3, 10.0), units_max=4),
    lease("far", term(2, 9.0, cancel_after_months=1), units_max=4),
    on_demand(30.0, max_accelerators=1.0),
    Limit(segment="chat", limit="open"),
    Limit(segment="chat", limit="tight", demand_multiplier=0.5),
    scenario("plain", 0.5),
    scenario("007", 0.3),
    scenario("<boom>", 0.2, "007", 4),
    factor("007", "demand", 2.0),
    factor("<boom>", "demand", 2.0),
    factor("<boom>", "demand", 3.0, t=4),
    months=6,
    first_stage_months=2,
    risk_weight=0.3,
)


@pytest.fixture(scope="module")
def best() -> StochasticSolution:
    found = solve_stochastic(
        DATA, Measure.of(DATA), SolveOptions(gap=0.0, threads=1), Stop(), lambda w: ProgressLines(w, "USD")
    )
    assert found.best is not None
    return found.best


@pytest.fixture(scope="module")
def report(best: StochasticSolution) -> RunResult:
    return RunResult(
        plan_name="A & B",
        status="optimal",
        objective_usd=best.objective_usd,
        bound_usd=best.bound_usd,
        gap=best.gap,
        base_case=BaseCase(Estimate.exactly(best.objective_usd + 1000.0)),
        dataset=DATA,
        solution=ScenarioSetResult.of(DATA, best),
        audit=audit_scenario_set(DATA, {each.name: each.plan for each in best.scenarios}),
    )


@pytest.fixture(scope="module")
def written(best: StochasticSolution, report: RunResult, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("plan") / "plan.xlsx"
    write_plan(path, report)
    return path


@pytest.fixture(scope="module")
def book(written: Path) -> Any:
    return openpyxl.load_workbook(written)


def rows(book: Any, sheet: str) -> list[dict[str, Any]]:
    head, *body = book[sheet].iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in body]


def fault(read: Callable[[], object]) -> str:
    """The one fault that reading finds."""
    with pytest.raises(FaultyWorkbook) as caught:
        read()
    (told,) = caught.value.faults
    return str(told)


def words(book: Any, sheet: str) -> Iterator[str]:
    return (value for row in book[sheet].iter_rows(values_only=True) for value in row if isinstance(value, str))


def test_sheets(book: Any) -> None:
    """Sheets come in order, each table once, with the scenario as the last column where rows are of scenarios."""
    assert book.sheetnames == SHEETS
    for name in SHEETS[2:]:
        headers = [cell.value for cell in book[name][1]]
        assert (headers[-1] == "scenario") == (name in OF_ALL), name
        assert book[name].freeze_panes == "A2"
        assert [each.autoFilter.ref for each in book[name].tables.values()]


def test_every_scenario_has_its_rows(book: Any, best: StochasticSolution) -> None:
    """A table has as many rows of a scenario as its plan, and payments add up to its cost."""
    for each in best.scenarios:
        of_limits = Counter(row["scenario"] for row in rows(book, "Limits"))
        assert of_limits[each.name] == len(each.plan.limits)
        paid = sum(row["present_value_usd"] for row in rows(book, "Spend") if row["scenario"] == each.name)
        assert paid == pytest.approx(each.cost_usd)


def test_scenarios(book: Any, best: StochasticSolution) -> None:
    """A row a scenario: probability, when it is told apart, cost, regret and categories that add up to the cost."""
    found = rows(book, "Scenarios")
    assert [row["scenario"] for row in found] == ["plain", "007", "<boom>"]
    assert [row["follows"] for row in found] == [None, None, "007"]
    assert [row["told_apart_from"].strftime("%Y-%m") for row in found] == ["2026-03", "2026-05", "2026-05"]
    assert [row["factors"] for row in found][1:] == ["all demand × 2", "all demand × 2; all demand × 3 from 2026-05"]
    by_name = {each.name: each for each in best.scenarios}
    for row in found:
        each = by_name[row["scenario"]]
        assert each.wait_and_see is not None
        assert row["cost_usd"] == pytest.approx(each.cost_usd)
        assert row["regret_usd"] == pytest.approx(max(0.0, each.cost_usd - each.wait_and_see.cost_usd))
        by_category = {name: value for name, value in row.items() if name.endswith("_usd")}
        found_costs = [by_category[f"{category}_usd"] for category in categories()]
        assert sum(found_costs) == pytest.approx(each.cost_usd)


def test_risk(book: Any, best: StochasticSolution) -> None:
    """Expected cost, CVaR, worst cost and both worths stand on the sheet Risk, each with how it is worked out."""
    found = {row["metric"]: row["value"] for row in rows(book, "Risk")}
    information, solution = best.evpi(), best.vss()
    assert information is not None
    assert solution is not None
    assert found["expected cost"] == pytest.approx(best.expected_usd)
    assert found["CVaR at 0.95"] == pytest.approx(max(best.costs.values()))
    assert found["worst cost"] == pytest.approx(max(best.costs.values()))
    assert found["value of perfect information"] == pytest.approx(information.usd)
    assert found["value of the stochastic solution"] == pytest.approx(solution.usd)
    assert found["objective"] - found["wait and see"] == pytest.approx(information.usd)
    assert found["expected-value plan"] - found["objective"] == pytest.approx(solution.usd)
    assert all(row["how"] for row in rows(book, "Risk"))


@pytest.mark.parametrize("kind", ["expected", "regret"])
def test_other_plans_are_plans_of_each_scenario_by_itself(best: StochasticSolution, kind: Any) -> None:
    """Plans found for another question cost 1 USD less than was known of each scenario by itself: no more than that.

    Not so where regret is measured from what was known before.
    """
    plans = best.plans
    alone = [replace(each, wait_and_see=WaitAndSeePlan(each.cost_usd + 1.0, each.cost_usd - 5.0, each.plan))
             for each in best.scenarios]  # fmt: skip
    found = replace(best, scenarios=tuple(alone), measure=replace(best.measure, kind=kind))
    found = found.with_plans(plans, best.objective_usd)
    assert found.plans == plans
    extra = 1.0 if kind == "regret" else 0.0
    assert [each.if_certain for each in found.scenarios] == [
        Estimate(cost - 5.0, pytest.approx(cost + extra)) for cost in best.costs.values()
    ]


def test_what_rounding_leaves_is_zero(best: StochasticSolution, report: RunResult) -> None:
    """Amounts of a billionth of the cost beside zero are zero on every sheet: worths, spread and cost of risk."""
    expected = best.expected_usd
    noise = 3e-10 * expected
    alone = [replace(each, wait_and_see=WaitAndSeePlan(each.cost_usd - noise, each.cost_usd - noise, each.plan))
             for each in best.scenarios]  # fmt: skip
    found = replace(best, scenarios=tuple(alone), objective_usd=expected, bound_usd=expected, measure=Measure(),
                    eev_usd=expected + noise, eev_bound_usd=expected + noise)  # fmt: skip
    plans = ScenarioSetResult.of(DATA, found)
    for worth in (plans.evpi, plans.vss):
        assert worth is not None
        assert (worth.usd, worth.least_usd, worth.most_usd) == (0.0, 0.0, 0.0)
    assert [each.scenario.regret for each in plans.scenarios] == [Estimate.exactly(0.0)] * 3
    assert plans.cost_of_risk_usd == 0.0


def test_shares_are_shown_as_percentages(book: Any, best: StochasticSolution) -> None:
    """On Summary and Risk a value whose unit is a share has a number format in percent, and its plain value."""
    for sheet in ("Summary", "Risk"):
        shown = [row for row in book[sheet].iter_rows(min_row=2) if row[2].value == "share"]
        assert shown
        assert all(row[1].number_format.endswith("%") for row in shown), sheet


def test_a_chart_of_nothing_is_a_sentence(report: RunResult, best: StochasticSolution, tmp_path: Path) -> None:
    """Where nothing falls short in any scenario that is said, and no chart without bars is drawn."""
    full = [replace(each, plan=replace(each.plan, shortfalls=())) for each in best.scenarios]
    for scenarios, charts in ((best.scenarios, 4), (tuple(full), 3)):
        plans = ScenarioSetResult.of(DATA, replace(best, scenarios=scenarios))
        write_plan(tmp_path / "plan.xlsx", replace(report, solution=plans))
        page = openpyxl.load_workbook(tmp_path / "plan.xlsx")["Plan"]
        said = [cell.value for row in page.iter_rows() for cell in row]
        assert ("No tokens fall short in any scenario." in said) is (plans.shortfall_probability == 0.0)
        assert len(page._charts) == (charts if plans.shortfall_probability else 3)


def test_infinite_worth_is_told_in_words(best: StochasticSolution, report: RunResult, tmp_path: Path) -> None:
    """Where the plan for the expected values fails in a scenario, no number is made up and JSON has null."""
    failing = replace(best, eev_usd=math.inf, eev_bound_usd=None)
    path = tmp_path / "plan.xlsx"
    write_plan(path, replace(report, solution=ScenarioSetResult.of(DATA, failing)))
    found = {row["metric"]: row["value"] for row in rows(openpyxl.load_workbook(path), "Risk")}
    assert found["value of the stochastic solution"] == "infinite"
    document = run_json(replace(report, solution=ScenarioSetResult.of(DATA, failing)))
    assert document["value_of_stochastic_solution"]["usd"] is None
    assert "usd" in document["value_of_stochastic_solution"]["unbounded"]


def test_first_sheet(book: Any) -> None:
    """The first sheet says how it stands in percent and money, what to decide now and what later in which case."""
    said = list(words(book, "Plan"))
    text = "\n".join(said)
    assert "✔ Optimal within a gap of 0 %: no other plan for all scenarios costs less." in text
    assert "Audit passed in all 3 scenarios" in text
    assert "Decide now: the same in every scenario, before 2026-03" in said
    assert "Decide later, depending on the scenario" in said
    assert "007, <boom>" in said
    links = {cell.hyperlink.location for row in book["Plan"].iter_rows() for cell in row if cell.hyperlink}
    assert links == {f"'{name}'!A1" for name in SHEETS[1:]}


def test_decision_tree(book: Any, best: StochasticSolution) -> None:
    """The tree names each case with its months, indented below what it follows from, and draws a line a scenario."""
    sheet = book["Decision tree"]
    cases = {
        str(cell.value): (cell.alignment.indent, sheet.row_dimensions[cell.row].outlineLevel)
        for (cell,) in sheet.iter_rows(max_col=1)
        if isinstance(cell.value, str) and " to 2026-" in cell.value
    }
    assert cases == {
        "all scenarios: 2026-01 to 2026-02": (1, 0),
        "plain: 2026-03 to 2026-06": (3, 1),
        "007, <boom>: 2026-03 to 2026-04": (3, 1),
        "007: 2026-05 to 2026-06": (5, 2),
        "<boom>: 2026-05 to 2026-06": (5, 2),
    }
    (chart,) = sheet._charts
    *lines, branches = chart.series
    assert len(lines) == 3
    assert branches.dLbls.dLblPos == "t"  # above its line, where it can be read
    assert len(branches.dLbls.dLbl) == 1


def test_round_trip(written: Path, best: StochasticSolution) -> None:
    """Every row of every scenario's plan comes back, names that look like formulas or numbers too, and passes."""
    again = read_plans(written, DATA)
    assert list(again) == ["plain", "007", "<boom>"]
    for scene in ScenarioSetResult.of(DATA, best).scenarios:
        assert alike(by_month(again[scene.name]), by_month(scene.figures.plan)), scene.name
    report = audit_written(DATA, read_written_plans(written, DATA))
    assert report.passed
    assert report.checks[-1].places == 2


def by_month(plan: Any) -> Any:
    """The plan's rows in one order: by month, then as text."""
    tables = {name: getattr(plan, name) for name in plan.__dataclass_fields__}
    return replace(plan, **{name: tuple(sorted(found, key=key)) for name, found in tables.items()})


def key(row: Any) -> tuple[Any, ...]:
    return (row.month, *(str(getattr(row, name)) for name in row.__dataclass_fields__ if name not in MEASURED))


MEASURED = ("tokens_bn", "accelerators", "mw", "cash_usd", "present_value_usd", "overage")


@pytest.mark.parametrize(
    ("sheet", "header"), [("Decisions", "units"), ("Spend", "cash_usd"), ("Scenarios", "cost_usd")]
)
def test_tampering_is_found_in_its_scenario(written: Path, tmp_path: Path, sheet: str, header: str) -> None:
    """A figure changed in one scenario's rows makes the audit fail, and its place names the scenario."""
    book = openpyxl.load_workbook(written)
    heads = [cell.value for cell in book[sheet][1]]
    scenario_at, figure_at = heads.index("scenario"), heads.index(header)
    row = next(row for row in book[sheet].iter_rows(min_row=2) if row[scenario_at].value == "<boom>")
    row[figure_at].value += 1000
    book.save(tmp_path / "plan.xlsx")
    report = audit_written(DATA, read_written_plans(tmp_path / "plan.xlsx", DATA))
    assert not report.passed
    assert all("<boom>" in each.where for each in report.failed)


@pytest.mark.parametrize("metric", ["objective", "net present cost, expected"])
def test_joint_figures_are_worked_out_again(written: Path, tmp_path: Path, metric: str) -> None:
    """A changed objective or expected cost is rejected, though every scenario is as it was."""
    book = openpyxl.load_workbook(written)
    row = next(row for row in book["Summary"].iter_rows() if row[0].value == metric)
    row[1].value *= 1.01
    book.save(tmp_path / "plan.xlsx")
    report = audit_written(DATA, read_written_plans(tmp_path / "plan.xlsx", DATA))
    assert [each.rule for each in report.failed] == ["figures_of_all"]


def test_plans_with_and_without_scenarios_are_told_apart(
    written: Path, best: StochasticSolution, tmp_path: Path
) -> None:
    """A plan without scenarios for a workbook with them, the other way round, and other scenarios are clear faults."""
    plain = replace(DATA, scenarios=(), scenario_factors=())
    assert "found a plan for scenarios; expected a plan without scenarios" in fault(lambda: read_plan(written, plain))
    path = tmp_path / "plain.xlsx"
    plan = best.scenarios[0].plan
    write(path, plain, plan, RunResult(plan_name="plain", status="optimal"))
    assert "found a plan without scenarios; expected a plan for the scenarios" in fault(lambda: read_plans(path, DATA))
    other = replace(DATA, scenarios=(scenario("else", 1.0),))
    said = fault(lambda: read_plans(written, other))
    assert "found the scenarios plain, 007, <boom>; expected the scenarios else" in said


def test_an_unknown_scenario_in_a_row_is_a_fault_with_its_cell(written: Path, tmp_path: Path) -> None:
    """A row of a scenario that the workbook does not have is told with its cell and the names there are."""
    book = openpyxl.load_workbook(written)
    book["Limits"]["E2"].value = "nobody"
    book.save(tmp_path / "plan.xlsx")
    said = fault(lambda: read_plans(tmp_path / "plan.xlsx", DATA))
    assert said.startswith("Limits!E2 (scenario): found 'nobody'; expected one of plain, 007, <boom>")


def test_a_plan_to_begin_from_without_a_scenario_is_a_fault(written: Path, tmp_path: Path) -> None:
    """Where the rows of its scenarios were deleted that is told, and not every row that names one."""
    book = openpyxl.load_workbook(written)
    book["Scenarios"].delete_rows(2, 9)
    book.save(tmp_path / "plan.xlsx")
    said = fault(lambda: read_earlier_plans(tmp_path / "plan.xlsx", DATA))
    assert said.startswith("Scenarios!A2 (scenario): found no rows; expected a row for each scenario of the plan")


def test_more_rows_than_a_sheet_has_are_not_lost(
    best: StochasticSolution, report: RunResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table that does not fit on a sheet is said to be too long, and nothing is written."""
    monkeypatch.setattr("planner.excel.book_file.SHEET_ROWS", 20)
    with pytest.raises(CannotWrite, match=r"the sheet \w+ would need \d+ rows, more than a sheet has; solve for fewer"):
        write_plan(tmp_path / "plan.xlsx", report)
    assert not list(tmp_path.iterdir())


def test_json(best: StochasticSolution, report: RunResult) -> None:
    """Costs sum to the objective with the category risk, common decisions come first, figures are expected ones."""
    document = run_json(report)
    assert sum(document["costs_usd"].values()) == pytest.approx(document["objective_usd"])
    assert document["costs_usd"]["risk"] == pytest.approx(best.objective_usd - best.expected_usd)
    assert document["risk"]["expected_usd"] == pytest.approx(best.expected_usd)
    scenes = document["scenarios"]
    assert sum(each["probability"] * each["cost_usd"] for each in scenes) == pytest.approx(best.expected_usd)
    short = sum(each["probability"] * each["shortfall_bn_tokens"] for each in scenes)
    assert document["shortfall_bn_tokens"] == pytest.approx(short)
    common = [len(each["scenarios"]) == 3 for each in document["decisions"]]
    assert common == sorted(common, reverse=True)
    assert any(common)
    assert any(each["scenarios"] == ["plain", "007", "<boom>"] for each in document["limits"])


def test_json_of_the_expected_cost_has_no_category_risk(best: StochasticSolution, report: RunResult) -> None:
    """Where the plain expected cost is minimised, its categories alone sum to it."""
    plain = replace(best, measure=Measure(), objective_usd=best.expected_usd)
    document = run_json(replace(report, solution=ScenarioSetResult.of(DATA, plain), objective_usd=plain.objective_usd))
    assert "risk" not in document["costs_usd"]
    assert sum(document["costs_usd"].values()) == pytest.approx(document["objective_usd"])
