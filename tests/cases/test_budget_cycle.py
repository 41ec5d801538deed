"""Plans made with `--risk budget:K` in the whole cycle: the workbook itself goes with them, and so do their cases."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from pathlib import Path
from random import Random

import builders as b
import pytest
from cases.test_stochastic_budget import problem
from commandline import Run, decision
from sheets import workbook
from stochastic import factor, scenario, solved_together

from models.dataset import Dataset
from models.plan import Plan
from models.stochastic.contingencies import cases, contingencies, in_cases, problem_of_cases
from models.stochastic.fixed_decisions import common_decisions, decisions_of
from models.stochastic.risk import Measure
from models.variants.offers import nothing_new
from planner.cli import main
from planner.excel.scenario_plan_reader import problem_of_plan
from planner.interrupt import Stop
from planner.problem_reader import read
from planner.run.options import PlanOptions
from planner.run.solve import solve_dataset
from planner.solving.problem import SolveOptions
from planner.solving.progress import ProgressLines
from planner.solving.worker_pool import SolveTask, solve_task
from planner.stochastic import budget
from planner.stochastic.search_result import SearchResult
from planner.stochastic.solve import solve_stochastic

EXACT = SolveOptions(gap=0.0, threads=1)
FUTURES = {
    "scenarios": [{"scenario": "one", "probability": 0.5}, {"scenario": "two", "probability": 0.5}],
    "scenario_factors": [
        {"scenario": "one", "quantity": "delivery_delay_months", "name": "L", "value": 2},
        {"scenario": "one", "quantity": "supplier_exit", "name": "neo", "from_month": "2026-04"},
        {"scenario": "two", "quantity": "supplier_exit", "name": "neo", "from_month": "2026-07"},
        {"scenario": "two", "quantity": "supplier_exit", "name": "spot", "from_month": "2026-12"},
    ],
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a year in which a lease may be late and suppliers leave, and its plan for one of that at once."""
    folder = tmp_path_factory.mktemp("budget")
    settings = {"first_month": "2026-01", "months": 12, "first_stage_months": 2}
    segments = [{"segment": "chat", "workload": "chat", "growth_per_month": 0, "shortfall_usd_per_mtok": 1}]
    workbook(folder / "w.xlsx", decision(settings=settings, segments=segments, **FUTURES))
    assert main(["solve", str(folder / "w.xlsx"), "--risk", "budget:1", "-o", str(folder / "p.xlsx"), "--quiet"]) == 0
    return folder


def test_a_plan_is_of_the_workbook_it_was_made_from(made: Path, run: Run) -> None:
    """The workbook with the plan's cases is the one of `p.cases.xlsx`; the audit takes both, without a note."""
    data, known = read(made / "w.xlsx").valid_dataset(), read(made / "p.cases.xlsx").valid_dataset()
    of_plan = problem_of_plan(made / "p.xlsx", data)
    for one in ("scenarios", "scenario_factors"):
        assert [replace(each, row=0) for each in getattr(of_plan, one)] == [
            replace(each, row=0) for each in getattr(known, one)
        ]
    assert problem_of_plan(made / "p.xlsx", known) is known
    for name in ("w.xlsx", "p.cases.xlsx"):
        said = run("audit", made / name, made / "p.xlsx", "--json")
        assert (said.code, said.json["notes"]) == (0, [])


@pytest.mark.parametrize("words", [("--start",), ("--change-cost", 1e6, "--keep")])
def test_a_plan_is_begun_from_and_kept_to(made: Path, here: Run, words: tuple[object, ...]) -> None:
    """With the plan's own cases the search ends at the same cost; kept to, nothing departs."""
    least = json.loads((made / "p.run.json").read_text())["objective_usd"]
    said = here("solve", made / "w.xlsx", "--risk", "budget:1", *words, made / "p.xlsx", "-o", "q.xlsx", "--json")
    assert said.code == 0, said.err
    assert said.json["objective_usd"] == pytest.approx(least, rel=2e-3)
    if words[0] == "--start":
        assert "A worse case" not in said.err
    else:
        assert said.json["kept"]["departed_units"] == {}


