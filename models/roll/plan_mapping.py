"""Plans mapped from one round to the next and back: the same decisions under the names and months of the other problem.

In the rolled problem, units signed before have other names and months. `map_forward` maps the rest of a plan into the
rolled problem; `map_back` maps a plan of the rolled problem into the one it was rolled from, with the decisions made
before, and with serving, shortfall and payments.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from models.dataset import Dataset
from models.kinds import OfferKey
from models.plan import Payment, Plan, Signing
from models.roll import Rolled
from models.supply.registry import KINDS


def map_forward(rolled: Rolled, before: Dataset, plan: Plan) -> Plan:
    """What is left of a plan in the rolled problem.

    Parameters
    ----------
    rolled
        What `roll_forward` made of `before`.
    before
        The problem that was rolled.
    plan
        A plan of `before`.

    Returns
    -------
    Plan
        Decisions and serving from month `rolled.to` on, under the names and months of the rolled problem.
    """
    to = rolled.to
    signings: list[Signing] = []
    for each in plan.signings:
        if each.month >= to and not each.signed:
            signings.append(each.moved(-to))
        else:
            signings += each.kind.map_forward(rolled, before, each)
    return Plan(
        signings=tuple(signings),
        options=_moved(plan.options, -to),
        limits=_moved(plan.limits, -to),
        serving=_moved(plan.serving, -to),
    )


def map_back(rolled: Rolled, before: Dataset, earlier: Plan, plan: Plan) -> Plan:
    """A plan of the rolled problem, in the months and under the names of the problem before.

    Parameters
    ----------
    rolled
        What `roll_forward` made of `before`.
    before
        The problem that was rolled.
    earlier
        A plan of `before`; what it did until month `rolled.to` comes first.
    plan
        A plan of the rolled problem.

    Returns
    -------
    Plan
        A plan of `before`; payments are discounted to its first month.
    """
    to, discount = rolled.to, before.discount(rolled.to)
    signings = [each for each in earlier.signings if each.signed or each.month < to]
    signings = [each for each in signings if not each.kind.undecided(before, each, to)]
    for each in plan.signings:
        origin = rolled.origins.get(each.offer)
        moved = each.moved(to)
        if origin is None:
            signings.append(moved)
        elif not origin.settled:
            signings.append(
                replace(
                    moved,
                    name=origin.name,
                    month=origin.month,
                    term_months=origin.term_months,
                    start=origin.start,
                    renewals=origin.renewed + each.renewals,
                    signed=origin.kind.status(origin.kind.of(before)[origin.name]) == "signed",
                )
            )
    payments = [
        replace(each, offer=_original(rolled, each), present_value_usd=each.present_value_usd * discount)
        for each in plan.payments
    ]
    return Plan(
        signings=tuple(signings),
        options=_until(to, earlier.options) + _moved(plan.options, to),
        limits=_until(to, earlier.limits) + _moved(plan.limits, to),
        serving=_until(to, earlier.serving) + _moved(plan.serving, to),
        shortfalls=_until(to, earlier.shortfalls) + _moved(plan.shortfalls, to),
        payments=_until(to, earlier.payments) + _moved(payments, to),
    )


def _until(to: int, rows: Iterable[Any]) -> tuple[Any, ...]:
    """The rows of months before `to`."""
    return tuple(each for each in rows if each.month < to)


def _moved(rows: Iterable[Any], months: int) -> tuple[Any, ...]:
    """The rows that many months later, those of months before the horizon left out."""
    return tuple(replace(each, month=each.month + months) for each in rows if each.month + months >= 0)


def _original(rolled: Rolled, paid: Payment) -> str:
    """What the offer that a payment names was called before the round."""
    for kind in KINDS:
        if paid.category == kind.category or (paid.category == "usage" and paid.offer in kind.of(rolled.dataset)):
            origin = rolled.origins.get(OfferKey(kind, paid.offer))
            return paid.offer if origin is None else origin.name
    return paid.offer
