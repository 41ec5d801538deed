"""Where and when there can be capacity, whatever it costs and whatever caps and rules say.

A pool (region, hardware) has capacity in month t when some fleet, lease, contract or on-demand row can have
something at work there then, by the earliest signing that its windows and options leave, its lead time, its ramp and
its longest service. It says whether there can be any at all, not how much.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from models.checks.windows import signing_window
from models.dataset import Dataset
from models.schema import Contract, Lease, OnDemand
from models.supply.signing import ramp_up, service_start

Pool = tuple[str, str]
"""Region and hardware."""


@dataclass(slots=True)
class PossibleCapacity:
    """Months t in which something can be at work in each pool, for any segment and for single-site ones."""

    any_work: dict[Pool, set[int]] = field(default_factory=lambda: defaultdict(set))
    one_site: dict[Pool, set[int]] = field(default_factory=lambda: defaultdict(set))

    def add(self, pool: Pool, months: Iterable[int], at_a_site: bool) -> None:
        """Adds months in which a pool can have capacity, `at_a_site` for single-site segments too."""
        found = set(months)
        self.any_work[pool] |= found
        if at_a_site:
            self.one_site[pool] |= found


def possible_capacity(dataset: Dataset) -> PossibleCapacity:
    """Where and when there can be capacity, whatever it costs and whatever caps and rules say."""
    found = PossibleCapacity()
    horizon = dataset.horizon
    kept_free = dataset.settings.reserve_margin >= 1.0
    for asset in dataset.fleet:
        first = 0 if asset.from_month is None else max(0, dataset.t(asset.from_month))
        last = horizon[-1] if asset.until_month is None else min(horizon[-1], dataset.t(asset.until_month))
        if asset.accelerators > 0 and not kept_free:
            found.add((asset.region, asset.hardware), range(first, last + 1), True)
    for lease in dataset.leases:
        if not kept_free and lease.delivered_share > 0:
            in_service = _lease_months(dataset, lease)
            for row in dataset.lease_hardware:
                if row.lease == lease.lease and row.accelerators > 0:
                    found.add((lease.region, row.hardware), in_service, True)
    for contract in dataset.contracts:
        if contract.delivered_share > 0 and (not kept_free or contract.overage_share > 0):
            at_a_site = contract.take_or_pay_share == 1.0 and not kept_free
            found.add((contract.region, contract.hardware), _contract_months(dataset, contract), at_a_site)
    for pool, months in _on_demand_months(dataset):
        found.add(pool, months, False)
    return found


def _on_demand_months(dataset: Dataset) -> Iterator[tuple[Pool, range]]:
    """Months in which each row that sells anything holds: up to the next of the same seller."""
    sellers: dict[tuple[str, str, str], list[tuple[int, OnDemand]]] = defaultdict(list)
    for row in dataset.on_demand:
        start = 0 if row.from_month is None else dataset.t(row.from_month)
        sellers[row.provider, row.region, row.hardware].append((start, row))
    for (_, region, hardware), rows in sellers.items():
        rows.sort(key=lambda each: each[0])
        ends = [start for start, _ in rows[1:]] + [len(dataset.horizon)]
        for (start, row), end in zip(rows, ends, strict=True):
            if row.max_accelerators != 0:
                yield (region, hardware), range(max(0, start), min(end, len(dataset.horizon)))


def _lease_months(dataset: Dataset, lease: Lease) -> set[int]:
    months: set[int] = set()
    if lease.status == "excluded" or not (lease.signed_units if lease.status == "signed" else lease.units_max):
        return months
    for term in dataset.lease_terms:
        if term.lease != lease.lease:
            continue
        if lease.status == "signed" and term.term_months != lease.signed_term_months:
            continue
        longest = term.term_months + term.renewals_max * (term.renewal_months or 0)
        months |= _service_months(dataset, lease, term.ramp, longest)
    return months


def _contract_months(dataset: Dataset, contract: Contract) -> set[int]:
    blocks = contract.signed_blocks if contract.status == "signed" else contract.max_blocks
    if contract.status == "excluded" or not blocks:
        return set()
    return _service_months(dataset, contract, contract.ramp, contract.term_months)


def _service_months(dataset: Dataset, offer: Lease | Contract, ramp: str | None, longest: int) -> set[int]:
    """Months of the horizon in which some signing of the offer has anything online."""
    if offer.status == "signed":
        signings: Iterable[int] = () if offer.signed_month is None else (dataset.t(offer.signed_month),)
    else:
        window = signing_window(dataset, offer)
        allowed = _earliest_by_options(dataset, offer)
        signings = () if allowed is None else range(max(window.start, allowed), window.stop)
    ramped = ramp_up(dataset, ramp)
    months: set[int] = set()
    for start in {service_start(dataset, offer, signed) for signed in signings}:
        months.update(
            t
            for t in range(max(0, start), min(len(dataset.horizon), start + longest))
            if t not in months and ramped.capacity_share(t - start + 1) > 0
        )
    return months


def _earliest_by_options(dataset: Dataset, offer: Lease | Contract) -> int | None:
    """The first month t in which every option on the offer can have been bought; None when one never can."""
    name = offer.lease if isinstance(offer, Lease) else offer.contract
    earliest = 0
    for option in dataset.options:
        if option.offer != name:
            continue
        first = 0 if option.buy_from is None else max(0, dataset.t(option.buy_from))
        last = (
            dataset.horizon[-1] if option.buy_until is None else min(dataset.horizon[-1], dataset.t(option.buy_until))
        )
        if first > last:
            return None
        earliest = max(earliest, first)
    return earliest
