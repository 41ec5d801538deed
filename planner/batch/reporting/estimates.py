"""What the report of a job tells of searches: estimates, read off its run.json."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models.core.noise import NOISE
from models.estimate import UNKNOWN, Estimate
from planner.batch.manifest import JobRecord


def cost_usd(record: JobRecord | None) -> float | None:
    """The net present cost of a job's plan; None without one."""
    return None if record is None or not record.plan_path else _number(record.report.get("objective_usd"))


def minimised(report: Mapping[str, Any]) -> Estimate:
    """What was minimised, USD: of the plan, and of any; with a plan to keep, cost and charge for departing together."""
    kept = report.get("kept")  # a list in older reports
    told, cost, bound = (
        (kept, "minimised_usd", "minimised_bound_usd")
        if isinstance(kept, Mapping)
        else (report, "objective_usd", "bound_usd")
    )
    return Estimate.optimum(_number(told.get(bound)), _number(told.get(cost)))


def gap_of(record: JobRecord | None) -> float | None:
    """The gap by which a job's plan counts as optimal or stopped: of what was minimised; None where it is not known."""
    if record is None or not record.plan_path:
        return None
    gap = minimised(record.report).gap
    return None if gap is None else 0.0 if gap <= NOISE else gap


def least_cost(record: JobRecord | None) -> Estimate:
    """What any plan of a job's problem costs at least, and the one that was found; USD."""
    cost = cost_usd(record)
    return (
        UNKNOWN if record is None or cost is None else Estimate.optimum(_number(record.report.get("bound_usd")), cost)
    )


def estimate_of(record: JobRecord, key: str) -> Estimate:
    """Both ends of a figure of another search than the plan's, such as `saving_usd`; of older reports its value."""
    cost = cost_usd(record)
    if cost is None:
        return UNKNOWN
    told = (record.report.get("estimates") or {}).get(key)
    if told is None:
        value = _number(record.report.get(key))
        found = UNKNOWN if value is None else Estimate.exactly(value)
    else:
        found = Estimate(_number(told.get("at_least")), _number(told.get("at_most")), told.get("known_by", "unknown"))
    return found.without_noise(NOISE * abs(cost))


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None
