"""The least cost of a workbook with scenarios: every combination of decisions of each, as far as they go together.

Decisions taken in a month are the same in scenarios that are not told apart in it. Of a signing, whether a unit
goes on in a month is such a decision where both scenarios have to take it, and in the same month.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from properties.brute_force import best_by
from properties.brute_policies import Choice

from models.dataset import Dataset


@dataclass(frozen=True)
class Decided:
    """What is decided, each with its month, and how many units of a signing (offer, month, term) go on in a month."""

    taken: frozenset[tuple[int, tuple[object, ...], int]]
    going_on: frozenset[tuple[int, tuple[object, ...], int]]

    def until(self, month: int) -> Decided:
        """The decisions of the months before."""
        return Decided(*(frozenset(each for each in part if each[0] < month) for part in (self.taken, self.going_on)))

    def agrees(self, other: Decided, month: int) -> bool:
        """Whether both decide alike in the months before, as far as they decide on the same things."""
        mine, theirs = self.until(month), other.until(month)
        units = {(when, what): number for when, what, number in theirs.going_on}
        return mine.taken == theirs.taken and all(
            units.get((when, what), number) == number for when, what, number in mine.going_on
        )


def cheapest_together(data: Dataset) -> float | None:
    """The least of (1 - w) x expected cost + w x CVaR in USD of present value; None when no plan exists."""
    names = [row.scenario for row in data.scenarios]
    alone = {name: max((apart(data, name, other) for other in names if other != name), default=0) for name in names}
    ways = []
    for name in names:
        view = data.in_scenario(name)
        found = best_by(view, lambda choice, view=view, last=alone[name]: decided(view, choice).until(last))
        if not found:
            return None
        ways.append(sorted(((each.cost_usd, group) for group, each in found.items()), key=lambda pair: pair[0]))
    best: float | None = None

    def extend(chosen: tuple[Decided, ...], costs: tuple[float, ...]) -> None:
        nonlocal best
        k = len(chosen)
        if k == len(names):
            value = risk_value(data, costs)
            best = value if best is None else min(best, value)
            return
        for cost, way in ways[k]:
            if all(way.agrees(other, apart(data, names[k], names[i])) for i, other in enumerate(chosen)):
                extend((*chosen, way), (*costs, cost))
                if k + 1 == len(names):  # dearer ways of the last scenario improve nothing
                    break

    extend((), ())
    return best


def decided(data: Dataset, choice: Choice) -> Decided:
    """The decisions of a combination, by month."""
    signed = {row.lease for row in data.leases if row.status == "signed"}
    signed |= {row.contract for row in data.contracts if row.status == "signed"}
    signed |= {row.lease_out for row in data.lease_outs if row.status == "signed"}
    signed |= {row.build for row in data.own_sites if row.status == "signed"}
    signed |= {row.order for row in data.chip_orders if row.status == "signed"}
    signed |= {row.commitment for row in data.spend_commitments if row.status == "signed"}
    taken: Counter[tuple[int, tuple[object, ...]]] = Counter()
    going_on: dict[tuple[int, tuple[object, ...]], int] = {}
    for held in choice.holdings:
        if held.name not in signed:
            taken[held.month, (held.kind, held.name, held.detail)] += 1
        for t, when in held.choices:
            key = (when, (held.name, held.month, held.detail, t))
            going_on[key] = going_on.get(key, 0) + (held.last >= t)
    taken.update((t, ("option", name)) for name, t in choice.premiums)
    taken.update((t, ("limit", path.segment, name)) for path in choice.paths for t, name in enumerate(path.names))
    return Decided(
        frozenset((*key, number) for key, number in taken.items()),
        frozenset((*key, number) for key, number in going_on.items()),
    )


def apart(data: Dataset, one: str, other: str) -> int:
    """The first month in which two scenarios are told apart."""
    first = data.settings.first_stage_months
    rows = {row.scenario: row for row in data.scenarios}

    def line(name: str) -> list[tuple[str, int]]:
        """Those it is the same as, itself first, each with the month that lasts until."""
        month = rows[name].branches_at
        parts = first if month is None else max(first, data.t(month))
        followed = rows[name].follows
        return [(name, 10**9)] + ([] if followed is None else [(n, min(parts, m)) for n, m in line(followed)])

    theirs = dict(line(other))
    return max([first, *(min(month, theirs[name]) for name, month in line(one) if name in theirs)])


def risk_value(data: Dataset, costs: Sequence[float]) -> float:
    """(1 - w) x expected cost + w x CVaR of costs, in the order of the scenarios."""
    total = sum(row.probability for row in data.scenarios)
    odds = [row.probability / total for row in data.scenarios]
    expected = sum(p * cost for p, cost in zip(odds, costs, strict=True))
    tail = 1.0 - data.settings.risk_alpha
    worst = sorted(zip(costs, odds, strict=True), reverse=True)
    reached = [0.0]
    for _, p in worst:
        reached.append(min(tail, reached[-1] + p))
    shares = [after - before for before, after in pairwise(reached)]
    cvar = sum(cost * share for (cost, _), share in zip(worst, shares, strict=True)) / tail
    return (1.0 - data.settings.risk_weight) * expected + data.settings.risk_weight * cvar
