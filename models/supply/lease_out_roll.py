"""Lease-outs rolled forward: units agreed by then become signed rows, with the recalls of which notice is given."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from models.dataset import Dataset
from models.plan import Signing
from models.schema import Lease, LeaseHardware, LeaseOut, LeaseTerm
from models.supply.lease_kind import LEASE
from models.supply.lease_out_schedule import LeaseOutSchedule
from models.supply.next_round import RollState

if TYPE_CHECKING:
    from models.supply.kind import OfferKind


def stop_known(dataset: Dataset, signing: Signing, to: int) -> int | None:
    """The first month without service of units of which notice was given before month `to`; None for others."""
    stop = signing.end + 1
    notice = dataset.lease_out_of[signing.name].recall_notice_months
    return stop if signing.cancelled and stop - notice < to else None


def is_open(dataset: Dataset, signing: Signing, to: int) -> bool:
    """Whether units are not over in month `to`; a recall of which notice is not given yet is still to be decided."""
    stop = stop_known(dataset, signing, to)
    return (signing.start + dataset.lease_out_of[signing.name].term_months if stop is None else stop) > to


def roll_lease_outs(state: RollState, kind: OfferKind) -> None:
    """Units agreed become signed rows; what is left to sign stays an offer; what is over goes."""
    dataset, to = state.dataset, state.to
    for row in dataset.lease_outs:
        name, key = row.lease_out, kind.key(row)
        agreed = [each for each in state.signings_of(kind, name) if each.signed or each.month < to]
        left = row.units_max - sum(each.units for each in agreed if not each.signed)
        open_still = row.status == "offer" and left > 0 and not state.is_closed(row.sign_until)
        if row.status == "excluded":
            _write(state, row, row)
            continue
        if open_still:
            _write(state, row, replace(row, units_max=left))
        running: dict[tuple[int, int | None], list[Signing]] = defaultdict(list)
        for each in agreed:
            if (stop := stop_known(dataset, each, to)) is not None:
                _owe_recall_fee(state, row, each, stop)
            if is_open(dataset, each, to):
                running[each.month, stop].append(each)
        for number, ((month, stop), signings) in enumerate(running.items()):
            own_name = number == 0 and not open_still
            runs_as = name if own_name else state.free_name(f"{name} {dataset.label(month)}")
            if open_still:
                state.parts.setdefault(key, []).append(runs_as)
            _write_signed(state, row, runs_as, signings, stop)
        if agreed or (row.status == "signed" and row.signed_units):
            state.signed.add(key)
        if not open_still and not running:
            state.leave_out(key)


def _write(state: RollState, row: LeaseOut, written: LeaseOut) -> None:
    """A lease-out with all its hardware."""
    parts = (each for each in state.dataset.lease_out_hardware if each.lease_out == row.lease_out)
    state.write(written, *(replace(each, lease_out=written.lease_out) for each in parts))


def _write_signed(state: RollState, row: LeaseOut, name: str, signings: list[Signing], stop: int | None) -> None:
    """The signed row of units of one month and one fate."""
    first, units = signings[0], sum(each.units for each in signings)
    signed = replace(
        row, lease_out=name, status="signed", signed_month=state.dataset.month(first.month), signed_units=units
    )
    line = f"{name}: {units} unit{'s' if units > 1 else ''} leased out {state.dataset.label(first.month)}"
    if stop is not None:
        signed = replace(signed, term_months=stop - first.start, recall_after_months=None)
        line += f", recalled, service ends before {state.dataset.label(stop)}"
    _write(state, row, signed)
    state.stands_for(name, first, stop=stop, settled=stop is not None)
    state.done.append(line)


def _owe_recall_fee(state: RollState, row: LeaseOut, signing: Signing, stop: int) -> None:
    """What is still to be paid for a recall, as a lease of one month that brings nothing, owed since the signing."""
    schedule = LeaseOutSchedule(state.dataset, row, signing.month)
    usd, _ = schedule.paid_back(stop)
    beyond, _ = schedule.prepaid_from(max(stop, len(state.dataset.horizon), state.to + state.months))
    if not usd or stop < state.to:
        return
    name = state.free_name(f"{row.lease_out} recall fee")
    lease = Lease(
        row=row.row,
        lease=name,
        provider=row.provider or row.lease_out,
        region=row.region,
        status="signed",
        lead_months=stop - signing.month,
        signed_month=state.dataset.month(signing.month),
        signed_units=signing.units,
        signed_term_months=1,
    )
    hardware = next(iter(schedule.accelerators))
    state.write(
        lease,
        LeaseHardware(row=row.row, lease=name, hardware=hardware, accelerators=0.0),
        LeaseTerm(row=row.row, lease=name, term_months=1, usd_per_unit_month=usd),
    )
    state.stands_for(name, replace(signing, kind=LEASE), stop=stop, settled=True, owed=True)
    if beyond > 0.0:
        state.notes.append(
            f"{name}: {beyond * signing.units:,.0f} of it are prepaid fees of months beyond the new horizon, which no "
            "plan counted as income. As a fee of the next round they count in its cost, whatever it decides."
        )
