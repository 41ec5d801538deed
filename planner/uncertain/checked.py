"""The audit of plans for all scenarios: each by itself, that decisions are taken alike, and the figures of all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from models.audit import AuditReport, audit
from models.audit.report import Findings
from models.audit.together import check_alike, joined
from models.dataset import Dataset
from models.plan import Plan
from models.uncertainty.risk import Measure, expected_cost
from models.uncertainty.tree import Tree

if TYPE_CHECKING:
    from planner.uncertain.read_plans import WrittenPlans

RULE = "figures_of_all"
WORDS = "objective and expected cost follow from the costs of the scenarios"


def audit_together(
    dataset: Dataset, plans: Mapping[str, Plan], costs_usd: Mapping[str, float] | None = None
) -> AuditReport:
    """One report; a place names its scenario. `plans` by scenario, in the order of the sheet.

    `costs_usd`: the net present cost each is said to have; None where only the plan itself says it.
    """
    said = {name: plan.objective_usd for name, plan in plans.items()} if costs_usd is None else costs_usd
    reports = {name: audit(dataset.in_scenario(name), plan, objective_usd=said[name]) for name, plan in plans.items()}
    return joined(reports, check_alike(dataset, plans))


def audit_written(dataset: Dataset, written: WrittenPlans) -> AuditReport:
    """The audit of plans that were read back, with the figures recorded beside them."""
    report = audit_together(dataset, written.plans, written.costs)
    probability = Tree(dataset).probability
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


def _size(costs: Mapping[str, float]) -> float:
    return max(1.0, *(abs(cost) for cost in costs.values()))
