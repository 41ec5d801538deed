"""Scopes: whether a cap applies to a payment or to a source of capacity, and to whom spending is promised."""

from __future__ import annotations

from typing import Protocol

from models.core.ledgers import Payer, Source
from models.dataset import Dataset


class Scoped(Protocol):
    """What speaks of a scope, such as a cap."""

    @property
    def scope(self) -> str:
        """The kind of thing that counts, or `total`."""

    @property
    def name(self) -> str | None:
        """Which one; of no meaning with `total`."""


def in_scope(cap: Scoped, payer: Payer) -> bool:
    """Whether a payment counts in a cap; outside scope total only what is paid for capacity does."""
    if cap.scope == "total":
        return True
    if not payer.kind.purchase:
        return False
    if cap.scope == "offer":
        return payer.offer == cap.name and payer.kind.is_offer
    return bool(getattr(payer, cap.scope) == cap.name)


def capacity_in_scope(dataset: Dataset, cap: Scoped, source: Source) -> bool:
    """Whether a source's capacity counts in a cap."""
    if cap.scope == "total":
        return True
    if cap.scope == "vendor":
        return dataset.hardware_of[source.hardware].vendor == cap.name
    if cap.scope == "offer":
        return source.name == cap.name and source.kind.is_offer
    return bool(getattr(source, cap.scope) == cap.name)


def promised(dataset: Dataset) -> set[str]:
    """Providers that are promised spending, or can be: what is paid to them is not as good as paid to others."""
    return {row.provider for row in dataset.spend_commitments if row.status != "excluded"}
