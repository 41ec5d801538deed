"""The cheapest use of capacity that is already decided, in months by themselves or tied together.

Written from the workbook's contract alone. A month by itself costs no more than it does tied to others, so that
combinations of sites that cannot win are left out. Where a policy on cash could make it pay to bill more than is owed,
the bill is held to what is owed by integer switches.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from properties.brute_factors import times
from properties.brute_lp import Lp
from properties.brute_month import Month, Sites
from properties.brute_prices import MTOK_PER_BN, price

from models.dataset import Dataset


@dataclass(frozen=True)
class Floor:
    """USD that a provider is paid at least in some months, of use or as a top-up in the last of them."""

    provider: str
    months: tuple[int, ...]
    usd: float


@dataclass(frozen=True)
class TopUp:
    """A contract year: what its bills beyond the take-or-pay minimum have still to reach."""

    contract: str
    months: tuple[int, ...]
    missing: float
    due: int


@dataclass(frozen=True)
class Budget:
    """A bound on dispatch cash (USD) or shortfall (bn tokens) over some months, in a scope.

    `share_of_revenue`: of what tokens short would have earned, what counts with the cash.
    """

    measure: str
    scope: str
    name: str | None
    sense: str
    months: tuple[int, ...]
    bound: float
    share_of_revenue: float = 0.0
    value: float = 0.0


@dataclass(frozen=True)
class Account:
    """The cash account: by month what comes in less what is paid whatever the use, USD; `share` of revenue is left."""

    opening: float
    flows: tuple[float, ...]
    share: float
    line: float
    rate: float


@dataclass(frozen=True)
class Ties:
    """What ties months together; `churn`: shortfall drives customers away."""

    top_ups: tuple[TopUp, ...] = ()
    budgets: tuple[Budget, ...] = ()
    floors: tuple[Floor, ...] = ()
    account: Account | None = None
    churn: bool = False

    @property
    def none(self) -> bool:
        """Whether nothing does."""
        return self == Ties()

    def groups(self, horizon: Sequence[int]) -> list[tuple[tuple[int, ...], Ties]]:
        """The months split into groups that nothing ties together, each with what ties it."""
        group = {t: {t} for t in horizon}
        bound = [(*year.months, year.due) for year in self.top_ups] + [each.months for each in self.budgets]
        bound += [tuple(horizon)] if self.account is not None or self.churn else []
        bound += [floor.months for floor in self.floors]
        for months in bound:
            joined = set().union(*(group[t] for t in months if t in group))
            for t in joined:
                group[t] = joined
        found = []
        for months in sorted({tuple(sorted(each)) for each in group.values()}):
            mine = replace(
                self,
                # A contract year beyond the horizon has no month of use; it goes with the first group.
                top_ups=tuple(
                    year
                    for year in self.top_ups
                    if set(year.months) & set(months) or (months[0] == 0 and min(year.months) >= len(group))
                ),
                budgets=tuple(each for each in self.budgets if set(each.months) <= set(months)),
                floors=tuple(each for each in self.floors if set(each.months) <= set(months)),
            )
            found.append((months, mine))
        return found


class Uses:
    """The cheapest uses of a workbook's months, each worked out once."""

    def __init__(self, data: Dataset) -> None:
        self._data = data
        self._bills_matter = any(cap.measure in ("cash_usd", "cash_share_of_revenue") for cap in data.caps)
        self._alone: dict[Month, list[tuple[float, Sites]]] = {}
        self._together: dict[tuple[tuple[Month, ...], Ties], float | None] = {}
        self._problem = cache(lambda month, sites: month.problem(data, sites))

    def alone(self, month: Month) -> list[tuple[float, Sites]]:
        """The choices of sites that a month by itself can do with, the cheapest first, each with its cost."""
        if month not in self._alone:
            found = [(self._problem(month, sites).minimum(), sites) for sites in month.site_choices(self._data)]
            self._alone[month] = sorted(((usd, sites) for usd, sites in found if usd is not None), key=lambda p: p[0])
        return self._alone[month]

    def together(self, months: tuple[Month, ...], ties: Ties) -> float | None:
        """Least present value of what depends on use in these months, whatever the sites; None if there is none."""
        if (months, ties) not in self._together:
            self._together[months, ties] = self._cheapest(months, ties)
        return self._together[months, ties]

    def _cheapest(self, months: tuple[Month, ...], ties: Ties) -> float | None:
        exact = bool(ties.floors) or self._bills_matter
        best = None
        for chosen in itertools.product(*map(self.alone, months)):
            if best is not None and sum(usd for usd, _ in chosen) >= best:
                continue
            lp = Lp()
            for month, (_, sites) in zip(months, chosen, strict=True):
                lp.add(self._problem(replace(month, exact=exact), sites))
            _tie(lp, self._data, ties, exact)
            found = lp.minimum()
            if found is not None and (best is None or found < best):
                best = found
        return best


