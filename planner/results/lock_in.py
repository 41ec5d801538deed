"""Lock-in: what is still owed after each month under what is signed, and for how long.

Worked out by the audit's own arithmetic, as the caps on obligations count it: undiscounted fees, termination fees and
take-or-pay minimums of signings up to the month, due after it, beyond the horizon too, for the ends of service chosen.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.audit import owed_payments
from models.dataset import Dataset
from models.grouping import groups, sums
from models.plan import Plan
from models.supply.kind import OfferKind
from models.supply.registry import offers
from planner.results.decisions import is_kept


@dataclass(frozen=True, slots=True)
class LockRow:
    """What an offer holds us to at the end of month t: USD still due, and months of service still to come.

    What is kept for good binds until its last payment.
    """

    month: int
    kind: OfferKind
    offer: str
    provider: str
    owed_usd: float
    months_left: int


def lock_in(dataset: Dataset, plan: Plan) -> list[LockRow]:
    """Every month and offer with anything still owed, or service still to come."""
    owed = list(owed_payments(dataset, plan))
    due = sums(
        ((t, kind, name, provider), usd)
        for kind, name, provider, signed, month, usd in owed
        for t in dataset.horizon
        if signed <= t < month
    )
    kept = {(each.kind, each.name) for each in plan.signings if is_kept(each.term_months)}
    bound = [(each.kind, each.name, each.month, each.end) for each in plan.signings if each.kind.buys]
    bound = [each for each in bound if each[:2] not in kept]
    bound += [(kind, name, signed, month) for kind, name, _, signed, month, usd in owed if usd and (kind, name) in kept]
    left = groups(
        ((t, kind, name), end - t) for kind, name, month, end in bound for t in dataset.horizon if month <= t < end
    )
    providers = {(kind, name): provider for _, kind, name, provider in due}
    providers |= {(kind, kind.name_of(row)): row.provider for kind, row in offers(dataset) if kind.buys}
    keys = sorted({(t, kind, name) for t, kind, name, _ in due} | set(left))
    return [
        LockRow(t, kind, name, provider, due[t, kind, name, provider], max(left[t, kind, name], default=0))
        for t, kind, name in keys
        for provider in (providers[kind, name],)
        if due[t, kind, name, provider] or left[t, kind, name]
    ]
