"""What the decisions cost: every payment worked out again, as paid and as the objective counts it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from models.audit.commitment_schedule import AuditedCommitment
from models.audit.demand import MTOK_PER_BN, DemandAfterLimits, token_price
from models.audit.kinds import AUDITED
from models.audit.scenario_factors import FactorPaths, fleet_share
from models.audit.schedules import counts
from models.audit.supply import Supply, source_key
from models.dataset import Dataset
from models.grouping import sums
from models.plan import Plan
from models.schema import OnDemand, Segment


@dataclass(frozen=True, slots=True)
class Due:
    """A payment in month t: `cash_usd` in full when made, `counted_usd` what the objective discounts.

    `buys_capacity` tells whether a cap on a provider, region, site or offer counts it: what is paid for capacity.
    """

    month: int
    category: str
    provider: str
    offer: str
    cash_usd: float
    counted_usd: float
    kind: str = ""
    region: str = ""
    site: str = ""

    @property
    def buys_capacity(self) -> bool:
        """Whether it pays for capacity, so that caps with a scope count it."""
        return self.kind in ("fleet", "on_demand", "energy") or (self.kind in AUDITED and AUDITED[self.kind].held)


class Ledger:
    """All payments due for a plan."""

    def __init__(self, dataset: Dataset, plan: Plan, supply: Supply, demand: DemandAfterLimits) -> None:
        self.dataset = dataset
        self.dues: list[Due] = []
        self._fleet()
        self._usage(plan, supply)
        self._signed(plan, supply)
        premiums = {each.option: each.premium_usd for each in dataset.options}
        for bought in plan.options:
            self._add(bought.month, "option", "", bought.name, premiums[bought.name])
        self._on_demand(plan)
        self._service(plan, demand)
        self._commitments(supply)

    def _add(
        self, month: int, category: str, provider: str, offer: str, cash: float, counted: float | None = None,
        *, kind: str = "", region: str = "", site: str = "", beyond: bool = False,
    ) -> None:  # fmt: skip
        if (counts(self.dataset, month) or (beyond and month >= 0)) and (cash or counted):
            in_objective = cash if counted is None else counted
            self.dues.append(Due(month, category, provider, offer, cash, in_objective, kind, region, site))

    def _fleet(self) -> None:
        for row in self.dataset.fleet:
            exit_month = FactorPaths(self.dataset).first_exit(row.provider)
            for t in self.dataset.horizon:
                month = self.dataset.month(t)
                early = row.from_month is not None and month < row.from_month
                too_late = row.until_month is not None and month > row.until_month
                if not early and not too_late and t < exit_month:
                    online = row.accelerators * fleet_share(self.dataset, row, t)
                    cost = row.usd_per_accelerator_hour * online * self.dataset.hours(t)
                    site = row.site or row.asset
                    self._add(t, "fleet", row.provider, row.asset, cost, kind="fleet", region=row.region, site=site)

    def _usage(self, plan: Plan, supply: Supply) -> None:
        for use in plan.source_use:
            source = supply.sources.get(source_key(use.kind.name, use.name, use.term_months, use.hardware))
            if source is None:
                continue
            hours = (use.accelerators + use.overage) * block_hours(self.dataset, use.month, use.block)
            name, kind = source.billed_as or source.name, source.kind
            if source.billed_as:
                kind = "site" if source.billed_as in AUDITED["site"].offers(self.dataset) else "energy"
            rate = source.usage_usd * FactorPaths(self.dataset).product("usage_price", use.month, use.hardware)
            self._add(
                use.month, "usage", source.provider, name, rate * hours,
                kind=kind, region=source.region, site=source.site,
            )  # fmt: skip

    def _signed(self, plan: Plan, supply: Supply) -> None:
        """What every signing pays, and a lease-out brings."""
        used: dict[tuple[str, str], dict[int, float]] = defaultdict(lambda: defaultdict(float))
        over: dict[tuple[str, str], dict[int, float]] = defaultdict(lambda: defaultdict(float))
        for use in plan.source_use:
            hours = block_hours(self.dataset, use.month, use.block)
            used[use.kind.name, use.name][use.month] += use.accelerators * hours
            over[use.kind.name, use.name][use.month] += use.overage * hours
        for schedule in supply.schedules:
            kind, name, offer = schedule.signing.kind.name, schedule.signing.name, schedule.offer
            site = getattr(offer, "site", None) or name
            for t, cash, counted in schedule.payments(used[kind, name], over[kind, name]):
                self._add(
                    t, AUDITED[kind].category, offer.provider, name, cash, counted,
                    kind=kind, region=schedule.region, site=site, beyond=schedule.beyond,
                )  # fmt: skip

    def _on_demand(self, plan: Plan) -> None:
        for use in plan.on_demand:
            row = on_demand_row(self.dataset, use.provider, use.region, use.hardware, use.month)
            if row is not None:
                hours = use.accelerators * block_hours(self.dataset, use.month, use.block)
                offer = f"{use.provider} {use.region} {use.hardware}"
                market = FactorPaths(self.dataset).product("on_demand_price", use.month, use.hardware)
                cost = row.usd_per_accelerator_hour * market * hours * self._multiple(plan, use.provider, use.month)
                self._add(use.month, "on_demand", use.provider, offer, cost, kind="on_demand", region=use.region)

    def _multiple(self, plan: Plan, provider: str, t: int) -> float:
        """The lowest multiple on a provider's on-demand prices of the commitments in force."""
        taken = {each.name for each in plan.signings if each.kind.name == "commitment"}
        month = self.dataset.month(t)
        return min(
            (
                row.on_demand_multiple
                for row in self.dataset.spend_commitments
                if row.provider == provider
                and row.from_month <= month <= row.until_month
                and (row.status == "signed" or row.commitment in taken)
            ),
            default=1.0,
        )

    def _commitments(self, supply: Supply) -> None:
        """What spending on a provider falls short of what it was promised, in the last month of each period."""
        spent = [((due.provider, due.month), due.cash_usd) for due in self.dues if due.buys_capacity]
        spent += [((each.offer.provider, t), usd) for each in supply.schedules for t, usd in each.borrowed()]
        paid = sums(spent)
        for schedule in supply.schedules:
            if isinstance(schedule, AuditedCommitment):
                row = schedule.offer
                for months, promised in schedule.periods():
                    missing = promised - sum(paid[row.provider, t] for t in months)
                    self._add(
                        months[-1], "commitment", row.provider, row.commitment, max(0.0, missing), kind="commitment"
                    )

    def _service(self, plan: Plan, demand: DemandAfterLimits) -> None:
        """Network, shortfall, revenue forgone and changes of limits: money that follows the tokens."""
        links = {(each.capacity_region, each.demand_region): each.usd_per_mtok for each in self.dataset.network}
        for serving in plan.serving:
            price = links.get((serving.capacity_region, serving.region), 0.0)
            self._add(serving.month, "network", "", serving.segment, price * serving.tokens_bn * MTOK_PER_BN)
        for short in plan.shortfalls:
            price = token_price(self.dataset, short.segment, "shortfall_usd_per_mtok", short.month)
            cost = price * short.tokens_bn * MTOK_PER_BN
            self._add(short.month, "shortfall", "", short.segment, 0.0, cost)
        for (t, segment), usd in demand.forgone.items():
            self._add(t, "revenue_forgone", "", segment, 0.0, usd)
        for segment, _, t in limit_changes(self.dataset, plan):
            self._add(t, "limit_change", "", segment, self.dataset.segment_of[segment].change_cost_usd)


