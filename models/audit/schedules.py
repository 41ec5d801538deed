"""What a signing brings and costs month by month, from the terms in the workbook.

A schedule counts service months 1, 2, … (`tau`) from `start`; months are months t of the horizon,
before and beyond it too. Money is undiscounted and for all units of the signing together.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

from models.audit.report import Findings
from models.audit.scenario_factors import FactorPaths
from models.dataset import Dataset
from models.plan import Signing
from models.schema import Ramp


class AuditedRamp:
    """Share of capacity online and multiplier of the rate in each service month."""

    def __init__(self, dataset: Dataset, name: str | None) -> None:
        rows = [each for each in dataset.ramps if each.ramp == name] if name is not None else []
        self.rows: list[Ramp] = sorted(rows, key=lambda each: each.service_month)
        self.blank = name is None

    def at(self, tau: int) -> tuple[float, float]:
        """Capacity share and rate multiplier of service month tau; nothing before the first row."""
        if self.blank:
            return 1.0, 1.0
        row = next((each for each in reversed(self.rows) if each.service_month <= tau), None)
        return (0.0, 1.0) if row is None else (row.capacity_share, row.rate_multiplier)


def first_service_month(dataset: Dataset, offer: Any, name: str | None, signed: int) -> int:
    """Month t in which service starts: after the lead time, not before the month agreed, and any delay after that.

    Without a name no factor acts on the offer.
    """
    due, not_before = signed + int(offer.lead_months), getattr(offer, "service_not_before", None)
    if not_before is not None:
        due = max(due, dataset.t(not_before))
    if name is None:
        return due
    is_signed = getattr(offer, "status", "offer") == "signed"
    return due + FactorPaths(dataset).delay(name, is_signed, signed, due)


def counts(dataset: Dataset, t: int) -> bool:
    """Whether a payment of month t is one of the plan's: not sunk, and not beyond a prorated horizon."""
    return t >= 0 and (dataset.settings.end_of_horizon != "prorate" or t < dataset.settings.months)


@dataclass
class AuditedSource:
    """Accelerators of one hardware from one asset, or of one offer and term; `online` by month t.

    `usage_usd` is per accelerator-hour used, paid under the name `billed_as` where that is another than its own.
    """

    kind: str
    name: str
    term_months: int
    provider: str
    region: str
    site: str
    hardware: str
    kw: float
    sublet: bool
    usage_usd: float
    overage_share: float
    billed_as: str = ""
    online: dict[int, float] = field(default_factory=dict)

    def at(self, t: int) -> float:
        """Accelerators online in month t."""
        return self.online.get(t, 0.0)

    def add(self, t: int, accelerators: float) -> None:
        """Adds accelerators online in month t."""
        self.online[t] = self.at(t) + accelerators


