"""A time limit that passes in any phase, on a clock that jumps there: what has begun ends at its next step."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import builders as b
import pytest
from builders import dataset, demand, fleet, lease, on_demand, term
from commandline import Run, decision
from properties.themes import losses
from sheets import workbook
from small_trees import MARKET, Tree
from stochastic import factor, scenario

from models.audit import audit_scenario_set
from models.build import TERMS, build_model
from models.core.model import Model
from models.dataset import Dataset
from models.plan import Plan
from models.schema import Resilience
from models.stochastic.risk import Measure
from planner.errors import OutOfTime
from planner.interrupt import Stop
from planner.run.options import PlanOptions
from planner.run.solve import solve_dataset
from planner.solving.held_rows import Attempt, hold_rows, one_plan, one_start, solve_holding
from planner.solving.problem import SolveOptions
from planner.solving.progress import ProgressLines
from planner.solving.solve_task import SolveTask, solve_task
from planner.stochastic.budget import solve_in_budget
from planner.stochastic.search_result import SearchResult
from planner.stochastic.solve import solve_stochastic

LIMIT = 600.0
"""Seconds that no test here takes, but on a clock that jumps."""

Clock = Callable[..., list[int]]
"""Jumps, if not told how far then beyond the limit, at the n-th step of a module; how many steps it took, in a list."""


@pytest.fixture
def jump(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that goes as it does until a module looks at it between its steps for the n-th time."""
    now, jumped = time.monotonic, [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now() + jumped[0])

    def at(module: str, step: int, seconds: float = 2.0 * LIMIT) -> list[int]:
        look, steps = __import__(module, fromlist=["*"]).check_cancelled, [0]

        def looked() -> None:
            steps[0] += 1
            if steps[0] == step:
                jumped[0] += seconds
            look()

        monkeypatch.setattr(f"{module}.check_cancelled", looked)
        return steps

    return at


PHASES = ("planner.excel.cells", "models.parsing.row_parser", "models.checks", "models.build")
"""Reading cells, typing them, checking what they say, building the model."""


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("command", ["solve", "explain"])
def test_reading_and_building_end_with_the_limit(
    here: Run, small: Path, jump: Clock, tmp_path: Path, command: str, phase: str
) -> None:
    """The step under way is the last: exit code 5, no plan, and run.json says so."""
    steps = jump(phase, 3)
    said = here(command, small, "-o", "out.xlsx", "--time-limit", LIMIT)
    assert (said.code, steps) == (5, [3])
    assert not (tmp_path / "out.xlsx").exists()
    document = json.loads((tmp_path / "out.run.json").read_text())
    assert document["status"] == "no_plan"
    if command == "solve":
        assert document["warning_names"] == ["no-plan"]
        assert "time limit passed" in document["warnings"][0]


def test_a_folder_of_csv_files_is_read_no_longer_than_the_limit(here: Run, small: Path, jump: Clock) -> None:
    """Lines of CSV files are steps too."""
    assert here("convert", small, "folder").code == 0
    steps = jump("planner.csv_folder.reader", 3)
    assert (here("solve", "folder", "-o", "out.xlsx", "--time-limit", LIMIT).code, steps) == (5, [3])


def test_a_stress_test_reads_and_builds_no_longer_than_the_limit(here: Run, jump: Clock, tmp_path: Path) -> None:
    """Where its one model comes too late there is no sample: exit code 5, nothing written."""
    book = workbook(tmp_path / "book.xlsx", decision())
    assert here("solve", book, "-o", "plan.xlsx").code == 0
    steps = jump("models.build", 2)
    drawn = ("--demand-volatility", "0.1", "--count", 3)
    said = here("stress", book, "plan.xlsx", *drawn, "-o", "stress.xlsx", "--time-limit", LIMIT)
    assert (said.code, steps) == (5, [2])
    assert "Raise --time-limit" in said.out
    assert json.loads((tmp_path / "stress.run.json").read_text())["status"] == "no_plan"
    assert not (tmp_path / "stress.xlsx").exists()


