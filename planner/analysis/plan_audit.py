"""The audit of a written plan: costs and rules worked out again from the two workbooks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from models.audit import AuditReport, audit
from models.audit.report import Findings
from models.audit.scenario_set import RULE, WORDS, _size, audit_scenario_set
from models.dataset import Dataset
from models.stochastic.risk import Measure, expected_cost
from models.stochastic.tree import ScenarioTree

if TYPE_CHECKING:
    from planner.excel.scenario_plan_reader import WrittenPlans


def audit_plan_file(dataset: Dataset, plan_path: Path) -> AuditReport:
    """The audit of a written plan; of the plans of all scenarios, where the workbook has some."""
    if dataset.scenarios:
        from planner.excel.scenario_plan_reader import read_written_plans

        return audit_written(dataset, read_written_plans(plan_path, dataset))
    from planner.excel.plan_reader import read_written_plan

    written = read_written_plan(plan_path, dataset)
    return audit(dataset, written.plan, objective_usd=written.objective_usd)


def audit_written(dataset: Dataset, written: WrittenPlans) -> AuditReport:
    """The audit of plans that were read back, with the figures recorded beside them."""
    report = audit_scenario_set(dataset, written.plans, written.costs)
    probability = ScenarioTree(dataset).probability
    costs = {name: plan.objective_usd for name, plan in written.plans.items()}
    findings = Findings({RULE: WORDS}, 1e-6)
    if written.expected_usd is not None:
        mean = expected_cost(costs, probability)
        findings.equal(RULE, "expected cost", written.expected_usd, mean, _size(costs))
    measure = _measure(dataset, written)
    if written.objective_usd is not None and measure is not None:
        findings.equal(RULE, "objective", written.objective_usd, measure.value(costs, probability), _size(costs))
    of_all = findings.report()
    return replace(
        report,
        checks=(*report.checks, *of_all.checks),
        passed=report.passed and of_all.passed,
        largest_violation=max(report.largest_violation, of_all.largest_violation),
    )


def _measure(dataset: Dataset, written: WrittenPlans) -> Measure | None:
    """What was minimised, as recorded; None where it cannot be worked out again."""
    if written.risk == "worst":
        return replace(Measure.of(dataset), kind="worst")
    if written.risk == "regret":
        least = {name: cost for name, cost in written.certain.items() if cost is not None}
        known = len(least) == len(written.plans)
        return replace(Measure.of(dataset), kind="regret", least_usd=least) if known else None
    return Measure.of(dataset)
