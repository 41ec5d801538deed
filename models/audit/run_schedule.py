"""What a run asks for and earns, for the audit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from models.audit.schedules import AuditedSigning
from models.schema import Run


@dataclass(frozen=True)
class AuditedRun(AuditedSigning):
    """A run that is started."""

    uncertain: ClassVar[bool] = False
    offer: Run

    def tokens_bn(self, t: int) -> float:
        """Tokens asked for in month t."""
        if not self.start <= t <= self.term_end:
            return 0.0
        return self.offer.tokens_bn_per_day * self.dataset.hours(t) / 24

    def payments(self, used: Mapping[int, float], over: Mapping[int, float]) -> Iterator[tuple[int, float, float]]:
        row = self.offer
        first = 0 if row.start_from is None else self.dataset.t(row.start_from)
        earned = (row.value_usd or 0.0) - row.loss_usd_per_month_late * (self.signing.month - first)
        yield self.term_end, -earned, -earned
