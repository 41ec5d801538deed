"""Decisions: what was decided, one row each, with what it brings and costs; and the calendar of what to do.

A signing's capacity is its accelerators at their most, after derate and ramp. Its cost is the present
value of the payments that are its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from models.dataset import Dataset
from models.plan import Payment, Plan, Signing
from models.supply.contract_schedule import ContractSchedule
from models.supply.lease_schedule import LeaseSchedule

OWN_CATEGORY = {"lease": "lease", "contract": "contract", "lease_out": "lease_out_income"}
"""The category of the payments that name the offer itself, by kind of signing."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A signing, or the purchase of an option (kind `option`). Months are months t; None where there is none.

    `signed`: the workbook says so, so that it was no choice of this plan.
    """

    kind: str
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


def decisions(dataset: Dataset, plan: Plan) -> list[Decision]:
    """Every signing and option purchase by month, with its cost (see `signing_costs`)."""
    costs = signing_costs(dataset, plan)
    found = [_signing(dataset, each, cost) for each, cost in zip(plan.signings, costs, strict=True)]
    offers = {each.option: each.offer for each in dataset.options}
    for bought in plan.options:
        offer = dataset.lease_of.get(offers[bought.name]) or dataset.contract_of.get(offers[bought.name])
        premium = sum(p.present_value_usd for p in plan.payments if p.category == "option" and p.offer == bought.name)
        found.append(
            Decision(
                kind="option",
                name=bought.name,
                month=bought.month,
                term_months=None,
                units=1,
                end=None,
                accelerators=None,
                mw=None,
                cost_usd=premium,
                provider=offer.provider if offer else "",
                region=offer.region if offer else "",
            )
        )
    return sorted(found, key=lambda each: each.month)


def _signing(dataset: Dataset, each: Signing, cost_usd: float) -> Decision:
    provider, region, per_unit = _offer(dataset, each)
    return Decision(
        kind=each.kind,
        name=each.name,
        month=each.month,
        term_months=each.term_months,
        units=each.units,
        end=each.end,
        accelerators=each.units * sum(per_unit.values()),
        mw=each.units * sum(n * dataset.hardware_of[hardware].kw / 1000.0 for hardware, n in per_unit.items()),
        cost_usd=cost_usd,
        signed=each.signed,
        start=each.start,
        cancelled=each.cancelled,
        renewals=each.renewals,
        provider=provider,
        region=region,
    )


def _offer(dataset: Dataset, each: Signing) -> tuple[str, str, dict[str, float]]:
    """Provider, region and the accelerators of a unit by hardware, in the service month with most of them."""
    service = range(each.start, each.end + 1)
    if each.kind == "lease":
        lease, schedule = dataset.lease_of[each.name], _lease_schedule(dataset, each)
        share = max((schedule.online_share(t) for t in service), default=0.0)
        return lease.provider, lease.region, {name: n * share for name, n in schedule.accelerators.items()}
    if each.kind == "contract":
        contract = dataset.contract_of[each.name]
        block = ContractSchedule(dataset, contract, each.month)
        per_block = max((block.online_per_block(t) for t in service), default=0.0)
        return contract.provider, contract.region, {contract.hardware: per_block}
    lease_out = dataset.lease_out_of[each.name]
    return lease_out.provider, lease_out.region, {lease_out.hardware: lease_out.accelerators}


def _lease_schedule(dataset: Dataset, each: Signing) -> LeaseSchedule:
    terms = (term for term in dataset.lease_terms if (term.lease, term.term_months) == (each.name, each.term_months))
    return LeaseSchedule(dataset, dataset.lease_of[each.name], next(terms), each.month)


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
        owners[OWN_CATEGORY[each.kind], each.name].append(i)
        if each.kind != "lease_out":
            owners["usage", each.name].append(i)
    hours = _charged_use(dataset, plan)
    schedules = {i: _lease_schedule(dataset, each) for i, each in enumerate(plan.signings) if each.kind == "lease"}
    costs = [0.0] * len(plan.signings)
    for payment in plan.payments:
        candidates = owners.get((payment.category, payment.offer), [])
        of_fleet = hours.get(("fleet", payment.offer, 0, payment.month), 0.0) if payment.category == "usage" else 0.0
        if len(candidates) == 1 and not of_fleet:
            costs[candidates[0]] += payment.present_value_usd
            continue
        weights = [
            _use_weight(plan, i, candidates, payment, hours)
            if payment.category == "usage"
            else _owed(dataset, plan.signings[i], schedules.get(i), payment.month)
            for i in candidates
        ]
        if not sum(weights) and not of_fleet:
            weights = [float(plan.signings[i].units) for i in candidates]
        total = sum(weights) + of_fleet
        for i, weight in zip(candidates, weights, strict=True):
            costs[i] += payment.present_value_usd * weight / total if total else 0.0
    return costs


def _owed(dataset: Dataset, each: Signing, schedule: LeaseSchedule | None, t: int) -> float:
    """What a signing owes in month t, as the objective counts it; for lease-outs, all at one rate, its units."""
    in_service = each.start <= t <= each.end
    if schedule is None:
        return float(each.units) if in_service else 0.0
    term, full = schedule.term, dataset.settings.end_of_horizon == "full"
    owed = 0.0
    if t == each.month:
        months = range(schedule.start, schedule.term_end)
        counted = [month for month in months if full or month in dataset.horizon]
        owed += term.upfront_usd_per_unit * len(counted) / len(months)
        owed += term.prepay_share * sum(schedule.fee(month) for month in counted) if term.prepay_share else 0.0
    if in_service:
        owed += schedule.fee(t) * (1.0 if t >= schedule.term_end else 1.0 - term.prepay_share)
    if each.cancelled and t == each.end + 1:
        owed += schedule.termination_fee(t)
    return each.units * owed


_Use = dict[tuple[str, str, int, int], float]


def _charged_use(dataset: Dataset, plan: Plan) -> _Use:
    """Hours used x usage rate, by kind, name, term (leases only) and month."""
    rates = {("fleet", each.asset, 0): each.usage_usd_per_accelerator_hour for each in dataset.fleet}
    rates |= {("contract", each.contract, 0): each.usage_usd_per_accelerator_hour for each in dataset.contracts}
    rates |= {
        ("lease", each.lease, each.term_months): each.usage_usd_per_accelerator_hour for each in dataset.lease_terms
    }
    found: _Use = defaultdict(float)
    for use in plan.source_use:
        term = use.term_months if use.kind == "lease" else 0
        hours = dataset.hours_per_day[use.block] / 24.0 * dataset.hours(use.month)
        rate = rates.get((use.kind, use.name, term), 0.0)
        found[use.kind, use.name, term, use.month] += (use.accelerators + use.overage) * hours * rate
    return found


def _use_weight(plan: Plan, i: int, candidates: list[int], payment: Payment, hours: _Use) -> float:
    """The part of a term's charged use that falls to signing i: by units in service."""

    def in_service(each: Signing) -> int:
        return each.units if each.start <= payment.month <= each.end else 0

    def key(each: Signing) -> tuple[str, str, int, int]:
        return each.kind, each.name, each.term_months if each.kind == "lease" else 0, payment.month

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
        words = {"option": "buy option", "lease_out": "lease out"}
        yield Action(words.get(each.kind, "sign"), each.month, each)
    if each.kind != "lease" or each.start is None or each.end is None:
        return
    term = next(row for row in dataset.lease_terms if (row.lease, row.term_months) == (each.name, each.term_months))
    if each.cancelled:
        notice = each.end + 1 - term.notice_months
        if notice in dataset.horizon:
            yield Action("give notice", notice, each)
    for k in range(each.renewals):
        first = each.start + term.term_months + k * (term.renewal_months or 0)
        if first in dataset.horizon:
            yield Action("renew", first, each)
