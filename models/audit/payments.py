"""Plan.payments against the ledger worked out again, payment by payment and in total."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from models.audit.demand import DemandAfterLimits
from models.audit.ledger import Due, Ledger
from models.audit.report import Findings
from models.dataset import Dataset
from models.plan import Payment, Plan

Key = tuple[int, str, str, str]
"""Month, category, offer, provider; the provider "" where none is paid for capacity."""


def check_payments(
    dataset: Dataset,
    plan: Plan,
    ledger: Ledger,
    demand: DemandAfterLimits,
    objective_usd: float | None,
    findings: Findings,
) -> None:
    """Cash, present value and provider of every payment; their sum against the objective stated.

    Differences are relative to all that is added up: payments, and baseline revenue, of which what is forgone is left.
    """
    cash: dict[Key, list[float]] = defaultdict(lambda: [0.0, 0.0])
    value: dict[Key, list[float]] = defaultdict(lambda: [0.0, 0.0])
    providers: dict[tuple[int, str, str], set[str]] = defaultdict(set)
    rate = 1 + dataset.settings.discount_rate
    for due in ledger.dues:
        if due.buys_capacity:
            providers[_offer(due)].add(due.provider)
    for due in ledger.dues:
        key = _key(due, providers)
        cash[key][1] += due.cash_usd
        value[key][1] += due.counted_usd * rate ** (-due.month / 12)
    for row in plan.payments:
        key = _key(row, providers)
        cash[key][0] += row.cash_usd
        value[key][0] += row.present_value_usd
        if _offer(row) in providers:
            where = f"{_where(dataset, key)}: {row.provider}"
            findings.true("payments_to_their_provider", where, row.provider in providers[_offer(row)])
    revenue = sum(abs(usd) for usd in demand.baseline_revenue.values())
    for rule, figures in (("payments_in_cash", cash), ("payments_in_present_value", value)):
        scale = revenue + sum(abs(due) for _, due in figures.values())
        for key, (found, due_usd) in figures.items():
            findings.equal(rule, _where(dataset, key), found, due_usd, max(scale, abs(found)))
    total = sum(due for _, due in value.values())
    scale = revenue + sum(abs(due) for _, due in value.values())
    stated = sum(found for found, _ in value.values())
    findings.equal(
        "costs_add_up", "all payments against what the decisions cost", stated, total, max(scale, abs(stated))
    )
    if objective_usd is not None:
        where = "all payments against the objective stated"
        findings.equal("costs_add_up", where, objective_usd, total, max(scale, abs(total)))


def _offer(row: Due | Payment) -> tuple[int, str, str]:
    # the contract does not say which offer a network payment names: all of a month's are one
    return row.month, row.category, "" if row.category == "network" else row.offer


def _key(row: Due | Payment, providers: Mapping[tuple[int, str, str], set[str]]) -> Key:
    """The payment a row belongs to: two providers' offers of one name are two payments."""
    offer = _offer(row)
    return *offer, row.provider if row.provider in providers.get(offer, ()) else ""


def _where(dataset: Dataset, key: Key) -> str:
    return f"{dataset.label(key[0])} {key[1]} {key[2]}".rstrip()
