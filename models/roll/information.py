r"""The information set of a month: the problem as known in month k, facts where known and the forecast elsewhere.

`forecast` is the problem as expected at first, `actuals` the same problem as it really goes. Known in month k:
    demand, on-demand prices and caps   month by month, up to k; after it the forecast, with `level` times
                                        actual / forecast of month k (demand and price, each by itself)
    leases, contracts, lease-outs, options   what is offered, from the month it can first be signed by either
    lead time, first service month, share delivered, ramps   from the month service of ours was to begin, by either
    effects of limits                   once the limit has been in force
    fleet, throughput                   from the first month in which they differ
All else is taken from `actuals` from the start. So what a plan signs in month k is on offer on the terms it sees.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Literal, TypeVar

from models.dataset import Dataset
from models.demand.baseline import baseline_demand
from models.plan import Plan
from models.schema import Demand, Fleet, Limit, OnDemand, Ramp, sheet
from models.supply.kind import OfferKind
from models.supply.on_demand import price_paths
from models.supply.registry import KINDS, offers

Update = Literal["none", "level"]
AnyRow = TypeVar("AnyRow")
Choice = Callable[[Any, Any], Any]
"""Which of a row of the forecast and the same row of the actuals is believed; None where one has no such row."""


def information_at(forecast: Dataset, actuals: Dataset, implemented: Plan, k: int, update: Update) -> Dataset:
    """The problem as known in month k, over the whole horizon.

    Parameters
    ----------
    forecast, actuals
        The problem as expected at first, and as it really goes.
    implemented
        The plan followed until month k.
    k
        The month t.
    update
        `level` scales the forecast of later months by actual / forecast of month k; `none` leaves it.
    """
    seen = _Seen(forecast, actuals, implemented, k)
    known = replace(
        actuals,
        settings=replace(actuals.settings, plan_name=forecast.settings.plan_name),
        demand=tuple(_demand(forecast, actuals, k, update)),
        on_demand=_on_demand(forecast, actuals, k, update),
    )
    choices: dict[str, Choice] = {
        "throughput": seen.throughput,
        "fleet": seen.asset,
        "ramps": seen.ramp,
        "options": seen.from_window("buy_from"),
        "limits": seen.limit,
    }
    for kind in KINDS:
        choices[kind.sheet.name] = seen.offer(kind)
        choices |= {name: seen.part(kind) for name in kind.sheets[1:]}
    return known.with_rows(**{name: seen.merged(name, choose) for name, choose in choices.items()})


class _Seen:
    """What of the rows of both versions is known in month k."""

    def __init__(self, forecast: Dataset, actuals: Dataset, implemented: Plan, k: int) -> None:
        self.forecast, self.actuals, self.implemented, self.k = forecast, actuals, implemented, k
        self.in_force = {(each.segment, each.limit) for each in implemented.limits if each.month < k}
        names = {(kind, kind.name_of(row)) for data in (forecast, actuals) for kind, row in offers(data)}
        self.delivered = {(kind, name) for kind, name in names if self._service_was_due(kind, name)}
        self.delivered_ramps = {
            ramp
            for data in (forecast, actuals)
            for kind, row in offers(data)
            for ramp, _ in kind.ramps(data, row)
            if (kind, kind.name_of(row)) in self.delivered
        }

    def merged(self, name: str, choose: Choice) -> Any:
        """The rows of a sheet as known, in the forecast's order, then those that only the actuals have."""
        old, new = self.forecast.rows(name), self.actuals.rows(name)
        if old == new:
            return new
        before, after = (_by_key(rows, sheet(name).key) for rows in (old, new))
        chosen = (
            after[each] if before.get(each) == after.get(each) else choose(before.get(each), after.get(each))
            for each in dict.fromkeys([*before, *after])
        )
        return tuple(each for each in chosen if each is not None)

    def offer(self, kind: OfferKind) -> Choice:
        """What is offered, and once service was to begin what comes of it."""

        def choose(before: Any, after: Any) -> Any:
            name = kind.name_of(before or after)
            if not self._opened(before, after):
                return before
            if before is None or after is None or (kind, name) in self.delivered:
                return after
            facts = ("lead_months", "service_not_before", "delivered_share") if kind.uncertain else ()
            return replace(after, **{fact: getattr(before, fact) for fact in facts if hasattr(before, fact)})

        return choose

    def part(self, kind: OfferKind) -> Choice:
        """Parts of an offer are known with what is offered of it."""

        def choose(before: Any, after: Any) -> Any:
            name = kind.name_of(before or after)
            opened = self._opened(kind.of(self.forecast).get(name), kind.of(self.actuals).get(name))
            return after if opened else before

        return choose

    def from_window(self, opens: str) -> Choice:
        """Rows known from the month their window opens, by either version."""
        return lambda before, after: after if self._opened(before, after, opens) else before

    def _opened(self, before: Any, after: Any, opens: str = "sign_from") -> bool:
        for row in (before, after):
            if row is not None:
                month = getattr(row, opens)
                if month is None or getattr(row, "status", "") == "signed" or self.actuals.t(month) <= self.k:
                    return True
        return False

    def _service_was_due(self, kind: OfferKind, name: str) -> bool:
        signed = [each.month for each in self.implemented.signings if (each.kind, each.name) == (kind, name)]
        for data in (self.forecast, self.actuals):
            offer = kind.of(data).get(name)
            if offer is None:
                continue
            before = kind.signed_before(data, offer)
            months = [m for m in signed if m < self.k] + ([] if before is None else [before])
            if any(kind.start(data, offer, m) <= self.k for m in months):
                return True
        return False

    def ramp(self, before: Ramp | None, after: Ramp | None) -> Ramp | None:
        row = before or after
        assert row is not None
        return after if row.ramp in self.delivered_ramps else before

    def limit(self, before: Limit | None, after: Limit | None) -> Limit | None:
        if before is None or after is None or (after.segment, after.limit) in self.in_force:
            return after
        effects = ("demand_multiplier", "peak_demand_multiplier", "revenue_multiplier", "churn_per_month")
        return replace(after, **{effect: getattr(before, effect) for effect in effects})

    def asset(self, before: Fleet | None, after: Fleet | None) -> Fleet | None:
        return after if self._differ(lambda row, t: self._online(row, t), before, after) else before

    def _online(self, row: Fleet | None, t: int) -> object:
        month = self.actuals.month(t)
        if row is None or (row.from_month or month) > month or (row.until_month or month) < month:
            return None
        return replace(row, from_month=None, until_month=None)

    def throughput(self, before: Any, after: Any) -> Any:
        def rate(row: Any, t: int) -> float:
            return 0.0 if row is None else row.tokens_per_second * (1.0 + row.gain_per_year) ** (t / 12.0)

        return after if self._differ(rate, before, after) else before

    def _differ(self, what: Callable[[Any, int], object], before: Any, after: Any) -> bool:
        return any(what(before, t) != what(after, t) for t in range(self.k + 1))


