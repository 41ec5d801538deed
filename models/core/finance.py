"""What of a payment the objective counts at the end of the horizon, and the objective itself.

With `prorate`, a payment made for service beyond the last month counts only for its part inside the
horizon; with `full`, every obligation counts; with `residual` every fee, less what the hours it pays for are worth
(`models.supply.residuals`), while upfronts count as with `prorate`. Cash, as caps see it, is always the whole payment.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from models.core.ledgers import Payer
from models.core.model import Model
from models.dataset import Dataset
from models.plan import Payment, Plan
from models.schema import Cap


def counts_in_full(dataset: Dataset) -> bool:
    """Whether fees beyond the horizon count in the objective (`end_of_horizon` is `full` or `residual`)."""
    return dataset.settings.end_of_horizon != "prorate"


def spending_is_rewarded(dataset: Dataset) -> bool:
    """Whether a cap or a spend commitment asks for money to be paid: a bill might be worth more than it has to be."""
    promised = any(row.status != "excluded" for row in dataset.spend_commitments)
    return promised or any(cap.sense == "min" for cap in cash_caps(dataset))


def cash_caps(dataset: Dataset) -> list[Cap]:
    """The caps that count money when it is paid."""
    return [cap for cap in dataset.caps if cap.measure.startswith("cash")]


def counted_share_of_upfront(dataset: Dataset, start: int, term_months: int) -> float:
    """Share of an upfront that the objective counts: service months inside the horizon over the term.

    Parameters
    ----------
    dataset
        The problem.
    start
        First service month t.
    term_months
        Length of the term.
    """
    if dataset.settings.end_of_horizon == "full":
        return 1.0
    inside = min(start + term_months, len(dataset.horizon)) - start
    return max(0, inside) / term_months


def counted_share_of_prepayment(dataset: Dataset, start: int, amounts: Sequence[float]) -> float:
    """Share of a prepayment that the objective counts.

    Parameters
    ----------
    dataset
        The problem.
    start
        First service month t.
    amounts
        What it pays for in service months 1, 2, … of the term, USD.
    """
    total = sum(amounts)
    if counts_in_full(dataset) or not total:
        return 1.0
    return sum(amounts[: max(0, len(dataset.horizon) - start)]) / total


def read_payments(model: Model) -> None:
    """How the payments are read back."""
    model.readers.append(lambda: Plan(payments=tuple(_payments(model))))


def least_cost(model: Model) -> None:
    r"""Net present cost, :math:`\sum_t (1+r)^{-t/12} \sum payments_t`, plus the charge for departing from a plan."""
    model.minimise(model.costs.net_present_cost().plus(model.departure_usd))


def _payments(model: Model) -> Iterator[Payment]:
    for charge in model.costs.charges:
        if charge.reported:
            amount = charge.amount.value()
            present = amount * charge.counted * model.costs.discount(charge.t)
            yield payment(charge.payer, charge.category, charge.t, amount * charge.cash, present)


def payment(payer: Payer, category: str, t: int, cash_usd: float, present_value_usd: float) -> Payment:
    """A Payment of a payer."""
    return Payment(t, category, payer.provider, payer.offer, cash_usd, present_value_usd)
