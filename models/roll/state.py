"""The rows of the next round under construction, and what its parts share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from models.dataset import Billed, Carried, Dataset
from models.plan import Plan
from models.schema import (
    Cap,
    Contract,
    Fleet,
    Lease,
    LeaseHardware,
    LeaseOut,
    LeaseTerm,
    Limit,
    OnDemand,
    Option,
    Ramp,
    Rule,
    ScenarioFactor,
    Segment,
    Throughput,
)

ROLLED = (
    "throughput",
    "segments",
    "limits",
    "fleet",
    "leases",
    "lease_hardware",
    "lease_terms",
    "ramps",
    "contracts",
    "on_demand",
    "lease_outs",
    "options",
    "caps",
    "rules",
    "scenario_factors",
)
"""The sheets that rolling rewrites; contract_tiers only lose rows."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What a row of the next round stands for: units of an offer signed in month t of the round before.

    `term_months` and `start` are those of the signing then. `stop`: the first month without service once notice is
    given. `renewed`: how often it was renewed. `settled`: nothing of it is still to be decided.
    """

    kind: str
    name: str
    month: int
    term_months: int
    start: int
    stop: int | None = None
    renewed: int = 0
    settled: bool = False


class RollState:
    """What has been rolled so far.

    `parts`: the names under which units of an offer are signed now, where the offer stays on the table
    under its own; `removed`: names that are in no sheet any more; `signed`: offers of which anything was signed;
    `origins`: what rows of signed units stand for, by kind and name.
    """

    def __init__(self, dataset: Dataset, plan: Plan, to: int) -> None:
        self.dataset, self.plan, self.to = dataset, plan, to
        self.throughput: list[Throughput] = []
        self.segments: list[Segment] = []
        self.limits: list[Limit] = []
        self.fleet: list[Fleet] = []
        self.leases: list[Lease] = []
        self.lease_hardware: list[LeaseHardware] = []
        self.lease_terms: list[LeaseTerm] = []
        self.ramps: list[Ramp] = list(dataset.ramps)
        self.contracts: list[Contract] = []
        self.on_demand: list[OnDemand] = []
        self.lease_outs: list[LeaseOut] = []
        self.options: list[Option] = []
        self.caps: list[Cap] = []
        self.rules: list[Rule] = []
        self.scenario_factors: list[ScenarioFactor] = []
        self.parts: dict[str, list[str]] = {}
        self.origins: dict[tuple[str, str], Origin] = {}
        self.removed: set[str] = set()
        self.signed: set[str] = set()
        self.carried: list[Carried] = []
        self.billed: list[Billed] = []
        self.done: list[str] = []
        self.notes: list[str] = []
        self._names = {each.lease for each in dataset.leases} | {each.contract for each in dataset.contracts}
        self._names |= {each.lease_out for each in dataset.lease_outs} | {each.ramp for each in dataset.ramps}
        self._names |= {each.cap for each in dataset.caps}

    def sheets(self) -> dict[str, Any]:
        """The rolled rows of the sheets that change, and what is carried over."""
        tiers = tuple(each for each in self.dataset.contract_tiers if each.contract not in self.removed)
        rows = {name: tuple(getattr(self, name)) for name in (*ROLLED, "carried", "billed")}
        return rows | {"contract_tiers": tiers}

    def free_name(self, name: str) -> str:
        """The name, with a number after it where it is taken already; then it is taken."""
        found, number = name, 2
        while found in self._names:
            found, number = f"{name} ({number})", number + 1
        self._names.add(found)
        return found

    def leave_out(self, name: str) -> None:
        """Takes an offer out of the next round."""
        self.removed.add(name)
        self.done.append(f"{name}: {'over' if name in self.signed else 'can no longer be signed'}, removed")
