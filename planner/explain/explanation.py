"""The answers to every why of a plan, without files, terminal and signals."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from models.dataset import Dataset
from models.estimate import Estimate
from models.stochastic.plan_problem import Plans
from models.stochastic.risk import Measure
from models.stochastic.solution import StochasticSolution
from planner.analysis.marginal_values import (
    SECONDS,
    MarginalValues,
    marginal_values,
    marginal_values_by_scenario,
)
from planner.explain.better_plan import BetterPlan, better_plan
from planner.explain.by_scenario import ScenarioDifference, ScenarioQuestions
from planner.explain.held_prices import held_prices
from planner.explain.offers import OfferAnswer, offer_questions
from planner.explain.policy import PolicyAnswer, policy_questions, slack_policy
from planner.explain.searches import LeastCost, Search
from planner.explain.shared_time import SharedTime
from planner.interrupt import Stop
from planner.solving.problem import SolveOptions
from planner.solving.worker_pool import WorkerPool, default_workers
from planner.terminal import PHASE

MARGINAL_SHARE = 0.1
"""Of the time, what the marginal values may take at most."""
SEARCH_SHARE = 0.97
"""Of the time left then, what goes into searches; the report is written in the rest."""
SCENARIO_SHARE = 0.3
"""Of the time of searches, what those by scenario are left at least."""
RELAXATION_SHARE = 0.02
"""Of the time of searches, what the relaxation may take that shows which policy does not bind."""
LATE_SECONDS = 2.0
"""A search that is not back so long after its time is given up: the time limit holds for the whole command."""
log = logging.getLogger("planner")


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a plan is as it is.

    Parameters
    ----------
    plan_name
        Name of the plan.
    cost_usd, bound_usd
        What the plan costs, and what every plan is proven to cost at least; USD.
    least_cost
        The least cost of the problem: what is proven of it, and the cheapest plan found.
    better
        A plan found on the way that costs less; None where there is none.
    gap
        Relative gap that was asked for.
    marginal
        Marginal values, None where unknown; with scenarios the expected ones.
    offers, policy
        What was found out about each offer, and about each cap, rule and limit.
    complete
        Whether all of it is known within what counts as known.
    seconds
        How long it took.
    measure
        With scenarios what of their costs is minimised.
    marginal_by_scenario
        Marginal values of each scenario in which they are known.
    """

    plan_name: str
    cost_usd: float
    least_cost: Estimate
    better: BetterPlan | None
    gap: float
    marginal: MarginalValues | None
    offers: tuple[OfferAnswer, ...]
    policy: tuple[PolicyAnswer, ...]
    complete: bool
    seconds: float
    measure: Measure | None = None
    marginal_by_scenario: Mapping[str, MarginalValues] = field(default_factory=dict)

    @property
    def bound_usd(self) -> float | None:
        """What every plan is proven to cost at least."""
        return self.least_cost.at_least


def explain_plan(
    dataset: Dataset,
    plan: Plans,
    cost: Estimate,
    *,
    seconds: float,
    gap: float = 0.001,
    seed: int = 0,
    workers: int = 0,
    stop: Stop | None = None,
    on_progress: Callable[[int, int], None] = lambda done, count: None,
) -> Explanation:
    """Finds out what more demand or power is worth, and what each offer is worth or would have to cost.

    Parameters
    ----------
    dataset
        The problem.
    plan
        A plan of it, with scenarios the plans of all of them.
    cost
        What is known of the least cost; USD of present value.
    seconds
        For everything together.
    gap
        Relative gap of every solve.
    seed
        Of the solver.
    workers
        Solves at a time; 0 for as many as cores.
    stop
        Asked again and again whether to stop; what is known by then is reported.
    on_progress
        Told how many solves are done, and how many there are.
    """
    if isinstance(plan, StochasticSolution):
        plan = plan.in_order_of(dataset)
    began = time.monotonic()
    log.info("Marginal values of %s", dataset.settings.plan_name, extra=PHASE)
    by_scenario: Mapping[str, MarginalValues] = {}
    limit = min(SECONDS, MARGINAL_SHARE * seconds)
    if isinstance(plan, StochasticSolution):
        marginal, by_scenario = marginal_values_by_scenario(dataset, plan, limit)
    else:
        marginal = marginal_values(dataset, plan, limit)
    workers = workers or default_workers()
    left = SEARCH_SHARE * max(1.0, seconds - (time.monotonic() - began))
    with WorkerPool(workers, left, stop or Stop(), grace=LATE_SECONDS) as pool:
        found = answer_questions(dataset, plan, cost, pool, SolveOptions(gap, None, 1, seed), on_progress)
    seconds = time.monotonic() - began
    return replace(found, marginal=marginal, marginal_by_scenario=by_scenario, seconds=seconds)


