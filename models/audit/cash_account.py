"""The cash account: what is in the bank month by month, what is drawn, and the interest on it."""

from __future__ import annotations

from models.audit.demand import MTOK_PER_BN, DemandAfterLimits, token_price
from models.audit.ledger import Due, Ledger
from models.audit.report import Findings
from models.dataset import Dataset
from models.grouping import sums
from models.plan import Plan


def earned_by_month(dataset: Dataset, plan: Plan, demand: DemandAfterLimits) -> dict[int, float]:
    """USD that customers pay: before limits, less what those take and what falls short would bring."""
    short = sums(((row.month, row.segment), row.tokens_bn) for row in plan.shortfalls)
    return {
        t: sum(
            demand.baseline_revenue[t, name]
            - demand.forgone[t, name]
            - short[t, name] * MTOK_PER_BN * token_price(dataset, name, "revenue_usd_per_mtok", t)
            for name in dataset.segment_of
        )
        for t in dataset.horizon
    }


def check_cash_account(
    dataset: Dataset, ledger: Ledger, demand: DemandAfterLimits, earned: dict[int, float], findings: Findings
) -> None:
    """Adds the interest to what is due, and holds what is drawn to the credit line; nothing without an account."""
    settings = dataset.settings
    if settings.opening_cash_usd is None:
        return
    monthly = (1 + settings.credit_interest) ** (1 / 12) - 1
    dues = list(ledger.dues)
    balance = settings.opening_cash_usd
    moved = abs(balance)
    for t in range(settings.months + 1):
        interest = monthly * max(0.0, -balance)
        if interest:
            ledger.dues.append(Due(t, "interest", "", "credit line", interest, interest))
        if t == settings.months:
            break
        gross = sum(demand.baseline_revenue[t, name] for name in dataset.segment_of)
        funding = sum(row.usd for row in dataset.funding if dataset.t(row.month) == t)
        paid = [due.cash_usd for due in dues if due.month == t]
        balance += (1 - settings.other_cost_share) * earned[t] + funding - sum(paid) - interest
        moved += gross + abs(funding) + sum(map(abs, paid)) + interest
        where = f"{dataset.label(t)}, drawn"
        findings.at_most("credit_is_enough", where, max(0.0, -balance), settings.credit_line_usd, moved)
