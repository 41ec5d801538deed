"""What units leased out together take and earn, month by month, for the audit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from models.audit.schedules import AuditedSigning
from models.schema import LeaseOut


@dataclass(frozen=True)
class AuditedLeaseOut(AuditedSigning):
    """Units of a lease-out signed together."""

    uncertain: ClassVar[bool] = False
    offer: LeaseOut

    def leased_out(self, t: int) -> Mapping[str, float]:
        taken = self.signing.units * self.offer.accelerators
        return {self.offer.hardware: taken} if self.start <= t <= self.end else {}

    def payments(self, used: Mapping[int, float], over: Mapping[int, float]) -> Iterator[tuple[int, float, float]]:
        offer = self.offer
        for t in range(self.start, self.end + 1):
            income = offer.usd_per_accelerator_hour * offer.accelerators * self.signing.units * self.dataset.hours(t)
            if t in self.dataset.horizon:  # beyond it no capacity of the plan stands behind the income
                yield t, -income, -income
