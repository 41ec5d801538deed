"""The cheapest use of capacity that is already decided, as a linear programme by scipy.

Written from the workbook's contract alone, accelerator by accelerator source, with no thought of
size. Where a policy on cash could make it pay to bill more than is owed, the bill is held to what
is owed by integer switches.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from properties.brute_bills import Source
from properties.brute_factors import gone, times
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

from models.dataset import Dataset
from models.schema import Segment

MTOK_PER_BN = 1000.0


@dataclass(frozen=True)
class Month:
    """What a month of the horizon holds: sources, accelerators leased out, tokens demanded.

    `leased_out`: by region and hardware. `demand`: bn tokens by segment, region and load block
    ("" for a deferrable segment's whole month). `multiples`: on on-demand prices, by provider. `chips` wait
    for the `power` (MW) of their sites.
    """

    t: int
    sources: tuple[Source, ...]
    leased_out: tuple[tuple[tuple[str, str], float], ...]
    demand: tuple[tuple[tuple[str, str, str], float], ...]
    multiples: tuple[tuple[str, float], ...] = ()
    chips: tuple[Source, ...] = ()
    power: tuple[tuple[str, float], ...] = ()

    @property
    def every(self) -> tuple[Source, ...]:
        """Sources, and chips that are sources as far as they are powered."""
        return (*self.sources, *self.chips)


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


Asked = tuple[tuple[tuple[str, str, str], float], ...]
"""Billions of tokens by segment, region and load block."""


@dataclass(frozen=True)
class Loss:
    """Whose customers leave over shortfall: by month baseline tokens and revenue, and what limits leave of it."""

    segment: str
    baseline: tuple[Asked, ...]
    revenue: tuple[float, ...]
    revenue_left: tuple[float, ...]


@dataclass(frozen=True)
class Account:
    """The cash account: by month what comes in less what is paid whatever the use, USD; `share` of revenue is left."""

    opening: float
    flows: tuple[float, ...]
    share: float
    line: float
    rate: float


@dataclass(frozen=True)
class Column:
    """A quantity decided: USD of present value a unit, most units, and for budgets what a unit pays and to whom.

    `bill` marks what counts towards a contract's minimum spend, `promised` a top-up that counts towards no promise,
    `short` tokens not served.
    """

    t: int
    cost: float = 0.0
    upper: float = np.inf
    whole: bool = False
    cash: float = 0.0
    provider: str = ""
    region: str = ""
    site: str = ""
    offer: str = ""
    segment: str = ""
    bill: bool = False
    promised: bool = False
    short: bool = False
    lost_tokens: float = 0.0
    lost_revenue: float = 0.0


@dataclass
class Lp:
    """Columns and rows as they come; `lost` are the columns of what `losses` take of baseline, by segment and month."""

    losses: dict[str, Loss] = field(default_factory=dict)
    lost: dict[tuple[str, int], int] = field(default_factory=dict)
    columns: list[Column] = field(default_factory=list)
    rows: list[tuple[dict[int, float], float, float]] = field(default_factory=list)

    def column(self, t: int, cost: float = 0.0, upper: float = np.inf, **facts: Any) -> int:
        self.columns.append(Column(t, cost, upper, **facts))
        return len(self.columns) - 1

    def row(self, terms: Iterable[tuple[int, float]], low: float = -np.inf, high: float = np.inf) -> None:
        summed: dict[int, float] = defaultdict(float)
        for column, coefficient in terms:
            summed[column] += coefficient
        self.rows.append((summed, low, high))

    def minimum(self) -> float | None:
        """The least cost, None when no values keep all rows."""
        if any(not terms and (low > 1e-9 or high < -1e-9) for terms, low, high in self.rows):
            return None
        rows = [row for row in self.rows if row[0]]
        if not rows:
            return 0.0
        entries = [(i, j, value) for i, (terms, _, _) in enumerate(rows) for j, value in terms.items()]
        i, j, values = (np.array(part) for part in zip(*entries, strict=True))
        found = milp(
            np.array([column.cost for column in self.columns]),
            constraints=LinearConstraint(
                coo_array((values, (i, j)), shape=(len(rows), len(self.columns))).tocsc(),
                [low for _, low, _ in rows],
                [high for _, _, high in rows],
            ),
            bounds=Bounds(np.zeros(len(self.columns)), np.array([column.upper for column in self.columns])),
            integrality=np.array([int(column.whole) for column in self.columns]),
            options={"mip_rel_gap": 0.0},
        )
        if found.status == 2:
            return None
        assert found.status == 0, found.message
        return float(found.fun)


def tokens_per_accelerator_hour(data: Dataset, segment: Segment, hardware: str, t: int) -> float:
    """Billions of tokens an accelerator at work yields in an hour; 0 where the pair cannot run."""
    for row in data.throughput:
        if row.workload == segment.workload and row.hardware == hardware:
            rate: float = row.tokens_per_second * (1.0 + row.gain_per_year) ** (t / 12.0)
            rate *= times(data, "throughput", t, segment.workload, hardware)
            return 3600.0 * rate * data.hardware_of[hardware].availability * (1.0 - segment.headroom_share) / 1e9
    return 0.0


def price(data: Dataset, segment: Segment, column: str, t: int) -> float:
    """What a million tokens earns, or costs that falls short, in month t, as the scenario has it."""
    quantity = {"revenue_usd_per_mtok": "revenue", "shortfall_usd_per_mtok": "shortfall_cost"}[column]
    return _plain_price(data, segment, column, t) * times(data, quantity, t, segment.segment)


def _plain_price(data: Dataset, segment: Segment, column: str, t: int) -> float:
    rows = [row for row in data.prices if row.segment == segment.segment and getattr(row, column) is not None]
    known = sorted((data.t(row.month), float(getattr(row, column))) for row in rows)
    if not known:
        return float(getattr(segment, column) or 0.0)
    for (one, low), (other, high) in itertools.pairwise(known):
        if one <= t < other:
            way = (t - one) / (other - one)
            return (
                math.exp((1 - way) * math.log(low) + way * math.log(high)) if low and high else low + (high - low) * way
            )
    return known[0][1] if t < known[0][0] else known[-1][1]


def network_usd_per_bn(data: Dataset, capacity_region: str, demand_region: str) -> float | None:
    """What serving across costs; None where it is not allowed."""
    for row in data.network:
        if (row.capacity_region, row.demand_region) == (capacity_region, demand_region):
            return row.usd_per_mtok * MTOK_PER_BN if row.allowed else None
    return 0.0 if not data.network or capacity_region == demand_region else None


def on_demand_offers(data: Dataset, t: int) -> list[tuple[str, str, str, float, float]]:
    """(provider, region, hardware, USD an accelerator-hour, most accelerators) in month t."""
    rows: dict[tuple[str, str, str], tuple[int, float, float]] = {}
    for row in data.on_demand:
        start = 0 if row.from_month is None else data.t(row.from_month)
        key = (row.provider, row.region, row.hardware)
        if start <= t and (key not in rows or rows[key][0] <= start):
            most = np.inf if row.max_accelerators is None else row.max_accelerators
            rows[key] = (start, row.usd_per_accelerator_hour, most)
    return [
        (
            *key,
            price * times(data, "on_demand_price", t, key[2]),
            _capped(most, times(data, "on_demand_cap", t, key[2])),
        )
        for key, (_, price, most) in rows.items()
        if not gone(data, t, key[0])
    ]


def _capped(most: float, share: float) -> float:
    return most * share if share else 0.0


def loads(data: Dataset) -> list[Segment]:
    """Segments, and runs as segments that can wait within the month and never fall short."""
    runs = [
        Segment(segment=row.run, workload=row.workload, timing="deferrable", single_site=row.single_site)
        for row in data.runs
    ]
    return [*data.segments, *runs]


def load(data: Dataset, name: str) -> Segment:
    return next(each for each in loads(data) if each.segment == name)


def cheapest_use(
    data: Dataset,
    months: tuple[Month, ...],
    top_ups: tuple[TopUp, ...],
    budgets: tuple[Budget, ...],
    floors: tuple[Floor, ...] = (),
    account: Account | None = None,
    losses: tuple[Loss, ...] = (),
) -> float | None:
    """Least present value of what depends on use in these months, over every choice of sites; None if impossible."""
    singles = [segment for segment in loads(data) if segment.single_site]
    places = [(segment.segment, month.t) for segment in singles for month in months]
    choices = [
        sorted({(source.site, source.region) for source in month.every}) or [("", "")]
        for _ in singles
        for month in months
    ]
    best = None
    for sites in itertools.product(*choices):
        site_of = dict(zip(places, sites, strict=True))
        found = _cheapest_use_at(data, months, top_ups, budgets, floors, site_of, account, losses)
        if found is not None and (best is None or found < best):
            best = found
    return best


def _cheapest_use_at(
    data: Dataset,
    months: tuple[Month, ...],
    top_ups: tuple[TopUp, ...],
    budgets: tuple[Budget, ...],
    floors: tuple[Floor, ...],
    site_of: Mapping[tuple[str, int], tuple[str, str]],
    account: Account | None,
    losses: tuple[Loss, ...],
) -> float | None:
    lp = Lp(losses={loss.segment: loss for loss in losses})
    for loss in losses:
        for t in data.horizon:
            tokens, revenue = sum(each for _, each in loss.baseline[t]), loss.revenue[t]
            upper = 0.0 if t == 0 else max(0.0, loss.revenue_left[t]) if revenue else np.inf
            facts: dict[str, Any] = {"segment": loss.segment, "lost_tokens": tokens, "lost_revenue": revenue}
            lp.lost[loss.segment, t] = lp.column(t, revenue * data.discount(t), upper, **facts)
    exact = bool(floors) or any(cap.measure in ("cash_usd", "cash_share_of_revenue") for cap in data.caps)
    for month in months:
        _month(lp, data, month, site_of, exact)
    for loss in losses:
        _churn(lp, data, loss)
    for top_up in top_ups:
        _top_up(lp, data, top_up, exact)
    for floor in floors:
        _floor(lp, data, floor)
    for budget in budgets:
        _budget(lp, data, budget)
    if account is not None:
        _account(lp, data, account)
    return lp.minimum()


def _churn(lp: Lp, data: Dataset, loss: Loss) -> None:
    """What is lost a month later: what is still lost, and what falls short now."""
    segment = data.segment_of[loss.segment]
    for t in list(data.horizon)[:-1]:
        tokens = sum(each for _, each in loss.baseline[t])
        here = [j for j, column in enumerate(lp.columns) if (column.segment, column.t) == (loss.segment, t)]
        churn = segment.churn_per_shortfall * times(data, "churn", t, loss.segment)
        more = [(j, -churn / tokens) for j in here if lp.columns[j].short] if tokens else []
        kept = (lp.lost[loss.segment, t], segment.recovery_per_month - 1.0)
        lp.row([(lp.lost[loss.segment, t + 1], 1.0), kept, *more], low=0.0, high=0.0)


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


def _month(
    lp: Lp, data: Dataset, month: Month, site_of: Mapping[tuple[str, int], tuple[str, str]], exact: bool
) -> None:
    """Columns and rows of one month: work of every source, served tokens, shortfall."""
    t, discount = month.t, data.discount(month.t)
    days = data.hours(t) / 24.0
    block_hours = {block.block: block.hours_per_day * days for block in data.blocks}
    leased_out = dict(month.leased_out)
    margin = data.settings.reserve_margin
    pools: dict[tuple[str, str, str], list[tuple[int, float]]] = defaultdict(list)
    work: dict[tuple[int, str], int] = {}
    sources = month.every
    powered = _power(lp, data, month)
    builds = {row.build for row in data.own_sites}
    for block, hours in block_hours.items():
        for i, source in enumerate(sources):
            energy = source.site if source.site in builds else ""
            where: dict[str, Any] = {
                "provider": source.provider,
                "region": source.region,
                "site": source.site,
                "offer": energy if source.kind == "chips" else source.name,
            }
            usage = source.usage * hours * times(data, "usage_price", t, source.hardware)
            column = lp.column(t, usage * discount, source.online, cash=usage, **where)
            work[i, block] = column
            if i in powered:
                lp.row([(column, 1.0), (powered[i], -1.0)], high=0.0)
            pools[source.region, source.hardware, block].append((column, 1.0))
            if source.overage_share > 0:
                price = source.overage_rate * hours
                over = lp.column(t, price * discount, cash=price, bill=True, **where)
                most = source.overage_share * source.online
                power = lp.column(t, usage * discount, most, cash=usage, **where)
                lp.row([(over, 1.0), (power, -1.0)], low=0.0, high=0.0)
                pools[source.region, source.hardware, block].append((power, 1.0))
        for provider, region, hardware, price, most in on_demand_offers(data, t):
            bill = price * dict(month.multiples).get(provider, 1.0) * hours
            bought = lp.column(t, bill * discount, most, cash=bill, provider=provider, region=region)
            pools[region, hardware, block].append((bought, 1.0))
        for region, hardware in {(source.region, source.hardware) for source in sources}:
            pool = [i for i, s in enumerate(sources) if (s.region, s.hardware) == (region, hardware)]
            out = leased_out.get((region, hardware), 0.0)
            free = sum(sources[i].online for i in pool if i not in powered) - out
            used = [(work[i, block], 1.0) for i in pool]
            kept = [(powered[i], margin - 1.0) for i in pool if i in powered]
            lp.row([*used, *kept], high=free * (1.0 - margin))
            sublet = [i for i in pool if sources[i].sublet]
            lp.row([(work[i, block], 1.0) for i in sublet], high=sum(sources[i].online for i in sublet) - out)
    for i, source in enumerate(month.sources):
        if source.kind == "contract" and source.take_or_pay < 1.0:
            _excess(lp, data, month, i, [(work[i, block], hours) for block, hours in block_hours.items()], exact)
    _service(lp, data, month, site_of, block_hours, pools, work, powered)
    for against in {row.against for row in data.resilience}:
        for member in _members(data, against):
            _without(lp, data, month, powered, against, member)


def _members(data: Dataset, against: str) -> set[str]:
    """Whom the sheets of capacity name."""
    rows: list[tuple[Any, str]] = [(row, row.asset) for row in data.fleet]
    rows += [(row, row.lease) for row in data.leases if row.status != "excluded"]
    rows += [(row, row.contract) for row in data.contracts if row.status != "excluded"]
    rows += [(row, row.build) for row in data.own_sites if row.status != "excluded"]
    return {getattr(row, against) or name for row, name in rows}


def _without(lp: Lp, data: Dataset, month: Month, powered: Mapping[int, int], against: str, member: str) -> None:
    """What is left without one member serves what is protected, if need be with the margin and at any price."""
    t, days = month.t, data.hours(month.t) / 24.0
    rows = [row for row in data.resilience if row.against == against and _holds(data, row, t)]
    shares = {}
    for segment in data.segments:
        own = [row.protected_share for row in rows if row.segment == segment.segment]
        share = max(own or [row.protected_share for row in rows if row.segment == "*"], default=0.0)
        if share and not segment.single_site:
            shares[segment.segment] = share
    if not shares:
        return
    pools: dict[tuple[str, str], tuple[float, list[tuple[int, float]]]] = {}
    for i, source in enumerate(month.every):
        fixed, terms = pools.get((source.region, source.hardware), (0.0, []))
        if getattr(source, against) != member:
            fixed, terms = (fixed, [*terms, (powered[i], 1.0)]) if i in powered else (fixed + source.online, terms)
        pools[source.region, source.hardware] = fixed, terms
    for (region, hardware), out in month.leased_out:
        if (against, member) != ("region", region):
            fixed, terms = pools.get((region, hardware), (0.0, []))
            pools[region, hardware] = fixed - out, terms
            lp.row([(column, -1.0) for column, _ in terms], high=fixed - out)
    sold: dict[tuple[str, str], float] = defaultdict(float)
    for provider, region, hardware, _, most in on_demand_offers(data, t):
        if member not in ({"provider": provider, "region": region}.get(against),):
            sold[region, hardware] += most
    busy: dict[tuple[str, str, str], list[tuple[int, float]]] = defaultdict(list)
    for (name, region, when), tokens in month.demand:
        if name not in shares:
            continue
        terms, segment = [], data.segment_of[name]
        for pool_region, hardware in {*pools, *sold}:
            for block in data.blocks:
                pace = tokens_per_accelerator_hour(data, segment, hardware, t) * block.hours_per_day * days
                reached = network_usd_per_bn(data, pool_region, region) is not None
                if pace > 0.0 and reached and when in ("", block.block):
                    column = lp.column(t)
                    terms.append((column, pace))
                    busy[pool_region, hardware, block.block].append((column, 1.0))
        lp.row(terms, low=shares[name] * tokens)
    for (region, hardware, _), used in busy.items():
        fixed, terms = pools.get((region, hardware), (0.0, []))
        lp.row([*used, *((column, -1.0) for column, _ in terms)], high=fixed + sold[region, hardware])


def _holds(data: Dataset, row: Any, t: int) -> bool:
    first = 0 if row.from_month is None else data.t(row.from_month)
    return first <= t and (row.until_month is None or t <= data.t(row.until_month))


def _power(lp: Lp, data: Dataset, month: Month) -> dict[int, int]:
    """Columns of the chips powered, by source: no more draw power than there is, and caps on power count these."""
    if not month.chips:
        return {}
    power = dict(month.power)
    first = len(month.sources)
    powered = {first + k: lp.column(month.t, upper=chips.online) for k, chips in enumerate(month.chips)}
    kw = {i: data.hardware_of[month.every[i].hardware].kw for i in range(len(month.every))}
    for site in {chips.site for chips in month.chips}:
        here = [(column, kw[i]) for i, column in powered.items() if month.every[i].site == site]
        lp.row(here, high=1000.0 * power.get(site, 0.0))
    for cap in data.caps:
        window = (0 if cap.from_month is None else data.t(cap.from_month)) <= month.t
        window = window and (cap.until_month is None or month.t <= data.t(cap.until_month))
        if not cap.measure.startswith("capacity") or not window:
            continue
        share = cap.value if cap.measure == "capacity_share" else 0.0
        fixed, terms = 0.0, []
        for i, source in enumerate(month.every):
            of = {
                "total": None, "provider": source.provider, "vendor": data.hardware_of[source.hardware].vendor,
                "hardware": source.hardware, "region": source.region, "site": source.site, "offer": source.name,
            }  # fmt: skip
            weight = ((of[cap.scope] == cap.name) - share) * kw[i] / 1000.0
            if i in powered:
                terms.append((powered[i], weight))
            else:
                fixed += weight * source.online
        bound = (cap.value if cap.measure == "capacity_mw" else 0.0) - fixed
        lp.row(terms, **{"high" if cap.sense == "max" else "low": bound})
    return powered


def _excess(lp: Lp, data: Dataset, month: Month, i: int, used: list[tuple[int, float]], exact: bool) -> None:
    """Hours used of a contract fill what is paid for in any case, then the tiers, the cheapest rate first."""
    source, hours = month.sources[i], data.hours(month.t)
    online = source.online * hours
    pieces = [lp.column(month.t, upper=source.take_or_pay * online)]
    sizes = [source.take_or_pay * online]
    for rate, share in sorted(source.tiers):
        size = share * (1.0 - source.take_or_pay) * online
        pieces.append(
            lp.column(
                month.t, rate * data.discount(month.t), size, cash=rate, bill=True, offer=source.name,
                provider=source.provider, region=source.region, site=source.site,
            )
        )  # fmt: skip
        sizes.append(size)
    lp.row([*used, *((piece, -1.0) for piece in pieces)], low=0.0, high=0.0)
    if exact:
        for piece, size, following, limit in zip(pieces[:-1], sizes[:-1], pieces[1:], sizes[1:], strict=True):
            full = lp.column(month.t, upper=1.0, whole=True)
            lp.row([(piece, 1.0), (full, -size)], low=0.0)
            lp.row([(following, 1.0), (full, -limit)], high=0.0)


def _service(
    lp: Lp,
    data: Dataset,
    month: Month,
    site_of: Mapping[tuple[str, int], tuple[str, str]],
    block_hours: Mapping[str, float],
    pools: dict[tuple[str, str, str], list[tuple[int, float]]],
    work: Mapping[tuple[int, str], int],
    powered: Mapping[int, int],
) -> None:
    """Tokens served take accelerators of a pool; tokens short cost what the segment says, where it allows any."""
    t, discount = month.t, data.discount(month.t)
    served: dict[tuple[str, str, str], list[tuple[int, float]]] = defaultdict(list)
    site_work: dict[tuple[str, str, str], list[tuple[int, float]]] = defaultdict(list)
    baseline = {key: tokens for loss in lp.losses.values() for key, tokens in loss.baseline[t]}
    asked_for = dict.fromkeys(baseline, 0.0) | dict(month.demand)
    for name, region, when in asked_for:
        segment = load(data, name)
        site, site_region = site_of.get((name, t), ("", ""))
        for (pool_region, hardware, block), supply in pools.items():
            pace = tokens_per_accelerator_hour(data, segment, hardware, t) * block_hours[block]
            across = network_usd_per_bn(data, pool_region, region)
            if pace <= 0.0 or across is None or when not in ("", block):
                continue
            if segment.single_site and (pool_region != site_region or not site):
                continue
            column = lp.column(t, across * discount, cash=across)
            served[name, region, when].append((column, 1.0))
            supply.append((column, -1.0 / pace))
            if segment.single_site:
                site_work[site, hardware, block].append((column, 1.0 / pace))
    for terms in pools.values():
        lp.row(terms, low=0.0, high=0.0)
    hosts = {site for (_, when), (site, _) in site_of.items() if when == t}
    for block in block_hours:
        for site in hosts:
            at_site = [i for i, source in enumerate(month.every) if source.site == site]
            placed = []
            for hardware in {row.hardware for row in data.hardware}:
                here = [(work[i, block], -1.0) for i in at_site if month.every[i].hardware == hardware]
                lp.row([*site_work[site, hardware, block], *here], high=0.0)
                placed += site_work[site, hardware, block]
            online = sum(month.every[i].online for i in at_site if i not in powered)
            kept = data.settings.reserve_margin - 1.0
            more = [(powered[i], kept) for i in at_site if i in powered]
            lp.row([*placed, *more], high=-kept * online)
    short: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for (name, region, when), tokens in asked_for.items():
        segment = load(data, name)
        terms = list(served[name, region, when])
        if segment.shortfall_usd_per_mtok is not None:
            usd = price(data, segment, "shortfall_usd_per_mtok", t) * MTOK_PER_BN * discount
            column = lp.column(t, usd, short=True, segment=name)
            short[name].append((column, 1.0))
            terms.append((column, 1.0))
        if name in lp.losses:
            terms.append((lp.lost[name, t], baseline[name, region, when]))
        lp.row(terms, low=tokens, high=tokens)
    for name, terms in short.items():
        asked = sum(tokens for (each, _, _), tokens in month.demand if each == name)
        share = load(data, name).max_shortfall_share
        gone = lp.lost.get((name, t))
        terms += [] if gone is None else [(gone, share * lp.columns[gone].lost_tokens)]
        lp.row(terms, high=share * asked)
