"""Variants of a problem in one offer: forced in, left out, or at another price.

An offer is a lease, a contract or a lease-out. Only what a workbook can say is used, so that every
variation is a problem a user could have written.
"""

from __future__ import annotations

from dataclasses import replace

from models.dataset import Dataset
from models.schema import Rule
from models.supply.registry import KINDS


def with_offer(dataset: Dataset, name: str) -> Dataset:
    """The same problem where the offer has to be taken: a unit of it, or a contract's least blocks."""
    used = {each.rule for each in dataset.rules}
    rule = f"take {name}"
    while rule in used:
        rule += "'"
    return replace(dataset, rules=(*dataset.rules, Rule(rule=rule, kind="at_least", offers=(name,), count=1)))


def without_offer(dataset: Dataset, name: str) -> Dataset:
    """The same problem with the offer off the table; rules and caps still know its name."""
    for kind in KINDS:
        dataset = kind.without(dataset, name)
    return dataset


def nothing_new(dataset: Dataset) -> Dataset:
    """The same problem with nothing to sign, lease out or buy an option on; what is signed stays.

    Offers stay in it by name, so that rules and caps still know them.
    """
    for kind in KINDS:
        dataset = kind.without(dataset)
    return replace(dataset, options=())


def at_price(dataset: Dataset, name: str, factor: float) -> Dataset:
    """The same problem with an offer's rates and upfronts, or a lease-out's income, times a factor.

    Usage charges, minimum spend and option premiums stay, as for the scenario quantity `price`.
    """
    for kind in KINDS:
        dataset = kind.at_price(dataset, name, factor)
    return dataset