@dataclass(frozen=True)
class AuditedSigning(ABC):
    """Units of an offer signed together, with the end chosen: what they bring, cost and must keep to.

    `uncertain`: whether a scenario's factors act on it. `beyond`: whether what it pays beyond the horizon counts there.
    """

    uncertain: ClassVar[bool] = True
    beyond: ClassVar[bool] = False
    dataset: Dataset
    signing: Signing
    offer: Any

    @cached_property
    def factors(self) -> FactorPaths:
        """The scenario's factors."""
        return FactorPaths(self.dataset)

    @cached_property
    def price(self) -> float:
        """The scenario's multiple of the rates and the upfront, by the month of signing."""
        return self.factors.product("price", self.signing.month, self.signing.name)

    def delivered(self, t: int) -> float:
        """The share that arrives in month t of what was signed for."""
        share: float = self.offer.delivered_share
        return share * self.factors.product("delivered_share", t, self.signing.name)

    @cached_property
    def exit_month(self) -> float:
        """First month without the supplier."""
        return self.factors.first_exit(self.signing.name, self.offer.provider) if self.uncertain else float("inf")

    @cached_property
    def start(self) -> int:
        """First service month."""
        return self.start_in(self.dataset)

    def start_in(self, view: Dataset) -> int:
        """The same in another scenario."""
        return first_service_month(view, self.offer, self.signing.name if self.uncertain else None, self.signing.month)

    @property
    def term_months(self) -> int:
        """Length of the term signed for, as the workbook has it."""
        return int(self.offer.term_months)

    @property
    def term_end(self) -> int:
        """Last service month of the term, neither cancelled nor renewed."""
        return self.start + self.term_months - 1

    @property
    def end(self) -> int:
        """Last month of service."""
        return self.term_end

    @property
    def region(self) -> str:
        """Where it is."""
        return str(self.offer.region)

    def borrowed(self) -> Iterator[tuple[int, float]]:
        """(month, USD) that others pay for us, less what they are paid back."""
        return iter(())

    def sources(self) -> Iterator[AuditedSource]:
        """What it brings online, a source for each hardware, nothing online yet."""
        return iter(())

    def online(self, t: int) -> Mapping[str, float]:
        """Accelerators online in month t, by hardware."""
        return {}

    def leased_out(self, t: int) -> Mapping[str, float]:
        """Accelerators that others have in month t, by hardware."""
        return {}

    @abstractmethod
    def payments(self, used: Mapping[int, float], over: Mapping[int, float]) -> Iterator[tuple[int, float, float]]:
        """(month, USD paid, USD that counts undiscounted); `used` and `over` are accelerator-hours by month."""

    @property
    def paid_when_signed(self) -> float:
        """USD of upfront and prepayment, paid in the month of signing."""
        return 0.0

    def committed(self) -> Iterator[tuple[int, float]]:
        """(month, USD) of the least that is due, whatever is used, beyond the horizon too."""
        if self.signing.month < self.exit_month:
            yield self.signing.month, self.paid_when_signed
        yield from self.due_after_signing

    def promised(self) -> Iterator[tuple[range, float]]:
        """The months of each period in which a provider is promised what others' bills may count towards, and USD."""
        return iter(())

    @property
    def due_after_signing(self) -> tuple[tuple[int, float], ...]:
        """(month, USD) owed after signing whatever is used."""
        return ()

    def check_service(self, where: str, findings: Findings) -> None:
        """The term, its end, and rights to cancel and renew; here there are none."""
        signing = self.signing
        kept = signing.term_months == self.term_months
        findings.true("term_on_offer", where, kept, signing.term_months, self.term_months)
        findings.true("service_ends_when_due", where, signing.end == self.end, signing.end, self.end)
        findings.true("cancelled_as_allowed", where, not signing.cancelled)
        findings.true("renewed_as_allowed", where, signing.renewals == 0, signing.renewals, 0)

    def choices(self) -> Mapping[int, int]:
        """Months t at whose start units can end, with the month in which that is decided; in none here."""
        return {}

    def inside(self, t: int) -> bool:
        """Whether what is paid for service in month t counts in the objective."""
        return self.reaches_beyond or t in self.dataset.horizon

    @property
    def reaches_beyond(self) -> bool:
        """Whether fees beyond the horizon count in the objective."""
        return self.dataset.settings.end_of_horizon != "prorate"

    @property
    def upfront_share(self) -> float:
        """The share of an upfront that counts: of the term's months those inside the horizon; all with `full`."""
        if self.dataset.settings.end_of_horizon == "full":
            return 1.0
        return sum(t in self.dataset.horizon for t in range(self.start, self.term_end + 1)) / self.term_months

    def worth(self, t: int, online: Mapping[str, float]) -> float:
        """What accelerators online in month t, beyond the horizon, are worth; by the rows of `residuals`."""
        settings, rows = self.dataset.settings, {each.hardware: each for each in self.dataset.residuals}
        total = 0.0
        for hardware, accelerators in online.items():
            if hardware in rows:
                left = (1 - rows[hardware].decline_per_year) ** ((t - settings.months) / 12)
                total += accelerators * self.dataset.hours(t) * rows[hardware].usd_per_accelerator_hour * left
        return total

    @property
    def worth_after_horizon(self) -> Mapping[int, float]:
        """By month beyond the horizon, what the hours of service then are worth, the fee at the most; nothing here."""
        return {}

    def deductions(self) -> Iterator[tuple[int, float, float]]:
        """With `residual` what is deducted of fees beyond the horizon, as payments without cash."""
        if self.dataset.settings.end_of_horizon == "residual":
            yield from ((t, 0.0, -usd) for t, usd in self.worth_after_horizon.items())
