"""Power signed against power online: what is announced is not what is online."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from models.dataset import Dataset
from models.grouping import largest, sums
from models.kinds import FLEET, Kind
from models.plan import Plan, Signing
from planner.results.decisions import Decision


@dataclass(frozen=True, slots=True)
class PowerRow:
    """MW of a fleet asset or offer in month t.

    `signed_mw`: of everything signed by then and not ended, at its most within the term, begun or not; of an own site
    what chips are not ordered for yet, since chips have theirs.
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
    bound = list(_bound(dataset, decided))
    chips = sums(((t, site), mw) for t, signing, site, mw in bound if not signing.kind.hosts)
    shells = sums(((t, site), mw) for t, signing, site, mw in bound if not signing.kind.brings)
    for t, signing, site, mw in bound:
        used = 0.0 if signing.kind.brings else min(1.0, chips[t, site] / shells[t, site])
        signed[t, signing.kind, signing.name] += mw * (1.0 - used)
    keys = sorted({key for key, mw in (*signed.items(), *online.items()) if mw})
    return [PowerRow(t, kind, name, signed[t, kind, name], online[t, kind, name]) for t, kind, name in keys]


def _bound(dataset: Dataset, decided: Iterable[Decision]) -> Iterator[tuple[int, Signing, str, float]]:
    """Every month that a signing holds for: until its end, or what is left of it when its supplier goes."""
    for each in decided:
        if each.signing is None or not each.kind.buys or not each.most_mw:
            continue
        kind, end = each.signing.kind, each.signing.end
        row = kind.of(dataset)[each.name]
        for t in range(max(0, each.month), min(end + 1, len(dataset.horizon))):
            if not _gone(kind.exit(dataset, row), t) or kind.most_mw(dataset, each.signing, range(t, t + 1)):
                yield t, each.signing, kind.site(row), each.most_mw


def _gone(exit_month: int | None, t: int) -> bool:
    return exit_month is not None and t >= exit_month