def test_a_model_written_beside_counts_too(here: Run, small: Path, jump: Clock, tmp_path: Path) -> None:
    """With --write-model the clock begins before the model that is written is built: what takes long there is gone."""
    jump("models.build", 3)
    said = here("solve", small, "--write-model", "small.mps", "-o", "out.xlsx", "--time-limit", LIMIT)
    assert (said.code, (tmp_path / "small.mps").exists(), (tmp_path / "out.xlsx").exists()) == (5, True, False)


def test_what_comes_after_the_search_costs_no_plan(jump: Clock) -> None:
    """Models of the base case and of marginal values that come too late are left out, and said; the plan stands."""
    data = dataset(demand(2.0, months=3), on_demand(3.0), lease("A", term(2, 1.0)), months=3)
    steps = jump("models.build", len(TERMS) + 3)  # early in the second model
    found = solve_dataset(data, PlanOptions(gap=0.0, time_limit=LIMIT))
    assert found.status == "optimal"
    assert found.audit is not None
    assert found.audit.passed
    assert {each.name for each in found.warnings} == {"base-case-unknown"}
    assert found.warnings[0].text.endswith("A longer --time-limit gives its search more.")
    assert steps[0] == len(TERMS) + 3 + len(TERMS) + 1  # of the third, of marginal values, which has seconds of its own


def test_scenarios_end_with_the_limit(jump: Clock) -> None:
    """In the model of the first scenario, or of the last, the search ends without a plan and says why."""
    rows = scenario("same", 0.5), scenario("less", 0.5), factor("less", "demand", 0.5, t=1)
    data = dataset(demand(2.0, months=3), on_demand(3.0), lease("A", term(2, 1.0)), rows, months=3)
    options = SolveOptions(gap=0.0, time_limit=LIMIT)
    for step in (2, 2 * len(TERMS) + 6):
        jump("models.build", step)
        found = solve_stochastic(data, Measure(), options, Stop(), lambda what: ProgressLines(what, "USD"))
        assert (found.status, found.best) == ("no_plan", None)
        assert "passed before a search could begin" in found.why
        assert (found.size is None) == (step == 2)


@pytest.mark.parametrize("step", [2, 2 * len(TERMS) + 6], ids=["at once", "among the scenarios"])
@pytest.mark.parametrize("risk", ["expected", "regret"])
@pytest.mark.parametrize("held", [False, True], ids=["no loss", "losses held"])
def test_scenarios_are_late_rather_than_without_a_plan(
    jump: Clock, monkeypatch: pytest.MonkeyPatch, step: int, risk: str, held: bool
) -> None:
    """A second after the limit small programs are built all the same, as without scenarios, and have a plan at once."""
    monkeypatch.setattr("planner.stochastic.solve.LATE", 2.0 * LIMIT)  # for machines that take their time
    rows = scenario("same", 0.5), scenario("less", 0.5), factor("less", "demand", 0.5, t=1)
    lost = [Resilience(against="site", segment="*", protected_share=0.5)] if held else []
    leases = lease("A", term(2, 1.0)), lease("B", term(2, 1.1))
    data = dataset(fleet(), demand(2.0, months=3), on_demand(3.0), leases, rows, lost, months=3)
    steps, options = jump("models.build", step, LIMIT + 1.0), SolveOptions(gap=0.0, threads=1, time_limit=LIMIT)
    measure, watch = Measure.of(data, risk), lambda what: ProgressLines(what, "USD")
    found = solve_stochastic(data, measure, options, Stop(), watch)
    assert steps[0] >= step
    assert found.best is not None
    assert audit_scenario_set(data, found.best.plans).passed


