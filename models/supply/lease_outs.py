r"""Lease-outs: capacity that others would lease from us, in units.

Decision, per lease-out o and month of signing m: `leased_out[o,m]` integer units,
\sum_m leased_out <= units_max. Income in each of term_months service months from m + lead_months that lies inside the
horizon: usd_per_accelerator_hour x accelerators x hours of the month. In every month, what is leased out of a pool is
at most what fleet and leases with sublet yes have online there.
"""

from __future__ import annotations

from models.core.model import Model
from models.plan import Plan, Signing
from models.supply.kind import OfferKind


def add_lease_outs(model: Model, kind: OfferKind) -> None:
    """Adds every lease-out with its income; what may be leased out follows from the capacity ledger."""
    dataset = model.dataset
    index = [
        (row.lease_out, m)
        for row in dataset.lease_outs
        if row.units_max
        for m in kind.signing_months(dataset, row, every_month=model.every_month)
    ]
    units = model.add_cumulative_counts("leased_out_by", index, lambda name: dataset.lease_out_of[name].units_max)
    for (name, m), count in units.items():
        row = dataset.lease_out_of[name]
        start = kind.start(dataset, row, m)
        payer = kind.payer(row)
        model.signings.sign(kind.key(row), m, count, row.units_max)
        for t in range(start, start + row.term_months):
            if t in dataset.horizon:
                model.capacity.lease_out((row.region, row.hardware), t, count.times(row.accelerators))
                income = row.usd_per_accelerator_hour * row.accelerators * dataset.hours(t)
                model.costs.pay(kind.category, payer, t, count.times(-income))

    def read() -> Plan:
        found = []
        for (name, m), count in units.items():
            if taken := round(count.value()):
                row = dataset.lease_out_of[name]
                start = kind.start(dataset, row, m)
                end = start + row.term_months - 1
                found.append(Signing(kind, name, m, row.term_months, taken, start, end))
        return Plan(signings=tuple(found))

    model.readers.append(read)


def hold_what_is_leased_out(model: Model) -> None:
    """What is leased out of a pool, by offers of any kind, is at most what may be sublet there."""
    for (pool, t), leased in model.capacity.leased_out.items():
        body = leased.times(1.0)
        for source in model.capacity.sources().get((pool, t), []):
            if source.sublet:
                body.plus(model.capacity.online[source, t], -1.0)
        model.add_constraint(
            "leased_out_of_sublet", (*pool, t), body.times(1.0 / model.units.accelerators), at_most=0.0
        )
