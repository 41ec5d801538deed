"""The scenarios one by one: each as if it were certain, and each with the decisions it shares held."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from models.dataset import Dataset
from models.plan import Plan
from models.stochastic.solution import WaitAndSeePlan
from models.stochastic.tree import ScenarioTree, first_unshared_month
from planner.solving.problem import SolveOptions
from planner.solving.worker_pool import SolveMany, SolveResult, SolveTask


@dataclass(frozen=True)
class WaitAndSee:
    """Scenarios solved as if certain; `infeasible` have no plan at all."""

    certain: Mapping[str, WaitAndSeePlan]
    infeasible: tuple[str, ...] = ()


def solve_expected_value_problem(
    dataset: Dataset, options: SolveOptions, ask: SolveMany, said: Callable[[SolveResult], None]
) -> Plan | None:
    """The plan for the expected values of the scenarios; None where none was found."""
    (answer,) = ask([SolveTask("the expected values", dataset.expected_value(), options)])
    said(answer)
    return answer.plan


def solve_wait_and_see(
    dataset: Dataset, options: SolveOptions, ask: SolveMany, said: Callable[[SolveResult], None]
) -> WaitAndSee:
    """Solves each scenario as if it were certain."""
    names = ScenarioTree(dataset).names
    answers = {}
    for answer in ask(SolveTask(name, dataset.in_scenario(name), options) for name in names):
        answers[answer.key] = answer
        said(answer)
    certain = {}
    for name in names:
        answer = answers[name]
        if answer.plan is not None and answer.objective_usd is not None:
            bound = -math.inf if answer.bound_usd is None else answer.bound_usd
            certain[name] = WaitAndSeePlan(answer.objective_usd, bound, answer.plan)
    return WaitAndSee(certain, tuple(name for name in names if answers[name].status == "infeasible"))


@dataclass(frozen=True)
class Evaluated:
    """What decisions come to: a plan for every scenario, and by scenario a bound on its cost with them held.

    Without plans, `infeasible` names the scenarios proven to have none; empty where none was found in the time.
    """

    plans: Mapping[str, Plan]
    bounds: Mapping[str, float]
    infeasible: tuple[str, ...] = ()


def evaluate_fixed_first_stage(
    dataset: Dataset, plans: Mapping[str, Plan], options: SolveOptions, ask: SolveMany, until: int | None = None
) -> Evaluated:
    """Each scenario at its best with what its plan decides before it stands alone held.

    With `until` what is decided before that month t is held, and nothing else.
    """
    tree = ScenarioTree(dataset)
    questions = [
        SolveTask(
            name,
            dataset.in_scenario(name),
            options,
            plans[name],
            first_unshared_month(tree, name) if until is None else until,
        )
        for name in tree.names
    ]
    answers = {answer.key: answer for answer in ask(questions)}
    if any(answer.plan is None for answer in answers.values()):
        return Evaluated({}, {}, tuple(name for name in tree.names if answers[name].status == "infeasible"))
    bounds = {name: -math.inf if (low := answers[name].bound_usd) is None else low for name in tree.names}
    return Evaluated({name: plan for name in tree.names if (plan := answers[name].plan) is not None}, bounds)
