r"""What a block of an own site and a lot of chips bring and cost, month by month.

A block signed in month m brings block_mw x capacity_share(τ) of power in service month τ = t - f + 1 of its term, for
capex in capex_months equal parts from m on and a rent by the power online. A lot ordered in m brings
lot x delivered_share accelerators from f on for life_months; deposit_share of its price is paid in m, the rest in f,
support each month of its life. In a scenario capex, rent, price and support are x the price factor of month m; from a
supplier's exit on there is no power, no rent, no support and no part of capex, and chips not yet delivered do not come.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from models.dataset import Dataset
from models.schema import LONGEST_MONTHS, ChipOrder, OwnSite
from models.supply.financing import Flow, Loan, flows, share_of_life
from models.supply.signing import OfferSchedule, escalation


def loan_of(offer: OwnSite | ChipOrder) -> Loan:
    """How an offer is financed."""
    return Loan(offer.financed_share, offer.interest, offer.tenor_months)


@dataclass(frozen=True)
class BlockSchedule(OfferSchedule):
    """One block of an own site."""

    offer: OwnSite

    @property
    def stop(self) -> int:
        """The month after the last with power."""
        return self.start + (self.offer.term_months or LONGEST_MONTHS)

    def power_mw(self, t: int) -> float:
        """Power online in month t."""
        if not self.start <= t < self.stop or not self.supplier_present(t):
            return 0.0
        return self.offer.block_mw * self.ramp.capacity_share(t - self.start + 1)

    def rent(self, t: int) -> float:
        """USD of rent of month t."""
        service_month = t - self.start + 1
        steps = self.ramp.rate_multiplier(service_month) * escalation(self.offer.escalator_per_year, service_month)
        return self.offer.rent_usd_per_mw_month * self.price * self.power_mw(t) * steps

    def rents(self) -> Iterator[tuple[int, float]]:
        """USD of rent by month from month 0 on: of the horizon, and of a term beyond it."""
        horizon = len(self.dataset.horizon)
        last = self.stop if self.offer.term_months is not None else min(self.stop, horizon)
        return ((t, usd) for t in range(max(0, self.start), last) if (usd := self.rent(t)))

    def flows(self) -> list[Flow]:
        """Capex as it is paid and paid back."""
        months = self.offer.capex_months
        part = self.offer.block_mw * self.offer.capex_usd_per_mw * self.price / months
        parts = ((t, part) for t in range(self.signed, self.signed + months) if self.supplier_present(t))
        return flows(parts, loan_of(self.offer))

    @property
    def counted(self) -> float:
        """The share of its life that the objective counts."""
        return share_of_life(self.dataset, self.start, min(self.offer.life_months, self.stop - self.start))


@dataclass(frozen=True)
class LotSchedule(OfferSchedule):
    """One lot of chips."""

    offer: ChipOrder

    @property
    def stop(self) -> int:
        """The month after the last of their life."""
        return self.start + self.offer.life_months

    @property
    def arrive(self) -> bool:
        """Whether the supplier is there when they are due."""
        return self.supplier_present(self.start)

    def delivered(self, t: int) -> float:
        """Accelerators delivered, in month t of their life."""
        if not self.start <= t < self.stop or not self.arrive:
            return 0.0
        share = self.offer.delivered_share * self.dataset.realization.delivered(self.name, t)
        return float(self.offer.lot * share)

    def support(self, t: int) -> float:
        """USD of support of month t."""
        if not self.supplier_present(t):
            return 0.0
        return self.offer.support_usd_per_accelerator_month * self.price * self.delivered(t)

    def supports(self) -> Iterator[tuple[int, float]]:
        """USD of support by month of the horizon."""
        months = range(max(0, self.start), min(self.stop, len(self.dataset.horizon)))
        return ((t, usd) for t in months if (usd := self.support(t)))

    def flows(self) -> list[Flow]:
        """The price as it is paid and paid back."""
        price, deposit = self.offer.lot * self.offer.usd_per_accelerator * self.price, self.offer.deposit_share
        due = [(self.signed, deposit * price)] if self.supplier_present(self.signed) else []
        if self.arrive:
            due.append((self.start, (1.0 - deposit) * price))
        return flows(due, loan_of(self.offer))

    @property
    def counted(self) -> float:
        """The share of its life that the objective counts."""
        return share_of_life(self.dataset, self.start, self.offer.life_months)


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """What all builds of a site agree in."""

    provider: str
    region: str
    energy_usd_per_mwh: float


def own_sites(dataset: Dataset) -> dict[str, SiteFacts]:
    """The sites of own build by name."""
    return {
        row.site or row.build: SiteFacts(row.provider, row.region, row.energy_usd_per_mwh) for row in dataset.own_sites
    }
