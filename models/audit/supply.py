"""The sources of capacity a plan has: what each brings online in every month, where, and for whom."""

from __future__ import annotations

from models.audit.kinds import AUDITED
from models.audit.report import Findings
from models.audit.scenario_factors import FactorPaths, fleet_share
from models.audit.schedules import AuditedSigning, AuditedSource
from models.dataset import Dataset
from models.grouping import sums
from models.plan import Plan

Key = tuple[str, str, int, str]
"""kind, name, term_months (0 but for leases), hardware."""


class Supply:
    """Every source by its key, and the schedules of what is signed."""

    def __init__(self, dataset: Dataset, plan: Plan) -> None:
        self.dataset = dataset
        self.sources: dict[Key, AuditedSource] = {}
        self.schedules: list[AuditedSigning] = []
        self._totals: dict[int, float] = {}
        self._add_fleet()
        for signing in plan.signings:
            schedule = AUDITED[signing.kind.name].schedule(dataset, signing)
            if schedule is not None:
                self._add(schedule)
        for row in plan.online:  # chips work where the plan powers them
            key = source_key(row.kind.name, row.name, row.term_months, row.hardware)
            if key in self.sources and self.sources[key].billed_as and row.month in dataset.horizon:
                self.sources[key].add(row.month, row.accelerators)

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
                term_months=0,
                provider=row.provider,
                region=row.region,
                site=row.site or row.asset,
                hardware=row.hardware,
                kw=self._kw(row.hardware),
                sublet=row.sublet,
                usage_usd=row.usage_usd_per_accelerator_hour,
                overage_share=0.0,
            )
            exit_month = FactorPaths(dataset).first_exit(row.provider)
            for t in dataset.horizon:
                month = dataset.month(t)
                begun = row.from_month is None or row.from_month <= month
                over = row.until_month is not None and row.until_month < month
                if begun and not over and t < exit_month:
                    source.add(t, row.accelerators * fleet_share(dataset, row, t))
            self.sources["fleet", row.asset, 0, row.hardware] = source

    def _add(self, schedule: AuditedSigning) -> None:
        self.schedules.append(schedule)
        keys = {}
        for source in schedule.sources():
            key = source_key(source.kind, source.name, source.term_months, source.hardware)
            keys[source.hardware] = key
            self.sources.setdefault(key, source)
        for t in self.dataset.horizon:
            for hardware, accelerators in schedule.online(t).items():
                self.sources[keys[hardware]].add(t, accelerators)


def source_key(kind: str, name: str, term_months: int, hardware: str) -> Key:
    """The key of a source as a plan's row names it."""
    audited = AUDITED.get(kind)
    return (kind, *((name, 0, hardware) if audited is None else audited.key(name, term_months, hardware)))


def check_online(dataset: Dataset, plan: Plan, supply: Supply, findings: Findings) -> None:
    """Plan.online against the sources recomputed: accelerators and MW, provider, region and site."""
    keyed = [(source_key(row.kind.name, row.name, row.term_months, row.hardware), row) for row in plan.online]
    stated = sums(((row.month, key), row.accelerators) for key, row in keyed)
    stated_mw = sums(((row.month, key), row.mw) for key, row in keyed)
    for key, row in keyed:
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
        found, found_mw = stated[t, key], stated_mw[t, key]
        findings.equal("online_as_agreed", f"{where}, accelerators", found, accelerators, max(accelerators, found))
        findings.equal("online_as_agreed", f"{where}, MW", found_mw, mw, max(mw, found_mw))
