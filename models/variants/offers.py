"""Variants of a problem in one offer: forced in, left out, or at another price.

An offer is a lease, a contract or a lease-out. Only what a workbook can say is used, so that every
variation is a problem a user could have written.
"""

from __future__ import annotations

from dataclasses import replace

from models.dataset import Dataset
from models.schema import Rule


def with_offer(dataset: Dataset, name: str) -> Dataset:
    """The same problem where the offer has to be taken: a unit of it, or a contract's least blocks."""
    used = {each.rule for each in dataset.rules}
    rule = f"take {name}"
    while rule in used:
        rule += "'"
    return replace(dataset, rules=(*dataset.rules, Rule(rule=rule, kind="at_least", offers=(name,), count=1)))


def without_offer(dataset: Dataset, name: str) -> Dataset:
    """The same problem with the offer off the table; rules and caps still know its name."""
    return replace(
        dataset,
        leases=tuple(replace(each, status="excluded") if each.lease == name else each for each in dataset.leases),
        contracts=tuple(
            replace(each, status="excluded") if each.contract == name else each for each in dataset.contracts
        ),
        lease_outs=tuple(replace(each, units_max=0) if each.lease_out == name else each for each in dataset.lease_outs),
    )


def at_price(dataset: Dataset, name: str, factor: float) -> Dataset:
    """The same problem with an offer's rates and upfronts, or a lease-out's income, times a factor.

    Usage charges, minimum spend and option premiums stay, as for the scenario quantity `price`.
    """
    return replace(
        dataset,
        lease_terms=tuple(
            replace(
                each,
                usd_per_accelerator_hour=_times(each.usd_per_accelerator_hour, factor),
                usd_per_unit_month=_times(each.usd_per_unit_month, factor),
                upfront_usd_per_unit=each.upfront_usd_per_unit * factor,
            )
            if each.lease == name
            else each
            for each in dataset.lease_terms
        ),
        contracts=tuple(
            replace(each, upfront_usd=each.upfront_usd * factor) if each.contract == name else each
            for each in dataset.contracts
        ),
        contract_tiers=tuple(
            replace(
                each,
                usd_per_accelerator_hour=_times(each.usd_per_accelerator_hour, factor),
                usd_per_kw_month=_times(each.usd_per_kw_month, factor),
            )
            if each.contract == name
            else each
            for each in dataset.contract_tiers
        ),
        lease_outs=tuple(
            replace(each, usd_per_accelerator_hour=each.usd_per_accelerator_hour * factor)
            if each.lease_out == name
            else each
            for each in dataset.lease_outs
        ),
    )


def _times(price: float | None, factor: float) -> float | None:
    return None if price is None else price * factor
