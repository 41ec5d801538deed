"""What the decisions cost: every payment worked out again, as paid and as the objective counts it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from models.audit.demand import MTOK_PER_BN, DemandAfterLimits
from models.audit.scenario_factors import FactorPaths
from models.audit.schedules import AuditedContract, AuditedLease, first_service_month
from models.audit.supply import Supply, source_key
from models.dataset import Dataset
from models.plan import Plan
from models.schema import OnDemand


@dataclass(frozen=True, slots=True)
class Due:
    """A payment in month t: `cash_usd` in full when made, `counted_usd` what the objective discounts.

    `buys_capacity` tells whether a cap on a provider, region, site or offer counts it: what is paid for fleet,
    leases, contracts and on-demand.
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
        return self.kind in ("fleet", "lease", "contract", "on_demand")


class Ledger:
    """All payments due for a plan; `full` says whether obligations beyond the horizon count."""

    def __init__(self, dataset: Dataset, plan: Plan, supply: Supply, demand: DemandAfterLimits) -> None:
        self.dataset = dataset
        self.full = dataset.settings.end_of_horizon == "full"
        self.dues: list[Due] = []
        self._fleet()
        self._usage(plan, supply)
        for lease in supply.leases:
            self._lease(lease)
        for contract in supply.contracts:
            self._contract(plan, contract)
        for signing, offer in supply.lease_outs:
            start = first_service_month(dataset, offer, signing.month)
            for t in range(start, start + offer.term_months):
                income = offer.usd_per_accelerator_hour * offer.accelerators * signing.units * dataset.hours(t)
                self._add(t, "lease_out_income", offer.provider, offer.lease_out, -income)
        premiums = {each.option: each.premium_usd for each in dataset.options}
        for bought in plan.options:
            self._add(bought.month, "option", "", bought.name, premiums[bought.name])
        self._on_demand(plan)
        self._service(plan, demand)

    def counts(self, t: int) -> bool:
        """Whether a payment of month t is one of the plan's: not sunk, and not beyond a prorated horizon."""
        return t >= 0 and (self.full or t < self.dataset.settings.months)

    def inside(self, t: int) -> bool:
        """Whether what is paid for service in month t counts in the objective."""
        return self.full or t in self.dataset.horizon

    def _add(
        self, month: int, category: str, provider: str, offer: str, cash: float, counted: float | None = None,
        *, kind: str = "", region: str = "", site: str = "",
    ) -> None:  # fmt: skip
        if self.counts(month) and (cash or counted):
            counts = cash if counted is None else counted
            self.dues.append(Due(month, category, provider, offer, cash, counts, kind, region, site))

    def _fleet(self) -> None:
        for row in self.dataset.fleet:
            exit_month = FactorPaths(self.dataset).first_exit(row.provider)
            for t in self.dataset.horizon:
                month = self.dataset.month(t)
                early = row.from_month is not None and month < row.from_month
                too_late = row.until_month is not None and month > row.until_month
                if not early and not too_late and t < exit_month:
                    cost = row.usd_per_accelerator_hour * row.accelerators * self.dataset.hours(t)
                    site = row.site or row.asset
                    self._add(t, "fleet", row.provider, row.asset, cost, kind="fleet", region=row.region, site=site)

    def _usage(self, plan: Plan, supply: Supply) -> None:
        for use in plan.source_use:
            source = supply.sources.get(source_key(use.kind, use.name, use.term_months, use.hardware))
            if source is None:
                continue
            hours = (use.accelerators + use.overage) * block_hours(self.dataset, use.month, use.block)
            self._add(
                use.month, "usage", source.provider, source.name, source.usage_usd * hours,
                kind=source.kind, region=source.region, site=source.site,
            )  # fmt: skip

    def _lease(self, schedule: AuditedLease) -> None:
        lease, start, length = schedule.lease, schedule.start, schedule.term.term_months
        site = lease.site or lease.lease

        def pay(t: int, cash: float, counted: float) -> None:
            self._add(
                t, "lease", lease.provider, lease.lease, cash, counted, kind="lease", region=lease.region, site=site
            )

        within = [fee for tau, fee in enumerate(schedule.fees, start=1) if self.inside(start + tau - 1)]
        prepay = schedule.term.prepay_share
        signed = schedule.signing.month
        if signed < schedule.exit_month:
            pay(signed, schedule.upfront, schedule.upfront * len(within) / length)
            pay(signed, prepay * sum(schedule.fees), prepay * sum(within))
        for t, usd in schedule.due_after_signing:
            pay(t, usd, usd)

    def _contract(self, plan: Plan, schedule: AuditedContract) -> None:
        contract, start = schedule.contract, schedule.start
        site = contract.site or contract.contract

        def pay(t: int, cash: float, counted: float) -> None:
            self._add(
                t, "contract", contract.provider, contract.contract, cash, counted,
                kind="contract", region=contract.region, site=site,
            )  # fmt: skip

        used: dict[int, float] = defaultdict(float)
        over: dict[int, float] = defaultdict(float)
        for use in plan.source_use:
            if (use.kind, use.name) == ("contract", contract.contract):
                hours = block_hours(self.dataset, use.month, use.block)
                used[use.month] += use.accelerators * hours
                over[use.month] += use.overage * hours

        minimums, prepay = schedule.minimums, contract.prepay_share
        within = [usd for t, usd in minimums.items() if self.inside(t)]
        signed = schedule.signing.month
        if signed < schedule.exit_month:
            pay(signed, schedule.upfront, schedule.upfront * len(within) / contract.term_months)
            pay(signed, prepay * sum(minimums.values()), prepay * sum(within))
        billed: dict[int, float] = {}
        for t, minimum in minimums.items():
            if self.counts(t) and t < schedule.exit_month:
                billed[t] = schedule.bill(t, used[t]) + schedule.overage(t, over[t])
                due = billed[t] - prepay * minimum
                pay(t, due, due)
        for first in range(start, schedule.end + 1, 12):
            year = [t for t in range(first, min(first + 12, schedule.end + 1)) if t in billed]
            if year:
                before = self.dataset.billed_before(contract.contract, year)
                least = contract.min_spend_usd_per_year * (before.months + len(year)) / 12
                top_up = max(0.0, least - before.usd - sum(billed[t] for t in year))
                pay(year[-1], top_up, top_up)

    def _on_demand(self, plan: Plan) -> None:
        for use in plan.on_demand:
            row = on_demand_row(self.dataset, use.provider, use.region, use.hardware, use.month)
            if row is not None:
                hours = use.accelerators * block_hours(self.dataset, use.month, use.block)
                offer = f"{use.provider} {use.region} {use.hardware}"
                market = FactorPaths(self.dataset).product("on_demand_price", use.month, use.hardware)
                cost = row.usd_per_accelerator_hour * market * hours
                self._add(use.month, "on_demand", use.provider, offer, cost, kind="on_demand", region=use.region)

    def _service(self, plan: Plan, demand: DemandAfterLimits) -> None:
        """Network, shortfall, revenue forgone and changes of limits: money that follows the tokens."""
        links = {(each.capacity_region, each.demand_region): each.usd_per_mtok for each in self.dataset.network}
        for serving in plan.serving:
            price = links.get((serving.capacity_region, serving.region), 0.0)
            self._add(serving.month, "network", "", serving.segment, price * serving.tokens_bn * MTOK_PER_BN)
        for short in plan.shortfalls:
            price = self.dataset.segment_of[short.segment].shortfall_usd_per_mtok or 0.0
            cost = price * short.tokens_bn * MTOK_PER_BN
            self._add(short.month, "shortfall", "", short.segment, 0.0, cost)
        for (t, segment), usd in demand.forgone.items():
            self._add(t, "revenue_forgone", "", segment, 0.0, usd)
        for segment, t in limit_changes(self.dataset, plan):
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


def limit_changes(dataset: Dataset, plan: Plan) -> list[tuple[str, int]]:
    """(segment, month) of every change of usage limit, month 0 against the one in force before it."""
    in_force = {(each.segment, each.month): each.limit for each in plan.limits}
    changes = []
    for segment in dataset.segments:
        before = segment.current_limit
        for t in dataset.horizon:
            now = in_force.get((segment.segment, t))
            if now is not None and before is not None and now != before:
                changes.append((segment.segment, t))
            before = now if now is not None else before
    return changes
