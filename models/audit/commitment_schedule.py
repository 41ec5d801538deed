"""What a spend commitment promises, period by period, for the audit; what was spent is in the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from models.audit.schedules import AuditedSigning
from models.schema import SpendCommitment


@dataclass(frozen=True)
class AuditedCommitment(AuditedSigning):
    """A commitment that is signed."""

    uncertain: ClassVar[bool] = False
    offer: SpendCommitment

    @property
    def exit_month(self) -> float:
        """First month without the provider."""
        return self.factors.first_exit(self.offer.provider)

    def payments(self, used: Mapping[int, float], over: Mapping[int, float]) -> Iterator[tuple[int, float, float]]:
        return iter(())

    def promised(self) -> Iterator[tuple[range, float]]:
        row, first, last = self.offer, self.dataset.t(self.offer.from_month), self.dataset.t(self.offer.until_month)
        whole = 12 if row.per == "year" else last - first + 1
        for begin in range(first, last + 1, whole):
            months = range(begin, int(min(begin + whole, last + 1, self.exit_month)))
            if months:
                yield months, row.usd * len(months) / whole

    def periods(self) -> Iterator[tuple[list[int], float]]:
        """The months of each period that count, and the USD to be spent in them."""
        row, first = self.offer, self.dataset.t(self.offer.from_month)
        last = self.dataset.t(row.until_month)
        whole = 12 if row.per == "year" else last - first + 1
        for begin in range(first, last + 1, whole):
            period = range(begin, min(begin + whole - 1, last) + 1)
            inside = [t for t in period if t in self.dataset.horizon and t < self.exit_month]
            if not inside:
                continue
            earlier = sum(t < 0 for t in period) if row.spent_usd is not None else 0
            promised = row.usd * (len(inside) + earlier) / whole
            yield inside, promised - (row.spent_usd or 0.0 if earlier else 0.0)