def test_a_search_for_losses_takes_a_share_of_the_time_its_building_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs that each take a quarter of the time to build come in time, though rough searches have a fifth."""
    now, jumped = time.monotonic, [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now() + jumped[0])

    def build(problem: Dataset) -> Model:
        jumped[0] += 0.25 * LIMIT
        return build_model(problem)

    offers = lease("cheap", term(1, 1.0), units_max=2), lease("dear", term(1, 1.5), units_max=2)
    lost = Resilience(against="site", segment="*", protected_share=1.0)
    data = dataset(fleet(), demand(2.0), offers, lost, months=1)
    options = SolveOptions(gap=0.0, threads=1, time_limit=LIMIT)
    _, outcome = solve_holding(data, build, one_plan, options, start=one_start)
    assert outcome.values is not None
    assert jumped[0] >= 0.5 * LIMIT


@pytest.mark.parametrize("step", [2, 2 * len(TERMS) + 6], ids=["at once", "among the scenarios"])
@pytest.mark.parametrize("risk", ["expected", "worst", "tv:0.2"])
def test_plans_given_to_begin_from_stand_where_the_time_is_over(jump: Clock, step: int, risk: str) -> None:
    """Plans of this very problem are the result, with an open gap; those of a dearer one are no plans of it."""
    tree = Tree(1)
    given = solve_dataset(tree.data, PlanOptions(gap=0.0, threads=1, risk=risk)).plan_set.solution
    jump("models.build", step)
    late = solve_dataset(tree.data, PlanOptions(time_limit=LIMIT, risk=risk), start=given.plans)
    assert (late.status, late.has_plan, late.gap) == ("stopped", True, None)
    assert late.objective_usd == pytest.approx(given.objective_usd)
    assert late.audit is not None
    assert late.audit.passed
    dearer = replace(tree.data, on_demand=(b.on_demand(2.0 * MARKET),))
    jump("models.build", step)
    assert not solve_dataset(dearer, PlanOptions(time_limit=LIMIT, risk=risk), start=given.plans).has_plan


def test_a_task_of_a_worker_ends_with_its_limit(jump: Clock) -> None:
    """A model that comes too late is a task without a plan, in the words of the limit."""
    jump("models.build", 2)
    found = solve_task(SolveTask("it", dataset(demand(1.0), on_demand(3.0), months=1), SolveOptions(time_limit=LIMIT)))
    assert (found.status, found.plan) == ("no_plan", None)
    assert found.why == "The time limit passed before a search could begin"


@pytest.mark.parametrize("late", [1, 2, 3])
def test_losses_that_come_too_late_leave_the_plans_before(late: int) -> None:
    """Of searches with ever more losses held, what the last that ended in time found stands if it is a plan at all."""
    data, made = losses(Random(0)), [0]
    safe = Plan()

    def search(problem: object, options: SolveOptions, begin: object) -> Attempt[str]:
        made[0] += 1
        if made[0] == late:
            raise OutOfTime("late")
        return Attempt(f"search {made[0]}", {"": safe}, "optimal", 10.0 - made[0], 9.0 - made[0], "")

    options = SolveOptions(gap=0.0, time_limit=LIMIT)
    if late == 1:
        with pytest.raises(OutOfTime):
            hold_rows(data, options, search, {})
        return
    found = hold_rows(data, options, search, {})
    assert found.found == f"search {late - 1}"


def test_a_case_that_comes_too_late_leaves_the_plan_before() -> None:
    """In a budget of delays, where no time is left for the worse case, the plan for the cases before it is told."""
    events = factor("one", "delivery_delay_months", 1.0, "A"), scenario("one", 1.0)
    data = dataset(
        fleet(), demand(2.0, months=2), on_demand(3.0), lease("A", term(2, 1.0)), events,
        months=2, first_stage_months=1,
    )  # fmt: skip
    measure, searches = Measure.of(data, "budget:1"), list[int]()

    def solve(problem: object, options: SolveOptions, begin: object) -> SearchResult:
        searches.append(len(problem.scenarios))  # type: ignore[attr-defined]
        if len(searches) == 2:
            return SearchResult("no_plan", None, None, "late")
        watch = lambda what: ProgressLines(what, "USD")  # noqa: E731
        return solve_stochastic(problem, measure, options, Stop(), watch)  # type: ignore[arg-type]

    found = solve_in_budget(data, measure, SolveOptions(gap=0.0, time_limit=LIMIT), Stop(), solve).found
    assert searches == [1, 2]
    assert found.status == "stopped"
    assert found.best is not None
    assert len(found.best.scenarios) == 2


def test_no_limit_is_never_over(jump: Clock) -> None:
    """Without a limit a model is built to its end, whatever the clock does."""
    steps = jump("models.build", 2)
    build_model(dataset(demand(1.0), on_demand(3.0), months=1))
    assert steps == [len(TERMS) + 1]
