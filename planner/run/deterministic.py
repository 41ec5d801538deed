"""A solve of a problem without scenarios: build, solve, audit, then what is found out beside the plan."""

from __future__ import annotations

import logging

from models.audit import audit
from models.build import build_model
from models.dataset import Dataset
from models.estimate import Estimate
from models.plan import Plan
from models.policy.stability import PlanStability
from models.warm_start import start_values
from planner.analysis.alternatives import alternatives
from planner.analysis.base_case import base_case
from planner.analysis.marginal_values import SECONDS, marginal_values
from planner.analysis.plan_stability import departing, free_to_depart
from planner.formatting import money
from planner.reports.run_result import ModelSize, RunResult
from planner.results.scenario_set import ScenarioSetResult
from planner.run.context import DISPATCH_UNPROVEN, SolveContext
from planner.solving.problem import Outcome
from planner.solving.search import PRECISION, cost_of, dispatch_proven, solve

log = logging.getLogger("planner")
SECONDS_AFTER_STOP = 2.0
"""The time for marginal values where a person waits for the run to end."""


def solve_plan(context: SolveContext, start: Plan | None, kept: Plan | None) -> None:
    """Fills in the result of the context."""
    dataset, result = context.dataset, context.result
    keep = None if kept is None else PlanStability(kept, context.options.change_cost or 0.0)
    outcome, plans = _search(context, start or kept, keep)
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
        log.info("Marginal values")
        result.marginal = marginal_values(dataset, plan, SECONDS_AFTER_STOP if context.stop.requested else SECONDS)
        if result.marginal is None:
            context.warn("no-marginal-values", "Marginal values could not be worked out, so the sheet is left out.")
        if not context.stopped():
            _analyse(context, plan, keep, outcome)


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
            result.kept = departing(dataset, plan, keep, Estimate.optimum(bound_usd, objective_usd))
            result.objective_usd = plan.objective_usd
            result.note_bound(None)
        result.audit = audit(dataset, plan, objective_usd=result.objective_usd)
        if result.audit.passed:
            return plan
    return None


def _search(
    context: SolveContext, start: Plan | None, keep: PlanStability | None
) -> tuple[Outcome, list[tuple[Plan, float]]]:
    """How the search ended, and the plans it found with what was minimised, the best first."""
    result, stop = context.result, context.stop
    with result.timed("build"):
        model = build_model(context.dataset, stability=keep)
        result.model = size = ModelSize.of(model.size)
        first = None if start is None else start_values(model, start)
    log.info(
        "Solving: %s rows, %s columns, %s of them whole numbers",
        *(f"{count:,}" for count in (size.rows, size.columns, size.integers)),
    )
    progress = context.progress("Plan")
    stop.draining = True
    with result.timed("solve"):
        outcome = solve(
            model,
            context.options.solver(),
            on_progress=progress.update,
            should_stop=lambda: progress.stopped_by(stop),
            start=first,
        )
    for line in outcome.log:
        log.debug("HiGHS: %s", line)
    log.info("The solver says: %s", outcome.why)
    if outcome.start:
        log.info("The starting plan was %s.", outcome.start)
    result.status, result.solver_log = outcome.status, outcome.log
    result.objective_usd, result.bound_usd, result.gap = outcome.objective_usd, outcome.bound_usd, outcome.gap
    context.dispute(outcome.contradiction, model.compiled)
    if outcome.values is not None and not dispatch_proven(outcome):
        context.warn(*DISPATCH_UNPROVEN)
    found = [] if outcome.values is None else [outcome.values, *outcome.other_values]
    return outcome, [(model.plan(values), cost_of(model.compiled, values) * model.units.usd) for values in found]


def _analyse(context: SolveContext, plan: Plan, keep: PlanStability | None, outcome: Outcome) -> None:
    """What was kept only because of its price, alternatives where they are asked for, and the base case."""
    dataset, result, options, stop = context.dataset, context.result, context.options, context.stop
    if keep is not None and result.kept is not None:
        result.kept = free_to_depart(
            dataset, plan, keep, result.kept, options.solver(), outcome.seconds, stop, context.progress
        )
        result.note_bound(result.kept.free.at_least)
    if options.alternatives:
        count, within = options.alternatives, options.within
        result.alternatives_found = alternatives(
            dataset, plan, count, within, options.solver(), outcome.seconds, stop, context.progress
        )
        cheaper = min(result.alternatives, key=lambda each: each.cost_usd, default=None)
        if cheaper is not None and cheaper.cost_usd < plan.objective_usd - PRECISION * abs(plan.objective_usd):
            number, less = result.alternatives.index(cheaper) + 1, plan.objective_usd - cheaper.cost_usd
            context.warn(
                "cheaper-alternative",
                f"Alternative {number} costs {money(less, result.currency)} less than the plan, which is proven within "
                "its gap only; --start with its workbook begins the search from it.",
            )
        if result.alternatives_found.words:
            log.info("%s", result.alternatives_found.words)
    costs = result.plan_set.costs_usd
    context.note_base_case(base_case(dataset, outcome, costs, options.solver(), stop, context.progress))
