"""Profit and loss: revenue earned, what computing costs by category, and the margin left, by month or quarter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from models.dataset import Dataset
from models.demand.prices import MTOK_PER_BN
from models.demand.revenue import revenues
from models.grouping import sums
from models.plan import Plan, categories
from models.supply.registry import KINDS
from planner.results.views import serving_of_demand

NO_COST_OF_COMPUTE = ("option", "interest", "revenue_forgone", "shortfall", "limit_change")
"""Categories of payment that are no cost of computing."""
COMPUTE = tuple(each for each in categories() if each not in NO_COST_OF_COMPUTE)
INCOME = {kind.category: kind for kind in KINDS if not kind.buys}
"""Kinds by those of the categories of computing that are income, below 0."""
COST = tuple(each for each in COMPUTE if each not in INCOME)


@dataclass(frozen=True)
class ProfitRow:
    """A month t, or months from it on: revenue and cash of computing in USD, tokens served in billions."""

    month: int
    baseline: float
    forgone: float
    lost: float
    earned: float
    cash: dict[str, float]
    served_bn: float

    @cached_property
    def cost(self) -> float:
        """Cash of all categories of computing."""
        return sum(self.cash.values())

    @property
    def margin(self) -> float:
        """Revenue earned less the cost of computing."""
        return self.earned - self.cost

    @property
    def usd_per_mtok(self) -> float | None:
        """What a million tokens served costs; None where none are."""
        return self.cost / (self.served_bn * MTOK_PER_BN) if self.served_bn else None


def profit_by_month(dataset: Dataset, plan: Plan) -> list[ProfitRow]:
    """Profit and loss of every month of the horizon."""
    cash = sums(((each.month, each.category), each.cash_usd) for each in plan.payments)
    served = sums((each.month, each.tokens_bn) for each in serving_of_demand(dataset, plan))
    return [
        ProfitRow(
            each.month,
            each.baseline,
            each.forgone,
            each.lost,
            each.earned,
            {category: cash[each.month, category] for category in COMPUTE},
            served[each.month],
        )
        for each in revenues(dataset, plan)
    ]


def profit_by_quarter(dataset: Dataset, rows: Iterable[ProfitRow]) -> list[ProfitRow]:
    """The same added up over fiscal quarters, by their first month in the horizon."""
    by_month = {row.month: row for row in rows}
    quarters = ([by_month[t] for t in months] for months in dataset.periods(by_month, "quarter"))
    return [_together(quarter) for quarter in quarters]


def _together(rows: list[ProfitRow]) -> ProfitRow:
    cash = sums((category, usd) for row in rows for category, usd in row.cash.items())
    figures = ("baseline", "forgone", "lost", "earned", "served_bn")
    totals = {figure: sum(getattr(row, figure) for row in rows) for figure in figures}
    return ProfitRow(month=rows[0].month, cash=dict(cash), **totals)


def quarter_label(dataset: Dataset, t: int) -> str:
    """The fiscal quarter of month t, as `2027 Q1`."""
    year, month = dataset.fiscal_month(t)
    return f"{year} Q{(month - 1) // 3 + 1}"


@dataclass(frozen=True, slots=True)
class RevenueTotals:
    """Present value in USD: revenue at baseline, forgone by limits, lost to shortage."""

    baseline: float
    forgone: float
    lost_to_shortage: float

    @property
    def earned(self) -> float:
        """What is left."""
        return self.baseline - self.forgone - self.lost_to_shortage


def revenue_totals(dataset: Dataset, rows: Iterable[ProfitRow]) -> RevenueTotals:
    """Present values over the horizon."""
    worth = [(row, dataset.discount(row.month)) for row in rows]
    return RevenueTotals(
        sum(row.baseline * factor for row, factor in worth),
        sum(row.forgone * factor for row, factor in worth),
        sum(row.lost * factor for row, factor in worth),
    )
