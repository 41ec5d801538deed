"""What a segment loses from month to month by the figures of the workbook, and what it has lost under a plan."""

from __future__ import annotations

from dataclasses import dataclass

from models.dataset import Dataset
from models.demand.baseline import segment_demand
from models.demand.limit_effects import LimitEffect, limit_effects
from models.grouping import sums
from models.plan import Plan
from models.schema import Segment


@dataclass(frozen=True)
class Churn:
    """What a segment loses from month to month, by the figures of the workbook."""

    dataset: Dataset
    segment: Segment

    def kept(self, lost: float) -> float:
        """What of a loss is still lost a month later."""
        return (1.0 - self.segment.recovery_per_month) * lost

    def by_limit(self, effect: LimitEffect, t: int) -> float:
        """What is lost where a limit is in force in month t, less what it wins whatever rivals do."""
        return effect.churn_per_month * self._factor(t) - self.segment.share_won_per_generosity * effect.generosity

    def to_rivals(self, t: int) -> float:
        """What rivals win in month t of a segment of no generosity."""
        return self.segment.share_won_per_generosity * rival_generosity(self.dataset, self.segment.segment, t)

    def by_shortfall(self, short_bn: float, baseline_bn: float, t: int) -> float:
        """What tokens short in month t lose."""
        return self.share_by_shortfall(t) * short_bn / baseline_bn if baseline_bn else 0.0

    def share_by_shortfall(self, t: int) -> float:
        """What is lost in month t where all of the baseline falls short."""
        return self.segment.churn_per_shortfall * self._factor(t)

    def _factor(self, t: int) -> float:
        return self.dataset.realization.churn(self.segment.segment, t)


def rival_generosity(dataset: Dataset, segment: str, t: int) -> float:
    """That of the latest row up to month t, 0 before the first, and what the scenario adds."""
    rows = [(dataset.t(row.month), row.generosity) for row in dataset.rivals if row.segment == segment]
    given = max((each for each in rows if each[0] <= t), default=(0, 0.0))[1]
    return given + dataset.realization.rival_generosity(segment, t)


def lost_by_month(dataset: Dataset, plan: Plan, segment: Segment) -> list[float]:
    """What a segment has lost under a plan, by month t = 0 … T."""
    churn, effects = Churn(dataset, segment), {each.limit: each for each in limit_effects(dataset, segment.segment)}
    in_force = [(each.month, effects[each.limit]) for each in plan.limits if each.segment == segment.segment]
    by_limit = sums((t, churn.by_limit(effect, t)) for t, effect in in_force)
    short = sums((each.month, each.tokens_bn) for each in plan.shortfalls if each.segment == segment.segment)
    demanded = segment_demand(dataset) if short else {}
    lost = [segment.lost_share]
    for t in dataset.horizon:
        more = by_limit[t] + churn.to_rivals(t)
        if short[t]:
            more += churn.by_shortfall(short[t], demanded[segment.segment, t] * dataset.hours(t) / 24.0, t)
        lost.append(churn.kept(lost[t]) + more)
    return lost
