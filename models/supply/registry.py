"""The registry of the kinds of offers: a new kind has its entry in `KINDS`, and everything that asks finds it there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from models.core.model import Model
from models.dataset import Dataset
from models.kinds import FLEET, OPTION, Kind
from models.supply.contract_kind import CONTRACT
from models.supply.kind import OfferKind
from models.supply.lease_kind import LEASE
from models.supply.lease_out_kind import LEASE_OUT

KINDS: list[OfferKind] = [LEASE, CONTRACT, LEASE_OUT]
"""In the order in which terms are added to the model, and of reports. A list, so that a test can add its own."""


def bought() -> list[OfferKind]:
    """The kinds of offers that we would pay for: they bring capacity."""
    return [each for each in KINDS if each.buys]


def decided_kinds() -> list[Kind]:
    """The kinds of what a plan decides: offers, and options on them."""
    return [*KINDS, OPTION]


def known_kinds() -> dict[str, Kind]:
    """The kinds that a written plan may name."""
    return {each.name: each for each in (FLEET, *KINDS, OPTION)}


def kind_named(name: str) -> Kind:
    """The kind of that name; one that nothing knows keeps its name, for the audit to tell."""
    return known_kinds().get(name) or Kind(name)


def signing_families() -> set[str]:
    """Families of columns that say what is signed, leased out or bought."""
    return {"bought", *(family for kind in KINDS for family in kind.signing_families)}


def offers(dataset: Dataset) -> Iterator[tuple[OfferKind, Any]]:
    """Every offer with its kind, whatever its status."""
    return ((kind, row) for kind in KINDS for row in kind.rows(dataset))


def find_offer(dataset: Dataset, name: str) -> tuple[OfferKind, Any] | None:
    """The offer of that name and its kind; None where there is none."""
    found = ((kind, kind.of(dataset).get(name)) for kind in KINDS)
    return next(((kind, row) for kind, row in found if row is not None), None)


def offer_of(dataset: Dataset, name: str) -> tuple[OfferKind, Any]:
    """The offer of that name and its kind; KeyError where there is none."""
    found = find_offer(dataset, name)
    if found is None:
        raise KeyError(name)
    return found


def offers_on_the_table(dataset: Dataset) -> tuple[str, ...]:
    """Names of the offers that are neither signed nor excluded and of which a unit can be taken."""
    return tuple(kind.name_of(row) for kind, row in offers(dataset) if kind.is_open(row))


def add_bought_offers(model: Model) -> None:
    """Adds every offer that brings capacity."""
    for kind in bought():
        kind.add(model)


def add_sold_offers(model: Model) -> None:
    """Adds every offer by which others take capacity of ours."""
    for kind in KINDS:
        if not kind.buys:
            kind.add(model)


def add_use_of_offers(model: Model) -> None:
    """Adds what depends on how much offers are used."""
    for kind in KINDS:
        kind.add_use(model)
