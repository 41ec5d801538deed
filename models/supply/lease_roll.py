"""Leases rolled forward: units signed by then become signed rows, with what has been decided of them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from models.plan import Signing
from models.schema import Lease, LeaseHardware, LeaseTerm, Ramp
from models.supply.lease_schedule import LeaseSchedule, schedule_of
from models.supply.next_round import RollState
from models.supply.signing import escalation, ramp_up

if TYPE_CHECKING:
    from models.supply.kind import OfferKind


@dataclass(frozen=True, slots=True)
class Holding:
    """Units of one signing with the same fate: service stops in month `stop` (notice is given), or was renewed."""

    month: int
    term_months: int
    stop: int | None = None
    renewed: int = 0


def roll_leases(state: RollState, kind: OfferKind) -> None:
    """Signed units become signed rows; what is left to sign stays an offer; what is over goes."""
    dataset, to = state.dataset, state.to
    for lease in dataset.leases:
        name = lease.lease
        signings = [each for each in state.signings_of(kind, name) if each.signed or each.month < to]
        holdings = _holdings(state, lease, signings)
        left = lease.units_max - sum(each.units for each in signings if not each.signed)
        open_still = lease.status == "offer" and left > 0 and not state.is_closed(lease.sign_until)
        if lease.status == "excluded":
            _keep(state, lease, lease)
            continue
        if open_still:
            _keep(state, lease, replace(lease, units_max=left))
        for number, (holding, units) in enumerate(holdings.items()):
            own_name = name if number == 0 and not open_still else None
            signed_as = own_name or state.free_name(f"{name} {dataset.label(holding.month)}")
            if own_name is None and open_still:
                state.parts.setdefault(kind.key(lease), []).append(signed_as)
            _write(state, kind, lease, holding, units, signed_as)
        if signings or (lease.status == "signed" and lease.signed_units):
            state.signed.add(kind.key(lease))
        if not open_still and not holdings:
            state.leave_out(kind.key(lease))


def _holdings(state: RollState, lease: Lease, signings: list[Signing]) -> dict[Holding, int]:
    """Units of a lease that are not over, by what has been decided of them before `to`."""
    found: dict[Holding, int] = defaultdict(int)
    for each in signings:
        holding = holding_of(schedule_of(state.dataset, lease.lease, each.term_months, each.month), each, state.to)
        if holding is not None:
            found[holding] += each.units
    return dict(found)


def holding_of(schedule: LeaseSchedule, signing: Signing, to: int) -> Holding | None:
    """What units signed before month `to` are in it, by what was decided before; None when they are over.

    A renewal of month `to` itself counts as decided: from then on the lease would be over.
    """
    term, stop = schedule.term, signing.end + 1
    if signing.cancelled and stop - term.notice_months < to:
        still = stop > to or (stop == to and term.termination_fee_share > 0.0)
        return Holding(signing.month, signing.term_months, stop=stop) if still else None
    length = term.renewal_months or 0
    begun = sum(schedule.term_end + k * length <= to for k in range(signing.renewals))
    if schedule.term_end + begun * length > to:
        return Holding(signing.month, signing.term_months, renewed=begun)
    return None


def _keep(state: RollState, lease: Lease, kept: Lease) -> None:
    """A lease with all its hardware and terms, as it is."""
    state.write(kept)
    state.write(*(each for each in state.dataset.lease_hardware if each.lease == lease.lease))
    state.write(*(each for each in state.dataset.lease_terms if each.lease == lease.lease))


def _hardware(state: RollState, lease: Lease, name: str) -> list[LeaseHardware]:
    return [replace(each, lease=name) for each in state.dataset.lease_hardware if each.lease == lease.lease]


def _signed_row(state: RollState, lease: Lease, name: str, month: int, units: int, term_months: int) -> Lease:
    return replace(
        lease,
        lease=name,
        site=lease.site or lease.lease,
        status="signed",
        signed_month=state.dataset.month(month),
        signed_units=units,
        signed_term_months=term_months,
    )


def _write(state: RollState, kind: OfferKind, lease: Lease, holding: Holding, units: int, name: str) -> None:
    """The signed row of a holding, with the one term it has now."""
    dataset, schedule = state.dataset, schedule_of(state.dataset, lease.lease, holding.term_months, holding.month)
    line = f"{name}: {units} unit{'s' if units > 1 else ''} signed {dataset.label(holding.month)}"
    term, month, row = replace(schedule.term, lease=name), holding.month, lease
    if holding.stop is not None:
        line += f", notice given, service ends before {dataset.label(holding.stop)}"
        _owe_termination_fee(state, kind, schedule, units, holding.stop, name)
        if holding.stop <= state.to:
            state.done.append(line)
            return
        term = replace(
            term,
            term_months=holding.stop - schedule.start,
            cancel_after_months=None,
            renewals_max=0,
            renewal_months=None,
        )
    elif holding.renewed:
        month = schedule.term_end + (holding.renewed - 1) * (schedule.term.renewal_months or 0)
        line += f", renewed {dataset.label(month)}"
        term, row = (
            _renewed(state, schedule, holding.renewed, name),
            replace(lease, lead_months=0, service_not_before=None),
        )
    state.write(_signed_row(state, row, name, month, units, term.term_months), *_hardware(state, lease, name), term)
    signed = Signing(kind, lease.lease, holding.month, holding.term_months, units, schedule.start, 0)
    state.stands_for(name, signed, stop=holding.stop, renewed=holding.renewed, settled=holding.stop is not None)
    state.done.append(line)


def _owe_termination_fee(
    state: RollState, kind: OfferKind, schedule: LeaseSchedule, units: int, stop: int, name: str
) -> None:
    """A termination fee still due, as a lease of one month that brings nothing, owed since the lease was signed."""
    fee = schedule.termination_fee(stop)
    if not fee:
        return
    lease = schedule.offer
    owed = name if stop <= state.to else state.free_name(f"{name} termination fee")
    row = replace(lease, delivered_share=1.0, sublet=False, lead_months=stop - schedule.signed, service_not_before=None)
    state.write(_signed_row(state, row, owed, schedule.signed, units, 1))
    signed = Signing(kind, lease.lease, schedule.signed, schedule.term.term_months, units, schedule.start, 0)
    state.stands_for(owed, signed, stop=stop, settled=True, owed=True)
    state.write(*(replace(each, accelerators=0.0) for each in _hardware(state, lease, owed)))
    state.write(LeaseTerm(row=schedule.term.row, lease=owed, term_months=1, usd_per_unit_month=fee))


def _renewed(state: RollState, schedule: LeaseSchedule, renewed: int, name: str) -> LeaseTerm:
    """The term of a lease in its renewal: no prepayment, no right to cancel, the escalator running on.

    Escalator, ramp and the renewal's price multiple become a ramp of their own, month by month.
    """
    term, length = schedule.term, schedule.term.renewal_months or 0
    passed = term.term_months + (renewed - 1) * length
    before = ramp_up(state.dataset, term.ramp)
    ramp = state.free_name(f"{name} renewed")
    steps: list[tuple[float, float]] = []
    for later in range(1, (term.renewals_max - renewed + 1) * length + 1):
        service_month = passed + later
        rate = before.rate_multiplier(service_month) * escalation(term.escalator_per_year, service_month)
        step = before.capacity_share(service_month), rate * term.renewal_price_multiple
        if not steps or step != steps[-1]:
            state.write(Ramp(ramp=ramp, service_month=later, capacity_share=step[0], rate_multiplier=step[1]))
        steps.append(step)
    last = renewed == term.renewals_max
    return replace(
        term,
        lease=name,
        term_months=length,
        upfront_usd_per_unit=0.0,
        prepay_share=0.0,
        escalator_per_year=0.0,
        ramp=ramp,
        cancel_after_months=None,
        renewals_max=term.renewals_max - renewed,
        renewal_months=None if last else length,
        renewal_price_multiple=1.0,
    )
