r"""Cash account: what is in the bank, what is drawn on a credit line, and the interest on it.

Of month t, with opening_cash_usd given: `balance[t]` = balance_{t-1} + (1 - other_cost_share) x revenue earned_t
+ funding_t - cash_t - interest_t, where balance_{-1} = opening_cash_usd and cash is that of caps in the scope total;
`drawn[t]` >= -balance_t and drawn_t <= credit_line_usd. interest_t = drawn_{t-1} x ((1 + credit_interest)^(1/12) - 1)
is a cost, that of month T too. Least cost draws no more than is needed, so drawn_t = max(0, -balance_t).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from models.core.finance import payment
from models.core.ledgers import Payer
from models.core.linear import Linear
from models.core.model import Model
from models.dataset import Dataset
from models.demand.revenue import earned_by_month, revenues
from models.grouping import sums
from models.kinds import OTHER
from models.plan import INTEREST, Plan
from models.schema import Settings

CREDIT = "credit_is_enough"
"""The rows that hold what is drawn to the credit line."""
NAME = "credit line"
"""What interest is paid for, and how a credit line that is not enough is called."""


@dataclass(frozen=True, slots=True)
class CashMonth:
    """The account in month t, USD: `revenue` is what is left of revenue earned, `paid` the cash of all payments."""

    month: int
    opening: float
    revenue: float
    funding: float
    paid: float
    interest: float

    @property
    def closing(self) -> float:
        """What is in the bank at the end; below 0 it is drawn."""
        return self.opening + self.revenue + self.funding - self.paid - self.interest

    @property
    def drawn(self) -> float:
        """What is drawn on the credit line."""
        return max(0.0, -self.closing)


def is_kept(dataset: Dataset) -> bool:
    """Whether a cash account is kept."""
    return dataset.settings.opening_cash_usd is not None


def monthly_interest(settings: Settings) -> float:
    """Share of what is drawn that is paid a month later."""
    return float((1.0 + settings.credit_interest) ** (1.0 / 12.0) - 1.0)


def funding_by_month(dataset: Dataset) -> list[float]:
    """USD that comes in by month t of the horizon."""
    found = sums((dataset.t(row.month), row.usd) for row in dataset.funding)
    return [found[t] for t in dataset.horizon]


def account(dataset: Dataset, earned: Sequence[float], paid: Sequence[float]) -> list[CashMonth]:
    """The account month by month, by revenue earned and cash paid in each."""
    settings, months = dataset.settings, list[CashMonth]()
    opening, rate = settings.opening_cash_usd or 0.0, monthly_interest(settings)
    for t, funding in enumerate(funding_by_month(dataset)):
        interest = max(0.0, -opening) * rate
        revenue = (1.0 - settings.other_cost_share) * earned[t]
        months.append(CashMonth(t, opening, revenue, funding, paid[t], interest))
        opening = months[-1].closing
    return months


def account_of(dataset: Dataset, plan: Plan) -> list[CashMonth]:
    """The account under a plan; none where no account is kept."""
    if not is_kept(dataset):
        return []
    paid = sums((each.month, each.cash_usd) for each in plan.payments if each.category != INTEREST)
    return account(dataset, [each.earned for each in revenues(dataset, plan)], [paid[t] for t in dataset.horizon])


def add_cash_account(model: Model) -> None:
    """Adds the account with its credit line and interest, once all other payments are in."""
    dataset, settings, usd = model.dataset, model.dataset.settings, model.units.usd
    if settings.opening_cash_usd is None:
        return
    earned, funding, rate = earned_by_month(model), funding_by_month(dataset), monthly_interest(settings)
    paid = [Linear().plus_all((each.amount, each.cash) for each in model.costs.in_month(t)) for t in dataset.horizon]
    drawn = model.add_variables("drawn", dataset.horizon)
    payer, before = Payer(OTHER, NAME), Linear(settings.opening_cash_usd / usd)
    drawn_before = Linear(max(0.0, -settings.opening_cash_usd) / usd)
    for t in dataset.horizon:
        model.costs.pay(INTEREST, payer, t, drawn_before.times(rate * usd), reported=False)
        balance = Linear.of(model.add_unbounded("balance", t))
        change = earned[t].times((1.0 - settings.other_cost_share) / usd).add_constant(funding[t] / usd)
        change.plus(paid[t], -1.0 / usd).plus(drawn_before, -rate)
        body = balance.times(1.0).plus(before, -1.0).plus(change, -1.0)
        model.add_constraint("balance_adds_up", t, body, equals=0.0)
        drawn_before = Linear.of(drawn[t])
        model.add_constraint("overdraft_is_drawn", t, balance.times(1.0).plus(drawn_before), at_least=0.0)
        model.add_constraint(CREDIT, (NAME, t), drawn_before.times(1.0), at_most=settings.credit_line_usd / usd)
        before = balance
    model.costs.pay(INTEREST, payer, len(dataset.horizon), drawn_before.times(rate * usd), reported=False)

    def read() -> Plan:
        found = account(dataset, [each.value() for each in earned], [each.value() for each in paid])
        interest = [payment(payer, INTEREST, t, usd, usd * dataset.discount(t)) for t, usd in _interest(dataset, found)]
        return Plan(payments=tuple(interest))

    model.readers.append(read)


def _interest(dataset: Dataset, months: Sequence[CashMonth]) -> Iterator[tuple[int, float]]:
    yield from ((each.month, each.interest) for each in months)
    yield len(months), months[-1].drawn * monthly_interest(dataset.settings)