def _by_key(rows: Sequence[AnyRow], key: tuple[str, ...]) -> dict[Hashable, AnyRow]:
    return {tuple(getattr(row, column) for column in key): row for row in rows}


def _demand(forecast: Dataset, actuals: Dataset, k: int, update: Update) -> Iterator[Demand]:
    expected, real = baseline_demand(forecast), baseline_demand(actuals)
    for place in dict.fromkeys([*real, *expected]):
        nothing = (0.0,) * len(actuals.horizon)
        then, now = expected.get(place, nothing), real.get(place, nothing)
        level = _level(then[k], now[k], update)
        for t in actuals.horizon:
            asked = now[t] if t <= k else then[t] * level
            yield Demand(segment=place[0], region=place[1], month=actuals.month(t), tokens_bn_per_day=asked)


def _level(expected: float, real: float, update: Update) -> float:
    return real / expected if update == "level" and expected > 0.0 else 1.0


def _on_demand(forecast: Dataset, actuals: Dataset, k: int, update: Update) -> tuple[OnDemand, ...]:
    """What is on sale, month by month from k on; a seller who sells nothing in a month has a row of none to sell."""
    if forecast.on_demand == actuals.on_demand:
        return actuals.on_demand
    expected, real = price_paths(forecast), price_paths(actuals)
    found: list[OnDemand] = []
    for seller in dict.fromkeys([*real, *expected]):
        then, now = expected.get(seller, {}), real.get(seller, {})
        level = 1.0
        if k in then and k in now:
            level = _level(then[k].usd_per_accelerator_hour, now[k].usd_per_accelerator_hour, update)
        for t in actuals.horizon:
            row = now.get(t) if t <= k else then.get(t)
            if row is None:
                some = next(iter((now or then).values()))
                row = replace(some, max_accelerators=0.0)
            elif t > k:
                row = replace(row, usd_per_accelerator_hour=row.usd_per_accelerator_hour * level)
            found.append(replace(row, from_month=actuals.month(t)))
    return tuple(found)


__all__ = ["Update", "information_at"]