def answer_questions(
    dataset: Dataset,
    plan: Plans,
    cost: Estimate,
    workers: WorkerPool,
    options: SolveOptions,
    on_progress: Callable[[int, int], None] = lambda done, submitted: None,
) -> Explanation:
    """What each offer, cap, rule and limit is worth or costs, as far as the time of the workers proves it.

    Parameters
    ----------
    dataset
        The problem.
    plan
        The plan to explain.
    cost
        What is known of the least cost, USD.
    workers
        Where the problems are solved.
    options
        Of each solve.
    on_progress
        Called with the numbers of solves done and submitted.
    """
    together = plan if isinstance(plan, StochasticSolution) else None
    measure = None if together is None else together.measure
    base = Search(
        "the problem as it is", dataset, plan, bound_usd=cost.at_least, asked_gap=options.gap, measure=measure
    )
    policy = policy_questions(dataset, base)
    offers = offer_questions(dataset, plan, base)
    left = workers.seconds_left
    slack = slack_policy(dataset, base, policy, None if left is None else RELAXATION_SHARE * left)
    on_policy = [*policy, *slack]
    searches = [base, *(each.search for each in on_policy), *(each.other for each in offers)]
    for each in on_policy:
        each.searches = searches
    for question in offers:
        question.searches = searches
    count = len(policy) + len(offers)
    questions = [LeastCost(base, searches), *offers, *on_policy]
    by_scenario: list[tuple[ScenarioDifference, ...]] = [()] * count
    if count:
        log.info("Offers, caps and rules to look into: %d, on %d workers", count, workers.count, extra=PHASE)
        kept_back = SCENARIO_SHARE if together else 0.0
        SharedTime(questions, workers, options, on_progress, kept_back).run()
    if count and together:
        changes = [*((each.other, 1.0) for each in offers), *((each.search, -1.0) for each in on_policy)]
        in_scenarios = ScenarioQuestions(dataset, together, options.gap, changes, lambda: workers.seconds_left == 0.0)
        prices = held_prices(in_scenarios.by_change[: len(offers)], offers)
        asked = [*in_scenarios.questions, *(each for of in prices for each in of)]
        SharedTime(asked, workers, options, on_progress).run()
        SharedTime(questions, workers, options, on_progress).run()
        by_scenario = in_scenarios.answers()[:count]
        for place, of in enumerate(prices):
            by_scenario[place] = tuple(one.told(each) for one, each in zip(of, by_scenario[place], strict=True))
    answers = tuple(
        replace(each.answer(), by_scenario=found)
        for each, found in zip(offers, by_scenario[: len(offers)], strict=True)
    )
    costs = tuple(
        replace(each.answer(), by_scenario=found)
        for each, found in zip(policy, by_scenario[len(offers) :], strict=True)
    )
    complete = all(each.complete for found in by_scenario for each in found)
    complete = complete and all(each.complete for each in answers) and all(each.complete for each in costs)
    return Explanation(
        dataset.settings.plan_name,
        plan.objective_usd,
        base.least_cost,
        better_plan(plan, base),
        options.gap,
        None,
        answers,
        costs,
        complete,
        0.0,
        measure,
    )
