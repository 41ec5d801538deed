"""What a kind of offer needs of the next planning round under construction; `models.roll` is what there is of it."""

from __future__ import annotations

from typing import Protocol

from models.columns import Row
from models.dataset import Billed, Dataset
from models.kinds import Kind, OfferKey
from models.plan import Plan, Signing
from models.schema import Rule


class RoundUnderWay(Protocol):
    """The rows of the next round under construction; `to` is its first month, as a month t of this one."""

    dataset: Dataset
    plan: Plan
    to: int
    rules: list[Rule]
    parts: dict[OfferKey, list[str]]
    removed: set[OfferKey]
    signed: set[OfferKey]
    billed: list[Billed]
    done: list[str]
    notes: list[str]

    def write(self, *rows: Row) -> None:
        """Puts rows into the next round, each in its sheet."""

    def signings_of(self, kind: Kind, name: str) -> list[Signing]:
        """The plan's signings of an offer."""

    def is_closed(self, sign_until: int | None) -> bool:
        """Whether a window that ends in a month is over when the round begins."""

    def stands_for(
        self, name: str, signing: Signing, *, stop: int | None = None, renewed: int = 0, settled: bool = False
    ) -> None:
        """Notes that the offer of that name in the next round is units of a signing of this one."""

    def free_name(self, name: str) -> str:
        """The name, with a number after it where it is taken already; then it is taken."""

    def is_shared(self, name: str) -> bool:
        """Whether two offers have the name, so that no rule can say which it means."""

    def leave_out(self, offer: OfferKey) -> None:
        """Takes an offer out of the next round."""


class RoundWritten(Protocol):
    """The next round's problem; `to` is its first month, as a month t of the round before."""

    @property
    def dataset(self) -> Dataset:
        """The problem."""
        ...

    @property
    def to(self) -> int:
        """Its first month."""
        ...

    def name_of(self, signing: Signing, stop: int | None = None, renewed: int = 0) -> str | None:
        """The name under which units of an earlier signing stand, by what became of them; None where none do."""
