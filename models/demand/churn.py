r"""Churn: the share of its baseline that a segment has lost by limits, by shortfall and to rivals; below 0: has won.

lost_0 = lost_share; lost_{t+1} = (1 - recovery_per_month) x lost_t + \sum_l churn_l in_force[s,l,t]
+ churn_per_shortfall x tokens short_t / baseline tokens_t
- share_won_per_generosity x (\sum_l generosity_l in_force[s,l,t] - rival generosity_t).
`lost[s,t]` is a column where decisions change it, `lost_or_won[s,t]` where it may be below 0 or adapts to what happens.
Demand and revenue that are left are not below 0: where shortfall could bring that about, rows say so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

from models.core.linear import Linear
from models.core.model import Model
from models.dataset import Dataset
from models.demand.baseline import segment_demand
from models.demand.churn_figures import Churn
from models.demand.segment_limits import SegmentLimits
from models.schema import Segment


def add_churn(model: Model, segments: Sequence[SegmentLimits]) -> None:
    """Adds what is lost by limits and to rivals; what shortfall adds comes with `add_churn_by_shortfall`."""
    months = model.dataset.horizon[1:]
    changing = {each.segment.segment: each for each in segments if _changes(each)}
    free = [name for name, each in changing.items() if _is_free(model.dataset, each.segment)]
    index = [(name, t) for name in changing for t in months if name not in free]
    lost = {key: Linear.of(each) for key, each in _columns(model, index).items()}
    for name in free:
        lost |= {(name, t): each for t, each in _bounded_columns(model, changing[name]).items()}
    for each in segments:
        segment, churn = each.segment, Churn(model.dataset, each.segment)
        each.lost[0] = Linear(segment.lost_share)
        for t in months:
            before = each.lost[t - 1].times(churn.kept(1.0)).add_constant(churn.to_rivals(t - 1))
            before.plus_all(
                (each.at(name, t - 1), churn.by_limit(limit, t - 1)) for name, limit in each.limit_effects.items()
            )
            each.lost[t] = lost.get((segment.segment, t), before)
            if segment.segment in changing:
                body = each.lost[t].times(1.0).plus(before, -1.0)
                if segment.churn_per_shortfall:
                    model.churn[segment.segment, t] = body
                else:
                    model.add_constraint("churn_adds_up", (segment.segment, t), body, equals=0.0)


def _columns(model: Model, index: Sequence[tuple[str, int]]) -> Mapping[tuple[str, int], object]:
    return model.add_variables("lost", index, decided=lambda key: key[1] - 1)


def _bounded_columns(model: Model, each: SegmentLimits) -> dict[int, Linear]:
    """What is lost by month t >= 1, between what it is with the best and the worst of luck."""
    segment, churn, found = each.segment, Churn(model.dataset, each.segment), dict[int, Linear]()
    most_short = segment.max_shortfall_share if _by_shortfall(segment) else 0.0
    least = most = segment.lost_share
    for t in model.dataset.horizon[1:]:
        effects_now = each.effects_in(t - 1).values()
        wanted = prod(max(max(effect.demand, effect.peak_demand) for effect in effects) for effects in effects_now)
        to_rivals, short = churn.to_rivals(t - 1), most_short * churn.share_by_shortfall(t - 1)
        by_limit = [[churn.by_limit(effect, t - 1) for effect in effects] for effects in each.levers.values()]
        most = churn.kept(most) + to_rivals + sum(map(max, by_limit)) + short * max(0.0, wanted - least)
        least = churn.kept(least) + to_rivals + sum(map(min, by_limit))
        column = model.add_unbounded("lost_or_won", (segment.segment, t))
        column.setlb(least)
        column.setub(most)
        found[t] = Linear.of(column)
    return found


def _changes(each: SegmentLimits) -> bool:
    """Whether what is lost depends on what is decided."""
    churning = any(effect.churn_per_month for effect in each.limit_effects.values())
    return bool(churning or each.segment.share_won_per_generosity or _by_shortfall(each.segment))


def _by_shortfall(segment: Segment) -> bool:
    return bool(segment.churn_per_shortfall and segment.shortfall_usd_per_mtok is not None)


def _is_free(dataset: Dataset, segment: Segment) -> bool:
    """Whether it may be below 0, or adapts to what happens: what limits lose may differ by scenario."""
    uncertain = any(each.quantity == "churn" for each in dataset.scenario_factors)
    return uncertain or bool(segment.share_won_per_generosity or segment.lost_share < 0.0 or _by_shortfall(segment))


def add_churn_by_shortfall(model: Model) -> None:
    """Adds what tokens short lose in the months after, once it is known what can fall short."""
    dataset, unit = model.dataset, model.units.tokens_bn
    demanded = segment_demand(dataset)
    for (name, t), body in model.churn.items():
        churn, short = Churn(dataset, dataset.segment_of[name]), model.shortfall.get((name, t - 1))
        baseline = demanded[name, t - 1] * dataset.hours(t - 1) / 24.0
        if short is not None:
            body.plus(short, -churn.by_shortfall(unit, baseline, t - 1))
        model.add_constraint("churn_adds_up", (name, t), body, equals=0.0)
    for (name, t), share in model.revenue_left.items():
        if dataset.segment_of[name].churn_per_shortfall:
            model.add_constraint("revenue_is_left", (name, t), share, at_least=0.0)
