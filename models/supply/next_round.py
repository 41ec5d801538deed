"""The next planning round: under construction, with what its parts share, and as it is once done."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.carried import Billed, Carried
from models.columns import Row
from models.dataset import Dataset
from models.kinds import Kind, OfferKey, OfferKind
from models.plan import Plan, Signing
from models.schema import (
    Cap,
    Fleet,
    Limit,
    OnDemand,
    Option,
    Ramp,
    Rule,
    ScenarioFactor,
    Segment,
    Throughput,
    sheet_of,
)

ROLLED = (
    "throughput",
    "segments",
    "limits",
    "fleet",
    "ramps",
    "on_demand",
    "options",
    "caps",
    "rules",
    "scenario_factors",
)
"""The sheets that rolling rewrites beside those of offers."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What a row of the next round stands for: units of an offer signed in month t of the round before.

    `term_months` and `start` are those of the signing then. `stop`: the first month without service once notice is
    given. `renewed`: how often it was renewed. `settled`: nothing of it is still to be decided. `owed`: only a fee is
    left of it.
    """

    kind: OfferKind
    name: str
    month: int
    term_months: int
    start: int
    stop: int | None = None
    renewed: int = 0
    settled: bool = False
    owed: bool = False


class RollState:
    """What has been rolled so far.

    `months`: the length of the new horizon; `kinds`: the kinds of offers; `parts`: the names under which units of an
    offer are signed now, where the offer stays on the table under its own; `removed`: offers that are in no sheet any
    more; `signed`: offers of which anything was signed; `origins`: what rows of signed units stand for.
    """

    def __init__(self, dataset: Dataset, plan: Plan, to: int, months: int, kinds: Sequence[OfferKind]) -> None:
        self.dataset, self.plan, self.to, self.months, self.kinds = dataset, plan, to, months, kinds
        self.throughput: list[Throughput] = []
        self.segments: list[Segment] = []
        self.limits: list[Limit] = []
        self.fleet: list[Fleet] = []
        self.ramps: list[Ramp] = list(dataset.ramps)
        self.on_demand: list[OnDemand] = []
        self.offers: dict[str, list[Row]] = defaultdict(list)
        self.options: list[Option] = []
        self.caps: list[Cap] = []
        self.rules: list[Rule] = []
        self.scenario_factors: list[ScenarioFactor] = []
        self.parts: dict[OfferKey, list[str]] = {}
        self.origins: dict[OfferKey, Origin] = {}
        self.removed: set[OfferKey] = set()
        self.signed: set[OfferKey] = set()
        self.carried: list[Carried] = []
        self.billed: list[Billed] = []
        self.done: list[str] = []
        self.notes: list[str] = []
        self._names = {kind.name_of(row) for kind in kinds for row in kind.rows(dataset)}
        self._names |= {each.ramp for each in dataset.ramps} | {each.cap for each in dataset.caps}

    def sheets(self) -> dict[str, Any]:
        """The rolled rows of the sheets that change, and what is carried over."""
        rows = {name: tuple(getattr(self, name)) for name in (*ROLLED, "carried", "billed")}
        return rows | {name: tuple(self.offers[name]) for kind in self.kinds for name in kind.sheets}

    def write(self, *rows: Row) -> None:
        """Puts rows into the next round, each in its sheet."""
        for row in rows:
            name = sheet_of(type(row)).name
            (getattr(self, name) if name in ROLLED else self.offers[name]).append(row)

    def signings_of(self, kind: Kind, name: str) -> list[Signing]:
        """The plan's signings of an offer."""
        return [each for each in self.plan.signings if (each.kind, each.name) == (kind, name)]

    def is_closed(self, sign_until: int | None) -> bool:
        """Whether a window that ends in a month is over when the round begins."""
        return sign_until is not None and self.dataset.t(sign_until) < self.to

    def stands_for(
        self,
        name: str,
        signing: Signing,
        *,
        stop: int | None = None,
        renewed: int = 0,
        settled: bool = False,
        owed: bool = False,
    ) -> None:
        """Notes that the offer of that name in the next round is units of a signing of this one; see `Origin`."""
        self.origins[OfferKey(signing.kind, name)] = Origin(
            signing.kind, signing.name, signing.month, signing.term_months, signing.start, stop, renewed, settled, owed
        )

    def free_name(self, name: str) -> str:
        """The name, with a number after it where it is taken already; then it is taken."""
        found, number = name, 2
        while found in self._names:
            found, number = f"{name} ({number})", number + 1
        self._names.add(found)
        return found

    def names_of(self, offer: OfferKey) -> list[str]:
        """The other names under which what was signed of an offer stands in the next round."""
        found = (name for (_, name), each in self.origins.items() if (each.kind, each.name) == (offer.kind, offer.name))
        return [name for name in found if name != offer.name]

    def is_shared(self, name: str) -> bool:
        """Whether two offers have the name, so that no rule can say which it means."""
        return sum(name in kind.of(self.dataset) for kind in self.kinds) > 1

    def leave_out(self, offer: OfferKey) -> None:
        """Takes an offer out of the next round."""
        self.removed.add(offer)
        self.done.append(f"{offer.name}: {'over' if offer in self.signed else 'can no longer be signed'}, removed")


@dataclass(frozen=True, slots=True)
class Rolled:
    """The next round's problem; `done` says what became of each offer and limit, `notes` what needs a person's eye.

    `to` is its first month, as month t of the horizon before. `origins`: of rows that stand for what was signed
    before where they came from.
    """

    dataset: Dataset
    to: int
    done: tuple[str, ...]
    notes: tuple[str, ...]
    origins: Mapping[OfferKey, Origin]

    def name_of(self, signing: Signing, stop: int | None = None, renewed: int = 0) -> str | None:
        """The name under which units of an earlier signing stand, by what became of them; None where none do."""
        asked = signing.kind, signing.name, signing.month, signing.term_months, stop, renewed
        for (_, name), each in self.origins.items():
            if (each.kind, each.name, each.month, each.term_months, each.stop, each.renewed) == asked:
                return name
        return None
