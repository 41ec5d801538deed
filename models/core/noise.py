"""Rounding of the solver, taken out of a plan."""

from __future__ import annotations

from dataclasses import replace

from models.grouping import largest
from models.plan import Plan, Serving, Shortfall, SourceUse

NOISE = 1e-9
"""Amounts below this share of the largest beside them are rounding of the solver, not decisions."""


def without_noise(plan: Plan) -> Plan:
    """The plan with rows of rounding only left out, and accelerators next to a whole number made whole.

    Tokens are compared with the largest of their segment and region, accelerators with the largest of
    their hardware. Payments stay as they are: they add up to the objective.
    """
    told: tuple[Serving | Shortfall, ...] = (*plan.serving, *plan.shortfalls)
    tokens = largest(((row.segment, row.region), row.tokens_bn) for row in told)
    used = [(row.hardware, max(row.accelerators, row.overage)) for row in plan.source_use]
    work = largest([*used, *((row.hardware, row.accelerators) for row in plan.on_demand)])

    def clean(row: SourceUse) -> SourceUse:
        least = NOISE * work[row.hardware]
        accelerators, overage = (
            _whole(amount) if amount > least else 0.0 for amount in (row.accelerators, row.overage)
        )
        return replace(row, accelerators=accelerators, overage=overage)

    return replace(
        plan,
        serving=tuple(row for row in plan.serving if row.tokens_bn > NOISE * tokens[row.segment, row.region]),
        shortfalls=tuple(row for row in plan.shortfalls if row.tokens_bn > NOISE * tokens[row.segment, row.region]),
        source_use=tuple(row for row in map(clean, plan.source_use) if row.accelerators or row.overage),
        on_demand=tuple(
            replace(row, accelerators=_whole(row.accelerators))
            for row in plan.on_demand
            if row.accelerators > NOISE * work[row.hardware]
        ),
        online=tuple(replace(row, accelerators=_whole(row.accelerators)) for row in plan.online),
    )


def _whole(amount: float) -> float:
    nearest = round(amount)
    return float(nearest) if abs(amount - nearest) <= NOISE * abs(amount) else amount
