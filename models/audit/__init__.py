"""The independent audit: what a plan costs and whether it keeps every rule, worked out a second time.

Plain arithmetic on the rows of the Dataset and the decisions of the Plan, written from the workbook's
contract alone; nothing here knows the model that found the plan. `rules` lists what is looked at,
`schedules` and `ledger` hold what offers bring and cost, the other files hold the checks.
"""

from __future__ import annotations

from collections.abc import Mapping

from models.audit.capacity import check_capacity
from models.audit.cash_account import check_cash_account, earned_by_month
from models.audit.contract_schedule import AuditedContract
from models.audit.decisions import check_limits, check_options, check_signings
from models.audit.demand import DemandAfterLimits
from models.audit.ledger import Ledger
from models.audit.nonanticipativity import check_nonanticipativity, joint_report
from models.audit.own_build import check_own_build
from models.audit.payments import check_payments
from models.audit.policy import Caps, OwedPayment, SignedValue, check_rules, owed, signed_values
from models.audit.report import AuditReport, Check, CheckedInstance, Findings
from models.audit.resilience import Left, check_resilience, left_after
from models.audit.rules import RULES
from models.audit.sanitize import clean
from models.audit.service import Rates, check_service
from models.audit.supply import Supply, check_online
from models.dataset import Dataset
from models.garbage import pause_gc
from models.plan import Plan, Signing
from models.schema import Contract

__all__ = [
    "RULES",
    "AuditReport",
    "Check",
    "CheckedInstance",
    "Findings",
    "Left",
    "OwedPayment",
    "SignedValue",
    "audit",
    "audit_scenario_set",
    "contract_values",
    "keeps_cash_caps",
    "net_present_cost",
    "owed_payments",
    "take_or_pay_minimums",
    "what_is_left",
    "worth_after_horizon",
]


@pause_gc()
def audit(dataset: Dataset, plan: Plan, *, objective_usd: float | None = None, tolerance: float = 1e-6) -> AuditReport:
    """Recomputes every cost and rule of `plan` from `dataset`; never raises on what a plan says.

    `objective_usd` is the net present cost the plan is said to have, None when nobody said. A rule is
    broken where its violation, relative to the size of what is compared, exceeds `tolerance`: noise
    of a solver passes, a real breach does not. `dataset` is one whose checks found no error; its
    scenarios are not looked at.
    """
    findings = Findings(RULES, tolerance)
    sound = clean(dataset, plan, findings)
    check_signings(dataset, sound, findings)
    check_options(dataset, sound, findings)
    check_limits(dataset, sound, findings)
    demand = DemandAfterLimits(dataset, sound, findings)
    rates = Rates(dataset)
    supply = Supply(dataset, sound)
    check_service(dataset, sound, demand, supply, rates, findings)
    check_online(dataset, sound, supply, findings)
    check_own_build(dataset, supply, findings)
    check_capacity(dataset, sound, supply, rates, findings)
    ledger = Ledger(dataset, sound, supply, demand)
    check_resilience(dataset, supply, demand, rates, findings)
    Caps(dataset, sound, supply, ledger, demand, findings).check()
    check_cash_account(dataset, ledger, demand, earned_by_month(dataset, sound, demand), findings)
    check_rules(dataset, sound, findings)
    check_payments(dataset, sound, ledger, demand, objective_usd, findings)
    return findings.report()


def audit_scenario_set(
    dataset: Dataset, plans: Mapping[str, Plan], costs_usd: Mapping[str, float] | None = None
) -> AuditReport:
    """Audit the plans of all scenarios, each by itself, and non-anticipativity; places name their scenario.

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


def net_present_cost(dataset: Dataset, plan: Plan) -> float:
    """What a plan's decisions cost, USD of present value, as the end of the horizon of `dataset` counts them."""
    findings = Findings(RULES, 0.0)
    demand = DemandAfterLimits(dataset, plan, findings)
    ledger = Ledger(dataset, plan, Supply(dataset, plan), demand)
    check_cash_account(dataset, ledger, demand, earned_by_month(dataset, plan, demand), findings)
    return sum(due.counted_usd * dataset.discount(due.month) for due in ledger.dues)


def worth_after_horizon(dataset: Dataset, plan: Plan) -> float:
    """What hours in service beyond the horizon are worth by `residuals`, undiscounted USD, their fees at the most."""
    return sum(usd for each in Supply(dataset, plan).schedules for usd in each.worth_after_horizon.values())


def what_is_left(dataset: Dataset, plan: Plan) -> list[Left]:
    """How much of what is protected the rest can serve, for every loss and month of the sheet resilience."""
    findings = Findings(RULES, 1e-6)
    plan = clean(dataset, plan, findings)
    supply = Supply(dataset, plan)
    demand = DemandAfterLimits(dataset, plan, findings)
    return list(left_after(dataset, supply, demand, Rates(dataset)))


def keeps_cash_caps(dataset: Dataset, plan: Plan) -> bool:
    """Whether a plan keeps every cap on cash; no other rule is looked at."""
    findings = Findings(RULES, 1e-6)
    plan = clean(dataset, plan, findings)
    supply, demand = Supply(dataset, plan), DemandAfterLimits(dataset, plan, findings)
    Caps(dataset, plan, supply, Ledger(dataset, plan, supply, demand), demand, findings).check()
    return all(each.passed for each in findings.report().checks if each.rule.startswith("cap_cash"))


def owed_payments(dataset: Dataset, plan: Plan) -> list[OwedPayment]:
    """Everything still due after its signing, beyond the horizon too, as the caps on obligations count it."""
    return list(owed(Supply(dataset, plan)))


def contract_values(dataset: Dataset, plan: Plan) -> list[SignedValue]:
    """What every signing commits us to, or a taker, paid at once and in total, undiscounted USD."""
    return list(signed_values(Supply(dataset, plan)))


def take_or_pay_minimums(dataset: Dataset, signing: Signing, contract: Contract) -> dict[int, float]:
    """The least that a signing of a contract is billed, USD by month t of its service, prepayment not deducted."""
    return AuditedContract(dataset, signing, contract).minimums
