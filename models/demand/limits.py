r"""Limits: which usage limit or price is in force for each segment in each month.

Decisions, per segment s, limit l and month t in which l can be in force: `in_force[s,l,t]` binary,
exactly one over the l of a lever. Demand in t is baseline x (\sum_l multiplier_l in_force - lost), linear
without any big-M, and so is revenue; what is lost is in `models.demand.churn`. `limit_start[s,l,t]` is 1 when l comes
into force in t:
in_force_t - in_force_{t-1} <= limit_start <= in_force_t, limit_start <= 1 - in_force_{t-1}. Once changed
a limit stays min_months_between_changes: \sum of the starts of the last months <= in_force_t (the tight
form of Rajan and Takriti). may_tighten no: \sum of in_force over limits at least as generous never falls.
"""

from __future__ import annotations

from dataclasses import replace
from operator import itemgetter

from models.core.ledgers import Payer
from models.core.linear import Linear
from models.core.model import Model
from models.dataset import Dataset
from models.demand.baseline import baseline_demand, block_shares
from models.demand.churn import add_churn
from models.demand.limit_paths import reachable_limits
from models.demand.prices import SegmentPrices
from models.demand.segment_limits import SegmentLimits
from models.kinds import OTHER
from models.plan import LimitChoice, Plan


def add_limits(model: Model) -> None:
    """Adds the choice of limits, the demand after limits, revenue forgone and the cost of changes."""
    dataset = model.dataset
    segments = {each.segment: SegmentLimits(model, each) for each in dataset.segments}
    reachable = {
        (name, lever): months
        for name, each in segments.items()
        if each.limit_effects
        for lever, months in reachable_limits(_free(model), name).items()
    }
    choices = {
        (name, limit, t)
        for (name, _), months in reachable.items()
        for t, limits in enumerate(months)
        for limit in limits
        if len(limits) > 1
    }
    ordered = [
        (name, limit, t)
        for name, each in segments.items()
        for t in dataset.horizon
        for limit in each.limit_effects
        if (name, limit, t) in choices
    ]
    chosen = model.add_variables("in_force", ordered, upper=1, integer=True, decided=itemgetter(2))
    for (name, lever), months in reachable.items():
        each = segments[name]
        for t, limits in enumerate(months):
            total = Linear()
            for limit in (effect.limit for effect in each.levers[lever]):
                if limit in limits:
                    variable = chosen.get((name, limit, t))
                    each.in_force[limit, t] = Linear(1.0) if variable is None else Linear.of(variable)
                    total.plus(each.in_force[limit, t])
            model.add_constraint("one_limit_in_force", (*_index(each, lever), t), total, equals=1.0)
    add_churn(model, list(segments.values()))
    _add_changes(model, segments)
    _add_demand(model, segments)

    def read() -> Plan:
        return Plan(
            limits=tuple(
                LimitChoice(name, t, limit, each.limit_effects[limit].lever)
                for name, each in segments.items()
                for t in dataset.horizon
                for limit in each.limit_effects
                if round(each.at(limit, t).value()) == 1
            )
        )

    model.readers.append(read)


def _index(each: SegmentLimits, lever: str) -> tuple[str, ...]:
    """The segment, and the lever where there are several."""
    return (each.segment.segment,) if len(each.levers) == 1 else (each.segment.segment, lever)


def _free(model: Model) -> Dataset:
    """The data that says which limits there can be; with probes, rules on changes may be violated and rule none out."""
    if not model.probes:
        return model.dataset
    freed = (replace(each, may_tighten=True, min_months_between_changes=0) for each in model.dataset.segments)
    return replace(model.dataset, segments=tuple(freed))


def _add_changes(model: Model, segments: dict[str, SegmentLimits]) -> None:
    """Starts of limits where changes cost or must keep their distance, and what may not be tightened."""
    dataset = model.dataset
    counted = {
        name: each
        for name, each in segments.items()
        if each.segment.change_cost_usd or each.segment.min_months_between_changes > 1
    }
    starts = model.add_variables(
        "limit_start",
        [
            (name, limit, t)
            for name, each in counted.items()
            for t in dataset.horizon
            for limit in each.limit_effects
            if len(each.of_lever(limit)) > 1 and not each.at(limit, t).is_zero
            if t > 0 or each.before[each.limit_effects[limit].lever] is not None
        ],
        upper=1,
        decided=itemgetter(2),
    )
    for (name, limit, t), start in starts.items():
        each, key = counted[name], (name, limit, t)
        now, before = each.at(limit, t), each.at(limit, t - 1)
        model.add_constraint("start_is_seen", key, Linear.of(start).plus(now, -1.0).plus(before), at_least=0.0)
        model.add_constraint("start_is_in_force", key, Linear.of(start).plus(now, -1.0), at_most=0.0)
        model.add_constraint("start_was_not", key, Linear.of(start).plus(before), at_most=1.0)
        segment = each.segment
        payer = Payer(OTHER, segment.segment)
        model.costs.pay("limit_change", payer, t, Linear.of(start, segment.change_cost_usd))
    for name, each in counted.items():
        stay = each.segment.min_months_between_changes
        for limit in each.limit_effects if stay > 1 else ():
            for t in dataset.horizon:
                keys = ((name, limit, earlier) for earlier in range(max(0, t - stay + 1), t + 1))
                recent = Linear().add_all((starts[key], 1.0) for key in keys if key in starts)
                if not recent.is_zero:
                    model.add_constraint(
                        "limit_stays", (name, limit, t), recent.plus(each.at(limit, t), -1.0), at_most=0.0
                    )
    for each in segments.values():
        for lever in each.levers if not each.segment.may_tighten else ():
            _never_tighten(model, each, lever)


def _never_tighten(model: Model, each: SegmentLimits, lever: str) -> None:
    effects = each.levers[lever]
    levels = sorted({effect.generosity for effect in effects})[1:]
    for t in model.dataset.horizon:
        if t == 0 and each.before[lever] is None:
            continue
        for level in levels:
            body = Linear()
            for effect in effects:
                if effect.generosity >= level:
                    body.plus(each.at(effect.limit, t)).plus(each.at(effect.limit, t - 1), -1.0)
            model.add_constraint("limit_never_tightens", (*_index(each, lever), level, t), body, at_least=0.0)


def _add_demand(model: Model, segments: dict[str, SegmentLimits]) -> None:
    """Demand after limits by segment, region, month and block, and the revenue the limits forgo."""
    dataset, unit, prices = model.dataset, model.units.tokens_bn, SegmentPrices(model.dataset)
    for (name, region), per_day in baseline_demand(dataset).items():
        each, shares = segments[name], block_shares(dataset, name)
        for t in dataset.horizon:
            month_bn = per_day[t] * dataset.hours(t) / 24.0
            if not month_bn:
                continue
            for block in dataset.blocks:
                demanded = each.demand_share(t, block.peak).times(month_bn * shares[block.block] / unit)
                model.demand[name, region, t, block.block] = demanded
            revenue = month_bn * prices.revenue_usd_per_bn(name, t)
            if revenue:
                model.revenue_left[name, t] = each.revenue_share(t)
            if revenue and (each.limit_effects or not each.lost[t].is_zero):
                forgone = Linear(revenue).plus(each.revenue_share(t), -revenue)
                payer = Payer(OTHER, name)
                model.costs.pay("revenue_forgone", payer, t, forgone, cash=0.0)
                model.revenue_forgone.setdefault(t, Linear()).plus(forgone)