@pytest.mark.slow
def test_another_risk_begins_from_what_cases_have_in_common(made: Path, here: Run) -> None:
    """A plan of cases is a start for scenarios of other names too."""
    said = here("solve", made / "w.xlsx", "--risk", "worst", "--start", made / "p.xlsx", "-o", "r.xlsx", "--quiet")
    assert said.code == 0, said.err


@pytest.mark.parametrize(
    ("to", "listed"),
    [
        ("2026-02", {("delivery_delay_months", "L"), ("supplier_exit", "neo"), ("supplier_exit", "spot")}),
        ("2026-06", {("supplier_exit", "neo"), ("supplier_exit", "spot")}),
        ("2026-09", {("supplier_exit", "spot")}),
    ],
)
def test_what_may_still_come_stays_listed(made: Path, here: Run, to: str, listed: set[tuple[str, str]]) -> None:
    """Rolled along the case in which nothing went wrong, delays and exits that are past go, all others stay."""
    said = here("roll", made / "w.xlsx", made / "p.xlsx", "--to", to, "--branch", "as planned", "-o", "next.xlsx")
    assert said.code == 0, said.out + said.err
    data = read(Path("next.xlsx")).valid_dataset()
    names = {(each.quantity, each.name.split()[0]) for each in contingencies(data)}
    assert {each for each in names if each[0] != "delivery_delay_months" or to == "2026-02"} == listed


@pytest.mark.slow
def test_three_rounds_of_what_did_not_go_wrong(made: Path, here: Run) -> None:
    """Rolled three times and solved with the budget each time, every plan passes the audit of its own workbook."""
    problem, plan = made / "w.xlsx", made / "p.xlsx"
    for month in ("2026-02", "2026-04", "2026-06"):
        following = Path(f"{month}.xlsx")
        rolled = here("roll", problem, plan, "--to", month, "--branch", "as planned", "-o", following)
        assert rolled.code == 0, rolled.out + rolled.err
        problem, plan = following, Path(f"plan {month}.xlsx")
        assert here("solve", problem, "--risk", "budget:1", "-o", plan, "--quiet").code == 0
        assert here("audit", problem, plan, "--quiet").code == 0


def test_samples_of_cases_are_refused_in_words(made: Path, here: Run) -> None:
    """Cases have no probabilities to draw by."""
    said = here("stress", made / "w.xlsx", made / "p.xlsx", "--count", 2)
    assert (said.code, "no probabilities" in said.err) == (2, True)


@pytest.mark.slow
def test_samples_drawn_anew_take_the_workbook_itself(made: Path, here: Run) -> None:
    """The decisions that the cases have in common are tried on what the options say is uncertain."""
    drawn = ("--demand-volatility", 0.1, "--workers", 1, "-o", "stress.xlsx", "--quiet")
    assert here("stress", made / "w.xlsx", made / "p.xlsx", "--count", 2, *drawn).code == 0


def _dearest(data: Dataset, plans: dict[str, Plan], most: int) -> float:
    """What the worst of every case costs with the first decisions of plans, each case solved by itself."""
    every, until = in_cases(data, cases(contingencies(data), most)), data.settings.first_stage_months
    fixed = decisions_of(common_decisions(plans.values(), until))
    tasks = (SolveTask("", every.in_scenario(each.scenario), EXACT, fixed, until) for each in every.scenarios)
    costs = [solve_task(task).objective_usd for task in tasks]
    assert None not in costs
    return max(cost for cost in costs if cost is not None)


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 8))])
def test_alternatives_and_signing_nothing_hold_in_every_case(seed: int) -> None:
    """No alternative costs more in a case that the plan need not be prepared for, and neither does the base case."""
    data = problem(Random(seed))
    found = solve_dataset(data, PlanOptions(gap=0.0, risk="budget:1", alternatives=2, within=0.5))
    for each in found.alternatives:
        plans = {one.name: one.figures.plan for one in each.plan_set.scenarios}
        worst = max(plan.objective_usd for plan in plans.values())
        assert _dearest(data, plans, 1) <= worst * (1 + 1e-6)
    every = nothing_new(in_cases(data, cases(contingencies(data), 1)))
    least = solved_together(every, Measure.of(data, "worst")).objective_usd
    told = found.base_case.cost
    assert told.at_least is None or told.at_least <= least * (1 + 1e-4)
    assert told.at_most is None or told.at_most >= least * (1 - 1e-4)


