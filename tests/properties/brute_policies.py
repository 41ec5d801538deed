"""What a combination of decisions adds up to, and whether options, rules and caps allow it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from properties.brute_bills import Holding, Source, promises, signing_months
from properties.brute_demand import Course, LimitPath
from properties.brute_dispatch import Account, Budget, Floor, Ties, TopUp
from properties.brute_factors import gone, times
from properties.brute_month import Asked, Month, Supply

from models.dataset import Dataset
from models.schema import Cap, ChipOrder, Fleet

Known = dict[tuple[int, tuple[Holding, ...]], Supply]


@dataclass(frozen=True, eq=False)
class Taken:
    """Holdings that are taken together, with what they come to by month; `known` is what others came to."""

    data: Dataset
    holdings: tuple[Holding, ...]
    known: Known

    @cached_property
    def allowed(self) -> bool:
        """Whether the policies on decisions hold."""
        return policies_hold(self.data, self)

    @cached_property
    def supplies(self) -> tuple[Supply, ...]:
        """What each month has."""
        return tuple(map(self._supply, self.data.horizon))

    def _supply(self, t: int) -> Supply:
        acting = tuple(held for held in self.holdings if held.acts(t))
        if (t, acting) not in self.known:
            self.known[t, acting] = Supply(
                t,
                sources_online(self.data, acting, t),
                tuple(sorted(leased_out(self.data, acting, t).items())),
                run_tokens(self.data, acting, t),
                multiples(self.data, acting, t),
                chips_delivered(acting, t),
                power_online(self.data, acting, t),
            )
        return self.known[t, acting]


@dataclass(frozen=True)
class Choice:
    """One combination of decisions."""

    taken: Taken
    premiums: tuple[tuple[str, int], ...]
    course: Course
    cost: float

    @property
    def holdings(self) -> tuple[Holding, ...]:
        """What is signed."""
        return self.taken.holdings

    @property
    def paths(self) -> tuple[LimitPath, ...]:
        """Limits by segment."""
        return self.course.paths

    @property
    def months(self) -> tuple[Month, ...]:
        """What each month has and asks for."""
        return tuple(map(Month, self.taken.supplies, self.course.needs))

    def ties(self, data: Dataset) -> Ties:
        """What ties the months together."""
        years = [
            TopUp(held.name, months, round(missing, 9), due)
            for held in self.holdings
            for months, missing, due in held.years
        ]
        account, churn = account_of(data, self), any(need.losses for need in self.course.needs)
        return Ties(tuple(years), tuple(budgets_of(data, self)), tuple(floors_of(data, self)), account, churn)


def fleet_running(data: Dataset, t: int) -> list[tuple[str, str, str, float]]:
    """(provider, region, site, USD) of every asset online in month t."""
    return [
        (
            row.provider,
            row.region,
            row.site or row.asset,
            _online(data, row, t) * row.usd_per_accelerator_hour * data.hours(t),
        )
        for row in data.fleet
        if _is_online(data, row, t)
    ]


def _online(data: Dataset, row: Fleet, t: int) -> float:
    """Accelerators of an asset that is there."""
    names = tuple(dict.fromkeys((row.asset, row.provider, row.site or row.asset, row.region)))
    return row.accelerators * times(data, "fleet_share", t, *names)


def _is_online(data: Dataset, row: Fleet, t: int) -> bool:
    first = 0 if row.from_month is None else data.t(row.from_month)
    return first <= t and (row.until_month is None or t <= data.t(row.until_month)) and not gone(data, t, row.provider)


def sources_online(data: Dataset, holdings: Sequence[Holding], t: int) -> tuple[Source, ...]:
    """What is online in month t, units of the same lease and term added up."""
    fleet = [
        Source(
            "fleet", row.asset, 0, row.hardware, row.provider, row.region, row.site or row.asset, _online(data, row, t),
            row.usage_usd_per_accelerator_hour, row.sublet, True,
        )
        for row in data.fleet
        if _is_online(data, row, t)
    ]  # fmt: skip
    online = [*fleet, *(source for held in holdings for source in held.online.get(t, ()))]
    summed: dict[Source, float] = defaultdict(float)
    for source in online:
        summed[source._replace(online=0.0)] += source.online
    return tuple(key._replace(online=round(total, 9)) for key, total in summed.items() if total > 1e-12)


def leased_out(data: Dataset, holdings: Sequence[Holding], t: int) -> dict[tuple[str, str], float]:
    out: dict[tuple[str, str], float] = defaultdict(float)
    for held in holdings:
        for hardware, accelerators in held.leased_out.get(t, {}).items():
            out[data.lease_out_of[held.name].region, hardware] += accelerators
    return out


def options_allow(data: Dataset, holdings: Sequence[Holding], bought: dict[str, int]) -> bool:
    for option in data.options:
        signed = [h for h in holdings if h.name == option.offer and not h.void and not _is_signed(data, h)]
        if any(option.option not in bought or held.month < bought[option.option] for held in signed):
            return False
    return True


def _is_signed(data: Dataset, held: Holding) -> bool:
    if held.kind == "run":
        return False
    sheet = OFFERS | {"lease_out": "lease_outs", "commitment": "spend_commitments"}
    return bool(data.named(sheet[held.kind])[held.name].status == "signed")


def policies_hold(data: Dataset, taken: Taken) -> bool:
    months: dict[str, int] = {}
    # a signed offer counts, whether or not its supplier is still there when it starts
    for held in (each for each in taken.holdings if not each.void or _is_signed(data, each)):
        months[held.name] = min(held.month, months.get(held.name, held.month))
    for rule in data.rules:
        signed = sum(name in months for name in rule.offers)
        least = rule.count or 0 if rule.kind == "at_least" else 0
        most = {"excludes": 1, "at_most": rule.count or 0}.get(rule.kind, len(rule.offers))
        if not least <= signed <= most:
            return False
        if rule.kind == "requires":
            wanted, needed = rule.offers
            if wanted in months and not (needed in months and months[needed] <= months[wanted]):
                return False
    for t in data.horizon:
        sources = taken.supplies[t].sources
        for (region, hardware), out in taken.supplies[t].leased_out:
            if out > 1e-9 + sum(s.online for s in sources if s.sublet and (s.region, s.hardware) == (region, hardware)):
                return False
        for cap in data.caps:
            if t in _cap_months(data, cap) and not _cap_on_decisions(data, cap, taken, t):
                return False
    return True


def caps_one_by_one(data: Dataset) -> Dataset:
    """The workbook with each cap of name `*` written out, for whomever fleet, offers, segments and on-demand name."""
    leases = [(row, row.lease) for row in data.leases if row.status != "excluded"]
    contracts = [(row, row.contract) for row in data.contracts if row.status != "excluded"]
    own = [(row, row.asset) for row in data.fleet]
    builds = [(row, row.build) for row in data.own_sites if row.status != "excluded"]
    orders = [(row, row.order) for row in data.chip_orders if row.status != "excluded"]
    held: list[tuple[Any, str]] = [*own, *leases, *contracts, *builds, *orders]
    names = {name for _, name in [*leases, *contracts, *builds, *orders]}
    hardware = {row.hardware for row, _ in [*own, *contracts, *orders]}
    hardware |= {row.hardware for row in data.lease_hardware if row.lease in {name for _, name in leases}}
    members: dict[str, set[Any]] = {
        "provider": {row.provider for row, _ in held if not isinstance(row, ChipOrder)},
        "region": {_region(data, row) for row, _ in held},
        "site": {row.site or name for row, name in held},
        "offer": names,
        "hardware": hardware,
        "vendor": {data.hardware_of[each].vendor for each in hardware if data.hardware_of[each].vendor},
        "segment": set(data.segment_of),
    }
    caps: list[Cap] = []
    for cap in data.caps:
        if cap.name != "*" or cap.scope == "total":
            caps.append(cap)
            continue
        whom = set(members[cap.scope])
        if cap.scope == "provider" and not cap.measure.startswith("capacity"):
            whom |= {row.provider for row, _ in orders}
        if cap.measure == "cash_usd" and cap.scope in ("provider", "region"):
            whom |= {getattr(row, cap.scope) for row in data.on_demand}
        caps += [replace(cap, cap=f"{cap.cap} {name}", name=name) for name in sorted(whom)]
    return replace(data, caps=tuple(caps))


def _cap_months(data: Dataset, cap: Cap) -> list[int]:
    return signing_months(data, cap.from_month, cap.until_month)


def _within(cap: Cap, found: float, value: float) -> bool:
    slack = 1e-9 * max(1.0, abs(value), abs(found))
    return found <= value + slack if cap.sense == "max" else found >= value - slack


def _cap_on_decisions(data: Dataset, cap: Cap, taken: Taken, t: int) -> bool:
    if cap.measure in ("capacity_mw", "capacity_share") and taken.supplies[t].chips:
        return True  # what is powered follows from the use
    if cap.measure in ("capacity_mw", "capacity_share"):
        total = scoped = 0.0
        for source in taken.supplies[t].sources:
            hardware = data.hardware_of[source.hardware]
            mw = source.online * hardware.kw / 1000.0
            total += mw
            of = {
                "total": None, "provider": source.provider, "vendor": hardware.vendor, "hardware": source.hardware,
                "region": source.region, "site": source.site, "offer": source.name,
            }  # fmt: skip
            scoped += mw if of[cap.scope] == cap.name else 0.0
        if cap.measure == "capacity_mw":
            return _within(cap, scoped, cap.value)
        return _within(cap, scoped, cap.value * total)
    if cap.measure == "obligation_usd":
        owed = sum(
            usd
            for held in taken.holdings
            if held.month <= t and held.due and _in_scope(data, cap, held)
            for due, usd in held.due
            if due > t
        )
        return _within(cap, owed, cap.value)
    return True


def _in_scope(data: Dataset, cap: Cap, held: Holding) -> bool:
    offer = _offer(data, held)
    of = {
        "total": None, "provider": offer.provider, "region": _region(data, offer), "site": offer.site or held.name,
        "offer": held.name,
    }  # fmt: skip
    return of[cap.scope] == cap.name


def floors_of(data: Dataset, choice: Choice) -> list[Floor]:
    """What the commitments chosen or signed still ask for beyond what is paid whatever the use."""
    taken = {held.name for held in choice.holdings if held.kind == "commitment" and not held.void}
    found = []
    for row in data.spend_commitments:
        for months, usd in promises(data, row) if row.commitment in taken else ():
            fixed = sum(
                held.cash.get(t, 0.0)
                for held in choice.holdings
                if held.kind in OFFERS and _offer(data, held).provider == row.provider
                for t in months
            )
            fixed += sum(
                held.lent.get(t, 0.0)
                for held in choice.holdings
                if held.kind in OFFERS and _offer(data, held).provider == row.provider
                for t in months
            )
            fixed += sum(
                cost for t in months for provider, _, _, cost in fleet_running(data, t) if provider == row.provider
            )
            found.append(Floor(row.provider, months, round(usd - fixed, 9)))
    return found


def run_tokens(data: Dataset, holdings: Sequence[Holding], t: int) -> Asked:
    """What runs under way ask for in a month, at any time of it."""
    runs = {row.run: row for row in data.runs}
    started = [(runs[held.name], held.month) for held in holdings if held.kind == "run"]
    return tuple(
        ((row.run, row.region, ""), row.tokens_bn_per_day * data.hours(t) / 24.0)
        for row, month in started
        if month <= t < month + row.months and row.tokens_bn_per_day > 0
    )


def chips_delivered(holdings: Sequence[Holding], t: int) -> tuple[Source, ...]:
    """Chips of each order that are there, powered or not."""
    summed: dict[Source, float] = defaultdict(float)
    for held in holdings:
        if t in held.chips:
            summed[held.chips[t]._replace(online=0.0)] += held.chips[t].online
    return tuple(key._replace(online=round(total, 9)) for key, total in summed.items() if total > 1e-12)


def power_online(data: Dataset, holdings: Sequence[Holding], t: int) -> tuple[tuple[str, float], ...]:
    """MW online by own site."""
    found: dict[str, float] = defaultdict(float)
    builds = {row.build: row.site or row.build for row in data.own_sites}
    for held in holdings:
        if t in held.power:
            found[builds[held.name]] += held.power[t]
    return tuple(found.items())


def multiples(data: Dataset, holdings: Sequence[Holding], t: int) -> tuple[tuple[str, float], ...]:
    """What on-demand prices are multiplied by under the commitments in force, by provider."""
    taken = {held.name for held in holdings if held.kind == "commitment" and not held.void}
    found: dict[str, float] = {}
    for row in data.spend_commitments:
        if row.commitment in taken and data.t(row.from_month) <= t <= data.t(row.until_month):
            found[row.provider] = min(row.on_demand_multiple, found.get(row.provider, 1.0))
    return tuple(found.items())


OFFERS = {"lease": "leases", "contract": "contracts", "site": "own_sites", "chips": "chip_orders"}
"""Kinds of holdings that are paid for, and their sheets."""


def _offer(data: Dataset, held: Holding) -> Any:
    return data.named(OFFERS[held.kind])[held.name]


def _region(data: Dataset, offer: Any) -> str:
    if isinstance(offer, ChipOrder):
        return next(each.region for each in data.own_sites if (each.site or each.build) == offer.site)
    return str(offer.region)


def _fixed_cash(data: Dataset, cap: Cap, choice: Choice, t: int) -> float:
    """USD paid in month t in the scope of a cap, whatever the use."""
    paid = 0.0
    for held in choice.holdings:
        if held.kind == "commitment":
            continue
        if held.kind in ("lease_out", "run"):
            paid += held.cash.get(t, 0.0) if cap.scope == "total" else 0.0
        elif _in_scope(data, cap, held):
            paid += held.cash.get(t, 0.0)
    for provider, region, site, usd in fleet_running(data, t):
        of = {"total": None, "provider": provider, "region": region, "site": site, "offer": ""}
        paid += usd if of[cap.scope] == cap.name else 0.0
    if cap.scope == "total":
        premium = {option.option: option.premium_usd for option in data.options}
        paid += sum(premium[name] for name, month in choice.premiums if month == t)
        paid += sum(data.segment_of[path.segment].change_cost_usd * path.changes.count(t) for path in choice.paths)
    return paid


def _periods(data: Dataset, cap: Cap) -> list[tuple[int, ...]]:
    """The months a cap adds up over: calendar periods, as far as horizon and window reach."""
    length = {"month": 1, "quarter": 3, "year": 12, "horizon": 10**6}[cap.per]
    groups: dict[int, list[int]] = defaultdict(list)
    for t in _cap_months(data, cap):
        groups[(data.month(t) + 13 - data.settings.fiscal_year_start) // length].append(t)
    return [tuple(months) for months in groups.values()]


def account_of(data: Dataset, choice: Choice) -> Account | None:
    """The cash account under the decisions; None where none is kept."""
    settings = data.settings
    if settings.opening_cash_usd is None:
        return None
    everything = Cap(cap="all", measure="cash_usd", scope="total", sense="max", value=0.0)
    share, flows = 1.0 - settings.other_cost_share, []
    for t in data.horizon:
        comes = sum(row.usd for row in data.funding if data.t(row.month) == t)
        comes += share * choice.course.revenue[t]
        flows.append(round(comes - _fixed_cash(data, everything, choice, t), 9))
    rate = (1.0 + settings.credit_interest) ** (1.0 / 12.0) - 1.0
    return Account(settings.opening_cash_usd, tuple(flows), share, settings.credit_line_usd, rate)


def budgets_of(data: Dataset, choice: Choice) -> list[Budget]:
    budgets = []
    for cap in data.caps:
        if cap.measure not in ("cash_usd", "cash_share_of_revenue", "shortfall_share"):
            continue
        for months in _periods(data, cap):
            if cap.measure == "shortfall_share":
                asked = sum(
                    tokens
                    for t in months
                    for (segment, _, _), tokens in choice.course.needs[t].demand
                    if cap.name in (None, segment)
                )
                bound = cap.value * asked
            elif cap.measure == "cash_usd":
                bound = cap.value - sum(_fixed_cash(data, cap, choice, t) for t in months)
            else:
                revenue = sum(choice.course.revenue[t] for t in months)
                bound = cap.value * revenue - sum(_fixed_cash(data, cap, choice, t) for t in months)
            share = cap.value if cap.measure == "cash_share_of_revenue" else 0.0
            facts = cap.measure, cap.scope, cap.name, cap.sense, months
            budgets.append(Budget(*facts, round(bound, 9), share, cap.value))
    return budgets
