r"""Financing: of a payment a share is borrowed and paid back in equal instalments, from the month after it on.

An instalment of P borrowed at a yearly rate r over n months is P i / (1 - (1+i)^(-n)), i = (1+r)^(1/12) - 1. The
objective counts what is paid and every instalment, beyond the horizon too, times the share of the life of what is
bought that lies inside the horizon (with `full` whole). Cash is what is paid inside the horizon.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from models.core.ledgers import Payer
from models.core.linear import Linear
from models.core.model import Model
from models.dataset import Dataset
from models.grouping import sums


def instalment(usd: float, interest: float, tenor_months: int) -> float:
    """USD paid back each month of an amount borrowed.

    >>> instalment(1200.0, 0.0, 12), round(instalment(1200.0, 4095.0, 2), 6)
    (100.0, 1600.0)
    """
    rate = (1.0 + interest) ** (1.0 / 12.0) - 1.0
    return usd * rate / (1.0 - (1.0 + rate) ** -tenor_months) if rate else usd / tenor_months


@dataclass(frozen=True, slots=True)
class Loan:
    """How payments are financed: the share borrowed, the yearly rate, and the number of instalments."""

    share: float
    interest: float
    tenor_months: int


@dataclass(frozen=True, slots=True)
class Flow:
    """USD paid in month t by ourselves, paid by the lender for us, and paid back to him."""

    t: int
    own: float
    borrowed: float
    back: float

    @property
    def paid(self) -> float:
        """What leaves our account."""
        return self.own + self.back


def flows(payments: Iterable[tuple[int, float]], loan: Loan) -> list[Flow]:
    """What payments by month come to, from month 0 on: what was paid before is sunk, its instalments are not."""
    payments = [(t, usd) for t, usd in payments if usd]
    own = sums((t, usd) for t, usd in payments if t >= 0)
    back = sums(
        (t + k, instalment(usd * loan.share, loan.interest, loan.tenor_months))
        for t, usd in payments
        if loan.share
        for k in range(1, loan.tenor_months + 1)
        if t + k >= 0
    )
    return [Flow(t, own[t] * (1.0 - loan.share), own[t] * loan.share, back[t]) for t in sorted({*own, *back})]


def share_of_life(dataset: Dataset, start: int, life_months: int) -> float:
    """Share of what is paid for a life that begins in month `start` that the objective counts."""
    if dataset.settings.end_of_horizon == "full":
        return 1.0
    inside = min(start + life_months, len(dataset.horizon)) - max(start, 0)
    return max(0, inside) / life_months


def pay_financed(
    model: Model, category: str, payer: Payer, signed: int, units: Linear, found: Iterable[Flow], counted: float
) -> None:
    """Enters what units cost into the ledgers.

    Parameters
    ----------
    model
        The model.
    category, payer
        Of the payments.
    signed
        The month t of signing.
    units
        How many.
    found
        What a unit costs.
    counted
        The share of its life that counts.
    """
    for each in found:
        cash = 1.0 if each.t in model.dataset.horizon else 0.0
        if each.own or each.borrowed:
            whole = each.own + each.borrowed
            model.costs.pay(
                category, payer, each.t, units.times(whole),
                cash=cash * each.own / whole, counted=counted * each.own / whole, spent=1.0,
            )  # fmt: skip
        if each.back:
            model.costs.pay(
                category, payer, each.t, units.times(each.back), cash=cash, counted=counted, spent=0.0
            )  # fmt: skip
        if each.paid:
            model.obligations.owe(payer, signed, each.t, units, each.paid)
