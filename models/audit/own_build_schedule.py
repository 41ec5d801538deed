"""What blocks of an own site and lots of chips bring and cost, month by month, for the audit."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from models.audit.schedules import AuditedRamp, AuditedSigning, AuditedSource
from models.schema import ChipOrder, OwnSite

KEPT = 1200
"""Months that a block without a term is told to serve."""


@dataclass(frozen=True)
class AuditedOwnBuild(AuditedSigning, ABC):
    """Units of own build signed together, in part bought with what others lend."""

    beyond: ClassVar[bool] = True
    offer: OwnSite | ChipOrder

    @property
    def life_months(self) -> int:
        """What is paid is spread over so many months."""
        return self.offer.life_months

    @cached_property
    def counted(self) -> float:
        """The share of that life that lies inside the horizon."""
        if self.dataset.settings.end_of_horizon == "full":
            return 1.0
        lived = [t for t in range(self.start, self.start + self.life_months) if t in self.dataset.horizon]
        return len(lived) / self.life_months

    @abstractmethod
    def bought(self) -> Iterator[tuple[int, float]]:
        """(month, USD) of every payment of capex or price, lent or not, before month 0 too."""

    @abstractmethod
    def running(self) -> Iterator[tuple[int, float]]:
        """(month, USD) of rent or support."""

    @cached_property
    def instalments(self) -> list[tuple[int, float]]:
        """(month, USD) paid back, from month 0 on."""
        rate, n = (1 + self.offer.interest) ** (1 / 12) - 1, self.offer.tenor_months
        annuity = 1 / n if rate == 0 else rate / (1 - (1 + rate) ** -n)
        found = []
        for month, usd in self.bought():
            if self.offer.financed_share:
                each = usd * self.offer.financed_share * annuity
                found += [(month + k, each) for k in range(1, n + 1) if month + k >= 0]
        return found

    def _own(self) -> Iterator[tuple[int, float]]:
        return ((t, usd * (1 - self.offer.financed_share)) for t, usd in self.bought() if t >= 0)

    def payments(self, used: Mapping[int, float], over: Mapping[int, float]) -> Iterator[tuple[int, float, float]]:
        for t, usd in (*self._own(), *self.instalments):
            yield t, usd if t in self.dataset.horizon else 0.0, usd * self.counted
        full = self.dataset.settings.end_of_horizon == "full"
        for t, usd in self.running():
            if t in self.dataset.horizon or full:
                yield t, usd if t in self.dataset.horizon else 0.0, usd

    def borrowed(self) -> Iterator[tuple[int, float]]:
        for t, usd in self.bought():
            yield t, usd * self.offer.financed_share
        for t, usd in self.instalments:
            yield t, -usd

    @property
    def due_after_signing(self) -> tuple[tuple[int, float], ...]:
        return (*self._own(), *self.instalments)


@dataclass(frozen=True)
class AuditedBlocks(AuditedOwnBuild):
    """Blocks of an own site."""

    offer: OwnSite

    @property
    def term_months(self) -> int:
        return self.offer.term_months or KEPT

    @property
    def life_months(self) -> int:
        return min(self.offer.life_months, self.term_months)

    @cached_property
    def ramp(self) -> AuditedRamp:
        """How power and rent build up."""
        return AuditedRamp(self.dataset, self.offer.ramp)

    def power_mw(self, t: int) -> float:
        """Power online in month t."""
        if not self.start <= t <= self.term_end or t >= self.exit_month:
            return 0.0
        return self.signing.units * self.offer.block_mw * self.ramp.at(t - self.start + 1)[0]

    def bought(self) -> Iterator[tuple[int, float]]:
        whole = self.signing.units * self.offer.block_mw * self.offer.capex_usd_per_mw * self.price
        for k in range(self.offer.capex_months):
            if self.signing.month + k < self.exit_month:
                yield self.signing.month + k, whole / self.offer.capex_months

    def running(self) -> Iterator[tuple[int, float]]:
        last = self.dataset.settings.months - 1 if self.offer.term_months is None else self.term_end
        for t in range(max(self.start, 0), last + 1):
            tau = t - self.start + 1
            risen = (1 + self.offer.escalator_per_year) ** ((tau - 1) // 12)
            yield t, self.offer.rent_usd_per_mw_month * self.price * self.power_mw(t) * self.ramp.at(tau)[1] * risen

    @property
    def due_after_signing(self) -> tuple[tuple[int, float], ...]:
        rents = () if self.offer.term_months is None else self.running()
        return (*super().due_after_signing, *rents)


@dataclass(frozen=True)
class AuditedLots(AuditedOwnBuild):
    """Lots of chips."""

    offer: ChipOrder

    @property
    def _home(self) -> OwnSite:
        return next(row for row in self.dataset.own_sites if (row.site or row.build) == self.offer.site)

    @property
    def region(self) -> str:
        return self._home.region

    def chips(self, t: int) -> float:
        """Accelerators delivered, in month t of their life."""
        if not self.start <= t <= self.term_end or self.start >= self.exit_month:
            return 0.0
        return self.signing.units * self.offer.lot * self.delivered(t)

    def bought(self) -> Iterator[tuple[int, float]]:
        price = self.signing.units * self.offer.lot * self.offer.usd_per_accelerator * self.price
        if self.signing.month < self.exit_month:
            yield self.signing.month, price * self.offer.deposit_share
        if self.start < self.exit_month:
            yield self.start, price * (1 - self.offer.deposit_share)

    def running(self) -> Iterator[tuple[int, float]]:
        for t in self.dataset.horizon:
            if t < self.exit_month:
                yield t, self.offer.support_usd_per_accelerator_month * self.price * self.chips(t)

    def sources(self) -> Iterator[AuditedSource]:
        home, kw = self._home, self.dataset.hardware_of[self.offer.hardware].kw
        yield AuditedSource(
            kind=self.signing.kind.name,
            name=self.offer.order,
            term_months=0,
            provider=home.provider,
            region=home.region,
            site=self.offer.site,
            hardware=self.offer.hardware,
            kw=kw,
            sublet=False,
            usage_usd=kw / 1000 * home.energy_usd_per_mwh,
            overage_share=0.0,
            billed_as=self.offer.site,
        )
