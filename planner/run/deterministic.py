"""A solve of a problem without scenarios: build, solve, audit, then what is found out beside the plan."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import replace

from models.audit import audit
from models.build import Model, build_model
from models.cancellation import cancelled_by
from models.dataset import Dataset
from models.estimate import Estimate
from models.plan import Plan
from models.policy.stability import PlanStability
from planner.analysis.alternatives import AlternativesQuestion
from planner.analysis.base_case import BaseCaseQuestion, budget_of
from planner.analysis.marginal_values import SECONDS, marginal_values, marginal_values_beside
from planner.analysis.models_ahead import ModelsAhead
from planner.analysis.plan_stability import FreeToDepart, departing
from planner.analysis.questions import Incumbent, share_time
from planner.formatting import money
from planner.reports.run_result import RunResult
from planner.results.scenario_set import ScenarioSetResult
from planner.run.context import DISPATCH_UNPROVEN, SolveContext
from planner.solving.exactness import cost_of, settled_cost
from planner.solving.held_rows import (
    Attempt,
    attempt_of,
    broken_losses,
    hold_rows,
    one_plan,
    one_start,
    outcome_of,
    with_time_left,
)
from planner.solving.problem import Outcome, SolveOptions
from planner.solving.search import dispatch_proven, solve
from planner.solving.time_limit import less_reading_back
from planner.terminal import PHASE

log = logging.getLogger("planner")
LEAST_SECONDS = 2.0
"""The time for marginal values, whatever is left of the time limit."""


def solve_plan(context: SolveContext, start: Plan | None, kept: Plan | None) -> None:
    """Fills in the result of the context."""
    dataset, result = context.dataset, context.result
    keep = None if kept is None else PlanStability(kept, context.options.change_cost or 0.0)
    context.before_building()
    ahead = ModelsAhead(dataset, context.check)
    outcome, plans = _search(context, start or kept, keep, ahead)
    if outcome.status == "infeasible" and not context.stop.requested:
        context.explain_infeasible()
    if not plans:
        return
    with result.timed("audit"):
        plan = _audited(result, dataset, plans, keep)
    if plan is None:
        result.status = "rejected"
        return
    with result.timed("solve"):
        if not context.stopped():
            plan = _analysed(context, plan, keep, outcome, ahead)
        if context.stop.requested:  # a person waits for the run to end
            context.warn("no-marginal-values", "Marginal values were left out, because the run was stopped.")
            return
        if result.marginal is None:
            log.info("Marginal values", extra=PHASE)
            seconds = context.limit.for_last(LEAST_SECONDS, SECONDS)
            result.marginal = marginal_values(dataset, plan, seconds, context.options.threads, ahead.probed)
        if result.marginal is None:
            context.warn("no-marginal-values", "Marginal values could not be worked out, so the sheet is left out.")


def _audited(
    result: RunResult, dataset: Dataset, plans: list[tuple[Plan, float]], keep: PlanStability | None
) -> Plan | None:
    """The first of the plans found that passes the audit; None where none does, with the findings of the last."""
    bound_usd = result.bound_usd
    for position, (plan, objective_usd) in enumerate(plans):
        if position:
            result.replace_objective(objective_usd)
        result.solution = ScenarioSetResult.of_plan(dataset, plan)
        if keep is not None:
            # what was minimised has a charge in it that nobody pays; its bound is none of the cost
            charged_usd = plan.objective_usd + keep.charge_usd(dataset, plan)
            minimised = Estimate.optimum(bound_usd, settled_cost(charged_usd, objective_usd, bound_usd))
            result.kept = departing(dataset, plan, keep, minimised)
            result.objective_usd = plan.objective_usd
            result.note_bound(None)
            if not position and minimised.is_within(result.gap_asked):
                result.status = "optimal"
        elif (settled_usd := settled_cost(plan.objective_usd, objective_usd, bound_usd)) < objective_usd:
            result.objective_usd = settled_usd
            result.note_bound(bound_usd)
            if not position and Estimate.optimum(bound_usd, settled_usd).is_within(result.gap_asked):
                result.status = "optimal"
        result.audit = audit(dataset, plan, objective_usd=result.objective_usd)
        if result.audit.passed:
            return plan
    return None


def _search(
    context: SolveContext, start: Plan | None, keep: PlanStability | None, ahead: ModelsAhead
) -> tuple[Outcome, list[tuple[Plan, float]]]:
    """How the search ended, and the plans it found with what was minimised, the best first."""
    result, stop = context.result, context.stop
    progress, seconds = context.progress("Plan"), 0.0

    def attempt(dataset: Dataset, options: SolveOptions, begin: Mapping[str, Plan]) -> Attempt[tuple[Model, Outcome]]:
        nonlocal seconds
        began = time.monotonic()
        with result.timed("build"), cancelled_by(context.check):
            model = build_model(dataset, stability=keep)
            result.model = size = model.size
            values = one_start(model, begin)
        options = less_reading_back(with_time_left(options, began), result.seconds["build"])
        log.info(
            "Solving: %s rows, %s columns, %s of them whole numbers",
            *(f"{count:,}" for count in (size.rows, size.columns, size.integers)),
        )
        stop.draining = True
        with result.timed("solve"), ahead.built_beside(size.nonzeros, options):
            outcome = solve(
                model,
                options,
                on_progress=progress.update,
                should_stop=lambda: progress.stopped_by(stop),
                start=values,
            )
        seconds += outcome.seconds
        return attempt_of(model, outcome, one_plan)

    made = hold_rows(context.dataset, context.search_options(), attempt, {} if start is None else {"": start})
    model, outcome = made.found[0], replace(outcome_of(made), seconds=seconds)
    result.seconds |= outcome.parts
    for line in outcome.log:
        log.debug("HiGHS: %s", line)
    if outcome.why:  # empty where an interrupt came before the solver began
        log.info("The solver says: %s", outcome.why)
    if outcome.start and outcome.why and start is not None:
        log.info("The starting plan was %s.", outcome.start)
    result.status, result.solver_log = outcome.status, outcome.log
    result.objective_usd, result.bound_usd, result.gap = outcome.objective_usd, outcome.bound_usd, outcome.gap
    context.dispute(outcome.contradiction, model.compiled)
    if outcome.values is not None and not dispatch_proven(outcome):
        context.warn(*DISPATCH_UNPROVEN)
    found = [] if outcome.values is None else [outcome.values, *outcome.other_values]
    plans = [(model.plan(values), cost_of(model.compiled, values) * model.units.usd) for values in found]
    held = model.dataset.losses or frozenset()
    return outcome, [(plan, usd) for plan, usd in plans if broken_losses(context.dataset, plan) <= held]


def _analysed(
    context: SolveContext, plan: Plan, keep: PlanStability | None, outcome: Outcome, ahead: ModelsAhead
) -> Plan:
    """As `_analyse`; where nothing limits the time and threads are left, with the marginal values worked out beside."""
    threads = context.options.threads
    if threads == 1 or context.limit.seconds is not None:
        return _analyse(context, plan, keep, outcome, ahead)
    plan, context.result.marginal = marginal_values_beside(
        context.dataset,
        plan,
        lambda: _analyse(context, plan, keep, outcome, ahead),
        threads,
        lambda: context.stop.requested,
        ahead.probed,
    )
    return plan


def _analyse(
    context: SolveContext, plan: Plan, keep: PlanStability | None, outcome: Outcome, ahead: ModelsAhead
) -> Plan:
    """The base case, what was kept only because of its price, and alternatives where they are asked for.

    They share their time; a better plan that one of them finds is the plan to publish, which is returned.
    """
    dataset, result, stop, watch = context.dataset, context.result, context.stop, context.progress
    options, incumbent = context.options.solver(), Incumbent(dataset, plan, keep)
    told = replace(outcome, objective_usd=result.objective_usd)  # nobody is charged where nothing is on offer
    base = BaseCaseQuestion(dataset, told, result.plan_set.costs_usd, options, stop, watch, ahead.base)
    free = None if keep is None else FreeToDepart(dataset, incumbent, options, stop, watch)
    count, within = context.options.alternatives, context.options.within
    others = AlternativesQuestion(dataset, incumbent, count, within, options, stop, watch) if count else None
    questions = [each for each in (base, free, others) if each is not None]
    budget = budget_of(outcome.seconds) * (len(questions) + max(0, count - 1))
    seconds = context.limit.for_questions(budget, result.seconds["build"])
    share_time(questions, seconds, stop, lambda question: incumbent.consider(question.plans))
    if incumbent.plan is not plan:
        _replace(result, incumbent)
    context.note_base_case(base.found)
    if free is not None and result.kept is not None:
        result.kept = free.told(result.kept)
        result.note_bound(result.kept.free.at_least)
    if others is not None:
        result.alternatives_found = others.told()
        if result.alternatives_found.words:
            log.info("%s", result.alternatives_found.words)
    return incumbent.only


def _replace(result: RunResult, incumbent: Incumbent) -> None:
    """The better plan that was found for another question is the one to publish."""
    plan, keep, dataset = incumbent.only, incumbent.keep, incumbent.dataset
    least = Estimate.optimum(result.bound_usd if result.kept is None else result.kept.minimised.at_least, None)
    minimised = least.and_also(Estimate.optimum(None, incumbent.minimised_usd(plan)))
    saved = money((result.objective_usd or 0.0) - plan.objective_usd, result.currency)
    log.info("A plan that costs %s less was found for another question; it is the one to publish.", saved)
    result.solution = ScenarioSetResult.of_plan(dataset, plan)
    result.audit = audit(dataset, plan, objective_usd=plan.objective_usd)
    result.objective_usd = plan.objective_usd
    if keep is None:
        result.note_bound(minimised.at_least)
    else:
        result.kept = departing(dataset, plan, keep, minimised)
    if result.status == "stopped" and minimised.is_within(result.gap_asked):
        result.status = "optimal"
