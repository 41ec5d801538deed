"""Plans mapped from one round to the next and back: the same decisions under the names and months of the other problem.

In the rolled problem, units signed before have other names and months. `map_forward` maps the rest of a plan into the
rolled problem; `map_back` maps a plan of the rolled problem into the one it was rolled from, with the decisions made
before, and with serving, shortfall and payments.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from models.dataset import Dataset
from models.plan import Plan, Signing
from models.roll import Rolled
from models.roll.offers import Holding, holding_of
from models.roll.state import Origin
from models.supply.lease_schedule import LeaseSchedule


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
    names = {_key(origin): name for (_, name), origin in rolled.origins.items()}
    signings = []
    for each in plan.signings:
        moved = replace(each, month=each.month - to, start=each.start - to, end=each.end - to)
        if each.month >= to and not each.signed:
            signings.append(moved)
        elif each.kind == "contract":
            signings.append(replace(moved, signed=True))
        elif each.kind == "lease_out":
            name = names.get(("lease_out", each.name, each.month, each.term_months, None, 0))
            if name is not None:
                signings.append(replace(moved, name=name, month=0, units=1))
        else:
            signings += _lease_forward(rolled, before, names, each)
    return Plan(
        signings=tuple(signings),
        options=tuple(replace(each, month=each.month - to) for each in plan.options if each.month >= to),
        limits=tuple(replace(each, month=each.month - to) for each in plan.limits if each.month >= to),
        serving=tuple(replace(each, month=each.month - to) for each in plan.serving if each.month >= to),
    )


def _lease_forward(
    rolled: Rolled, before: Dataset, names: dict[tuple[object, ...], str], each: Signing
) -> Iterator[Signing]:
    holding = _holding(before, each, rolled.to)
    name = None if holding is None else names.get(_key_of(each, holding))
    if holding is None or name is None:
        return
    lease = rolled.dataset.lease_of[name]
    assert lease.signed_month is not None
    assert lease.signed_term_months is not None
    yield replace(
        each,
        name=name,
        month=rolled.dataset.t(lease.signed_month),
        term_months=lease.signed_term_months,
        start=each.start - rolled.to,
        end=each.end - rolled.to,
        cancelled=each.cancelled and holding.stop is None,
        renewals=each.renewals - holding.renewed,
        signed=True,
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
    signings = [each for each in signings if not _still_open(before, each, to)]
    for each in plan.signings:
        origin = rolled.origins.get((each.kind, each.name))
        moved = replace(each, month=each.month + to, start=each.start + to, end=each.end + to)
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
                    signed=before.lease_of[origin.name].status == "signed",
                )
            )
    originals = {key: origin.name for key, origin in rolled.origins.items()}
    payments = tuple(
        replace(
            each,
            month=each.month + to,
            offer=originals.get((_kind_paid(rolled.dataset, each.category, each.offer), each.offer), each.offer),
            present_value_usd=each.present_value_usd * discount,
        )
        for each in plan.payments
    )
    return Plan(
        signings=tuple(signings),
        options=(
            *(each for each in earlier.options if each.month < to),
            *(replace(each, month=each.month + to) for each in plan.options),
        ),
        limits=(
            *(each for each in earlier.limits if each.month < to),
            *(replace(each, month=each.month + to) for each in plan.limits),
        ),
        serving=(
            *(each for each in earlier.serving if each.month < to),
            *(replace(each, month=each.month + to) for each in plan.serving),
        ),
        shortfalls=(
            *(each for each in earlier.shortfalls if each.month < to),
            *(replace(each, month=each.month + to) for each in plan.shortfalls),
        ),
        payments=(*(each for each in earlier.payments if each.month < to), *payments),
    )


def _still_open(before: Dataset, each: Signing, to: int) -> bool:
    """Whether what becomes of these units is still to be decided in month `to`, and so said by the later plan."""
    if each.kind != "lease":
        return False
    holding = _holding(before, each, to)
    return holding is not None and holding.stop is None


def _holding(before: Dataset, each: Signing, to: int) -> Holding | None:
    schedule = schedule_of(before, each)
    return None if schedule is None else holding_of(schedule, each, to)


def schedule_of(dataset: Dataset, signing: Signing) -> LeaseSchedule | None:
    """How a unit of a lease's signing goes; None where the workbook does not have its term."""
    lease = dataset.lease_of.get(signing.name)
    for term in dataset.lease_terms:
        if lease is not None and (term.lease, term.term_months) == (signing.name, signing.term_months):
            return LeaseSchedule(dataset, lease, term, signing.month)
    return None


def _key(origin: Origin) -> tuple[object, ...]:
    return origin.kind, origin.name, origin.month, origin.term_months, origin.stop, origin.renewed


def _key_of(each: Signing, holding: Holding) -> tuple[object, ...]:
    return each.kind, each.name, each.month, each.term_months, holding.stop, holding.renewed


def _kind_paid(dataset: Dataset, category: str, offer: str) -> str:
    if category == "lease_out_income":
        return "lease_out"
    return category if category != "usage" else "lease" if offer in dataset.lease_of else "contract"
