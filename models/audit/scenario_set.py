"""The audit of plans for all scenarios: each by itself, and that decisions are taken alike."""

from __future__ import annotations

from collections.abc import Mapping

from models.audit import AuditReport, audit
from models.audit.nonanticipativity import check_nonanticipativity, joint_report
from models.dataset import Dataset
from models.plan import Plan

RULE = "figures_of_all"


WORDS = "objective and expected cost follow from the costs of the scenarios"


def audit_scenario_set(
    dataset: Dataset, plans: Mapping[str, Plan], costs_usd: Mapping[str, float] | None = None
) -> AuditReport:
    """One report; a place names its scenario. `plans` by scenario, in the order of the sheet.

    `costs_usd`: the net present cost each is said to have; None where only the plan itself says it.
    """
    said = {name: plan.objective_usd for name, plan in plans.items()} if costs_usd is None else costs_usd
    reports = {name: audit(dataset.in_scenario(name), plan, objective_usd=said[name]) for name, plan in plans.items()}
    return joint_report(reports, check_nonanticipativity(dataset, plans))


def _size(costs: Mapping[str, float]) -> float:
    return max(1.0, *(abs(cost) for cost in costs.values()))
