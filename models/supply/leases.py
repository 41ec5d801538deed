r"""Leases: whole clusters or blocks of them, in units, by term, with rights to cancel and to renew.

Sets: offers l, their terms, months of signing m (`models.supply.signing`).
Decisions, per (l, term, m):
units signed, an integer: the difference of two running totals `units_by` along the offer's months and
terms, which end at units_max at the most.
`in_service[t]` integer units still in service in month t, only where it can differ from the month
before: once cancelling is allowed, and from the first month of each renewal,
in_service[t] <= in_service[t-1].
Payments, with u_t the units in service in month t and f, fee, L of `models.supply.lease_schedule`:
upfront x units + prepay_share x \sum_{τ<=L} fee x units in month m; (1 - prepay_share) x fee_t x u_t
in month t of the term, fee_t x u_t in a renewal; termination fee x (u_{t-1} - u_t) in month t.
One integer per month instead of one per pair of start and end: the same bound, linear nonzeros.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from models.core.finance import counted_share_of_prepayment, counted_share_of_upfront, counts_in_full
from models.core.ledgers import Payer, Source
from models.core.linear import Linear, Scaled
from models.core.model import Model
from models.dataset import Dataset
from models.grouping import groups
from models.plan import Plan, Signing
from models.supply.kind import OfferKind
from models.supply.lease_schedule import LeaseSchedule, schedule_of
from models.supply.residuals import deduct_worth, has_worth


@dataclass(frozen=True, slots=True)
class _ServicePeriod:
    """The units of one signing and how long they serve; `levels` are the units in service by month, from f on."""

    kind: OfferKind
    schedule: LeaseSchedule
    units: Linear
    levels: list[Linear]
    stops: tuple[int, ...]
    tail_end: int | None

    def level(self, t: int) -> Linear:
        """Units in service in month t of the service."""
        served = t - self.schedule.start
        return self.levels[served] if 0 <= served < len(self.levels) else self.units


def add_leases(model: Model, kind: OfferKind) -> None:
    """Adds every lease that is signed or can be: its units, their service, what they bring and cost."""
    dataset = model.dataset
    terms = dataset.parts("lease_terms")
    signed: list[LeaseSchedule] = []
    offered: list[LeaseSchedule] = []
    for lease in dataset.leases:
        if lease.status == "signed" and lease.signed_month is not None:
            signed.append(
                schedule_of(dataset, lease.lease, lease.signed_term_months or 0, dataset.t(lease.signed_month))
            )
        elif lease.status == "offer" and lease.units_max:
            for m in kind.signing_months(dataset, lease, every_month=model.every_month):
                offered.extend(LeaseSchedule(dataset, lease, m, term) for term in terms.get(lease.lease, []))
    keys = [(each.name, each.signed, each.term.term_months) for each in offered]
    units = model.add_cumulative_counts("units_by", keys, lambda name: dataset.lease_of[name].units_max)
    counted = [(each, Linear(float(each.offer.signed_units or 0))) for each in signed if each.term_end > 0]
    counted += [(each, units[each.name, each.signed, each.term.term_months]) for each in offered]
    for past in signed:
        if past.term_end <= 0:
            model.signings.sign(kind.key(past.offer), past.signed, Linear(1.0 if past.offer.signed_units else 0.0), 1)
    services = list(_services(model, kind, counted))
    for service in services:
        lease = service.schedule.offer
        most = (lease.signed_units or 0) if lease.status == "signed" else lease.units_max
        term_months = service.schedule.term.term_months
        model.signings.sign(kind.key(lease), service.schedule.signed, service.units, most, term_months=term_months)
    for of_lease in groups((service.schedule.name, service) for service in services).values():
        _bring_online(model, of_lease)
        _pay(model, of_lease)

    model.settlers.append(lambda: _drop_needless_ends(model, services))
    model.readers.append(lambda: Plan(signings=tuple(each for service in services for each in _signings(service))))


def _drop_needless_ends(model: Model, services: list[_ServicePeriod]) -> None:
    """Takes back ends of service beyond the horizon that cost nothing, save nothing and no cap needs.

    With `prorate` they are decisions only for the sake of caps on obligations; a solver ends service
    there or not, as it happens.
    """
    horizon = len(model.dataset.horizon)
    if counts_in_full(model.dataset) or not any(cap.measure == "obligation_usd" for cap in model.dataset.caps):
        return
    for service in services:
        tail = [service.level(t).variables[0] for t in service.stops if t >= horizon]
        ended = [variable.value for variable in tail]
        kept = service.level(horizon - 1).value()
        if all(value == kept for value in ended):
            continue
        for variable in tail:
            variable.set_value(kept)
        if not model.obligation_caps_kept():
            for variable, value in zip(tail, ended, strict=True):
                variable.set_value(value)


def _key(schedule: LeaseSchedule) -> tuple[str, int, int]:
    return schedule.name, schedule.term.term_months, schedule.signed


def _services(model: Model, kind: OfferKind, counted: list[tuple[LeaseSchedule, Linear]]) -> Iterator[_ServicePeriod]:
    """Variables for the months in which the units in service can fall below those of the month before."""
    dataset = model.dataset
    caps_obligations = any(cap.measure == "obligation_usd" for cap in dataset.caps)
    stops = {_key(schedule): _stop_months(model, schedule, caps_obligations) for schedule, _ in counted}
    index: list[tuple[str, int, int, int]] = []
    most = {}
    for schedule, units in counted:
        index.extend((*_key(schedule), t) for t in _drops(schedule, stops[_key(schedule)]))
        most[_key(schedule)] = units.constant if units.is_constant else float(schedule.offer.units_max)
    notice = {_key(schedule): schedule.term.notice_months for schedule, _ in counted}

    def decided(key: tuple[str, int, int, int]) -> int:
        """Cancelling is decided when notice is given, renewing in the renewal's first month."""
        return key[3] - notice[key[:3]] if key[3] in stops[key[:3]] else key[3]

    remaining = model.add_variables("in_service", index, upper=lambda key: most[key[:3]], integer=True, decided=decided)
    for schedule, units in counted:
        key = _key(schedule)
        last = schedule.renewals[-1].stop if schedule.renewals else schedule.term_end
        last = last if schedule.exit_month is None else min(last, schedule.exit_month)
        levels = [units] * max(0, last - schedule.start)
        for t in _drops(schedule, stops[key]):
            following, served = Linear.of(remaining[(*key, t)]), t - schedule.start
            falls = following.times(1.0).plus(levels[served], -1.0)
            model.add_constraint("service_only_ends", (*key, t), falls, at_most=0.0)
            levels[served:] = [following] * (len(levels) - served)
        tail_end = None if caps_obligations else cheapest_end(schedule)
        yield _ServicePeriod(kind, schedule, units, levels, stops[key], tail_end)


