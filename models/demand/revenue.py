r"""Revenue earned: baseline revenue, less what usage limits forgo and what tokens short would have brought.

Of a month t: earned = \sum_s price_s x baseline tokens_s - revenue forgone - \sum_s price_s x tokens short_s, in USD.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.core.linear import Linear
from models.core.model import Model
from models.dataset import Dataset
from models.demand.baseline import segment_demand
from models.demand.prices import SegmentPrices
from models.grouping import sums
from models.plan import Plan


@dataclass(frozen=True, slots=True)
class Revenue:
    """Revenue of month t in USD: at baseline, forgone by limits, lost to shortage, and earned, which is left."""

    month: int
    baseline: float
    forgone: float
    lost: float

    @property
    def earned(self) -> float:
        """What customers pay."""
        return self.baseline - self.forgone - self.lost


def baseline_revenue(dataset: Dataset) -> list[float]:
    """USD by month t before limits."""
    prices, days = SegmentPrices(dataset), [dataset.hours(t) / 24.0 for t in dataset.horizon]
    parts = segment_demand(dataset).items()
    earns = sums((t, bn * days[t] * prices.revenue_usd_per_bn(segment, t)) for (segment, t), bn in parts)
    return [earns[t] for t in dataset.horizon]


def revenues(dataset: Dataset, plan: Plan) -> list[Revenue]:
    """Revenue under a plan, month by month."""
    prices = SegmentPrices(dataset)
    paid = ((each.month, each.present_value_usd) for each in plan.payments if each.category == "revenue_forgone")
    forgone = sums((t, usd / dataset.discount(t)) for t, usd in paid)
    short = ((each, prices.revenue_usd_per_bn(each.segment, each.month)) for each in plan.shortfalls)
    lost = sums((each.month, each.tokens_bn * usd) for each, usd in short)
    return [Revenue(t, baseline, forgone[t], lost[t]) for t, baseline in enumerate(baseline_revenue(dataset))]


def earned_by_month(model: Model) -> list[Linear]:
    """USD earned by month t, as expressions."""
    dataset, prices = model.dataset, SegmentPrices(model.dataset)
    earned = [Linear(usd) for usd in baseline_revenue(dataset)]
    for t, forgone in model.revenue_forgone.items():
        earned[t].plus(forgone, -1.0)
    for (segment, t), short in model.shortfall.items():
        earned[t].plus(short, -prices.revenue_usd_per_bn(segment, t) * model.units.tokens_bn)
    for (segment, t), more in model.more_tokens.items():
        earned[t].plus(more, prices.revenue_usd_per_bn(segment, t))
    return earned
