"""Power signed against power online: what is announced is not what is online."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from models.dataset import Dataset
from models.grouping import largest, sums
from models.kinds import FLEET, Kind
from models.plan import Plan
from planner.results.decisions import Decision


@dataclass(frozen=True, slots=True)
class PowerRow:
    """MW of a fleet asset or offer in month t.

    `signed_mw`: of everything signed by then and not ended, at its most within the term, begun or not.
    `online_mw`: what is online, after derate and ramp and before lease-outs.
    """

    month: int
    kind: Kind
    offer: str
    signed_mw: float
    online_mw: float


def power(dataset: Dataset, plan: Plan, decided: Iterable[Decision]) -> list[PowerRow]:
    """Every month and source with power signed or online; an asset of the fleet counts as signed until it goes."""
    online = sums(((each.month, each.kind, each.name), each.mw) for each in plan.online)
    fleet = largest((name, mw) for (_, kind, name), mw in online.items() if kind == FLEET)
    signed = sums(
        ((t, FLEET, each.asset), fleet.get(each.asset, 0.0))
        for each in dataset.fleet
        for t in dataset.window(None, each.until_month)
        if not _gone(dataset.realization.exit(each.provider), t)
    )
    for each in decided:
        if each.signing is not None and each.kind.buys and each.signing.kind.brings and each.most_mw:
            exits = each.signing.kind.exit(dataset, each.signing.kind.of(dataset)[each.name])
            for t in range(max(0, each.month), min(each.signing.end + 1, len(dataset.horizon))):
                if not _gone(exits, t):
                    signed[t, each.kind, each.name] += each.most_mw
    keys = sorted({key for key, mw in (*signed.items(), *online.items()) if mw})
    return [PowerRow(t, kind, name, signed[t, kind, name], online[t, kind, name]) for t, kind, name in keys]


def _gone(exit_month: int | None, t: int) -> bool:
    return exit_month is not None and t >= exit_month