def _drops(schedule: LeaseSchedule, stops: tuple[int, ...]) -> list[int]:
    """Months in which fewer units can be in service than in the month before: ends, then starts of renewals."""
    return [*stops, *(renewal.start for renewal in schedule.renewals)]


def _stop_months(model: Model, schedule: LeaseSchedule, caps_obligations: bool) -> tuple[int, ...]:
    """Months at whose start service can stop, as decisions of the plan.

    Ends beyond the horizon change nothing with `prorate` and follow from the fees with `full`, unless
    obligations are capped: then they are decisions too. With `full` and several scenarios so are those of which
    notice is given inside the horizon: scenarios indistinguishable by then give it alike.
    """
    dataset = model.dataset
    if schedule.term.cancel_after_months is None:
        return ()
    last = len(dataset.horizon)
    if caps_obligations:
        last = schedule.term_end if counts_in_full(dataset) else last + schedule.term.notice_months
    else:
        last = _first_foreseen_end(dataset, schedule)
    return tuple(t for t in range(max(0, schedule.start), min(last, schedule.term_end)) if schedule.may_stop(t))


def _first_foreseen_end(dataset: Dataset, schedule: LeaseSchedule) -> int:
    """The first month from which stopping follows from the fees and is no decision of the plan."""
    shared = counts_in_full(dataset) and len(dataset.realizations) > 1
    return len(dataset.horizon) + (schedule.term.notice_months if shared else 0)


def cheapest_end(schedule: LeaseSchedule) -> int | None:
    """The month beyond the horizon in which to stop is cheapest, where fees there count; None to serve the term."""
    dataset, discount = schedule.dataset, schedule.dataset.discount
    horizon = len(dataset.horizon)
    if not counts_in_full(dataset) or schedule.term_end <= horizon:
        return None
    remainder = 1.0 - schedule.term.prepay_share

    def cost(stop: int) -> float:
        months = range(max(horizon, schedule.start), stop)
        fees = sum((remainder * schedule.owed(t) - schedule.worth_beyond(t)) * discount(t) for t in months)
        return fees + (schedule.termination_fee(stop) * discount(stop) if stop < schedule.term_end else 0.0)

    ends = [t for t in range(_first_foreseen_end(dataset, schedule), schedule.term_end) if schedule.may_stop(t)]
    best = min([schedule.term_end, *ends], key=cost)
    return None if best == schedule.term_end else best


