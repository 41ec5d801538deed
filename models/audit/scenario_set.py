"""The audit of plans for all scenarios: each by itself, and non-anticipativity."""

from __future__ import annotations

from collections.abc import Mapping

from models.audit import AuditReport, audit
from models.audit.nonanticipativity import check_nonanticipativity, joint_report
from models.dataset import Dataset
from models.plan import Plan


def audit_scenario_set(
    dataset: Dataset, plans: Mapping[str, Plan], costs_usd: Mapping[str, float] | None = None
) -> AuditReport:
    """Audit the plans of all scenarios in one report; places name their scenario.

    Parameters
    ----------
    dataset : Dataset
        The problem with its scenarios.
    plans : mapping of str to Plan
        By scenario, in the order of the sheet.
    costs_usd : mapping of str to float, optional
        The net present cost that each is stated to have; the plan's own by default.
    """
    stated = {name: plan.objective_usd for name, plan in plans.items()} if costs_usd is None else costs_usd
    reports = {name: audit(dataset.in_scenario(name), plan, objective_usd=stated[name]) for name, plan in plans.items()}
    return joint_report(reports, check_nonanticipativity(dataset, plans))