def block_hours(dataset: Dataset, t: int, block: str) -> float:
    """Hours of a load block in month t."""
    per_day = next(each.hours_per_day for each in dataset.blocks if each.block == block)
    return per_day * dataset.hours(t) / 24


def on_demand_row(dataset: Dataset, provider: str, region: str, hardware: str, t: int) -> OnDemand | None:
    """The row in force in month t: the latest that has begun; None before the first and once the provider has left."""
    begun: list[tuple[int, OnDemand]] = []
    if t >= FactorPaths(dataset).first_exit(provider):
        return None
    for row in dataset.on_demand:
        if (row.provider, row.region, row.hardware) == (provider, region, hardware):
            begins = 0 if row.from_month is None else dataset.t(row.from_month)
            if begins <= t:
                begun.append((begins, row))
    return max(begun, key=lambda each: each[0])[1] if begun else None


def limit_changes(dataset: Dataset, plan: Plan) -> Iterator[tuple[str, str, int]]:
    """(segment, lever, month) of every change of usage limit, month 0 against the one in force before it."""
    lever_of = {(row.segment, row.limit): row.lever for row in dataset.limits}
    in_force = {
        (row.segment, lever_of.get((row.segment, row.limit), row.lever), row.month): row.limit for row in plan.limits
    }
    for segment in dataset.segments:
        at_first = agreed_limits(dataset, segment)
        for lever in dict.fromkeys(row.lever for row in dataset.limits if row.segment == segment.segment):
            before = at_first.get(lever)
            for t in dataset.horizon:
                now = in_force.get((segment.segment, lever, t))
                if now is not None and before is not None and now != before:
                    yield segment.segment, lever, t
                before = now if now is not None else before


def agreed_limits(dataset: Dataset, segment: Segment) -> dict[str, str]:
    """The limit of each lever in force before month 0, of those that `current_limit` names."""
    named = [part.strip() for part in (segment.current_limit or "").split(";")]
    return {row.lever: row.limit for row in dataset.limits if row.segment == segment.segment and row.limit in named}
