"""Variants of a problem in one offer: forced in, left out, or at another price.

Only what a workbook can say is used, so that every variation is a problem a user could have written; that an
offer has to be taken is what a rule `at_least` says.
"""

from __future__ import annotations

from dataclasses import replace

from models.dataset import Dataset
from models.kinds import OfferKey
from models.supply.kind import OfferKind
from models.supply.registry import KINDS


def with_offer(dataset: Dataset, offer: OfferKey) -> Dataset:
    """The same problem where the offer has to be taken: a unit of it, or a contract's least blocks."""
    return replace(dataset, must_take=(*dataset.must_take, offer))


def without_offer(dataset: Dataset, offer: OfferKey) -> Dataset:
    """The same problem with the offer off the table; rules and caps still know its name."""
    kind: OfferKind = offer.kind
    return kind.without(dataset, offer.name)


def nothing_new(dataset: Dataset) -> Dataset:
    """The same problem with nothing to sign, lease out or buy an option on; what is signed stays.

    Offers stay in it by name, so that rules and caps still know them. What `resilience` asks for is left aside: it
    is bought by signing.
    """
    for kind in KINDS:
        dataset = kind.without(dataset)
    return replace(dataset, options=(), resilience=())


def at_price(dataset: Dataset, offer: OfferKey, factor: float) -> Dataset:
    """The same problem with an offer's rates and upfronts, or a lease-out's income, times a factor.

    Usage charges, minimum spend and option premiums stay, as for the scenario quantity `price`.
    """
    kind: OfferKind = offer.kind
    return kind.at_price(dataset, offer.name, factor)
