"""Losses held as plans break them: a search answers as one that holds all rows of `resilience` from the beginning."""

from __future__ import annotations

import signal
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from builders import costs, dataset, demand, fleet, lease, segment, solved, solved_or_none, term
from properties.themes import losses
from stochastic import factor, scenario

import planner.analysis.marginal_values
from models.audit import audit, audit_scenario_set
from models.build import build_model
from models.dataset import Dataset
from models.schema import Resilience
from models.stochastic.extensive_form import ExtensiveForm
from models.stochastic.risk import Measure
from planner.analysis.alternatives import AlternativesQuestion
from planner.analysis.held_decisions import hold
from planner.analysis.marginal_values import marginal_values
from planner.analysis.questions import Incumbent
from planner.backtest.hindsight import hindsight
from planner.errors import OutOfTime
from planner.interrupt import Stop
from planner.solving.held_rows import (
    ROUGH_GAP,
    Attempt,
    attempt_of,
    breaks_losses,
    hold_rows,
    one_plan,
    one_start,
    solve_holding,
)
from planner.solving.pipeline.standing import DECIDED, TIME_OVER
from planner.solving.problem import Outcome, SolveOptions
from planner.solving.progress import ProgressLines
from planner.solving.search import solve
from planner.solving.solve_task import SolveTask, solve_task
from planner.stochastic import method
from planner.stochastic.joint_task import JointTask
from planner.stochastic.solve import solve_stochastic

EXACT = SolveOptions(gap=0.0, threads=1)


def sites(*rows: Any, **settings: Any) -> Dataset:
    """Demand of 2 bn a day, all protected against the loss of a site: our one unit, two cheap ones, two dear ones."""
    offers = lease("cheap", term(1, 1.0), units_max=2), lease("dear", term(1, 1.5), units_max=2)
    protected = Resilience(against="site", segment="*", protected_share=1.0)
    months = settings.pop("months", 1)
    return dataset(fleet(), demand(*[2.0] * months), *offers, protected, *rows, months=months, **settings)


def futures() -> Dataset:
    """The same over two months, in one of two scenarios with half as much demand in the second."""
    rows = scenario("same", 0.5), scenario("less", 0.5), factor("less", "demand", 0.5, t=1)
    return sites(*rows, months=2, first_stage_months=1)


def watched(what: str) -> ProgressLines:
    return ProgressLines(what, "USD")


def test_a_loss_is_held_of_a_member_that_can_have_nothing() -> None:
    """Nothing online is cheapest, and of all losses that leave as little the first is that of a lease not there yet."""
    late = lease("a late one", term(1, 1.0), lead_months=1)
    two = lease("b", term(1, 1.0)), lease("c", term(1, 1.5))
    half = Resilience(against="site", segment="*", protected_share=0.5)
    data = dataset(late, *two, half, demand(1.0), segment(shortfall_usd_per_mtok=0.001), months=1)
    found = solve_task(SolveTask("task", data, EXACT, None))
    assert found.plan is not None
    assert costs(found.plan) == costs(solved(data)) == pytest.approx({"lease": 744 + 1116})


@pytest.mark.parametrize("seed", range(6))
def test_a_task_finds_what_all_rows_would(seed: int) -> None:
    """On random problems of sites, providers and regions to lose, from no plan and from one that survives nothing."""
    data = losses(Random(seed))
    best, careless = solved_or_none(data), solved_or_none(replace(data, resilience=()))
    for start in (None, careless):
        found = solve_task(SolveTask("task", data, EXACT, start))
        if best is None:
            assert found.status == "infeasible"
        else:
            assert found.plan is not None
            assert (found.status, found.objective_usd) == ("optimal", pytest.approx(best.objective_usd))
            assert audit(data, found.plan).passed