def _bring_online(model: Model, services: list[_ServicePeriod]) -> None:
    """What the signings of one lease bring."""
    horizon = len(model.dataset.horizon)
    sources: dict[tuple[int, str], Source] = {}
    online: dict[tuple[int, str], dict[int, list[Scaled]]] = {}
    for service in services:
        schedule, term_months = service.schedule, service.schedule.term.term_months
        for hardware, accelerators in schedule.accelerators.items():
            if (term_months, hardware) not in sources:
                sources[term_months, hardware] = _source(service, hardware)
                online[term_months, hardware] = defaultdict(list)
            by_month = online[term_months, hardware]
            for t, level, share in zip(schedule.service, service.levels, schedule.arrivals, strict=False):
                if 0 <= t < horizon:
                    by_month[t].append((level, accelerators * share))
    for key, by_month in online.items():
        for t, parts in by_month.items():
            model.capacity.bring_online(sources[key], t, Linear().plus_all(parts))


def _source(service: _ServicePeriod, hardware: str) -> Source:
    lease, term = service.schedule.offer, service.schedule.term
    return Source(
        kind=service.kind,
        name=lease.lease,
        term_months=term.term_months,
        provider=lease.provider,
        region=lease.region,
        site=lease.site or lease.lease,
        hardware=hardware,
        usage_usd=term.usage_usd_per_accelerator_hour,
        sublet=lease.sublet,
    )


def _pay(model: Model, services: list[_ServicePeriod]) -> None:
    """What the signings of one lease cost: when signed, then fees by month and termination fees; what is owed too."""
    dataset, kind, horizon = model.dataset, services[0].kind, len(model.dataset.horizon)
    payer, full = kind.payer(dataset, services[0].schedule.offer), counts_in_full(dataset)
    asked = model.obligations.asked
    counted = math.inf if full or asked else horizon
    fees: dict[int, list[Scaled]] = defaultdict(list)

    def due(schedule: LeaseSchedule, t: int, units: Linear, usd: float) -> None:
        if t >= 0 and usd:
            if asked:
                model.obligations.owe(payer, schedule.signed, t, units, usd)
            fees[t].append((units, usd))

    for service in services:
        schedule, unpaid = service.schedule, 1.0 - service.schedule.term.prepay_share
        _pay_at_signing(model, payer, service)
        end = schedule.term_end if service.tail_end is None else service.tail_end
        for t, (level, fee) in enumerate(zip(service.levels, schedule.fees, strict=False), start=schedule.start):
            renewed = t >= schedule.term_end
            if t < counted and (renewed or t < end):
                due(schedule, t, level, (1.0 if renewed else unpaid) * fee)
                if t >= horizon and has_worth(dataset, t):
                    deduct_worth(model, kind.category, payer, t, level.times(schedule.worth_beyond(t)))
        for t in service.stops:
            fee = schedule.termination_fee(t)
            due(schedule, t, service.level(t - 1), fee)
            due(schedule, t, service.level(t), -fee)
        if service.tail_end is not None:
            fee = schedule.termination_fee(service.tail_end)
            due(schedule, service.tail_end, service.level(service.tail_end - 1), fee)
    for t, parts in fees.items():
        if t < horizon or full:
            model.costs.pay(kind.category, payer, t, Linear().plus_all(parts))
    model.obligations.keep(payer)


def _pay_at_signing(model: Model, payer: Payer, service: _ServicePeriod) -> None:
    """Upfront and prepayment."""
    dataset, schedule, category = model.dataset, service.schedule, service.kind.category
    signed, term = schedule.signed, schedule.term
    if signed < 0 or not schedule.supplier_present(signed):
        return
    if signed < len(dataset.horizon) or counts_in_full(dataset):
        if schedule.upfront:
            share = counted_share_of_upfront(dataset, schedule.start, term.term_months)
            model.costs.pay(category, payer, signed, service.units.times(schedule.upfront), counted=share)
        if term.prepay_share:
            share = counted_share_of_prepayment(dataset, schedule.start, schedule.term_fees)
            model.costs.pay(category, payer, signed, service.units.times(schedule.prepayment), counted=share)


def _signings(service: _ServicePeriod) -> Iterator[Signing]:
    """Units of one signing, grouped by the month they end in."""
    schedule = service.schedule

    def signing(units: int, end: int, cancelled: bool, renewals: int) -> Signing:
        return Signing(
            kind=service.kind,
            name=schedule.name,
            month=schedule.signed,
            term_months=schedule.term.term_months,
            units=units,
            start=schedule.start,
            end=end,
            cancelled=cancelled,
            renewals=renewals,
            signed=schedule.offer.status == "signed",
        )

    current = round(service.units.value())
    for stop in service.stops:
        following = round(service.level(stop).value())
        if following < current:
            yield signing(current - following, stop - 1, True, 0)
        current = following
    for k, renewal in enumerate(schedule.renewals):
        following = round(service.level(renewal.start).value())
        if following < current:
            yield signing(current - following, renewal.start - 1, False, k)
        current = following
    if current:
        if schedule.renewals:
            yield signing(current, schedule.renewals[-1].stop - 1, False, len(schedule.renewals))
        elif service.tail_end is not None:
            yield signing(current, service.tail_end - 1, True, 0)
        else:
            yield signing(current, schedule.term_end - 1, False, 0)
