"""The registry of the kinds of offers: a new kind has its entry in `KINDS`, and everything that asks finds it there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from models.core.model import Model
from models.dataset import Dataset
from models.kinds import FLEET, OPTION, Kind, OfferKey
from models.realization import ALL
from models.schema import Cap, Option, Rule
from models.supply.commitment_kind import COMMITMENT
from models.supply.contract_kind import CONTRACT
from models.supply.kind import OfferKind
from models.supply.lease_kind import LEASE
from models.supply.lease_out_kind import LEASE_OUT
from models.supply.own_build_kind import CHIPS, SITE
from models.supply.run_kind import RUN

KINDS: list[OfferKind] = [LEASE, CONTRACT, SITE, CHIPS, COMMITMENT, LEASE_OUT, RUN]
"""In the order in which terms are added to the model, and of reports. A list, so that a test can add its own."""


def bought() -> list[OfferKind]:
    """The kinds of offers of capacity that we would pay for."""
    return _of_side("bought")


def bringing() -> list[OfferKind]:
    """The kinds of offers that bring accelerators online."""
    return [each for each in bought() if each.brings]


def payable() -> list[OfferKind]:
    """The kinds of offers that we would pay for, whether or not they bring capacity."""
    return [each for each in KINDS if each.buys]


def ruled() -> list[OfferKind]:
    """The kinds of offers that rules may name: those of capacity, ours or of others."""
    return [*_of_side("bought"), *_of_side("sold")]


def _of_side(side: str) -> list[OfferKind]:
    return [each for each in KINDS if each.sheet.offers == side]


def uncertain(quantity: str = "") -> list[OfferKind]:
    """The kinds of offers that scenario factors act on, or those of a quantity."""
    return [each for each in KINDS if each.uncertain and (each.derated or quantity != "delivered_share")]


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


def offers_named(dataset: Dataset, name: str, kinds: Iterable[OfferKind]) -> list[OfferKey]:
    """The offers of that name among some kinds; where a person names one, more than one is a fault."""
    return [OfferKey(kind, name) for kind in kinds if name in kind.of(dataset)]


def two_offers(offers: Iterable[OfferKey]) -> str:
    """Offers of one name in words, each with its sheet: `a lease (sheet leases) and a lease-out (sheet lease_outs)`."""
    return " and ".join(f"a {each.kind.noun} (sheet {each.kind.sheet.name})" for each in offers)


def offer_named(dataset: Dataset, name: str, kinds: Iterable[OfferKind]) -> OfferKey | None:
    """The one offer of that name among some kinds; None where there is none."""
    return next(iter(offers_named(dataset, name, kinds)), None)


def offers_of_rule(dataset: Dataset, rule: Rule) -> tuple[OfferKey, ...]:
    """The offers that a rule names, of whatever kind."""
    return tuple(key for name in rule.offers for key in offers_named(dataset, name, ruled()))


def offer_of_option(dataset: Dataset, option: Option) -> OfferKey | None:
    """The offer that an option is on: one that we would pay for."""
    return offer_named(dataset, option.offer, bought())


def offer_of_cap(dataset: Dataset, cap: Cap) -> OfferKey | None:
    """The offer that a cap is on; None where its scope is another."""
    named = cap.name if cap.scope == "offer" else None
    return None if named is None else offer_named(dataset, named, (kind for kind in KINDS if kind.is_offer))


def caps_by_name(dataset: Dataset, cap: Cap) -> list[Cap]:
    """A cap as it holds: of name `*` one for each member of its scope, of others itself."""
    return (
        [replace(cap, name=name) for name in members(dataset, cap)]
        if cap.name == ALL and cap.scope != "total"
        else [cap]
    )


def members(dataset: Dataset, cap: Cap) -> list[str]:
    """Whom a cap of name `*` holds for: each of its scope that fleet, offers, segments or, for cash, on-demand name.

    What is excluded names nobody.
    """
    if cap.scope == "segment":
        return list(dataset.segment_of)
    bought_rows = [(kind, row) for kind in bought() for row in kind.rows(dataset) if kind.status(row) != "excluded"]
    if cap.scope == "offer":
        return sorted({kind.name_of(row) for kind, row in bought_rows})
    if cap.scope == "site":
        sites = {each.site or each.asset for each in dataset.fleet}
        return sorted(sites | {kind.site(row) for kind, row in bought_rows})
    if cap.scope in ("hardware", "vendor"):
        names = {each.hardware for each in dataset.fleet}
        names |= {name for kind, row in bought_rows for name in kind.hardware(dataset, row)}
        vendors = {dataset.hardware_of[each].vendor for each in names} - {""}
        return sorted(names if cap.scope == "hardware" else vendors)
    rows: list[Any] = [*dataset.fleet, *(dataset.on_demand if cap.measure.startswith("cash") else ())]
    names = {getattr(row, cap.scope) for row in rows}
    if cap.scope == "region":
        return sorted(names | {kind.region(dataset, row) for kind, row in bought_rows})
    capacity = cap.measure.startswith("capacity")
    return sorted(names | {row.provider for kind, row in bought_rows if kind.hosts or not capacity})


def options_on(dataset: Dataset, offer: OfferKey) -> list[Option]:
    """The options on an offer."""
    return [each for each in dataset.options if offer_of_option(dataset, each) == offer]


def offers_on_the_table(dataset: Dataset) -> tuple[OfferKey, ...]:
    """The offers that are neither signed nor excluded and of which a unit can be taken."""
    return tuple(kind.key(row) for kind, row in offers(dataset) if kind.is_open(row))


def add_bought_offers(model: Model) -> None:
    """Adds every offer that brings capacity."""
    for kind in bought():
        kind.add(model)


def add_sold_offers(model: Model) -> None:
    """Adds every offer by which others take capacity of ours."""
    for kind in _of_side("sold"):
        kind.add(model)


def add_work_done_once(model: Model) -> None:
    """Adds work that is done once, at a time of our choosing."""
    for kind in _of_side("done"):
        kind.add(model)


def add_promises(model: Model) -> None:
    """Adds what is promised for no capacity of its own, once all that is paid is known."""
    for kind in _of_side("promised"):
        kind.add(model)


def add_use_of_offers(model: Model) -> None:
    """Adds what depends on how much offers are used."""
    for kind in KINDS:
        kind.add_use(model)