def _tie(lp: Lp, data: Dataset, ties: Ties, exact: bool) -> None:
    if ties.churn:
        _churn(lp, data)
    for top_up in ties.top_ups:
        _top_up(lp, data, top_up, exact)
    for floor in ties.floors:
        _floor(lp, data, floor)
    for budget in ties.budgets:
        _budget(lp, data, budget)
    if ties.account is not None:
        _account(lp, data, ties.account)


def _churn(lp: Lp, data: Dataset) -> None:
    """What is lost a month later: what is still lost, and what falls short now."""
    lost = {(column.segment, column.t): j for j, column in enumerate(lp.columns) if column.lost}
    for (name, t), now in lost.items():
        if (name, t + 1) in lost:
            segment, tokens = data.segment_of[name], lp.columns[now].lost_tokens
            short = [j for j, each in enumerate(lp.columns) if each.short and (each.segment, each.t) == (name, t)]
            churn = segment.churn_per_shortfall * times(data, "churn", t, name)
            more = [(j, -churn / tokens) for j in short] if tokens else []
            lp.row([(lost[name, t + 1], 1.0), (now, segment.recovery_per_month - 1.0), *more], low=0.0, high=0.0)


def _account(lp: Lp, data: Dataset, account: Account) -> None:
    """In the bank, or drawn, after each month: what there was, and what came in, less what was paid and interest."""
    moves: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for j, column in enumerate(lp.columns):
        lost = 0.0
        if column.short:
            lost = account.share * MTOK_PER_BN
            lost *= price(data, data.segment_of[column.segment], "revenue_usd_per_mtok", column.t)
        moves[column.t].append((j, column.cash + lost + account.share * column.lost_revenue))
    before: list[tuple[int, float]] = []
    opening = account.opening + min(0.0, account.opening) * account.rate
    for t, flow in enumerate(account.flows):
        drawn = lp.column(t, account.rate * data.discount(t + 1), account.line)
        held = lp.column(t)
        total = flow + (opening if t == 0 else 0.0)
        lp.row([(held, 1.0), (drawn, -1.0), *moves[t], *((j, -value) for j, value in before)], low=total, high=total)
        before = [(held, 1.0), (drawn, -1.0 - account.rate)]


def _floor(lp: Lp, data: Dataset, floor: Floor) -> None:
    due = floor.months[-1]
    spent = [
        (j, column.cash)
        for j, column in enumerate(lp.columns)
        if column.provider == floor.provider and column.t in floor.months and not column.promised
    ]
    paid = lp.column(due, data.discount(due), cash=1.0, provider=floor.provider, promised=True)
    lp.row([(paid, 1.0), *spent], low=floor.usd)
    most = abs(floor.usd) + 1.0
    reached = lp.column(due, upper=1.0, whole=True)
    lp.row([(paid, 1.0), (reached, most)], high=most)
    lp.row([(paid, 1.0), *spent, (reached, -1e6)], high=floor.usd)


def _top_up(lp: Lp, data: Dataset, top_up: TopUp, exact: bool) -> None:
    contract = data.contract_of[top_up.contract]
    billed = [
        (j, column.cash)
        for j, column in enumerate(lp.columns)
        if column.bill and column.offer == top_up.contract and column.t in top_up.months
    ]
    paid = lp.column(
        top_up.due, data.discount(top_up.due), cash=1.0, offer=top_up.contract, provider=contract.provider,
        region=contract.region, site=contract.site or contract.contract,
    )  # fmt: skip
    lp.row([(paid, 1.0), *billed], low=top_up.missing)
    if exact:
        most = abs(top_up.missing) + 1.0
        reached = lp.column(top_up.due, upper=1.0, whole=True)
        lp.row([(paid, 1.0), (reached, most)], high=most)
        lp.row([(paid, 1.0), *billed, (reached, -1e3 * most - 1e6)], high=top_up.missing)


def _budget(lp: Lp, data: Dataset, budget: Budget) -> None:
    """Cash, with the share of what tokens short would have earned, or tokens short, against the bound."""
    terms = []
    for j, column in enumerate(lp.columns):
        if column.t not in budget.months:
            continue
        if budget.measure == "shortfall_share":
            if budget.name in (None, column.segment):
                terms.append((j, float(column.short) + budget.value * column.lost_tokens))
        elif budget.scope == "total" or getattr(column, budget.scope) == budget.name:
            lost = 0.0
            if column.short:
                earns = price(data, data.segment_of[column.segment], "revenue_usd_per_mtok", column.t) * MTOK_PER_BN
                lost = budget.share_of_revenue * earns
            terms.append((j, column.cash + lost + budget.share_of_revenue * column.lost_revenue))
    slack = 1e-9 * max(1.0, abs(budget.bound))
    if budget.sense == "max":
        lp.row(terms, high=budget.bound + slack)
    else:
        lp.row(terms, low=budget.bound - slack)
