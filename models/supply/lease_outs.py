r"""Lease-outs: capacity that others would lease from us, in units, with a right to recall them.

Decisions, per lease-out o and month of signing m: units signed, an integer, the difference of two running totals
`leased_out_by` that end at units_max at the most; `not_recalled[t]` integer units still with the taker in month t,
for each month in which units can be back, never more than in the month before.
Income, with u_t the units with the taker in month t and f, fee, L of `models.supply.lease_out_schedule`:
upfront x units + prepay_share x \sum_{τ<=L} fee x units in month m; (1 - prepay_share) x fee_t x u_t in month t of the
horizon. Paid by us: (recall_fee_share + prepay_share) x \sum_{later} fee x (u_{t-1} - u_t) in month t. In every month,
what is leased out of a pool is at most what fleet and leases with sublet yes have online there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from models.core.linear import Linear
from models.core.model import Model
from models.plan import Plan, Signing
from models.supply.kind import OfferKind
from models.supply.lease_out_schedule import LeaseOutSchedule


@dataclass(frozen=True, slots=True)
class _Taken:
    """The units of one signing, at most so many, and those still with the taker in each month of the horizon."""

    schedule: LeaseOutSchedule
    units: Linear
    most: int
    levels: dict[int, Linear]

    def level(self, t: int) -> Linear:
        """Units with the taker in month t; before the horizon all."""
        return self.levels.get(t, self.units)


def add_lease_outs(model: Model, kind: OfferKind) -> None:
    """Adds every lease-out that is signed or can be: what it takes of the pools, and its income."""
    taken = list(_taken(model, kind))
    keys = {(*_key(each.schedule), t): each for each in taken for t in each.schedule.recalls}
    kept = model.add_variables(
        "not_recalled",
        keys,
        upper=lambda key: keys[key].most,
        integer=True,
        decided=lambda key: key[2] - keys[key].schedule.offer.recall_notice_months,
    )
    for each in taken:
        schedule, level = each.schedule, each.units
        model.signings.sign(kind.key(schedule.offer), schedule.signed, each.units, max(1, each.most))
        for t in range(max(0, schedule.start), min(schedule.term_end, len(model.dataset.horizon))):
            if t in schedule.recalls:
                following = Linear.of(kept[*_key(schedule), t])
                falls = following.times(1.0).plus(level, -1.0)
                model.add_constraint("recalled_for_good", (*_key(schedule), t), falls, at_most=0.0)
                level = following
            each.levels[t] = level
        _lease_out(model, each)
        _pay(model, kind, each)
    model.readers.append(lambda: Plan(signings=tuple(found for each in taken for found in _signings(kind, each))))


def _key(schedule: LeaseOutSchedule) -> tuple[str, int]:
    return schedule.offer.lease_out, schedule.signed


def _taken(model: Model, kind: OfferKind) -> Iterator[_Taken]:
    """What is signed already, and every way to sign what is on offer."""
    dataset = model.dataset
    for row in dataset.lease_outs:
        signed = kind.signed_before(dataset, row)
        if signed is not None and (count := kind.units_signed(row)):
            yield _Taken(LeaseOutSchedule(dataset, row, signed), Linear(float(count)), count, {})
    index = [
        (row.lease_out, m)
        for row in dataset.lease_outs
        if kind.is_open(row)
        for m in kind.signing_months(dataset, row, every_month=model.every_month)
    ]
    units = model.add_cumulative_counts("leased_out_by", index, lambda name: dataset.lease_out_of[name].units_max)
    for (name, m), counted in units.items():
        row = dataset.lease_out_of[name]
        yield _Taken(LeaseOutSchedule(dataset, row, m), counted, row.units_max, {})


def _lease_out(model: Model, each: _Taken) -> None:
    """What the units take of each pool, month by month."""
    schedule = each.schedule
    for t, level in each.levels.items():
        for hardware, accelerators in schedule.accelerators.items():
            if taken := accelerators * schedule.share(t):
                model.capacity.lease_out((schedule.offer.region, hardware), t, level.times(taken))


def _pay(model: Model, kind: OfferKind, each: _Taken) -> None:
    """Upfront and prepayment when signed, then fees by month, and what is paid back for units recalled."""
    schedule, payer = each.schedule, kind.payer(model.dataset, each.schedule.offer)

    def receive(t: int, units: Linear, usd: float, counted: float) -> None:
        if usd and t in model.dataset.horizon:
            model.costs.pay(kind.category, payer, t, units.times(-usd), counted=counted / usd)

    if schedule.supplier_present(schedule.signed):
        receive(schedule.signed, each.units, *schedule.upfront)
        receive(schedule.signed, each.units, *schedule.prepaid)
    for t, level in each.levels.items():
        due = schedule.due(t)
        receive(t, level, due, due)
    for t in schedule.recalls:
        back, counted = schedule.paid_back(t)
        recalled = each.level(t - 1).times(1.0).plus(each.level(t), -1.0)
        receive(t, recalled, -back, -counted)


def _signings(kind: OfferKind, each: _Taken) -> Iterator[Signing]:
    """Units of one signing, grouped by the month they are back in."""
    schedule = each.schedule
    if schedule.term_end <= 0:
        return
    name, signed = _key(schedule)
    current = round(each.units.value())
    for stop in (*schedule.recalls, schedule.term_end):
        recalled = stop < schedule.term_end
        left = round(each.level(stop).value()) if recalled else 0
        if left < current:
            yield Signing(
                kind=kind,
                name=name,
                month=signed,
                term_months=schedule.offer.term_months,
                units=current - left,
                start=schedule.start,
                end=stop - 1,
                cancelled=recalled,
                signed=schedule.offer.status == "signed",
            )
        current = left


def hold_what_is_leased_out(model: Model) -> None:
    """What is leased out of a pool, by offers of any kind, is at most what may be sublet there."""
    sources = model.capacity.sources()
    for (pool, t), leased in model.capacity.leased_out.items():
        body = leased.times(1.0)
        for source in sources.get((pool, t), []):
            if source.sublet:
                body.plus(model.capacity.online[source, t], -1.0)
        model.add_constraint(
            "leased_out_of_sublet", (*pool, t), body.times(1.0 / model.units.accelerators), at_most=0.0
        )