@pytest.mark.parametrize("seed", range(6))
def test_marginal_values_are_those_of_all_rows(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The marginal values of a plan are the same whether all losses are held, or those that it only just survives."""
    data = losses(Random(seed))
    best = solved_or_none(data)
    if best is None:
        return
    few = marginal_values(data, best)
    monkeypatch.setattr(planner.analysis.marginal_values, "broken_losses", lambda *_: None)
    every = marginal_values(data, best)
    assert few is not None
    assert every is not None
    for one, other in ((few.tokens, every.tokens), (few.capacity, every.capacity), (few.caps, every.caps)):
        assert [(each.month, each.usd, each.left_usd) for each in one] == [
            (each.month, pytest.approx(each.usd), each.left_usd and pytest.approx(each.left_usd)) for each in other
        ]


def test_few_losses_are_held() -> None:
    """Of three sites the loss of the one that is leased most is added, and that of ours; the empty one never is."""
    model, outcome = solve_holding(sites(), build_model, one_plan, EXACT, start=one_start)
    assert outcome.values is not None
    assert costs(model.plan(outcome.values)) == pytest.approx({"lease": 744 * (1.0 + 1.5)})
    assert model.dataset.losses is not None
    assert 0 < len(model.dataset.losses) < 3
    assert not breaks_losses(sites(), {"": model.plan(outcome.values)})


def test_a_search_that_ends_early_is_no_plan_where_it_breaks_a_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a search stopped with breaks a loss: the plan before that breaks none stands, or there is none."""

    def early(problem: Any, options: SolveOptions, **more: Any) -> Outcome:
        return replace(solve(problem, options, **more), status="stopped", bound_usd=1.0)

    monkeypatch.setattr("planner.solving.held_rows.solve", early)
    _, outcome = solve_holding(sites(), build_model, one_plan, replace(EXACT, gap=1e-9), start=one_start)
    assert outcome.values is not None
    monkeypatch.setattr("planner.solving.held_rows.ROUGH_GAP", 0.0)
    found = solve_task(SolveTask("task", sites(), EXACT))
    assert found.plan is None or audit(sites(), found.plan).passed


def test_a_limit_that_is_too_short_for_a_rough_plan_still_leaves_time_to_hold_rows() -> None:
    """Where the rough search has no plan, the next ends with its first, so that what that breaks is held in time."""
    data, over = sites(), [False]

    def search(problem: Dataset, options: SolveOptions, begin: Any) -> Attempt[Any]:
        if over[0]:
            raise OutOfTime("late")
        if options.gap >= ROUGH_GAP:
            return Attempt(None, {}, "no_plan", None, None, TIME_OVER)
        over[0] = options.target_usd is None  # a search that is not content with its first plan takes all of the time
        model = build_model(problem)
        found = attempt_of(model, solve(model, replace(EXACT, time_limit=None)), one_plan)
        return replace(found, status="stopped", bound_usd=None, why=TIME_OVER if over[0] else DECIDED)

    made = hold_rows(data, replace(EXACT, time_limit=600.0), search, {})
    assert (made.status, made.why) == ("stopped", TIME_OVER)
    assert made.plans
    assert not breaks_losses(data, made.plans)


@pytest.mark.parametrize(
    ("before", "left"), [(True, "the one before it stands"), (False, "no plan is left")], ids=["a plan before", "none"]
)
def test_a_last_plan_that_breaks_a_loss_is_told_where_no_time_is_left(
    before: bool, left: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The plan of a search that took all of the time breaks a loss: the log tells what stands instead."""
    few = build_model(replace(sites(), losses=frozenset()))
    breaking = replace(attempt_of(few, solve(few, EXACT), one_plan), status="stopped", why=TIME_OVER)
    model, outcome = solve_holding(sites(), build_model, one_plan, EXACT)
    surviving = replace(attempt_of(model, outcome, one_plan), status="stopped", bound_usd=None)
    none = Attempt(surviving.found, {}, "no_plan", None, None, TIME_OVER)

    def search(problem: Dataset, options: SolveOptions, begin: Any) -> Attempt[Any]:
        if options.gap < ROUGH_GAP:
            return breaking
        return surviving if before else none

    with caplog.at_level("INFO", logger="planner"):
        made = hold_rows(sites(), EXACT, search, {})
    assert left in caplog.text
    assert bool(made.plans) == before


@pytest.mark.parametrize("large", [0, 10**9])
def test_scenarios_find_what_all_rows_would(large: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """By either engine, of the command and of a worker's task: the plans of the extensive form with all its rows."""
    monkeypatch.setattr(method, "LARGE", large)
    data = futures()
    whole = solve(ExtensiveForm(data), EXACT).objective_usd
    assert whole == pytest.approx(744 * 2.5 + 0.5 * 672 * 2.5 + 0.5 * 672 * 1.0)
    found = solve_stochastic(data, Measure(), EXACT, Stop(), watched)
    assert found.best is not None
    assert (found.status, found.best.objective_usd) == ("optimal", pytest.approx(whole))
    assert audit_scenario_set(data, found.best.plans).passed
    task = solve_task(JointTask("task", data, EXACT, measure=Measure()))
    assert (task.status, task.objective_usd) == ("optimal", pytest.approx(whole))


def test_a_stop_before_the_joint_search_leaves_the_plans_that_are_known() -> None:
    """Its model is not built any more, and the plans for the expected values held in every scenario are the answer."""
    stop = Stop()

    def stopped_at_last(what: str) -> ProgressLines:
        if what == "Plan for all scenarios":
            stop.signal_number = signal.SIGINT
        return watched(what)

    found = solve_stochastic(futures(), Measure(), EXACT, stop, stopped_at_last)
    assert found.best is not None
    assert "stopped before" in found.why
    assert audit_scenario_set(futures(), found.best.plans).passed


def test_an_alternative_survives_every_loss() -> None:
    """Every other plan found passes the audit, and none has two cheap units alone, which would not survive."""
    data = sites()
    plan = solved(data)
    question = AlternativesQuestion(data, Incumbent(data, plan, None), 3, 0.5, EXACT, Stop(), watched)
    question.ask(20.0)
    found = question.told()
    assert found.plans
    assert all(audit(data, each.plan).passed for each in found.plans)
    units = [{each.name: each.units for each in alternative.plan.signings} for alternative in found.plans]
    assert {"cheap": 2} not in units


def test_decisions_held_in_another_problem_are_looked_at() -> None:
    """Two cheap units serve today; held where every site may be lost they are no plan, one of each is."""
    careless, careful = solved(replace(sites(), resilience=())), solved(sites())
    assert hold(sites(), careless, EXACT, Stop(), lambda: False).plan is None
    held = hold(sites(), careful, EXACT, Stop(), lambda: False)
    assert held.plan is not None
    assert held.plan.objective_usd == pytest.approx(careful.objective_usd)


def test_hindsight_holds_losses_too() -> None:
    """With foresight one cheap and one dear unit are the least, as they were followed."""
    found = hindsight(sites(), solved(sites()), 0, EXACT, Stop(), watched)
    assert found.foresight is not None
    assert found.foresight.objective_usd == pytest.approx(744 * 2.5)
