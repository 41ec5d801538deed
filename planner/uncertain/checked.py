"""The audit of plans for all scenarios: each by itself, and that decisions are taken alike."""

from __future__ import annotations

from models.audit import AuditReport, audit
from models.audit.together import check_alike, joined
from models.dataset import Dataset
from models.plan import Plan


def audit_together(dataset: Dataset, plans: dict[str, Plan]) -> AuditReport:
    """One report; a place names its scenario. `plans` by scenario, in the order of the sheet."""
    reports = {
        name: audit(dataset.in_scenario(name), plan, objective_usd=plan.objective_usd) for name, plan in plans.items()
    }
    return joined(reports, check_alike(dataset, plans))
