"""What the report of a job tells of searches: estimates, read off its run.json."""

from __future__ import annotations

from typing import Any

from models.core.noise import NOISE
from models.estimate import UNKNOWN, Estimate
from planner.batch.manifest import JobRecord


def cost_usd(record: JobRecord | None) -> float | None:
    """The net present cost of a job's plan; None without one."""
    return None if record is None or not record.plan_path else _number(record.report.get("objective_usd"))


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
