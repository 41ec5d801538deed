"""The audit of a written plan: costs and rules worked out again from the two workbooks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from models.audit import AuditReport, Findings, audit, audit_scenario_set
from models.dataset import Dataset
from models.stochastic.risk import Measure, expected_cost
from models.stochastic.tree import ScenarioTree

if TYPE_CHECKING:
    from planner.excel.scenario_plan_reader import WrittenPlans


TOLERANCE = 1e-6
FIGURES_RULE = "figures_of_all"
FIGURES_WORDS = "objective and expected cost follow from the costs of the scenarios"


def audit_plan_file(dataset: Dataset, plan_path: Path) -> AuditReport:
    """Audit a written plan, or the plans of all scenarios where the workbook has some.

    Parameters
    ----------
    dataset : Dataset
        The problem.
    plan_path : Path
        The plan workbook.

    Raises
    ------
    FaultyWorkbook
        The plan cannot be read.
    """
    if dataset.scenarios:
        from planner.excel.scenario_plan_reader import problem_of_plan, read_written_plans

        dataset = problem_of_plan(plan_path, dataset)
        return audit_written(dataset, read_written_plans(plan_path, dataset))
    from planner.excel.plan_reader import read_written_plan

    written = read_written_plan(plan_path, dataset)
    return audit(dataset, written.plan, objective_usd=written.objective_usd)


def audit_written(dataset: Dataset, written: WrittenPlans) -> AuditReport:
    """Audit plans of scenarios, and the objective and expected cost that are written beside them."""
    report = audit_scenario_set(dataset, written.plans, written.costs)
    probability = ScenarioTree(dataset).probability
    costs = {name: plan.objective_usd for name, plan in written.plans.items()}
    size = max(1.0, *(abs(cost) for cost in costs.values()))
    findings = Findings({FIGURES_RULE: FIGURES_WORDS}, TOLERANCE)
    if written.expected_usd is not None:
        mean = expected_cost(costs, probability)
        findings.equal(FIGURES_RULE, "expected cost", written.expected_usd, mean, size)
    measure = measure_of(dataset, written)
    if written.objective_usd is not None and measure is not None:
        objective = measure.value(costs, probability)
        findings.equal(FIGURES_RULE, "objective", written.objective_usd, objective, size)
    figures = findings.report()
    return replace(
        report,
        checks=(*report.checks, *figures.checks),
        passed=report.passed and figures.passed,
        largest_violation=max(report.largest_violation, figures.largest_violation),
    )


def measure_of(dataset: Dataset, written: WrittenPlans) -> Measure | None:
    """Return the recorded objective; None where it cannot be worked out again."""
    try:
        measure = Measure.of(dataset, written.risk)
    except ValueError:  # a word of another planner
        return None
    if measure.kind == "regret":
        least = {name: cost for name, cost in written.certain.items() if cost is not None}
        known = len(least) == len(written.plans)
        return replace(measure, least_usd=least) if known else None
    return measure
