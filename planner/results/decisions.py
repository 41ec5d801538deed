"""Decisions: what was decided, one row each, with what it brings and costs; and the calendar of what to do.

A signing's capacity is its accelerators at their most in the horizon, after derate and ramp. Its cost is the present
value of the payments that are its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from models.dataset import Dataset
from models.grouping import largest, sums
from models.kinds import FLEET, OPTION, Kind
from models.plan import Payment, Plan, Signing
from models.schema import LONGEST_MONTHS
from models.supply.registry import offer_of_option
from models.supply.usage import Used, charged_use


@dataclass(frozen=True, slots=True)
class Decision:
    """A signing, or the purchase of an option. Months are months t; None where there is none.

    `accelerators` and `mw`: the most online in a month of the horizon; `most_mw`: in any month of the term.
    `signed`: the workbook says so, so that it was no choice of this plan.
    """

    kind: Kind
    name: str
    month: int
    term_months: int | None
    units: int
    end: int | None
    accelerators: float | None
    mw: float | None
    cost_usd: float
    signed: bool = False
    start: int | None = None
    cancelled: bool = False
    renewals: int = 0
    provider: str = ""
    region: str = ""
    signing: Signing | None = None
    most_mw: float = 0.0


def is_kept(term_months: float | None) -> bool:
    """Whether a term is that of what is kept for good: an own site without a last month."""
    return term_months is not None and term_months >= LONGEST_MONTHS


def term_words(term_months: int) -> str:
    """How long a signing lasts, in a clause.

    >>> term_words(36), term_words(1200)
    ('for 36 months', 'to keep')
    """
    return "to keep" if is_kept(term_months) else f"for {term_months} month{'s' if term_months != 1 else ''}"


def decisions(dataset: Dataset, plan: Plan) -> list[Decision]:
    """Every signing and option purchase by month, with its cost (see `signing_costs`)."""
    costs = signing_costs(dataset, plan)
    found = [_signing(dataset, each, cost) for each, cost in zip(plan.signings, costs, strict=True)]
    options = {each.option: each for each in dataset.options}
    paid = sums(((each.category, each.offer), each.present_value_usd) for each in plan.payments)
    for bought in plan.options:
        key = offer_of_option(dataset, options[bought.name])
        offer = None if key is None else key.row(dataset)
        found.append(
            Decision(
                kind=OPTION,
                name=bought.name,
                month=bought.month,
                term_months=None,
                units=1,
                end=None,
                accelerators=None,
                mw=None,
                cost_usd=paid[OPTION.name, bought.name],
                provider=offer.provider if offer else "",
                region=key.kind.region(dataset, offer) if key and offer else "",
            )
        )
    return sorted(found, key=lambda each: each.month)


def _signing(dataset: Dataset, each: Signing, cost_usd: float) -> Decision:
    offer = each.kind.of(dataset)[each.name]
    inside = range(max(0, each.start), min(each.end + 1, len(dataset.horizon)))
    most = largest(pair for t in inside for pair in each.kind.accelerators(dataset, each, t).items())
    return Decision(
        kind=each.kind,
        name=each.name,
        month=each.month,
        term_months=each.term_months,
        units=each.units,
        end=each.end,
        accelerators=each.units * sum(most.values()),
        mw=each.units * each.kind.most_mw(dataset, each, inside),
        cost_usd=cost_usd,
        signed=each.signed,
        start=each.start,
        cancelled=each.cancelled,
        renewals=each.renewals,
        provider=offer.provider,
        region=each.kind.region(dataset, offer),
        signing=each,
        most_mw=each.units * each.kind.most_mw(dataset, each, range(each.start, each.end + 1)),
    )


def signing_costs(dataset: Dataset, plan: Plan) -> list[float]:
    """Present value in USD of what each signing of the plan costs (a lease-out brings: negative), in their order.

    The payments of an offer with one signing are that signing's. Where an offer is signed more than
    once, each of its payments is split in proportion to what each signing owes in that month (upfront
    and prepayment when signed, fees while in service, the termination fee after a cancelling), and
    usage charges in proportion to the hours its term was used, by units in service. So the costs of an
    offer's signings add up to the offer's payments; what no signing explains is split by units. Usage
    of a fleet asset of the same name is left to the asset.
    """
    owners: dict[tuple[str, str], list[int]] = defaultdict(list)
    for i, each in enumerate(plan.signings):
        owners[each.kind.category, each.name].append(i)
        if each.kind.buys:
            owners["usage", each.kind.charged_name(dataset, each.name)].append(i)
    hours = charged_use(dataset, plan)
    costs = [0.0] * len(plan.signings)
    for payment in plan.payments:
        candidates = owners.get((payment.category, payment.offer), [])
        of_fleet = hours.get((FLEET, payment.offer, 0, payment.month), 0.0) if payment.category == "usage" else 0.0
        if len(candidates) == 1 and not of_fleet:
            costs[candidates[0]] += payment.present_value_usd
            continue
        weights = [
            _use_weight(plan, i, candidates, payment, hours)
            if payment.category == "usage"
            else plan.signings[i].kind.owed(dataset, plan.signings[i], payment.month)
            for i in candidates
        ]
        if not sum(weights) and not of_fleet:
            weights = [float(plan.signings[i].units) for i in candidates]
        total = sum(weights) + of_fleet
        for i, weight in zip(candidates, weights, strict=True):
            costs[i] += payment.present_value_usd * weight / total if total else 0.0
    return costs


def _use_weight(plan: Plan, i: int, candidates: list[int], payment: Payment, hours: Mapping[Used, float]) -> float:
    """The part of a term's charged use that falls to signing i: by units in service."""

    def in_service(each: Signing) -> int:
        return each.units if each.start <= payment.month <= each.end else 0

    def key(each: Signing) -> tuple[Kind, str, int, int]:
        return each.kind, each.name, each.kind.way(each), payment.month

    mine = plan.signings[i]
    same = [plan.signings[k] for k in candidates if key(plan.signings[k]) == key(mine)]
    units = sum(in_service(each) for each in same)
    return hours.get(key(mine), 0.0) * in_service(mine) / units if units else 0.0


@dataclass(frozen=True, slots=True)
class Action:
    """Something a person has to do, such as `sign` or `buy option`, at the latest at the start of month t."""

    do: str
    by: int
    decision: Decision


def actions(dataset: Dataset, found: list[Decision]) -> list[Action]:
    """The calendar by month: what to buy, sign, renew and cancel (when notice is due), as far as the horizon goes."""
    calendar = [action for each in found for action in _actions(dataset, each)]
    return sorted(calendar, key=lambda each: each.by)


def _actions(dataset: Dataset, each: Decision) -> Iterator[Action]:
    if not each.signed:
        yield Action(each.kind.verb, each.month, each)
    if each.signing is not None:
        for do, month, _ in each.signing.kind.notices(dataset, each.signing):
            if month in dataset.horizon:
                yield Action(do, month, each)
