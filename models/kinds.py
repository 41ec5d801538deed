"""Kinds: what capacity is had and money is booked under, known by name; those of offers are in `models.supply`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple


@dataclass(frozen=True, eq=False)
class Kind:
    """A kind of source, payment or decision, with its words and its place in reports.

    Two kinds of the same name are equal, and a kind is written as its name.

    Parameters
    ----------
    name
        As workbooks and run.json have it.
    verb
        What is done about it, as in `sign`; it is also what the calendar says.
    unit
        What it is counted in; blank for what is taken or not.
    label
        Its payments, as a heading.
    colour, light
        Of its bars, in service and before, as `#RRGGBB`.
    buys
        Whether we pay for it, and not others us.
    purchase
        Whether caps on cash that have a scope count what is paid for it: only what is paid for capacity.
    """

    name: str
    verb: str = ""
    unit: str = "unit"
    label: str = ""
    colour: str = "#999999"
    light: str = "#D9DEE4"
    buys: bool = True
    purchase: bool = False

    @property
    def is_offer(self) -> bool:
        """Whether it is a kind of offer, so that caps in the scope `offer` may speak of it."""
        return False

    @property
    def counted(self) -> bool:
        """Whether it is taken in units."""
        return bool(self.unit)

    @property
    def does(self) -> str:
        """The verb of a third person: `signs`, `leases out`."""
        first, *rest = self.verb.split(" ")
        return " ".join([f"{first}s", *rest])

    @property
    def noun(self) -> str:
        """The name as a word in a sentence."""
        return self.name.replace("_", "-")

    def units(self, count: int) -> str:
        """A number of units in words: `1 unit`, `3 blocks`."""
        return f"{count} {self.unit}{'s' if count != 1 else ''}"

    def __str__(self) -> str:
        return self.name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Kind) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __lt__(self, other: Kind) -> bool:
        return self.name < other.name


FLEET = Kind("fleet", label="Fleet running cost", purchase=True)
ON_DEMAND = Kind("on_demand", label="On demand", purchase=True)
OPTION = Kind("option", verb="buy option", unit="", label="Option premiums", colour="#E69F00")
LIMIT = Kind("limit", verb="set limit")
PROBE = Kind("probe")
OTHER = Kind("other")


OfferKind = Any
"""A `models.supply.kind.OfferKind`: it speaks of plans, so plans, which stand below it, cannot import its type."""


class OfferKey(NamedTuple):
    """What tells offers apart: two sheets may use one name.

    Parameters
    ----------
    kind
        The kind of offer.
    name
        Its name in the sheet of that kind.
    """

    kind: OfferKind
    name: str

    def row(self, dataset: Any) -> Any:
        """Its row in a workbook; KeyError where there is none."""
        return self.kind.of(dataset)[self.name]

    @property
    def words(self) -> str:
        """Kind and name in a sentence: `lease north`."""
        return f"{self.kind.noun} {self.name}"


DecidedKey = tuple[Kind, str]
"""What a plan decides about, by kind and name: an offer, or an option on one."""


def names_in_words(keys: Iterable[DecidedKey]) -> dict[DecidedKey, str]:
    """What each is called in a sentence: its name, with its kind where two share the name."""
    return {key: parts[0] if len(parts) == 1 else f"{key[0].noun} {key[1]}" for key, parts in index_parts(keys).items()}


def index_parts(keys: Iterable[DecidedKey]) -> dict[DecidedKey, tuple[str, ...]]:
    """How each is named in the index of a family: by its name, and by its kind too where two share the name."""
    found = dict.fromkeys(keys)
    count = Counter(name for _, name in found)
    return {(kind, name): (name,) if count[name] == 1 else (name, kind.name) for kind, name in found}
