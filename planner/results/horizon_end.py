"""What a plan leaves beyond the last month: owed, worth, and the plan's cost by each end of the horizon."""

from __future__ import annotations

from dataclasses import dataclass, replace

from models.audit import net_present_cost, owed_payments, worth_after_horizon
from models.dataset import Dataset
from models.plan import Plan

CONVENTIONS = ("prorate", "residual", "full")
"""The ends of the horizon, by what a plan that goes on beyond it costs with each."""


@dataclass(frozen=True, slots=True)
class HorizonEnd:
    """What a plan leaves beyond the last month.

    Parameters
    ----------
    owed_usd
        Fees, termination fees and take-or-pay minimums due after the last month, undiscounted.
    worth_usd
        What the hours they pay for are worth by `residuals`, undiscounted; None without the sheet.
    cost_usd
        Net present cost of the plan's decisions by `end_of_horizon`; `residual` where the sheet has the rows.
    """

    owed_usd: float
    worth_usd: float | None
    cost_usd: dict[str, float]


def horizon_end(dataset: Dataset, plan: Plan) -> HorizonEnd:
    """What a plan leaves beyond the last month, by the audit's own arithmetic."""
    last = dataset.horizon[-1]
    owed = sum(each.usd for each in owed_payments(dataset, plan) if each.signed <= last < each.due)
    worth = worth_after_horizon(dataset, plan) if dataset.residuals else None
    known = CONVENTIONS if _kept(dataset, plan) <= set(dataset.named("residuals")) else ("prorate", "full")
    return HorizonEnd(owed, worth, {each: _cost(dataset, plan, each) for each in known})


def _kept(dataset: Dataset, plan: Plan) -> set[str]:
    """The hardware that signings of leases and contracts keep beyond the horizon, or could without cancelling."""
    last = dataset.horizon[-1]
    kept = (
        each for each in plan.signings if each.kind.buys and each.kind.hosts and each.end >= last + (not each.cancelled)
    )
    return {name for each in kept for name in each.kind.accelerators(dataset, each, max(each.start, last + 1))}


def _cost(dataset: Dataset, plan: Plan, convention: str) -> float:
    """The cost by another end of the horizon, with service beyond it ended where that is then cheapest."""
    view = dataset.ending(convention)
    ended = tuple(each.kind.ended_beyond(view, each) for each in plan.signings)
    if convention == dataset.settings.end_of_horizon and ended == plan.signings:
        return plan.objective_usd  # which is this cost, and was audited
    return net_present_cost(view, replace(plan, signings=ended))
