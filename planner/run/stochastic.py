"""A solve of a problem with scenarios: search, audit of all their plans, base case."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace

from models.audit import audit_scenario_set
from models.dataset import Dataset
from models.estimate import Estimate
from models.plan import Plan
from models.policy.stability import PlanStability
from models.stochastic.fixed_decisions import kept_decisions
from models.stochastic.plan_problem import by_scenario
from models.stochastic.risk import Measure
from models.stochastic.solution import StochasticSolution
from models.variants.offers import nothing_new
from planner.analysis.alternatives import AlternativesQuestion
from planner.analysis.base_case import base_case_of_scenarios, budget_of
from planner.analysis.plan_stability import departing_alike, free_to_depart
from planner.analysis.questions import Incumbent
from planner.errors import OutOfTime
from planner.formatting import money
from planner.reports.run_result import RunResult
from planner.results.base_case import BaseCase
from planner.results.scenario_set import ScenarioSetResult
from planner.run.context import DISPATCH_UNPROVEN, SolveContext
from planner.solving.exactness import PRECISION
from planner.solving.problem import SolveOptions
from planner.stochastic.budget import BudgetCases, solve_in_budget
from planner.stochastic.remote import scenarios_on
from planner.stochastic.search_result import SearchResult
from planner.stochastic.solve import solve_stochastic

log = logging.getLogger("planner")

Holds = Callable[[Mapping[str, Plan]], bool]
"""Whether plans of the scenarios hold in whatever else may come."""


def solve_scenarios(context: SolveContext, start: Mapping[str, Plan] | None, kept: Plan | None) -> None:
    """Fills in the result of the context.

    `start`: earlier plans by scenario; of scenarios that it does not name, what they have in common is the start.
    """
    dataset, result, options, stop = context.dataset, context.result, context.options, context.stop
    measure = Measure.of(dataset, options.risk)
    engine = options.engine_asked
    keep = None
    if kept is not None:
        keep = PlanStability(kept, options.change_cost or 0.0, dataset.settings.first_stage_months)
        start = start or {each.scenario: kept for each in dataset.scenarios}
    stop.draining = True
    cases: BudgetCases | None = None
    with scenarios_on(options.scheduler, options.tls) as remote, result.timed("solve"):

        def search(problem: Dataset, options: SolveOptions, start: Mapping[str, Plan] | None) -> SearchResult:
            return solve_stochastic(problem, measure, options, stop, context.progress, start, engine, keep, remote)

        context.before_building()
        if measure.kind == "budget":
            in_budget = solve_in_budget(dataset, measure, context.search_options(), stop, search, start)
            found, cases = in_budget.found, in_budget.cases
            dataset = result.dataset = cases.problem
            context, result.cases_tried = replace(context, dataset=dataset), len(cases.every)
        else:
            if start is not None:
                common = kept_decisions(dataset, start)
                rest = start.get("", common)
                start = {each.scenario: start.get(each.scenario, rest) for each in dataset.scenarios}
            found = search(dataset, context.search_options(), start)
    result.status, result.solver_log = found.status, found.log
    result.model = found.size
    log.info("%s.", found.why)
    if found.disputed is not None:
        context.dispute(found.contradiction, found.disputed)
    if found.best is not None and not found.dispatch_proven:
        context.warn(*DISPATCH_UNPROVEN)
    best = found.best
    if best is None:
        context.warn("no-plan", f"{found.why}.")
        if found.infeasible and not stop.requested:
            context.explain_infeasible(found.infeasible[0])
        return
    result.solution = ScenarioSetResult.of(dataset, best)
    result.objective_usd = best.objective_usd
    if keep is not None:
        result.kept = departing_alike(dataset, best, keep, found.minimised)
    if math.isfinite(best.bound_usd):
        result.bound_usd, result.gap = best.bound_usd, best.gap
    with result.timed("audit"):
        result.audit = audit_scenario_set(dataset, {each.name: each.plan for each in best.scenarios})
    if not result.audit.passed:
        result.status = "rejected"
        return
    if context.stopped():
        return
    with result.timed("solve"):
        budget, count = budget_of(result.seconds["solve"]), options.alternatives
        questions = 1 + (keep is not None) + count
        seconds = context.limit.for_questions(budget * questions, found.built_seconds) / questions
        one = replace(options.solver(), time_limit=seconds)

        def holds(plans: Mapping[str, Plan]) -> bool:
            dearest = -math.inf if cases is None else cases.dearest(plans, one, stop)
            worst = max(each.objective_usd for each in plans.values())
            return dearest is not None and dearest <= worst + PRECISION * abs(worst)

        if count:
            best = _find_alternatives(context, best, keep, found.minimised, seconds * count, holds)
        if result.kept is not None and keep is not None:
            result.kept = free_to_depart(dataset, best, keep, result.kept, one, stop, context.progress, holds)
            result.note_bound(result.kept.free.at_least)
        base, plans = base_case_of_scenarios(dataset, best.measure, seconds, options.solver(), stop, context.progress)
        if cases is not None and cases.others:
            base = _in_every_case(base, cases.dearest(plans, one, stop, nothing_new) if plans else None)
    if plans and base.cost.at_most is not None and keep is None:
        _replace_if_better(result, best, base.cost.at_most, plans, "sign nothing new")
    context.note_base_case(base)


def _in_every_case(base: BaseCase, dearest: float | None) -> BaseCase:
    """The base case of the cases found, where `dearest` is what the others come to at most: that is its cost too."""
    known, most = base.cost, None
    if dearest is not None and math.isfinite(dearest) and known.at_most is not None:
        most = max(known.at_most, dearest)
    return replace(base, cost=replace(known, at_most=most))


def _find_alternatives(
    context: SolveContext,
    best: StochasticSolution,
    keep: PlanStability | None,
    minimised: Estimate,
    seconds: float,
    holds: Holds,
) -> StochasticSolution:
    """Looks for alternatives that hold; what is better than the plan takes its place, and is returned."""
    dataset, result, options = context.dataset, context.result, context.options
    incumbent = Incumbent(dataset, best.in_order_of(dataset), keep)
    question = AlternativesQuestion(
        dataset,
        incumbent,
        options.alternatives,
        options.within,
        options.solver(),
        context.stop,
        context.progress,
        lambda plans: holds(by_scenario(plans)),
    )
    with suppress(OutOfTime):
        question.ask(seconds)
    plans = by_scenario(incumbent.plan)
    if keep is None:
        _replace_if_better(result, best, incumbent.plan.objective_usd, plans, "were found for another question")
    elif plans != best.plans:
        stands = best.with_plans(plans, incumbent.plan.objective_usd)
        result.solution, result.audit = ScenarioSetResult.of(dataset, stands), audit_scenario_set(dataset, plans)
        result.replace_objective(stands.objective_usd)
        charged = Estimate.optimum(minimised.at_least, incumbent.minimised_usd(stands))
        result.kept = departing_alike(dataset, stands, keep, charged)
        if charged.is_within(result.gap_asked):
            result.status = "optimal"
    result.alternatives_found = question.told()
    if result.alternatives_found.words:
        log.info("%s", result.alternatives_found.words)
    return result.plan_set.solution


def _replace_if_better(
    result: RunResult, best: StochasticSolution, objective_usd: float, plans: Mapping[str, Plan], why: str
) -> None:
    """Other plans are the ones to publish where they cost less and pass the audit; `why` says what they are."""
    dataset = result.plan_set.dataset
    if objective_usd >= best.objective_usd - PRECISION * abs(best.objective_usd):
        return
    audited = audit_scenario_set(dataset, plans)
    if not audited.passed:
        return
    saved = money(best.objective_usd - objective_usd, result.currency)
    log.info("Plans that cost %s less %s; they are the ones to publish.", saved, why)
    result.solution = ScenarioSetResult.of(dataset, best.with_plans(plans, objective_usd))
    result.audit = audited
    result.replace_objective(objective_usd)
    if Estimate.optimum(result.bound_usd, objective_usd).is_within(result.gap_asked):
        result.status = "optimal"
