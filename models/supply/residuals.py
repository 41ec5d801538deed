r"""Residual worth: what hours that leases and contracts bind beyond the horizon are worth (end_of_horizon = residual).

In month u >= T an accelerator-hour of hardware h is worth usd_per_accelerator_hour_h x (1 - decline_h)^((u - T)/12).
For every month u >= T of service, discount(u) x min(fee, \sum_h hours online_h x worth_h) is deducted of the fee,
prepaid or not: nothing earns beyond the horizon. A unit's fee and hours are data, so the deduction is linear in the
units; it is no cash.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from models.core.ledgers import Payer
from models.core.linear import Linear
from models.core.model import Model
from models.dataset import Dataset
from models.schema import Residual


def has_worth(dataset: Dataset, t: int) -> bool:
    """Whether hours bound in month t are worth something: beyond the horizon with `residual`."""
    return dataset.settings.end_of_horizon == "residual" and t >= len(dataset.horizon)


def worth_beyond(dataset: Dataset, t: int, fee: float, accelerators: Mapping[str, float]) -> float:
    """What is deducted of a fee for service in month t beyond the horizon; 0 with another end of the horizon.

    Parameters
    ----------
    dataset
        The problem.
    t
        The month of service.
    fee
        Of the unit or block in that month, prepaid or not, USD.
    accelerators
        Online of the unit or block, by hardware.
    """
    if not has_worth(dataset, t):
        return 0.0
    years = (t - len(dataset.horizon)) / 12.0
    worth = dataset.named("residuals")
    hourly: float = sum(
        count * worth[hardware].usd_per_accelerator_hour * (1.0 - worth[hardware].decline_per_year) ** years
        for hardware, count in accelerators.items()
        if count
    )
    return min(fee, hourly * dataset.hours(t))


def deduct_worth(model: Model, category: str, payer: Payer, t: int, amount: Linear) -> None:
    """Deducts a worth from the fees of its category; nobody pays it."""
    model.costs.pay(category, payer, t, amount.times(-1.0), cash=0.0)


def moved_on(row: Residual, months: int) -> Residual:
    """The row for a horizon that ends so many months later: every month keeps its worth."""
    if not months or not row.decline_per_year or (row.decline_per_year == 1.0 and months < 0):
        return row
    left = (1.0 - row.decline_per_year) ** (months / 12.0)
    return replace(row, usd_per_accelerator_hour=row.usd_per_accelerator_hour * left)
