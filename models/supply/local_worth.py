"""Local worth: what a unit of an offer would be worth at a plan's marginal values, against what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from models.core.finance import counts_in_full
from models.dataset import Dataset

Values = Mapping[tuple[str, str, int], float]
"""Present value of a MW by region, hardware and month, USD."""


@dataclass(frozen=True, slots=True)
class LocalWorth:
    """Of a unit signed in the month and for the term: its worth and its cost, present value in USD.

    For a lease-out the income is the worth, and what the accelerators would do for us is the cost.
    """

    month: int
    term_months: int
    worth_usd: float
    cost_usd: float

    @property
    def margin_usd(self) -> float:
        """Worth less cost."""
        return self.worth_usd - self.cost_usd


def worth_of(
    dataset: Dataset, values: Values, region: str, hardware: str, t: int, accelerators: float, usage_usd: float
) -> float:
    """Of accelerators online in month t, net of what using them costs; nothing beyond the horizon."""
    if t not in dataset.horizon:
        return 0.0
    mw = accelerators * dataset.hardware_of[hardware].kw / 1000.0
    rate = usage_usd * dataset.realization.usage_price(hardware, t)
    usage = rate * accelerators * dataset.hours(t) * dataset.discount(t)
    return max(0.0, values.get((region, hardware, t), 0.0) * mw - usage)


def counted(dataset: Dataset, t: int) -> float:
    """Present value of a dollar due in month t as the objective counts it."""
    return dataset.discount(t) if t in dataset.horizon or counts_in_full(dataset) else 0.0
