"""Plans tried on courses they were not made for, on random small workbooks: what is held is held, and costs add up."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from builders import solved_or_none
from hypothesis import given, settings
from hypothesis import strategies as st
from properties.scenario_rows import with_scenarios
from properties.themes import THEMES
from stochastic import scenario

from models.audit import audit
from models.audit.nonanticipativity import check_nonanticipativity
from models.dataset import Dataset
from models.plan import Plan
from models.stochastic.fixed_decisions import dataset_in_sample, dataset_in_scenario, decisions_of
from planner.solving.problem import SolveOptions
from planner.solving.solve_task import SolveResult, SolveTask, solve_task

EXACT = SolveOptions(gap=0.0, threads=1)
RANDOM = st.randoms(use_true_random=True)


def tried(problem: Dataset, plan: Plan, until: int) -> SolveResult:
    """What becomes of a plan's decisions before a month; nothing goes wrong on the way."""
    answer = solve_task(SolveTask("", problem, EXACT, decisions_of(plan), until, beyond_caps=True))
    assert answer.status in ("optimal", "infeasible"), answer.why
    return answer


def _held(data: Dataset, random: Random) -> None:
    plan = solved_or_none(data)
    if plan is None:
        return
    until = random.randrange(1, data.settings.months + 1)
    for each in data.scenarios:
        problem = dataset_in_scenario(data, each.scenario)
        answer = tried(problem, plan, until)
        if answer.plan is None:
            continue
        report = audit(problem, answer.plan)
        if answer.status == "infeasible":
            assert answer.caps
            assert {check.rule[:4] for check in report.failed} == {"cap_"}
        else:
            assert report.passed, [(check.rule, check.where, check.found, check.limit) for check in report.failed]
            _dearer_the_more_is_held(problem, plan, until, answer)
        both = replace(
            data,
            scenarios=(scenario("", 0.5), scenario(each.scenario, 0.5)),
            settings=replace(data.settings, first_stage_months=until),
        )
        alike = check_nonanticipativity(both, {"": plan, each.scenario: answer.plan})
        assert alike.passed, alike.failures
        rows = [row for row in data.scenario_factors if row.scenario == each.scenario]
        fresh = tried(dataset_in_sample(data, rows), plan, until)
        assert fresh.objective_usd == pytest.approx(answer.objective_usd, rel=1e-6, abs=1e-6)


def _dearer_the_more_is_held(problem: Dataset, plan: Plan, until: int, answer: SolveResult) -> None:
    assert answer.plan is not None
    scale = max(1.0, sum(abs(each.present_value_usd) for each in answer.plan.payments))
    free, all_held = solve_task(SolveTask("", problem, EXACT)), tried(problem, plan, 10**5)
    assert free.objective_usd is not None
    assert answer.objective_usd is not None
    assert free.objective_usd <= answer.objective_usd + 1e-6 * scale
    if all_held.status == "optimal" and all_held.objective_usd is not None:
        assert answer.objective_usd <= all_held.objective_usd + 1e-6 * scale


@pytest.mark.parametrize("theme", THEMES)
@settings(max_examples=4, derandomize=True, deadline=None, print_blob=True, database=None)
@given(random=RANDOM)
def test_what_is_committed_is_held_and_nothing_else(theme: str, random: Random) -> None:
    """Plans of samples pass the audit, decide as committed wherever that can be decided, and cost more the more is
    held; a scenario's factors drawn afresh are that scenario.
    """
    _held(with_scenarios(THEMES[theme](random), random), random)
