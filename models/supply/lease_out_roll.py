"""Lease-outs rolled forward: those agreed run on as offers that must be taken, because no status says signed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from models.schema import Rule
from models.supply.next_round import RoundUnderWay

if TYPE_CHECKING:
    from models.supply.kind import OfferKind


def roll_lease_outs(state: RoundUnderWay, kind: OfferKind) -> None:
    """Units agreed become one row and a rule that takes it in month 0, for the months that are left."""
    dataset, to = state.dataset, state.to
    for row in dataset.lease_outs:
        name = row.lease_out
        agreed = [each for each in state.signings_of(kind, name) if each.month < to]
        running = [each for each in agreed if each.end >= to]
        left = row.units_max - sum(each.units for each in agreed)
        open_still = left > 0 and not state.is_closed(row.sign_until)
        if open_still:
            state.write(replace(row, units_max=left))
        for number, each in enumerate(running):
            own_name = number == 0 and not open_still and not state.is_shared(name)
            runs_as = name if own_name else state.free_name(f"{name} {dataset.label(each.month)}")
            if open_still:
                state.parts.setdefault(kind.key(row), []).append(runs_as)
            first = max(each.start, to)
            state.write(
                replace(
                    row,
                    lease_out=runs_as,
                    accelerators=row.accelerators * each.units,
                    units_max=1,
                    sign_from=dataset.month(to),
                    sign_until=dataset.month(to),
                    lead_months=first - to,
                    term_months=each.end - first + 1,
                )
            )
            state.stands_for(runs_as, each, settled=True)
            rule = state.free_name(f"{runs_as} runs on")
            state.rules.append(Rule(rule=rule, kind="at_least", offers=(runs_as,), count=1))
            state.done.append(f"{runs_as}: leased out since {dataset.label(each.month)}, runs on by rule {rule}")
        if agreed:
            state.signed.add(kind.key(row))
        if not open_still and not running:
            state.leave_out(kind.key(row))
