"""The bill of a lease, line by line; what is delivered less, or not yet ramped up, cuts a fixed rent too."""

from __future__ import annotations

from collections.abc import Iterator

from models.dataset import Dataset
from models.plan import Signing
from models.supply.bill_rows import BillRow
from models.supply.lease_schedule import LeaseSchedule
from models.supply.signing import escalation


def lease_bill_rows(dataset: Dataset, signing: Signing) -> Iterator[BillRow]:
    """Upfront and prepayment, then every month's fee, and the fee for ending early."""
    lease = dataset.lease_of[signing.name]
    term = next(
        each for each in dataset.lease_terms if each.lease == signing.name and each.term_months == signing.term_months
    )
    schedule, units = LeaseSchedule(dataset, lease, term, signing.month), signing.units
    name, signed = signing.name, signing.month
    if schedule.supplier_present(signed):
        yield BillRow(
            signed, name, signed, units, None, schedule.upfront, "upfront", 0.0, 1.0, units * schedule.upfront
        )
        fees = term.prepay_share * sum(schedule.fee(t) for t in range(schedule.start, schedule.term_end))
        yield BillRow(signed, name, signed, units, None, fees, "prepayment", 0.0, 1.0, units * fees)
    for t in range(signing.start, signing.end + 1):
        if t not in dataset.horizon or not schedule.supplier_present(t):
            continue
        escalator = escalation(term.escalator_per_year, t - schedule.start + 1)
        fee, in_term = schedule.fee(t), t < schedule.term_end
        hours: float | None = None
        if term.usd_per_unit_month is None:
            hours = units * sum(schedule.accelerators.values()) * schedule.online_share(t) * dataset.hours(t)
        prepaid = term.prepay_share * fee * units if in_term else 0.0
        each = hours / units if hours is not None else 1.0
        rate = fee / escalator / each if each else 0.0
        tier = f"{term.term_months} months" if in_term else "renewal"
        yield BillRow(t, name, signed, units, hours, rate, tier, prepaid, escalator, units * fee - prepaid)
    if signing.cancelled and schedule.supplier_present(signing.end + 1):
        fee = schedule.termination_fee(signing.end + 1)
        yield BillRow(signing.end + 1, name, signed, units, None, fee, "termination fee", 0.0, 1.0, units * fee)