def _search(data: Dataset, measure: Measure, options: SolveOptions, start: object) -> SearchResult:
    return solve_stochastic(data, measure, options, Stop(), lambda what: ProgressLines(what, "USD"))


def test_a_worse_case_that_comes_too_late_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where time is over once a worse case is found, its cost with the plan's first decisions is told, and no proof."""
    data = problem(Random(0))
    measure = Measure.of(data, "budget:1")
    proven = solve_dataset(data, PlanOptions(gap=0.0, risk="budget:1"))

    class Over:
        def __init__(self, seconds: float | None) -> None:
            self.asked = 0

        def left(self) -> float:
            self.asked += 1
            return 100.0 if self.asked < 3 else 0.0

    monkeypatch.setattr(budget, "TimeLimit", Over)
    options = SolveOptions(0.0, 100.0, 1)
    found = budget.solve_in_budget(
        data, measure, options, Stop(), lambda data, options, start: _search(data, measure, options, start)
    ).found
    assert found.status == "stopped"
    assert found.best is not None
    assert max(found.best.costs.values()) >= proven.plan_set.worst.cost_usd * (1 - 1e-6)
    assert found.best.bound_usd <= proven.objective_usd * (1 + 1e-9)
    assert "no time left" in found.why


def test_cases_that_could_not_be_tried_leave_the_plan_unproven(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Where every other case ends without a plan and without a proof, the plan is not called the best."""
    data = problem(Random(0))

    def undecided(among: object, plans: object, *rest: object) -> dict[object, object]:
        from planner.solving.worker_pool import SolveResult

        return {case: SolveResult("", "no_plan") for case in among.others}  # type: ignore[attr-defined]

    monkeypatch.setattr(budget.BudgetCases, "tried", undecided)
    with caplog.at_level(logging.INFO, "planner"):
        found = solve_dataset(data, PlanOptions(gap=0.0, risk="budget:1"))
    assert found.status == "stopped"
    assert "were not tried" in caplog.text
    assert found.base_case.cost.at_most is None


def test_a_plan_that_needs_no_preparation_is_made_again() -> None:
    """Where no delay costs anything the one case is that as planned; its problem is solved with the budget again."""
    rows = [scenario("late", 1.0), factor("late", "delivery_delay_months", 1.0, "dear")]
    data = b.dataset(b.demand(1.0), b.lease("dear", b.term(1, 9.0)), b.on_demand(1.0), rows, months=1)
    found = solve_dataset(data, PlanOptions(gap=0.0, risk="budget:1"))
    assert found.dataset is not None
    assert [each.scenario for each in found.dataset.scenarios] == ["as planned"]
    again = solve_dataset(found.dataset, PlanOptions(gap=0.0, risk="budget:1"))
    assert (again.status, again.objective_usd) == ("optimal", pytest.approx(found.objective_usd))


def test_contingencies_of_a_name_have_words_of_their_own() -> None:
    """Delays that grow in other months are other cases, each found again by its name."""
    rows = [
        *(factor("one", "delivery_delay_months", value, "A", t) for value, t in ((1.0, 0), (2.0, 1))),
        *(factor("two", "delivery_delay_months", value, "A", t) for value, t in ((1.0, 0), (2.0, 2))),
    ]
    data = b.dataset(
        b.lease("A", b.term(1, 1.0)),
        b.demand(1.0, months=3),
        [scenario("one", 0.5), scenario("two", 0.5)],
        rows,
        months=3,
    )
    every = in_cases(data, cases(contingencies(data), 1))
    assert len(every.scenarios) == 3
    names = [each.scenario for each in every.scenarios]
    assert problem_of_cases(data, 1, names) == every
    assert problem_of_cases(data, 1, ["nothing of the sort"]) is None
