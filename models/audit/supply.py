"""The sources of capacity a plan has: what each brings online in every month, where, and for whom."""

from __future__ import annotations

from dataclasses import dataclass, field

from models.audit.report import Findings
from models.audit.scenario_factors import FactorPaths
from models.audit.schedules import AuditedContract, AuditedLease
from models.dataset import Dataset
from models.plan import Plan, Signing
from models.schema import LeaseOut

Key = tuple[str, str, int, str]
"""kind, name, term_months (0 but for leases), hardware."""


@dataclass
class AuditedSource:
    """Accelerators of one hardware from one asset, lease and term, or contract; `online` by month t.

    `of_site` says whether single-site work can run on it; `usage_usd` is per accelerator-hour used.
    """

    kind: str
    name: str
    provider: str
    region: str
    site: str
    hardware: str
    kw: float
    sublet: bool
    of_site: bool
    usage_usd: float
    overage_share: float
    online: dict[int, float] = field(default_factory=dict)

    def at(self, t: int) -> float:
        """Accelerators online in month t."""
        return self.online.get(t, 0.0)

    def add(self, t: int, accelerators: float) -> None:
        """Adds accelerators online in month t."""
        self.online[t] = self.at(t) + accelerators


class Supply:
    """Every source by its key, and the schedules of the leases, contracts and lease-outs signed."""

    def __init__(self, dataset: Dataset, plan: Plan) -> None:
        self.dataset = dataset
        self.sources: dict[Key, AuditedSource] = {}
        self.leases: list[AuditedLease] = []
        self.contracts: list[AuditedContract] = []
        self.lease_outs: list[tuple[Signing, LeaseOut]] = []
        self._totals: dict[int, float] = {}
        terms = {(each.lease, each.term_months): each for each in dataset.lease_terms}
        self._add_fleet()
        for signing in plan.signings:
            term = terms.get((signing.name, signing.term_months))
            if signing.kind == "lease" and term is not None:
                self._add_lease(AuditedLease(dataset, signing, dataset.lease_of[signing.name], term))
            elif signing.kind == "contract":
                self._add_contract(AuditedContract(dataset, signing, dataset.contract_of[signing.name]))
            elif signing.kind == "lease_out":
                self.lease_outs.append((signing, dataset.lease_out_of[signing.name]))

    def total(self, t: int) -> float:
        """Accelerators online in month t, all sources together."""
        if t not in self._totals:
            self._totals[t] = sum(each.at(t) for each in self.sources.values())
        return self._totals[t]

    def _kw(self, hardware: str) -> float:
        return self.dataset.hardware_of[hardware].kw

    def _add_fleet(self) -> None:
        dataset = self.dataset
        for row in dataset.fleet:
            source = AuditedSource(
                kind="fleet",
                name=row.asset,
                provider=row.provider,
                region=row.region,
                site=row.site or row.asset,
                hardware=row.hardware,
                kw=self._kw(row.hardware),
                sublet=row.sublet,
                of_site=True,
                usage_usd=row.usage_usd_per_accelerator_hour,
                overage_share=0.0,
            )
            exit_month = FactorPaths(dataset).first_exit(row.provider)
            for t in dataset.horizon:
                month = dataset.month(t)
                begun = row.from_month is None or row.from_month <= month
                over = row.until_month is not None and row.until_month < month
                if begun and not over and t < exit_month:
                    source.add(t, row.accelerators)
            self.sources["fleet", row.asset, 0, row.hardware] = source

    def _add_lease(self, schedule: AuditedLease) -> None:
        self.leases.append(schedule)
        lease, term = schedule.lease, schedule.term
        for hardware in schedule.hardware:
            key = ("lease", lease.lease, term.term_months, hardware)
            self.sources.setdefault(
                key,
                AuditedSource(
                    kind="lease",
                    name=lease.lease,
                    provider=lease.provider,
                    region=lease.region,
                    site=lease.site or lease.lease,
                    hardware=hardware,
                    kw=self._kw(hardware),
                    sublet=lease.sublet,
                    of_site=True,
                    usage_usd=term.usage_usd_per_accelerator_hour,
                    overage_share=0.0,
                ),
            )
        for t in self.dataset.horizon:
            for hardware, accelerators in schedule.online(t).items():
                self.sources["lease", lease.lease, term.term_months, hardware].add(t, accelerators)

    def _add_contract(self, schedule: AuditedContract) -> None:
        self.contracts.append(schedule)
        contract = schedule.contract
        source = self.sources.setdefault(
            ("contract", contract.contract, 0, contract.hardware),
            AuditedSource(
                kind="contract",
                name=contract.contract,
                provider=contract.provider,
                region=contract.region,
                site=contract.site or contract.contract,
                hardware=contract.hardware,
                kw=self._kw(contract.hardware),
                sublet=False,
                of_site=contract.take_or_pay_share == 1,
                usage_usd=contract.usage_usd_per_accelerator_hour,
                overage_share=contract.overage_share,
            ),
        )
        for t in self.dataset.horizon:
            source.add(t, schedule.online(t))


def source_key(kind: str, name: str, term_months: int, hardware: str) -> Key:
    """The key of a source as a plan's row names it."""
    return kind, name, term_months if kind == "lease" else 0, hardware


def check_online(dataset: Dataset, plan: Plan, supply: Supply, findings: Findings) -> None:
    """Plan.online against the sources recomputed: accelerators and MW, provider, region and site."""
    stated: dict[tuple[int, Key], float] = {}
    stated_mw: dict[tuple[int, Key], float] = {}
    for row in plan.online:
        key = source_key(row.kind, row.name, row.term_months, row.hardware)
        stated[row.month, key] = stated.get((row.month, key), 0.0) + row.accelerators
        stated_mw[row.month, key] = stated_mw.get((row.month, key), 0.0) + row.mw
        source = supply.sources.get(key)
        if source is not None:
            place = (row.provider, row.region, row.site)
            kept = place == (source.provider, source.region, source.site)
            where = f"{dataset.label(row.month)} {row.name}: {', '.join(map(str, place))}"
            findings.true("online_as_agreed", where, kept)
    due = {(t, key) for key, source in supply.sources.items() for t, held in source.online.items() if held}
    for t, key in sorted(due | set(stated)):
        source = supply.sources.get(key)
        accelerators = 0.0 if source is None else source.at(t)
        mw = 0.0 if source is None else accelerators * source.kw / 1000
        where = f"{dataset.label(t)} {key[0]} {key[1]} {key[3]}"
        found, found_mw = stated.get((t, key), 0.0), stated_mw.get((t, key), 0.0)
        findings.equal("online_as_agreed", f"{where}, accelerators", found, accelerators, max(accelerators, found))
        findings.equal("online_as_agreed", f"{where}, MW", found_mw, mw, max(mw, found_mw))
