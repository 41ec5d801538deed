"""The audit's own table of the kinds of offers: what each is checked for and what it pays, apart from the registry.

A kind that is registered for the model and missing here is rejected by the first plan that signs one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from models.audit.commitment_schedule import AuditedCommitment
from models.audit.contract_schedule import AuditedContract
from models.audit.lease_out_schedule import AuditedLeaseOut
from models.audit.lease_schedule import AuditedLease
from models.audit.own_build_schedule import KEPT, AuditedBlocks, AuditedLots
from models.audit.report import Findings
from models.audit.run_schedule import AuditedRun
from models.audit.scenario_factors import FactorPaths
from models.audit.schedules import AuditedSigning
from models.dataset import Dataset
from models.plan import Signing
from models.schema import Contract, Lease, LeaseOut, Run, SpendCommitment


@dataclass(frozen=True)
class AuditedKind(ABC):
    """One kind of offer to the audit.

    `sheet` has its offers; `category` is that of its payments; `words` what a finding calls it. `held`: whether a cap
    in a scope counts what is paid for it. `brings`: whether it brings capacity, so that caps on offers and options may
    name it. `by_term`: whether the term tells its sources apart. `uncertain`: whether
    its supplier can exit.
    """

    sheet: str
    category: str
    words: str
    held: bool = True
    brings: bool = True
    by_term: bool = False
    uncertain: bool = True

    def offers(self, dataset: Dataset) -> Mapping[str, Any]:
        """The rows of its offers by name."""
        return dataset.named(self.sheet)

    @abstractmethod
    def schedule(self, dataset: Dataset, signing: Signing) -> AuditedSigning | None:
        """What a signing brings and costs; None where its term is not on offer."""

    def sources(self, dataset: Dataset) -> Iterator[tuple[str, str, int]]:
        """Every offer, hardware and term (0 but where it tells sources apart) that can be online; none here."""
        return iter(())

    def check_units(self, row: Any, signings: list[Signing], where: str, findings: Findings) -> None:
        """Units signed of an offer, all signings together; of one signed already the workbook says how many."""
        if getattr(row, "status", "offer") != "signed":
            findings.at_most("units_within_offer", where, sum(each.units for each in signings), row.units_max, 1.0)

    def check_all(self, dataset: Dataset, row: Any, signings: list[Signing], where: str, findings: Findings) -> None:
        """What the signings of one of them must be, beside their number."""
        return

    def agreed(self, row: Any) -> tuple[int | None, int | None, int | None]:
        """Month, term and units of a row of status signed."""
        return None, None, None

    def exit_month(self, dataset: Dataset, name: str) -> float:
        """The first month without the supplier of an offer."""
        provider = self.offers(dataset)[name].provider
        return FactorPaths(dataset).first_exit(name, provider) if self.uncertain else float("inf")

    def key(self, name: str, term_months: int, hardware: str) -> tuple[str, int, str]:
        """What tells its sources apart."""
        return name, term_months if self.by_term else 0, hardware


@dataclass(frozen=True)
class _Leases(AuditedKind):
    def schedule(self, dataset: Dataset, signing: Signing) -> AuditedSigning | None:
        lease = dataset.lease_of[signing.name]
        terms = {each.term_months: each for each in dataset.lease_terms if each.lease == signing.name}
        term = terms.get(signing.term_months)
        return None if term is None else AuditedLease(dataset, signing, lease, term)

    def sources(self, dataset: Dataset) -> Iterator[tuple[str, str, int]]:
        for term in dataset.lease_terms:
            for row in dataset.lease_hardware:
                if row.lease == term.lease:
                    yield term.lease, row.hardware, term.term_months

    def agreed(self, row: Lease) -> tuple[int | None, int | None, int | None]:
        return row.signed_month, row.signed_term_months, row.signed_units


@dataclass(frozen=True)
class _Contracts(AuditedKind):
    def schedule(self, dataset: Dataset, signing: Signing) -> AuditedSigning | None:
        return AuditedContract(dataset, signing, dataset.contract_of[signing.name])

    def sources(self, dataset: Dataset) -> Iterator[tuple[str, str, int]]:
        return ((each.contract, each.hardware, 0) for each in dataset.contracts)

    def check_units(self, row: Contract, signings: list[Signing], where: str, findings: Findings) -> None:
        findings.at_most("one_signing_per_contract", where, len(signings), 1, 1.0)
        for each in signings if row.status != "signed" else ():
            findings.at_least("blocks_within_offer", where, each.units, row.min_blocks, 1.0)
            findings.at_most("blocks_within_offer", where, each.units, row.max_blocks, 1.0)

    def agreed(self, row: Contract) -> tuple[int | None, int | None, int | None]:
        return row.signed_month, row.term_months, row.signed_blocks


@dataclass(frozen=True)
class _LeaseOuts(AuditedKind):
    def schedule(self, dataset: Dataset, signing: Signing) -> AuditedSigning | None:
        return AuditedLeaseOut(dataset, signing, dataset.lease_out_of[signing.name])

    def agreed(self, row: LeaseOut) -> tuple[int | None, int | None, int | None]:
        return row.signed_month, row.term_months, row.signed_units


@dataclass(frozen=True)
class _Commitments(AuditedKind):
    def schedule(self, dataset: Dataset, signing: Signing) -> AuditedSigning | None:
        return AuditedCommitment(dataset, signing, self.offers(dataset)[signing.name])

    def check_units(self, row: SpendCommitment, signings: list[Signing], where: str, findings: Findings) -> None:
        findings.at_most("units_within_offer", where, sum(each.units for each in signings), 1, 1.0)

    def agreed(self, row: SpendCommitment) -> tuple[int | None, int | None, int | None]:
        return row.from_month, row.until_month - row.from_month + 1, 1

    def exit_month(self, dataset: Dataset, name: str) -> float:
        return FactorPaths(dataset).first_exit(self.offers(dataset)[name].provider)


@dataclass(frozen=True)
class _OwnBuild(AuditedKind):
    """Builds and chip orders: units in `most` and `signed` columns."""

    schedules: type[AuditedBlocks] | type[AuditedLots] = AuditedBlocks
    most: str = ""
    signed: str = ""

    def schedule(self, dataset: Dataset, signing: Signing) -> AuditedSigning | None:
        return self.schedules(dataset, signing, self.offers(dataset)[signing.name])

    def sources(self, dataset: Dataset) -> Iterator[tuple[str, str, int]]:
        if self.schedules is AuditedLots:
            yield from ((each.order, each.hardware, 0) for each in dataset.chip_orders)

    def check_units(self, row: Any, signings: list[Signing], where: str, findings: Findings) -> None:
        if row.status != "signed":
            most = getattr(row, self.most)
            findings.at_most("units_within_offer", where, sum(each.units for each in signings), most, 1.0)

    def agreed(self, row: Any) -> tuple[int | None, int | None, int | None]:
        return row.signed_month, row.term_months or KEPT, getattr(row, self.signed)


@dataclass(frozen=True)
class _Runs(AuditedKind):
    def schedule(self, dataset: Dataset, signing: Signing) -> AuditedSigning | None:
        return AuditedRun(dataset, signing, self.offers(dataset)[signing.name])

    def check_units(self, row: Run, signings: list[Signing], where: str, findings: Findings) -> None:
        findings.at_most("run_is_done_once", where, sum(each.units for each in signings), 1, 1.0)

    def check_all(self, dataset: Dataset, row: Run, signings: list[Signing], where: str, findings: Findings) -> None:
        """One that must be done is, where it can end inside the horizon."""
        last = dataset.settings.months - row.months
        opens = 0 if row.start_from is None else max(0, dataset.t(row.start_from))
        closes = last if row.start_until is None else min(last, dataset.t(row.start_until))
        for each in signings:
            findings.at_most("run_is_done_once", f"{where}, its end", each.end, dataset.settings.months - 1, 1.0)
        if (row.must or row.value_usd is None) and opens <= closes:
            findings.at_least("run_is_done_once", where, len(signings), 1, 1.0)


AUDITED: dict[str, AuditedKind] = {
    "lease": _Leases("leases", "lease", "lease", by_term=True),
    "contract": _Contracts("contracts", "contract", "contract"),
    "site": _OwnBuild("own_sites", "site", "build", schedules=AuditedBlocks, most="blocks_max", signed="signed_blocks"),
    "chips": _OwnBuild(
        "chip_orders", "chips", "chip order", schedules=AuditedLots, most="lots_max", signed="signed_lots"
    ),
    "commitment": _Commitments("spend_commitments", "commitment", "spend commitment", brings=False, uncertain=False),
    "lease_out": _LeaseOuts("lease_outs", "lease_out_income", "lease-out", held=False),
    "run": _Runs("runs", "run_value", "run", held=False, brings=False, uncertain=False),
}
"""By the name of the kind of a signing."""
